//! Adding a user, once.

use futures::TryStreamExt;
use okta_client::{
    CreateUser, GroupId, NewCredentials, Okta, Profile, SecretString, User, UserStatus,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::assign::group_named;
use super::find::find;
use super::lifecycle::activate;
use super::update::align;
use super::{ActionError, Answer, TRIES};

/// What Okta takes with a creation; the others are joined afterwards.
const GROUPS_AT_ONCE: usize = 20;

/// A user to be created, unless there is one with this login.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Add {
    /// All attributes. Without `login`, the e-mail address is the login.
    pub profile: Map<String, Value>,
    /// Whether the user is activated: at once with a password, else Okta mails the person. Who is created is,
    /// unless told otherwise; who is there and out of use only if it is said, with `update`.
    pub activate: Option<bool>,
    /// Groups to join, by id or name.
    pub groups: Vec<String>,
    /// The first password.
    pub password: Option<SecretString>,
    /// The person has to change that password.
    pub change_password_at_login: bool,
    /// A user who is there is brought to these attributes and groups, instead of only reported.
    pub update: bool,
}

impl Add {
    pub(super) async fn run(&self, okta: &Okta, plan: bool) -> Result<Answer, ActionError> {
        let login = self.login()?;
        let mut groups = Vec::new();
        for name in &self.groups {
            groups.push(group_named(okta, name).await?.id);
        }
        match find(okta, &login).await? {
            Some(user) => self.found(okta, user, &groups, plan).await,
            None if plan => {
                let profile = Value::Object(self.profile(&login));
                let answer = Answer { outcome: "would_create", members: Map::new() };
                Ok(answer.with("profile", profile).in_groups(&groups))
            }
            None => self.create(okta, &login, &groups).await,
        }
    }

    fn login(&self) -> Result<String, ActionError> {
        let text = |name: &str| self.profile.get(name).and_then(Value::as_str).map(str::trim);
        let login = text("login").or_else(|| text("email")).filter(|login| !login.is_empty());
        login.map(str::to_owned).ok_or_else(|| {
            ActionError::new(
                "invalid",
                "the profile has neither login nor email; fields shows what it needs",
            )
        })
    }

    fn activates(&self) -> bool {
        self.activate != Some(false)
    }

    fn profile(&self, login: &str) -> Map<String, Value> {
        let given = self.profile.clone().into_iter().filter(|(_, value)| !value.is_null());
        let mut profile: Map<String, Value> = given.collect();
        profile.insert("login".to_owned(), login.into());
        profile
    }

    /// Who is there is reported, or brought to the values.
    async fn found(
        &self,
        okta: &Okta,
        user: User,
        groups: &[GroupId],
        plan: bool,
    ) -> Result<Answer, ActionError> {
        let is_out = is_out(&user);
        if !self.update {
            return Ok(self.noting(Answer::user("exists", &user), is_out));
        }
        let revives = is_out && self.activate == Some(true);
        let user = if revives && !plan { activate(okta, user, true).await? } else { user };
        let theirs: Vec<_> = match groups {
            [] => Vec::new(),
            _ => {
                okta.users()
                    .groups(&user.id)
                    .stream()
                    .map_ok(|group| group.id)
                    .try_collect()
                    .await?
            }
        };
        let new: Vec<_> = groups.iter().filter(|id| !theirs.contains(id)).cloned().collect();
        let answer = align(okta, user, &self.profile, plan).await?;
        if !plan {
            join(okta, answer.text("id"), &new).await?;
        }
        let answer = match (revives || !new.is_empty(), plan) {
            (false, _) => answer,
            (true, true) => answer.renamed("would_update"),
            (true, false) => answer.renamed("updated"),
        };
        Ok(self.noting(answer.in_groups(&new), is_out && !revives))
    }

    /// Who is out of use stays so, which whoever adds a user may not expect.
    fn noting(&self, answer: Answer, stays_out: bool) -> Answer {
        match stays_out && self.activates() {
            true => answer.with(
                "note",
                "out of use; activate, or add with update and activate, changes that",
            ),
            false => answer,
        }
    }

    /// A creation of unclear outcome is made again after a look: Okta has no login twice.
    async fn create(
        &self,
        okta: &Okta,
        login: &str,
        groups: &[GroupId],
    ) -> Result<Answer, ActionError> {
        let (first, later) = groups.split_at(groups.len().min(GROUPS_AT_ONCE));
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.request(okta, login, first).await {
                Ok(user) => {
                    join(okta, user.id.as_str(), later).await?;
                    return Ok(Answer::user("created", &user).in_groups(groups));
                }
                Err(error) => error,
            };
            match find(okta, login).await {
                Ok(Some(user)) if error.is_unclear() || tries > 1 => {
                    return self.confirmed(okta, user, groups).await;
                }
                // Somebody else was quicker.
                Ok(Some(user)) => return self.found(okta, user, groups, false).await,
                Ok(None) if error.is_unclear() && tries < TRIES => {}
                _ => return Err(error.into()),
            }
        }
    }

    fn request(&self, okta: &Okta, login: &str, groups: &[GroupId]) -> CreateUser<Profile> {
        let profile = self.profile(login).into_iter();
        let profile =
            profile.fold(Profile::new(), |profile, (name, value)| profile.with(&name, value));
        let mut request = okta.users().create(profile).activate(self.activates());
        if !groups.is_empty() {
            request = request.groups(groups);
        }
        if let Some(password) = &self.password {
            request = request.credentials(NewCredentials::password(password.clone()));
        }
        if self.change_password_at_login { request.change_password_at_login() } else { request }
    }

    /// Created although no answer said so: what may have been left undone is done.
    async fn confirmed(
        &self,
        okta: &Okta,
        mut user: User,
        groups: &[GroupId],
    ) -> Result<Answer, ActionError> {
        if self.activates() && user.status == Some(UserStatus::Staged) {
            user = activate(okta, user, true).await?;
        }
        join(okta, user.id.as_str(), groups).await?;
        Ok(Answer::user("created", &user).in_groups(groups))
    }
}

async fn join(okta: &Okta, user: &str, groups: &[GroupId]) -> Result<(), ActionError> {
    for group in groups {
        okta.groups().add_member(group, user).await?;
    }
    Ok(())
}

fn is_out(user: &User) -> bool {
    matches!(user.status, Some(UserStatus::Staged | UserStatus::Deprovisioned))
}
