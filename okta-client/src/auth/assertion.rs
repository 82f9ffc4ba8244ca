//! The token request's own credential: a JSON Web Token signed with the app's key (RFC 7523), and the
//! proof of the key that the token is to be bound to.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use rest_core::{AuthError, Authorize, reqwest};
use serde::Serialize;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::auth::jwt;
use crate::auth::session::Session;

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds an assertion is good for; Okta takes an hour at most. It is made just before it is sent,
/// so this is only the room for clocks that differ.
const LIFETIME: i64 = 300;

/// Writes the form with a fresh assertion onto every attempt: each request uses its `jti` up, also one
/// that is refused.
pub(super) struct ClientAssertion(pub(super) Arc<Session>);

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
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &self.0.app.scope())
            .append_pair("client_assertion_type", KIND)
            .append_pair("client_assertion", &self.sign(request.url())?)
            .finish();
        *request.body_mut() = Some(form.into());
        // It was reckoned without this body.
        request.headers_mut().remove(CONTENT_LENGTH);
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form_type);
        match self.0.is_bound() {
            true => self.0.prover.to_the_token_endpoint(request, self.0.clock.now()),
            false => Ok(()),
        }
    }

    fn answered(&self, sent: &HeaderMap, answer: &HeaderMap) {
        self.0.clock.hear(answer);
        self.0.prover.token_endpoint.answered(sent, answer);
    }

    fn proves_again(&self, sent: &HeaderMap, refused: &HeaderMap, asked: bool) -> bool {
        self.0.prover.token_endpoint.refused(sent, refused, asked)
    }
}

impl ClientAssertion {
    fn sign(&self, audience: &Url) -> Result<String, AuthError> {
        let app = &self.0.app;
        let (algorithm, kid) = app.key().header();
        let header = Header { alg: algorithm.name(), typ: "JWT", kid };
        let (id, iat, jti) = (app.client_id(), self.0.clock.now(), &jwt::unique()?);
        let (aud, exp) = (audience.as_str(), iat + LIFETIME);
        let claims = Claims { iss: id, sub: id, aud, iat, exp, jti };
        jwt::sign(app.key(), &jwt::part(&header)?, &claims)
    }
}

impl fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.app.fmt(f)
    }
}
