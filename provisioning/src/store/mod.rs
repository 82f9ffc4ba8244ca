//! What is remembered between runs, and the plan that is under way.

mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use crate::record::Fields;
use crate::target::FieldChange;

/// What shall happen to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// It is not in the target yet.
    Create,
    /// Some of its values differ.
    Update,
    /// It was taken out before and comes back.
    Restore,
    /// It left the source.
    Remove,
    /// It belongs to another source record now; nothing is sent.
    Relink,
    /// Two source records want to be this one; nothing is sent.
    Conflict,
    /// It has no value for the key; nothing can be sent. The key of the row names it by its id in the source.
    WithoutKey,
    /// It cannot be read in the source; nothing can be sent. The key of the row names it by its id there.
    Unreadable,
}

impl Kind {
    /// The kinds as they are written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Restore => "restore",
            Self::Remove => "remove",
            Self::Relink => "relink",
            Self::Conflict => "conflict",
            Self::WithoutKey => "withoutkey",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Kind {
    /// The state of rows that are no change, and only say why there is none.
    pub(crate) fn unsent(self) -> Option<RowState> {
        match self {
            Self::Conflict | Self::Unreadable => Some(RowState::Failed),
            Self::WithoutKey => Some(RowState::LeftOut),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a row of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RowState {
    /// To be sent.
    Pending,
    /// Its key is still held by the record of somebody else who is to be given another one.
    Waiting,
    /// Sent but for references to records that were not there yet.
    Late,
    /// Done.
    Done,
    /// Not sent by a rule of the target: see the note.
    LeftOut,
    /// Failed: see the note.
    Failed,
}

impl RowState {
    /// The states as they are written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Late => "late",
            Self::Done => "done",
            Self::LeftOut => "leftout",
            Self::Failed => "failed",
        }
    }
}

/// One row of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its place in the plan, from 1.
    pub seq: u64,
    /// What shall happen.
    pub kind: Kind,
    /// What identifies the record in the target.
    pub key: String,
    /// The key under which the record was delivered, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The record's id in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// The record's id in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    /// The attributes that change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// Values that the target has already though they were never delivered: noted, and not sent.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub held: Fields,
    /// How far it is.
    pub state: RowState,
    /// Why it failed, or what it conflicts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What was delivered of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The record's id in the source.
    pub source_id: Option<String>,
    /// The record's id in the target.
    pub remote_id: Option<String>,
    /// It was taken out of the target.
    pub removed: bool,
    /// The values as they were sent.
    pub sent: Fields,
    /// What the target showed where that was not what was sent.
    pub shown: Fields,
    /// A change was sent, or may have been, and nobody knows what came of it: the next plan sends all
    /// values, or the removal, whatever the source wants then.
    #[serde(default)]
    pub unsure: bool,
    /// New values that the target answered with success and did not take, once.
    #[serde(default)]
    pub ignored: Fields,
}

impl Known {
    /// Whether it is in the target by our doing, as far as anybody knows.
    pub(crate) fn may_be_there(&self) -> bool {
        !self.removed || self.unsure
    }

    /// As it is once it is out of the target for certain. What may have been sent before stays unknown: all
    /// values go with it when it comes back.
    pub(crate) fn taken_out(mut self) -> Self {
        if self.unsure {
            self.sent.clear();
            self.shown.clear();
        }
        Self { removed: true, unsure: false, ..self }
    }

    /// Whether its values may be any.
    pub(crate) fn may_hold_anything(&self) -> bool {
        self.unsure || self.removed && self.sent.is_empty()
    }

    /// Whether anything was ever delivered; a creation of unclear outcome is not.
    pub(crate) fn was_delivered(&self) -> bool {
        !self.unsure || self.remote_id.is_some() || !self.sent.is_empty()
    }
}

/// What a record looks like in the target now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The record's id in the target.
    pub remote_id: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Its values.
    pub fields: Fields,
}

/// What this plan knows of a key already.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The source record that came first.
    pub source_id: Option<String>,
    /// What shall happen to it; none when it is unchanged.
    pub kind: Option<Kind>,
}

/// Where things are remembered; one store serves one target.
///
/// Calls between [`begin`](Self::begin) and [`commit`](Self::commit) survive a crash together or not at
/// all; [`rollback`](Self::rollback) undoes them. Every other call stands by itself.
pub trait Store: fmt::Debug + Send + 'static {
    /// What was delivered under this key.
    ///
    /// # Errors
    /// All calls fail when the store cannot be read or written.
    fn known(&mut self, key: &str) -> Result<Option<Known>, StoreError>;
    /// How many records are in the target by our doing, or may be.
    fn known_count(&mut self) -> Result<u64, StoreError>;
    /// Notes what was delivered.
    fn remember(&mut self, key: &str, known: &Known) -> Result<(), StoreError>;
    /// The keys of what was delivered for this source record, also where it was taken out: one, but for
    /// accidents.
    fn known_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError>;
    /// The keys of what was delivered to the record of this id in the target, also where it was taken out: one
    /// in use, but for accidents.
    fn holders(&mut self, remote_id: &str) -> Result<Vec<String>, StoreError>;
    /// Forgets a record that is not there any more.
    fn forget(&mut self, key: &str) -> Result<(), StoreError>;

    /// Forgets what the target held.
    fn clear_seen(&mut self) -> Result<(), StoreError>;
    /// Notes what the target holds; whether the key is new.
    fn see(&mut self, key: &str, seen: &Seen) -> Result<bool, StoreError>;
    /// What the target holds under this key.
    fn seen(&mut self, key: &str) -> Result<Option<Seen>, StoreError>;

    /// The key under which the target holds the record of this id.
    fn seen_as(&mut self, remote_id: &str) -> Result<Option<String>, StoreError>;

    /// Forgets plan, rows and marks, and what is kept.
    fn clear_plan(&mut self) -> Result<(), StoreError>;
    /// Notes that the source has this key.
    fn mark(&mut self, key: &str, mark: &Mark) -> Result<(), StoreError>;
    /// Whether the source has this key.
    fn marked(&mut self, key: &str) -> Result<Option<Mark>, StoreError>;
    /// Notes that what is under this key belongs to a record of the source that has another key now, or none.
    fn keep(&mut self, key: &str) -> Result<(), StoreError>;
    /// Whether that was noted.
    fn kept(&mut self, key: &str) -> Result<bool, StoreError>;
    /// Keys after `after` that were delivered, or with `all` that the target holds in use, and that the
    /// source does not have and that are not kept, in order; at most `count`.
    fn unmarked(&mut self, all: bool, after: &str, count: usize)
    -> Result<Vec<String>, StoreError>;
    /// Keys after `after` of who was taken out, whom the target holds in use by the id there, and whom the
    /// source does not have and who are not kept, in order; at most `count`.
    fn reappeared(&mut self, after: &str, count: usize) -> Result<Vec<String>, StoreError>;

    /// Adds a row; its `seq` is given by the store. It takes the place of an earlier one of its key, but a
    /// removal and another row of one key stand beside each other.
    fn put_row(&mut self, row: &Row) -> Result<(), StoreError>;
    /// The row of this key; the one that is no removal, if there are two.
    fn row(&mut self, key: &str) -> Result<Option<Row>, StoreError>;
    /// The keys of the rows of this source record that are no removals.
    fn rows_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError>;
    /// Takes the rows of a key out.
    fn drop_row(&mut self, key: &str) -> Result<(), StoreError>;
    /// Rows after `after` in this state, or in any, in order; at most `count`.
    fn rows(
        &mut self,
        state: Option<RowState>,
        after: u64,
        count: usize,
    ) -> Result<Vec<Row>, StoreError>;
    /// Notes how far a row is.
    fn settle(&mut self, seq: u64, state: RowState, note: Option<&str>) -> Result<(), StoreError>;

    /// A text under a name, such as the cursor of a listing.
    fn note(&mut self, name: &str) -> Result<Option<String>, StoreError>;
    /// Sets or takes out the text under a name.
    fn set_note(&mut self, name: &str, text: Option<&str>) -> Result<(), StoreError>;

    /// Begins a group of calls.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Makes the group of calls last.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Undoes the group of calls.
    fn rollback(&mut self) -> Result<(), StoreError>;
}

/// Does something of which all lasts or nothing.
pub(crate) fn together<T, E: From<StoreError>>(
    store: &mut dyn Store,
    work: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    store.begin()?;
    let done = match work(store) {
        Ok(done) => store.commit().map(|()| done).map_err(E::from),
        Err(error) => Err(error),
    };
    if done.is_err() {
        // Why it failed says more than why it cannot be undone.
        let _ = store.rollback();
    }
    done
}

/// The store cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Row {
    /// The key under which the record was delivered.
    pub(crate) fn home(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.key)
    }

    /// The key under which the record is remembered now: what waits for references has its own by then.
    pub(crate) fn remembered_as(&self) -> &str {
        if self.state == RowState::Late { &self.key } else { self.home() }
    }

    /// Whether somebody is taken out of use by it, whatever it calls that.
    pub(crate) fn takes_out(&self) -> bool {
        let by_value = || self.fields.iter().any(FieldChange::switches_off);
        self.kind == Kind::Remove || self.kind == Kind::Update && by_value()
    }
}

impl StoreError {
    /// A failure that needs no further cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// A failure and its cause.
    pub fn caused(
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { message: message.into(), source: Some(source.into()) }
    }
}
