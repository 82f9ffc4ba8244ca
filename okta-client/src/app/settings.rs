//! `settings` of an app.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use super::oauth::OAuthClient;
use super::saml::SignOnSettings;
use crate::attributes::Attributes;
use crate::model::model;

model! {
    /// What is special to a kind of app, and to how people sign in.
    pub struct AppSettings {
        /// What this kind of app needs.
        app: AppOptions = "app",
        /// SAML, and the login page of `AUTO_LOGIN`.
        sign_on: Box<SignOnSettings> = "signOn",
        /// OAuth 2.0 and OpenID Connect.
        oauth_client: Box<OAuthClient> = "oauthClient",
        /// Notes for administrators and people.
        notes: Notes = "notes",
        /// What people are told, such as that a VPN is needed.
        notifications: Notifications = "notifications",
        /// Whether everybody has it without being assigned.
        implicit_assignment: bool = "implicitAssignment",
        /// Whether users are provisioned by hand.
        manual_provisioning: bool = "manualProvisioning",
        /// The inline hook that is called.
        inline_hook_id: String = "inlineHookId",
        /// The identity store of the app.
        identity_store_id: String = "identityStoreId",
    }
    read {
        /// Whether entitlement management is on: `NONE`, `DISABLED`, `ENABLING`, `ENABLED`, `DISABLING`.
        entitlement_status: String = "emOptInStatus",
    }
}

/// `settings.app`: what a kind of app needs, an open set of Okta's names, read and written as
/// [`Attributes`] are. `Debug` shows the names only, because some hold keys and passwords.
///
/// | kind | names |
/// | --- | --- |
/// | `bookmark` | `url`, `requestIntegration` |
/// | `template_swa` | `url`, `usernameField`, `passwordField`, `buttonField`, `loginUrlRegex` |
/// | `template_swa3field` | `targetURL`, `userNameSelector`, `passwordSelector`, `buttonSelector`, `extraFieldSelector`, `extraFieldValue`, `loginUrlRegex` |
/// | `template_basic_auth` | `url`, `authURL` |
/// | `template_sps` | `url`, `usernameField`, `passwordField`, `optionalField1` to `3` and their `…Value` |
/// | `template_wsfed` | `siteURL`, `wReplyURL`, `audienceRestriction`, `nameIDFormat`, `usernameAttribute`, ... |
/// | of the catalog | whatever that app needs, such as `baseUrl` of `okta_org2org` |
///
/// ```
/// use okta_client::app::AppOptions;
///
/// let options = AppOptions::new().with("url", "https://wiki.example").with("requestIntegration", false);
/// assert_eq!(options.text("url"), Some("https://wiki.example"));
/// assert_eq!(options.get::<bool>("requestIntegration")?, Some(false));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppOptions(Attributes);

impl AppOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an option that can always be written as JSON.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        // A `Value` is JSON already, so this cannot fail.
        let _ = self.0.set(name, value.into());
        self
    }
}

impl Deref for AppOptions {
    type Target = Attributes;

    fn deref(&self) -> &Attributes {
        &self.0
    }
}

impl DerefMut for AppOptions {
    fn deref_mut(&mut self) -> &mut Attributes {
        &mut self.0
    }
}

impl From<Attributes> for AppOptions {
    fn from(attributes: Attributes) -> Self {
        Self(attributes)
    }
}

impl fmt::Debug for AppOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

model! {
    /// Notes on an app.
    pub struct Notes {
        /// For administrators.
        admin: String = "admin",
        /// For the people who use it.
        enduser: String = "enduser",
    }
}

model! {
    /// What people are told about an app.
    pub struct Notifications {
        /// That a VPN is needed.
        vpn: Vpn = "vpn",
    }
}

model! {
    /// Whom to tell that an app needs a VPN, and what.
    pub struct Vpn {
        /// Where people are told.
        network: Network = "network",
        /// What they are told.
        message: String = "message",
        /// Where they find help.
        help_url: String = "helpUrl",
    }
}

model! {
    /// The networks for which something holds.
    pub struct Network {
        /// `ANYWHERE`, `ZONE`, and for a VPN also `DISABLED`, `ON_NETWORK`, `OFF_NETWORK`.
        connection: String = "connection",
        /// Zones, for `ZONE`.
        include: Vec<String> = "include",
        /// Zones that are left out, for `ZONE`.
        exclude: Vec<String> = "exclude",
    }
}
