use std::collections::HashSet;

use serde_json::{Map, Number, Value};

/// Something whose attributes a filter can test: JSON objects, and the resources of this crate.
pub trait Readable {
    /// Whether one of the attribute's values passes the test. Names ignore case; a list gives each
    /// element, what is absent or null gives none.
    fn any(&self, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool;

    /// Whether there is any value that is not empty.
    fn is_assigned(&self) -> bool;

    /// The JSON object that this is, if it is one: a filter reads such a one more quickly.
    fn as_json(&self) -> Option<&Map<String, Value>> {
        None
    }
}

/// One value of an attribute.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Node<'a> {
    /// A text, date, reference or base64.
    Text(&'a str),
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(&'a Number),
    /// A count of a typed resource.
    Count(u64),
    /// A complex value.
    Object(&'a dyn Readable),
}

impl Node<'_> {
    /// Whether the value is not empty: what `pr` asks.
    pub fn is_assigned(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Bool(_) | Self::Number(_) | Self::Count(_) => true,
            Self::Object(object) => object.is_assigned(),
        }
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({text:?})"),
            Self::Bool(value) => write!(f, "Bool({value})"),
            Self::Number(number) => write!(f, "Number({number})"),
            Self::Count(count) => write!(f, "Count({count})"),
            Self::Object(_) => f.write_str("Object(..)"),
        }
    }
}

impl Readable for Map<String, Value> {
    fn any(&self, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        member(self, name).is_some_and(|value| any_of(value, test))
    }

    fn is_assigned(&self) -> bool {
        self.values().any(|value| any_of(value, &mut |node| node.is_assigned()))
    }

    fn as_json(&self) -> Option<&Map<String, Value>> {
        Some(self)
    }
}

impl Readable for Value {
    fn any(&self, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        self.as_object().is_some_and(|object| object.any(name, test))
    }

    fn is_assigned(&self) -> bool {
        any_of(self, &mut |node| node.is_assigned())
    }

    fn as_json(&self) -> Option<&Map<String, Value>> {
        self.as_object()
    }
}

pub(crate) fn any_of<F>(value: &Value, test: &mut F) -> bool
where
    F: FnMut(Node<'_>) -> bool + ?Sized,
{
    match value {
        Value::Null => false,
        Value::Array(elements) => elements.iter().any(|element| any_of(element, test)),
        Value::String(text) => test(Node::Text(text)),
        Value::Bool(value) => test(Node::Bool(*value)),
        Value::Number(number) => test(Node::Number(number)),
        Value::Object(object) => test(Node::Object(object)),
    }
}

/// The member of this name, which has no case.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    // Lengths lie in the map's own nodes, so most names are passed over without being read; a
    // lookup in order would read them.
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A name that the object gives twice: names have no case.
pub(crate) fn name_twice(object: &Map<String, Value>) -> Option<&str> {
    const FEW: usize = 16;
    let names = || object.keys().map(String::as_str);
    if object.len() <= FEW {
        let is_again = |(n, name): &(usize, &str)| {
            names().take(*n).any(|other| other.eq_ignore_ascii_case(name))
        };
        return names().enumerate().find(is_again).map(|(_, name)| name);
    }
    let mut seen = HashSet::with_capacity(object.len());
    names().find(|name| !seen.insert(name.to_ascii_lowercase()))
}

/// The spelling under which the object holds this name.
pub(crate) fn key_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let key = object.get_key_value(name).map(|(key, _)| key.as_str());
    key.or_else(|| object.keys().map(String::as_str).find(|key| key.eq_ignore_ascii_case(name)))
}
