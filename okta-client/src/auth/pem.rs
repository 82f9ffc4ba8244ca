//! Private keys in PEM.

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::EcdsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::auth::Algorithm;
use crate::auth::key::Pair;
use crate::error::{Error, Result};

// Object identifiers as DER writes them.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// Where in PKCS#8 the identifier of the algorithm is found at the latest.
const ALGORITHM_ENDS: usize = 32;

const BROKEN: &str =
    "the private key is not complete PEM: copy it again, with its BEGIN and END lines";

/// The key, and the algorithm it signs with unless told otherwise.
pub(super) fn read(text: &str) -> Result<(Pair, Algorithm)> {
    // Escaped line breaks come from environment variables and .env files.
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let (label, body) = private_block(&text)?;
    if body.contains("ENCRYPTED") {
        return Err(encrypted());
    }
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| Error::auth(BROKEN))?;
    match label {
        "RSA PRIVATE KEY" => rsa(RsaKeyPair::from_der(&der)),
        "EC PRIVATE KEY" => ec(&der),
        _ => pkcs8(&der),
    }
}

/// The label and text of the first block that holds a private key; others, such as `EC PARAMETERS`
/// or a certificate, may surround it.
fn private_block(text: &str) -> Result<(&str, &str)> {
    let mut first_other = None;
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, begun) = begun.split_once("-----").ok_or_else(|| Error::auth(BROKEN))?;
        let (body, after) = begun.split_once("-----END ").ok_or_else(|| Error::auth(BROKEN))?;
        match label {
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => return Ok((label, body)),
            _ => first_other = first_other.or(Some(label)),
        }
        rest = after;
    }
    Err(not_private(first_other))
}

fn not_private(label: Option<&str>) -> Error {
    Error::auth(match label {
        None => "the private key is neither PEM (-----BEGIN PRIVATE KEY-----) nor a JWK".to_owned(),
        Some("ENCRYPTED PRIVATE KEY") => return encrypted(),
        Some("OPENSSH PRIVATE KEY") => {
            "this is an OpenSSH key: convert it with `ssh-keygen -p -m PKCS8 -f FILE`".to_owned()
        }
        Some(label) if label.contains("PUBLIC KEY") => {
            "this is a public key: the service app signs with the private key that belongs to it"
                .to_owned()
        }
        Some(label) if label.contains("CERTIFICATE") => {
            "this is a certificate: the service app signs with the private key that belongs to it"
                .to_owned()
        }
        Some(label) => format!("this PEM holds `{label}`, not an RSA or EC private key"),
    })
}

fn encrypted() -> Error {
    Error::auth(
        "the private key is encrypted: decrypt it first, `openssl pkey -in KEY.pem -out PLAIN.pem`",
    )
}

fn pkcs8(der: &[u8]) -> Result<(Pair, Algorithm)> {
    let start = &der[..der.len().min(ALGORITHM_ENDS)];
    let names = |identifier: &[u8]| start.windows(identifier.len()).any(|part| part == identifier);
    if names(RSA) {
        rsa(RsaKeyPair::from_pkcs8(der))
    } else if names(EC) {
        ec(der)
    } else {
        Err(Error::auth(
            "the private key is neither RSA nor EC (Okta takes no Ed25519 and no RSA-PSS keys)",
        ))
    }
}

pub(super) fn rsa(read: std::result::Result<RsaKeyPair, KeyRejected>) -> Result<(Pair, Algorithm)> {
    let rejected = |error: KeyRejected| {
        Error::auth(match error.description_() {
            "TooSmall" => {
                "the RSA key has fewer than 2048 bits: make a new one, `openssl genpkey -algorithm RSA \
                 -pkeyopt rsa_keygen_bits:2048`"
            }
            "TooLarge" => "the RSA key has more than 8192 bits: make a shorter one",
            _ => "the RSA key cannot be read: it is damaged or cut; export it again",
        })
    };
    read.map(|key| (Pair::Rsa(key), Algorithm::Rs256)).map_err(rejected)
}

fn ec(der: &[u8]) -> Result<(Pair, Algorithm)> {
    [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512]
        .into_iter()
        .find_map(|algorithm| {
            let key = EcdsaKeyPair::from_private_key_der(algorithm.ec()?, der).ok()?;
            Some((Pair::Ec(key), algorithm))
        })
        .ok_or_else(|| {
            Error::auth(
                "the EC key cannot be read, or its curve is not P-256, P-384 or P-521: make a new one, \
                 `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`",
            )
        })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        self, ECDSA_P256K1_SHA256_FIXED_SIGNING, Ed25519KeyPair, KeyPair, UnparsedPublicKey,
    };

    use super::*;
    use crate::auth::SigningKey;

    /// 1024 bits, made for this test and used nowhere else.
    const SHORT: &str = include_str!("rsa_1024.test.pem");

    fn armor(label: &str, der: &[u8]) -> String {
        let body = STANDARD.encode(der);
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|c| str::from_utf8(c).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    fn refused(pem: &str) -> String {
        SigningKey::parse(pem).unwrap_err().to_string()
    }

    #[test]
    fn rsa_in_both_forms_signs_with_every_hash() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8: Pkcs8V1Der = pair.as_der().unwrap();
        let pkcs8 = pkcs8.as_ref();
        // What PKCS#8 wraps around the PKCS#1 key: version, algorithm, and three headers.
        let pkcs1 = &pkcs8[26..];
        for pem in [armor("PRIVATE KEY", pkcs8), armor("RSA PRIVATE KEY", pkcs1)] {
            let key = SigningKey::from_pem(&pem).unwrap();
            assert_eq!(key.header(), (Algorithm::Rs256, None));
            for (algorithm, check) in [
                (Algorithm::Rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
                (Algorithm::Rs384, &signature::RSA_PKCS1_2048_8192_SHA384),
                (Algorithm::Rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
            ] {
                let key = key.clone().algorithm(algorithm).unwrap().key_id("k1");
                assert_eq!(key.header(), (algorithm, Some("k1")));
                let public = UnparsedPublicKey::new(check, pair.public_key());
                public.verify(b"message", &key.sign(b"message").unwrap()).unwrap();
            }
            let error = key.algorithm(Algorithm::Es256).unwrap_err().to_string();
            assert_eq!(error, "an RSA key cannot sign ES256: use RS256, RS384 or RS512");
        }
    }

    #[test]
    fn ec_in_both_forms_signs_by_its_curve() {
        for (algorithm, check) in [
            (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED),
            (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED),
            (Algorithm::Es512, &signature::ECDSA_P521_SHA512_FIXED),
        ] {
            let pair = EcdsaKeyPair::generate(algorithm.ec().unwrap()).unwrap();
            let sec1: EcPrivateKeyRfc5915Der = pair.private_key().as_der().unwrap();
            let pkcs8 = pair.to_pkcs8v1().unwrap();
            for pem in
                [armor("PRIVATE KEY", pkcs8.as_ref()), armor("EC PRIVATE KEY", sec1.as_ref())]
            {
                let key = SigningKey::from_pem(&pem).unwrap();
                assert_eq!(key.header(), (algorithm, None));
                let public = UnparsedPublicKey::new(check, pair.public_key());
                public.verify(b"message", &key.sign(b"message").unwrap()).unwrap();
                assert!(key.clone().algorithm(algorithm).is_ok());
                let error = key.algorithm(Algorithm::Rs256).unwrap_err().to_string();
                assert_eq!(error, format!("this EC key signs {algorithm}, not RS256"));
            }
        }
    }

    #[test]
    fn pem_may_come_from_an_environment_variable_or_among_other_blocks() {
        let pair = EcdsaKeyPair::generate(Algorithm::Es256.ec().unwrap()).unwrap();
        let pem = armor("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        for text in [
            pem.replace('\n', "\\n"),
            pem.replace('\n', "\\r\\n"),
            pem.replace('\n', " "),
            pem.replace('\n', "\r\n"),
            pem.trim_end().to_owned(),
            format!("\u{feff}Key of the app, made on Monday:\n\n{pem}"),
            format!("\"{}\"", pem.replace('\n', "\\n")),
            format!("Bag Attributes\n{}{pem}", armor("EC PARAMETERS", &[6, 0])),
            format!("{}{pem}", armor("CERTIFICATE", &[1])),
        ] {
            SigningKey::parse(&text).unwrap();
        }
    }

    #[test]
    fn what_is_no_usable_private_key_is_named() {
        let block = |label| armor(label, &[1, 2, 3]);
        let legacy = block("RSA PRIVATE KEY").replace("AQID", "Proc-Type: 4,ENCRYPTED\n\nAQID");
        let ed25519 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let koblitz = EcdsaKeyPair::generate(&ECDSA_P256K1_SHA256_FIXED_SIGNING).unwrap();
        for (text, part) in [
            (String::new(), "neither PEM"),
            ("00Ab-token".into(), "neither PEM"),
            (block("PUBLIC KEY"), "this is a public key"),
            (block("RSA PUBLIC KEY"), "this is a public key"),
            (block("CERTIFICATE"), "this is a certificate"),
            (block("ENCRYPTED PRIVATE KEY"), "is encrypted: decrypt it first"),
            (legacy, "is encrypted: decrypt it first"),
            (block("OPENSSH PRIVATE KEY"), "ssh-keygen -p -m PKCS8"),
            (block("DSA PRIVATE KEY"), "`DSA PRIVATE KEY`, not an RSA or EC"),
            ("-----BEGIN PRIVATE KEY-----\nAQID".into(), "copy it again"),
            (block("PRIVATE KEY").replace("AQID", "A?ID"), "copy it again"),
            (block("PRIVATE KEY"), "neither RSA nor EC"),
            (block("RSA PRIVATE KEY"), "the RSA key cannot be read"),
            (block("EC PRIVATE KEY"), "the EC key cannot be read"),
            (SHORT.into(), "fewer than 2048 bits"),
            (armor("PRIVATE KEY", ed25519.as_ref()), "no Ed25519"),
            (armor("PRIVATE KEY", koblitz.to_pkcs8v1().unwrap().as_ref()), "P-256, P-384 or P-521"),
        ] {
            let error = refused(&text);
            assert!(error.contains(part), "{error}");
            assert!(!error.contains('\n') && !error.contains("AQID"), "{error}");
        }
    }
}
