//! Single accounts.

use http::Method;
use rest_core::Request;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, PendoError};
use crate::id::PathId;
use crate::metadata::Group;
use crate::model::{self, Groups};
use crate::pendo::Pendo;

/// Calls on single accounts. Pendo has no listing of them; to create one, push metadata with
/// `create_missing(true)`.
#[derive(Debug, Clone)]
pub struct Accounts {
    pendo: Pendo,
}

impl Accounts {
    pub(crate) fn new(pendo: Pendo) -> Self {
        Self { pendo }
    }

    /// Reads one account; an unknown one is an error.
    ///
    /// [`GET /api/v1/account/{accountId}`](https://engageapi.pendo.io/). Needs any key. An id with
    /// `/`, `%`, `?`, `#`, control or non-ASCII characters is sent in base64.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when Pendo does not know the account.
    ///
    /// ```no_run
    /// use pendo_client::Group;
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let acme = pendo.accounts().get("acme").await?;
    /// println!("{:?}", acme.value(&Group::Custom, "plan"));
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: &str) -> Result<Account, Error> {
        self.request(id).json().await
    }

    /// Reads one account, `None` for an unknown one; otherwise as [`get`](Self::get).
    ///
    /// # Errors
    /// As [`get`](Self::get), but for the unknown account.
    ///
    /// ```no_run
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let known = pendo.accounts().try_get("acme").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: &str) -> Result<Option<Account>, Error> {
        self.request(id).optional().await
    }

    fn request(&self, id: &str) -> Request<PendoError> {
        let id = PathId::new(id);
        id.mark(self.pendo.request(Method::GET, "/api/v1/account/{id}", [&id.segment]))
    }
}

/// An account: the customer that visitors belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// The account id.
    pub id: String,
    /// Metadata by group and field; times are milliseconds since 1970.
    #[serde(default, deserialize_with = "model::groups")]
    pub metadata: Groups,
    /// Everything else that came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Account {
    /// A metadata value, the field's name in any case.
    pub fn value(&self, group: &Group, field: &str) -> Option<&Value> {
        model::value(&self.metadata, group, field)
    }
}
