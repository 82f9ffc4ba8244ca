//! What of a row is sent now: references are resolved, or wait.

use std::sync::Arc;

use serde_json::Value;

use crate::identity::{Owners, is_changing_hands};
use crate::plan::{Plan, open};
use crate::record::{Fields, referred};
use crate::report::Earlier;
use crate::store::{Kind, Row, RowState, Store, StoreError};
use crate::target::{Change, FieldChange};

/// A row, and what of it is sent now.
pub(crate) struct Sending {
    pub(crate) row: Row,
    pub(crate) change: Change,
}

impl Sending {
    /// References that are not in what is sent: their attributes and keys.
    pub(crate) fn missing(&self) -> Vec<(String, String)> {
        missing(&self.row.fields, &self.change.fields)
    }

    /// Whether the target gets anything of it.
    pub(crate) fn is_sent(&self) -> bool {
        self.change.kind != Kind::Relink && !is_empty(&self.change)
    }

    /// What the target gets: all values of it too, which nobody else needs.
    pub(crate) fn take_change(&mut self) -> Option<Change> {
        self.is_sent().then(|| {
            let values = std::mem::take(&mut self.change.values);
            Change { values, ..self.change.clone() }
        })
    }

    /// Whether an earlier pass sent something, and counted it.
    fn was_sent(&self) -> bool {
        let is_sent = |field: &FieldChange| !field.on_create && referred(&field.new).is_none();
        self.row.state == RowState::Late
            && (self.row.kind != Kind::Update || self.row.fields.iter().any(is_sent))
    }

    pub(crate) fn earlier(&self) -> Option<Earlier> {
        self.was_sent().then(|| Earlier { existed: self.row.note.is_some() })
    }
}

/// An update that is down to nothing, because all it had were references that cannot be written.
pub(crate) fn is_empty(change: &Change) -> bool {
    change.kind == Kind::Update && change.fields.iter().all(|field| field.on_create)
}

pub(crate) fn prepare(
    plan: &Plan,
    rows: Vec<Row>,
    are_late: bool,
) -> Result<Vec<Sending>, StoreError> {
    let (mut store, leeway) = (open(&plan.store), Arc::new(plan.head.leeway.clone()));
    let mut prepared = Vec::with_capacity(rows.len());
    for row in rows {
        let mut change = Change {
            kind: row.kind,
            key: row.key.clone(),
            source_id: row.source_id.clone(),
            remote_id: row.remote_id.clone(),
            fields: row.fields.clone(),
            values: Fields::new(),
            dangling: Vec::new(),
            owners: Owners { store: Some(Arc::clone(&plan.store)), leeway: Arc::clone(&leeway) },
        };
        let known = store.known(row.remembered_as())?.unwrap_or_default();
        if are_late {
            change.kind = Kind::Update;
            change.fields.retain(|field| referred(&field.new).is_some());
            change.remote_id = known.remote_id.or(change.remote_id);
        }
        resolve(plan, &mut *store, &mut change.fields)?;
        change.values = known.sent;
        change.values.extend(row.held.clone());
        let kept = change.fields.iter().filter(|field| !field.on_create);
        change.values.extend(kept.map(|field| (field.path.clone(), field.new.clone())));
        change.dangling = resolve_values(plan, &mut *store, &mut change.values)?;
        prepared.push(Sending { row, change });
    }
    Ok(prepared)
}

/// Puts values in place of references; those that cannot be written are taken out.
fn resolve(
    plan: &Plan,
    store: &mut dyn Store,
    fields: &mut Vec<FieldChange>,
) -> Result<(), StoreError> {
    for field in fields.iter_mut() {
        put_value(plan, store, &mut field.new)?;
    }
    fields.retain(|field| referred(&field.new).is_none());
    Ok(())
}

/// The same for values that were sent before; gives those that were taken out.
fn resolve_values(
    plan: &Plan,
    store: &mut dyn Store,
    values: &mut Fields,
) -> Result<Vec<String>, StoreError> {
    for value in values.values_mut() {
        put_value(plan, store, value)?;
    }
    let unresolved = values.iter().filter(|(_, value)| referred(value).is_some());
    let unresolved: Vec<String> = unresolved.map(|(path, _)| path.clone()).collect();
    unresolved.iter().for_each(|path| drop(values.remove(path)));
    Ok(unresolved)
}

/// Puts what the target understands in place of a reference, if it is one and that can be done.
fn put_value(plan: &Plan, store: &mut dyn Store, value: &mut Value) -> Result<(), StoreError> {
    let Some(key) = referred(value).map(|key| plan.target.key(key)) else {
        return Ok(());
    };
    if plan.target.key_path().is_some() && is_changing_hands(store, &key)? {
        return Ok(());
    }
    // Only who is in the target can be referred to.
    let known = store.known(&key)?.filter(|known| !known.removed && known.was_delivered());
    if let Some(known) = known
        && let Some(understood) = plan.target.reference(&key, known.remote_id.as_deref())
    {
        *value = understood;
    }
    Ok(())
}

/// References that were planned and not sent: their attributes and keys.
pub(crate) fn missing(planned: &[FieldChange], sent: &[FieldChange]) -> Vec<(String, String)> {
    let unsent = planned.iter().filter(|field| sent.iter().all(|other| other.path != field.path));
    let reference =
        |field: &FieldChange| Some((field.path.clone(), referred(&field.new)?.to_owned()));
    unsent.filter_map(reference).collect()
}
