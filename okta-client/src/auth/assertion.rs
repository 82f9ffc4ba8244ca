//! The token request's own credential: a JSON Web Token signed with the app's key (RFC 7523).

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use jiff::Timestamp;
use rest_core::{AuthError, Authorize, reqwest};
use serde::Serialize;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::auth::ServiceApp;

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds an assertion is good for; Okta takes an hour at most. It is made just before it is sent,
/// so this is only the room for clocks that differ.
const LIFETIME: i64 = 300;

/// Writes the form with a fresh assertion onto every attempt: each request uses its `jti` up, also one
/// that is refused.
pub(super) struct ClientAssertion(pub(super) ServiceApp);

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

#[async_trait]
impl Authorize for ClientAssertion {
    async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError> {
        let assertion = self.sign(request.url(), Timestamp::now().as_second())?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &self.0.scope())
            .append_pair("client_assertion_type", KIND)
            .append_pair("client_assertion", &assertion)
            .finish();
        *request.body_mut() = Some(form.into());
        // It was reckoned without this body.
        request.headers_mut().remove(CONTENT_LENGTH);
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form_type);
        Ok(())
    }
}

impl ClientAssertion {
    fn sign(&self, audience: &Url, now: i64) -> Result<String, AuthError> {
        let Self(app) = self;
        let (algorithm, kid) = app.key().header();
        let header = Header { alg: algorithm.name(), typ: "JWT", kid };
        let id = app.client_id();
        let (iat, exp, jti) = (now, now + LIFETIME, &unique()?);
        let claims = Claims { iss: id, sub: id, aud: audience.as_str(), iat, exp, jti };
        let mut token = format!("{}.{}", part(&header)?, part(&claims)?);
        let signature = app.key().sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

fn part(value: &impl Serialize) -> Result<String, AuthError> {
    let json = serde_json::to_vec(value)
        .map_err(|error| AuthError::caused("the client assertion cannot be written", error))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn unique() -> Result<String, AuthError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes)
        .map_err(|error| AuthError::caused("the system gives no random numbers", error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
