//! The SCIM programs against a sandbox, and what the product holds afterwards.

mod common;
mod foreign;
mod peakon;
mod pendo;
mod pendo_groups;
mod pingboard;
mod runs;
