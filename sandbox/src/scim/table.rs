//! The resources of one type, with indices for what is looked up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use scim_types::Password;
use serde_json::{Map, Value};

use super::members::Members;

/// The attributes whose `eq` is looked up instead of tried on every resource.
const INDEXED: [&str; 3] = ["userName", "displayName", "externalId"];

/// One resource as it is kept: what the server computes is not part of it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: Arc<str>,
    pub(super) resource: Map<String, Value>,
    pub(super) password: Option<Password>,
    pub(super) members: Members,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) version: u64,
}

impl Entry {
    pub(super) fn new(
        id: Arc<str>,
        resource: Map<String, Value>,
        password: Option<Password>,
    ) -> Self {
        let now = Timestamp::now();
        let members = Members::default();
        Self { id, resource, password, members, created: now, modified: now, version: 1 }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.resource.get(name)?.as_str()
    }

    /// How others show it.
    pub(super) fn label(&self) -> Option<&str> {
        self.text("displayName").or_else(|| self.text("userName"))
    }

    /// It looks different, though nobody wrote it.
    pub(super) fn renew(&mut self) {
        self.version += 1;
    }

    pub(super) fn touch(&mut self) {
        self.modified = Timestamp::now();
        self.version += 1;
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<u64, Entry>,
    ids: HashMap<Arc<str>, u64>,
    indices: [HashMap<String, BTreeSet<u64>>; 3],
    // A key is never given twice, so that a listing goes on where it was.
    next: u64,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What was added so far, also when it is gone.
    pub(super) fn added(&self) -> u64 {
        self.next
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.rows.iter().map(|(key, entry)| (*key, entry))
    }

    pub(super) fn key(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    pub(super) fn get(&self, key: u64) -> Option<&Entry> {
        self.rows.get(&key)
    }

    pub(super) fn insert(&mut self, entry: Entry) -> u64 {
        let key = self.next;
        self.next += 1;
        self.ids.insert(entry.id.clone(), key);
        self.index(key, &entry, true);
        self.rows.insert(key, entry);
        key
    }

    /// Changes members or versions, which are not indexed.
    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Entry> {
        self.rows.get_mut(&key)
    }

    /// Changes anything else.
    pub(super) fn replace(
        &mut self,
        key: u64,
        resource: Map<String, Value>,
        password: Option<Password>,
    ) {
        let Some(mut entry) = self.rows.remove(&key) else { return };
        self.index(key, &entry, false);
        entry.resource = resource;
        entry.password = password;
        entry.touch();
        self.index(key, &entry, true);
        self.rows.insert(key, entry);
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<Entry> {
        let entry = self.rows.remove(&key)?;
        self.ids.remove(&entry.id);
        self.index(key, &entry, false);
        Some(entry)
    }

    /// The keys under which this value may stand, whatever its case; `None` if nobody knows.
    pub(super) fn candidates(&self, name: &str, value: &str) -> Option<Vec<u64>> {
        if name.eq_ignore_ascii_case("id") {
            return Some(self.key(value).into_iter().collect());
        }
        let at = INDEXED.iter().position(|indexed| indexed.eq_ignore_ascii_case(name))?;
        let keys = self.indices[at].get(&fold(value));
        Some(keys.into_iter().flatten().copied().collect())
    }

    fn index(&mut self, key: u64, entry: &Entry, there: bool) {
        for (name, index) in INDEXED.into_iter().zip(&mut self.indices) {
            let Some(value) = entry.text(name).map(fold) else { continue };
            if there {
                index.entry(value).or_default().insert(key);
            } else if let Some(keys) = index.get_mut(&value) {
                keys.remove(&key);
                if keys.is_empty() {
                    index.remove(&value);
                }
            }
        }
    }
}

// As filters fold: character by character.
pub(super) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
