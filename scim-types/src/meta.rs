use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::instant::instant;
use crate::object::Leaf;
use crate::read::Node;

/// A date and time as it was written, so that nothing of it changes on the way back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(Box<str>);

impl DateTime {
    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant it names; a text without a zone counts as UTC. `None` if it is no date and time.
    pub fn instant(&self) -> Option<Timestamp> {
        instant(&self.0)
    }
}

impl From<Timestamp> for DateTime {
    fn from(instant: Timestamp) -> Self {
        Self(instant.to_string().into())
    }
}

impl From<&str> for DateTime {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Leaf for DateTime {
    fn node(&self) -> Node<'_> {
        Node::Text(&self.0)
    }
}

object! {
    /// What the server says about a resource, RFC 7643 section 3.1; nothing of it can be written.
    pub struct Meta {
        /// The resource type's name.
        resource_type: Option<String> = "resourceType",
        /// When it was created.
        created: Option<DateTime> = "created",
        /// When it last changed.
        last_modified: Option<DateTime> = "lastModified",
        /// Its URL.
        location: Option<String> = "location",
        /// Its version, equal to the `ETag`.
        version: Option<String> = "version",
    }
}
