//! What came of visitors that are followed, from the last full run on.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use provisioning::{Followed, Row, Undelivered};
use serde_json::{Value, json};

use crate::{Failure, Pushed, Read, ReportFile, say, thousands};

/// Entries that are kept: the first thousand.
const KEPT: usize = 1_000;

/// Counts, and the report file where one is asked for.
#[derive(Debug)]
pub struct FollowReport {
    path: Option<PathBuf>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    read: u64,
    left_out: Value,
    updated: u64,
    unchanged: u64,
    missing: u64,
    failed: u64,
    /// Visitor ids that several people claim now.
    conflicts: Vec<Row>,
    events: u64,
    cut_short: bool,
    /// Everybody was looked at once.
    is_through: bool,
    /// What keeps it from going on.
    trouble: Option<String>,
    entries: Vec<Value>,
}

impl FollowReport {
    /// Begins: a file that cannot be written is a wrong setting.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(path: Option<&Path>) -> Result<Self, Failure> {
        let counts = Counts { left_out: Read::default().rules(), ..Counts::default() };
        let report = Self { path: path.map(Path::to_owned), counts: Mutex::new(counts) };
        report.write().map_err(|failure| Failure::Settings(failure.to_string()))?;
        Ok(report)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It goes on where the run before ended: everybody was looked at then.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn resume(&self, conflicts: Vec<Row>) -> Result<(), Failure> {
        {
            let mut counts = self.counts();
            (counts.is_through, counts.conflicts) = (true, conflicts);
        }
        self.write()
    }

    /// A full run is through, and what was before does not count any more; or some events are settled. What
    /// was not delivered stands in the file at once.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, followed: Followed, read: &Read, conflicts: Vec<Row>) -> Result<(), Failure> {
        let (was_complete, is_complete, full) = {
            let mut counts = self.counts();
            let (was_complete, full) = (counts.is_complete(), followed.full);
            if full {
                *counts = Counts { is_through: true, ..Counts::default() };
            }
            counts.add(followed, read);
            counts.conflicts = conflicts;
            (was_complete, counts.is_complete(), full)
        };
        if was_complete && is_complete && !full { Ok(()) } else { self.write() }
    }

    /// Notes what keeps it from going on, until it does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_trying(&self, trouble: &Failure) -> Result<(), Failure> {
        self.counts().trouble = Some(trouble.to_string());
        self.write()
    }

    /// Writes down why it could not go on; gives the failure back.
    pub fn stopped(&self, failure: Failure) -> Failure {
        match self.keep_trying(&failure) {
            Err(error) => Failure::Running(format!("{failure}; {error}")),
            Ok(()) => failure,
        }
    }

    /// It ended in the middle of something.
    pub fn cut_short(&self) {
        self.counts().cut_short = true;
    }

    /// Prints the counts and writes the file for the last time.
    ///
    /// # Errors
    /// [`Failure::Undelivered`] when something was not delivered.
    pub fn end(&self) -> Result<(), Failure> {
        let (events, updated, failed, conflicts, complete) = {
            let counts = self.counts();
            let Counts { events, updated, failed, conflicts, .. } = &*counts;
            (*events, *updated, *failed, conflicts.len() as u64, counts.is_complete())
        };
        let (events, updated) = (thousands(events), thousands(updated));
        say!(
            "ended   since the last full run began: {events} events, {updated} updated, {failed} failed{}",
            twice(conflicts)
        );
        self.write()?;
        if self.path.is_some() {
            say!("report  written; it holds personal data and is readable by its owner only");
        }
        if complete { Ok(()) } else { Err(Failure::Undelivered) }
    }

    fn write(&self) -> Result<(), Failure> {
        let Some(path) = &self.path else { return Ok(()) };
        let counts = self.counts();
        let write = || {
            let mut file = ReportFile::anew(path)?;
            counts.entries.iter().try_for_each(|entry| file.add(entry))?;
            counts.conflicts.iter().take(KEPT).try_for_each(|one| file.add(&conflict(one)))?;
            file.finish(&counts.to_json())
        };
        write().map_err(Failure::running)
    }
}

/// The end of a line that counts, where several people claim visitor ids.
pub(super) fn twice(conflicts: u64) -> String {
    match conflicts {
        0 => String::new(),
        1 => ", 1 visitor id claimed by two people, nothing sent for it".to_owned(),
        count => format!(
            ", {} visitor ids claimed by two people, nothing sent for them",
            thousands(count)
        ),
    }
}

fn conflict(row: &Row) -> Value {
    json!({"id": row.key, "outcome": "conflict", "reason": row.note})
}

impl Counts {
    fn add(&mut self, followed: Followed, read: &Read) {
        self.trouble = None;
        self.mend(&followed.ids);
        for (rule, more) in read.rules().as_object().into_iter().flatten() {
            let before = self.left_out[rule].as_u64().unwrap_or_default();
            self.left_out[rule] = (before + more.as_u64().unwrap_or_default()).into();
        }
        self.events += followed.events as u64;
        let Pushed { summary, report, cut_short, .. } = followed.into();
        self.is_through &= !cut_short;
        self.cut_short |= cut_short;
        self.read += read.people();
        self.updated += report.delivered();
        self.unchanged += summary.unchanged;
        self.missing += report.left_out;
        let entry = |one: &Undelivered, outcome: &str| json!({"id": one.key, "outcome": outcome, "reason": one.reason});
        let failed = report.undelivered.iter().map(|one| entry(one, "failed"));
        let missing = report.left_out_first.iter().map(|one| entry(one, "missing"));
        self.failed += report.failed + read.failed();
        for entry in failed.chain(missing).chain(read.entries()).take(KEPT) {
            // Who fails is tried again and again.
            match self.entries.contains(&entry) {
                true if entry["outcome"] == "failed" => self.failed -= 1,
                false if self.entries.len() < KEPT => self.entries.push(entry),
                _ => {}
            }
        }
    }

    /// Those of these who could not be read were looked at again.
    fn mend(&mut self, people: &[String]) {
        let before = self.entries.len();
        self.entries.retain(|entry| {
            entry["outcome"] != "failed" || !people.iter().any(|id| entry["id"] == id.as_str())
        });
        self.failed = self.failed.saturating_sub((before - self.entries.len()) as u64);
    }

    fn is_complete(&self) -> bool {
        let is_whole = self.is_through && !self.cut_short && self.trouble.is_none();
        is_whole && self.failed == 0 && self.conflicts.is_empty()
    }

    fn to_json(&self) -> Value {
        let mut json = json!({
            "complete": self.is_complete(),
            "read": self.read,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "missing": self.missing,
            "failed": self.failed,
            "conflicts": self.conflicts.len(),
            "events": self.events,
            "left_out": self.left_out,
        });
        if let Some(trouble) = &self.trouble {
            json["error"] = trouble.as_str().into();
        }
        json
    }
}
