//! How an app is connected to the product it provisions, and what it does there.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Value, json};

use super::{App, position};
use crate::okta::OktaOrg;
use crate::okta::call::{Call, object};
use crate::okta::change::{Change, app_target};
use crate::okta::error::{Answer, OktaError};
use crate::okta::log::Event;
use crate::okta::provision::{self, Authorization, Destination};

pub(super) const EVENT: &str = "application.configuration.update";

/// The default connection, once it is set. No answer shows the token.
#[derive(Clone)]
pub(super) struct Connection {
    base_url: Value,
    scheme: String,
    token: Option<String>,
    pub(super) is_enabled: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = (&self.base_url, &self.scheme, self.token.is_some(), self.is_enabled);
        write!(f, "Connection{told:?}")
    }
}

impl App {
    /// Where and what it provisions; none while it or its connection is not active.
    pub(crate) fn destination(&self) -> Option<Destination> {
        let known = self.connection.as_ref().filter(|known| known.is_enabled && self.is_active)?;
        let is_on =
            |path: &str| self.features.outbound.pointer(path).is_some_and(|on| on == "ENABLED");
        let password = &self.features.outbound["update"]["password"];
        Some(Destination {
            base_url: known.base_url.as_str().unwrap_or_default().to_owned(),
            token: known.token.clone(),
            authorization: match self.name.as_str() {
                "scim2headerauth" => Authorization::Raw,
                "scim2testapp_basic" => Authorization::Basic,
                _ => Authorization::Bearer,
            },
            creates: is_on("/create/lifecycleCreate/status"),
            updates: is_on("/update/profile/status"),
            deactivates: is_on("/update/lifecycleDeactivate/status"),
            syncs_password: is_on("/update/password/status") && password["seed"] == "OKTA",
            patches: self.is_of_catalog(),
        })
    }

    /// Whether it provisions anything: groups are pushed by such an app alone.
    pub(crate) fn provisions(&self) -> bool {
        self.destination().is_some_and(|to| to.creates || to.updates || to.deactivates)
    }

    fn connection_json(&self, origin: &str) -> Value {
        if !self.can_provision {
            // Recorded: no error, and nothing else.
            return json!({"status": "UNKNOWN", "profile": {"authScheme": "UNKNOWN"}});
        }
        let base = format!("{origin}/api/v1/apps/{}/connections/default", self.id());
        let is_enabled = self.connection.as_ref().is_some_and(|known| known.is_enabled);
        let scheme = self.connection.as_ref().map_or("TOKEN", |known| known.scheme.as_str());
        let turn = if is_enabled { "deactivate" } else { "activate" };
        let mut json = json!({
            "authScheme": scheme,
            "status": if is_enabled { "ENABLED" } else { "DISABLED" },
            "profile": {"authScheme": scheme},
            "_links": {"self": {"href": base, "hints": {"allow": ["GET", "POST"]}}},
        });
        if let Some(known) = &self.connection {
            json["baseUrl"] = known.base_url.clone();
        }
        let href = format!("{base}/lifecycle/{turn}");
        json["_links"][turn] = json!({"href": href, "hints": {"allow": ["POST"]}});
        json
    }
}

pub(crate) async fn connection(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&position(&state, &id)?];
    Ok(Json(app.connection_json(&call.origin)).into_response())
}

pub(crate) async fn set_connection(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let mut app = change.apps[&position(&change, &id)?].clone();
    if app.can_provision {
        app.connection = Some(given(&app, &body, call.flag("activate", false))?);
    }
    let answer = Json(app.connection_json(&call.origin)).into_response();
    if app.can_provision {
        let event = Event::new(EVENT, [app_target(&app)]);
        save_connection(&mut change, event, app);
    }
    Ok(answer)
}

fn save_connection(change: &mut Change<'_>, event: Event, app: App) {
    change.apply(event, |state| {
        let at = app.position;
        state.apps.insert(at, app);
        provision::test(state, at);
    });
}

fn given(app: &App, body: &Value, activates: bool) -> Result<Connection, OktaError> {
    let blank = |field: &str| {
        OktaError::validation(field, format!("{field}: The field cannot be left blank"))
    };
    let before = app.connection.as_ref();
    let profile = &body["profile"];
    let scheme = profile["authScheme"].as_str().ok_or_else(|| blank("profile.authScheme"))?;
    let token = profile["token"].as_str().map(str::to_owned);
    let token = token.or_else(|| before.and_then(|before| before.token.clone()));
    match scheme {
        "TOKEN" if token.is_none() => return Err(blank("profile.token")),
        "TOKEN" | "OAUTH2" => {}
        _ => {
            let cause = "profile.authScheme: must be TOKEN or OAUTH2";
            return Err(OktaError::validation("profile.authScheme", cause));
        }
    }
    let base_url = match &body["baseUrl"] {
        Value::Null => before.map(|before| before.base_url.clone()).unwrap_or_default(),
        given => given.clone(),
    };
    if scheme == "TOKEN" && base_url.as_str().is_none_or(str::is_empty) {
        return Err(blank("baseUrl"));
    }
    let is_enabled = activates || before.is_some_and(|before| before.is_enabled);
    Ok(Connection { base_url, scheme: scheme.to_owned(), token, is_enabled })
}

pub(crate) async fn connection_lifecycle(
    Shared(org): Shared<OktaOrg>,
    Path((id, what)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let mut app = change.apps[&position(&change, &id)?].clone();
    let is_enabled = match what.as_str() {
        "activate" => true,
        "deactivate" => false,
        _ => return Err(OktaError::no_such_path()),
    };
    // Recorded: an app that cannot provision takes it and stays as it is.
    if !app.can_provision {
        return Ok(StatusCode::NO_CONTENT);
    }
    let Some(connection) = app.connection.as_mut() else {
        let cause = "The provisioning connection has to be set before it is activated.";
        return Err(OktaError::validation("connection", cause));
    };
    connection.is_enabled = is_enabled;
    let event = Event::new(EVENT, [app_target(&app)]);
    save_connection(&mut change, event, app);
    Ok(StatusCode::NO_CONTENT)
}

/// The end of the OAuth 2.0 consent: what an administrator's browser brings back enables the connection.
pub(crate) async fn connection_consent(
    Shared(org): Shared<OktaOrg>,
    Path((name, id)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let mut app = change.apps[&position(&change, &id)?].clone();
    if app.name != name {
        return Err(OktaError::not_found(&name, "AppInstance"));
    }
    if let Some(missing) = ["code", "state"].into_iter().find(|name| call.get(name).is_none()) {
        return Err(OktaError::missing_parameter(missing));
    }
    let connection = app.connection.as_mut().filter(|known| known.scheme == "OAUTH2");
    let refused = || {
        OktaError::validation("connection", "The provisioning connection is not one of OAuth 2.0.")
    };
    connection.ok_or_else(refused)?.is_enabled = true;
    let event = Event::new(EVENT, [app_target(&app)]);
    save_connection(&mut change, event, app);
    Ok(StatusCode::NO_CONTENT)
}
