//! `--delete`: who left is deleted, and who is inactive for a time is not.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use okta_client::{Okta, UserStatus};
use provisioning::targets::{Departed, ScimUsers};
use provisioning::{Change, Done, Kind, Observed, Target, TargetError};
use serde_json::Value;

use crate::{Failure, RunOptions, ScimSystems};

/// A target that deletes who left. Who still is in Okta, with a status that is not DEPROVISIONED but counts
/// as inactive, is deactivated.
#[derive(Debug)]
struct DeletesDeparted {
    /// Where people are looked up before they are deleted.
    okta: Okta,
    /// The statuses of those who are inactive only.
    inactive: Vec<UserStatus>,
    /// Deactivates who leaves.
    deactivating: Arc<dyn Target>,
    /// Deletes who leaves.
    deleting: Arc<dyn Target>,
}

impl DeletesDeparted {
    async fn stays(&self, change: &Change) -> Result<bool, TargetError> {
        let Some(id) = change.source_id.as_deref().filter(|_| change.kind == Kind::Remove) else {
            return Ok(true);
        };
        let user = self.okta.users().try_get(id).await.map_err(TargetError::caused)?;
        let status = user.and_then(|user| user.status);
        let status = status.filter(|status| *status != UserStatus::Deprovisioned);
        Ok(status.is_some_and(|status| self.inactive.contains(&status)))
    }
}

/// Where people go of whom those who left are deactivated, or with `--delete` deleted.
///
/// # Errors
/// When the provider's address is no good.
pub fn departing(
    systems: &ScimSystems,
    options: &RunOptions,
    delete: bool,
) -> Result<Arc<dyn Target>, Failure> {
    let users = || ScimUsers::new(systems.scim.clone()).map_err(Failure::settings);
    let deactivating = Arc::new(users()?);
    if !delete {
        return Ok(deactivating);
    }
    let deleting = Arc::new(users()?.departed(Departed::Delete));
    let (okta, inactive) = (systems.okta.clone(), options.inactive());
    Ok(Arc::new(DeletesDeparted { okta, inactive, deactivating, deleting }))
}

#[async_trait]
impl Target for DeletesDeparted {
    fn name(&self) -> &str {
        self.deactivating.name()
    }

    fn key(&self, key: &str) -> String {
        self.deactivating.key(key)
    }

    async fn check(&self) -> Result<(), TargetError> {
        self.deactivating.check().await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            let one = std::slice::from_ref(change);
            match self.stays(change).await {
                Ok(true) => results.extend(self.deactivating.apply(one).await),
                Ok(false) => results.extend(self.deleting.apply(one).await),
                Err(error) => results.push(Err(error)),
            }
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.deactivating.observe(paths)
    }

    fn reference(&self, key: &str, remote_id: Option<&str>) -> Option<Value> {
        self.deactivating.reference(key, remote_id)
    }
}
