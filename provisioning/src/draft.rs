//! A plan while it is computed: rows are written as the source is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use crate::decide::{Decision, Now, decide};
use crate::guard::{Guard, Judged, Rule};
use crate::identity::{Found, is_held, own_id};
use crate::losses::{Before, Losses};
use crate::plan::{Basis, GROUP, Head, Plan, PlanError, Shared, open, own};
use crate::record::{Fields, Record, hidden, referred, same};
use crate::references;
use crate::store::{Kind, Known, Mark, Row, RowState, Seen, Store, StoreError, together};
use crate::summary::Summary;
use crate::target::{FieldChange, Observed, Target};

mod keys;

/// A plan that is being computed.
pub(crate) struct Draft {
    pub(crate) target: Arc<dyn Target>,
    store: Shared,
    basis: Basis,
    pub(crate) summary: Summary,
    watched: Vec<(String, String)>,
    before: Before,
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
        let before = together(&mut *opened, |store| {
            let before = Before::and_last(store)?;
            Head::clear(store)?;
            store.clear_seen().map(|()| before)
        })?;
        let summary = Summary { known: opened.known_count()?, ..Summary::default() };
        drop(opened);
        let (observed, contested) = (None, Vec::new());
        Ok(Self { target, store, basis, summary, watched, before, is_partial, observed, contested })
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

    /// Reads the target if it is to be compared with, or if nothing is known of it yet.
    async fn look(&mut self, paths: BTreeSet<String>, is_empty: bool) -> Result<(), PlanError> {
        let is_asked = self.basis == Basis::Target;
        let is_first = self.summary.known == 0 && !self.is_partial && !is_empty;
        if is_asked || is_first {
            let list: Vec<String> = paths.iter().cloned().collect();
            match observe(&*self.target, &self.store, &list).await {
                // Creations look for who is there, so that this one can do without.
                Err(PlanError::Unreadable(_) | PlanError::Target { .. }) if !is_asked => {
                    self.summary.unread = true;
                }
                observed => {
                    observed?;
                    self.basis = Basis::Target;
                }
            }
        }
        self.observed = Some(paths);
        Ok(())
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
        match self.target.key_path().is_some() {
            false => self.place(store, key, record, None),
            true => match Found::of(store, &key, &record)? {
                Found::Here(known) => self.place(store, key, record, Some((None, known))),
                Found::Taken => self.postpone(store, key, record),
                Found::Elsewhere(from, known) => {
                    store.keep(&from)?;
                    if store.known(&key)?.is_some_and(|known| !known.removed) {
                        self.contested.push(key.clone());
                    }
                    self.place(store, key, record, Some((Some(from), Some(known))))
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
        found: Option<(Option<String>, Option<Known>)>,
    ) -> Result<(), StoreError> {
        let (from, known) = match found {
            Some(found) => found,
            None => (None, store.known(&key)?),
        };
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
        let decided = self.renamed(decided, &record, (old, &key), from.is_some());
        let kind = decided.as_ref().map(|decided| decided.kind);
        self.summary.count(kind, 1);
        self.count_keys(store, kind, &key, &record)?;
        let deactivates = decided.as_ref().is_some_and(|decided| decided.deactivates);
        self.summary.deactivate += u64::from(deactivates);
        store.mark(&key, &Mark { source_id: record.source_id.clone(), kind })?;
        let Some(Decision { kind, fields, held, .. }) = decided else {
            return Ok(());
        };
        self.summary.renamed += u64::from(kind != Kind::Relink && old != key);
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

    /// A record without a key is named by its id in the source; signs around it keep it apart from keys.
    fn leave_out(&mut self, store: &mut dyn Store, record: &Record) -> Result<(), StoreError> {
        let id = match &record.source_id {
            Some(id) => id.clone(),
            None => format!("record {}", self.summary.read),
        };
        let why = record.no_key.as_deref().unwrap_or("the key is empty");
        let kind = if record.is_unreadable { Kind::Unreadable } else { Kind::WithoutKey };
        let row = not_sent(kind, format!("({id})"), record.source_id.clone(), why.to_owned());
        if store.row(&row.key)?.is_some() {
            self.summary.repeated += 1;
            return Ok(());
        }
        self.summary.leave_out(&row);
        store.put_row(&row)
    }

    /// Attributes that no record had when the target was read.
    fn hide_unread(&self, record: &Record, seen: &mut Seen) {
        let Some(observed) = &self.observed else { return };
        for path in record.fields.keys().filter(|path| !observed.contains(*path)) {
            seen.fields.insert(path.clone(), hidden());
        }
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
        if let Some(id) = record.source_id.as_ref().filter(|_| self.target.key_path().is_some()) {
            // What another key holds of it stays until somebody decides.
            let held = store.known_of(id)?;
            held.iter().filter(|held| *held != key).try_for_each(|held| store.keep(held))?;
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
            let row = store.row(key)?;
            let is_renamed = row.as_ref().is_some_and(|row| row.from.is_some());
            self.summary.renamed = self.summary.renamed.saturating_sub(is_renamed.into());
            let row = row.filter(|row| row.kind == Kind::Update && row.takes_out());
            self.summary.deactivate =
                self.summary.deactivate.saturating_sub(row.iter().count() as u64);
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
        self.contested_departures(&mut *store, None)?;
        loop {
            let keys = store.unmarked(remove_unknown, &after, GROUP as usize)?;
            let Some(last) = keys.last() else {
                return Ok(());
            };
            after.clone_from(last);
            together(&mut *store, |store| {
                keys.into_iter().try_for_each(|key| self.depart(store, key))
            })?;
        }
    }

    /// What was delivered for these source records, and is theirs no more.
    pub(crate) fn departures_of(&mut self, source_ids: &[String]) -> Result<(), PlanError> {
        let shared = Arc::clone(&self.store);
        let mut store = open(&shared);
        self.contested_departures(&mut *store, Some(source_ids))?;
        let departed = together(&mut *store, |store| {
            for id in source_ids {
                for key in store.known_of(id)? {
                    let is_here = store.marked(&key)?.is_some() || store.kept(&key)?;
                    if !is_here && store.known(&key)?.is_some_and(|known| known.may_be_there()) {
                        self.depart(store, key)?;
                    }
                }
            }
            Ok::<_, StoreError>(())
        });
        Ok(departed?)
    }

    fn depart(&mut self, store: &mut dyn Store, key: String) -> Result<(), StoreError> {
        let known = store.known(&key)?;
        let mut remote_id = known.as_ref().and_then(|known| known.remote_id.clone());
        if self.target.key_path().is_some() && is_held(store, &key, remote_id.as_deref())? {
            // The same record is in use under another key.
            return store.forget(&key);
        }
        if self.basis == Basis::Target {
            let seen = self.sight(store, &key, &key, known.as_ref())?.map(|(_, seen)| seen);
            let id = own_id(known.as_ref(), &key);
            match seen {
                // It is out already.
                Some(seen) if !seen.active && (id.is_none() || seen.remote_id.as_deref() == id) => {
                    let known = known.unwrap_or_default();
                    let known = Known { removed: true, unsure: false, ..known };
                    return store.remember(&key, &known);
                }
                Some(seen) if seen.active => remote_id = seen.remote_id,
                // That it is not listed proves nothing: the target is asked.
                _ => {}
            }
        }
        self.summary.count(Some(Kind::Remove), 1);
        store.put_row(&Row {
            seq: 0,
            kind: Kind::Remove,
            source_id: known.and_then(|known| known.source_id),
            key,
            from: None,
            remote_id,
            fields: Vec::new(),
            held: Fields::new(),
            state: RowState::Pending,
            note: None,
        })
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
        let losses = Losses::read(&mut *open(&store), &summary)?;
        let id = jiff::Timestamp::now().to_string();
        let (most, most_members) = (Guard::most_removals(guards), Guard::most_members(guards));
        let (again, file) = (losses.again, None);
        let mut head = Head {
            id,
            basis,
            summary,
            is_partial,
            made_with,
            selection,
            most,
            most_members,
            again,
            file,
        };
        head.compare(&mut *open(&store))?;
        let (plan, before, losses) = (&head.summary, &before, &losses);
        let judged = Judged { plan, basis, before, losses, is_partial };
        if let Err(guard) = judged.by(guards) {
            return Err(PlanError::Guard { guard, summary: Box::new(head.summary) });
        }
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
        together(&mut *open(store), |store| {
            group.into_iter().try_for_each(|one| see(store, target, one))
        })?;
    }
    Ok(())
}

/// Of several records of one key, one in use counts before a deactivated one, then the one that was
/// delivered to, then the first.
fn see(store: &mut dyn Store, target: &dyn Target, one: Observed) -> Result<(), StoreError> {
    let key = target.key(&one.key);
    let seen = Seen { remote_id: one.remote_id, active: one.active, fields: one.fields };
    let counts = match store.seen(&key)? {
        None => true,
        Some(other) if other.active != seen.active => seen.active,
        Some(_) => {
            let known = store.known(&key)?.and_then(|known| known.remote_id);
            known.is_some() && known == seen.remote_id
        }
    };
    if counts {
        store.see(&key, &seen)?;
    }
    Ok(())
}

const CLAIM: &str = "claimed by";

fn claim(source_id: Option<&str>) -> FieldChange {
    let new = source_id.unwrap_or("one without id").into();
    FieldChange { path: CLAIM.to_owned(), old: Value::Null, new, on_create: false }
}

/// A row that says why nothing is sent.
fn not_sent(kind: Kind, key: String, source_id: Option<String>, why: String) -> Row {
    Row {
        seq: 0,
        kind,
        key,
        from: None,
        source_id,
        remote_id: None,
        fields: Vec::new(),
        held: Fields::new(),
        state: kind.unsent().unwrap_or(RowState::LeftOut),
        note: Some(why),
    }
}

/// A key that several source records claim: they stand in place of its fields.
fn conflict(key: &str, source_id: Option<String>, claims: Vec<FieldChange>) -> Row {
    let names: Vec<&str> = claims.iter().filter_map(|claim| claim.new.as_str()).collect();
    let how = if names.len() == 2 { "both" } else { "all" };
    let note = format!("{} {how} claim it", names.join(" and "));
    Row { fields: claims, ..not_sent(Kind::Conflict, key.to_owned(), source_id, note) }
}

/// The ids of the source records that claim the key of a conflict.
pub(crate) fn claimants(row: &Row) -> impl Iterator<Item = &str> {
    let claims = row.fields.iter().filter(|_| row.kind == Kind::Conflict);
    claims.filter_map(|claim| claim.new.as_str())
}
