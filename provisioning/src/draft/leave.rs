//! Who is in the target and not in the source any more.

use std::sync::Arc;

use super::Draft;
use crate::identity::{is_held, own_id};
use crate::plan::{Basis, GROUP, PlanError, open};
use crate::record::Fields;
use crate::store::{Kind, Row, RowState, Store, StoreError, together};

impl Draft {
    /// What is in the target and not in the source any more.
    pub(crate) fn departures(&mut self, remove_unknown: bool) -> Result<(), PlanError> {
        let shared = Arc::clone(&self.store);
        let mut store = open(&shared);
        self.contested_departures(&mut *store, None)?;
        self.depart_all(&mut *store, |store, after| {
            store.unmarked(remove_unknown, after, GROUP as usize)
        })?;
        if self.basis == Basis::Target {
            // Who left before may have been brought back by hand.
            self.depart_all(&mut *store, |store, after| store.reappeared(after, GROUP as usize))?;
        }
        Ok(())
    }

    fn depart_all(
        &mut self,
        store: &mut dyn Store,
        page: impl Fn(&mut dyn Store, &str) -> Result<Vec<String>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let keys = page(store, &after)?;
            let Some(last) = keys.last() else {
                return Ok(());
            };
            after.clone_from(last);
            together(store, |store| keys.into_iter().try_for_each(|key| self.depart(store, key)))?;
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

    pub(super) fn depart(&mut self, store: &mut dyn Store, key: String) -> Result<(), StoreError> {
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
                    return store.remember(&key, &known.unwrap_or_default().taken_out());
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
}
