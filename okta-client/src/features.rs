//! What Okta provisions to and from an app.

use http::Method;
use rest_core::{Client, Request};

use crate::call::awaitable;
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::value::Lazy;

rest_core::open_enum! {
    /// A direction of provisioning.
    pub enum FeatureName {
        /// From Okta to the app.
        UserProvisioning = "USER_PROVISIONING",
        /// From the app to Okta.
        InboundProvisioning = "INBOUND_PROVISIONING",
    }
}

rest_core::open_enum! {
    /// Whether something is on.
    pub enum EnabledStatus {
        /// On.
        Enabled = "ENABLED",
        /// Off.
        Disabled = "DISABLED",
    }
}

impl From<bool> for EnabledStatus {
    fn from(enabled: bool) -> Self {
        if enabled { Self::Enabled } else { Self::Disabled }
    }
}

model! {
    /// One direction of provisioning of an app.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationFeatures/>
    pub struct Feature {}
    read {
        /// Which direction.
        name: FeatureName = "name",
        /// Whether it is on.
        status: EnabledStatus = "status",
        /// One sentence for people.
        description: String = "description",
        /// What is done.
        capabilities: Capabilities = "capabilities",
        /// Itself. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// What is done: `create` and `update` to an app, or `import_settings` and `import_rules`, both,
    /// from an app.
    pub struct Capabilities {
        /// To the app: what happens to those who are assigned.
        create: CreateCapability = "create",
        /// To the app: what happens to those who change or leave.
        update: UpdateCapability = "update",
        /// From the app: when, and with which user names.
        import_settings: ImportSettings = "importSettings",
        /// From the app: who is whom.
        import_rules: ImportRules = "importRules",
    }
}

model! {
    /// What happens in the app to those who are assigned.
    pub struct CreateCapability {
        /// Whether an account is created.
        lifecycle_create: Switch = "lifecycleCreate",
    }
}

model! {
    /// What happens in the app to those who change or leave.
    pub struct UpdateCapability {
        /// Whether profiles are updated.
        profile: Switch = "profile",
        /// Whether accounts are deactivated.
        lifecycle_deactivate: Switch = "lifecycleDeactivate",
        /// Whether passwords are sent.
        password: PasswordSync = "password",
    }
}

model! {
    /// Whether something is done.
    pub struct Switch {
        /// Whether it is.
        status: EnabledStatus = "status",
    }
}

model! {
    /// Whether passwords are sent to an app, and which.
    pub struct PasswordSync {
        /// Whether they are.
        status: EnabledStatus = "status",
        /// `RANDOM` or `OKTA`.
        seed: String = "seed",
        /// `KEEP_EXISTING` or `CHANGE`.
        change: String = "change",
    }
}

model! {
    /// When users are imported, and with which user names.
    pub struct ImportSettings {
        /// Which user name an imported user gets.
        username: ImportUsername = "username",
        /// When.
        schedule: ImportSchedule = "schedule",
    }
}

model! {
    /// Which user name an imported user gets.
    pub struct ImportUsername {
        /// `EMAIL` or `CUSTOM`. Okta's specification writes it `usernameFormat`, its answers thus.
        format: String = "userNameFormat",
        /// `CUSTOM`: an expression of Okta's language.
        expression: String = "userNameExpression",
    }
}

model! {
    /// When users are imported.
    pub struct ImportSchedule {
        /// Whether they are on a schedule.
        status: EnabledStatus = "status",
        /// When all are.
        full_import: ImportTimes = "fullImport",
        /// When those are who changed.
        incremental_import: ImportTimes = "incrementalImport",
    }
}

model! {
    /// Times that come again.
    pub struct ImportTimes {
        /// A cron expression.
        expression: String = "expression",
        /// Such as `America/New_York`.
        timezone: String = "timezone",
    }
}

model! {
    /// Who is whom when users are imported.
    pub struct ImportRules {
        /// How imported users are matched and created.
        user_create_and_match: MatchRules = "userCreateAndMatch",
    }
}

model! {
    /// How imported users are matched and created.
    pub struct MatchRules {
        /// What makes a match exact: `EMAIL` or `USERNAME`.
        exact_match_criteria: String = "exactMatchCriteria",
        /// Whether the same first and last name is a match.
        allow_partial_match: bool = "allowPartialMatch",
        /// Whether such a match needs nobody's confirmation.
        auto_confirm_partial_match: bool = "autoConfirmPartialMatch",
        /// Whether an exact match needs nobody's confirmation.
        auto_confirm_exact_match: bool = "autoConfirmExactMatch",
        /// Whether new users need nobody's confirmation.
        auto_confirm_new_users: bool = "autoConfirmNewUsers",
        /// Whether new users are activated.
        auto_activate_new_users: bool = "autoActivateNewUsers",
    }
}

impl OktaError {
    /// Whether the app has no provisioning, or its connection is not enabled: then it has no features
    /// either. Okta gives the code of any invalid request, so this goes by what it says.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::OktaError;
    ///
    /// match okta.apps().features("0oa1").list().await {
    ///     Err(error) if error.body().is_some_and(OktaError::is_provisioning_not_supported) => {
    ///         println!("enable the app's connection first");
    ///     }
    ///     features => println!("{:?}", features?),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn is_provisioning_not_supported(&self) -> bool {
        let says_so = |text: &str| text.contains("Provisioning is not supported");
        self.code == "E0000001" && self.causes.iter().any(|cause| says_so(&cause.summary))
    }
}

/// What Okta provisions to and from one app.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationFeatures/>
#[derive(Clone, Debug)]
pub struct AppFeatures {
    client: Client<OktaError>,
    app: String,
}

impl AppFeatures {
    pub(crate) fn new(client: Client<OktaError>, app: &str) -> Self {
        Self { client, app: app.to_owned() }
    }

    fn feature(&self, method: Method, name: &FeatureName) -> Request<OktaError> {
        let template = "/api/v1/apps/{appId}/features/{featureName}";
        self.client.request(method, template, [&self.app, name.as_str()])
    }

    /// Lists the features of the app; one answer holds them all.
    ///
    /// Scope `okta.apps.read`. Needs an enabled [connection](crate::Apps::connection).
    /// Okta: [`listFeaturesForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationFeatures/#tag/ApplicationFeatures/operation/listFeaturesForApplication).
    ///
    /// # Errors
    /// 400 `E0000001` when the app has [no provisioning](OktaError::is_provisioning_not_supported);
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for feature in okta.apps().features("0oa1").list().await? {
    ///     println!("{:?} {:?}", feature.name, feature.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn list(&self) -> Result<Vec<Feature>> {
        let template = "/api/v1/apps/{appId}/features";
        self.client.request(Method::GET, template, [&self.app]).json().await
    }

    /// Gets one feature.
    ///
    /// Scope `okta.apps.read`. Needs an enabled [connection](crate::Apps::connection).
    /// Okta: [`getFeatureForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationFeatures/#tag/ApplicationFeatures/operation/getFeatureForApplication).
    ///
    /// # Errors
    /// As [`list`](Self::list).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::FeatureName;
    ///
    /// let feature = okta.apps().features("0oa1").get(FeatureName::UserProvisioning).await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, name: FeatureName) -> Result<Feature> {
        self.feature(Method::GET, &name).json().await
    }

    /// Changes what is done, and leaves what is not named as it is.
    ///
    /// Scope `okta.apps.manage`. For `INBOUND_PROVISIONING` Okta wants settings and rules together.
    /// Okta: [`updateFeatureForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationFeatures/#tag/ApplicationFeatures/operation/updateFeatureForApplication).
    ///
    /// # Errors
    /// As [`list`](Self::list), and 400 `E0000003` for a body that does not belong to the feature.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::{Capabilities, FeatureName, ImportRules, ImportSettings, ImportUsername, MatchRules};
    ///
    /// let capabilities = Capabilities::default()
    ///     .import_settings(ImportSettings::default().username(ImportUsername::default().format("EMAIL")))
    ///     .import_rules(ImportRules::default().user_create_and_match(
    ///         MatchRules::default().exact_match_criteria("EMAIL").auto_confirm_exact_match(true),
    ///     ));
    /// let inbound = FeatureName::InboundProvisioning;
    /// okta.apps().features("0oa1").update(inbound, &capabilities).await?;
    /// # Ok(()) }
    /// ```
    pub async fn update(&self, name: FeatureName, capabilities: &Capabilities) -> Result<Feature> {
        self.feature(Method::PUT, &name).body(capabilities).safe_to_repeat().json().await
    }

    /// [Updates](Self::update) what Okta does in the app: creates, updates and deactivates users.
    /// What is not named stays as it is.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`updateFeatureForApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationFeatures/#tag/ApplicationFeatures/operation/updateFeatureForApplication).
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let features = okta.apps().features("0oa1");
    /// features.set_user_provisioning().create(true).update(true).deactivate(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn set_user_provisioning(&self) -> SetUserProvisioning {
        let request = self.feature(Method::PUT, &FeatureName::UserProvisioning).safe_to_repeat();
        SetUserProvisioning { request, capabilities: Capabilities::default() }
    }
}

/// Changes what Okta does in an app when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct SetUserProvisioning {
    request: Request<OktaError>,
    capabilities: Capabilities,
}

impl SetUserProvisioning {
    fn with(mut self, change: impl FnOnce(UpdateCapability) -> UpdateCapability) -> Self {
        let update = self.capabilities.update.take().unwrap_or_default();
        self.capabilities.update = Some(change(update));
        self
    }

    /// Whether those who are assigned get an account.
    pub fn create(mut self, on: bool) -> Self {
        let create = CreateCapability::default().lifecycle_create(Switch::default().status(on));
        self.capabilities.create = Some(create);
        self
    }

    /// Whether changes of a profile are sent.
    pub fn update(self, on: bool) -> Self {
        self.with(|update| update.profile(Switch::default().status(on)))
    }

    /// Whether those who leave are deactivated.
    pub fn deactivate(self, on: bool) -> Self {
        self.with(|update| update.lifecycle_deactivate(Switch::default().status(on)))
    }

    /// Whether passwords are sent, and which.
    pub fn password(self, sync: PasswordSync) -> Self {
        self.with(|update| update.password(sync))
    }
}

awaitable!(SetUserProvisioning => Feature, this {
    this.request.body(&this.capabilities).json().await
});
