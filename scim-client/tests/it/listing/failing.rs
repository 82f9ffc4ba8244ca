//! What fails on the way, for a moment or for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::{StreamExt, TryStreamExt};
use scim_client::{Cursor, ErrorKind};
use scim_types::SortOrder;
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::*;

#[tokio::test]
async fn a_refusal_is_passed_on() {
    let server = Server::refuses(400, "tooMany").await;
    let (came, ended) = read(server.scim.users().list().stream()).await;
    let error = ended.unwrap_err();
    assert!(came.is_empty() && error.is_invalid());
    assert_eq!(error.to_string(), "GET /Users: 400 tooMany said no");
}

/// Five users; the page that starts at `broken` fails so many times.
fn failing(
    status: u16,
    broken: usize,
    times: usize,
) -> (impl Fn(&Request) -> ResponseTemplate, Arc<AtomicUsize>) {
    let failed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&failed);
    let all = users(5);
    let answer = move |request: &Request| {
        let is_broken = number(request, "startIndex") == Some(broken);
        if is_broken && count.fetch_add(1, SeqCst) < times {
            return refusal(status, "").insert_header("retry-after", "0");
        }
        ok(page(part(&all, request), 5))
    };
    (answer, failed)
}

#[tokio::test]
async fn what_fails_for_a_moment_is_repeated_and_nothing_is_lost() {
    for status in [429, 500, 503] {
        let (answer, failed) = failing(status, 3, 2);
        assert_whole(&Server::with(answer).await, 5).await;
        assert_eq!(failed.load(SeqCst), 3);
    }
}

#[tokio::test]
async fn a_listing_that_fails_goes_on_from_its_cursor() {
    let (answer, _) = failing(403, 3, 1);
    let server = Server::with(answer).await;
    let list = || server.scim.users().list().page_size(2);
    let mut stream = list().filter("active eq true").stream();
    let mut came = Vec::new();
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(user) => came.push(user.id.unwrap()),
            Err(error) => break error,
        }
    };
    assert!(error.is_forbidden());
    let stored = serde_json::to_string(&stream.cursor()).unwrap();
    let host = server.server.uri();
    assert!(!stored.contains(host.trim_start_matches("http://")) && !stored.contains(TOKEN));
    let cursor: Cursor = serde_json::from_str(&stored).unwrap();
    assert_eq!(cursor.items_before(), 2);
    assert!(!format!("{cursor:?}{cursor}").contains("active"));
    // The filter is the cursor's, named again or not.
    let (rest, ended) = read(list().resume(cursor.clone()).stream()).await;
    ended.unwrap();
    came.extend(rest);
    assert_eq!(came, ids(5));
    let line = "GET /Users?filter=active eq true&startIndex=5&count=2";
    assert_eq!(server.lines().await.last().unwrap(), line);
    for other in [
        list().filter("active eq false"),
        list().sort_by("userName", SortOrder::Ascending),
        list().attributes(["userName"]),
    ] {
        let (came, ended) = read(other.resume(cursor.clone()).stream()).await;
        assert!(came.is_empty());
        assert!(ended.unwrap_err().to_string().contains("this cursor is of another listing"));
    }
    let groups = server.scim.groups().list().resume(cursor).stream();
    assert!(groups.try_collect::<Vec<_>>().await.is_err());
}

#[tokio::test]
async fn an_answer_that_is_no_page_is_an_error() {
    let html = ResponseTemplate::new(200).set_body_raw("<html></html>", "text/html");
    for (answer, is_json) in
        [(ok(user(1, "ada")), true), (ok(json!({"totalResults": "many"})), true), (html, false)]
    {
        let server = Server::with(answer).await;
        let (came, ended) = read(server.scim.users().list().stream()).await;
        assert!(came.is_empty());
        match ended.unwrap_err().kind() {
            ErrorKind::Decode { .. } => assert!(is_json),
            ErrorKind::NotJson { .. } => assert!(!is_json),
            other => panic!("{other:?}"),
        }
    }
}
