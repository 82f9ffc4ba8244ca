//! What was sent, or may have been, and was not settled: by a run that was killed, or an answer that never came.

use crate::plan::move_on;
use crate::store::{Kind, Known, Row, RowState, Store, StoreError};

const PAGE: usize = 1_000;

fn note_of(state: RowState) -> String {
    format!("sent {}", state.as_str())
}

/// Notes that rows of this state may be sent from now on, up to this one: no plan that was made before fits
/// any more.
pub(crate) fn about_to_send(
    store: &mut dyn Store,
    state: RowState,
    last: u64,
) -> Result<(), StoreError> {
    let earlier = store.note(&note_of(state))?.and_then(|text| text.parse::<u64>().ok());
    let last = earlier.map_or(last, |earlier| earlier.max(last));
    move_on(store)?;
    store.set_note(&note_of(state), Some(&last.to_string()))
}

/// Before the rows are dropped: whoever may have been sent is not known any more.
pub(crate) fn remember_unsettled(store: &mut dyn Store) -> Result<(), StoreError> {
    for state in [RowState::Pending, RowState::Waiting, RowState::Late] {
        let sent = store.note(&note_of(state))?.and_then(|text| text.parse::<u64>().ok());
        if let Some(last) = sent {
            doubt_until(store, state, last)?;
            store.set_note(&note_of(state), None)?;
        }
    }
    Ok(())
}

fn doubt_until(store: &mut dyn Store, state: RowState, last: u64) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let rows = store.rows(Some(state), after, PAGE)?;
        let Some(end) = rows.last().map(|row| row.seq) else {
            return Ok(());
        };
        let sent = rows.iter().filter(|row| row.seq <= last && row.kind != Kind::Relink);
        for row in sent {
            doubt(store, row)?;
        }
        if end >= last {
            return Ok(());
        }
        after = end;
    }
}

/// Nobody knows what came of this row.
pub(crate) fn doubt(store: &mut dyn Store, row: &Row) -> Result<(), StoreError> {
    let home = row.remembered_as();
    let known = store.known(home)?.unwrap_or_else(|| Known {
        source_id: row.source_id.clone(),
        remote_id: row.remote_id.clone(),
        ..Known::default()
    });
    // Whoever may be out of use is brought back by the next plan, or taken out again.
    let removed = known.removed || row.kind == Kind::Remove;
    store.remember(home, &Known { unsure: true, removed, ..known })
}
