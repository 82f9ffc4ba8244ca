use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::numbers::thousands;
use crate::store::{Kind, Row, StoreError};
use crate::target::{Change, Done, TargetError};

/// Failures that a report keeps by name; all are in the store.
const KEPT: usize = 1_000;

/// What came of one row of a plan.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What identifies the record in the target.
    pub key: String,
    /// What was to happen.
    pub kind: Kind,
    /// What happened.
    pub result: Result<Delivered, Failure>,
    /// The record was counted already, by an outcome that was [`delayed`](Delivered::delayed).
    pub(crate) earlier: Option<Earlier>,
}

/// How a record was counted before its references were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub(crate) existed: bool,
}

/// A change that was brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// The record's id in the target.
    pub remote_id: Option<String>,
    /// What should have been created was there already.
    pub existed: bool,
    /// Attributes that the target dropped or rewrote.
    pub not_kept: Vec<String>,
    /// What the target said that people should know.
    pub notes: Vec<String>,
    /// References are still to be written: another outcome of this record follows.
    pub delayed: bool,
    /// By attribute, records it refers to that are neither in the target nor in the source: it was
    /// delivered without.
    pub refers_to_nobody: BTreeMap<String, String>,
}

/// Why a change was not brought about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The target refused or failed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Nothing was sent, because a rule of the target says so; the next run tries again.
    #[error("{0}")]
    LeftOut(String),
    /// Everything else was delivered, but a record that it refers to could not be.
    #[error("refers to {0}, which could not be delivered")]
    Reference(String),
    /// The store failed: what was delivered may not have been noted, and comes again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Outcome {
    pub(crate) fn broken(error: StoreError) -> Self {
        let (key, result) = (String::new(), Err(Failure::Store(error)));
        Self { key, kind: Kind::Update, result, earlier: None }
    }

    pub(crate) fn done(row: &Row, change: &Change, done: &Done) -> Self {
        let delivered = Delivered {
            remote_id: done.remote_id.clone().or_else(|| change.remote_id.clone()),
            existed: done.existed,
            not_kept: done.shown.keys().cloned().collect(),
            notes: done.notes.clone(),
            delayed: false,
            refers_to_nobody: BTreeMap::new(),
        };
        Self { key: row.key.clone(), kind: row.kind, result: Ok(delivered), earlier: None }
    }

    pub(crate) fn lacks(&mut self, references: BTreeMap<String, String>) {
        if let Ok(delivered) = &mut self.result {
            delivered.refers_to_nobody = references;
        }
    }

    pub(crate) fn delayed(&mut self) {
        if let Ok(delivered) = &mut self.result {
            delivered.delayed = true;
        }
    }
}

/// A record that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Undelivered {
    /// What identifies it in the target.
    pub key: String,
    /// What was to happen.
    pub kind: Kind,
    /// Why it did not.
    pub reason: String,
}

/// What came of a plan: collect the outcomes into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Created.
    pub created: u64,
    /// Should have been created, but were there already, and were brought to the values.
    pub existed: u64,
    /// Changed.
    pub updated: u64,
    /// Taken back.
    pub restored: u64,
    /// Taken out.
    pub removed: u64,
    /// Given to another source record; nothing was sent.
    pub relinked: u64,
    /// Not delivered.
    pub failed: u64,
    /// The first thousand that failed.
    pub undelivered: Vec<Undelivered>,
    /// Left out by a rule of the target, such as visitors that Pendo does not know: no failures.
    pub left_out: u64,
    /// The first thousand that were left out.
    pub left_out_first: Vec<Undelivered>,
    /// References to records that are neither in the target nor in the source: no failures, and written
    /// when those appear. The notes name them.
    pub references_left_out: u64,
    /// What the target said that people should know, by record: the first thousand.
    pub notes: Vec<(String, String)>,
    /// Attributes that the target dropped or rewrote, and how often.
    pub not_kept: BTreeMap<String, u64>,
}

impl Report {
    /// How many records were changed in the target.
    pub fn delivered(&self) -> u64 {
        self.created + self.existed + self.updated + self.restored + self.removed
    }

    /// The report, if every row was delivered.
    ///
    /// # Errors
    /// The report, if one was not.
    pub fn into_result(self) -> Result<Self, Box<Self>> {
        if self.failed == 0 { Ok(self) } else { Err(Box::new(self)) }
    }

    fn add(&mut self, outcome: Outcome) {
        let Outcome { key, kind, result, earlier } = outcome;
        match result {
            Ok(delivered) => {
                if earlier.is_none() {
                    *self.counter(kind, delivered.existed) += 1;
                }
                self.add_delivered(&key, delivered);
            }
            Err(Failure::LeftOut(reason)) => {
                self.left_out += 1;
                keep(&mut self.left_out_first, Undelivered { key, kind, reason });
            }
            Err(failure) => {
                if let Some(earlier) = earlier {
                    let counter = self.counter(kind, earlier.existed);
                    *counter = counter.saturating_sub(1);
                }
                self.failed += 1;
                let reason = failure.to_string();
                keep(&mut self.undelivered, Undelivered { key, kind, reason });
            }
        }
    }

    fn counter(&mut self, kind: Kind, existed: bool) -> &mut u64 {
        match kind {
            Kind::Create if existed => &mut self.existed,
            Kind::Create => &mut self.created,
            Kind::Update => &mut self.updated,
            Kind::Restore => &mut self.restored,
            Kind::Remove => &mut self.removed,
            Kind::Relink | Kind::Conflict | Kind::WithoutKey | Kind::Unreadable => {
                &mut self.relinked
            }
        }
    }

    fn add_delivered(&mut self, key: &str, delivered: Delivered) {
        for (path, other) in delivered.refers_to_nobody {
            self.references_left_out += 1;
            let note = format!("`{path}` refers to {other}, which is not in the target: left out");
            keep(&mut self.notes, (key.to_owned(), note));
        }
        for note in delivered.notes {
            keep(&mut self.notes, (key.to_owned(), note));
        }
        for path in delivered.not_kept {
            *self.not_kept.entry(path).or_default() += 1;
        }
    }
}

fn keep<T>(list: &mut Vec<T>, one: T) {
    if list.len() < KEPT {
        list.push(one);
    }
}

impl Extend<Outcome> for Report {
    fn extend<I: IntoIterator<Item = Outcome>>(&mut self, outcomes: I) {
        outcomes.into_iter().for_each(|outcome| self.add(outcome));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, existed, updated, restored, removed, left_out, failed, .. } = self;
        for (count, what) in [(created, "created"), (updated, "updated"), (restored, "restored")] {
            write!(f, "{} {what}, ", thousands(*count))?;
        }
        write!(f, "{} removed", thousands(*removed))?;
        for (count, what) in [
            (*existed, "were there already"),
            (*left_out, "left out"),
            (self.references_left_out, "references to nobody left out"),
        ] {
            if count > 0 {
                write!(f, ", {} {what}", thousands(count))?;
            }
        }
        write!(f, ", {} failed", thousands(*failed))
    }
}

impl std::error::Error for Report {}
