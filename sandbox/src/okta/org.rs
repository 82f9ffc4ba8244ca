//! `GET /api/v1/org` and the user type.

use axum::Json;
use axum::extract::Path;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::error::{Answer, OktaError};
use super::user::{SCHEMA, USER_TYPE};

const SINCE: &str = "2025-01-01T00:00:00.000Z";

pub(crate) async fn settings(call: Call) -> Json<Value> {
    let link = |path: &str| json!({"href": format!("{}/api/v1/org/{path}", call.origin)});
    Json(json!({
        "id": "00osandbox0000SbX5d7",
        "subdomain": "sandbox",
        "companyName": "Sandbox",
        "status": "ACTIVE",
        "expiresAt": null,
        "created": SINCE,
        "lastUpdated": SINCE,
        "website": "https://people.example",
        "phoneNumber": "",
        "endUserSupportHelpURL": "",
        "supportPhoneNumber": "",
        "address1": null,
        "address2": null,
        "city": null,
        "state": null,
        "country": null,
        "postalCode": null,
        "_links": {
            "preferences": link("preferences"),
            "uploadLogo": {"href": format!("{}/api/v1/org/logo", call.origin), "hints": {"allow": ["POST"]}},
            "oktaCommunication": link("privacy/oktaCommunication"),
            "logo": link("logo"),
            "oktaSupport": link("privacy/oktaSupport"),
            "contacts": link("contacts"),
        },
    }))
}

pub(crate) async fn user_types(call: Call) -> Json<Value> {
    Json(json!([user_type_json(&call.origin)]))
}

pub(crate) async fn user_type(Path(id): Path<String>, call: Call) -> Answer {
    match id == USER_TYPE || id == "default" {
        true => Ok(Json(user_type_json(&call.origin)).into_response()),
        false => Err(OktaError::not_found(&id, "UserType")),
    }
}

fn user_type_json(origin: &str) -> Value {
    let meta = format!("{origin}/api/v1/meta");
    let link = |rel: &str, href: String| json!({"rel": rel, "href": href, "method": "GET"});
    json!({
        "id": USER_TYPE,
        "displayName": "User",
        "name": "user",
        "description": "Okta user profile template with default permission settings",
        "createdBy": "sprsandbox0000SbX5d7",
        "lastUpdatedBy": "sprsandbox0000SbX5d7",
        "created": SINCE,
        "lastUpdated": SINCE,
        "default": true,
        "_links": {
            "schema": link("schema", format!("{meta}/schemas/user/{SCHEMA}")),
            "self": link("self", format!("{meta}/types/user/{USER_TYPE}")),
        },
    })
}
