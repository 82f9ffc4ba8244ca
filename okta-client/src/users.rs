//! Users: list, get, create, update, replace.

use std::fmt;
use std::marker::PhantomData;

use http::Method;
use http::header::ETAG;
use rest_core::{Client, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{OktaError, Result};
use crate::groups::ListGroups;
use crate::model::model;
use crate::profile::Profile;
use crate::user::User;
use crate::user_requests::{CreateUser, GetUser, ListUsers, ReplaceUser, UpdateUser};

/// A profile that can be received: anything that decodes.
pub trait Received: DeserializeOwned + Send + 'static {}

impl<P: DeserializeOwned + Send + 'static> Received for P {}

/// A profile that can be sent and received.
pub trait Sent: Received + Serialize {}

impl<P: Received + Serialize> Sent for P {}

rest_core::open_enum! {
    /// From which devices a blocked user cannot sign in.
    pub enum BlockedDevices {
        /// From any.
        AnyDevice = "ANY_DEVICES",
        /// From those the user has not used before.
        NewDevices = "UNKNOWN_DEVICES",
    }
}

model! {
    /// A block that keeps a user from signing in.
    pub struct UserBlock {}
    read {
        /// What kind of block, such as `DEVICE_BASED`.
        kind: String = "type",
        /// From which devices.
        applies_to: BlockedDevices = "appliesTo",
    }
}

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
    /// # Errors
    /// 400 `E0000031` when Okta does not understand the search or filter.
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
        ListUsers::new(self.client.request(Method::GET, "/api/v1/users", []))
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
    pub fn get(&self, id_or_login: impl AsRef<str>) -> GetUser<P> {
        GetUser::new(self.user(Method::GET, "/api/v1/users/{id}", id_or_login.as_ref()))
    }

    /// As [`get`](Self::get), with `None` when there is no such user.
    ///
    /// Scope `okta.users.read`.
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
        CreateUser::new(request, profile)
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
        UpdateUser::new(request)
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
        ReplaceUser::new(self.user(Method::PUT, "/api/v1/users/{id}", id.as_ref()), profile)
    }

    /// Lists the groups a user is a member of.
    ///
    /// Scope `okta.groups.read` and `okta.users.read`.
    /// Okta: [`listUserGroups`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserGroups).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
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

    /// Tells how a user is kept from signing in; empty for one who is not.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`listUserBlocks`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUserBlocks).
    ///
    /// # Errors
    /// 401 `E0000015` in an org without this feature; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let is_blocked = !okta.users().blocks("00u1").await?.is_empty();
    /// # Ok(()) }
    /// ```
    pub async fn blocks(&self, id: impl AsRef<str>) -> Result<Vec<UserBlock>> {
        self.user(Method::GET, "/api/v1/users/{id}/blocks", id.as_ref()).json().await
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
