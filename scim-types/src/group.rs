use crate::values::MultiValue;
use crate::{Meta, urn};

object! {
    /// A group, RFC 7643 section 4.2.
    pub struct Group {
        /// The URNs of the base schema and of every extension present.
        schemas: Vec<String> = "schemas",
        /// Given by the server.
        id: Option<String> = "id",
        /// The client's own key, compared with regard to case.
        external_id: Option<String> = "externalId",
        /// The name as it is shown.
        display_name: Option<String> = "displayName",
        /// The members: each `value` is the id of a user or group.
        members: Vec<MultiValue> = "members",
        /// What the server says about the resource.
        meta: Option<Meta> = "meta",
    }
}

impl Group {
    /// A group without members.
    pub fn new(display_name: impl Into<String>) -> Self {
        Self {
            schemas: vec![urn::GROUP.to_owned()],
            display_name: Some(display_name.into()),
            ..Self::default()
        }
    }
}
