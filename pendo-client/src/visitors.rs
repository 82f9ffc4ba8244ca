//! Single visitors.

use http::Method;
use rest_core::Request;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, PendoError};
use crate::id::PathId;
use crate::metadata::Group;
use crate::model::{self, Groups};
use crate::pendo::Pendo;

/// Calls on single visitors. Pendo has no listing of them; to create one, push metadata with
/// `create_missing(true)`.
#[derive(Debug, Clone)]
pub struct Visitors {
    pendo: Pendo,
}

impl Visitors {
    pub(crate) fn new(pendo: Pendo) -> Self {
        Self { pendo }
    }

    /// Reads one visitor; an unknown one is an error.
    ///
    /// [`GET /api/v1/visitor/{visitorId}`](https://engageapi.pendo.io/). Needs any key.
    ///
    /// Ids are case-sensitive unless the subscription turns them into lower case. One with `/`, `%`,
    /// `?`, `#`, control or non-ASCII characters is sent in base64.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when Pendo does not know the visitor.
    ///
    /// ```no_run
    /// use pendo_client::Group;
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let ada = pendo.visitors().get("ada@acme.example").await?;
    /// println!("{:?} {:?}", ada.account_ids, ada.value(&Group::Custom, "okta_department"));
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: &str) -> Result<Visitor, Error> {
        self.request(id).json().await
    }

    /// Reads one visitor, `None` for an unknown one; otherwise as [`get`](Self::get).
    ///
    /// # Errors
    /// As [`get`](Self::get), but for the unknown visitor.
    ///
    /// ```no_run
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let known = pendo.visitors().try_get("ada@acme.example").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: &str) -> Result<Option<Visitor>, Error> {
        self.request(id).optional().await
    }

    fn request(&self, id: &str) -> Request<PendoError> {
        let id = PathId::new(id);
        id.mark(self.pendo.request(Method::GET, "/api/v1/visitor/{id}", [&id.segment]))
    }
}

/// A visitor: somebody who uses the product that Pendo watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Visitor {
    /// The visitor id.
    pub id: String,
    /// The accounts the visitor was seen with.
    #[serde(default, deserialize_with = "model::null_is_default")]
    pub account_ids: Vec<String>,
    /// Metadata by group and field; times are milliseconds since 1970.
    #[serde(default, deserialize_with = "model::groups")]
    pub metadata: Groups,
    /// Everything else that came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Visitor {
    /// A metadata value, the field's name in any case.
    pub fn value(&self, group: &Group, field: &str) -> Option<&Value> {
        model::value(&self.metadata, group, field)
    }
}
