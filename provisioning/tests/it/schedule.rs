//! When runs begin, by a clock that is moved by hand.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use provisioning::{Basis, Report, Stop, every};
use tokio::time::{Instant, sleep};

use crate::support::{Flaky, People, memory, plan, there};

const S: Duration = Duration::from_secs(1);

/// When runs that take so long begin, in seconds.
async fn begins(period: u64, lasts: &[u64]) -> Vec<u64> {
    let (start, began) = (Instant::now(), Mutex::new(Vec::new()));
    let running = AtomicBool::new(false);
    every(S * period as u32, Stop::never(), || {
        let run = began.lock().unwrap().len();
        began.lock().unwrap().push(start.elapsed().as_secs());
        let running = &running;
        async move {
            assert!(!running.swap(true, Relaxed), "two runs at once");
            sleep(S * lasts[run] as u32).await;
            running.store(false, Relaxed);
            if run + 1 == lasts.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    })
    .await;
    began.into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_run_begins_so_long_after_the_one_before_began() {
    assert_eq!(begins(60, &[0, 10, 59, 1]).await, [0, 60, 120, 180]);
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_longer_is_followed_at_once() {
    assert_eq!(begins(60, &[100, 10, 61, 5, 5]).await, [0, 100, 160, 221, 281]);
}

#[tokio::test(start_paused = true)]
async fn it_stops_between_runs_at_once_and_else_after_the_run() {
    for (stop_at, runs, ends_at) in [(0, 0, 0), (5, 1, 10), (30, 1, 30), (65, 2, 70)] {
        let start = Instant::now();
        let stop = Stop::when(sleep(S * stop_at));
        let ran = Arc::new(Mutex::new(0));
        let run = || {
            *ran.lock().unwrap() += 1;
            sleep(S * 10).map(|()| ControlFlow::<()>::Continue(()))
        };
        assert_eq!(every(S * 60, stop, run).await, None);
        let ended = start.elapsed().as_secs();
        assert_eq!((*ran.lock().unwrap(), ended), (runs, ends_at), "stop at {stop_at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_period_without_end_is_one_run() {
    let stop = Stop::when(sleep(S * 1000));
    let runs = Mutex::new(0);
    let run = || {
        *runs.lock().unwrap() += 1;
        std::future::ready(ControlFlow::<()>::Continue(()))
    };
    assert_eq!(every(Duration::MAX, stop, run).await, None);
    assert_eq!(*runs.lock().unwrap(), 1);
}

#[tokio::test]
async fn applying_stops_after_what_is_under_way_and_goes_on_later() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people: People = (0..50).map(|n| (format!("p{n}"), serde_json::json!(n))).collect();
    let plan = plan(&people, &target, &store, Basis::Delivered).await;
    let (tell, told) = oneshot::channel::<()>();
    let stop = Stop::when(told.map(drop));
    assert!(!stop.is_stopped());
    let mut tell = Some(tell);
    let outcomes = plan.apply().concurrency(2).until(stop.clone()).stream();
    let mut seen = 0;
    let report: Report = outcomes
        .inspect(|_| {
            seen += 1;
            if seen == 10 {
                drop(tell.take());
            }
        })
        .collect()
        .await;
    assert!(stop.is_stopped());
    assert!((10..=12).contains(&report.created), "{report}");
    assert_eq!(there(&target).len() as u64, report.created, "every change has its outcome");
    let rest: Report = plan.apply().stream().collect().await;
    assert_eq!(rest.created, 50 - report.created);
    assert_eq!(there(&target), people);
}
