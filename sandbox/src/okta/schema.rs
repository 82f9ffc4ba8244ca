//! Schemas: which attributes a profile may have, and of which types.

use serde_json::{Map, Value, json};

use super::base_attributes;
use super::error::OktaError;
use super::{now, types};

/// Base attributes, which stay, and custom ones, which come and go.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    kind: Kind,
    base: Map<String, Value>,
    custom: Map<String, Value>,
    created: String,
    last_updated: String,
}

/// Whose profiles it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    User,
    Group,
    App,
}

impl Schema {
    /// The default type's has the custom attributes of seeded people.
    pub(crate) fn of_users(is_default: bool) -> Self {
        let mut schema = Self::new(Kind::User, base_attributes::of_users());
        let strings = json!({"title": "Skills", "type": "array", "items": {"type": "string"}});
        let seeded = [
            ("badgeNumber", json!({"title": "Badge number", "type": "integer"})),
            ("isContractor", json!({"title": "Contractor", "type": "boolean"})),
            ("hireDate", json!({"title": "Hire date", "type": "string"})),
            ("skills", strings),
            ("score", json!({"title": "Score", "type": "number"})),
        ];
        for (name, definition) in seeded.into_iter().filter(|_| is_default) {
            schema.set_custom(name, definition);
        }
        schema
    }

    pub(crate) fn of_groups() -> Self {
        Self::new(Kind::Group, base_attributes::of_groups())
    }

    pub(crate) fn of_app_users(base: Map<String, Value>) -> Self {
        Self::new(Kind::App, base)
    }

    fn new(kind: Kind, base: Map<String, Value>) -> Self {
        let created = "2025-01-01T00:00:00.000Z".to_owned();
        Self { kind, base, custom: Map::new(), last_updated: created.clone(), created }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.definition(name).is_some()
    }

    fn definition(&self, name: &str) -> Option<&Value> {
        self.base.get(name).or_else(|| self.custom.get(name))
    }

    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.base.iter().chain(&self.custom)
    }

    /// Adds or changes a custom attribute; null removes it.
    pub(crate) fn set_custom(&mut self, name: &str, definition: Value) {
        let Value::Object(mut given) = definition else {
            self.custom.remove(name);
            return;
        };
        // Recorded: it answers a text where a boolean was sent.
        if given.get("unique").and_then(Value::as_bool) == Some(true) {
            given.insert("unique".to_owned(), "UNIQUE_VALIDATED".into());
        }
        given.retain(|_, value| !value.is_null() && *value != false);
        let default = default_definition(name, self.kind);
        let known = self.custom.entry(name).or_insert(default);
        if let Value::Object(known) = known {
            known.extend(given);
        }
    }

    /// A partial update, as a body gives it: null removes a custom attribute, and little of the base
    /// ones can be changed. It gives the names of those that are gone, whose values go with them.
    pub(crate) fn update(&mut self, body: &Value) -> Result<Vec<String>, OktaError> {
        let part = |name: &str| body["definitions"][name]["properties"].as_object();
        for (name, definition) in part("custom").into_iter().flatten() {
            self.check_definition(name, definition)?;
        }
        for (name, definition) in part("base").into_iter().flatten() {
            if !self.base.contains_key(name) {
                let cause = format!("Cannot add the base attribute '{name}'.");
                return Err(OktaError::validation(name, cause));
            }
            self.set_base(name, definition);
        }
        let mut gone = Vec::new();
        for (name, definition) in part("custom").into_iter().flatten() {
            if definition.is_null() && self.custom.contains_key(name) {
                gone.push(name.clone());
            }
            self.set_custom(name, definition.clone());
        }
        self.last_updated = now();
        Ok(gone)
    }

    fn check_definition(&self, name: &str, definition: &Value) -> Result<(), OktaError> {
        let refuse = |cause: String| Err(OktaError::validation(name, cause));
        if self.base.contains_key(name) {
            return refuse(format!("{name}: an attribute of this name is there already"));
        }
        if definition.is_null() {
            return Ok(());
        }
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
            return refuse(format!(
                "{name}: must be letters, digits and underscores, and not begin with a digit"
            ));
        }
        let known = self.custom.get(name);
        let kind = definition["type"].as_str();
        match (known.map(|known| known["type"].as_str().unwrap_or("string")), kind) {
            (Some(before), Some(kind)) if before != kind => {
                refuse(format!("{name}: the type cannot be changed"))
            }
            (None, None) => refuse(format!("{name}.type: The field cannot be left blank")),
            (_, Some(kind)) if !TYPES.contains(&kind) => {
                refuse(format!("{name}.type: must be one of {}", TYPES.join(", ")))
            }
            _ => Ok(()),
        }
    }

    fn set_base(&mut self, name: &str, definition: &Value) {
        let Some(Value::Object(known)) = self.base.get_mut(name) else {
            return;
        };
        for changeable in ["permissions", "required", "pattern", "master", "title"] {
            match definition.get(changeable) {
                None => {}
                Some(Value::Null | Value::Bool(false)) => {
                    known.remove(changeable);
                }
                Some(value) => {
                    known.insert(changeable.to_owned(), value.clone());
                }
            }
        }
    }

    fn is_required(&self, name: &str, definition: &Value) -> bool {
        let is_always = self.kind == Kind::User && ["login", "email"].contains(&name);
        is_always || definition["required"] == true
    }

    /// Whether a profile may be stored: every attribute known and of its type, none required missing.
    pub(crate) fn check(&self, profile: &Map<String, Value>) -> Result<(), OktaError> {
        for (name, definition) in self.definitions() {
            let given = profile.get(name).filter(|value| !value.is_null() && **value != "");
            if given.is_none() && self.is_required(name, definition) {
                let cause = format!("{name}: The field cannot be left blank");
                return Err(OktaError::validation(name, cause));
            }
        }
        self.check_values(profile)?;
        if self.kind == Kind::User {
            check_address("login", profile)?;
            check_address("email", profile)?;
        }
        Ok(())
    }

    /// Whether what is given is known and of its type; something may be missing.
    pub(crate) fn check_values(&self, profile: &Map<String, Value>) -> Result<(), OktaError> {
        profile.iter().try_for_each(|(name, value)| self.check_value(name, value))
    }

    fn check_value(&self, name: &str, value: &Value) -> Result<(), OktaError> {
        let Some(definition) = self.definition(name) else {
            let cause = format!("Property name '{name}' is not defined in profile");
            return Err(OktaError::validation(name, cause));
        };
        let kind = definition["type"].as_str().unwrap_or("string");
        if value.is_null() {
            return Ok(());
        }
        let refuse = |cause: String| Err(OktaError::validation(name, format!("{name}: {cause}")));
        if !is_of_type(value, kind) {
            return refuse(format!("The value must be of type {kind}"));
        }
        if let Some(items) = definition["items"]["type"].as_str()
            && !value.as_array().into_iter().flatten().all(|item| is_of_type(item, items))
        {
            return refuse(format!("The items must be of type {items}"));
        }
        if let Some(choices) = definition["enum"].as_array()
            && !choices.contains(value)
        {
            return refuse("The value is not one of the enumerated ones".to_owned());
        }
        // A base attribute's lengths are not enforced: nobody documents what an empty one answers.
        match self.custom.contains_key(name) && !fits_length(definition, value) {
            true => refuse("The length is not within minLength and maxLength".to_owned()),
            false => Ok(()),
        }
    }

    /// The attributes whose values no two users may share.
    pub(crate) fn unique_attributes(&self) -> impl Iterator<Item = &str> {
        let unique =
            |(_, definition): &(&String, &Value)| definition["unique"] == "UNIQUE_VALIDATED";
        self.custom.iter().filter(unique).map(|(name, _)| name.as_str())
    }

    /// The answer for the schema of a user type.
    pub(crate) fn json_of_users(&self, kind: u64, name: &str, origin: &str) -> Value {
        let id = types::schema_id(kind);
        let title = if kind == 0 { "User" } else { name };
        let mut json = self.json(&format!("user/{id}"), name, title, origin);
        if kind == 0 {
            json["description"] =
                "Okta user profile template with default permission settings".into();
        }
        json["_links"]["type"] = link("type", origin, &format!("types/user/{}", types::id(kind)));
        json
    }

    /// The answer for the group schema.
    pub(crate) fn json_of_groups(&self, origin: &str) -> Value {
        let mut json = self.json("group/default", "group", "Okta group", origin);
        json["description"] = "Okta group profile template".into();
        json
    }

    /// The answer for the schema of an app's users.
    pub(crate) fn json_of_app(&self, app: &str, name: &str, label: &str, origin: &str) -> Value {
        let mut json =
            self.json(&format!("apps/{app}/default"), name, &format!("{label} User"), origin);
        // Recorded: without `required` for custom attributes, and without links.
        if let Some(members) = json.as_object_mut() {
            members.remove("_links");
        }
        if let Some(custom) = json["definitions"]["custom"].as_object_mut() {
            custom.remove("required");
        }
        json
    }

    fn json(&self, path: &str, name: &str, title: &str, origin: &str) -> Value {
        let part = |id: &str, properties: &Map<String, Value>| {
            let required = properties.iter().filter(|(name, d)| self.is_required(name, d));
            let required: Vec<&str> = required.map(|(name, _)| name.as_str()).collect();
            json!({"id": id, "type": "object", "properties": properties, "required": required})
        };
        json!({
            // Recorded: without `/api/v1`.
            "id": format!("{origin}/meta/schemas/{path}"),
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": name,
            "title": title,
            "lastUpdated": self.last_updated,
            "created": self.created,
            "definitions": {
                "custom": part("#custom", &self.custom),
                "base": part("#base", &self.base),
            },
            "type": "object",
            "properties": {"profile": {"allOf": [
                {"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}
            ]}},
            "_links": {"self": link("self", origin, &format!("schemas/{path}"))},
        })
    }
}

const TYPES: [&str; 5] = ["string", "number", "integer", "boolean", "array"];

fn link(rel: &str, origin: &str, path: &str) -> Value {
    json!({"rel": rel, "href": format!("{origin}/api/v1/meta/{path}"), "method": "GET"})
}

fn default_definition(name: &str, kind: Kind) -> Value {
    let mut definition = json!({"title": name, "type": "string", "scope": "NONE",
                                "master": {"type": "PROFILE_MASTER"}});
    if kind != Kind::App {
        definition["mutability"] = "READ_WRITE".into();
        definition["permissions"] = json!([{"principal": "SELF", "action": "READ_ONLY"}]);
    }
    definition
}

fn fits_length(definition: &Value, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    let length = text.chars().count() as u64;
    let shortest = definition["minLength"].as_u64().unwrap_or(0);
    (shortest..=definition["maxLength"].as_u64().unwrap_or(u64::MAX)).contains(&length)
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_string(),
    }
}

fn check_address(name: &str, profile: &Map<String, Value>) -> Result<(), OktaError> {
    let address = profile.get(name).and_then(Value::as_str).unwrap_or_default();
    let parts = address.split_once('@');
    if parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
        return Ok(());
    }
    let problem = match name {
        "login" => "Username must be in the form of an email address",
        _ => "Does not match required pattern",
    };
    Err(OktaError::validation(name, format!("{name}: {problem}")))
}
