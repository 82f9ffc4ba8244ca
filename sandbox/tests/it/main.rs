//! The sandbox over HTTP.

// Clippy takes only functions marked `#[test]` for tests, not what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod administration;
mod apps;
mod binary;
mod directory;
mod errors;
mod event_hooks;
mod faults;
mod groups;
mod lifecycle;
mod likeness;
mod listing;
mod logs;
mod oauth;
mod operations;
mod provisioning;
mod provisioning_check;
mod provisioning_groups;
mod provisioning_peers;
mod provisioning_support;
mod scim_bulk;
mod scim_groups;
mod scim_lifecycle;
mod scim_listing;
mod scim_profiles;
mod scim_quirks;
mod scim_serving;
mod scim_support;
mod scim_testers;
mod support;
mod users;
