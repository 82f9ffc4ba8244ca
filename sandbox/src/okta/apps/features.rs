//! What an app provisions: its features and their capabilities.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::connection::EVENT;
use super::{App, position};
use crate::okta::OktaOrg;
use crate::okta::call::{Call, object};
use crate::okta::change::app_target;
use crate::okta::error::{Answer, OktaError};
use crate::okta::log::Event;

/// What the app provisions, as the API writes it.
#[derive(Clone, Debug)]
pub(super) struct Features {
    pub(super) outbound: Value,
    inbound: Value,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            outbound: json!({
                "create": {"lifecycleCreate": {"status": "DISABLED"}},
                "update": {
                    "profile": {"status": "DISABLED"},
                    "lifecycleDeactivate": {"status": "DISABLED"},
                    "password": {"status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING"},
                },
            }),
            inbound: json!({
                "importSettings": {
                    "username": {"userNameFormat": "EMAIL"},
                    "schedule": {"status": "DISABLED", "fullImport": null, "incrementalImport": null},
                },
                "importRules": {"userCreateAndMatch": {
                    "exactMatchCriteria": "USERNAME", "allowPartialMatch": true,
                    "autoConfirmPartialMatch": false, "autoConfirmExactMatch": false,
                    "autoConfirmNewUsers": false, "autoActivateNewUsers": false,
                }},
            }),
        }
    }
}

impl App {
    fn feature_json(&self, name: &str, origin: &str) -> Result<Value, OktaError> {
        let (description, capabilities) = match name {
            "USER_PROVISIONING" => (
                "User provisioning settings from Okta to a downstream application",
                &self.features.outbound,
            ),
            "INBOUND_PROVISIONING" => (
                "In-bound provisioning settings for provisioning users from an application to Okta",
                &self.features.inbound,
            ),
            _ => return Err(OktaError::not_found(name, "Feature")),
        };
        let href = format!("{origin}/api/v1/apps/{}/features/{name}", self.id());
        Ok(json!({
            "name": name, "status": "ENABLED", "description": description,
            "capabilities": capabilities,
            "_links": {"self": {"href": href, "hints": {"allow": ["GET", "PUT"]}}},
        }))
    }

    // Recorded, the first for an app that cannot at all.
    fn check_provisioning(&self) -> Result<(), OktaError> {
        let is_enabled = self.connection.as_ref().is_some_and(|known| known.is_enabled);
        let cause = match (self.can_provision, is_enabled) {
            (true, true) => return Ok(()),
            (false, _) => "Provisioning is not supported.",
            (true, false) => "Provisioning is not enabled for the app instance.",
        };
        Err(OktaError::validation("feature", cause))
    }
}

pub(crate) async fn features(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&position(&state, &id)?];
    app.check_provisioning()?;
    let names = ["USER_PROVISIONING", "INBOUND_PROVISIONING"];
    let all: Result<Vec<Value>, OktaError> =
        names.into_iter().map(|name| app.feature_json(name, &call.origin)).collect();
    Ok(Json(all?).into_response())
}

pub(crate) async fn feature(
    Shared(org): Shared<OktaOrg>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&position(&state, &id)?];
    app.check_provisioning()?;
    Ok(Json(app.feature_json(&name, &call.origin)?).into_response())
}

/// Takes the capabilities without their wrapper, and merges them.
pub(crate) async fn set_feature(
    Shared(org): Shared<OktaOrg>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let mut app = change.apps[&position(&change, &id)?].clone();
    app.check_provisioning()?;
    app.feature_json(&name, &call.origin)?;
    match name.as_str() {
        "USER_PROVISIONING" => merge_known(&mut app.features.outbound, &body, "")?,
        _ => set_inbound(&mut app.features.inbound, &body)?,
    }
    let answer = Json(app.feature_json(&name, &call.origin)?).into_response();
    let event = Event::new(EVENT, [app_target(&app)]);
    change.apply(event, |state| state.apps.insert(app.position, app));
    Ok(answer)
}

fn merge_known(into: &mut Value, given: &Value, path: &str) -> Result<(), OktaError> {
    let refuse =
        |path: &str| OktaError::validation("capabilities", format!("{path}: is not a capability"));
    let (Some(known), Some(given)) = (into.as_object_mut(), given.as_object()) else {
        return Err(refuse(path));
    };
    for (name, value) in given {
        let path = format!("{path}{name}");
        let here = known.get_mut(name).ok_or_else(|| refuse(&path))?;
        match here.is_object() {
            true => merge_known(here, value, &format!("{path}."))?,
            false if value.is_string() => {
                check_value(&path, value)?;
                *here = value.clone();
            }
            false => return Err(refuse(&path)),
        }
    }
    Ok(())
}

// The values that a member takes, where the API reference has a list of them. `CYCLE` is a guide's.
const CHOICES: [(&str, &[&str]); 6] = [
    ("status", &["ENABLED", "DISABLED"]),
    ("seed", &["RANDOM", "OKTA"]),
    ("change", &["KEEP_EXISTING", "CHANGE", "CYCLE"]),
    ("userNameFormat", &["EMAIL", "CUSTOM"]),
    ("usernameFormat", &["EMAIL", "CUSTOM"]),
    ("exactMatchCriteria", &["USERNAME", "EMAIL"]),
];

// Everything below a path has a value that is taken there.
fn check_value(path: &str, value: &Value) -> Result<(), OktaError> {
    if let Some(members) = value.as_object() {
        return members.iter().try_for_each(|(name, v)| check_value(&format!("{path}.{name}"), v));
    }
    let refuse =
        |what: &str| Err(OktaError::validation("capabilities", format!("{path}: must be {what}")));
    let name = path.rsplit('.').next().unwrap_or(path);
    let is_switch = name.starts_with("auto") || name.starts_with("allow");
    match CHOICES.iter().find(|(known, _)| *known == name) {
        Some((_, choices)) if value.as_str().is_none_or(|given| !choices.contains(&given)) => {
            refuse(&format!("one of {}", choices.join(", ")))
        }
        None if is_switch && !value.is_boolean() => refuse("true or false"),
        _ => Ok(()),
    }
}

fn set_inbound(inbound: &mut Value, given: &Value) -> Result<(), OktaError> {
    for half in ["importSettings", "importRules"] {
        if !given[half].is_object() {
            let cause = format!("{half}: The field cannot be left blank");
            return Err(OktaError::validation(half, cause));
        }
        check_value(half, &given[half])?;
    }
    for half in ["importSettings", "importRules"] {
        for (name, value) in given[half].as_object().into_iter().flatten() {
            inbound[half][name] = value.clone();
        }
    }
    Ok(())
}
