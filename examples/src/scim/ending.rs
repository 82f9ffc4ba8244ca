//! What came of a run: for people, as a file, and as an exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Instant;

use provisioning::{
    Failure as Undelivered, Followed, Kind, Outcome, Plan, Row, Stop, StoreError, Summary,
};
use serde_json::{Map, Value, json};

use crate::scim::part::{KEPT, Part, Unsent, add, left_out};
use crate::{Failure, ReportFile, RunOptions, SharedStore, say};

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// What came of the parts of a run.
#[derive(Debug)]
pub struct Ending {
    file: Option<ReportFile>,
    /// Where the report of a run goes that follows: it is written anew each time.
    path: Option<PathBuf>,
    limited: bool,
    stop: Stop,
    parts: Vec<Part>,
    /// Everybody was looked at once; a run that follows begins without that.
    is_through: bool,
    /// What keeps a run that follows from going on.
    trouble: Option<String>,
    started: Instant,
}

impl Ending {
    /// Begins, with the report file: one that cannot be written is a wrong setting.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(options: &RunOptions, stop: &Stop) -> Result<Self, Failure> {
        let path = options.report.clone().filter(|_| options.sends());
        let (path, once) = if options.follow { (path, None) } else { (None, path) };
        let file = once.as_deref().map(ReportFile::create).transpose();
        let ending = Self {
            file: file.map_err(Failure::settings)?,
            path,
            limited: options.limit.is_some(),
            stop: stop.clone(),
            parts: Vec::new(),
            is_through: !options.follow,
            trouble: None,
            started: Instant::now(),
        };
        ending.write_down().map_err(|failure| Failure::Settings(failure.to_string()))?;
        Ok(ending)
    }

    /// Notes what came of one change.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn note(&mut self, what: &'static str, mut outcome: Outcome) -> Result<(), Failure> {
        // Whom a canary refers to may be among those who wait.
        if self.limited && matches!(outcome.result, Err(Undelivered::Reference(_))) {
            let reason =
                "refers to somebody who is not there yet: written by a run without --limit";
            outcome.result = Err(Undelivered::LeftOut(reason.to_owned()));
        }
        let undelivered = outcome.result.as_ref().err().map(ToString::to_string);
        if let (Some(file), Some(reason)) = (&mut self.file, &undelivered) {
            let left_out = matches!(outcome.result, Err(Undelivered::LeftOut(_)));
            let entry = json!({"what": what, "key": outcome.key, "kind": outcome.kind, "reason": reason,
                "left_out": left_out});
            file.add(&entry).map_err(Failure::running)?;
        }
        let part = self.part(what);
        if let Err(Undelivered::LeftOut(reason)) = &outcome.result {
            part.leave_out(reason, &outcome.key);
        }
        part.report.extend([outcome]);
        Ok(())
    }

    /// Notes what the plan itself left out, and what a canary left for later.
    ///
    /// # Errors
    /// When the plan cannot be read.
    pub fn compare(&mut self, what: &'static str, plan: &Plan) -> Result<(), Failure> {
        let summary = plan.summary();
        let (limited, stopped) = (self.limited, self.stop.is_stopped());
        let rows = |after| plan.rows(after, PAGE);
        let unsent = unsent(summary, rows).map_err(Failure::running)?;
        if let Some(file) = &mut self.file {
            unsent
                .iter()
                .try_for_each(|one| file.add(&one.to_json(what)))
                .map_err(Failure::running)?;
        }
        let part = self.part(what);
        part.without_key = summary.without_key;
        part.unsent = unsent;
        let report = &part.report;
        let done = report.delivered() + report.failed + report.left_out;
        let left = summary.changes().saturating_sub(done);
        part.for_later = if limited || stopped { left } else { 0 };
        part.cut_short = stopped && part.for_later > 0;
        self.name_without_key(what, summary.without_key, rows)
    }

    /// Whom the mapping gives no key: left out, each with the reason.
    fn name_without_key(
        &mut self,
        what: &'static str,
        count: u64,
        rows: impl Fn(u64) -> Result<Vec<Row>, StoreError>,
    ) -> Result<(), Failure> {
        let mut by_reason = BTreeMap::<String, Vec<String>>::new();
        for row in found(count, rows, Kind::WithoutKey).map_err(Failure::running)? {
            let id = row.source_id.unwrap_or(row.key);
            by_reason.entry(row.note.unwrap_or_default()).or_default().push(id);
        }
        by_reason.iter().try_for_each(|(reason, ids)| self.leave_out(what, reason, ids))
    }

    /// Notes what came of a batch of changes, or of a full run: what was before that does not count then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn follow(
        &mut self,
        what: &'static str,
        batch: Followed,
        store: &SharedStore,
    ) -> Result<(), Failure> {
        if batch.full {
            self.parts.clear();
            self.is_through = !batch.cut_short;
        }
        self.trouble = None;
        let left_out = batch.summary.without_key;
        let rows = |after| {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            store.rows(None, after, PAGE)
        };
        self.name_without_key(what, left_out, rows)?;
        let unsent = unsent(&batch.summary, rows).map_err(Failure::running)?;
        let part = self.part(what);
        // What became of them is decided anew.
        part.unsent.retain(|one| !one.is_of(&batch.ids));
        for one in &batch.report.left_out_first {
            part.leave_out(&one.reason, &one.key);
        }
        part.unsent.extend(unsent);
        part.without_key += batch.summary.without_key;
        part.cut_short |= batch.cut_short;
        part.events += batch.events as u64;
        add(&mut part.report, batch.report);
        Ok(())
    }

    /// Writes the report of a run that follows, as far as it is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_down(&self) -> Result<(), Failure> {
        let Some(path) = &self.path else { return Ok(()) };
        let write = || {
            let mut file = ReportFile::anew(path)?;
            for part in &self.parts {
                part.entries().try_for_each(|entry| file.add(&entry))?;
            }
            file.finish(&self.summary())
        };
        write().map_err(Failure::running)
    }

    /// Whether everybody was looked at once.
    pub fn is_through(&self) -> bool {
        self.is_through
    }

    /// Whether everything was delivered, or left out by a rule, as far as it went; and nothing waits.
    pub fn is_complete(&self) -> bool {
        self.is_delivered() && self.parts.iter().all(|part| part.for_later == 0)
    }

    /// The same, whatever a canary leaves for later.
    fn is_delivered(&self) -> bool {
        self.is_through && self.trouble.is_none() && self.parts.iter().all(Part::is_complete)
    }

    /// A run that follows these goes on where the one before ended: everybody was looked at then, and nothing
    /// was sent for these conflicts.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn resume(&mut self, what: &'static str, conflicts: Vec<Row>) -> Result<(), Failure> {
        self.is_through = true;
        self.part(what).unsent.extend(conflicts.into_iter().map(Unsent::of));
        self.write_down()
    }

    /// Notes in the report what keeps a run that follows from going on, until it does.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn keep_trying(&mut self, trouble: String) -> Result<(), Failure> {
        self.trouble = Some(trouble);
        self.write_down()
    }

    fn summary(&self) -> Value {
        let is_complete = Value::Bool(self.is_complete());
        let mut members = Map::from_iter([("complete".to_owned(), is_complete)]);
        let error = self.trouble.as_ref().map(|error| ("error".to_owned(), json!(error)));
        members.extend(error);
        members.extend(self.parts.iter().map(|part| (part.what.to_owned(), part.to_json())));
        Value::Object(members)
    }

    fn part(&mut self, what: &'static str) -> &mut Part {
        let at = self.parts.iter().position(|part| part.what == what).unwrap_or_else(|| {
            self.parts.push(Part::new(what));
            self.parts.len() - 1
        });
        &mut self.parts[at]
    }

    /// Those who are left out now by a rule of the program, instead of those who were before.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn leave_out(
        &mut self,
        what: &'static str,
        reason: &str,
        keys: &[String],
    ) -> Result<(), Failure> {
        self.leave_out_some(what, reason, keys.len() as u64, keys)
    }

    /// The same of more than are named.
    ///
    /// # Errors
    /// As [`leave_out`](Self::leave_out).
    pub fn leave_out_some(
        &mut self,
        what: &'static str,
        reason: &str,
        count: u64,
        keys: &[String],
    ) -> Result<(), Failure> {
        let mut entries = keys.iter().map(|key| left_out(what, reason, key));
        if let Some(file) = &mut self.file {
            entries.try_for_each(|entry| file.add(&entry)).map_err(Failure::running)?;
        }
        let part = self.part(what);
        let (before, _) = part.left_out.remove(reason).unwrap_or_default();
        part.report.left_out = part.report.left_out.saturating_sub(before) + count;
        part.leave_out_some(reason, count, keys);
        part.listed.insert(reason.to_owned(), keys.iter().take(KEPT).cloned().collect());
        Ok(())
    }

    /// Something cannot come yet, until it is looked at again with what it came with. Whether that is new.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn hold_back(
        &mut self,
        what: &'static str,
        key: &str,
        reason: String,
    ) -> Result<bool, Failure> {
        let one = Unsent::held_back(key, reason);
        if let Some(file) = &mut self.file {
            file.add(&one.to_json(what)).map_err(Failure::running)?;
        }
        let unsent = &mut self.part(what).unsent;
        let is_new = !unsent.contains(&one);
        unsent.retain(|other| !other.is_same(&one));
        unsent.insert(one);
        Ok(is_new)
    }

    /// Something turned out not to be there after it was sent.
    pub fn fail(&mut self, what: &'static str, key: &str, reason: &str) {
        self.mend(what, key);
        self.part(what).unconfirmed.push((key.to_owned(), reason.to_owned()));
    }

    /// What was said to have failed of this is looked at again.
    pub fn mend(&mut self, what: &'static str, key: &str) {
        self.part(what).unconfirmed.retain(|(failed, _)| failed != key);
    }

    /// Prints the summary and ends the report file.
    ///
    /// # Errors
    /// [`Failure::Undelivered`] when something was not delivered.
    pub fn close(self) -> Result<(), Failure> {
        let is_delivered = self.is_delivered();
        self.parts.iter().for_each(Part::print);
        say!("{:<10}{:.1} s", "took", self.started.elapsed().as_secs_f64());
        let has_report = self.file.is_some() || self.path.is_some();
        self.write_down()?;
        let summary = self.summary();
        self.file.map_or(Ok(()), |file| file.finish(&summary)).map_err(Failure::running)?;
        if has_report {
            let what = "written; it holds personal data and is readable by its owner only";
            say!("{:<10}{what}", "report");
        }
        if is_delivered { Ok(()) } else { Err(Failure::Undelivered) }
    }

    /// Ends the report file of a run that was stopped; gives the failure back.
    pub fn stopped(mut self, failure: Failure) -> Failure {
        match self.keep_trying(failure.to_string()) {
            Err(error) => Failure::Running(format!("{failure}; {error}")),
            Ok(()) => crate::report::stopped(self.file, failure),
        }
    }
}

/// What fails before it is sent.
fn unsent(
    plan: &Summary,
    rows: impl Fn(u64) -> Result<Vec<Row>, StoreError>,
) -> Result<BTreeSet<Unsent>, StoreError> {
    let mut unsent = found(plan.conflicts, &rows, Kind::Conflict)?;
    unsent.extend(found(plan.unreadable, &rows, Kind::Unreadable)?);
    Ok(unsent.into_iter().map(Unsent::of).collect())
}

/// So many rows of a kind that is not sent.
fn found(
    count: u64,
    rows: impl Fn(u64) -> Result<Vec<Row>, StoreError>,
    kind: Kind,
) -> Result<Vec<Row>, StoreError> {
    let (mut found, mut after) = (Vec::new(), 0);
    while (found.len() as u64) < count {
        let rows = rows(after)?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        found.extend(rows.into_iter().filter(|row| row.kind == kind));
    }
    Ok(found)
}
