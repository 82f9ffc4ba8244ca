//! Group push: groups of Okta that are to be made groups in the product.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{App, position};
use crate::okta::call::{Call, object};
use crate::okta::change::{app_target, group_target};
use crate::okta::error::{Answer, OktaError};
use crate::okta::group::{self, Group};
use crate::okta::link::{self, Cursor};
use crate::okta::log::Event;
use crate::okta::provision::{self, GroupLink};
use crate::okta::state::State;
use crate::okta::{OktaOrg, ids};

const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct Push {
    position: u64,
    pub(crate) source: u64,
    pub(crate) target: u64,
    pub(crate) is_active: bool,
    created: String,
    last_updated: String,
}

// Recorded: unlike everywhere else, without a fraction.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Push {
    fn json(&self, state: &State, app: &App, origin: &str) -> Value {
        let pushed = self.pushed(state, app);
        let group = |position| ids::id(ids::GROUP, position);
        let link = |kind: &str, id: &str| json!({"href": format!("{origin}/api/v1/{kind}/{id}")});
        let mut json = json!({
            "created": self.created,
            "id": ids::id(ids::PUSH, self.position),
            "lastUpdated": self.last_updated,
            "sourceGroupId": group(self.source),
            "status": self.status(state, app),
            "targetGroupId": group(self.target),
            "_links": {
                "app": link("apps", &app.id()),
                "sourceGroup": link("groups", &group(self.source)),
                "targetGroup": link("groups", &group(self.target)),
            },
        });
        if let Some(error) = pushed.and_then(|pushed| pushed.error.as_ref()) {
            json["errorSummary"] = error.as_str().into();
        }
        if let Some(last_push) = pushed.and_then(|pushed| pushed.last_push.as_ref()) {
            json["lastPush"] = last_push.as_str().into();
        }
        json
    }

    fn pushed<'a>(&self, state: &'a State, app: &App) -> Option<&'a GroupLink> {
        state.provisioning.get(&app.position)?.groups.get(&self.position)
    }

    fn status(&self, state: &State, app: &App) -> &'static str {
        let has_failed = self.pushed(state, app).is_some_and(|pushed| pushed.error.is_some());
        match self.is_active {
            true if has_failed => "ERROR",
            true => "ACTIVE",
            false => "INACTIVE",
        }
    }
}

// The app, and the number of its mapping.
fn found(state: &State, id: &str, mapping: &str) -> Result<(u64, u64), OktaError> {
    let app = position(state, id)?;
    let at = ids::position(ids::PUSH, mapping);
    let at = at.filter(|at| state.apps[&app].pushes.contains_key(at));
    at.map(|at| (app, at)).ok_or_else(|| OktaError::not_found(mapping, "GroupPushMapping"))
}

pub(crate) async fn list(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let app = &state.apps[&position(&state, &id)?];
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let source = call.get("sourceGroupId");
    let status = call.get("status");
    let since = call.get("lastUpdated").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let is_wanted = |push: &&Push| {
        let updated = push.last_updated.parse::<jiff::Timestamp>().ok();
        source.is_none_or(|id| id == ids::id(ids::GROUP, push.source))
            && status.is_none_or(|status| status == push.status(&state, app))
            && since.is_none_or(|since| updated.is_some_and(|updated| updated >= since))
    };
    let found = app.pushes.values().filter(is_wanted);
    let found = found.map(|push| (push.position, push.json(&state, app, &call.origin)));
    let (page, next) = link::page_of(found, Cursor::of(&call)?, limit);
    let mut response = Json(page).into_response();
    // Recorded: the `self` link has lost the filters.
    link::add_self(
        &mut response,
        &call.without(&["sourceGroupId", "status", "lastUpdated"]),
        limit,
    );
    if let Some(next) = next {
        link::add_next(&mut response, &call, limit, &next.text(), &[]);
    }
    Ok(response)
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path((id, mapping)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let state = org.read();
    let (app, at) = found(&state, &id, &mapping)?;
    let app = &state.apps[&app];
    Ok(Json(app.pushes[&at].json(&state, app, &call.origin)).into_response())
}

/// Links to a group of the app, by name or id; a name that is not there yet makes one.
pub(crate) async fn create(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let app = position(&change, &id)?;
    if !change.apps[&app].can_provision {
        return Err(refused("Group push is not supported for the app."));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let source = text("sourceGroupId")
        .ok_or_else(|| refused("sourceGroupId: The field cannot be left blank"))?;
    let source = group::position(&change, source)?;
    let is_active = is_active(&body)?.unwrap_or(true);
    if change.apps[&app].pushes.values().any(|push| push.source == source) {
        return Err(refused("The source group is pushed already."));
    }
    let target = match (text("targetGroupName"), text("targetGroupId")) {
        (Some(name), None) => target_by_name(&mut change, app, name),
        (None, Some(id)) => group::position(&change, id)?,
        _ => return Err(refused("Give targetGroupName or targetGroupId, not both.")),
    };
    let now = now();
    let position = change.next_id;
    let push =
        Push { position, source, target, is_active, created: now.clone(), last_updated: now };
    let answer = Json(push.json(&change, &change.apps[&app], &call.origin)).into_response();
    let event = event(&change, app, &push, "application.provision.group_push.mapping.created");
    change.apply(event, |state| {
        state.next_id += 1;
        if let Some(app) = state.apps.get_mut(&app) {
            app.pushes.insert(position, push);
        }
        provision::push(state, app, position);
    });
    Ok(answer)
}

// The group that stands for the product's: Okta shows it among the groups, as one of an app.
fn target_by_name(change: &mut crate::okta::change::Change<'_>, app: u64, name: &str) -> u64 {
    let of_app = |group: &&Group| group.kind == "APP_GROUP" && group.source_app == Some(app);
    let known = change.groups.values().filter(of_app).find(|group| group.name() == name);
    if let Some(known) = known {
        return known.position;
    }
    let position = group::next_position(change);
    let profile = Map::from_iter([
        ("name".to_owned(), Value::from(name)),
        ("description".to_owned(), Value::Null),
    ]);
    let group = Group { kind: "APP_GROUP", source_app: Some(app), ..Group::new(position, profile) };
    change.save_group(group, "group.lifecycle.create");
    position
}

/// Changes the status, and nothing else.
pub(crate) async fn update(
    Shared(org): Shared<OktaOrg>,
    Path((id, mapping)): Path<(String, String)>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let (app, at) = found(&change, &id, &mapping)?;
    let is_active =
        is_active(&body)?.ok_or_else(|| refused("status: The field cannot be left blank"))?;
    let push = Push { is_active, last_updated: now(), ..change.apps[&app].pushes[&at].clone() };
    let answer = Json(push.json(&change, &change.apps[&app], &call.origin)).into_response();
    let kind = match is_active {
        true => "application.provision.group_push.activate_mapping",
        false => "application.provision.group_push.deactivate_mapping",
    };
    let event = event(&change, app, &push, kind);
    change.apply(event, |state| {
        if let Some(app) = state.apps.get_mut(&app) {
            app.pushes.insert(at, push);
        }
        provision::push(state, app, at);
    });
    Ok(answer)
}

/// Recorded: 200 with an empty body.
pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path((id, mapping)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let (app, at) = found(&change, &id, &mapping)?;
    if call.get("deleteTargetGroup").is_none() {
        return Err(OktaError::missing_parameter("deleteTargetGroup"));
    }
    let push = change.apps[&app].pushes[&at].clone();
    if push.is_active {
        return Err(refused("The group push mapping must be INACTIVE before it is deleted."));
    }
    let deletes = call.flag("deleteTargetGroup", false);
    let event = event(&change, app, &push, "application.provision.group_push.removed");
    change.apply(event, |state| {
        if let Some(app) = state.apps.get_mut(&app) {
            app.pushes.remove(&at);
        }
        provision::unlink(state, app, at, deletes);
    });
    if deletes {
        change.delete_group(push.target);
    }
    Ok(StatusCode::OK)
}

fn event(state: &State, app: u64, push: &Push, kind: &'static str) -> Event {
    let group = state.groups.get(&push.source).map(group_target);
    Event::new(kind, [app_target(&state.apps[&app])].into_iter().chain(group))
}

fn is_active(body: &Map<String, Value>) -> Result<Option<bool>, OktaError> {
    match body.get("status").map(|status| status.as_str()) {
        None => Ok(None),
        Some(Some("ACTIVE")) => Ok(Some(true)),
        Some(Some("INACTIVE")) => Ok(Some(false)),
        Some(_) => Err(refused("status: must be ACTIVE or INACTIVE")),
    }
}

fn refused(cause: &str) -> OktaError {
    OktaError::validation("groupPushMapping", cause)
}
