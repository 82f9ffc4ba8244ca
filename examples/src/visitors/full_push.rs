//! Pushing everybody, whatever was delivered before.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use pendo_client::{Batch, Delivery, Group, Kind, Pendo, PushReport};
use provisioning::Stop;

use crate::visitors::source::{Listing, records};
use crate::{Failure, FieldMap, Progress, Read, ReportFile, Scope};

/// A push of everybody.
#[derive(Debug)]
pub struct FullPush<'a> {
    /// Where they go.
    pub pendo: &'a Pendo,
    /// Whether people whom Pendo does not know are added.
    pub create_missing: bool,
    /// People in a call.
    pub batch_size: u32,
    /// Calls under way at once.
    pub concurrency: u32,
    /// When it is to end.
    pub stop: &'a Stop,
}

impl FullPush<'_> {
    /// Pushes; what is not delivered is written down.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub async fn run(
        &self,
        people: Listing,
        map: FieldMap,
        scope: Scope,
        read: &Arc<Read>,
        mut file: Option<&mut ReportFile>,
    ) -> Result<PushReport, Failure> {
        // What was read is still sent; nothing more is read.
        let people = people.take_until(self.stop.stopped()).boxed();
        let records = records(people, map, scope, Arc::clone(read)).map_ok(|(_, record)| record);
        let mut batches = (self.pendo.metadata(Kind::Visitor, Group::Custom))
            .push(records)
            .create_missing(self.create_missing)
            .batch_size(self.batch_size as usize)
            .concurrency(self.concurrency as usize)
            .stream();
        let (mut report, mut progress) = (PushReport::default(), Progress::start());
        while let Some(batch) = batches.next().await {
            progress.add(batch.len());
            if let Some(file) = &mut file {
                note(file, &batch).map_err(Failure::running)?;
            }
            report.extend([batch]);
        }
        progress.finish();
        Ok(report)
    }
}

/// Writes down what was not delivered.
fn note(file: &mut ReportFile, batch: &Batch) -> std::io::Result<()> {
    let mut outcomes = batch.outcomes().iter();
    outcomes.try_for_each(|outcome| match outcome.delivery() {
        Delivery::Updated => Ok(()),
        _ => file.add(outcome),
    })
}
