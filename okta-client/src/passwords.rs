//! Users' passwords and recovery questions: change, expire, reset, forgotten.

use std::marker::PhantomData;

use http::Method;
use rest_core::{Request, SecretString};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::call::awaitable;
use crate::error::{OktaError, Result};
use crate::lifecycle::{MAILED_MAYBE, MailAction};
use crate::model::model;
use crate::secret::Secret;
use crate::user::{Credentials, User};
use crate::users::{Received, Users};

const CHANGED_MAYBE: &str =
    "the password may have been changed: try the new one before the old one";
const SET_MAYBE: &str =
    "the question may have been changed: read the user's credentials before repeating it";

model! {
    /// The link of a password reset that sent no mail. `Debug` does not show it; read it with
    /// [`ExposeSecret`](crate::ExposeSecret).
    pub struct PasswordReset {}
    read {
        /// Where the person sets a new password; `None` when Okta sent a mail.
        reset_password_url: Secret = "resetPasswordUrl",
    }
    shows {}
}

model! {
    /// A temporary password. `Debug` does not show it; read it with
    /// [`ExposeSecret`](crate::ExposeSecret).
    pub struct TemporaryPassword {}
    read {
        /// The password; the person must change it at the next sign-in. `None` when Okta named none.
        password: Secret = "tempPassword",
    }
    shows {}
}

impl<P: Received> Users<P> {
    /// The person must change the password at the next sign-in; gives the user as it then is.
    ///
    /// Scope `okta.users.manage`. Leads to `PASSWORD_EXPIRED`.
    /// Okta: [`expirePassword`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/expirePassword).
    ///
    /// # Errors
    /// 403 `E0000038` from a status in which there is no password to expire.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let ada = okta.users().expire_password("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn expire_password(&self, id: impl AsRef<str>) -> Result<User<P>> {
        let template = "/api/v1/users/{id}/lifecycle/expire_password";
        self.user(Method::POST, template, id.as_ref()).safe_to_repeat().json().await
    }

    /// As [`expire_password`](Self::expire_password), and sets a temporary password.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether it was done: another
    /// password would be set.
    /// Okta: [`expirePasswordWithTempPassword`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/expirePasswordWithTempPassword).
    ///
    /// # Errors
    /// As [`expire_password`](Self::expire_password).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::ExposeSecret;
    ///
    /// let temporary = okta.users().expire_password_with_temporary("00u1").await?;
    /// if let Some(password) = temporary.password {
    ///     println!("sign in with {}", password.expose_secret());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn expire_password_with_temporary(
        &self,
        id: impl AsRef<str>,
    ) -> PasswordAction<TemporaryPassword> {
        let template = "/api/v1/users/{id}/lifecycle/expire_password_with_temp_password";
        PasswordAction::new(self.act(template, id.as_ref()))
    }

    /// Starts a password reset: by mail, or by the link in the answer.
    ///
    /// Scope `okta.users.manage`. Leads to `RECOVERY`: the person cannot sign in before the reset is
    /// done.
    /// Okta: [`resetPassword`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/resetPassword).
    ///
    /// # Errors
    /// 403 `E0000017` or `E0000038` when the user has no password to reset.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::ExposeSecret;
    ///
    /// let reset = okta.users().reset_password("00u1", false).revoke_sessions(true).await?;
    /// if let Some(url) = reset.reset_password_url {
    ///     println!("set a new password at {}", url.expose_secret());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn reset_password(
        &self,
        id: impl AsRef<str>,
        send_email: bool,
    ) -> PasswordAction<PasswordReset> {
        let request = self.act("/api/v1/users/{id}/lifecycle/reset_password", id.as_ref());
        let request = request.if_unclear(MAILED_MAYBE);
        PasswordAction::new(request.query("sendEmail", send_email))
    }

    /// Starts what "forgot password" starts at the sign-in page; `send_email` is on by default. Without
    /// mail the link is in the answer.
    ///
    /// Scope `okta.users.manage`. Only for an active user with a recovery question, whose status it
    /// does not change.
    /// Okta: [`forgotPassword`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/forgotPassword).
    ///
    /// # Errors
    /// 403 `E0000034` when the user's status or credentials do not allow it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().forgot_password("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub fn forgot_password(&self, id: impl AsRef<str>) -> MailAction<PasswordReset> {
        MailAction::new(self.act("/api/v1/users/{id}/credentials/forgot_password", id.as_ref()))
    }

    /// Sets a new password for somebody who knows the answer to the recovery question.
    ///
    /// Scope `okta.users.manage`. Okta sends a mail about it unless
    /// [`send_email(false)`](SetForgottenPassword::send_email) is said.
    /// Okta: [`forgotPasswordSetNewPassword`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/forgotPasswordSetNewPassword).
    ///
    /// # Errors
    /// 403 `E0000087` or `E0000034` for a wrong answer or status; 403 `E0000014` or `E0000080` for a
    /// password against the policy.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let users = okta.users();
    /// users.set_forgotten_password("00u1", "Analytical Engine", "battery staple").await?;
    /// # Ok(()) }
    /// ```
    pub fn set_forgotten_password(
        &self,
        id: impl AsRef<str>,
        answer: impl Into<SecretString>,
        new: impl Into<SecretString>,
    ) -> SetForgottenPassword {
        let template = "/api/v1/users/{id}/credentials/forgot_password_recovery_question";
        let (answer, new) = (answer.into(), new.into());
        let mut body = password(&new);
        body["recovery_question"] = json!({"answer": answer.expose_secret()});
        let request = self.user(Method::POST, template, id.as_ref());
        SetForgottenPassword { request: request.if_unclear(CHANGED_MAYBE).body(&body) }
    }

    /// Changes the password of somebody whose present one is known.
    ///
    /// Scope `okta.users.manage`. Only for a user who is staged, active, in recovery or whose password
    /// has expired. To set a password without the old one, use
    /// [`update`](Self::update) with [`NewCredentials`](crate::NewCredentials).
    /// Okta: [`changePassword`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/changePassword).
    ///
    /// # Errors
    /// 403 `E0000014` with causes for a wrong old password or a new one against the policy.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let change = okta.users().change_password("00u1", "correct horse", "battery staple");
    /// change.revoke_sessions(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn change_password(
        &self,
        id: impl AsRef<str>,
        old: impl Into<SecretString>,
        new: impl Into<SecretString>,
    ) -> ChangePassword {
        let template = "/api/v1/users/{id}/credentials/change_password";
        let request = self.user(Method::POST, template, id.as_ref()).if_unclear(CHANGED_MAYBE);
        ChangePassword { request, old: old.into(), new: new.into(), revoke_sessions: None }
    }

    /// Changes the recovery question and answer of somebody whose present password is known.
    ///
    /// Scope `okta.users.manage`. Only for a user who is staged, active or in recovery.
    /// Okta: [`changeRecoveryQuestion`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/changeRecoveryQuestion).
    ///
    /// # Errors
    /// 403 `E0000014` with causes for a wrong password or an answer against the policy.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let question = "Name of the first computer?";
    /// let users = okta.users();
    /// users.change_recovery_question("00u1", "correct horse", question, "Engine").await?;
    /// # Ok(()) }
    /// ```
    pub async fn change_recovery_question(
        &self,
        id: impl AsRef<str>,
        present: impl Into<SecretString>,
        question: impl Into<String>,
        answer: impl Into<SecretString>,
    ) -> Result<Credentials> {
        let template = "/api/v1/users/{id}/credentials/change_recovery_question";
        let mut body = password(&present.into());
        let answer = answer.into();
        body["recovery_question"] =
            json!({"question": question.into(), "answer": answer.expose_secret()});
        let request = self.user(Method::POST, template, id.as_ref()).if_unclear(SET_MAYBE);
        request.body(&body).json().await
    }
}

fn password(value: &SecretString) -> Value {
    json!({"password": {"value": value.expose_secret()}})
}

/// Takes a password away when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct PasswordAction<T> {
    request: Request<OktaError>,
    answer: PhantomData<fn() -> T>,
}

impl<T> PasswordAction<T> {
    fn new(request: Request<OktaError>) -> Self {
        Self { request, answer: PhantomData }
    }

    /// Whether to end the user's sessions; `false` by default.
    pub fn revoke_sessions(mut self, revoke: bool) -> Self {
        self.request = self.request.query("revokeSessions", revoke);
        self
    }
}

awaitable!(PasswordAction<TemporaryPassword> => TemporaryPassword, this { this.request.json().await });
awaitable!(PasswordAction<PasswordReset> => PasswordReset, this { this.request.json_or_default().await });

/// Changes a password when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ChangePassword {
    request: Request<OktaError>,
    old: SecretString,
    new: SecretString,
    revoke_sessions: Option<bool>,
}

impl ChangePassword {
    /// Whether the policy's minimum age and history hold too; `false` by default.
    pub fn strict(mut self, strict: bool) -> Self {
        self.request = self.request.query("strict", strict);
        self
    }

    /// Whether to end the user's other sessions; `false` by default.
    pub fn revoke_sessions(mut self, revoke: bool) -> Self {
        self.revoke_sessions = Some(revoke);
        self
    }

    fn ready(self) -> Request<OktaError> {
        let mut body = json!({
            "oldPassword": {"value": self.old.expose_secret()},
            "newPassword": {"value": self.new.expose_secret()},
        });
        if let Some(revoke) = self.revoke_sessions {
            body["revokeSessions"] = revoke.into();
        }
        self.request.body(&body)
    }
}

awaitable!(ChangePassword => Credentials, this { this.ready().json().await });

/// Sets the password of somebody who has forgotten it when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct SetForgottenPassword {
    request: Request<OktaError>,
}

impl SetForgottenPassword {
    /// Whether Okta sends a mail about it; `true` by default.
    pub fn send_email(mut self, send: bool) -> Self {
        self.request = self.request.query("sendEmail", send);
        self
    }
}

awaitable!(SetForgottenPassword => Credentials, this { this.request.json().await });
