//! What the push of visitors into Pendo is made of.

mod fields;
mod follow;
mod follow_report;
mod full_push;
mod guard;
mod hook_listener;
mod incremental;
mod plan;
mod prepare;
mod read;
mod rivals;
mod source;

pub use fields::{FieldMap, FieldRow, LeftOut, Scope, Sent, has_value};
pub use follow::FollowVisitors;
pub use follow_report::FollowReport;
pub use full_push::FullPush;
pub use guard::judge_first;
pub use hook_listener::{HookListener, HookOptions};
pub use incremental::{Incremental, Pushed};
pub use plan::show_visitors;
pub use prepare::{FieldOptions, ListsAs, Preparation};
pub use read::{Read, print_report};
pub use source::{Listing, VisitorOptions, list_fields, records};
