use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Values by attribute path: a SCIM path, a Pendo field, an attribute of an Okta profile.
pub type Fields = BTreeMap<String, Value>;

const REFERENCE: &str = "$key";
const HIDDEN: &str = "$hidden";
const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User:";

/// What one person or group shall look like in the target: the attributes that are managed, and no others.
///
/// A managed attribute without a value is null: it is cleared. One that is not set is never touched.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Record {
    pub(crate) key: String,
    pub(crate) source_id: Option<String>,
    pub(crate) fields: Fields,
    pub(crate) on_create: Fields,
    /// Why it has no key.
    pub(crate) no_key: Option<String>,
    pub(crate) is_unreadable: bool,
}

impl Record {
    /// A record by what identifies it in the target, such as a user name.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), ..Self::default() }
    }

    /// The id in the source: two records of one key and different ids are a conflict; of two records of one
    /// id and different keys the first counts.
    pub fn source_id(mut self, id: impl Into<String>) -> Self {
        self.source_id = Some(id.into());
        self
    }

    /// Why there is no key, where it is empty: for people.
    pub fn without_key(mut self, why: impl Into<String>) -> Self {
        self.no_key = Some(why.into());
        self
    }

    /// Something of the source that cannot be read, by its id there: it counts as failed, and what was
    /// delivered for it stays as it is, while all others go on.
    pub fn unreadable(source_id: impl Into<String>, why: impl Into<String>) -> Self {
        let record = Self::default().source_id(source_id).without_key(why);
        Self { is_unreadable: true, ..record }
    }

    /// A value that is kept as it is here; null clears it.
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(path.into(), value.into());
        self
    }

    /// A value that is written when the record is created, and never again.
    pub fn set_on_create(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.on_create.insert(path.into(), value.into());
        self
    }

    /// Another record, such as a manager, by its key: written once that one is in the target.
    pub fn refer(self, path: impl Into<String>, key: impl Into<String>) -> Self {
        let key: String = key.into();
        self.set(path, json!({ REFERENCE: key }))
    }

    /// What identifies it in the target.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values that are kept as they are here.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}

/// The key of the record that this value refers to.
pub(crate) fn referred(value: &Value) -> Option<&str> {
    value.as_object().filter(|object| object.len() == 1)?.get(REFERENCE)?.as_str()
}

/// Whether somebody is taken out of use by this value: SCIM's `active`, however it is written.
pub(crate) fn switches_off(path: &str, value: &Value) -> bool {
    let name = path.strip_prefix(CORE_USER).unwrap_or(path);
    let is_false = match value {
        Value::Bool(active) => !active,
        Value::String(text) => text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    };
    is_false && name.eq_ignore_ascii_case("active")
}

/// Whether two attributes are one, however they are written.
pub(crate) fn same_path(left: &str, right: &str) -> bool {
    let name = |path: &'_ str| path.strip_prefix(CORE_USER).map_or(path.len(), str::len);
    let tail = |path: &str| path[path.len() - name(path)..].to_lowercase();
    tail(left) == tail(right)
}

/// Stands for a value that the target does not show.
pub(crate) fn hidden() -> Value {
    json!({ HIDDEN: true })
}

pub(crate) fn is_hidden(value: &Value) -> bool {
    value.get(HIDDEN).is_some()
}

/// Whether two values are the same to a person: no value is no value however it is written, and lists
/// have no order.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (left, right) if is_unassigned(left) || is_unassigned(right) => {
            is_unassigned(left) && is_unassigned(right)
        }
        (Value::Array(left), Value::Array(right)) => same_lists(left, right),
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|r| same(value, r)))
        }
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64() && left.is_f64() != right.is_f64()
        }
        (left, right) => left == right,
    }
}

/// Whether two texts are one but for case and signs, such as `en_US` and `en-us`.
pub(crate) fn is_respelled(left: &Value, right: &Value) -> bool {
    let letters = |text: &str| {
        let letters = text.chars().filter(|sign| sign.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => {
            let left = letters(left);
            !left.is_empty() && left == letters(right)
        }
        _ => false,
    }
}

fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn same_lists(left: &[Value], right: &[Value]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left == right {
        return true;
    }
    // By text, so that groups of a hundred thousand members compare in reasonable time.
    let sorted = |list: &[Value]| {
        let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
        texts.sort_unstable();
        texts
    };
    sorted(left) == sorted(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_people_do() {
        for (left, right, expected) in [
            (json!(null), json!([]), true),
            (json!(null), json!(""), false),
            (json!(false), json!(null), false),
            (json!(["a", "b"]), json!(["b", "a"]), true),
            (json!(["a", "a"]), json!(["a", "b"]), false),
            (json!(1), json!(1.0), true),
            (json!("1"), json!(1), false),
            (json!({"a": [1, 2]}), json!({"a": [2, 1]}), true),
            (json!(9007199254740993_i64), json!(9007199254740992_i64), false),
        ] {
            assert_eq!(same(&left, &right), expected, "{left} {right}");
        }
    }

    #[test]
    fn spellings_are_told_from_values() {
        for (left, right, expected) in [
            (json!("en_US"), json!("en-us"), true),
            (json!("+1 (555) 01"), json!("155501"), true),
            (json!("Engineer"), json!("Engineer II"), false),
            (json!("-"), json!("_"), false),
            (json!(1), json!("1"), false),
        ] {
            assert_eq!(is_respelled(&left, &right), expected, "{left} {right}");
        }
    }

    #[test]
    fn references_are_told_from_values() {
        let record = Record::new("a").refer("manager", "boss").set("other", json!({"key": "boss"}));
        assert_eq!(referred(&record.fields["manager"]), Some("boss"));
        assert_eq!(referred(&record.fields["other"]), None);
    }
}
