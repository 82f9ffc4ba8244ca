//! Listings: what is asked, and that every resource comes once whatever the server does.

use futures::{StreamExt, TryStreamExt};
use scim_client::{Error, ErrorKind, Items, ListResources};
use scim_types::filter::attr;
use scim_types::{SortOrder, User};
use serde_json::{Value, json};
use wiremock::Request;

use crate::support::*;

mod by_cursor;
mod by_index;
mod failing;

/// The ids that came, and how it ended.
async fn read(mut stream: Items<User>) -> (Vec<String>, Result<(), Error>) {
    let mut ids = Vec::new();
    while let Some(user) = stream.next().await {
        match user {
            Ok(user) => ids.push(user.id.unwrap_or_default()),
            Err(error) => {
                assert!(stream.next().await.is_none(), "after an error a listing has ended");
                return (ids, Err(error));
            }
        }
    }
    (ids, Ok(()))
}

fn ids(last: usize) -> Vec<String> {
    (1..=last).map(|n| n.to_string()).collect()
}

/// Reads all in pages of two; every id must come once, in order.
async fn assert_whole(server: &Server, last: usize) {
    let (came, ended) = read(server.scim.users().list().page_size(2).stream()).await;
    ended.unwrap();
    assert_eq!(came, ids(last));
}

async fn assert_cut_off(server: &Server, came: usize, words: &str) -> Error {
    let (read, ended) = read(server.scim.users().list().page_size(2).stream()).await;
    let error = ended.unwrap_err();
    assert_eq!(read, ids(came), "what was read before the error is given out");
    assert!(matches!(error.kind(), ErrorKind::Paging(_)), "{error:?}");
    let line = error.to_string();
    assert!(line.contains("GET /Users: ") && line.contains(words), "{line}");
    error
}

#[tokio::test]
async fn asks_for_what_is_said() {
    let server = Server::answers(page(&[user(1, "ada")], 1)).await;
    let list = server
        .scim
        .users()
        .list()
        .filter(attr("userName").starts_with("a\"d&a"))
        .sort_by("name.familyName", SortOrder::Descending)
        .attributes(["userName", "active"])
        .page_size(20);
    let found: Vec<User> = list.stream().try_collect().await.unwrap();
    assert_eq!(found[0].user_name.as_deref(), Some("ada"));
    server
        .saw(
            "GET /Users?filter=userName sw \"a\\\"d&a\"&sortBy=name.familyName&sortOrder=descending\
             &attributes=userName,active&startIndex=1&count=20",
            Value::Null,
        )
        .await;
}

#[tokio::test]
async fn leaves_attributes_out_and_sends_a_typed_filter_as_typed() {
    let server = Server::answers(page(&[group("7", "Engineering")], 1)).await;
    let list = server.scim.groups().list().excluded_attributes(["members"]);
    let found: Vec<_> = list.filter("displayName EQ 'x'").stream().try_collect().await.unwrap();
    assert_eq!(found[0].display_name.as_deref(), Some("Engineering"));
    let line =
        "GET /Groups?filter=displayName EQ 'x'&excludedAttributes=members&startIndex=1&count=100";
    server.saw(line, Value::Null).await;
}

#[tokio::test]
async fn searches_by_post_so_that_no_address_holds_the_filter() {
    let server = Server::answers(page(&[user(1, "ada")], 1)).await;
    let list = server.scim.users().search().filter(attr("emails.value").eq("ada@acme.example"));
    let list = list.sort_by("userName", SortOrder::Ascending).attributes(["userName"]);
    let found: Vec<User> =
        list.excluded_attributes(["groups"]).stream().try_collect().await.unwrap();
    assert_eq!(found.len(), 1);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "emails.value eq \"ada@acme.example\"", "sortBy": "userName",
        "sortOrder": "ascending", "attributes": ["userName"], "excludedAttributes": ["groups"],
        "startIndex": 1, "count": 100});
    server.saw("POST /Users/.search", body).await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_back_is_not_sent() {
    let server = Server::answers(page(&[], 0)).await;
    let list = server.scim.users().list().filter(attr("Business Unit").eq("x"));
    let error = list.stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn pages_come_with_cursors_total_and_place() {
    let all = users(5);
    let server = Server::with(move |request: &Request| ok(page(part(&all, request), 5))).await;
    let list = || server.scim.users().list().page_size(2);
    let pages: Vec<_> = list().pages().try_collect().await.unwrap();
    let sizes: Vec<usize> = pages.iter().map(|page| page.resources.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(pages[1].total_results, Some(5));
    assert_eq!(pages[1].cursor.items_before(), 2);
    assert_eq!(pages[0].next.as_ref(), Some(&pages[1].cursor));
    assert!(pages[2].next.is_none());
    let lines = server.lines().await;
    assert_eq!(lines[1..], ["GET /Users?startIndex=3&count=2", "GET /Users?startIndex=5&count=2"]);
    assert_whole(&server, 5).await;
}

#[tokio::test]
async fn a_limit_ends_a_listing() {
    let all = users(9);
    let server = Server::with(move |request: &Request| ok(page(part(&all, request), 9))).await;
    for (limit, calls) in [(0, 0), (2, 1), (3, 2)] {
        server.server.reset().await;
        let all = users(9);
        let answer = move |request: &Request| ok(page(part(&all, request), 9));
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(answer)
            .mount(&server.server)
            .await;
        let list = server.scim.users().list().page_size(2).limit(limit);
        let (came, ended) = read(list.stream()).await;
        ended.unwrap();
        assert_eq!(came, ids(limit as usize));
        assert_eq!(server.requests().await.len(), calls);
    }
}

#[tokio::test]
async fn reading_one_page_does_not_read_the_next() {
    let all = users(5);
    let server = Server::with(move |request: &Request| ok(page(part(&all, request), 5))).await;
    let list: ListResources<User> = server.scim.users().list().page_size(2);
    let mut stream = list.stream();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(server.requests().await.len(), 1);
}

#[tokio::test]
async fn a_server_that_pages_only_what_is_asked_by_post_is_asked_so() {
    let all = users(7);
    let answer = move |request: &Request| {
        if request.method.as_str() == "GET" {
            return ok(page(&all[..2], 7));
        }
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let (start, count) =
            (asked["startIndex"].as_u64().unwrap(), asked["count"].as_u64().unwrap());
        let start = start as usize - 1;
        ok(page(&all[start..all.len().min(start + count as usize)], 7))
    };
    let server = Server::with(answer).await;
    assert_whole(&server, 7).await;
    let methods = |lines: Vec<String>| lines.iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!(methods(server.lines().await), 4);
    // It is not asked by GET again.
    assert_whole(&server, 7).await;
    assert_eq!(methods(server.lines().await), 4);
}
