//! What guards count beside the plan at hand: of the hours before, of runs that were killed, of keys.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use okta_client::jiff::Timestamp;
use provisioning::{
    Basis, Change, Done, Guard, ImportError, Kind, MemoryTarget, Observed, Plan, PlanError, Record,
    Report, Target, TargetError,
};
use serde_json::{Value, json};

use crate::support::{Flaky, People, Shared, apply, memory, plan, record, source, there};

fn numbered(people: impl IntoIterator<Item = u32>) -> People {
    people.into_iter().map(|n| (format!("p{n:03}"), json!(n))).collect()
}

async fn usual(people: &People, target: &Arc<Flaky>, store: &Shared) -> Result<Plan, PlanError> {
    Plan::compute(source(people), target.clone()).store(store.clone()).await
}

async fn stopped(people: &People, target: &Arc<Flaky>, store: &Shared) -> String {
    usual(people, target, store).await.unwrap_err().to_string()
}

/// Begins to bring a plan about, and is killed when what is under way was carried out and not noted.
async fn killed(plan: &Plan) {
    let mut stream = Box::pin(plan.apply().stream());
    drop(futures::poll!(futures::StreamExt::next(&mut stream)));
}

/// Carries out what it is told, and never answers.
#[derive(Debug)]
struct Hanging(Arc<Flaky>);

#[async_trait]
impl Target for Hanging {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn key_path(&self) -> Option<&str> {
        self.0.key_path()
    }

    fn batch(&self) -> usize {
        1_000
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        self.0.apply(changes).await;
        std::future::pending().await
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.0.observe(paths)
    }
}

#[tokio::test]
async fn a_plan_that_was_exported_before_a_run_that_was_killed_is_refused() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let mut people = numbered(0..8);
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    people.insert("p001".into(), json!("new title"));
    let mut text = Vec::new();
    plan(&people, &target, &store, Basis::Delivered).await.export(&mut text).unwrap();
    let mut other = people.clone();
    other.insert("p002".into(), json!("wrong"));
    let hanging = Arc::new(Hanging(target.clone()));
    killed(&Plan::compute(source(&other), hanging).store(store.clone()).await.unwrap()).await;
    assert_eq!(there(&target)["p002"], "wrong");

    let import = Plan::import(text.as_slice(), target.clone(), store.clone());
    let error = import.await.unwrap_err();
    assert!(matches!(error, ImportError::MovedOn(_)), "{error}");
    assert!(error.to_string().contains("something was delivered since, or may have been"));
    // The doubt is still known.
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await.into_result().unwrap();
    assert_eq!(there(&target), people);
    // One that was made in doubt sends everything, and is taken.
    killed(
        &Plan::compute(source(&other), Arc::new(Hanging(target.clone())))
            .store(store.clone())
            .await
            .unwrap(),
    )
    .await;
    let mut text = Vec::new();
    plan(&people, &target, &store, Basis::Delivered).await.export(&mut text).unwrap();
    let taken = Plan::import(text.as_slice(), target.clone(), store.clone()).await.unwrap();
    apply(&taken).await.into_result().unwrap();
    assert_eq!(there(&target), people);
}

/// Sets the clock of what is noted back, as a run under a clock that is ahead would see it.
fn set_back(store: &Shared, hours: i64) {
    let mut store = store.lock().unwrap();
    let Some(noted) = store.note("losses").unwrap() else { return };
    let mut noted: Value = serde_json::from_str(&noted).unwrap();
    for step in noted["steps"].as_array_mut().unwrap() {
        let at: jiff::Timestamp = step["at"].as_str().unwrap().parse().unwrap();
        let at = at - jiff::SignedDuration::from_hours(hours);
        step["at"] = json!(at.to_string());
    }
    store.set_note("losses", Some(&noted.to_string())).unwrap();
}

#[tokio::test]
async fn a_look_under_a_wrong_clock_forgets_nothing() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    apply(&usual(&numbered(0..100), &target, &store).await.unwrap()).await;
    apply(&usual(&numbered(20..100), &target, &store).await.unwrap()).await;
    let tripped = stopped(&numbered(36..100), &target, &store).await;
    assert!(tripped.contains("36 of 100 records would be removed, 20 of them in the last 24"));
    set_back(&store, 48);
    assert_eq!(usual(&numbered(36..100), &target, &store).await.unwrap().summary().remove, 16);
    set_back(&store, -48);
    assert_eq!(stopped(&numbered(36..100), &target, &store).await, tripped);
    // What is over is over.
    set_back(&store, 25);
    apply(&usual(&numbered(36..100), &target, &store).await.unwrap()).await;
    assert_eq!(there(&target).len(), 64);
}

fn ops(members: impl IntoIterator<Item = u32>) -> Record {
    let ids: Vec<String> = members.into_iter().map(|n| format!("id-{n}")).collect();
    Record::new("00g1").source_id("00g1").set("displayName", "Ops").set("members", json!(ids))
}

async fn push(
    group: Record,
    guard: Option<Guard>,
    (target, store): (&Arc<MemoryTarget>, &Shared),
) -> Result<Report, String> {
    let source = stream::iter([Ok::<_, String>(group)]);
    let mut compute = Plan::compute(source, target.clone()).store(store.clone());
    if let Some(guard) = guard {
        compute = compute.guard(guard);
    }
    let plan = compute.await.map_err(|error| error.to_string())?;
    Ok(apply(&plan).await)
}

#[tokio::test]
async fn a_group_does_not_shrink_step_by_step() {
    let (target, store) = (Arc::new(MemoryTarget::new()), memory());
    let at = (&target, &store);
    push(ops(0..300), None, at).await.unwrap();
    push(ops(55..300), None, at).await.unwrap();
    let tripped = push(ops(100..300), None, at).await.unwrap_err();
    let expected = "group Ops would go from 245 to 200 members: 45 would leave, 55 have in the last 24 hours \
                    already, at most 60 may";
    assert!(tripped.contains(expected), "{tripped}");
    push(ops(60..300), None, at).await.unwrap();
    assert!(push(ops(61..300), None, at).await.is_err());
    // Who comes for those who left makes up for them.
    push(ops(30..300), None, at).await.unwrap();
    push(ops(60..300), None, at).await.unwrap();
    // What was allowed on purpose is no accident, and the next one is.
    push(ops(200..300), Some(Guard::members_lost_at_most(0.7)), at).await.unwrap();
    push(ops(220..300), None, at).await.unwrap_err();
    push(ops(200..300), Some(Guard::removals_at_most_count(u64::MAX)), at).await.unwrap();
}

#[tokio::test]
async fn a_rule_for_removals_allows_no_members_to_go() {
    let (target, store) = (Arc::new(MemoryTarget::new()), memory());
    let at = (&target, &store);
    let deletes = || Some(Guard::removals_at_most_count(u64::MAX));
    push(ops(0..100), deletes(), at).await.unwrap();
    push(ops(15..100), deletes(), at).await.unwrap();
    assert!(push(ops(30..100), deletes(), at).await.unwrap_err().contains("15 have in the last"));
}

#[tokio::test]
async fn the_first_run_says_how_many_are_there() {
    let target = Flaky::new(1, 0.0);
    apply(&plan(&numbered(0..60), &target, &memory(), Basis::Delivered).await).await;
    let off = |count: u32| {
        let off = move |n: u32| record(&format!("p{n:03}"), &json!(n)).set("active", n >= count);
        stream::iter((0..60).map(move |n| Ok::<_, String>(off(n))))
    };
    for (guard, limit) in [(None, 12), (Some(Guard::removals_at_most(0.5)), 30)] {
        let mut compute = Plan::compute(off(57), target.clone());
        compute = guard.into_iter().fold(compute, |compute, guard| compute.guard(guard));
        let error = compute.await.unwrap_err().to_string();
        let expected = format!(
            "57 of 60 records would be removed, 57 of them by an update that takes out of use, at most {limit} may be"
        );
        assert!(error.contains(&expected), "{error}");
    }
    assert_eq!(Plan::compute(off(12), target.clone()).await.unwrap().summary().deactivate, 12);
}

/// Twenty of a hundred left; the way back was killed, as far as it was sent at all.
async fn half_way_back() -> (Arc<Flaky>, Shared) {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let (all, rest) = (numbered(0..100), numbered(20..100));
    apply(&usual(&all, &target, &store).await.unwrap()).await;
    assert_eq!(apply(&usual(&rest, &target, &store).await.unwrap()).await.removed, 20);
    let back = usual(&all, &target, &store).await.unwrap();
    let some: Report = futures::StreamExt::collect(back.apply().limit(8).stream()).await;
    assert_eq!(some.restored, 8);
    let hanging = Arc::new(Hanging(target.clone()));
    killed(&Plan::unfinished(store.clone(), hanging).unwrap().unwrap()).await;
    (target, store)
}

#[tokio::test]
async fn who_may_be_back_is_not_counted_twice() {
    let (target, store) = half_way_back().await;
    let rest = numbered(20..100);
    let again = usual(&rest, &target, &store).await.unwrap();
    assert_eq!(again.summary().remove, 20);
    apply(&again).await.into_result().unwrap();
    assert_eq!(there(&target), rest);
    // Twenty left, and no more may.
    let tripped = stopped(&numbered(21..100), &target, &store).await;
    assert!(tripped.contains("21 of 100 records would be removed, 20 of them in"), "{tripped}");
    // The way back can be gone to its end.
    let (target, store) = half_way_back().await;
    let all = numbered(0..100);
    apply(&usual(&all, &target, &store).await.unwrap()).await.into_result().unwrap();
    assert_eq!(there(&target), all);
    apply(&usual(&rest, &target, &store).await.unwrap()).await.into_result().unwrap();
    assert_eq!(there(&target), rest);
}

/// Fails removals, and nobody knows what came of them.
#[derive(Debug)]
struct Keeping(Arc<Flaky>);

#[async_trait]
impl Target for Keeping {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        assert!(changes.iter().all(|change| change.kind == Kind::Remove));
        changes.iter().map(|_| Err(TargetError::new("no answer"))).collect()
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.0.observe(paths)
    }
}

#[tokio::test]
async fn a_removal_that_fails_counts_once_however_often_it_is_tried() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    apply(&usual(&numbered(0..100), &target, &store).await.unwrap()).await;
    let keeping = Arc::new(Keeping(target.clone()));
    for _ in 0..4 {
        let compute = Plan::compute(source(&numbered(15..100)), keeping.clone());
        let plan = compute.store(store.clone()).await.unwrap();
        assert_eq!(apply(&plan).await.failed, 15);
    }
    apply(&usual(&numbered(15..100), &target, &store).await.unwrap()).await.into_result().unwrap();
    let tripped = stopped(&numbered(21..100), &target, &store).await;
    assert!(tripped.contains("21 of 100 records would be removed, 15 of them in"), "{tripped}");
    apply(&usual(&numbered(20..100), &target, &store).await.unwrap()).await.into_result().unwrap();
}

#[tokio::test]
async fn a_new_key_for_everybody_is_taken_for_an_accident() {
    let (target, store) = (Flaky::renaming(1, 0.0), memory());
    let people = |renamed: std::ops::Range<u32>, guard: Option<Guard>| {
        let person = move |n: u32| {
            let new = if renamed.contains(&n) { "new." } else { "" };
            Record::new(format!("{new}p{n:03}")).source_id(format!("{n}")).set("title", n)
        };
        let source = stream::iter((0..60).map(move |n| Ok::<_, String>(person(n))));
        let compute = Plan::compute(source, target.clone()).store(store.clone());
        guard.into_iter().fold(compute, |compute, guard| compute.guard(guard))
    };
    apply(&people(0..0, None).await.unwrap()).await;
    let error = people(0..60, None).await.unwrap_err();
    assert!(
        error.to_string().contains("60 of 60 records would get another key, at most 12 may"),
        "{error}"
    );
    let PlanError::Guard { guard, .. } = error else { panic!("{error}") };
    assert!(guard.is_of_losses());
    let some = people(0..10, None).await.unwrap();
    assert_eq!(some.summary().renamed, 10);
    apply(&some).await.into_result().unwrap();
    let more = people(0..20, None).await.unwrap_err().to_string();
    assert!(more.contains("20 of 60 records would get another key, 10 of them in the last 24"));
    assert!(people(0..60, Some(Guard::renamed_at_most_count(59))).await.is_err());
    let all = people(0..60, Some(Guard::renamed_at_most(1.0))).await.unwrap();
    assert_eq!(apply(&all).await.updated, 50);
    assert!(target.inner.active().keys().all(|key| key.starts_with("new.")));
}

#[tokio::test]
async fn strangers_who_join_a_group_do_not_make_up_for_those_who_left() {
    for hours in [0, 3] {
        let (target, store) = (Arc::new(MemoryTarget::new()), memory());
        let at = (&target, &store);
        push(ops(0..100), None, at).await.unwrap();
        push(ops(15..115), None, at).await.unwrap();
        set_back(&store, hours);
        let tripped = push(ops((30..115).chain(200..215)), None, at).await.unwrap_err();
        let expected = "15 would leave, 15 have in the last 24 hours already, at most 20 may";
        assert!(tripped.contains(expected), "{tripped}");
        // Who comes back has not left, however often.
        for _ in 0..3 {
            push(ops(0..115), None, at).await.unwrap();
            set_back(&store, hours);
            push(ops(15..115), None, at).await.unwrap();
        }
        push(ops(0..115), None, at).await.unwrap();
        push(ops(20..115), None, at).await.unwrap();
        assert!(push(ops((0..5).chain(29..115)), None, at).await.is_err());
        push(ops((0..5).chain(28..115)), None, at).await.unwrap();
    }
}

/// Sixty people of whom some have another name.
async fn renamed(
    renamed: std::ops::Range<u32>,
    name: &str,
    (target, store): (&Arc<Flaky>, &Shared),
) -> Result<Report, String> {
    let person = |n: u32| {
        let name = if renamed.contains(&n) { name } else { "" };
        Ok::<_, String>(Record::new(format!("{name}p{n}")).source_id(format!("{n}")))
    };
    let source = stream::iter((0..60).map(person).collect::<Vec<_>>());
    let plan = Plan::compute(source, target.clone()).store(store.clone()).await;
    Ok(apply(&plan.map_err(|error| error.to_string())?).await.into_result().unwrap())
}

#[tokio::test]
async fn an_accident_with_keys_can_be_undone() {
    for hours in [0, 3] {
        let (target, store) = (Flaky::renaming(1, 0.0), memory());
        let at = (&target, &store);
        renamed(0..0, "", at).await.unwrap();
        for _ in 0..2 {
            assert_eq!(renamed(0..12, "wrong.", at).await.unwrap().updated, 12);
            set_back(&store, hours);
            assert_eq!(renamed(0..0, "", at).await.unwrap().updated, 12);
        }
        // Who gets one name after the other is one.
        for name in ["a.", "b.", "c."] {
            assert_eq!(renamed(0..10, name, at).await.unwrap().updated, 10);
            set_back(&store, hours);
        }
        let tripped = renamed(0..13, "c.", at).await.unwrap_err();
        let expected = "13 of 60 records would get another key, 10 of them in the last 24 hours already, at most 12";
        assert!(tripped.contains(expected), "{tripped}");
        assert_eq!(renamed(0..12, "d.", at).await.unwrap().updated, 12);
    }
}

#[tokio::test]
async fn who_was_created_by_a_run_that_was_killed_and_renamed_since_leaves_nobody_behind() {
    for key_goes_to in [None, Some("new"), Some("known")] {
        let (target, store) = (Flaky::renaming(1, 0.0), memory());
        let plan = async |keys: &[(&str, &str)], target: Arc<dyn Target>| {
            let person =
                |(id, key): &(&str, &str)| Record::new(*key).source_id(*id).set("title", *id);
            let people: Vec<_> = keys.iter().map(person).map(Ok::<_, String>).collect();
            let compute = Plan::compute(stream::iter(people), target).store(store.clone());
            compute.guard(Guard::renamed_at_most(1.0)).await.unwrap()
        };
        let mut keys = vec![("1", "p1"), ("2", "p2"), ("3", "p3"), ("known", "p4")];
        apply(&plan(&keys, target.clone()).await).await;
        keys.push(("p", "ada"));
        killed(&plan(&keys, Arc::new(Hanging(target.clone()))).await).await;
        assert!(there(&target).contains_key("ada"));
        keys[4].1 = "ada.married";
        match key_goes_to {
            Some("known") => keys[3].1 = "ada",
            Some(other) => keys.push((other, "ada")),
            None => {}
        }
        for _ in 0..2 {
            apply(&plan(&keys, target.clone()).await).await;
        }
        // Everybody once, whoever has the key now.
        let mut active: Vec<Value> = there(&target).into_values().collect();
        let mut wanted: Vec<Value> = keys.iter().map(|(id, _)| json!(id)).collect();
        active.sort_by_key(Value::to_string);
        wanted.sort_by_key(Value::to_string);
        assert_eq!(active, wanted, "{key_goes_to:?}");
    }
}

#[tokio::test]
async fn what_a_version_before_noted_counts_as_far_as_it_says_who() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    apply(&usual(&numbered(0..100), &target, &store).await.unwrap()).await.into_result().unwrap();
    let group = json!({"before": 30, "lost": 5, "gained": 1});
    let losses = json!({
        "removed": 15, "deactivated": 0, "restored": 0, "renamed": 3, "erased": {}, "members": {"00g1": group},
    });
    let steps = json!({"steps": [{"at": Timestamp::now(), "known": 100, "losses": losses}]});
    store.lock().unwrap().set_note("losses", Some(&steps.to_string())).unwrap();
    let tripped = stopped(&numbered(6..100), &target, &store).await;
    assert!(tripped.contains("21 of 100") && tripped.contains("15 of them"), "{tripped}");
    assert_eq!(usual(&numbered(5..100), &target, &store).await.unwrap().summary().remove, 5);
}

#[tokio::test]
async fn nobody_is_remembered_one_by_one_where_all_may_get_another_key() {
    let (target, store) = (Flaky::renaming(1, 0.0), memory());
    let rename = async |name: &str, guards: &[Guard]| {
        let person = |n: u32| Record::new(format!("{name}p{n}")).source_id(format!("{n}"));
        let people = (0..1_200).map(|n| Ok::<_, String>(person(n))).collect::<Vec<_>>();
        let compute = Plan::compute(stream::iter(people), target.clone()).store(store.clone());
        let guarded = guards.iter().cloned().fold(compute, |compute, guard| compute.guard(guard));
        apply(&guarded.await.unwrap()).await.into_result().unwrap();
        // What it took is noted with the next.
        usual(&People::new(), &target, &store).await.unwrap_err();
        store.lock().unwrap().note("losses").unwrap().unwrap_or_default().len()
    };
    rename("a.", &[]).await;
    let count = |count| [Guard::removals_at_most_count(count), Guard::renamed_at_most_count(1_200)];
    let share = [Guard::removals_at_most(1.0), Guard::renamed_at_most(1.0)];
    assert!(rename("b.", &share).await < 1_200);
    assert!(rename("c.", &count(1_200)).await < 1_200);
    assert!(rename("d.", &count(1_199)).await > 1_200, "as many may be too many");
}
