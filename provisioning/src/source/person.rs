//! One person of the org, as expressions see them.

use std::borrow::Cow;

use okta_client::{AppUser, AppUserStatus, Attributes, User, UserStatus};
use serde::Deserialize;
use serde_json::Value;

use super::{SourceError, Warnings};
use crate::expression::{Group, Scope};
use crate::mapping::Mapping;
use crate::record::Record;

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) user: User,
    app_user: Option<Attributes>,
    pub(super) groups: Option<Vec<Group>>,
}

impl Person {
    pub(super) fn new(user: User) -> Self {
        Self { user, app_user: None, groups: None }
    }

    pub(super) fn in_app(user: User, app_user: AppUser) -> Self {
        let app_user = Some(app_user.profile.unwrap_or_default());
        Self { user, app_user, groups: None }
    }

    pub(super) fn record(&self, mapping: &Mapping, warnings: &Warnings) -> Record {
        let mapped = mapping.record(self);
        warnings.note(self.user.id.as_str(), &mapped);
        mapped.record.source_id(self.user.id.as_str())
    }

    fn attributes(&self, root: &str) -> Option<&Attributes> {
        match root {
            "user" | "source" => Some(&self.user.profile),
            "appuser" => self.app_user.as_ref(),
            _ => None,
        }
    }
}

/// What is read of the profile is what a mapping asks for; no map is made of all of it.
impl Scope for Person {
    fn root(&self, name: &str) -> Option<Cow<'_, Value>> {
        Some(Cow::Owned(Value::Object(self.attributes(name)?.to_map())))
    }

    fn supplies(&self, root: &str) -> bool {
        self.attributes(root).is_some()
    }

    fn attribute(&self, root: &str, name: &str) -> Option<Cow<'_, Value>> {
        Some(Cow::Owned(self.attributes(root)?.attribute(name)?.to_value()))
    }

    fn groups(&self) -> Option<&[Group]> {
        self.groups.as_deref()
    }

    fn internal_property(&self, name: &str) -> Option<Value> {
        match name {
            "id" => Some(self.user.id.as_str().into()),
            "status" => Some(self.user.status.as_ref().map(UserStatus::as_str).into()),
            _ => None,
        }
    }
}

/// Whether this assignment lets somebody use the app.
pub(super) fn is_assigned(app_user: &AppUser) -> bool {
    use AppUserStatus::{Deprovisioned, Inactive, Revoked, Unassigned};
    let status = app_user.status.as_ref();
    !status.is_some_and(|status| [Deprovisioned, Inactive, Revoked, Unassigned].contains(status))
}

/// The user that a listing of an app gives beside each assignment.
pub(super) fn embedded_user(app_user: &AppUser) -> Result<Option<User>, SourceError> {
    #[derive(Deserialize)]
    struct Embedded {
        user: Option<User>,
    }
    let Some(embedded) = &app_user.embedded else {
        return Ok(None);
    };
    let read = serde_json::from_str::<Option<Embedded>>(embedded.json());
    let unreadable = |source: serde_json::Error| SourceError::Unreadable {
        id: app_user.id.as_str().to_owned(),
        source: source.into(),
    };
    Ok(read.map_err(unreadable)?.and_then(|embedded| embedded.user))
}
