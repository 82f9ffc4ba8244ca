//! Reading the schema, creating and deleting fields.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::state::{Field, Kind, Schema};
use super::{Pendo, json_answer, not_found, text_answer};

const FIELDS_PER_CALL: usize = 24;
const TYPES: [&str; 4] = ["string", "number", "time", "boolean"];

pub(super) async fn read(Shared(pendo): Shared<Pendo>, Path(kind): Path<String>) -> Response {
    match pendo.schema(&kind) {
        Some(schema) => json_answer(StatusCode::OK, schema),
        None => not_found().await,
    }
}

/// The schema as the API shows it: empty groups are left out.
pub(super) fn render(schema: &Schema) -> Value {
    let groups = schema.iter().filter(|(_, fields)| !fields.is_empty());
    let groups = groups.map(|(group, fields)| {
        let fields = fields.iter().map(|(name, field)| (name.clone(), render_field(field)));
        (group.clone(), Value::Object(fields.collect()))
    });
    Value::Object(groups.collect())
}

fn render_field(field: &Field) -> Value {
    let mut shown = Map::new();
    shown.insert("Type".into(), json!(field.data_type));
    shown.insert("DisplayName".into(), json!(field.display));
    if let Some(element) = field.element_type {
        shown.insert("ElementType".into(), json!(element));
    }
    if field.deleted {
        shown.insert("isDeleted".into(), json!(true));
    }
    Value::Object(shown)
}

#[derive(Deserialize, Serialize)]
struct NewField {
    name: String,
    displayname: Option<String>,
    r#type: String,
}

pub(super) async fn create(
    Shared(pendo): Shared<Pendo>,
    Path((kind, group)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let Some(kind) = Kind::parse(&kind) else {
        return not_found().await;
    };
    if !matches!(group.as_str(), "agent" | "custom") {
        return text_answer(StatusCode::BAD_REQUEST, "fields belong to agent or custom");
    }
    let wanted: Vec<NewField> = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => return text_answer(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    if wanted.is_empty() || wanted.len() > FIELDS_PER_CALL {
        return text_answer(StatusCode::BAD_REQUEST, "between 1 and 24 fields a call");
    }
    if let Some(bad) = wanted.iter().find(|field| !is_valid(field)) {
        let message = format!("field {}: bad name or type", bad.name);
        return json_answer(StatusCode::UNPROCESSABLE_ENTITY, json!({"message": message}));
    }
    let mut state = pendo.state();
    let fields = state.schema_mut(kind).entry(group).or_default();
    let outcomes: Vec<_> = wanted.iter().map(|field| (field, make(fields, field))).collect();
    answer(&pendo.options().schema_array, &outcomes)
}

fn is_valid(field: &NewField) -> bool {
    let mut letters = field.name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && TYPES.contains(&field.r#type.as_str())
}

/// The status word of one wanted field.
fn make(fields: &mut BTreeMap<String, Field>, wanted: &NewField) -> &'static str {
    let name = wanted.name.to_lowercase();
    match fields.get_mut(&name) {
        Some(field) if field.deleted => {
            field.deleted = false;
            "undeleted"
        }
        Some(_) => "failed",
        None => {
            let display = wanted.displayname.as_deref().unwrap_or(&wanted.name);
            // Reads know two kinds of number, creation only one.
            let data_type = if wanted.r#type == "number" { "float" } else { &wanted.r#type };
            fields.insert(name, Field { typed: true, ..Field::new(display, data_type) });
            "created"
        }
    }
}

fn answer(array: &str, outcomes: &[(&NewField, &str)]) -> Response {
    let count = |word: &str| outcomes.iter().filter(|(_, status)| *status == word).count();
    let (created, failed, undeleted) = (count("created"), count("failed"), count("undeleted"));
    let items = outcomes.iter().map(|(field, status)| {
        let mut item = json!({"schema": field, "status": status});
        if *status == "failed" {
            item["error"] = json!({"message": "already exists"});
        }
        item
    });
    let mut summary = json!({"created": created, "failed": failed, "total": outcomes.len()});
    if undeleted > 0 {
        summary["undeleted"] = json!(undeleted);
    }
    let status = match failed {
        0 => StatusCode::CREATED,
        all if all == outcomes.len() => StatusCode::CONFLICT,
        _ => StatusCode::MULTI_STATUS,
    };
    json_answer(status, json!({array: items.collect::<Vec<_>>(), "summary": summary}))
}

pub(super) async fn remove(
    Shared(pendo): Shared<Pendo>,
    Path((kind, group, field)): Path<(String, String, String)>,
) -> Response {
    let Some(kind) = Kind::parse(&kind) else {
        return not_found().await;
    };
    if !matches!(group.as_str(), "agent" | "custom") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut state = pendo.state();
    let fields = state.schema_mut(kind).entry(group).or_default();
    match fields.get_mut(&field.to_lowercase()) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(field) if field.deleted => StatusCode::ACCEPTED.into_response(),
        Some(field) => {
            field.deleted = true;
            StatusCode::OK.into_response()
        }
    }
}
