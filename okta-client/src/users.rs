//! Users: list, get, create, update, replace.

use std::fmt;
use std::marker::PhantomData;

use http::Method;
use http::header::{ETAG, IF_MATCH};
use rest_core::{Client, List, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::call::{awaitable, list_options, shows_endpoint_only};
use crate::credentials::NewCredentials;
use crate::error::{OktaError, Result};
use crate::groups::ListGroups;
use crate::profile::Profile;
use crate::search::Condition;
use crate::user::User;
use crate::value::{GroupId, UserTypeId};

/// A profile that can be received: anything that decodes.
pub trait Received: DeserializeOwned + Send + 'static {}

impl<P: DeserializeOwned + Send + 'static> Received for P {}

/// The users of an org; `P` is their profile.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/>
pub struct Users<P = Profile> {
    pub(crate) client: Client<OktaError>,
    profile: PhantomData<fn() -> P>,
}

impl<P> Users<P> {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client, profile: PhantomData }
    }

    pub(crate) fn user(
        &self,
        method: Method,
        template: &'static str,
        id: &str,
    ) -> Request<OktaError> {
        self.client.request(method, template, [id])
    }
}

impl<P: Received> Users<P> {
    /// Lists users, everyone but the deprovisioned ones unless a `search` or `filter` says otherwise.
    ///
    /// Scope `okta.users.read`. Pages of 200 at most. The plain listing has no upper bound, a
    /// `search` ends at 50,000 users: one that ends exactly there is an error.
    /// Okta: [`listUsers`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use okta_client::search::attr;
    ///
    /// let sales = attr("status").eq("ACTIVE").and(attr("profile.department").eq("Sales"));
    /// let mut users = okta.users().list().search(sales).stream();
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{:?}", user.profile.login());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListUsers<P> {
        let list = self.client.request(Method::GET, "/api/v1/users", []).list();
        ListUsers { list: list.query("limit", 200).capped("search", SEARCH_CAP, SEARCH_ENDED) }
    }

    /// Gets one user by id, login or unambiguous login shortname. A login with `/` works by id only.
    ///
    /// Scope `okta.users.read`. After a write, read by id: `search` lags behind.
    /// Okta: [`getUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let ada = okta.users().get("ada@acme.example").await?;
    /// println!("{} {:?}", ada.id, ada.profile.department());
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id_or_login: impl AsRef<str>) -> Result<User<P>> {
        self.user(Method::GET, "/api/v1/users/{id}", id_or_login.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such user.
    /// Okta: [`getUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// if okta.users().try_get("bob@acme.example").await?.is_none() {
    ///     println!("no such user");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id_or_login: impl AsRef<str>) -> Result<Option<User<P>>> {
        self.user(Method::GET, "/api/v1/users/{id}", id_or_login.as_ref()).optional().await
    }

    /// Gets one user together with its `ETag`, for updates that must not overwrite another's.
    ///
    /// Scope `okta.users.read`. Okta gives the tag for users only; it may be absent.
    /// Okta: [`getUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let (ada, etag) = okta.users().get_with_etag("ada@acme.example").await?;
    /// let update = okta.users().update(&ada.id).set("title", "Countess");
    /// match etag {
    ///     Some(etag) => update.if_match(etag).await?,
    ///     None => update.await?,
    /// };
    /// # Ok(()) }
    /// ```
    pub async fn get_with_etag(
        &self,
        id_or_login: impl AsRef<str>,
    ) -> Result<(User<P>, Option<String>)> {
        let request = self.user(Method::GET, "/api/v1/users/{id}", id_or_login.as_ref());
        let (user, headers) = request.json_with_headers().await?;
        let etag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        Ok((user, etag.map(str::to_owned)))
    }

    /// Creates a user. Without [`activate(false)`](CreateUser::activate) the user is activated: at
    /// once with a password, else a mail asks the person to set one.
    ///
    /// Scope `okta.users.manage`. At most 20 groups. Not repeated when it is unclear whether Okta has
    /// created the user: look the login up, then decide.
    /// Okta: [`createUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/createUser).
    ///
    /// # Errors
    /// 400 `E0000001` with causes for a login that exists, an attribute the schema does not have, or
    /// a required one that is missing; 403 `E0000080` for a password against the policy.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::Profile;
    ///
    /// let hire = Profile::new()
    ///     .with("login", "ada@acme.example")
    ///     .with("email", "ada@acme.example")
    ///     .with("firstName", "Ada")
    ///     .with("lastName", "Lovelace");
    /// let ada = okta.users().create(hire).activate(false).await?;
    /// # Ok(()) }
    /// ```
    pub fn create(&self, profile: P) -> CreateUser<P>
    where
        P: Serialize,
    {
        let request = self.client.request(Method::POST, "/api/v1/users", []).if_unclear(
            "the user may have been created: look the login up before creating it again",
        );
        CreateUser { request, profile, members: Map::new() }
    }

    /// Changes the attributes that are named and leaves all others as they are.
    ///
    /// Scope `okta.users.manage`. `clear` writes null, which unsets an attribute. A deprovisioned
    /// user cannot be changed.
    /// Okta: [`updateUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/updateUser).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007`; 412 when `if_match` does not match.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().update("00u1").set("department", "Research").clear("division").await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, id: impl AsRef<str>) -> UpdateUser<P> {
        let request = self.user(Method::POST, "/api/v1/users/{id}", id.as_ref()).safe_to_repeat();
        UpdateUser { request, profile: Map::new(), credentials: None, user: PhantomData }
    }

    /// Replaces the whole profile: attributes that are left out are deleted.
    ///
    /// Scope `okta.users.manage`. Only this call can change a user's type.
    /// Okta: [`replaceUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/replaceUser).
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let mut ada = okta.users().get("00u1").await?;
    /// ada.profile.remove("division");
    /// okta.users().replace(&ada.id, ada.profile).await?;
    /// # Ok(()) }
    /// ```
    pub fn replace(&self, id: impl AsRef<str>, profile: P) -> ReplaceUser<P>
    where
        P: Serialize,
    {
        let request = self.user(Method::PUT, "/api/v1/users/{id}", id.as_ref());
        ReplaceUser { request, profile, user_type: None }
    }

    /// Lists the groups a user is a member of.
    ///
    /// Scope `okta.groups.read` and `okta.users.read`.
    /// Okta: [`listUserGroups`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserGroups).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let groups: Vec<_> = okta.users().groups("00u1").stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn groups(&self, id: impl AsRef<str>) -> ListGroups {
        ListGroups::new(self.user(Method::GET, "/api/v1/users/{id}/groups", id.as_ref()))
    }
}

impl<P> Clone for Users<P> {
    fn clone(&self) -> Self {
        Self::new(self.client.clone())
    }
}

impl<P> fmt::Debug for Users<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("client", &self.client).finish()
    }
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
    credentials: Option<Value>,
    user: PhantomData<fn() -> P>,
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
        self.credentials = Some(credentials.into_json());
        self
    }

    /// Changes nothing unless the user is still as it was read with this `ETag`; else 412.
    pub fn if_match(mut self, etag: impl AsRef<str>) -> Self {
        self.request = self.request.header(IF_MATCH, etag).if_unclear(CHANGED_MAYBE);
        self
    }

    fn ready(self) -> Request<OktaError> {
        let mut body = Map::new();
        body.insert("profile".into(), Value::Object(self.profile));
        body.extend(self.credentials.map(|credentials| ("credentials".into(), credentials)));
        self.request.body(&body)
    }
}

const CHANGED_MAYBE: &str = "the user may have been changed: read it before changing it again";

/// Replaces a user's profile when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ReplaceUser<P> {
    request: Request<OktaError>,
    profile: P,
    user_type: Option<UserTypeId>,
}

impl<P: Received + Serialize> ReplaceUser<P> {
    /// Changes the user's type too.
    pub fn user_type(mut self, id: &UserTypeId) -> Self {
        self.user_type = Some(id.clone());
        self
    }

    /// Changes nothing unless the user is still as it was read with this `ETag`; else 412.
    pub fn if_match(mut self, etag: impl AsRef<str>) -> Self {
        self.request = self.request.header(IF_MATCH, etag).if_unclear(CHANGED_MAYBE);
        self
    }

    fn ready(self) -> Request<OktaError> {
        let user_type = self.user_type.map(|id| ("type".to_owned(), json!({"id": id})));
        let members = user_type.into_iter().collect();
        self.request.body(&Body { profile: &self.profile, members: &members })
    }
}

/// A profile that can be sent and received.
pub trait Sent: Received + Serialize {}

impl<P: Received + Serialize> Sent for P {}

awaitable!(CreateUser<P> => User<P>, this { this.ready().json().await } where P: Sent);
awaitable!(UpdateUser<P> => User<P>, this { this.ready().json().await } where P: Received);
awaitable!(ReplaceUser<P> => User<P>, this { this.ready().json().await } where P: Sent);

shows_endpoint_only!(CreateUser, UpdateUser, ReplaceUser);
