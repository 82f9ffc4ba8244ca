//! Records whose keys change: who keeps which record is decided once the source was read.

use std::sync::Arc;

use super::Draft;
use crate::decide::{Decision, Now, decide};
use crate::identity::{record_of, rename, sighted};
use crate::plan::{GROUP, PlanError, open};
use crate::record::{Record, same_path};
use crate::store::{Kind, Known, Mark, Row, RowState, Seen, Store, StoreError, together};
use crate::target::FieldChange;

impl Draft {
    /// What the target holds of a record, and under which key.
    pub(super) fn sight(
        &self,
        store: &mut dyn Store,
        key: &str,
        home: &str,
        known: Option<&Known>,
    ) -> Result<Option<(String, Seen)>, StoreError> {
        match self.target.key_path() {
            Some(_) => sighted(store, key, home, known),
            None => Ok(store.seen(key)?.map(|seen| (key.to_owned(), seen))),
        }
    }

    /// With the key among what changes, where the target knows the record under an old one, or may.
    pub(super) fn renamed(
        &self,
        decided: Option<Decision>,
        record: &Record,
        (old, key): (Option<&str>, &str),
        is_moved: bool,
    ) -> Option<Decision> {
        let field = self.target.key_path().and_then(|path| rename(record, path, old, key));
        let is_new = decided.as_ref().is_some_and(|decided| decided.kind == Kind::Create);
        let field = field.filter(|_| !is_new || old.is_some());
        if field.is_none() && !is_moved {
            return decided;
        }
        let mut decided = decided.unwrap_or_else(Decision::relink);
        if let Some(field) = field {
            decided.fields.insert(0, field);
            if decided.kind == Kind::Relink {
                decided.kind = Kind::Update;
            }
        }
        Some(decided)
    }

    /// Whether the key is changed by what the mapping says of its attribute.
    pub(super) fn writes_key(&self, fields: &[FieldChange]) -> bool {
        let is_key =
            |field: &FieldChange, path: &str| !field.on_create && same_path(&field.path, path);
        let path = self.target.key_path();
        path.is_some_and(|path| fields.iter().any(|one| is_key(one, path) && !one.old.is_null()))
    }

    /// Who is created though known under an old key, because the target can give nobody another one.
    pub(super) fn count_keys(
        &mut self,
        store: &mut dyn Store,
        (kind, by): (Option<Kind>, i64),
        key: &str,
        record: &Record,
    ) -> Result<(), StoreError> {
        let id = record.source_id.as_ref().filter(|_| kind == Some(Kind::Create));
        for other in id.map(|id| store.known_of(id)).transpose()?.into_iter().flatten() {
            if other != key && store.known(&other)?.is_some_and(|known| !known.removed) {
                self.summary.rekeyed = self.summary.rekeyed.saturating_add_signed(by);
                return Ok(());
            }
        }
        Ok(())
    }

    /// The key is what was delivered for somebody else: whether that one left is known at the end.
    pub(super) fn postpone(
        &mut self,
        store: &mut dyn Store,
        key: String,
        record: Record,
    ) -> Result<(), StoreError> {
        let Some(Decision { kind, fields, held, .. }) = decide(&record, None, Now::AsDelivered)
        else {
            return Ok(());
        };
        self.summary.count(Some(kind), 1);
        let source_id = record.source_id;
        store.mark(&key, &Mark { source_id: source_id.clone(), kind: Some(kind) })?;
        let (from, remote_id, state) = (None, None, RowState::Waiting);
        let (seq, note) = (0, None);
        store.put_row(&Row {
            seq,
            kind,
            key,
            from,
            source_id,
            remote_id,
            fields,
            held,
            state,
            note,
        })
    }

    /// Decides of keys that belonged to others, once the source was read: who left it leaves the record
    /// to whom has the key now; who has another key keeps it.
    pub(crate) fn settle_keys(&mut self, only: Option<&[String]>) -> Result<(), PlanError> {
        let shared = Arc::clone(&self.store);
        let mut store = open(&shared);
        loop {
            let rows = store.rows(Some(RowState::Waiting), 0, GROUP as usize)?;
            if rows.is_empty() {
                return Ok(());
            }
            together(&mut *store, |store| {
                rows.iter().try_for_each(|row| self.settle_key(store, row, only))
            })?;
        }
    }

    fn settle_key(
        &mut self,
        store: &mut dyn Store,
        row: &Row,
        only: Option<&[String]>,
    ) -> Result<(), StoreError> {
        if !has_left(store, &row.key, only)? {
            return store.settle(row.seq, RowState::Pending, None);
        }
        store.drop_row(&row.key)?;
        self.summary.count(Some(row.kind), -1);
        let known = store.known(&row.key)?;
        self.place(store, row.key.clone(), record_of(row), (None, known))?;
        // The target shows nothing of what was there.
        match store.row(&row.key)?.is_some_and(|row| row.kind == Kind::Create) {
            true => store.forget(&row.key),
            false => Ok(()),
        }
    }

    /// Who has a key that somebody else is to be given, and left.
    pub(super) fn contested_departures(
        &mut self,
        store: &mut dyn Store,
        only: Option<&[String]>,
    ) -> Result<(), StoreError> {
        let contested = std::mem::take(&mut self.contested);
        together(store, |store| {
            for key in contested {
                if has_left(store, &key, only)? {
                    self.depart(store, key)?;
                }
            }
            Ok(())
        })
    }
}

/// Whether the source record of what was delivered under this key is not in the source any more.
fn has_left(store: &mut dyn Store, key: &str, only: Option<&[String]>) -> Result<bool, StoreError> {
    let known = store.known(key)?.filter(Known::may_be_there);
    let id = known.and_then(|known| known.source_id);
    // Of whom nobody asked, nobody knows.
    let is_asked = only.is_none_or(|only| id.is_some_and(|id| only.contains(&id)));
    Ok(is_asked && !store.kept(key)?)
}
