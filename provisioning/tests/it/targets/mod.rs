//! Each target against the sandbox: a plan is applied, and the next one is empty.

mod dangling;
mod doubted;
mod made_anew;
mod okta_users;
mod pendo_metadata;
mod rewriting;
mod scim_groups;
mod scim_identity;
mod scim_people;
mod scim_users;
mod short_listing;
mod support;
