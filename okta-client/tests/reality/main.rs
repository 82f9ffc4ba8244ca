//! Our client against programs that share no code with us: a validator of requests, an emulator.
//!
//! They are started by the scripts of `../shared/okta` beside the repository, and installed below the
//! target folder, or the folder that `OKTA_TOOLS_DIR` names.

// Helpers of tests may fail as tests do; clippy knows that of `#[test]` functions only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod apps;
mod assignments;
mod directory;
mod drive;
mod emulator;
mod enrollments;
mod errors;
mod exceptions;
mod factors;
mod groups;
mod provisioning;
mod proxy;
mod schemas;
mod spec;
mod stand_in;
mod standing;
mod users;
mod validator;
