//! Users' life cycle: activate, suspend, unlock, deactivate, delete.

use std::marker::PhantomData;

use http::{HeaderName, Method};
use rest_core::Request;

use crate::call::awaitable;
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::passwords::PasswordReset;
use crate::secret::Secret;
use crate::users::{Received, Users};

const READ_STATUS: &str = "it may have been done: read the user's status before repeating it";
pub(crate) const MAILED_MAYBE: &str =
    "it may have been done and a mail sent: read the user before repeating it";
const DELETED_MAYBE: &str = "the user may have been deactivated or deleted: read it first, because a \
    second delete destroys what the first only deactivated";

model! {
    /// The link and token of an activation that sent no mail. `Debug` does not show them; read them
    /// with [`ExposeSecret`](crate::ExposeSecret).
    pub struct Activation {}
    read {
        /// Where the person sets a password; `None` when Okta sent a mail.
        activation_url: Secret = "activationUrl",
        /// The token inside that link.
        activation_token: Secret = "activationToken",
    }
    shows {}
}

impl<P: Received> Users<P> {
    pub(crate) fn act(&self, template: &'static str, id: &str) -> Request<OktaError> {
        self.user(Method::POST, template, id).if_unclear(READ_STATUS)
    }

    /// Activates a staged or deprovisioned user; `send_email` is on by default.
    ///
    /// Scope `okta.users.manage`. Leads to `ACTIVE` with a password, else `PROVISIONED`.
    /// Okta: [`activateUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/activateUser).
    ///
    /// # Errors
    /// 403 `E0000016` when the user is active already.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::ExposeSecret;
    ///
    /// let activation = okta.users().activate("00u1").send_email(false).await?;
    /// if let Some(url) = activation.activation_url {
    ///     println!("set a password at {}", url.expose_secret());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn activate(&self, id: impl AsRef<str>) -> MailAction<Activation> {
        MailAction::new(self.act("/api/v1/users/{id}/lifecycle/activate", id.as_ref()))
    }

    /// Makes a new activation token for a user who is `PROVISIONED` or in `RECOVERY`; `send_email`
    /// is off by default.
    ///
    /// Scope `okta.users.manage`.
    /// Okta: [`reactivateUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/reactivateUser).
    ///
    /// # Errors
    /// 403 `E0000038` from any other status.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().reactivate("00u1").send_email(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn reactivate(&self, id: impl AsRef<str>) -> MailAction<Activation> {
        MailAction::new(self.act("/api/v1/users/{id}/lifecycle/reactivate", id.as_ref()))
    }

    /// Deactivates a user: all app assignments are removed, which may destroy data downstream and
    /// cannot be undone. [`suspend`](Self::suspend) keeps them.
    ///
    /// Scope `okta.users.manage`. Leads to `DEPROVISIONED`; `send_email` to the administrator is off
    /// by default. Okta answers once it is done, unless [`respond_async`](EndAction::respond_async).
    /// Okta: [`deactivateUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/deactivateUser).
    ///
    /// # Errors
    /// 404 `E0000007`; a 403 or 404 when the user is deprovisioned already.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().deactivate("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub fn deactivate(&self, id: impl AsRef<str>) -> EndAction {
        EndAction::new(self.act("/api/v1/users/{id}/lifecycle/deactivate", id.as_ref()))
    }

    /// Deletes a deprovisioned user for good; a user in any other status is only deactivated, and a
    /// second call deletes. That is why it is never repeated on its own.
    ///
    /// Scope `okta.users.manage`.
    /// Okta: [`deleteUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/deleteUser).
    ///
    /// # Errors
    /// 404 `E0000007` when the user is gone.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().delete("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, id: impl AsRef<str>) -> EndAction {
        let request = self.user(Method::DELETE, "/api/v1/users/{id}", id.as_ref());
        EndAction::new(request.if_unclear(DELETED_MAYBE))
    }

    /// Suspends an active user, who keeps all assignments and cannot sign in.
    ///
    /// Scope `okta.users.manage`.
    /// Okta: [`suspendUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/suspendUser).
    ///
    /// # Errors
    /// 400 when the user is not active.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().suspend("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn suspend(&self, id: impl AsRef<str>) -> Result<()> {
        self.act("/api/v1/users/{id}/lifecycle/suspend", id.as_ref()).done().await
    }

    /// Makes a suspended user active again.
    ///
    /// Scope `okta.users.manage`.
    /// Okta: [`unsuspendUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/unsuspendUser).
    ///
    /// # Errors
    /// 400 when the user is not suspended.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().unsuspend("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn unsuspend(&self, id: impl AsRef<str>) -> Result<()> {
        self.act("/api/v1/users/{id}/lifecycle/unsuspend", id.as_ref()).done().await
    }

    /// Unlocks a user who is locked out.
    ///
    /// Scope `okta.users.manage`.
    /// Okta: [`unlockUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/unlockUser).
    ///
    /// # Errors
    /// 403 `E0000032` when the user is not locked out.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().unlock("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn unlock(&self, id: impl AsRef<str>) -> Result<()> {
        self.act("/api/v1/users/{id}/lifecycle/unlock", id.as_ref()).done().await
    }

    /// Removes all enrolled factors of a user.
    ///
    /// Scope `okta.users.manage`.
    /// Okta: [`resetFactors`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/resetFactors).
    ///
    /// # Errors
    /// 403 when the user's status does not allow it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().reset_factors("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn reset_factors(&self, id: impl AsRef<str>) -> Result<()> {
        self.act("/api/v1/users/{id}/lifecycle/reset_factors", id.as_ref()).done().await
    }
}

/// A life-cycle call that may send a mail; done when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct MailAction<T> {
    request: Request<OktaError>,
    answer: PhantomData<fn() -> T>,
}

impl<T> MailAction<T> {
    pub(crate) fn new(request: Request<OktaError>) -> Self {
        Self { request: request.if_unclear(MAILED_MAYBE), answer: PhantomData }
    }

    /// Whether Okta sends a mail to the person.
    pub fn send_email(mut self, send: bool) -> Self {
        self.request = self.request.query("sendEmail", send);
        self
    }
}

// An answer without a body says that Okta has sent a mail.
awaitable!(MailAction<Activation> => Activation, this { this.request.json_or_default().await });
awaitable!(MailAction<PasswordReset> => PasswordReset, this { this.request.json_or_default().await });

/// Deactivates or deletes a user when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct EndAction {
    request: Request<OktaError>,
}

impl EndAction {
    fn new(request: Request<OktaError>) -> Self {
        Self { request }
    }

    /// Whether Okta sends a mail to the administrator.
    pub fn send_email(mut self, send: bool) -> Self {
        self.request = self.request.query("sendEmail", send);
        self
    }

    /// Okta answers at once and works on; for users with many apps.
    pub fn respond_async(mut self) -> Self {
        self.request = self.request.header(HeaderName::from_static("prefer"), "respond-async");
        self
    }
}

awaitable!(EndAction => (), this { this.request.done().await });
