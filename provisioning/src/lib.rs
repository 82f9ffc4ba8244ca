#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod apply;
mod around;
mod decide;
mod draft;
mod export;
pub mod expression;
mod follow;
mod guard;
mod identity;
mod import;
mod losses;
mod mapping;
mod memory;
mod plan;
mod record;
mod references;
mod report;
mod schedule;
mod sending;
pub mod source;
pub mod store;
mod sum;
mod summary;
mod table;
mod target;
pub mod targets;
mod unsure;

pub use apply::Apply;
pub use around::Around;
pub use export::{ExportError, private_file};
pub use expression::Context;
pub use follow::{Follow, FollowError, Followed};
pub use guard::{Guard, Tripped};
pub use import::{Import, ImportError};
pub use mapping::{Applied, InFile, Mapped, Mapping, MappingError, MappingRow};
pub use memory::MemoryTarget;
pub use plan::{Basis, Compute, Plan, PlanError};
pub use record::{Fields, Record};
pub use report::{Delivered, Failure, Outcome, Report, Undelivered};
pub use schedule::{Stop, every};
pub use source::{InactivePeople, OktaGroups, OktaPeople, Scope, SourceError, Warning, Warnings};
pub use store::{Kind, Row, RowState, Store, StoreError};
pub use summary::Summary;
pub use table::{Table, plain};
pub use target::{Change, Done, FieldChange, Observed, Target, TargetError};
