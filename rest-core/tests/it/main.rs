//! What this crate promises, shown against servers that misbehave.

// The lints know `#[test]` functions, not what these call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod auth;
mod bodies;
mod cursors;
mod errors;
mod foreign;
mod odd;
mod paging;
mod redaction;
mod repeating;
mod support;
mod telemetry;
mod waiting;
