use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use super::{Kind, Known, Mark, Row, RowState, Seen, Store, StoreError};

/// A store that lasts as long as the process: for tests, and for runs that always compare with the target.
#[derive(Debug, Default)]
pub struct MemoryStore {
    known: BTreeMap<String, Known>,
    /// The keys of what was delivered, by ids in the source.
    of_source: HashMap<String, BTreeSet<String>>,
    /// The keys of those who are in use, by their ids in the target.
    of_remote: HashMap<String, BTreeSet<String>>,
    seen: BTreeMap<String, Seen>,
    /// Keys of what the target holds, by ids there; some may be out of date.
    seen_as: HashMap<String, String>,
    plan: Planned,
    notes: HashMap<String, String>,
    /// What undoes the group of calls under way, the last first; none outside of one.
    undo: Option<Vec<Undo>>,
}

#[derive(Debug, Default)]
struct Planned {
    marks: HashMap<String, Mark>,
    kept: HashSet<String>,
    rows: BTreeMap<u64, Row>,
    /// By key, and whether it is a removal.
    row_of: HashMap<(String, bool), u64>,
    /// The keys of rows, by ids in the source.
    of_source: HashMap<String, BTreeSet<String>>,
    last: u64,
}

/// What there was before a call.
#[derive(Debug)]
enum Undo {
    Known(String, Option<Known>),
    AllSeen(BTreeMap<String, Seen>),
    Seen(String, Option<Seen>),
    Plan(Planned),
    Mark(String, Option<Mark>),
    Keep(String),
    Row(u64, Option<Row>),
    Settled(u64, RowState, Option<String>),
    Note(String, Option<String>),
}

impl MemoryStore {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    fn can_undo(&mut self, undo: Undo) {
        if let Some(list) = &mut self.undo {
            list.push(undo);
        }
    }

    fn know(&mut self, key: &str, known: Option<Known>) {
        let before = self.known.remove(key);
        if let Some(before) = &before {
            take_out(&mut self.of_source, before.source_id.as_deref(), key);
            take_out(&mut self.of_remote, before.remote_id.as_deref(), key);
        }
        if let Some(known) = known {
            if let Some(id) = &known.source_id {
                self.of_source.entry(id.clone()).or_default().insert(key.to_owned());
            }
            if let Some(id) = &known.remote_id {
                self.of_remote.entry(id.clone()).or_default().insert(key.to_owned());
            }
            self.known.insert(key.to_owned(), known);
        }
        self.can_undo(Undo::Known(key.to_owned(), before));
    }

    fn drop_one(&mut self, place: (String, bool)) {
        if let Some(&seq) = self.plan.row_of.get(&place) {
            let before = self.plan.put(seq, None);
            self.can_undo(Undo::Row(seq, before));
        }
    }

    fn note_seen(&mut self, key: &str, seen: &Seen) {
        if let Some(id) = &seen.remote_id {
            self.seen_as.insert(id.clone(), key.to_owned());
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Known(key, known) => self.know(&key, known),
            Undo::AllSeen(seen) => {
                seen.iter().for_each(|(key, one)| self.note_seen(key, one));
                self.seen = seen;
            }
            Undo::Seen(key, seen) => {
                seen.iter().for_each(|one| self.note_seen(&key, one));
                drop(put(&mut self.seen, key, seen));
            }
            Undo::Keep(key) => drop(self.plan.kept.remove(&key)),
            Undo::Plan(plan) => self.plan = plan,
            Undo::Mark(key, Some(mark)) => drop(self.plan.marks.insert(key, mark)),
            Undo::Mark(key, None) => drop(self.plan.marks.remove(&key)),
            Undo::Row(seq, row) => drop(self.plan.put(seq, row)),
            Undo::Settled(seq, state, note) => {
                if let Some(row) = self.plan.rows.get_mut(&seq) {
                    (row.state, row.note) = (state, note);
                }
            }
            Undo::Note(name, Some(text)) => drop(self.notes.insert(name, text)),
            Undo::Note(name, None) => drop(self.notes.remove(&name)),
        }
    }
}

impl Planned {
    /// Puts a row at a place that is free, or takes out the one that is there, which is given back.
    fn put(&mut self, seq: u64, row: Option<Row>) -> Option<Row> {
        let Some(row) = row else {
            let before = self.rows.remove(&seq)?;
            self.row_of.remove(&place(&before.key, before.kind));
            if before.kind != Kind::Remove {
                take_out(&mut self.of_source, before.source_id.as_deref(), &before.key);
            }
            return Some(before);
        };
        self.row_of.insert(place(&row.key, row.kind), seq);
        if let Some(id) = row.source_id.as_ref().filter(|_| row.kind != Kind::Remove) {
            self.of_source.entry(id.clone()).or_default().insert(row.key.clone());
        }
        self.rows.insert(seq, row)
    }
}

fn place(key: &str, kind: Kind) -> (String, bool) {
    (key.to_owned(), kind == Kind::Remove)
}

fn take_out(keys: &mut HashMap<String, BTreeSet<String>>, id: Option<&str>, key: &str) {
    let Some(of_id) = id.and_then(|id| keys.get_mut(id)) else { return };
    of_id.remove(key);
    if of_id.is_empty() {
        id.and_then(|id| keys.remove(id));
    }
}

/// Puts a value, or takes it out; what was there.
fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) -> Option<V> {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    }
}

fn after<'a, T>(
    map: &'a BTreeMap<String, T>,
    after: &'a str,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    map.range::<str, _>((Bound::Excluded(after), Bound::Unbounded))
}

impl Store for MemoryStore {
    fn known(&mut self, key: &str) -> Result<Option<Known>, StoreError> {
        Ok(self.known.get(key).cloned())
    }

    fn known_count(&mut self) -> Result<u64, StoreError> {
        Ok(self.known.values().filter(|known| known.may_be_there()).count() as u64)
    }

    fn remember(&mut self, key: &str, known: &Known) -> Result<(), StoreError> {
        self.know(key, Some(known.clone()));
        Ok(())
    }

    fn known_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.of_source.get(source_id).into_iter().flatten().cloned().collect())
    }

    fn holders(&mut self, remote_id: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.of_remote.get(remote_id).into_iter().flatten().cloned().collect())
    }

    fn forget(&mut self, key: &str) -> Result<(), StoreError> {
        self.know(key, None);
        Ok(())
    }

    fn clear_seen(&mut self) -> Result<(), StoreError> {
        let seen = std::mem::take(&mut self.seen);
        self.seen_as.clear();
        self.can_undo(Undo::AllSeen(seen));
        Ok(())
    }

    fn see(&mut self, key: &str, seen: &Seen) -> Result<bool, StoreError> {
        self.note_seen(key, seen);
        let before = self.seen.insert(key.to_owned(), seen.clone());
        let is_new = before.is_none();
        self.can_undo(Undo::Seen(key.to_owned(), before));
        Ok(is_new)
    }

    fn seen(&mut self, key: &str) -> Result<Option<Seen>, StoreError> {
        Ok(self.seen.get(key).cloned())
    }

    fn seen_as(&mut self, remote_id: &str) -> Result<Option<String>, StoreError> {
        let key = self.seen_as.get(remote_id);
        let seen = key.and_then(|key| self.seen.get(key));
        let is_there = seen.is_some_and(|seen| seen.remote_id.as_deref() == Some(remote_id));
        Ok(key.filter(|_| is_there).cloned())
    }

    fn clear_plan(&mut self) -> Result<(), StoreError> {
        let plan = std::mem::take(&mut self.plan);
        self.can_undo(Undo::Plan(plan));
        Ok(())
    }

    fn mark(&mut self, key: &str, mark: &Mark) -> Result<(), StoreError> {
        let before = self.plan.marks.insert(key.to_owned(), mark.clone());
        self.can_undo(Undo::Mark(key.to_owned(), before));
        Ok(())
    }

    fn marked(&mut self, key: &str) -> Result<Option<Mark>, StoreError> {
        Ok(self.plan.marks.get(key).cloned())
    }

    fn keep(&mut self, key: &str) -> Result<(), StoreError> {
        if self.plan.kept.insert(key.to_owned()) {
            self.can_undo(Undo::Keep(key.to_owned()));
        }
        Ok(())
    }

    fn kept(&mut self, key: &str) -> Result<bool, StoreError> {
        Ok(self.plan.kept.contains(key))
    }

    fn unmarked(&mut self, all: bool, last: &str, count: usize) -> Result<Vec<String>, StoreError> {
        let plan = &self.plan;
        let unmarked = |key: &&String| !plan.marks.contains_key(*key) && !plan.kept.contains(*key);
        let known = after(&self.known, last).filter(|(_, known)| known.may_be_there());
        let known = known.map(|(key, _)| key).filter(unmarked).take(count);
        let mut keys: Vec<String> = known.cloned().collect();
        if all {
            let seen = after(&self.seen, last).filter(|(_, seen)| seen.active);
            keys.extend(seen.map(|(key, _)| key).filter(unmarked).take(count).cloned());
            keys.sort_unstable();
            keys.dedup();
            keys.truncate(count);
        }
        Ok(keys)
    }

    fn reappeared(&mut self, last: &str, count: usize) -> Result<Vec<String>, StoreError> {
        let in_use = |id: &String| {
            let seen = self.seen_as.get(id).and_then(|key| self.seen.get(key));
            seen.is_some_and(|seen| seen.active && seen.remote_id.as_ref() == Some(id))
        };
        let gone = after(&self.known, last).filter(|(key, known)| {
            let is_left = !self.plan.marks.contains_key(*key) && !self.plan.kept.contains(*key);
            known.removed && is_left && known.remote_id.as_ref().is_some_and(in_use)
        });
        Ok(gone.map(|(key, _)| key.clone()).take(count).collect())
    }

    fn put_row(&mut self, row: &Row) -> Result<(), StoreError> {
        self.drop_one(place(&row.key, row.kind));
        self.plan.last += 1;
        let seq = self.plan.last;
        self.plan.put(seq, Some(Row { seq, ..row.clone() }));
        self.can_undo(Undo::Row(seq, None));
        Ok(())
    }

    fn row(&mut self, key: &str) -> Result<Option<Row>, StoreError> {
        let places = [Kind::Update, Kind::Remove].map(|kind| place(key, kind));
        let seq = places.iter().find_map(|place| self.plan.row_of.get(place));
        Ok(seq.and_then(|seq| self.plan.rows.get(seq)).cloned())
    }

    fn rows_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.plan.of_source.get(source_id).into_iter().flatten().cloned().collect())
    }

    fn drop_row(&mut self, key: &str) -> Result<(), StoreError> {
        for kind in [Kind::Update, Kind::Remove] {
            self.drop_one(place(key, kind));
        }
        Ok(())
    }

    fn rows(
        &mut self,
        state: Option<RowState>,
        after: u64,
        count: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let later = self.plan.rows.range((Bound::Excluded(after), Bound::Unbounded));
        let wanted = later.map(|(_, row)| row).filter(|row| state.is_none_or(|s| row.state == s));
        Ok(wanted.take(count).cloned().collect())
    }

    fn settle(&mut self, seq: u64, state: RowState, note: Option<&str>) -> Result<(), StoreError> {
        if let Some(row) = self.plan.rows.get_mut(&seq) {
            let before = std::mem::replace(&mut row.state, state);
            let note = std::mem::replace(&mut row.note, note.map(str::to_owned));
            self.can_undo(Undo::Settled(seq, before, note));
        }
        Ok(())
    }

    fn note(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.notes.get(name).cloned())
    }

    fn set_note(&mut self, name: &str, text: Option<&str>) -> Result<(), StoreError> {
        let before = match text {
            Some(text) => self.notes.insert(name.to_owned(), text.to_owned()),
            None => self.notes.remove(name),
        };
        self.can_undo(Undo::Note(name.to_owned(), before));
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.rollback()?;
        self.undo = Some(Vec::new());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.undo = None;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        for undo in self.undo.take().into_iter().flatten().rev() {
            self.undo(undo);
        }
        Ok(())
    }
}
