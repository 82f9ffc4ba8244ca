//! Schema endpoints: of users, of groups, and of the users of an app.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use serde_json::Value;

use super::call::{Call, object};
use super::change::app_target;
use super::error::Answer;
use super::log::{Event, Target};
use super::{OktaOrg, apps, types};

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let kind = &state.types[&types::of_schema(&state, &id)?];
    let json = kind.schema.json_of_users(kind.position, &kind.name, &call.origin);
    Ok(Json(json).into_response())
}

pub(crate) async fn update(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let mut kind = change.types[&types::of_schema(&change, &id)?].clone();
    let gone = kind.schema.update(&body)?;
    let json = kind.schema.json_of_users(kind.position, &kind.name, &call.origin);
    let target = Target::new("UserType", types::id(kind.position), "unknown", kind.name.clone());
    change.apply(Event::new("directory.user_profile.update", [target]), |state| {
        gone.iter().for_each(|name| state.forget_attribute(kind.position, name));
        state.types.insert(kind.position, kind);
    });
    Ok(Json(json).into_response())
}

pub(crate) async fn get_of_groups(Shared(org): Shared<OktaOrg>, call: Call) -> Json<Value> {
    Json(org.read().group_schema.json_of_groups(&call.origin))
}

pub(crate) async fn update_of_groups(
    Shared(org): Shared<OktaOrg>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let mut schema = change.group_schema.clone();
    let gone = schema.update(&body)?;
    let json = schema.json_of_groups(&call.origin);
    let target = Target::new("GroupSchema", "default", "unknown", "Okta group");
    change.apply(Event::new("directory.user_profile.update", [target]), |state| {
        for group in state.groups.values_mut() {
            group.profile.retain(|name, _| !gone.contains(name));
        }
        state.group_schema = schema;
    });
    Ok(Json(json).into_response())
}

pub(crate) async fn get_of_app(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&apps::position(&state, &id)?];
    Ok(Json(app.schema_json(&call.origin)).into_response())
}

pub(crate) async fn update_of_app(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let mut app = change.apps[&apps::position(&change, &id)?].clone();
    let gone = app.schema.update(&body)?;
    gone.iter().for_each(|name| app.forget_attribute(name));
    let json = app.schema_json(&call.origin);
    let event = Event::new("directory.app_user_profile.update", [app_target(&app)]);
    change.apply(event, |state| state.apps.insert(app.position, app));
    Ok(Json(json).into_response())
}
