//! Answers that are not the service's own: sign-in pages under a success, compressed bodies, redirects.

use rest_core::{ErrorKind, Method};

use crate::support::*;

const PAGE: &str = "<!doctype html>\n<html>\n<title>Sign in</title>\n</html>\n";
const ELSEWHERE: &str =
    "; a proxy or sign-in page may have answered: check the base address and the network";

async fn says(answer: fn() -> Then) -> (Server, rest_core::Client<Refusal>) {
    let server = Server::start(move |_, _| answer()).await;
    let client = client(&server.url);
    (server, client)
}

fn page() -> Then {
    answer(200, &[("content-type", "text/html; charset=utf-8")], PAGE)
}

/// Compressed, and called so if `encoding` says how.
fn compressed(status: u16, encoding: &str) -> Then {
    let headers = [("content-type", "application/json"), ("content-encoding", encoding)];
    let headers = if encoding.is_empty() { &headers[..1] } else { &headers };
    let Then::Say(mut bytes) = announced(status, headers, "", 12) else { unreachable!() };
    bytes.extend([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x8b, 0x8e]);
    Then::Say(bytes)
}

#[tokio::test]
async fn a_page_instead_of_json_is_told_as_what_it_is() {
    let (server, client) = says(page).await;
    let get = client.request(Method::GET, "/users", []);
    let error = get.json::<Vec<u32>>().await.unwrap_err();
    let line = "answered 200 with text/html instead of JSON";
    assert_eq!(error.to_string(), format!("GET /users: {line}{ELSEWHERE}"));
    assert!(!error.is_unclear() && server.count() == 1);
    let ErrorKind::NotJson { status, what, .. } = error.kind() else { panic!("{error:?}") };
    assert_eq!((status.as_u16(), what.as_str()), (200, "text/html"));
    let post = client.request(Method::POST, "/users", []).if_unclear("look it up");
    let error = post.json::<Vec<u32>>().await.unwrap_err();
    assert_eq!(error.to_string(), format!("POST /users: {line}; look it up{ELSEWHERE}"));
    assert!(error.is_unclear() && server.count() == 2);
}

#[tokio::test]
async fn what_came_is_named_as_well_as_it_can_be() {
    type Headers = &'static [(&'static str, &'static str)];
    let cases: [(Headers, &str, &str); 7] = [
        (&[], PAGE, "answered 200 with HTML instead"),
        (&[("content-type", "application/json")], PAGE, "answered 200 with HTML instead"),
        (&[("content-type", "application/json")], "OK", "answered 200 with other text instead"),
        (&[("content-type", "text/plain")], "404 page not found", "200 with text/plain instead"),
        (&[("content-type", "text/plain")], "[info] hello", "200 with text/plain instead"),
        (&[("content-type", "application/json")], "[1,}", "known to give, at `[1]`"),
        (&[("content-type", "text/html")], "{\"id\":1}", "known to give, taken as a whole"),
    ];
    for (headers, body, said) in cases {
        let server = Server::start(move |_, _| answer(200, headers, body)).await;
        let get = client(&server.url).request(Method::GET, "/users", []);
        let line = get.json::<Vec<u32>>().await.unwrap_err().to_string();
        assert!(line.contains(said), "{body}: {line}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_told_as_that_and_may_have_been_carried_out() {
    for (status, sent) in [(200, 6), (204, 1)] {
        let server = Server::start(move |_, _| answer(status, &[], " ")).await;
        let post = client(&server.url).request(Method::POST, "/users", []);
        let error = post.json::<u32>().await.unwrap_err();
        let line = format!("POST /users: answered {status} with nothing instead of JSON; it may");
        assert!(error.to_string().starts_with(&line), "{error}");
        assert!(error.is_unclear() && server.count() == 1);
        let get = client(&server.url).request(Method::GET, "/users", []);
        assert!(!get.json::<u32>().await.unwrap_err().is_unclear());
        assert_eq!(server.count(), 1 + sent, "{status}: only what may have been cut comes again");
    }
}

#[tokio::test]
async fn a_call_without_result_takes_nothing_or_json_for_its_answer_and_no_page() {
    for body in ["", " \r\n", "{}", "[1]", "null", "\"done\"", "true"] {
        let server = Server::start(move |_, _| answer(200, &[], body)).await;
        client(&server.url).request(Method::DELETE, "/users/{id}", ["1"]).done().await.unwrap();
    }
    let (server, client) = says(page).await;
    let delete = client.request(Method::DELETE, "/users/{id}", ["1"]);
    let error = delete.done().await.unwrap_err();
    assert!(error.is_unclear(), "{error}");
    assert!(error.to_string().contains("answered 200 with text/html instead of JSON; it may have"));
    let error = delete.safe_to_repeat().done().await.unwrap_err();
    assert!(!error.is_unclear(), "{error}");
    assert_eq!(server.count(), 2, "asking again would not help");
    let server = Server::start(|nth, _| json(if nth == 0 { "{\"a\":" } else { "{}" })).await;
    let put = crate::support::client(&server.url).request(Method::PUT, "/users/{id}", ["1"]);
    put.done().await.unwrap();
    assert_eq!(server.count(), 2, "what was cut is asked for again");
}

#[tokio::test]
async fn a_compressed_answer_that_was_not_asked_for_is_told_as_that() {
    let feature = if cfg!(feature = "gzip") { "" } else { "turn on the feature `gzip`, or " };
    for (encoding, what, feature) in [("", "gzip", feature), ("br", "br", "")] {
        let remedy = format!(
            "; compression was not asked for: {feature}let what stands between leave it out"
        );
        let server = Server::start(move |_, _| compressed(200, encoding)).await;
        let post = client(&server.url).request(Method::POST, "/users", []);
        for error in [post.json::<Vec<u32>>().await.unwrap_err(), post.done().await.unwrap_err()] {
            assert!(error.is_unclear());
            let line = error.to_string();
            let start = format!("POST /users: answered 200 with {what} instead of JSON; it may");
            assert!(line.starts_with(&start) && line.ends_with(&remedy), "{line}");
        }
    }
    let server = Server::start(|_, _| compressed(400, "br")).await;
    let get = client(&server.url).request(Method::GET, "/users", []);
    assert_eq!(
        get.send().await.unwrap_err().to_string(),
        "GET /users: 400 Bad Request; compression was not asked for: let what stands between leave it out"
    );
}

#[tokio::test]
async fn a_proxy_that_asks_who_calls_is_named() {
    let answers: [fn() -> Then; 3] = [
        || answer(407, &[("content-type", "text/plain")], "who are you"),
        || answer(407, &[("content-type", "text/html")], "<p>no</p>"),
        || answer(407, &[], ""),
    ];
    for said in answers {
        let (_server, client) = says(said).await;
        let get = client.request(Method::GET, "/users", []);
        let line = get.json::<u32>().await.unwrap_err().to_string();
        assert!(
            line.contains("407") && line.contains("HTTPS_PROXY=http://user:password@"),
            "{line}"
        );
        assert!(!line.contains("another server"), "{line}");
    }
}

#[tokio::test]
async fn a_proxys_error_page_is_one_short_line() {
    let error_page = || {
        let page = format!("<html>\r\n<h1>502</h1>\n{}</html>", "padding\n".repeat(900));
        answer(502, &[("content-type", "text/html")], &page)
    };
    let (_server, client) = says(error_page).await;
    let post = client.request(Method::POST, "/users", []);
    let error = post.json::<u32>().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST /users: 502 Bad Gateway; it may have been carried out: read before repeating it; the \
         answer is text/html: a proxy, or another server than meant, may have given it"
    );
    assert!(!format!("{error:?}").contains("padding"));
}

#[tokio::test]
async fn a_redirect_is_an_error_of_every_ending() {
    for status in [301, 302, 303, 307, 308] {
        let there =
            [("location", "https://login.example/signin?s=1"), ("content-type", "text/html")];
        let server = Server::start(move |_, _| answer(status, &there, PAGE)).await;
        let delete = client(&server.url).request(Method::DELETE, "/users/{id}", ["1"]);
        for error in [delete.done().await.unwrap_err(), delete.json::<u32>().await.unwrap_err()] {
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert!(error.to_string().contains("it redirects to login.example"), "{error}");
            assert!(!error.is_unclear(), "it was sent away");
        }
    }
}

#[tokio::test]
async fn a_redirect_that_a_given_client_followed_is_no_success() {
    let server = Server::start(|_, request| match target(request) {
        "/login" => json("{\"status\":\"SUCCESS\"}"),
        _ => answer(302, &[("location", "/login")], ""),
    })
    .await;
    let following = reqwest::Client::new();
    let client = builder(&server.url).http_client(following).build().unwrap();
    let delete = client.request(Method::DELETE, "/users/{id}", ["1"]);
    let error = delete.done().await.unwrap_err();
    let line = error.to_string();
    assert!(line.contains("followed a redirect to 127.0.0.1, which"), "{line}");
    assert!(line.contains("redirect(Policy::none())") && !line.contains("/login"), "{line}");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_create_whose_answer_is_cut_or_too_long_may_have_been_carried_out() {
    let whole = || json("{\"id\":\"0123456789\"}");
    // Cut by length, cut in a chunk, and cut where only the end of the connection ends the body.
    let cuts: [fn() -> Then; 3] = [
        || announced(201, &[], "{\"id\":", 40),
        || Then::Say(b"HTTP/1.1 201 Made\r\ntransfer-encoding: chunked\r\n\r\n6\r\n{\"id\"".into()),
        || Then::Say(b"HTTP/1.1 201 Made\r\nconnection: close\r\n\r\n{\"id\":".into()),
    ];
    for cut in cuts {
        let (server, client) = says(cut).await;
        let post = client.request(Method::POST, "/users", []).if_unclear("look it up");
        let error = post.json::<serde_json::Value>().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "POST /users: the connection ended before the answer was complete; look it up"
        );
        assert!(error.is_unclear() && server.count() == 1);
    }
    let server = Server::start(move |_, _| whole()).await;
    let client = builder(&server.url).max_answer(8).build().unwrap();
    let post = client.request(Method::POST, "/users", []).if_unclear("look it up");
    let error = post.json::<serde_json::Value>().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLong { .. }) && error.is_unclear(), "{error}");
    assert_eq!(server.count(), 1);
}
