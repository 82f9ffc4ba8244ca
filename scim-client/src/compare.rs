//! How two versions of a resource differ, and whether a server shows what was asked of it.

use std::collections::HashMap;

use scim_types::schema::{Attribute, AttributeKind, Mutability, Returned, Schemas, Uniqueness};
use scim_types::{AttributePath, DateTime};
use serde_json::{Map, Value};

/// One attribute, or sub-attribute of a single complex one, that differs between two versions.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    extension: Option<&'a str>,
    name: &'a str,
    sub: Option<&'a str>,
    new: &'a Value,
}

/// How texts are compared where the schema says that case means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Another spelling is another value, unless the value is a unique name.
    Matters,
    /// A server that rewrites it has kept it.
    Ignored,
}

static NOTHING: Value = Value::Null;

/// What a client changes from `before` to `after`, in the largest parts that differ as a whole.
pub(crate) fn differences<'a>(
    before: &'a Value,
    after: &'a Value,
    schemas: &Schemas,
) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    for (name, old, new) in members(before, after) {
        if is_extension(name, old) || is_extension(name, new) {
            for (inner, old, new) in members(old, new) {
                collect(&mut found, Some(name), inner, old, new);
            }
        } else if !["schemas", "id", "meta"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            collect(&mut found, None, name, old, new);
        }
    }
    found.retain(|difference| {
        let described = difference.described(schemas);
        described.is_none_or(|attribute| attribute.mutability != Mutability::ReadOnly)
    });
    found
}

fn collect<'a>(
    found: &mut Vec<Difference<'a>>,
    extension: Option<&'a str>,
    name: &'a str,
    old: &'a Value,
    new: &'a Value,
) {
    let is_same = |old: &Value, new: &Value| old == new || is_unassigned(old) && is_unassigned(new);
    let is_complex = old.is_object() && new.is_object() || old.is_null() && new.is_object();
    if is_same(old, new) {
        return;
    }
    if !is_complex {
        return found.push(Difference { extension, name, sub: None, new });
    }
    let changed = members(old, new).filter(|(_, old, new)| !is_same(old, new));
    found.extend(changed.map(|(sub, _, new)| Difference { extension, name, sub: Some(sub), new }));
}

impl Difference<'_> {
    /// Its path, as PATCH writes it.
    pub(crate) fn path(&self) -> String {
        let urn = self.extension.map(|urn| format!("{urn}:")).unwrap_or_default();
        let sub = self.sub.map(|sub| format!(".{sub}")).unwrap_or_default();
        format!("{urn}{}{sub}", self.name)
    }

    fn described<'s>(&self, schemas: &'s Schemas) -> Option<&'s Attribute> {
        schemas.attribute(&AttributePath::parse(&self.path()).ok()?)
    }

    /// Whether an answer can show it; a password never is.
    pub(crate) fn is_visible(&self, schemas: &Schemas) -> bool {
        self.described(schemas).is_none_or(|attribute| attribute.returned != Returned::Never)
    }

    /// Whether this resource has the new value.
    pub(crate) fn is_shown_by(&self, resource: &Value, schemas: &Schemas) -> bool {
        let within = match self.extension {
            Some(urn) => get(resource, urn),
            None => resource,
        };
        let shown = get(within, self.name);
        let shown = match self.sub {
            // A bare id is the whole of a complex value, as some write managers.
            Some("value") if shown.is_string() => shown,
            Some(sub) => get(shown, sub),
            None => shown,
        };
        shows(shown, self.new, self.described(schemas), Case::Ignored)
    }

    /// Whether the resource has no such value at all.
    pub(crate) fn is_missing_in(&self, resource: &Value) -> bool {
        is_unassigned(at(resource, self))
    }

    /// Whether both are parts of one complex value, or of one extension, that do not depend on each
    /// other: a reference has a label of its own, and a formatted name follows from its parts.
    pub(crate) fn is_beside(&self, other: &Difference<'_>) -> bool {
        let is_same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        match (self.extension, other.extension) {
            (Some(urn), Some(others)) if !is_same(urn, others) => return false,
            (Some(_), Some(_)) if !is_same(self.name, other.name) => return true,
            (None, Some(_)) | (Some(_), None) => return false,
            _ => {}
        }
        let depends = |sub: &str| is_same(sub, "value") || is_same(sub, "formatted");
        let parts = [self.sub, other.sub];
        is_same(self.name, other.name) && parts.iter().all(|sub| sub.is_some_and(|s| !depends(s)))
    }

    /// Gives this resource the new value.
    pub(crate) fn put_into(&self, resource: &mut Value) {
        let steps = [self.extension, Some(self.name), self.sub];
        put(resource, &steps.into_iter().flatten().collect::<Vec<_>>(), self.new);
    }
}

/// Whether `shown` holds what was `asked` for: what the server adds to it, such as labels of list
/// elements, is no difference, and nor is how nothing is written.
pub(crate) fn shows(
    shown: &Value,
    asked: &Value,
    described: Option<&Attribute>,
    case: Case,
) -> bool {
    match (shown, asked) {
        _ if is_unassigned(asked) => is_unassigned(shown),
        (Value::Array(shown), Value::Array(asked)) => list_shows(shown, asked, described, case),
        (Value::Object(_), Value::Object(asked)) => asked.iter().all(|(name, asked)| {
            let sub = described.and_then(|attribute| attribute.sub_attribute(name));
            let is_computed = sub.is_some_and(|sub| sub.mutability == Mutability::ReadOnly);
            is_computed || shows(get(shown, name), asked, sub, case)
        }),
        (Value::Object(_), Value::String(_)) => shows(get(shown, "value"), asked, None, case),
        (Value::String(_), Value::Object(_)) => shows(shown, get(asked, "value"), None, case),
        (Value::String(shown), Value::String(asked)) => {
            shown == asked
                || has_no_case(described, case) && shown.to_lowercase() == asked.to_lowercase()
                || is_same_instant(shown, asked, described)
        }
        (Value::Null, Value::Bool(false)) => {
            described.is_some_and(|attribute| attribute.name == "primary")
        }
        (Value::String(text), other) | (other, Value::String(text)) => {
            let written = other.to_string();
            *text == written
        }
        (shown, asked) => shown == asked,
    }
}

fn has_no_case(described: Option<&Attribute>, case: Case) -> bool {
    described.is_some_and(|attribute| {
        let is_unique = attribute.uniqueness != Uniqueness::None;
        !attribute.case_exact && (case == Case::Ignored || is_unique)
    })
}

fn is_same_instant(a: &str, b: &str, described: Option<&Attribute>) -> bool {
    let may_be = described.is_none_or(|attribute| attribute.kind == AttributeKind::DateTime);
    let instant = |text| DateTime::from(text).instant();
    may_be && instant(a).is_some_and(|a| instant(b) == Some(a))
}

/// Every element asked for is there, and no other. Elements are told apart by their `value` first,
/// so that a group of 100,000 is not compared pair by pair.
fn list_shows(shown: &[Value], asked: &[Value], described: Option<&Attribute>, case: Case) -> bool {
    let mut left: HashMap<String, Vec<&Value>> = HashMap::new();
    for element in shown.iter().filter(|element| !is_unassigned(element)) {
        left.entry(key(element)).or_default().push(element);
    }
    let all_there = asked.iter().filter(|element| !is_unassigned(element)).all(|asked| {
        let Some(alike) = left.get_mut(&key(asked)) else { return false };
        let at = alike.iter().position(|shown| shows(shown, asked, described, case));
        at.map(|at| alike.swap_remove(at)).is_some()
    });
    all_there && left.values().all(Vec::is_empty)
}

fn key(element: &Value) -> String {
    let value = if element.is_object() { get(element, "value") } else { element };
    value.as_str().unwrap_or_default().to_lowercase()
}

/// `held` with what `wanted` names brought to its values; what it does not name stays. Only the
/// server's own attributes, and passwords, are left as they are.
pub(crate) fn overlay(held: &Value, wanted: &Value, schemas: &Schemas) -> Value {
    let mut after = held.clone();
    for wanted in differences(&NOTHING, wanted, schemas) {
        let described = wanted.described(schemas);
        let (old, new) = (at(held, &wanted), wanted.new);
        if !wanted.is_visible(schemas) || shows(old, new, described, Case::Matters) {
            continue;
        }
        match (old, new) {
            (Value::Array(old), Value::Array(new)) => {
                let new = keep_shown(old, new, described);
                Difference { new: &new, ..wanted }.put_into(&mut after);
            }
            _ => wanted.put_into(&mut after),
        }
    }
    // An empty value in `wanted` is a wish too: to have none.
    for (name, _, new) in members(&NOTHING, wanted) {
        if is_unassigned(new) && !get(&after, name).is_null() {
            put(&mut after, &[name], new);
        }
    }
    list_schemas(&mut after, wanted);
    after
}

fn at<'a>(resource: &'a Value, difference: &Difference<'_>) -> &'a Value {
    let within = difference.extension.map_or(resource, |urn| get(resource, urn));
    let whole = get(within, difference.name);
    difference.sub.map_or(whole, |sub| get(whole, sub))
}

// Elements that the server already shows keep what it added to them.
fn keep_shown(old: &[Value], new: &[Value], described: Option<&Attribute>) -> Value {
    let held = |new: &Value| old.iter().find(|old| shows(old, new, described, Case::Matters));
    new.iter().map(|new| held(new).unwrap_or(new).clone()).collect()
}

/// Lists the schemas that `other` lists.
pub(crate) fn list_schemas(resource: &mut Value, other: &Value) {
    let Some(object) = resource.as_object_mut() else { return };
    let listed = object.entry("schemas").or_insert_with(|| Value::Array(Vec::new()));
    let (Some(listed), Some(others)) = (listed.as_array_mut(), get(other, "schemas").as_array())
    else {
        return;
    };
    for urn in others {
        if !listed.contains(urn) {
            listed.push(urn.clone());
        }
    }
}

fn members<'a>(
    old: &'a Value,
    new: &'a Value,
) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    let (old_object, new_object) = (old.as_object(), new.as_object());
    let changed = new_object.into_iter().flatten();
    let changed = changed.map(move |(name, new)| (name.as_str(), get(old, name), new));
    let gone = old_object.into_iter().flatten();
    let gone = gone.filter(move |(name, _)| key_in(new_object, name).is_none());
    changed.chain(gone.map(|(name, old)| (name.as_str(), old, &NOTHING)))
}

fn is_extension(name: &str, value: &Value) -> bool {
    let is_urn = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    is_urn && value.is_object()
}

/// Whether there is nothing: also `""`, which some servers write.
fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.iter().all(is_unassigned),
        Value::Object(object) => object.values().all(is_unassigned),
        _ => false,
    }
}

/// The member of this name, which has no case; null when there is none.
fn get<'a>(object: &'a Value, name: &str) -> &'a Value {
    let object = object.as_object();
    let key = key_in(object, name);
    key.and_then(|key| object?.get(key)).unwrap_or(&NOTHING)
}

fn key_in<'a>(object: Option<&'a Map<String, Value>>, name: &str) -> Option<&'a str> {
    object?.keys().map(String::as_str).find(|key| key.eq_ignore_ascii_case(name))
}

fn put(place: &mut Value, steps: &[&str], value: &Value) {
    let Some((name, inner)) = steps.split_first() else { return };
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    let Some(object) = place.as_object_mut() else { return };
    let key = key_in(Some(object), name).unwrap_or(name).to_owned();
    match inner {
        [] if is_unassigned(value) => drop(object.remove(&key)),
        [] => drop(object.insert(key, value.clone())),
        inner => put(object.entry(key).or_insert(Value::Null), inner, value),
    }
}
