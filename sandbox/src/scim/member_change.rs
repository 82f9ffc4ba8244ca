//! Operations of a PATCH on the members of a group, as far as an index understands them.

use scim_types::Mode;
use scim_types::filter::{Filter, Literal, Operator};
use scim_types::patch::{Operation, OperationKind, PatchPath};
use scim_types::schema::Schemas;
use serde_json::Value;

use super::call::member;

/// What an operation does to the members.
pub(super) enum MemberChange<'a> {
    Add(&'a Value),
    Replace(&'a Value),
    Remove(Vec<&'a str>),
    Clear,
    RemoveId(String),
}

pub(super) fn is(operation: &Operation, kind: &OperationKind) -> bool {
    operation.op.as_ref().is_some_and(|op| op.as_str().eq_ignore_ascii_case(kind.as_str()))
}

pub(super) fn is_members(path: &str, schemas: &Schemas) -> bool {
    let name = match path.rsplit_once(':') {
        Some((urn, name)) if urn.eq_ignore_ascii_case(&schemas.base().id) => name,
        _ => path,
    };
    name.eq_ignore_ascii_case("members")
}

// Also where it is in no place that the index understands.
pub(super) fn mentions_members(operation: &Operation) -> bool {
    let mentions = |text: &str| text.to_ascii_lowercase().contains("members");
    let is_bag = operation.path.as_deref().is_none_or(|path| path.contains(':'));
    operation.path.as_deref().is_some_and(mentions)
        || is_bag
            && operation.value.as_ref().is_some_and(|value| {
                value.as_object().is_some_and(|bag| bag.keys().any(|key| mentions(key)))
            })
}

pub(super) fn member_change<'a>(
    operation: &'a Operation,
    schemas: &Schemas,
    mode: Mode,
) -> Option<MemberChange<'a>> {
    let value = operation.given();
    let Some(path) = operation.path.as_deref() else {
        return only_members(operation, value?);
    };
    if is_members(path, schemas) {
        return match (value, is(operation, &OperationKind::Remove)) {
            (None | Some(Value::Null), true) => Some(MemberChange::Clear),
            (Some(list), true) if mode == Mode::Tolerant => ids(list).map(MemberChange::Remove),
            (Some(list), false) => whole(operation, list),
            _ => None,
        };
    }
    match PatchPath::parse(path, schemas).ok()? {
        PatchPath::Elements { attribute, filter, sub: None }
            if is(operation, &OperationKind::Remove) && is_members(attribute.as_str(), schemas) =>
        {
            only_id(filter).map(MemberChange::RemoveId)
        }
        _ => None,
    }
}

// `{"members": [..]}` without a path.
fn only_members<'a>(operation: &Operation, value: &'a Value) -> Option<MemberChange<'a>> {
    let mut bag = value.as_object()?.iter();
    match (bag.next(), bag.next()) {
        (Some((name, list)), None) if name.eq_ignore_ascii_case("members") => {
            whole(operation, list)
        }
        _ => None,
    }
}

fn whole<'a>(operation: &Operation, list: &'a Value) -> Option<MemberChange<'a>> {
    if is(operation, &OperationKind::Add) {
        return Some(MemberChange::Add(list));
    }
    is(operation, &OperationKind::Replace).then_some(MemberChange::Replace(list))
}

fn ids<'a>(list: &'a Value) -> Option<Vec<&'a str>> {
    let id = |element: &'a Value| match element {
        Value::String(id) => Some(id.as_str()),
        Value::Object(object) => member(object, "value")?.as_str(),
        _ => None,
    };
    match list {
        Value::Array(list) => list.iter().map(id).collect(),
        one => Some(vec![id(one)?]),
    }
}

fn only_id(filter: Filter) -> Option<String> {
    match filter {
        Filter::Compare(path, Operator::Equal, Literal::Text(id))
            if path.as_str().eq_ignore_ascii_case("value") =>
        {
            Some(id)
        }
        _ => None,
    }
}

// How many members an operation names.
pub(super) fn named_members(operation: &Operation, schemas: &Schemas) -> usize {
    let length = |list: &Value| list.as_array().map_or(1, Vec::len);
    match operation.path.as_deref() {
        Some(path) if is_members(path, schemas) => operation.given().map_or(0, length),
        Some(path) => usize::from(path.to_ascii_lowercase().starts_with("members")),
        None => {
            let bag = operation.given().and_then(Value::as_object);
            bag.and_then(|bag| member(bag, "members")).map_or(0, length)
        }
    }
}
