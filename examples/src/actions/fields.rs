//! The org's own schema: which attributes people have, and values by their types.

use okta_client::{AttributeType, Mutability, Okta, Schema, SchemaAttribute};
use serde_json::{Map, Value, json};

use super::{ActionError, Answer};

pub(super) async fn list(okta: &Okta) -> Result<Vec<Answer>, ActionError> {
    let schema = okta.schemas().user("default").await?;
    Ok(schema.attributes().iter().map(answer).collect())
}

fn answer(attribute: &SchemaAttribute) -> Answer {
    let choices: Vec<Value> = attribute.choices.iter().map(|choice| choice.value.clone()).collect();
    let field = json!({
        "name": attribute.name,
        "title": attribute.title,
        "type": attribute.attribute_type.as_str(),
        "items": attribute.item_type.as_ref().map(AttributeType::as_str),
        "format": attribute.format,
        "required": attribute.required,
        "custom": attribute.custom,
        "read_only": attribute.mutability == Some(Mutability::ReadOnly),
        "choices": choices,
    });
    Answer::new("field", &field)
}

pub(super) fn row(field: &Answer) -> String {
    let is = |name: &str| field.members.get(name) == Some(&Value::Bool(true));
    let required = if is("required") { "required" } else { "" };
    let origin = if is("custom") { "custom" } else { "base" };
    let (name, kind, title) = (field.text("name"), field.text("type"), field.text("title"));
    format!("{name:<24} {kind:<10} {required:<9} {origin:<7} {title}")
}

/// The attributes that `name=value` texts name, each by its type in the schema: `skills=a,b`,
/// `isContractor=true`, `badgeNumber=7`, `title=` for no value.
///
/// # Errors
/// Names the attribute that the schema does not have, or the value that its type does not allow.
pub fn typed(schema: &Schema, texts: &[String]) -> Result<Map<String, Value>, ActionError> {
    texts.iter().map(|text| pair(schema, text)).collect()
}

fn pair(schema: &Schema, text: &str) -> Result<(String, Value), ActionError> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(invalid(format!("`{text}` sets nothing; write firstName=Ada")));
    };
    let name = name.trim();
    let Some(attribute) = schema.attribute(name) else {
        let close = schema.attributes().into_iter().find(|one| one.name.eq_ignore_ascii_case(name));
        let advice = close.map_or("fields shows those it has".to_owned(), |one| {
            format!("did you mean `{}`? Names are case-sensitive", one.name)
        });
        return Err(invalid(format!("the user schema has no attribute `{name}`; {advice}")));
    };
    let kind = &attribute.attribute_type;
    let value = read(value, kind, attribute.item_type.as_ref())
        .ok_or_else(|| invalid(format!("`{value}` is no {} for `{name}`", kind.as_str())))?;
    Ok((name.to_owned(), value))
}

fn read(text: &str, kind: &AttributeType, item: Option<&AttributeType>) -> Option<Value> {
    let json = || serde_json::from_str::<Value>(text).ok();
    match kind {
        _ if text.is_empty() => Some(Value::Null),
        AttributeType::String => Some(text.into()),
        AttributeType::Integer => json().filter(|value| value.is_i64() || value.is_u64()),
        AttributeType::Number => json().filter(Value::is_number),
        AttributeType::Boolean => json().filter(Value::is_boolean),
        AttributeType::Array if text.starts_with('[') => json().filter(Value::is_array),
        AttributeType::Array => {
            let item = item.unwrap_or(&AttributeType::String);
            text.split(',').map(|part| read(part.trim(), item, None)).collect()
        }
        _ => json(),
    }
}

/// The profile that a JSON text holds: an object of attributes, or one with a `profile` in it.
///
/// # Errors
/// When it is neither.
pub fn profile_of(text: &str) -> Result<Map<String, Value>, ActionError> {
    let given: Value = serde_json::from_str(text)
        .map_err(|error| invalid(format!("this is not JSON: {error}")))?;
    match given {
        Value::Object(mut object) => match object.remove("profile") {
            Some(Value::Object(profile)) => Ok(profile),
            Some(_) => Err(invalid("the member `profile` is no object".to_owned())),
            None => Ok(object),
        },
        _ => Err(invalid("a JSON object of attributes is needed".to_owned())),
    }
}

fn invalid(cause: String) -> ActionError {
    ActionError::new("invalid", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        serde_json::from_value(json!({"definitions": {"custom": {"properties": {
            "name": {"type": "string"}, "badge": {"type": "integer"}, "score": {"type": "number"},
            "external": {"type": "boolean"}, "skills": {"type": "array", "items": {"type": "string"}},
            "floors": {"type": "array", "items": {"type": "integer"}}}}}}))
        .unwrap()
    }

    fn set(text: &str) -> Result<Value, ActionError> {
        typed(&schema(), &[text.to_owned()]).map(Value::Object)
    }

    #[test]
    fn values_are_read_by_their_types() {
        for (text, expected) in [
            ("name=7", json!({"name": "7"})),
            ("name=a=b", json!({"name": "a=b"})),
            ("badge=7", json!({"badge": 7})),
            ("score=7.5", json!({"score": 7.5})),
            ("external=false", json!({"external": false})),
            ("skills=a, b", json!({"skills": ["a", "b"]})),
            (r#"skills=["a,b"]"#, json!({"skills": ["a,b"]})),
            ("floors=1,2", json!({"floors": [1, 2]})),
            ("badge=", json!({"badge": null})),
        ] {
            assert_eq!(set(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn wrong_names_and_values_are_told() {
        for (text, part) in [
            ("name", "sets nothing"),
            ("Name=x", "did you mean `name`"),
            ("nothing=x", "fields shows"),
            ("badge=7.5", "no integer"),
            ("badge=x", "no integer"),
            ("external=yes", "no boolean"),
            ("floors=1,x", "no array"),
        ] {
            let error = set(text).unwrap_err();
            assert!(error.cause.contains(part), "{text}: {error}");
            assert_eq!(error.code, "invalid");
        }
    }

    #[test]
    fn a_profile_may_stand_alone_or_in_a_user() {
        let ada = json!({"login": "ada"}).as_object().unwrap().clone();
        assert_eq!(profile_of(r#"{"login":"ada"}"#).unwrap(), ada);
        assert_eq!(profile_of(r#"{"profile":{"login":"ada"}}"#).unwrap(), ada);
        for wrong in ["", "[]", "7", r#"{"profile":7}"#, "{"] {
            assert_eq!(profile_of(wrong).unwrap_err().code, "invalid", "{wrong}");
        }
    }
}
