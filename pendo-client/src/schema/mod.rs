//! Metadata fields: reading them, and creating typed ones.

mod create;
mod read;

use http::Method;

pub use create::{FieldOutcome, FieldResult, NewField, NewType};
pub use read::{Field, FieldType, Fields, Schema};

use crate::error::Error;
use crate::metadata::Kind;
use crate::pendo::Pendo;

/// Calls on the metadata fields of one kind; from [`Pendo::schema`](crate::Pendo::schema).
#[derive(Debug, Clone)]
pub struct SchemaCalls {
    pendo: Pendo,
    kind: Kind,
}

impl SchemaCalls {
    pub(crate) fn new(pendo: Pendo, kind: Kind) -> Self {
        Self { pendo, kind }
    }

    /// Reads all fields of all groups.
    ///
    /// [`GET /api/v1/metadata/schema/{kind}`](https://engageapi.pendo.io/). Needs any key.
    ///
    /// # Errors
    /// Only those of every call.
    ///
    /// ```no_run
    /// use pendo_client::{FieldType, Group, Kind};
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let schema = pendo.schema(Kind::Visitor).read().await?;
    /// let hired = schema.field(&Group::Custom, "okta_hired");
    /// assert!(hired.is_some_and(|field| field.data_type == FieldType::Time));
    /// # Ok(()) }
    /// ```
    pub async fn read(&self) -> Result<Schema, Error> {
        self.pendo
            .request(Method::GET, "/api/v1/metadata/schema/{kind}", [self.kind.as_str()])
            .json()
            .await
    }
}
