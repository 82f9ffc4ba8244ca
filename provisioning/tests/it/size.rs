//! A million records: less than 128 MiB of memory, only what changed is sent, exact counts.
//!
//! `PROVISIONING_SIZE` sets another number of records; a million takes a release build.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use provisioning::store::SqliteStore;
use provisioning::{Change, Done, Observed, Plan, Record, Report, Store, Target, TargetError};

/// What the process may need, however many records there are.
const MOST_MEMORY_MIB: u64 = 128;
const CHILD: &str = "PROVISIONING_SIZE_CHILD";

#[derive(Debug, Default)]
struct Counting {
    applied: AtomicU64,
}

#[async_trait]
impl Target for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn batch(&self) -> usize {
        500
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        self.applied.fetch_add(changes.len() as u64, Relaxed);
        changes.iter().map(|change| Ok(Done::new().remote_id(change.key.clone()))).collect()
    }

    fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        None
    }
}

fn person(number: u64, round: u64) -> Record {
    let changed = if number % 100 == 7 { round } else { 0 };
    Record::new(format!("person.{number}@acme.example"))
        .source_id(format!("00u{number:017}"))
        .set("name.givenName", format!("Given{number}"))
        .set("name.familyName", format!("Family{number}"))
        .set("title", format!("Engineer {changed}"))
        .set("department", "Research")
        .set("active", true)
}

async fn run(
    people: u64,
    round: u64,
    target: &Arc<Counting>,
    store: &Arc<Mutex<dyn Store>>,
) -> Report {
    let source = (0..people).map(move |number| Ok::<_, String>(person(number, round)));
    let compute = Plan::compute(futures::stream::iter(source), target.clone());
    let plan = compute.store(store.clone()).await.unwrap();
    plan.apply().stream().collect().await
}

/// The highest memory of this process so far, in MiB, where the system tells it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// In a process of its own, whose memory no other test needs.
#[test]
fn only_what_changed_is_sent_and_memory_is_flat() {
    let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
    alone.args(["size::child", "--exact", "--nocapture"]).env(CHILD, "1");
    assert!(alone.stdout(std::process::Stdio::null()).status().unwrap().success());
}

/// What the process does; without the setting it is an ordinary, empty test.
#[tokio::test]
async fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let people = std::env::var("PROVISIONING_SIZE").map_or(20_000, |text| text.parse().unwrap());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("size-store");
    for end in ["", "-wal", "-shm", "-lock"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    let store: Arc<Mutex<dyn Store>> = Arc::new(Mutex::new(SqliteStore::open(&path).unwrap()));
    let target = Arc::new(Counting::default());
    let started = std::time::Instant::now();
    assert_eq!(run(people, 0, &target, &store).await.created, people);
    let first = started.elapsed();
    let second = run(people, 1, &target, &store).await;
    assert_eq!((second.updated, second.delivered()), (people / 100, people / 100));
    assert_eq!(target.applied.load(Relaxed), people + people / 100);
    let peak = peak();
    assert!(peak.is_some() || !cfg!(target_os = "linux"), "its memory was never seen");
    assert!(peak.is_none_or(|peak| peak < MOST_MEMORY_MIB), "{peak:?} MiB");
    let line = format!(
        "size: {people} records: first run {first:.1?}, second {:.1?}, peak {:?} MiB\n",
        started.elapsed() - first,
        peak
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
