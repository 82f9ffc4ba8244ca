//! User types, each with a schema of its own.

use std::borrow::Cow;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Call, object};
use super::error::{Answer, OktaError};
use super::log::{Event, Target};
use super::schema::Schema;
use super::state::State;
use super::{OktaOrg, ids, now};

const DEFAULT_TYPE: &str = "otysandbox0000SbX5d7";
const DEFAULT_SCHEMA: &str = "oscsandbox0000SbX5d7";
const SYSTEM: &str = "sprsandbox0000SbX5d7";
const EVENT: &str = "directory.user_profile.update";

#[derive(Clone, Debug)]
pub(crate) struct UserType {
    pub(crate) position: u64,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) description: Value,
    pub(crate) created: String,
    pub(crate) last_updated: String,
    pub(crate) by: String,
    pub(crate) schema: Schema,
}

impl Default for UserType {
    fn default() -> Self {
        let since = "2025-01-01T00:00:00.000Z".to_owned();
        Self {
            position: 0,
            name: "user".to_owned(),
            display_name: "User".to_owned(),
            description: "Okta user profile template with default permission settings".into(),
            created: since.clone(),
            last_updated: since,
            by: SYSTEM.to_owned(),
            schema: Schema::of_users(true),
        }
    }
}

/// The id of the user type at a position; 0 is the default one.
pub(crate) fn id(position: u64) -> Cow<'static, str> {
    match position {
        0 => DEFAULT_TYPE.into(),
        _ => ids::id(ids::TYPE, position).into(),
    }
}

pub(crate) fn schema_id(position: u64) -> Cow<'static, str> {
    match position {
        0 => DEFAULT_SCHEMA.into(),
        _ => ids::id(ids::SCHEMA, position).into(),
    }
}

pub(crate) fn position(state: &State, id: &str) -> Result<u64, OktaError> {
    let position = match id {
        DEFAULT_TYPE | "default" => Some(0),
        _ => ids::position(ids::TYPE, id),
    };
    let position = position.filter(|known| state.types.contains_key(known));
    position.ok_or_else(|| OktaError::not_found(id, "CVDType"))
}

/// The type that a schema's id or `default` belongs to.
pub(crate) fn of_schema(state: &State, id: &str) -> Result<u64, OktaError> {
    let position = match id {
        DEFAULT_SCHEMA | "default" => Some(0),
        _ => ids::position(ids::SCHEMA, id),
    };
    let position = position.filter(|known| state.types.contains_key(known));
    position.ok_or_else(|| OktaError::not_found(id, "Schema"))
}

impl UserType {
    fn json(&self, origin: &str) -> Value {
        let meta = format!("{origin}/api/v1/meta");
        let link = |rel: &str, href: String| json!({"rel": rel, "href": href, "method": "GET"});
        json!({
            "id": id(self.position),
            "displayName": self.display_name,
            "name": self.name,
            "description": self.description,
            "createdBy": self.by,
            "lastUpdatedBy": self.by,
            "created": self.created,
            "lastUpdated": self.last_updated,
            "default": self.position == 0,
            "_links": {
                "schema": link("schema", format!("{meta}/schemas/user/{}", schema_id(self.position))),
                "self": link("self", format!("{meta}/types/user/{}", id(self.position))),
            },
        })
    }

    fn target(&self) -> Target {
        Target::new("UserType", id(self.position), "unknown", self.name.clone())
    }
}

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Json<Value> {
    Json(org.read().types.values().map(|kind| kind.json(&call.origin)).collect())
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    Ok(Json(state.types[&position(&state, &id)?].json(&call.origin)).into_response())
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let name = text(&body, "name")?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
        let cause = "name: must be letters, digits and underscores, and not begin with a digit";
        return Err(OktaError::validation("name", cause));
    }
    if change.types.values().any(|kind| kind.name == name) {
        let cause = "name: An object with this field already exists in the current organization";
        return Err(OktaError::validation("name", cause));
    }
    let now = now();
    let kind = UserType {
        position: change.next_id,
        name,
        display_name: text(&body, "displayName")?,
        description: body.get("description").cloned().unwrap_or_default(),
        created: now.clone(),
        last_updated: now,
        by: super::users::id(0),
        schema: Schema::of_users(false),
    };
    let answer = Json(kind.json(&call.origin)).into_response();
    let event = Event::new("directory.non_default_user_profile.create", [kind.target()]);
    change.apply(event, |state| {
        state.next_id += 1;
        state.types.insert(kind.position, kind);
    });
    Ok(answer)
}

pub(crate) async fn update(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    change(&org, &id, &call, &object(&body)?, false)
}

pub(crate) async fn replace(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    change(&org, &id, &call, &object(&body)?, true)
}

// A name is given once.
fn change(
    org: &OktaOrg,
    id: &str,
    call: &Call,
    body: &Map<String, Value>,
    replaces: bool,
) -> Answer {
    let mut change = org.change(call);
    let mut kind = change.types[&position(&change, id)?].clone();
    let renamed = body.get("name").is_some_and(|name| *name != kind.name);
    if renamed || (replaces && text(body, "name")? != kind.name) {
        return Err(OktaError::validation("name", "name: cannot be changed"));
    }
    match body.get("displayName") {
        Some(_) => kind.display_name = text(body, "displayName")?,
        None if replaces => return Err(blank("displayName")),
        None => {}
    }
    if replaces || body.contains_key("description") {
        kind.description = body.get("description").cloned().unwrap_or_default();
    }
    kind.last_updated = now();
    let answer = Json(kind.json(&call.origin)).into_response();
    change.apply(Event::new(EVENT, [kind.target()]), |state| {
        state.types.insert(kind.position, kind);
    });
    Ok(answer)
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let at = position(&change, &id)?;
    if at == 0 || change.uses_type(at) {
        let cause = "The user type is the default one, or users have it.";
        return Err(OktaError::validation("type", cause));
    }
    let event = Event::new(EVENT, [change.types[&at].target()]);
    change.apply(event, |state| state.types.remove(&at));
    Ok(StatusCode::NO_CONTENT)
}

fn text(body: &Map<String, Value>, name: &str) -> Result<String, OktaError> {
    let given = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    given.map(str::to_owned).ok_or_else(|| blank(name))
}

fn blank(name: &str) -> OktaError {
    OktaError::validation(name, format!("{name}: The field cannot be left blank"))
}
