//! What this crate promises: each endpoint against a server that answers as told, and paging and
//! lookups against servers that do it wrong.

// Helpers of tests may fail as tests do; clippy knows that of `#[test]` functions only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bulk;
mod discovery;
mod ensure;
mod errors;
mod listing;
mod lookup;
mod profiles;
mod push;
mod resources;
mod steps;
mod support;
mod update;
mod verify;
