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
    key_path: Option<String>,
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

    /// The attribute that is the key: people can be given another one then.
    #[must_use]
    pub fn key_in(mut self, path: impl Into<String>) -> Self {
        self.key_path = Some(path.into());
        self
    }

    /// Gives somebody another key behind everybody's back.
    pub fn rename(&self, key: &str, new: &str) {
        let mut people = self.people();
        if let Some(person) = people.remove(key) {
            people.insert(new.to_owned(), person);
        }
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

    /// Who is meant has the key afterwards, if there is anybody.
    fn find(
        &self,
        people: &mut BTreeMap<String, Person>,
        change: &Change,
    ) -> Result<(), TargetError> {
        let id = change.remote_id.as_ref().filter(|_| self.key_path.is_some());
        let of_id = |(_, person): &(&String, &Person)| Some(&person.id) == id;
        let own = id.and_then(|_| people.iter().find(of_id)).map(|(key, _)| key.clone());
        match (own, people.get(&change.key)) {
            (Some(own), None) => {
                let person = people.remove(&own);
                people.extend(person.map(|person| (change.key.clone(), person)));
            }
            (Some(own), Some(_)) if own != change.key => {
                return Err(TargetError::new(format!("{} is taken", change.key)));
            }
            (None, Some(found)) => return change.check_found(&found.id, found.active),
            _ => {}
        }
        Ok(())
    }

    fn carry_out(&self, change: &Change) -> Result<Done, TargetError> {
        let mut people = self.people();
        let next = format!("id-{}", people.len() + 1);
        self.find(&mut people, change)?;
        let existed = people.contains_key(&change.key);
        match change.kind {
            Kind::Remove if !existed => return Ok(Done::new()),
            Kind::Update if !existed => {
                return Err(TargetError::new(format!("{} is not there", change.key)));
            }
            _ => {}
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

    fn key_path(&self) -> Option<&str> {
        self.key_path.as_deref()
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
