//! What a new app may be: a template, or one of the catalogue, with the settings it cannot be without.

use serde_json::{Map, Value};

use super::catalog::{NAMES, PROVISIONING};
use crate::okta::error::OktaError;

const MODES: [&str; 9] = [
    "AUTO_LOGIN",
    "BASIC_AUTH",
    "BOOKMARK",
    "BROWSER_PLUGIN",
    "OPENID_CONNECT",
    "SAML_1_1",
    "SAML_2_0",
    "SECURE_PASSWORD_STORE",
    "WS_FEDERATION",
];
/// Some of Okta's thousands, besides those that provision: the recorded ones and a few well-known ones.
const CATALOG: [&str; 16] = [
    "applauz",
    "aws_console",
    "boxnet",
    "culture_amp",
    "deel",
    "deelhr",
    "kissflow",
    "pagerduty",
    "peakon",
    "pendo",
    "pingboard",
    "salesforce",
    "sharepoint_onpremise",
    "strongdm",
    "template_swa3field",
    "workday",
];
// The settings that a template's apps cannot be without, as the API reference has them.
const REQUIRED: [(&str, &[&str]); 4] = [
    ("bookmark", &["url"]),
    ("template_basic_auth", &["url", "authURL"]),
    ("template_sps", &["url", "usernameField", "passwordField"]),
    ("template_swa", &["url", "buttonField", "usernameField", "passwordField"]),
];

/// Whether there is such an app, and such a way to sign on. The error of a name that nobody knows is not
/// recorded; it is that of any other wrong value.
pub(super) fn check_new(body: &Map<String, Value>) -> Result<(), OktaError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, mode) = (text("name").to_lowercase(), text("signOnMode"));
    let refuse = |field: &str, cause: String| Err(OktaError::validation(field, cause));
    let is_template = NAMES.iter().any(|(_, known)| *known == name);
    let is_known =
        is_template || PROVISIONING.contains(&name.as_str()) || CATALOG.contains(&name.as_str());
    if !(name.is_empty() || is_known) {
        return refuse("name", format!("name: there is no app `{name}` in the catalogue"));
    }
    if !(mode.is_empty() || MODES.contains(&mode)) {
        return refuse("signOnMode", format!("signOnMode: must be one of {}", MODES.join(", ")));
    }
    Ok(())
}

pub(super) fn check_settings(name: &str, body: &Map<String, Value>) -> Result<(), OktaError> {
    let given = body.get("settings").map(|settings| &settings["app"]);
    let needed = REQUIRED.iter().find(|(known, _)| *known == name);
    let has = |field: &str| {
        given.is_some_and(|given| given[field].as_str().is_some_and(|text| !text.is_empty()))
    };
    match needed.and_then(|(_, fields)| fields.iter().find(|field| !has(field))) {
        Some(field) => {
            Err(OktaError::validation(field, format!("{field}: The field cannot be left blank")))
        }
        None => Ok(()),
    }
}
