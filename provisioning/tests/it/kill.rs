//! Killed outright at random points and started again, the run ends as if nobody had touched it: nobody is
//! two records, and who gets another key stays the same one. `LONG=1` makes it 20 kills of 20,000 people.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use provisioning::store::SqliteStore;
use provisioning::{Basis, Compute, Guard, Plan, Record, Report};
use serde_json::json;

use crate::ledger::{Ledger, Person};

const FOLDER: &str = "PROVISIONING_KILL_FOLDER";
/// So many people in a row hand their keys on to each other.
const CHAIN: u32 = 10;

/// Kills that hit, and how many people there are.
fn size() -> (u32, u32) {
    if std::env::var_os("LONG").is_some() { (20, 20_000) } else { (6, 2_000) }
}

/// In every round one in three has another value, one in five another key that nobody had, and one in ten
/// stands in a row in which everybody takes the key of the one ahead.
fn person(number: u32, round: u32) -> Record {
    let title = json!(if number.is_multiple_of(3) { round } else { 0 });
    Record::new(key(number, round))
        .source_id(number.to_string())
        .set("title", title)
        .set("owner", number)
}

fn is_in_a_row(number: u32) -> bool {
    (number / CHAIN).is_multiple_of(10)
}

fn key(number: u32, round: u32) -> String {
    match number {
        number if is_in_a_row(number) => {
            format!("row{}-{}", number / CHAIN, number % CHAIN + round)
        }
        number if number.is_multiple_of(5) => format!("p{number}-{round}"),
        _ => format!("p{number}"),
    }
}

/// Who stands in a row was there before the first kill. In every round others have left, and who left
/// before is back.
fn is_here(number: u32, round: u32) -> bool {
    is_in_a_row(number) || round > 0 && number % 7 != round % 7
}

fn compute(
    folder: &Path,
    round: u32,
    target: Arc<Ledger>,
) -> Compute<impl futures::Stream<Item = Result<Record, String>> + Send + use<>> {
    let store = SqliteStore::open(folder.join("store")).unwrap();
    let here = (0..size().1).filter(move |number| is_here(*number, round));
    let source = futures::stream::iter(here.map(move |number| Ok(person(number, round))));
    let compute = Plan::compute(source, target).store(Arc::new(Mutex::new(store)));
    compute.guard(Guard::removals_at_most(1.0)).guard(Guard::renamed_at_most(1.0))
}

fn target(folder: &Path) -> Arc<Ledger> {
    Arc::new(Ledger::at(folder.join("ledger"), folder.join("readable").exists()))
}

/// The run itself, as a program does it: it knows nothing of the one before. How many failed: only those
/// whose new key may still be with the next in the row, whom a run that was killed had moved there.
async fn run(folder: &Path, round: u32) -> u64 {
    let plan = compute(folder, round, target(folder)).await.unwrap();
    let report: Report = plan.apply().stream().collect().await;
    for one in &report.undelivered {
        let is_taken =
            one.reason.contains("is taken") || one.reason.contains("cannot be renamed to");
        assert!(one.key.starts_with("row") && is_taken, "{one:?}");
    }
    report.failed
}

/// What the child processes do; without a folder it is an ordinary, empty test.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let round = std::env::var("PROVISIONING_KILL_ROUND").unwrap().parse().unwrap();
    run(Path::new(&folder), round).await;
}

fn spawn(folder: &Path, round: u32) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env("PROVISIONING_KILL_ROUND", round.to_string())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("said")).unwrap())
        .spawn()
        .unwrap()
}

/// How far the run is: what a kill waits for, so that it hits in the middle on any machine.
fn progress(folder: &Path) -> u64 {
    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    size("ledger") / 64 + size("store-wal") / 4096
}

/// Whether it was hit before it ended by itself.
fn killed(folder: &Path, round: u32, more: u64) -> bool {
    let start = progress(folder);
    let mut child = spawn(folder, round);
    while child.try_wait().unwrap().is_none() && progress(folder).abs_diff(start) < more {
        std::thread::yield_now();
    }
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let said = || fs::read_to_string(folder.join("said")).unwrap();
    assert!(ended.is_none_or(|ended| ended.success()), "round {round}: {}", said());
    ended.is_none()
}

async fn killed_again_and_again(readable: bool) {
    let (kills, people) = size();
    let name = format!("kill-{}", if readable { "readable" } else { "unread" });
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    if readable {
        fs::write(folder.join("readable"), "").unwrap();
    }
    let mut dice = fastrand::Rng::with_seed(u64::from(readable));
    assert_eq!(run(&folder, 0).await, 0);
    let (mut round, mut hit) = (0, 0);
    while hit < kills {
        round += 1;
        assert!(round < 10 * kills, "only {hit} of {round} runs were killed before they ended");
        hit += u32::from(killed(&folder, round, dice.u64(1..u64::from(people))));
    }
    let last = round + 1;
    let mut runs = 1;
    while run(&folder, last).await > 0 {
        runs += 1;
        assert!(runs <= CHAIN, "they never get their keys");
    }
    let twice = assert_ended(&folder, last);
    let bases = if readable { &[Basis::Delivered, Basis::Target][..] } else { &[Basis::Delivered] };
    for basis in bases {
        let plan = compute(&folder, last, target(&folder)).basis(*basis).await.unwrap();
        assert_eq!(plan.summary().changes(), 0, "{basis:?}: {}", plan.summary());
    }
    let line = format!(
        "kill: {hit} of {round} runs of {people} people were killed, {runs} more to the end, {twice} made anew\n"
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

#[tokio::test]
async fn killed_at_any_point_it_ends_as_one_undisturbed_run_on_the_last_source() {
    killed_again_and_again(false).await;
}

#[tokio::test]
async fn so_it_does_where_the_target_can_be_read() {
    killed_again_and_again(true).await;
}

/// How many were made anew: who was created by a run that was killed before it noted the id, and had got
/// another key by the next. The first record is out of use then.
fn assert_ended(folder: &Path, round: u32) -> usize {
    let mut by_owner: BTreeMap<u32, Person> = BTreeMap::new();
    let mut twice = 0;
    for (id, person) in target(folder).records() {
        let owner = person.fields["owner"].as_u64().unwrap() as u32;
        let Some(other) = by_owner.insert(owner, person.clone()) else { continue };
        twice += 1;
        assert!(
            !is_in_a_row(owner) && owner.is_multiple_of(5),
            "{owner} is {id} {person:?} and {other:?}"
        );
        assert!(!(person.active && other.active), "{owner} is {id} {person:?} and {other:?}");
        if other.active {
            by_owner.insert(owner, other);
        }
    }
    for number in 0..size().1 {
        let person = by_owner.remove(&number).unwrap_or_default();
        assert_eq!(person.active, is_here(number, round), "{number}: {person:?}");
        if person.active {
            let title = if number.is_multiple_of(3) { round } else { 0 };
            assert_eq!(
                (&*person.key, &person.fields["title"]),
                (&*key(number, round), &json!(title)),
                "{number}"
            );
        }
    }
    assert!(by_owner.is_empty(), "{by_owner:?}");
    twice
}

#[test]
fn a_second_run_at_the_same_time_is_refused() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("twice");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let first = SqliteStore::open(folder.join("store")).unwrap();
    let error = SqliteStore::open(folder.join("store")).unwrap_err().to_string();
    assert!(error.contains(&format!("is in use by process {}", std::process::id())), "{error}");
    drop(first);
    SqliteStore::open(folder.join("store")).unwrap();
}
