//! A target that takes only some kinds of changes.

use std::sync::Arc;

use async_trait::async_trait;
use provisioning::{Around, Change, Done, FieldChange, Kind, Target, TargetError};

use crate::Switches;

const NO_DEACTIVATE: &str = "deactivating users is switched off by --no-deactivate";

/// A target, less the kinds of changes that are switched off: these are left out, and counted.
#[derive(Debug)]
pub struct Switched {
    target: Arc<dyn Target>,
    switches: Switches,
}

impl Switched {
    /// This target with these switches.
    pub fn new(target: Arc<dyn Target>, switches: Switches) -> Self {
        Self { target, switches }
    }

    fn off(&self, change: &Change) -> Option<&'static str> {
        let Switches { no_create, no_update, no_deactivate } = self.switches;
        let deactivates = change.fields.iter().any(FieldChange::switches_off);
        match change.kind {
            Kind::Update if deactivates && no_deactivate => Some(NO_DEACTIVATE),
            Kind::Create => no_create.then_some("creating users is switched off by --no-create"),
            Kind::Restore => {
                no_create.then_some("taking users back is switched off by --no-create")
            }
            Kind::Update => no_update.then_some("updating users is switched off by --no-update"),
            Kind::Remove => no_deactivate.then_some(NO_DEACTIVATE),
            _ => None,
        }
    }
}

#[async_trait]
impl Around for Switched {
    fn inner(&self) -> &dyn Target {
        &*self.target
    }

    async fn bring(&self, change: &Change) -> Result<Done, TargetError> {
        match self.off(change) {
            Some(reason) => Ok(Done::left_out(reason)),
            None => self.inner().bring(change).await,
        }
    }
}
