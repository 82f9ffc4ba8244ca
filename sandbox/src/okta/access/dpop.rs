//! Proofs of possession (RFC 9449) and the nonces that they may have to carry.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method};

use super::jwt::{Jwt, thumbprint};
use super::{header, ids};

/// Seconds by which a proof's `iat` may differ from our clock.
const CLOCK_MAY_DIFFER: i64 = 300;

/// When the nonces of DPoP proofs change, and whether the API asks for them too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nonces {
    /// As at Okta: the token endpoint asks for one, which stays good for as long as the sandbox runs.
    #[default]
    Lasting,
    /// Every answer of the token endpoint brings a new one, and only the newest is accepted.
    NewWithEachToken,
    /// Every answer of the token endpoint and of the API brings a new one, which both ask for; only
    /// the newest is accepted.
    NewWithEachAnswer,
}

#[derive(Debug)]
pub(crate) struct NonceState {
    mode: Nonces,
    current: String,
}

impl NonceState {
    pub(crate) fn new(mode: Nonces) -> Self {
        Self { mode, current: ids::random_text(32) }
    }

    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    pub(crate) fn of_token_answer(&mut self) -> String {
        if self.mode != Nonces::Lasting {
            self.current = ids::random_text(32);
        }
        self.current.clone()
    }

    pub(crate) fn of_api_answer(&mut self) -> Option<String> {
        (self.mode == Nonces::NewWithEachAnswer).then(|| self.of_token_answer())
    }

    pub(crate) fn fits(&self, nonce: Option<&str>) -> bool {
        nonce == Some(&self.current)
    }

    pub(crate) fn fits_api(&self, nonce: Option<&str>) -> bool {
        self.mode != Nonces::NewWithEachAnswer || self.fits(nonce)
    }
}

/// The request that a proof has to be made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    /// Without query and fragment.
    pub(crate) url: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// What a proof says, its signature checked.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) jti: String,
    pub(crate) ath: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) thumbprint: String,
}

impl Asked<'_> {
    pub(crate) fn has_proof(&self) -> bool {
        self.headers.contains_key("dpop")
    }

    /// The request's proof; the error says what is wrong with it.
    pub(crate) fn proof(&self, now: i64) -> Result<Proof, String> {
        let Some(text) = header(self.headers, "dpop") else {
            return Err("The DPoP proof JWT header is missing.".to_owned());
        };
        let jwt = Jwt::read(text).ok_or("The DPoP proof is not a signed JWT.")?;
        let (header, claims) = (&jwt.header, &jwt.claims);
        let jwk = &header["jwk"];
        require(Jwt::text(header, "typ") == "dpop+jwt", "typ must be dpop+jwt")?;
        require(jwk.is_object(), "jwk is missing")?;
        require(jwk.get("d").is_none(), "jwk must be a public key")?;
        require(jwt.is_signed_by(jwk), "the signature is not that of jwk")?;
        require(Jwt::text(claims, "htm") == self.method.as_str(), "htm must be the method")?;
        require(Jwt::text(claims, "htu") == self.url, "htu must be the URL without its query")?;
        let iat = claims["iat"].as_i64().ok_or("The DPoP proof has no iat.")?;
        require((iat - now).abs() <= CLOCK_MAY_DIFFER, "iat is too far from now")?;
        require(!Jwt::text(claims, "jti").is_empty(), "jti is missing")?;
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        Ok(Proof {
            jti: Jwt::text(claims, "jti").to_owned(),
            ath: text("ath"),
            nonce: text("nonce"),
            thumbprint: thumbprint(jwk),
        })
    }
}

fn require(holds: bool, problem: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("The DPoP proof is invalid: {problem}.")) }
}

/// What a proof says of the access token it goes with.
pub(crate) fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}
