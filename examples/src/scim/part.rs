//! What came of people, or of groups.

use std::collections::{BTreeMap, BTreeSet};

use provisioning::{Kind, Report, Row};
use serde_json::{Value, json};

use crate::{say, thousands};

/// How many names of each kind the summary shows.
const SHOWN: usize = 5;
/// How many names of each kind a report of a run that follows has.
pub(crate) const KEPT: usize = 1_000;

#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) what: &'static str,
    pub(crate) report: Report,
    pub(crate) left_out: BTreeMap<String, (u64, Vec<String>)>,
    /// By a rule of the program, with their keys.
    pub(crate) listed: BTreeMap<String, Vec<String>>,
    pub(crate) unsent: BTreeSet<Unsent>,
    pub(crate) unconfirmed: Vec<(String, String)>,
    pub(crate) without_key: u64,
    pub(crate) for_later: u64,
    pub(crate) cut_short: bool,
    pub(crate) events: u64,
}

/// A record that fails before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unsent {
    kind: Kind,
    key: String,
    reason: String,
    /// Whom it is about, by id in Okta.
    people: Vec<String>,
}

impl Unsent {
    /// What cannot come yet.
    pub(crate) fn held_back(key: &str, reason: String) -> Self {
        Self { kind: Kind::Create, key: key.to_owned(), reason, people: Vec::new() }
    }

    /// Whether it is about the same, whatever the reason.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.key) == (other.kind, &other.key)
    }

    pub(crate) fn of(row: Row) -> Self {
        let claimants = row.claimants().map(str::to_owned);
        let people = claimants.chain(row.source_id.clone()).collect();
        let key = match row.kind {
            Kind::Unreadable => row.source_id.unwrap_or(row.key),
            _ => row.key,
        };
        Self { kind: row.kind, key, reason: row.note.unwrap_or_default(), people }
    }

    /// Whether it is about one of these.
    pub(crate) fn is_of(&self, people: &[String]) -> bool {
        self.people.iter().any(|person| people.contains(person))
    }

    fn print(&self) {
        let word = if self.kind == Kind::Conflict { "conflict" } else { "failed" };
        say!("{word:<10}{}: {}; nothing is sent for it", self.key, self.reason);
    }

    pub(crate) fn to_json(&self, what: &str) -> Value {
        json!({"what": what, "key": self.key, "kind": self.kind, "reason": self.reason,
            "left_out": false})
    }
}

impl Part {
    pub(crate) fn new(what: &'static str) -> Self {
        let (report, left_out, listed, unsent, unconfirmed) = Default::default();
        let (without_key, for_later, cut_short, events) = Default::default();
        Self {
            what,
            report,
            left_out,
            listed,
            unsent,
            unconfirmed,
            without_key,
            for_later,
            cut_short,
            events,
        }
    }

    pub(crate) fn leave_out(&mut self, reason: &str, key: &str) {
        let (count, names) = self.left_out.entry(reason.to_owned()).or_default();
        *count += 1;
        if names.len() < SHOWN {
            names.push(key.to_owned());
        }
    }

    pub(crate) fn leave_out_some(&mut self, reason: &str, count: u64, keys: &[String]) {
        keys.iter().take(SHOWN).for_each(|key| self.leave_out(reason, key));
        if let Some((counted, _)) = self.left_out.get_mut(reason) {
            *counted = count;
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        let is_whole = self.report.failed == 0 && !self.cut_short;
        is_whole && self.unsent.is_empty() && self.unconfirmed.is_empty()
    }

    pub(crate) fn print(&self) {
        say!("{:<10}{}", self.what, self.counted());
        for (reason, (count, names)) in &self.left_out {
            say!("{:<10}{} {}: {reason}", "left out", thousands(*count), names_of(names, *count));
        }
        let count = thousands(self.for_later);
        match (self.cut_short, self.for_later) {
            (true, 0) => say!("{:<10}before it was through; the next run goes on", "stopped"),
            (true, _) => say!("{:<10}{count} changes wait for the next run", "stopped"),
            (false, 0) => {}
            (false, _) => say!("{:<10}{count} changes wait for a run without --limit", "left out"),
        }
        for one in self.unsent.iter().take(SHOWN) {
            one.print();
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

    /// The report, in which those failed, too, that were held back.
    fn counted(&self) -> Report {
        let mut report = self.report.clone();
        report.failed += self.unsent.iter().filter(|one| one.kind == Kind::Create).count() as u64;
        report
    }

    /// What was not delivered, as far as it is remembered: the first thousand of each kind.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Value> {
        let entry = |one: &provisioning::Undelivered, left_out: bool| {
            json!({"what": self.what, "key": one.key, "kind": one.kind, "reason": one.reason,
                "left_out": left_out})
        };
        let failed = self.report.undelivered.iter().map(move |one| entry(one, false));
        let left_out = self.report.left_out_first.iter().map(move |one| entry(one, true));
        let unsent = self.unsent.iter().map(|one| one.to_json(self.what));
        let listed = self.listed.iter().flat_map(move |(reason, keys)| {
            keys.iter().map(move |key| self::left_out(self.what, reason, key))
        });
        failed.chain(left_out).chain(unsent).chain(listed)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!(self.counted());
        if let Some(members) = json.as_object_mut() {
            members.remove("undelivered");
            members.remove("left_out_first");
            let of = |kind| self.unsent.iter().filter(|one| one.kind == kind).count();
            members.insert("conflicts".to_owned(), of(Kind::Conflict).into());
            members.insert("unreadable".to_owned(), of(Kind::Unreadable).into());
            members.insert("unconfirmed".to_owned(), json!(self.unconfirmed));
            members.insert("without_key".to_owned(), self.without_key.into());
            members.insert("for_later".to_owned(), self.for_later.into());
            if self.events > 0 {
                members.insert("events".to_owned(), self.events.into());
            }
        }
        json
    }
}

pub(crate) fn left_out(what: &str, reason: &str, key: &str) -> Value {
    json!({"what": what, "key": key, "kind": null, "reason": reason, "left_out": true})
}

fn names_of(names: &[String], count: u64) -> String {
    let more = if count > names.len() as u64 { ", ... (all in --report)" } else { "" };
    format!("({}{more})", names.join(", "))
}

/// The report of both.
pub(crate) fn add(all: &mut Report, more: Report) {
    all.created += more.created;
    all.existed += more.existed;
    all.updated += more.updated;
    all.restored += more.restored;
    all.removed += more.removed;
    all.relinked += more.relinked;
    all.failed += more.failed;
    all.left_out += more.left_out;
    all.undelivered.extend(more.undelivered);
    all.left_out_first.extend(more.left_out_first);
    all.notes.extend(more.notes);
    all.undelivered.truncate(KEPT);
    all.left_out_first.truncate(KEPT);
    all.notes.truncate(KEPT);
    for (path, count) in more.not_kept {
        *all.not_kept.entry(path).or_default() += count;
    }
}
