//! Roles of administrators, given to people and to groups.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, object};
use super::change::{group_target, user_target};
use super::error::{Answer, OktaError};
use super::log::{Event, Target};
use super::state::State;
use super::{OktaOrg, group, ids, now, users};

// Standard roles and what the console calls them.
const STANDARD: [(&str, &str); 12] = [
    ("ACCESS_CERTIFICATIONS_ADMIN", "Access Certifications Administrator"),
    ("ACCESS_REQUESTS_ADMIN", "Access Requests Administrator"),
    ("API_ACCESS_MANAGEMENT_ADMIN", "API Access Management Administrator"),
    ("APP_ADMIN", "Application Administrator"),
    ("GROUP_MEMBERSHIP_ADMIN", "Group Membership Administrator"),
    ("HELP_DESK_ADMIN", "Help Desk Administrator"),
    ("ORG_ADMIN", "Organization Administrator"),
    ("READ_ONLY_ADMIN", "Read-only Administrator"),
    ("REPORT_ADMIN", "Report Administrator"),
    ("SUPER_ADMIN", "Super Administrator"),
    ("USER_ADMIN", "User Administrator"),
    ("WORKFLOWS_ADMIN", "Workflows Administrator"),
];
// Recorded: these have one id everywhere, their name in base 32; others have ids of their own.
const NAMED_BY_TYPE: [&str; 4] =
    ["APP_ADMIN", "GROUP_MEMBERSHIP_ADMIN", "HELP_DESK_ADMIN", "USER_ADMIN"];

/// Who has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assignee {
    User(u64),
    Group(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    id: String,
    kind: String,
    // The role and the resource set of a custom one.
    custom: Option<(String, String)>,
    since: String,
}

impl Assignee {
    fn of(state: &State, of_groups: bool, id: &str) -> Result<Self, OktaError> {
        match of_groups {
            true => group::position(state, id).map(Self::Group),
            false => {
                let index = state.find(id).ok_or_else(|| OktaError::not_found(id, "User"))?;
                Ok(Self::User(index))
            }
        }
    }

    fn path(self) -> String {
        match self {
            Self::User(index) => format!("users/{}", users::id(index)),
            Self::Group(position) => format!("groups/{}", ids::id(ids::GROUP, position)),
        }
    }

    fn target(self, state: &State) -> Option<Target> {
        match self {
            Self::User(index) => state.user(index).map(|user| user_target(&user)),
            Self::Group(position) => state.groups.get(&position).map(group_target),
        }
    }

    fn event(self, state: &State, gains: bool) -> Event {
        let kind = match (self, gains) {
            (Self::User(_), true) => "user.account.privilege.grant",
            (Self::User(_), false) => "user.account.privilege.revoke",
            (Self::Group(_), true) => "group.privilege.grant",
            (Self::Group(_), false) => "group.privilege.revoke",
        };
        Event::new(kind, self.target(state))
    }
}

impl Role {
    fn read(assignee: Assignee, number: u64, body: &Value) -> Result<Self, OktaError> {
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let refuse =
            |field: &str, cause: &str| OktaError::validation(field, format!("{field}: {cause}"));
        let blank = |field: &str| refuse(field, "The field cannot be left blank");
        let kind = text("type").ok_or_else(|| blank("type"))?;
        let needed = |field: &str| text(field).map(str::to_owned).ok_or_else(|| blank(field));
        let custom = match kind {
            "CUSTOM" => Some((needed("role")?, needed("resource-set")?)),
            _ if STANDARD.iter().any(|(known, _)| *known == kind) => None,
            _ => return Err(refuse("type", "there is no such role")),
        };
        let prefix = if matches!(assignee, Assignee::User(_)) { "ra1" } else { "gra" };
        let id = match NAMED_BY_TYPE.contains(&kind) {
            true => base32(kind),
            false => ids::id(prefix, number),
        };
        Ok(Self { id, kind: kind.to_owned(), custom, since: now() })
    }

    fn label(&self) -> &str {
        let known = STANDARD.iter().find(|(kind, _)| *kind == self.kind);
        known.map_or("Custom role", |(_, label)| label)
    }

    fn json(&self, assignee: Assignee, origin: &str) -> Value {
        let kind = if matches!(assignee, Assignee::User(_)) { "USER" } else { "GROUP" };
        let href = format!("{origin}/api/v1/{}", assignee.path());
        let mut json = json!({
            "id": self.id, "label": self.label(), "type": self.kind, "status": "ACTIVE",
            "created": self.since, "lastUpdated": self.since, "assignmentType": kind,
            "_links": {"assignee": {"href": href}},
        });
        if let Some((role, resources)) = &self.custom {
            json["role"] = role.as_str().into();
            json["resource-set"] = resources.as_str().into();
        }
        json
    }
}

// RFC 4648, without padding.
fn base32(text: &str) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> =
        text.bytes().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let digit = |five: &[u8]| {
        let value = (0..5).fold(0, |sum, at| sum << 1 | five.get(at).copied().unwrap_or(0));
        char::from(DIGITS[usize::from(value)])
    };
    bits.chunks(5).map(digit).collect()
}

// Which kind of assignee a path is about.
fn is_of_groups(call: &Call) -> bool {
    call.path.starts_with("/api/v1/groups/")
}

pub(crate) async fn list(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let assignee = Assignee::of(&state, is_of_groups(&call), &id)?;
    let roles = state.roles.get(&assignee).into_iter().flatten();
    let roles: Vec<Value> = roles.map(|role| role.json(assignee, &call.origin)).collect();
    Ok(Json(roles).into_response())
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path((id, role)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let state = org.read();
    let assignee = Assignee::of(&state, is_of_groups(&call), &id)?;
    let mut roles = state.roles.get(&assignee).into_iter().flatten();
    let found = roles.find(|known| known.id == role).ok_or_else(|| missing(&role))?;
    Ok(Json(found.json(assignee, &call.origin)).into_response())
}

fn missing(role: &str) -> OktaError {
    OktaError::not_found(role, "RoleAssignment")
}

pub(crate) async fn assign(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = Value::Object(object(&body)?);
    let mut change = org.change(&call);
    let assignee = Assignee::of(&change, is_of_groups(&call), &id)?;
    let role = Role::read(assignee, change.next_id, &body)?;
    let same = |known: &Role| (&known.kind, &known.custom) == (&role.kind, &role.custom);
    if change.roles.get(&assignee).into_iter().flatten().any(same) {
        let summary = "The role specified is already assigned to the user.";
        return Err(OktaError::new(409, "E0000090", summary));
    }
    let answer = (StatusCode::CREATED, Json(role.json(assignee, &call.origin))).into_response();
    let event = assignee.event(&change, true);
    change.apply(event, |state| {
        state.next_id += 1;
        state.roles.entry(assignee).or_default().push(role);
    });
    Ok(answer)
}

pub(crate) async fn unassign(
    Shared(org): Shared<OktaOrg>,
    Path((id, role)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let assignee = Assignee::of(&change, is_of_groups(&call), &id)?;
    let mut roles = change.roles.get(&assignee).into_iter().flatten();
    if !roles.any(|known| known.id == role) {
        return Err(missing(&role));
    }
    let event = assignee.event(&change, false);
    change.apply(event, |state| {
        if let Some(roles) = state.roles.get_mut(&assignee) {
            roles.retain(|known| known.id != role);
        }
    });
    Ok(StatusCode::NO_CONTENT)
}

/// Everybody with a role of their own.
pub(crate) async fn administrators(Shared(org): Shared<OktaOrg>, call: Call) -> Json<Value> {
    let state = org.read();
    let has_some = state.roles.iter().filter(|(_, roles)| !roles.is_empty());
    let users = has_some.filter_map(|(assignee, _)| match assignee {
        Assignee::User(index) if state.exists(*index) => Some(users::id(*index)),
        _ => None,
    });
    let json = |id: String| {
        let href = format!("{}/api/v1/users/{id}", call.origin);
        json!({
            "id": id, "orn": format!("orn:okta:directory:00osandbox0000SbX5d7:users:{id}"),
            "_links": {"self": {"href": href}, "roles": {"href": format!("{href}/roles")}},
        })
    };
    Json(json!({"value": users.map(json).collect::<Vec<_>>()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_names_in_base_32() {
        assert_eq!(base32("APP_ADMIN"), "IFIFAX2BIRGUSTQ");
        assert_eq!(base32("USER_ADMIN"), "KVJUKUS7IFCE2SKO");
    }
}
