//! Systems that records are brought into.

mod okta_users;
mod pendo_metadata;
mod place;
mod scim_groups;
mod scim_users;

pub use okta_users::{Leavers, OktaUsers};
pub use pendo_metadata::PendoMetadata;
pub use place::{Place, PlaceError};
pub use scim_groups::{ScimGroups, member_ids};
pub use scim_users::{Departed, ScimUsers};
