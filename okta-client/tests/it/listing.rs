//! Long listings: where a search ends, what a page that fails leaves behind, and going on later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use futures::{StreamExt, TryStreamExt};
use okta_client::{Cursor, Error, ErrorKind, ListUsers, Profile};
use wiremock::{Request, Respond, ResponseTemplate};

use crate::support::*;

/// So many users, in pages of what `limit` says; the page at `broken` fails while there is one.
#[derive(Clone)]
struct Crowd {
    users: u64,
    broken: Arc<AtomicU64>,
    calls: Arc<AtomicUsize>,
}

impl Crowd {
    fn of(users: u64) -> Self {
        let broken = Arc::new(AtomicU64::new(u64::MAX));
        Self { users, broken, calls: Arc::default() }
    }
}

impl Respond for Crowd {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.calls.fetch_add(1, SeqCst);
        let number = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(n, _)| n == name).map(|(_, value)| value.parse::<u64>().unwrap())
        };
        let (start, limit) = (number("after").unwrap_or(0), number("limit").unwrap());
        if start == self.broken.load(SeqCst) {
            return refusal(500, "E0000009");
        }
        let end = (start + limit).min(self.users);
        let ids: Vec<String> = (start..end).map(|n| format!("{{\"id\":\"{n}\"}}")).collect();
        let page = ResponseTemplate::new(200)
            .set_body_raw(format!("[{}]", ids.join(",")), "application/json");
        if end == self.users {
            return page;
        }
        let mut next = request.url.clone();
        let others: Vec<_> = request.url.query_pairs().filter(|(n, _)| n != "after").collect();
        next.query_pairs_mut().clear().extend_pairs(others).append_pair("after", &end.to_string());
        let target = format!("{}?{}", next.path(), next.query().unwrap());
        page.append_header("link", format!("<{target}>; rel=\"next\"").as_str())
    }
}

/// How many items came, one after the other, and how it ended.
async fn read(list: ListUsers<Profile>, from: u64) -> (u64, Result<(), Error>) {
    let mut stream = list.stream();
    let mut next = from;
    while let Some(user) = stream.next().await {
        match user {
            Ok(user) => assert_eq!(user.id.as_str(), next.to_string()),
            Err(error) => return (next, Err(error)),
        }
        next += 1;
    }
    (next, Ok(()))
}

fn assert_is_the_cap(ended: Result<(), Error>) {
    let error = ended.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Paging(_)), "{error:?}");
    let line = error.to_string();
    for part in ["ended at 50,000 users", "search by ranges of `created`", "list without search"] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn a_search_that_ends_exactly_at_the_cap_is_an_error() {
    let org = Org::with(Crowd::of(50_000)).await;
    let (_, ended) = read(org.okta.users().list().search("status pr"), 0).await;
    assert_is_the_cap(ended);
}

#[tokio::test]
async fn a_search_of_one_less_or_one_more_is_whole() {
    for users in [49_999, 50_001] {
        let org = Org::with(Crowd::of(users)).await;
        let (read, ended) = read(org.okta.users().list().search("status pr"), 0).await;
        ended.unwrap();
        assert_eq!(read, users);
    }
}

#[tokio::test]
async fn a_plain_or_filtered_listing_has_no_cap() {
    let org = Org::with(Crowd::of(50_000)).await;
    let users = org.okta.users();
    for list in [users.list(), users.list().filter("status eq \"ACTIVE\"")] {
        let (read, ended) = read(list, 0).await;
        ended.unwrap();
        assert_eq!(read, 50_000);
    }
}

#[tokio::test]
async fn whoever_asks_for_so_many_gets_so_many() {
    let org = Org::with(Crowd::of(50_000)).await;
    let (read, ended) = read(org.okta.users().list().search("status pr").limit(50_000), 0).await;
    ended.unwrap();
    assert_eq!(read, 50_000);
}

#[tokio::test]
async fn the_count_goes_on_when_a_search_is_resumed() {
    let crowd = Crowd::of(50_000);
    let org = Org::with(crowd.clone()).await;
    let search = || org.okta.users().list().search("status pr");
    let pages = search().pages().take(240).try_collect::<Vec<_>>().await.unwrap();
    let stored = serde_json::to_string(pages[239].next.as_ref().unwrap()).unwrap();
    let cursor: Cursor = serde_json::from_str(&stored).unwrap();
    assert_eq!((cursor.items_before(), crowd.calls.load(SeqCst)), (48_000, 240));
    let (_, ended) = read(search().resume(cursor.clone()), 48_000).await;
    assert_is_the_cap(ended);
    assert_eq!(crowd.calls.load(SeqCst), 250);
    // The search is the cursor's, named again or not.
    let (_, ended) = read(org.okta.users().list().resume(cursor), 48_000).await;
    assert_is_the_cap(ended);
}

#[tokio::test]
async fn a_cursor_of_another_search_is_refused() {
    let org = Org::with(Crowd::of(95)).await;
    let list = || org.okta.users().list().page_size(20);
    let second = async |list: ListUsers<Profile>| {
        let page = list.pages().take(1).try_collect::<Vec<_>>().await.unwrap().remove(0);
        page.next.unwrap()
    };
    let cursors = [second(list()).await, second(list().search("status eq \"ACTIVE\"")).await];
    for cursor in &cursors {
        let (came, ended) = read(list().search("status pr").resume(cursor.clone()), 20).await;
        let line = ended.unwrap_err().to_string();
        assert!(came == 20 && line.contains("cursor is of another listing"), "{line}");
    }
    for (cursor, list) in cursors.into_iter().zip([list(), list().search("status eq \"ACTIVE\"")]) {
        let (came, ended) = read(list.page_size(50).resume(cursor), 20).await;
        ended.unwrap();
        assert_eq!(came, 95);
    }
}

#[tokio::test]
async fn a_page_that_fails_for_good_names_its_cursor_and_resume_goes_on_there() {
    let crowd = Crowd::of(95);
    crowd.broken.store(40, SeqCst);
    let org = Org::with(crowd.clone()).await;
    let list = || org.okta.users().list().page_size(20);
    let (came, ended) = read(list(), 0).await;
    let error = ended.unwrap_err();
    assert_eq!((came, error.attempts()), (40, 6));
    assert!(error.to_string().contains("reading the page at after=40"), "{error}");
    let stored = serde_json::to_string(error.cursor().unwrap()).unwrap();
    crowd.broken.store(u64::MAX, SeqCst);
    let (came, ended) = read(list().resume(serde_json::from_str(&stored).unwrap()), 40).await;
    ended.unwrap();
    assert_eq!(came, 95);
}

#[tokio::test]
async fn prefetching_changes_nothing_but_the_time() {
    let org = Org::with(Crowd::of(95)).await;
    let (came, ended) = read(org.okta.users().list().page_size(20).prefetch(true), 0).await;
    ended.unwrap();
    assert_eq!(came, 95);
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_refused() {
    let org = Org::with(Crowd::of(95)).await;
    let pages = org.okta.users().list().page_size(20).pages().take(1);
    let page = pages.try_collect::<Vec<_>>().await.unwrap().remove(0);
    let members = org.okta.groups().members("00g1").resume(page.next.unwrap());
    let error = members.stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("cursor is of another listing"), "{error}");
}

#[tokio::test]
async fn a_next_link_to_another_host_is_not_followed() {
    let next = "<https://evil.example/api/v1/users?after=1>; rel=\"next\"";
    let page = ResponseTemplate::new(200).set_body_raw("[]", "application/json");
    let org = Org::with(page.insert_header("link", next)).await;
    let error = org.okta.users().list().stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("another host, https://evil.example"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn a_cursor_that_comes_again_is_an_error() {
    let next = "</api/v1/users?after=1>; rel=\"next\"";
    let page = ResponseTemplate::new(200).set_body_raw("[]", "application/json");
    let org = Org::with(page.insert_header("link", next)).await;
    let error = org.okta.users().list().stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("read already"), "{error}");
    assert_eq!(org.requests().await.len(), 2);
}
