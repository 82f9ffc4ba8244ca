//! Users: list, read, create, update, replace, delete, and the groups of one.

use std::borrow::Cow;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::call::{Call, object};
use super::change::user_target;
use super::error::{Answer, OktaError};
use super::log::Event;
use super::schema::Schema;
use super::state::State;
use super::user::{Credentials, Password, Profile, Recovery, Status, User};
use super::{OktaOrg, group, ids, link, listing, now, types};

const MOST_GROUPS_AT_CREATION: usize = 20;
const SHORTEST_PASSWORD: usize = 8;

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Answer {
    listing::answer(&org, &call).await
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let user = state.find(&name).and_then(|index| state.user(index));
    let user = user.ok_or_else(|| OktaError::not_found(&name, "User"))?;
    Ok(tagged(&user, &call))
}

pub(crate) async fn create(Shared(org): Shared<OktaOrg>, call: Call, body: Bytes) -> Answer {
    let body = object(&body)?;
    let mut change = org.change(&call);
    let user = new_user(&change, &call, &body)?;
    let groups = groups_to_join(&change, &body)?;
    let answer = user.alone(&call.origin);
    change.add_user(user, &groups);
    Ok(Json(answer).into_response())
}

pub(crate) async fn update(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    change(&org, &name, &call, &body, false)
}

pub(crate) async fn replace(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    change(&org, &name, &call, &body, true)
}

pub(crate) async fn delete(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let mut user = taken(&change, &name)?;
    if user.status == Status::Deprovisioned {
        change.delete_user(&user);
    } else {
        super::lifecycle::deprovision(&mut user);
        change.save_user(user, "user.lifecycle.deactivate");
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn groups(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let index = state.find(&name).ok_or_else(|| OktaError::not_found(&name, "User"))?;
    let mine = state.groups.values().filter(|group| group.members.contains(&state.people, index));
    let mine: Vec<Value> = mine.map(|group| group.json(&call.origin)).collect();
    let mut response = Json(mine).into_response();
    link::add_to(&mut response, &call, 200, None);
    Ok(response)
}

/// What keeps a user out: too many wrong passwords, here always from any device.
pub(crate) async fn blocks(Shared(org): Shared<OktaOrg>, Path(name): Path<String>) -> Answer {
    let user = taken(&org.read(), &name)?;
    let blocks = match user.status {
        Status::LockedOut => json!([{"type": "DEVICE_BASED", "appliesTo": "ANY_DEVICES"}]),
        _ => json!([]),
    };
    Ok(Json(blocks).into_response())
}

pub(crate) async fn end_sessions(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Result<StatusCode, OktaError> {
    let mut change = org.change(&call);
    let user = taken(&change, &name)?;
    change.record(&Event::new("user.session.clear", [user_target(&user)]));
    Ok(StatusCode::NO_CONTENT)
}

/// A copy of the user with this id or login, to be changed and put back.
pub(crate) fn taken(state: &State, name: &str) -> Result<User, OktaError> {
    let user = state.find(name).and_then(|index| state.user(index));
    user.map(Cow::into_owned).ok_or_else(|| OktaError::not_found(name, "User"))
}

fn tagged(user: &User, call: &Call) -> Response {
    let json = user.alone(&call.origin);
    let tag = tag_of(user);
    let mut response = Json(json).into_response();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

// FNV-1a over the user as listed: the same for the same content, whatever address was asked.
fn tag_of(user: &User) -> String {
    let text = user.in_list("").to_string();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("W/\"{hash:016x}{:016x}\"", hash.rotate_left(29) ^ text.len() as u64)
}

// Only a replacement changes the type.
fn change(org: &OktaOrg, name: &str, call: &Call, body: &[u8], replaces: bool) -> Answer {
    let body = object(body)?;
    let mut change = org.change(call);
    let mut user = taken(&change, name)?;
    let kind = event_of(&body);
    check_tag(&user, call)?;
    if user.status == Status::Deprovisioned {
        return Err(OktaError::wrong_status());
    }
    if replaces {
        user.kind = type_of(&change, &body)?.unwrap_or(user.kind);
    }
    if let Some(given) = body.get("profile") {
        let given = given.as_object().cloned().ok_or_else(OktaError::malformed_body)?;
        let mut profile = if replaces { Map::new() } else { user.profile.into_map() };
        profile.extend(given);
        user.profile = checked_profile(&change, profile, user.kind, Some(user.index))?;
    }
    if let Some(given) = body.get("credentials") {
        user.credentials = credentials(given, &user.credentials)?;
    }
    user.last_updated = now();
    let answer = Json(user.alone(&call.origin)).into_response();
    change.save_user(user, kind);
    Ok(answer)
}

// What one call changes is one event: the profile, if that is among it.
fn event_of(body: &Map<String, Value>) -> &'static str {
    let has = |name: &str| body.contains_key(name);
    match (has("profile"), has("credentials"), has("type")) {
        (false, true, _) => "user.account.update_password",
        (false, false, true) => "user.account.update_user_type",
        _ => "user.account.update_profile",
    }
}

fn check_tag(user: &User, call: &Call) -> Result<(), OktaError> {
    match call.header(header::IF_MATCH) {
        Some(tag) if tag != "*" && tag != tag_of(user) => {
            let summary = "The resource was changed since it was read: the ETag does not match.";
            Err(OktaError::new(412, "E0000231", summary))
        }
        _ => Ok(()),
    }
}

fn new_user(state: &State, call: &Call, body: &Map<String, Value>) -> Result<User, OktaError> {
    let given = body.get("profile").and_then(Value::as_object).cloned().unwrap_or_default();
    let kind = type_of(state, body)?.unwrap_or(0);
    let profile = checked_profile(state, given, kind, None)?;
    let fresh = Credentials::okta(Password::NotSet);
    let credentials = match body.get("credentials") {
        Some(given) => credentials(given, &fresh)?,
        None => fresh,
    };
    let status = first_status(call, &credentials)?;
    let now = now();
    let started = (status != Status::Staged).then(|| now.clone());
    Ok(User {
        index: state.next_user,
        kind,
        status,
        created: now.clone(),
        activated: started.clone(),
        status_changed: started,
        last_login: None,
        last_updated: now.clone(),
        password_changed: credentials.password.is_set().then_some(now),
        profile,
        credentials,
    })
}

fn first_status(call: &Call, credentials: &Credentials) -> Result<Status, OktaError> {
    let has_password = credentials.password.is_set();
    let changes_password = call.get("nextLogin") == Some("changePassword");
    if changes_password && !has_password {
        let summary = "To set a user's password to expire at the next login, specify the password.";
        return Err(OktaError::new(400, "E0000124", summary));
    }
    let federated = ["FEDERATION", "SOCIAL"].contains(&&*credentials.provider_type);
    Ok(match call.flag("activate", true) {
        false => Status::Staged,
        true if changes_password => Status::PasswordExpired,
        true if has_password || federated => Status::Active,
        true => Status::Provisioned,
    })
}

// The profile as it will be stored: nulls dropped, but for the two that Okta always answers.
fn checked_profile(
    state: &State,
    mut profile: Map<String, Value>,
    kind: u64,
    of: Option<u64>,
) -> Result<Profile, OktaError> {
    // An unknown name is told even where nothing is given for it.
    if let Some(schema) = state.schema(kind) {
        schema.check_values(&profile)?;
        profile.retain(|_, value| !value.is_null());
        schema.check(&profile)?;
        check_unique(state, schema, &profile, of)?;
    }
    let login = profile.get("login").and_then(Value::as_str).unwrap_or_default();
    if state.find_login(login).is_some_and(|other| Some(other) != of) {
        let cause = "login: An object with this field already exists in the current organization";
        return Err(OktaError::validation("login", cause));
    }
    for always in ["mobilePhone", "secondEmail"] {
        profile.entry(always).or_insert(Value::Null);
    }
    Ok(Profile::Kept(profile))
}

fn check_unique(
    state: &State,
    schema: &Schema,
    profile: &Map<String, Value>,
    of: Option<u64>,
) -> Result<(), OktaError> {
    for name in schema.unique_attributes() {
        if profile.get(name).is_some_and(|value| state.is_taken(name, value, of)) {
            let cause = format!(
                "{name}: An object with this field already exists in the current organization"
            );
            return Err(OktaError::validation(name, cause));
        }
    }
    Ok(())
}

fn type_of(state: &State, body: &Map<String, Value>) -> Result<Option<u64>, OktaError> {
    let id = body.get("type").and_then(|kind| kind["id"].as_str());
    id.map(|id| types::position(state, id)).transpose()
}

fn credentials(given: &Value, before: &Credentials) -> Result<Credentials, OktaError> {
    let mut credentials = before.clone();
    let password = &given["password"];
    if let Some(value) = password["value"].as_str() {
        check_password(value)?;
        credentials.password = Password::Known(value.to_owned());
    } else if password["hash"].is_object() || password["hook"].is_object() {
        credentials.password = Password::Unknown;
        credentials.provider_type = "IMPORT".into();
        credentials.provider_name = "IMPORT".into();
    }
    if let Some(kind) = given["provider"]["type"].as_str() {
        credentials.provider_type = kind.to_owned().into();
        let name = given["provider"]["name"].as_str().unwrap_or(kind);
        credentials.provider_name = name.to_owned().into();
    }
    let recovery = &given["recovery_question"];
    if let (Some(question), Some(answer)) =
        (recovery["question"].as_str(), recovery["answer"].as_str())
    {
        credentials.recovery =
            Some(Recovery { question: question.to_owned(), answer: answer.to_owned() });
    }
    Ok(credentials)
}

pub(crate) fn check_password(value: &str) -> Result<(), OktaError> {
    if value.chars().count() >= SHORTEST_PASSWORD {
        return Ok(());
    }
    let cause = format!(
        "password: Password requirements were not met. Password requirements: \
         at least {SHORTEST_PASSWORD} characters."
    );
    Err(OktaError::validation("password", cause))
}

fn groups_to_join(state: &State, body: &Map<String, Value>) -> Result<Vec<u64>, OktaError> {
    let ids = body.get("groupIds").and_then(Value::as_array);
    let ids: Vec<&str> = ids.into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.len() > MOST_GROUPS_AT_CREATION {
        let summary = "The number of groups the user is added to exceeds the limit.";
        return Err(OktaError::new(400, "E0000093", summary));
    }
    ids.into_iter().map(|id| group::position(state, id)).collect()
}

/// The body of answers that say nothing.
pub(crate) fn nothing() -> Response {
    Json(json!({})).into_response()
}

/// The id of the user at a position.
pub(crate) fn id(index: u64) -> String {
    ids::id(ids::USER, index)
}
