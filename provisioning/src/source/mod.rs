//! Where people and groups come from: an Okta org.

mod attributes;
mod groups;
mod people;
mod person;
mod scope;
mod statuses;
mod warnings;

pub use attributes::SourceAttributes;
pub use groups::OktaGroups;
pub use people::OktaPeople;
pub use scope::Scope;
pub use statuses::InactivePeople;
pub use warnings::{Warning, Warnings};

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
    #[error("the user {id} cannot be read")]
    Unreadable {
        /// The user's id.
        id: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}
