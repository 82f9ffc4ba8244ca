//! Pages by index, of servers that do it in all kinds of ways: each resource comes once, or it is an error.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::*;

#[tokio::test]
async fn pages_may_be_smaller_than_asked_for() {
    let all = users(7);
    let answer = move |request: &Request| {
        let part = part(&all, request);
        ok(page(&part[..part.len().min(1)], 7))
    };
    assert_whole(&Server::with(answer).await, 7).await;
}

#[tokio::test]
async fn counters_may_be_texts_wrong_or_absent() {
    for total in [json!("5"), json!(5), Value::Null] {
        let all = users(5);
        let answer = move |request: &Request| {
            let mut body = page(part(&all, request), 5);
            body["totalResults"] = total.clone();
            // Twenty, as scimmy says whatever it gives.
            body["itemsPerPage"] = 20.into();
            ok(body)
        };
        assert_whole(&Server::with(answer).await, 5).await;
    }
}

#[tokio::test]
async fn an_empty_directory_may_say_so_without_resources() {
    let server = Server::answers(json!({"totalResults": 0})).await;
    assert_whole(&server, 0).await;
    assert_eq!(server.requests().await.len(), 1);
}

#[tokio::test]
async fn a_server_that_ignores_both_parameters_is_read_in_one_page() {
    for total in [json!(7), Value::Null] {
        let calls = if total.is_null() { 2 } else { 1 };
        let mut body = page(&users(7), 7);
        body["totalResults"] = total;
        body["itemsPerPage"] = 20.into();
        body["startIndex"] = 1.into();
        let server = Server::answers(body).await;
        assert_whole(&server, 7).await;
        assert_eq!(server.requests().await.len(), calls);
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_index_is_asked_for_everything_at_once() {
    let all = users(7);
    let answer = move |request: &Request| {
        let count = number(request, "count").unwrap();
        ok(page(&all[..count.min(7)], 7))
    };
    let server = Server::with(answer).await;
    assert_whole(&server, 7).await;
    assert_eq!(server.lines().await.last().unwrap(), "GET /Users?startIndex=1&count=7");
}

#[tokio::test]
async fn a_server_that_ignores_the_index_and_says_no_total_is_read_in_larger_pages() {
    for total in [Value::Null, json!("page")] {
        let all = users(27);
        let answer = move |request: &Request| {
            let part = &all[..number(request, "count").unwrap().min(27)];
            let mut body = page(part, part.len());
            if total.is_null() {
                body["totalResults"] = Value::Null;
            }
            ok(body)
        };
        let server = Server::with(answer).await;
        assert_whole(&server, 27).await;
        assert!(server.requests().await.len() <= 6);
    }
}

#[tokio::test]
async fn a_total_that_is_too_small_is_not_believed() {
    let all = users(5);
    let answer = move |request: &Request| ok(page(part(&all, request), 1));
    assert_whole(&Server::with(answer).await, 5).await;
}

#[tokio::test]
async fn a_cut_off_listing_is_an_error() {
    // One that ignores the index and caps its pages, and one that says 7 and has 4.
    let all = users(7);
    let capped = Server::with(move |_: &Request| ok(page(&all[..2], 7))).await;
    assert_cut_off(&capped, 2, "gave 2 of 7 resources").await;
    assert!(capped.requests().await.len() < 8, "twice by GET, twice by POST");
    let all = users(4);
    let answer = move |request: &Request| ok(page(part(&all, request), 7));
    let short = Server::with(answer).await;
    assert_cut_off(&short, 4, "gave 4 of 7 resources").await;
    let empty = Server::answers(page(&[], 7)).await;
    assert_cut_off(&empty, 0, "gave 0 of 7 resources").await;
}

#[tokio::test]
async fn a_server_that_refuses_to_give_everything_at_once_is_told_of() {
    let answer = |request: &Request| match number(request, "count") {
        Some(2) => ok(page(&users(2), 7)),
        _ => refusal(400, "tooMany"),
    };
    let server = Server::with(answer).await;
    let error = assert_cut_off(&server, 2, "gave 2 of 7 resources").await;
    assert!(printed(&error).contains("tooMany"));
}

/// Users, of whom some are gone after so many requests.
fn shrinking(
    last: usize,
    after: usize,
    gone: fn(usize) -> bool,
) -> impl Fn(&Request) -> ResponseTemplate {
    let calls = AtomicUsize::new(0);
    move |request: &Request| {
        let mut all = users(last);
        if calls.fetch_add(1, SeqCst) >= after {
            all.retain(|user| !gone(user["id"].as_str().unwrap().parse().unwrap()));
        }
        ok(page(part(&all, request), all.len()))
    }
}

#[tokio::test]
async fn who_moves_up_when_others_are_deleted_is_not_lost() {
    for (last, after, gone) in [
        (9, 1, (|id| id <= 2) as fn(usize) -> bool),
        (9, 2, |id| id == 1 || id == 3),
        (9, 4, |id| id == 1),
        (5, 2, |id| id == 5),
        (30, 3, |id| id % 2 == 0),
        (6, 1, |_| true),
    ] {
        let server = Server::with(shrinking(last, after, gone)).await;
        let (came, ended) = read(server.scim.users().list().page_size(2).stream()).await;
        ended.unwrap();
        for id in (1..=last).filter(|id| !gone(*id)) {
            assert_eq!(came.iter().filter(|came| **came == id.to_string()).count(), 1, "{id}");
        }
    }
}

#[tokio::test]
async fn a_total_that_is_exceeded_is_not_believed_as_long_as_pages_are_full() {
    let all = users(9);
    let answer = move |request: &Request| ok(page(part(&all, request), 5));
    assert_whole(&Server::with(answer).await, 9).await;
}

#[tokio::test]
async fn a_round_number_of_resources_may_be_a_cap() {
    for refuses in [false, true] {
        let all = users(25);
        let capped = move |request: &Request| {
            let part = part(&all, request);
            if refuses && part.is_empty() {
                return refusal(400, "invalidValue");
            }
            let part = &part[..part.len().min(10)];
            ok(page(part, part.len()))
        };
        let server = Server::with(capped).await;
        let (came, ended) = read(server.scim.users().list().stream()).await;
        ended.unwrap();
        assert_eq!(came, ids(25));
    }
    // Nobody asks twice where seven of seven came, nor is a refusal of page two an error.
    let server = Server::answers(page(&users(7), 7)).await;
    assert!(read(server.scim.users().list().stream()).await.1.is_ok());
    assert_eq!(server.requests().await.len(), 1);
    let all = users(10);
    let answer = move |request: &Request| match number(request, "startIndex") {
        Some(1) => ok(page(&all, 10)),
        _ => refusal(404, ""),
    };
    let server = Server::with(answer).await;
    let (came, ended) = read(server.scim.users().list().stream()).await;
    ended.unwrap();
    assert_eq!((came.len(), server.requests().await.len()), (10, 2));
}

#[tokio::test]
async fn a_cursor_that_ends_before_the_total_is_a_cut_off_listing() {
    let answer = |request: &Request| match query(request, "cursor") {
        Some(_) => ok(json!({"Resources": users(4)[2..]})),
        None => ok(json!({"totalResults": 7, "Resources": users(2), "nextCursor": "a"})),
    };
    let server = Server::with(answer).await;
    assert_cut_off(&server, 4, "gave 4 of 7 resources, and then no further cursor").await;
}

#[tokio::test]
async fn a_listing_far_beyond_its_total_does_not_go_on_for_ever() {
    let calls = AtomicUsize::new(0);
    let answer = move |_: &Request| {
        let call = calls.fetch_add(1, SeqCst);
        let some: Vec<Value> = (0..100).map(|n| user(format!("{call}-{n}"), "x")).collect();
        let next = call.to_string();
        ok(json!({"totalResults": 101, "Resources": some, "nextCursor": next}))
    };
    let server = Server::with(answer).await;
    let (came, ended) = read(server.scim.users().list().stream()).await;
    assert!(ended.unwrap_err().to_string().contains("ever more resources"));
    assert!(came.len() < 3_000);
}

#[tokio::test]
async fn pages_that_overlap_give_each_resource_once() {
    // Somebody is created in front of all others after the first page.
    let calls = AtomicUsize::new(0);
    let answer = move |request: &Request| {
        let mut all = users(5);
        if calls.fetch_add(1, SeqCst) > 0 {
            all.insert(0, user("new", "new@acme.example"));
        }
        ok(page(part(&all, request), all.len()))
    };
    let server = Server::with(answer).await;
    let (mut came, ended) = read(server.scim.users().list().page_size(2).stream()).await;
    ended.unwrap();
    came.sort();
    assert_eq!(came, ["1", "2", "3", "4", "5", "new"]);
}

#[tokio::test]
async fn an_order_that_changes_from_page_to_page_is_read_again() {
    // The first pass gives 1 2, 2 3, 4 4; everything is there only when asked for at once.
    let answer = |request: &Request| {
        let all = users(4);
        let some = |at: [usize; 2]| vec![all[at[0]].clone(), all[at[1]].clone()];
        let part = match (number(request, "startIndex"), number(request, "count")) {
            (_, Some(4)) => all,
            (Some(1), _) => some([0, 1]),
            (Some(3), _) => some([1, 2]),
            _ => Vec::new(),
        };
        ok(page(&part, 4))
    };
    assert_whole(&Server::with(answer).await, 4).await;
}

#[tokio::test]
async fn a_total_that_counts_only_the_page_is_not_believed() {
    let all = users(5);
    let answer = move |request: &Request| {
        let part = part(&all, request);
        ok(page(part, part.len()))
    };
    assert_whole(&Server::with(answer).await, 5).await;
}

#[tokio::test]
async fn resources_without_id_are_kept_and_end() {
    let nameless = |n: usize| json!({"userName": format!("u{n}")});
    let all: Vec<Value> = (1..=5).map(nameless).collect();
    let paged = all.clone();
    let server = Server::with(move |request: &Request| ok(page(part(&paged, request), 5))).await;
    let (came, ended) = read(server.scim.users().list().page_size(2).stream()).await;
    ended.unwrap();
    assert_eq!(came.len(), 5);
    // Without a total, from a server that gives everybody each time.
    let server = Server::answers(json!({"Resources": all})).await;
    let (came, ended) = read(server.scim.users().list().page_size(2).stream()).await;
    ended.unwrap();
    assert_eq!(came.len(), 5);
}
