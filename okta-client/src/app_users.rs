//! The users who are assigned to an app.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::{Map, Value};

use crate::app::AppPassword;
use crate::apps::GetExpanded;
use crate::attributes::Attributes;
use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::secret::Secret;
use crate::user::Links;
use crate::value::{DateTime, Lazy, UserId};

rest_core::open_enum! {
    /// How a user came to an app.
    pub enum AppUserScope {
        /// By an assignment of their own.
        User = "USER",
        /// By a group.
        Group = "GROUP",
    }
}

rest_core::open_enum! {
    /// How it stands with a user in an app.
    pub enum AppUserStatus {
        /// May use an app that Okta does not provision to.
        Active = "ACTIVE",
        /// Approved, and not there yet.
        Approved = "APPROVED",
        /// Deactivated in the app.
        Deprovisioned = "DEPROVISIONED",
        /// May use it as everybody may.
        Implicit = "IMPLICIT",
        /// Imported from the app.
        Imported = "IMPORTED",
        /// May not use it.
        Inactive = "INACTIVE",
        /// Imported, and matched with a user of Okta.
        Matched = "MATCHED",
        /// Being provisioned.
        Pending = "PENDING",
        /// There in the app.
        Provisioned = "PROVISIONED",
        /// Taken away.
        Revoked = "REVOKED",
        /// Waits to be activated.
        Staged = "STAGED",
        /// Suspended.
        Suspended = "SUSPENDED",
        /// No longer assigned.
        Unassigned = "UNASSIGNED",
    }
}

rest_core::open_enum! {
    /// How it stands with the profile of a user in an app.
    pub enum AppUserSyncState {
        /// Okta does not provision.
        Disabled = "DISABLED",
        /// The last attempt failed.
        Error = "ERROR",
        /// The app has an older profile.
        OutOfSync = "OUT_OF_SYNC",
        /// The app has this profile.
        Synchronized = "SYNCHRONIZED",
        /// Being sent.
        Syncing = "SYNCING",
    }
}

model! {
    /// A user's assignment to an app. What is null or unknown to this crate is written back as it came.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/>
    pub struct AppUser[id: UserId] {
        /// The profile in the app: an open set, read and written as a user's.
        profile: Attributes = "profile",
        /// The user name in the app.
        credentials: AppUserCredentials = "credentials",
        /// How the user came to the app.
        scope: AppUserScope = "scope",
    }
    read {
        /// The user's id in the app; null until Okta has provisioned the user.
        external_id: String = "externalId",
        /// How it stands with the user.
        status: AppUserStatus = "status",
        /// How it stands with the profile.
        sync_state: AppUserSyncState = "syncState",
        /// When it was created.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// When the status last changed.
        status_changed: DateTime = "statusChanged",
        /// When the password last changed.
        password_changed: DateTime = "passwordChanged",
        /// When Okta last sent or read the profile.
        last_sync: DateTime = "lastSync",
        /// The app and the user. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What `expand` asked for. Text until asked for.
        embedded: Lazy<Value> = "_embedded",
    }
}

model! {
    /// A user's name and password in an app.
    pub struct AppUserCredentials {
        /// The user name.
        user_name: String = "userName",
        /// The password, which is set and never read.
        password: AppPassword = "password",
    }
}

const ASSIGNED_MAYBE: &str =
    "the user may have been assigned: get the assignment before making it again";

/// The users who are assigned to one app.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/>
#[derive(Clone, Debug)]
pub struct AppUsers {
    client: Client<OktaError>,
    app: String,
}

impl AppUsers {
    pub(crate) fn new(client: Client<OktaError>, app: &str) -> Self {
        Self { client, app: app.to_owned() }
    }

    fn user(&self, method: Method, user: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/apps/{appId}/users/{userId}", [&self.app, user])
    }

    /// Lists the users of the app.
    ///
    /// Scope `okta.apps.read`. Pages of 500 at most.
    /// Okta: [`listApplicationUsers`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/listApplicationUsers).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut users = okta.apps().users("0oa1").list().stream();
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{} {:?} {:?}", user.id, user.external_id, user.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListAppUsers {
        let template = "/api/v1/apps/{appId}/users";
        let list = self.client.request(Method::GET, template, [&self.app]).list();
        ListAppUsers { list: list.query("limit", 500) }
    }

    /// Gets the assignment of one user.
    ///
    /// Scope `okta.apps.read`. [`expand`](GetExpanded::expand) takes `user`.
    /// Okta: [`getApplicationUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/getApplicationUser).
    ///
    /// # Errors
    /// 404 `E0000007` when the user is not assigned; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let user = okta.apps().users("0oa1").get("00u1").await?;
    /// println!("{:?} {:?}", user.external_id, user.sync_state);
    /// # Ok(()) }
    /// ```
    pub fn get(&self, user: impl AsRef<str>) -> GetExpanded<AppUser> {
        GetExpanded::new(self.user(Method::GET, user.as_ref()))
    }

    /// As [`get`](Self::get), with `None` when the user is not assigned.
    ///
    /// Scope `okta.apps.read`.
    /// Okta: [`getApplicationUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/getApplicationUser).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let assigned = okta.apps().users("0oa1").try_get("00u1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, user: impl AsRef<str>) -> Result<Option<AppUser>> {
        self.user(Method::GET, user.as_ref()).optional().await
    }

    /// Assigns a user to the app, and provisions the account where that is on.
    ///
    /// Scope `okta.apps.manage`. Attributes that the app's profile mapping gives come from there.
    /// Not repeated when it is unclear whether Okta has done it.
    /// Okta: [`assignUserToApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/assignUserToApplication).
    ///
    /// # Errors
    /// 400 `E0000001` with causes for an attribute that the app's schema does not have or the mapping
    /// gives; 404 `E0000007` when the app or the user does not exist.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let ada = okta.apps().users("0oa1").assign("00u1").user_name("ada").set("role", "admin").await?;
    /// # Ok(()) }
    /// ```
    pub fn assign(&self, user: impl AsRef<str>) -> AssignUser {
        let template = "/api/v1/apps/{appId}/users";
        let request = self.client.request(Method::POST, template, [&self.app]);
        let user_id = UserId::from(user.as_ref());
        let user = AppUser { id: user_id, ..AppUser::default() };
        AssignUser { request: request.if_unclear(ASSIGNED_MAYBE), user, profile: Map::new() }
    }

    /// Changes the credentials or the profile of a user in the app.
    ///
    /// Scope `okta.apps.manage`. Okta takes the one or the other in one call, and for the profile
    /// recommends to send all of what [`get`](Self::get) gave, with the changes:
    /// [`set_all`](UpdateAppUser::set_all).
    /// Okta: [`updateApplicationUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/updateApplicationUser).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007`. Nothing is sent when both are set.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let users = okta.apps().users("0oa1");
    /// let profile = users.get("00u1").await?.profile.unwrap_or_default();
    /// users.update("00u1").set_all(profile.to_map()).set("role", "editor").await?;
    /// users.update("00u1").user_name("ada.lovelace").await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, user: impl AsRef<str>) -> UpdateAppUser {
        let request = self.user(Method::POST, user.as_ref()).safe_to_repeat();
        UpdateAppUser { request, credentials: None, profile: Map::new() }
    }

    /// Takes a user out of the app. The profile in the app is lost for good, and where deactivation
    /// is on, the account there is deactivated.
    ///
    /// Scope `okta.apps.manage`. Not for users who are assigned by a group. Repeated when Okta fails;
    /// after a lost answer the repeat finds no assignment, so take a 404 for done.
    /// Okta: [`unassignUserFromApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/unassignUserFromApplication).
    ///
    /// # Errors
    /// 404 `E0000007` when the user is not assigned.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().users("0oa1").unassign("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub fn unassign(&self, user: impl AsRef<str>) -> UnassignUser {
        UnassignUser { request: self.user(Method::DELETE, user.as_ref()).safe_to_repeat() }
    }
}

/// A listing of an app's users; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListAppUsers {
    list: List<OktaError, AppUser>,
}

list_options!(ListAppUsers => AppUser, "Okta's maximum is 500, its default 50.");

impl ListAppUsers {
    /// Only users whose user name, first name, last name or e-mail in the app begins so.
    pub fn q(mut self, prefix: impl fmt::Display) -> Self {
        self.list = self.list.query("q", prefix);
        self
    }

    /// Puts more into `_embedded`: `user`.
    pub fn expand(mut self, what: impl fmt::Display) -> Self {
        self.list = self.list.query("expand", what);
        self
    }
}

macro_rules! profile_setters {
    ($name:ident) => {
        impl $name {
            /// Sets an attribute of the profile in the app.
            pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
                self.profile.insert(name.into(), value.into());
                self
            }

            /// Sets all attributes of a map, such as `profile.to_map()`.
            pub fn set_all<N: Into<String>>(
                mut self,
                attributes: impl IntoIterator<Item = (N, Value)>,
            ) -> Self {
                let pairs = attributes.into_iter().map(|(name, value)| (name.into(), value));
                self.profile.extend(pairs);
                self
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("request", &self.request)
                    .finish_non_exhaustive()
            }
        }
    };
}

profile_setters!(AssignUser);
profile_setters!(UpdateAppUser);

/// Assigns a user to an app when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct AssignUser {
    request: Request<OktaError>,
    user: AppUser,
    profile: Map<String, Value>,
}

impl AssignUser {
    fn credentials(&self) -> AppUserCredentials {
        self.user.credentials.clone().unwrap_or_default()
    }

    /// The user name in the app, in place of what the app's template gives.
    pub fn user_name(mut self, name: impl Into<String>) -> Self {
        self.user.credentials = Some(self.credentials().user_name(name));
        self
    }

    /// The password in the app.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        let password = AppPassword::default().value(password);
        self.user.credentials = Some(self.credentials().password(password));
        self
    }

    /// Whether it is an assignment of the user's own or by a group.
    pub fn scope(mut self, scope: AppUserScope) -> Self {
        self.user.scope = Some(scope);
        self
    }

    fn ready(mut self) -> Request<OktaError> {
        if !self.profile.is_empty() {
            self.user.profile = Some(self.profile.into_iter().collect());
        }
        self.request.body(&self.user)
    }
}

awaitable!(AssignUser => AppUser, this { this.ready().json().await });

/// Changes a user in an app when awaited.
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UpdateAppUser {
    request: Request<OktaError>,
    credentials: Option<AppUserCredentials>,
    profile: Map<String, Value>,
}

impl UpdateAppUser {
    /// The user name in the app.
    pub fn user_name(mut self, name: impl Into<String>) -> Self {
        self.credentials = Some(self.credentials.unwrap_or_default().user_name(name));
        self
    }

    /// The password in the app.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        let password = AppPassword::default().value(password);
        self.credentials = Some(self.credentials.unwrap_or_default().password(password));
        self
    }

    /// Unsets an attribute of the profile in the app.
    pub fn clear(self, name: impl Into<String>) -> Self {
        self.set(name, Value::Null)
    }

    fn ready(self) -> Request<OktaError> {
        match self.credentials {
            Some(_) if !self.profile.is_empty() => self.request.invalid(
                "Okta takes the credentials or the profile of an app user: make two calls of it",
            ),
            Some(credentials) => {
                self.request.body(&serde_json::json!({"credentials": credentials}))
            }
            None => self.request.body(&serde_json::json!({"profile": self.profile})),
        }
    }
}

awaitable!(UpdateAppUser => AppUser, this { this.ready().json().await });

/// Takes a user out of an app when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UnassignUser {
    request: Request<OktaError>,
}

impl UnassignUser {
    /// Whether Okta sends a mail to the administrator; off by default.
    pub fn send_email(mut self, send: bool) -> Self {
        self.request = self.request.query("sendEmail", send);
        self
    }
}

awaitable!(UnassignUser => (), this { this.request.done().await });
