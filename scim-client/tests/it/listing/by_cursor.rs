//! Pages by cursor.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::*;

/// Answers by cursor: the cursor is the place of the page's first user.
fn by_cursor(all: Vec<Value>, count: usize) -> impl Fn(&Request) -> ResponseTemplate {
    move |request: &Request| {
        let start = match query(request, "cursor").unwrap_or_default() {
            cursor if cursor.is_empty() => 0,
            cursor => cursor.strip_prefix("c-").unwrap().parse().unwrap(),
        };
        let end = (start + count).min(all.len());
        let mut body = json!({"Resources": all[start..end]});
        if end < all.len() {
            body["nextCursor"] = format!("c-{end}").into();
        }
        ok(body)
    }
}

#[tokio::test]
async fn pages_by_cursor_on_request() {
    let server = Server::with(by_cursor(users(5), 2)).await;
    let list = server.scim.users().list().filter("active eq true").by_cursor().page_size(2);
    let (came, ended) = read(list.stream()).await;
    ended.unwrap();
    assert_eq!(came, ids(5));
    let lines = ["", "c-2", "c-4"]
        .map(|cursor| format!("GET /Users?filter=active eq true&cursor={cursor}&count=2"));
    assert_eq!(server.lines().await, lines);
}

#[tokio::test]
async fn searches_by_post_and_cursor() {
    let server = Server::answers(page(&[], 0)).await;
    let list = server.scim.users().search().by_cursor();
    assert!(list.stream().try_collect::<Vec<_>>().await.unwrap().is_empty());
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "cursor": "", "count": 100});
    server.saw("POST /Users/.search", body).await;
}

#[tokio::test]
async fn follows_a_server_that_pages_by_cursor_of_its_own_accord() {
    let server = Server::with(by_cursor(users(5), 2)).await;
    assert_whole(&server, 5).await;
    assert_eq!(server.lines().await[1], "GET /Users?cursor=c-2&count=2");
}

#[tokio::test]
async fn a_server_without_cursors_is_read_by_index() {
    let all = users(5);
    let server = Server::with(move |request: &Request| ok(page(part(&all, request), 5))).await;
    let (came, ended) = read(server.scim.users().list().by_cursor().page_size(2).stream()).await;
    ended.unwrap();
    assert_eq!(came, ids(5));
    assert_eq!(server.lines().await[1], "GET /Users?startIndex=3&count=2");
}

#[tokio::test]
async fn cursors_that_turn_in_circles_end_in_an_error() {
    let answer = |request: &Request| {
        let (users, next) = match query(request, "cursor").as_deref() {
            Some("a") => (&users(4)[2..], "b"),
            Some("b") => (&users(6)[4..], "a"),
            _ => (&users(2)[..], "a"),
        };
        ok(json!({"Resources": users, "nextCursor": next}))
    };
    let server = Server::with(answer).await;
    assert_cut_off(&server, 6, "names a cursor as next that was read already").await;
    assert_eq!(server.requests().await.len(), 3);
    // Ever new cursors to the same page.
    let calls = AtomicUsize::new(0);
    let answer = move |_: &Request| {
        let next = calls.fetch_add(1, SeqCst).to_string();
        ok(json!({"Resources": users(2), "nextCursor": next}))
    };
    let server = Server::with(answer).await;
    assert_cut_off(&server, 2, "holds nothing new").await;
    assert_eq!(server.requests().await.len(), 2);
}

#[tokio::test]
async fn an_empty_page_with_a_cursor_is_no_end() {
    let answer = |request: &Request| match query(request, "cursor").as_deref() {
        Some("b") => ok(json!({"Resources": users(3)[2..]})),
        Some("a") => ok(json!({"Resources": [], "nextCursor": "b"})),
        _ => ok(json!({"Resources": users(2), "nextCursor": "a"})),
    };
    assert_whole(&Server::with(answer).await, 3).await;
}

#[tokio::test]
async fn an_expired_cursor_says_to_start_again() {
    for kind in ["expiredCursor", "invalidCursor"] {
        let answer = move |request: &Request| match query(request, "cursor") {
            Some(_) => refusal(400, kind),
            None => ok(json!({"Resources": users(2), "nextCursor": "a"})),
        };
        let server = Server::with(answer).await;
        let error = assert_cut_off(&server, 2, "start the listing again").await;
        assert!(printed(&error).contains(kind));
    }
}

#[tokio::test]
async fn a_resumed_cursor_listing_ends_as_the_whole_would() {
    let server = Server::with(by_cursor(users(6), 2)).await;
    let list = || server.scim.users().list().page_size(2).by_cursor();
    let first = list().pages().next().await.unwrap().unwrap();
    let (rest, ended) = read(list().resume(first.next.unwrap()).stream()).await;
    ended.unwrap();
    assert_eq!(rest, ids(6)[2..]);
    assert_eq!(server.lines().await[1], "GET /Users?cursor=c-2&count=2");
}

#[tokio::test]
async fn a_cursor_never_leads_to_another_host() {
    let other = Server::answers(page(&users(1), 1)).await;
    let token = format!("{}/scim/v2/Users", other.server.uri());
    let next = token.clone();
    let answer = move |request: &Request| match query(request, "cursor") {
        Some(cursor) => {
            assert_eq!(cursor, next);
            ok(json!({"Resources": users(3)[2..]}))
        }
        None => ok(json!({"Resources": users(2), "nextCursor": next}))
            .insert_header("link", format!("<{next}>; rel=\"next\"").as_str()),
    };
    let server = Server::with(answer).await;
    assert_whole(&server, 3).await;
    let redirect = ResponseTemplate::new(302).insert_header("location", token.as_str());
    let server = Server::with(redirect).await;
    assert!(read(server.scim.users().list().stream()).await.1.is_err());
    assert!(other.requests().await.is_empty());
}
