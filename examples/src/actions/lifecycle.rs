//! Bringing users into use and out of it.

use okta_client::{Error, Okta, User, UserStatus};
use serde::Deserialize;
use serde_json::Map;

use super::find::{find, nobody, required};
use super::{ActionError, Answer, TRIES};

/// Brings a user into use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Activate {
    /// Id or login.
    pub user: String,
    /// Okta does not send its mail to who has no password yet.
    pub no_email: bool,
}

impl Activate {
    pub(super) async fn run(&self, okta: &Okta, plan: bool) -> Result<Answer, ActionError> {
        let user = required(okta, &self.user).await?;
        match &user.status {
            Some(UserStatus::Staged | UserStatus::Deprovisioned) if plan => {
                Ok(Answer::user("would_activate", &user))
            }
            Some(UserStatus::Staged | UserStatus::Deprovisioned) => {
                let user = activate(okta, user, !self.no_email).await?;
                Ok(Answer::user("activated", &user))
            }
            Some(UserStatus::Suspended) => Err(ActionError::new(
                "suspended",
                format!(
                    "`{}` is suspended, not deactivated: an administrator has to lift that",
                    self.user
                ),
            )),
            _ => Ok(Answer::user("already_activated", &user)),
        }
    }
}

/// Takes a user out of use: all app assignments go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Deactivate {
    /// Id or login.
    pub user: String,
    /// Afterwards deletes the user for good: nothing of it can be brought back. Who is not there counts as
    /// gone already.
    pub delete: bool,
    /// Okta tells the administrators by mail.
    pub send_email: bool,
}

impl Deactivate {
    /// Deactivates this user, by id or login.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), ..Self::default() }
    }

    pub(super) async fn run(&self, okta: &Okta, plan: bool) -> Result<Answer, ActionError> {
        let user = match find(okta, &self.user).await? {
            // Deleted by this command when it came before: it is safe to repeat.
            None if self.delete => {
                let answer = Answer { outcome: "already_gone", members: Map::new() };
                return Ok(answer.with("user", self.user.as_str()));
            }
            None => return Err(nobody(&self.user)),
            Some(user) => user,
        };
        let was_out = is_out(&user);
        match (was_out, self.delete, plan) {
            (_, true, true) => return Ok(Answer::user("would_delete", &user)),
            (false, false, true) => return Ok(Answer::user("would_deactivate", &user)),
            (true, false, _) => return Ok(Answer::user("already_deprovisioned", &user)),
            _ => {}
        }
        let user = if was_out { user } else { self.deactivate(okta, user).await? };
        if self.delete {
            delete(okta, &user).await?;
        }
        Ok(Answer::user(if self.delete { "deleted" } else { "deactivated" }, &user))
    }

    async fn deactivate(&self, okta: &Okta, user: User) -> Result<User, ActionError> {
        let act =
            async |user: &User| okta.users().deactivate(&user.id).send_email(self.send_email).await;
        until(okta, user, is_out, act).await
    }
}

/// Activates, and gives the user as it is then.
pub(super) async fn activate(okta: &Okta, user: User, email: bool) -> Result<User, ActionError> {
    let act = async |user: &User| okta.users().activate(&user.id).send_email(email).await.map(drop);
    let is_in =
        |user: &User| !matches!(user.status, Some(UserStatus::Staged | UserStatus::Deprovisioned));
    until(okta, user, is_in, act).await
}

/// Only who is deactivated is deleted by this call, so repeating it destroys nothing more.
async fn delete(okta: &Okta, user: &User) -> Result<(), ActionError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let Err(error) = okta.users().delete(&user.id).await else { return Ok(()) };
        if okta.users().try_get(&user.id).await?.is_none() {
            return Ok(());
        }
        if !error.is_unclear() || tries == TRIES {
            return Err(error.into());
        }
    }
}

fn is_out(user: &User) -> bool {
    user.status == Some(UserStatus::Deprovisioned)
}

/// Acts until the user is as wanted, looking after each call: one that fails may have worked, or
/// somebody else may have done it.
async fn until(
    okta: &Okta,
    user: User,
    is_done: fn(&User) -> bool,
    act: impl AsyncFn(&User) -> Result<(), Error>,
) -> Result<User, ActionError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let result = act(&user).await;
        let now = okta.users().get(&user.id).await?;
        match result {
            // An org may still be at it: what it shows says so.
            Ok(()) => return Ok(now),
            Err(_) if is_done(&now) => return Ok(now),
            Err(error) if !error.is_unclear() || tries == TRIES => return Err(error.into()),
            Err(_) => {}
        }
    }
}
