//! App instances: list, read, create, replace, delete, and their lifecycle.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Map, Value};

use super::catalog::parts;
use super::templates::{check_new, check_settings};
use super::{App, position};
use crate::okta::call::{Call, object};
use crate::okta::change::app_target;
use crate::okta::error::{Answer, OktaError};
use crate::okta::link::{self, Cursor};
use crate::okta::log::{Event, Filter};
use crate::okta::state::State;
use crate::okta::users::nothing;
use crate::okta::{OktaOrg, group, now};

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 200;
const FILTERED: [&str; 6] =
    ["id", "status", "name", "user.id", "credentials.signing.kid", "settings.slo.enabled"];

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Answer {
    let state = org.read();
    let expand = call.get("expand").map(expanded_user).transpose()?;
    let filter = call.get("filter").map(filter).transpose()?;
    let start = call.get("q").map(str::to_lowercase);
    let after = Cursor::of(&call)?;
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let keep = |app: &&App| {
        let starts =
            |text: &str| start.as_ref().is_none_or(|start| text.to_lowercase().starts_with(start));
        (starts(&app.name) || starts(&app.label))
            && filter.as_ref().is_none_or(|filter| matches(&state, app, filter))
    };
    let found = state.apps.values().filter(keep).map(|app| {
        let mut json = app.json(&call.origin);
        if let Some(user) = expand.and_then(|name| state.find(name))
            && let Some(user) = app.user_json(&state, user, &call.origin)
        {
            json["_embedded"] = serde_json::json!({"user": user});
        }
        (app.position, json)
    });
    let (page, next) = link::page_of(found, after, limit);
    let mut response = Json(page).into_response();
    link::add_to(&mut response, &call, limit, next);
    Ok(response)
}

fn filter(text: &str) -> Result<Filter, OktaError> {
    let refused = |cause: String| {
        OktaError::new(400, "E0000031", "Invalid search criteria.")
            .because(format!("filter: {cause}"))
    };
    let filter = Filter::parse(text).map_err(refused)?;
    match filter.paths().into_iter().find(|path| !FILTERED.contains(path)) {
        Some(path) => Err(refused(format!("`{path}` cannot be filtered"))),
        None => Ok(filter),
    }
}

// `user.id` means the app's users, of whom only those have to be known that are asked for.
fn matches(state: &State, app: &App, filter: &Filter) -> bool {
    let mut json = app.json("");
    let has = |id: &&str| state.find(id).is_some_and(|index| app.has_user(state, index));
    let asked: Vec<&str> = filter.compared_with("user.id").into_iter().filter(has).collect();
    json["user"] = serde_json::json!({"id": asked});
    filter.matches(&json)
}

fn expanded_user(text: &str) -> Result<&str, OktaError> {
    text.strip_prefix("user/")
        .filter(|user| !user.is_empty())
        .ok_or_else(|| OktaError::validation("expand", "Expand query is malformed."))
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&position(&state, &id)?];
    Ok(Json(app.json(&call.origin)).into_response())
}

/// The apps that a group is assigned to.
pub(crate) async fn of_group(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let group = group::position(&state, &id)?;
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let mine = state.apps.values().filter(|app| app.groups.contains_key(&group));
    let mine = mine.map(|app| (app.position, app.json(&call.origin)));
    let (page, next) = link::page_of(mine, Cursor::of(&call)?, limit);
    let mut response = Json(page).into_response();
    link::add_to(&mut response, &call, limit, next);
    Ok(response)
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    check_new(&body)?;
    let app = App::new(change.next_id, &body)?;
    check_settings(&app.name, &body)?;
    let app = App { is_active: call.flag("activate", true), ..app };
    let answer = Json(app.json(&call.origin)).into_response();
    let event = Event::new("application.lifecycle.create", [app_target(&app)]);
    change.apply(event, |state| {
        // Its two mappings have the numbers behind it.
        state.next_id += 3;
        state.apps.insert(app.position, app);
    });
    Ok(answer)
}

pub(crate) async fn replace(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let mut app = change.apps[&position(&change, &id)?].clone();
    let label = body.get("label").and_then(Value::as_str).filter(|label| !label.is_empty());
    let label = label
        .ok_or_else(|| OktaError::validation("label", "label: The field cannot be left blank"))?;
    check_kept(&app, &body)?;
    check_settings(&app.name, &body)?;
    label.clone_into(&mut app.label);
    app.parts = parts(app.position, app.sign_on_mode.as_str().unwrap_or_default(), &body);
    app.last_updated = now();
    let answer = Json(app.json(&call.origin)).into_response();
    let event = Event::new("application.lifecycle.update", [app_target(&app)]);
    change.apply(event, |state| state.apps.insert(app.position, app));
    Ok(answer)
}

// What an instance is stays as it was made.
fn check_kept(app: &App, body: &Map<String, Value>) -> Result<(), OktaError> {
    let name: Value = app.name.as_str().into();
    for (field, before) in [("name", &name), ("signOnMode", &app.sign_on_mode)] {
        if body.get(field).is_some_and(|given| !given.is_null() && given != before) {
            return Err(OktaError::validation(field, format!("{field}: cannot be changed")));
        }
    }
    Ok(())
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let app = &change.apps[&position(&change, &id)?];
    if app.is_active {
        return Err(OktaError::new(403, "E0000056", "Delete application forbidden.")
            .because("The application must be deactivated before deletion."));
    }
    let at = app.position;
    let event = Event::new("application.lifecycle.delete", [app_target(app)]);
    change.apply(event, |state| {
        state.apps.remove(&at);
        state.provisioning.remove(&at);
    });
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn lifecycle(
    Shared(org): Shared<OktaOrg>,
    Path((id, what)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let mut change = org.change(&call);
    let mut app = change.apps[&position(&change, &id)?].clone();
    let (is_active, kind) = match what.as_str() {
        "activate" => (true, "application.lifecycle.activate"),
        "deactivate" => (false, "application.lifecycle.deactivate"),
        _ => return Err(OktaError::no_such_path()),
    };
    if app.is_active != is_active {
        app.is_active = is_active;
        app.last_updated = now();
        let event = Event::new(kind, [app_target(&app)]);
        change.apply(event, |state| state.apps.insert(app.position, app));
    }
    Ok(nothing())
}
