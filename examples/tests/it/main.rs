//! The programs as people run them: a process with its options, its environment, its exit code and
//! what it prints, and afterwards what the vendors really hold.

// Clippy's allowance for tests does not reach the helpers that several of them share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod actions;
mod actions_repeated;
mod actions_triggers;
mod breakdown;
mod connections;
mod delivered;
mod foreign;
mod guards;
mod hooked;
mod lists;
mod long;
mod odd;
mod options;
mod own_files;
mod readme_commands;
mod remembered;
mod report;
mod rows;
mod scim_programs;
mod short;
mod stopped;
mod support;
mod wrong_use;
