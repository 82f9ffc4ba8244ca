//! What following remembers between batches, in notes of the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use okta_client::jiff::Timestamp;
use okta_client::{LogCursor, LogEvent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::changed::FILTER;
use crate::store::{RowState, Store, StoreError, together};

const CURSOR: &str = "follow.cursor";
const FULL: &str = "follow.full";
const AGAIN: &str = "follow.again";
const CONFLICTS: &str = "follow.conflicts";
const DELIVERED: &str = "follow.delivered";

/// Who failed and is remembered by name; the next full run looks at everybody.
const KEPT: usize = 1_000;
/// Of these, how many are tried again with one batch.
const AT_ONCE: usize = 100;
const PAGE: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Who is to be looked at again, by id in the source; who waits longest first.
    again: VecDeque<String>,
    /// Who claims a key together with others.
    pub(super) conflicts: BTreeMap<String, BTreeSet<String>>,
    /// The first events that were delivered and are still to be looked at; in the store there may be more.
    pub(super) delivered: Vec<LogEvent>,
}

/// A cursor is of use as long as the same is asked of the log.
#[derive(Serialize, Deserialize)]
struct Place {
    filter: String,
    cursor: LogCursor,
}

pub(super) fn cursor(store: &mut dyn Store) -> Result<Option<LogCursor>, StoreError> {
    let place: Option<Place> = read(store, CURSOR)?;
    Ok(place.filter(|place| place.filter == FILTER).map(|place| place.cursor))
}

pub(super) fn write_cursor(store: &mut dyn Store, cursor: &LogCursor) -> Result<(), StoreError> {
    let place = Place { filter: FILTER.to_owned(), cursor: cursor.clone() };
    write(store, CURSOR, &place)
}

/// Where the log is read from is given up, as its events are too old: whatever comes between, everybody is read.
pub(super) fn forget_cursor(store: &mut dyn Store) -> Result<(), StoreError> {
    together(store, |store| {
        store.set_note(CURSOR, None)?;
        store.set_note(FULL, None)
    })
}

/// When the last full run began.
pub(super) fn last_full(store: &mut dyn Store) -> Result<Option<Timestamp>, StoreError> {
    read(store, FULL)
}

/// Adds to the events that are to be looked at what these say of whom they are about.
pub(super) fn deliver<'e>(
    store: &mut dyn Store,
    events: impl Iterator<Item = &'e LogEvent>,
) -> Result<(), StoreError> {
    let mut delivered: Vec<LogEvent> = read(store, DELIVERED)?.unwrap_or_default();
    let before = delivered.len();
    delivered.extend(events.map(|event| {
        let text = serde_json::to_string(event).unwrap_or_default();
        LogEvent::outline(&text).unwrap_or_else(|| event.clone())
    }));
    if delivered.len() == before { Ok(()) } else { write(store, DELIVERED, &delivered) }
}

impl Memory {
    pub(super) fn load(store: &mut dyn Store) -> Result<Self, StoreError> {
        let again = read(store, AGAIN)?.unwrap_or_default();
        let conflicts = read(store, CONFLICTS)?.unwrap_or_default();
        let mut delivered: Vec<LogEvent> = read(store, DELIVERED)?.unwrap_or_default();
        delivered.truncate(PAGE);
        Ok(Self { again, conflicts, delivered })
    }

    /// Somebody failed, and is to be looked at again.
    pub(super) fn is_owing(&self) -> bool {
        !self.again.is_empty()
    }

    /// Some of those who are to be looked at again.
    pub(super) fn take_again(&mut self) -> impl Iterator<Item = String> + use<'_> {
        let count = self.again.len().min(AT_ONCE);
        self.again.drain(..count)
    }

    pub(super) fn claimants_of(&self, key: &str) -> impl Iterator<Item = String> {
        self.conflicts.get(key).into_iter().flatten().cloned()
    }

    /// Everybody who claims a key together with this one.
    pub(super) fn rivals_of(&self, id: &str) -> impl Iterator<Item = String> {
        let with = self.conflicts.values().filter(move |claimants| claimants.contains(id));
        with.flatten().cloned()
    }

    /// Notes what is left over of a batch, and where the log goes on: all of it, or nothing.
    pub(super) fn note_batch<'i>(
        mut self,
        store: &mut dyn Store,
        read: impl Iterator<Item = &'i String>,
        cursor: Option<&LogCursor>,
    ) -> Result<(), StoreError> {
        let read: BTreeSet<&String> = read.collect();
        self.again.retain(|id| !read.contains(id));
        self.conflicts.retain(|_, claimants| !claimants.iter().any(|id| read.contains(id)));
        if !read.is_empty() {
            self.note_failed(store)?;
        }
        together(store, |store| {
            self.write(store)?;
            cursor.map_or(Ok(()), |cursor| write_cursor(store, cursor))
        })
    }

    /// The same of a full run, at whose beginning this was loaded.
    pub(super) fn note_full(
        mut self,
        store: &mut dyn Store,
        began: Timestamp,
    ) -> Result<(), StoreError> {
        self.again.clear();
        self.conflicts.clear();
        self.note_failed(store)?;
        together(store, |store| {
            self.write(store)?;
            write(store, FULL, &began)
        })
    }

    /// What the rows in the store say of who failed, and why.
    fn note_failed(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = store.rows(Some(RowState::Failed), after, PAGE)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.seq;
            for row in &rows {
                let claimants: BTreeSet<String> = row.claimants().map(str::to_owned).collect();
                if !claimants.is_empty() {
                    self.conflicts.insert(row.key.clone(), claimants);
                } else if let Some(id) = &row.source_id
                    && self.again.len() < KEPT
                {
                    self.again.push_back(id.clone());
                }
            }
        }
    }

    fn write(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        write(store, AGAIN, &self.again)?;
        write(store, CONFLICTS, &self.conflicts)?;
        if self.delivered.is_empty() {
            return Ok(());
        }
        let delivered: Vec<LogEvent> = read(store, DELIVERED)?.unwrap_or_default();
        let later = delivered.get(self.delivered.len()..).unwrap_or_default();
        write(store, DELIVERED, &later)
    }
}

fn read<T: DeserializeOwned>(store: &mut dyn Store, note: &str) -> Result<Option<T>, StoreError> {
    let text = store.note(note)?;
    let read = text.map(|text| serde_json::from_str(&text)).transpose();
    read.map_err(|error| StoreError::caused(format!("the note {note} cannot be read"), error))
}

fn write<T: Serialize>(store: &mut dyn Store, note: &str, value: &T) -> Result<(), StoreError> {
    let text = serde_json::to_string(value)
        .map_err(|error| StoreError::caused(format!("the note {note} cannot be written"), error))?;
    store.set_note(note, Some(&text))
}
