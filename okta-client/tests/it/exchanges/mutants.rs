//! Answers as they may come tomorrow, made from each recorded one.

use serde_json::{Map, Value, json};

/// Each recorded body as it would be with values nobody knows yet, nulls, and members more or less.
pub(crate) fn of(body: &str) -> Vec<(&'static str, String)> {
    let body: Value = serde_json::from_str(body).unwrap();
    [
        ("an unknown value", changed_document(&body, &unknown_value)),
        ("nulls", changed_document(&body, &null)),
        ("members that are null", with_null_members(&body)),
        ("unknown members", with_more_members(&body)),
        ("nothing but ids", with_ids_only(&body)),
        ("without its first member", without_nth_member(&body, 0)),
        ("without its third member", without_nth_member(&body, 2)),
        ("without its last member", without_nth_member(&body, usize::MAX)),
    ]
    .map(|(what, value)| (what, value.to_string()))
    .to_vec()
}

/// Every leaf but the ids, changed. A document without members has no leaves. A value within a list
/// becomes no null: Okta's lists hold none, nor do its schemas allow any.
fn changed_document(value: &Value, change: &dyn Fn(&Value) -> Value) -> Value {
    let is_empty = value.as_object().is_some_and(Map::is_empty) || *value == json!([]);
    if is_empty { value.clone() } else { changed(value, change) }
}

fn changed(value: &Value, change: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(name, value)| match is_kept(name) {
                true => (name.clone(), value.clone()),
                false => (name.clone(), changed(value, change)),
            })
            .collect(),
        Value::Array(items) if !items.is_empty() => {
            let not_null = |item: &Value| match changed(item, change) {
                Value::Null => item.clone(),
                other => other,
            };
            items.iter().map(not_null).collect()
        }
        leaf => change(leaf),
    }
}

/// Ids stay, and so do links: a relation whose link is null is none.
fn is_kept(name: &str) -> bool {
    matches!(name, "id" | "uuid" | "errorCode" | "_links" | "_embedded")
}

/// What Okta writes in capitals is a value of an enumeration.
fn unknown_value(leaf: &Value) -> Value {
    let is_constant = |text: &str| {
        text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    match leaf.as_str() {
        Some(text) if is_constant(text) => json!("FROM_TOMORROW"),
        _ => leaf.clone(),
    }
}

fn null(_: &Value) -> Value {
    Value::Null
}

fn with_null_members(value: &Value) -> Value {
    each_document(value, &|members| {
        let null = |(name, value): (&String, &Value)| {
            (name.clone(), if is_kept(name) { value.clone() } else { Value::Null })
        };
        members.iter().map(null).collect()
    })
}

fn with_more_members(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut more: Map<String, Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), with_more_members(value)))
                .collect();
            if !members.contains_key("href") {
                more.insert("fromTomorrow".into(), json!({"list": [1, null, {"a": 1.5}], "b": {}}));
                more.insert("andNull".into(), Value::Null);
            }
            Value::Object(more)
        }
        Value::Array(items) => items.iter().map(with_more_members).collect(),
        leaf => leaf.clone(),
    }
}

/// The document, or each item of a list, with its id alone.
fn with_ids_only(value: &Value) -> Value {
    each_document(value, &|members| {
        members
            .iter()
            .filter(|(name, _)| is_kept(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    })
}

fn without_nth_member(value: &Value, nth: usize) -> Value {
    each_document(value, &|members| {
        let nth = nth.min(members.len().saturating_sub(1));
        let others = members.iter().enumerate();
        let others = others.filter(|(at, (name, _))| *at != nth || is_kept(name));
        others.map(|(_, (name, value))| (name.clone(), value.clone())).collect()
    })
}

type Members = Map<String, Value>;

fn each_document(value: &Value, change: &dyn Fn(&Members) -> Members) -> Value {
    match value {
        Value::Object(members) => Value::Object(change(members)),
        Value::Array(items) => items.iter().map(|item| each_document(item, change)).collect(),
        leaf => leaf.clone(),
    }
}
