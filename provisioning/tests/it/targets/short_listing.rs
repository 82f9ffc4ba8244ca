//! A product that lists only some of its people, and says nothing of the others.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use provisioning::targets::ScimUsers;
use provisioning::{
    Basis, Change, Compute, Done, Guard, MemoryTarget, Observed, Plan, Record, Report, Target,
    TargetError,
};
use sandbox::{Fault, Sandbox, ScimOptions};

use super::support::{Bringing, scim, with_scim};
use crate::support::{Shared, apply, memory};

/// Lists so many.
#[derive(Debug)]
struct Short<T>(T, usize);

#[async_trait]
impl<T: Target> Target for Short<T> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn key(&self, key: &str) -> String {
        self.0.key(key)
    }

    fn key_path(&self) -> Option<&str> {
        self.0.key_path()
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        self.0.apply(changes).await
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.0.observe(paths).map(|listed| listed.take(self.1).boxed())
    }
}

fn people(count: usize, off: usize) -> Vec<Record> {
    let person = |n: usize| {
        let record = Record::new(format!("p{n:03}@acme.example")).source_id(format!("00u{n}"));
        record.set("title", "T").set("active", n < count - off)
    };
    (0..count).map(person).collect()
}

fn compute<T: Target>(
    wanted: Vec<Record>,
    target: &Arc<T>,
    store: &Shared,
) -> Compute<impl futures::Stream<Item = Result<Record, String>> + Send + use<T>> {
    let source = stream::iter(wanted.into_iter().map(Ok));
    Plan::compute(source, target.clone()).store(store.clone())
}

async fn bring(wanted: Vec<Record>, target: &Arc<impl Target>, store: &Shared) -> Report {
    apply(&compute(wanted, target, store).await.unwrap()).await
}

fn active(sandbox: &Sandbox) -> usize {
    sandbox.scim().users().iter().filter(|user| user["active"] == true).count()
}

const TRIPPED: &str =
    "of 20 records would be removed, 6 of them by a creation that takes out of use, at most 5";

#[tokio::test]
async fn creations_take_no_more_people_out_of_use_than_plans_may() {
    let sandbox = with_scim(ScimOptions::default()).await;
    Bringing::into(ScimUsers::new(scim(&sandbox))).run(&people(100, 0), Basis::Target).await;
    let (target, store) = (Arc::new(Short(ScimUsers::new(scim(&sandbox)), 20)), memory());
    let report = bring(people(100, 40), &target, &store).await;
    assert_eq!((report.existed, report.failed, active(&sandbox)), (45, 35, 95), "{report:?}");
    assert!(report.undelivered[0].reason.contains(TRIPPED), "{:?}", report.undelivered[0]);
    // Nor do the next runs, which have more people behind them: 20 of a hundred may go in a day.
    for _ in 0..3 {
        bring(people(100, 40), &target, &store).await;
    }
    assert!(active(&sandbox) >= 80, "{}", active(&sandbox));
    // Whoever allows it gets it, and then there is nothing left to do.
    let all = Guard::removals_at_most(1.0);
    let plan = compute(people(100, 40), &target, &store).guard(all).await.unwrap();
    apply(&plan).await.into_result().unwrap();
    assert_eq!(active(&sandbox), 60);
    assert_eq!(compute(people(100, 40), &target, &store).await.unwrap().summary().changes(), 0);
}

#[tokio::test]
async fn who_is_out_of_use_already_or_new_is_no_loss() {
    let sandbox = with_scim(ScimOptions::default()).await;
    Bringing::into(ScimUsers::new(scim(&sandbox))).run(&people(100, 60), Basis::Target).await;
    let (target, store) = (Arc::new(Short(ScimUsers::new(scim(&sandbox)), 20)), memory());
    let mut wanted = people(120, 80);
    let report = bring(wanted.clone(), &target, &store).await.into_result().unwrap();
    assert_eq!((report.existed, report.created, active(&sandbox)), (80, 20, 40), "{report}");
    wanted.truncate(100);
    let plan = compute(wanted, &target, &store).await.unwrap();
    assert_eq!(plan.summary().remove, 20, "nothing is held against them");
}

#[tokio::test]
async fn what_creations_took_counts_with_the_next_plan() {
    let (inner, store) = (MemoryTarget::new(), memory());
    let first = Arc::new(inner);
    bring(people(100, 0), &first, &memory()).await;
    let inner = Arc::into_inner(first).unwrap();
    let target = Arc::new(Short(inner, 90));
    let report = bring(people(100, 8), &target, &store).await.into_result().unwrap();
    assert_eq!(report.existed, 10);
    let tripped = compute(people(100, 0)[14..].to_vec(), &target, &store).await.unwrap_err();
    let tripped = tripped.to_string();
    assert!(tripped.contains("8 of them in the last 24 hours already, at most 20"), "{tripped}");
    let plan = compute(people(100, 8)[12..].to_vec(), &target, &store).await.unwrap();
    assert_eq!(plan.summary().remove, 12);
}

#[tokio::test]
async fn who_cannot_be_taken_out_of_use_is_no_further_loss_with_each_try() {
    let sandbox = with_scim(ScimOptions::default()).await;
    Bringing::into(ScimUsers::new(scim(&sandbox))).run(&people(100, 0), Basis::Target).await;
    let (target, store) = (Arc::new(Short(ScimUsers::new(scim(&sandbox)), 90)), memory());
    bring(people(99, 0), &target, &store).await;
    for way in ["PATCH", "PUT"] {
        sandbox.faults().next(format!("{way} /Users/{{id}}"), Fault::Status(500), usize::MAX);
    }
    for _ in 0..30 {
        let report = bring(people(100, 1), &target, &store).await;
        assert_eq!((report.failed, active(&sandbox)), (1, 100), "{report:?}");
    }
    let fewer = people(100, 1)[1..].to_vec();
    let plan = compute(fewer, &target, &store).await.unwrap();
    assert_eq!(plan.summary().remove, 1);
}
