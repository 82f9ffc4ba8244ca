//! The user schema: base attributes, and custom ones that can be added and removed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::call::{Call, object};
use super::error::{Answer, OktaError};
use super::user::{SCHEMA, USER_TYPE};
use super::{OktaOrg, now};

// Name, title, format or nothing. All are texts.
const BASE: [(&str, &str, &str); 31] = [
    ("login", "Username", ""),
    ("firstName", "First name", ""),
    ("lastName", "Last name", ""),
    ("middleName", "Middle name", ""),
    ("honorificPrefix", "Honorific prefix", ""),
    ("honorificSuffix", "Honorific suffix", ""),
    ("email", "Primary email", "email"),
    ("title", "Title", ""),
    ("displayName", "Display name", ""),
    ("nickName", "Nickname", ""),
    ("profileUrl", "Profile Url", "uri"),
    ("secondEmail", "Secondary email", "email"),
    ("mobilePhone", "Mobile phone", ""),
    ("primaryPhone", "Primary phone", ""),
    ("streetAddress", "Street address", ""),
    ("city", "City", ""),
    ("state", "State", ""),
    ("zipCode", "Zip code", ""),
    ("countryCode", "Country code", "country-code"),
    ("postalAddress", "Postal Address", ""),
    ("preferredLanguage", "Preferred language", "language-code"),
    ("locale", "Locale", "locale"),
    ("timezone", "Time zone", "timezone"),
    ("userType", "User type", ""),
    ("employeeNumber", "Employee number", ""),
    ("costCenter", "Cost center", ""),
    ("organization", "Organization", ""),
    ("division", "Division", ""),
    ("department", "Department", ""),
    ("managerId", "ManagerId", ""),
    ("manager", "Manager", ""),
];
const REQUIRED: [&str; 4] = ["login", "firstName", "lastName", "email"];

#[derive(Clone, Debug)]
pub(crate) struct Schema {
    base: Map<String, Value>,
    custom: Map<String, Value>,
    last_updated: String,
}

impl Schema {
    /// The base attributes, and the custom ones that seeded people have.
    pub(crate) fn seeded() -> Self {
        let base = BASE
            .iter()
            .map(|(name, title, format)| (name.to_string(), base_property(name, title, format)));
        let mut schema = Self {
            base: base.collect(),
            custom: Map::new(),
            last_updated: "2025-01-01T00:00:00.000Z".to_owned(),
        };
        let strings = json!({"title": "Skills", "type": "array", "items": {"type": "string"}});
        for (name, definition) in [
            ("badgeNumber", json!({"title": "Badge number", "type": "integer"})),
            ("isContractor", json!({"title": "Contractor", "type": "boolean"})),
            ("hireDate", json!({"title": "Hire date", "type": "string"})),
            ("skills", strings),
            ("score", json!({"title": "Score", "type": "number"})),
        ] {
            schema.set_custom(name, definition);
        }
        schema
    }

    /// Adds or changes a custom attribute; null removes it.
    pub(crate) fn set_custom(&mut self, name: &str, definition: Value) {
        let Value::Object(given) = definition else {
            self.custom.remove(name);
            return;
        };
        let known = self.custom.entry(name).or_insert_with(|| {
            json!({"title": name, "type": "string", "mutability": "READ_WRITE", "scope": "NONE",
                   "permissions": [{"principal": "SELF", "action": "READ_ONLY"}],
                   "master": {"type": "PROFILE_MASTER"}})
        });
        if let Value::Object(known) = known {
            known.extend(given);
        }
    }

    /// Whether a profile may be stored: every attribute known and of its type, none required missing.
    pub(crate) fn check(&self, profile: &Map<String, Value>) -> Result<(), OktaError> {
        for name in REQUIRED {
            let given = profile.get(name).and_then(Value::as_str).unwrap_or_default();
            if given.is_empty() {
                let cause = format!("{name}: The field cannot be left blank");
                return Err(OktaError::validation(name, cause));
            }
        }
        profile.iter().try_for_each(|(name, value)| self.check_value(name, value))?;
        check_address("login", profile)?;
        check_address("email", profile)
    }

    fn check_value(&self, name: &str, value: &Value) -> Result<(), OktaError> {
        let Some(definition) = self.base.get(name).or_else(|| self.custom.get(name)) else {
            let cause = format!("Property name '{name}' is not defined in profile");
            return Err(OktaError::validation(name, cause));
        };
        let kind = definition["type"].as_str().unwrap_or("string");
        if value.is_null() || is_of_type(value, kind) {
            return Ok(());
        }
        let cause = format!("{name}: The value must be of type {kind}");
        Err(OktaError::validation(name, cause))
    }

    fn json(&self, origin: &str) -> Value {
        let part = |id: &str, properties: &Map<String, Value>, required: &[&str]| json!({"id": id, "type": "object", "properties": properties, "required": required});
        let link = |rel: &str, path: &str| json!({"rel": rel, "href": format!("{origin}/api/v1/meta{path}"), "method": "GET"});
        json!({
            // Recorded: without `/api/v1`.
            "id": format!("{origin}/meta/schemas/user/{SCHEMA}"),
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": "user",
            "title": "User",
            "description": "Okta user profile template with default permission settings",
            "lastUpdated": self.last_updated,
            "created": "2025-01-01T00:00:00.000Z",
            "definitions": {
                "custom": part("#custom", &self.custom, &[]),
                "base": part("#base", &self.base, &REQUIRED),
            },
            "type": "object",
            "properties": {"profile": {"allOf": [
                {"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}
            ]}},
            "_links": {
                "self": link("self", &format!("/schemas/user/{SCHEMA}")),
                "type": link("type", &format!("/types/user/{USER_TYPE}")),
            },
        })
    }
}

fn base_property(name: &str, title: &str, format: &str) -> Value {
    let mut property = json!({"title": title, "type": "string"});
    if !format.is_empty() {
        property["format"] = format.into();
    }
    if REQUIRED.contains(&name) {
        property["required"] = true.into();
    }
    property["mutability"] = "READ_WRITE".into();
    property["scope"] = "NONE".into();
    let (shortest, longest) = match name {
        "login" => (5, 100),
        "firstName" | "lastName" => (1, 50),
        "mobilePhone" | "primaryPhone" => (0, 100),
        _ => (0, 0),
    };
    if shortest > 0 {
        property["minLength"] = shortest.into();
    }
    if longest > 0 {
        property["maxLength"] = longest.into();
    }
    property["permissions"] = json!([{"principal": "SELF", "action": "READ_ONLY"}]);
    property["master"] = json!({"type": "PROFILE_MASTER"});
    property
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

pub(crate) async fn get(State(org): State<OktaOrg>, Path(id): Path<String>, call: Call) -> Answer {
    known(&id)?;
    Ok(Json(org.read().schema.json(&call.origin)).into_response())
}

pub(crate) async fn update(
    State(org): State<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    known(&id)?;
    let body = Value::Object(object(&body)?);
    let mut state = org.write();
    if let Some(custom) = body["definitions"]["custom"]["properties"].as_object() {
        for (name, definition) in custom {
            state.schema.set_custom(name, definition.clone());
        }
    }
    state.schema.last_updated = now();
    Ok(Json(state.schema.json(&call.origin)).into_response())
}

fn known(id: &str) -> Result<(), OktaError> {
    match id == "default" || id == SCHEMA {
        true => Ok(()),
        false => Err(OktaError::not_found(id, "Schema")),
    }
}
