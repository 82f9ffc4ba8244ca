//! What must not happen: each stops before the first write, with the number and the limit.

use std::sync::Arc;

use futures::{StreamExt, stream};
use provisioning::{Basis, Guard, Plan, PlanError, Record};
use serde_json::json;

use crate::support::{Flaky, People, apply, memory, plan, record, source, there};

fn everybody() -> People {
    (0..100).map(|n| (format!("p{n}"), json!(n))).collect()
}

#[tokio::test]
async fn each_guard_stops_before_the_first_write() {
    let (target, store, people) = (Flaky::new(1, 0.0), memory(), everybody());
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    let ten: People = people.clone().into_iter().take(10).collect();
    let two_of_one = [record("p1", &json!(1)), record("P1", &json!(1)).source_id("00u-other")]
        .map(Ok::<_, String>);
    let rest = people.iter().skip(2).map(|(key, value)| Ok(record(key, value)));
    let clash: Vec<Result<Record, String>> = two_of_one.into_iter().chain(rest).collect();
    let admin = Guard::must_contain_one_of(["boss@acme.example"]);
    let compute =
        |people: &People| Plan::compute(source(people), target.clone()).store(store.clone());
    for (result, expected) in [
        (compute(&People::new()).await, "the source is empty"),
        (compute(&ten).await, "90 of 100 records would be removed, at most 20 may be"),
        (
            compute(&ten).guard(Guard::removals_at_most_count(30)).await,
            "90 of 100 records would be removed, at most 30 may be",
        ),
        (compute(&people).guard(admin).await, "none of boss@acme.example is in the source"),
        (
            Plan::compute(stream::iter(clash), target.clone())
                .store(store.clone())
                .guard(Guard::conflicts_at_most(0))
                .await,
            "1 keys are claimed by two records, 0 are allowed",
        ),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, PlanError::Guard { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(there(&target), people);
        assert!(Plan::unfinished(store.clone(), target.clone()).unwrap().is_none());
    }
}

#[tokio::test]
async fn a_source_that_fails_half_way_leaves_no_plan() {
    let (target, store, people) = (Flaky::new(1, 0.0), memory(), everybody());
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    let half: Vec<Result<Record, String>> =
        people.iter().take(50).map(|(key, value)| Ok(record(key, value))).collect();
    let cut = stream::iter(half).chain(stream::iter([Err("page 3: 503".to_owned())]));
    let error = Plan::compute(cut, target.clone()).store(store.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "the source failed after 50 records, so there is no plan");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "page 3: 503");
    assert!(Plan::unfinished(store, target).unwrap().is_none());
}

#[tokio::test]
async fn two_that_claim_one_key_are_reported_and_not_sent() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let records =
        [("ada", "1"), ("Ada ", "2"), ("ADA", "3"), ("bob", "4"), ("bob", "4"), ("", "5")];
    let records = records.map(|(key, id)| Ok::<_, String>(record(key, &json!(1)).source_id(id)));
    let target: Arc<Flaky> = target;
    let plan = Plan::compute(stream::iter(records), target.clone()).store(store).await.unwrap();
    let summary = plan.summary();
    assert_eq!((summary.conflicts, summary.create, summary.repeated), (1, 1, 1));
    assert_eq!((summary.without_key, summary.read), (1, 6));
    let rows = plan.rows(0, 10).unwrap();
    assert_eq!(rows[0].note.as_deref(), Some("1 and 2 and 3 all claim it"));
    apply(&plan).await;
    assert_eq!(there(&target).into_keys().collect::<Vec<_>>(), ["bob"]);
}

#[tokio::test]
async fn a_store_serves_one_target() {
    let store = memory();
    let people = everybody();
    plan(&people, &Flaky::new(1, 0.0), &store, Basis::Delivered).await;
    let other = Arc::new(provisioning::MemoryTarget::new());
    let error = Plan::compute(source(&people), other).store(store).await.unwrap_err();
    assert!(error.to_string().contains("this store belongs to flaky, not to memory"), "{error}");
}
