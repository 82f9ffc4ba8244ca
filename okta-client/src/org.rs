//! The org itself: its address and contact data, and what it says of itself to anybody.

use http::Method;
use rest_core::{Client, Request};
use serde_json::Value;

use crate::attributes::Attributes;
use crate::error::{OktaError, Result};
use crate::model::{model, writable};
use crate::user::Links;
use crate::value::{DateTime, Lazy};

rest_core::open_enum! {
    /// Whether an org is in use.
    pub enum OrgStatus {
        /// In use.
        Active = "ACTIVE",
        /// Closed.
        Inactive = "INACTIVE",
    }
}

rest_core::open_enum! {
    /// How an org signs people in.
    pub enum Pipeline {
        /// Identity Engine.
        IdentityEngine = "idx",
        /// Classic Engine.
        Classic = "v1",
    }
}

model! {
    /// An org's general settings. An empty text clears one.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingGeneral/>
    pub struct OrgSettings {
        /// The company's name.
        company_name: String = "companyName",
        /// Its web site.
        website: String = "website",
        /// Its telephone number.
        phone_number: String = "phoneNumber",
        /// Where people find help.
        end_user_support_help_url: String = "endUserSupportHelpURL",
        /// Whom people call for help.
        support_phone_number: String = "supportPhoneNumber",
        /// First line of the address.
        address1: String = "address1",
        /// Second line of the address.
        address2: String = "address2",
        /// City.
        city: String = "city",
        /// State or province.
        state: String = "state",
        /// Country.
        country: String = "country",
        /// Postal code.
        postal_code: String = "postalCode",
    }
    read {
        /// The org's id.
        id: String = "id",
        /// The first part of its address.
        subdomain: String = "subdomain",
        /// Whether it is in use.
        status: OrgStatus = "status",
        /// When it ends, if it does.
        expires_at: DateTime = "expiresAt",
        /// When it was created.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Logo, contacts, preferences. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// What an org says of itself to anybody.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingMetadata/>
    pub struct OrgMetadata {}
    read {
        /// The org's id.
        id: String = "id",
        /// How it signs people in.
        pipeline: Pipeline = "pipeline",
        /// The part of Okta that serves it, such as `op3`.
        cell: String = "cell",
        /// Which of Okta's parts are on, such as `itpEnabled`; recorded, not documented.
        settings: Attributes = "settings",
        /// Its own address and a custom one. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

impl OrgSettings {
    fn sent(&self) -> Value {
        let by_okta =
            ["id", "subdomain", "status", "expiresAt", "created", "lastUpdated", "_links"];
        let mut json = writable(self, &by_okta);
        // Okta answers null for what is not set, and takes none.
        if let Some(members) = json.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        json
    }
}

/// The org itself.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingGeneral/>
#[derive(Clone, Debug)]
pub struct Org {
    client: Client<OktaError>,
}

impl Org {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn org(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/org", [])
    }

    /// Gets the general settings.
    ///
    /// Scope `okta.orgs.read`.
    /// Okta: [`getOrgSettings`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingGeneral/#tag/OrgSettingGeneral/operation/getOrgSettings).
    ///
    /// # Errors
    /// 403 when the credential may not read them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// println!("{:?}", okta.org().get().await?.company_name);
    /// # Ok(()) }
    /// ```
    pub async fn get(&self) -> Result<OrgSettings> {
        self.org(Method::GET).json().await
    }

    /// Changes the settings that are set and leaves all others as they are.
    ///
    /// Scope `okta.orgs.manage`. Safe to repeat.
    /// Okta: [`updateOrgSettings`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingGeneral/#tag/OrgSettingGeneral/operation/updateOrgSettings).
    ///
    /// # Errors
    /// 400 `E0000001` with causes.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::OrgSettings;
    ///
    /// okta.org().update(&OrgSettings::default().support_phone_number("+44 20 7946 0000")).await?;
    /// # Ok(()) }
    /// ```
    pub async fn update(&self, changes: &OrgSettings) -> Result<OrgSettings> {
        self.org(Method::POST).safe_to_repeat().body(&changes.sent()).json().await
    }

    /// Replaces the general settings: those that are left out are cleared.
    ///
    /// Scope `okta.orgs.manage`. Safe to repeat.
    /// Okta: [`replaceOrgSettings`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingGeneral/#tag/OrgSettingGeneral/operation/replaceOrgSettings).
    ///
    /// # Errors
    /// 400 `E0000001` with causes.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let settings = okta.org().get().await?.city("London");
    /// okta.org().replace(&settings).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, settings: &OrgSettings) -> Result<OrgSettings> {
        self.org(Method::PUT).body(&settings.sent()).json().await
    }

    /// Gets what the org says of itself to anybody; a first call that needs no permission.
    ///
    /// No scope. Not counted against a rate limit.
    /// Okta: [`getWellknownOrgMetadata`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingMetadata/#tag/OrgSettingMetadata/operation/getWellknownOrgMetadata).
    ///
    /// # Errors
    /// 404 when the address is no org's.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// println!("{:?}", okta.org().metadata().await?.pipeline);
    /// # Ok(()) }
    /// ```
    pub async fn metadata(&self) -> Result<OrgMetadata> {
        self.client.request(Method::GET, "/.well-known/okta-organization", []).json().await
    }
}
