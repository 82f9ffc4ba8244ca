//! Structs that are received and written back: what was null stays null, what is unknown is kept.

use compact_str::CompactString;

use crate::value::Lazy;

/// The members of an answer that are in no field: those that were null, and those this crate does
/// not know. Writing them back is what makes a stored answer the one that came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rest {
    nulls: u64,
    pub(crate) unknown: Vec<(CompactString, Lazy<()>)>,
}

impl Rest {
    /// Notes that the field of this name came as null.
    pub(crate) fn note_null(&mut self, names: &[&str], name: &str) {
        self.nulls |= place(names, name);
    }

    pub(crate) fn was_null(&self, names: &[&str], name: &str) -> bool {
        self.nulls & place(names, name) != 0
    }
}

fn place(names: &[&str], name: &str) -> u64 {
    let position = names.iter().position(|known| *known == name);
    position.and_then(|position| 1_u64.checked_shl(position as u32)).unwrap_or(0)
}

/// A profile that came as null: null again, unless something was put into it since.
pub(crate) fn or_null<P: serde::Serialize>(profile: &P) -> Option<serde_json::Value> {
    let json = serde_json::to_value(profile).ok();
    json.filter(|json| json.as_object().is_none_or(|members| !members.is_empty()))
}

/// Declares a struct with an id, a profile, and at most 32 members that may be absent or null.
macro_rules! resource {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(<$p:ident = $default:ty>)? {
            $(#[$id_doc:meta])* id: $id:ty,
            $(#[$profile_doc:meta])* profile: $profile:ty,
            $($(#[$doc:meta])* $field:ident: $type:ty = $json:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name $(<$p = $default>)? {
            $(#[$id_doc])* pub id: $id,
            $(#[$profile_doc])* pub profile: $profile,
            $($(#[$doc])* pub $field: Option<$type>,)+
            rest: $crate::resource::Rest,
        }

        impl $(<$p: ::serde::Serialize>)? ::serde::Serialize for $name $(<$p>)? {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> ::std::result::Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap;
                const NAMES: &[&str] = &[$($json,)+ "profile"];
                let mut map = to.serialize_map(None)?;
                map.serialize_entry("id", &self.id)?;
                match self.rest.was_null(NAMES, "profile") {
                    true => map.serialize_entry("profile", &$crate::resource::or_null(&self.profile))?,
                    false => map.serialize_entry("profile", &self.profile)?,
                }
                $(
                    if self.$field.is_some() || self.rest.was_null(NAMES, $json) {
                        map.serialize_entry($json, &self.$field)?;
                    }
                )+
                for (name, value) in &self.rest.unknown {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl<'de $(, $p: ::serde::Deserialize<'de>)?> ::serde::Deserialize<'de> for $name $(<$p>)? {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> ::std::result::Result<Self, D::Error> {
                use ::serde::de::{Deserialize, Error, MapAccess, Visitor, value};
                struct Members $(<$p>)? (::std::marker::PhantomData<fn() -> $name $(<$p>)?>);
                impl<'de $(, $p: Deserialize<'de>)?> Visitor<'de> for Members $(<$p>)? {
                    type Value = $name $(<$p>)?;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str(concat!("a ", stringify!($name)))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> ::std::result::Result<Self::Value, A::Error> {
                        const NAMES: &[&str] = &[$($json,)+ "profile"];
                        let (mut id, mut profile) = (None, None);
                        let mut rest = $crate::resource::Rest::default();
                        $(let mut $field: Option<$type> = None;)+
                        while let Some(name) = map.next_key::<::compact_str::CompactString>()? {
                            match name.as_str() {
                                "id" => id = Some(map.next_value()?),
                                "profile" => {
                                    profile = map.next_value::<Option<$profile>>()?;
                                    if profile.is_none() {
                                        rest.note_null(NAMES, "profile");
                                    }
                                }
                                $($json => {
                                    $field = map.next_value()?;
                                    if $field.is_none() {
                                        rest.note_null(NAMES, $json);
                                    }
                                })+
                                _ => rest.unknown.push((name, map.next_value()?)),
                            }
                        }
                        let absent = || {
                            let unit = value::UnitDeserializer::<value::Error>::new();
                            Deserialize::deserialize(unit).map_err(|_| A::Error::missing_field("profile"))
                        };
                        Ok($name {
                            id: id.ok_or_else(|| A::Error::missing_field("id"))?,
                            profile: profile.map_or_else(absent, Ok)?,
                            $($field,)+
                            rest,
                        })
                    }
                }
                from.deserialize_map(Members(::std::marker::PhantomData))
            }
        }
    };
}

pub(crate) use resource;
