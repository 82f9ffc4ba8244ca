//! Group rules: who is in a group by what their profile says.
//!
//! Okta evaluates rules a little later; here it happens at once, while the call that causes it runs.
//! Expressions beyond [`expression`](super::expression) are kept and match nobody.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Call, object};
use super::change::Change;
use super::error::{Answer, OktaError};
use super::expression::Expression;
use super::link::{self, Cursor};
use super::log::{Event, Target};
use super::state::State;
use super::user::Status;
use super::{OktaOrg, group, ids, now};

const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
const KIND: &str = "urn:okta:expression:1.0";

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    position: u64,
    name: String,
    is_active: bool,
    created: String,
    last_updated: String,
    written: String,
    expression: Expression,
    groups: Vec<u64>,
    excluded: BTreeSet<u64>,
    // Whom it put into the groups, so that it takes out nobody else.
    added: BTreeSet<u64>,
}

impl Rule {
    fn read(state: &State, position: u64, body: &Map<String, Value>) -> Result<Self, OktaError> {
        let body = Value::Object(body.clone());
        let text = |value: &Value, field: &str| {
            let given = value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            given.ok_or_else(|| refused(format!("{field}: The field cannot be left blank")))
        };
        let conditions = &body["conditions"];
        let written = text(&conditions["expression"]["value"], "conditions.expression.value")?;
        let expression = Expression::parse(&written)
            .map_err(|problem| refused(format!("Invalid expression: {problem}")))?;
        let ids = body["actions"]["assignUserToGroups"]["groupIds"].as_array();
        let ids = ids.into_iter().flatten().filter_map(Value::as_str);
        let groups: Vec<u64> =
            ids.map(|id| group::position(state, id)).collect::<Result<_, _>>()?;
        if groups.is_empty() {
            return Err(refused(
                "actions.assignUserToGroups.groupIds: The field cannot be left blank".to_owned(),
            ));
        }
        let excluded = conditions["people"]["users"]["exclude"].as_array();
        let excluded = excluded.into_iter().flatten().filter_map(Value::as_str);
        let now = now();
        Ok(Self {
            position,
            name: text(&body["name"], "name")?,
            is_active: false,
            created: now.clone(),
            last_updated: now,
            written,
            expression,
            groups,
            excluded: excluded.filter_map(|id| state.find(id)).collect(),
            added: BTreeSet::new(),
        })
    }

    fn id(&self) -> String {
        ids::id(ids::RULE, self.position)
    }

    fn json(&self, state: &State, call: &Call) -> Value {
        let groups: Vec<String> =
            self.groups.iter().map(|&group| ids::id(ids::GROUP, group)).collect();
        let excluded: Vec<String> =
            self.excluded.iter().map(|&user| ids::id(ids::USER, user)).collect();
        let mut json = json!({
            "type": "group_rule",
            "id": self.id(),
            "status": if self.is_active { "ACTIVE" } else { "INACTIVE" },
            "name": self.name,
            "created": self.created,
            "lastUpdated": self.last_updated,
            "conditions": {
                "people": {"users": {"exclude": excluded}, "groups": {"exclude": []}},
                "expression": {"value": self.written, "type": KIND},
            },
            "actions": {"assignUserToGroups": {"groupIds": groups}},
            "allGroupsValid": self.groups.iter().all(|group| state.groups.contains_key(group)),
        });
        if call.get("expand") == Some("groupIdToGroupNameMap") {
            let named = self.groups.iter().filter_map(|at| state.groups.get(at));
            let names: Map<String, Value> =
                named.map(|group| (group.id(), group.name().into())).collect();
            json["_embedded"] = json!({"groupIdToGroupNameMap": names});
        }
        json
    }

    fn matches(&self, state: &State, index: u64) -> bool {
        let Some(user) = state.glimpse(index) else {
            return false;
        };
        let attribute = |name: &str| user.attribute(name).into_owned();
        user.status() != Status::Deprovisioned
            && !self.excluded.contains(&index)
            && self.expression.value_by(&attribute) == Some(Value::Bool(true))
    }
}

/// Lets every active rule judge a user who was added or changed.
pub(crate) fn apply_to_user(change: &mut Change<'_>, index: u64) {
    let active = change.rules.values().filter(|rule| rule.is_active);
    let active: Vec<u64> = active.map(|rule| rule.position).collect();
    for position in active {
        judge(change, position, index);
    }
}

fn judge(change: &mut Change<'_>, position: u64, index: u64) {
    let Some(rule) = change.rules.get(&position) else {
        return;
    };
    let (matches, added) = (rule.matches(change, index), rule.added.contains(&index));
    if matches == added {
        return;
    }
    let groups = rule.groups.clone();
    for group in groups {
        match matches {
            true => change.join(group, index),
            false => change.leave(group, index),
        }
    }
    change.remember_rule(position, |rule| {
        if matches {
            rule.added.insert(index)
        } else {
            rule.added.remove(&index)
        };
    });
}

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Answer {
    let state = org.read();
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let search = call.get("search").map(str::to_lowercase);
    let is_wanted =
        |rule: &&Rule| search.as_ref().is_none_or(|text| rule.name.to_lowercase().contains(text));
    let found = state.rules.values().filter(is_wanted);
    let found = found.map(|rule| (rule.position, rule.json(&state, &call)));
    let (page, next) = link::page_of(found, Cursor::of(&call)?, limit);
    let mut response = Json(page).into_response();
    link::add_to(&mut response, &call, limit, next);
    Ok(response)
}

fn position(state: &State, id: &str) -> Result<u64, OktaError> {
    let position = ids::position(ids::RULE, id).filter(|known| state.rules.contains_key(known));
    position.ok_or_else(|| OktaError::not_found(id, "PolicyRule"))
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    Ok(Json(state.rules[&position(&state, &id)?].json(&state, &call)).into_response())
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let rule = Rule::read(&change, change.next_id, &body)?;
    check_name(&change, &rule)?;
    Ok(save(&mut change, rule, "policy.rule.add", &call))
}

fn check_name(state: &State, rule: &Rule) -> Result<(), OktaError> {
    let is_taken = |other: &Rule| other.position != rule.position && other.name == rule.name;
    match state.rules.values().any(is_taken) {
        true => Err(refused("name: a group rule of this name exists".to_owned())),
        false => Ok(()),
    }
}

fn save(change: &mut Change<'_>, rule: Rule, kind: &'static str, call: &Call) -> Response {
    let answer = Json(rule.json(change, call)).into_response();
    change.apply(event(kind, &rule), |state| {
        state.next_id = state.next_id.max(rule.position + 1);
        state.rules.insert(rule.position, rule);
    });
    answer
}

fn event(kind: &'static str, rule: &Rule) -> Event {
    Event::new(kind, [Target::new("PolicyRule", rule.id(), "unknown", rule.name.clone())])
}

/// Everything but the groups, and only while the rule is not active.
pub(crate) async fn replace(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let before = change.rules[&position(&change, &id)?].clone();
    if before.is_active {
        return Err(refused("The rule must be INACTIVE to be changed.".to_owned()));
    }
    let rule = Rule::read(&change, before.position, &body)?;
    if rule.groups != before.groups {
        return Err(refused("actions: cannot be changed".to_owned()));
    }
    check_name(&change, &rule)?;
    let rule = Rule { created: before.created, added: before.added, ..rule };
    Ok(save(&mut change, rule, "policy.rule.update", &call))
}

/// Okta answers before it is done; here the members are gone with the answer.
pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let mut change = org.change(&call);
    let rule = change.rules[&position(&change, &id)?].clone();
    if rule.is_active {
        return Err(refused("The rule must be INACTIVE to be deleted.".to_owned()));
    }
    change.apply(event("policy.rule.delete", &rule), |state| state.rules.remove(&rule.position));
    if call.flag("removeUsers", false) {
        for index in &rule.added {
            rule.groups.iter().for_each(|group| change.leave(*group, *index));
        }
    }
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

pub(crate) async fn lifecycle(
    Shared(org): Shared<OktaOrg>,
    Path((id, what)): Path<(String, String)>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let rule = change.rules[&position(&change, &id)?].clone();
    let (is_active, kind) = match what.as_str() {
        "activate" => (true, "policy.rule.activate"),
        "deactivate" => (false, "policy.rule.deactivate"),
        _ => return Err(OktaError::no_such_path()),
    };
    if rule.is_active == is_active {
        return Ok(StatusCode::NO_CONTENT);
    }
    let at = rule.position;
    save(&mut change, Rule { is_active, ..rule }, kind, &call);
    if is_active {
        for index in 0..change.next_user {
            judge(&mut change, at, index);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refused(cause: String) -> OktaError {
    OktaError::validation("groupRule", cause)
}
