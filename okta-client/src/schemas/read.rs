//! A schema as Okta answers it, and its attributes.

use serde::de::{Deserializer, Error as _, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::write::{
    AttributeMaster, AttributeScope, AttributeType, Master, MasterSource, Mutability, NewAttribute,
    Permission, Union,
};
use crate::value::{DateTime, Lazy};

/// A schema as Okta answers it: JSON Schema draft 4 with two halves. It serialises as it came.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Schema {
    /// The schema's address.
    pub id: Option<String>,
    /// Such as `user`.
    pub name: Option<String>,
    /// The name to show.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When it was created.
    pub created: Option<DateTime>,
    /// When it last changed.
    pub last_updated: Option<DateTime>,
    definitions: Definitions,
    text: Lazy<Members>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    id: Option<String>,
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    created: Option<DateTime>,
    last_updated: Option<DateTime>,
    definitions: Option<Definitions>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Definitions {
    base: Option<Half>,
    custom: Option<Half>,
}

#[derive(Clone, Debug, Deserialize)]
struct Half {
    properties: Option<Map<String, Value>>,
    required: Option<Vec<Value>>,
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Lazy::<Members>::deserialize(from)?;
        let Members { id, name, title, description, created, last_updated, definitions } =
            text.get().map_err(D::Error::custom)?;
        let definitions = definitions.unwrap_or_default();
        Ok(Self { id, name, title, description, created, last_updated, definitions, text })
    }
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(to)
    }
}

/// One attribute of a schema.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SchemaAttribute {
    /// The name, case-sensitive.
    pub name: String,
    /// The name to show.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The type.
    pub attribute_type: AttributeType,
    /// The type of a list's items.
    pub item_type: Option<AttributeType>,
    /// A narrower format of text, such as `date`, `date-time` or `email`.
    pub format: Option<String>,
    /// The fewest characters.
    pub min_length: Option<u64>,
    /// The most characters.
    pub max_length: Option<u64>,
    /// The only values it, or an item of its list, may have; empty when all may be.
    pub choices: Vec<Choice>,
    /// Whether every profile must have it.
    pub required: bool,
    /// Who may write it at all.
    pub mutability: Option<Mutability>,
    /// How a user comes by its value.
    pub scope: Option<AttributeScope>,
    /// Where its value is mastered.
    pub master: Option<Master>,
    /// The sources of a master that is an override; the first that has a value wins.
    pub master_sources: Vec<MasterSource>,
    /// What users may do with their own.
    pub permissions: Vec<Permission>,
    /// Whether no two profiles may have the same value.
    pub unique: Option<Unique>,
    /// The value where none is given.
    pub default_value: Option<Value>,
    /// The expression that text must match.
    pub pattern: Option<String>,
    /// What becomes of a list in an app when several groups give one.
    pub union: Option<Union>,
    /// The name in the app; for SCIM the attribute.
    pub external_name: Option<String>,
    /// The namespace in the app; for SCIM the schema's URN.
    pub external_namespace: Option<String>,
    /// Whether the org added it; base attributes are Okta's own.
    pub custom: bool,
    /// Everything the schema says of it.
    pub raw: Value,
}

/// A value that an attribute may have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The value: text or a number.
    pub value: Value,
    /// The name to show.
    pub title: Option<String>,
}

impl Schema {
    /// All attributes: base ones first, each half by name.
    pub fn attributes(&self) -> Vec<SchemaAttribute> {
        let halves = [(&self.definitions.base, false), (&self.definitions.custom, true)];
        halves
            .into_iter()
            .filter_map(|(half, custom)| Some((half.as_ref()?, custom)))
            .flat_map(|(half, custom)| half.attributes(custom))
            .collect()
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<SchemaAttribute> {
        self.attributes().into_iter().find(|attribute| attribute.name == name)
    }
}

impl SchemaAttribute {
    /// This attribute as one to be changed and sent with
    /// [`UpdateSchema::set`](crate::UpdateSchema::set).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> Result<(), Box<dyn std::error::Error>> {
    /// let schema = okta.schemas().user("default").await?;
    /// if let Some(badge) = schema.attribute("badge") {
    ///     let badge = badge.to_new()?.title("Badge number");
    ///     okta.schemas().update_user("default").set("badge", badge).await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When Okta describes it in a way that this crate does not understand.
    pub fn to_new(&self) -> Result<NewAttribute, serde_json::Error> {
        NewAttribute::deserialize(&self.raw)
    }
}

impl Half {
    fn attributes(&self, custom: bool) -> impl Iterator<Item = SchemaAttribute> {
        let properties = self.properties.iter().flatten().filter(|(_, raw)| raw.is_object());
        properties.map(move |(name, raw)| {
            let listed = self.required.iter().flatten().any(|required| required == name);
            attribute(name, raw, listed, custom)
        })
    }
}

fn attribute(name: &str, raw: &Value, listed: bool, custom: bool) -> SchemaAttribute {
    let master = AttributeMaster::deserialize(&raw["master"]).unwrap_or_default();
    let text = |key: &str| raw[key].as_str().map(str::to_owned);
    SchemaAttribute {
        name: name.to_owned(),
        title: text("title"),
        description: text("description"),
        attribute_type: AttributeType::from(raw["type"].as_str().unwrap_or("string")),
        item_type: raw["items"]["type"].as_str().map(AttributeType::from),
        format: text("format"),
        min_length: raw["minLength"].as_u64(),
        max_length: raw["maxLength"].as_u64(),
        choices: choices(if raw["items"].is_object() { &raw["items"] } else { raw }),
        required: listed || raw["required"].as_bool() == Some(true),
        mutability: raw["mutability"].as_str().map(Mutability::from),
        scope: raw["scope"].as_str().map(AttributeScope::from),
        master: master.master,
        master_sources: master.priority.unwrap_or_default(),
        permissions: Vec::deserialize(&raw["permissions"]).unwrap_or_default(),
        unique: Unique::deserialize(&raw["unique"]).ok(),
        default_value: raw.get("default").cloned(),
        pattern: text("pattern"),
        union: raw["union"].as_str().map(Union::from),
        external_name: text("externalName"),
        external_namespace: text("externalNamespace"),
        custom,
        raw: raw.clone(),
    }
}

/// `oneOf` names the values of `enum`; either may stand alone.
fn choices(raw: &Value) -> Vec<Choice> {
    let list = |key: &str| raw[key].as_array().map_or(&[][..], Vec::as_slice);
    let named = list("oneOf").iter().map(|choice| Choice {
        value: choice["const"].clone(),
        title: choice["title"].as_str().map(str::to_owned),
    });
    let plain = list("enum").iter().map(|value| Choice { value: value.clone(), title: None });
    if list("oneOf").is_empty() { plain.collect() } else { named.collect() }
}

/// Whether the values of an attribute must differ: sent as yes or no, answered as a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unique {
    /// Yes or no.
    Flag(bool),
    /// A word of Okta's, such as `UNIQUE_VALIDATED`.
    Word(Box<str>),
}

impl Unique {
    /// Whether Okta makes sure of it; `false` for words this crate does not know.
    pub fn is_enforced(&self) -> bool {
        match self {
            Self::Flag(unique) => *unique,
            Self::Word(word) => &**word == "UNIQUE_VALIDATED",
        }
    }
}

impl From<bool> for Unique {
    fn from(unique: bool) -> Self {
        Self::Flag(unique)
    }
}

impl Serialize for Unique {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(unique) => unique.serialize(to),
            Self::Word(word) => word.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct FlagOrWord;
        impl Visitor<'_> for FlagOrWord {
            type Value = Unique;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("yes or no, or a word")
            }

            fn visit_bool<E>(self, unique: bool) -> Result<Unique, E> {
                Ok(Unique::Flag(unique))
            }

            fn visit_str<E>(self, word: &str) -> Result<Unique, E> {
                Ok(Unique::Word(word.into()))
            }
        }
        from.deserialize_any(FlagOrWord)
    }
}
