//! Service-app authentication, against a token endpoint that checks every claim.

use std::time::Duration;

use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use okta_client::{
    Algorithm, ApiToken, Auth, BearerToken, Method, Okta, Result, ServiceApp, SigningKey,
};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Sink, is_alone, run_alone};
use crate::token_org::*;

async fn call(okta: &Okta, id: &str) -> Result<Value> {
    okta.request(Method::GET, "/api/v1/users/{id}", [id]).json().await
}

async fn call_by(okta: &Okta, tasks: usize) -> Vec<Result<Value>> {
    join_all((0..tasks).map(|_| call(okta, "1"))).await
}

/// How a call ends when the token endpoint answers `failure`.
async fn error_after(org: &Org, failure: ResponseTemplate) -> String {
    org.fail_next(failure);
    call(&org.okta(), "1").await.unwrap_err().to_string()
}

/// Moves the runtime's clock only for this moment: with sockets it must run.
async fn advance(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

#[tokio::test]
async fn every_kind_of_key_gets_a_token() {
    for key in [
        ec_key(),
        rsa_key(Algorithm::Rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
        rsa_key(Algorithm::Rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
    ] {
        let org = Org::with(key, 3600).await;
        let okta = org.okta();
        assert_eq!(call(&okta, "00u1").await.unwrap()["path"], "/api/v1/users/00u1");
        call(&okta, "00u2").await.unwrap();
        let seen = org.seen();
        assert_eq!((seen.token_requests, seen.api_calls), (1, 2));
    }
}

#[tokio::test]
async fn tokens_given_ready_are_sent_as_they_are() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(|request: &Request| {
            let sent = request.headers["authorization"].to_str().unwrap();
            ResponseTemplate::new(200).set_body_json(json!(sent))
        })
        .mount(&server)
        .await;
    for (auth, expected) in [
        (Auth::from(ApiToken::new("00Ab")), "SSWS 00Ab"),
        (Auth::from(BearerToken::new("eyJ".to_owned())), "Bearer eyJ"),
    ] {
        let okta = Okta::new(&server.uri(), auth).unwrap();
        assert_eq!(call(&okta, "1").await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tasks_share_one_token_request() {
    let org = Org::start().await;
    let okta = org.okta();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let okta = okta.clone();
            tokio::spawn(async move { call(&okta, "1").await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(org.seen().token_requests, 1);
}

#[tokio::test]
async fn a_token_of_three_seconds_is_asked_for_once_a_life() {
    let org = Org::with(ec_key(), 3).await;
    let okta = org.okta();
    for life in 1..=4 {
        for part in 0..2 {
            for result in call_by(&okta, 50).await {
                result.unwrap();
            }
            assert_eq!(org.seen().token_requests, life, "part {part}");
            // 1.4 s twice is more than 2.7 s, at which it is renewed; once is not.
            advance(Duration::from_millis(1400)).await;
        }
    }
}

#[tokio::test]
async fn a_token_of_an_hour_is_renewed_a_minute_early() {
    let org = Org::start().await;
    let okta = org.okta();
    for (minutes, requests) in [(0, 1), (58, 1), (1, 2), (58, 2), (1, 3)] {
        advance(Duration::from_secs(60 * minutes)).await;
        call(&okta, "1").await.unwrap();
        assert_eq!(org.seen().token_requests, requests);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all() {
    let org = Org::start().await;
    let okta = org.okta();
    call(&okta, "1").await.unwrap();
    for round in 1..=3 {
        org.seen().valid.clear();
        for result in call_by(&okta, 50).await {
            result.unwrap();
        }
        assert_eq!(
            org.seen().token_requests,
            1 + round,
            "every call was refused with the same token"
        );
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error() {
    let org = Org::start().await;
    let okta = org.okta();
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_json(
            json!({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}),
        ))
        .with_priority(1)
        .mount(&org.server)
        .await;
    let error = call(&okta, "1").await.unwrap_err();
    assert!(error.is_unauthorized() && error.attempts() == 2, "{error}");
    assert_eq!(org.seen().token_requests, 2);
}

#[tokio::test]
async fn every_attempt_has_an_assertion_of_its_own() {
    let org = Org::start().await;
    for status in [503, 500, 429] {
        org.fail_next(ResponseTemplate::new(status));
    }
    call(&org.okta(), "1").await.unwrap();
    let seen = org.seen();
    assert_eq!((seen.token_requests, seen.ids.len()), (4, 4), "a repeated jti would be refused");
}

#[tokio::test]
async fn a_caller_who_gives_up_or_sleeps_holds_nobody_up() {
    let org = Org::start().await;
    let okta = org.okta();
    let mut abandoned = Box::pin(call(&okta, "1"));
    assert!(futures::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    call(&okta, "2").await.unwrap();

    let okta = org.okta();
    let mut sleeping = Box::pin(call(&okta, "3"));
    assert!(futures::poll!(&mut sleeping).is_pending());
    call(&okta, "4").await.unwrap();
    let asked = org.seen().token_requests;
    sleeping.await.unwrap();
    assert_eq!(org.seen().token_requests, asked, "it shares the token that the other one got");
}

#[tokio::test]
async fn waiting_callers_share_a_refusal_too() {
    let org = Org::start().await;
    let okta = org.okta();
    org.fail_next(oauth_error(401, "invalid_client", "The client_assertion signature is invalid."));
    for result in call_by(&okta, 50).await {
        assert!(result.unwrap_err().to_string().contains("invalid_client"));
    }
    assert_eq!(org.seen().token_requests, 1);
    call(&okta, "1").await.unwrap();
}

#[tokio::test]
async fn a_refusal_says_what_failed_and_what_to_do() {
    let org = Org::start().await;
    let refusal = oauth_error(401, "invalid_client", "The client_assertion signature is invalid.");
    assert_eq!(
        error_after(&org, refusal).await,
        "GET /api/v1/users/{id}: no access token: POST /oauth2/v1/token: 401 invalid_client The \
         client_assertion signature is invalid. [request req-1]; check that the client id 0oa1b2c3 is an \
         app of this org, and that the public half of this key (kid key-1) is active there"
    );
    for (error, description, advice) in [
        ("invalid_client", "The client_assertion token is expired.", "this machine's clock"),
        (
            "invalid_scope",
            "One or more scopes are not configured.",
            "okta.users.read okta.groups.read",
        ),
        ("unauthorized_client", "The grant is not allowed.", "API Services app"),
        ("access_denied", "Policy evaluation failed.", "and an admin role"),
    ] {
        let error = error_after(&org, oauth_error(400, error, description)).await;
        assert!(error.contains(advice) && error.contains(description), "{error}");
    }
    let error = error_after(&org, ResponseTemplate::new(404)).await;
    assert!(
        error.contains("404 Not Found; check that the address is that of an Okta org"),
        "{error}"
    );
}

#[tokio::test]
async fn what_dpop_false_rules_out_is_said() {
    let org = Org::start().await;
    let app = ServiceApp::builder(CLIENT_ID, org.key.clone()).scopes(SCOPES).dpop(false).build();
    let okta = Okta::new(&org.server.uri(), app).unwrap();
    for error in ["invalid_dpop_proof", "use_dpop_nonce"] {
        org.fail_next(oauth_error(400, error, "The DPoP proof JWT header is missing."));
        let error = call(&okta, "1").await.unwrap_err().to_string();
        assert!(
            error.contains("header is missing. [request req-1]; the app requires DPoP"),
            "{error}"
        );
    }
    assert_eq!(org.seen().token_requests, 2, "nothing was tried again");
}

/// What a call of the service app says when the org answers it so.
async fn refused(answer: ResponseTemplate) -> String {
    let org = Org::start().await;
    let answer = answer.insert_header("x-okta-request-id", "YxK3");
    let endpoint = Mock::given(method("GET")).respond_with(answer).with_priority(1);
    endpoint.mount(&org.server).await;
    org.okta().groups().get("00g1").await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_missing_scope_or_role_is_named_beside_the_call() {
    let challenge = r#"DPoP authorization_uri="http://x/oauth2/v1/authorize", realm="http://x",
        scope="okta.groups.read", error="insufficient_scope",
        error_description="The access token provided does not contain the required scopes.",
        resource="/api/v1/groups/00g1""#;
    let challenge = challenge.replace("\n       ", "");
    for challenge in [&challenge, &challenge.replacen("DPoP", "Bearer", 1)] {
        let answer =
            ResponseTemplate::new(403).insert_header("www-authenticate", challenge.as_str());
        assert_eq!(
            refused(answer).await,
            "GET /api/v1/groups/{id}: 403 insufficient_scope The access token provided does not \
             contain the required scopes. The token lacks the scope okta.groups.read: ask for it, and \
             grant it to the app [request YxK3]"
        );
    }
    let role = json!({"errorCode": "E0000006", "errorSummary": "You do not have permission to perform \
        the requested action", "errorLink": "E0000006", "errorId": "oae1", "errorCauses": []});
    assert_eq!(
        refused(ResponseTemplate::new(403).set_body_json(role)).await,
        "GET /api/v1/groups/{id}: 403 E0000006 You do not have permission to perform the requested \
         action; the app, or the token's owner, lacks an admin role that covers this call: give it one \
         [request YxK3]"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_bearer_token_is_refused() {
    let org = Org::start().await;
    let answer = |body| ResponseTemplate::new(200).set_body_json(body);
    let bound = json!({"token_type": "DPoP", "expires_in": 3600, "access_token": "hush"});
    let error = error_after(&org, answer(bound)).await;
    assert!(error.contains("bound by DPoP") && !error.contains("hush"), "{error}");
    let error = error_after(&org, answer(json!({"access_token": "hush"}))).await;
    assert!(error.contains("POST /oauth2/v1/token") && !error.contains("hush"), "{error}");
}

#[tokio::test]
async fn a_lifetime_may_be_a_text_or_left_out() {
    for (expires_in, requests) in
        [(json!("3600"), 1), (json!(3600.5), 1), (json!(null), 1), (json!("0"), 2), (json!(0), 2)]
    {
        let org = Org::start().await;
        for nth in 1..=2 {
            let token = format!("secret-token-{nth}");
            org.seen().valid.insert(token.clone());
            let body =
                json!({"token_type": "Bearer", "access_token": token, "expires_in": expires_in});
            org.fail_next(ResponseTemplate::new(200).set_body_json(body));
        }
        let okta = org.okta();
        for _ in 0..2 {
            call(&okta, "1").await.unwrap();
        }
        assert_eq!(org.seen().token_requests, requests, "{expires_in}");
    }
    for expires_in in [json!("soon"), json!(-1), json!([1])] {
        let body =
            json!({"token_type": "Bearer", "access_token": "hush", "expires_in": expires_in});
        let error =
            error_after(&Org::start().await, ResponseTemplate::new(200).set_body_json(body)).await;
        assert!(error.contains("expires_in") && !error.contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_page_where_a_token_should_be_is_said_to_be_no_okta_org() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    let error = error_after(&Org::start().await, page).await;
    assert!(error.contains("POST /oauth2/v1/token"), "{error}");
    assert!(error.contains("answered 200 with text/html instead of JSON"), "{error}");
    assert!(error.contains("check the base address"), "{error}");
}

#[tokio::test]
async fn an_app_that_cannot_ask_is_refused_before_anything_is_sent() {
    let (key, _) = ec_key();
    let refused = |app| Okta::new("https://acme.okta.com", app).unwrap_err().to_string();
    let error = refused(ServiceApp::builder(CLIENT_ID, key.clone()).build());
    assert!(error.contains("asks for no scopes: name those it needs"), "{error}");
    let error = refused(ServiceApp::builder(" ", key.clone()).scopes(SCOPES).build());
    assert!(error.contains("has no client id"), "{error}");
    let app = ServiceApp::builder(CLIENT_ID, key).scopes(SCOPES).build();
    let error = Okta::new("http://acme.okta.com", app).unwrap_err().to_string();
    assert!(error.contains("in the clear"), "{error}");
}

#[tokio::test]
async fn scopes_may_come_as_one_text() {
    let org = Org::start().await;
    let app = ServiceApp::builder(format!(" {CLIENT_ID}\n"), org.key.clone());
    let app = app.scopes([SCOPES.join("  ")]).build();
    call(&Okta::new(&org.server.uri(), app).unwrap(), "1").await.unwrap();
}

#[tokio::test]
async fn no_secret_is_shown() {
    if !is_alone() {
        let child = run_alone("service_app::no_secret_is_shown", &[]).await;
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        return;
    }
    let sink = Sink::of_everything();

    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = pair.to_pkcs8v1().unwrap();
    let pem = STANDARD.encode(der.as_ref());
    let key = SigningKey::from_pem(&armor(der.as_ref())).unwrap().key_id(KEY_ID);
    let registered = Registered {
        algorithm: Algorithm::Es256,
        check: &signature::ECDSA_P256_SHA256_FIXED,
        public: pair.public_key().as_ref().to_vec(),
    };
    let org = Org::with((key.clone(), registered), 3600).await;
    org.fail_next(ResponseTemplate::new(503));
    let okta = org.okta();
    call(&okta, "1").await.unwrap();
    org.fail_next(oauth_error(401, "invalid_client", "no"));
    org.seen().valid.clear();
    let error = call(&okta, "1").await.unwrap_err();
    let app = org.app();

    let mut shown = sink.text();
    assert!(shown.contains("/oauth2/v1/token"), "the subscriber was told of the calls");
    shown += &format!("{key:?} {app:?} {:?} {:?}", Auth::from(app.clone()), org.builder());
    shown += &format!("{okta:?} {error:?} {error} {:?}", ServiceApp::builder("x", key));
    shown += &format!(
        "{:?} {:?}",
        ApiToken::new("secret-token-ssws"),
        BearerToken::new("secret-token-b")
    );
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        shown += &format!("{cause} {cause:?}");
        source = cause.source();
    }
    // Every assertion starts with this: `{"alg":"ES256"` in base64url.
    for secret in ["secret-token", "eyJhbGciOiJFUzI1NiI", &pem[60..80]] {
        assert!(!shown.contains(secret), "{secret} is shown in {shown}");
    }
    assert!(
        shown.contains(r#"SigningKey { algorithm: Es256, key_id: Some("key-1"), .. }"#),
        "{shown}"
    );
}
