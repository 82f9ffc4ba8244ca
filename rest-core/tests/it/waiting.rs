//! How long is waited: the server's clock first, with the clock of the tests stopped.

use std::time::Duration;

use futures::future::join_all;
use rest_core::{Method, Pacing, RetryPolicy};

use crate::support::*;

const NONE: Duration = Duration::ZERO;
const DATE: (&str, &str) = ("date", "Thu, 27 Aug 2020 18:14:57 GMT");

fn seconds(waits: &[Duration]) -> Vec<u64> {
    waits.iter().map(Duration::as_secs).collect()
}

/// The waits of a GET that is first refused with these headers.
async fn waits_after(status: u16, headers: &'static [(&str, &str)]) -> Vec<u64> {
    let server = Server::start(move |nth, _| match nth {
        0 => answer(status, headers, ""),
        _ => json("{}"),
    })
    .await;
    let client = builder(&server.url).pacing(Pacing::Off).build().unwrap();
    let get = client.request(Method::GET, "/users", []);
    let (sent, waits) = skip_waits(&server, NONE, get.send()).await;
    sent.unwrap();
    assert_eq!(server.count(), 2);
    seconds(&waits)
}

#[tokio::test]
async fn the_servers_clock_decides() {
    assert_eq!(waits_after(429, &[("retry-after", "77")]).await, [77]);
    assert_eq!(waits_after(503, &[("retry-after", "9")]).await, [9]);
    let date: &[_] = &[DATE, ("retry-after", "Thu, 27 Aug 2020 18:15:07 GMT")];
    assert_eq!(waits_after(429, date).await, [10]);
}

#[tokio::test]
async fn without_retry_after_a_429_waits_for_the_reset() {
    let limits: &[_] = &[
        DATE,
        ("x-rate-limit-limit", "600"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", "1598552125"),
    ];
    assert_eq!(waits_after(429, limits).await, [29]);
}

#[tokio::test]
async fn a_silent_server_gets_growing_delays() {
    let server = Server::start(|_, _| answer(503, &[], "")).await;
    let policy = RetryPolicy::default()
        .max_attempts(5)
        .min_delay(Duration::from_secs(1))
        .max_delay(Duration::from_secs(4));
    let client = builder(&server.url).retry(policy).build().unwrap();
    let get = client.request(Method::GET, "/users", []);
    let (_, waits) = skip_waits(&server, NONE, get.send()).await;
    assert_eq!(waits.len(), 4);
    for (wait, least) in waits.iter().zip([1, 2, 4, 4]) {
        let least = Duration::from_secs(least);
        assert!(*wait >= least && *wait <= 2 * least, "{waits:?}");
    }
}

#[tokio::test]
async fn a_delay_beyond_patience_fails_at_once_and_is_carried() {
    let server = Server::start(|_, _| answer(429, &[("retry-after", "361")], "")).await;
    let post = client(&server.url).request(Method::POST, "/users", []);
    let (sent, waits) = skip_waits(&server, NONE, post.send()).await;
    let error = sent.unwrap_err();
    assert!(waits.is_empty() && server.count() == 1);
    assert!(error.is_rate_limited() && !error.is_unclear());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(361)));
    assert_eq!(
        error.to_string(),
        "POST /users: 429 Too Many Requests, the server asks to wait 361 s"
    );
}

#[tokio::test]
async fn patience_is_for_all_waits_together() {
    let server = Server::start(|_, _| answer(429, &[("retry-after", "100")], "")).await;
    let get = client(&server.url).request(Method::GET, "/users", []);
    let (sent, waits) = skip_waits(&server, NONE, get.send()).await;
    assert_eq!(seconds(&waits), [100, 100, 100], "of 360 s");
    let after = sent.unwrap_err().retry_after();
    assert_eq!(after, Some(Duration::from_secs(100)));
}

#[tokio::test]
async fn a_429_uses_up_time_and_no_attempts() {
    let storm = |nth: usize| match nth % 12 {
        11 => answer(503, &[], ""),
        _ => answer(429, &[("retry-after", "0")], ""),
    };
    let server = Server::start(move |nth, _| if nth < 60 { storm(nth) } else { json("{}") }).await;
    let policy = RetryPolicy::default().min_delay(Duration::from_secs(1));
    let calm = builder(&server.url).retry(policy.max_delay(Duration::from_secs(1)));
    let get = calm.build().unwrap().request(Method::GET, "/users", []);
    let (sent, waits) = skip_waits(&server, NONE, get.send()).await;
    sent.unwrap();
    assert_eq!(server.count(), 61, "five 503s, and 429s between them");
    assert_eq!(seconds(&waits[..5]), [0; 5], "as the server asks");
    assert!(waits[6..].iter().all(|wait| *wait >= Duration::from_secs(1)), "{waits:?}");
}

#[tokio::test]
async fn a_storm_of_429_ends_with_the_time_of_the_call() {
    let server = Server::start(|_, _| answer(429, &[("retry-after", "21")], "")).await;
    for (policy, expected) in [(at_once(), 18), (RetryPolicy::never(), 1)] {
        let client = builder(&server.url).retry(policy).build().unwrap();
        let before = server.count();
        let get = client.request(Method::GET, "/users", []);
        let (sent, _) = skip_waits(&server, NONE, get.send()).await;
        let error = sent.unwrap_err();
        assert!(error.is_rate_limited());
        assert_eq!((server.count() - before, error.attempts()), (expected, expected as u32));
    }
}

#[tokio::test]
async fn absurd_delays_and_settings_do_not_panic() {
    const HUGE: &str = "18446744073709551615";
    let refusals: [&[_]; 2] = [
        &[("retry-after", HUGE)],
        &[
            ("x-rate-limit-limit", HUGE),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", HUGE),
        ],
    ];
    for headers in refusals {
        let server = Server::start(move |_, _| answer(429, headers, "")).await;
        let client = builder(&server.url)
            .patience(Duration::MAX)
            .attempt_timeout(Duration::MAX)
            .build()
            .unwrap();
        let get = client.request(Method::GET, "/users", []);
        let asked = get.send().await.unwrap_err().retry_after();
        assert!(asked.unwrap() > Duration::from_secs(1 << 40));
        assert_eq!(server.count(), 1);
    }
}

fn limits(remaining: &str, reset: &str) -> Vec<(String, String)> {
    [
        ("date", DATE.1),
        ("x-rate-limit-limit", "600"),
        ("x-rate-limit-remaining", remaining),
        ("x-rate-limit-reset", reset),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn with(headers: &[(String, String)], status: u16) -> Then {
    let headers: Vec<_> = headers.iter().map(|(n, v)| (&**n, &**v)).collect();
    answer(status, &headers, "{}")
}

#[tokio::test]
async fn an_exhausted_bucket_holds_its_own_calls_until_the_reset() {
    let server = Server::start(|nth, _| match nth {
        0 => with(&limits("0", "1598552127"), 200),
        _ => json("{}"),
    })
    .await;
    let client = client(&server.url);
    client.request(Method::GET, "/users", []).send().await.unwrap();
    let [limit] = &client.rate_limits()[..] else { panic!("one bucket was seen") };
    assert_eq!((&*limit.bucket, limit.limit, limit.remaining), ("GET /users", 600, 0));

    let other = client.request(Method::GET, "/groups", []);
    let same = client.request(Method::GET, "/users", []);
    let calls = async {
        other.send().await.unwrap();
        assert_eq!(server.count(), 2, "another bucket does not wait");
        same.send().await.unwrap();
    };
    let (_, waits) = skip_waits(&server, NONE, calls).await;
    let total: Duration = waits.iter().sum();
    assert!(total > Duration::from_secs(25) && total <= Duration::from_secs(32), "{waits:?}");
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_bucket_without_room_within_patience_fails_before_sending() {
    let server = Server::start(|_, _| with(&limits("0", "1598562127"), 200)).await;
    let client = client(&server.url);
    let get = client.request(Method::GET, "/users", []);
    get.send().await.unwrap();
    let error = get.send().await.unwrap_err();
    assert_eq!((server.count(), error.attempts()), (1, 0));
    assert!(error.is_rate_limited(), "for the caller it is the same");
    assert!(error.retry_after().unwrap() > Duration::from_secs(9_900));
    let line = error.to_string();
    assert!(line.starts_with("GET /users: the rate limit leaves no room"), "{line}");
}

#[tokio::test]
async fn too_many_at_once_lowers_what_is_in_flight_and_says_nothing_of_the_quota() {
    const CALLS: usize = 8;
    let crowded = [
        ("x-rate-limit-limit", "0"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", "1598552999"),
        DATE,
    ];
    let server = Server::start(move |nth, _| {
        let say = match nth {
            0..CALLS => answer(429, &crowded, ""),
            _ => json("{}"),
        };
        Then::Late(Box::new(say))
    })
    .await;
    let client = client(&server.url);
    let get = client.request(Method::GET, "/users", []);
    let all = join_all((0..CALLS).map(|_| async {
        // Those that wait for the first eight to be answered.
        get.send().await
    }));
    let watch = async {
        while server.count() < CALLS {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.most_open(), CALLS, "nothing was lowered yet");
    };
    let (sent, ()) = futures::join!(all, watch);
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(server.count(), 2 * CALLS);
    assert!(server.most_open() <= CALLS / 2, "half of what was too many, at most");
    assert!(client.rate_limits().is_empty(), "the pacer heard nothing");
}

#[tokio::test]
async fn the_reset_of_a_concurrency_429_is_no_promise() {
    let crowded: &[_] = &[
        ("x-rate-limit-limit", "0"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", "1598552125"),
        DATE,
    ];
    assert_eq!(waits_after(429, crowded).await, [0], "the backoff instead");
}

#[tokio::test]
async fn no_more_are_in_flight_than_was_set() {
    let server = Server::start(|_, _| Then::Late(Box::new(json("{}")))).await;
    let client = builder(&server.url).max_in_flight(3).build().unwrap();
    let get = client.request(Method::GET, "/users", []);
    let sent = join_all((0..12).map(|_| get.send())).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(server.most_open(), 3);
}

#[tokio::test]
async fn a_dropped_call_gives_back_its_place_and_its_share_of_the_quota() {
    let server = Server::start(|nth, _| match nth {
        0 => with(&limits("1", "1598552127"), 200),
        1 => Then::Silence,
        _ => json("{}"),
    })
    .await;
    let client = builder(&server.url).max_in_flight(1).build().unwrap();
    let get = client.request(Method::GET, "/users", []);
    get.send().await.unwrap();
    {
        let mut dropped = Box::pin(get.send());
        while server.count() < 2 {
            assert!(futures::poll!(&mut dropped).is_pending());
            tokio::task::yield_now().await;
        }
    }
    let (sent, waits) = skip_waits(&server, NONE, get.send()).await;
    sent.unwrap();
    assert!(waits.is_empty(), "one remained, and it was not taken: {waits:?}");
    assert_eq!(server.count(), 3);
}
