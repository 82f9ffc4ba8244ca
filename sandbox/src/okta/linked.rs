//! Linked objects: relations between people, such as that of a manager to those who report to them.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, object};
use super::change::user_target;
use super::error::{Answer, OktaError};
use super::log::{Event, Target};
use super::state::State;
use super::{OktaOrg, link, users};

const PAGE: usize = 1_000;

/// A relation: each of the associated has one primary, who may have many associated.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    primary: Value,
    associated: Value,
    // By the position of the associated.
    primaries: BTreeMap<u64, u64>,
}

impl Relation {
    fn associated_name(&self) -> &str {
        self.associated["name"].as_str().unwrap_or_default()
    }

    fn json(&self, name: &str, origin: &str) -> Value {
        let href = format!("{origin}/api/v1/meta/schemas/user/linkedObjects/{name}");
        json!({"primary": self.primary, "associated": self.associated,
               "_links": {"self": {"href": href}}})
    }

    /// Whom a user is linked to under one of the two names.
    fn others(&self, state: &State, index: u64, as_primary: bool) -> Vec<u64> {
        let found: Vec<u64> = match as_primary {
            true => self.primaries.iter().filter(|(_, p)| **p == index).map(|(a, _)| *a).collect(),
            false => self.primaries.get(&index).copied().into_iter().collect(),
        };
        found.into_iter().filter(|other| state.exists(*other)).collect()
    }
}

// The name of the primary under which a relation is kept, by either of its names.
fn found(state: &State, name: &str) -> Result<String, OktaError> {
    let mut all = state.relations.iter();
    let known = all
        .find(|(primary, relation)| primary.as_str() == name || relation.associated_name() == name);
    let known = known.map(|(primary, _)| primary.clone());
    known.ok_or_else(|| OktaError::not_found(name, "LinkedObjectProperty"))
}

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Json<Value> {
    let state = org.read();
    let all = state.relations.iter();
    Json(all.map(|(name, relation)| relation.json(name, &call.origin)).collect())
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let name = found(&state, &name)?;
    Ok(Json(state.relations[&name].json(&name, &call.origin)).into_response())
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let body = object(&body)?;
    let [(name, primary), (other, associated)] =
        [end(&body, "primary")?, end(&body, "associated")?];
    let mut change = org.change(&call);
    if let Some(taken) = [&name, &other].into_iter().find(|name| found(&change, name).is_ok()) {
        return Err(refused("name", &format!("`{taken}` is the name of another linked object")));
    }
    if name == other {
        return Err(refused("name", "the two names must differ"));
    }
    let relation = Relation { primary, associated, primaries: BTreeMap::new() };
    let answer = (StatusCode::CREATED, Json(relation.json(&name, &call.origin))).into_response();
    let event = event("directory.linked_object.create", &name);
    change.apply(event, |state| state.relations.insert(name, relation));
    Ok(answer)
}

fn end(body: &serde_json::Map<String, Value>, which: &str) -> Result<(String, Value), OktaError> {
    let given = body.get(which).unwrap_or(&Value::Null);
    let text = |member: &str| {
        let text = given[member].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| refused(which, &format!("{member}: The field cannot be left blank")))
    };
    let (name, title) = (text("name")?, text("title")?);
    if given["type"] != "USER" {
        return Err(refused(which, "type: must be USER"));
    }
    let json = json!({"name": name, "title": title, "description": given["description"],
                      "type": "USER"});
    Ok((name.to_owned(), json))
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let name = found(&change, &name)?;
    let event = event("directory.linked_object.delete", &name);
    change.apply(event, |state| state.relations.remove(&name));
    Ok(StatusCode::NO_CONTENT)
}

fn event(kind: &'static str, name: &str) -> Event {
    Event::new(kind, [Target::new("LinkedObject", name, "unknown", name)])
}

/// By the name of the primary: the primary. By that of the associated: all of them.
pub(crate) async fn of_user(
    Shared(org): Shared<OktaOrg>,
    Path((user, name)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let state = org.read();
    let index = state.find(&user).ok_or_else(|| OktaError::not_found(&user, "User"))?;
    let primary = found(&state, &name)?;
    let others = state.relations[&primary].others(&state, index, primary != name);
    let json = |other: &u64| {
        let href = format!("{}/api/v1/users/{}", call.origin, users::id(*other));
        json!({"_links": {"self": {"href": href}}})
    };
    let mut response = Json(others.iter().map(json).collect::<Vec<_>>()).into_response();
    link::add_to(&mut response, &call, PAGE, None);
    Ok(response)
}

pub(crate) async fn assign(
    Shared(org): Shared<OktaOrg>,
    Path((user, name, primary)): Path<(String, String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let missing = |id: &str| OktaError::not_found(id, "User");
    let index = change.find(&user).ok_or_else(|| missing(&user))?;
    let other = change.find(&primary).ok_or_else(|| missing(&primary))?;
    let key = primary_name(&change, &name)?;
    if index == other {
        return Err(refused("linkedObjects", "nobody can be linked to themselves"));
    }
    set(&mut change, &key, index, Some(other));
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn unassign(
    Shared(org): Shared<OktaOrg>,
    Path((user, name)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let index = change.find(&user).ok_or_else(|| OktaError::not_found(&user, "User"))?;
    let key = primary_name(&change, &name)?;
    set(&mut change, &key, index, None);
    Ok(StatusCode::NO_CONTENT)
}

// Links are written at the associated, by the name of the primary.
fn primary_name(state: &State, name: &str) -> Result<String, OktaError> {
    let missing = || OktaError::not_found(name, "LinkedObjectProperty");
    found(state, name).ok().filter(|key| key == name).ok_or_else(missing)
}

fn set(change: &mut super::change::Change<'_>, name: &str, index: u64, primary: Option<u64>) {
    let target = change.user(index).map(|user| user_target(&user));
    let event = Event::new("user.account.update_profile", target);
    change.apply(event, |state| {
        let Some(relation) = state.relations.get_mut(name) else {
            return;
        };
        match primary {
            Some(primary) => relation.primaries.insert(index, primary),
            None => relation.primaries.remove(&index),
        };
    });
}

fn refused(field: &str, cause: &str) -> OktaError {
    OktaError::validation(field, format!("{field}: {cause}"))
}
