//! Following with a store on disk, killed outright at random points: the target ends as a full run leaves it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use okta_client::{ApiToken, Okta};
use provisioning::store::SqliteStore;
use provisioning::{Basis, Fields, Follow, Guard, OktaPeople, Plan, Report, Scope};

use crate::ledger::Ledger;
use crate::org::{Life, mapping};
use crate::support::Flaky;

const FOLDER: &str = "PROVISIONING_FOLLOW_FOLDER";
/// So many change between two kills that any number may.
const ANY: [fn() -> Guard; 2] = [|| Guard::removals_at_most(1.0), || Guard::renamed_at_most(1.0)];

fn ledger(folder: &Path) -> Arc<Ledger> {
    let ledger = Ledger::at(folder.join("journal"), true);
    Arc::new(if folder.join("renames").exists() { ledger } else { ledger.by_key() })
}

/// Who is in use, by key.
fn active(ledger: &Ledger) -> BTreeMap<String, Fields> {
    let active = ledger.records().into_values().filter(|person| person.active);
    active.map(|person| (person.key, person.fields)).collect()
}

/// What the child processes do until they are killed; without a folder it is an ordinary, empty test.
#[tokio::test]
async fn follower() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let setting = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let okta = Okta::new(&setting("url"), ApiToken::new(setting("token"))).unwrap();
    let people = OktaPeople::new(okta).scope(Scope::group(setting("group")));
    let store = Arc::new(Mutex::new(SqliteStore::open(folder.join("store")).unwrap()));
    let target = ledger(&folder);
    let follow = Follow::new(people, mapping(), target, store);
    let follow = ANY.into_iter().fold(follow, |follow, guard| follow.guard(guard()));
    let mut batches = follow.interval(Duration::from_millis(5)).stream().boxed();
    while let Some(batch) = batches.next().await {
        batch.unwrap().report.into_result().unwrap();
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "follow_kill::follower"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Grows as a run goes on: bytes of the journal, and pages of the store.
fn progress(folder: &Path) -> u64 {
    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    size("journal") + size("store-wal") / 64
}

/// Lets a follower go on until that is so, and kills it.
async fn follow_until(folder: &Path, mut is_over: impl FnMut() -> bool) {
    let mut child = spawn(folder);
    while !is_over() {
        assert!(child.try_wait().unwrap().is_none(), "the follower ended by itself");
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_point_it_ends_as_a_full_run() {
    ends_as_a_full_run(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_does_where_people_are_renamed() {
    ends_as_a_full_run(true).await;
}

/// Where the target cannot rename, several people claim one key as well.
async fn ends_as_a_full_run(renames: bool) {
    let (kills, changes) = if std::env::var_os("LONG").is_some() { (50, 100) } else { (6, 20) };
    let name = if renames { "follow-kill-renames" } else { "follow-kill" };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    if renames {
        fs::write(folder.join("renames"), "").unwrap();
    }
    let mut life = Life::with(60, 11, !renames).await;
    let settings = [
        ("url", life.org.sandbox.okta_url()),
        ("token", life.org.sandbox.okta_token()),
        ("group", &*life.org.group),
    ];
    settings.iter().for_each(|(name, value)| fs::write(folder.join(name), value).unwrap());
    for _ in 0..kills {
        for _ in 0..changes {
            life.change().await;
        }
        life.touch();
        let (start, more) = (progress(&folder), life.dice.u64(1..4_000));
        // It may have less to do than that: then it is killed when it is through.
        let title = life.touch().to_string();
        let journal = folder.join("journal");
        let is_seen = || fs::read_to_string(&journal).unwrap_or_default().contains(&title);
        follow_until(&folder, || progress(&folder).abs_diff(start) >= more || is_seen()).await;
    }
    let title = life.touch().to_string();
    let journal = folder.join("journal");
    follow_until(&folder, || fs::read_to_string(&journal).unwrap_or_default().contains(&title))
        .await;

    let people = || {
        OktaPeople::new(life.org.okta.clone())
            .scope(Scope::group(&life.org.group))
            .records(mapping())
    };
    let target = ledger(&folder);
    let store = Arc::new(Mutex::new(SqliteStore::open(folder.join("store")).unwrap()));
    // What the last one who was killed had not noted yet.
    let plan = Plan::compute(people(), target.clone()).store(store.clone());
    let plan = ANY.into_iter().fold(plan, |plan, guard| plan.guard(guard())).await.unwrap();
    let report: Report = plan.apply().stream().collect().await;
    report.into_result().unwrap();
    for basis in [Basis::Delivered, Basis::Target] {
        let plan = Plan::compute(people(), target.clone()).store(store.clone()).basis(basis);
        let plan = plan.await.unwrap();
        assert_eq!(plan.summary().changes(), 0, "{basis:?}: {}", plan.summary());
    }
    let fresh = Flaky::new(1, 0.0);
    let plan = Plan::compute(people(), fresh.clone()).await.unwrap();
    let report: Report = plan.apply().stream().collect().await;
    report.into_result().unwrap();
    let followed = active(&target);
    for (key, (_, fields)) in fresh.inner.active() {
        assert_eq!(followed.get(&key), Some(&fields), "{key}");
    }
    let more = followed.len() - fresh.inner.active().len();
    // Who had a key before others claimed it keeps it.
    assert!(more as u64 <= plan.summary().conflicts, "{more}");
}
