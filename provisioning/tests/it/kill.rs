//! Killed outright at random points and started again, the run ends as if nobody had touched it.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use provisioning::store::SqliteStore;
use provisioning::{
    Change, Done, Guard, Kind, Observed, Plan, Record, Report, Target, TargetError,
};
use serde_json::json;

const PEOPLE: u32 = 4_000;
const FOLDER: &str = "PROVISIONING_KILL_FOLDER";
const PERSON: usize = 32;

/// A target that outlives the process: a file with a place for each person.
#[derive(Debug)]
struct FileTarget {
    people: PathBuf,
    created: PathBuf,
    /// Who is in the log of creations: that is what being there means.
    there: Mutex<HashSet<String>>,
}

impl FileTarget {
    fn at(folder: &Path) -> Self {
        let created = folder.join("created");
        let log = fs::read_to_string(&created).unwrap_or_default();
        let there = Mutex::new(log.lines().map(str::to_owned).collect());
        Self { people: folder.join("people"), created, there }
    }

    fn carry_out(&self, change: &Change) -> std::io::Result<Done> {
        let number: u64 = change.key.trim_start_matches('p').parse().unwrap();
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&self.people)?;
        let value = change.values.get("title");
        let text = match change.kind {
            Kind::Remove => String::new(),
            _ => value.map(|value| value.to_string()).unwrap_or_default(),
        };
        let mut place = [b' '; PERSON];
        place[..text.len()].copy_from_slice(text.as_bytes());
        if change.kind == Kind::Create && self.there.lock().unwrap().insert(change.key.clone()) {
            let mut log = OpenOptions::new().append(true).create(true).open(&self.created)?;
            log.write_all(format!("{}\n", change.key).as_bytes())?;
        }
        let at = number * PERSON as u64;
        std::os::unix::fs::FileExt::write_all_at(&file, &place, at)?;
        Ok(Done::new().remote_id(change.key.clone()))
    }
}

#[async_trait]
impl Target for FileTarget {
    fn name(&self) -> &str {
        "file"
    }

    fn batch(&self) -> usize {
        20
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let result = |change| self.carry_out(change).map_err(TargetError::caused);
        changes.iter().map(result).collect()
    }

    fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        None
    }
}

fn person(number: u32, round: u32) -> Record {
    let title = json!(if number.is_multiple_of(3) { round } else { 0 });
    Record::new(format!("p{number}")).source_id(number.to_string()).set("title", title)
}

/// In every round others have left, and who left before is back.
fn is_here(number: u32, round: u32) -> bool {
    number % 7 != round % 7
}

/// The run itself, as a program does it: it knows nothing of the one before.
async fn run(folder: &Path, round: u32) -> Report {
    let store = SqliteStore::open(folder.join("store")).unwrap();
    let store = Arc::new(Mutex::new(store));
    let target = Arc::new(FileTarget::at(folder));
    let here = (0..PEOPLE).filter(move |number| is_here(*number, round));
    let source =
        futures::stream::iter(here.map(move |number| Ok::<_, String>(person(number, round))));
    let plan = Plan::compute(source, target).store(store).guard(Guard::removals_at_most(1.0));
    plan.await.unwrap().apply().stream().collect().await
}

/// What the child processes do; without a folder it is an ordinary, empty test.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let round = std::env::var("PROVISIONING_KILL_ROUND").unwrap().parse().unwrap();
    run(Path::new(&folder), round).await.into_result().unwrap();
    println!("finished");
}

fn spawn(folder: &Path, round: u32) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env("PROVISIONING_KILL_ROUND", round.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How far the target is: what a kill waits for, so that it hits in the middle on any machine.
fn progress(folder: &Path) -> u64 {
    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    size("created") + size("store-wal") / 4096 + size("people") / PERSON as u64
}

#[test]
fn killed_at_any_point_it_ends_as_one_undisturbed_run_on_the_last_source() {
    let mut kills = 0;
    for seed in 1..=4 {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{seed}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut dice = fastrand::Rng::with_seed(seed);
        let last = 6;
        for round in 1..last {
            let mut child = spawn(&folder, round);
            let (start, more) = (progress(&folder), dice.u64(1..6_000));
            while child.try_wait().unwrap().is_none() && progress(&folder).abs_diff(start) < more {
                std::thread::yield_now();
            }
            kills += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(spawn(&folder, last).wait().unwrap().success());
        assert_ended(&folder, last);
    }
    assert!(kills >= 8, "only {kills} runs were killed before they ended");
}

fn assert_ended(folder: &Path, round: u32) {
    let created = fs::read_to_string(folder.join("created")).unwrap();
    let mut names: Vec<&str> = created.lines().collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(created.lines().count(), names.len(), "somebody was created twice");
    let people = fs::read(folder.join("people")).unwrap();
    let mut places = people.chunks(PERSON);
    for number in 0..PEOPLE {
        let expected = match number {
            number if !is_here(number, round) => String::new(),
            number if number % 3 == 0 => round.to_string(),
            _ => "0".to_owned(),
        };
        let place = String::from_utf8_lossy(places.next().unwrap_or_default());
        let place = place.trim_end_matches([' ', '\0']);
        assert_eq!(place, expected, "person {number} of {}", folder.display());
    }
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
