//! Metadata of visitors and accounts: the bulk push, and single values.

mod answer;
mod buffer;
mod chunk;
mod deliver;
mod driver;
mod halving;
mod push;
mod record;
mod report;

use std::fmt;

use futures::Stream;
use http::Method;
use rest_core::BoxError;
use serde_json::Value;

pub use push::Push;
pub use record::Record;
pub use report::{Batch, Delivery, Outcome, PushError, PushReport};

use crate::error::Error;
use crate::id::PathId;
use crate::pendo::Pendo;

/// What metadata belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A person who uses the product.
    Visitor,
    /// The customer that visitors belong to.
    Account,
}

impl Kind {
    /// The name in routes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Account => "account",
        }
    }
}

/// Where metadata came from; writable are `Agent`, `Custom`, and the opt-outs in `Pendo`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Group {
    /// What the install snippet sends. Fields must exist before they are written.
    Agent,
    /// What people, files and this API add. Unknown fields are made by writing them, as text.
    Custom,
    /// What Pendo observes itself; read only.
    Auto,
    /// Pendo's own settings; `donotprocess` and `blacklistguides` are written one by one with
    /// [`set`](Metadata::set).
    Pendo,
    /// Any other, such as `salesforce`, `hubspot` or `segmentio`.
    Other(String),
}

impl Group {
    /// The name in routes and schemas.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Agent => "agent",
            Self::Custom => "custom",
            Self::Auto => "auto",
            Self::Pendo => "pendo",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for Group {
    fn from(name: &str) -> Self {
        match name {
            "agent" => Self::Agent,
            "custom" => Self::Custom,
            "auto" => Self::Auto,
            "pendo" => Self::Pendo,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Metadata of one kind in one group; from [`Pendo::metadata`](crate::Pendo::metadata).
#[derive(Debug, Clone)]
pub struct Metadata {
    pendo: Pendo,
    kind: Kind,
    group: Group,
}

impl Metadata {
    pub(crate) fn new(pendo: Pendo, kind: Kind, group: Group) -> Self {
        Self { pendo, kind, group }
    }

    /// Pushes records, any number of them: see [`Push`].
    ///
    /// The records come as a stream of results, so that a listing fits and a source that fails makes
    /// the push fail.
    pub fn push<S, E>(&self, rows: S) -> Push
    where
        S: Stream<Item = Result<Record, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Push::new(self.pendo.clone(), self.kind, self.group.clone(), rows)
    }

    /// Reads one value; `None` when the field is not set.
    ///
    /// [`GET /api/v1/metadata/{kind}/{group}/value/{id}/{field}`](https://engageapi.pendo.io/). Needs
    /// any key. Pendo's 404 does not say whether the id or the value is missing, so after one the
    /// visitor or account is read too.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when Pendo does not know the visitor or account; a field
    /// name that cannot be one.
    ///
    /// ```no_run
    /// use pendo_client::{Group, Kind};
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let custom = pendo.metadata(Kind::Visitor, Group::Custom);
    /// let department = custom.get("ada@acme.example", "okta_department").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: &str, field: &str) -> Result<Option<Value>, Error> {
        check_field_name(field).map_err(Error::request)?;
        let args = [self.kind.as_str(), self.group.as_str(), id, field];
        let template = "/api/v1/metadata/{kind}/{group}/value/{id}/{field}";
        // Base64 ids are not documented for this endpoint.
        match self.pendo.request(Method::GET, template, args).json::<Option<Value>>().await {
            Err(error) if error.is_not_found() => self.check_exists(id).await.map(|()| None),
            answer => answer,
        }
    }

    async fn check_exists(&self, id: &str) -> Result<(), Error> {
        match self.kind {
            Kind::Visitor => self.pendo.visitors().get(id).await.map(drop),
            Kind::Account => self.pendo.accounts().get(id).await.map(drop),
        }
    }

    /// Writes one value; for more than a few use [`push`](Self::push).
    ///
    /// [`PUT /api/v1/metadata/{kind}/{group}/value/{id}/{field}`](https://engageapi.pendo.io/). Needs
    /// a key with write access. In the group `Custom` an unknown field is made. This cannot create a
    /// visitor or account. Opt-outs are written here: group `Pendo`, field `donotprocess` (what Pendo
    /// drops meanwhile is lost) or `blacklistguides` (fails unless Pendo's support turned it on).
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when Pendo does not know the visitor, the account, or,
    /// outside `Custom`, the field; [`is_invalid`](Error::is_invalid) when it does not take the value;
    /// a field name that cannot be one.
    ///
    /// ```no_run
    /// use pendo_client::{Group, Kind};
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// pendo.metadata(Kind::Visitor, Group::Pendo).set("ada@acme.example", "donotprocess", true).await?;
    /// # Ok(()) }
    /// ```
    pub async fn set(&self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), Error> {
        check_field_name(field).map_err(Error::request)?;
        let id = PathId::new(id);
        let args = [self.kind.as_str(), self.group.as_str(), &id.segment, field];
        let template = "/api/v1/metadata/{kind}/{group}/value/{id}/{field}";
        let request = self.pendo.request(Method::PUT, template, args).body(&value.into());
        id.mark(request).done().await
    }
}

/// Pendo's rule for field names; the message says which it is.
pub(crate) fn check_field_name(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(format!(
        "`{name}` cannot be a field name: only letters, digits and underscores, and no digit first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names() {
        for good in ["a", "_", "okta_department", "A9"] {
            assert_eq!(check_field_name(good), Ok(()));
        }
        for bad in ["", "9a", "a-b", "a b", "a.b", "größe", "a/b"] {
            assert!(check_field_name(bad).unwrap_err().contains("cannot be a field name"));
        }
    }
}
