//! A plan while it is computed: rows are written as the source is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::decide::{Decision, Now, decide};
use crate::guard::{Guard, Rule};
use crate::identity::{Found, own_id};
use crate::losses::Before;
use crate::plan::{Basis, Head, Plan, PlanError, Shared, open, own};
use crate::record::Record;
use crate::references;
use crate::store::{Kind, Known, Mark, Row, RowState, Store, StoreError, together};
use crate::summary::Summary;
use crate::target::Target;

mod keys;
mod leave;
mod look;
mod twice;

pub(crate) use look::observe;
pub(crate) use twice::{claim, conflict};

/// A plan that is being computed.
pub(crate) struct Draft {
    pub(crate) target: Arc<dyn Target>,
    store: Shared,
    basis: Basis,
    pub(crate) summary: Summary,
    watched: Vec<(String, String)>,
    before: Before,
    /// The plan before this one was not applied to its end.
    goes_on: bool,
    /// Of some source records only.
    is_partial: bool,
    /// The attributes that the target was read for.
    observed: Option<BTreeSet<String>>,
    /// Keys that are to be given to others than those who have them, who may have left.
    contested: Vec<String>,
}

impl Draft {
    pub(crate) fn start(
        target: Arc<dyn Target>,
        store: Shared,
        basis: Basis,
        guards: &[Guard],
        is_partial: bool,
    ) -> Result<Self, PlanError> {
        let watched = guards.iter().flat_map(|guard| match &guard.0 {
            Rule::OneOf { keys } => keys.as_slice(),
            _ => &[],
        });
        let watched = watched.map(|key| (target.key(key), key.clone())).collect();
        let mut opened = open(&store);
        own(&mut *opened, &*target)?;
        let goes_on = Plan::is_cut_off(&mut *opened)?;
        let before = together(&mut *opened, |store| {
            let before = Before::and_last(store, &*target)?;
            Head::clear(store)?;
            store.clear_seen().map(|()| before)
        })?;
        let summary = Summary { known: opened.known_count()?, ..Summary::default() };
        drop(opened);
        let (observed, contested) = (None, Vec::new());
        Ok(Self {
            target,
            store,
            basis,
            summary,
            watched,
            before,
            goes_on,
            is_partial,
            observed,
            contested,
        })
    }

    /// Compares some records of the source.
    pub(crate) async fn take(&mut self, records: &mut Vec<Record>) -> Result<(), PlanError> {
        if self.observed.is_none() {
            let paths = records.iter().flat_map(|record| record.fields.keys().cloned()).collect();
            self.look(paths, records.is_empty()).await?;
        }
        let shared = Arc::clone(&self.store);
        let mut store = open(&shared);
        let compared = together(&mut *store, |store| {
            records.drain(..).try_for_each(|record| self.compare(store, record))
        });
        Ok(compared?)
    }

    fn compare(&mut self, store: &mut dyn Store, record: Record) -> Result<(), StoreError> {
        self.summary.read += 1;
        let key = self.target.key(&record.key);
        if key.is_empty() {
            self.leave_out(store, &record)?;
            let delivered = record.source_id.map(|id| store.known_of(&id)).transpose()?;
            // Somebody whose key is gone, or could not be worked out, is still in the source.
            return delivered.into_iter().flatten().try_for_each(|key| store.keep(&key));
        }
        if let Some(mark) = store.marked(&key)? {
            return self.again(store, &key, record, mark);
        }
        self.note_found(&key);
        let known = store.known(&key)?;
        if let Some(id) = record.source_id.as_deref()
            && self.came_before(store, &key, id, known.as_ref())?
        {
            return Ok(());
        }
        match self.target.key_path().is_some() {
            false => self.place(store, key, record, (None, known)),
            true => match Found::of(store, &key, &record, known)? {
                Found::Here(known) => self.place(store, key, record, (None, known)),
                Found::Taken => self.postpone(store, key, record),
                Found::Elsewhere(from, known) => {
                    store.keep(&from)?;
                    if store.known(&key)?.is_some_and(|known| !known.removed) {
                        self.contested.push(key.clone());
                    }
                    self.place(store, key, record, (Some(from), Some(known)))
                }
            },
        }
    }

    /// Writes the row of a record that was delivered under this key, or under the one that is named.
    fn place(
        &mut self,
        store: &mut dyn Store,
        key: String,
        record: Record,
        (from, known): (Option<String>, Option<Known>),
    ) -> Result<(), StoreError> {
        let home = from.as_deref().unwrap_or(&key);
        let mut sighted = match self.basis {
            Basis::Target => self.sight(store, &key, home, known.as_ref())?,
            Basis::Delivered => None,
        };
        if let Some((_, seen)) = &mut sighted {
            self.hide_unread(&record, seen);
            self.name_references(store, &record, seen)?;
        }
        let now = match (self.basis, &sighted) {
            (Basis::Delivered, _) => Now::AsDelivered,
            (_, None) if own_id(known.as_ref(), home).is_some() => Now::Unlisted,
            (_, sighted) => Now::Read(sighted.as_ref().map(|(_, seen)| seen)),
        };
        let old = sighted.as_ref().map_or(home, |(old, _)| old);
        if old != key {
            store.keep(old)?;
        }
        let decided = decide(&record, known.as_ref(), now);
        // A new key may have been sent, and taken, before the source had the old one again.
        let is_sure = matches!(now, Now::Read(_)) || !known.as_ref().is_some_and(|one| one.unsure);
        let there = Some(old).filter(|old| is_sure || *old != key);
        let decided = self.renamed(decided, &record, (there, &key), from.is_some());
        let kind = decided.as_ref().map(|decided| decided.kind);
        self.summary.count(kind, 1);
        self.count_keys(store, (kind, 1), &key, &record)?;
        let deactivates = decided.as_ref().is_some_and(|decided| decided.deactivates);
        self.summary.deactivate += u64::from(deactivates);
        store.mark(&key, &Mark { source_id: record.source_id.clone(), kind })?;
        let Some(Decision { kind, fields, held, .. }) = decided else {
            return Ok(());
        };
        let is_new_key = old != key || self.writes_key(&fields);
        self.summary.renamed += u64::from(kind != Kind::Relink && is_new_key);
        let remote_id = match now {
            Now::Read(seen) => seen.and_then(|seen| seen.remote_id.clone()),
            _ => known.and_then(|known| known.remote_id),
        };
        let source_id = record.source_id;
        let (seq, state, note) = (0, RowState::Pending, None);
        let row = Row { seq, kind, key, from, source_id, remote_id, fields, held, state, note };
        // All of them, until the plan is whole.
        self.summary.references_left_out += references::count(&row);
        let waits = references::are_all(&row) && row.held.is_empty();
        store.put_row(&Row { state: if waits { RowState::Late } else { state }, ..row })
    }

    fn note_found(&mut self, key: &str) {
        let found = self.watched.iter().filter(|(watched, _)| watched == key);
        self.summary.found.extend(found.map(|(_, said)| said.clone()));
    }

    pub(crate) fn finish(
        mut self,
        guards: &[Guard],
        (made_with, selection): (Option<String>, Option<String>),
    ) -> Result<Plan, PlanError> {
        if self.is_partial {
            self.find_watched()?;
        }
        let target = Arc::clone(&self.target);
        if self.summary.references_left_out > 0 {
            let sorted =
                together(&mut *open(&self.store), |store| references::sort_out(store, &*target))?;
            self.summary.references_left_out = sorted.left_out;
            self.summary.update -= sorted.dropped;
            self.summary.unchanged += sorted.dropped;
        }
        let Self { target, store, basis, summary, is_partial, before, .. } = self;
        let mut head = Head { basis, summary, is_partial, made_with, selection, ..Head::default() };
        head.compare(&mut *open(&store))?;
        let head = head.judged(guards, &before, (&mut *open(&store), &*target))?;
        together(&mut *open(&store), |store| {
            // Room for what will be delivered.
            store.clear_seen()?;
            if head.summary.changes() == 0 {
                head.adopt(store)?;
            }
            head.write(store)
        })?;
        Ok(Plan { target, store, head })
    }

    /// Where the source was not read whole, who was delivered and stays is still in it.
    fn find_watched(&mut self) -> Result<(), StoreError> {
        let mut store = open(&self.store);
        for (key, said) in &self.watched {
            let leaves = store.row(key)?.is_some_and(|row| row.kind == Kind::Remove);
            if !leaves && store.known(key)?.is_some_and(|known| !known.removed) {
                self.summary.found.insert(said.clone());
            }
        }
        Ok(())
    }
}
