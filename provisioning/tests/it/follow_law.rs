//! Changes by the thousand, followed with restarts at any point: the target ends as a full run leaves it.
//! `LONG=1` makes it ten thousand.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use provisioning::{
    Basis, Change, Done, Fields, Follow, FollowError, Followed, Guard, Observed, OktaPeople, Plan,
    Report, Scope, Target, TargetError,
};
use serde_json::Value;

use crate::org::{Life, mapping};
use crate::support::{Flaky, Shared, memory};

const PEOPLE: u64 = 120;

/// Gives way before and after each call, so that a process can be killed there.
#[derive(Debug)]
struct Slow(Arc<Flaky>);

#[async_trait]
impl Target for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn key_path(&self) -> Option<&str> {
        self.0.key_path()
    }

    fn batch(&self) -> usize {
        3
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        tokio::task::yield_now().await;
        let results = self.0.apply(changes).await;
        tokio::task::yield_now().await;
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.0.observe(paths)
    }
}

struct Law {
    life: Life,
    target: Arc<Flaky>,
    store: Shared,
}

impl Law {
    /// Where the target cannot rename, several people claim one key as well.
    async fn new(seed: u64, renames: bool) -> Self {
        let life = Life::with(PEOPLE, seed, !renames).await;
        let target = if renames { Flaky::renaming(seed, 0.03) } else { Flaky::new(seed, 0.03) };
        Self { life, target, store: memory() }
    }

    fn people(&self) -> OktaPeople {
        let org = &self.life.org;
        OktaPeople::new(org.okta.clone()).scope(Scope::group(&org.group))
    }

    fn follow(&self) -> Follow {
        let target = Arc::new(Slow(self.target.clone()));
        let follow = Follow::new(self.people(), mapping(), target, self.store.clone());
        follow.interval(Duration::from_millis(1)).guard(Guard::removals_at_most(1.0))
    }

    fn is_seen(&self, title: &Value) -> bool {
        let active = self.target.inner.active();
        active.values().any(|(_, fields)| fields.get("title") == Some(title))
    }

    /// Follows until everything so far is in the target, killed now and then.
    async fn catch_up(&mut self) -> u32 {
        let mut kills = 0;
        loop {
            let mut title = self.life.touch();
            let mut stream = self.follow().stream().boxed();
            let mut polls =
                if self.life.dice.u8(0..4) > 0 { self.life.dice.usize(1..30) } else { usize::MAX };
            while let Some(followed) = polled(&mut stream, &mut polls).await {
                match followed {
                    Ok(followed) => assert!(!followed.full, "only events shall do it"),
                    Err(error) => panic!("{error}"),
                }
                if self.is_seen(&title) {
                    return kills;
                }
                title = self.life.touch();
            }
            kills += 1;
        }
    }

    fn owes_nothing(&self) -> bool {
        self.store.lock().unwrap().note("follow.again").unwrap().as_deref() == Some("[]")
    }
}

/// The next item, or nothing once it was polled so often: the process is killed there.
async fn polled(
    stream: &mut BoxStream<'_, Result<Followed, FollowError>>,
    polls: &mut usize,
) -> Option<Result<Followed, FollowError>> {
    poll_fn(|cx| match polls.checked_sub(1) {
        None => Poll::Ready(None),
        Some(rest) => {
            *polls = rest;
            stream.poll_next_unpin(cx)
        }
    })
    .await
}

/// Everybody's values by key; who was renamed has the key among them.
fn values(target: &Flaky) -> BTreeMap<String, Fields> {
    let active = target.inner.active().into_iter();
    let but_key = |mut fields: Fields| {
        fields.remove("userName");
        fields
    };
    active.map(|(key, (_, fields))| (key, but_key(fields))).collect()
}

#[tokio::test]
async fn changes_that_are_followed_end_as_a_full_run_would() {
    end_as_a_full_run_would(false).await;
}

#[tokio::test]
async fn so_they_do_where_people_are_renamed() {
    end_as_a_full_run_would(true).await;
}

async fn end_as_a_full_run_would(renames: bool) {
    let all = if std::env::var_os("LONG").is_some() { 10_000 } else { 500 };
    let mut law = Law::new(7, renames).await;
    // The first run is a full one, and nobody kills it.
    let mut stream = law.follow().stream().boxed();
    assert!(stream.next().await.unwrap().unwrap().full);
    drop(stream);
    let (mut kills, mut changes) = (0, 0);
    while changes < all {
        for _ in 0..law.life.dice.usize(1..80) {
            law.life.change().await;
            changes += 1;
        }
        kills += law.catch_up().await;
    }
    while !law.owes_nothing() {
        law.catch_up().await;
    }
    assert!(kills >= 5, "only {kills} kills");

    let target = Arc::new(Slow(law.target.clone()));
    for basis in [Basis::Delivered, Basis::Target] {
        let compute = Plan::compute(law.people().records(mapping()), target.clone());
        let plan = compute.store(law.store.clone()).basis(basis).await.unwrap();
        assert_eq!(plan.summary().changes(), 0, "{basis:?}: {}", plan.summary());
    }
    let fresh = Flaky::new(1, 0.0);
    let plan = Plan::compute(law.people().records(mapping()), fresh.clone()).await.unwrap();
    let conflicts = plan.summary().conflicts;
    let report: Report = plan.apply().stream().collect().await;
    report.into_result().unwrap();
    let (followed, fresh) = (values(&law.target), values(&fresh));
    assert!(fresh.len() > 20, "{}", fresh.len());
    for (key, fields) in &fresh {
        assert_eq!(followed.get(key), Some(fields), "{key}");
    }
    // Who had a key before others claimed it keeps it.
    let more = followed.keys().filter(|key| !fresh.contains_key(*key));
    assert!(more.count() as u64 <= conflicts);
}
