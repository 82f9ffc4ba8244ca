//! What became of the records: outcomes, batches of them, and the report they collect into.

use std::fmt;
use std::sync::Arc;

use rest_core::BoxError;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::error::Error;

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Pendo took the values.
    Updated,
    /// Pendo does not know the visitor or account; `create_missing(true)` would have added it.
    Missing,
    /// The values did not arrive.
    Failed {
        /// Why, in one line.
        reason: Arc<str>,
    },
    /// The same id came again before this record was sent: the later one was sent instead.
    Superseded,
}

impl Delivery {
    pub(super) fn failed(reason: impl Into<Arc<str>>) -> Self {
        Self::Failed { reason: reason.into() }
    }
}

/// One record and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    id: Arc<str>,
    delivery: Delivery,
}

impl Outcome {
    pub(super) fn new(id: Arc<str>, delivery: Delivery) -> Self {
        Self { id, delivery }
    }

    /// The record's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What became of it.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }
}

impl Serialize for Outcome {
    /// `{"id": .., "outcome": "failed", "reason": ..}`; there is no reason when it was updated.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (outcome, reason) = match &self.delivery {
            Delivery::Updated => ("updated", None),
            Delivery::Missing => {
                ("missing", Some("Pendo does not know this id, and was not to add it"))
            }
            Delivery::Failed { reason } => ("failed", Some(&**reason)),
            Delivery::Superseded => ("superseded", Some("the same id came again later")),
        };
        let fields = 2 + usize::from(reason.is_some());
        let mut out = serializer.serialize_struct("Outcome", fields)?;
        out.serialize_field("id", &*self.id)?;
        out.serialize_field("outcome", outcome)?;
        if let Some(reason) = reason {
            out.serialize_field("reason", reason)?;
        }
        out.end()
    }
}

/// How a push ended.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) source: Option<BoxError>,
    pub(super) stopped: Option<Error>,
}

/// Outcomes that became known together, usually those of one call to Pendo.
///
/// The last batch of a push also says how it ended, and may hold no outcome.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) end: Option<End>,
}

impl Batch {
    /// How many outcomes it holds.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether it holds no outcome.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// The outcomes.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}

/// What became of a whole push; collect the stream of batches into it.
///
/// It counts every record. Those that were not delivered it also names, up to
/// [`NAMED_AT_MOST`](Self::NAMED_AT_MOST) of them, so that its size has a bound; who wants to keep
/// more takes them from the batches.
#[derive(Debug, Default)]
#[must_use = "a report may hold failures: check it with into_result()"]
pub struct PushReport {
    updated: u64,
    missing: u64,
    failed: u64,
    superseded: u64,
    undelivered: Vec<Outcome>,
    end: Option<End>,
}

impl PushReport {
    /// How many undelivered records a report names.
    pub const NAMED_AT_MOST: usize = 100_000;

    /// Records that Pendo took.
    pub fn updated(&self) -> u64 {
        self.updated
    }

    /// Records of visitors or accounts that Pendo does not know.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Records that failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Records that were replaced by a later one of the same id before they were sent.
    pub fn superseded(&self) -> u64 {
        self.superseded
    }

    /// All records that were read from the source.
    pub fn total(&self) -> u64 {
        self.updated + self.missing + self.failed + self.superseded
    }

    /// The missing and the failed records, in the order in which that became known.
    pub fn undelivered(&self) -> &[Outcome] {
        &self.undelivered
    }

    /// How many undelivered records are counted but not named.
    pub fn unnamed(&self) -> u64 {
        self.missing + self.failed - self.undelivered.len() as u64
    }

    /// Why the source failed: then not all records were read.
    pub fn source_error(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.end.as_ref()?.source.as_deref()
    }

    /// Why the push could not go on: then not all records were read.
    pub fn stopped(&self) -> Option<&Error> {
        self.end.as_ref()?.stopped.as_ref()
    }

    /// Whether the source was read to its end, whatever became of the records.
    pub fn is_complete(&self) -> bool {
        matches!(self.end, Some(End { source: None, stopped: None }))
    }

    /// The report if nothing failed; records that are missing in Pendo are no failure.
    ///
    /// # Errors
    /// When a record failed, when the source failed, when the push could not go on, and when its
    /// stream was not read to the end.
    pub fn into_result(self) -> Result<Self, PushError> {
        if self.failed == 0 && self.is_complete() {
            return Ok(self);
        }
        Err(PushError { report: Box::new(self) })
    }
}

impl Extend<Batch> for PushReport {
    fn extend<I: IntoIterator<Item = Batch>>(&mut self, batches: I) {
        for batch in batches {
            self.end = batch.end.or(self.end.take());
            batch.outcomes.into_iter().for_each(|outcome| self.add(outcome));
        }
    }
}

impl PushReport {
    fn add(&mut self, outcome: Outcome) {
        let count = match outcome.delivery {
            Delivery::Updated => &mut self.updated,
            Delivery::Missing => &mut self.missing,
            Delivery::Failed { .. } => &mut self.failed,
            Delivery::Superseded => &mut self.superseded,
        };
        *count += 1;
        let undelivered = matches!(outcome.delivery, Delivery::Missing | Delivery::Failed { .. });
        if undelivered && self.undelivered.len() < Self::NAMED_AT_MOST {
            self.undelivered.push(outcome);
        }
    }
}

impl fmt::Display for PushReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { updated, missing, failed, superseded, .. } = self;
        write!(f, "{updated} updated, {missing} missing")?;
        if *missing > 0 {
            write!(f, " (Pendo does not know them, and was not to add them)")?;
        }
        write!(f, ", {failed} failed, {superseded} superseded")
    }
}

impl Serialize for PushReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("PushReport", 9)?;
        out.serialize_field("complete", &self.is_complete())?;
        out.serialize_field("total", &self.total())?;
        out.serialize_field("updated", &self.updated)?;
        out.serialize_field("missing", &self.missing)?;
        out.serialize_field("failed", &self.failed)?;
        out.serialize_field("superseded", &self.superseded)?;
        out.serialize_field("error", &why_incomplete(self))?;
        out.serialize_field("undelivered", &self.undelivered)?;
        out.serialize_field("unnamed", &self.unnamed())?;
        out.end()
    }
}

fn why_incomplete(report: &PushReport) -> Option<String> {
    let Some(end) = &report.end else {
        return Some("the push was not read to its end".into());
    };
    let stopped = end.stopped.as_ref().map(|error| format!("the push stopped: {error}"));
    let source = end.source.as_ref().map(|error| format!("the source failed: {error}"));
    stopped.or(source)
}

/// A push that did not fully succeed: its report, whose numbers and names tell the rest.
#[derive(Debug)]
pub struct PushError {
    report: Box<PushReport>,
}

impl PushError {
    /// The report.
    pub fn report(&self) -> &PushReport {
        &self.report
    }

    /// The report, to keep.
    pub fn into_report(self) -> PushReport {
        *self.report
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        let total = report.total();
        if let Some(why) = why_incomplete(report) {
            write!(f, "{why}; ")?;
        }
        write!(f, "of {total} records read {} were updated", report.updated)?;
        // When the push stopped, the reason of the records is the one that is said already.
        let first = report.stopped().is_none().then(|| first_failed(report)).flatten();
        match first {
            Some((id, reason)) => write!(f, ", {} failed, first {id}: {reason}", report.failed),
            None => write!(f, ", {} failed", report.failed),
        }
    }
}

fn first_failed(report: &PushReport) -> Option<(&str, &str)> {
    report.undelivered.iter().find_map(|outcome| match outcome.delivery() {
        Delivery::Failed { reason } => Some((outcome.id(), &**reason)),
        _ => None,
    })
}

impl std::error::Error for PushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let end = self.report.end.as_ref()?;
        let stopped = end.stopped.as_ref().map(|error| error as _);
        stopped.or_else(|| end.source.as_deref().map(|error| error as _))
    }
}
