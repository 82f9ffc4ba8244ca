//! `--delete`: who left is deleted, and who is inactive for a time is not.

use std::sync::Arc;

use async_trait::async_trait;
use okta_client::{Okta, UserStatus};
use provisioning::targets::{Departed, ScimUsers};
use provisioning::{Around, Change, Done, Kind, Target, TargetError};

use crate::{RunOptions, ScimSystems};

/// A target that deletes who left. Who still is in Okta, with a status that is not DEPROVISIONED but counts
/// as inactive, is deactivated.
#[derive(Debug)]
struct DeletesDeparted {
    /// Where people are looked up before they are deleted.
    okta: Okta,
    /// The statuses of those who are inactive only.
    inactive: Vec<UserStatus>,
    /// Deactivates who leaves.
    deactivating: ScimUsers,
    /// Deletes who leaves.
    deleting: ScimUsers,
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
pub fn departing(systems: &ScimSystems, options: &RunOptions, delete: bool) -> Arc<dyn Target> {
    let users = || ScimUsers::new(systems.scim.clone());
    if !delete {
        return Arc::new(users());
    }
    let (deactivating, deleting) = (users(), users().departed(Departed::Delete));
    let (okta, inactive) = (systems.okta.clone(), options.inactive());
    Arc::new(DeletesDeparted { okta, inactive, deactivating, deleting })
}

#[async_trait]
impl Around for DeletesDeparted {
    fn inner(&self) -> &dyn Target {
        &self.deactivating
    }

    async fn bring(&self, change: &Change) -> Result<Done, TargetError> {
        match self.stays(change).await? {
            true => self.inner().bring(change).await,
            false => (&self.deleting as &dyn Target).bring(change).await,
        }
    }
}
