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

/// How many references a row writes.
pub(crate) fn count(row: &Row) -> u64 {
    row.fields.iter().filter(|field| referred(&field.new).is_some()).count() as u64
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

/// What comes of references that lead nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sorted {
    /// References that are left out.
    pub(crate) left_out: u64,
    /// Rows that had nothing else, and are dropped.
    pub(crate) dropped: u64,
}

/// Rows of references alone wait as late ones until the plan is whole: those that can be written become
/// part of it, the others are dropped.
pub(crate) fn sort_out(store: &mut dyn Store, target: &dyn Target) -> Result<Sorted, StoreError> {
    let (mut after, mut sorted) = (0, Sorted::default());
    loop {
        let rows = store.rows(None, after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(sorted);
        };
        after = last.seq;
        for row in rows {
            let (leading, to_nobody) = leading(store, target, &row.fields)?;
            sorted.left_out += to_nobody;
            match row.state {
                RowState::Late if leading > 0 => store.settle(row.seq, RowState::Pending, None)?,
                RowState::Late => {
                    store.drop_row(&row.key)?;
                    sorted.dropped += 1;
                }
                _ => {}
            }
        }
    }
}

/// How many references lead to somebody, and how many to nobody.
fn leading(
    store: &mut dyn Store,
    target: &dyn Target,
    fields: &[FieldChange],
) -> Result<(u64, u64), StoreError> {
    let (mut leading, mut to_nobody) = (0, 0);
    for key in fields.iter().filter_map(|field| referred(&field.new)) {
        let is_there = will_be_there(store, &target.key(key))?;
        *(if is_there { &mut leading } else { &mut to_nobody }) += 1;
    }
    Ok((leading, to_nobody))
}
