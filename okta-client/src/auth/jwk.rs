//! Private keys as JSON Web Keys (RFC 7517, RFC 7518 section 6).

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::EcdsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::auth::key::Pair;
use crate::auth::{Algorithm, pem};
use crate::error::{Error, Result};

/// What a JWK says.
pub(super) struct Read {
    pub(super) pair: Pair,
    /// The key's default.
    pub(super) algorithm: Algorithm,
    /// What its `alg` asks for.
    pub(super) named: Option<Algorithm>,
    pub(super) key_id: Option<String>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    keys: Option<serde::de::IgnoredAny>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Read> {
    // The parser's own words may quote the key.
    let jwk: Jwk = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::auth(format!("the JWK is not what a JWK must be, at line {line} column {column}"))
    })?;
    if jwk.keys.is_some() {
        return Err(Error::auth("this is a set of keys: give one private key out of `keys`"));
    }
    let (pair, algorithm) = match jwk.kty.as_deref() {
        Some("RSA") => pem::rsa(RsaKeyPair::from_components(&jwk.rsa()?))?,
        Some("EC") => jwk.ec()?,
        Some(kty) => {
            return Err(Error::auth(format!("the JWK's kty is `{kty}`, not RSA or EC")));
        }
        None => return Err(Error::auth("the JWK lacks `kty`: it is no key, or was cut")),
    };
    let named = jwk.alg.as_deref().map(Algorithm::named).transpose()?;
    Ok(Read { pair, algorithm, named, key_id: jwk.kid })
}

impl Jwk {
    fn rsa(&self) -> Result<KeyPairComponents<Vec<u8>>> {
        let d = private(&self.d)?;
        self.ensure_whole()?;
        Ok(KeyPairComponents {
            d,
            public_key: PublicKeyComponents {
                n: unpadded("n", &self.n)?,
                e: unpadded("e", &self.e)?,
            },
            p: bytes("p", &self.p)?,
            q: bytes("q", &self.q)?,
            dP: bytes("dp", &self.dp)?,
            dQ: bytes("dq", &self.dq)?,
            qInv: bytes("qi", &self.qi)?,
        })
    }

    /// RFC 7518 allows `n`, `e` and `d` alone, from which the primes would have to be searched for.
    fn ensure_whole(&self) -> Result<()> {
        let members = [
            ("n", &self.n),
            ("e", &self.e),
            ("p", &self.p),
            ("q", &self.q),
            ("dp", &self.dp),
            ("dq", &self.dq),
            ("qi", &self.qi),
        ];
        let missing = members.iter().filter(|(_, value)| value.is_none());
        let missing: Vec<_> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::auth(format!(
            "the JWK lacks {}: export it with all members of a private key (n, e, d, p, q, dp, dq, qi), give \
             the PEM that it was made of, or register a new key with the app",
            missing.join(", ")
        )))
    }

    fn ec(&self) -> Result<(Pair, Algorithm)> {
        let (algorithm, size) = match self.crv.as_deref() {
            Some("P-256") => (Algorithm::Es256, 32),
            Some("P-384") => (Algorithm::Es384, 48),
            Some("P-521") => (Algorithm::Es512, 66),
            other => {
                let curve = other.unwrap_or("none");
                return Err(Error::auth(format!(
                    "the JWK's crv is `{curve}`: Okta takes P-256, P-384 and P-521"
                )));
            }
        };
        let inconsistent = || {
            Error::auth("the JWK's `d`, `x` and `y` are not one key of its curve: export it again")
        };
        let fixed = |bytes: Vec<u8>| padded(&bytes, size).ok_or_else(inconsistent);
        let d = fixed(private(&self.d)?)?;
        let (x, y) = (fixed(bytes("x", &self.x)?)?, fixed(bytes("y", &self.y)?)?);
        let point = [&[0x04][..], &x, &y].concat();
        let curve = algorithm.ec().ok_or_else(inconsistent)?;
        let key = EcdsaKeyPair::from_private_key_and_public_key(curve, &d, &point);
        key.map(|key| (Pair::Ec(key), algorithm)).map_err(|_| inconsistent())
    }
}

#[derive(Serialize)]
#[serde(tag = "kty")]
enum Public {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: &'static str, x: String, y: String },
}

impl Public {
    fn json(&self) -> Result<Box<RawValue>> {
        serde_json::value::to_raw_value(self)
            .map_err(|error| Error::auth("the public key cannot be written").with_source(error))
    }
}

/// `point`: uncompressed, `04 x y`.
pub(super) fn public_ec(point: &[u8], algorithm: Algorithm) -> Result<Box<RawValue>> {
    let crv = match algorithm {
        Algorithm::Es384 => "P-384",
        Algorithm::Es512 => "P-521",
        _ => "P-256",
    };
    let (x, y) = point[point.len() % 2..].split_at(point.len() / 2);
    Public::Ec { crv, x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) }.json()
}

/// `der`: `RSAPublicKey`, a sequence of modulus and exponent.
pub(super) fn public_rsa(der: &[u8]) -> Result<Box<RawValue>> {
    let read = || {
        let (sequence, _) = der_item(der)?;
        let (n, rest) = der_item(sequence)?;
        Some((n, der_item(rest)?.0))
    };
    let (n, e) = read().ok_or_else(|| Error::auth("the RSA key's public half cannot be read"))?;
    let integer = |bytes: &[u8]| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        URL_SAFE_NO_PAD.encode(&bytes[zeros..])
    };
    Public::Rsa { n: integer(n), e: integer(e) }.json()
}

/// The content of the first item, and what follows it.
fn der_item(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..0x80 => (usize::from(*first), rest),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    rest.split_at_checked(length)
}

fn private(d: &Option<String>) -> Result<Vec<u8>> {
    if d.is_none() {
        return Err(Error::auth(
            "this JWK is a public key: the service app signs with the private key, which has a `d`",
        ));
    }
    bytes("d", d)
}

fn bytes(name: &str, value: &Option<String>) -> Result<Vec<u8>> {
    let text = value.as_deref().ok_or_else(|| {
        Error::auth(format!("the JWK lacks `{name}`: export it with all members of a private key"))
    })?;
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Error::auth(format!("the JWK's `{name}` is not base64url: copy it again")))
}

/// Without leading zeros, which some writers add.
fn unpadded(name: &str, value: &Option<String>) -> Result<Vec<u8>> {
    let bytes = bytes(name, value)?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// With the leading zeros that some writers leave out.
fn padded(bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    let missing = size.checked_sub(bytes.len())?;
    Some([&vec![0; missing][..], bytes].concat())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{self, KeyPair, UnparsedPublicKey};
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::SigningKey;

    fn encoded(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The integers of a PKCS#1 key, as DER has them.
    fn integers(mut der: &[u8]) -> Vec<&[u8]> {
        let mut found = Vec::new();
        while let [0x02, rest @ ..] = der {
            let (length, rest) = match rest {
                [0x82, high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
                [0x81, length, rest @ ..] => (usize::from(*length), rest),
                [length, rest @ ..] => (usize::from(*length), rest),
                [] => panic!("cut"),
            };
            let (integer, rest) = rest.split_at(length);
            found.push(integer);
            der = rest;
        }
        found
    }

    fn rsa() -> (RsaKeyPair, Value) {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der = pair.as_der().unwrap();
        let parts = integers(&der.as_ref()[30..]);
        let mut jwk = json!({"kty": "RSA", "use": "sig", "kid": "k1"});
        for (name, part) in ["n", "e", "d", "p", "q", "dp", "dq", "qi"].iter().zip(&parts[1..]) {
            jwk[*name] = encoded(part).into();
        }
        (pair, jwk)
    }

    fn ec(algorithm: Algorithm, crv: &str) -> (EcdsaKeyPair, Value) {
        let pair = EcdsaKeyPair::generate(algorithm.ec().unwrap()).unwrap();
        let d: EcPrivateKeyBin = pair.private_key().as_be_bytes().unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = json!({"kty": "EC", "crv": crv, "d": encoded(d.as_ref()), "x": encoded(x), "y": encoded(y)});
        (pair, jwk)
    }

    fn refused(jwk: &Value) -> String {
        SigningKey::parse(&jwk.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn rsa_takes_over_kid_and_alg() {
        let (pair, mut jwk) = rsa();
        let key = SigningKey::parse(&jwk.to_string()).unwrap();
        assert_eq!(key.header(), (Algorithm::Rs256, Some("k1")));
        let public =
            UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        public.verify(b"message", &key.sign(b"message").unwrap()).unwrap();

        jwk["alg"] = "RS512".into();
        let key = SigningKey::parse(&jwk.to_string()).unwrap();
        assert_eq!(key.header(), (Algorithm::Rs512, Some("k1")));
        jwk["alg"] = "PS256".into();
        assert!(refused(&jwk).contains("cannot sign with `PS256`"));
        jwk["alg"] = "ES256".into();
        assert!(refused(&jwk).contains("an RSA key cannot sign ES256"));
    }

    #[test]
    fn rsa_that_is_not_whole_is_refused() {
        let (_, jwk) = rsa();
        for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            let mut cut = jwk.clone();
            cut.as_object_mut().unwrap().remove(name);
            let expected =
                if name == "d" { "this JWK is a public key" } else { &format!("lacks `{name}`") };
            assert!(refused(&cut).contains(expected), "{}", refused(&cut));
            cut[name] = "!".into();
            assert!(refused(&cut).contains(&format!("`{name}` is not base64url")));
        }
        let mut mixed = jwk.clone();
        mixed["p"] = rsa().1["p"].clone();
        assert!(refused(&mixed).contains("the RSA key cannot be read"));
    }

    #[test]
    fn what_an_rsa_key_lacks_is_named_in_one_line() {
        let (_, mut jwk) = rsa();
        for name in ["p", "q", "dp", "dq", "qi"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        let error = refused(&jwk);
        assert!(error.contains("lacks `p`, `q`, `dp`, `dq`, `qi`: export it with"), "{error}");
        assert!(error.contains("give the PEM") && !error.contains('\n'), "{error}");
        assert!(!error.contains(jwk["d"].as_str().unwrap()), "{error}");
    }

    #[test]
    fn an_ec_key_without_its_leading_zeros_and_kid_is_read() {
        // One key in 256 has a `d` that starts with a zero.
        let (pair, mut jwk) = std::iter::repeat_with(|| ec(Algorithm::Es256, "P-256"))
            .find(|(_, jwk)| {
                jwk["d"].as_str().is_some_and(|d| URL_SAFE_NO_PAD.decode(d).unwrap()[0] == 0)
            })
            .unwrap();
        let d = URL_SAFE_NO_PAD.decode(jwk["d"].as_str().unwrap()).unwrap();
        jwk["d"] = encoded(&d[1..]).into();
        let key = SigningKey::parse(&format!("\u{feff}\r\n{jwk}")).unwrap();
        assert_eq!(key.header(), (Algorithm::Es256, None));
        let public = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, pair.public_key());
        public.verify(b"message", &key.sign(b"message").unwrap()).unwrap();
        jwk["alg"] = "RS256".into();
        assert_eq!(refused(&jwk), "this EC key signs ES256, not RS256");
    }

    #[test]
    fn ec_of_every_curve() {
        for (algorithm, crv, check) in [
            (Algorithm::Es256, "P-256", &signature::ECDSA_P256_SHA256_FIXED),
            (Algorithm::Es384, "P-384", &signature::ECDSA_P384_SHA384_FIXED),
            (Algorithm::Es512, "P-521", &signature::ECDSA_P521_SHA512_FIXED),
        ] {
            let (pair, jwk) = ec(algorithm, crv);
            let key = SigningKey::from_jwk(&jwk.to_string()).unwrap();
            assert_eq!(key.header(), (algorithm, None));
            let public = UnparsedPublicKey::new(check, pair.public_key());
            public.verify(b"message", &key.sign(b"message").unwrap()).unwrap();

            let mut mixed = jwk.clone();
            mixed["x"] = ec(algorithm, crv).1["x"].clone();
            assert!(refused(&mixed).contains("are not one key"));
            mixed["x"] = encoded(&[1; 67]).into();
            assert!(refused(&mixed).contains("are not one key"));
        }
    }

    #[test]
    fn leading_zeros_may_be_left_out() {
        assert_eq!(padded(&[1], 2), Some(vec![0, 1]));
        assert_eq!(padded(&[1, 2], 2), Some(vec![1, 2]));
        assert_eq!(padded(&[1, 2, 3], 2), None);
        assert_eq!(unpadded("n", &Some(encoded(&[0, 0, 7]))).unwrap(), [7]);
    }

    #[test]
    fn what_is_no_usable_private_key_is_named() {
        let (_, mut curve) = ec(Algorithm::Es256, "P-256");
        curve["crv"] = "secp256k1".into();
        let number = json!({"kty": "RSA", "d": 1234567});
        for (jwk, part) in [
            (json!({}), "lacks `kty`"),
            (json!({"kty": "oct", "k": "c2VjcmV0"}), "kty is `oct`, not RSA or EC"),
            (json!({"keys": [{"kty": "RSA"}]}), "give one private key out of `keys`"),
            (json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), "is a public key"),
            (curve, "crv is `secp256k1`: Okta takes P-256"),
            (number, "at line 1 column"),
        ] {
            let error = refused(&jwk);
            assert!(error.contains(part), "{error}");
            assert!(!error.contains("1234567"), "{error}");
        }
        let cut = SigningKey::parse(r#"{"kty":"RSA","d":"hush"#).unwrap_err().to_string();
        assert!(cut.contains("at line 1") && !cut.contains("hush"), "{cut}");
    }
}
