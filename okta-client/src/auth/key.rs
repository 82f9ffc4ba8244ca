//! The private key a service app proves itself with.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RsaEncoding,
};
use rest_core::AuthError;
use serde_json::value::RawValue;

use crate::auth::{jwk, pem};
use crate::error::{Error, Result};

/// How a service app signs. `Rs…` needs an RSA key; `Es…` belongs to one curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA with SHA-256, the default for RSA keys.
    Rs256,
    /// RSA with SHA-384.
    Rs384,
    /// RSA with SHA-512.
    Rs512,
    /// P-256 with SHA-256.
    Es256,
    /// P-384 with SHA-384.
    Es384,
    /// P-521 with SHA-512.
    Es512,
}

impl Algorithm {
    /// The name that JSON Web Tokens use, such as `RS256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self> {
        [
            Self::Rs256,
            Self::Rs384,
            Self::Rs512,
            Self::Es256,
            Self::Es384,
            Self::Es512,
        ]
        .into_iter()
        .find(|algorithm| algorithm.name() == name)
        .ok_or_else(|| {
            Error::auth(format!(
                "a service app cannot sign with `{name}`: Okta takes RS256, RS384, RS512, ES256, \
                     ES384 and ES512"
            ))
        })
    }

    fn rsa(self) -> Option<&'static dyn RsaEncoding> {
        match self {
            Self::Rs256 => Some(&signature::RSA_PKCS1_SHA256),
            Self::Rs384 => Some(&signature::RSA_PKCS1_SHA384),
            Self::Rs512 => Some(&signature::RSA_PKCS1_SHA512),
            Self::Es256 | Self::Es384 | Self::Es512 => None,
        }
    }

    pub(super) fn ec(self) -> Option<&'static EcdsaSigningAlgorithm> {
        match self {
            Self::Es256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Self::Es384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Self::Es512 => Some(&ECDSA_P521_SHA512_FIXED_SIGNING),
            Self::Rs256 | Self::Rs384 | Self::Rs512 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A private key whose public half is registered with the service app.
///
/// ```no_run
/// use okta_client::{Algorithm, SigningKey};
///
/// # fn run(pem: &str) -> okta_client::Result<()> {
/// let key = SigningKey::from_pem(pem)?.key_id("kid-shown-in-the-console");
/// let strict = key.algorithm(Algorithm::Rs512)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    algorithm: Algorithm,
    key_id: Option<String>,
}

pub(super) enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl SigningKey {
    /// Reads a PEM file's text: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC 1
    /// (`EC PRIVATE KEY`); RSA of 2048 to 8192 bits, P-256, P-384 or P-521. A line break may be
    /// written as `\n`, as in environment variables.
    ///
    /// # Errors
    /// Says what it is instead: encrypted, a public key, a certificate, too short, another curve.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let (pair, algorithm) = pem::read(pem)?;
        Ok(Self::new(pair, algorithm))
    }

    /// Reads one private key as JSON Web Key, RSA or EC, as the admin console shows it; its `kid` and
    /// `alg` are taken over.
    ///
    /// # Errors
    /// Says what is missing or wrong.
    pub fn from_jwk(jwk: &str) -> Result<Self> {
        let jwk::Read { pair, algorithm, named, key_id } = jwk::read(jwk)?;
        let key = Self { key_id, ..Self::new(pair, algorithm) };
        match named {
            Some(algorithm) => key.algorithm(algorithm),
            None => Ok(key),
        }
    }

    /// Reads a JWK if the text starts with `{`, else PEM.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk) and [`from_pem`](Self::from_pem).
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') { Self::from_jwk(text) } else { Self::from_pem(text) }
    }

    /// A new P-256 key.
    pub(super) fn generate() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|error| Error::auth("no key can be made").with_source(error))?;
        Ok(Self::new(Pair::Ec(pair), Algorithm::Es256))
    }

    /// The public half as JWK, as short as it can be.
    pub(super) fn public_jwk(&self) -> Result<Box<RawValue>> {
        match &*self.pair {
            Pair::Rsa(key) => jwk::public_rsa(key.public_key().as_ref()),
            Pair::Ec(key) => jwk::public_ec(key.public_key().as_ref(), self.algorithm),
        }
    }

    fn new(pair: Pair, algorithm: Algorithm) -> Self {
        Self { pair: Arc::new(pair), algorithm, key_id: None }
    }

    /// Names the key (`kid`): needed when several keys are registered with the app.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// Signs with another algorithm than the key's default.
    ///
    /// # Errors
    /// When the key is not of that kind.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Result<Self> {
        let fits = match &*self.pair {
            Pair::Rsa(_) => algorithm.rsa().is_some(),
            Pair::Ec(_) => algorithm == self.algorithm,
        };
        if !fits {
            let message = match &*self.pair {
                Pair::Rsa(_) => {
                    format!("an RSA key cannot sign {algorithm}: use RS256, RS384 or RS512")
                }
                Pair::Ec(_) => format!("this EC key signs {}, not {algorithm}", self.algorithm),
            };
            return Err(Error::auth(message));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    pub(super) fn header(&self) -> (Algorithm, Option<&str>) {
        (self.algorithm, self.key_id.as_deref())
    }

    pub(super) fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, AuthError> {
        let signed = match (&*self.pair, self.algorithm.rsa()) {
            (Pair::Rsa(key), Some(encoding)) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map(|()| signature)
            }
            (Pair::Ec(key), _) => {
                key.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec())
            }
            (Pair::Rsa(_), None) => Err(aws_lc_rs::error::Unspecified),
        };
        signed.map_err(|error| AuthError::caused("the private key failed to sign", error))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
