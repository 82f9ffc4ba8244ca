//! Finding users: by id or login, or by how their names begin.

use futures::TryStreamExt;
use okta_client::search::{Expression, attr};
use okta_client::{Okta, User};
use serde::Deserialize;

use super::{ActionError, Answer};

/// A user by id or login, else everybody whose names begin like this.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Get {
    /// An id, a login, or the beginning of a first name, last name, e-mail address or login; several
    /// words have to fit all. Okta's search may lag seconds behind what was just written.
    pub user: String,
    /// At most so many.
    pub limit: Option<u64>,
}

impl Get {
    pub(super) async fn run(&self, okta: &Okta) -> Result<Vec<Answer>, ActionError> {
        if self.limit == Some(0) {
            return Err(ActionError::new("invalid", "a limit of 0 shows nobody: at least 1"));
        }
        let users = match by_id_or_login(okta, &self.user).await? {
            Some(Match::Exact(user)) => vec![user],
            Some(Match::Shortname(user)) => {
                let mut users = self.by_name(okta).await?;
                if users.iter().all(|other| other.id != user.id) {
                    users.insert(0, user);
                }
                users
            }
            None => self.by_name(okta).await?,
        };
        match users.is_empty() {
            true => Err(absent(&self.user, "and no name begins like it")),
            false => Ok(users.iter().map(|user| Answer::user("found", user)).collect()),
        }
    }

    async fn by_name(&self, okta: &Okta) -> Result<Vec<User>, ActionError> {
        let begins = |word: &str| {
            let names = ["firstName", "lastName", "email", "login"];
            names.map(|name| attr(format!("profile.{name}")).sw(word)).into_iter()
        };
        let words =
            self.user.split_whitespace().filter_map(|word| begins(word).reduce(Expression::or));
        let Some(all) = words.reduce(Expression::and) else {
            return Err(ActionError::new("invalid", "say whom: an id, a login or a name"));
        };
        let mut list = okta.users().list().search(all);
        if let Some(limit) = self.limit {
            list = list.limit(limit);
        }
        Ok(list.stream().try_collect().await?)
    }
}

enum Match {
    Exact(User),
    /// Okta also answers the part of a login before the `@`.
    Shortname(User),
}

async fn by_id_or_login(okta: &Okta, who: &str) -> Result<Option<Match>, ActionError> {
    let user = match who {
        "" | "." | ".." => return Ok(None),
        // A login with `/` cannot stand in an address.
        _ if who.contains('/') => {
            let named = okta.users().list().filter(attr("profile.login").eq(who));
            named.stream().try_next().await?
        }
        _ => okta.users().try_get(who).await?,
    };
    let is_exact = |user: &User| {
        let login = user.profile.login().unwrap_or_default();
        user.id.as_str() == who || login.to_lowercase() == who.to_lowercase()
    };
    // `me` is whoever the credential belongs to.
    let user = user.filter(|user| who != "me" || is_exact(user));
    Ok(user.map(|user| if is_exact(&user) { Match::Exact(user) } else { Match::Shortname(user) }))
}

/// The user with exactly this id or login: nothing is ever changed on a guess.
pub(super) async fn find(okta: &Okta, who: &str) -> Result<Option<User>, ActionError> {
    match by_id_or_login(okta, who.trim()).await? {
        Some(Match::Exact(user)) => Ok(Some(user)),
        _ => Ok(None),
    }
}

/// As [`find`], where there has to be one.
pub(super) async fn required(okta: &Okta, who: &str) -> Result<User, ActionError> {
    find(okta, who).await?.ok_or_else(|| nobody(who))
}

pub(super) fn nobody(who: &str) -> ActionError {
    absent(who, "look names up with get")
}

fn absent(who: &str, more: &str) -> ActionError {
    ActionError::new("not_found", format!("no user has the id or login `{who}`; {more}"))
}
