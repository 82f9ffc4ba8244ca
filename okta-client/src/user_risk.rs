//! How risky Okta takes a user to be.

use http::Method;
use rest_core::Request;
use serde_json::{Value, json};

use crate::call::awaitable;
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::users::Users;
use crate::value::Lazy;

rest_core::open_enum! {
    /// How risky a user is.
    pub enum RiskLevel {
        /// Nothing is known against the user; cannot be set.
        None = "NONE",
        /// A little.
        Low = "LOW",
        /// More.
        Medium = "MEDIUM",
        /// Very.
        High = "HIGH",
    }
}

model! {
    /// How risky a user is, and why.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserRisk/>
    pub struct UserRisk {}
    read {
        /// How risky.
        level: RiskLevel = "riskLevel",
        /// Why.
        reason: String = "reason",
        /// Itself and the user. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

impl<P> Users<P> {
    /// Gets how risky a user is.
    ///
    /// Scope `okta.userRisk.read`.
    /// Okta: [`getUserRisk`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserRisk/#tag/UserRisk/operation/getUserRisk).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user; 403 when the credential may
    /// not read it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::RiskLevel;
    ///
    /// let is_risky = okta.users().risk("00u1").await?.level == Some(RiskLevel::High);
    /// # Ok(()) }
    /// ```
    pub async fn risk(&self, id: impl AsRef<str>) -> Result<UserRisk> {
        self.user(Method::GET, "/api/v1/users/{userId}/risk", id.as_ref()).json().await
    }

    /// Sets how risky a user is: low, medium or high.
    ///
    /// Scope `okta.userRisk.manage`. Safe to repeat.
    /// Okta: [`upsertUserRisk`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserRisk/#tag/UserRisk/operation/upsertUserRisk).
    ///
    /// # Errors
    /// 400 `E0000001` for another level or a reason with other characters; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::RiskLevel;
    ///
    /// okta.users().set_risk("00u1", RiskLevel::High).reason("Phished").await?;
    /// # Ok(()) }
    /// ```
    pub fn set_risk(&self, id: impl AsRef<str>, level: RiskLevel) -> SetUserRisk {
        let request = self.user(Method::PUT, "/api/v1/users/{userId}/risk", id.as_ref());
        SetUserRisk { request, body: json!({"riskLevel": level}) }
    }
}

/// Sets how risky a user is when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct SetUserRisk {
    request: Request<OktaError>,
    body: Value,
}

impl SetUserRisk {
    /// Why; up to 500 letters, digits, spaces, hyphens, commas and full stops. Okta writes
    /// `override.by.admin` when nothing is said.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.body["riskReason"] = Value::String(reason.into());
        self
    }
}

awaitable!(SetUserRisk => UserRisk, this { this.request.body(&this.body).json().await });
