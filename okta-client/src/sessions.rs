//! Users' sessions.

use http::Method;
use rest_core::Request;

use crate::call::awaitable;
use crate::error::OktaError;
use crate::users::Users;

impl<P> Users<P> {
    /// Ends all of a user's sessions at Okta: the next use of anything asks to sign in again. Sessions
    /// that apps keep by themselves go on.
    ///
    /// Scope `okta.users.manage`. Safe to repeat.
    /// Okta: [`revokeUserSessions`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserSessions/#tag/UserSessions/operation/revokeUserSessions).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().revoke_sessions("00u1").oauth_tokens(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn revoke_sessions(&self, id: impl AsRef<str>) -> RevokeSessions {
        let request = self.user(Method::DELETE, "/api/v1/users/{id}/sessions", id.as_ref());
        RevokeSessions { request: request.safe_to_repeat() }
    }
}

/// Ends a user's sessions when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct RevokeSessions {
    request: Request<OktaError>,
}

impl RevokeSessions {
    /// Whether to revoke the user's access and refresh tokens too; `false` by default.
    pub fn oauth_tokens(mut self, revoke: bool) -> Self {
        self.request = self.request.query("oauthTokens", revoke);
        self
    }

    /// Whether to forget the devices on which factors are remembered; `true` by default.
    pub fn forget_devices(mut self, forget: bool) -> Self {
        self.request = self.request.query("forgetDevices", forget);
        self
    }
}

awaitable!(RevokeSessions => (), this { this.request.done().await });
