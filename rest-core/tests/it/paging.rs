//! Listings: every item once, whatever happens on the way, and no request to another host.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use rest_core::{Client, Cursor, ErrorKind, List, Method, RetryPolicy, reqwest};

use crate::support::*;

const PATH: &str = "/users";

pub(crate) fn listing(client: &Client<Refusal>) -> List<Refusal, u32> {
    client.request(Method::GET, PATH, []).list()
}

fn numbers(range: std::ops::Range<usize>) -> String {
    let texts: Vec<_> = range.map(|n| n.to_string()).collect();
    format!("[{}]", texts.join(","))
}

/// Where a request asks to start.
pub(crate) fn after(request: &str) -> usize {
    parameter(request, "after").map_or(0, |n| n.parse().unwrap())
}

/// The page that a well-behaved server gives: `size` of `total`, with both links.
fn page(request: &str, size: usize, total: usize) -> Then {
    let start = after(request);
    let end = (start + size).min(total);
    let own = format!("<{PATH}?after={start}>; rel=\"self\"");
    let next = format!("<{PATH}?after={end}>; rel=\"next\"");
    let links = [("link", &*own), ("link", &*next)];
    let links = if end < total { &links[..] } else { &links[..1] };
    answer(200, links, &numbers(start..end))
}

pub(crate) async fn well_behaved(size: usize, total: usize) -> Server {
    Server::start(move |_, request| page(request, size, total)).await
}

pub(crate) async fn collect(list: List<Refusal, u32>) -> Result<Vec<u32>, Error> {
    list.stream().try_collect().await
}

fn up_to(total: u32) -> Vec<u32> {
    (0..total).collect()
}

/// The cursor as a later process would get it.
pub(crate) fn stored(cursor: &Cursor) -> Cursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}

#[tokio::test]
async fn links_are_followed_in_every_shape() {
    type Shape = fn(&str, &str) -> Vec<String>;
    let shapes: [(&str, Shape); 6] = [
        ("in order", |own, next| {
            vec![format!("<{own}>; rel=\"self\""), format!("<{next}>; rel=\"next\"")]
        }),
        ("other order", |own, next| {
            vec![format!("<{next}>; rel=\"next\""), format!("<{own}>; rel=\"self\"")]
        }),
        ("joined", |own, next| vec![format!("<{own}>; rel=\"self\", <{next}>; rel=\"next\"")]),
        ("joined, other order", |own, next| vec![format!("<{next}>;rel=next,<{own}>;rel=self")]),
        ("relative to the host", |_, next| {
            let (_, path) = next.split_once("//").unwrap();
            vec![format!("</{}>; rel=\"next\"", path.split_once('/').unwrap().1)]
        }),
        ("relative to the page", |_, next| {
            vec![format!("<?{}>; rel=\"next\"", next.split_once('?').unwrap().1)]
        }),
    ];
    for (name, shape) in shapes {
        let server = Server::start(move |_, request| {
            let host = header(request, "host").unwrap();
            let start = after(request);
            let address = |n| format!("http://{host}{PATH}?filter=a,b;c&after={n}");
            let links = shape(&address(start), &address(start + 2));
            let links = links.iter().map(|link| ("link", &**link));
            let links: Vec<_> = links.filter(|_| start < 4).collect();
            answer(200, &links, &numbers(start..start + 2))
        })
        .await;
        let found = collect(listing(&client(&server.url))).await;
        assert_eq!(found.unwrap(), up_to(6), "{name}");
        let last = server.requests().pop().unwrap();
        assert_eq!(parameter(&last, "filter"), Some("a,b;c"), "{name}");
    }
}

#[tokio::test]
async fn an_empty_page_with_a_next_link_is_not_the_end() {
    let server = Server::start(|_, request| match after(request) {
        0 => answer(200, &[("link", "<?after=1>; rel=next")], "[]"),
        1 => answer(200, &[("link", "<?after=2>; rel=next")], "[]"),
        _ => json("[7]"),
    })
    .await;
    assert_eq!(collect(listing(&client(&server.url))).await.unwrap(), [7]);
}

/// The page that a server gives which wraps its items: `size` of `total`.
fn wrapped(request: &str, size: usize, total: usize) -> Then {
    let start = after(request);
    let end = (start + size).min(total);
    let next = format!(r#","next":{{"href":"{PATH}?after={end}"}}"#);
    let next = if end < total { &*next } else { "" };
    let items = numbers(start..end);
    json(&format!(r#"{{"_links":{{"self":{{"href":"x"}}{next}}},"value":{items}}}"#))
}

#[tokio::test]
async fn items_in_a_member_are_paged_by_the_links_beside_them() {
    let server = Server::start(|_, request| wrapped(request, 2, 5)).await;
    let list = || listing(&client(&server.url)).items_in("value");
    assert_eq!(collect(list()).await.unwrap(), up_to(5));
    assert_eq!(server.requests().len(), 3);
    assert_eq!(collect(list().limit(3)).await.unwrap(), up_to(3));
    let second = list().pages().try_next().await.unwrap().unwrap().next.unwrap();
    assert_eq!(collect(list().resume(stored(&second))).await.unwrap(), [2, 3, 4]);
    let server = Server::start(|_, request| match after(request) {
        0 => answer(200, &[("link", "<?after=1>; rel=next")], r#"{"value":[0]}"#),
        _ => json(r#"{"value":[1],"_links":null}"#),
    })
    .await;
    let list = listing(&client(&server.url)).items_in("value");
    assert_eq!(collect(list).await.unwrap(), [0, 1], "a header is followed too");
}

#[tokio::test]
async fn items_that_are_not_where_they_should_be_are_an_error() {
    let cases = [
        (r#"{"value":[1,"x"]}"#, "value[1]"),
        (r#"{"other":[1]}"#, "value"),
        (r#"{"value":null}"#, "value"),
        (r#"{"value":{"a":1}}"#, "value"),
    ];
    for (body, at) in cases {
        let server = Server::start(move |_, _| json(body)).await;
        let list = listing(&client(&server.url)).items_in("value");
        let error = collect(list).await.unwrap_err();
        let path = match error.kind() {
            ErrorKind::Decode { path, .. } => path,
            other => panic!("{body}: {other:?}"),
        };
        assert_eq!(path, at, "{body}");
    }
    let other = r#"{"value":[1],"_links":{"next":{"href":"http://evil.example/users?after=1"}}}"#;
    let server = Server::start(move |_, _| json(other)).await;
    let error = collect(listing(&client(&server.url)).items_in("value")).await.unwrap_err();
    assert!(error.to_string().contains("another host, http://evil.example"), "{error}");
}

/// A small generator, so that a seed tells the whole story.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// A listing whose every third answer is a fault of some kind, and which puts empty pages in between.
async fn troubled(seed: u64, size: usize, total: usize) -> Server {
    let mut dice = Dice::new(seed);
    Server::start(move |_, request| {
        let whole = page(request, size, total);
        let Then::Say(bytes) = &whole else { return whole };
        let text = String::from_utf8(bytes.clone()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        match dice.below(21) {
            0 => Then::Close,
            1 => answer(503, &[], "busy"),
            2 => answer(429, &[("retry-after", "0")], ""),
            3 => answer(500, &[("retry-after", "0")], &refusal("OOPS")),
            4 => Then::Say(text[..text.len() / 2].into()),
            5 => Then::Say(format!("{head}\r\n\r\n{}", &body[..body.len() / 2]).into()),
            6 => {
                let link = header(&text, "link").filter(|l| l.contains("next"));
                let links: Vec<_> = link.iter().map(|l| ("link", *l)).collect();
                answer(200, &links, &body[..body.len() - 1])
            }
            _ => whole,
        }
    })
    .await
}

#[tokio::test]
async fn faults_on_the_way_lose_nothing_and_repeat_nothing() {
    // One for all: making one reads the system's certificates.
    let http = reqwest::Client::new();
    for seed in 0..120 {
        let mut dice = Dice::new(seed + 1000);
        let (size, total) = (1 + dice.below(9) as usize, dice.below(60) as usize);
        let server = troubled(seed, size, total).await;
        let policy = at_once().max_attempts(40);
        let client = builder(&server.url).http_client(http.clone());
        let client = client.retry(policy).build().unwrap();
        let list = listing(&client).prefetch(seed % 2 == 0);
        let found = collect(list).await;
        assert_eq!(found.unwrap(), up_to(total as u32), "seed {seed}: pages of {size}");
    }
}

#[tokio::test]
async fn a_listing_that_fails_goes_on_from_its_cursor_exactly_there() {
    let (mut resumed, http) = (0, reqwest::Client::new());
    for seed in 0..120 {
        let server = troubled(seed, 4, 50).await;
        let never = builder(&server.url).http_client(http.clone());
        let client = never.retry(RetryPolicy::never()).build().unwrap();
        let (mut found, mut list) = (Vec::new(), listing(&client));
        loop {
            let mut items = list.prefetch(seed % 2 == 0).stream();
            let error = loop {
                match items.next().await {
                    Some(Ok(item)) => found.push(item),
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            };
            let Some(error) = error else { break };
            let cursor = stored(error.cursor().unwrap());
            assert_eq!(cursor.items_before(), found.len() as u64, "seed {seed}");
            list = listing(&client).resume(cursor);
            resumed += 1;
        }
        assert_eq!(found, up_to(50), "seed {seed}");
    }
    assert!(resumed > 120, "the faults must have been met: {resumed}");
}

#[tokio::test]
async fn a_page_that_fails_for_good_is_named_and_ends_the_stream() {
    let server = Server::start(|_, request| match after(request) {
        4 => answer(500, &[("x-request-id", "r4")], ""),
        _ => page(request, 2, 10),
    })
    .await;
    let mut items = listing(&client(&server.url)).query("search", "se cret").stream();
    let mut found = Vec::new();
    let error = loop {
        match items.next().await.unwrap() {
            Ok(item) => found.push(item),
            Err(error) => break error,
        }
    };
    assert_eq!(found, up_to(4));
    assert_eq!(error.cursor().unwrap().to_string(), "after=4");
    assert_eq!(
        error.to_string(),
        "GET /users: 500 Internal Server Error, reading the page at after=4, \
         tried 6 times [request r4]"
    );
    assert!(items.next().await.is_none(), "after an error it has ended");
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn a_next_link_to_another_origin_is_an_error_and_nobody_is_asked_there() {
    let evil = Server::start(|_, _| json("[666]")).await;
    let port = evil.port;
    for link in [
        format!("http://127.0.0.1:{port}{PATH}?after=2"),
        format!("http://localhost:{port}{PATH}?after=2"),
        format!("//127.0.0.1:{port}{PATH}?after=2"),
        format!("\\\\127.0.0.1:{port}{PATH}?after=2"),
        "https://HOST/users?after=2".to_owned(),
        "ftp://HOST/users?after=2".to_owned(),
        "http://HOST@evil.example/users".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://[bad".to_owned(),
    ] {
        let server = Server::start({
            let link = link.clone();
            move |_, request| {
                let link = link.replace("HOST", header(request, "host").unwrap());
                answer(200, &[("link", &format!("<{link}>; rel=\"next\""))], "[0,1]")
            }
        })
        .await;
        let error = collect(listing(&client(&server.url))).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Paging(_)), "{link}: {error}");
        let line = error.to_string();
        assert!(line.contains("the next link"), "{line}");
        assert!(!line.contains("after=2"), "the link's query stays out: {line}");
        assert_eq!(server.count(), 1, "{link}");
    }
    assert_eq!(evil.count(), 0);
}

#[tokio::test]
async fn a_repeated_cursor_is_an_error_before_an_item_comes_twice() {
    // Each list is where the pages 0, 1, 2 … lead; the last one leads back.
    for leads_to in [vec![0], vec![1, 1], vec![1, 2, 0], vec![1, 2, 3, 1]] {
        let pages = leads_to.len();
        let server = Server::start(move |_, request| {
            let here = after(request);
            let link = format!("<{PATH}?after={}>; rel=\"next\"", leads_to[here]);
            answer(200, &[("link", &link)], &numbers(here..here + 1))
        })
        .await;
        let list = listing(&client(&server.url)).query("after", 0);
        let items = list.stream().take(20);
        let (found, error) = items
            .fold((Vec::new(), None), |(mut found, mut error), item| async {
                match item {
                    Ok(item) => found.push(item),
                    Err(e) => error = Some(e),
                }
                (found, error)
            })
            .await;
        let error: Error = error.expect("the loop is noticed");
        assert!(matches!(error.kind(), ErrorKind::Paging(_)), "{error}");
        assert!(error.to_string().contains("was read already"), "{error}");
        assert_eq!(server.count(), pages, "no page is read twice");
        assert_eq!(found, up_to(pages as u32 - 1));
    }
}

#[tokio::test]
async fn a_limit_is_kept_to_the_item_and_asks_for_no_page_too_many() {
    for (limit, requests) in [(0, 0), (1, 1), (3, 1), (4, 2), (7, 3), (10, 4), (99, 4)] {
        for ahead in [false, true] {
            let server = well_behaved(3, 10).await;
            let list = listing(&client(&server.url)).limit(limit).prefetch(ahead);
            let found = collect(list).await.unwrap();
            assert_eq!(found, up_to((limit as u32).min(10)));
            all_else().await;
            assert_eq!(server.count(), requests, "limit {limit}");
        }
    }
}

/// A search of a server that stops it at six items.
fn search(server: &Server) -> List<Refusal, u32> {
    listing(&client(&server.url)).query("search", "x").capped("search", 6, CAPPED)
}

const CAPPED: &str = "search gives 6 results at most: list without it";

#[tokio::test]
async fn a_listing_that_ends_exactly_at_the_servers_cap_is_an_error_that_says_what_to_do() {
    for (total, capped) in [(5, false), (6, true), (7, false)] {
        let server = well_behaved(2, total).await;
        let found = collect(search(&server)).await;
        assert_eq!(found.is_err(), capped, "{total}");
        if let Err(error) = found {
            assert_eq!(
                error.to_string(),
                format!("GET /users: {CAPPED}, reading the page at after=4")
            );
        }
    }
    let server = well_behaved(2, 6).await;
    let list = search(&server);
    assert_eq!(collect(list.clone().limit(6)).await.unwrap(), up_to(6), "enough was read");
    let cursors = list.clone().pages().take(2).try_collect::<Vec<_>>();
    let cursor = stored(&cursors.await.unwrap().pop().unwrap().cursor);
    assert!(collect(list.resume(cursor.clone())).await.is_err(), "resumed, it is the same end");
    let plain = listing(&client(&server.url)).capped("search", 6, CAPPED);
    assert_eq!(collect(plain.clone()).await.unwrap(), up_to(6), "a plain listing has no cap");
    assert!(collect(plain.resume(cursor)).await.is_err(), "the cursor knows that it is a search");
}

#[tokio::test]
async fn pages_name_where_they_stand() {
    let server = well_behaved(4, 10).await;
    let list = listing(&client(&server.url));
    let pages: Vec<_> = list.clone().pages().try_collect().await.unwrap();
    let before: Vec<_> = pages.iter().map(|p| p.cursor.items_before()).collect();
    assert_eq!(before, [0, 4, 8]);
    assert_eq!(pages[0].next.as_ref(), Some(&pages[1].cursor));
    assert!(pages[2].next.is_none());
    for page in &pages {
        let rest = collect(list.clone().resume(stored(&page.cursor))).await;
        let start = page.cursor.items_before() as u32;
        assert_eq!(rest.unwrap(), (start..10).collect::<Vec<_>>());
    }
    let mut items = list.stream();
    assert_eq!(items.cursor(), Some(&pages[0].cursor));
    while items.try_next().await.unwrap() != Some(5) {}
    assert_eq!(items.cursor(), Some(&pages[1].cursor));
}

#[tokio::test]
async fn prefetch_is_one_page_ahead_and_stops_with_the_stream() {
    for (ahead, after_first) in [(false, 1), (true, 2)] {
        let server = well_behaved(2, 10).await;
        let client = client(&server.url);
        let mut items = listing(&client).prefetch(ahead).stream();
        items.next().await.unwrap().unwrap();
        // The next page comes over a real connection; nothing must come after it.
        while server.count() < after_first {
            tokio::task::yield_now().await;
        }
        all_else().await;
        assert_eq!(server.count(), after_first, "prefetch {ahead}");
        drop(items);
        all_else().await;
        assert_eq!(server.count(), after_first, "nobody listens any more");
    }
}

#[tokio::test]
async fn dropping_the_stream_stops_a_page_that_is_being_fetched_ahead() {
    let server = Server::start(|nth, request| match nth {
        0 => page(request, 2, 10),
        _ => Then::Late(Box::new(answer(503, &[], ""))),
    })
    .await;
    let mut items = listing(&client(&server.url)).prefetch(true).stream();
    items.next().await.unwrap().unwrap();
    while server.count() < 2 {
        tokio::task::yield_now().await;
    }
    drop(items);
    for _ in 0..5 {
        all_else().await;
    }
    assert_eq!(server.count(), 2, "it would have been repeated");
}

#[tokio::test]
async fn a_listing_that_cannot_be_built_says_so_once() {
    let server = well_behaved(2, 6).await;
    let list = client(&server.url).request(Method::GET, "/users/{id}/groups", [".."]);
    let mut items = list.list::<u32>().stream();
    let error = items.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("`..` cannot be the id"), "{error}");
    assert!(items.next().await.is_none());
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_slow_consumer_does_not_run_into_the_patience_of_a_call() {
    let server = well_behaved(2, 6).await;
    let client = client(&server.url);
    let list = listing(&client);
    let slow = async {
        let mut found = Vec::new();
        let mut items = list.prefetch(true).stream();
        while let Some(item) = items.try_next().await.unwrap() {
            found.push(item);
            all_else().await;
            tokio::time::advance(Duration::from_secs(3600)).await;
        }
        found
    };
    let (found, _) = skip_waits(&server, Duration::ZERO, slow).await;
    assert_eq!(found, up_to(6));
}
