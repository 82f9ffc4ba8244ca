use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use scim_client::{Outcome, Scim};
use scim_types::{Resource, User, urn};
use serde_json::{Value, json};

use crate::record::{Fields, same};
use crate::store::Kind;
use crate::target::{Change, Done, FieldChange, Observed, Target, TargetError};
use crate::targets::Place;

/// What happens to somebody who left the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Departed {
    /// `active: false`: everything stays, and can come back.
    #[default]
    Deactivate,
    /// The record is deleted.
    Delete,
}

/// The users of a SCIM service provider. Paths are SCIM attribute paths, see [`Place`].
///
/// Users are found by their key before one is created; nobody is ever created twice.
pub struct ScimUsers {
    scim: Scim,
    name: String,
    key: Place,
    key_path: String,
    departed: Departed,
    refer_by_key: bool,
    places: Mutex<HashMap<String, Arc<Place>>>,
}

impl ScimUsers {
    /// The users of this provider, whose keys are user names.
    pub fn new(scim: Scim) -> Self {
        let key = Place::user_name();
        Self {
            name: format!("SCIM users of {}", scim.base_url()),
            scim,
            key_path: key.to_string(),
            key,
            departed: Departed::default(),
            refer_by_key: false,
            places: Mutex::default(),
        }
    }

    /// The attribute that holds the key, `userName` by default; such as `externalId`.
    ///
    /// # Errors
    /// When it is no attribute.
    pub fn key_is(mut self, place: &str) -> Result<Self, TargetError> {
        self.key = Place::parse(place).map_err(TargetError::caused)?;
        self.key_path = self.key.to_string();
        Ok(self)
    }

    /// What happens to somebody who left the source.
    pub fn departed(mut self, departed: Departed) -> Self {
        self.departed = departed;
        self
    }

    /// References name others by their key instead of the id that the provider gave them, such as
    /// managers in Peakon, who are named by e-mail.
    pub fn refer_by_key(mut self) -> Self {
        self.refer_by_key = true;
        self
    }

    fn place(&self, path: &str) -> Result<Arc<Place>, TargetError> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(path) {
            return Ok(Arc::clone(place));
        }
        let place = Arc::new(Place::parse(path).map_err(TargetError::caused)?);
        places.insert(path.to_owned(), Arc::clone(&place));
        Ok(place)
    }

    async fn carry_out(&self, change: &Change) -> Result<Done, TargetError> {
        match (change.kind, &change.remote_id) {
            (Kind::Remove, Some(id)) => match self.remove(change, id).await? {
                Some(done) => Ok(done),
                // Made anew by hand, it has another id.
                None => self.remove_by_key(change).await,
            },
            (Kind::Remove, None) => self.remove_by_key(change).await,
            (Kind::Update | Kind::Restore, Some(id)) => match self.users().try_get(id).await {
                Ok(Some(user)) => self.update(change, user).await,
                // Deleted over there, as some products do with whoever is deactivated.
                Ok(None) => self.create(change).await,
                Err(error) => Err(TargetError::caused(error)),
            },
            _ => self.create(change).await,
        }
    }

    fn users(&self) -> scim_client::Resources<User> {
        self.scim.users()
    }

    async fn find(&self, key: &str) -> Result<Option<User>, TargetError> {
        let path = self.key.to_string();
        self.users().find(&path, key).await.map_err(TargetError::caused)
    }

    async fn remove_by_key(&self, change: &Change) -> Result<Done, TargetError> {
        let Some(id) = self.find_to_remove(&change.key).await? else { return Ok(Done::new()) };
        change.check_owner(&id)?;
        Ok(self.remove(change, &id).await?.unwrap_or_default())
    }

    async fn found(&self, keys: &[String], paths: &[String]) -> Result<Vec<Observed>, TargetError> {
        let places: Result<Vec<_>, _> = paths.iter().map(|path| self.place(path)).collect();
        let (places, mut found) = (places?, Vec::new());
        for key in keys {
            if let Some(user) = self.find(key).await? {
                found.push(self.observed(&user, &places)?);
            }
        }
        Ok(found)
    }

    /// The id of somebody who is to be removed, if there is anybody, and in use.
    async fn find_to_remove(&self, key: &str) -> Result<Option<String>, TargetError> {
        match self.find(key).await? {
            Some(user) if user.id().is_some() => Ok(user.id),
            Some(user) if user.active != Some(false) || self.departed == Departed::Delete => {
                Err(TargetError::new(format!(
                    "{key} is still there: the provider shows no id, without which nobody can be taken out; do it there"
                )))
            }
            _ => Ok(None),
        }
    }

    async fn create(&self, change: &Change) -> Result<Done, TargetError> {
        // Who is there keeps what is written once, loses what is to have no value, and may be one too many to go.
        let is_other =
            |field: &FieldChange| field.on_create || field.new.is_null() || field.switches_off();
        let differs = change.fields.iter().any(is_other);
        if differs && let Some(user) = self.find(&change.key).await? {
            let is_active = user.active != Some(false);
            user.id().map_or(Ok(()), |id| change.check_found(id, is_active))?;
            return self.update(change, user).await.map(Done::existed);
        }
        let user = self.new_user(change)?;
        let asked = change.clone();
        let is_others = move |id: &str| asked.check_owner(id).err().map(|error| error.to_string());
        let ensured = self.users().ensure(&user).match_on(self.key.to_string()).unless(is_others);
        let ensured = ensured.await.map_err(refusal)?;
        let done = self.done(change, &ensured.user, None)?;
        Ok(if ensured.outcome == Outcome::Created { done } else { done.existed() })
    }

    fn new_user(&self, change: &Change) -> Result<User, TargetError> {
        let mut user = json!({"schemas": [urn::USER], "active": true});
        self.key.put(&mut user, &json!(change.key)).map_err(TargetError::caused)?;
        let once = change.fields.iter().filter(|field| field.on_create);
        let once = once.map(|field| (&field.path, &field.new));
        let values = change.values.iter().chain(once).filter(|(_, value)| !value.is_null());
        self.put_all(&mut user, values)?;
        typed(user)
    }

    async fn update(&self, change: &Change, before: User) -> Result<Done, TargetError> {
        let mut after = serde_json::to_value(&before).map_err(TargetError::caused)?;
        if change.kind == Kind::Create || change.kind == Kind::Restore {
            after["active"] = json!(true);
        }
        let kept = change.fields.iter().filter(|field| !field.on_create);
        self.put_all(&mut after, kept.map(|field| (&field.path, &field.new)))?;
        let after: User = typed(after)?;
        let (updated, cleared) = match self.users().update(&before, &after).await {
            Err(error) if is_of_values(&error) => match self.cleared(change, &after)? {
                Some((after, paths)) => (self.users().update(&before, &after).await, paths),
                None => (Err(error), Vec::new()),
            },
            updated => (updated, Vec::new()),
        };
        let updated = updated.map_err(|error| self.explained(change, error))?;
        let mut now = updated.resource;
        if !self.lost(change, &before, &now)?.is_empty() {
            let whole = self.with_all(change, &now)?;
            now = self.users().update(&now, &whole).await.map_err(TargetError::caused)?.resource;
            let lost = self.lost(change, &before, &now)?;
            if !lost.is_empty() {
                return Err(TargetError::new(format!(
                    "the change was made, and took {} away, which cannot be written again: look at it there",
                    lost.join(", ")
                )));
            }
        }
        Ok(shows_none(self.done(change, &now, Some(&before))?, cleared))
    }

    /// Without references that lead to nobody any more, which some refuse in whatever is changed, and their
    /// paths; none where it has none of these.
    fn cleared(
        &self,
        change: &Change,
        user: &User,
    ) -> Result<Option<(User, Vec<String>)>, TargetError> {
        let mut user = serde_json::to_value(user).map_err(TargetError::caused)?;
        let mut paths = Vec::new();
        for path in &change.dangling {
            let place = self.place(path)?;
            if !place.get(&user).is_null() {
                place.put(&mut user, &Value::Null).map_err(TargetError::caused)?;
                paths.push(path.clone());
            }
        }
        if paths.is_empty() { Ok(None) } else { typed(user).map(|user| Some((user, paths))) }
    }

    /// Managed values that were there before a change of others, and are not any more.
    fn lost(&self, change: &Change, before: &User, now: &User) -> Result<Vec<String>, TargetError> {
        let before = serde_json::to_value(before).map_err(TargetError::caused)?;
        let now = serde_json::to_value(now).map_err(TargetError::caused)?;
        let is_changed = |path: &str| change.fields.iter().any(|field| field.path == path);
        let mut lost = Vec::new();
        for (path, value) in change.values.iter().filter(|(path, _)| !is_changed(path)) {
            let place = self.place(path)?;
            let was_there = !value.is_null() && same(&place.get(&before), value);
            if was_there && place.get(&now).is_null() && !place.is_hidden() {
                lost.push(path.clone());
            }
        }
        Ok(lost)
    }

    fn with_all(&self, change: &Change, now: &User) -> Result<User, TargetError> {
        let mut whole = serde_json::to_value(now).map_err(TargetError::caused)?;
        self.put_all(&mut whole, change.values.iter())?;
        typed(whole)
    }

    /// A key that is taken says more than that something is.
    fn explained(&self, change: &Change, error: scim_client::Error) -> TargetError {
        let key = self.key.to_string();
        let is_new = change.fields.iter().any(|field| field.path == key);
        match is_new && error.status().is_some_and(|status| status == 409) {
            true => TargetError::new(format!(
                "{key} cannot become {}: the provider says that it is taken, so the account keeps its own ({error})",
                change.key
            )),
            false => TargetError::caused(error),
        }
    }

    fn put_all<'a>(
        &self,
        user: &mut Value,
        values: impl Iterator<Item = (&'a String, &'a Value)>,
    ) -> Result<(), TargetError> {
        for (path, value) in values {
            let place = self.place(path)?;
            place.put(user, value).map_err(TargetError::caused)?;
            if let Some(urn) = place.extension() {
                list_schema(user, urn);
            }
        }
        Ok(())
    }

    /// What came of it, as the provider shows it.
    fn done(
        &self,
        change: &Change,
        user: &User,
        before: Option<&User>,
    ) -> Result<Done, TargetError> {
        let shown = serde_json::to_value(user).map_err(TargetError::caused)?;
        let before = before.map(serde_json::to_value).transpose().map_err(TargetError::caused)?;
        let (mut not_kept, mut is_taken) = (Vec::new(), false);
        for field in change.fields.iter().filter(|field| !field.on_create) {
            let place = self.place(&field.path)?;
            let value = place.get(&shown);
            let has_moved = before.as_ref().is_none_or(|before| !same(&place.get(before), &value));
            match same(&value, &field.new) || place.is_hidden() {
                true => is_taken |= has_moved && !place.is_hidden(),
                false => not_kept.push((field, value, has_moved)),
            }
        }
        let done = user.id().map_or(Done::new(), |id| Done::new().remote_id(id));
        Ok(not_kept.into_iter().fold(done, |done, (field, value, has_moved)| {
            // Where the rest of the change was carried out, the provider makes this of it.
            match is_taken || has_moved || value.is_null() || value == "" {
                true => done.shows(&field.path, value),
                false => done.still_shows(&field.path, value),
            }
        }))
    }

    /// None when there is nobody of this id.
    async fn remove(&self, change: &Change, id: &str) -> Result<Option<Done>, TargetError> {
        let removed = match self.departed {
            Departed::Deactivate => self.users().deactivate(id).await.map(drop),
            Departed::Delete => self.users().delete(id, None).await,
        };
        match removed {
            Ok(()) => Ok(Some(Done::new().remote_id(id))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) if is_of_values(&error) && self.departed == Departed::Deactivate => {
                let Some(done) = self.clear(change, id).await? else {
                    return Err(TargetError::caused(error));
                };
                self.users().deactivate(id).await.map_err(TargetError::caused)?;
                Ok(Some(done))
            }
            Err(error) => Err(TargetError::caused(error)),
        }
    }

    /// Clears what leads to nobody; none where there is no such thing.
    async fn clear(&self, change: &Change, id: &str) -> Result<Option<Done>, TargetError> {
        if change.dangling.is_empty() {
            return Ok(None);
        }
        let before = self.users().get(id).await.map_err(TargetError::caused)?;
        let Some((after, paths)) = self.cleared(change, &before)? else { return Ok(None) };
        self.users().update(&before, &after).await.map_err(TargetError::caused)?;
        Ok(Some(shows_none(Done::new().remote_id(id), paths)))
    }

    fn observed(&self, user: &User, places: &[Arc<Place>]) -> Result<Observed, TargetError> {
        let shown = serde_json::to_value(user).map_err(TargetError::caused)?;
        let values = places.iter().map(|place| (place.to_string(), place.get(&shown)));
        let fields: Fields = values.filter(|(_, value)| !value.is_null()).collect();
        let key = self.key.get(&shown);
        let observed = Observed::new(key.as_str().unwrap_or_default(), fields)
            .active(user.active != Some(false));
        let hidden = places.iter().filter(|place| place.is_hidden());
        let observed = hidden.fold(observed, |observed, place| observed.hides(place.to_string()));
        Ok(match user.id() {
            Some(id) => observed.remote_id(id),
            None => observed,
        })
    }
}

/// Whether the provider refused it, or may have acted, is known of a creation.
fn refusal(error: scim_client::Error) -> TargetError {
    let is_refused = error.status().is_some_and(|status| status.is_client_error());
    match is_refused && !error.is_unclear() {
        true => TargetError::caused(error).refused(),
        false => TargetError::caused(error),
    }
}

/// Whether it is about what was sent, or stands there.
fn is_of_values(error: &scim_client::Error) -> bool {
    error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 422))
}

fn shows_none(done: Done, paths: Vec<String>) -> Done {
    paths.into_iter().fold(done, |done, path| done.shows(path, Value::Null))
}

fn typed(user: Value) -> Result<User, TargetError> {
    serde_json::from_value(user)
        .map_err(|error| TargetError::new(format!("these values make no SCIM user: {error}")))
}

fn list_schema(user: &mut Value, urn: &str) {
    if let Some(listed) = user["schemas"].as_array_mut() {
        let is_listed = |one: &Value| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(urn));
        if !listed.iter().any(is_listed) {
            listed.push(json!(urn));
        }
    }
}

#[async_trait]
impl Target for ScimUsers {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self, key: &str) -> String {
        if self.key.is_case_exact() { key.trim().to_owned() } else { key.trim().to_lowercase() }
    }

    fn key_path(&self) -> Option<&str> {
        Some(&self.key_path)
    }

    async fn check(&self) -> Result<(), TargetError> {
        self.scim.verify().await.map(drop).map_err(TargetError::caused)
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            results.push(self.carry_out(change).await);
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let places: Result<Vec<_>, _> = paths.iter().map(|path| self.place(path)).collect();
        let places = match places {
            Ok(places) => places,
            Err(error) => return Some(futures::stream::iter([Err(error)]).boxed()),
        };
        let users = self.users().list().stream().map_err(TargetError::caused);
        Some(
            users
                .and_then(move |user| {
                    let observed = self.observed(&user, &places);
                    async move { observed }
                })
                .boxed(),
        )
    }

    async fn look_up(
        &self,
        keys: &[String],
        paths: &[String],
    ) -> Option<Result<Vec<Observed>, TargetError>> {
        Some(self.found(keys, paths).await)
    }

    fn reference(&self, key: &str, remote_id: Option<&str>) -> Option<Value> {
        if self.refer_by_key { Some(json!(key)) } else { remote_id.map(Value::from) }
    }
}

impl fmt::Debug for ScimUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimUsers").field("name", &self.name).finish_non_exhaustive()
    }
}
