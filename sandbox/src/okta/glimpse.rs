//! A user of whom only what is asked for is computed: what a search looks at, a million times over.

use std::borrow::Cow;

use serde_json::Value;

use super::state::State;
use super::user::{Status, User, seeded_day, seeded_status, seeded_update};
use super::{types, users};

#[derive(Clone, Copy)]
pub(crate) struct Glimpse<'a> {
    state: &'a State,
    index: u64,
    // None: seeded, and as they were from the start.
    kept: Option<&'a User>,
}

impl<'a> Glimpse<'a> {
    pub(super) fn new(state: &'a State, index: u64, kept: Option<&'a User>) -> Self {
        Self { state, index, kept }
    }

    pub(crate) fn status(&self) -> Status {
        self.kept.map_or_else(|| seeded_status(&self.state.people, self.index), |user| user.status)
    }

    /// The value at a path such as `status` or `profile.city`, as a listing shows it; null if there is none.
    pub(crate) fn value(&self, path: &str) -> Cow<'a, Value> {
        if let Some(name) = path.strip_prefix("profile.").filter(|name| !name.contains('.')) {
            return self.attribute(name);
        }
        let known = match self.kept {
            Some(user) => kept(user, path),
            None => self.seeded(path),
        };
        Cow::Owned(known.unwrap_or_else(|| self.walked(path)))
    }

    /// A text of the profile, empty if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.attribute(name).as_str().map(str::to_owned).unwrap_or_default()
    }

    /// An attribute of the profile; null if there is none.
    pub(crate) fn attribute(&self, name: &str) -> Cow<'a, Value> {
        match self.kept {
            Some(user) => user.profile.borrowed(name),
            None if self.state.is_forgotten(name) => Cow::Owned(Value::Null),
            None => Cow::Owned(self.state.people.attribute(self.index, name)),
        }
    }

    fn seeded(&self, path: &str) -> Option<Value> {
        let people = &self.state.people;
        let has_started = || self.status() != Status::Staged;
        Some(match path {
            "id" => users::id(self.index).into(),
            "status" => serde_json::to_value(self.status()).unwrap_or_default(),
            "created" => seeded_day(people, self.index).into(),
            "activated" | "statusChanged" => {
                has_started().then(|| seeded_day(people, self.index)).into()
            }
            "lastUpdated" => seeded_update(people, self.index).into(),
            "type.id" => types::id(0).into(),
            _ => return None,
        })
    }

    // What nobody asks for often.
    fn walked(&self, path: &str) -> Value {
        let user = self.state.user(self.index).map(|user| user.in_list("")).unwrap_or_default();
        path.split('.').fold(&user, |value, name| &value[name]).clone()
    }
}

fn kept(user: &User, path: &str) -> Option<Value> {
    Some(match path {
        "id" => user.id().into(),
        "status" => serde_json::to_value(user.status).unwrap_or_default(),
        "created" => user.created.as_str().into(),
        "activated" => user.activated.as_deref().into(),
        "statusChanged" => user.status_changed.as_deref().into(),
        "lastUpdated" => user.last_updated.as_str().into(),
        "type.id" => types::id(user.kind).into(),
        _ => return None,
    })
}
