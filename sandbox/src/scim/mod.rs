//! A SCIM 2.0 service provider: strict, driven by its schemas, in memory.
//!
//! RFC 7643, RFC 7644, and RFC 9865 for cursors. Where real servers deviate, it can play them: see
//! [`ScimOptions`] for products and [`Quirks`] for single habits.

mod body;
mod bulk;
mod call;
mod cursor;
mod discovery;
mod http;
mod kind;
mod listing;
mod member_change;
mod members;
mod options;
mod page;
mod patch;
mod projection;
mod provider;
mod query;
mod quirks;
mod render;
mod route;
mod select;
mod sort;
mod state;
mod stats;
mod table;
mod write;

pub(crate) use http::error_response;
pub use options::{PEAKON_USER, ScimOptions};
pub use provider::ScimProvider;
pub use quirks::Quirks;
pub use stats::{ScimRequest, ScimStats};

use std::sync::MutexGuard;

/// Where the base URL is on the host.
pub(crate) const BASE_PATH: &str = "/scim/v2";

/// One caller at work, alone with the state.
struct Session<'a> {
    provider: &'a ScimProvider,
    state: MutexGuard<'a, state::State>,
}
