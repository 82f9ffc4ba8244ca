//! An open set of attributes: a JSON object kept as text, indexed when first read.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::scan::{Scan, Token};

/// An open set of named values, as they came: no name, no null, no digit of a number is lost.
///
/// Decoding keeps the object's text and allocates once; the first read indexes it, and strings are
/// handed out without copying.
#[derive(Clone, Default)]
pub struct Attributes {
    text: Box<str>,
    index: OnceLock<Index>,
}

#[derive(Clone, Default)]
struct Index {
    slots: Vec<Slot>,
    /// Unescaped strings and values that were set: what does not stand in the text as it is.
    extra: String,
    changed: bool,
}

#[derive(Clone)]
struct Slot {
    name: Place,
    value: Place,
    /// The string that the value is, without quotes and escapes.
    string: Option<Place>,
}

/// A range of the object's own text, or of the index's extra text.
#[derive(Clone)]
enum Place {
    Text(Range<u32>),
    Extra(Range<u32>),
}

/// One attribute's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute<'a> {
    json: &'a str,
    string: Option<&'a str>,
}

impl<'a> Attribute<'a> {
    /// The string, if it is one; `None` too for one that is no Unicode, such as half of a surrogate
    /// pair, which [`json`](Self::json) shows.
    pub fn as_str(self) -> Option<&'a str> {
        self.string
    }

    /// Whether it is JSON null.
    pub fn is_null(self) -> bool {
        self.json == "null"
    }

    /// The value's JSON text, exactly as it came.
    pub fn json(self) -> &'a str {
        self.json
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// When the value is not a `T`.
    pub fn parse<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.json)
    }

    /// The value as untyped JSON, whose numbers have the precision of `f64`; [`json`](Self::json) is
    /// exact. What it cannot hold, such as `1e999`, is given as a string of its JSON text.
    pub fn to_value(self) -> serde_json::Value {
        self.parse().unwrap_or_else(|_| self.json.into())
    }
}

impl Attributes {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The attribute of this name; names are case-sensitive, as at Okta.
    pub fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        let index = self.index();
        let mut slots = index.slots.iter().rev();
        let slot = slots.find(|slot| index.at(&self.text, &slot.name) == name)?;
        Some(index.attribute(&self.text, slot))
    }

    /// The attribute as a string; `None` when it is absent, null or no string of Unicode.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.as_str()
    }

    /// The attribute as a `T`: `Ok(None)` when it is absent or null.
    ///
    /// # Errors
    /// When there is a value but it is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        match self.attribute(name) {
            Some(attribute) => attribute.parse(),
            None => Ok(None),
        }
    }

    /// All names and values, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Attribute<'_>)> {
        let index = self.index();
        let named =
            |slot: &Slot| (index.at(&self.text, &slot.name), index.attribute(&self.text, slot));
        index.slots.iter().map(named)
    }

    /// How many attributes there are, null ones included.
    pub fn len(&self) -> usize {
        self.index().slots.len()
    }

    /// Whether there is no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets an attribute. `None` or `()` sets JSON null, which clears it at Okta.
    ///
    /// # Errors
    /// When `value` cannot be written as JSON, such as a map with keys that are no strings.
    pub fn set(
        &mut self,
        name: &str,
        value: impl Serialize,
    ) -> Result<&mut Self, serde_json::Error> {
        let value = serde_json::to_value(value)?;
        self.change(|text, index| {
            index.drop_slot(text, name);
            let slot = Slot {
                name: index.add(name),
                value: index.add(&value.to_string()),
                string: value.as_str().map(|string| index.add(string)),
            };
            index.slots.push(slot);
        });
        Ok(self)
    }

    /// Takes an attribute out of the set; what is not in the set is left as it is by a merge update
    /// and dropped by a replace.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.change(|text, index| index.drop_slot(text, name));
        self
    }

    /// The set as an untyped JSON object.
    pub fn to_map(&self) -> serde_json::Map<String, serde_json::Value> {
        self.iter().map(|(name, attribute)| (name.to_owned(), attribute.to_value())).collect()
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(&self.text))
    }

    fn change(&mut self, edit: impl FnOnce(&str, &mut Index)) {
        let mut index = self.index.take().unwrap_or_else(|| Index::of(&self.text));
        index.changed = true;
        edit(&self.text, &mut index);
        self.index = OnceLock::from(index);
    }
}

impl Index {
    fn of(text: &str) -> Self {
        let mut index = Self::default();
        index.slots.reserve(text.len() / 32);
        let mut scan = Scan::object(text);
        while let Some((name, value)) = scan.member() {
            // A name that is no Unicode is known by its escapes.
            let name = index.string(text, &name).unwrap_or_else(|| inside(&name));
            let string = if value.is_string { index.string(text, &value) } else { None };
            index.slots.push(Slot { name, value: Place::Text(value.range), string });
        }
        index
    }

    /// What a JSON string says: in place when it holds no escape, else unescaped; `None` when that is
    /// no Unicode.
    fn string(&mut self, text: &str, token: &Token) -> Option<Place> {
        if !token.escaped {
            return Some(inside(token));
        }
        let Range { start, end } = token.range;
        let quoted = text.get(start as usize..end as usize)?;
        let plain: String = serde_json::from_str(quoted).ok()?;
        Some(self.add(&plain))
    }

    fn at<'a>(&'a self, text: &'a str, place: &Place) -> &'a str {
        let (text, range) = match place {
            Place::Text(range) => (text, range),
            Place::Extra(range) => (&*self.extra, range),
        };
        text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn attribute<'a>(&'a self, text: &'a str, slot: &Slot) -> Attribute<'a> {
        Attribute {
            json: self.at(text, &slot.value),
            string: slot.string.as_ref().map(|place| self.at(text, place)),
        }
    }

    fn drop_slot(&mut self, text: &str, name: &str) {
        let mut slots = std::mem::take(&mut self.slots);
        slots.retain(|slot| self.at(text, &slot.name) != name);
        self.slots = slots;
    }

    fn add(&mut self, text: &str) -> Place {
        let start = self.extra.len() as u32;
        self.extra.push_str(text);
        Place::Extra(start..self.extra.len() as u32)
    }
}

/// What stands between the quotes.
fn inside(token: &Token) -> Place {
    Place::Text(token.range.start + 1..token.range.end - 1)
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.index.get() {
            None if self.text.is_empty() => to.serialize_map(Some(0))?.end(),
            Some(index) if index.changed || self.text.is_empty() => {
                let mut map = to.serialize_map(Some(index.slots.len()))?;
                for (name, attribute) in self.iter() {
                    map.serialize_entry(name, raw(attribute.json).map_err(S::Error::custom)?)?;
                }
                map.end()
            }
            _ => raw(&self.text).map_err(S::Error::custom)?.serialize(to),
        }
    }
}

fn raw(json: &str) -> Result<&RawValue, serde_json::Error> {
    serde_json::from_str(json)
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ObjectOrNothing;
        impl<'de> Visitor<'de> for ObjectOrNothing {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_none<E>(self) -> Result<Attributes, E> {
                Ok(Attributes::default())
            }

            fn visit_unit<E>(self) -> Result<Attributes, E> {
                Ok(Attributes::default())
            }

            fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Attributes, D::Error> {
                let text: Box<str> = Box::<RawValue>::deserialize(from)?.into();
                if !text.starts_with('{') {
                    return Err(serde::de::Error::custom("expected an object of attributes"));
                }
                Ok(Attributes { text, index: OnceLock::new() })
            }
        }
        // As an option, so that an absent member decodes as null does: to no attributes.
        from.deserialize_option(ObjectOrNothing)
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, value.json))).finish()
    }
}

impl PartialEq for Attributes {
    /// Equal when the names and values are, in whatever order.
    fn eq(&self, other: &Self) -> bool {
        self.to_map() == other.to_map()
    }
}

impl<N: AsRef<str>> FromIterator<(N, serde_json::Value)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, serde_json::Value)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value));
        let object = serde_json::Value::Object(pairs.collect());
        Self { text: object.to_string().into(), index: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn decoded(text: &str) -> Attributes {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn reads_typed_and_untyped_and_keeps_every_digit() {
        let text = r#"{ "login" : "ada@x", "n": 12345678901234567890123, "f":1.10, "esc\"é":"a\"\nb\u00e9",
            "list":["x, }", {"a":"]"}], "no":null, "yes":true , "empty":"" }"#;
        let set = decoded(text);
        assert_eq!(set.text("login"), Some("ada@x"));
        assert_eq!(set.text("esc\"é"), Some("a\"\nbé"));
        assert_eq!(set.attribute("n").unwrap().json(), "12345678901234567890123");
        assert_eq!(set.get::<f64>("f").unwrap(), Some(1.1));
        assert_eq!(set.attribute("list").unwrap().to_value(), json!(["x, }", {"a": "]"}]));
        assert_eq!(set.get::<bool>("yes").unwrap(), Some(true));
        assert!(set.attribute("no").unwrap().is_null());
        assert_eq!(set.get::<String>("no").unwrap(), None);
        assert_eq!(set.get::<String>("absent").unwrap(), None);
        assert!(set.get::<bool>("login").is_err());
        assert_eq!((set.text("empty"), set.len()), (Some(""), 8));
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            text,
            "untouched text is written back as it came"
        );
    }

    #[test]
    fn what_cannot_be_held_is_given_as_text_and_never_as_nothing() {
        let text = r#"{"half":"\ud800","half\udc00":1,"huge":1e999,"list":[-1e999]}"#;
        let mut set = decoded(text);
        assert_eq!((set.text("half"), set.text("huge")), (None, None));
        assert!(set.get::<String>("half").is_err());
        for (name, json) in [("half", r#""\ud800""#), ("huge", "1e999"), ("list", "[-1e999]")] {
            let attribute = set.attribute(name).unwrap();
            assert_eq!((attribute.json(), attribute.to_value()), (json, json!(json)));
        }
        assert_eq!(set.attribute(r"half\udc00").unwrap().to_value(), json!(1));
        assert_eq!(serde_json::to_string(&set).unwrap(), text);
        set.remove("list").remove(r"half\udc00");
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"{"half":"\ud800","huge":1e999}"#);
    }

    #[test]
    fn set_and_remove_change_only_what_they_name() {
        let mut set = decoded(r#"{"a":1,"big":10000000000000000000001,"b":"x"}"#);
        set.set("a", "new \"a\"").unwrap().set("c", ["l"]).unwrap().set("b", None::<()>).unwrap();
        set.remove("absent");
        assert_eq!(set.text("a"), Some("new \"a\""));
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"{"big":10000000000000000000001,"a":"new \"a\"","c":["l"],"b":null}"#
        );
        assert_eq!(serde_json::to_string(&Attributes::new()).unwrap(), "{}");
        let mut fresh = Attributes::new();
        fresh.set("x", 1).unwrap();
        assert_eq!(serde_json::to_string(&fresh).unwrap(), r#"{"x":1}"#);
    }

    #[test]
    fn null_is_the_empty_set_and_other_values_are_an_error() {
        assert!(decoded("null").is_empty());
        assert!(decoded("{}").is_empty());
        for text in ["[]", "1", "\"x\""] {
            assert!(serde_json::from_str::<Attributes>(text).is_err(), "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
            "\\PC*|[\"\\\\{}\\[\\],:\n\t ]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map("\\PC{0,6}|[\"\\\\{}:, ]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_object_reads_back(
            map in proptest::collection::hash_map("\\PC{0,6}|[\"\\\\{}:, ]{0,4}", any_json(), 0..8),
            pretty: bool,
        ) {
            let object = Value::Object(map.clone().into_iter().collect());
            let text = if pretty { format!("{object:#}") } else { object.to_string() };
            let set = decoded(&text);
            prop_assert_eq!(set.len(), map.len());
            for (name, value) in &map {
                prop_assert_eq!(&set.attribute(name).unwrap().to_value(), value);
                prop_assert_eq!(set.text(name), value.as_str());
            }
            prop_assert_eq!(Value::Object(set.to_map()), object.clone());
            let mut changed = set.clone();
            changed.set("\u{0}new", true).unwrap().remove("\u{0}new");
            let written: Value = serde_json::from_str(&serde_json::to_string(&changed).unwrap()).unwrap();
            prop_assert_eq!(written, object);
        }
    }
}
