//! A target that outlives the process: a file with a line for what a record looks like after each change.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use provisioning::{Change, Done, Fields, Kind, Observed, Target, TargetError};
use serde_json::{Value, json};

const KEY: &str = "userName";

/// As products do it: a record keeps its id under another key, a key that another record has is refused,
/// and a creation looks among those who are there. But not among those whom this process created itself:
/// asked twice, it makes a second record.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    readable: bool,
    renames: bool,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    records: BTreeMap<String, Person>,
    ids: HashMap<String, String>,
    from_before: HashSet<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) key: String,
    pub(crate) active: bool,
    pub(crate) fields: Fields,
}

impl Held {
    fn put(&mut self, id: &str, person: Person) {
        let old = self.records.insert(id.to_owned(), person.clone());
        if let Some(old) = old.filter(|old| self.ids.get(&old.key).is_some_and(|held| held == id)) {
            self.ids.remove(&old.key);
        }
        self.ids.insert(person.key, id.to_owned());
    }

    /// The id of the record that is meant, if there is one.
    fn find(&self, change: &Change, renames: bool) -> Result<Option<String>, TargetError> {
        if !renames {
            return Ok(self.ids.get(&change.key).cloned());
        }
        let own = change.remote_id.clone().filter(|id| self.records.contains_key(id));
        match (own, self.ids.get(&change.key).cloned()) {
            (Some(own), Some(other)) if own != other => {
                Err(TargetError::new(format!("{} is taken", change.key)))
            }
            (Some(own), _) => Ok(Some(own)),
            (None, Some(found)) => {
                change.check_owner(&found)?;
                let is_seen = change.kind != Kind::Create || self.from_before.contains(&found);
                Ok(Some(found).filter(|_| is_seen))
            }
            (None, None) => Ok(None),
        }
    }
}

impl Ledger {
    pub(crate) fn at(path: PathBuf, readable: bool) -> Self {
        let mut held = Held::default();
        let text = fs::read_to_string(&path).unwrap_or_default();
        // The last line may be torn: then the change is not done.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            OpenOptions::new().write(true).open(&path).unwrap().set_len(whole as u64).unwrap();
        }
        for line in text[..whole].lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            let fields = serde_json::from_value(line["fields"].clone()).unwrap();
            held.put(
                &text("id"),
                Person { key: text("key"), active: line["active"] == true, fields },
            );
        }
        held.from_before = held.records.keys().cloned().collect();
        Self { path, readable, renames: true, held: Mutex::new(held) }
    }

    /// One that knows records by their key alone, and has one of each.
    pub(crate) fn by_key(self) -> Self {
        Self { renames: false, ..self }
    }

    /// Everybody who is in the file, by id.
    pub(crate) fn records(&self) -> BTreeMap<String, Person> {
        self.held.lock().unwrap().records.clone()
    }

    fn carry_out(&self, change: &Change) -> Result<Done, TargetError> {
        let mut held = self.held.lock().unwrap();
        let found = held.find(change, self.renames)?;
        let existed = found.is_some();
        match change.kind {
            Kind::Remove if !existed => return Ok(Done::new()),
            Kind::Update if !existed => {
                return Err(TargetError::new(format!("{} is not there", change.key)));
            }
            _ => {}
        }
        let id = found.unwrap_or_else(|| format!("record-{}", held.records.len()));
        let mut person = held.records.get(&id).cloned().unwrap_or_default();
        person.key.clone_from(&change.key);
        person.active = change.kind != Kind::Remove;
        for field in change.fields.iter().filter(|field| field.path != KEY) {
            match field.new.is_null() {
                true => person.fields.remove(&field.path),
                false => person.fields.insert(field.path.clone(), field.new.clone()),
            };
        }
        let line =
            json!({"id": id, "key": person.key, "active": person.active, "fields": person.fields});
        let file = OpenOptions::new().append(true).create(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        written.map_err(TargetError::caused)?;
        held.put(&id, person);
        let done = Done::new().remote_id(id);
        Ok(if existed { done.existed() } else { done })
    }
}

#[async_trait]
impl Target for Ledger {
    fn name(&self) -> &str {
        "ledger"
    }

    fn key_path(&self) -> Option<&str> {
        Some(KEY).filter(|_| self.renames)
    }

    fn batch(&self) -> usize {
        20
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        changes.iter().map(|change| self.carry_out(change)).collect()
    }

    fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let observed = |(id, one): (String, Person)| {
            Ok(Observed::new(one.key, one.fields).remote_id(id).active(one.active))
        };
        self.readable.then(|| stream::iter(self.records()).map(observed).boxed())
    }
}
