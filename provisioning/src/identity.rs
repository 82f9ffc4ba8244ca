//! Who is who: records keep their identity by their ids, in the source and in the target, when keys change.

use std::fmt;
use std::sync::Arc;

use crate::leeway::Leeway;
use crate::plan::{Shared, open};
use crate::record::{Record, same_path};
use crate::store::{Kind, Known, Row, RowState, Seen, Store, StoreError};
use crate::target::{FieldChange, TargetError};

/// Where a source record is, by what was delivered.
#[derive(Debug)]
pub(crate) enum Found {
    /// Under its own key, or nowhere.
    Here(Option<Known>),
    /// Under another key, which it had before.
    Elsewhere(String, Known),
    /// Nowhere, and its key is what was delivered for somebody else.
    Taken,
}

impl Found {
    /// `here` is what was delivered under its key.
    pub(crate) fn of(
        store: &mut dyn Store,
        key: &str,
        record: &Record,
        here: Option<Known>,
    ) -> Result<Self, StoreError> {
        let Some(id) = record.source_id.as_deref() else { return Ok(Self::Here(here)) };
        let is_own = here.as_ref().is_some_and(|known| known.source_id.as_deref() == Some(id));
        if is_own && here.as_ref().is_some_and(|known| !known.removed) {
            return Ok(Self::Here(here));
        }
        let mut left = None;
        for (other, known) in others(store, key, id)? {
            match known.removed {
                false => return Ok(Self::Elsewhere(other, known)),
                true => left = Some((other, known)),
            }
        }
        match (left, here) {
            (_, here) if is_own => Ok(Self::Here(here)),
            (Some((other, known)), _) => Ok(Self::Elsewhere(other, known)),
            (None, Some(here)) if !here.removed && here.source_id.is_some() => Ok(Self::Taken),
            (None, here) => Ok(Self::Here(here)),
        }
    }
}

/// What was delivered for a source record under other keys, as far as the target can be told which.
fn others(
    store: &mut dyn Store,
    key: &str,
    source_id: &str,
) -> Result<Vec<(String, Known)>, StoreError> {
    let mut others = Vec::new();
    for other in store.known_of(source_id)?.into_iter().filter(|other| other != key) {
        let known = store.known(&other)?.filter(|known| known.remote_id.is_some());
        others.extend(known.map(|known| (other, known)));
    }
    Ok(others)
}

/// An id that says more than the key does.
pub(crate) fn own_id<'k>(known: Option<&'k Known>, key: &str) -> Option<&'k str> {
    known?.remote_id.as_deref().filter(|id| *id != key)
}

/// What the target holds of the record that was delivered under the key `home`, and under which key: by
/// its id, else, unless its key is new, by the key.
pub(crate) fn sighted(
    store: &mut dyn Store,
    key: &str,
    home: &str,
    known: Option<&Known>,
) -> Result<Option<(String, Seen)>, StoreError> {
    let here = store.seen(key)?;
    if let Some(id) = own_id(known, home) {
        if let Some(here) = here.as_ref().filter(|seen| seen.remote_id.as_deref() == Some(id)) {
            return Ok(Some((key.to_owned(), here.clone())));
        }
        if let Some(other) = store.seen_as(id)? {
            return Ok(store.seen(&other)?.map(|seen| (other, seen)));
        }
    }
    let Some(here) = here.filter(|_| key == home) else { return Ok(None) };
    // Somebody else's record may have been given this key in the target.
    let id = here.remote_id.as_deref();
    let is_others = id.is_some_and(|id| own_id(known, home) != Some(id));
    if is_others && is_held(store, key, id)? {
        return Ok(None);
    }
    Ok(Some((key.to_owned(), here)))
}

/// Whether this id is of a record that was delivered under another key.
pub(crate) fn is_held(
    store: &mut dyn Store,
    key: &str,
    id: Option<&str>,
) -> Result<bool, StoreError> {
    let holders = id.map(|id| holders(store, id)).transpose()?.unwrap_or_default();
    Ok(holders.iter().any(|(holder, known)| holder != key && !known.removed))
}

/// What was delivered to the record of this id.
fn holders(store: &mut dyn Store, remote_id: &str) -> Result<Vec<(String, Known)>, StoreError> {
    let keys = store.holders(remote_id)?.into_iter();
    keys.map(|key| Ok((key.clone(), store.known(&key)?.unwrap_or_default()))).collect()
}

/// Whether the record of this id was taken out of the target by our doing.
pub(crate) fn was_removed(store: &mut dyn Store, remote_id: &str) -> Result<bool, StoreError> {
    let holders = holders(store, remote_id)?;
    Ok(!holders.is_empty() && holders.iter().all(|(_, known)| known.removed))
}

/// Adds the key to the attributes that change, unless the mapping sees to it. `old` is none where nobody
/// knows.
pub(crate) fn rename(
    record: &Record,
    path: &str,
    old: Option<&str>,
    key: &str,
) -> Option<FieldChange> {
    let is_mapped = record.fields.keys().any(|mapped| same_path(mapped, path));
    (!is_mapped && old != Some(key)).then(|| FieldChange {
        path: path.to_owned(),
        old: old.into(),
        new: key.into(),
        on_create: false,
    })
}

/// The record that a row that writes everything was made of.
pub(crate) fn record_of(row: &Row) -> Record {
    let mut record = Record::new(row.key.clone());
    record.source_id.clone_from(&row.source_id);
    for FieldChange { path, new, on_create, .. } in &row.fields {
        let fields = if *on_create { &mut record.on_create } else { &mut record.fields };
        fields.insert(path.clone(), new.clone());
    }
    record
}

/// Why a row cannot be sent yet: its key is that of what was delivered for somebody else.
pub(crate) fn obstacle(store: &mut dyn Store, row: &Row) -> Result<Option<String>, StoreError> {
    if row.kind == Kind::Remove || row.kind != Kind::Create && row.from.is_none() {
        return Ok(None);
    }
    let Some(known) = store.known(&row.key)?.filter(|known| !known.removed) else {
        return Ok(None);
    };
    Ok((known.source_id != row.source_id).then(|| {
        let Row { key, from, .. } = row;
        let who = whose(&known);
        let what = match from {
            Some(from) => format!("{from} cannot be renamed to {key}"),
            None => format!("{key} cannot be created"),
        };
        format!("{what}: that is {who}, who has not been given another key")
    }))
}

fn whose(known: &Known) -> String {
    let of = known.source_id.as_deref().unwrap_or("a record without id");
    match &known.remote_id {
        Some(id) => format!("the record of {of} (id {id} in the target)"),
        None => format!("the record of {of}"),
    }
}

/// Whether a reference to this key would reach somebody who is to give it up.
pub(crate) fn is_changing_hands(store: &mut dyn Store, key: &str) -> Result<bool, StoreError> {
    let Some(row) = store.row(key)?.filter(|row| row.state != RowState::Done) else {
        return Ok(false);
    };
    Ok(obstacle(store, &row)?.is_some())
}

/// Whose records are whose, for targets that find a record by its key, and how many may be taken out of use.
#[derive(Clone, Default)]
pub(crate) struct Owners {
    pub(crate) store: Option<Shared>,
    pub(crate) leeway: Arc<Leeway>,
}

impl Owners {
    pub(crate) fn check(
        &self,
        source_id: Option<&str>,
        key: &str,
        remote_id: &str,
    ) -> Result<(), TargetError> {
        let Some(store) = &self.store else { return Ok(()) };
        let mut store = open(store);
        let holders = holders(&mut *store, remote_id).map_err(TargetError::caused)?;
        let others = holders.iter().filter(|(holder, known)| holder != key && !known.removed);
        for (holder, known) in others {
            if known.source_id.is_none() || known.source_id.as_deref() != source_id {
                return Err(TargetError::new(format!(
                    "what is found as {key} in the target is {}, delivered as {holder}: it is left alone",
                    whose(known)
                )));
            }
        }
        Ok(())
    }

    /// Before somebody who was found under this key is taken out of use.
    pub(crate) fn let_go(&self, key: &str) -> Result<(), TargetError> {
        let Some(store) = &self.store else { return Ok(()) };
        self.leeway.take(&mut *open(store), key)
    }
}

impl PartialEq for Owners {
    /// It is no part of a change.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owners")
    }
}
