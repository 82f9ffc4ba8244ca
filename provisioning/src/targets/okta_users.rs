use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use okta_client::search::attr;
use okta_client::{Error, Okta, Profile, User, UserStatus};
use serde_json::{Value, json};

use crate::record::{Fields, same};
use crate::store::Kind;
use crate::target::{Change, Done, FieldChange, Observed, Target, TargetError};

const LOGIN: &str = "login";

/// What happens in Okta to somebody who left the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leavers {
    /// Deactivated: all app assignments go, and cannot be brought back.
    #[default]
    Deactivate,
    /// Suspended: nobody can sign in, assignments stay. Only active users can be.
    Suspend,
}

/// The users of an Okta org. Keys are logins, paths are names of profile attributes.
///
/// A login is looked up before a user is created, and after a creation of unclear outcome.
pub struct OktaUsers {
    okta: Okta,
    name: String,
    activate: bool,
    send_email: bool,
    leavers: Leavers,
}

impl OktaUsers {
    /// The users of this org. Who is new is activated, and gets Okta's mail.
    pub fn new(okta: Okta) -> Self {
        let name = format!("Okta users of {}", okta.org_url());
        Self { okta, name, activate: true, send_email: true, leavers: Leavers::default() }
    }

    /// Whether new users are activated; if not, they are `STAGED`.
    #[must_use]
    pub fn activate(mut self, activate: bool) -> Self {
        self.activate = activate;
        self
    }

    /// Whether Okta sends its mail to people who are activated again.
    #[must_use]
    pub fn send_email(mut self, send: bool) -> Self {
        self.send_email = send;
        self
    }

    /// What happens to somebody who left the source.
    #[must_use]
    pub fn leavers(mut self, leavers: Leavers) -> Self {
        self.leavers = leavers;
        self
    }

    async fn carry_out(&self, change: &Change) -> Result<Done, TargetError> {
        let of_id = match &change.remote_id {
            Some(id) => self.okta.users().try_get(id).await.map_err(TargetError::caused)?,
            None => None,
        };
        let is_by_key = change.remote_id.is_none() || change.kind == Kind::Remove;
        let there = match of_id {
            None if is_by_key => {
                let found = self.find(&change.key).await?;
                found.iter().try_for_each(|user| change.check_owner(user.id.as_str()))?;
                found
            }
            of_id => of_id,
        };
        match (change.kind, there) {
            (Kind::Remove, Some(user)) => self.remove(user).await,
            (Kind::Remove, None) => Ok(Done::new()),
            (Kind::Create, Some(user)) => self.align(change, user).await.map(Done::existed),
            (_, Some(user)) => self.align(change, user).await,
            (_, None) => self.create(change).await,
        }
    }

    /// The user with this login; Okta also answers a unique part of one.
    async fn find(&self, login: &str) -> Result<Option<User>, TargetError> {
        // A login with `/` cannot stand in an address.
        let user = match login.contains('/') {
            false => self.okta.users().try_get(login).await,
            true => {
                let named = self.okta.users().list().filter(attr("profile.login").eq(login));
                named.stream().try_next().await
            }
        };
        let user = user.map_err(TargetError::caused)?;
        Ok(user.filter(|user| user.profile.login().is_some_and(|own| self.key(own) == login)))
    }

    async fn create(&self, change: &Change) -> Result<Done, TargetError> {
        let creation = self.okta.users().create(profile(change)).activate(self.activate);
        let error = match creation.await {
            Ok(user) => return Ok(done(change, &user)),
            Err(error) => error,
        };
        // It may have been created all the same, now or by somebody else.
        match self.find(&change.key).await? {
            Some(user) => {
                change.check_owner(user.id.as_str())?;
                self.align(change, user).await.map(Done::existed)
            }
            None => Err(TargetError::caused(error)),
        }
    }

    /// Brings a user who is there into use and to the values.
    async fn align(&self, change: &Change, user: User) -> Result<Done, TargetError> {
        let note = match change.kind {
            Kind::Update => None,
            _ => self.wake(change.kind, &user).await?,
        };
        let kept: Vec<&FieldChange> =
            change.fields.iter().filter(|field| !field.on_create).collect();
        let done = match kept.iter().all(|field| same(&value(&user, &field.path), &field.new)) {
            true => done(change, &user),
            false => {
                let values = kept.iter().map(|field| (field.path.as_str(), field.new.clone()));
                let update = self.okta.users().update(&user.id).set_all(values);
                done(change, &update.await.map_err(TargetError::caused)?)
            }
        };
        Ok(match note {
            Some(note) => done.note(note),
            None => done,
        })
    }

    /// Brings a user into use as far as that is ours to do; else says how it is.
    async fn wake(&self, kind: Kind, user: &User) -> Result<Option<&'static str>, TargetError> {
        let users = self.okta.users();
        let done = match &user.status {
            Some(UserStatus::Deprovisioned) => {
                users.activate(&user.id).send_email(self.send_email).await.map(drop)
            }
            Some(UserStatus::Staged) if self.activate => {
                users.activate(&user.id).send_email(self.send_email).await.map(drop)
            }
            Some(UserStatus::Suspended)
                if kind == Kind::Restore || self.leavers == Leavers::Suspend =>
            {
                users.unsuspend(&user.id).await
            }
            Some(UserStatus::Suspended) => {
                return Ok(Some("an administrator suspended this user, who stays so"));
            }
            _ => Ok(()),
        };
        match done {
            Ok(()) => Ok(None),
            Err(error) => self.unless(user, error, |status| !is_out(status)).await.map(|()| None),
        }
    }

    async fn remove(&self, user: User) -> Result<Done, TargetError> {
        let users = self.okta.users();
        let done = match (self.leavers, &user.status) {
            (_, Some(UserStatus::Deprovisioned)) => Ok(()),
            (Leavers::Deactivate, _) => users.deactivate(&user.id).await,
            (Leavers::Suspend, Some(UserStatus::Suspended)) => Ok(()),
            (Leavers::Suspend, Some(UserStatus::Active) | None) => users.suspend(&user.id).await,
            (Leavers::Suspend, Some(status)) => {
                return Err(TargetError::new(format!(
                    "Okta suspends active users only, and this one is {}: deactivate it",
                    status.as_str()
                )));
            }
        };
        if let Err(error) = done {
            self.unless(&user, error, is_out).await?;
        }
        Ok(Done::new().remote_id(user.id.as_str()))
    }

    /// The failure, unless the user's status says that it was done all the same.
    async fn unless(
        &self,
        user: &User,
        error: Error,
        is_done: fn(&UserStatus) -> bool,
    ) -> Result<(), TargetError> {
        let now = self.okta.users().try_get(&user.id).await.ok().flatten();
        match now.and_then(|user| user.status).is_some_and(|status| is_done(&status)) {
            true => Ok(()),
            false => Err(TargetError::caused(error)),
        }
    }

    fn observed(&self, user: &User, paths: &[String]) -> Observed {
        let values = paths.iter().map(|path| (path.clone(), value(user, path)));
        let fields: Fields = values.filter(|(_, value)| !value.is_null()).collect();
        let is_out = match user.status {
            Some(UserStatus::Suspended) => self.leavers == Leavers::Suspend,
            Some(UserStatus::Deprovisioned) => true,
            _ => false,
        };
        let login = user.profile.login().unwrap_or_default();
        Observed::new(login, fields).remote_id(user.id.as_str()).active(!is_out)
    }
}

fn is_out(status: &UserStatus) -> bool {
    matches!(status, UserStatus::Deprovisioned | UserStatus::Suspended)
}

fn value(user: &User, path: &str) -> Value {
    user.profile.attribute(path).map_or(Value::Null, |attribute| attribute.to_value())
}

fn profile(change: &Change) -> Profile {
    let profile = Profile::new().with(LOGIN, json!(change.key));
    let once = change.fields.iter().filter(|field| field.on_create);
    let once = once.map(|field| (&field.path, &field.new));
    let values = change.values.iter().chain(once).filter(|(_, value)| !value.is_null());
    values.fold(profile, |profile, (path, value)| profile.with(path, value.clone()))
}

/// What came of it, as Okta shows it.
fn done(change: &Change, user: &User) -> Done {
    let kept = change.fields.iter().filter(|field| !field.on_create);
    let shown = kept.map(|field| (field, value(user, &field.path)));
    let rewritten = shown.filter(|(field, value)| !same(value, &field.new));
    rewritten.fold(Done::new().remote_id(user.id.as_str()), |done, (field, value)| {
        done.shows(&field.path, value)
    })
}

#[async_trait]
impl Target for OktaUsers {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_path(&self) -> Option<&str> {
        Some(LOGIN)
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            results.push(self.carry_out(change).await);
        }
        results
    }

    async fn look_up(
        &self,
        keys: &[String],
        paths: &[String],
    ) -> Option<Result<Vec<Observed>, TargetError>> {
        let mut found = Vec::new();
        for key in keys {
            match self.find(key).await {
                Ok(user) => found.extend(user.map(|user| self.observed(&user, paths))),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(found))
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        // A listing leaves out who is deactivated, and a search ends at 50,000; a filter does neither.
        let users = self.okta.users();
        let deactivated = users.list().filter(attr("status").eq("DEPROVISIONED"));
        let everybody = users.list().stream().chain(deactivated.stream());
        let paths = paths.to_vec();
        let observed = everybody.map_ok(move |user| self.observed(&user, &paths));
        Some(observed.map_err(TargetError::caused).boxed())
    }
}

impl fmt::Debug for OktaUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OktaUsers").field("name", &self.name).finish_non_exhaustive()
    }
}
