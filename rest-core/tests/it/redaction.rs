//! Key, query, body and ids appear in no log line and in nothing that can be printed.

use std::fmt::Write;
use std::time::Duration;

use futures::StreamExt;
use rest_core::{Client, HeaderKey, HeaderName, Method, Pacing, SecretString};

use crate::support::*;

const QUERY: &str = "qu3ry-of-the-vault";
const BODY: &str = "b0dy-of-the-vault";
const ID: &str = "1d-of-the-vault";
const HEADER: &str = "h3ader-of-the-vault";

fn assert_clean(text: &str, what: &str) {
    assert!(!text.is_empty(), "{what}");
    for line in text.lines() {
        assert!(!line.contains("of-the-vault"), "{what}: {line}");
    }
}

/// Every way of failing, and one of succeeding; each script echoes what it was sent where it can.
fn scripts() -> Vec<fn(usize, &str) -> Then> {
    vec![
        |_, _| json("[1]"),
        |_, _| Then::Close,
        |_, _| Then::Silence,
        |_, echo| answer(400, &[], echo),
        |_, echo| answer(503, &[("retry-after", "1")], echo),
        |_, echo| answer(429, &[("retry-after", "999")], echo),
        |_, _| answer(429, &[("retry-after", "1")], &refusal("QUOTA")),
        |_, _| answer(401, &[], &refusal("BAD_TOKEN")),
        |_, echo| answer(302, &[("location", target(echo))], echo),
        |_, _| announced(200, &[], "[1", 20),
        |_, _| json("[1"),
        |_, _| json("{\"not\":\"a list\"}"),
        |_, echo| {
            let link = format!("<http://evil.example{}>; rel=\"next\"", target(echo));
            answer(200, &[("link", &link)], "[1]")
        },
        |_, echo| {
            let link = format!("<{}>; rel=\"next\"", target(echo));
            answer(200, &[("link", &link)], "[1]")
        },
        |_, _| Then::Say(b"HTTP/1.1 banana\r\n\r\n".to_vec()),
    ]
}

/// Prints an error, its sources and the error's details in every way there is.
fn printed(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.kind());
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        writeln!(text, "{error}\n{error:?}").unwrap();
        source = error.source();
    }
    if let Some(cursor) = error.cursor() {
        writeln!(text, "{cursor}\n{cursor:?}").unwrap();
    }
    text
}

#[tokio::test]
async fn secrets_appear_in_no_log_line_and_in_nothing_printable() {
    let log = Log::capture();
    for (nth, script) in scripts().into_iter().enumerate() {
        let server = Server::start(script).await;
        let builder =
            builder(&server.url).retry(at_once().max_attempts(3)).pacing(Pacing::Share(0.5));
        assert_clean(&format!("{builder:?}"), "ClientBuilder");
        let client = builder.build().unwrap();
        assert_clean(&format!("{client:?}{:?}", client.rate_limits()), "Client");
        let request = client
            .request(Method::PUT, "/users/{id}", [ID])
            .query("search", QUERY)
            .header(HeaderName::from_static("x-extra"), HEADER)
            .body(&[BODY]);
        assert_clean(&format!("{request:?}{request:#?}"), "Request");
        let call = request.json::<Vec<u32>>();
        let (sent, _) = skip_logged_waits(&log, &server, Duration::from_secs(61), call).await;
        if let Err(error) = sent {
            assert_clean(&printed(&error), &format!("script {nth}"));
        }
        let raw = server.requests().pop().unwrap();
        for secret in [KEY, QUERY, BODY, ID, HEADER] {
            assert!(raw.contains(secret), "it was sent, or this shows nothing: {raw}");
        }

        let list = client.request(Method::GET, "/users/{id}/groups", [ID]);
        let list = list.query("search", QUERY).list::<u32>();
        assert_clean(&format!("{list:?}{:?}", list.clone().pages()), "List, Pages");
        let mut items = list.stream();
        assert_clean(&format!("{items:?}{:?}", items.cursor()), "Items");
        let all = async {
            while let Some(item) = items.next().await {
                if let Err(error) = item {
                    assert_clean(&printed(&error), &format!("listing, script {nth}"));
                }
            }
        };
        skip_logged_waits(&log, &server, Duration::from_secs(61), all).await;
    }
    let text = log.text();
    assert!(text.contains("waiting to send again") && text.contains("/users/{id}/groups"));
    assert_clean(&text, "log");
}

#[tokio::test]
async fn values_that_hold_secrets_do_not_print_them() {
    let key = key();
    assert_clean(&format!("{key:?}{key:#?}"), "HeaderKey");
    let server = Server::start(|_, echo| json(&format!("{echo:?}"))).await;
    let client: Client<Refusal> = Client::builder(&server.url, key).build().unwrap();
    let request = client.request(Method::POST, "/users", []).body(&[BODY]);
    let response = request.send().await.unwrap();
    assert!(String::from_utf8_lossy(response.body()).contains(BODY));
    assert_clean(&format!("{response:?}"), "Response");
    let bad = HeaderKey::new(
        HeaderName::from_static("x-key"),
        "",
        &SecretString::from(format!("{KEY}\0")),
    );
    let client: Client<Refusal> = Client::builder(&server.url, bad).build().unwrap();
    let error = client.request(Method::GET, "/users", []).send().await;
    assert_clean(&printed(&error.unwrap_err()), "a key no header can carry");
}

#[tokio::test]
async fn a_quoted_credential_is_in_no_error_whatever_quotes_it() {
    let _log = Log::capture();
    let spelled = KEY.replace('-', "\\u002d");
    let id = [("x-request-id", KEY)];
    let moved = format!("https://elsewhere.example/users?key={KEY}");
    let part = &KEY[..KEY.len() - 4];
    for (status, headers, body) in [
        (401, &id[..], refusal(KEY)),
        (401, &[], refusal(&spelled)),
        (401, &[], refusal(&KEY.to_uppercase())),
        (401, &[], refusal(part)),
        (500, &[], format!("<p>{KEY}</p>")),
        (200, &[], format!("[\"{KEY}\"]")),
        (200, &id[..], format!("{{\"{KEY}\":1}}")),
        (302, &[("location", &*moved)], String::new()),
    ] {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let said = body.clone();
        let server = Server::start(move |_, _| {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (&**n, &**v)).collect();
            answer(status, &headers, &said)
        })
        .await;
        let client = builder(&server.url).retry(at_once().max_attempts(1)).build().unwrap();
        let error = client.request(Method::GET, "/users", []).json::<Vec<u32>>().await.unwrap_err();
        let text = printed(&error).to_lowercase();
        let kept = match error.kind() {
            rest_core::ErrorKind::Api { text, .. } => text.to_lowercase(),
            _ => String::new(),
        };
        for quoted in [KEY, part, &spelled] {
            let quoted = quoted.to_lowercase();
            assert!(!text.contains(&quoted) && !kept.contains(&quoted), "{body}: {text}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_told_of_without_its_values() {
    let _log = Log::capture();
    let server = Server::start(|_, _| json("[1,\"ada@acme.example\"]")).await;
    let client = builder(&server.url).build().unwrap();
    let post = client.request(Method::POST, "/users", []);
    let error = post.json::<Vec<u32>>().await.unwrap_err();
    let text = printed(&error);
    assert!(text.contains("invalid type, expected u32") && !text.contains("ada@"), "{text}");
    assert!(error.is_unclear(), "it may have been carried out");
    let server = Server::start(|_, _| json(&"[".repeat(100_000))).await;
    let client = builder(&server.url).build().unwrap();
    let get = client.request(Method::GET, "/users", []);
    let error = get.json::<std::collections::BTreeMap<String, u32>>().await.unwrap_err();
    assert!(error.to_string().len() < 300);
}

#[tokio::test]
async fn a_redirect_says_what_to_do() {
    let _log = Log::capture();
    let headers = [("location", "https://new.example/scim?token=x")];
    let server = Server::start(move |_, _| answer(302, &headers, "")).await;
    let client = builder(&server.url).build().unwrap();
    let error = client.request(Method::GET, "/users", []).send().await.unwrap_err();
    let line = error.to_string();
    assert!(line.contains("302 Found; it redirects to new.example,"), "{line}");
    assert!(line.contains("base address") && !line.contains("token"), "{line}");
}
