use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::filter::FilterError;
use crate::path::PathError;
use crate::read::member;
use crate::urn;

open_enum! {
    /// What is wrong with a request, RFC 7644 section 3.12 table 9 and RFC 9865 section 2.1.
    pub enum ScimType {
        /// The filter is malformed, or compares what cannot be compared.
        InvalidFilter = "invalidFilter",
        /// The filter yields more than the server will return.
        TooMany = "tooMany",
        /// A value is taken: answered with 409.
        Uniqueness = "uniqueness",
        /// The attribute is read only, immutable or required.
        Mutability = "mutability",
        /// The body's structure is wrong.
        InvalidSyntax = "invalidSyntax",
        /// The path of a PATCH operation is malformed or names no attribute.
        InvalidPath = "invalidPath",
        /// The path of a PATCH operation selects nothing.
        NoTarget = "noTarget",
        /// A value is missing or of the wrong type.
        InvalidValue = "invalidValue",
        /// The protocol version is not supported.
        InvalidVersion = "invalidVers",
        /// The URI holds sensitive information.
        Sensitive = "sensitive",
        /// The cursor is not one of the server's: start again.
        InvalidCursor = "invalidCursor",
        /// The cursor has expired: start again.
        ExpiredCursor = "expiredCursor",
        /// The page size is not the one the listing began with, or not allowed.
        InvalidCount = "invalidCount",
    }
}

/// An error as it is answered, RFC 7644 section 3.12.
///
/// Read tolerantly: the status may be a number or a text, and everything may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The HTTP status.
    pub status: Option<u16>,
    /// What is wrong, for programs.
    pub scim_type: Option<ScimType>,
    /// What is wrong, for people.
    pub detail: Option<String>,
}

impl Error {
    /// An error with this status.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status: Some(status), scim_type: None, detail: Some(detail.into()) }
    }

    /// An error of this type, with the status that belongs to it.
    pub fn of_type(scim_type: ScimType, detail: impl Into<String>) -> Self {
        let status = match scim_type {
            ScimType::Uniqueness => 409,
            ScimType::Sensitive => 403,
            _ => 400,
        };
        Self { scim_type: Some(scim_type), ..Self::new(status, detail) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map(|status| status.to_string());
        let kind = self.scim_type.as_ref().map(ScimType::as_str);
        let parts = [status.as_deref(), kind, self.detail.as_deref()];
        let known: Vec<&str> = parts.into_iter().flatten().collect();
        match known.is_empty() {
            true => f.write_str("a SCIM error without status and detail"),
            false => f.write_str(&known.join(" ")),
        }
    }
}

impl std::error::Error for Error {}

impl From<FilterError> for Error {
    fn from(error: FilterError) -> Self {
        Self::of_type(ScimType::InvalidFilter, error.to_string())
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Self::of_type(ScimType::InvalidPath, error.to_string())
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("schemas", &[urn::ERROR])?;
        if let Some(status) = self.status {
            map.serialize_entry("status", &status.to_string())?;
        }
        if let Some(scim_type) = &self.scim_type {
            map.serialize_entry("scimType", scim_type)?;
        }
        if let Some(detail) = &self.detail {
            map.serialize_entry("detail", detail)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let body = Map::deserialize(from)?;
        let text = |name| member(&body, name).and_then(Value::as_str);
        let status = match member(&body, "status") {
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(other) => other.as_u64().and_then(|status| status.try_into().ok()),
            None => None,
        };
        Ok(Self {
            status,
            scim_type: text("scimType").filter(|text| !text.is_empty()).map(ScimType::from),
            detail: text("detail").map(str::to_owned),
        })
    }
}
