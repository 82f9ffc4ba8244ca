//! Where people and groups come from: an Okta org.

mod attributes;
mod groups;
mod people;
mod person;
mod scope;
mod statuses;
mod warnings;

pub use attributes::SourceAttributes;
pub use groups::{Member, OktaGroups};
pub use people::OktaPeople;
pub use scope::Scope;
pub use statuses::InactivePeople;
pub use warnings::{Warning, Warnings};

use okta_client::ErrorKind;
use serde::Deserialize;

use crate::record::Record;

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Okta refused or failed.
    #[error(transparent)]
    Okta(#[from] okta_client::Error),
    /// A group that was named does not exist: it is not taken for an empty one.
    #[error("there is no group {0} in Okta: name one that exists")]
    NoGroup(String),
    /// Okta answered something that is no user.
    #[error("the user {id} cannot be read: {source}")]
    Unreadable {
        /// The user's id.
        id: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SourceError {
    /// An error in what was asked for about one person.
    fn of(self, id: &str) -> Self {
        match self {
            Self::Okta(error) if matches!(error.kind(), ErrorKind::Decode { .. }) => {
                Self::Unreadable { id: id.to_owned(), source: error.into() }
            }
            other => other,
        }
    }

    /// The id of the one person whom this is about, if it is about one: all others can go on.
    pub fn person(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let id = match self {
            Self::Unreadable { id, .. } => Some(id.clone()),
            Self::Okta(error) => {
                let named = error.item().map(serde_json::from_str::<Named>);
                named.and_then(Result::ok).map(|named| named.id)
            }
            Self::NoGroup(_) => None,
        };
        id.filter(|id| !id.is_empty())
    }

    /// The record of the one person whom this is about.
    fn kept(self) -> Result<Record, Self> {
        self.person().map(|id| Record::unreadable(id, self.to_string())).ok_or(self)
    }
}
