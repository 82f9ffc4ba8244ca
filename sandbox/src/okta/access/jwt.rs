//! Signed tokens in their compact form, checked with a public key given as JWK.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A token taken apart; the signature is not checked yet.
#[derive(Debug)]
pub(crate) struct Jwt<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header: part(header)?, claims: part(claims)?, signed, signature })
    }

    pub(crate) fn text<'v>(part: &'v Value, name: &str) -> &'v str {
        part[name].as_str().unwrap_or_default()
    }

    /// Whether the signature is that of the key, by the algorithm that the header names.
    pub(crate) fn is_signed_by(&self, jwk: &Value) -> bool {
        let algorithm = Self::text(&self.header, "alg");
        match jwk["kty"].as_str() {
            Some("RSA") => self.is_signed_by_rsa(jwk, algorithm),
            Some("EC") => self.is_signed_by_ec(jwk, algorithm),
            _ => false,
        }
    }

    fn is_signed_by_rsa(&self, jwk: &Value, algorithm: &str) -> bool {
        let Some(parameters) = rsa(algorithm) else {
            return false;
        };
        let (Some(n), Some(e)) = (bytes(jwk, "n"), bytes(jwk, "e")) else {
            return false;
        };
        let key = RsaPublicKeyComponents { n, e };
        key.verify(parameters, self.signed.as_bytes(), &self.signature).is_ok()
    }

    fn is_signed_by_ec(&self, jwk: &Value, algorithm: &str) -> bool {
        let Some(parameters) = ec(algorithm, jwk["crv"].as_str().unwrap_or_default()) else {
            return false;
        };
        let (Some(x), Some(y)) = (bytes(jwk, "x"), bytes(jwk, "y")) else {
            return false;
        };
        let point = [&[0x04][..], &x, &y].concat();
        let key = UnparsedPublicKey::new(parameters, point);
        key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    match algorithm {
        "RS256" => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

fn ec(algorithm: &str, curve: &str) -> Option<&'static EcdsaVerificationAlgorithm> {
    match (algorithm, curve) {
        ("ES256", "P-256") => Some(&signature::ECDSA_P256_SHA256_FIXED),
        ("ES384", "P-384") => Some(&signature::ECDSA_P384_SHA384_FIXED),
        ("ES512", "P-521") => Some(&signature::ECDSA_P521_SHA512_FIXED),
        _ => None,
    }
}

fn bytes(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok()
}

/// What names a key whatever else its JWK says (RFC 7638).
pub(crate) fn thumbprint(jwk: &Value) -> String {
    let members = match jwk["kty"].as_str() {
        Some("EC") => &["crv", "kty", "x", "y"][..],
        _ => &["e", "kty", "n"][..],
    };
    let members = members.iter().map(|name| format!("{}:{}", json!(name), jwk[*name]));
    let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 7638, section 3.1.
    #[test]
    fn a_thumbprint_ignores_what_does_not_make_the_key() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
        assert_eq!(thumbprint(&jwk), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn what_is_no_token_is_none() {
        for text in ["", "a.b", "a.b.c", "e30.e30.!"] {
            assert!(Jwt::read(text).is_none(), "{text}");
        }
        assert!(Jwt::read("e30.e30.").is_some());
    }
}
