//! Where those who are followed come from.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use okta_client::Okta;

use crate::mapping::Mapping;
use crate::record::Record;
use crate::source::{OktaPeople, Scope, SourceError};

/// People of an Okta org who can be followed: all of them as records, and each by id. [`OktaPeople`] with a
/// [`Mapping`] are some (see [`Follow::new`](super::Follow::new)); whoever makes records otherwise has a
/// source of their own.
#[async_trait]
pub trait FollowSource: fmt::Debug + Send + Sync {
    /// The org they are in, whose log tells who changed.
    fn okta(&self) -> &Okta;

    /// Which people, in words: see [`Compute::selection`](crate::Compute::selection).
    fn selection(&self) -> String;

    /// Which people, as far as the events that may bring them in or out depend on it.
    fn scope(&self) -> &Scope {
        &Scope::Everyone
    }

    /// Whether their groups make a difference to their records.
    fn needs_groups(&self) -> bool {
        false
    }

    /// A record for each person, such as [`OktaPeople::records`]. An error in it ends the full run, which is
    /// tried again.
    fn records(&self) -> BoxStream<'static, Result<Record, Box<dyn Error + Send + Sync>>>;

    /// The record of one person as they are now, if they are meant; who cannot be read is
    /// [an unreadable one](Record::unreadable).
    ///
    /// # Errors
    /// When Okta refuses or fails.
    async fn record(&self, user_id: &str) -> Result<Option<Record>, SourceError>;
}

/// People as a mapping has them.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) people: OktaPeople,
    pub(super) mapping: Arc<Mapping>,
}

#[async_trait]
impl FollowSource for Mapped {
    fn okta(&self) -> &Okta {
        self.people.okta()
    }

    fn selection(&self) -> String {
        self.people.selection()
    }

    fn scope(&self) -> &Scope {
        self.people.chosen()
    }

    fn needs_groups(&self) -> bool {
        self.mapping.needs_groups()
    }

    fn records(&self) -> BoxStream<'static, Result<Record, Box<dyn Error + Send + Sync>>> {
        self.people.records(Arc::clone(&self.mapping)).map_err(Into::into).boxed()
    }

    async fn record(&self, user_id: &str) -> Result<Option<Record>, SourceError> {
        self.people.record(user_id, &self.mapping).await
    }
}
