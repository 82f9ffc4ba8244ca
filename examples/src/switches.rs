//! A target that takes only some kinds of changes.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use provisioning::{Change, Done, FieldChange, Kind, Observed, Target, TargetError};
use serde_json::Value;

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
impl Target for Switched {
    fn name(&self) -> &str {
        self.target.name()
    }

    fn key(&self, key: &str) -> String {
        self.target.key(key)
    }

    fn key_path(&self) -> Option<&str> {
        self.target.key_path()
    }

    // One at a time, so that one that is left out stands in nobody's way.
    fn batch(&self) -> usize {
        1
    }

    fn removes(&self) -> bool {
        self.target.removes()
    }

    async fn check(&self) -> Result<(), TargetError> {
        self.target.check().await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            match self.off(change) {
                Some(reason) => results.push(Ok(Done::left_out(reason))),
                None => results.extend(self.target.apply(std::slice::from_ref(change)).await),
            }
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.target.observe(paths)
    }

    fn reference(&self, key: &str, remote_id: Option<&str>) -> Option<Value> {
        self.target.reference(key, remote_id)
    }
}
