//! Event hook endpoints. Unlike Okta, which wants https, the sandbox calls `http` on loopback, and
//! nothing else: it never leaves the machine.

use std::collections::VecDeque;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Map, Value};

use super::delivery::verify;
use super::{Hook, Secret, position};
use crate::okta::call::{Call, object};
use crate::okta::error::{Answer, OktaError};
use crate::okta::log::{Event, Target};
use crate::okta::{OktaOrg, now, users};

const MOST_ACTIVE: usize = 25;
const MOST_TYPES: usize = 300;

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Json<Value> {
    Json(org.read().hooks.values().map(|hook| hook.json(&call.origin)).collect())
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let hook = &state.hooks[&position(&state, &id)?];
    Ok(Json(hook.json(&call.origin)).into_response())
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let given = Given::read(&object(&body)?)?;
    let mut change = org.change(&call);
    let hooks = &change.hooks;
    if hooks.values().filter(|hook| hook.is_active).count() >= MOST_ACTIVE {
        let cause = format!("At most {MOST_ACTIVE} active event hooks are allowed.");
        return Err(OktaError::validation("eventHook", cause));
    }
    let hook = given.into_hook(change.next_id);
    let answer = Json(hook.json(&call.origin)).into_response();
    change.apply(event("event_hook.created", &hook), |state| {
        state.next_id += 1;
        state.hooks.insert(hook.position, hook);
    });
    Ok(answer)
}

// Another address has to be verified anew.
pub(crate) async fn replace(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let given = Given::read(&object(&body)?)?;
    let mut change = org.change(&call);
    let at = position(&change, &id)?;
    let before = change.hooks[&at].clone();
    let same_channel = (&before.uri, &before.headers) == (&given.uri, &given.headers)
        && given.secret.as_ref().is_none_or(|new| {
            before
                .secret
                .as_ref()
                .is_some_and(|old| (&old.key, &old.value) == (&new.key, &new.value))
        });
    let hook = Hook {
        is_verified: before.is_verified && same_channel,
        name: given.name,
        description: given.description,
        last_updated: now(),
        items: given.items,
        uri: given.uri,
        headers: given.headers,
        secret: given.secret.or(before.secret.clone()),
        ..before
    };
    Ok(save(&mut change, hook, "event_hook.updated", &call))
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let at = position(&change, &id)?;
    let hook = &change.hooks[&at];
    if hook.is_active {
        let cause = "The event hook must be deactivated before deletion.";
        return Err(OktaError::validation("eventHook", cause));
    }
    let event = event("event_hook.deleted", hook);
    change.apply(event, |state| state.hooks.remove(&at));
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn lifecycle(
    Shared(org): Shared<OktaOrg>,
    Path((id, what)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let hook = {
        let state = org.read();
        state.hooks[&position(&state, &id)?].clone()
    };
    let (kind, hook) = match what.as_str() {
        "activate" => ("event_hook.activated", Hook { is_active: true, ..hook }),
        "deactivate" => ("event_hook.deactivated", Hook { is_active: false, ..hook }),
        "verify" => {
            let refused = |cause: String| OktaError::validation("eventHook", cause);
            verify(&hook).await.map_err(refused)?;
            ("event_hook.verified", Hook { is_verified: true, ..hook })
        }
        _ => return Err(OktaError::no_such_path()),
    };
    let mut change = org.change(&call);
    // It may be gone since, and events may have come for it.
    let at = position(&change, &id)?;
    let now_kept = &change.hooks[&at];
    let (waiting, is_delivering) = (now_kept.waiting.clone(), now_kept.is_delivering);
    let hook = Hook { last_updated: now(), waiting, is_delivering, ..hook };
    Ok(save(&mut change, hook, kind, &call))
}

fn save(
    change: &mut crate::okta::change::Change<'_>,
    hook: Hook,
    kind: &'static str,
    call: &Call,
) -> axum::response::Response {
    let answer = Json(hook.json(&call.origin)).into_response();
    change.apply(event(kind, &hook), |state| state.hooks.insert(hook.position, hook));
    answer
}

fn event(kind: &'static str, hook: &Hook) -> Event {
    Event::new(kind, [Target::new("EventHook", hook.id(), "unknown", hook.name.clone())])
}

struct Given {
    name: String,
    description: Value,
    items: Vec<String>,
    uri: String,
    headers: Vec<(String, String)>,
    secret: Option<Secret>,
}

impl Given {
    fn read(body: &Map<String, Value>) -> Result<Self, OktaError> {
        let body = Value::Object(body.clone());
        let name = required(&body["name"], "name")?;
        let config = &body["channel"]["config"];
        let uri = required(&config["uri"], "channel.config.uri")?;
        let items = body["events"]["items"].as_array();
        let items: Vec<String> =
            items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        if items.is_empty() || items.len() > MOST_TYPES {
            let cause = format!("events.items: must be between 1 and {MOST_TYPES} event types");
            return Err(OktaError::validation("events", cause));
        }
        check_address(&uri)?;
        items.iter().try_for_each(|item| check_type(item))?;
        let headers = config["headers"].as_array().into_iter().flatten();
        let pair = |header: &Value| Some((text(&header["key"])?, text(&header["value"])?));
        let scheme = &config["authScheme"];
        let secret = text(&scheme["key"]).zip(text(&scheme["value"]));
        Ok(Self {
            name,
            description: body["description"].clone(),
            items,
            uri,
            headers: headers.filter_map(pair).collect(),
            secret: secret.map(|(key, value)| Secret { key, value }),
        })
    }

    fn into_hook(self, position: u64) -> Hook {
        let now = now();
        Hook {
            position,
            is_active: true,
            is_verified: false,
            name: self.name,
            description: self.description,
            created: now.clone(),
            created_by: users::id(0),
            last_updated: now,
            items: self.items,
            uri: self.uri,
            headers: self.headers,
            secret: self.secret,
            waiting: VecDeque::new(),
            is_delivering: false,
        }
    }
}

/// The event types that an event hook may be told of, of all that the System Log has.
const TYPES: &str = include_str!("event_types.txt");

fn check_type(item: &str) -> Result<(), OktaError> {
    match TYPES.lines().any(|known| known == item) {
        true => Ok(()),
        false => {
            let cause =
                format!("events.items: `{item}` is no event type that event hooks are told of");
            Err(OktaError::validation("events", cause))
        }
    }
}

fn check_address(uri: &str) -> Result<(), OktaError> {
    let url = url::Url::parse(uri).ok();
    match url.is_some_and(|url| url.scheme() == "https") || super::delivery::is_local(uri) {
        true => Ok(()),
        false => {
            let cause = format!("channel.config.uri: `{uri}` must be an https address");
            Err(OktaError::validation("channel.config.uri", cause))
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn required(value: &Value, field: &str) -> Result<String, OktaError> {
    let given = text(value).filter(|text| !text.is_empty());
    given.ok_or_else(|| {
        OktaError::validation(field, format!("{field}: The field cannot be left blank"))
    })
}
