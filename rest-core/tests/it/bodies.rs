//! Bodies that lie, end early or never end, and requests without one.

use rest_core::{ErrorKind, Method};

use crate::support::*;

/// JSON that ends too early under a content-length that fits it.
fn truncated() -> Then {
    json("[1,2,")
}

/// A connection that ends before the announced length.
fn halved() -> Then {
    announced(200, &[], "[1,2", 40)
}

async fn faulty_twice(fault: fn() -> Then) -> Server {
    Server::start(move |nth, _| if nth < 2 { fault() } else { json("[1,2]") }).await
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_asked_for_again() {
    for fault in [truncated, halved] {
        let server = faulty_twice(fault).await;
        let get = client(&server.url).request(Method::GET, "/users", []);
        assert_eq!(get.json::<Vec<u32>>().await.unwrap(), [1, 2]);
        assert_eq!(server.count(), 3);

        let server = faulty_twice(fault).await;
        let post = client(&server.url).request(Method::POST, "/search", []);
        let post = post.safe_to_repeat();
        assert_eq!(post.json::<Vec<u32>>().await.unwrap(), [1, 2]);
        assert_eq!(server.count(), 3);
    }
}

#[tokio::test]
async fn it_is_asked_for_again_too_where_headers_or_nothing_may_come() {
    for fault in [truncated, halved] {
        let server = faulty_twice(fault).await;
        let get = client(&server.url).request(Method::GET, "/users", []);
        let (users, headers) = get.json_with_headers::<Vec<u32>>().await.unwrap();
        assert_eq!((users, headers["content-length"].as_bytes()), (vec![1, 2], &b"5"[..]));
        assert_eq!(server.count(), 3);

        let server = faulty_twice(fault).await;
        let get = client(&server.url).request(Method::GET, "/users", []);
        assert_eq!(get.json_or_default::<Vec<u32>>().await.unwrap(), [1, 2]);
        assert_eq!(server.count(), 3);
    }
    let server = Server::start(|_, _| json("")).await;
    let get = client(&server.url).request(Method::GET, "/users", []);
    assert!(get.json_or_default::<Vec<u32>>().await.unwrap().is_empty());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn on_an_unsafe_call_it_is_an_error_that_says_it_may_have_been_carried_out() {
    for fault in [truncated, halved] {
        let server = faulty_twice(fault).await;
        let post = client(&server.url).request(Method::POST, "/users", []);
        let error = post.json::<Vec<u32>>().await.unwrap_err();
        assert_eq!(server.count(), 1);
        assert!(error.is_unclear());
        let line = error.to_string();
        assert!(
            line.ends_with("; it may have been carried out: read before repeating it"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_asked_for_again() {
    let server = Server::start(|_, _| json(r#"[{"id":1},{"id":"x"}]"#)).await;
    let get = client(&server.url).request(Method::GET, "/users", []);
    let error = get.json::<Vec<std::collections::HashMap<String, u32>>>();
    let error = error.await.unwrap_err();
    assert_eq!(server.count(), 1);
    assert!(matches!(error.kind(), ErrorKind::Decode { path, .. } if path == "[1].id"));
    assert_eq!(
        error.to_string(),
        "GET /users: the answer is not what this endpoint is known to give, at `[1].id`"
    );
    assert!(!error.is_unclear());
}

#[tokio::test]
async fn an_answer_that_says_it_has_no_content_was_not_cut() {
    let server = Server::start(|_, _| answer(204, &[], "")).await;
    let delete = client(&server.url).request(Method::DELETE, "/users/{id}", ["1"]);
    let error = delete.json::<u32>().await.unwrap_err();
    assert!(error.is_unclear(), "a success, but not the one that was asked for");
    let get = client(&server.url).request(Method::GET, "/users/{id}", ["1"]);
    get.json::<u32>().await.unwrap_err();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_missing_thing_is_none_and_only_that() {
    for (status, found) in [(200, Some(Some(7))), (404, Some(None)), (403, None)] {
        let server = Server::start(move |_, _| answer(status, &[], "7")).await;
        let get = client(&server.url).request(Method::GET, "/users/{id}", ["1"]);
        assert_eq!(get.optional::<u32>().await.ok(), found, "{status}");
    }
}

#[tokio::test]
async fn a_request_without_body_says_that_its_length_is_none() {
    let server = Server::start(|_, _| json("{}")).await;
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let request = client(&server.url).request(method.clone(), "/users/{id}/lifecycle", ["1"]);
        request.send().await.unwrap();
        let empty = request.clone().raw_body("text/plain", "");
        empty.send().await.unwrap();
        let sent = server.requests().pop().unwrap();
        assert_eq!(header(&sent, "content-length"), Some("0"), "{sent}");
        let requests = server.requests();
        let sent = &requests[requests.len() - 2];
        assert_eq!(header(sent, "content-length"), Some("0"), "{sent}");
        assert_eq!(header(sent, "content-type"), None);
        assert_eq!(header(sent, "transfer-encoding"), None);
    }
    let get = client(&server.url).request(Method::GET, "/users", []);
    get.send().await.unwrap();
    assert_eq!(header(&server.requests()[6], "content-length"), None);
}

#[tokio::test]
async fn an_answer_longer_than_is_read_is_an_error_that_names_the_limit() {
    for (length, fits) in [(64, true), (65, false)] {
        let server = Server::start(move |_, _| json(&"1".repeat(length))).await;
        let client = builder(&server.url).max_answer(64).build().unwrap();
        let sent = client.request(Method::GET, "/users", []).send().await;
        assert_eq!(server.count(), 1, "asking again would not shorten it");
        match sent {
            Ok(response) => assert!(fits && response.body().len() == length),
            Err(error) => assert_eq!(
                (fits, error.to_string().as_str()),
                (
                    false,
                    "GET /users: the answer is longer than 64 bytes; \
                 ask for less at once or raise max_answer"
                )
            ),
        }
    }
}

#[tokio::test]
async fn of_a_foreign_error_page_the_first_4_kib_are_kept_however_long_it_is() {
    let page = format!("<html>{}", "é".repeat(1 << 20));
    let server = Server::start(move |_, _| answer(400, &[], &page)).await;
    let get = client(&server.url).request(Method::GET, "/users", []);
    let error = get.send().await.unwrap_err();
    let ErrorKind::Api { status, body: None, text, .. } = error.kind() else { panic!("{error:?}") };
    assert_eq!(status.as_u16(), 400);
    assert!(text.starts_with("<html>éé") && (4090..=4099).contains(&text.len()));
    assert_eq!(error.to_string(), "GET /users: 400 Bad Request");
}

#[tokio::test]
async fn an_error_answer_whose_body_breaks_off_keeps_its_status() {
    let server = Server::start(|_, _| announced(409, &[], "{\"code\":", 500)).await;
    let post = client(&server.url).request(Method::POST, "/users", []);
    let error = post.send().await.unwrap_err();
    assert!(error.is_conflict() && !error.is_unclear());
}
