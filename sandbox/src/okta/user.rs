//! A user, and how it looks in an answer.

use serde::Serialize;
use serde_json::{Map, Value};

use super::ids;
use crate::people::{People, Profile};

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

/// A user whose profile is a map once somebody changed it, and computed until then.
#[derive(Clone, Debug)]
pub(crate) struct User<P = Map<String, Value>> {
    pub(crate) index: u64,
    pub(crate) status: Status,
    pub(crate) created: String,
    pub(crate) activated: Option<String>,
    pub(crate) status_changed: Option<String>,
    pub(crate) last_login: Option<String>,
    pub(crate) last_updated: String,
    pub(crate) password_changed: Option<String>,
    pub(crate) type_id: String,
    pub(crate) profile: P,
    pub(crate) credentials: Credentials,
}

#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) password: Password,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) provider_type: String,
    pub(crate) provider_name: String,
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
        let okta = || "OKTA".to_owned();
        Self { password, recovery: None, provider_type: okta(), provider_name: okta() }
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

impl User<Profile> {
    pub(crate) fn computed(people: &People, index: u64) -> Self {
        let status = seeded_status(people, index);
        let at = |salt| format!("{}T08:00:00.000Z", people.date(index, salt));
        let has_password =
            !matches!(status, Status::Staged | Status::Provisioned | Status::Deprovisioned);
        let password = if has_password { Password::Unknown } else { Password::NotSet };
        let started = status != Status::Staged;
        User {
            index,
            status,
            created: at(20),
            activated: started.then(|| at(20)),
            status_changed: started.then(|| at(20)),
            last_login: has_password
                .then(|| format!("2026-02-{:02}T09:30:00.000Z", 1 + index % 28)),
            last_updated: format!("2025-{:02}-11T16:45:00.000Z", 1 + people.roll(index, 22) % 12),
            password_changed: has_password.then(|| at(20)),
            type_id: USER_TYPE.to_owned(),
            profile: people.computed(index),
            credentials: Credentials::okta(password),
        }
    }

    pub(crate) fn stored(self) -> User {
        let profile = match serde_json::to_value(&self.profile) {
            Ok(Value::Object(profile)) => profile,
            _ => Map::new(),
        };
        self.with_profile(profile)
    }

    fn with_profile(self, profile: Map<String, Value>) -> User {
        User {
            index: self.index,
            status: self.status,
            created: self.created,
            activated: self.activated,
            status_changed: self.status_changed,
            last_login: self.last_login,
            last_updated: self.last_updated,
            password_changed: self.password_changed,
            type_id: self.type_id,
            profile,
            credentials: self.credentials,
        }
    }
}

impl User {
    pub(crate) fn text(&self, attribute: &str) -> &str {
        self.profile.get(attribute).and_then(Value::as_str).unwrap_or_default()
    }
}

pub(crate) const USER_TYPE: &str = "otysandbox0000SbX5d7";
pub(crate) const SCHEMA: &str = "oscsandbox0000SbX5d7";

// Of a hundred people: most are active, and every status that a plain listing shows occurs.
fn seeded_status(people: &People, index: u64) -> Status {
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
struct UserJson<'a, P, L> {
    id: String,
    status: Status,
    created: &'a str,
    activated: Option<&'a str>,
    status_changed: Option<&'a str>,
    last_login: Option<&'a str>,
    last_updated: &'a str,
    password_changed: Option<&'a str>,
    #[serde(rename = "type")]
    kind: TypeJson<'a>,
    profile: &'a P,
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
struct TypeJson<'a> {
    id: &'a str,
}

/// The profile attributes the answer needs besides the profile itself.
pub(crate) trait HasEmail {
    fn email(&self) -> &str;
}

impl HasEmail for Profile {
    fn email(&self) -> &str {
        self.primary_email()
    }
}

impl HasEmail for Map<String, Value> {
    fn email(&self) -> &str {
        self.get("email").and_then(Value::as_str).unwrap_or_default()
    }
}

impl<P: Serialize + HasEmail> User<P> {
    pub(crate) fn id(&self) -> String {
        ids::id(ids::USER, self.index)
    }

    /// As an item of a list: its links are `self` alone.
    pub(crate) fn in_list(&self, origin: &str) -> impl Serialize {
        let id = self.id();
        let links = SelfLink { this: Href { href: format!("{origin}/api/v1/users/{id}") } };
        self.json(id, links)
    }

    /// As the answer of a single read or a change: with the links its status allows.
    pub(crate) fn alone(&self, origin: &str) -> Value {
        let id = self.id();
        let links = super::link::of_user(self, &id, origin);
        serde_json::to_value(self.json(id, links)).unwrap_or_default()
    }

    fn json<L: Serialize>(&self, id: String, links: L) -> UserJson<'_, P, L> {
        UserJson {
            id,
            status: self.status,
            created: &self.created,
            activated: self.activated.as_deref(),
            status_changed: self.status_changed.as_deref(),
            last_login: self.last_login.as_deref(),
            last_updated: &self.last_updated,
            password_changed: self.password_changed.as_deref(),
            kind: TypeJson { id: &self.type_id },
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
