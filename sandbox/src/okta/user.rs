//! A user, and how it looks in an answer.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{ids, link, types};
use crate::people::{People, SeededProfile};

/// Where a user stands in Okta's state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    Staged,
    Provisioned,
    Active,
    Recovery,
    PasswordExpired,
    LockedOut,
    Suspended,
    Deprovisioned,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) index: u64,
    // The position of its user type; 0 is the default one.
    pub(crate) kind: u64,
    pub(crate) status: Status,
    pub(crate) created: String,
    pub(crate) activated: Option<String>,
    pub(crate) status_changed: Option<String>,
    pub(crate) last_login: Option<String>,
    pub(crate) last_updated: String,
    pub(crate) password_changed: Option<String>,
    pub(crate) profile: Profile,
    pub(crate) credentials: Credentials,
}

/// Computed until somebody changes it.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Profile {
    Seeded(Box<SeededProfile>),
    Kept(Map<String, Value>),
}

impl Profile {
    pub(crate) fn login(&self) -> &str {
        self.text("login", SeededProfile::email)
    }

    pub(crate) fn email(&self) -> &str {
        self.text("email", SeededProfile::email)
    }

    fn text(&self, name: &str, seeded: fn(&SeededProfile) -> &str) -> &str {
        match self {
            Self::Seeded(profile) => seeded(profile),
            Self::Kept(map) => map.get(name).and_then(Value::as_str).unwrap_or_default(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        match self {
            Self::Seeded(profile) => profile.clone().into_map().remove(name),
            Self::Kept(map) => map.get(name).cloned(),
        }
    }

    /// An attribute without a copy of it, where there is one to borrow; null if it is not there.
    pub(crate) fn borrowed(&self, name: &str) -> Cow<'_, Value> {
        match self {
            Self::Kept(map) => map.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
            Self::Seeded(_) => Cow::Owned(self.get(name).unwrap_or_default()),
        }
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        match self {
            Self::Seeded(profile) => profile.into_map(),
            Self::Kept(map) => map,
        }
    }

    /// Takes an attribute away.
    pub(crate) fn forget(&mut self, name: &str) {
        match self {
            Self::Seeded(profile) => profile.forget(name),
            Self::Kept(map) => {
                map.remove(name);
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) password: Password,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) provider_type: Cow<'static, str>,
    pub(crate) provider_name: Cow<'static, str>,
}

/// What the org knows of a password; an imported hash or a seeded one cannot be compared.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Password {
    NotSet,
    Unknown,
    Known(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    pub(crate) question: String,
    pub(crate) answer: String,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_set() { "set" } else { "not set" })
    }
}

impl Password {
    pub(crate) fn is_set(&self) -> bool {
        *self != Self::NotSet
    }
}

impl Credentials {
    pub(crate) fn okta(password: Password) -> Self {
        let okta = Cow::Borrowed("OKTA");
        Self { password, recovery: None, provider_type: okta.clone(), provider_name: okta }
    }

    /// As in the answer to a change of credentials: without addresses.
    pub(crate) fn alone(&self) -> Value {
        serde_json::to_value(self.json(None)).unwrap_or_default()
    }

    fn json<'a>(&'a self, email: Option<&'a str>) -> CredentialsJson<'a> {
        let address = |value| [AddressJson { value, status: "VERIFIED", kind: "PRIMARY" }];
        CredentialsJson {
            password: self.password.is_set().then_some(Nothing {}),
            emails: email.map(address),
            recovery_question: self
                .recovery
                .as_ref()
                .map(|r| QuestionJson { question: &r.question }),
            provider: ProviderJson { kind: &self.provider_type, name: &self.provider_name },
        }
    }
}

#[derive(Serialize)]
struct CredentialsJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Nothing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<[AddressJson<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_question: Option<QuestionJson<'a>>,
    provider: ProviderJson<'a>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct AddressJson<'a> {
    value: &'a str,
    status: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct QuestionJson<'a> {
    question: &'a str,
}

#[derive(Serialize)]
struct ProviderJson<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
}

impl User {
    pub(crate) fn computed(people: &People, index: u64) -> Self {
        let status = seeded_status(people, index);
        let since = || seeded_day(people, index);
        let has_password =
            !matches!(status, Status::Staged | Status::Provisioned | Status::Deprovisioned);
        let password = if has_password { Password::Unknown } else { Password::NotSet };
        let started = status != Status::Staged;
        User {
            index,
            kind: 0,
            status,
            created: since(),
            activated: started.then(since),
            status_changed: started.then(since),
            last_login: has_password
                .then(|| format!("2026-02-{:02}T09:30:00.000Z", 1 + index % 28)),
            last_updated: seeded_update(people, index),
            password_changed: has_password.then(since),
            profile: Profile::Seeded(Box::new(people.computed(index))),
            credentials: Credentials::okta(password),
        }
    }
}

/// When a seeded person was created, and first got their status.
pub(super) fn seeded_day(people: &People, index: u64) -> String {
    format!("{}T08:00:00.000Z", people.date(index, 20))
}

pub(super) fn seeded_update(people: &People, index: u64) -> String {
    format!("2025-{:02}-11T16:45:00.000Z", 1 + people.roll(index, 22) % 12)
}

// Of a hundred people: most are active, and every status that a plain listing shows occurs.
pub(super) fn seeded_status(people: &People, index: u64) -> Status {
    if people.is_leaver(index) {
        return Status::Deprovisioned;
    }
    match people.roll(index, 21) % 100 {
        // The first one is `me`, whose token everybody uses.
        _ if index == 0 => Status::Active,
        0..80 => Status::Active,
        80..86 => Status::Provisioned,
        86..90 => Status::Staged,
        90..93 => Status::Suspended,
        93..95 => Status::LockedOut,
        95..99 => Status::PasswordExpired,
        _ => Status::Recovery,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserJson<'a, L> {
    id: String,
    status: Status,
    created: &'a str,
    activated: Option<&'a str>,
    status_changed: Option<&'a str>,
    last_login: Option<&'a str>,
    last_updated: &'a str,
    password_changed: Option<&'a str>,
    #[serde(rename = "type")]
    kind: TypeJson,
    profile: &'a Profile,
    credentials: CredentialsJson<'a>,
    #[serde(rename = "_links")]
    links: L,
}

#[derive(Serialize)]
struct SelfLink {
    #[serde(rename = "self")]
    this: Href,
}

#[derive(Serialize)]
struct Href {
    href: String,
}

#[derive(Serialize)]
struct TypeJson {
    id: Cow<'static, str>,
}

impl User {
    pub(crate) fn id(&self) -> String {
        ids::id(ids::USER, self.index)
    }

    /// First and last name.
    pub(crate) fn display_name(&self) -> String {
        let first = self.profile.text("firstName", SeededProfile::first_name);
        let last = self.profile.text("lastName", SeededProfile::last_name);
        format!("{first} {last}")
    }

    /// As an item of a list.
    pub(crate) fn in_list(&self, origin: &str) -> Value {
        serde_json::to_value(self.item(origin)).unwrap_or_default()
    }

    /// The text of [`in_list`](Self::in_list), without the detour.
    pub(crate) fn write(&self, origin: &str, into: &mut Vec<u8>) {
        // Writing to memory cannot fail, and every key is text.
        let _ = serde_json::to_writer(into, &self.item(origin));
    }

    /// As the answer of a single read or a change: with the links its status allows.
    pub(crate) fn alone(&self, origin: &str) -> Value {
        let id = self.id();
        let links = link::of_user(self, &id, origin);
        serde_json::to_value(self.json(id, links)).unwrap_or_default()
    }

    // In a list its links are `self` alone.
    fn item(&self, origin: &str) -> UserJson<'_, SelfLink> {
        let id = self.id();
        let links = SelfLink { this: Href { href: format!("{origin}/api/v1/users/{id}") } };
        self.json(id, links)
    }

    fn json<L: Serialize>(&self, id: String, links: L) -> UserJson<'_, L> {
        UserJson {
            id,
            status: self.status,
            created: &self.created,
            activated: self.activated.as_deref(),
            status_changed: self.status_changed.as_deref(),
            last_login: self.last_login.as_deref(),
            last_updated: &self.last_updated,
            password_changed: self.password_changed.as_deref(),
            kind: TypeJson { id: types::id(self.kind) },
            profile: &self.profile,
            credentials: self.credentials.json(self.listed_address()),
            links,
        }
    }

    // Recorded: orgs list the addresses only of users who have a password.
    fn listed_address(&self) -> Option<&str> {
        self.credentials.password.is_set().then(|| self.profile.email())
    }
}
