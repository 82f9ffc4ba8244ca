//! Credentials: an API token, a ready access token, or a service app with a private key.

mod advice;
mod assertion;
mod clock;
mod jwk;
mod jwt;
mod key;
mod nonce;
mod pem;
mod proof;
mod service_app;
mod session;
mod token;

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use rest_core::{Authorize, ClientBuilder, HeaderKey, SecretString};

use crate::error::{OktaError, Result};

pub use key::{Algorithm, SigningKey};
pub use service_app::{ServiceApp, ServiceAppBuilder};

/// An API token of the admin console (Security > API > Tokens), sent as `Authorization: SSWS …`.
///
/// It acts with the admin rights of the person who made it, and ends when that person is
/// deactivated or when it has not been used for 30 days.
/// See <https://developer.okta.com/docs/guides/create-an-api-token/>.
#[derive(Clone, Debug)]
pub struct ApiToken(HeaderKey);

impl ApiToken {
    /// Takes the token as it was shown once, without `SSWS`.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(HeaderKey::new(AUTHORIZATION, "SSWS ", &token.into()))
    }
}

/// An access token that something else obtained, sent as `Authorization: Bearer …`.
///
/// It is used until it expires; then calls fail with 401. To renew it yourself, implement
/// [`Authorize`] and pass [`Auth::custom`].
/// See <https://developer.okta.com/docs/reference/core-okta-api/#authentication>.
#[derive(Clone, Debug)]
pub struct BearerToken(HeaderKey);

impl BearerToken {
    /// Takes the token without `Bearer`.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(HeaderKey::new(AUTHORIZATION, "Bearer ", &token.into()))
    }
}

/// How calls to an org are authorised: what [`Okta::new`](crate::Okta::new) takes. Made by `into()` from
/// [`ApiToken`], [`BearerToken`], [`ServiceApp`] or an `Arc<dyn Authorize>`.
#[derive(Clone)]
pub struct Auth(Kind);

#[derive(Clone)]
enum Kind {
    Ready(Arc<dyn Authorize>),
    ServiceApp(ServiceApp),
}

impl Auth {
    /// A credential of your own.
    pub fn custom(credential: impl Authorize) -> Self {
        Self(Kind::Ready(Arc::new(credential)))
    }

    /// The credential for a client with these settings; a service app asks for its tokens with the
    /// same address, proxy, timeouts and retries.
    pub(crate) fn connect(self, settings: &ClientBuilder<OktaError>) -> Result<Arc<dyn Authorize>> {
        match self.0 {
            Kind::Ready(credential) => Ok(credential),
            Kind::ServiceApp(app) => app.connect(settings),
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Ready(credential) => credential.fmt(f),
            Kind::ServiceApp(app) => app.fmt(f),
        }
    }
}

impl From<ApiToken> for Auth {
    fn from(token: ApiToken) -> Self {
        Self::custom(token.0)
    }
}

impl From<BearerToken> for Auth {
    fn from(token: BearerToken) -> Self {
        Self::custom(token.0)
    }
}

impl From<ServiceApp> for Auth {
    fn from(app: ServiceApp) -> Self {
        Self(Kind::ServiceApp(app))
    }
}

impl From<Arc<dyn Authorize>> for Auth {
    fn from(credential: Arc<dyn Authorize>) -> Self {
        Self(Kind::Ready(credential))
    }
}
