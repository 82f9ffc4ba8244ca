//! The apps that have grants or tokens of a user, and these.

use http::Method;
use rest_core::{Client, List, Request};

use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::user_grants::{Grant, GrantScope, GrantStatus};
use crate::users::Users;
use crate::value::{ClientId, DateTime, Lazy, RefreshTokenId, UserId};

model! {
    /// An app that has grants or tokens of a user.
    pub struct OAuthClient[client_id: ClientId] {}
    read {
        /// Its name.
        name: String = "client_name",
        /// Its site.
        uri: String = "client_uri",
        /// Its logo.
        logo_uri: String = "logo_uri",
        /// Its grants and tokens. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// What is known of a refresh token; never the token itself.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/>
    pub struct RefreshToken[id: RefreshTokenId] {}
    read {
        /// The app that has it.
        client_id: ClientId = "clientId",
        /// Whose it is.
        user_id: UserId = "userId",
        /// The authorization server that has issued it.
        issuer: String = "issuer",
        /// What it allows.
        scopes: Vec<String> = "scopes",
        /// Whether it holds.
        status: GrantStatus = "status",
        /// When it was issued.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// When it ends.
        expires_at: DateTime = "expiresAt",
        /// The app, the user and the server. Text until asked for.
        links: Lazy<Links> = "_links",
        /// The scopes, if they were asked for. Text until asked for.
        embedded: Lazy<RefreshTokenEmbedded> = "_embedded",
    }
}

model! {
    /// What `expand` adds to a refresh token.
    pub struct RefreshTokenEmbedded {}
    read {
        /// The scopes.
        scopes: Vec<GrantScope> = "scopes",
    }
}

impl<P> Users<P> {
    /// Lists the apps that have grants or tokens of a user.
    ///
    /// Scope `okta.users.read`. Okta chooses the size of the pages.
    /// Okta: [`listUserClients`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserClients).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut clients = okta.users().clients("00u1").stream();
    /// while let Some(client) = clients.try_next().await? {
    ///     println!("{} {:?}", client.client_id, client.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn clients(&self, user: impl AsRef<str>) -> List<OktaError, OAuthClient> {
        self.user(Method::GET, "/api/v1/users/{userId}/clients", user.as_ref()).list()
    }

    /// What one app has of a user: grants and tokens.
    pub fn client(&self, user: impl AsRef<str>, client_id: impl AsRef<str>) -> UserClient {
        let (user, id) = (user.as_ref().to_owned(), client_id.as_ref().to_owned());
        UserClient { client: self.client.clone(), user, id }
    }
}

/// The grants and tokens that one app has of a user.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/>
#[derive(Clone, Debug)]
pub struct UserClient {
    client: Client<OktaError>,
    user: String,
    id: String,
}

impl UserClient {
    fn all(&self, method: Method, template: &'static str) -> Request<OktaError> {
        self.client.request(method, template, [&self.user, &self.id])
    }

    fn all_grants(&self, method: Method) -> Request<OktaError> {
        self.all(method, "/api/v1/users/{userId}/clients/{clientId}/grants")
    }

    fn all_tokens(&self, method: Method) -> Request<OktaError> {
        self.all(method, "/api/v1/users/{userId}/clients/{clientId}/tokens")
    }

    fn one_token(&self, method: Method, id: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userId}/clients/{clientId}/tokens/{tokenId}";
        self.client.request(method, template, [&*self.user, &self.id, id])
    }

    /// Lists what the user lets the app do.
    ///
    /// Scope `okta.users.read`. Pages of 200 unless another size is set, which is the maximum.
    /// Okta: [`listGrantsForUserAndClient`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/listGrantsForUserAndClient).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user or app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let grants = okta.users().client("00u1", "0oa1").grants().stream();
    /// let grants: Vec<_> = grants.try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn grants(&self) -> ListClientGrants {
        ListClientGrants { list: self.all_grants(Method::GET).list().query("limit", 200) }
    }

    /// Revokes all that the user lets the app do.
    ///
    /// Scope `okta.users.manage`. Safe to repeat.
    /// Okta: [`revokeGrantsForUserAndClient`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/revokeGrantsForUserAndClient).
    ///
    /// # Errors
    /// 404 `E0000007` when the user or the app is not there.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().client("00u1", "0oa1").revoke_grants().await?;
    /// # Ok(()) }
    /// ```
    pub async fn revoke_grants(&self) -> Result<()> {
        self.all_grants(Method::DELETE).safe_to_repeat().done().await
    }

    /// Lists the refresh tokens that the app has of the user.
    ///
    /// Scope `okta.users.read`. Pages of 200 unless another size is set, which is the maximum.
    /// Okta: [`listRefreshTokensForUserAndClient`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/#tag/UserOAuth/operation/listRefreshTokensForUserAndClient).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user or app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut tokens = okta.users().client("00u1", "0oa1").tokens().stream();
    /// while let Some(token) = tokens.try_next().await? {
    ///     println!("{} until {:?}", token.id, token.expires_at);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn tokens(&self) -> ListRefreshTokens {
        ListRefreshTokens { list: self.all_tokens(Method::GET).list().query("limit", 200) }
    }

    /// Gets one refresh token's data.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getRefreshTokenForUserAndClient`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/#tag/UserOAuth/operation/getRefreshTokenForUserAndClient).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let token = okta.users().client("00u1", "0oa1").token("oar1").with_scopes().await?;
    /// # Ok(()) }
    /// ```
    pub fn token(&self, id: impl AsRef<str>) -> GetRefreshToken {
        GetRefreshToken { request: self.one_token(Method::GET, id.as_ref()) }
    }

    /// Revokes one refresh token, and the access tokens that came of it.
    ///
    /// Scope `okta.users.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// token, so take a 404 for done.
    /// Okta: [`revokeTokenForUserAndClient`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/#tag/UserOAuth/operation/revokeTokenForUserAndClient).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().client("00u1", "0oa1").revoke_token("oar1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn revoke_token(&self, id: impl AsRef<str>) -> Result<()> {
        self.one_token(Method::DELETE, id.as_ref()).safe_to_repeat().done().await
    }

    /// Revokes all refresh tokens that the app has of the user.
    ///
    /// Scope `okta.users.manage`. Safe to repeat.
    /// Okta: [`revokeTokensForUserAndClient`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/#tag/UserOAuth/operation/revokeTokensForUserAndClient).
    ///
    /// # Errors
    /// 404 `E0000007` when the user or the app is not there.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().client("00u1", "0oa1").revoke_tokens().await?;
    /// # Ok(()) }
    /// ```
    pub async fn revoke_tokens(&self) -> Result<()> {
        self.all_tokens(Method::DELETE).safe_to_repeat().done().await
    }
}

/// A listing of what a user lets one app do; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListClientGrants {
    list: List<OktaError, Grant>,
}

list_options!(ListClientGrants => Grant, "Okta's maximum is 200, its default 20.");

impl ListClientGrants {
    /// Puts the scope into [`embedded`](Grant::embedded).
    pub fn with_scope(mut self) -> Self {
        self.list = self.list.query("expand", "scope");
        self
    }
}

/// A listing of refresh tokens; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListRefreshTokens {
    list: List<OktaError, RefreshToken>,
}

list_options!(ListRefreshTokens => RefreshToken, "Okta's maximum is 200, its default 20.");

impl ListRefreshTokens {
    /// Puts the scopes into [`embedded`](RefreshToken::embedded).
    pub fn with_scopes(mut self) -> Self {
        self.list = self.list.query("expand", "scope");
        self
    }
}

/// Gets a refresh token's data when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct GetRefreshToken {
    request: Request<OktaError>,
}

impl GetRefreshToken {
    /// Puts the scopes into [`embedded`](RefreshToken::embedded).
    pub fn with_scopes(mut self) -> Self {
        self.request = self.request.query("expand", "scope");
        self
    }
}

awaitable!(GetRefreshToken => RefreshToken, this { this.request.json().await });
