//! Runs that end before their plan does: by a limit, and by a store that fails.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use provisioning::store::{Known, Mark, MemoryStore, Seen};
use provisioning::{
    Basis, Change, Done, Observed, Outcome, Plan, Record, Report, Row, RowState, Store, StoreError,
    Target, TargetError,
};
use serde_json::json;

use crate::support::{Flaky, People, apply, memory, plan, record, source, there};

/// Takes its time, so that calls overlap.
#[derive(Debug)]
struct Busy {
    batch: usize,
    sent: AtomicUsize,
}

#[async_trait]
impl Target for Busy {
    fn name(&self) -> &str {
        "busy"
    }

    fn batch(&self) -> usize {
        self.batch
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        self.sent.fetch_add(changes.len(), Relaxed);
        tokio::task::yield_now().await;
        changes.iter().map(|change| Ok(Done::new().remote_id(&change.key))).collect()
    }

    fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        None
    }
}

#[tokio::test]
async fn a_canary_sends_so_many_and_not_one_more() {
    let people: People = (0..2_500).map(|n| (format!("p{n}"), json!(n))).collect();
    for (limit, batch, concurrency) in
        [(5, 1, 8), (5, 3, 8), (1_000, 7, 8), (1_001, 500, 4), (0, 1, 8), (2_600, 7, 8)]
    {
        let target = Arc::new(Busy { batch, sent: AtomicUsize::new(0) });
        let (store, sent) = (memory(), || target.sent.load(Relaxed));
        let plan = Plan::compute(source(&people), target.clone()).store(store.clone());
        let apply = plan.await.unwrap().apply().limit(limit).concurrency(concurrency);
        let report: Report = apply.stream().collect().await;
        let expected = limit.min(2_500);
        assert_eq!((report.created, sent() as u64), (expected, expected));
        if let Some(rest) = Plan::unfinished(store, target.clone()).unwrap() {
            let report: Report = rest.apply().stream().collect().await;
            assert_eq!(report.created, 2_500 - expected);
        }
        assert_eq!(sent(), 2_500);
    }
}

#[tokio::test]
async fn what_is_only_noted_counts_nothing_and_references_wait() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let before: People = (0..50).map(|n| (format!("a{n:02}"), json!(n))).collect();
    apply(&plan(&before, &target, &store, Basis::Delivered).await).await;
    let mut records: Vec<Record> = before.iter().map(|(key, value)| record(key, value)).collect();
    records.extend(
        (0..4).map(|n| record(&format!("b{n}"), &json!(n)).refer("boss", format!("b{}", 3 - n))),
    );
    let store = memory();
    let records = stream::iter(records.into_iter().map(Ok::<_, String>));
    let plan = Plan::compute(records, target.clone()).store(store.clone()).await.unwrap();
    assert_eq!((plan.summary().create, plan.rows(0, 99).unwrap().len()), (4, 54));
    let first: Report = plan.apply().limit(2).stream().collect().await;
    assert_eq!((first.created, first.failed, there(&target).len()), (2, 0, 52), "{first:?}");
    let rest = Plan::unfinished(store.clone(), target.clone()).unwrap().unwrap();
    let rest = apply(&rest).await;
    assert_eq!((rest.created, rest.failed), (2, 0), "{rest:?}");
    let active = target.inner.active();
    for n in 0..4 {
        let boss = &active[&format!("b{n}")].1["boss"];
        assert_eq!(boss, &json!(active[&format!("b{}", 3 - n)].0), "{n}");
    }
    assert!(Plan::unfinished(store, target).unwrap().is_none());
}

/// A store whose disk may be full: nothing can be made to last then.
#[derive(Debug)]
struct Disk {
    inner: MemoryStore,
    is_full: Arc<AtomicBool>,
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $result:ty;)*) => {
        $(fn $name(&mut self, $($arg: $kind),*) -> Result<$result, StoreError> {
            self.inner.$name($($arg),*)
        })*
    };
}

impl Store for Disk {
    forward! {
        known(key: &str) -> Option<Known>;
        known_count() -> u64;
        remember(key: &str, known: &Known) -> ();
        known_of(source_id: &str) -> Vec<String>;
        holders(remote_id: &str) -> Vec<String>;
        forget(key: &str) -> ();
        clear_seen() -> ();
        see(key: &str, seen: &Seen) -> bool;
        seen(key: &str) -> Option<Seen>;
        seen_as(remote_id: &str) -> Option<String>;
        clear_plan() -> ();
        keep(key: &str) -> ();
        kept(key: &str) -> bool;
        mark(key: &str, mark: &Mark) -> ();
        marked(key: &str) -> Option<Mark>;
        unmarked(all: bool, after: &str, count: usize) -> Vec<String>;
        reappeared(after: &str, count: usize) -> Vec<String>;
        put_row(row: &Row) -> ();
        row(key: &str) -> Option<Row>;
        rows_of(source_id: &str) -> Vec<String>;
        drop_row(key: &str) -> ();
        rows(state: Option<RowState>, after: u64, count: usize) -> Vec<Row>;
        settle(seq: u64, state: RowState, note: Option<&str>) -> ();
        note(name: &str) -> Option<String>;
        set_note(name: &str, text: Option<&str>) -> ();
        begin() -> ();
        rollback() -> ();
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        match self.is_full.load(Relaxed) {
            true => Err(StoreError::new("no room is left on the disk")),
            false => self.inner.commit(),
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_stops_the_run_with_one_error() {
    let is_full = Arc::new(AtomicBool::new(false));
    let disk = Disk { inner: MemoryStore::new(), is_full: is_full.clone() };
    let store: Arc<Mutex<dyn Store>> = Arc::new(Mutex::new(disk));
    let (target, people) = (Flaky::new(1, 0.0), (0..3_000).map(|n| (format!("p{n}"), json!(n))));
    let people: People = people.collect();
    let plan = plan(&people, &target, &store, Basis::Delivered).await;
    let mut outcomes = plan.apply().concurrency(4).stream().boxed();
    for _ in 0..10 {
        outcomes.next().await.unwrap().result.unwrap();
    }
    is_full.store(true, Relaxed);
    let left: Vec<Outcome> = outcomes.collect().await;
    let failed: Vec<String> =
        left.iter().filter_map(|one| Some(one.result.as_ref().err()?.to_string())).collect();
    assert_eq!(failed, ["no room is left on the disk"]);
    let sent = there(&target).len();
    assert!(sent < 40, "{sent} were sent though nothing could be noted");

    is_full.store(false, Relaxed);
    let rest = Plan::unfinished(store.clone(), target.clone()).unwrap().unwrap();
    apply(&rest).await.into_result().unwrap();
    assert_eq!(there(&target), people);
}
