//! Proof of possession (DPoP, RFC 9449): every request shows that it comes from who asked for the token.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use rest_core::{AuthError, reqwest};
use serde::Serialize;
use serde_json::value::RawValue;
use url::Url;

use crate::auth::nonce::{Nonces, PROOF};
use crate::auth::{ServiceApp, SigningKey, jwt};
use crate::error::{Error, Result};

/// Makes proofs, with a key that is not the app's own.
pub(super) struct Prover {
    key: SigningKey,
    /// Every proof's first part: it holds the public key.
    header: String,
    pub(super) token_endpoint: Nonces,
    pub(super) api: Nonces,
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    jwk: &'a RawValue,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
}

/// What a proof says of the access token it goes with.
pub(super) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

impl Prover {
    pub(super) fn new(app: &ServiceApp) -> Result<Self> {
        let key = match app.dpop_key() {
            Some(key) => key.clone(),
            None => SigningKey::generate()?,
        };
        let jwk = key.public_jwk()?;
        if jwk.get() == app.key().public_jwk()?.get() {
            return Err(Error::auth(
                "the DPoP key is the app's own key: give another, or none to have one made",
            ));
        }
        let header = Header { typ: "dpop+jwt", alg: key.header().0.name(), jwk: &jwk };
        let header = jwt::part(&header).map_err(|error| Error::auth(error.to_string()))?;
        Ok(Self { key, header, token_endpoint: Nonces::default(), api: Nonces::default() })
    }

    pub(super) fn to_the_token_endpoint(
        &self,
        request: &mut reqwest::Request,
        now: i64,
    ) -> std::result::Result<(), AuthError> {
        self.prove(request, now, None, &self.token_endpoint)
    }

    /// `hash`: of the access token that goes with it.
    pub(super) fn to_the_api(
        &self,
        request: &mut reqwest::Request,
        now: i64,
        hash: &str,
    ) -> std::result::Result<(), AuthError> {
        self.prove(request, now, Some(hash), &self.api)
    }

    fn prove(
        &self,
        request: &mut reqwest::Request,
        iat: i64,
        ath: Option<&str>,
        nonces: &Nonces,
    ) -> std::result::Result<(), AuthError> {
        let (htm, htu) = (request.method().as_str(), &bare(request.url()));
        let (jti, nonce) = (&jwt::unique()?, nonces.take());
        let claims = Claims { jti, htm, htu, iat, ath, nonce };
        let proof = jwt::sign(&self.key, &self.header, &claims)?;
        let mut proof = HeaderValue::try_from(proof)
            .map_err(|error| AuthError::caused("the DPoP proof fits into no header", error))?;
        proof.set_sensitive(true);
        request.headers_mut().insert(PROOF, proof);
        Ok(())
    }
}

/// Without query and fragment.
fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}
