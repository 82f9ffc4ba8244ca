//! Runs that would create many of whom some may be there already: guards have to see what would become of them.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use futures::{Stream, StreamExt, stream};
use provisioning::{
    Basis, Compute, Guard, ImportError, Kind, Plan, PlanError, Record, Report, Summary,
};
use serde_json::{Value, json};

use crate::support::{Flaky, People, Shared, apply, memory, plan, record, stores, there};

type Records = Vec<Record>;

fn name(n: usize) -> String {
    format!("p{n:03}")
}

/// Somebody else brought these in.
async fn by_hand(count: usize, target: &Arc<Flaky>) {
    let people: People = (0..count).map(|n| (name(n), json!("by hand"))).collect();
    apply(&plan(&people, target, &memory(), Basis::Delivered).await).await;
}

fn compute(
    records: &Records,
    target: &Arc<Flaky>,
    store: &Shared,
) -> Compute<impl Stream<Item = Result<Record, String>> + Send + use<>> {
    let records = stream::iter(records.clone().into_iter().map(Ok::<_, String>));
    Plan::compute(records, target.clone()).store(store.clone())
}

/// People whose title is this one.
fn all(count: usize, title: &Value) -> Records {
    (0..count).map(|n| record(&name(n), title)).collect()
}

fn numbers(summary: &Summary) -> (u64, u64, u64) {
    (summary.create, summary.update, summary.unchanged)
}

fn line(planned: Result<Plan, PlanError>) -> String {
    let error = planned.unwrap_err();
    assert!(matches!(error, PlanError::Guard { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_pilot_that_is_widened_to_everybody_is_held_against_the_guards() {
    for (renames, store) in stores("widened").into_iter().enumerate() {
        let target = if renames % 2 == 0 { Flaky::new(1, 0.0) } else { Flaky::renaming(1, 0.0) };
        by_hand(60, &target).await;
        let pilot = compute(&all(3, &json!("T")), &target, &store).selection("pilot");
        apply(&pilot.await.unwrap()).await;
        let before = target.inner.active();

        let emptied = compute(&all(60, &Value::Null), &target, &store);
        let stopped = line(emptied.selection("everybody").await);
        assert!(stopped.contains("would lose the value of `title`"), "{stopped}");
        assert!(stopped.contains("0 to create, 60 to update"), "{stopped}");
        let off: Records = all(60, &json!("T"))
            .into_iter()
            .enumerate()
            .map(|(n, record)| record.set("active", n < 3))
            .collect();
        let off = compute(&off, &target, &store).selection("everybody");
        let stopped = line(off.guard(Guard::values_erased_at_most(1.0)).await);
        assert!(stopped.contains("57 of them by an update that takes out of use"), "{stopped}");
        assert_eq!(target.inner.active(), before, "nothing was written");

        // What is meant is shown, and goes.
        let everybody = all(62, &json!("T"));
        let plan = compute(&everybody, &target, &store).selection("everybody").await.unwrap();
        assert_eq!(numbers(plan.summary()), (2, 57, 3), "{}", plan.summary());
        assert!(plan.summary().looked && !plan.summary().unread);
        let report: Report = apply(&plan).await.into_result().unwrap();
        assert_eq!((report.created, report.updated, report.existed), (2, 57, 0));
        assert!(there(&target).values().all(|title| title == "T"));
        for basis in [Basis::Delivered, Basis::Target] {
            let plan = compute(&everybody, &target, &store).selection("everybody");
            assert_eq!(numbers(plan.basis(basis).await.unwrap().summary()), (0, 0, 62));
        }
    }
}

#[tokio::test]
async fn what_a_cut_off_run_left_over_is_held_against_the_guards() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    by_hand(60, &target).await;
    let plan = compute(&all(60, &json!("T")), &target, &store).await.unwrap();
    let _: Report = plan.apply().limit(57).stream().collect().await;
    // A few are left, and more than a few.
    let plan = compute(&all(60, &json!("T")), &target, &store).await.unwrap();
    assert_eq!(numbers(plan.summary()), (0, 3, 57), "{}", plan.summary());
    let (target, store) = (Flaky::new(1, 0.0), memory());
    by_hand(60, &target).await;
    let plan = compute(&all(60, &json!("T")), &target, &store).await.unwrap();
    let _: Report = plan.apply().limit(3).stream().collect().await;
    let stopped = line(compute(&all(60, &Value::Null), &target, &store).await);
    assert!(stopped.contains("would lose the value of `title`"), "{stopped}");
    // A plan that was stopped changes nothing of that.
    let stopped = line(compute(&all(60, &Value::Null), &target, &store).await);
    assert!(stopped.contains("0 to create"), "{stopped}");
}

#[tokio::test]
async fn nobody_reads_the_target_for_changes_and_a_few_newcomers() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    by_hand(60, &target).await;
    let reads = || target.reads.load(SeqCst);
    apply(&compute(&all(30, &json!("T")), &target, &store).selection("s").await.unwrap()).await;
    let first = reads();
    let changed = compute(&all(30, &json!("U")), &target, &store).selection("s");
    apply(&changed.await.unwrap()).await;
    let more = compute(&all(35, &json!("U")), &target, &store).selection("s").await.unwrap();
    assert_eq!((numbers(more.summary()), more.summary().looked), ((5, 0, 30), false));
    apply(&more).await;
    assert_eq!(reads(), first, "a few newcomers");
    // The same number, but others than before: whoever is chosen otherwise may be there.
    let other = compute(&all(40, &json!("U")), &target, &store).selection("other").await.unwrap();
    assert_eq!((numbers(other.summary()), reads()), ((0, 5, 35), first + 1));
    apply(&other).await;
    let none = compute(&all(40, &json!("V")), &target, &store).selection("third").await.unwrap();
    assert_eq!((numbers(none.summary()), reads()), ((0, 40, 0), first + 1), "nobody new");
    apply(&none).await;
    let many = compute(&all(46, &json!("V")), &target, &store).selection("third").await.unwrap();
    assert_eq!((numbers(many.summary()), reads()), ((0, 6, 40), first + 2));
}

#[tokio::test]
async fn a_plan_that_was_looked_up_goes_through_a_file() {
    for drifts in [false, true] {
        let (target, store) = (Flaky::new(1, 0.0), memory());
        by_hand(20, &target).await;
        apply(&compute(&all(8, &json!("T")), &target, &store).await.unwrap()).await;
        // Edited since: of no concern for who was delivered.
        target.inner.edit(&name(1), "title", "edited");
        let mut wanted = all(22, &json!("T"));
        wanted[1] = record(&name(1), &json!("U"));
        let plan = compute(&wanted, &target, &store).await.unwrap();
        assert_eq!(numbers(plan.summary()), (2, 13, 7), "{}", plan.summary());
        let mut file = Vec::new();
        plan.export(&mut file).unwrap();
        if drifts {
            target.inner.edit(&name(15), "title", "edited");
        }
        match Plan::import(file.as_slice(), target.clone(), store.clone()).await {
            Ok(plan) => {
                assert!(!drifts);
                apply(&plan).await.into_result().unwrap();
                assert_eq!(there(&target)[&name(15)], "T");
                let plan = compute(&wanted, &target, &store).await.unwrap();
                assert_eq!(plan.summary().changes(), 0, "{}", plan.summary());
            }
            Err(ImportError::MovedOn(what)) => {
                assert!(drifts && what.contains("`title` of p015"), "{what}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn who_is_found_under_a_new_key_is_not_made_anew() {
    // This target gives nobody another key.
    let (target, store) = (Flaky::new(1, 0.0), memory());
    by_hand(20, &target).await;
    apply(&compute(&all(8, &json!("T")), &target, &store).await.unwrap()).await;
    let moved: Records = (0..8)
        .map(|n| {
            let key = if n < 7 { name(n + 10) } else { "anew".to_owned() };
            record(&key, &json!("T")).source_id(format!("00u-{}", name(n)))
        })
        .collect();
    let plan = compute(&moved, &target, &store).guard(Guard::removals_at_most(1.0)).await.unwrap();
    let summary = plan.summary();
    assert_eq!((numbers(summary), summary.rekeyed), ((1, 7, 0), 1), "{summary}");
    let rows = plan.rows(0, 20).unwrap();
    assert_eq!(rows.iter().filter(|row| row.kind == Kind::Create).count(), 1);
    apply(&plan).await.into_result().unwrap();
}
