//! A log that grows while it is followed, with every fault it may have: each event comes once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures::StreamExt;
use okta_client::jiff::Timestamp;
use okta_client::reqwest::Url;
use okta_client::{Error, LogCursor, LogStart, Okta};
use wiremock::{MockServer, Respond, ResponseTemplate};

use crate::support::*;

/// How often the log is asked after its end is reached, before it says so.
const QUIET_AT_THE_END: u32 = 6;

/// The log as a server has it: event `n` is the `n`th that was stored.
struct Log {
    random: Rng,
    all: usize,
    stored: usize,
    quiet: u32,
    /// Requests that are still to fail.
    outage: u32,
    requests: u32,
}

#[derive(Clone)]
struct Server(Arc<Mutex<Log>>);

impl Server {
    fn new(seed: u64, all: usize) -> Self {
        let random = Rng::with_seed(seed);
        Self(Arc::new(Mutex::new(Log { random, all, stored: 0, quiet: 0, outage: 0, requests: 0 })))
    }
}

impl Respond for Server {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let query: HashMap<String, String> = request.url.query_pairs().into_owned().collect();
        assert_eq!(query["sortOrder"], "ASCENDING");
        assert_eq!(query["filter"], "outcome.result eq \"SUCCESS\"");
        assert!(!query.contains_key("until"));
        self.0.lock().unwrap().answer(&query, &request.url)
    }
}

impl Log {
    fn answer(&mut self, query: &HashMap<String, String>, asked: &Url) -> ResponseTemplate {
        self.requests += 1;
        self.stored = self.all.min(self.stored + self.random.usize(0..self.all / 20));
        if self.random.u32(0..100) == 0 {
            self.outage = 9;
        }
        if self.outage > 0 {
            self.outage -= 1;
            return refusal(503, "E0000010");
        }
        match self.random.u32(0..100) {
            0..5 => return refusal(429, "E0000047").insert_header("retry-after", "0"),
            5..10 => return refusal(503, "E0000010"),
            _ => {}
        }
        let from = match query.get("after") {
            Some(after) => after.parse().unwrap(),
            None if query["since"] == "2026-01-01T00:00:00.000Z" => 0,
            None => panic!("{asked}"),
        };
        let limit = query["limit"].parse().unwrap();
        let some = self.random.usize(1..=limit);
        let count = if self.random.u32(0..100) < 15 { 0 } else { some.min(self.stored - from) };
        if from == self.all {
            self.quiet += 1;
            if self.quiet > QUIET_AT_THE_END {
                return refusal(400, "E0000031");
            }
        }
        let body = self.page(from, count);
        let answer = self.with_link(from, count, limit, asked);
        match self.random.u32(0..100) < 5 {
            true => answer.set_body_raw(body[..body.len() - 1].to_owned(), "application/json"),
            false => answer.set_body_raw(body, "application/json"),
        }
    }

    /// In no order: the one that is stored first need not be the one published first.
    fn page(&mut self, from: usize, count: usize) -> String {
        let mut events: Vec<usize> = (from..from + count).collect();
        if self.random.bool() {
            self.random.shuffle(&mut events);
        }
        let write = |n: usize| {
            let time = Timestamp::from_millisecond(1_767_225_600_000 + n as i64).unwrap();
            format!(r#"{{"uuid":"id-{n}","published":"{time:.3}","eventType":"x","target":null}}"#)
        };
        let events: Vec<String> = events.into_iter().map(write).collect();
        format!("[{}]", events.join(","))
    }

    /// Where the page leads: on; not yet on; back a little; or nowhere yet, but never away from a
    /// page that is full, which would hide what comes behind it.
    fn with_link(
        &mut self,
        from: usize,
        count: usize,
        limit: usize,
        asked: &Url,
    ) -> ResponseTemplate {
        let own = format!("<{}>; rel=\"self\"", target(asked));
        let answer = ResponseTemplate::new(200).append_header("link", own.as_str());
        let on = from + count;
        let next = match self.random.u32(0..100) {
            0..10 if count < limit => from,
            10..20 => on.saturating_sub(self.random.usize(0..50)).max(from),
            20..25 if count < limit => return answer,
            _ => on,
        };
        let mut link = asked.clone();
        let others: Vec<(String, String)> = asked
            .query_pairs()
            .into_owned()
            .filter(|(n, _)| n != "after" && n != "since")
            .collect();
        link.query_pairs_mut().clear().append_pair("after", &next.to_string()).extend_pairs(others);
        answer.append_header("link", format!("<{}>; rel=\"next\"", target(&link)).as_str())
    }
}

fn target(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// A consumer that is killed again and again and keeps nothing but its cursor.
struct Consumer {
    okta: Okta,
    random: Rng,
    saved: Option<String>,
    handled: HashMap<String, u32>,
    restarts: u32,
    errors: u32,
}

impl Consumer {
    fn start(&self) -> okta_client::FollowLog {
        let start: LogStart = match &self.saved {
            Some(saved) => serde_json::from_str::<LogCursor>(saved).unwrap().into(),
            None => "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().into(),
        };
        let follow = self.okta.logs().follow(start).filter("outcome.result eq \"SUCCESS\"");
        follow.page_size(1_000).interval(Duration::ZERO).max_interval(Duration::ZERO)
    }

    fn handle(&mut self, event: &okta_client::LogEvent) {
        *self.handled.entry(event.uuid.to_string()).or_default() += 1;
    }

    fn save(&mut self, cursor: &LogCursor) {
        self.saved = Some(serde_json::to_string(cursor).unwrap());
    }

    /// Whether the log has come to its end; other errors do not stop the consumer.
    fn is_over(&mut self, error: &Error) -> bool {
        self.errors += 1;
        error.status().is_some_and(|status| status == 400)
    }

    /// Handles some events, one by one, and is killed; the cursor was saved behind the last.
    async fn by_event(&mut self, lives: usize) -> bool {
        let mut events = self.start().stream();
        for _ in 0..lives {
            match events.next().await.unwrap() {
                Ok(event) => self.handle(&event),
                Err(error) if self.is_over(&error) => return true,
                Err(_) => {}
            }
        }
        let cursor = events.cursor();
        self.save(&cursor);
        false
    }

    /// Handles some pages and is killed; before that it has taken one more page and not handled it.
    async fn by_page(&mut self, lives: usize) -> bool {
        let mut pages = self.start().pages();
        for _ in 0..lives {
            match pages.next().await.unwrap() {
                Ok(page) => {
                    page.events.iter().for_each(|event| self.handle(event));
                    self.save(&page.cursor);
                }
                Err(error) if self.is_over(&error) => return true,
                Err(_) => {}
            }
        }
        let unhandled = pages.next().await.unwrap();
        unhandled.is_err_and(|error| self.is_over(&error))
    }

    async fn run(&mut self) {
        loop {
            let over = match self.random.bool() {
                true => {
                    let lives = self.random.usize(1..1_500);
                    self.by_event(lives).await
                }
                false => {
                    let lives = self.random.usize(1..4);
                    self.by_page(lives).await
                }
            };
            if over {
                return;
            }
            self.restarts += 1;
        }
    }
}

async fn follow_to_the_end(seed: u64, all: usize) -> (Consumer, u32) {
    let log = Server::new(seed, all);
    let server = MockServer::builder().disable_request_recording().start().await;
    wiremock::Mock::given(wiremock::matchers::path("/api/v1/logs"))
        .respond_with(log.clone())
        .mount(&server)
        .await;
    let okta = builder(&server.uri()).build().unwrap();
    let random = Rng::with_seed(seed ^ 0x5eed);
    let mut consumer =
        Consumer { okta, random, saved: None, handled: HashMap::new(), restarts: 0, errors: 0 };
    consumer.run().await;
    let requests = log.0.lock().unwrap().requests;
    (consumer, requests)
}

#[tokio::test]
async fn ten_thousand_events_come_once_each_through_faults_and_restarts() {
    const ALL: usize = 10_000;
    let (mut restarts, mut errors, mut requests) = (0, 0, 0);
    for seed in 0..50 {
        let (consumer, asked) = follow_to_the_end(seed, ALL).await;
        let twice = consumer.handled.iter().filter(|(_, times)| **times != 1);
        let twice: Vec<_> = twice.take(5).collect();
        assert!(twice.is_empty(), "seed {seed}: {twice:?}");
        assert_eq!(consumer.handled.len(), ALL, "seed {seed}");
        restarts += consumer.restarts;
        // One of them is the log's own end.
        errors += consumer.errors - 1;
        requests += asked;
    }
    let figures = format!("{restarts} restarts, {errors} errors, {requests} requests");
    assert!(restarts > 50 && errors > 5 && requests > 500, "{figures}");
}

#[tokio::test]
async fn a_cursor_in_the_middle_of_a_page_neither_loses_nor_repeats() {
    for stop in 0..=4 {
        let events: Vec<_> =
            (0..4).map(|n| serde_json::json!({"uuid": format!("id-{n}")})).collect();
        let org = Org::answers(events.into()).await;
        let at_once =
            |start: LogStart| org.okta.logs().follow(start).interval(Duration::ZERO).stream();
        let mut stream = at_once(Timestamp::UNIX_EPOCH.into());
        let mut seen = Vec::new();
        for _ in 0..stop {
            seen.push(stream.next().await.unwrap().unwrap().uuid.to_string());
        }
        let mut stream = at_once(stream.cursor().into());
        for _ in stop..4 {
            seen.push(stream.next().await.unwrap().unwrap().uuid.to_string());
        }
        assert_eq!(seen, ["id-0", "id-1", "id-2", "id-3"], "stopped after {stop}");
    }
}

#[tokio::test]
async fn what_is_remembered_is_bounded() {
    let server = MockServer::start().await;
    let answer = |request: &wiremock::Request| {
        let after = request.url.query_pairs().find(|(n, _)| n == "after");
        let page: usize = after.map_or(0, |(_, after)| after.parse().unwrap());
        let events: Vec<_> =
            (0..10).map(|n| serde_json::json!({"uuid": format!("id-{}", page * 10 + n)})).collect();
        let link = format!("</api/v1/logs?after={}>; rel=\"next\"", page + 1);
        ResponseTemplate::new(200).set_body_json(events).insert_header("link", link.as_str())
    };
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    let okta = builder(&server.uri()).build().unwrap();
    let mut events = okta.logs().follow(Timestamp::UNIX_EPOCH).remember(4).stream();
    for _ in 0..95 {
        events.next().await.unwrap().unwrap();
    }
    let saved = serde_json::to_value(events.cursor()).unwrap();
    let seen: Vec<_> =
        saved["seen"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(seen, ["id-90", "id-91", "id-92", "id-93", "id-94"], "the page being read is held");
}

#[tokio::test]
async fn a_page_whose_link_is_late_is_not_handed_out_again_however_little_is_remembered() {
    let server = MockServer::start().await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let answer = move |_: &wiremock::Request| {
        // The page grows while its link stays; at last the log refuses to answer.
        let times = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let events: Vec<_> =
            (0..=times).map(|n| serde_json::json!({"uuid": format!("id-{n}")})).collect();
        match times < 6 {
            true => ResponseTemplate::new(200)
                .set_body_json(events)
                .insert_header("link", "</api/v1/logs?after=1>; rel=\"next\""),
            false => refusal(400, "E0000031"),
        }
    };
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    let okta = builder(&server.uri()).build().unwrap();
    let at_once = Duration::ZERO;
    let follow = okta.logs().follow(Timestamp::UNIX_EPOCH).remember(0).interval(at_once);
    let mut events = follow.max_interval(at_once).stream();
    let first = events.next().await.unwrap().unwrap();
    // Now it stands at `after=1`, which is another page than the first was.
    let mut seen = Vec::new();
    while let Ok(event) = events.next().await.unwrap() {
        seen.push(event.uuid.to_string());
    }
    assert_eq!(first.uuid.as_str(), "id-0");
    assert_eq!(seen, ["id-0", "id-1", "id-2", "id-3", "id-4", "id-5"]);
}
