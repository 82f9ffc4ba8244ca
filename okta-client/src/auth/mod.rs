//! TEMPORARY so that the crate compiles. The real one must offer what okta.rs and config.rs use:
//! `Auth::connect(self, settings: &rest_core::ClientBuilder<OktaError>) -> Result<Arc<dyn Authorize>>`
//! (a token client is `settings.clone().auth(assertion).build()`), `ApiToken::new`, `BearerToken::new`,
//! `SigningKey::parse(&str)`, `.key_id(..)`, `ServiceApp::builder(id, key).scopes(iter).build()`.
#![allow(missing_docs)]
use std::sync::Arc;

use rest_core::{Authorize, ClientBuilder, HeaderKey, SecretString};

use crate::error::{Error, OktaError, Result};

#[derive(Clone, Debug)]
pub struct ApiToken(HeaderKey);
impl ApiToken {
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(HeaderKey::new(http::header::AUTHORIZATION, "SSWS ", &token.into()))
    }
}
#[derive(Clone, Debug)]
pub struct BearerToken(HeaderKey);
impl BearerToken {
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(HeaderKey::new(http::header::AUTHORIZATION, "Bearer ", &token.into()))
    }
}
#[derive(Clone, Debug)]
pub struct SigningKey;
impl SigningKey {
    pub fn parse(_: &str) -> Result<Self> {
        Err(Error::auth("later"))
    }
    pub fn key_id(self, _: String) -> Self {
        self
    }
}
#[derive(Clone, Debug)]
pub struct ServiceApp;
impl ServiceApp {
    pub fn builder(_: String, _: SigningKey) -> Self {
        Self
    }
    pub fn scopes<'a>(self, _: impl Iterator<Item = &'a str>) -> Self {
        self
    }
    pub fn build(self) -> Self {
        self
    }
}
#[derive(Clone, Debug)]
pub struct Auth(Arc<dyn Authorize>);
impl Auth {
    pub(crate) fn connect(self, _: &ClientBuilder<OktaError>) -> Result<Arc<dyn Authorize>> {
        Ok(self.0)
    }
}
impl From<ApiToken> for Auth {
    fn from(token: ApiToken) -> Self {
        Self(Arc::new(token.0))
    }
}
impl From<BearerToken> for Auth {
    fn from(token: BearerToken) -> Self {
        Self(Arc::new(token.0))
    }
}
impl From<ServiceApp> for Auth {
    fn from(_: ServiceApp) -> Self {
        Self(Arc::new(rest_core::Anonymous))
    }
}
