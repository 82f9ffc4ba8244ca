//! Records for which nothing is sent: without a key, or one of several that claim it.

use serde_json::Value;

use super::Draft;
use crate::record::{Fields, Record};
use crate::store::{Kind, Known, Mark, Row, RowState, Store, StoreError};
use crate::target::FieldChange;

const CLAIM: &str = "claimed by";

impl Draft {
    /// A record without a key is named by its id in the source; signs around it keep it apart from keys.
    pub(super) fn leave_out(
        &mut self,
        store: &mut dyn Store,
        record: &Record,
    ) -> Result<(), StoreError> {
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

    /// Whether this source record came before under another key, such as somebody who was renamed while the
    /// source was read: then it is the same once more, and what is under its keys stays until the next plan.
    pub(super) fn came_before(
        &mut self,
        store: &mut dyn Store,
        key: &str,
        id: &str,
        known: Option<&Known>,
    ) -> Result<bool, StoreError> {
        let mut is_repeated = false;
        for other in store.rows_of(id)?.iter().filter(|other| *other != key) {
            let without_key = |row: Row| matches!(row.kind, Kind::WithoutKey | Kind::Unreadable);
            is_repeated |= !store.row(other)?.is_some_and(without_key);
        }
        // Who is where they were has come under no other key, or there was a row.
        let is_at_home = known.is_some_and(|known| known.source_id.as_deref() == Some(id));
        if is_at_home && !is_repeated {
            return Ok(false);
        }
        let held = store.known_of(id)?;
        for other in held.iter().filter(|other| *other != key) {
            let mark = store.marked(other)?;
            is_repeated |= mark.is_some_and(|mark| mark.source_id.as_deref() == Some(id));
        }
        if is_repeated {
            self.summary.repeated += 1;
            held.iter().try_for_each(|held| store.keep(held))?;
        }
        Ok(is_repeated)
    }

    /// A key that came before: the same record again, or another one that claims it.
    pub(super) fn again(
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
}

/// Who claims a key.
pub(crate) fn claim(source_id: Option<&str>) -> FieldChange {
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
pub(crate) fn conflict(key: &str, source_id: Option<String>, claims: Vec<FieldChange>) -> Row {
    let names: Vec<&str> = claims.iter().filter_map(|claim| claim.new.as_str()).collect();
    let how = if names.len() == 2 { "both" } else { "all" };
    let note = format!("{} {how} claim it", names.join(" and "));
    Row { fields: claims, ..not_sent(Kind::Conflict, key.to_owned(), source_id, note) }
}

impl Row {
    /// The ids of the source records that claim the key of a conflict; nobody for other rows.
    pub fn claimants(&self) -> impl Iterator<Item = &str> {
        let claims = self.fields.iter().filter(|_| self.kind == Kind::Conflict);
        claims.filter_map(|claim| claim.new.as_str())
    }
}
