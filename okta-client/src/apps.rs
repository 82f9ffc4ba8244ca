//! Apps: list, get, create, replace, delete, activate and deactivate them.

use std::fmt;
use std::marker::PhantomData;

use http::{HeaderName, Method};
use rest_core::{Client, List, Request};

use crate::app::Application;
use crate::app_groups::AppGroups;
use crate::app_users::AppUsers;
use crate::call::{awaitable, list_options};
use crate::connections::AppConnection;
use crate::error::{OktaError, Result};
use crate::features::AppFeatures;
use crate::groups::Groups;
use crate::push_mappings::PushMappings;
use crate::search::Condition;
use crate::users::Received;

const CREATED_MAYBE: &str =
    "the app may have been created: list the apps by its label before creating it again";
const GATEWAY: HeaderName = HeaderName::from_static("oktaaccessgateway-agent");

/// The apps of an org, and what belongs to one: users, groups, provisioning.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/>
#[derive(Clone, Debug)]
pub struct Apps {
    client: Client<OktaError>,
}

impl Apps {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    /// The users who are assigned to an app.
    pub fn users(&self, id: impl AsRef<str>) -> AppUsers {
        AppUsers::new(self.client.clone(), id.as_ref())
    }

    /// The groups that are assigned to an app.
    pub fn groups(&self, id: impl AsRef<str>) -> AppGroups {
        AppGroups::new(self.client.clone(), id.as_ref())
    }

    /// How Okta reaches an app to provision to it.
    pub fn connection(&self, id: impl AsRef<str>) -> AppConnection {
        AppConnection::new(self.client.clone(), id.as_ref())
    }

    /// What Okta provisions to and from an app.
    pub fn features(&self, id: impl AsRef<str>) -> AppFeatures {
        AppFeatures::new(self.client.clone(), id.as_ref())
    }

    /// The groups that Okta pushes to an app.
    pub fn push_mappings(&self, id: impl AsRef<str>) -> PushMappings {
        PushMappings::new(self.client.clone(), id.as_ref())
    }

    fn app(&self, method: Method, template: &'static str, id: &str) -> Request<OktaError> {
        self.client.request(method, template, [id])
    }

    /// Lists apps.
    ///
    /// Scope `okta.apps.read`. Pages of 200 at most.
    /// Okta: [`listApplications`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/listApplications).
    ///
    /// # Errors
    /// 400 `E0000031` when Okta does not understand the filter.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use okta_client::search::attr;
    ///
    /// let mut apps = okta.apps().list().filter(attr("status").eq("ACTIVE")).stream();
    /// while let Some(app) = apps.try_next().await? {
    ///     println!("{} {:?} {:?}", app.id, app.name, app.label);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListApps {
        let list = self.client.request(Method::GET, "/api/v1/apps", []).list();
        ListApps { list: list.query("limit", 200) }
    }

    /// Gets one app.
    ///
    /// Scope `okta.apps.read`. [`expand`](GetExpanded::expand) takes `user/{userId}`.
    /// Okta: [`getApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/getApplication).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let app = okta.apps().get("0oa1").await?;
    /// println!("{:?} {:?}", app.label, app.sign_on_mode);
    /// # Ok(()) }
    /// ```
    pub fn get(&self, id: impl AsRef<str>) -> GetExpanded<Application> {
        GetExpanded::new(self.app(Method::GET, "/api/v1/apps/{appId}", id.as_ref()))
    }

    /// As [`get`](Self::get), with `None` when there is no such app.
    ///
    /// Scope `okta.apps.read`.
    /// Okta: [`getApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/getApplication).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.apps().try_get("0oa1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<Application>> {
        self.app(Method::GET, "/api/v1/apps/{appId}", id.as_ref()).optional().await
    }

    /// Creates an app, active unless [`activate(false)`](CreateApp::activate).
    ///
    /// Scope `okta.apps.manage`. Labels need not be new, so it is not repeated when it is unclear
    /// whether Okta has created it.
    /// Okta: [`createApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/createApplication).
    ///
    /// # Errors
    /// 400 `E0000001` with causes for a setting that is missing or wrong, and when the org has all
    /// the instances that it may have.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::Application;
    ///
    /// let app = Application::catalog("scim2testapp", "Our product (SCIM)");
    /// let app = okta.apps().create(&app).activate(false).await?;
    /// # Ok(()) }
    /// ```
    pub fn create(&self, app: &Application) -> CreateApp {
        let request = self.client.request(Method::POST, "/api/v1/apps", []);
        CreateApp { request: request.body(app).if_unclear(CREATED_MAYBE) }
    }

    /// Replaces an app: there is no merge, so change what [`get`](Self::get) gave, which loses
    /// nothing.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`replaceApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/replaceApplication).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let app = okta.apps().get("0oa1").await?.label("Our product");
    /// let app = okta.apps().replace(&app.id, &app).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, id: impl AsRef<str>, app: &Application) -> Result<Application> {
        let request = self.app(Method::PUT, "/api/v1/apps/{appId}", id.as_ref());
        request.body(app).safe_to_repeat().json().await
    }

    /// Deletes an app that is inactive: [`deactivate`](Self::deactivate) it first.
    ///
    /// Scope `okta.apps.manage`. Repeated when Okta fails, as it does for an app that was in use a
    /// moment ago; after a lost answer the repeat finds no app, so take a 404 for done.
    /// Okta: [`deleteApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/deleteApplication).
    ///
    /// # Errors
    /// 403 `E0000056` when the app is active; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().deactivate("0oa1").await?;
    /// okta.apps().delete("0oa1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, id: impl AsRef<str>) -> Result<()> {
        let request = self.app(Method::DELETE, "/api/v1/apps/{appId}", id.as_ref());
        request.safe_to_repeat().done().await
    }

    /// Activates an app.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`activateApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/activateApplication).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().activate("0oa1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn activate(&self, id: impl AsRef<str>) -> Result<()> {
        let request =
            self.app(Method::POST, "/api/v1/apps/{appId}/lifecycle/activate", id.as_ref());
        request.safe_to_repeat().done().await
    }

    /// Deactivates an app: nobody can use it, and it can be deleted.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`deactivateApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/deactivateApplication).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().deactivate("0oa1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn deactivate(&self, id: impl AsRef<str>) -> Result<()> {
        let request =
            self.app(Method::POST, "/api/v1/apps/{appId}/lifecycle/deactivate", id.as_ref());
        request.safe_to_repeat().done().await
    }
}

impl Groups {
    /// Lists the apps that a group is assigned to.
    ///
    /// Scope `okta.groups.read`. Pages of 20 unless another size is set.
    /// Okta: [`listAssignedApplicationsForGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listAssignedApplicationsForGroup).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such group.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let apps: Vec<_> = okta.groups().apps("00g1").stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn apps(&self, id: impl AsRef<str>) -> ListGroupApps {
        let template = "/api/v1/groups/{groupId}/apps";
        ListGroupApps { list: self.client.request(Method::GET, template, [id.as_ref()]).list() }
    }
}

/// A listing of apps; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListApps {
    list: List<OktaError, Application>,
}

list_options!(ListApps => Application, "Okta's maximum is 200.");

impl ListApps {
    fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.list = self.list.query(name, value);
        self
    }

    /// Only apps whose name or label begins so.
    pub fn q(self, prefix: impl fmt::Display) -> Self {
        self.with("q", prefix)
    }

    /// Only apps that match, by `id`, `status`, `name`, `credentials.signing.kid`,
    /// `settings.slo.enabled`, or `user.id` together with [`expand`](Self::expand).
    pub fn filter(mut self, condition: impl Into<Condition>) -> Self {
        self.list = condition.into().on(self.list, "filter");
        self
    }

    /// Puts more into `_embedded`: `user/{userId}`, which must also be the `user.id` of the filter.
    pub fn expand(self, what: impl fmt::Display) -> Self {
        self.with("expand", what)
    }

    /// Gives only some members of each app, sooner. Do not write such an app back.
    pub fn use_optimization(self, only_some: bool) -> Self {
        self.with("useOptimization", only_some)
    }

    /// Gives apps that are not active too, but for the deleted.
    pub fn include_non_deleted(self, include: bool) -> Self {
        self.with("includeNonDeleted", include)
    }

    /// Gives the VPN settings of all apps, also where they are off.
    pub fn always_include_vpn_settings(self, include: bool) -> Self {
        self.with("alwaysIncludeVpnSettings", include)
    }
}

/// A listing of the apps of a group; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListGroupApps {
    list: List<OktaError, Application>,
}

list_options!(ListGroupApps => Application, "Okta's default is 20; it names no maximum.");

/// Creates an app when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct CreateApp {
    request: Request<OktaError>,
}

impl CreateApp {
    /// Whether the app is active at once; it is by default.
    pub fn activate(mut self, activate: bool) -> Self {
        self.request = self.request.query("activate", activate);
        self
    }

    /// The agent of an Okta Access Gateway, for the apps that it serves.
    pub fn access_gateway_agent(mut self, agent: impl AsRef<str>) -> Self {
        self.request = self.request.header(GATEWAY, agent);
        self
    }
}

awaitable!(CreateApp => Application, this { this.request.json().await });

/// Gets something that can come with more than itself, when awaited.
#[must_use = "a request does nothing until it is awaited"]
pub struct GetExpanded<T> {
    request: Request<OktaError>,
    answer: PhantomData<fn() -> T>,
}

impl<T> GetExpanded<T> {
    pub(crate) fn new(request: Request<OktaError>) -> Self {
        Self { request, answer: PhantomData }
    }

    /// Puts more into `_embedded`; the call says what there is.
    pub fn expand(mut self, what: impl fmt::Display) -> Self {
        self.request = self.request.query("expand", what);
        self
    }
}

impl<T> Clone for GetExpanded<T> {
    fn clone(&self) -> Self {
        Self::new(self.request.clone())
    }
}

impl<T> fmt::Debug for GetExpanded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetExpanded").field("request", &self.request).finish()
    }
}

awaitable!(GetExpanded<T> => T, this { this.request.json().await } where T: Received);
