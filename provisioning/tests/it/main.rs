//! The engine as a whole: laws, guards, resuming, and size.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod export;
mod first;
mod follow;
#[cfg(feature = "sqlite")]
mod follow_kill;
mod follow_law;
mod follow_own;
mod guards;
mod hostile;
mod identity;
#[cfg(feature = "sqlite")]
mod kill;
mod laws;
#[cfg(feature = "sqlite")]
mod ledger;
mod limits;
mod losses;
mod odd;
mod org;
mod references;
mod schedule;
#[cfg(feature = "sqlite")]
mod size;
mod source;
mod support;
mod targets;
mod twice;
mod widened;
