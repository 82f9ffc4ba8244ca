//! How objects with case-insensitive names are read and written without losing anything.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::read::{Node, Readable, any_of, key_of, member};

/// What an object holds besides the named fields: unknown attributes, extensions under their URN,
/// and named attributes that came unassigned (`null` or `[]`), so that they are written back as such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Open(Map<String, Value>);

impl Open {
    /// The value under this name, which has no case.
    pub fn get(&self, name: &str) -> Option<&Value> {
        member(&self.0, name)
    }

    /// Sets a value; a name that differs only in case is the same name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let key = key_of(&self.0, name).unwrap_or(name).to_owned();
        self.0.insert(key, value.into());
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let key = key_of(&self.0, name)?.to_owned();
        self.0.remove(&key)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, serde_json::Error> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value).map(Some),
        }
    }
}

impl Readable for Open {
    fn any(&self, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        self.0.any(name, test)
    }

    fn is_assigned(&self) -> bool {
        self.0.is_assigned()
    }
}

/// A field of an object.
pub(crate) trait Slot: Serialize + Sized {
    fn is_assigned(&self) -> bool;
    fn any(&self, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool;
    /// Whether it was read already; a field that always has a value cannot tell.
    fn is_read(&self) -> bool {
        self.is_assigned()
    }
    /// The field, or how its absence was written.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Result<Self, Value>, D::Error>;
}

/// A single value: of an attribute, or one element of a list.
pub(crate) trait Leaf: Serialize + DeserializeOwned {
    fn node(&self) -> Node<'_>;

    fn decode<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(from)
    }
}

struct As<T>(T);

impl<'de, T: Leaf> Deserialize<'de> for As<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::decode(from).map(As)
    }
}

impl<T: Leaf> Slot for Option<T> {
    fn is_assigned(&self) -> bool {
        self.is_some()
    }

    fn any(&self, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        self.as_ref().is_some_and(|value| test(value.node()))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Result<Self, Value>, D::Error> {
        Ok(match Option::<As<T>>::deserialize(from)? {
            Some(As(value)) => Ok(Some(value)),
            None => Err(Value::Null),
        })
    }
}

impl<T: Leaf> Slot for Vec<T> {
    fn is_assigned(&self) -> bool {
        !self.is_empty()
    }

    fn any(&self, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        self.iter().any(|value| test(value.node()))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Result<Self, Value>, D::Error> {
        from.deserialize_any(Elements(PhantomData))
    }
}

/// A list; one object where a list belongs (OneLogin sends such) is a list of one.
struct Elements<T>(PhantomData<T>);

impl<'de, T: Leaf> Visitor<'de> for Elements<T> {
    type Value = Result<Vec<T>, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::with_capacity(list.size_hint().unwrap_or_default().min(1024));
        while let Some(As(value)) = list.next_element()? {
            found.push(value);
        }
        Ok(if found.is_empty() { Err(Value::Array(Vec::new())) } else { Ok(found) })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let As(value) = As::<T>::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(Ok(vec![value]))
    }
}

impl Leaf for String {
    fn node(&self) -> Node<'_> {
        Node::Text(self)
    }

    // Servers send employee numbers and the like as numbers.
    fn decode<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

impl Leaf for bool {
    fn node(&self) -> Node<'_> {
        Node::Bool(*self)
    }

    // Entra writes booleans as strings.
    fn decode<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Flag)
    }
}

struct Flag;

impl Visitor<'_> for Flag {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<bool, E> {
        let known = text.to_ascii_lowercase().parse();
        known.map_err(|_| E::custom(format!("`{text}` is neither true nor false")))
    }
}

impl Leaf for u64 {
    fn node(&self) -> Node<'_> {
        Node::Count(*self)
    }
}

/// Declares fields that always have a value, `Default` where none is given.
macro_rules! always {
    ($($name:ty),+) => {$(
        impl $crate::object::Slot for $name {
            fn is_assigned(&self) -> bool {
                true
            }

            fn any(&self, test: &mut dyn FnMut($crate::read::Node<'_>) -> bool) -> bool {
                test($crate::object::Leaf::node(self))
            }

            fn is_read(&self) -> bool {
                false
            }

            fn read<'de, D: serde::Deserializer<'de>>(
                from: D,
            ) -> Result<Result<Self, serde_json::Value>, D::Error> {
                let value = <Option<Self> as $crate::object::Slot>::read(from)?;
                Ok(Ok(value.ok().flatten().unwrap_or_default()))
            }
        }
    )+};
}
always!(bool, String);

impl Leaf for Value {
    fn node(&self) -> Node<'_> {
        match self {
            Self::String(text) => Node::Text(text),
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(number) => Node::Number(number),
            other => Node::Object(other),
        }
    }
}

/// A member's name, borrowed where the input allows.
pub(crate) fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Cow<'de, str>, D::Error> {
    struct Key;
    impl<'de> Visitor<'de> for Key {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }

        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text))
        }
    }
    from.deserialize_str(Key)
}

pub(crate) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        key(from)
    }
}

pub(crate) struct Field<T>(PhantomData<T>);

pub(crate) fn field<T>() -> Field<T> {
    Field(PhantomData)
}

impl<'de, T: Slot> DeserializeSeed<'de> for Field<T> {
    type Value = Result<T, Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        T::read(from)
    }
}

/// Reads a member into its field; what came unassigned is remembered under the name it had.
pub(crate) fn read_field<'de, T: Slot, A: MapAccess<'de>>(
    map: &mut A,
    key: &str,
    field_value: &mut T,
    open: &mut Open,
) -> Result<(), A::Error> {
    if field_value.is_read() || open.get(key).is_some() {
        return Err(twice(key));
    }
    match map.next_value_seed(field::<T>())? {
        Ok(value) => *field_value = value,
        Err(unassigned) => open.set(key, unassigned),
    }
    Ok(())
}

pub(crate) fn read_other<'de, A: MapAccess<'de>>(
    map: &mut A,
    key: &str,
    open: &mut Open,
) -> Result<(), A::Error> {
    if open.get(key).is_some() {
        return Err(twice(key));
    }
    open.set(key, map.next_value::<Value>()?);
    Ok(())
}

fn twice<E: serde::de::Error>(key: &str) -> E {
    E::custom(format!("the attribute `{key}` is given twice; names have no case"))
}

pub(crate) fn any_in(open: &Open, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    open.get(name).is_some_and(|value| any_of(value, test))
}

/// Declares an object whose names have no case, with everything it does not name kept in `open`.
///
/// `from field` also reads a bare string, as that field.
macro_rules! object {
    ($(#[$meta:meta])* pub struct $name:ident $(from $bare:ident)? {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $json:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
            /// What the fields do not name, and what came as `null` or `[]`.
            pub open: $crate::object::Open,
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                use $crate::object::Slot;
                let mut map = to.serialize_map(None)?;
                $(if Slot::is_assigned(&self.$field) {
                    map.serialize_entry($json, &self.$field)?;
                })+
                for (name, value) in self.open.iter() {
                    let named = false $(|| Slot::is_assigned(&self.$field) && name.eq_ignore_ascii_case($json))+;
                    if !named {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        use $crate::object::{Key, read_field, read_other};
                        let mut found = $name::default();
                        while let Some(key) = map.next_key_seed(Key)? {
                            $(if key.eq_ignore_ascii_case($json) {
                                read_field(&mut map, &key, &mut found.$field, &mut found.open)?;
                                continue;
                            })+
                            read_other(&mut map, &key, &mut found.open)?;
                        }
                        Ok(found)
                    }

                    $(fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name { $bare: Some(text.into()), ..$name::default() })
                    })?
                }
                from.deserialize_any(Object)
            }
        }

        impl $crate::read::Readable for $name {
            fn any(&self, name: &str, test: &mut dyn FnMut($crate::read::Node<'_>) -> bool) -> bool {
                $(if name.eq_ignore_ascii_case($json) {
                    return $crate::object::Slot::any(&self.$field, test);
                })+
                $crate::object::any_in(&self.open, name, test)
            }

            fn is_assigned(&self) -> bool {
                use $crate::object::Slot;
                false $(|| Slot::any(&self.$field, &mut |node| node.is_assigned()))+
                    || $crate::read::Readable::is_assigned(&self.open)
            }
        }

        impl $crate::object::Leaf for $name {
            fn node(&self) -> $crate::read::Node<'_> {
                $crate::read::Node::Object(self)
            }
        }
    };
}
