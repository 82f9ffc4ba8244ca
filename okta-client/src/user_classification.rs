//! What a user counts as: lite or standard. Early access at Okta.

use http::Method;
use serde_json::json;

use crate::error::Result;
use crate::model::model;
use crate::users::Users;
use crate::value::DateTime;

rest_core::open_enum! {
    /// What a user counts as.
    pub enum ClassificationType {
        /// Lite.
        Lite = "LITE",
        /// Standard.
        Standard = "STANDARD",
    }
}

model! {
    /// What a user counts as.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserClassification/>
    pub struct UserClassification {}
    read {
        /// As which.
        kind: ClassificationType = "type",
        /// Since when.
        last_updated: DateTime = "lastUpdated",
    }
}

impl<P> Users<P> {
    /// Gets what a user counts as.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getUserClassification`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserClassification/#tag/UserClassification/operation/getUserClassification).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user; 403 when the credential may
    /// not read it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// println!("{:?}", okta.users().classification("00u1").await?.kind);
    /// # Ok(()) }
    /// ```
    pub async fn classification(&self, id: impl AsRef<str>) -> Result<UserClassification> {
        self.user(Method::GET, "/api/v1/users/{userId}/classification", id.as_ref()).json().await
    }

    /// Says what a user counts as.
    ///
    /// Scope `okta.users.manage`. Safe to repeat.
    /// Okta: [`replaceUserClassification`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserClassification/#tag/UserClassification/operation/replaceUserClassification).
    ///
    /// # Errors
    /// 403 when the credential may not change it; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::ClassificationType;
    ///
    /// okta.users().set_classification("00u1", ClassificationType::Lite).await?;
    /// # Ok(()) }
    /// ```
    pub async fn set_classification(
        &self,
        id: impl AsRef<str>,
        kind: ClassificationType,
    ) -> Result<UserClassification> {
        let request = self.user(Method::PUT, "/api/v1/users/{userId}/classification", id.as_ref());
        request.body(&json!({"type": kind})).json().await
    }
}
