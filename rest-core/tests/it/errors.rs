//! Errors as part of the product: one line, the right question answered, nothing that must stay inside.

use std::error::Error as _;

use rest_core::{Client, ErrorKind, HeaderName, Method};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

async fn fails_with(template: ResponseTemplate) -> Error {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&server).await;
    let get = client(&server.uri()).request(Method::GET, "/users/{id}", ["00u1"]);
    get.query("q", "Ada").send().await.unwrap_err()
}

fn vendor(status: u16, code: &str) -> ResponseTemplate {
    let body = refusal(code);
    ResponseTemplate::new(status)
        .set_body_raw(body, "application/json")
        .insert_header("x-request-id", "YxK3")
}

#[tokio::test]
async fn one_line_says_what_was_called_and_what_came_back() {
    let error = fails_with(vendor(404, "E7")).await;
    assert_eq!(error.to_string(), "GET /users/{id}: 404 E7 said no [request YxK3]");
    assert_eq!(error.request_id(), Some("YxK3"));
    assert_eq!(error.call().unwrap().to_string(), "GET /users/{id}");
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.body().unwrap().code, "E7");
    let foreign = fails_with(ResponseTemplate::new(404).set_body_string("<h1>nothing</h1>")).await;
    assert_eq!(foreign.to_string(), "GET /users/{id}: 404 Not Found");
    assert!(
        matches!(foreign.kind(), ErrorKind::Api { body: None, text, .. } if text == "<h1>nothing</h1>")
    );
}

#[tokio::test]
async fn whatever_the_server_says_it_stays_one_line() {
    let summary = "first\\r\\nsecond\\u2028 \\u001b[31m\\u0085";
    let body = format!(r#"{{"code":"E1","summary":"{summary}"}}"#);
    let template = ResponseTemplate::new(400).set_body_raw(body, "application/json");
    let line = fails_with(template).await.to_string();
    assert!(!line.contains(char::is_control), "{line:?}");
    assert!(line.contains("first") && line.contains("second"), "{line:?}");
    let server = client("http://127.0.0.1:9");
    let request = server.request(Method::GET, "/users/{id}", ["1"]);
    let value = request.header(HeaderName::from_static("x-y"), "a\r\nb");
    assert_eq!(
        value.send().await.unwrap_err().to_string(),
        "GET /users/{id}: the header `x-y` cannot carry this value"
    );
}

#[tokio::test]
async fn the_source_is_there_but_not_printed() {
    let url = nobody().await;
    let error = client(&url).request(Method::GET, "/users", []).send().await;
    let error = error.unwrap_err();
    let source = error.source().expect("reqwest's error").to_string();
    assert!(!source.is_empty() && !error.to_string().contains(&source));
    let template = ResponseTemplate::new(200).set_body_string("7 8");
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&server).await;
    let get = client(&server.uri()).request(Method::GET, "/users", []);
    let error = get.json::<u32>().await.unwrap_err();
    let source = error.source().unwrap().to_string();
    assert!(source.contains("trailing"), "{source}");
    assert!(!error.to_string().contains("trailing"));
}

#[tokio::test]
async fn predicates_answer_the_common_questions() {
    type Question = (&'static str, fn(&Error) -> bool, &'static [u16]);
    let questions: [Question; 7] = [
        ("not found", Error::is_not_found, &[404]),
        ("unauthorized", Error::is_unauthorized, &[401]),
        ("forbidden", Error::is_forbidden, &[403]),
        ("invalid", Error::is_invalid, &[400, 422]),
        ("conflict", Error::is_conflict, &[409, 412]),
        ("rate limited", Error::is_rate_limited, &[429]),
        ("timeout", Error::is_timeout, &[408]),
    ];
    for status in [400, 401, 403, 404, 408, 409, 412, 413, 422, 429, 500] {
        let error = fails_with(vendor(status, "E1")).await;
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(!error.is_connect() && !error.is_unclear());
        for (name, ask, statuses) in &questions {
            assert_eq!(ask(&error), statuses.contains(&status), "{status} {name}");
        }
    }
}

#[test]
fn an_error_is_one_word_and_goes_anywhere() {
    fn anywhere<T: std::error::Error + Send + Sync + 'static>() {}
    anywhere::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
    let boxed: Box<dyn std::error::Error + Send + Sync> = Error::request("what to do").into();
    assert_eq!(boxed.to_string(), "what to do");
}

#[tokio::test]
async fn arguments_that_would_address_something_else_are_refused_before_sending() {
    let server = Server::start(|_, _| json("{}")).await;
    let client = client(&server.url);
    for bad in ["", ".", ".."] {
        let delete = client.request(Method::DELETE, "/users/{id}", [bad]);
        let error = delete.send().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)));
        let line = error.to_string();
        assert!(line.starts_with("DELETE /users/{id}: ") && line.contains("cannot be the id"));
    }
    assert_eq!(server.count(), 0);
    for (odd, segment) in
        [("a/../b", "a%2F..%2Fb"), ("%2e%2e", "%252e%252e"), ("x\r\ny", "x%0D%0Ay")]
    {
        let get = client.request(Method::GET, "/users/{id}", [odd]);
        get.send().await.unwrap();
        let sent = server.requests().pop().unwrap();
        assert_eq!(target(&sent), format!("/users/{segment}"));
    }
}

#[tokio::test]
async fn a_body_or_template_that_cannot_be_used_says_so() {
    let client = client("http://127.0.0.1:9");
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    let post = client.request(Method::POST, "/users", []).body(&unwritable);
    let line = post.send().await.unwrap_err().to_string();
    assert!(line.starts_with("POST /users: the body cannot be written as JSON"), "{line}");
    for (template, expected) in [("users", "must start with `/`"), ("/users/{id", "lacks a `}`")] {
        let error = client.request(Method::GET, template, []).send().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_base_address_that_would_leak_or_mislead_is_refused() {
    for (base, expected) in [
        ("http://acme.example", "would send the credential in the clear"),
        ("https://u:pw@acme.example", "must not hold a user name or password"),
        ("https://acme.example?x=1", "must not hold `?` or `#`"),
        ("ftp://acme.example", "must start with https://"),
        ("not a host", "is not a URL or domain"),
    ] {
        let error = Client::<Refusal>::builder(base, key()).build().unwrap_err();
        let line = error.to_string();
        assert!(line.contains(expected) && !line.contains("pw"), "{line}");
    }
    assert!(
        Client::<Refusal>::builder("http://acme.example", key()).allow_http(true).build().is_ok()
    );
}
