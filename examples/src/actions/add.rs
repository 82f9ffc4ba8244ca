//! Adding a user, once.

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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Add {
    /// All attributes. Without `login`, the e-mail address is the login.
    pub profile: Map<String, Value>,
    /// Whether the user is activated: at once with a password, else Okta mails the person.
    pub activate: bool,
    /// Groups to join, by id or name.
    pub groups: Vec<String>,
    /// The first password.
    pub password: Option<SecretString>,
    /// The person has to change that password.
    pub change_password_at_login: bool,
    /// A user who is there is brought to these attributes and groups, instead of only reported.
    pub update: bool,
}

impl Default for Add {
    fn default() -> Self {
        Self {
            profile: Map::new(),
            activate: true,
            groups: Vec::new(),
            password: None,
            change_password_at_login: false,
            update: false,
        }
    }
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
                Ok(Answer { outcome: "would_create", members: Map::new() }.with("profile", profile))
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
        if !self.update {
            return Ok(Answer::user("exists", &user));
        }
        let answer = align(okta, user, &self.profile, plan).await?;
        if !plan {
            join(okta, answer.text("id"), groups).await?;
        }
        Ok(answer)
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
                    return Ok(Answer::user("created", &user));
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
        let mut request = okta.users().create(profile).activate(self.activate);
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
        if self.activate && user.status == Some(UserStatus::Staged) {
            user = activate(okta, user, true).await?;
        }
        join(okta, user.id.as_str(), groups).await?;
        Ok(Answer::user("created", &user))
    }
}

async fn join(okta: &Okta, user: &str, groups: &[GroupId]) -> Result<(), ActionError> {
    for group in groups {
        okta.groups().add_member(group, user).await?;
    }
    Ok(())
}
