//! What an app is: the parts of an [`Application`], by Okta's names.
//!
//! Which parts there are depends on [`SignOnMode`] and on the app's entry in Okta's catalog. All of
//! them may be absent or null, and what this crate does not know is kept and written back.

mod credentials;
mod oauth;
mod saml;
mod settings;

pub use credentials::{
    AppCredentials, AppPassword, CredentialScheme, EndpointAuth, OAuthCredentials, SigningKeyRef,
    UserNameTemplate,
};
pub use oauth::{
    ApplicationType, IdpInitiatedLogin, JsonWebKey, JsonWebKeySet, OAuthClient, RefreshToken,
};
pub use saml::{
    AcsEndpoint, AssertionEncryption, AttributeStatement, InlineHookRef, ParticipateSlo,
    SignOnSettings, SingleLogout, SpCertificate,
};
pub use settings::{AppOptions, AppSettings, Network, Notes, Notifications, Vpn};

use crate::attributes::Attributes;
use crate::model::model;
use crate::user::Links;
use crate::value::{AppId, DateTime, Lazy};

rest_core::open_enum! {
    /// How people sign in to an app.
    pub enum SignOnMode {
        /// Secure web authentication with a login page of the app's own.
        AutoLogin = "AUTO_LOGIN",
        /// HTTP basic authentication.
        BasicAuth = "BASIC_AUTH",
        /// A link without sign-on.
        Bookmark = "BOOKMARK",
        /// Secure web authentication by the browser plugin.
        BrowserPlugin = "BROWSER_PLUGIN",
        /// OpenID Connect.
        OpenIdConnect = "OPENID_CONNECT",
        /// SAML 1.1.
        Saml11 = "SAML_1_1",
        /// SAML 2.0.
        Saml20 = "SAML_2_0",
        /// Secure web authentication by a form post.
        SecurePasswordStore = "SECURE_PASSWORD_STORE",
        /// WS-Federation.
        WsFederation = "WS_FEDERATION",
    }
}

rest_core::open_enum! {
    /// Whether an app is in use.
    pub enum AppStatus {
        /// In use.
        Active = "ACTIVE",
        /// Not in use; only such an app can be deleted.
        Inactive = "INACTIVE",
        /// Gone.
        Deleted = "DELETED",
    }
}

model! {
    /// An app instance. What is null or unknown to this crate is written back as it came, so an app
    /// that was read, changed and given to [`Apps::replace`](crate::Apps::replace) loses nothing.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/>
    pub struct Application[id: AppId] {
        /// The kind of app: the catalog's name, such as `scim2testapp`, or one that Okta makes for a
        /// custom app.
        name: String = "name",
        /// What people see.
        label: String = "label",
        /// How people sign in; null for some catalog apps.
        sign_on_mode: SignOnMode = "signOnMode",
        /// Who may reach it, and where those go who may not.
        accessibility: Accessibility = "accessibility",
        /// Where it is shown.
        visibility: Visibility = "visibility",
        /// User names, keys and secrets.
        credentials: AppCredentials = "credentials",
        /// What is special to this kind of app, and to how people sign in.
        settings: AppSettings = "settings",
        /// Properties of your own.
        profile: Attributes = "profile",
        /// How many may use it.
        licensing: Licensing = "licensing",
        /// Whether Okta signs people out everywhere.
        universal_logout: UniversalLogout = "universalLogout",
        /// What express configuration covers.
        express_configuration: ExpressConfiguration = "expressConfiguration",
    }
    read {
        /// Whether it is in use.
        status: AppStatus = "status",
        /// What is turned on, such as `PUSH_NEW_USERS`. Read-only: provisioning is turned on by the
        /// [features](crate::Apps::features) of the app.
        features: Vec<String> = "features",
        /// The resource name of Okta's own kind.
        orn: String = "orn",
        /// When it was created.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Users, groups and metadata. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What `expand` asked for. Text until asked for.
        embedded: Lazy<serde_json::Value> = "_embedded",
    }
}

impl Application {
    /// A link on people's dashboards.
    pub fn bookmark(label: impl Into<String>, url: impl Into<String>) -> Self {
        let options = AppOptions::new().with("url", url.into()).with("requestIntegration", false);
        Self::catalog("bookmark", label)
            .sign_on_mode(SignOnMode::Bookmark)
            .settings(AppSettings::default().app(options))
    }

    /// A custom SAML 2.0 app with signed responses and assertions, the Okta user name as subject.
    pub fn saml(
        label: impl Into<String>,
        acs_url: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        let sign_on = SignOnSettings::saml(acs_url, audience);
        Self::default()
            .label(label)
            .sign_on_mode(SignOnMode::Saml20)
            .settings(AppSettings::default().sign_on(sign_on))
    }

    /// A custom OpenID Connect app that authenticates with a client secret; other ways are set by
    /// [`credentials`](Self::credentials).
    ///
    /// ```
    /// use okta_client::{Application, app::OAuthClient};
    ///
    /// let app = Application::oidc("Portal", OAuthClient::web(["https://portal.example/callback"]));
    /// ```
    pub fn oidc(label: impl Into<String>, client: OAuthClient) -> Self {
        let oauth = OAuthCredentials::default().endpoint_auth(EndpointAuth::ClientSecretBasic);
        Self::catalog("oidc_client", label)
            .sign_on_mode(SignOnMode::OpenIdConnect)
            .credentials(AppCredentials::default().oauth_client(oauth))
            .settings(AppSettings::default().oauth_client(client))
    }

    /// An app of Okta's catalog by its name, such as `okta_org2org`; Okta chooses the sign-on mode.
    ///
    /// Okta's test apps for custom SCIM servers are `scim2testapp` (OAuth bearer token),
    /// `scim2headerauth` (header) and `scim2testapp_basic` (basic); the names are not in its API
    /// reference.
    pub fn catalog(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::default().name(name).label(label)
    }
}

model! {
    /// Who may reach an app, and where those go who may not.
    pub struct Accessibility {
        /// Whether people may ask for it themselves.
        self_service: bool = "selfService",
        /// Where those go who may not use it.
        error_redirect_url: String = "errorRedirectUrl",
        /// A sign-in page of your own.
        login_redirect_url: String = "loginRedirectUrl",
    }
}

model! {
    /// Where an app is shown.
    pub struct Visibility {
        /// Which of the app's links are shown, by name: `get::<bool>("login")`.
        app_links: Attributes = "appLinks",
        /// Whether it starts when people sign in to Okta.
        auto_launch: bool = "autoLaunch",
        /// Whether it signs people in on its own sign-in page.
        auto_submit_toolbar: bool = "autoSubmitToolbar",
        /// From which dashboards it is hidden.
        hide: Hide = "hide",
    }
}

model! {
    /// From which dashboards an app is hidden.
    pub struct Hide {
        /// From the mobile dashboard.
        ios: bool = "iOS",
        /// From the web dashboard.
        web: bool = "web",
    }
}

model! {
    /// How many may use an app.
    pub struct Licensing {
        /// Seats.
        seat_count: i64 = "seatCount",
    }
}

model! {
    /// Whether Okta signs people out of an app everywhere.
    pub struct UniversalLogout {
        /// `ENABLED`, `DISABLED` or `UNSUPPORTED`.
        status: String = "status",
        /// `FULL` or `PARTIAL`.
        support_type: String = "supportType",
        /// `SHARED` or `NOT_SHARED` with other Okta orgs.
        identity_stack: String = "identityStack",
        /// `PROPRIETARY` or `GLOBAL_TOKEN_REVOCATION`.
        protocol: String = "protocol",
    }
}

model! {
    /// What express configuration of an app covers: `PROVISIONING`, `SSO`, `UNIVERSAL_LOGOUT`.
    pub struct ExpressConfiguration {
        /// What is set up.
        enabled_capabilities: Vec<String> = "enabledCapabilities",
        /// What could be.
        supported_capabilities: Vec<String> = "supportedCapabilities",
    }
}
