//! What the programs that provision over SCIM are made of.

mod backup;
mod check;
mod csv;
mod departing;
mod ending;
mod follow_groups;
mod following;
mod group_push;
mod invitations;
mod okta_define;
mod okta_setup;
mod part;
mod people;
mod pushed_groups;
mod switches;
mod systems;
mod target;
mod typed;
mod undo;

pub use backup::Backup;
pub use check::{check, check_sign_on};
pub use departing::departing;
pub use ending::Ending;
pub use follow_groups::FollowGroups;
pub use following::{Following, check_log};
pub use group_push::{GroupPush, PushGroup, check_admins, read_groups};
pub use invitations::{Invitations, Inviting};
pub use okta_define::{Definition, define};
pub use okta_setup::OktaSetup;
pub use people::{MappedPeople, find_group, with_members};
pub use pushed_groups::{Unlink, pushed_ids, remember_names};
pub use switches::Switched;
pub use systems::{ScimSystems, SharedStore};
pub use target::ScimTarget;
pub use typed::{typed, with_rows};
pub use undo::Undo;
