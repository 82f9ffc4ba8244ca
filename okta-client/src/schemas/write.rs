//! Attributes as they are to be, and the change of a schema.

use std::ops::RangeInclusive;

use rest_core::Request;
use serde_json::{Map, Value, json};

use super::read::{Schema, Unique};
use crate::call::awaitable;
use crate::error::OktaError;
use crate::model::model;

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

rest_core::open_enum! {
    /// What becomes of a list in an app when several groups give one.
    pub enum Union {
        /// The lists are combined.
        Enable = "ENABLE",
        /// The list of the group with the highest priority stands.
        Disable = "DISABLE",
    }
}

rest_core::open_enum! {
    /// What somebody may do with an attribute.
    pub enum PermissionAction {
        /// Nothing.
        Hide = "HIDE",
        /// See it.
        ReadOnly = "READ_ONLY",
        /// See and change it.
        ReadWrite = "READ_WRITE",
    }
}

model! {
    /// What somebody may do with an attribute.
    pub struct Permission {
        /// Who: `SELF` is the user.
        principal: String = "principal",
        /// What.
        action: PermissionAction = "action",
    }
}

model! {
    /// Where an attribute's value is mastered.
    pub struct AttributeMaster {
        /// By whom.
        master: Master = "type",
        /// The sources of an override, the first that has a value wins.
        priority: Vec<MasterSource> = "priority",
    }
}

model! {
    /// A source of an attribute's value.
    pub struct MasterSource {
        /// Such as `APP`.
        kind: String = "type",
        /// Its id.
        value: String = "value",
    }
}

impl From<Master> for AttributeMaster {
    fn from(master: Master) -> Self {
        Self::default().master(master)
    }
}

model! {
    /// A value that an attribute may have, with its name.
    pub struct NamedChoice {
        /// The value: text or a number.
        value: Value = "const",
        /// The name to show.
        title: String = "title",
    }
}

model! {
    /// What a list's items are.
    pub struct AttributeItems {
        /// Their type.
        item_type: AttributeType = "type",
        /// The only values they may have.
        values: Vec<Value> = "enum",
        /// The names of these values, in the same order.
        named: Vec<NamedChoice> = "oneOf",
    }
}

model! {
    /// An attribute as it is to be.
    ///
    /// ```
    /// use okta_client::{AttributeType, Master, NewAttribute, PermissionAction};
    ///
    /// let badge = NewAttribute::string("Badge")
    ///     .length(1..=20)
    ///     .unique(true)
    ///     .master(Master::Okta)
    ///     .own_permission(PermissionAction::ReadOnly);
    /// let skills = NewAttribute::list("Skills", AttributeType::String)
    ///     .choices([("maths", "Mathematics"), ("poetry", "Poetry")]);
    /// # let _ = (badge, skills);
    /// ```
    pub struct NewAttribute {
        /// The name to show.
        title: String = "title",
        /// What it is for.
        description: String = "description",
        /// The type; fixed once created.
        attribute_type: AttributeType = "type",
        /// What a list's items are.
        items: AttributeItems = "items",
        /// A narrower format of text, such as `date-time`, `email`, `uri`, `country-code` or `ref-id`.
        format: String = "format",
        /// The expression that text must match; of `login` only.
        pattern: String = "pattern",
        /// Whether every profile must have it.
        required: bool = "required",
        /// The fewest characters.
        min_length: u64 = "minLength",
        /// The most characters.
        max_length: u64 = "maxLength",
        /// Whether no two profiles may have the same value.
        unique: Unique = "unique",
        /// The value where none is given.
        default_value: Value = "default",
        /// The only values it may have.
        values: Vec<Value> = "enum",
        /// The names of these values, in the same order.
        named: Vec<NamedChoice> = "oneOf",
        /// How a user comes by its value.
        scope: AttributeScope = "scope",
        /// Who may write it at all.
        mutability: Mutability = "mutability",
        /// Who may do what with it.
        permissions: Vec<Permission> = "permissions",
        /// Where its value is mastered.
        master: AttributeMaster = "master",
        /// What becomes of a list when several groups give one; in an app only.
        union: Union = "union",
        /// The name in the app; for SCIM the attribute.
        external_name: String = "externalName",
        /// The namespace in the app; for SCIM the schema's URN.
        external_namespace: String = "externalNamespace",
    }
}

macro_rules! attribute_of_type {
    ($($(#[$doc:meta])* $name:ident: $variant:ident),+ $(,)?) => {$(
        $(#[$doc])*
        pub fn $name(title: impl Into<String>) -> Self {
            Self::default().title(title).attribute_type(AttributeType::$variant)
        }
    )+};
}

impl NewAttribute {
    attribute_of_type! {
        /// Text, with the name to show.
        string: String,
        /// A number, with the name to show.
        number: Number,
        /// A whole number, with the name to show.
        integer: Integer,
        /// Yes or no, with the name to show.
        boolean: Boolean,
    }

    /// A list, with the name to show and the type of its items.
    pub fn list(title: impl Into<String>, items: AttributeType) -> Self {
        let items = AttributeItems::default().item_type(items);
        Self::default().title(title).attribute_type(AttributeType::Array).items(items)
    }

    /// The fewest and the most characters.
    #[must_use]
    pub fn length(self, characters: RangeInclusive<u64>) -> Self {
        self.min_length(*characters.start()).max_length(*characters.end())
    }

    /// The only values it, or an item of its list, may have, each with the name to show.
    #[must_use]
    pub fn choices<V: Into<Value>, T: Into<String>>(
        mut self,
        choices: impl IntoIterator<Item = (V, T)>,
    ) -> Self {
        let choice = |(value, title): (V, T)| {
            let value = value.into();
            (value.clone(), NamedChoice::default().value(value).title(title))
        };
        let (values, named): (Vec<_>, Vec<_>) = choices.into_iter().map(choice).unzip();
        match self.items.take() {
            Some(items) => self.items(items.values(values).named(named)),
            None => self.values(values).named(named),
        }
    }

    /// What users may do with their own.
    #[must_use]
    pub fn own_permission(self, action: PermissionAction) -> Self {
        self.permissions([Permission::default().principal("SELF").action(action)])
    }
}

/// Changes a schema when awaited, and gives it as it then is.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UpdateSchema {
    request: Request<OktaError>,
    title: Option<String>,
    base: Map<String, Value>,
    custom: Map<String, Value>,
}

impl UpdateSchema {
    pub(super) fn new(request: Request<OktaError>) -> Self {
        let request = request.safe_to_repeat();
        Self { request, title: None, base: Map::new(), custom: Map::new() }
    }

    /// Adds a custom attribute, or changes it to this. To change a part of one, begin with what it
    /// is: [`SchemaAttribute::to_new`](crate::SchemaAttribute::to_new).
    pub fn set(mut self, name: impl Into<String>, attribute: NewAttribute) -> Self {
        self.custom.insert(name.into(), json!(attribute));
        self
    }

    /// Removes a custom attribute, and with it the values of all profiles.
    pub fn remove(mut self, name: impl Into<String>) -> Self {
        self.custom.insert(name.into(), Value::Null);
        self
    }

    /// Changes a base attribute, as far as Okta allows it.
    pub fn set_base(mut self, name: impl Into<String>, attribute: NewAttribute) -> Self {
        self.base.insert(name.into(), json!(attribute));
        self
    }

    /// Sets the schema's name to show.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    fn ready(self) -> Request<OktaError> {
        let mut definitions = Map::new();
        for (half, id, properties) in
            [("base", "#base", self.base), ("custom", "#custom", self.custom)]
        {
            if !properties.is_empty() {
                let value = json!({"id": id, "type": "object", "properties": properties});
                definitions.insert(half.into(), value);
            }
        }
        let mut body = Map::new();
        body.extend(self.title.map(|title| ("title".into(), Value::String(title))));
        if !definitions.is_empty() {
            body.insert("definitions".into(), Value::Object(definitions));
        }
        self.request.body(&body)
    }
}

awaitable!(UpdateSchema => Schema, this { this.ready().json().await });
