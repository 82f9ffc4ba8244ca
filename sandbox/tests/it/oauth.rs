//! The token endpoint and what its tokens are good for, seen by the client that is made for it.

use std::collections::HashMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::TryStreamExt;
use okta_client::{Okta, ServiceApp, SigningKey};
use sandbox::{Nonces, OAuthOptions, Sandbox};
use serde_json::{Value, json};

use crate::support::{Answer, Org};

fn client(sandbox: &Sandbox, scopes: &[&str]) -> Okta {
    let app = sandbox.service_app();
    let key = SigningKey::from_pem(&app.private_key_pem).unwrap().key_id(&app.key_id);
    Okta::new(sandbox.okta_url(), ServiceApp::builder(&app.client_id, key).scopes(scopes).build())
        .unwrap()
}

async fn with(options: OAuthOptions) -> Org {
    Org::start(Sandbox::builder().people(600).oauth(options)).await
}

#[tokio::test]
async fn the_client_gets_in_with_either_form_of_the_key() {
    let org = Org::with(20).await;
    let app = org.sandbox.service_app();
    let jwk = SigningKey::from_jwk(&app.private_key_jwk).unwrap();
    let credential = ServiceApp::builder(&app.client_id, jwk).scopes(["okta.users.read"]).build();
    let with_jwk = Okta::new(org.sandbox.okta_url(), credential).unwrap();
    for okta in [client(&org.sandbox, &["okta.users.read"]), with_jwk] {
        let users: Vec<_> = okta.users().list().stream().try_collect().await.unwrap();
        assert_eq!(users.len(), 20);
    }
    assert_eq!(org.sandbox.okta().token_requests(), 2);
}

#[tokio::test]
async fn a_missing_scope_is_told_by_a_header_alone() {
    let org = Org::with(3).await;
    let error = client(&org.sandbox, &["okta.users.read"]).groups().list().stream();
    let error = error.try_collect::<Vec<_>>().await.unwrap_err().to_string();
    assert!(error.contains("403") && error.contains("okta.groups.read"), "{error}");
    let refused = client(&org.sandbox, &["okta.policies.read"]).users().get("me").await;
    assert!(refused.unwrap_err().to_string().contains("invalid_scope"));
}

#[tokio::test]
async fn proofs_are_asked_for_and_nonces_change_with_every_answer() {
    for nonces in [Nonces::Lasting, Nonces::NewWithEachToken, Nonces::NewWithEachAnswer] {
        let org = with(OAuthOptions { dpop: true, nonces, ..OAuthOptions::default() }).await;
        let okta = client(&org.sandbox, &["okta.users.read"]);
        let users: Vec<_> = okta.users().list().stream().try_collect().await.unwrap();
        assert_eq!(users.len(), 600, "{nonces:?}");
    }
}

#[tokio::test]
async fn tokens_end_by_time_and_by_revocation() {
    let org = with(OAuthOptions { token_seconds: 0, ..OAuthOptions::default() }).await;
    let token = org.token(&org.sandbox, &claims(&org.sandbox)).await;
    let bearer = format!("Bearer {}", token.body["access_token"].as_str().unwrap());
    let url = format!("{}/api/v1/users", org.sandbox.okta_url());
    let expired = Answer::of(org.http.get(&url).header("Authorization", &bearer)).await;
    assert_eq!(expired.code(), (401, "E0000011"));
    assert!(expired.header("www-authenticate").contains("invalid_token"));
    let lasting = with(OAuthOptions::default()).await;
    let okta = client(&lasting.sandbox, &["okta.users.read"]);
    okta.users().get("me").await.unwrap();
    lasting.sandbox.okta().revoke_tokens();
    okta.users().get("me").await.unwrap();
    assert_eq!(lasting.sandbox.okta().token_requests(), 2);
}

/// What an app that must prove possession of a key is answered without a nonce, and with it.
pub(crate) async fn bound_token() -> [Answer; 2] {
    let org = with(OAuthOptions { dpop: true, ..OAuthOptions::default() }).await;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let first = org.token_with(&org.sandbox, &claims(&org.sandbox), Some((&key, None))).await;
    let nonce = first.header("dpop-nonce").to_owned();
    let second =
        org.token_with(&org.sandbox, &claims(&org.sandbox), Some((&key, Some(&nonce)))).await;
    [first, second]
}

fn signed(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

fn proof(key: &EcdsaKeyPair, claims: Value) -> String {
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
    signed(key, &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}), &claims)
}

#[tokio::test]
async fn every_part_of_a_proof_is_checked() {
    let [refused, granted] = bound_token().await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("use_dpop_nonce")));
    assert_eq!((granted.status, &granted.body["token_type"]), (200, &json!("DPoP")));

    let org = with(OAuthOptions::default()).await;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let first = org.token_with(&org.sandbox, &claims(&org.sandbox), Some((&key, None))).await;
    let nonce = first.header("dpop-nonce");
    let bound =
        org.token_with(&org.sandbox, &claims(&org.sandbox), Some((&key, Some(nonce)))).await;
    let token = bound.body["access_token"].as_str().unwrap();
    let url = format!("{}/api/v1/users", org.sandbox.okta_url());
    let hash = URL_SAFE_NO_PAD
        .encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()));
    let now = jiff::Timestamp::now().as_second();
    let good = || json!({"htm": "GET", "htu": url, "iat": now, "ath": hash, "jti": format!("{:x}", fastrand::u128(..))});
    let ask = async |proof: &str| {
        let request = org.http.get(format!("{url}?limit=1")).header("DPoP", proof);
        Answer::of(request.header("Authorization", format!("DPoP {token}"))).await
    };
    let once = proof(&key, good());
    assert_eq!(ask(&once).await.status, 200);
    let told = ask(&once).await;
    assert_eq!(told.code(), (401, "E0000011"));
    assert!(told.header("www-authenticate").contains("already been used"), "{told:?}");
    for (claim, value) in [
        ("htm", json!("POST")),
        ("htu", json!(format!("{url}?limit=1"))),
        ("iat", json!(now - 1_000)),
        ("ath", json!("AAAA")),
        ("jti", Value::Null),
    ] {
        let mut bad = good();
        bad[claim] = value;
        let refused = ask(&proof(&key, bad)).await;
        assert_eq!(refused.status, 401, "{claim}");
        assert!(refused.header("www-authenticate").contains("invalid_dpop_proof"), "{claim}");
    }
    let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    assert_eq!(ask(&proof(&other, good())).await.status, 401);
    let bearer = org.http.get(&url).header("Authorization", format!("Bearer {token}"));
    assert_eq!(Answer::of(bearer).await.status, 401);
}

fn claims(sandbox: &Sandbox) -> Value {
    let id = &sandbox.service_app().client_id;
    let now = jiff::Timestamp::now().as_second();
    json!({"iss": id, "sub": id, "aud": format!("{}/oauth2/v1/token", sandbox.okta_url()),
           "iat": now, "exp": now + 300, "jti": format!("{:x}", fastrand::u128(..))})
}

impl Org {
    async fn token(&self, signer: &Sandbox, claims: &Value) -> Answer {
        self.token_with(signer, claims, None).await
    }

    async fn token_with(
        &self,
        signer: &Sandbox,
        claims: &Value,
        bound: Option<(&EcdsaKeyPair, Option<&str>)>,
    ) -> Answer {
        let pem = &signer.service_app().private_key_pem;
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": signer.service_app().key_id});
        let assertion = signed(&key, &header, claims);
        let url = format!("{}/oauth2/v1/token", self.sandbox.okta_url());
        let proof = bound.map(|(key, nonce)| {
            let now = jiff::Timestamp::now().as_second();
            let jti = format!("{:x}", fastrand::u128(..));
            let mut claims = json!({"htm": "POST", "htu": url, "iat": now, "jti": jti});
            if let Some(nonce) = nonce {
                claims["nonce"] = nonce.into();
            }
            proof(key, claims)
        });
        self.ask(&[("client_assertion", &assertion)], proof).await
    }

    async fn ask(&self, over: &[(&str, &str)], proof: Option<String>) -> Answer {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let mut form = HashMap::from([
            ("grant_type", "client_credentials"),
            ("scope", "okta.users.read"),
            ("client_assertion_type", kind),
        ]);
        form.extend(over.iter().copied());
        let url = format!("{}/oauth2/v1/token", self.sandbox.okta_url());
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.http.post(url).body(body);
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        Answer::of(request.header("Content-Type", "application/x-www-form-urlencoded")).await
    }
}

#[tokio::test]
async fn every_claim_is_checked() {
    let org = Org::with(1).await;
    let good = claims(&org.sandbox);
    let now = jiff::Timestamp::now().as_second();
    let granted = org.token(&org.sandbox, &good).await;
    assert_eq!((granted.status, &granted.body["token_type"]), (200, &json!("Bearer")));
    assert_eq!(granted.body["expires_in"], 3_600);
    // Its `jti` is used up.
    let again = org.token(&org.sandbox, &good).await;
    assert_eq!((again.status, &again.body["error"]), (401, &json!("invalid_client")));
    for (claim, value) in [
        ("iss", json!("0oanobody")),
        ("sub", json!("0oanobody")),
        ("aud", json!(org.sandbox.okta_url())),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 4_000)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("iat", json!(now + 4_000)),
    ] {
        let mut bad = claims(&org.sandbox);
        bad[claim] = value.clone();
        let refused = org.token(&org.sandbox, &bad).await;
        let told = (refused.status, refused.body["error"].as_str());
        assert_eq!(told, (401, Some("invalid_client")), "{claim} {value}");
    }
    // Signed by another key, under its own name.
    let stranger = Org::with(1).await;
    let refused = org.token(&stranger.sandbox, &claims(&org.sandbox)).await;
    assert_eq!(refused.body["error"], "invalid_client");
    let refused = org.ask(&[("grant_type", "password")], None).await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("unsupported_grant_type")));
    let refused = org.ask(&[("client_assertion_type", "")], None).await;
    assert_eq!((refused.status, &refused.body["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    let org = with(OAuthOptions { dpop: true, ..OAuthOptions::default() }).await;
    let refused = org.token(&org.sandbox, &claims(&org.sandbox)).await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_dpop_proof")));
    let never = {
        let app = org.sandbox.service_app();
        let key = SigningKey::from_pem(&app.private_key_pem).unwrap();
        let app = ServiceApp::builder(&app.client_id, key).scopes(["okta.users.read"]).dpop(false);
        Okta::new(org.sandbox.okta_url(), app.build()).unwrap()
    };
    assert!(never.users().get("me").await.is_err());
}
