//! What is sent again, what is not, and what the error then says.

use std::time::Duration;

use rest_core::{ErrorKind, HeaderName, Method, RetryPolicy, Transport, reqwest};

use crate::support::*;

const MINUTE: Duration = Duration::from_secs(61);
const UNSAFE: [Method; 3] = [Method::POST, Method::DELETE, Method::PATCH];
const SAFE: [Method; 3] = [Method::GET, Method::HEAD, Method::PUT];

/// A server that misbehaves once, then answers.
async fn once(fault: impl FnOnce() -> Then + Send + 'static) -> Server {
    let mut fault = Some(fault);
    Server::start(move |_, _| fault.take().map_or_else(|| json("{}"), |fault| fault())).await
}

fn unclear_faults() -> Vec<fn() -> Then> {
    vec![
        || Then::Silence,
        || Then::Close,
        || announced(200, &[], "[1, 2", 50),
        || answer(408, &[], ""),
        || answer(500, &[], ""),
        || answer(502, &[], "<html>"),
        || answer(503, &[], &refusal("BUSY")),
        || answer(504, &[], ""),
    ]
}

#[tokio::test]
async fn an_unclear_failure_is_repeated_only_where_that_is_safe() {
    let http = reqwest::Client::new();
    let client = |url: &str| builder(url).http_client(http.clone()).build().unwrap();
    for (nth, fault) in unclear_faults().into_iter().enumerate() {
        for method in UNSAFE {
            let server = once(fault).await;
            let request = client(&server.url).request(method.clone(), "/users/{id}", ["1"]);
            let sent = skip_waits(&server, MINUTE, request.send()).await.0;
            let error = sent.unwrap_err();
            assert_eq!(server.count(), 1, "{method} fault {nth}");
            assert!(error.is_unclear() && error.attempts() == 1, "{method} {error}");
            assert!(error.to_string().contains("may have been carried out"));
        }
        for method in SAFE {
            let server = once(fault).await;
            let request = client(&server.url).request(method.clone(), "/users/{id}", ["1"]);
            let sent = skip_waits(&server, MINUTE, request.send()).await.0;
            assert!(sent.is_ok() || method == Method::HEAD, "{method} {nth}");
            if method != Method::HEAD {
                assert_eq!(server.count(), 2, "{method} fault {nth}");
            }
        }
    }
}

#[tokio::test]
async fn the_endpoint_has_the_last_word_on_what_is_safe() {
    let server = once(|| Then::Close).await;
    let post = client(&server.url).request(Method::POST, "/metadata", []);
    post.safe_to_repeat().send().await.unwrap();
    assert_eq!(server.count(), 2);

    let server = once(|| Then::Close).await;
    let put = client(&server.url).request(Method::PUT, "/groups/{id}", ["1"]);
    let hint = "the group may be there: list it";
    let error = put.if_unclear(hint).send().await.unwrap_err();
    assert_eq!(server.count(), 1);
    assert_eq!(
        error.to_string(),
        "PUT /groups/{id}: the connection ended before the answer was complete; \
         the group may be there: list it"
    );
}

#[tokio::test]
async fn a_refusal_that_did_not_act_is_repeated_for_every_method() {
    let locked = r#"{"code":"LOCKED","summary":"later","later":true}"#;
    for method in [&UNSAFE[..], &SAFE[..2]].concat() {
        let server = Server::start(move |nth, _| match nth {
            0 => answer(429, &[], &refusal("QUOTA")),
            1 => answer(423, &[], locked),
            _ => json(""),
        })
        .await;
        let sent = client(&server.url).request(method.clone(), "/users", []);
        let sent = sent.send().await;
        let expected = if method == Method::HEAD { 2 } else { 3 };
        // A HEAD has no body, so its 423 says nothing about coming again.
        assert_eq!(sent.is_ok(), method != Method::HEAD, "{method}");
        assert_eq!(server.count(), expected, "{method}");
    }
}

#[tokio::test]
async fn a_connection_that_was_never_made_is_tried_again_for_every_method() {
    let url = nobody().await;
    for method in UNSAFE {
        let error = client(&url).request(method, "/users", []).send().await;
        let error = error.unwrap_err();
        assert!(error.is_connect() && !error.is_unclear());
        assert_eq!(
            error.attempts(),
            3,
            "a server that never answered: the address is likely wrong"
        );
        assert!(error.to_string().contains("cannot connect; check the address"));
    }
}

#[tokio::test]
async fn a_server_that_answered_before_is_waited_for_longer() {
    let server = Server::start(|_, _| json("{}")).await;
    let client = client(&server.url);
    client.request(Method::GET, "/users", []).send().await.unwrap();
    server.stop().await;
    let error = client.request(Method::POST, "/users", []).send().await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.attempts(), 6);
}

#[tokio::test]
async fn what_no_repetition_can_help_is_not_repeated() {
    for status in [301, 400, 401, 403, 404, 409, 412, 413, 422, 501] {
        let server = Server::start(move |_, _| answer(status, &[], &refusal("NO"))).await;
        let error = client(&server.url).request(Method::GET, "/users", []);
        let error = error.send().await.unwrap_err();
        assert_eq!(server.count(), 1, "{status}");
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(!error.is_unclear());
    }
}

#[tokio::test]
async fn an_unsafe_call_that_failed_for_sure_is_not_unclear() {
    for status in [400, 404, 409, 429] {
        let server = Server::start(move |_, _| answer(status, &[], &refusal("NO"))).await;
        let error = client(&server.url).request(Method::POST, "/users", []);
        assert!(!error.send().await.unwrap_err().is_unclear(), "{status} did not act");
    }
}

#[tokio::test]
async fn attempts_end_at_the_policys_number() {
    for (policy, expected) in
        [(at_once().max_attempts(3), 3), (at_once().max_attempts(0), 1), (RetryPolicy::never(), 1)]
    {
        let server = Server::start(|_, _| answer(503, &[], "")).await;
        let client = builder(&server.url).retry(policy).build().unwrap();
        let error = client.request(Method::GET, "/users", []).send().await.unwrap_err();
        assert_eq!((server.count(), error.attempts()), (expected, expected as u32));
        let tried = error.to_string().contains(&format!("tried {expected} times"));
        assert_eq!(tried, expected > 1);
    }
}

#[tokio::test]
async fn a_time_out_on_creating_is_an_error_that_says_what_may_have_happened() {
    let server = Server::start(|_, _| Then::Silence).await;
    let create = client(&server.url)
        .request(Method::POST, "/users", [])
        .if_unclear("the user may exist: look for the login before creating it again");
    let (sent, _) = skip_waits(&server, MINUTE, create.send()).await;
    let error = sent.unwrap_err();
    assert!(error.is_timeout() && error.is_unclear());
    assert!(matches!(error.kind(), ErrorKind::Transport(Transport::Timeout)));
    assert_eq!(
        error.to_string(),
        "POST /users: no complete answer in time; \
         the user may exist: look for the login before creating it again"
    );
}

#[tokio::test]
async fn a_call_may_need_longer_than_the_client_gives() {
    let server = Server::start(|_, _| Then::Silence).await;
    let client = builder(&server.url).retry(RetryPolicy::never()).build();
    let slow = client.unwrap().request(Method::GET, "/bulk", []);
    let slow = slow.timeout(Duration::from_secs(310));
    let mut call = Box::pin(skip_waits(&server, Duration::from_secs(61), slow.send()));
    while server.count() == 0 {
        assert!(futures::poll!(&mut call).is_pending());
        tokio::task::yield_now().await;
    }
    all_else().await;
    assert!(futures::poll!(&mut call).is_pending(), "61 s are not enough");
    tokio::time::advance(Duration::from_secs(250)).await;
    assert!(call.await.0.unwrap_err().is_timeout());
}

#[tokio::test]
async fn repeated_requests_name_the_first_one() {
    let server = Server::start(|nth, _| match nth {
        0 => answer(503, &[("x-request-id", "first")], ""),
        1 => answer(503, &[("x-request-id", "second")], ""),
        _ => json("{}"),
    })
    .await;
    let get = client(&server.url).request(Method::GET, "/users", []);
    get.send().await.unwrap();
    let told: Vec<_> = server
        .requests()
        .iter()
        .map(|r| {
            (
                header(r, "x-retry-for").map(str::to_owned),
                header(r, "x-retry-count").map(str::to_owned),
            )
        })
        .collect();
    let first = || Some("first".to_owned());
    assert_eq!(told, [(None, None), (first(), Some("1".into())), (first(), Some("2".into()))]);
}

#[tokio::test]
async fn every_attempt_carries_the_same_request() {
    let server = Server::start(|nth, _| match nth {
        0 => Then::Close,
        1 => answer(429, &[], ""),
        _ => json("{}"),
    })
    .await;
    let trace = HeaderName::from_static("x-trace");
    let request = client(&server.url).request(Method::POST, "/users/{id}", ["a b"]);
    let request = request.query("q", "x&y").header(trace, "t1");
    let request = request.body(&["one"]).safe_to_repeat();
    request.send().await.unwrap();
    assert_eq!(server.count(), 3);
    for request in server.requests() {
        assert!(request.starts_with("POST /users/a%20b?q=x%26y HTTP/1.1\r\n"));
        assert!(request.ends_with("\r\n\r\n[\"one\"]"));
        assert_eq!(header(&request, "content-type"), Some("application/json"));
        assert_eq!(header(&request, "accept"), Some("application/json"));
        assert_eq!(header(&request, "x-trace"), Some("t1"));
        assert_eq!(header(&request, "x-key"), Some("Key k3y-of-the-vault"));
        let agent = header(&request, "user-agent").unwrap();
        assert!(agent.starts_with("rest-core/"));
    }
}

#[tokio::test]
async fn a_status_the_caller_has_a_better_answer_to_is_not_repeated() {
    for (safe, unclear) in [(true, false), (false, true)] {
        let server = Server::start(|_, _| answer(408, &[], "")).await;
        let post = client(&server.url).request(Method::POST, "/bulk", []).final_on(&[408, 413]);
        let post = if safe { post.safe_to_repeat() } else { post };
        let error = post.send().await.unwrap_err();
        assert_eq!(server.count(), 1);
        assert_eq!(error.is_unclear(), unclear, "final or not, it may have acted");
    }
}
