//! What this crate promises: each endpoint against a server that answers as told, whole stories
//! against the sandbox, and the recorded answers of real orgs.

// Helpers of tests may fail as tests do; clippy knows that of `#[test]` functions only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod exchanges;
mod flows;
mod groups;
mod lifecycle;
mod listing;
mod paths;
mod redaction;
mod service_app;
mod settings;
mod support;
mod token_org;
mod users;
