//! A stand-in Okta org: users with the real state machine, groups, the user schema.

mod call;
mod credentials;
mod error;
mod group;
mod groups;
mod guard;
mod ids;
mod lifecycle;
mod limits;
mod link;
mod listing;
mod org;
mod schema;
mod state;
mod user;
mod users;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post, put};
use serde_json::Value;

use crate::people::People;
pub(crate) use error::OktaError;
pub(crate) use guard::stamp;
pub(crate) use limits::Quota;
pub use limits::RateLimits;
use limits::Windows;
pub use listing::SearchCap;
use state::State;

/// What can be switched on the sandbox's Okta org.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OktaOptions {
    /// The API token; it is accepted as `SSWS` and as `Bearer`.
    pub token: String,
    /// How a search ends after 50,000 results.
    pub search_cap: SearchCap,
    /// Rate limits, far away by default.
    pub limits: RateLimits,
}

impl Default for OktaOptions {
    fn default() -> Self {
        let token = "sandbox-okta-token".to_owned();
        Self { token, search_cap: SearchCap::default(), limits: RateLimits::default() }
    }
}

/// An Okta org on loopback: cheap to clone, every clone is the same org.
#[derive(Clone, Debug)]
pub struct OktaOrg {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    token: String,
    search_cap: SearchCap,
    state: RwLock<State>,
    windows: Mutex<Windows>,
}

impl OktaOrg {
    /// An org in which these people work.
    pub fn new(people: Arc<People>, options: OktaOptions) -> Self {
        let inner = Inner {
            token: options.token,
            search_cap: options.search_cap,
            state: RwLock::new(State::new(people)),
            windows: Mutex::new(Windows::new(options.limits)),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The routes, to be served under `/`.
    pub fn router(&self) -> Router {
        let users = Router::new()
            .route("/api/v1/users", get(users::list).post(users::create))
            .route(
                "/api/v1/users/{id}",
                get(users::get).post(users::update).put(users::replace).delete(users::delete),
            )
            .route("/api/v1/users/{id}/groups", get(users::groups))
            .route("/api/v1/users/{id}/sessions", delete(users::end_sessions))
            .route("/api/v1/users/{id}/lifecycle/{action}", post(lifecycle::run))
            .route("/api/v1/users/{id}/credentials/{action}", post(credentials::run));
        let groups = Router::new()
            .route("/api/v1/groups", get(groups::list).post(groups::create))
            .route(
                "/api/v1/groups/{id}",
                get(groups::get).put(groups::replace).delete(groups::delete),
            )
            .route("/api/v1/groups/{id}/users", get(groups::members))
            .route("/api/v1/groups/{id}/users/{user}", put(groups::add).delete(groups::remove));
        users
            .merge(groups)
            .route("/api/v1/meta/schemas/user/{id}", get(schema::get).post(schema::update))
            .route("/api/v1/meta/types/user", get(org::user_types))
            .route("/api/v1/meta/types/user/{id}", get(org::user_type))
            .route("/api/v1/org", get(org::settings))
            .fallback(async || OktaError::no_such_path())
            .method_not_allowed_fallback(async || OktaError::no_such_method())
            .layer(middleware::from_fn_with_state(self.clone(), guard::guard))
            .with_state(self.clone())
    }

    /// The API token.
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// How many users there are, deactivated ones included.
    pub fn user_count(&self) -> u64 {
        self.read().user_count()
    }

    /// How many users a plain listing gives: all but the deactivated ones.
    pub fn listed_count(&self) -> u64 {
        let state = self.read();
        let listed = |index: &u64| {
            state.user(*index).is_some_and(|user| user.status != user::Status::Deprovisioned)
        };
        (0..state.next_user).filter(listed).count() as u64
    }

    /// A user by id or login, as a listing shows it; its links have no host.
    pub fn user(&self, id_or_login: &str) -> Option<Value> {
        let state = self.read();
        let index = state.find(id_or_login)?;
        state.user(index).map(|user| user.in_list(""))
    }

    /// The id of the user at a position, whether seeded or added later.
    pub fn user_id(&self, position: u64) -> String {
        users::id(position)
    }

    /// Sets attributes of a user's profile past all rules; false if there is no such user.
    pub fn set_profile<'a>(
        &self,
        id_or_login: &str,
        attributes: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> bool {
        let mut state = self.write();
        let Ok(mut user) = users::taken(&state, id_or_login) else {
            return false;
        };
        let mut profile = user.profile.into_map();
        profile.extend(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        user.profile = user::Profile::Kept(profile);
        state.put(user);
        true
    }

    /// Adds a custom attribute to the user schema, such as `{"type": "string"}`; null removes it.
    pub fn set_custom_attribute(&self, name: &str, definition: Value) {
        self.write().schema.set_custom(name, definition);
    }

    /// The ids of a group's members, in the order of the listing; None if there is no such group.
    pub fn members(&self, group_name: &str) -> Option<Vec<String>> {
        let state = self.read();
        let group = state.groups.values().find(|group| group.name() == group_name)?;
        let members = group.members.candidates(0, state.next_user);
        let members = members.filter(|&i| group.members.contains(&state.people, i));
        Some(members.filter(|&i| state.user(i).is_some()).map(users::id).collect())
    }

    pub(crate) fn search_cap(&self) -> SearchCap {
        self.inner.search_cap
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.inner.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.inner.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.inner.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, as Okta writes it: to the second, with three digits after it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

pub(crate) fn now_seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}
