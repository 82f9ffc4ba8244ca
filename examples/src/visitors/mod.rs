//! What the push of visitors into Pendo is made of.

mod fields;
mod follow;
mod follow_report;
mod full_push;
mod guard;
mod hook_listener;
mod incremental;
mod people;
mod plan;
mod prepare;
mod read;
mod source;

pub use fields::{FieldMap, FieldRow, LeftOut, Scope, Sent, has_value};
pub use follow::FollowVisitors;
pub use follow_report::FollowReport;
pub use full_push::FullPush;

pub use hook_listener::HookOptions;
pub use incremental::{Incremental, Pushed};
pub use people::{Noted, Visitors};
pub use plan::show_visitors;
pub use prepare::{FieldOptions, ListsAs, Preparation};
pub use read::{Read, print_report};
pub use source::{Listing, VisitorOptions};
