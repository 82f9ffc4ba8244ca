use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use super::{Known, Mark, Row, RowState, Seen, Store, StoreError};

/// A store that lasts as long as the process: for tests, and for runs that always compare with the target.
#[derive(Debug, Default)]
pub struct MemoryStore {
    known: BTreeMap<String, Known>,
    /// The keys of those who are in the target, by their ids in the source.
    of_source: HashMap<String, BTreeSet<String>>,
    seen: BTreeMap<String, Seen>,
    marks: HashMap<String, Mark>,
    rows: BTreeMap<u64, Row>,
    row_of: HashMap<String, u64>,
    last: u64,
    notes: HashMap<String, String>,
}

impl MemoryStore {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self::default()
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
        Ok(self.known.values().filter(|known| !known.removed).count() as u64)
    }

    fn remember(&mut self, key: &str, known: &Known) -> Result<(), StoreError> {
        self.forget(key)?;
        if let Some(id) = known.source_id.as_ref().filter(|_| !known.removed) {
            self.of_source.entry(id.clone()).or_default().insert(key.to_owned());
        }
        self.known.insert(key.to_owned(), known.clone());
        Ok(())
    }

    fn known_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.of_source.get(source_id).into_iter().flatten().cloned().collect())
    }

    fn forget(&mut self, key: &str) -> Result<(), StoreError> {
        let source_id = self.known.remove(key).and_then(|known| known.source_id);
        if let Some(keys) = source_id.and_then(|id| self.of_source.get_mut(&id)) {
            keys.remove(key);
        }
        Ok(())
    }

    fn clear_seen(&mut self) -> Result<(), StoreError> {
        self.seen.clear();
        Ok(())
    }

    fn see(&mut self, key: &str, seen: &Seen) -> Result<bool, StoreError> {
        Ok(self.seen.insert(key.to_owned(), seen.clone()).is_none())
    }

    fn seen(&mut self, key: &str) -> Result<Option<Seen>, StoreError> {
        Ok(self.seen.get(key).cloned())
    }

    fn clear_plan(&mut self) -> Result<(), StoreError> {
        self.marks.clear();
        self.rows.clear();
        self.row_of.clear();
        self.last = 0;
        Ok(())
    }

    fn mark(&mut self, key: &str, mark: &Mark) -> Result<(), StoreError> {
        self.marks.insert(key.to_owned(), mark.clone());
        Ok(())
    }

    fn marked(&mut self, key: &str) -> Result<Option<Mark>, StoreError> {
        Ok(self.marks.get(key).cloned())
    }

    fn unmarked(&mut self, all: bool, last: &str, count: usize) -> Result<Vec<String>, StoreError> {
        let unmarked = |key: &&String| !self.marks.contains_key(*key);
        let known = after(&self.known, last).filter(|(_, known)| !known.removed);
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

    fn put_row(&mut self, row: &Row) -> Result<(), StoreError> {
        self.drop_row(&row.key)?;
        self.last += 1;
        self.row_of.insert(row.key.clone(), self.last);
        self.rows.insert(self.last, Row { seq: self.last, ..row.clone() });
        Ok(())
    }

    fn row(&mut self, key: &str) -> Result<Option<Row>, StoreError> {
        Ok(self.row_of.get(key).and_then(|seq| self.rows.get(seq)).cloned())
    }

    fn drop_row(&mut self, key: &str) -> Result<(), StoreError> {
        if let Some(seq) = self.row_of.remove(key) {
            self.rows.remove(&seq);
        }
        Ok(())
    }

    fn rows(
        &mut self,
        state: Option<RowState>,
        after: u64,
        count: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let later = self.rows.range((Bound::Excluded(after), Bound::Unbounded));
        let wanted = later.map(|(_, row)| row).filter(|row| state.is_none_or(|s| row.state == s));
        Ok(wanted.take(count).cloned().collect())
    }

    fn settle(&mut self, seq: u64, state: RowState, note: Option<&str>) -> Result<(), StoreError> {
        if let Some(row) = self.rows.get_mut(&seq) {
            row.state = state;
            row.note = note.map(str::to_owned);
        }
        Ok(())
    }

    fn note(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.notes.get(name).cloned())
    }

    fn set_note(&mut self, name: &str, text: Option<&str>) -> Result<(), StoreError> {
        match text {
            Some(text) => drop(self.notes.insert(name.to_owned(), text.to_owned())),
            None => drop(self.notes.remove(name)),
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
