//! Putting users into groups and apps.

use futures::TryStreamExt;
use okta_client::{Application, Group, Okta, User};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::find::required;
use super::{ActionError, Answer};

/// A user who shall be in a group, or in an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assign {
    /// Id or login.
    pub user: String,
    /// The group's id or name.
    pub group: Option<String>,
    /// The app's id or label.
    pub app: Option<String>,
    /// Attributes of the person in the app.
    pub profile: Map<String, Value>,
}

impl Assign {
    pub(super) async fn run(&self, okta: &Okta, plan: bool) -> Result<Answer, ActionError> {
        let user = required(okta, &self.user).await?;
        match (&self.group, &self.app) {
            (Some(group), None) => to_group(okta, &user, group, plan).await,
            (None, Some(app)) => self.to_app(okta, &user, app, plan).await,
            _ => Err(ActionError::new("invalid", "say either a group or an app")),
        }
    }

    async fn to_app(
        &self,
        okta: &Okta,
        user: &User,
        name: &str,
        plan: bool,
    ) -> Result<Answer, ActionError> {
        let app = app_named(okta, name).await?;
        let users = okta.apps().users(&app.id);
        let outcome = match users.try_get(&user.id).await? {
            Some(_) => "already_assigned",
            None if plan => "would_assign",
            None => match users.assign(&user.id).set_all(self.profile.clone()).await {
                Ok(_) => "assigned",
                // No answer says so, but it was done.
                Err(error) if error.is_unclear() && users.try_get(&user.id).await?.is_some() => {
                    "assigned"
                }
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Answer::user(outcome, user).with("app", app.id.as_str()))
    }
}

async fn to_group(okta: &Okta, user: &User, name: &str, plan: bool) -> Result<Answer, ActionError> {
    let group = group_named(okta, name).await?;
    let mut theirs = okta.users().groups(&user.id).stream();
    let mut is_member = false;
    while let Some(own) = theirs.try_next().await? {
        is_member |= own.id == group.id;
    }
    let outcome = match (is_member, plan) {
        (true, _) => "already_assigned",
        (false, true) => "would_assign",
        (false, false) => {
            okta.groups().add_member(&group.id, &user.id).await?;
            "assigned"
        }
    };
    Ok(Answer::user(outcome, user).with("group", group.id.as_str()))
}

/// A group by id or exact name.
pub(super) async fn group_named(okta: &Okta, name: &str) -> Result<Group, ActionError> {
    if is_id(name)
        && let Some(group) = okta.groups().try_get(name).await?
    {
        return Ok(group);
    }
    let all = okta.groups().list().q(name).stream();
    let named = all.try_filter(|group| std::future::ready(group.profile.name() == Some(name)));
    only("group", name, named.try_collect().await?)
}

async fn app_named(okta: &Okta, name: &str) -> Result<Application, ActionError> {
    if is_id(name) {
        match okta.apps().get(name).await {
            Err(error) if error.is_not_found() => {}
            found => return Ok(found?),
        }
    }
    let all = okta.apps().list().q(name).stream();
    let named = all.try_filter(|app| std::future::ready(app.label.as_deref() == Some(name)));
    only("app", name, named.try_collect().await?)
}

/// Whether it could be an id at all.
fn is_id(name: &str) -> bool {
    name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn only<T>(what: &str, name: &str, mut named: Vec<T>) -> Result<T, ActionError> {
    match (named.pop(), named.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(ActionError::not_found(what, name)),
        (_, others) => Err(ActionError::new(
            "ambiguous",
            format!("{} {what}s are called `{name}`: say which by its id", others + 1),
        )),
    }
}
