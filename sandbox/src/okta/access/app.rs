//! Service apps: who they are, and the one that every sandbox has.

use std::collections::HashSet;
use std::fmt;
use std::io;

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::jwt;

/// A service app as the org has registered it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) keys: Vec<Value>,
    pub(crate) scopes: HashSet<String>,
    pub(crate) dpop: bool,
}

/// The service app of a sandbox, with the private key made for it at the start.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServiceApp {
    /// Its client id.
    pub client_id: String,
    /// The id of its key.
    pub key_id: String,
    /// The private key as PEM: PKCS#8, P-256.
    pub private_key_pem: String,
    /// The private key as JSON Web Key.
    pub private_key_jwk: String,
    /// The scopes that are granted to it.
    pub scopes: Vec<String>,
}

impl fmt::Debug for ServiceApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServiceApp { client_id, key_id, scopes, .. } = self;
        f.debug_struct("ServiceApp")
            .field("client_id", client_id)
            .field("key_id", key_id)
            .field("scopes", scopes)
            .finish_non_exhaustive()
    }
}

/// Makes a key pair; the app, and its public key.
pub(crate) fn generate(client_id: &str, scopes: &[String]) -> io::Result<(ServiceApp, Value)> {
    let failed = |_| io::Error::other("no key can be made for the service app");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
    let document = pair.to_pkcs8v1().map_err(failed)?;
    let secret: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(failed)?;
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut public = json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
    let key_id = jwt::thumbprint(&public);
    public["kid"] = key_id.clone().into();
    let mut private = public.clone();
    private["d"] = encode(secret.as_ref()).into();
    let app = ServiceApp {
        client_id: client_id.to_owned(),
        key_id,
        private_key_pem: pem(document.as_ref()),
        private_key_jwk: private.to_string(),
        scopes: scopes.to_vec(),
    };
    Ok((app, public))
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem += line;
        pem.push('\n');
        rest = after;
    }
    pem + "-----END PRIVATE KEY-----\n"
}
