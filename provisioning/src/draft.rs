//! A plan while it is computed: rows are written as the source is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use crate::decide::{Decision, Now, decide};
use crate::guard::{Guard, Rule};
use crate::plan::{Basis, GROUP, Head, Plan, PlanError, Shared, Summary, open, own};
use crate::record::{Fields, Record, referred, same};
use crate::store::{Kind, Mark, Row, RowState, Seen, Store, StoreError};
use crate::target::{FieldChange, Target};

/// A plan that is being computed.
pub(crate) struct Draft {
    pub(crate) target: Arc<dyn Target>,
    store: Shared,
    basis: Basis,
    pub(crate) summary: Summary,
    watched: Vec<(String, String)>,
    observed: bool,
}

impl Draft {
    pub(crate) fn start(
        target: Arc<dyn Target>,
        store: Shared,
        basis: Basis,
        guards: &[Guard],
    ) -> Result<Self, PlanError> {
        let watched = guards.iter().flat_map(|guard| match &guard.0 {
            Rule::OneOf { keys } => keys.as_slice(),
            _ => &[],
        });
        let watched = watched.map(|key| (target.key(key), key.clone())).collect();
        let mut opened = open(&store);
        own(&mut *opened, &*target)?;
        Head::clear(&mut *opened)?;
        opened.clear_seen()?;
        let summary = Summary { known: opened.known_count()?, ..Summary::default() };
        drop(opened);
        Ok(Self { target, store, basis, summary, watched, observed: false })
    }

    /// Compares some records of the source.
    pub(crate) async fn take(&mut self, records: &mut Vec<Record>) -> Result<(), PlanError> {
        if self.basis == Basis::Target && !self.observed {
            self.observed = true;
            let paths: BTreeSet<&String> =
                records.iter().flat_map(|record| record.fields.keys()).collect();
            let paths: Vec<String> = paths.into_iter().cloned().collect();
            observe(&*self.target, &self.store, &paths).await?;
        }
        let shared = Arc::clone(&self.store);
        let mut store = open(&shared);
        store.begin()?;
        for record in records.drain(..) {
            self.compare(&mut *store, record)?;
        }
        Ok(store.commit()?)
    }

    fn compare(&mut self, store: &mut dyn Store, record: Record) -> Result<(), StoreError> {
        self.summary.read += 1;
        let key = self.target.key(&record.key);
        if key.is_empty() {
            self.summary.without_key += 1;
            return Ok(());
        }
        if let Some(mark) = store.marked(&key)? {
            return self.again(store, &key, record, mark);
        }
        self.note_found(&key);
        let known = store.known(&key)?;
        let mut seen = if self.basis == Basis::Target { store.seen(&key)? } else { None };
        if let Some(seen) = &mut seen {
            self.name_references(store, &record, seen)?;
        }
        let now = match self.basis {
            Basis::Delivered => Now::AsDelivered,
            Basis::Target => Now::Read(seen.as_ref()),
        };
        let decided = decide(&record, known.as_ref(), now);
        let kind = decided.as_ref().map(|decided| decided.kind);
        self.summary.count(kind, 1);
        store.mark(&key, &Mark { source_id: record.source_id.clone(), kind })?;
        let Some(Decision { kind, fields, held }) = decided else {
            return Ok(());
        };
        let seen_id = seen.and_then(|seen| seen.remote_id);
        let remote_id = match self.basis {
            Basis::Target => seen_id,
            Basis::Delivered => known.and_then(|known| known.remote_id),
        };
        let source_id = record.source_id;
        let (seq, state, note) = (0, RowState::Pending, None);
        store.put_row(&Row { seq, kind, key, source_id, remote_id, fields, held, state, note })
    }

    /// Where the target shows the other record that is wanted, puts the reference in place of its id.
    fn name_references(
        &self,
        store: &mut dyn Store,
        record: &Record,
        seen: &mut Seen,
    ) -> Result<(), StoreError> {
        for (path, wanted) in &record.fields {
            let (Some(key), Some(shown)) = (referred(wanted), seen.fields.get(path)) else {
                continue;
            };
            let key = self.target.key(key);
            let id = store.seen(&key)?.and_then(|other| other.remote_id);
            let written = self.target.reference(&key, id.as_deref());
            if written.is_some_and(|written| same(&written, shown)) {
                seen.fields.insert(path.clone(), wanted.clone());
            }
        }
        Ok(())
    }

    fn note_found(&mut self, key: &str) {
        let found = self.watched.iter().filter(|(watched, _)| watched == key);
        self.summary.found.extend(found.map(|(_, said)| said.clone()));
    }

    /// A key that came before: the same record again, or another one that claims it.
    fn again(
        &mut self,
        store: &mut dyn Store,
        key: &str,
        record: Record,
        mark: Mark,
    ) -> Result<(), StoreError> {
        if mark.source_id == record.source_id {
            self.summary.repeated += 1;
            return Ok(());
        }
        let mut claims = match mark.kind {
            Some(Kind::Conflict) => store.row(key)?.map(|row| row.fields).unwrap_or_default(),
            _ => vec![claim(mark.source_id.as_deref())],
        };
        let another = claim(record.source_id.as_deref());
        if claims.contains(&another) {
            self.summary.repeated += 1;
            return Ok(());
        }
        claims.push(another);
        if mark.kind != Some(Kind::Conflict) {
            self.summary.count(mark.kind, -1);
            self.summary.count(Some(Kind::Conflict), 1);
            store.mark(key, &Mark { kind: Some(Kind::Conflict), ..mark.clone() })?;
        }
        store.put_row(&conflict(key, mark.source_id, claims))
    }

    /// What is in the target and not in the source any more.
    pub(crate) fn departures(&mut self, remove_unknown: bool) -> Result<(), PlanError> {
        let shared = Arc::clone(&self.store);
        let (mut store, mut after) = (open(&shared), String::new());
        loop {
            let keys = store.unmarked(remove_unknown, &after, GROUP as usize)?;
            let Some(last) = keys.last() else {
                return Ok(());
            };
            after.clone_from(last);
            store.begin()?;
            for key in keys {
                self.depart(&mut *store, key)?;
            }
            store.commit()?;
        }
    }

    /// What was delivered for these source records, and is theirs no more.
    pub(crate) fn departures_of(&mut self, source_ids: &[String]) -> Result<(), PlanError> {
        let shared = Arc::clone(&self.store);
        let mut store = open(&shared);
        store.begin()?;
        for id in source_ids {
            for key in store.known_of(id)? {
                if store.marked(&key)?.is_none() {
                    self.depart(&mut *store, key)?;
                }
            }
        }
        Ok(store.commit()?)
    }

    fn depart(&mut self, store: &mut dyn Store, key: String) -> Result<(), StoreError> {
        let known = store.known(&key)?;
        let mut remote_id = known.as_ref().and_then(|known| known.remote_id.clone());
        if self.basis == Basis::Target {
            match store.seen(&key)?.filter(|seen| seen.active) {
                // It is out already.
                None => {
                    let known = known.unwrap_or_default();
                    return store.remember(&key, &crate::store::Known { removed: true, ..known });
                }
                Some(seen) => remote_id = seen.remote_id,
            }
        }
        self.summary.count(Some(Kind::Remove), 1);
        store.put_row(&Row {
            seq: 0,
            kind: Kind::Remove,
            source_id: known.and_then(|known| known.source_id),
            key,
            remote_id,
            fields: Vec::new(),
            held: Fields::new(),
            state: RowState::Pending,
            note: None,
        })
    }

    pub(crate) fn finish(mut self, guards: &[Guard], is_partial: bool) -> Result<Plan, PlanError> {
        if is_partial {
            self.find_watched()?;
        }
        let Self { target, store, basis, summary, .. } = self;
        for guard in guards.iter().filter(|guard| !is_partial || guard.0 != NOT_EMPTY) {
            if let Err(guard) = guard.check(&summary) {
                return Err(PlanError::Guard { guard, summary: Box::new(summary) });
            }
        }
        let id = jiff::Timestamp::now().to_string();
        let head = Head { id, basis, summary, is_partial };
        head.write(&mut *open(&store))?;
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

/// Reads the whole target into the store.
pub(crate) async fn observe(
    target: &dyn Target,
    store: &Shared,
    paths: &[String],
) -> Result<(), PlanError> {
    let name = target.name();
    let observed = target.observe(paths);
    let observed = observed.ok_or_else(|| PlanError::Unreadable(name.to_owned()))?;
    let mut groups = observed.try_ready_chunks(GROUP as usize);
    while let Some(group) = groups.next().await {
        let group = group
            .map_err(|error| PlanError::Target { target: name.to_owned(), source: error.1 })?;
        let mut store = open(store);
        store.begin()?;
        for one in group {
            let key = target.key(&one.key);
            let seen = Seen { remote_id: one.remote_id, active: one.active, fields: one.fields };
            // Somebody who is in use counts before a deactivated one of the same key.
            if seen.active || store.seen(&key)?.is_none_or(|other| !other.active) {
                store.see(&key, &seen)?;
            }
        }
        store.commit()?;
    }
    Ok(())
}

const NOT_EMPTY: Rule = Rule::EmptySource { allowed: false };
const CLAIM: &str = "claimed by";

fn claim(source_id: Option<&str>) -> FieldChange {
    let new = source_id.unwrap_or("one without id").into();
    FieldChange { path: CLAIM.to_owned(), old: Value::Null, new, on_create: false }
}

/// A key that several source records claim: they stand in place of its fields.
fn conflict(key: &str, source_id: Option<String>, claims: Vec<FieldChange>) -> Row {
    let names: Vec<&str> = claims.iter().filter_map(|claim| claim.new.as_str()).collect();
    let how = if names.len() == 2 { "both" } else { "all" };
    let note = format!("{} {how} claim it", names.join(" and "));
    Row {
        seq: 0,
        kind: Kind::Conflict,
        key: key.to_owned(),
        source_id,
        remote_id: None,
        fields: claims,
        held: Fields::new(),
        state: RowState::Failed,
        note: Some(note),
    }
}

/// The ids of the source records that claim the key of a conflict.
pub(crate) fn claimants(row: &Row) -> impl Iterator<Item = &str> {
    let claims = row.fields.iter().filter(|_| row.kind == Kind::Conflict);
    claims.filter_map(|claim| claim.new.as_str())
}
