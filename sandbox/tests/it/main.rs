//! The sandbox over HTTP.

// Clippy takes only functions marked `#[test]` for tests, not what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod binary;
mod errors;
mod faults;
mod groups;
mod lifecycle;
mod likeness;
mod listing;
mod support;
mod users;
