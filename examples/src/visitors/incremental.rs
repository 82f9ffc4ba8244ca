//! Sending only what changed since it was last delivered: what was is in a store.

use std::path::Path;
use std::sync::{Arc, Mutex};

use futures::stream::BoxStream;
use futures::{StreamExt, pin_mut};
use pendo_client::{Group, Kind as Of, Pendo};
use provisioning::store::SqliteStore;
use provisioning::targets::PendoMetadata;
use provisioning::{
    Compute, Failure as Undelivered, Follow, Followed, Guard, Kind, Outcome, Plan, PlanError,
    Record, Report, Stop, Store, Summary, Target,
};
use serde_json::{Value, json};

use crate::{
    BoxError, Failure, Progress, Read, ReportFile, Visitors, say, thousands, unless_stopped,
};

/// After so many failures one after the other Pendo is not there: what is left stays for the next run.
const MOST_FAILURES: u64 = 4_000;
const SHOWN: usize = 5;

/// A push that remembers what it delivered.
#[derive(Clone, Debug)]
pub struct Incremental {
    target: Arc<dyn Target>,
    store: Arc<Mutex<dyn Store>>,
    concurrency: usize,
    stop: Stop,
    /// The org, and who of it is meant.
    source: (String, String),
    limits: Vec<Guard>,
}

/// What came of a push.
#[derive(Debug)]
pub struct Pushed {
    /// What was to be done.
    pub summary: Summary,
    /// What was done.
    pub report: Report,
    /// Too much failed, so that it was given up.
    pub stopped: bool,
    /// It was told to end before it was through: what is left stays for the next run.
    pub cut_short: bool,
}

impl Incremental {
    /// A push into the visitors' metadata, with the store in this file.
    ///
    /// # Errors
    /// When the store cannot be used, or another run has it open.
    pub fn open(
        path: &Path,
        pendo: &Pendo,
        create_missing: bool,
        concurrency: u32,
        stop: Stop,
    ) -> Result<Self, Failure> {
        let store = SqliteStore::open(path).map_err(Failure::settings)?;
        let target = PendoMetadata::new(pendo.clone(), Of::Visitor, Group::Custom);
        Ok(Self {
            target: Arc::new(target.create_missing(create_missing)),
            store: Arc::new(Mutex::new(store)),
            concurrency: concurrency as usize,
            stop,
            source: Default::default(),
            limits: Vec::new(),
        })
    }

    /// The org that the people are of, and which of them are meant under which visitor id, in words.
    #[must_use]
    pub fn of(mut self, org: &str, selection: String) -> Self {
        self.source = (org.to_owned(), selection);
        self
    }

    /// The rules that options set, in place of the usual ones.
    #[must_use]
    pub fn within(mut self, limits: impl Iterator<Item = Guard>) -> Self {
        self.limits = limits.collect();
        self
    }

    /// What would be sent for these people.
    ///
    /// # Errors
    /// When the source fails, or a guard stops it.
    pub async fn plan(
        &self,
        people: BoxStream<'static, Result<Record, BoxError>>,
    ) -> Result<Plan, Failure> {
        let compute = Plan::compute(people, Arc::clone(&self.target))
            .store(Arc::clone(&self.store))
            .source(&self.source.0)
            .selection(&self.source.1)
            .keep_departed(true);
        let compute = self.limits.iter().cloned().fold(compute, Compute::guard);
        let plan = unless_stopped(&self.stop, compute.into_future()).await?.map_err(unplanned)?;
        hint(plan.summary());
        Ok(plan)
    }

    /// What brings these people as they change.
    pub fn follow(&self, people: Visitors) -> Follow {
        let (target, store) = (Arc::clone(&self.target), Arc::clone(&self.store));
        let made_with = format!("{:?} {}", people.fields, people.create_missing);
        let follow = Follow::of(Arc::new(people), target, store).made_with(&made_with);
        let follow = self.limits.iter().cloned().fold(follow, Follow::guard);
        follow.keep_departed(true).concurrency(self.concurrency).until(self.stop.clone())
    }

    /// Sends what the plan has; what is not delivered is written down.
    ///
    /// # Errors
    /// When the report or the store cannot be written.
    pub async fn apply(
        &self,
        plan: &Plan,
        mut file: Option<&mut ReportFile>,
    ) -> Result<Pushed, Failure> {
        let apply = plan.apply().concurrency(self.concurrency).until(self.stop.clone());
        let outcomes = apply.stream();
        pin_mut!(outcomes);
        let (mut report, mut progress, mut in_a_row) = (Report::default(), Progress::start(), 0);
        while let Some(outcome) = outcomes.next().await {
            progress.add(1);
            if let Err(Undelivered::Store(error)) = outcome.result {
                return Err(Failure::running(error));
            }
            in_a_row = if matches!(outcome.result, Err(Undelivered::Target(_))) {
                in_a_row + 1
            } else {
                0
            };
            if let Some(file) = &mut file {
                note(file, &outcome).map_err(Failure::running)?;
            }
            report.extend([outcome]);
            if in_a_row >= MOST_FAILURES {
                break;
            }
        }
        progress.finish();
        if let Some(file) = &mut file {
            for (key, reason) in conflicts(plan)? {
                file.add(&json!({"id": key, "outcome": "conflict", "reason": reason}))
                    .map_err(Failure::running)?;
            }
        }
        let (summary, stopped) = (plan.summary().clone(), in_a_row >= MOST_FAILURES);
        let pushed = Pushed { summary, report, stopped, cut_short: false };
        Ok(Pushed { cut_short: self.stop.is_stopped() && pushed.left() > 0, ..pushed })
    }
}

/// Why there is no plan.
pub(super) fn unplanned(error: PlanError) -> Failure {
    match error {
        PlanError::Guard { guard, .. } => {
            let hint = if guard.is_of_losses() { "; --max-removals allows more" } else { "" };
            Failure::Guard(format!("stopped before the push: {guard}{hint}"))
        }
        PlanError::Source { read, source } => match source.downcast() {
            Ok(failure) => *failure,
            Err(source) => Failure::running(PlanError::Source { read, source }),
        },
        other => Failure::settings(other),
    }
}

fn note(file: &mut ReportFile, outcome: &Outcome) -> std::io::Result<()> {
    let word = match &outcome.result {
        Ok(_) => return Ok(()),
        Err(Undelivered::LeftOut(_)) => "missing",
        Err(_) => "failed",
    };
    let reason = outcome.result.as_ref().err().map(ToString::to_string);
    file.add(&json!({"id": outcome.key, "outcome": word, "reason": reason}))
}

/// The first thousand visitor ids that two people claim.
fn conflicts(plan: &Plan) -> Result<Vec<(String, String)>, Failure> {
    let most = plan.summary().conflicts.min(1_000) as usize;
    let (mut found, mut after) = (Vec::new(), 0);
    while found.len() < most {
        let rows = plan.rows(after, 1_000).map_err(Failure::running)?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        let conflicts = rows.into_iter().filter(|row| row.kind == Kind::Conflict);
        found.extend(conflicts.map(|row| (row.key, row.note.unwrap_or_default())));
    }
    Ok(found)
}

impl From<Followed> for Pushed {
    /// Of a full run while it follows.
    fn from(full: Followed) -> Self {
        let (summary, report) = (full.summary, full.report);
        let pushed = Self { summary, report, stopped: false, cut_short: false };
        // No plan was made where nobody was read.
        let is_left = pushed.left() > 0 || pushed.summary.read == 0;
        Self { cut_short: full.cut_short && is_left, ..pushed }
    }
}

impl Pushed {
    /// What the plan had and is not settled.
    fn left(&self) -> u64 {
        let done = self.report.delivered() + self.report.failed + self.report.left_out;
        self.summary.changes().saturating_sub(done)
    }

    /// Whether everybody was delivered, or left out by a rule.
    pub fn is_complete(&self) -> bool {
        let is_whole = !self.stopped && !self.cut_short;
        is_whole && self.report.failed == 0 && self.summary.conflicts == 0
    }

    /// Prints what became of the records.
    pub fn print(&self) {
        let Self { summary, report, .. } = self;
        say!("updated {}", thousands(report.delivered()));
        say!(
            "same    {} as they were delivered before, not sent again",
            thousands(summary.unchanged)
        );
        if report.left_out > 0 {
            let names = report.left_out_first.iter().map(|one| one.key.as_str());
            let mut names: Vec<&str> = names.take(SHOWN + 1).collect();
            if names.len() > SHOWN {
                names[SHOWN] = "... (all in --report)";
            }
            let count = thousands(report.left_out);
            say!("unknown {count} to Pendo; --create-missing adds them: {}", names.join(", "));
        }
        if summary.conflicts > 0 {
            let count = thousands(summary.conflicts);
            say!(
                "twice   {count} visitor ids are claimed by two people, nothing was sent for them (named in --report)"
            );
        }
        say!("failed  {}", thousands(report.failed));
        for one in report.undelivered.iter().take(SHOWN) {
            say!("        {}: {}", one.key, one.reason);
        }
        if self.stopped {
            say!("stopped everything fails: what is left stays for the next run");
        } else if self.cut_short {
            say!("stopped {} people wait for the next run", thousands(self.left()));
        }
    }

    /// The report as JSON, without the records that were not delivered.
    pub fn to_json(&self, read: &Read) -> Value {
        json!({
            "read": read.people(),
            "updated": self.report.delivered(),
            "unchanged": self.summary.unchanged,
            "missing": self.report.left_out,
            "failed": self.report.failed + read.failed(),
            "conflicts": self.summary.conflicts,
            "left_out": read.rules(),
        })
    }
}

/// What is easily a slip, such as another visitor id.
pub(super) fn hint(summary: &Summary) {
    if summary.selection_changed {
        say!(
            "note    who is pushed, or under which visitor id, was set otherwise in the last run with this store"
        );
    }
    if summary.rekeyed > 0 {
        let count = thousands(summary.rekeyed);
        say!(
            "note    {count} people have a new visitor id; what Pendo has under the old one stays there"
        );
    }
}
