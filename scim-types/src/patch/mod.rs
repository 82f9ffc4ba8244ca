//! PATCH: read, applied as one, and made from two versions of a resource.
//!
//! RFC 7644 section 3.5.2.
//!
//! ```
//! use scim_types::patch::{Dialect, PatchOp, diff};
//! use scim_types::schema::Schemas;
//! use scim_types::{Mode, MultiValue, Group};
//! use serde_json::json;
//!
//! // What Entra sends, applied to a typed resource.
//! let patch: PatchOp = serde_json::from_value(json!({"Operations": [
//!     {"op": "Add", "path": "members", "value": [{"value": "u-2"}]},
//!     {"op": "Remove", "path": "members", "value": [{"value": "u-1"}]},
//! ]}))?;
//! let mut group = Group::new("Sales");
//! group.members.push(MultiValue::new("u-1"));
//! patch.apply_to(&mut group, Schemas::group(), Mode::Tolerant)?;
//! assert_eq!(group.members, [MultiValue::new("u-2")]);
//!
//! // What changed since, as operations: nothing that is unchanged is sent.
//! let before = group.clone();
//! group.display_name = Some("Sales EMEA".into());
//! let patch = diff(&before, &group, Schemas::group(), Dialect::Rfc)?;
//! assert_eq!(patch.operations.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod convert;
mod diff;
mod diff_list;
mod edit;
mod entra;
mod error;
mod extension;
mod list;
mod path;
mod same;

pub(crate) use convert::{fits, is_primary, shown};
pub use diff::{Dialect, diff, diff_json};
pub use error::{DiffError, PatchError};
pub use path::PatchPath;
pub(crate) use same::{is_unassigned, same};

use serde_json::Value;

use crate::urn;

open_enum! {
    /// What an operation does; read without regard to case, as Entra writes it.
    pub enum OperationKind {
        /// Adds values, merges, or sets what is absent.
        Add = "add",
        /// Removes values.
        Remove = "remove",
        /// Replaces values.
        Replace = "replace",
    }
}

object! {
    /// A partial change, RFC 7644 section 3.5.2: operations that happen in order, all or none.
    pub struct PatchOp {
        /// The URN of PATCH messages.
        schemas: Vec<String> = "schemas",
        /// The operations.
        operations: Vec<Operation> = "Operations",
    }
}

object! {
    /// One operation of a PATCH.
    pub struct Operation {
        /// What it does.
        op: Option<OperationKind> = "op",
        /// Where; without it the value is a bag of attributes.
        path: Option<String> = "path",
        /// The value. One that came as `null` is kept in `open`, see [`given`](Self::given).
        value: Option<Value> = "value",
    }
}

impl PatchOp {
    /// These operations.
    pub fn new(operations: Vec<Operation>) -> Self {
        Self { schemas: vec![urn::PATCH_OP.to_owned()], operations, ..Self::default() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Operation {
    /// Adds.
    pub fn add(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::of(OperationKind::Add, Some(path.into()), Some(value.into()))
    }

    /// Replaces.
    pub fn replace(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::of(OperationKind::Replace, Some(path.into()), Some(value.into()))
    }

    /// Replaces several attributes, as Okta does: `{"active": false}`.
    pub fn replace_all(attributes: impl Into<Value>) -> Self {
        Self::of(OperationKind::Replace, None, Some(attributes.into()))
    }

    /// Removes.
    pub fn remove(path: impl Into<String>) -> Self {
        Self::of(OperationKind::Remove, Some(path.into()), None)
    }

    pub(crate) fn of(op: OperationKind, path: Option<String>, value: Option<Value>) -> Self {
        Self { op: Some(op), path, value, ..Self::default() }
    }

    /// The value, `null` included; `None` if the operation has none.
    pub fn given(&self) -> Option<&Value> {
        self.value.as_ref().or_else(|| self.open.get("value"))
    }

    // What it does, whatever its case.
    pub(crate) fn kind(&self) -> Option<OperationKind> {
        let kind = OperationKind::from(self.op.as_ref()?.as_str().to_ascii_lowercase().as_str());
        (!matches!(kind, OperationKind::Other(_))).then_some(kind)
    }
}
