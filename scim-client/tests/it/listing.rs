//! Listings: what is asked, and that every resource comes once whatever the server does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::{StreamExt, TryStreamExt};
use scim_client::{Cursor, Error, ErrorKind, Items, ListResources};
use scim_types::filter::attr;
use scim_types::{SortOrder, User};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::support::*;

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
