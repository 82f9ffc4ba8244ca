//! Users of an app: assigned one by one, or computed from the groups that are assigned.

use std::ops::ControlFlow;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{App, position};
use crate::okta::call::{Call, object};
use crate::okta::change::{Change, app_user_event};
use crate::okta::error::{Answer, OktaError};
use crate::okta::glimpse::Glimpse;
use crate::okta::link::{self, Cursor};
use crate::okta::listing::in_stretches;
use crate::okta::state::State;
use crate::okta::user::Status;
use crate::okta::{OktaOrg, now, users};

const PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;

/// What is kept of a user of an app; whoever came with a group is computed until changed.
#[derive(Clone, Debug)]
pub(crate) struct AppUser {
    pub(crate) is_direct: bool,
    pub(crate) created: String,
    pub(crate) last_updated: String,
    pub(crate) user_name: Option<String>,
    // What was said by hand, over what the mapping gives.
    pub(crate) profile: Map<String, Value>,
}

impl AppUser {
    fn since(created: String) -> Self {
        let (user_name, profile) = (None, Map::new());
        Self { is_direct: false, last_updated: created.clone(), created, user_name, profile }
    }
}

impl App {
    /// An assignment as it is kept or computed; none if there is none.
    fn app_user(&self, state: &State, index: u64) -> Option<AppUser> {
        if !self.has_user(state, index) {
            return None;
        }
        let group = || self.group_of(state, index).and_then(|group| self.groups.get(&group));
        let computed = || group().map(|group| AppUser::since(group.last_updated.clone()));
        self.users.get(&index).cloned().or_else(computed)
    }

    pub(crate) fn user_json(&self, state: &State, index: u64, origin: &str) -> Option<Value> {
        let kept = self.app_user(state, index)?;
        let user = state.user(index)?;
        let known = state.provisioning.get(&self.position);
        let mut profile = self.mapped_profile(&user);
        let group = self.group_of(state, index).filter(|_| !kept.is_direct);
        let of_group = group.and_then(|group| self.groups.get(&group));
        profile.extend(of_group.map(|group| group.profile.clone()).unwrap_or_default());
        profile.extend(kept.profile);
        let user_name = kept.user_name.unwrap_or_else(|| user.profile.login().to_owned());
        let sync_state = known.map_or("DISABLED", |known| known.sync_state(index));
        let link = known.and_then(|known| known.links.get(&index));
        let status = match link {
            Some(link) if link.id.is_some() => "PROVISIONED",
            Some(_) => "STAGED",
            None => "ACTIVE",
        };
        let mut links = json!({
            "app": {"href": format!("{origin}/api/v1/apps/{}", self.id())},
            "user": {"href": format!("{origin}/api/v1/users/{}", user.id())},
        });
        if let Some(group) = group.and_then(|group| state.groups.get(&group)) {
            let href = format!("{origin}/api/v1/groups/{}", group.id());
            links["group"] = json!({"name": group.name(), "href": href});
        }
        let mut json = json!({
            "id": user.id(),
            "externalId": link.and_then(|link| link.id.as_ref()),
            "created": kept.created,
            "lastUpdated": kept.last_updated,
            "scope": if kept.is_direct { "USER" } else { "GROUP" },
            "status": status,
            "statusChanged": kept.created,
            "passwordChanged": null,
            "syncState": sync_state,
            "credentials": {"userName": user_name},
            "profile": profile,
            "_links": links,
        });
        if let Some(last_sync) = link.and_then(|link| link.last_sync.as_ref()) {
            json["lastSync"] = last_sync.as_str().into();
        }
        Some(json)
    }

    fn listed_user(
        &self,
        state: &State,
        index: u64,
        with_user: bool,
        origin: &str,
    ) -> Option<Value> {
        let mut json = self.user_json(state, index, origin)?;
        if with_user {
            json["_embedded"] = json!({"user": state.user(index)?.in_list(origin)});
        }
        Some(json)
    }
}

pub(crate) async fn list(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let app = position(&org.read(), &id)?;
    let after = Cursor::of(&call)?;
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let start = call.get("q").map(str::to_lowercase);
    let with_user = call.get("expand") == Some("user");
    let (mut page, mut next) = (Vec::new(), None);
    in_stretches(&org, after.position, |state, range| {
        // It may be gone since.
        let Some(app) = state.apps.get(&app) else {
            return ControlFlow::Break(());
        };
        for index in app.candidates(range) {
            let is_wanted = start.as_ref().is_none_or(|start| starts_with(state, index, start));
            if !(is_wanted && app.has_user(state, index)) {
                continue;
            }
            if page.len() == limit {
                let given = after.given + limit as u64;
                next = Some(Cursor { position: index, given, ..after });
                return ControlFlow::Break(());
            }
            page.extend(app.listed_user(state, index, with_user, &call.origin));
        }
        ControlFlow::Continue(())
    })
    .await;
    let mut response = Json(page).into_response();
    link::add_to(&mut response, &call, limit, next);
    Ok(response)
}

fn starts_with(state: &State, index: u64, start: &str) -> bool {
    let starts = |user: Glimpse<'_>| {
        let names = ["login", "firstName", "lastName", "email"];
        names.into_iter().any(|name| user.text(name).to_lowercase().starts_with(start))
    };
    state.glimpse(index).is_some_and(starts)
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path((id, user)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let state = org.read();
    let (app, index) = found(&state, &id, &user)?;
    let with_user = call.get("expand") == Some("user");
    let json = state.apps[&app].listed_user(&state, index, with_user, &call.origin);
    Ok(Json(json).into_response())
}

// The app, and the user who is assigned to it.
fn found(state: &State, id: &str, user: &str) -> Result<(u64, u64), OktaError> {
    let app = position(state, id)?;
    let index = state.find(user).filter(|index| state.apps[&app].has_user(state, *index));
    index.map(|index| (app, index)).ok_or_else(|| OktaError::not_found(user, "AppUser"))
}

/// Assigns; whoever came with a group is assigned for good from now on.
pub(crate) async fn assign(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let app = position(&change, &id)?;
    let name = body["id"].as_str().filter(|id| !id.is_empty());
    let name =
        name.ok_or_else(|| OktaError::validation("id", "id: The field cannot be left blank"))?;
    let index = change.find(name).ok_or_else(|| OktaError::not_found(name, "User"))?;
    if change.user(index).is_some_and(|user| user.status == Status::Deprovisioned) {
        return Err(OktaError::wrong_status());
    }
    let known = change.apps[&app].app_user(&change, index);
    let kind = match known {
        Some(_) => "application.user_membership.update",
        None => "application.user_membership.add",
    };
    let kept = AppUser { is_direct: true, ..known.unwrap_or_else(|| AppUser::since(now())) };
    save(&mut change, app, index, kept, &body, kind)?;
    Ok(Json(change.apps[&app].user_json(&change, index, &call.origin)).into_response())
}

pub(crate) async fn update(
    Shared(org): Shared<OktaOrg>,
    Path((id, user)): Path<(String, String)>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let (app, index) = found(&change, &id, &user)?;
    let kept = change.apps[&app].app_user(&change, index);
    let kept = kept.unwrap_or_else(|| AppUser::since(now()));
    save(&mut change, app, index, kept, &body, "application.user_membership.update")?;
    Ok(Json(change.apps[&app].user_json(&change, index, &call.origin)).into_response())
}

// Null takes away what was said by hand, and lets the mapping speak again.
fn save(
    change: &mut Change<'_>,
    app: u64,
    index: u64,
    mut kept: AppUser,
    body: &Value,
    kind: &'static str,
) -> Result<(), OktaError> {
    if let Some(profile) = body["profile"].as_object() {
        change.apps[&app].schema.check_values(profile)?;
        kept.profile.extend(profile.clone());
        kept.profile.retain(|_, value| !value.is_null());
    }
    if let Some(name) = body["credentials"]["userName"].as_str() {
        kept.user_name = Some(name.to_owned());
    }
    match body["scope"].as_str() {
        Some("USER") => kept.is_direct = true,
        Some("GROUP") if change.apps[&app].group_of(change, index).is_some() => {
            kept.is_direct = false;
        }
        Some("GROUP") => {
            return Err(OktaError::validation("scope", "scope: the user is in no assigned group"));
        }
        _ => {}
    }
    kept.last_updated = now();
    let event = app_user_event(change, app, index, kind);
    change.apply(event, |state| {
        if let Some(app) = state.apps.get_mut(&app) {
            app.users.insert(index, kept);
        }
    });
    Ok(())
}

pub(crate) async fn remove(
    Shared(org): Shared<OktaOrg>,
    Path((id, user)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let (app, index) = found(&change, &id, &user)?;
    if change.apps[&app].group_of(&change, index).is_some() {
        let cause =
            format!("{} is assigned by a group: take them out of the group.", users::id(index));
        return Err(OktaError::validation("user", cause));
    }
    unassign(&mut change, app, index);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the app away from a user, and what it knew of them.
pub(crate) fn unassign(change: &mut Change<'_>, app: u64, index: u64) {
    let event = app_user_event(change, app, index, "application.user_membership.remove");
    change.apply(event, |state| {
        if let Some(app) = state.apps.get_mut(&app) {
            app.users.remove(&index);
        }
    });
}
