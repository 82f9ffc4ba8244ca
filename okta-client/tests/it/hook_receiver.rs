//! The receiving end of event hooks, without any web framework.

use http::header::{ALLOW, AUTHORIZATION, HeaderName};
use http::{Method, Request, Response, StatusCode};
use okta_client::{HookCall, HookReceiver, PendingDelivery};
use serde_json::{Value, json};

const SECRET: &str = "s3cret-of-the-hook";

fn receiver() -> HookReceiver {
    HookReceiver::new(AUTHORIZATION, SECRET)
}

fn delivery(id: &str) -> Value {
    json!({
        "eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
        "source": "https://acme.okta.com/api/v1/eventHooks/who1", "eventId": id,
        "eventTime": "2026-01-02T03:04:05.305084Z", "contentType": "application/json",
        "data": {"events": [
            {"uuid": "1", "eventType": "user.lifecycle.create", "actor": null, "outcome": null,
                "target": [{"id": "00u1", "type": "User"}], "debugContext": null},
            {"uuid": "2", "published": "2026-01-02T03:04:05.251976Z", "target": null}
        ]}
    })
}

fn post(body: impl ToString) -> Request<Vec<u8>> {
    let request = Request::post("/okta").header(AUTHORIZATION, SECRET);
    request.body(body.to_string().into_bytes()).unwrap()
}

fn pending(call: HookCall) -> PendingDelivery {
    match call {
        HookCall::Delivery(pending) => pending,
        HookCall::Answer(answer) => panic!("answered {answer:?}"),
    }
}

fn answer(call: HookCall) -> Response<Vec<u8>> {
    match call {
        HookCall::Answer(answer) => answer,
        HookCall::Delivery(pending) => panic!("gave {pending:?}"),
    }
}

#[test]
fn the_challenge_is_answered() {
    let request = Request::get("/okta").header("X-Okta-Verification-Challenge", "a\"b<c");
    let answer = answer(receiver().receive(&request.body("").unwrap()));
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(body, json!({"verification": "a\"b<c"}));
}

#[test]
fn a_delivery_is_typed() {
    let pending = pending(receiver().receive(&post(delivery("e1"))));
    let got = pending.delivery();
    assert_eq!(got.event_id.as_deref(), Some("e1"));
    assert_eq!(got.source.as_deref(), Some("https://acme.okta.com/api/v1/eventHooks/who1"));
    let micros = got.event_time.as_ref().unwrap().timestamp().unwrap().as_microsecond();
    assert_eq!(micros % 1_000_000, 305_084);
    assert_eq!(got.events().len(), 2);
    assert_eq!(got.events().next().unwrap().unwrap().user_id(), Some("00u1"));
    assert_eq!(serde_json::to_value(got).unwrap(), delivery("e1"));
    let answer = pending.accept();
    assert_eq!((answer.status(), answer.body().len()), (StatusCode::NO_CONTENT, 0));
}

#[test]
fn only_what_was_accepted_is_not_given_again() {
    let receiver = receiver();
    let first = pending(receiver.receive(&post(delivery("e1"))));
    let meanwhile = pending(receiver.receive(&post(delivery("e1"))));
    assert_eq!(first.fail().status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(meanwhile);
    let again = pending(receiver.clone().receive(&post(delivery("e1"))));
    assert_eq!(again.accept().status(), StatusCode::NO_CONTENT);
    assert_eq!(answer(receiver.receive(&post(delivery("e1")))).status(), StatusCode::NO_CONTENT);
    pending(receiver.receive(&post(delivery("e2")))).accept();
    let events = json!([{"uuid": "1"}]);
    for nameless in
        [json!({"data": {"events": events}}), json!({"eventId": null, "data": {"events": events}})]
    {
        for _ in 0..2 {
            let pending = pending(receiver.receive(&post(&nameless)));
            assert_eq!(pending.delivery().events().len(), 1);
            pending.accept();
        }
    }
}

#[test]
fn the_memory_is_bounded() {
    let receiver = receiver().remember(2);
    for id in ["e1", "e2", "e3"] {
        pending(receiver.receive(&post(delivery(id)))).accept();
    }
    answer(receiver.receive(&post(delivery("e2"))));
    pending(receiver.receive(&post(delivery("e1")))).accept();
}

#[test]
fn who_does_not_know_the_secret_is_refused() {
    let refused = |receiver: &HookReceiver, values: &[&[u8]]| {
        let mut request = post(delivery("e1"));
        request.headers_mut().remove(AUTHORIZATION);
        for value in values {
            request
                .headers_mut()
                .append(AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
        }
        let answer = answer(receiver.receive(&request));
        let why = String::from_utf8(answer.body().clone()).unwrap();
        assert!(why.contains("authorization") && !why.contains(SECRET), "{why}");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    };
    let wrong = [b"".as_slice(), b"s3cret-of-the-hooK", b"s3cret", b"S3CRET-OF-THE-HOOK", b"\xff"];
    for value in wrong {
        refused(&receiver(), &[value]);
    }
    refused(&receiver(), &[]);
    refused(&receiver(), &[SECRET.as_bytes(), b"another"]);
    refused(&HookReceiver::new(AUTHORIZATION, ""), &[b""]);
    let other = HookReceiver::new(HeaderName::from_static("x-auth"), "é");
    let request = Request::post("/").header("X-Auth", "é".as_bytes());
    let request = request.body(delivery("e1").to_string()).unwrap();
    pending(other.receive(&request)).accept();
    assert!(!format!("{:?}", receiver()).contains(SECRET));
}

#[test]
fn what_is_no_delivery_is_refused() {
    for body in ["", "[]", "{", "null", r#"{"data":{"events":{}}}"#, "\u{0}", "\u{feff}"] {
        let answer = answer(receiver().receive(&post(body)));
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(String::from_utf8_lossy(answer.body()).contains("line"), "{body}");
    }
    let no_challenge = Request::get("/").body("").unwrap();
    assert_eq!(answer(receiver().receive(&no_challenge)).status(), StatusCode::BAD_REQUEST);
    let body = delivery("e1").to_string();
    let exact = receiver().max_body(body.len());
    pending(exact.receive(&post(&body))).accept();
    let less = receiver().max_body(body.len() - 1);
    assert_eq!(answer(less.receive(&post(&body))).status(), StatusCode::PAYLOAD_TOO_LARGE);
    for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS] {
        let mut request = post(&body);
        *request.method_mut() = method;
        let answer = answer(receiver().receive(&request));
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()[ALLOW], "GET, POST");
    }
}

const ODD: &str = r#"{"uuid":"2","eventType":"user.lifecycle.suspend","severity":["Ada"],"target":[{"type":"User","id":"00u2"}]}"#;

fn with_events(events: &[&str]) -> String {
    format!(r#"{{"eventId":"e1","data":{{"events":[{}]}}}}"#, events.join(","))
}

#[test]
fn an_odd_event_does_not_lose_the_delivery() {
    let one = r#"{"uuid":"1"}"#;
    for events in [vec![ODD], vec![ODD, one], vec![one, ODD], vec![one, "7", r#"{"uuid":"3"}"#]] {
        let body = with_events(&events);
        let pending = pending(receiver().receive(&post(&body)));
        let delivery = pending.delivery();
        assert_eq!(delivery.events().len(), events.len());
        for (event, json) in delivery.events().zip(&events) {
            match event {
                Ok(event) => assert_eq!(serde_json::to_string(event).unwrap(), *json),
                Err(odd) => assert_eq!(odd.json(), *json),
            }
        }
        let (fine, odd) = delivery.sorted();
        assert_eq!((fine.len() + odd.len(), odd.len()), (events.len(), 1));
        assert_eq!(serde_json::to_string(delivery).unwrap(), body);
        assert_eq!(pending.accept().status(), StatusCode::NO_CONTENT);
    }
}

#[test]
fn an_odd_event_says_where_and_whom_and_shows_no_value() {
    let pending = pending(receiver().receive(&post(with_events(&[ODD]))));
    let odd = pending.delivery().events().next().unwrap().unwrap_err();
    assert_eq!(odd.path(), "severity");
    let line = odd.to_string();
    assert!(line.contains("at `severity`: invalid type"), "{line}");
    assert!(!format!("{line}{odd:?}{pending:?}").contains("Ada"));
    let outline = okta_client::LogEvent::outline(odd.json()).unwrap();
    assert_eq!(outline.user_id(), Some("00u2"));
}

#[test]
fn a_body_without_events_is_refused() {
    for body in [
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{}}"#,
        r#"{"data":{"events":null}}"#,
        r#"{"data":{"events":[]}}"#,
    ] {
        let answer = answer(receiver().receive(&post(body)));
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(
            String::from_utf8_lossy(answer.body()).contains("no event in data.events"),
            "{body}"
        );
    }
}

#[test]
fn a_real_batch_fits() {
    // 2,400 bytes each, the longest that is recorded.
    let events: Vec<String> = (0..1_000)
        .map(|n| format!(r#"{{"uuid":"{n}","displayMessage":"{}"}}"#, "x".repeat(2_360)))
        .collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let body = with_events(&events);
    assert!(body.len() > 2_300_000);
    assert_eq!(pending(receiver().receive(&post(body))).delivery().events().len(), 1_000);
}

#[test]
fn what_comes_again_in_a_delivery_is_given_once() {
    let body =
        with_events(&[r#"{"uuid":"1"}"#, ODD, r#"{"uuid":"1","eventType":"x"}"#, ODD, "7", "7"]);
    let pending = pending(receiver().receive(&post(format!("\u{feff}{body}"))));
    assert_eq!(pending.delivery().events().len(), 3);
}

#[test]
fn a_body_that_says_it_is_no_json_is_refused() {
    for (kind, is_taken) in [
        ("application/json", true),
        ("Application/JSON; charset=UTF-8", true),
        ("application/cloudevents+json", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("", false),
    ] {
        let mut request = post(delivery("e1"));
        request.headers_mut().insert(http::header::CONTENT_TYPE, kind.parse().unwrap());
        match receiver().receive(&request) {
            HookCall::Delivery(_) => assert!(is_taken, "{kind}"),
            HookCall::Answer(answer) => {
                assert!(!is_taken, "{kind}");
                assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
            }
        }
    }
}

#[test]
fn a_challenge_is_answered_unless_it_is_empty_or_comes_with_another_secret() {
    for (challenge, secret, status) in [
        ("abc", None, 200),
        ("abc", Some(SECRET), 200),
        ("abc", Some("another"), 401),
        ("abc", Some(""), 401),
        ("", None, 400),
        (" ", Some(SECRET), 400),
    ] {
        let request = Request::get("/okta").header("x-okta-verification-challenge", challenge);
        let request = secret.into_iter().fold(request, |r, secret| r.header(AUTHORIZATION, secret));
        let answer = answer(receiver().receive(&request.body("").unwrap()));
        assert_eq!(answer.status(), status, "{challenge:?} {secret:?}");
    }
}

#[test]
fn who_is_not_admitted_needs_no_body() {
    let receiver = receiver();
    assert!(receiver.admits(post("").headers()));
    let strangers = [
        Request::post("/okta").header(AUTHORIZATION, "wrong"),
        Request::post("/okta"),
        Request::post("/okta").header(AUTHORIZATION, SECRET).header(AUTHORIZATION, SECRET),
    ];
    for stranger in strangers {
        let stranger = stranger.body(Vec::new()).unwrap();
        assert!(!receiver.admits(stranger.headers()));
        assert_eq!(answer(receiver.receive(&stranger)).status(), StatusCode::UNAUTHORIZED);
    }
    let verification = Request::get("/okta").header("x-okta-verification-challenge", "abc");
    let verification = verification.body(Vec::new()).unwrap();
    assert!(!receiver.admits(verification.headers()));
    assert_eq!(answer(receiver.receive(&verification)).status(), StatusCode::OK);
}
