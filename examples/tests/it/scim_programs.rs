//! The SCIM programs against a sandbox, and what the product holds afterwards.

mod common;
mod faulty;
mod followed;
mod followed_groups;
mod foreign;
mod groups_killed;
mod okta_provisions;
mod peakon;
mod pendo;
mod pendo_admins;
mod pendo_groups;
mod pingboard;
mod runs;
mod schedules;
mod statuses;
mod undone;
