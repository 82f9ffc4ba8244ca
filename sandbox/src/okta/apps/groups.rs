//! Groups of an app: their members are its users, those who join later too.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{App, of_user, position};
use crate::okta::call::Call;
use crate::okta::change::{Change, app_target, group_target};
use crate::okta::error::{Answer, OktaError};
use crate::okta::link::{self, Cursor};
use crate::okta::log::Event;
use crate::okta::state::State;
use crate::okta::{OktaOrg, group, ids, now};

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 200;

#[derive(Clone, Debug)]
pub(crate) struct AppGroup {
    pub(crate) priority: u64,
    pub(crate) profile: Map<String, Value>,
    pub(crate) last_updated: String,
}

fn json_of(app: &App, group: u64, assignment: &AppGroup, origin: &str) -> Value {
    let (app, group) = (app.id(), ids::id(ids::GROUP, group));
    let base = format!("{origin}/api/v1");
    json!({
        "id": group,
        "lastUpdated": assignment.last_updated,
        "priority": assignment.priority,
        "profile": assignment.profile,
        "_links": {
            "app": {"href": format!("{base}/apps/{app}")},
            "self": {"href": format!("{base}/apps/{app}/groups/{group}")},
            "group": {"href": format!("{base}/groups/{group}")},
        },
    })
}

pub(crate) async fn list(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&position(&state, &id)?];
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let start = call.get("q").map(str::to_lowercase);
    let is_wanted = |position: &u64| {
        let name = state.groups.get(position).map(|group| group.name().to_lowercase());
        start.as_ref().is_none_or(|start| name.is_some_and(|name| name.starts_with(start)))
    };
    let found = app.groups.iter().filter(|(position, _)| is_wanted(position));
    let found = found.map(|(at, group)| (*at, json_of(app, *at, group, &call.origin)));
    let (page, next) = link::page_of(found, Cursor::of(&call)?, limit);
    let mut response = Json(page).into_response();
    link::add_to(&mut response, &call, limit, next);
    Ok(response)
}

// The app, and the group that is assigned to it.
fn found(state: &State, id: &str, group: &str) -> Result<(u64, u64), OktaError> {
    let app = position(state, id)?;
    let at = ids::position(ids::GROUP, group);
    let at = at.filter(|at| state.apps[&app].groups.contains_key(at));
    at.map(|at| (app, at)).ok_or_else(|| OktaError::not_found(group, "GroupAssignment"))
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path((id, group)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let state = org.read();
    let (app, at) = found(&state, &id, &group)?;
    let app = &state.apps[&app];
    Ok(Json(json_of(app, at, &app.groups[&at], &call.origin)).into_response())
}

pub(crate) async fn assign(
    Shared(org): Shared<OktaOrg>,
    Path((id, group)): Path<(String, String)>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body: Value = match body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(&body).map_err(|_| OktaError::malformed_body())?,
    };
    let mut change = org.change(&call);
    let app = position(&change, &id)?;
    let at = group::position(&change, &group)?;
    let profile = body["profile"].as_object().cloned().unwrap_or_default();
    change.apps[&app].schema.check_values(&profile)?;
    let assignment = AppGroup {
        priority: body["priority"]
            .as_u64()
            .unwrap_or_else(|| next_priority(&change.apps[&app], at)),
        profile,
        last_updated: now(),
    };
    let is_new = !change.apps[&app].groups.contains_key(&at);
    let gain = if is_new { gained(&change, app, at) } else { Vec::new() };
    save(&mut change, app, at, assignment, is_new);
    change.log_app_users(app, &gain, "application.user_membership.add");
    let app = &change.apps[&app];
    Ok(Json(json_of(app, at, &app.groups[&at], &call.origin)).into_response())
}

// Recorded: without a number the first one is 0.
fn next_priority(app: &App, group: u64) -> u64 {
    let known = app.groups.get(&group).map(|assignment| assignment.priority);
    let next = || app.groups.values().map(|assignment| assignment.priority + 1).max();
    known.or_else(next).unwrap_or(0)
}

fn save(change: &mut Change<'_>, app: u64, at: u64, assignment: AppGroup, is_new: bool) {
    let kind = match is_new {
        true => "group.application_assignment.add",
        false => "group.application_assignment.update",
    };
    let event = event(change, app, at, kind);
    change.apply(event, |state| {
        if let Some(app) = state.apps.get_mut(&app) {
            app.groups.insert(at, assignment);
        }
    });
}

fn event(state: &State, app: u64, at: u64, kind: &'static str) -> Event {
    let group = state.groups.get(&at).map(group_target);
    Event::new(kind, group.into_iter().chain([app_target(&state.apps[&app])]))
}

// The members of a group who do not have the app already; only a few of a huge group are looked at.
fn gained(state: &State, app: u64, at: u64) -> Vec<u64> {
    members(state, at).filter(|index| !of_user(state, *index).contains(&app)).collect()
}

// One more than are logged one by one: more need not be known.
fn members(state: &State, at: u64) -> impl Iterator<Item = u64> {
    let group = state.groups.get(&at);
    let all = group.into_iter().flat_map(|group| {
        let candidates = group.members.candidates(0, state.next_user);
        candidates.filter(|index| group.members.contains(&state.people, *index))
    });
    all.filter(|index| state.exists(*index)).take(1_001)
}

/// JSON Patch on `/priority` and on `/profile`.
pub(crate) async fn patch(
    Shared(org): Shared<OktaOrg>,
    Path((id, group)): Path<(String, String)>,
    call: Call,
    body: Bytes,
) -> Answer {
    let operations: Vec<Value> =
        serde_json::from_slice(&body).map_err(|_| OktaError::malformed_body())?;
    let mut change = org.change(&call);
    let (app, at) = found(&change, &id, &group)?;
    let mut assignment = change.apps[&app].groups[&at].clone();
    for operation in &operations {
        patch_one(&mut assignment, operation)?;
    }
    change.apps[&app].schema.check_values(&assignment.profile)?;
    assignment.last_updated = now();
    save(&mut change, app, at, assignment, false);
    let app = &change.apps[&app];
    Ok(Json(json_of(app, at, &app.groups[&at], &call.origin)).into_response())
}

fn patch_one(assignment: &mut AppGroup, operation: &Value) -> Result<(), OktaError> {
    let refuse = || OktaError::validation("patch", "The operation is not supported.");
    let path = operation["path"].as_str().ok_or_else(refuse)?;
    let value = &operation["value"];
    match (operation["op"].as_str(), path) {
        (Some("replace" | "add"), "/priority") => {
            assignment.priority = value.as_u64().ok_or_else(refuse)?;
        }
        (Some("replace" | "add"), "/profile") => {
            assignment.profile = value.as_object().cloned().ok_or_else(refuse)?;
        }
        (Some("remove"), "/profile") => assignment.profile.clear(),
        (Some(op), path) => {
            let name = path.strip_prefix("/profile/").ok_or_else(refuse)?;
            match op {
                "replace" | "add" => assignment.profile.insert(name.to_owned(), value.clone()),
                "remove" => assignment.profile.remove(name),
                _ => return Err(refuse()),
            };
        }
        _ => return Err(refuse()),
    }
    Ok(())
}

pub(crate) async fn remove(
    Shared(org): Shared<OktaOrg>,
    Path((id, group)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let (app, at) = found(&change, &id, &group)?;
    unassign(&mut change, app, at);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a group from an app; its members lose the app unless they have it otherwise.
pub(crate) fn unassign(change: &mut Change<'_>, app: u64, at: u64) {
    let event = event(change, app, at, "group.application_assignment.remove");
    let had: Vec<u64> =
        members(change, at).filter(|i| change.apps[&app].has_user(change, *i)).collect();
    change.apply(event, |state| {
        if let Some(app) = state.apps.get_mut(&app) {
            app.groups.remove(&at);
        }
    });
    let lost: Vec<u64> =
        had.into_iter().filter(|i| !change.apps[&app].has_user(change, *i)).collect();
    change.forget_app_users(app);
    change.log_app_users(app, &lost, "application.user_membership.remove");
}
