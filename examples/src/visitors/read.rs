//! What a push of visitors ends with: for people, and as JSON.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use okta_client::Error as OktaError;
use pendo_client::{Delivery, PushReport};
use serde_json::{Value, json};

use crate::visitors::fields::LeftOut;
use crate::{Failure, ReportFile, say, thousands};

/// How many names of each kind the summary shows.
const SHOWN: usize = 5;

/// Of people who cannot be read, so many are named.
const NAMED: usize = 1_000;

/// Of people without visitor id, so many: with a wrong attribute it may be everybody.
const NAMED_WITHOUT_ID: usize = 100_000;

/// People who were read, those who were left out by a rule, and those who cannot be read.
#[derive(Debug, Default)]
pub struct Read {
    people: AtomicU64,
    without_id: AtomicU64,
    deprovisioned: AtomicU64,
    unreadable: AtomicU64,
    others_wait: AtomicBool,
    /// Ids and reasons.
    named: Mutex<Vec<(String, String)>>,
    /// Ids in Okta.
    named_without_id: Mutex<Vec<String>>,
}

impl Read {
    /// One more was read.
    pub fn count(&self) {
        self.people.fetch_add(1, Relaxed);
    }

    /// One is left out by a rule, by id.
    pub fn left_out(&self, rule: LeftOut, id: &str) {
        let count = match rule {
            LeftOut::WithoutId => &self.without_id,
            LeftOut::Deprovisioned => &self.deprovisioned,
        };
        count.fetch_add(1, Relaxed);
        let mut named = self.named_without_id.lock().unwrap_or_else(PoisonError::into_inner);
        if rule == LeftOut::WithoutId && named.len() < NAMED_WITHOUT_ID {
            named.push(id.to_owned());
        }
    }

    /// A canary leaves the others for later.
    pub fn leave_others(&self) {
        self.others_wait.store(true, Relaxed);
    }

    /// Whether others wait for a run without `--limit`.
    pub fn others_wait(&self) -> bool {
        self.others_wait.load(Relaxed)
    }

    /// One of a listing cannot be read.
    pub fn odd(&self, error: &OktaError) {
        let json = error.item().and_then(|json| serde_json::from_str::<Value>(json).ok());
        let id = json.and_then(|json| json["id"].as_str().map(str::to_owned));
        self.unreadable(id.as_deref().unwrap_or("somebody without id"), error);
    }

    /// One cannot be read, by id.
    pub fn unreadable(&self, id: &str, error: &OktaError) {
        self.count();
        self.unreadable.fetch_add(1, Relaxed);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() < NAMED {
            named.push((id.to_owned(), error.to_string()));
        }
    }

    /// How many cannot be read.
    pub fn failed(&self) -> u64 {
        self.unreadable.load(Relaxed)
    }

    /// Those of them who are named, and people without visitor id, as entries of a report.
    pub fn entries(&self) -> Vec<Value> {
        let entry = |id: &str, outcome: &str, reason: &str| json!({"id": id, "outcome": outcome, "reason": reason});
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = named.iter().map(|(id, reason)| entry(id, "failed", reason));
        let named = self.named_without_id.lock().unwrap_or_else(PoisonError::into_inner);
        let why = "this user of Okta has no visitor id";
        failed.chain(named.iter().map(|id| entry(id, "left_out", why))).collect()
    }

    /// Ends a report with them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, mut file: ReportFile, summary: &Value) -> Result<(), Failure> {
        let added = self.entries().iter().try_for_each(|entry| file.add(entry));
        added.and_then(|()| file.finish(summary)).map_err(Failure::running)?;
        say!("report  written; it holds personal data and is readable by its owner only");
        Ok(())
    }

    /// Prints how many were read and left out, and which option changes that.
    pub fn print(&self, visitor_id: &str) {
        say!("\nread    {} people from Okta", thousands(self.people.load(Relaxed)));
        for (count, what) in [
            (
                &self.without_id,
                format!("without {visitor_id}; --visitor-id chooses another (named in --report)"),
            ),
            (&self.deprovisioned, "deprovisioned; --include-deprovisioned adds them".to_owned()),
        ] {
            match count.load(Relaxed) {
                0 => {}
                count => say!("left out {} {what}", thousands(count)),
            }
        }
        if self.others_wait() {
            say!("left out everybody after these: they wait for a run without --limit");
        }
        if self.failed() > 0 {
            say!("failed  {} cannot be read in Okta", thousands(self.failed()));
        }
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.iter().take(SHOWN).for_each(|(id, reason)| say!("        {id}: {reason}"));
    }

    /// How many were read.
    pub fn people(&self) -> u64 {
        self.people.load(Relaxed)
    }

    /// How many have no visitor id.
    pub fn without_id(&self) -> u64 {
        self.without_id.load(Relaxed)
    }

    /// How many are left out because they are deprovisioned.
    pub fn deprovisioned(&self) -> u64 {
        self.deprovisioned.load(Relaxed)
    }

    /// How many were left out by each rule.
    pub fn rules(&self) -> Value {
        json!({
            "without_id": self.without_id.load(Relaxed),
            "deprovisioned": self.deprovisioned.load(Relaxed),
        })
    }

    /// The report as JSON, without the records that were not delivered.
    pub fn to_json(&self, report: &PushReport) -> Value {
        json!({
            "read": self.people(),
            "updated": report.updated(),
            "missing": report.missing(),
            "superseded": report.superseded(),
            "failed": report.failed() + self.failed(),
            "left_out": self.rules(),
            "source_error": report.source_error().map(ToString::to_string),
            "stopped": report.stopped().map(ToString::to_string),
        })
    }
}

/// Prints what became of the records.
pub fn print_report(report: &PushReport) {
    say!("updated {}", thousands(report.updated()));
    if report.missing() > 0 {
        let names = names(report, &Delivery::Missing);
        let count = thousands(report.missing());
        say!("unknown {count} to Pendo; --create-missing adds them: {names}");
    }
    if report.superseded() > 0 {
        let count = thousands(report.superseded());
        say!(
            "twice   {count} came again with the same visitor id, the later won (named in --report)"
        );
    }
    say!("failed  {}", thousands(report.failed()));
    let reason = |outcome: &pendo_client::Outcome| match outcome.delivery() {
        Delivery::Failed { reason } => Some(format!("        {}: {reason}", outcome.id())),
        _ => None,
    };
    let reasons: Vec<String> = report.undelivered().iter().filter_map(reason).take(SHOWN).collect();
    for line in &reasons {
        say!("{line}");
    }
    if reasons.iter().any(|line| line.contains("null")) {
        say!(
            "        --keep-empty leaves fields as they are when their attribute is empty in Okta"
        );
    }
    if let Some(error) = report.source_error() {
        say!("stopped the listing of Okta failed, so not everybody was read: {error}");
    }
    if let Some(error) = report.stopped() {
        say!("stopped the push could not go on: {error}");
    }
}

fn names(report: &PushReport, delivery: &Delivery) -> String {
    let all = report.undelivered().iter().filter(|outcome| outcome.delivery() == delivery);
    let mut names: Vec<&str> = all.map(|outcome| outcome.id()).take(SHOWN + 1).collect();
    if names.len() > SHOWN {
        names[SHOWN] = "... (all in --report)";
    }
    names.join(", ")
}
