use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::Value;

use crate::record::Fields;
use crate::store::Kind;
use crate::target::{Change, Done, Observed, Target, TargetError};

/// A target in memory: for tests, and as a pattern for targets of your own.
#[derive(Debug, Default)]
pub struct MemoryTarget {
    people: Mutex<BTreeMap<String, Person>>,
}

#[derive(Clone, Debug, Default)]
struct Person {
    id: String,
    active: bool,
    fields: Fields,
}

impl MemoryTarget {
    /// A target with nobody in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everybody who is in use, with id and values.
    pub fn active(&self) -> BTreeMap<String, (String, Fields)> {
        let people = self.people();
        let active = people.iter().filter(|(_, person)| person.active);
        active.map(|(key, one)| (key.clone(), (one.id.clone(), one.fields.clone()))).collect()
    }

    /// Sets a value behind everybody's back.
    pub fn edit(&self, key: &str, path: &str, value: impl Into<Value>) {
        if let Some(person) = self.people().get_mut(key) {
            person.fields.insert(path.to_owned(), value.into());
        }
    }

    fn people(&self) -> MutexGuard<'_, BTreeMap<String, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, change: &Change) -> Result<Done, TargetError> {
        let mut people = self.people();
        let next = format!("id-{}", people.len() + 1);
        let existed = people.contains_key(&change.key);
        if !existed && change.kind == Kind::Remove {
            return Ok(Done::new());
        }
        if !existed && change.kind != Kind::Create {
            return Err(TargetError::new(format!("{} is not there", change.key)));
        }
        let new = || Person { id: next, ..Person::default() };
        let person = people.entry(change.key.clone()).or_insert_with(new);
        person.active = change.kind != Kind::Remove;
        for field in change.fields.iter().filter(|field| !(existed && field.on_create)) {
            match field.new.is_null() {
                true => person.fields.remove(&field.path),
                false => person.fields.insert(field.path.clone(), field.new.clone()),
            };
        }
        let done = Done::new().remote_id(&person.id);
        Ok(if existed { done.existed() } else { done })
    }
}

#[async_trait]
impl Target for MemoryTarget {
    fn name(&self) -> &str {
        "memory"
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        changes.iter().map(|change| self.carry_out(change)).collect()
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let everybody: Vec<_> = self.people().clone().into_iter().collect();
        let paths = paths.to_vec();
        let observed = move |(key, person): (String, Person)| {
            let mut fields = person.fields;
            fields.retain(|path, _| paths.contains(path));
            Ok(Observed::new(key, fields).remote_id(person.id).active(person.active))
        };
        Some(stream::iter(everybody).map(observed).boxed())
    }
}
