//! The provider: to be served, looked into, and changed behind the API's back.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::any;
use scim_types::Error;
use serde_json::{Value, json};

use super::kind::{Kind, TypeSchemas};
use super::quirks::Quirks;
use super::render::Viewer;
use super::state::State;
use super::stats::{Log, ScimRequest, ScimStats};
use super::{BASE_PATH, ScimOptions, Session, http};
use crate::people::People;

/// A SCIM 2.0 service provider on loopback: cheap to clone, every clone is the same provider.
#[derive(Clone)]
pub struct ScimProvider {
    inner: Arc<Inner>,
}

struct Inner {
    options: ScimOptions,
    schemas: TypeSchemas,
    state: Mutex<State>,
    log: Mutex<Log>,
}

impl ScimProvider {
    /// A provider with the users that `options` seed, and no groups.
    pub fn new(options: ScimOptions) -> Self {
        let schemas = TypeSchemas::new(&options);
        let people = People::new(options.seed, options.seed_people);
        let (state, log) = (Mutex::default(), Mutex::default());
        let provider = Self { inner: Arc::new(Inner { options, schemas, state, log }) };
        for index in 0..people.count() {
            // A profile that asks for more than people have leaves them out.
            let _ = provider.insert_user(user_of(&people, index));
        }
        provider
    }

    /// The routes, to be served under `/`; the base URL ends in `/scim/v2`.
    pub fn router(&self) -> Router {
        Router::new()
            .route(BASE_PATH, any(http::serve))
            .route(&format!("{BASE_PATH}/"), any(http::serve))
            .route(&format!("{BASE_PATH}/{{*path}}"), any(http::serve))
            .fallback(http::nowhere)
            .with_state(self.clone())
    }

    /// The bearer token.
    pub fn token(&self) -> &str {
        self.inner.options.token.expose()
    }

    /// A user by id, as the API shows it, with links that have no host.
    pub fn user(&self, id: &str) -> Option<Value> {
        self.shown(Kind::User, |state| state.table(Kind::User).key(id)).pop()
    }

    /// The first user with this `userName`, whatever its case.
    pub fn user_by_name(&self, user_name: &str) -> Option<Value> {
        let find = |state: &State| state.table(Kind::User).candidates("userName", user_name);
        self.shown(Kind::User, |state| find(state).unwrap_or_default()).into_iter().next()
    }

    /// All users, in the order of their creation.
    pub fn users(&self) -> Vec<Value> {
        self.shown(Kind::User, |state| {
            state.table(Kind::User).iter().map(|(k, _)| k).collect::<Vec<_>>()
        })
    }

    /// How many users there are.
    pub fn user_count(&self) -> usize {
        self.state().table(Kind::User).len()
    }

    /// A group by id, as the API shows it.
    pub fn group(&self, id: &str) -> Option<Value> {
        self.shown(Kind::Group, |state| state.table(Kind::Group).key(id)).pop()
    }

    /// All groups, in the order of their creation.
    pub fn groups(&self) -> Vec<Value> {
        self.shown(Kind::Group, |state| {
            state.table(Kind::Group).iter().map(|(k, _)| k).collect::<Vec<_>>()
        })
    }

    /// The ids of a group's members, also where the API does not show them.
    pub fn members(&self, group_id: &str) -> Option<Vec<String>> {
        let state = self.state();
        let (_, group) = state.entry(Kind::Group, group_id)?;
        Some(group.members.iter().map(|listed| listed.member.id.to_string()).collect())
    }

    /// Whether a user has this password.
    pub fn has_password(&self, id: &str, password: &str) -> bool {
        let state = self.state();
        let found = state.entry(Kind::User, id).and_then(|(_, user)| user.password.as_ref());
        found.is_some_and(|known| known.expose() == password)
    }

    /// Adds a user as POST does, and gives its id.
    ///
    /// # Errors
    /// What POST would answer.
    pub fn insert_user(&self, user: Value) -> Result<String, Error> {
        self.insert(Kind::User, user)
    }

    /// Adds a group as POST does, and gives its id.
    ///
    /// # Errors
    /// What POST would answer.
    pub fn insert_group(&self, group: Value) -> Result<String, Error> {
        self.insert(Kind::Group, group)
    }

    /// Deletes a user past the API; false if there is none.
    pub fn remove_user(&self, id: &str) -> bool {
        self.remove(Kind::User, id)
    }

    /// Deletes a group past the API; false if there is none.
    pub fn remove_group(&self, id: &str) -> bool {
        self.remove(Kind::Group, id)
    }

    /// From now on every cursor given so far has expired.
    pub fn expire_cursors(&self) {
        self.state().cursor_generation += 1;
    }

    /// What arrived so far.
    pub fn stats(&self) -> ScimStats {
        self.log().stats.clone()
    }

    /// The latest 10,000 calls, oldest first.
    pub fn requests(&self) -> Vec<ScimRequest> {
        self.log().latest.iter().cloned().collect()
    }

    /// Counts from zero again.
    pub fn reset_stats(&self) {
        *self.log() = Log::default();
    }

    pub(super) fn options(&self) -> &ScimOptions {
        &self.inner.options
    }

    pub(super) fn quirks(&self) -> &Quirks {
        &self.inner.options.quirks
    }

    pub(super) fn schemas(&self) -> &TypeSchemas {
        &self.inner.schemas
    }

    pub(super) fn session(&self) -> Session<'_> {
        Session { provider: self, state: self.state() }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.inner.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counters(&self) -> Counters<'_> {
        Counters(self.log())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown<K: IntoIterator<Item = u64>>(
        &self,
        kind: Kind,
        keys: impl Fn(&State) -> K,
    ) -> Vec<Value> {
        let state = self.state();
        let (schemas, options) = (self.schemas(), self.options());
        let viewer = Viewer { state: &state, schemas, options, base: BASE_PATH };
        let entries = keys(&state).into_iter().filter_map(|key| state.table(kind).get(key));
        entries.map(|entry| viewer.show(kind, entry, &Default::default())).collect()
    }

    fn insert(&self, kind: Kind, resource: Value) -> Result<String, Error> {
        let mut session = self.session();
        let key = session.add(kind, Some(resource), None)?;
        let entry = session.state.table(kind).get(key);
        Ok(entry.map(|entry| entry.id.to_string()).unwrap_or_default())
    }

    fn remove(&self, kind: Kind, id: &str) -> bool {
        let mut state = self.state();
        let found = state.table(kind).key(id);
        found.is_some_and(|key| {
            state.delete(kind, key);
            true
        })
    }
}

impl fmt::Debug for ScimProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimProvider").field("options", self.options()).finish_non_exhaustive()
    }
}

/// The counters, while nobody else counts.
pub(super) struct Counters<'a>(MutexGuard<'a, Log>);

impl Deref for Counters<'_> {
    type Target = ScimStats;

    fn deref(&self) -> &ScimStats {
        &self.0.stats
    }
}

impl DerefMut for Counters<'_> {
    fn deref_mut(&mut self) -> &mut ScimStats {
        &mut self.0.stats
    }
}

fn user_of(people: &People, index: u64) -> Value {
    let profile = people.profile(index);
    let email = people.email(index);
    let mut user = json!({
        "schemas": [scim_types::urn::USER, scim_types::urn::ENTERPRISE_USER],
        "userName": email,
        "name": {"givenName": profile["firstName"], "familyName": profile["lastName"]},
        "displayName": profile["displayName"],
        "title": profile["title"],
        "emails": [{"value": email, "type": "work", "primary": true}],
        "active": true,
    });
    user[scim_types::urn::ENTERPRISE_USER] = json!({
        "employeeNumber": profile["employeeNumber"],
        "costCenter": profile["costCenter"],
        "department": profile.get("department"),
    });
    user
}
