//! What this crate promises: each endpoint against a server that answers as told, whole stories
//! against the sandbox, and the recorded answers of real orgs.

// Helpers of tests may fail as tests do; clippy knows that of `#[test]` functions only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod app_assignments;
mod app_provisioning;
mod apps;
mod directory;
mod documented;
mod dpop;
mod enrollments;
mod event_hooks;
mod exchanges;
mod factors;
mod flows;
mod follow;
mod foreign;
mod grants;
mod group_rules;
mod groups;
mod hook_receiver;
mod index;
mod lifecycle;
mod listing;
mod log_streams;
mod logs;
mod odd_events;
mod operations_table;
mod passwords;
mod paths;
mod raw;
mod redaction;
mod relations;
mod roles;
mod schemas;
mod service_app;
mod settings;
mod standing;
mod support;
mod token_org;
mod token_server;
mod users;
