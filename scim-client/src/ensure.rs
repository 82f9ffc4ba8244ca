//! Makes sure that a user is there and is as wanted.

use std::fmt;
use std::sync::Arc;

use scim_types::{AttributePath, Node, Readable, Resource, User};

use crate::call::awaitable;
use crate::change::{Change, json, typed};
use crate::compare::overlay;
use crate::create::Made;
use crate::error::{Error, Result};
use crate::resources::Resources;
use crate::update::gone;

/// Why the user of this id is to be left alone.
type Refusal = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A user that is to be there; see [`Resources::ensure`].
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Ensure {
    users: Resources<User>,
    user: User,
    attribute: String,
    keep_active: bool,
    refusal: Option<Refusal>,
}

/// A user that is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ensured {
    /// The user as the server shows it.
    pub user: User,
    /// What had to be done.
    pub outcome: Outcome,
    /// Paths of attributes that were sent and that the server does not show so: it ignored or
    /// rewrote them.
    pub not_kept: Vec<String>,
}

/// What had to be done to have a user as wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// There was none.
    Created,
    /// It was inactive; other attributes may have changed with it.
    Reactivated,
    /// Some attributes were different.
    Updated,
    /// Nothing, or the server kept nothing of what was sent: see [`Ensured::not_kept`].
    Unchanged,
}

impl Resources<User> {
    /// Finds this user, and brings it to the values given here or else creates it.
    ///
    /// RFC 7644 sections 3.4.2, 3.3 and 3.5.2, in the order in which Okta does it: looked up by
    /// `userName` (the answer is checked here, and servers whose filters do not work are paged
    /// through), created if there is none, otherwise updated and reactivated. Attributes that `user`
    /// does not name stay as they are; an empty list or null in its `open` clears one. A password is
    /// sent when the user is created, and only then. Never creates twice: after an attempt whose
    /// outcome is unclear, or whose answer does not show this user, it is looked up, a few times.
    ///
    /// # Errors
    /// One that [is unclear](Error::is_unclear) when it is not found then: ensure it again later.
    /// 409 when the server says that it exists, but shows none that matches; 400 `invalidValue` for
    /// values that it does not take; `NotDone` when an inactive user does not become active.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use scim_client::Outcome;
    /// use scim_types::{MultiValue, User};
    ///
    /// let mut ada = User::new("ada@acme.example");
    /// ada.emails.push(MultiValue::work("ada@acme.example").primary());
    /// let ensured = scim.users().ensure(&ada).await?;
    /// if ensured.outcome == Outcome::Created {
    ///     println!("{:?} is new", ensured.user.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn ensure(&self, user: &User) -> Ensure {
        let (users, user) = (self.clone(), user.clone());
        Ensure { users, user, attribute: "userName".to_owned(), keep_active: false, refusal: None }
    }
}

impl Ensure {
    /// Looks the user up by this attribute instead of `userName`: `externalId`, `emails.value`, ...
    pub fn match_on(mut self, attribute: impl Into<String>) -> Self {
        self.attribute = attribute.into();
        self
    }

    /// Leaves `active` of a user who is there as it is: an inactive one stays so.
    pub fn keep_active_state(mut self) -> Self {
        self.keep_active = true;
        self
    }

    /// Leaves a user who is there as it is, and fails with the reason, where one is given for its id.
    pub fn unless(
        mut self,
        refusal: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.refusal = Some(Arc::new(refusal));
        self
    }

    async fn run(self) -> Result<Ensured> {
        let value = self.key()?;
        if let Some(found) = self.users.find(&self.attribute, &value).await? {
            return self.align(found).await;
        }
        match self.users.create_once(&self.user, &self.attribute, &value).await? {
            Made::Created(user) => self.created(user).await,
            Made::Found(user) => self.align(user).await,
        }
    }

    fn key(&self) -> Result<String> {
        let path = AttributePath::parse(&self.attribute)
            .map_err(|error| Error::request(format!("cannot match users by {error}")))?;
        first_text(&self.user, &path).ok_or_else(|| {
            let attribute = &self.attribute;
            Error::request(format!("the user has no `{attribute}` to be looked up by; set it"))
        })
    }

    async fn created(&self, mut user: User) -> Result<Ensured> {
        let change = Change::of::<User>(serde_json::Value::Null, json(&self.user)?);
        let mut not_kept = change.not_kept(&json(&user)?);
        // Some answer with little more than the id.
        if let (false, Some(id)) = (not_kept.is_empty(), user.id())
            && let Ok(Some(now)) = self.users.try_get(id).await
        {
            not_kept = change.not_kept(&json(&now)?);
            user = now;
        }
        Ok(Ensured { user, outcome: Outcome::Created, not_kept })
    }

    /// Brings a user who is there to the wanted values.
    async fn align(&self, found: User) -> Result<Ensured> {
        let id = found
            .id()
            .map(str::to_owned)
            .ok_or_else(|| Error::not_done("GET /Users: the server shows a user without an id"))?;
        if let Some(reason) = self.refusal.as_ref().and_then(|refusal| refusal(&id)) {
            return Err(Error::not_done(reason));
        }
        let mut after: User =
            typed(overlay(&json(&found)?, &json(&self.user)?, User::type_schemas()))?;
        after.active = match (self.keep_active, self.user.active) {
            (true, _) => found.active,
            (false, None) if found.active == Some(false) => Some(true),
            (false, _) => after.active,
        };
        let change = Change::between(&found, &after)?;
        let asked = change.differences().len();
        if change.is_nothing() {
            let not_kept = Vec::new();
            return Ok(Ensured { user: found, outcome: Outcome::Unchanged, not_kept });
        }
        let updated = self.users.carry_out(&id, &change).await?.ok_or_else(gone::<User>)?;
        let outcome = match (found.active, after.active) {
            (Some(false), Some(true)) => Outcome::Reactivated,
            _ if updated.not_kept.len() == asked => Outcome::Unchanged,
            _ => Outcome::Updated,
        };
        Ok(Ensured { user: updated.resource, outcome, not_kept: updated.not_kept })
    }
}

awaitable!(Ensure => Ensured, this { this.run().await });

impl fmt::Debug for Ensure {
    /// Without the user: who it is belongs in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ensure")
            .field("match_on", &self.attribute)
            .field("keep_active_state", &self.keep_active)
            .finish_non_exhaustive()
    }
}

fn first_text(user: &User, path: &AttributePath) -> Option<String> {
    let mut found = None;
    let extension = path.schema().filter(|urn| !urn.eq_ignore_ascii_case(scim_types::urn::USER));
    match extension.map(|urn| user.open.get(urn)) {
        Some(extension) => visit(extension?, path, &mut found),
        None => visit(user, path, &mut found),
    }
    found.filter(|text: &String| !text.is_empty())
}

fn visit(within: &dyn Readable, path: &AttributePath, found: &mut Option<String>) {
    within.any(path.name(), &mut |node| match (node, path.sub()) {
        (Node::Text(text), None) => found.replace(text.to_owned()).is_none(),
        (Node::Number(number), None) => found.replace(number.to_string()).is_none(),
        (Node::Object(object), sub) => object.any(sub.unwrap_or("value"), &mut |node| match node {
            Node::Text(text) => found.replace(text.to_owned()).is_none(),
            _ => false,
        }),
        _ => false,
    });
}
