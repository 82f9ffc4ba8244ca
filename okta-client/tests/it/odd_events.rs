//! Events that do not fit: followed past, told of once, and whoever they are about is found.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::StreamExt;
use okta_client::jiff::Timestamp;
use okta_client::{FollowLog, LogCursor, LogEvent, LogStart, Okta};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::*;

const SIZE: usize = 4;

/// What stands in the log: two odd events have an id, one has none, one comes again.
const LOG: [&str; 11] = [
    r#"{"uuid":"e0","published":"2026-01-01T00:00:00.000Z"}"#,
    r#"{"uuid":"odd1","severity":7,"eventType":"user.lifecycle.suspend","target":[{"type":"User","id":"00u1"}]}"#,
    r#"{"uuid":"e2","published":"2026-01-03T00:00:00.000Z"}"#,
    r#"{"displayMessage":"without an id, of Ada"}"#,
    r#"{"uuid":"e4","published":"2026-01-02T00:00:00.000Z"}"#,
    r#"{"uuid":"odd1","severity":7}"#,
    r#"{"uuid":"e0"}"#,
    r#"{"displayMessage":"without an id, of Ada"}"#,
    r#"{"uuid":"odd8","target":"nobody"}"#,
    r#""a text""#,
    r#"{"uuid":"e10"}"#,
];

fn number(request: &Request, name: &str) -> Option<usize> {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(n, _)| n == name).and_then(|(_, value)| value.parse().ok())
}

fn page(from: usize, limit: usize) -> ResponseTemplate {
    let end = (from + limit).min(LOG.len());
    let link = format!("</api/v1/logs?after={end}&limit={limit}>; rel=\"next\"");
    ResponseTemplate::new(200)
        .set_body_raw(format!("[{}]", LOG[from..end].join(",")), "application/json")
        .insert_header("link", link.as_str())
}

/// The log; its end refuses, so that a test does not wait for more.
async fn log() -> (MockServer, Okta) {
    let server = MockServer::start().await;
    let answer = |request: &Request| match number(request, "after").unwrap_or(0) {
        11 => refusal(400, "E0000031"),
        from => page(from, number(request, "limit").unwrap()),
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let okta = builder(&server.uri()).build().unwrap();
    (server, okta)
}

fn follow(okta: &Okta, start: impl Into<LogStart>) -> FollowLog {
    let follow = okta.logs().follow(start).page_size(SIZE as u16);
    follow.interval(Duration::ZERO).max_interval(Duration::ZERO)
}

fn stored(cursor: &LogCursor) -> LogCursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}

const ALL: [&str; 8] = ["e0", "e2", "!odd1", "!nameless", "e4", "!odd8", "!text", "e10"];

/// In the order of a follower: the odd ones after the others of their page.
fn in_order() -> Vec<&'static str> {
    vec!["e0", "e2", "!odd1", "!nameless", "e4", "e10", "!odd8", "!text"]
}

fn name(event: &okta_client::Result<LogEvent>) -> Option<String> {
    match event {
        Ok(event) => Some(event.uuid.to_string()),
        Err(error) => {
            let odd = match error.item()? {
                item if item.contains("odd1") => "!odd1",
                item if item.contains("odd8") => "!odd8",
                item if item.contains("without an id") => "!nameless",
                item => item,
            };
            assert!(error.to_string().contains("the listing goes on"), "{error}");
            assert!(!format!("{error} {error:?}").contains("Ada"), "{error:?}");
            Some(if odd.starts_with('!') { odd.to_owned() } else { "!text".to_owned() })
        }
    }
}

#[tokio::test]
async fn an_odd_event_is_told_of_once_and_the_log_goes_on() {
    let (_server, okta) = log().await;
    let mut events = follow(&okta, Timestamp::UNIX_EPOCH).stream();
    let mut seen = Vec::new();
    while let Some(name) = name(&events.next().await.unwrap()) {
        seen.push(name);
    }
    assert_eq!(seen, in_order());
    assert_eq!(seen.len(), ALL.len());
    let reached = events.cursor().reached().unwrap();
    assert_eq!(reached, "2026-01-03T00:00:00Z".parse::<Timestamp>().unwrap(), "the latest");
}

#[tokio::test]
async fn restarts_at_any_point_neither_lose_nor_repeat() {
    let (_server, okta) = log().await;
    for stop in 0..=ALL.len() {
        let mut events = follow(&okta, Timestamp::UNIX_EPOCH).stream();
        let mut seen = Vec::new();
        for _ in 0..stop {
            seen.push(name(&events.next().await.unwrap()).unwrap());
        }
        let mut events = follow(&okta, stored(&events.cursor())).stream();
        for _ in stop..ALL.len() {
            seen.push(name(&events.next().await.unwrap()).unwrap());
        }
        assert_eq!(seen, in_order(), "stopped after {stop}");
        assert!(events.next().await.unwrap().is_err_and(|error| error.item().is_none()));
    }
}

/// What a follower by pages gives: each page, and each odd event.
async fn by_pages(
    okta: &Okta,
    start: LogStart,
    most: usize,
) -> (Vec<String>, LogCursor, LogCursor) {
    let mut pages = follow(okta, start).pages();
    let (mut seen, mut of_page) = (Vec::new(), pages.cursor());
    for _ in 0..most {
        match pages.next().await.unwrap() {
            Ok(page) => {
                seen.extend(page.events.iter().map(|event| event.uuid.to_string()));
                seen.push(format!("+{}", page.odd));
                of_page = page.cursor;
            }
            odd => match name(&odd.map(|_| LogEvent::default())) {
                Some(name) => seen.push(name),
                None => break,
            },
        }
    }
    (seen, of_page, pages.cursor())
}

#[tokio::test]
async fn pages_tell_how_many_errors_come_and_their_cursor_loses_none() {
    let (_server, okta) = log().await;
    let (seen, _, _) = by_pages(&okta, Timestamp::UNIX_EPOCH.into(), 99).await;
    let expected =
        ["e0", "e2", "+2", "!odd1", "!nameless", "e4", "+0", "e10", "+2", "!odd8", "!text"];
    assert_eq!(seen, expected);
    // Killed after the page, before its odd events: they come again, the others do not.
    let (_, of_page, _) = by_pages(&okta, Timestamp::UNIX_EPOCH.into(), 1).await;
    let (seen, _, _) = by_pages(&okta, stored(&of_page).into(), 99).await;
    assert_eq!(seen[..3], ["+2", "!odd1", "!nameless"]);
    let (_, _, behind) = by_pages(&okta, Timestamp::UNIX_EPOCH.into(), 2).await;
    let (seen, _, _) = by_pages(&okta, stored(&behind).into(), 99).await;
    assert_eq!(seen[..3], ["+1", "!nameless", "e4"]);
    let (_, _, behind) = by_pages(&okta, Timestamp::UNIX_EPOCH.into(), 3).await;
    let (seen, _, _) = by_pages(&okta, stored(&behind).into(), 99).await;
    assert_eq!(seen[..2], ["e4", "+0"]);
}

#[tokio::test]
async fn a_listing_of_events_goes_on_as_well() {
    let (_server, okta) = log().await;
    let list = okta.logs().list().page_size(11).until(Timestamp::now()).limit(11);
    let all: Vec<_> = list.stream().collect().await;
    let outlines = all.iter().filter_map(|event| event.as_ref().err());
    let about: Vec<_> = outlines.map(|error| error.item().and_then(LogEvent::outline)).collect();
    assert_eq!((all.len(), about.len()), (11, 6));
    assert_eq!(about[0].as_ref().and_then(LogEvent::user_id), Some("00u1"));
    assert!(about[1..].iter().all(Option::is_none));
}

/// Answers `events` and perhaps a link, again and again, and counts.
async fn same(events: usize, link: Option<&'static str>) -> (Arc<AtomicUsize>, MockServer, Okta) {
    let server = MockServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let answer = move |_: &Request| {
        if count.fetch_add(1, SeqCst) >= 5 {
            return refusal(403, "E0000006");
        }
        let page: Vec<_> =
            (0..events).map(|n| serde_json::json!({"uuid": format!("e{n}")})).collect();
        let answer = ResponseTemplate::new(200).set_body_json(page);
        link.into_iter().fold(answer, |answer, link| answer.insert_header("link", link))
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let okta = builder(&server.uri()).build().unwrap();
    (asked, server, okta)
}

#[tokio::test]
async fn a_full_page_without_a_link_is_an_error_that_comes_after_its_events() {
    for link in [
        None,
        Some(
            "</api/v1/logs?since=1970-01-01T00:00:00.000Z&sortOrder=ASCENDING&limit=4>; rel=\"next\"",
        ),
    ] {
        let (asked, _server, okta) = same(SIZE, link).await;
        let mut events = follow(&okta, Timestamp::UNIX_EPOCH).stream();
        for n in 0..SIZE {
            assert_eq!(events.next().await.unwrap().unwrap().uuid.as_str(), format!("e{n}"));
        }
        for times in 1..=5 {
            let error = events.next().await.unwrap().unwrap_err();
            assert!(error.to_string().contains("`Link` headers"), "{error}");
            assert_eq!(asked.load(SeqCst), times, "an error for each request");
        }
        let mut pages = follow(&okta, events.cursor()).pages();
        assert!(pages.next().await.unwrap().unwrap_err().is_forbidden());
    }
}

#[tokio::test]
async fn a_page_that_is_not_full_needs_no_link() {
    let (asked, _server, okta) = same(SIZE - 1, None).await;
    let mut events = follow(&okta, Timestamp::UNIX_EPOCH).stream();
    for _ in 0..SIZE - 1 {
        events.next().await.unwrap().unwrap();
    }
    assert!(events.next().await.unwrap().unwrap_err().is_forbidden(), "it was asked on");
    assert_eq!(asked.load(SeqCst), 6);
    // More than Okta gives cannot make a page look short.
    let (_asked, _server, okta) = same(1_000, None).await;
    let follow =
        okta.logs().follow(Timestamp::UNIX_EPOCH).page_size(5_000).interval(Duration::ZERO);
    let mut pages = follow.pages();
    assert_eq!(pages.next().await.unwrap().unwrap().events.len(), 1_000);
    assert!(pages.next().await.unwrap().unwrap_err().to_string().contains("full page"));
}

#[tokio::test]
async fn a_filter_that_okta_cannot_read_is_not_sent() {
    let org = Org::answers(serde_json::json!([])).await;
    for (filter, says) in [
        ("published gt \"2026-01-01T00:00:00Z\"", "since"),
        ("eventType eq \"x\" and (not (published pr))", "since"),
        ("eventType eq \"user.lifecycle.create", "closing double quote"),
        ("eventType = \"x\"", "character 11"),
        ("(eventType eq \"x\"", "`)`"),
        ("eventType eq \"x\" outcome.result eq \"y\"", "`and`, `or` or the end"),
        ("eventType like \"x\"", "like"),
        ("", "the end"),
    ] {
        let mut events = org.okta.logs().follow(Timestamp::UNIX_EPOCH).filter(filter).stream();
        let error = events.next().await.unwrap().unwrap_err().to_string();
        assert!(error.contains("filter: ") && error.contains(says), "{filter}: {error}");
        assert!(events.next().await.is_none(), "{filter}");
        let error =
            org.okta.logs().list().filter(filter).stream().next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains(says), "{filter}: {error}");
    }
    assert!(org.requests().await.is_empty());
    for filter in [
        "not (actor.type eq \"User\" or actor.type ne null)",
        "displayMessage ew \"x\" and target pr",
        "debugContext.debugData.publishedBy eq \"published\"",
    ] {
        let list = org.okta.logs().list().filter(filter).stream();
        assert_eq!(list.count().await, 0, "{filter}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_refused_starts_anew_from_a_time() {
    let (server, okta) = log().await;
    let mut events = follow(&okta, Timestamp::UNIX_EPOCH).q("x").stream();
    for _ in ALL {
        let _ = events.next().await.unwrap();
    }
    assert!(events.next().await.unwrap().unwrap_err().is_invalid());
    let cursor = stored(&events.cursor());
    let since = cursor.reached().unwrap();
    let mut events = okta.logs().follow(cursor.anew(since)).interval(Duration::ZERO).stream();
    assert!(events.next().await.unwrap().unwrap_err().is_invalid(), "nothing is given twice");
    let requests = server.received_requests().await.unwrap();
    let anew = &requests[requests.len() - 4];
    let query = anew.url.query().unwrap();
    assert_eq!(query, "since=2026-01-03T00%3A00%3A00.000Z&sortOrder=ASCENDING&q=x&limit=4");
}
