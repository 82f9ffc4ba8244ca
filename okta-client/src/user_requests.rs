//! What is asked about users, with its options: a listing, one user, create, update, replace.

use std::fmt;
use std::marker::PhantomData;

use http::header::{CONTENT_TYPE, IF_MATCH};
use rest_core::{List, Request};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::call::{awaitable, list_options, shows_endpoint_only};
use crate::credentials::NewCredentials;
use crate::error::OktaError;
use crate::search::Condition;
use crate::user::User;
use crate::users::{Received, Sent};
use crate::value::{GroupId, UserTypeId};

/// A part that Okta leaves out of users, which makes it faster where passwords are checked elsewhere;
/// most so when all of them are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omit {
    /// The credentials.
    Credentials,
    /// The links to what can be done with the credentials.
    CredentialsLinks,
    /// The status that a running activation or deactivation leads to.
    TransitioningToStatus,
}

/// Okta takes this wish in the media type of a body, also where there is none.
fn media_type(omitted: &[Omit]) -> String {
    let name = |part: &Omit| match part {
        Omit::Credentials => "omitCredentials",
        Omit::CredentialsLinks => "omitCredentialsLinks",
        Omit::TransitioningToStatus => "omitTransitioningToStatus",
    };
    let names: Vec<&str> = omitted.iter().map(name).collect();
    format!("application/json; okta-response=\"{}\"", names.join(","))
}

/// A listing of users; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListUsers<P> {
    list: List<OktaError, User<P>>,
}

list_options!(ListUsers<P> => User<P>, "200 by default, which is the maximum." where P: Received);

/// At this many users a search ends without saying so.
const SEARCH_CAP: u64 = 50_000;

const SEARCH_ENDED: &str = "the search ended at 50,000 users, where Okta stops without saying so: more may \
    match; search by ranges of `created`, or list without search";

impl<P> ListUsers<P> {
    pub(crate) fn new(request: Request<OktaError>) -> Self {
        let list = request.list().query("limit", 200);
        Self { list: list.capped("search", SEARCH_CAP, SEARCH_ENDED) }
    }
}

impl<P: Received> ListUsers<P> {
    /// Only users that match: profile attributes, custom ones too, `status`, `created`,
    /// `lastUpdated` and so on. An [`Expression`](crate::search::Expression) or its text.
    ///
    /// Reads an index that lags behind writes by seconds, includes deprovisioned users, and gives
    /// 50,000 users at most.
    pub fn search(mut self, condition: impl Into<Condition>) -> Self {
        self.list = condition.into().on(self.list, "search");
        self
    }

    /// Only users that match, by `status`, `lastUpdated`, `id`, `profile.login`, `profile.email`,
    /// `profile.firstName` or `profile.lastName`. Includes deprovisioned users; no upper bound.
    pub fn filter(mut self, condition: impl Into<Condition>) -> Self {
        self.list = condition.into().on(self.list, "filter");
        self
    }

    /// Only users whose first name, last name or e-mail begins so, deprovisioned ones left out. One
    /// page and no more: of 200, unless [`page_size`](Self::page_size) says otherwise.
    pub fn q(mut self, prefix: impl fmt::Display) -> Self {
        self.list = self.list.query("q", prefix);
        self
    }

    /// Sorts a search by this attribute; ties are ordered by id.
    pub fn sort_by(mut self, attribute: &str, ascending: bool) -> Self {
        let order = if ascending { "asc" } else { "desc" };
        self.list = self.list.query("sortBy", attribute).query("sortOrder", order);
        self
    }

    /// Only these parts of each user: names of members, and of the profile's in `profile:(...)`, such
    /// as `status,profile:(login,email)`. The id is always there.
    pub fn fields(mut self, fields: impl fmt::Display) -> Self {
        self.list = self.list.query("fields", fields);
        self
    }

    /// What to give besides in [`embedded`](User::embedded), such as `classification`.
    pub fn expand(mut self, what: impl fmt::Display) -> Self {
        self.list = self.list.query("expand", what);
        self
    }

    /// Leaves these parts out of each user.
    pub fn omit(mut self, parts: impl AsRef<[Omit]>) -> Self {
        self.list = self.list.header(CONTENT_TYPE, media_type(parts.as_ref()));
        self
    }
}

/// Gets one user when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct GetUser<P> {
    request: Request<OktaError>,
    user: PhantomData<fn() -> P>,
}

impl<P> GetUser<P> {
    pub(crate) fn new(request: Request<OktaError>) -> Self {
        Self { request, user: PhantomData }
    }

    /// What to give besides in [`embedded`](User::embedded), such as `blocks` or `classification`.
    pub fn expand(mut self, what: impl fmt::Display) -> Self {
        self.request = self.request.query("expand", what);
        self
    }

    /// Leaves these parts out.
    pub fn omit(mut self, parts: impl AsRef<[Omit]>) -> Self {
        self.request = self.request.header(CONTENT_TYPE, media_type(parts.as_ref()));
        self
    }
}

/// Creates a user when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct CreateUser<P> {
    request: Request<OktaError>,
    profile: P,
    members: Map<String, Value>,
}

impl<P> CreateUser<P> {
    pub(crate) fn new(request: Request<OktaError>, profile: P) -> Self {
        Self { request, profile, members: Map::new() }
    }

    /// Whether to activate the user; `true` by default.
    pub fn activate(mut self, activate: bool) -> Self {
        self.request = self.request.query("activate", activate);
        self
    }

    /// The person must change the password at the first sign-in. Needs a password.
    pub fn change_password_at_login(mut self) -> Self {
        self.request = self.request.query("nextLogin", "changePassword");
        self
    }

    /// Password, recovery question, provider. A provider of `FEDERATION` or `SOCIAL` is asked for as
    /// Okta wants it.
    pub fn credentials(mut self, credentials: NewCredentials) -> Self {
        if credentials.has_foreign_provider() {
            self.request = self.request.query("provider", true);
        }
        self.members.insert("credentials".into(), credentials.into_json());
        self
    }

    /// Groups the user becomes a member of; 20 at most.
    pub fn groups<'g>(mut self, groups: impl IntoIterator<Item = &'g GroupId>) -> Self {
        let ids: Vec<&str> = groups.into_iter().map(GroupId::as_str).collect();
        self.members.insert("groupIds".into(), json!(ids));
        self
    }

    /// The user's type, when it is not the default one.
    pub fn user_type(mut self, id: &UserTypeId) -> Self {
        self.members.insert("type".into(), json!({"id": id}));
        self
    }

    /// The realm the user belongs to.
    pub fn realm(mut self, id: impl Into<String>) -> Self {
        self.members.insert("realmId".into(), Value::String(id.into()));
        self
    }
}

/// A profile and what goes beside it.
#[derive(Serialize)]
struct Body<'b, P> {
    profile: &'b P,
    #[serde(flatten)]
    members: &'b Map<String, Value>,
}

impl<P: Serialize> CreateUser<P> {
    fn ready(self) -> Request<OktaError> {
        self.request.body(&Body { profile: &self.profile, members: &self.members })
    }
}

/// Changes attributes of a user when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UpdateUser<P> {
    request: Request<OktaError>,
    profile: Map<String, Value>,
    members: Map<String, Value>,
    user: PhantomData<fn() -> P>,
}

impl<P> UpdateUser<P> {
    pub(crate) fn new(request: Request<OktaError>) -> Self {
        Self { request, profile: Map::new(), members: Map::new(), user: PhantomData }
    }
}

impl<P: Received> UpdateUser<P> {
    /// Sets an attribute.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.profile.insert(name.into(), value.into());
        self
    }

    /// Unsets an attribute.
    pub fn clear(self, name: impl Into<String>) -> Self {
        self.set(name, Value::Null)
    }

    /// Sets all attributes of a map, such as `profile.to_map()`; those it lacks stay as they are.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let ada = okta.users().get("ada@acme.example").await?;
    /// okta.users().update("00u2").set_all(ada.profile.to_map()).await?;
    /// # Ok(()) }
    /// ```
    pub fn set_all<N: Into<String>>(
        mut self,
        attributes: impl IntoIterator<Item = (N, Value)>,
    ) -> Self {
        self.profile.extend(attributes.into_iter().map(|(name, value)| (name.into(), value)));
        self
    }

    /// Sets the password, the recovery question or the provider.
    pub fn credentials(mut self, credentials: NewCredentials) -> Self {
        self.members.insert("credentials".into(), credentials.into_json());
        self
    }

    /// Moves the user to another realm.
    pub fn realm(mut self, id: impl Into<String>) -> Self {
        self.members.insert("realmId".into(), Value::String(id.into()));
        self
    }

    /// Whether the policy's minimum age and history hold for a new password too.
    pub fn strict(mut self, strict: bool) -> Self {
        self.request = self.request.query("strict", strict);
        self
    }

    /// Changes nothing unless the user is still as it was read with this `ETag`; else 412.
    pub fn if_match(mut self, etag: impl AsRef<str>) -> Self {
        self.request = self.request.header(IF_MATCH, etag).if_unclear(CHANGED_MAYBE);
        self
    }

    fn ready(self) -> Request<OktaError> {
        self.request.body(&Body { profile: &self.profile, members: &self.members })
    }
}

const CHANGED_MAYBE: &str = "the user may have been changed: read it before changing it again";

/// Replaces a user's profile when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ReplaceUser<P> {
    request: Request<OktaError>,
    profile: P,
    members: Map<String, Value>,
}

impl<P> ReplaceUser<P> {
    pub(crate) fn new(request: Request<OktaError>, profile: P) -> Self {
        Self { request, profile, members: Map::new() }
    }
}

impl<P: Received + Serialize> ReplaceUser<P> {
    /// Changes the user's type too.
    pub fn user_type(mut self, id: &UserTypeId) -> Self {
        self.members.insert("type".into(), json!({"id": id}));
        self
    }

    /// Replaces the password, the recovery question or the provider too.
    pub fn credentials(mut self, credentials: NewCredentials) -> Self {
        self.members.insert("credentials".into(), credentials.into_json());
        self
    }

    /// Moves the user to another realm.
    pub fn realm(mut self, id: impl Into<String>) -> Self {
        self.members.insert("realmId".into(), Value::String(id.into()));
        self
    }

    /// Whether the policy's minimum age and history hold for a new password too.
    pub fn strict(mut self, strict: bool) -> Self {
        self.request = self.request.query("strict", strict);
        self
    }

    /// Changes nothing unless the user is still as it was read with this `ETag`; else 412.
    pub fn if_match(mut self, etag: impl AsRef<str>) -> Self {
        self.request = self.request.header(IF_MATCH, etag).if_unclear(CHANGED_MAYBE);
        self
    }

    fn ready(self) -> Request<OktaError> {
        self.request.body(&Body { profile: &self.profile, members: &self.members })
    }
}

awaitable!(GetUser<P> => User<P>, this { this.request.json().await } where P: Received);
awaitable!(CreateUser<P> => User<P>, this { this.ready().json().await } where P: Sent);
awaitable!(UpdateUser<P> => User<P>, this { this.ready().json().await } where P: Received);
awaitable!(ReplaceUser<P> => User<P>, this { this.ready().json().await } where P: Sent);

shows_endpoint_only!(GetUser, CreateUser, UpdateUser, ReplaceUser);
