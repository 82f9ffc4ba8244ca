//! One value of one visitor or account, and what a value may be.

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::entity::{auto, plain_id, unknown};
use super::options::Nulls;
use super::state::{Entity, Field, Kind, State};
use super::{Pendo, PendoOptions, json_answer, not_found, text_answer};

type Place = (String, String, String, String);

pub(super) async fn read(
    Shared(pendo): Shared<Pendo>,
    Path((kind, group, id, field)): Path<Place>,
    headers: HeaderMap,
) -> Response {
    let Some(kind) = Kind::parse(&kind) else {
        return not_found().await;
    };
    let id = pendo.stored_id(kind, &plain_id(&id, &headers));
    let state = pendo.state();
    if !pendo.knows(&state, kind, &id) {
        return unknown(&pendo);
    }
    let field = field.to_lowercase();
    let value = match group.as_str() {
        "auto" => auto(&pendo, kind, &id).remove(&field),
        _ => state.value(kind, &id, &group, &field).cloned(),
    };
    match value {
        Some(value) => json_answer(StatusCode::OK, value),
        None if pendo.options().unset_is_null => json_answer(StatusCode::OK, Value::Null),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn write(
    Shared(pendo): Shared<Pendo>,
    Path((kind, group, id, field)): Path<Place>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(kind) = Kind::parse(&kind) else {
        return not_found().await;
    };
    let id = pendo.stored_id(kind, &plain_id(&id, &headers));
    let Ok(value) = serde_json::from_slice::<Value>(&body) else {
        return text_answer(StatusCode::BAD_REQUEST, "the body must be one JSON value");
    };
    let mut state = pendo.state();
    if !pendo.knows(&state, kind, &id) {
        return unknown(&pendo);
    }
    set_one(&pendo, &mut state, kind, &id, &group, &field, value)
}

fn set_one(
    pendo: &Pendo,
    state: &mut State,
    kind: Kind,
    id: &str,
    group: &str,
    field: &str,
    value: Value,
) -> Response {
    let options = pendo.options();
    if group == "pendo" && field == "blacklistguides" && !options.guide_exclude_list {
        return text_answer(StatusCode::BAD_REQUEST, "the guide exclude list is not turned on");
    }
    let known = matches!(group, "agent" | "custom" | "pendo");
    let writable = known || (group == "okta" && options.okta_group);
    if !writable {
        return text_answer(StatusCode::BAD_REQUEST, "not a writable group");
    }
    let name = field.to_lowercase();
    let fields = state.schema_mut(kind).entry(group.to_owned()).or_default();
    if !fields.contains_key(&name) && group == "custom" {
        fields.insert(name.clone(), Field::new(field, &options.made_field_type));
    }
    let Some(known) = fields.get(&name).filter(|field| !field.deleted) else {
        return text_answer(StatusCode::NOT_FOUND, "no such field in Data Mappings");
    };
    if group == "pendo" && !value.is_boolean() {
        return text_answer(StatusCode::BAD_REQUEST, "true or false");
    }
    if let Err(message) = check(options, known, &value) {
        return text_answer(StatusCode::BAD_REQUEST, message);
    }
    let entity = state.entities_mut(kind).entry(id.to_owned()).or_default();
    store(options, entity, group, Map::from_iter([(name, value)]));
    StatusCode::OK.into_response()
}

/// Whether this field takes this value.
pub(super) fn check(
    options: &PendoOptions,
    field: &Field,
    value: &Value,
) -> Result<(), &'static str> {
    match value {
        Value::Null if options.nulls == Nulls::Refuse => return Err("null is not a value"),
        Value::Null => return Ok(()),
        Value::Object(_) => return Err("an object is not a value"),
        // No creation type says list, so only the switch decides.
        Value::Array(_) if options.take_lists => return Ok(()),
        Value::Array(_) => return Err("a list is not a value"),
        _ if !field.typed => return Ok(()),
        _ => {}
    }
    let fits = match field.data_type.as_str() {
        "boolean" => value.is_boolean(),
        "float" | "integer" => value.is_number(),
        "time" => value.is_number() || value.is_string(),
        _ => value.is_string(),
    };
    if fits { Ok(()) } else { Err("the value does not have the type of the field") }
}

/// Merges checked values, field names in lower case, into a group.
pub(super) fn store(
    options: &PendoOptions,
    entity: &mut Entity,
    group: &str,
    values: Map<String, Value>,
) {
    let group = entity.entry(group.to_owned()).or_default();
    for (name, value) in values {
        match value {
            Value::Null if options.nulls == Nulls::Clear => drop(group.remove(&name)),
            Value::Null => {}
            value => drop(group.insert(name, value)),
        }
    }
}
