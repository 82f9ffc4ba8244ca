//! Sources and targets that nobody would wish for.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, stream::Stream};
use provisioning::{
    Basis, Change, Compute, Done, Guard, MemoryTarget, Observed, Plan, PlanError, Record, Report,
    Target, TargetError,
};
use serde_json::{Value, json};

use crate::support::{Flaky, People, Shared, apply, memory, plan, record, source, there};

type Records = Vec<Result<Record, String>>;

fn compute(
    records: Records,
    target: &Arc<Flaky>,
    store: &Shared,
) -> Compute<impl Stream<Item = Result<Record, String>> + Send + 'static> {
    Plan::compute(stream::iter(records), target.clone()).store(store.clone())
}

fn everybody(count: usize) -> People {
    (0..count).map(|n| (format!("p{n:03}"), json!(n))).collect()
}

async fn delivered(people: &People) -> (Arc<Flaky>, Shared) {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    apply(&plan(people, &target, &store, Basis::Delivered).await).await;
    (target, store)
}

/// The guard's line; nothing was written.
async fn stopped(
    plan: impl IntoFuture<Output = Result<Plan, PlanError>>,
    target: &Flaky,
) -> String {
    let before = target.inner.active();
    let error = plan.await.unwrap_err();
    assert!(matches!(error, PlanError::Guard { .. }), "{error}");
    assert_eq!(target.inner.active(), before);
    error.to_string()
}

#[tokio::test]
async fn somebody_who_comes_twice_with_different_values_is_sent_once() {
    for basis in [Basis::Delivered, Basis::Target] {
        let (target, store) = (Flaky::new(1, 0.0), memory());
        let twice =
            || vec![Ok(record("ada", &json!("first"))), Ok(record("ada", &json!("second")))];
        for expected in [1, 0] {
            let plan = compute(twice(), &target, &store).basis(basis).await.unwrap();
            assert_eq!((plan.summary().changes(), plan.summary().repeated), (expected, 1));
            apply(&plan).await;
        }
        assert_eq!(there(&target)["ada"], "first");
    }
}

#[tokio::test]
async fn who_has_no_key_any_more_is_not_taken_for_gone() {
    for basis in [Basis::Delivered, Basis::Target] {
        let people = everybody(10);
        let (target, store) = delivered(&people).await;
        for key in ["", " \t"] {
            let lost: Records = people
                .iter()
                .map(|(name, value)| match name.as_str() {
                    "p003" | "p004" => Ok(record(key, value).source_id(format!("00u-{name}"))),
                    _ => Ok(record(name, value)),
                })
                .collect();
            let plan = compute(lost.clone(), &target, &store).basis(basis).await.unwrap();
            let summary = plan.summary();
            assert_eq!((summary.changes(), summary.without_key), (0, 2), "{summary}");
            let ids = ["00u-p003", "00u-p004"];
            let plan = compute(lost[3..5].to_vec(), &target, &store).only(ids).await.unwrap();
            assert_eq!(plan.summary().changes(), 0);
        }
        // Another one may take the key over, whichever comes first.
        let mut records: Records =
            people.iter().map(|(key, value)| Ok(record(key, value))).collect();
        records[3] = Ok(record("", &json!(3)).source_id("00u-p003"));
        records.push(Ok(record("p003", &json!("taken over")).source_id("00u-other")));
        for records in [records.clone(), records.into_iter().rev().collect()] {
            let plan = compute(records, &target, &store).basis(basis).await.unwrap();
            assert_eq!((plan.summary().update, plan.summary().conflicts), (1, 0));
        }
    }
}

#[tokio::test]
async fn whom_a_value_takes_out_of_use_counts_as_removed() {
    for basis in [Basis::Delivered, Basis::Target] {
        for path in ["active", "Active", "urn:ietf:params:scim:schemas:core:2.0:User:active"] {
            let (target, store) = (Flaky::new(1, 0.0), memory());
            let records = |off: usize| -> Records {
                let one = |n: usize| record(&format!("p{n:03}"), &json!(0)).set(path, n >= off);
                (0..100).map(|n| Ok(one(n))).collect()
            };
            apply(&compute(records(0), &target, &store).await.unwrap()).await;
            let line = stopped(compute(records(21), &target, &store).basis(basis), &target).await;
            let expected = "21 of 100 records would be removed, 21 of them by an update that takes out of use, \
                            at most 20 may be";
            assert!(line.contains(expected), "{line}");
            // With those who left.
            let rest = records(11).into_iter().skip(10).collect();
            let plan = compute(rest, &target, &store).guard(Guard::removals_at_most_count(10));
            let line = stopped(plan.basis(basis), &target).await;
            assert!(line.contains("11 of 100 records would be removed, 1 of them"), "{line}");
            let plan = compute(records(20), &target, &store).basis(basis).await.unwrap();
            assert_eq!((plan.summary().update, plan.summary().deactivate), (20, 20));
            assert!(plan.summary().to_string().contains("20 of the updates take out of use"));
            apply(&plan).await;
            // Who is out already goes no more.
            let plan = compute(records(20), &target, &store).basis(basis).await.unwrap();
            assert_eq!(plan.summary().changes(), 0);
        }
    }
}

#[tokio::test]
async fn tiny_sets_have_guards_too() {
    let people = everybody(3);
    let (target, store) = delivered(&people).await;
    let rest = |count: usize| -> Records {
        people.iter().take(count).map(|(key, value)| Ok(record(key, value))).collect()
    };
    assert_eq!(compute(rest(2), &target, &store).await.unwrap().summary().remove, 1);
    let none = Guard::removals_at_most_count(0);
    let line = stopped(compute(rest(2), &target, &store).guard(none), &target).await;
    assert!(line.contains("1 of 3 records would be removed, at most 0 may be"), "{line}");
    let other = vec![Ok(record("somebody", &json!("else")))];
    let line = stopped(compute(other, &target, &store), &target).await;
    assert!(line.contains("3 of 3 records would be removed, at most 1 may be"), "{line}");
}

#[tokio::test]
async fn a_run_that_was_cut_off_does_not_reset_the_guard() {
    let people = everybody(100);
    let (target, store) = delivered(&people).await;
    let rest = |gone: usize| -> Records {
        people.iter().skip(gone).map(|(key, value)| Ok(record(key, value))).collect()
    };
    let plan = compute(rest(20), &target, &store).await.unwrap();
    let cut: Report = plan.apply().limit(15).stream().collect().await;
    assert_eq!(cut.removed, 15);
    // Less than a fifth of who is left; but not of who was there.
    for _ in 0..2 {
        let line = stopped(compute(rest(31), &target, &store), &target).await;
        let expected = "31 of 100 records would be removed, 15 of them in the last 24 hours already, at most 20 may be";
        assert!(line.contains(expected), "{line}");
    }
    // The rest of what was allowed.
    let plan = compute(rest(20), &target, &store).await.unwrap();
    assert_eq!(apply(&plan).await.removed, 5);
    // That run is over, and what it took still counts.
    let line = stopped(compute(rest(36), &target, &store), &target).await;
    assert!(line.contains("36 of 100 records would be removed, 20 of them in the last"), "{line}");
}

#[tokio::test]
async fn a_source_that_shrinks_from_run_to_run_is_stopped() {
    let mut people = everybody(100);
    let (target, store) = delivered(&people).await;
    let mut line = None;
    for _ in 0..10 {
        let gone: Vec<String> = people.keys().take(9).cloned().collect();
        gone.iter().for_each(|key| drop(people.remove(key)));
        let records = people.iter().map(|(key, value)| Ok(record(key, value))).collect();
        match compute(records, &target, &store).await {
            Ok(plan) => drop(apply(&plan).await.into_result().unwrap()),
            Err(error) => line = Some(error.to_string()),
        }
        if line.is_some() {
            break;
        }
    }
    assert_eq!(there(&target).len(), 82);
    let expected = "27 of 100 records would be removed, 18 of them in the last 24 hours already, at most 20 may be";
    assert!(line.unwrap().contains(expected));
    // Who came back is not gone.
    let everybody = everybody(100);
    let all = |n: usize| -> Records {
        everybody.iter().skip(n).map(|(key, value)| Ok(record(key, value))).collect()
    };
    apply(&compute(all(0), &target, &store).await.unwrap()).await.into_result().unwrap();
    assert_eq!(compute(all(20), &target, &store).await.unwrap().summary().remove, 20);
}

#[tokio::test]
async fn what_was_allowed_once_on_purpose_does_not_stop_the_runs_after_it() {
    let people = everybody(100);
    let (target, store) = delivered(&people).await;
    let rest = |gone: usize| -> Records {
        people.iter().skip(gone).map(|(key, value)| Ok(record(key, value))).collect()
    };
    let half = || Guard::removals_at_most(0.5);
    apply(&compute(rest(50), &target, &store).guard(half()).await.unwrap()).await;
    let line = stopped(compute(rest(61), &target, &store), &target).await;
    assert!(line.contains("11 of 50 records would be removed, at most 10 may be"), "{line}");
    apply(&compute(rest(52), &target, &store).await.unwrap()).await;
    assert_eq!(there(&target).len(), 48);
    // But not again and again.
    let line = stopped(compute(rest(53), &target, &store).guard(half()), &target).await;
    assert!(line.contains("53 of 100 records"), "{line}");
}

#[tokio::test]
async fn values_that_vanish_from_everybody_are_not_erased() {
    let people = everybody(60);
    let (target, store) = delivered(&people).await;
    let emptied = |from: usize, count: usize| -> Records {
        let value = |n: usize, value| match (from..from + count).contains(&n) {
            true => serde_json::Value::Null,
            false => serde_json::Value::clone(value),
        };
        let people = people.iter().enumerate();
        people.map(|(n, (key, title))| Ok(record(key, &value(n, title)))).collect()
    };
    for (count, already) in [(60, ""), (13, "")] {
        let line = stopped(compute(emptied(0, count), &target, &store), &target).await;
        let expected = format!(
            "{count} of 60 records would lose the value of `title`{already}, at most 12 may"
        );
        assert!(line.contains(&expected), "{line}");
    }
    apply(&compute(emptied(0, 12), &target, &store).await.unwrap()).await;
    let line = stopped(compute(emptied(0, 13), &target, &store), &target).await;
    assert!(
        line.contains(
            "13 of 60 records would lose the value of `title`, 12 of them in the last 24"
        ),
        "{line}"
    );
    let meant = compute(emptied(0, 60), &target, &store).guard(Guard::values_erased_at_most(1.0));
    assert_eq!(meant.await.unwrap().summary().update, 48);
}

#[tokio::test]
async fn a_key_that_nobody_has_stops_the_run_and_names_them() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let keyless = |n: usize| {
        Ok(record("", &json!(n)).source_id(format!("00u{n}")).without_key("no nickname"))
    };
    let line = stopped(compute((0..60).map(keyless).collect(), &target, &store), &target).await;
    assert!(line.contains("60 of 60 records have no key, such as 00u0: no nickname"), "{line}");
    let mut records: Records =
        everybody(60).iter().map(|(key, value)| Ok(record(key, value))).collect();
    records.extend((0..4).chain([2]).map(keyless));
    let plan = compute(records, &target, &store).await.unwrap();
    let summary = plan.summary();
    assert_eq!((summary.create, summary.without_key, summary.repeated), (60, 4, 1));
    assert!(summary.to_string().contains("4 without key"), "{summary}");
    assert!(summary.to_string().contains("00u0: no nickname"), "{summary}");
    let rows = plan.rows(60, 10).unwrap();
    let named: Vec<_> =
        rows.iter().map(|row| (row.kind, row.source_id.as_deref().unwrap())).collect();
    let all = ["00u0", "00u1", "00u2", "00u3"].map(|id| (provisioning::Kind::WithoutKey, id));
    assert_eq!(named, all);
    assert!(rows.iter().all(|row| row.note.as_deref() == Some("no nickname")));
    assert_eq!(apply(&plan).await.delivered(), 60);
}

#[tokio::test]
async fn many_small_batches_do_not_pass_where_a_large_one_would_not() {
    let people = everybody(100);
    let (target, store) = delivered(&people).await;
    let leaves = |n: usize| {
        let ids = [format!("00u-p{n:03}"), format!("00u-p{:03}", n + 1)];
        compute(Vec::new(), &target, &store).only(ids)
    };
    for n in (0..20).step_by(2) {
        apply(&leaves(n).await.unwrap()).await;
    }
    assert_eq!(there(&target).len(), 80);
    let line = stopped(leaves(20), &target).await;
    let expected = "22 of 100 records would be removed, 20 of them in the last 24 hours already, at most 20 may be";
    assert!(line.contains(expected), "{line}");
    // A change that removes nobody goes on.
    let changed = vec![Ok(record("p050", &json!("changed")))];
    let plan = compute(changed, &target, &store).only(["00u-p050"]).await.unwrap();
    assert_eq!(apply(&plan).await.updated, 1);
}

#[tokio::test]
async fn a_source_that_fails_after_a_run_that_went_on_changes_nothing() {
    let people = everybody(100);
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let first = plan(&people, &target, &store, Basis::Delivered).await;
    let cut: Report = first.apply().limit(60).stream().collect().await;
    assert_eq!(cut.created, 60);
    apply(&Plan::unfinished(store.clone(), target.clone()).unwrap().unwrap()).await;
    let mut half: Records =
        people.iter().take(50).map(|(key, _)| Ok(record(key, &json!("new")))).collect();
    half.push(Err("page 2: 503".to_owned()));
    let error = compute(half, &target, &store).await.unwrap_err();
    assert_eq!(error.to_string(), "the source failed after 50 records, so there is no plan");
    assert!(Plan::unfinished(store.clone(), target.clone()).unwrap().is_none());
    assert_eq!(there(&target), people);
}

#[tokio::test]
async fn somebody_who_is_renamed_between_plan_and_run_ends_right_with_the_next() {
    let mut people = everybody(10);
    let (target, store) = delivered(&people).await;
    people.insert("p003".into(), json!("changed"));
    let planned = plan(&people, &target, &store, Basis::Delivered).await;
    let value = people.remove("p003").unwrap();
    let renamed = || -> Records {
        let rest = people.iter().map(|(key, value)| Ok(record(key, value)));
        rest.chain([Ok(record("Renamed", &value).source_id("00u-p003"))]).collect()
    };
    apply(&planned).await.into_result().unwrap();
    assert_eq!(there(&target)["p003"], "changed");
    let plan = compute(renamed(), &target, &store).await.unwrap();
    assert_eq!((plan.summary().create, plan.summary().remove), (1, 1));
    apply(&plan).await;
    assert!(!there(&target).contains_key("p003") && there(&target)["renamed"] == "changed");
    for basis in [Basis::Delivered, Basis::Target] {
        let plan = compute(renamed(), &target, &store).basis(basis).await.unwrap();
        assert_eq!(plan.summary().changes(), 0);
    }
}

/// Lists one user several times, in an order that changes; changes go to the id.
#[derive(Debug)]
struct Repeating {
    listed: Mutex<Vec<(&'static str, bool, Value)>>,
}

#[async_trait]
impl Target for Repeating {
    fn name(&self) -> &str {
        "repeating"
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut listed = self.listed.lock().unwrap();
        for change in changes {
            let id = change.remote_id.as_deref().unwrap();
            let title = change.fields.iter().find(|field| field.path == "title").unwrap();
            for one in listed.iter_mut().filter(|one| one.0 == id) {
                one.2 = title.new.clone();
            }
        }
        changes.iter().map(|_| Ok(Done::new())).collect()
    }

    fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let mut listed = self.listed.lock().unwrap();
        listed.reverse();
        let observed = listed.clone().into_iter().map(|(id, active, title)| {
            let fields = [("title".to_owned(), title)].into();
            Ok(Observed::new("Ada", fields).remote_id(id).active(active))
        });
        Some(stream::iter(observed).boxed())
    }
}

#[tokio::test]
async fn a_target_that_lists_somebody_twice_is_not_changed_back_and_forth() {
    let one = |id, active| (id, active, json!("old"));
    for listed in [
        vec![one("1", true), one("1", true)],
        vec![one("1", true), one("2", true), one("3", true)],
        vec![one("1", false), one("2", true), one("3", false)],
    ] {
        let target = Arc::new(Repeating { listed: Mutex::new(listed) });
        let store = memory();
        let plan = || {
            let ada = Record::new("ada").source_id("1").set("title", "new");
            let compute = Plan::compute(stream::iter([Ok::<_, String>(ada)]), target.clone());
            compute.store(store.clone()).basis(Basis::Target)
        };
        for changes in [1, 0, 0] {
            let plan = plan().await.unwrap();
            assert_eq!(plan.summary().changes(), changes, "{target:?}");
            apply(&plan).await;
        }
    }
}

#[tokio::test]
async fn keys_that_differ_by_case_alone_are_one() {
    let target = Arc::new(MemoryTarget::new());
    let store = memory();
    let records = || {
        let people = [("Ada@x", "1"), ("ada@X ", "2"), ("bob@x", "3")];
        stream::iter(people.map(|(key, id)| Ok::<_, String>(record(key, &json!(1)).source_id(id))))
    };
    for create in [1, 0] {
        let plan = Plan::compute(records(), target.clone()).store(store.clone()).await.unwrap();
        assert_eq!((plan.summary().conflicts, plan.summary().create), (1, create));
        apply(&plan).await;
    }
    assert_eq!(target.active().into_keys().collect::<Vec<_>>(), ["bob@x"]);
    let people: People = [("bob@x".to_owned(), json!(1))].into();
    let plan = Plan::compute(source(&people), target).store(store).await.unwrap();
    assert_eq!(plan.summary().conflicts, 0);
}
