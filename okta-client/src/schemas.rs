//! Schemas: which attributes a profile has.
//!
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/>

use http::Method;
use rest_core::Client;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{OktaError, Result};

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

/// A schema as Okta answers it: JSON Schema draft 4 with two halves.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Schema {
    /// The schema's address.
    pub id: Option<String>,
    /// Such as `user`.
    pub name: Option<String>,
    /// The name to show.
    pub title: Option<String>,
    #[serde(default)]
    definitions: Definitions,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Definitions {
    base: Option<Half>,
    custom: Option<Half>,
}

#[derive(Clone, Debug, Deserialize)]
struct Half {
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    #[serde(default)]
    required: Option<Vec<String>>,
}

/// One attribute of a schema.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SchemaAttribute {
    /// The name, case-sensitive.
    pub name: String,
    /// The name to show.
    pub title: Option<String>,
    /// The type.
    pub attribute_type: AttributeType,
    /// The type of a list's items.
    pub item_type: Option<AttributeType>,
    /// A narrower format of text, such as `date`, `date-time` or `email`.
    pub format: Option<String>,
    /// Whether every profile must have it.
    pub required: bool,
    /// Whether the org added it; base attributes are Okta's own.
    pub custom: bool,
    /// Everything the schema says of it.
    pub raw: Value,
}

impl Schema {
    /// All attributes: base ones first, each half in the schema's order.
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
        self.properties.iter().flatten().map(move |(name, raw)| {
            let text = |key: &str| raw[key].as_str().map(str::to_owned);
            let listed = self.required.iter().flatten().any(|required| required == name);
            SchemaAttribute {
                name: name.clone(),
                title: text("title"),
                attribute_type: AttributeType::from(raw["type"].as_str().unwrap_or("string")),
                item_type: raw["items"]["type"].as_str().map(AttributeType::from),
                format: text("format"),
                required: listed || raw["required"].as_bool() == Some(true),
                custom,
                raw: raw.clone(),
            }
        })
    }
}

/// The schemas of an org.
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
    pub async fn user(&self, id: impl AsRef<str>) -> Result<Schema> {
        let template = "/api/v1/meta/schemas/user/{schemaId}";
        self.client.request(Method::GET, template, [id.as_ref()]).json().await
    }

    /// The schema of groups.
    ///
    /// Scope `okta.schemas.read`.
    ///
    /// # Errors
    /// 403 when the credential may not read it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.schemas().group().await?.attribute("costCenter").is_some();
    /// # Ok(()) }
    /// ```
    pub async fn group(&self) -> Result<Schema> {
        self.client.request(Method::GET, "/api/v1/meta/schemas/group/default", []).json().await
    }
}
