#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod active;
mod answer;
mod auth;
mod bulk;
mod call;
mod capabilities;
mod change;
mod compare;
mod create;
mod cursor;
mod discovery;
mod edits;
mod endpoint;
mod ensure;
mod error;
mod listing;
mod lookup;
mod members;
mod membership;
mod pages;
mod progress;
mod push;
mod resources;
mod scim;
mod update;
mod verify;

pub use auth::{Basic, Bearer, HeaderToken};
pub use bulk::{Bulk, BulkOutcome, BulkReport};
pub use cursor::{Cursor, FilterText};
pub use endpoint::Endpoint;
pub use ensure::{Ensure, Ensured, Outcome};
pub use error::{Error, Result, ScimError};
pub use listing::ListResources;
pub use members::Membership;
pub use pages::{Items, Page, Pages};
pub use push::{PushGroup, PushedGroup};
pub use resources::{ReadResource, Resources};
pub use scim::{Scim, ScimBuilder};
pub use update::{Sent, Updated};
pub use verify::Verified;

pub use rest_core::{
    AuthError, Authorize, ErrorKind, HeaderKey, HeaderMap, HeaderName, Method, Pacing, RateLimit,
    Request, Response, RetryPolicy, SecretString, StatusCode, Transport, reqwest,
};
