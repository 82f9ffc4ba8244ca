//! Schemas: which attributes a profile has.

use http::Method;
use rest_core::Client;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{self, OktaError};
use crate::value::{DateTime, Lazy};

rest_core::open_enum! {
    /// The type of an attribute.
    pub enum AttributeType {
        /// Text.
        String = "string",
        /// A number.
        Number = "number",
        /// A whole number.
        Integer = "integer",
        /// Yes or no.
        Boolean = "boolean",
        /// A list.
        Array = "array",
    }
}

rest_core::open_enum! {
    /// Who may write an attribute at all.
    pub enum Mutability {
        /// Can be read and written.
        ReadWrite = "READ_WRITE",
        /// Can be read only.
        ReadOnly = "READ_ONLY",
        /// Can be set once.
        Immutable = "IMMUTABLE",
        /// Can be written and never read.
        WriteOnly = "WRITE_ONLY",
    }
}

rest_core::open_enum! {
    /// How a user comes by an attribute's value.
    pub enum AttributeScope {
        /// By a group's assignment or the user's own.
        None = "NONE",
        /// By the user's own only.
        OwnOnly = "SELF",
    }
}

rest_core::open_enum! {
    /// Where an attribute's value is mastered.
    pub enum Master {
        /// By the profile's source.
        ProfileMaster = "PROFILE_MASTER",
        /// By Okta.
        Okta = "OKTA",
        /// By the sources that the schema lists.
        Override = "OVERRIDE",
    }
}

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
    /// What users may do with their own.
    pub permissions: Vec<Permission>,
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

/// What somebody may do with an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Permission {
    /// Who: `SELF` is the user.
    pub principal: Option<String>,
    /// What: `HIDE`, `READ_ONLY` or `READ_WRITE`.
    pub action: Option<String>,
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
        master: raw["master"]["type"].as_str().map(Master::from),
        permissions: Vec::deserialize(&raw["permissions"]).unwrap_or_default(),
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

/// The schemas of an org.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/>
#[derive(Clone, Debug)]
pub struct Schemas {
    client: Client<OktaError>,
}

impl Schemas {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    /// The schema of a user type; `default` is the default type's.
    ///
    /// Scope `okta.schemas.read`.
    /// Okta: [`getUserSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/getUserSchema).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such schema.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for attribute in okta.schemas().user("default").await?.attributes() {
    ///     println!("{} {}", attribute.name, attribute.attribute_type);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn user(&self, id: impl AsRef<str>) -> error::Result<Schema> {
        let template = "/api/v1/meta/schemas/user/{schemaId}";
        self.client.request(Method::GET, template, [id.as_ref()]).json().await
    }

    /// The schema of groups.
    ///
    /// Scope `okta.schemas.read`.
    /// Okta: [`getGroupSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/getGroupSchema).
    ///
    /// # Errors
    /// 403 when the credential may not read it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.schemas().group().await?.attribute("costCenter").is_some();
    /// # Ok(()) }
    /// ```
    pub async fn group(&self) -> error::Result<Schema> {
        self.client.request(Method::GET, "/api/v1/meta/schemas/group/default", []).json().await
    }
}
