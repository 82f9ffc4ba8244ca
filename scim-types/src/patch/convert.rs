use serde_json::{Map, Value};

use super::error::PatchError;
use super::same::is_unassigned;
use crate::instant::instant;
use crate::schema::{Attribute, AttributeKind};
use crate::{Mode, ScimType};

/// The value of a whole attribute, checked against its type; `null` becomes no value.
pub(super) fn whole(
    value: &Value,
    attribute: Option<&Attribute>,
    mode: Mode,
) -> Result<Value, PatchError> {
    let Some(attribute) = attribute else { return Ok(value.clone()) };
    match (attribute.multi_valued, value) {
        (_, Value::Null) => Ok(Value::Null),
        (false, value) => one(value, attribute, mode),
        (true, Value::Array(elements)) => list(elements, attribute, mode),
        (true, single) if mode == Mode::Tolerant => {
            list(std::slice::from_ref(single), attribute, mode)
        }
        (true, _) => Err(wrong(attribute, "a list")),
    }
}

fn list(elements: &[Value], attribute: &Attribute, mode: Mode) -> Result<Value, PatchError> {
    let given = elements.iter().filter(|element| !is_unassigned(element));
    let found: Vec<Value> = given.map(|e| one(e, attribute, mode)).collect::<Result<_, _>>()?;
    if found.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(two_primaries(&attribute.name));
    }
    Ok(Value::Array(found))
}

/// A single value, or one element of a list.
pub(super) fn one(value: &Value, attribute: &Attribute, mode: Mode) -> Result<Value, PatchError> {
    let kind = &attribute.kind;
    match (kind, value) {
        (AttributeKind::Complex, Value::Object(object)) => complex(object, attribute, mode),
        (AttributeKind::DateTime, Value::String(text)) if instant(text).is_none() => {
            Err(wrong(attribute, "a date and time such as 2026-01-31T00:00:00Z"))
        }
        (AttributeKind::Other(_), _) => Ok(value.clone()),
        _ if fits(kind, value) => Ok(value.clone()),
        _ if mode == Mode::Tolerant => meant(value, attribute),
        _ => Err(wrong(attribute, shown(kind))),
    }
}

pub(crate) fn fits(kind: &AttributeKind, value: &Value) -> bool {
    match kind {
        AttributeKind::Boolean => value.is_boolean(),
        AttributeKind::Integer => value.is_i64() || value.is_u64(),
        AttributeKind::Decimal => value.is_number(),
        AttributeKind::Complex => value.is_object(),
        AttributeKind::Other(_) => true,
        _ => value.is_string(),
    }
}

// Entra and its kin: booleans and numbers as text, texts as numbers, a bare id or a serialised object where an
// object belongs, `[{"value": "x"}]` for a single value.
fn meant(value: &Value, attribute: &Attribute) -> Result<Value, PatchError> {
    let kind = &attribute.kind;
    let text = value.as_str().map(str::trim);
    let found = match (kind, text) {
        (AttributeKind::Boolean, Some(text)) => {
            text.to_ascii_lowercase().parse().ok().map(Value::Bool)
        }
        (AttributeKind::Integer | AttributeKind::Decimal, Some(text)) => {
            serde_json::from_str(text).ok()
        }
        (AttributeKind::Complex, Some(text)) => Some(object_of(text)),
        (AttributeKind::Text, None) if value.is_number() => Some(value.to_string().into()),
        _ => only_value(value).cloned(),
    };
    match found.filter(|found| fits(kind, found)) {
        Some(found) => one(&found, attribute, Mode::Strict),
        None => Err(wrong(attribute, shown(kind))),
    }
}

fn object_of(text: &str) -> Value {
    let parsed = serde_json::from_str(text).ok().filter(Value::is_object);
    parsed.unwrap_or_else(|| Value::Object(Map::from_iter([("value".to_owned(), text.into())])))
}

fn only_value(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(elements) if elements.len() == 1 => only_value(elements.first()?),
        Value::Object(object) => object.get("value"),
        other => Some(other),
    }
}

fn complex(
    object: &Map<String, Value>,
    attribute: &Attribute,
    mode: Mode,
) -> Result<Value, PatchError> {
    if mode == Mode::Tolerant
        && object.len() == 1
        && let Some(text) = object.get("value").and_then(Value::as_str)
        && text.starts_with('{')
    {
        return complex(object_of(text).as_object().unwrap_or(object), attribute, Mode::Strict);
    }
    let mut found = Map::new();
    for (name, value) in object {
        match attribute.sub_attribute(name) {
            _ if value.is_null() => continue,
            None => found.insert(name.clone(), value.clone()),
            Some(sub) => found.insert(sub.name.clone(), whole(value, Some(sub), mode)?),
        };
    }
    Ok(Value::Object(found))
}

pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

pub(super) fn two_primaries(name: &str) -> PatchError {
    PatchError::new(ScimType::InvalidValue, format!("more than one element of `{name}` is primary"))
}

fn wrong(attribute: &Attribute, expected: &str) -> PatchError {
    PatchError::new(ScimType::InvalidValue, format!("`{}` takes {expected}", attribute.name))
}

pub(crate) fn shown(kind: &AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Boolean => "true or false",
        AttributeKind::Integer => "a whole number",
        AttributeKind::Decimal => "a number",
        AttributeKind::Complex => "an object",
        _ => "a text",
    }
}
