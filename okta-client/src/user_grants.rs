//! What users let apps do: OAuth 2.0 consents.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};

use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::users::Users;
use crate::value::{ClientId, DateTime, GrantId, Lazy, UserId};

rest_core::open_enum! {
    /// Whether a grant or a token holds.
    pub enum GrantStatus {
        /// It does.
        Active = "ACTIVE",
        /// It was revoked.
        Revoked = "REVOKED",
    }
}

rest_core::open_enum! {
    /// Who has consented.
    pub enum GrantSource {
        /// The user.
        EndUser = "END_USER",
        /// An administrator.
        Admin = "ADMIN",
    }
}

model! {
    /// A scope that an app may use for a user.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/>
    pub struct Grant[id: GrantId] {}
    read {
        /// The scope.
        scope_id: String = "scopeId",
        /// The app.
        client_id: ClientId = "clientId",
        /// The user.
        user_id: UserId = "userId",
        /// The authorization server.
        issuer: String = "issuer",
        /// Who has consented.
        source: GrantSource = "source",
        /// Whether it holds.
        status: GrantStatus = "status",
        /// When it was given.
        created: DateTime = "created",
        /// Who has given it.
        created_by: GrantActor = "createdBy",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// The app, the user, the scope and the server. Text until asked for.
        links: Lazy<Links> = "_links",
        /// The scope, if it was asked for. Text until asked for.
        embedded: Lazy<GrantEmbedded> = "_embedded",
    }
}

model! {
    /// Who has given a grant.
    pub struct GrantActor {}
    read {
        /// The user's id.
        id: UserId = "id",
        /// What kind of user.
        kind: String = "type",
    }
}

model! {
    /// What `expand` adds to a grant.
    pub struct GrantEmbedded {}
    read {
        /// The scope.
        scope: GrantScope = "scope",
    }
}

model! {
    /// The scope of a grant or a token.
    pub struct GrantScope {}
    read {
        /// Its id; of a grant its name.
        id: String = "id",
        /// Its name.
        name: String = "name",
        /// The name that the user sees.
        display_name: String = "displayName",
        /// What it allows.
        description: String = "description",
        /// Itself. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

/// The grants of one user; those for one app are [`UserClient::grants`](crate::UserClient::grants).
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/>
#[derive(Clone, Debug)]
pub struct UserGrants {
    client: Client<OktaError>,
    user: String,
}

impl<P> Users<P> {
    /// What a user lets apps do.
    pub fn grants(&self, user: impl AsRef<str>) -> UserGrants {
        UserGrants { client: self.client.clone(), user: user.as_ref().to_owned() }
    }
}

impl UserGrants {
    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/users/{userId}/grants", [&self.user])
    }

    fn one(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/users/{userId}/grants/{grantId}", [&self.user, id])
    }

    /// Lists the grants of the user.
    ///
    /// Scope `okta.users.read`. Pages of 200 unless another size is set, which is the maximum.
    /// Okta: [`listUserGrants`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/listUserGrants).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut grants = okta.users().grants("00u1").list().stream();
    /// while let Some(grant) = grants.try_next().await? {
    ///     println!("{:?} {:?}", grant.client_id, grant.scope_id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListGrants {
        ListGrants { list: self.all(Method::GET).list().query("limit", 200) }
    }

    /// Gets one grant.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getUserGrant`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/getUserGrant).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let grant = okta.users().grants("00u1").get("oag1").with_scope().await?;
    /// # Ok(()) }
    /// ```
    pub fn get(&self, id: impl AsRef<str>) -> GetGrant {
        GetGrant { request: self.one(Method::GET, id.as_ref()) }
    }

    /// Revokes one grant.
    ///
    /// Scope `okta.users.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// grant, so take a 404 for done.
    /// Okta: [`revokeUserGrant`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/revokeUserGrant).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().grants("00u1").revoke("oag1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn revoke(&self, id: impl AsRef<str>) -> Result<()> {
        self.one(Method::DELETE, id.as_ref()).safe_to_repeat().done().await
    }

    /// Revokes all grants of the user.
    ///
    /// Scope `okta.users.manage`. Safe to repeat.
    /// Okta: [`revokeUserGrants`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/revokeUserGrants).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().grants("00u1").revoke_all().await?;
    /// # Ok(()) }
    /// ```
    pub async fn revoke_all(&self) -> Result<()> {
        self.all(Method::DELETE).safe_to_repeat().done().await
    }
}

/// A listing of grants; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListGrants {
    list: List<OktaError, Grant>,
}

list_options!(ListGrants => Grant, "Okta's maximum is 200, its default 20.");

impl ListGrants {
    /// Only those of a scope.
    pub fn scope(mut self, id: impl fmt::Display) -> Self {
        self.list = self.list.query("scopeId", id);
        self
    }

    /// Puts the scope into [`embedded`](Grant::embedded).
    pub fn with_scope(mut self) -> Self {
        self.list = self.list.query("expand", "scope");
        self
    }
}

/// Gets a grant when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct GetGrant {
    request: Request<OktaError>,
}

impl GetGrant {
    /// Puts the scope into [`embedded`](Grant::embedded).
    pub fn with_scope(mut self) -> Self {
        self.request = self.request.query("expand", "scope");
        self
    }
}

awaitable!(GetGrant => Grant, this { this.request.json().await });
