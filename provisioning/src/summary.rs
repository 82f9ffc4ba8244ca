//! What a plan would do, in numbers.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::numbers::thousands;
use crate::plan::Basis;
use crate::store::{Kind, Row};

/// Records without a key that a summary names.
const NAMED: usize = 3;

/// What a plan would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Records in the source.
    pub read: u64,
    /// Records in the target by our doing, before.
    pub known: u64,
    /// To be created.
    pub create: u64,
    /// To be changed.
    pub update: u64,
    /// To be taken back.
    pub restore: u64,
    /// To be taken out.
    pub remove: u64,
    /// Of those to be changed, whom a value takes out of use: guards count them as removed.
    #[serde(default)]
    pub deactivate: u64,
    /// Whose key changes, of those to be changed or taken back.
    #[serde(default)]
    pub renamed: u64,
    /// Of those to be created, who is there under an old key: the target can give nobody another one.
    #[serde(default)]
    pub rekeyed: u64,
    /// Nothing to do.
    pub unchanged: u64,
    /// Keys that two source records claim: nothing is sent for them.
    pub conflicts: u64,
    /// Records that came more than once.
    pub repeated: u64,
    /// Records without a key: nothing can be sent for them, and who was delivered stays.
    pub without_key: u64,
    /// The first few of them, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_key_first: Vec<String>,
    /// Records that cannot be read in the source: they fail, and who was delivered stays.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unreadable: u64,
    /// References to records that are neither in the target nor in the source: all else is delivered, and
    /// these follow when the record appears.
    #[serde(default, skip_serializing_if = "is_none")]
    pub references_left_out: u64,
    /// Which of the keys that guards ask for were found.
    pub found: BTreeSet<String>,
    /// The target was read for those who would be created; who is there already counts as to be updated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looked: bool,
    /// The target was to be read for those who would be created, and cannot be, or not now: who is there already counts
    /// as to be created, and is brought to the values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// Which records of the source are meant was said otherwise for the last run: who is not among them
    /// now may only be out of sight, and guards allow less.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub selection_changed: bool,
    /// The last run was made with another mapping.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mapping_changed: bool,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Summary {
    /// How many records would change in the target.
    pub fn changes(&self) -> u64 {
        self.create + self.update + self.restore + self.remove
    }

    /// Records in the target before: by our doing, or found there.
    pub(crate) fn there(&self, basis: Basis) -> u64 {
        match basis {
            Basis::Delivered if !self.looked => self.known,
            _ => self.known.max(self.update + self.unchanged + self.remove),
        }
    }

    /// Whether whom and what the plan is about was said otherwise for the last run.
    pub(crate) fn is_chosen_otherwise(&self) -> bool {
        self.selection_changed || self.mapping_changed
    }

    /// The changes alone.
    pub(crate) fn in_short(&self) -> String {
        let Self { create, update, restore, remove, conflicts, .. } = self;
        format!(
            "{create} to create, {update} to update, {restore} to restore, {remove} to remove and {conflicts} \
             in conflict"
        )
    }

    /// Counts a record for which nothing can be sent; the first ones without a key are named.
    pub(crate) fn leave_out(&mut self, row: &Row) {
        self.count(Some(row.kind), 1);
        if row.kind == Kind::WithoutKey && self.without_key_first.len() < NAMED {
            let id = row.source_id.as_deref().unwrap_or(&row.key);
            let why = row.note.as_deref().unwrap_or_default();
            self.without_key_first.push(format!("{id}: {why}"));
        }
    }

    pub(crate) fn count(&mut self, kind: Option<Kind>, by: i64) {
        let counter = match kind {
            None | Some(Kind::Relink) => &mut self.unchanged,
            Some(Kind::Create) => &mut self.create,
            Some(Kind::Update) => &mut self.update,
            Some(Kind::Restore) => &mut self.restore,
            Some(Kind::Remove) => &mut self.remove,
            Some(Kind::Conflict) => &mut self.conflicts,
            Some(Kind::WithoutKey) => &mut self.without_key,
            Some(Kind::Unreadable) => &mut self.unreadable,
        };
        *counter = counter.saturating_add_signed(by);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { create, update, restore, remove, unchanged, .. } = self;
        let [create, update, restore, remove, unchanged] =
            [create, update, restore, remove, unchanged].map(|count| thousands(*count));
        write!(f, "{create} to create, {update} to update, {restore} to restore, ")?;
        write!(f, "{remove} to remove, {unchanged} unchanged")?;
        for (count, what) in [
            (self.deactivate, "of the updates take out of use"),
            (self.renamed, "renamed"),
            (
                self.rekeyed,
                "created anew because of a new key, which the target cannot give: the old one stays as it is",
            ),
            (self.conflicts, "in conflict"),
            (self.without_key, "without key"),
            (self.unreadable, "unreadable"),
            (self.repeated, "repeated"),
            (self.references_left_out, "references to nobody left out"),
        ] {
            if count > 0 {
                write!(f, ", {} {what}", thousands(count))?;
            }
        }
        if !self.without_key_first.is_empty() {
            let more = self.without_key > self.without_key_first.len() as u64;
            let dots = if more { ", ..." } else { "" };
            write!(f, "; without key are {}{dots}", self.without_key_first.join(", "))?;
        }
        if self.unread && self.create > 0 {
            write!(f, "; the target is not read, so who is there already counts as to be created")?;
        }
        for (has_changed, what) in
            [(self.selection_changed, "selection"), (self.mapping_changed, "mapping")]
        {
            if has_changed {
                write!(f, "; the {what} changed since the last run")?;
            }
        }
        Ok(())
    }
}
