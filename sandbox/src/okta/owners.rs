//! Owners of groups: people, and other groups.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Call, object};
use super::change::{group_target, user_target};
use super::error::{Answer, OktaError};
use super::group;
use super::log::{Event, Target};
use super::state::State;
use super::{OktaOrg, ids};

const EVENT: &str = "resource.owner.update";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    who: Who,
    since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    User(u64),
    Group(u64),
}

impl Who {
    fn read(state: &State, kind: &str, id: &str) -> Result<Self, OktaError> {
        match kind {
            "USER" => {
                let index = ids::position(ids::USER, id).filter(|index| state.exists(*index));
                index.map(Self::User).ok_or_else(|| OktaError::not_found(id, "User"))
            }
            "GROUP" => group::position(state, id).map(Self::Group),
            _ => Err(OktaError::validation("type", "type: must be USER or GROUP")),
        }
    }

    fn id(self) -> String {
        match self {
            Self::User(index) => ids::id(ids::USER, index),
            Self::Group(position) => ids::id(ids::GROUP, position),
        }
    }

    fn target(self, state: &State) -> Option<Target> {
        match self {
            Self::User(index) => state.user(index).map(|user| user_target(&user)),
            Self::Group(position) => state.groups.get(&position).map(group_target),
        }
    }
}

impl Owner {
    // Recorded: the answer to an assignment writes its date in another way than the list.
    fn json(&self, state: &State, date: &str) -> Option<Value> {
        let kind = if matches!(self.who, Who::User(_)) { "USER" } else { "GROUP" };
        Some(json!({
            "id": self.who.id(), "type": kind, "resolved": true, "originId": null,
            "originType": "OKTA_DIRECTORY", "displayName": self.who.target(state)?.name,
            "lastUpdated": self.since.strftime(date).to_string(),
        }))
    }
}

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, Path(id): Path<String>) -> Answer {
    let state = org.read();
    let owners = &state.groups[&group::position(&state, &id)?].owners;
    let owners = owners.iter().filter_map(|owner| owner.json(&state, "%Y-%m-%d %H:%M:%S.0"));
    Ok(Json(owners.collect::<Vec<_>>()).into_response())
}

pub(crate) async fn assign(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let at = group::position(&change, &id)?;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let who = Who::read(&change, text("type"), text("id"))?;
    if change.groups[&at].owners.iter().any(|owner| owner.who == who) {
        let cause = "Provided owner is already assigned to this group";
        return Err(OktaError::validation("owner", cause));
    }
    let owner = Owner { who, since: Timestamp::now() };
    let json = owner.json(&change, "%a %b %d %H:%M:%S UTC %Y");
    let event = event(&change, at, who);
    change.apply(event, |state| {
        if let Some(group) = state.groups.get_mut(&at) {
            group.owners.push(owner);
        }
    });
    Ok((StatusCode::CREATED, Json(json)).into_response())
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path((id, owner)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let at = group::position(&change, &id)?;
    let known = change.groups[&at].owners.iter().find(|known| known.who.id() == owner);
    // Recorded: the kind is the one that Okta keeps owners in.
    let who = known.ok_or_else(|| OktaError::not_found(&owner, "LinkedObject"))?.who;
    let event = event(&change, at, who);
    change.apply(event, |state| {
        if let Some(group) = state.groups.get_mut(&at) {
            group.owners.retain(|owner| owner.who != who);
        }
    });
    Ok(StatusCode::NO_CONTENT)
}

fn event(state: &State, group: u64, who: Who) -> Event {
    Event::new(EVENT, [group_target(&state.groups[&group])].into_iter().chain(who.target(state)))
}
