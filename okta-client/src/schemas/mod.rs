//! Schemas: which attributes a profile has.

mod log_streams;
mod read;
mod write;

use http::Method;
use rest_core::{Client, Request};

use crate::error::{OktaError, Result};

pub use log_streams::{LogStreamMessages, LogStreamSchema, LogStreamSetting, LogStreamType};
pub use read::{Choice, Schema, SchemaAttribute, Unique};
pub use write::{
    AttributeItems, AttributeMaster, AttributeScope, AttributeType, Master, MasterSource,
    Mutability, NamedChoice, NewAttribute, Permission, PermissionAction, Union, UpdateSchema,
};

/// The schemas of an org.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/>
#[derive(Clone, Debug)]
pub struct Schemas {
    client: Client<OktaError>,
}

impl Schemas {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn of_user(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/meta/schemas/user/{schemaId}", [id])
    }

    fn of_group(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/meta/schemas/group/default", [])
    }

    fn of_app_user(&self, method: Method, app: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/meta/schemas/apps/{appId}/default", [app])
    }

    /// The schema of a user type; `default` is the default type's, another's id is its
    /// [`schema_id`](crate::UserType::schema_id).
    ///
    /// Scope `okta.schemas.read`.
    /// Okta: [`getUserSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/getUserSchema).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such schema.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for attribute in okta.schemas().user("default").await?.attributes() {
    ///     println!("{} {}", attribute.name, attribute.attribute_type);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn user(&self, id: impl AsRef<str>) -> Result<Schema> {
        self.of_user(Method::GET, id.as_ref()).json().await
    }

    /// Changes the attributes of a user type that are named and leaves all others as they are.
    ///
    /// Scope `okta.schemas.manage`. Safe to repeat. Of a base attribute only the permissions can be
    /// changed, whether `firstName` and `lastName` are required, and the pattern of `login`.
    /// Okta: [`updateUserProfile`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/updateUserProfile).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as for a name that differs from another's in case only;
    /// 404 `E0000007` when there is no such schema.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::NewAttribute;
    ///
    /// okta.schemas()
    ///     .update_user("default")
    ///     .set("badge", NewAttribute::integer("Badge").required(false))
    ///     .set("size", NewAttribute::string("Size").choices([("S", "Small"), ("L", "Large")]))
    ///     .remove("oldBadge")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_user(&self, id: impl AsRef<str>) -> UpdateSchema {
        UpdateSchema::new(self.of_user(Method::POST, id.as_ref()))
    }

    /// The schema of groups.
    ///
    /// Scope `okta.schemas.read`.
    /// Okta: [`getGroupSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/getGroupSchema).
    ///
    /// # Errors
    /// 403 when the credential may not read it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.schemas().group().await?.attribute("costCenter").is_some();
    /// # Ok(()) }
    /// ```
    pub async fn group(&self) -> Result<Schema> {
        self.of_group(Method::GET).json().await
    }

    /// Changes the attributes of groups that are named and leaves all others as they are.
    ///
    /// Scope `okta.schemas.manage`. Safe to repeat. Base attributes cannot be changed.
    /// Okta: [`updateGroupSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/updateGroupSchema).
    ///
    /// # Errors
    /// 400 `E0000001` with causes.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::NewAttribute;
    ///
    /// let cost_center = NewAttribute::string("Cost center").length(1..=20);
    /// okta.schemas().update_group().set("costCenter", cost_center).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_group(&self) -> UpdateSchema {
        UpdateSchema::new(self.of_group(Method::POST))
    }

    /// The schema of an app's users: one for all user types.
    ///
    /// Scope `okta.schemas.read`.
    /// Okta: [`getApplicationUserSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/getApplicationUserSchema).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for attribute in okta.schemas().app_user("0oa1").await?.attributes() {
    ///     println!("{} is {:?} in the app", attribute.name, attribute.external_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn app_user(&self, app: impl AsRef<str>) -> Result<Schema> {
        self.of_app_user(Method::GET, app.as_ref()).json().await
    }

    /// Changes the attributes of an app's users that are named and leaves all others as they are.
    ///
    /// Scope `okta.schemas.manage`. Safe to repeat. Of a base attribute only whether it is required
    /// can be changed, where the app allows it. For a SCIM app
    /// [`external_name`](NewAttribute::external_name) is the SCIM attribute and
    /// [`external_namespace`](NewAttribute::external_namespace) its schema.
    /// Okta: [`updateApplicationUserProfile`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/updateApplicationUserProfile).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007` when there is no such app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::NewAttribute;
    ///
    /// let cost_center = NewAttribute::string("Cost center")
    ///     .external_name("costCenter")
    ///     .external_namespace("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
    /// okta.schemas().update_app_user("0oa1").set("costCenter", cost_center).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_app_user(&self, app: impl AsRef<str>) -> UpdateSchema {
        UpdateSchema::new(self.of_app_user(Method::POST, app.as_ref()))
    }
}
