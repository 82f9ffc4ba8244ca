//! Group endpoints.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use okta_client::search::{Expression, Letters, check_group_filter, check_group_search};
use serde_json::{Map, Value};

use super::call::{Call, object};
use super::error::{Answer, OktaError};
use super::group::{self, Group};
use super::link::{self, Cursor};
use super::listing::Page;
use super::state::State;
use super::{OktaOrg, now};

const MOST_GROUPS: usize = 10_000;
const MOST_OF_Q: usize = 300;
const MOST_MEMBERS: usize = 1_000;
const LONGEST_NAME: usize = 255;

type Done = Result<StatusCode, OktaError>;

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Answer {
    let state = org.read();
    let after = Cursor::of(&call)?;
    let keep = wanted(&call)?;
    let by_q = call.get("q").is_some();
    let default = if by_q { MOST_OF_Q } else { MOST_GROUPS };
    let limit = call.limit(default, default)?;
    let groups = state.groups.range(after.position..).map(|(_, group)| group);
    let mut matching = groups.filter(|group| keep(group));
    let page: Vec<Value> =
        matching.by_ref().take(limit).map(|group| group.json(&call.origin)).collect();
    let given = after.given + page.len() as u64;
    let next = matching.next().map(|group| Cursor { position: group.position, given, ..after });
    let mut response = Json(page).into_response();
    // Recorded: no Link header at all with `q`, which is not paged.
    if !by_q {
        link::add_to(&mut response, &call, limit, next);
    }
    Ok(response)
}

type Keep = Box<dyn Fn(&Group) -> bool + Send>;

fn wanted(call: &Call) -> Result<Keep, OktaError> {
    let search = call.get("search").map(Expression::parse).transpose()?;
    let filter = call.get("filter").map(Expression::parse).transpose()?;
    search.as_ref().map_or(Ok(()), check_group_search)?;
    filter.as_ref().map_or(Ok(()), check_group_filter)?;
    let start = call.get("q").map(str::to_lowercase);
    Ok(Box::new(move |group| {
        let json = || group.json("");
        search.as_ref().is_none_or(|e| e.matches(&json()))
            && filter.as_ref().is_none_or(|e| e.matches_with(&json(), Letters::Exact))
            && start.as_ref().is_none_or(|start| group.name().to_lowercase().starts_with(start))
    }))
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let profile = profile_of(&object(&body)?)?;
    let mut change = org.change(&call);
    change.group_schema.check_values(&profile)?;
    check_name(&change, &profile, None)?;
    let group = Group::new(group::next_position(&change), profile);
    let answer = Json(group.json(&call.origin)).into_response();
    change.save_group(group, "group.lifecycle.create");
    Ok(answer)
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let group = &state.groups[&group::position(&state, &id)?];
    Ok(Json(group.json(&call.origin)).into_response())
}

pub(crate) async fn replace(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let mut change = org.change(&call);
    let position = group::position(&change, &id)?;
    let mut profile = profile_of(&object(&body)?)?;
    change.group_schema.check(&profile)?;
    check_name(&change, &profile, Some(position))?;
    profile.entry("description").or_insert(Value::Null);
    let group = Group { profile, last_updated: now(), ..editable(&change, &id)?.clone() };
    let answer = Json(group.json(&call.origin)).into_response();
    change.save_group(group, "group.profile.update");
    Ok(answer)
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Done {
    let mut change = org.change(&call);
    let position = editable(&change, &id)?.position;
    change.delete_group(position);
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn members(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let members = &state.groups[&group::position(&state, &id)?].members;
    let after = Cursor::of(&call)?;
    let limit = call.limit(MOST_MEMBERS, MOST_MEMBERS)?;
    let candidates = members
        .candidates(after.position, state.next_user)
        .filter(|&index| members.contains(&state.people, index));
    let mut page = Page::new(after, limit, &call.origin);
    let _ = page.take(&state, candidates, &|_| true);
    Ok(page.into_response(&call))
}

pub(crate) async fn add(
    Shared(org): Shared<OktaOrg>,
    Path((id, user)): Path<(String, String)>,
    call: Call,
) -> Done {
    let mut change = org.change(&call);
    let (group, index) = member(&change, &id, &user)?;
    change.join(group, index);
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove(
    Shared(org): Shared<OktaOrg>,
    Path((id, user)): Path<(String, String)>,
    call: Call,
) -> Done {
    let mut change = org.change(&call);
    let (group, index) = member(&change, &id, &user)?;
    change.leave(group, index);
    Ok(StatusCode::NO_CONTENT)
}

fn member(state: &State, id: &str, user: &str) -> Result<(u64, u64), OktaError> {
    group::position(state, id)?;
    let index = state.find(user).ok_or_else(|| OktaError::not_found(user, "User"))?;
    Ok((editable(state, id)?.position, index))
}

// Everyone cannot be changed, Okta keeps it; nor can a group that an app keeps.
fn editable<'a>(state: &'a State, id: &str) -> Result<&'a Group, OktaError> {
    let group = &state.groups[&group::position(state, id)?];
    if group.kind != "OKTA_GROUP" {
        let summary = "You do not have permission to perform the requested action";
        return Err(OktaError::new(403, "E0000006", summary));
    }
    Ok(group)
}

fn profile_of(body: &Map<String, Value>) -> Result<Map<String, Value>, OktaError> {
    let profile = body.get("profile").and_then(Value::as_object).cloned().unwrap_or_default();
    let name = profile.get("name").and_then(Value::as_str).unwrap_or_default();
    match name.chars().count() {
        1..=LONGEST_NAME => Ok(profile),
        0 => Err(OktaError::validation("name", "name: The field cannot be left blank")),
        _ => Err(OktaError::validation("name", "name: must be between 1 and 255 characters")),
    }
}

fn check_name(
    state: &State,
    profile: &Map<String, Value>,
    of: Option<u64>,
) -> Result<(), OktaError> {
    let name = profile.get("name").and_then(Value::as_str).unwrap_or_default();
    let taken = state.groups.values().any(|g| g.name() == name && Some(g.position) != of);
    if taken {
        let summary = "Group already exists";
        return Err(OktaError::new(409, "E0000055", summary));
    }
    Ok(())
}
