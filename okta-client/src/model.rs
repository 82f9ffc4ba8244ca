//! Structs that are read, changed and written back: what is null or unknown to this crate stays as it came.

/// Declares a struct of members that may be absent or null, at most 64.
///
/// Members in the first block are also set by a method of their name; those after `read` only come
/// from Okta. The member in brackets is always there in what was read. `Debug` shows all members, or
/// only those after `shows`, where others are secrets or personal.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $([$key:ident: $key_type:ty])? {
            $($(#[$doc:meta])* $field:ident: $type:ty = $json:literal,)*
        }
        $(read { $($(#[$read_doc:meta])* $read:ident: $read_type:ty = $read_json:literal,)* })?
        $(shows { $($shown:ident),* })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                /// Given by Okta; empty, and not written, in what is not created yet.
                pub $key: $key_type,
            )?
            $($(#[$doc])* pub $field: Option<$type>,)*
            $($($(#[$read_doc])* pub $read: Option<$read_type>,)*)?
            rest: $crate::resource::Rest,
        }

        $crate::model::shown! {
            $name { $($key)? $($field)* $($($read)*)? rest } $({ $($shown)* })?
        }

        impl $name {
            #[allow(dead_code, reason = "some models have nothing but their key")]
            const NAMES: &[&str] = &[$($json,)* $($($read_json),*)?];

            $(
                $(#[$doc])*
                #[must_use]
                pub fn $field(mut self, value: impl Into<$type>) -> Self {
                    self.$field = Some(value.into());
                    self
                }
            )*
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> ::std::result::Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap;
                let mut map = to.serialize_map(None)?;
                $(
                    if !self.$key.as_ref().is_empty() {
                        map.serialize_entry(stringify!($key), &self.$key)?;
                    }
                )?
                $(
                    if self.$field.is_some() || self.rest.was_null(Self::NAMES, $json) {
                        map.serialize_entry($json, &self.$field)?;
                    }
                )*
                $($(
                    if self.$read.is_some() || self.rest.was_null(Self::NAMES, $read_json) {
                        map.serialize_entry($read_json, &self.$read)?;
                    }
                )*)?
                for (name, value) in &self.rest.unknown {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> ::std::result::Result<Self, D::Error> {
                struct Members;
                impl<'de> ::serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str(concat!("a ", stringify!($name)))
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> ::std::result::Result<$name, A::Error> {
                        let mut found = $name::default();
                        while let Some(name) = map.next_key::<::compact_str::CompactString>()? {
                            match name.as_str() {
                                $(stringify!($key) => found.$key = map.next_value()?,)?
                                $($json => {
                                    found.$field = map.next_value()?;
                                    if found.$field.is_none() {
                                        found.rest.note_null($name::NAMES, $json);
                                    }
                                })*
                                $($($read_json => {
                                    found.$read = map.next_value()?;
                                    if found.$read.is_none() {
                                        found.rest.note_null($name::NAMES, $read_json);
                                    }
                                })*)?
                                _ => found.rest.unknown.push((name, map.next_value()?)),
                            }
                        }
                        $(
                            if found.$key.as_ref().is_empty() {
                                return Err(::serde::de::Error::missing_field(stringify!($key)));
                            }
                        )?
                        Ok(found)
                    }
                }
                from.deserialize_map(Members)
            }
        }
    };
}

macro_rules! shown {
    ($name:ident { $($member:ident)* }) => {
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($member), &self.$member))*.finish()
            }
        }
    };
    ($name:ident { $($member:ident)* } { $($shown:ident)* }) => {
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                shown$(.field(stringify!($shown), &self.$shown))*.finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use {model, shown};

/// What is sent of a value that was read: all but the members of these names, which are Okta's.
pub(crate) fn writable(value: &impl serde::Serialize, by_okta: &[&str]) -> serde_json::Value {
    let mut json = serde_json::json!(value);
    if let Some(members) = json.as_object_mut() {
        members.retain(|name, _| !by_okta.contains(&name.as_str()));
    }
    json
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public types")]
mod tests {
    use serde_json::json;

    use crate::value::{DateTime, GroupId};

    model! {
        /// A thing.
        pub struct Thing[id: GroupId] {
            /// Its label.
            label: String = "label",
            /// Its parts.
            parts: Vec<Part> = "parts",
        }
        read {
            /// When it was made.
            created: DateTime = "created",
        }
    }

    model! {
        /// A part.
        pub struct Part {
            /// How many.
            count: u64 = "count",
        }
    }

    model! {
        /// A thing with a secret.
        pub struct Safe {}
        read {
            /// Its label.
            label: String = "label",
            /// Its code.
            code: String = "code",
        }
        shows { label }
    }

    #[test]
    fn debug_shows_all_or_what_is_named() {
        let thing: Thing = serde_json::from_value(json!({"id": "1", "label": "x"})).unwrap();
        let shown = format!("{thing:?}");
        assert!(shown.starts_with(r#"Thing { id: "1", label: Some("x"), parts: None,"#), "{shown}");
        let safe = json!({"label": "x", "code": "s3cret", "new": "s3cret"});
        let safe: Safe = serde_json::from_value(safe.clone()).unwrap();
        assert_eq!(format!("{safe:?}"), r#"Safe { label: Some("x"), .. }"#);
    }

    #[test]
    fn what_came_is_written_back() {
        let came = json!({"id": "1", "label": null, "created": "now", "new": {"a": [1]},
            "parts": [{"count": 2, "more": null}, {}]});
        let thing: Thing = serde_json::from_value(came.clone()).unwrap();
        assert_eq!(thing.created.as_ref().map(DateTime::as_str), Some("now"));
        assert_eq!(serde_json::to_value(&thing).unwrap(), came);
        let changed = serde_json::to_value(thing.label("x")).unwrap();
        assert_eq!(changed["label"], "x");
        assert_eq!(changed["new"], came["new"]);
    }

    #[test]
    fn what_is_new_holds_only_what_was_set() {
        let new = Thing::default().label("x").parts([Part::default().count(1_u64)]);
        let expected = json!({"label": "x", "parts": [{"count": 1}]});
        assert_eq!(serde_json::to_value(&new).unwrap(), expected);
    }

    #[test]
    fn an_answer_without_id_is_none() {
        let error = serde_json::from_str::<Thing>(r#"{"label":"x"}"#).unwrap_err();
        assert!(error.to_string().contains("missing field `id`"), "{error}");
    }
}
