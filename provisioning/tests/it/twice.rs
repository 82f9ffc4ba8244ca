//! Somebody whom the source lists twice, under two keys: renamed while it was read.

use std::sync::Arc;

use futures::stream;
use provisioning::{Basis, Guard, Plan, Record};
use serde_json::json;

use crate::support::{Flaky, Shared, apply, stores};

fn record(id: &str, key: &str) -> Record {
    Record::new(key).source_id(id).set("title", "T")
}

async fn plan(people: &[(&str, &str)], target: &Arc<Flaky>, store: &Shared, basis: Basis) -> Plan {
    let records: Vec<_> = people.iter().map(|(id, key)| Ok::<_, String>(record(id, key))).collect();
    let plan = Plan::compute(stream::iter(records), target.clone()).store(store.clone());
    plan.basis(basis).guard(Guard::removals_at_most(1.0)).await.unwrap()
}

fn keys(target: &Flaky) -> Vec<String> {
    target.inner.active().into_keys().collect()
}

#[tokio::test]
async fn who_is_listed_twice_is_one() {
    let targets = [Flaky::new, Flaky::renaming];
    for (n, store) in stores("listed-twice").into_iter().enumerate() {
        for basis in [Basis::Delivered, Basis::Target] {
            let (target, store) = (targets[n % 2](1, 0.0), store.clone());
            if basis == Basis::Target {
                // With a store that knows nobody of this target.
                for key in ["ada", "bob", "countess", "carl", "king"] {
                    store.lock().unwrap().forget(key).unwrap();
                }
            }
            // New people.
            let twice = [("1", "ada"), ("2", "bob"), ("1", "countess")];
            let first = plan(&twice, &target, &store, basis).await;
            assert_eq!((first.summary().create, first.summary().repeated), (2, 1), "{n}");
            apply(&first).await.into_result().unwrap();
            assert_eq!(keys(&target), ["ada", "bob"]);
            // Whoever is there: what comes first counts, and nobody goes for it.
            for twice in [
                [("1", "ada"), ("2", "bob"), ("1", "countess")],
                [("2", "bob"), ("1", "ada"), ("1", "countess")],
            ] {
                let again = plan(&twice, &target, &store, basis).await;
                assert_eq!((again.summary().changes(), again.summary().repeated), (0, 1), "{n}");
            }
            let back = [("1", "countess"), ("2", "bob"), ("1", "ada")];
            let renamed = plan(&back, &target, &store, basis).await;
            assert_eq!((renamed.summary().remove, renamed.summary().repeated), (0, 1));
            apply(&renamed).await.into_result().unwrap();
            // The next run, of a source that lists everybody once, puts it right.
            let once = plan(&[("1", "countess"), ("2", "bob")], &target, &store, basis).await;
            apply(&once).await.into_result().unwrap();
            assert_eq!(keys(&target), ["bob", "countess"], "{n} {basis:?}");
            // Who had no key at first has one.
            let keyed = [("1", "countess"), ("2", "bob"), ("3", ""), ("3", "carl")];
            let keyed = plan(&keyed, &target, &store, basis).await;
            let summary = keyed.summary();
            assert_eq!((summary.create, summary.without_key, summary.repeated), (1, 1, 0));
            apply(&keyed).await;
            assert_eq!(keys(&target), ["bob", "carl", "countess"]);
        }
    }
}

#[tokio::test]
async fn two_who_change_places_are_two() {
    let (target, store) = (Flaky::renaming(1, 0.0), stores("places").remove(0));
    let people = [("1", "ada"), ("2", "bob"), ("3", "carl")];
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    let moved = [("1", "king"), ("2", "ada"), ("3", "carl")];
    let moved = plan(&moved, &target, &store, Basis::Delivered).await;
    assert_eq!((moved.summary().update, moved.summary().repeated), (2, 0), "{}", moved.summary());
    apply(&moved).await.into_result().unwrap();
    let active = target.inner.active();
    assert_eq!(active.keys().collect::<Vec<_>>(), ["ada", "carl", "king"]);
    assert_eq!(active["ada"].1["title"], json!("T"));
}
