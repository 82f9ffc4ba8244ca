//! How Okta reaches an app to provision to it.

use http::Method;
use rest_core::{Client, Request};
use serde::Deserialize;

use crate::app::JsonWebKeySet;
use crate::call::awaitable;
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::secret::Secret;
use crate::user::Links;
use crate::value::Lazy;

rest_core::open_enum! {
    /// Whether Okta provisions to an app.
    pub enum ConnectionStatus {
        /// It does.
        Enabled = "ENABLED",
        /// It does not.
        Disabled = "DISABLED",
        /// The app does not support provisioning through the API.
        NotSupported = "UNKNOWN",
    }
}

rest_core::open_enum! {
    /// How Okta proves to an app who it is.
    pub enum ConnectionScheme {
        /// A token.
        Token = "TOKEN",
        /// OAuth 2.0.
        OAuth2 = "OAUTH2",
        /// The app does not support provisioning through the API.
        NotSupported = "UNKNOWN",
    }
}

model! {
    /// How Okta reaches an app, without the secrets, which it never gives.
    pub struct ProvisioningConnection {}
    read {
        /// Whether Okta provisions to it.
        status: ConnectionStatus = "status",
        /// How Okta proves who it is; some answers have it in the profile only.
        auth_scheme: ConnectionScheme = "authScheme",
        /// Where the app is reached.
        base_url: String = "baseUrl",
        /// How Okta proves who it is.
        profile: ConnectionProfile = "profile",
        /// What can be done, and for OAuth 2.0 where consent is given. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

impl ProvisioningConnection {
    /// Whether Okta provisions to this kind of app through the API at all. Okta answers for one
    /// where it does not without an error, and takes settings for it that have no effect.
    pub fn is_supported(&self) -> bool {
        let scheme = self.profile.as_ref().and_then(|profile| profile.auth_scheme.as_ref());
        let schemes = [scheme, self.auth_scheme.as_ref()];
        self.status != Some(ConnectionStatus::NotSupported)
            && !schemes.contains(&Some(&ConnectionScheme::NotSupported))
    }

    /// Whether Okta provisions to this app.
    pub fn is_enabled(&self) -> bool {
        self.status == Some(ConnectionStatus::Enabled)
    }
}

model! {
    /// How Okta proves to an app who it is.
    pub struct ConnectionProfile {
        /// By a token or OAuth 2.0.
        auth_scheme: ConnectionScheme = "authScheme",
        /// The token, which is set and never read.
        token: Secret = "token",
        /// The OAuth 2.0 client.
        client_id: String = "clientId",
        /// How the key that signs for the client is replaced.
        signing: ConnectionSigning = "signing",
        /// Office 365: the administrator, who is set and never read.
        settings: Office365Admin = "settings",
    }
}

model! {
    /// How the key that signs for an OAuth 2.0 client is replaced.
    pub struct ConnectionSigning {
        /// `AUTO` or `MANUAL`.
        rotation_mode: String = "rotationMode",
    }
}

model! {
    /// The administrator of an Office 365 tenant.
    pub struct Office365Admin {
        /// The user name.
        username: String = "adminUsername",
        /// The password.
        password: Secret = "adminPassword",
    }
}

model! {
    /// How Okta is to reach an app.
    pub struct ConnectionSettings {
        /// Where the app is reached, such as `https://app.example/scim/v2`.
        base_url: String = "baseUrl",
        /// How Okta proves who it is.
        profile: ConnectionProfile = "profile",
    }
}

impl ConnectionSettings {
    /// A token, for an app whose address Okta knows: `okta_org2org`.
    pub fn token(token: impl Into<Secret>) -> Self {
        let profile = ConnectionProfile::default().auth_scheme(ConnectionScheme::Token);
        Self::default().profile(profile.token(token))
    }

    /// OAuth 2.0 with a client of the target org: `okta_org2org`, whose keys are replaced
    /// automatically.
    pub fn oauth(client_id: impl Into<String>) -> Self {
        let signing = ConnectionSigning::default().rotation_mode("AUTO");
        let profile = ConnectionProfile::default().auth_scheme(ConnectionScheme::OAuth2);
        Self::default().profile(profile.client_id(client_id).signing(signing))
    }

    /// OAuth 2.0 with the administrator of a tenant: `office365`.
    pub fn office365(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        let admin = Office365Admin::default().username(username).password(password);
        let profile = ConnectionProfile::default().auth_scheme(ConnectionScheme::OAuth2);
        Self::default().profile(profile.settings(admin))
    }
}

const VERIFIED_MAYBE: &str =
    "the consent may have been taken, and its code works once: get the connection";

/// How Okta reaches one app to provision to it.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/>
#[derive(Clone, Debug)]
pub struct AppConnection {
    client: Client<OktaError>,
    app: String,
}

impl AppConnection {
    pub(crate) fn new(client: Client<OktaError>, app: &str) -> Self {
        Self { client, app: app.to_owned() }
    }

    fn request(&self, method: Method, template: &'static str) -> Request<OktaError> {
        self.client.request(method, template, [&self.app])
    }

    /// Gets the connection. An app without provisioning through the API gives one too: ask
    /// [`is_supported`](ProvisioningConnection::is_supported).
    ///
    /// Scope `okta.apps.read`.
    /// Okta: [`getDefaultProvisioningConnectionForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/getDefaultProvisioningConnectionForApplication).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let connection = okta.apps().connection("0oa1").get().await?;
    /// if !connection.is_supported() {
    ///     println!("set provisioning up in the admin console");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn get(&self) -> Result<ProvisioningConnection> {
        self.request(Method::GET, "/api/v1/apps/{appId}/connections/default").json().await
    }

    /// Sets where the app is and the token to reach it with: [`update`](Self::update) for a SCIM app.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`updateDefaultProvisioningConnectionForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/updateDefaultProvisioningConnectionForApplication).
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let connection = okta.apps().connection("0oa1");
    /// connection.set_token("https://app.example/scim/v2", "t0ken").activate(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn set_token(
        &self,
        base_url: impl Into<String>,
        token: impl Into<Secret>,
    ) -> UpdateConnection {
        self.update(&ConnectionSettings::token(token).base_url(base_url))
    }

    /// Sets how Okta reaches the app. It does not use it until it is activated.
    ///
    /// Scope `okta.apps.manage`. Okta documents it for `okta_org2org` and `zscalerbyz` (token) and
    /// for `google`, `office365`, `okta_org2org`, `slack`, `zoomus` (OAuth 2.0).
    /// Okta: [`updateDefaultProvisioningConnectionForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/updateDefaultProvisioningConnectionForApplication).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007`. None for an app without provisioning through the
    /// API: ask [`is_supported`](ProvisioningConnection::is_supported) of the answer.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::ConnectionSettings;
    ///
    /// let settings = ConnectionSettings::oauth("0oa2");
    /// let connection = okta.apps().connection("0oa1").update(&settings).await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, settings: &ConnectionSettings) -> UpdateConnection {
        let request = self.request(Method::POST, "/api/v1/apps/{appId}/connections/default");
        UpdateConnection { request: request.body(settings).safe_to_repeat() }
    }

    /// Lets Okta provision to the app.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`activateDefaultProvisioningConnectionForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/activateDefaultProvisioningConnectionForApplication).
    ///
    /// # Errors
    /// 400 `E0000001` when the app cannot be reached; 404 `E0000007`. None for an app without
    /// provisioning through the API.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().connection("0oa1").activate().await?;
    /// # Ok(()) }
    /// ```
    pub async fn activate(&self) -> Result<()> {
        let template = "/api/v1/apps/{appId}/connections/default/lifecycle/activate";
        self.request(Method::POST, template).safe_to_repeat().done().await
    }

    /// Stops Okta from provisioning to the app.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`deactivateDefaultProvisioningConnectionForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/deactivateDefaultProvisioningConnectionForApplication).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().connection("0oa1").deactivate().await?;
    /// # Ok(()) }
    /// ```
    pub async fn deactivate(&self) -> Result<()> {
        let template = "/api/v1/apps/{appId}/connections/default/lifecycle/deactivate";
        self.request(Method::POST, template).safe_to_repeat().done().await
    }

    /// Gets the public keys with which Okta signs for its OAuth 2.0 client, to give to the app.
    ///
    /// Scope `okta.apps.read`.
    /// Okta: [`getUserProvisioningConnectionJWKS`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/getUserProvisioningConnectionJWKS).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for key in okta.apps().connection("0oa1").jwks().await?.keys.unwrap_or_default() {
    ///     println!("{:?} {:?}", key.kid, key.kty);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn jwks(&self) -> Result<JsonWebKeySet> {
        let template = "/api/v1/apps/{appId}/connections/default/jwks";
        let keys: ConnectionKeys = self.request(Method::GET, template).json().await?;
        Ok(keys.jwks.unwrap_or_default())
    }

    /// Ends the consent of an OAuth 2.0 connection with the code and state that the app's
    /// authorization server gave.
    ///
    /// Scope `okta.apps.manage`. `app_name` is `google`, `office365`, `slack` or `zoomus`. A code works
    /// once, so it is not repeated when it is unclear whether Okta has used it.
    /// Okta: [`verifyProvisioningConnectionForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationConnections/#tag/ApplicationConnections/operation/verifyProvisioningConnectionForApplication).
    ///
    /// # Errors
    /// 403 `E0000006`; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().connection("0oa1").verify_consent("slack", "c0de", "st4te").await?;
    /// # Ok(()) }
    /// ```
    pub async fn verify_consent(
        &self,
        app_name: impl AsRef<str>,
        code: impl AsRef<str>,
        state: impl AsRef<str>,
    ) -> Result<()> {
        let template = "/api/v1/apps/{appName}/{appId}/oauth2/callback";
        let request = self.client.request(Method::POST, template, [app_name.as_ref(), &self.app]);
        let request = request.query("code", code.as_ref()).query("state", state.as_ref());
        request.if_unclear(VERIFIED_MAYBE).done().await
    }
}

#[derive(Deserialize)]
struct ConnectionKeys {
    jwks: Option<JsonWebKeySet>,
}

/// Sets how Okta reaches an app when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UpdateConnection {
    request: Request<OktaError>,
}

impl UpdateConnection {
    /// Whether Okta provisions to the app at once.
    pub fn activate(mut self, activate: bool) -> Self {
        self.request = self.request.query("activate", activate);
        self
    }
}

awaitable!(UpdateConnection => ProvisioningConnection, this { this.request.json().await });
