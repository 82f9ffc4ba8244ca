//! One visitor or account, and the ids in paths.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::state::{Kind, State};
use super::{Pendo, json_answer};

const BASE64_HEADER: &str = "x-pendo-base64-encoded-params";
const FIRST_VISIT: u64 = 1_735_689_600_000;
const DAY: u64 = 86_400_000;

pub(super) async fn visitor(
    Shared(pendo): Shared<Pendo>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    get(&pendo, Kind::Visitor, &plain_id(&id, &headers))
}

pub(super) async fn account(
    Shared(pendo): Shared<Pendo>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    get(&pendo, Kind::Account, &plain_id(&id, &headers))
}

/// An id in base64 is only taken as one when the header says so; otherwise it is literal.
pub(super) fn plain_id(id: &str, headers: &HeaderMap) -> String {
    let encoded = headers.get(BASE64_HEADER).is_some_and(|on| on.as_bytes() == b"true");
    let bytes = id.strip_prefix("b64_").filter(|_| encoded).and_then(|id| {
        let padded = URL_SAFE.decode(id);
        padded.or_else(|_| URL_SAFE_NO_PAD.decode(id)).ok()
    });
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| id.to_owned())
}

/// The answer for an id that Pendo does not know.
pub(super) fn unknown(pendo: &Pendo) -> Response {
    if pendo.options().unknown_entity_json {
        return json_answer(StatusCode::NOT_FOUND, json!({"message": "no such entity found"}));
    }
    StatusCode::NOT_FOUND.into_response()
}

fn get(pendo: &Pendo, kind: Kind, id: &str) -> Response {
    let id = pendo.stored_id(kind, id);
    let state = pendo.state();
    if !pendo.knows(&state, kind, &id) {
        return unknown(pendo);
    }
    let metadata = metadata(pendo, &state, kind, &id);
    let mut body = json!({"id": id, "metadata": metadata});
    if kind == Kind::Visitor {
        body["accountIds"] = json!(account_of(pendo, &id).into_iter().collect::<Vec<_>>());
    }
    json_answer(StatusCode::OK, body)
}

/// All metadata groups, those that Pendo fills by itself included.
pub(super) fn metadata(pendo: &Pendo, state: &State, kind: Kind, id: &str) -> Value {
    let mut groups = Map::new();
    groups.insert("auto".into(), Value::Object(auto(pendo, kind, id)));
    for (group, values) in state.entities(kind).get(id).into_iter().flatten() {
        groups.insert(group.clone(), Value::Object(values.clone()));
    }
    Value::Object(groups)
}

/// What Pendo knows by itself: nothing but the id for somebody who never visited.
pub(super) fn auto(pendo: &Pendo, kind: Kind, id: &str) -> Map<String, Value> {
    let mut auto = Map::from_iter([("id".to_owned(), json!(id))]);
    let visited = match kind {
        Kind::Visitor => pendo.person(id),
        Kind::Account => pendo.options().accounts.iter().position(|a| a == id).map(|i| i as u64),
    };
    let Some(index) = visited else { return auto };
    auto.insert("firstvisit".into(), json!(FIRST_VISIT + index % 300 * DAY));
    auto.insert("lastvisit".into(), json!(FIRST_VISIT + (index % 300 + 100) * DAY));
    if let Some(account) = account_of(pendo, id).filter(|_| kind == Kind::Visitor) {
        auto.insert("accountids".into(), json!([account]));
        auto.insert("accountid".into(), json!(account));
    }
    auto
}

fn account_of<'a>(pendo: &'a Pendo, visitor: &str) -> Option<&'a String> {
    let accounts = &pendo.options().accounts;
    let index = pendo.person(visitor)?;
    accounts.get(index.checked_rem(accounts.len() as u64)? as usize)
}
