//! Records whose keys change: in the source, in the target, with each other, and all at once.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use futures::{StreamExt, stream};
use provisioning::{Basis, Compute, Guard, Kind, Plan, PlanError, Record, Report};
use serde_json::{Value, json};

use crate::support::{Flaky, Shared, apply, memory, stores};

/// Who is in the source: key and a value, by id there.
type People = BTreeMap<String, (String, Value)>;

const BOTH: [Basis; 2] = [Basis::Delivered, Basis::Target];

fn people<const N: usize>(list: [(&str, &str); N]) -> People {
    list.map(|(id, key)| (id.to_owned(), (key.to_owned(), json!(id)))).into()
}

fn record(id: &str, (key, value): &(String, Value)) -> Record {
    let record = Record::new(key.clone()).source_id(id).set("title", value.clone());
    record.set("owner", id).set_on_create("team", "North")
}

fn compute(
    people: &People,
    target: &Arc<Flaky>,
    store: &Shared,
) -> Compute<impl futures::Stream<Item = Result<Record, Infallible>> + Send + use<>> {
    let records: Vec<_> = people.iter().map(|(id, person)| Ok(record(id, person))).collect();
    let compute = Plan::compute(stream::iter(records), target.clone()).store(store.clone());
    compute.guard(Guard::removals_at_most(1.0)).guard(Guard::renamed_at_most(1.0))
}

async fn run(people: &People, target: &Arc<Flaky>, store: &Shared, basis: Basis) -> Report {
    apply(&compute(people, target, store).basis(basis).await.unwrap()).await
}

/// Who is in use in the target: key and value by the source's id, and the target's own ids.
fn there(target: &Flaky) -> (People, BTreeMap<String, String>) {
    let owner = |fields: &provisioning::Fields| fields["owner"].as_str().unwrap().to_owned();
    let active = target.inner.active();
    let ids = active.values().map(|(id, fields)| (owner(fields), id.clone())).collect();
    let of = |(key, (_, fields)): (String, (String, provisioning::Fields))| {
        (owner(&fields), (key, fields["title"].clone()))
    };
    (active.into_iter().map(of).collect(), ids)
}

async fn assert_done(people: &People, target: &Arc<Flaky>, store: &Shared) {
    for basis in BOTH {
        let plan = compute(people, target, store).basis(basis).await.unwrap();
        assert_eq!(plan.rows(0, 9).unwrap(), [], "{basis:?} {}", plan.summary());
    }
}

#[tokio::test]
async fn who_gets_a_new_key_stays_the_same_record() {
    for (n, (store, basis)) in stores("renamed").into_iter().zip([BOTH, BOTH].concat()).enumerate()
    {
        let (target, mut everybody) =
            (Flaky::renaming(1, 0.0), people([("1", "ada"), ("2", "bob")]));
        run(&everybody, &target, &store, basis).await;
        let (_, ids) = there(&target);
        everybody.insert("1".into(), ("countess".into(), json!("1")));
        let plan = compute(&everybody, &target, &store).basis(basis).await.unwrap();
        let rows = plan.rows(0, 9).unwrap();
        assert_eq!(
            (rows.len(), rows[0].kind, rows[0].from.as_deref()),
            (1, Kind::Update, Some("ada"))
        );
        assert_eq!(
            (&rows[0].fields[0].old, &rows[0].fields[0].new),
            (&json!("ada"), &json!("countess"))
        );
        assert!(plan.summary().to_string().contains("1 to update"), "{}", plan.summary());
        assert!(plan.summary().to_string().contains("1 renamed"), "{}", plan.summary());
        let report = apply(&plan).await;
        assert_eq!((report.updated, report.delivered(), report.failed), (1, 1, 0), "{n}");
        assert_eq!(there(&target), (everybody.clone(), ids.clone()), "{n}");
        assert_done(&everybody, &target, &store).await;

        // Who left and comes back under another key is the same record, too.
        let ada = everybody.remove("1").unwrap();
        assert_eq!(run(&everybody, &target, &store, basis).await.removed, 1);
        everybody.insert("1".into(), ("ada.king".into(), ada.1));
        let report = run(&everybody, &target, &store, basis).await;
        assert_eq!((report.restored, report.created, report.failed), (1, 0, 0));
        assert_eq!(there(&target), (everybody.clone(), ids));
        assert_done(&everybody, &target, &store).await;
    }
}

#[tokio::test]
async fn who_is_renamed_in_both_systems_is_not_removed() {
    for basis in BOTH {
        let (target, store) = (Flaky::renaming(1, 0.0), memory());
        let mut everybody = people([("1", "ada"), ("2", "bob")]);
        run(&everybody, &target, &store, basis).await;
        let (_, ids) = there(&target);
        target.inner.rename("ada", "countess");
        everybody.insert("1".into(), ("countess".into(), json!("1")));
        let report = run(&everybody, &target, &store, basis).await;
        assert_eq!((report.created, report.existed, report.removed, report.failed), (0, 0, 0, 0));
        assert_eq!(there(&target), (everybody.clone(), ids));
        assert_done(&everybody, &target, &store).await;
    }
}

#[tokio::test]
async fn who_is_renamed_in_the_target_gets_the_key_back() {
    let (target, store) = (Flaky::renaming(1, 0.0), memory());
    let mut everybody = people([("1", "ada"), ("2", "bob")]);
    run(&everybody, &target, &store, Basis::Target).await;
    let (_, ids) = there(&target);
    target.inner.rename("ada", "x");
    let strangers = compute(&everybody, &target, &store).basis(Basis::Target).remove_unknown(true);
    let report = apply(&strangers.await.unwrap()).await;
    assert_eq!((report.updated, report.removed, report.failed), (1, 0, 0), "{report:?}");
    assert_eq!(there(&target), (everybody.clone(), ids));
    assert_done(&everybody, &target, &store).await;

    // Nor does somebody new take over the record of another, which was given this key.
    target.inner.rename("ada", "new");
    everybody.insert("3".into(), ("new".into(), json!("3")));
    let report = run(&everybody, &target, &store, Basis::Delivered).await;
    assert_eq!((report.created, report.existed, report.failed), (0, 0, 1), "{report:?}");
    assert_eq!(
        report.undelivered[0].reason,
        "what is found as new in the target is the record of 1 (id id-1 in the target), delivered as \
         ada: it is left alone"
    );
    run(&everybody, &target, &store, Basis::Target).await;
    run(&everybody, &target, &store, Basis::Target).await;
    assert_eq!(there(&target).0, everybody);
    assert_done(&everybody, &target, &store).await;
}

#[tokio::test]
async fn a_swap_is_a_failure_and_no_mixture() {
    for (store, basis) in stores("swap").into_iter().zip([BOTH, BOTH].concat()) {
        let target = Flaky::renaming(1, 0.0);
        let before = people([("1", "ada"), ("2", "bob"), ("3", "carl")]);
        run(&before, &target, &store, basis).await;
        let held = there(&target);
        let after = people([("1", "bob"), ("2", "ada"), ("3", "carl")]);
        for _ in 0..2 {
            let report = run(&after, &target, &store, basis).await;
            assert_eq!((report.failed, report.delivered()), (2, 0), "{report:?}");
            let reasons = report.undelivered.iter().map(|one| one.reason.as_str());
            assert!(reasons.clone().all(|reason| reason.contains("cannot be renamed to")));
            assert!(reasons.clone().any(|reason| reason
                == "ada cannot be renamed to bob: that is the record of 2 (id id-2 in the target), who has \
                    not been given another key"), "{report:?}");
            assert_eq!(there(&target), held);
        }
        // As soon as one of them takes another key, both arrive.
        let mut apart = after.clone();
        apart.insert("2".into(), ("ada2".into(), json!("2")));
        run(&apart, &target, &store, basis).await.into_result().unwrap();
        run(&after, &target, &store, basis).await.into_result().unwrap();
        assert_eq!(there(&target), (after.clone(), held.1));
        assert_done(&after, &target, &store).await;
    }
}

#[tokio::test]
async fn a_chain_is_one_run_and_who_is_new_takes_the_key_at_its_end() {
    for (store, basis) in stores("chain").into_iter().zip([BOTH, BOTH].concat()) {
        let target = Flaky::renaming(1, 0.0);
        run(&people([("1", "a"), ("2", "b"), ("3", "c")]), &target, &store, basis).await;
        let ids = there(&target).1;
        let after = people([("0", "a"), ("1", "b"), ("2", "c"), ("3", "d")]);
        let report = run(&after, &target, &store, basis).await;
        assert_eq!((report.created, report.updated, report.failed), (1, 3, 0), "{report:?}");
        let now = there(&target);
        assert_eq!(now.0, after);
        assert!(ids.iter().all(|(id, own)| &now.1[id] == own));
        assert_done(&after, &target, &store).await;
    }
}

#[tokio::test]
async fn the_key_of_who_left_goes_to_whom_the_source_made_anew() {
    for (store, basis) in stores("anew").into_iter().zip([BOTH, BOTH].concat()) {
        let target = Flaky::renaming(1, 0.0);
        run(&people([("1", "ada"), ("2", "bob")]), &target, &store, basis).await;
        let after = people([("9", "ada"), ("2", "bob")]);
        let report = run(&after, &target, &store, basis).await;
        assert_eq!((report.updated, report.delivered()), (1, 1), "{report:?}");
        assert_eq!(there(&target).0, after);
        assert_eq!(target.inner.active()["ada"].0, "id-1");
        assert_done(&after, &target, &store).await;
        // Of somebody of whom nothing is asked nobody knows whether he left.
        let part = people([("8", "bob")]);
        let plan = compute(&part, &target, &store).only(["8"]).await.unwrap();
        let report = apply(&plan).await;
        assert_eq!((report.failed, report.delivered()), (1, 0), "{report:?}");
        assert_eq!(there(&target).0, after);
        let plan = compute(&part, &target, &store).only(["8", "2"]).await.unwrap();
        assert_eq!(apply(&plan).await.into_result().unwrap().updated, 1);
    }
}

#[tokio::test]
async fn somebody_who_has_the_key_of_one_who_left_does_not_become_that_one() {
    for basis in BOTH {
        let (target, store) = (Flaky::renaming(1, 0.0), memory());
        run(&people([("1", "ada"), ("2", "bob")]), &target, &store, basis).await;
        let held = there(&target).1;
        let after = people([("2", "ada")]);
        let report = run(&after, &target, &store, basis).await;
        // The one who left goes out, and the key stays with that record.
        assert_eq!((report.removed, report.failed), (1, 1), "{report:?}");
        let (now, ids) = there(&target);
        assert_eq!(now, people([("2", "bob")]));
        assert_eq!(ids["2"], held["2"]);
        let report = run(&after, &target, &store, basis).await;
        assert_eq!(report.undelivered[0].reason, "ada is taken");
    }
}

#[tokio::test]
async fn a_target_that_cannot_rename_says_so() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    run(&people([("1", "ada"), ("2", "bob")]), &target, &store, Basis::Delivered).await;
    let after = people([("1", "countess"), ("2", "bob")]);
    let plan = compute(&after, &target, &store).await.unwrap();
    assert_eq!((plan.summary().create, plan.summary().rekeyed, plan.summary().remove), (1, 1, 1));
    assert!(plan.summary().to_string().contains("1 created anew because of a new key"));
}

/// Swaps end in failures that only the source can undo: these are left out.
fn a_night(people: &mut People, target: &Flaky, dice: &mut fastrand::Rng, basis: Basis) {
    for _ in 0..dice.usize(1..30) {
        let id = format!("{}", dice.u32(0..40));
        let held: Vec<String> = people.values().map(|(key, _)| key.clone()).collect();
        let fresh = format!("k{}-{}", dice.u32(0..30), dice.u32(0..1_000_000));
        match dice.u8(0..6) {
            0 => drop(people.remove(&id)),
            1 if basis == Basis::Target => {
                let active: Vec<String> = target.inner.active().into_keys().collect();
                if let Some(key) = active.get(dice.usize(0..active.len().max(1))) {
                    target.inner.rename(key, &format!("by-hand-{fresh}"));
                }
            }
            // Somebody gets a new key, and at times another one gets the old.
            2 | 3 => {
                let Some((key, _)) = people.get_mut(&id) else { continue };
                let old = std::mem::replace(key, fresh);
                let heir = format!("{}", dice.u32(0..40));
                if dice.bool() && heir != id {
                    people.insert(heir, (old, json!(dice.u32(0..9))));
                }
            }
            _ if !held.contains(&fresh) => drop(people.insert(id, (fresh, json!(dice.u32(0..9))))),
            _ => {}
        }
    }
    people.insert("always".to_owned(), ("always".to_owned(), json!(1)));
}

#[tokio::test]
async fn whatever_becomes_of_keys_everybody_keeps_their_own_record() {
    let mut settled = 0;
    for seed in 0..80 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let basis = BOTH[usize::from(seed % 2 == 0)];
        let target = Flaky::renaming(seed, if seed % 3 == 0 { 0.0 } else { 0.05 });
        let (store, mut everybody) = (memory(), People::new());
        let mut all_ids = BTreeMap::new();
        for night in 0..6 {
            a_night(&mut everybody, &target, &mut dice, basis);
            let mut report = run(&everybody, &target, &store, basis).await;
            for _ in 0..20 {
                if report.failed == 0 {
                    break;
                }
                report = run(&everybody, &target, &store, basis).await;
            }
            let (now, ids) = there(&target);
            // Keys of records that were taken out are not free, and nobody else becomes these.
            let stuck =
                report.undelivered.iter().filter(|one| one.reason.contains("taken")).count();
            let also =
                report.undelivered.iter().filter(|one| one.reason.contains("cannot be")).count();
            assert_eq!(report.failed as usize, stuck + also, "seed {seed}: {report:?}");
            if report.failed == 0 {
                settled += 1;
                assert_eq!(now, everybody, "seed {seed}, night {night}");
                assert_done(&everybody, &target, &store).await;
            }
            for (owner, id) in ids {
                let first = all_ids.entry(owner.clone()).or_insert_with(|| id.clone());
                assert_eq!(*first, id, "seed {seed}, night {night}: {owner} is another record now");
            }
        }
    }
    assert!(settled > 240, "only {settled} of 480 nights ended without a key that is taken");
}

#[tokio::test]
async fn a_store_serves_one_source_and_says_that_the_selection_changed() {
    let (target, store) = (Flaky::renaming(1, 0.0), memory());
    let four = people([("1", "a"), ("2", "b"), ("3", "c"), ("4", "d"), ("5", "e")]);
    let of = |people: &People, selection: &str| {
        let records: Vec<_> =
            people.iter().map(|(id, one)| Ok::<_, Infallible>(record(id, one))).collect();
        let compute = Plan::compute(stream::iter(records), target.clone()).store(store.clone());
        compute.source("https://acme.okta.com").selection(selection).made_with("mapping")
    };
    apply(&of(&four, "group A").await.unwrap()).await.into_result().unwrap();
    let other = of(&four, "group A").source("https://other.okta.com").await.unwrap_err();
    assert!(matches!(other, PlanError::OtherSource { .. }));
    assert_eq!(
        other.to_string(),
        "this store serves https://acme.okta.com, not https://other.okta.com: use another store for it"
    );
    let three = people([("1", "a"), ("2", "b"), ("3", "c")]);
    for _ in 0..2 {
        let error = of(&three, "group B").await.unwrap_err().to_string();
        assert!(error.contains("2 of 5 records would be removed, at most 1 may be"), "{error}");
        assert!(error.contains("the selection changed since the last run"), "{error}");
    }
    let plan = of(&three, "group A").await.unwrap();
    assert!(!plan.summary().selection_changed && plan.summary().remove == 2);
    // What is only looked at is no run.
    let plan = of(&four, "group B").made_with("another").await.unwrap();
    assert!(plan.summary().selection_changed && plan.summary().mapping_changed);
    let report: Report = plan.apply().stream().collect().await;
    report.into_result().unwrap();
    assert!(!of(&four, "group B").await.unwrap().summary().selection_changed);
}
