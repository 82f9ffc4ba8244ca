//! Records that refer to each other: a manager who is new, two who manage each other, one who never comes.

use futures::{StreamExt, stream};
use provisioning::{Basis, Plan, Record};
use serde_json::json;

use crate::support::{Flaky, apply, memory};

fn person(key: &str, manager: &str) -> Result<Record, String> {
    Ok(Record::new(key).source_id(key).set("title", 1).refer("manager", manager))
}

#[tokio::test]
async fn managers_who_are_new_are_written_in_a_second_pass() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people = || {
        stream::iter([
            person("ada", "Zoe"),
            person("bob", "carl"),
            person("carl", "bob"),
            person("dan", "nobody"),
            person("zoe", "zoe"),
        ])
    };
    let compute = || Plan::compute(people(), target.clone()).store(store.clone());
    let plan = compute().await.unwrap();
    assert_eq!(plan.summary().references_left_out, 1);
    let report = apply(&plan).await;
    assert_eq!((report.created, report.updated, report.failed), (5, 0, 0), "{report:?}");
    let note = "`manager` refers to nobody, which is not in the target: left out".to_owned();
    assert_eq!((report.references_left_out, &report.notes), (1, &vec![("dan".to_owned(), note)]));
    let there = target.inner.active();
    for (who, manager) in [("ada", "zoe"), ("bob", "carl"), ("carl", "bob"), ("zoe", "zoe")] {
        assert_eq!(there[who].1["manager"], json!(there[manager].0), "{who}");
    }
    assert!(!there["dan"].1.contains_key("manager"));

    for basis in [Basis::Delivered, Basis::Target] {
        let again = compute().basis(basis).await.unwrap();
        let summary = again.summary();
        assert_eq!((summary.changes(), summary.unchanged, summary.references_left_out), (0, 5, 1));
    }
    // Who was missing appears.
    let all = || people().chain(stream::iter([Ok(Record::new("nobody").source_id("n"))]));
    let compute = || Plan::compute(all(), target.clone()).store(store.clone());
    let plan = compute().await.unwrap();
    assert_eq!((plan.summary().create, plan.summary().update), (1, 1));
    let report = apply(&plan).await;
    assert_eq!((report.created, report.updated, report.failed), (1, 1, 0), "{report:?}");
    let there = target.inner.active();
    assert_eq!(there["dan"].1["manager"], json!(there["nobody"].0));
    assert_eq!(compute().await.unwrap().summary().changes(), 0);
}

#[tokio::test]
async fn references_to_nobody_are_counted_one_by_one_and_named_by_their_attributes() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let dan = |title: u64| {
        let dan = Record::new("dan").source_id("dan").set("title", title);
        let dan = dan.refer("manager", "gone").refer("mentor", "gone").refer("self", "dan");
        stream::iter([Ok::<_, String>(dan)])
    };
    for (title, sent) in [(1, 2), (1, 0), (2, 2)] {
        let compute = Plan::compute(dan(title), target.clone()).store(store.clone());
        let plan = compute.await.unwrap();
        assert_eq!(plan.summary().references_left_out, 2, "{}", plan.summary());
        assert!(plan.summary().to_string().contains("2 references to nobody left out"));
        let report = apply(&plan).await;
        assert_eq!((report.references_left_out, report.failed), (sent, 0), "{report:?}");
        let notes: Vec<&str> = report.notes.iter().map(|(_, note)| note.as_str()).collect();
        let expected = ["manager", "mentor"]
            .map(|path| format!("`{path}` refers to gone, which is not in the target: left out"));
        assert_eq!(notes, expected.iter().take(notes.len()).collect::<Vec<_>>());
        assert_eq!(notes.len() as u64, sent);
    }
}
