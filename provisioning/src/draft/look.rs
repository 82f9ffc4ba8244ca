//! What the target holds, where it is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::Draft;
use crate::identity::{obstacle, record_of};
use crate::plan::{Basis, GROUP, PlanError, SELECTION, Shared, differs, open};
use crate::record::{Record, hidden, referred, same};
use crate::references;
use crate::store::{Kind, Row, Seen, Store, StoreError, together};
use crate::target::{Observed, Target};

/// So many may come without anybody looking whether they are there: guards let as many go.
const FEW: u64 = 5;

impl Draft {
    /// Reads the target if it is to be compared with, or if nothing is known of it yet.
    pub(super) async fn look(
        &mut self,
        paths: BTreeSet<String>,
        is_empty: bool,
    ) -> Result<(), PlanError> {
        let is_asked = self.basis == Basis::Target;
        let is_first = self.summary.known == 0 && !self.is_partial && !is_empty;
        if (is_asked || is_first) && self.read_target(&paths).await? {
            self.basis = Basis::Target;
        }
        self.observed = Some(paths);
        Ok(())
    }

    /// Whether the target could be read; where it is to be compared with, it has to be.
    async fn read_target(&mut self, paths: &BTreeSet<String>) -> Result<bool, PlanError> {
        let paths: Vec<String> = paths.iter().cloned().collect();
        match observe(&*self.target, &self.store, &paths).await {
            // Creations look for who is there, so that this plan can do without.
            Err(PlanError::Unreadable(_) | PlanError::Target { .. })
                if self.basis != Basis::Target =>
            {
                self.summary.unread = true;
                Ok(false)
            }
            observed => observed.map(|()| true),
        }
    }

    /// Reads the target for those who would be created, unless they are a few newcomers of an ordinary run:
    /// who is there already is changed by a creation as well, and guards have to see how.
    pub(crate) async fn look_for_creations(
        &mut self,
        selection: Option<&String>,
    ) -> Result<(), PlanError> {
        let may_be_there = self.summary.create > 0 || self.goes_on;
        if !may_be_there || self.basis == Basis::Target || self.summary.unread {
            return Ok(());
        }
        let is_chosen_otherwise = differs(&mut *open(&self.store), SELECTION, selection)?;
        let (mut paths, mut few, mut count) = (BTreeSet::new(), Vec::new(), 0);
        self.each_creation(u64::MAX, |_, _, row| {
            let fields = row.fields.iter().filter(|field| !field.on_create);
            paths.extend(fields.map(|field| field.path.clone()));
            count += 1;
            if count <= FEW {
                few.push(row.key.clone());
            }
            Ok(())
        })?;
        let was_read = match count > FEW || self.goes_on || is_chosen_otherwise {
            _ if count == 0 => false,
            true => self.read_target(&paths).await?,
            false => self.find_some(&few, &paths).await?,
        };
        if was_read {
            self.summary.looked = true;
            self.observed = Some(paths);
            self.basis = Basis::Target;
            self.each_creation(count, Self::look_again)?;
            self.basis = Basis::Delivered;
        }
        Ok(())
    }

    /// Whether a few could be asked for by themselves. Where that fails, creations look for who is there.
    async fn find_some(
        &mut self,
        keys: &[String],
        paths: &BTreeSet<String>,
    ) -> Result<bool, StoreError> {
        let paths: Vec<String> = paths.iter().cloned().collect();
        let target = Arc::clone(&self.target);
        let Some(Ok(found)) = target.look_up(keys, &paths).await else {
            return Ok(false);
        };
        let mut store = open(&self.store);
        together(&mut *store, |store| {
            found.into_iter().try_for_each(|one| see(store, &*target, one))
        })?;
        Ok(true)
    }

    /// Those who would be created, and those of whom only a run that was cut off, or had no answer, may
    /// know: what they have in the target nobody has seen.
    ///
    /// At most so many: what is decided anew comes again, behind them.
    fn each_creation(
        &mut self,
        mut most: u64,
        mut visit: impl FnMut(&mut Self, &mut dyn Store, &Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.store);
        let (mut store, mut after) = (open(&shared), 0);
        loop {
            let rows = store.rows(None, after, GROUP as usize)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.seq;
            together(&mut *store, |store| {
                rows.iter().try_for_each(|row| match most > 0 && is_unseen(store, row)? {
                    true => {
                        most -= 1;
                        visit(self, store, row)
                    }
                    false => Ok(()),
                })
            })?;
        }
    }

    /// Decides anew of somebody who is in the target.
    fn look_again(&mut self, store: &mut dyn Store, row: &Row) -> Result<(), StoreError> {
        let (key, known) = (row.key.as_str(), store.known(&row.key)?);
        let is_others = self.target.key_path().is_some() && obstacle(store, row)?.is_some();
        if is_others || self.sight(store, key, key, known.as_ref())?.is_none() {
            return Ok(());
        }
        let record = record_of(row);
        store.drop_row(key)?;
        self.summary.count(Some(row.kind), -1);
        if row.kind == Kind::Update && row.takes_out() {
            self.summary.deactivate = self.summary.deactivate.saturating_sub(1);
        }
        self.summary.references_left_out =
            self.summary.references_left_out.saturating_sub(references::count(row));
        self.count_keys(store, (Some(row.kind), -1), key, &record)?;
        self.place(store, key.to_owned(), record, (None, known))
    }

    /// Attributes that no record had when the target was read.
    pub(super) fn hide_unread(&self, record: &Record, seen: &mut Seen) {
        let Some(observed) = &self.observed else { return };
        for path in record.fields.keys().filter(|path| !observed.contains(*path)) {
            seen.fields.insert(path.clone(), hidden());
        }
    }

    /// Where the target shows the other record that is wanted, puts the reference in place of its id.
    pub(super) fn name_references(
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
}

fn is_unseen(store: &mut dyn Store, row: &Row) -> Result<bool, StoreError> {
    Ok(match row.kind {
        Kind::Create => true,
        Kind::Update => store.known(&row.key)?.is_some_and(|known| !known.was_delivered()),
        _ => false,
    })
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
