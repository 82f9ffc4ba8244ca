//! The settings of the org, and what anybody may know of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::call::{Call, object};
use super::error::Answer;
use super::{OktaOrg, now};

const ID: &str = "00osandbox0000SbX5d7";
const SINCE: &str = "2025-01-01T00:00:00.000Z";
// What may be written.
const SETTINGS: [&str; 11] = [
    "companyName",
    "website",
    "phoneNumber",
    "endUserSupportHelpURL",
    "supportPhoneNumber",
    "address1",
    "address2",
    "city",
    "state",
    "country",
    "postalCode",
];

pub(crate) fn seeded() -> Map<String, Value> {
    let mut settings: Map<String, Value> =
        SETTINGS.iter().map(|name| (name.to_string(), Value::Null)).collect();
    for (name, value) in [
        ("lastUpdated", SINCE),
        ("companyName", "Sandbox"),
        ("website", "https://people.example"),
        ("phoneNumber", ""),
        ("endUserSupportHelpURL", ""),
        ("supportPhoneNumber", ""),
    ] {
        settings.insert(name.to_owned(), value.into());
    }
    settings
}

pub(crate) async fn settings(Shared(org): Shared<OktaOrg>, call: Call) -> Json<Value> {
    Json(json_of(&org.read().settings, &call))
}

pub(crate) async fn update(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    change(&org, &call, &object(&body)?, false)
}

pub(crate) async fn replace(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    change(&org, &call, &object(&body)?, true)
}

fn change(org: &OktaOrg, call: &Call, body: &Map<String, Value>, replaces: bool) -> Answer {
    // Okta's list of event types has none for this.
    let mut state = org.write_without_event();
    let mut settings = state.settings.clone();
    for name in SETTINGS {
        match body.get(name) {
            Some(value) => settings.insert(name.to_owned(), value.clone()),
            None if replaces => settings.insert(name.to_owned(), Value::Null),
            None => None,
        };
    }
    settings.insert("lastUpdated".to_owned(), now().into());
    let answer = Json(json_of(&settings, call)).into_response();
    state.settings = settings;
    Ok(answer)
}

fn json_of(settings: &Map<String, Value>, call: &Call) -> Value {
    let link = |path: &str| json!({"href": format!("{}/api/v1/org/{path}", call.origin)});
    let mut json = json!({
        "id": ID,
        "subdomain": "sandbox",
        "status": "ACTIVE",
        "expiresAt": null,
        "created": SINCE,
        "_links": {
            "preferences": link("preferences"),
            "uploadLogo": {"href": format!("{}/api/v1/org/logo", call.origin), "hints": {"allow": ["POST"]}},
            "oktaCommunication": link("privacy/oktaCommunication"),
            "logo": link("logo"),
            "oktaSupport": link("privacy/oktaSupport"),
            "contacts": link("contacts"),
        },
    });
    if let Some(members) = json.as_object_mut() {
        members.extend(settings.clone());
    }
    json
}

/// `GET /.well-known/okta-organization`, which needs no credential and counts for no limit.
pub(crate) async fn metadata(call: Call) -> Json<Value> {
    Json(json!({
        "id": ID,
        "cell": "sandbox",
        "_links": {"organization": {"href": call.origin}},
        "pipeline": "idx",
        "settings": {
            "analyticsCollectionEnabled": false, "bugReportingEnabled": false, "omEnabled": false,
            "pssoEnabled": false, "desktopMFAEnabled": false, "itpEnabled": false,
        },
    }))
}
