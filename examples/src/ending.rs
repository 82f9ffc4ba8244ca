//! What came of a run: for people, as a file, and as an exit code.

use std::collections::BTreeMap;
use std::time::Instant;

use provisioning::{Failure as Undelivered, Kind, Outcome, Plan, Report, RowState};
use serde_json::{Map, Value, json};

use crate::{Failure, ReportFile, RunOptions, say, thousands};

/// How many names of each kind the summary shows.
const SHOWN: usize = 5;

/// What came of the parts of a run.
#[derive(Debug)]
pub struct Ending {
    file: Option<ReportFile>,
    limited: bool,
    parts: Vec<Part>,
    started: Instant,
}

#[derive(Debug)]
struct Part {
    what: &'static str,
    report: Report,
    left_out: BTreeMap<String, (u64, Vec<String>)>,
    conflicts: Vec<String>,
    unconfirmed: Vec<(String, String)>,
    without_key: u64,
    for_later: u64,
}

impl Ending {
    /// Begins, with the report file: one that cannot be written is a wrong setting.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(options: &RunOptions) -> Result<Self, Failure> {
        let path = options.report.as_deref().filter(|_| options.sends());
        let file = path.map(ReportFile::create).transpose();
        let file = file.map_err(|error| Failure::Settings(format!("--report: {error}")))?;
        let limited = options.limit.is_some();
        Ok(Self { file, limited, parts: Vec::new(), started: Instant::now() })
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
        let (changes, limited) = (summary.changes(), self.limited);
        let conflicts = conflicts(plan).map_err(Failure::running)?;
        if let Some(file) = &mut self.file {
            for (key, note) in &conflicts {
                let entry = json!({"what": what, "key": key, "kind": Kind::Conflict, "reason": note,
                    "left_out": false});
                file.add(&entry).map_err(Failure::running)?;
            }
        }
        let part = self.part(what);
        part.without_key = summary.without_key;
        part.conflicts =
            conflicts.into_iter().map(|(key, note)| format!("{key}: {note}")).collect();
        let report = &part.report;
        let done = report.delivered() + report.failed + report.left_out;
        part.for_later = if limited { changes.saturating_sub(done) } else { 0 };
        Ok(())
    }

    fn part(&mut self, what: &'static str) -> &mut Part {
        let at = self.parts.iter().position(|part| part.what == what).unwrap_or_else(|| {
            self.parts.push(Part::new(what));
            self.parts.len() - 1
        });
        &mut self.parts[at]
    }

    /// Somebody or something that was left out by a rule of the program.
    pub fn leave_out(&mut self, what: &'static str, reason: &str, key: &str) {
        let part = self.part(what);
        part.report.left_out += 1;
        part.leave_out(reason, key);
    }

    /// Something that turned out not to be there after it was sent.
    pub fn fail(&mut self, what: &'static str, key: &str, reason: &str) {
        let reason = reason.to_owned();
        self.part(what).unconfirmed.push((key.to_owned(), reason));
    }

    /// Prints the summary and ends the report file.
    ///
    /// # Errors
    /// [`Failure::Undelivered`] when something was not delivered.
    pub fn close(self) -> Result<(), Failure> {
        let is_complete = self.parts.iter().all(Part::is_complete);
        self.parts.iter().for_each(Part::print);
        say!("{:<10}{:.1} s", "took", self.started.elapsed().as_secs_f64());
        if let Some(file) = self.file {
            let mut members = Map::from_iter([("complete".to_owned(), Value::Bool(is_complete))]);
            members.extend(self.parts.iter().map(|part| (part.what.to_owned(), part.to_json())));
            file.finish(&Value::Object(members)).map_err(Failure::running)?;
            say!(
                "{:<10}written; it holds personal data and is readable by its owner only",
                "report"
            );
        }
        if is_complete { Ok(()) } else { Err(Failure::Undelivered) }
    }

    /// Ends the report file of a run that was stopped; gives the failure back.
    pub fn stopped(self, failure: Failure) -> Failure {
        let summary = json!({"complete": false, "error": failure.to_string()});
        match self.file.map(|file| file.finish(&summary)) {
            Some(Err(error)) => Failure::Running(format!("{failure}; --report: {error}")),
            _ => failure,
        }
    }
}

impl Part {
    fn new(what: &'static str) -> Self {
        let (report, left_out, conflicts, unconfirmed) = Default::default();
        let (without_key, for_later) = (0, 0);
        Self { what, report, left_out, conflicts, unconfirmed, without_key, for_later }
    }

    fn leave_out(&mut self, reason: &str, key: &str) {
        let (count, names) = self.left_out.entry(reason.to_owned()).or_default();
        *count += 1;
        if names.len() < SHOWN {
            names.push(key.to_owned());
        }
    }

    fn is_complete(&self) -> bool {
        self.report.failed == 0 && self.conflicts.is_empty() && self.unconfirmed.is_empty()
    }

    fn print(&self) {
        say!("{:<10}{}", self.what, self.report);
        for (reason, (count, names)) in &self.left_out {
            say!("{:<10}{} {}: {reason}", "left out", thousands(*count), names_of(names, *count));
        }
        if self.for_later > 0 {
            say!(
                "{:<10}{} changes wait for a run without --limit",
                "left out",
                thousands(self.for_later)
            );
        }
        for line in self.conflicts.iter().take(SHOWN) {
            say!("{:<10}{line}; nothing is sent for it", "conflict");
        }
        for one in self.report.undelivered.iter().take(SHOWN) {
            say!("{:<10}{} ({}): {}", "failed", one.key, one.kind, one.reason);
        }
        for (key, reason) in &self.unconfirmed {
            say!("{:<10}{key}: {reason}", "failed");
        }
        for (path, count) in &self.report.not_kept {
            say!(
                "{:<10}{path}, {} times: the product dropped or rewrote it, and is not sent the same again",
                "not kept",
                thousands(*count)
            );
        }
        for (key, note) in self.report.notes.iter().take(SHOWN) {
            say!("{:<10}{key}: {note}", "note");
        }
    }

    fn to_json(&self) -> Value {
        let mut json = json!(self.report);
        if let Some(members) = json.as_object_mut() {
            members.remove("undelivered");
            members.remove("left_out_first");
            members.insert("conflicts".to_owned(), self.conflicts.len().into());
            members.insert("unconfirmed".to_owned(), json!(self.unconfirmed));
            members.insert("without_key".to_owned(), self.without_key.into());
            members.insert("for_later".to_owned(), self.for_later.into());
        }
        json
    }
}

fn names_of(names: &[String], count: u64) -> String {
    let more = if count > names.len() as u64 { ", ... (all in --report)" } else { "" };
    format!("({}{more})", names.join(", "))
}

fn conflicts(plan: &Plan) -> Result<Vec<(String, String)>, provisioning::StoreError> {
    let (mut found, mut after) = (Vec::new(), 0);
    while (found.len() as u64) < plan.summary().conflicts {
        let rows = plan.rows(after, 1_000)?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        let conflicts = rows
            .into_iter()
            .filter(|row| row.kind == Kind::Conflict && row.state == RowState::Failed);
        found.extend(conflicts.map(|row| (row.key, row.note.unwrap_or_default())));
    }
    Ok(found)
}
