//! Whatever happens between runs, the target ends as the source is, and a second plan is empty.

use provisioning::{Basis, Plan, RowState};
use serde_json::json;

use crate::support::{Flaky, People, apply, memory, plan, some_value, there};

/// One night: people join, change, leave and come back; somebody edits the target.
fn a_night(people: &mut People, target: &Flaky, dice: &mut fastrand::Rng, basis: Basis) {
    for _ in 0..dice.usize(0..40) {
        let key = format!("p{}", dice.u32(0..120));
        match dice.u8(0..4) {
            0 => drop(people.remove(&key)),
            1 if basis == Basis::Target => target.inner.edit(&key, "title", "edited by hand"),
            _ => drop(people.insert(key, some_value(dice))),
        }
    }
    people.insert("always".to_owned(), json!(1));
}

#[tokio::test]
async fn the_target_ends_as_the_source_is() {
    for seed in 0..60 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let basis = if seed % 2 == 0 { Basis::Delivered } else { Basis::Target };
        let target = Flaky::new(seed, if seed % 3 == 0 { 0.0 } else { 0.05 });
        let (store, mut people) = (memory(), People::new());
        for _ in 0..6 {
            a_night(&mut people, &target, &mut dice, basis);
            let mut failed = 1;
            while failed > 0 {
                let report = apply(&plan(&people, &target, &store, basis).await).await;
                failed = report.failed;
            }
            assert_eq!(there(&target), people, "seed {seed}");
            let again = plan(&people, &target, &store, basis).await;
            assert_eq!(again.summary().changes(), 0, "seed {seed}: {}", again.summary());
            assert_eq!(again.summary().unchanged, people.len() as u64);
        }
    }
}

#[tokio::test]
async fn who_comes_back_is_the_same_record() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let mut people = People::from([("ada".into(), json!(1)), ("bob".into(), json!(2))]);
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    let id = target.inner.active()["ada"].0.clone();
    people.remove("ada");
    let report = apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    assert_eq!((report.removed, target.inner.active().len()), (1, 1));
    people.insert("ada".into(), json!(3));
    let report = apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    assert_eq!((report.restored, report.created), (1, 0));
    assert_eq!(target.inner.active()["ada"].0, id);
    assert_eq!(there(&target), people);
}

#[tokio::test]
async fn what_is_written_once_stays_as_it_was_edited_and_what_is_unmapped_is_never_touched() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let mut people = People::from([("ada".into(), json!(1))]);
    apply(&plan(&people, &target, &store, Basis::Target).await).await;
    for (path, value) in [("team", "South"), ("phone", "1"), ("title", "edited")] {
        target.inner.edit("ada", path, value);
    }
    people.insert("ada".into(), json!(2));
    let plan = plan(&people, &target, &store, Basis::Target).await;
    let rows = plan.rows(0, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0].fields[0].old, &rows[0].fields[0].new), (&json!("edited"), &json!(2)));
    apply(&plan).await;
    let fields = &target.inner.active()["ada"].1;
    assert_eq!((&fields["team"], &fields["phone"]), (&json!("South"), &json!("1")));
    assert_eq!(fields["title"], json!(2));
}

#[tokio::test]
async fn a_plan_that_was_not_applied_to_its_end_goes_on() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people: People = (0..50).map(|n| (format!("p{n}"), json!(n))).collect();
    let first = plan(&people, &target, &store, Basis::Delivered).await;
    let report: provisioning::Report =
        futures::StreamExt::collect(first.apply().limit(20).stream()).await;
    assert_eq!(report.created, 20);
    let rest = Plan::unfinished(store.clone(), target.clone()).unwrap().unwrap();
    assert_eq!(apply(&rest).await.created, 30);
    assert!(Plan::unfinished(store, target.clone()).unwrap().is_none());
    assert_eq!(there(&target), people);
}

#[tokio::test]
async fn rows_that_failed_are_kept_with_their_reason_and_tried_again() {
    let (target, store) = (Flaky::new(3, 0.5), memory());
    let people: People = (0..40).map(|n| (format!("p{n}"), json!(n))).collect();
    let plan = plan(&people, &target, &store, Basis::Delivered).await;
    let mut report = apply(&plan).await;
    assert!(report.failed > 5, "{report}");
    assert!(report.undelivered[0].reason.starts_with("cut"));
    let failed: Vec<_> = plan
        .rows(0, 100)
        .unwrap()
        .into_iter()
        .filter(|row| row.state == RowState::Failed)
        .collect();
    assert_eq!(failed.len() as u64, report.failed);
    while report.failed > 0 {
        assert_eq!(plan.retry_failed().unwrap(), report.failed);
        report = apply(&plan).await;
    }
    assert_eq!(there(&target), people);
}
