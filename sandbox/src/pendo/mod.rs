//! A stand-in Pendo subscription: verify, metadata schema, metadata values, visitors and accounts.
//!
//! It knows its visitors by computing them (visitor id = a person's e-mail), so that a million known
//! visitors cost no memory; only what was written is kept.

mod aggregation;
mod bulk;
mod entity;
mod options;
mod schema;
mod state;
#[cfg(test)]
mod tests;
mod value;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};

pub use options::{BadKey, Empty, ErrorItem, Nulls, PendoOptions, UnknownField};
pub use state::PendoStats;
use state::{Kind, State};

use crate::people::People;

const AGGREGATION: &str = "/api/v1/aggregation";
const KEY_HEADER: &str = "x-pendo-integration-key";

/// A Pendo subscription on loopback: cheap to clone, every clone is the same subscription.
#[derive(Debug, Clone)]
pub struct Pendo {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    people: Arc<People>,
    options: PendoOptions,
    state: Mutex<State>,
}

impl Pendo {
    /// A subscription that knows these people, but for the few that `options` leave out.
    pub fn new(people: Arc<People>, options: PendoOptions) -> Self {
        let state = Mutex::new(State::new(&options));
        Self { inner: Arc::new(Inner { people, options, state }) }
    }

    /// The routes, to be served under `/`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/api/v1/token/verify", get(verify))
            .route("/api/v1/metadata/schema/{kind}", get(schema::read))
            .route("/api/v1/metadata/schema/{kind}/{group}", post(schema::create))
            .route("/api/v1/metadata/schema/{kind}/{group}/{field}", delete(schema::remove))
            .route("/api/v1/metadata/{kind}/{group}/value", post(bulk::write))
            .route(
                "/api/v1/metadata/{kind}/{group}/value/{id}/{field}",
                get(value::read).put(value::write),
            )
            .route(AGGREGATION, post(aggregation::run).fallback(aggregation::wrong_method))
            .route("/api/v1/visitor/{id}", get(entity::visitor))
            .route("/api/v1/account/{id}", get(entity::account))
            .method_not_allowed_fallback(not_found)
            .route_layer(middleware::from_fn_with_state(self.clone(), check_key))
            .fallback(not_found)
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone())
    }

    /// The integration key with write access.
    pub fn key(&self) -> &str {
        &self.inner.options.key
    }

    /// The integration key that may only read.
    pub fn read_only_key(&self) -> &str {
        &self.inner.options.read_only_key
    }

    /// The metadata groups of a visitor, field names in lower case; `None` if Pendo does not know it.
    pub fn visitor(&self, id: &str) -> Option<Value> {
        self.metadata_of(Kind::Visitor, id)
    }

    /// The metadata groups of an account; `None` if Pendo does not know it.
    pub fn account(&self, id: &str) -> Option<Value> {
        self.metadata_of(Kind::Account, id)
    }

    /// How many visitors exist: those known from the start and those created since.
    pub fn visitor_count(&self) -> u64 {
        let (people, every) = (self.inner.people.count(), self.inner.options.unknown_every);
        people - people.checked_div(every).unwrap_or(0) + self.stats().created_visitors
    }

    /// How many visitors hold something that was written to them; 0 when only counting.
    pub fn written_count(&self) -> u64 {
        self.state().entities(Kind::Visitor).len() as u64
    }

    /// What arrived so far.
    pub fn stats(&self) -> PendoStats {
        self.state().stats.clone()
    }

    /// The schema of `visitor` or `account` as the API shows it; `None` for another kind.
    pub fn schema(&self, kind: &str) -> Option<Value> {
        Kind::parse(kind).map(|kind| schema::render(self.state().schema(kind)))
    }

    /// From now on a bulk call that holds a record with this id answers 400, nothing applied.
    pub fn poison(&self, id: impl Into<String>) {
        self.state().poisoned.insert(id.into());
    }

    /// From now on a record with this id is not written and lands in `errors`.
    pub fn refuse(&self, id: impl Into<String>) {
        self.state().refused.insert(id.into());
    }

    fn options(&self) -> &PendoOptions {
        &self.inner.options
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id under which Pendo keeps this visitor or account.
    fn stored_id(&self, kind: Kind, id: &str) -> String {
        match kind {
            Kind::Visitor if self.options().lowercase_ids => id.to_lowercase(),
            _ => id.to_owned(),
        }
    }

    /// The place of a visitor among the people known from the start.
    fn person(&self, id: &str) -> Option<u64> {
        let every = self.options().unknown_every;
        let index = self.inner.people.index_of_email(id)?;
        (index.checked_rem(every).is_none_or(|rest| rest != every - 1)).then_some(index)
    }

    fn knows(&self, state: &State, kind: Kind, id: &str) -> bool {
        let from_the_start = match kind {
            Kind::Visitor => self.person(id).is_some(),
            Kind::Account => self.options().accounts.iter().any(|account| account == id),
        };
        from_the_start || state.entities(kind).contains_key(id)
    }

    fn metadata_of(&self, kind: Kind, id: &str) -> Option<Value> {
        let id = self.stored_id(kind, id);
        let state = self.state();
        self.knows(&state, kind, &id).then(|| entity::metadata(self, &state, kind, &id))
    }
}

/// Every known route wants a key, and one with write access for anything but reading.
async fn check_key(Shared(pendo): Shared<Pendo>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY_HEADER).map(|key| key.as_bytes());
    if key == Some(pendo.key().as_bytes()) {
        return next.run(request).await;
    }
    if key != Some(pendo.read_only_key().as_bytes()) {
        return match pendo.options().bad_key {
            BadKey::Forbidden => StatusCode::FORBIDDEN.into_response(),
            BadKey::Unauthorized => {
                json_answer(StatusCode::UNAUTHORIZED, json!({"message": "unauthorized"}))
            }
        };
    }
    // An aggregation only reads, though it is a POST.
    if request.method() == Method::GET || request.uri().path() == AGGREGATION {
        return next.run(request).await;
    }
    StatusCode::FORBIDDEN.into_response()
}

async fn verify(Shared(pendo): Shared<Pendo>, headers: HeaderMap) -> Response {
    let key = headers.get(KEY_HEADER).map(|key| key.as_bytes());
    let write = key == Some(pendo.key().as_bytes());
    json_answer(StatusCode::OK, json!({"valid": true, "writeAccess": write}))
}

async fn not_found() -> Response {
    text_answer(StatusCode::NOT_FOUND, "404 page not found\n")
}

fn json_answer(status: StatusCode, body: Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn text_answer(status: StatusCode, text: &str) -> Response {
    let text = Bytes::copy_from_slice(text.as_bytes());
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
