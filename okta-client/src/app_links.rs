//! The links on a person's dashboard.

use http::Method;

use crate::error::Result;
use crate::model::model;
use crate::users::{Received, Users};
use crate::value::{AppId, UserId};

model! {
    /// A link on a person's dashboard, to an app that the person is assigned to.
    pub struct AppLink {}
    read {
        /// The person.
        id: UserId = "id",
        /// What the person sees.
        label: String = "label",
        /// Where it leads.
        link_url: String = "linkUrl",
        /// The app's logo.
        logo_url: String = "logoUrl",
        /// The kind of app.
        app_name: String = "appName",
        /// The app.
        app_instance_id: AppId = "appInstanceId",
        /// The assignment.
        app_assignment_id: String = "appAssignmentId",
        /// Whether the person has set credentials for the app.
        credentials_setup: bool = "credentialsSetup",
        /// Whether the link is hidden.
        hidden: bool = "hidden",
        /// Its place among the links.
        sort_order: i64 = "sortOrder",
    }
}

impl<P: Received> Users<P> {
    /// Lists the links to the apps that a user is assigned to, directly or by a group; one answer
    /// holds them all.
    ///
    /// Scope `okta.users.read`. An app may have several links.
    /// Okta: [`listAppLinks`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listAppLinks).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for link in okta.users().app_links("00u1").await? {
    ///     println!("{:?} {:?}", link.label, link.link_url);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn app_links(&self, id: impl AsRef<str>) -> Result<Vec<AppLink>> {
        self.user(Method::GET, "/api/v1/users/{id}/appLinks", id.as_ref()).json().await
    }
}
