//! Following with a store on disk, killed outright at random points: the target ends as a full run leaves it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use okta_client::{ApiToken, Okta};
use provisioning::store::SqliteStore;
use provisioning::{
    Basis, Change, Done, Fields, Follow, Guard, Kind, Observed, OktaPeople, Plan, Report, Scope,
    Target, TargetError,
};
use serde_json::{Value, json};

use crate::org::{Life, mapping};
use crate::support::Flaky;

const FOLDER: &str = "PROVISIONING_FOLLOW_FOLDER";

/// A target that outlives the process: a line for what somebody looks like after each change.
#[derive(Debug)]
struct Journal {
    path: PathBuf,
    people: Mutex<BTreeMap<String, Person>>,
}

#[derive(Clone, Debug, Default)]
struct Person {
    active: bool,
    fields: Fields,
}

impl Journal {
    fn at(path: PathBuf) -> Self {
        let mut people: BTreeMap<String, Person> = BTreeMap::new();
        for line in fs::read_to_string(&path).unwrap_or_default().lines() {
            // The last line may be torn: then the change is not done.
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            let fields = serde_json::from_value(line["fields"].clone()).unwrap();
            let person = Person { active: line["active"] == true, fields };
            people.insert(line["key"].as_str().unwrap().to_owned(), person);
        }
        Self { path, people: Mutex::new(people) }
    }

    fn carry_out(&self, change: &Change) -> std::io::Result<Done> {
        let mut people = self.people.lock().unwrap();
        let person = people.entry(change.key.clone()).or_default();
        person.active = change.kind != Kind::Remove;
        for field in &change.fields {
            match field.new.is_null() {
                true => person.fields.remove(&field.path),
                false => person.fields.insert(field.path.clone(), field.new.clone()),
            };
        }
        let line = json!({"key": change.key, "active": person.active, "fields": person.fields});
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        Ok(Done::new().remote_id(&change.key))
    }

    fn active(&self) -> BTreeMap<String, Fields> {
        let people = self.people.lock().unwrap().clone().into_iter();
        let active = people.filter(|(_, person)| person.active);
        active.map(|(key, person)| (key, person.fields)).collect()
    }
}

#[async_trait]
impl Target for Journal {
    fn name(&self) -> &str {
        "journal"
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let result = |change| self.carry_out(change).map_err(TargetError::caused);
        changes.iter().map(result).collect()
    }

    fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let people = self.people.lock().unwrap().clone();
        let observed =
            |(key, one): (String, Person)| Ok(Observed::new(key, one.fields).active(one.active));
        Some(stream::iter(people).map(observed).boxed())
    }
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
    let target = Arc::new(Journal::at(folder.join("journal")));
    let follow = Follow::new(people, mapping(), target, store).guard(Guard::removals_at_most(1.0));
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
    let (kills, changes) = if std::env::var_os("LONG").is_some() { (100, 100) } else { (6, 20) };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("follow-kill");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut life = Life::with(60, 11).await;
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
    let target = Arc::new(Journal::at(journal.clone()));
    let store = Arc::new(Mutex::new(SqliteStore::open(folder.join("store")).unwrap()));
    // What the last one who was killed had not noted yet.
    let plan = Plan::compute(people(), target.clone()).store(store.clone());
    let plan = plan.guard(Guard::removals_at_most(1.0)).await.unwrap();
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
    let followed = target.active();
    for (key, (_, fields)) in fresh.inner.active() {
        assert_eq!(followed.get(&key), Some(&fields), "{key}");
    }
    let more = followed.len() - fresh.inner.active().len();
    // Who had a key before others claimed it keeps it.
    assert!(more as u64 <= plan.summary().conflicts, "{more}");
}
