use serde_json::{Map, Value};

use super::apply::may_not_change;
use super::error::PatchError;
use super::same::is_unassigned;
use crate::instant::instant;
use crate::read::{member, name_twice};
use crate::schema::{Attribute, AttributeKind};
use crate::{Mode, ScimType};

/// The value of a whole attribute, checked against its type. Of one complex value the `null`s stay:
/// each clears its sub-attribute.
pub(super) fn whole(
    value: &Value,
    attribute: Option<&Attribute>,
    mode: Mode,
) -> Result<Value, PatchError> {
    let Some(attribute) = attribute else {
        value.as_object().map_or(Ok(()), each_name_once)?;
        return Ok(value.clone());
    };
    // What nobody may write is not of a wrong type.
    typed(value, attribute, mode)
        .map_err(|error| if attribute.is_read_only() { may_not_change(attribute) } else { error })
}

fn typed(value: &Value, attribute: &Attribute, mode: Mode) -> Result<Value, PatchError> {
    match (attribute.multi_valued, value) {
        (_, Value::Null) => Ok(Value::Null),
        (false, value) => single(value, attribute, mode, Nulls::Kept),
        (true, Value::Array(elements)) => list(elements, attribute, mode),
        (true, single) if mode == Mode::Tolerant => {
            list(std::slice::from_ref(single), attribute, mode)
        }
        (true, _) => Err(wrong(attribute, "a list")),
    }
}

fn list(elements: &[Value], attribute: &Attribute, mode: Mode) -> Result<Value, PatchError> {
    let given = elements.iter().filter(|element| !is_unassigned(element));
    let mut found: Vec<Value> = given.map(|e| one(e, attribute, mode)).collect::<Result<_, _>>()?;
    found.retain(|element| !element.is_null());
    if found.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(two_primaries(&attribute.name));
    }
    Ok(Value::Array(found))
}

/// One element of a list; what is `null` in it is left out.
pub(super) fn one(value: &Value, attribute: &Attribute, mode: Mode) -> Result<Value, PatchError> {
    single(value, attribute, mode, Nulls::LeftOut)
}

/// A body or a complex value that gives a name twice is refused: names have no case.
pub(super) fn each_name_once(object: &Map<String, Value>) -> Result<(), PatchError> {
    let Some(name) = name_twice(object) else { return Ok(()) };
    let detail = format!("`{name}` is given twice; names have no case");
    Err(PatchError::new(ScimType::InvalidSyntax, detail))
}

#[derive(Clone, Copy, PartialEq)]
enum Nulls {
    Kept,
    LeftOut,
}

fn single(
    value: &Value,
    attribute: &Attribute,
    mode: Mode,
    nulls: Nulls,
) -> Result<Value, PatchError> {
    let kind = &attribute.kind;
    match (kind, value) {
        (AttributeKind::Complex, Value::Object(object)) => complex(object, attribute, mode, nulls),
        (AttributeKind::DateTime, Value::String(text)) if instant(text).is_none() => {
            Err(wrong(attribute, "a date and time such as 2026-01-31T00:00:00Z"))
        }
        (AttributeKind::Other(_), _) => Ok(value.clone()),
        _ if fits(kind, value) => Ok(value.clone()),
        _ if mode == Mode::Tolerant => meant(value, attribute, nulls),
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
// object belongs, an empty text for no object, `[{"value": "x"}]` for a single value.
fn meant(value: &Value, attribute: &Attribute, nulls: Nulls) -> Result<Value, PatchError> {
    let kind = &attribute.kind;
    if let Some(inner) = only_value(value, attribute) {
        return single(inner, attribute, Mode::Tolerant, nulls);
    }
    let text = value.as_str().map(str::trim);
    let found = match (kind, text) {
        (AttributeKind::Boolean, Some(text)) => {
            text.to_ascii_lowercase().parse().ok().map(Value::Bool)
        }
        (AttributeKind::Integer | AttributeKind::Decimal, Some(text)) => {
            serde_json::from_str(text).ok()
        }
        (AttributeKind::Complex, Some("")) => return Ok(Value::Null),
        (AttributeKind::Complex, Some(text)) => Some(object_of(text)),
        (AttributeKind::Text, None) if value.is_number() => Some(value.to_string().into()),
        _ => None,
    };
    match found.filter(|found| fits(kind, found)) {
        Some(found) => single(&found, attribute, Mode::Strict, nulls),
        None => Err(wrong(attribute, shown(kind))),
    }
}

fn object_of(text: &str) -> Value {
    let parsed = serde_json::from_str(text).ok().filter(Value::is_object);
    parsed.unwrap_or_else(|| Value::Object(Map::from_iter([("value".to_owned(), text.into())])))
}

// What is wrapped in a list of one, or in an object where none belongs.
fn only_value<'a>(value: &'a Value, attribute: &Attribute) -> Option<&'a Value> {
    match value {
        Value::Array(elements) if elements.len() == 1 => elements.first(),
        Value::Object(object) if !attribute.is_complex() => member(object, "value"),
        _ => None,
    }
}

fn complex(
    object: &Map<String, Value>,
    attribute: &Attribute,
    mode: Mode,
    nulls: Nulls,
) -> Result<Value, PatchError> {
    if mode == Mode::Tolerant
        && object.len() == 1
        && let Some(text) = member(object, "value").and_then(Value::as_str)
        && text.starts_with('{')
    {
        let meant = object_of(text);
        return complex(meant.as_object().unwrap_or(object), attribute, Mode::Strict, nulls);
    }
    each_name_once(object)?;
    let mut found = Map::new();
    for (name, value) in object {
        match attribute.sub_attribute(name) {
            _ if value.is_null() && nulls == Nulls::LeftOut => continue,
            // Tolerated, as everything else that only the server says is when it says nothing.
            Some(sub) if value.is_null() && sub.is_read_only() && mode == Mode::Tolerant => {
                continue;
            }
            None => found.insert(name.clone(), value.clone()),
            Some(sub) => found.insert(sub.name.clone(), whole(value, Some(sub), mode)?),
        };
    }
    Ok(Value::Object(found))
}

pub(crate) fn is_primary(element: &Value) -> bool {
    let primary = element.as_object().and_then(|object| member(object, "primary"));
    primary == Some(&Value::Bool(true))
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
