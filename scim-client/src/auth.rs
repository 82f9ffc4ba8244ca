use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use rest_core::{AuthError, Authorize, HeaderKey, SecretString, reqwest};

/// The header `Authorization: Bearer {token}`, which most products want.
#[derive(Clone, Debug)]
pub struct Bearer(HeaderKey);

/// The header `Authorization: {value}`, as typed into Okta's "HTTP Header" field.
#[derive(Clone, Debug)]
pub struct HeaderToken(HeaderKey);

/// The header `Authorization: Basic`, from a user name and a password.
#[derive(Clone, Debug)]
pub struct Basic(HeaderKey);

impl Bearer {
    /// This token.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(HeaderKey::new(AUTHORIZATION, "Bearer ", &token.into()))
    }
}

impl HeaderToken {
    /// This value, without anything before it.
    pub fn new(value: impl Into<SecretString>) -> Self {
        Self(HeaderKey::new(AUTHORIZATION, "", &value.into()))
    }
}

impl Basic {
    /// This user; a user name cannot hold a colon.
    pub fn new(user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{}:{}", user.as_ref(), password.as_ref()));
        Self(HeaderKey::new(AUTHORIZATION, "Basic ", &pair.into()))
    }
}

macro_rules! one_header {
    ($($name:ident),+) => {$(
        #[async_trait]
        impl Authorize for $name {
            async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError> {
                self.0.authorize(request).await
            }
        }
    )+};
}
one_header!(Bearer, HeaderToken, Basic);
