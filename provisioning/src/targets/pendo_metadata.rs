use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use pendo_client::{Delivery, Group, Kind as Of, Pendo, PushReport, Record};
use serde_json::{Map, Value};

use crate::store::Kind;
use crate::target::{Change, Done, Observed, Target, TargetError};

/// Records of one call: as many as Pendo's own push sends.
const BATCH: usize = 500;

/// Metadata of Pendo's visitors or accounts. Keys are their ids, with regard to case; paths are names
/// of metadata fields.
///
/// Who is not known to Pendo is left out, unless [`create_missing`](Self::create_missing) says
/// otherwise. Nobody is ever taken out: the metadata of who left stays.
pub struct PendoMetadata {
    pendo: Pendo,
    of: Of,
    group: Group,
    name: String,
    create_missing: bool,
    read: bool,
}

impl PendoMetadata {
    /// The metadata of this kind in this group.
    pub fn new(pendo: Pendo, of: Of, group: Group) -> Self {
        let name = format!("Pendo {} metadata in {group} of {}", of.as_str(), pendo.region());
        Self { pendo, of, group, name, create_missing: false, read: false }
    }

    /// Adds visitors or accounts that Pendo does not know, instead of leaving them out.
    #[must_use]
    pub fn create_missing(mut self, create: bool) -> Self {
        self.create_missing = create;
        self
    }

    /// Lets a plan be compared with what Pendo holds, which is read by aggregation: everybody's
    /// values, which takes its time, and what was written lately may not be among them.
    #[must_use]
    pub fn read_by_aggregation(mut self) -> Self {
        self.read = true;
        self
    }

    async fn push(&self, changes: &[&Change]) -> PushReport {
        let records: Vec<_> =
            changes.iter().map(|change| Ok::<_, Infallible>(record(change))).collect();
        let metadata = self.pendo.metadata(self.of, self.group.clone());
        let push = metadata.push(stream::iter(records)).batch_size(BATCH);
        push.create_missing(self.create_missing).await
    }

    fn outcome(&self, change: &Change, report: &Came) -> Result<Done, TargetError> {
        if change.kind == Kind::Remove {
            return Ok(Done::left_out("Pendo keeps the metadata of who left"));
        }
        match report.undelivered.get(change.key.as_str()) {
            None if report.is_whole => Ok(Done::new().remote_id(&change.key)),
            None => Err(TargetError::new("Pendo's push ended before this record was sent")),
            Some(Delivery::Missing) => Ok(Done::left_out(format!(
                "Pendo does not know this {}, and was not to add it",
                self.of.as_str()
            ))),
            Some(Delivery::Failed { reason }) => Err(TargetError::new(&**reason)),
            Some(_) => Err(TargetError::new("another record of the same id took its place")),
        }
    }
}

/// What came of a push, by id.
struct Came<'r> {
    undelivered: HashMap<&'r str, &'r Delivery>,
    /// Every record has an outcome.
    is_whole: bool,
}

impl<'r> Came<'r> {
    fn of(report: &'r PushReport, sent: usize) -> Self {
        let undelivered = report.undelivered().iter();
        Self {
            undelivered: undelivered.map(|one| (one.id(), one.delivery())).collect(),
            is_whole: report.total() == sent as u64,
        }
    }
}

fn record(change: &Change) -> Record {
    // Who comes back may have been forgotten there meanwhile.
    let everything = (change.kind == Kind::Restore).then_some(&change.values);
    let mut values: Map<String, Value> = everything
        .into_iter()
        .flatten()
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    let sent = change.fields.iter().filter(|field| !field.on_create || change.kind == Kind::Create);
    values.extend(sent.map(|field| (field.path.clone(), field.new.clone())));
    // An empty list is no value: it clears, also what was there before anything was delivered.
    let empty = |value: &&mut Value| value.as_array().is_some_and(Vec::is_empty);
    values.values_mut().filter(empty).for_each(|value| *value = Value::Null);
    Record::from_values(&change.key, values)
}

#[async_trait]
impl Target for PendoMetadata {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self, key: &str) -> String {
        key.trim().to_owned()
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn removes(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<(), TargetError> {
        match self.pendo.verify().await.map_err(TargetError::caused)?.write_access {
            true => Ok(()),
            false => Err(TargetError::new(
                "Pendo's integration key may only read: make one with Allow Write Access",
            )),
        }
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let sent: Vec<&Change> =
            changes.iter().filter(|change| change.kind != Kind::Remove).collect();
        let report = self.push(&sent).await;
        let came = Came::of(&report, sent.len());
        changes.iter().map(|change| self.outcome(change, &came)).collect()
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let read = || self.pendo.read_metadata(self.of, self.group.clone(), paths).stream();
        let everybody = self.read.then(read)?;
        let observed = everybody.map_ok(|record| {
            let values = record.values().iter();
            let fields = values.map(|(path, value)| (path.clone(), value.clone())).collect();
            Observed::new(record.id(), fields).remote_id(record.id())
        });
        Some(observed.map_err(TargetError::caused).boxed())
    }

    /// Another visitor is named by its id.
    fn reference(&self, key: &str, _: Option<&str>) -> Option<Value> {
        Some(Value::from(key))
    }
}

impl fmt::Debug for PendoMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendoMetadata").field("name", &self.name).finish_non_exhaustive()
    }
}
