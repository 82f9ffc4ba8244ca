//! What a push of visitors ends with: for people, and as JSON.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use pendo_client::{Delivery, PushReport};
use serde_json::{Value, json};

use crate::fields::LeftOut;
use crate::report::thousands;
use crate::say;

/// How many names of each kind the summary shows.
const SHOWN: usize = 5;

/// People who were read, and those who were left out by a rule.
#[derive(Debug, Default)]
pub struct Read {
    people: AtomicU64,
    without_id: AtomicU64,
    deprovisioned: AtomicU64,
}

impl Read {
    /// One more was read.
    pub fn count(&self) {
        self.people.fetch_add(1, Relaxed);
    }

    /// One is left out by a rule.
    pub fn left_out(&self, rule: LeftOut) {
        let count = match rule {
            LeftOut::WithoutId => &self.without_id,
            LeftOut::Deprovisioned => &self.deprovisioned,
        };
        count.fetch_add(1, Relaxed);
    }

    /// Prints how many were read and left out, and which option changes that.
    pub fn print(&self, visitor_id: &str) {
        say!("\nread    {} people from Okta", thousands(self.people.load(Relaxed)));
        for (count, what) in [
            (&self.without_id, format!("without {visitor_id}; --visitor-id chooses another")),
            (&self.deprovisioned, "deprovisioned; --include-deprovisioned adds them".to_owned()),
        ] {
            match count.load(Relaxed) {
                0 => {}
                count => say!("left out {} {what}", thousands(count)),
            }
        }
    }

    /// How many were read.
    pub fn people(&self) -> u64 {
        self.people.load(Relaxed)
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
            "complete": report.is_complete(),
            "read": self.people(),
            "updated": report.updated(),
            "missing": report.missing(),
            "superseded": report.superseded(),
            "failed": report.failed(),
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
