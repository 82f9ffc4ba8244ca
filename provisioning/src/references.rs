//! References to records that nobody brings into the target: what refers to them is delivered without.

use crate::record::referred;
use crate::store::{Kind, Row, RowState, Store, StoreError};
use crate::target::{FieldChange, Target};

const PAGE: usize = 1_000;

/// Whether a row changes nothing but references.
pub(crate) fn are_all(row: &Row) -> bool {
    let mut kept = row.fields.iter().filter(|field| !field.on_create).peekable();
    row.kind == Kind::Update
        && kept.peek().is_some()
        && kept.all(|field| referred(&field.new).is_some())
}

/// Whether the record of this key is in the target, or is to be by this plan.
pub(crate) fn will_be_there(store: &mut dyn Store, key: &str) -> Result<bool, StoreError> {
    if let Some(row) = store.row(key)? {
        return Ok(
            !matches!(row.kind, Kind::Remove | Kind::Conflict) && row.state != RowState::LeftOut
        );
    }
    Ok(store.known(key)?.is_some_and(|known| !known.removed && known.was_delivered()))
}

/// Rows of references alone wait as late ones until the plan is whole: those that can be written become
/// part of it, the others are dropped. How many were.
pub(crate) fn sort_out(store: &mut dyn Store, target: &dyn Target) -> Result<u64, StoreError> {
    let (mut after, mut dropped) = (0, 0);
    loop {
        let rows = store.rows(Some(RowState::Late), after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(dropped);
        };
        after = last.seq;
        for row in rows {
            match leads_anywhere(store, target, &row.fields)? {
                true => store.settle(row.seq, RowState::Pending, None)?,
                false => {
                    store.drop_row(&row.key)?;
                    dropped += 1;
                }
            }
        }
    }
}

fn leads_anywhere(
    store: &mut dyn Store,
    target: &dyn Target,
    fields: &[FieldChange],
) -> Result<bool, StoreError> {
    for key in fields.iter().filter_map(|field| referred(&field.new)) {
        if will_be_there(store, &target.key(key))? {
            return Ok(true);
        }
    }
    Ok(false)
}
