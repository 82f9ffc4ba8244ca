//! What this crate promises, shown against servers that misbehave.

mod auth;
mod bodies;
mod errors;
mod paging;
mod redaction;
mod repeating;
mod support;
mod telemetry;
mod waiting;
