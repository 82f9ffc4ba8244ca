//! The first run into a target that has people already.

use futures::stream;
use provisioning::{Basis, Kind, Plan, Record};
use serde_json::{Value, json};

use crate::support::{Flaky, People, Shared, apply, memory, plan, record, there};

/// Somebody else brought these in.
async fn with(people: &[(&str, Value)]) -> std::sync::Arc<Flaky> {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people: People = people.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
    apply(&plan(&people, &target, &store, Basis::Delivered).await).await;
    target
}

async fn planned(records: Vec<Record>, target: &std::sync::Arc<Flaky>, store: &Shared) -> Plan {
    let records = stream::iter(records.into_iter().map(Ok::<_, String>));
    Plan::compute(records, target.clone()).store(store.clone()).await.unwrap()
}

#[tokio::test]
async fn it_compares_with_what_is_there() {
    let target = with(&[("ada", json!("old")), ("bob", json!("same")), ("own", json!(1))]).await;
    let store = memory();
    let mut records =
        vec![record("ada", &Value::Null), record("bob", &json!("same")), record("new", &json!(1))];
    let plan = planned(records.clone(), &target, &store).await;
    let summary = plan.summary();
    assert_eq!((summary.create, summary.update, summary.unchanged), (1, 1, 1), "{summary}");
    let rows = plan.rows(0, 9).unwrap();
    let ada = rows.iter().find(|row| row.key == "ada").unwrap();
    let title = ada.fields.iter().find(|field| field.path == "title").unwrap();
    assert_eq!((&title.old, &title.new), (&json!("old"), &Value::Null));
    apply(&plan).await;
    assert_eq!(there(&target)["ada"], Value::Null);
    assert_eq!(there(&target)["own"], 1, "a stranger is nobody's business");

    // The next run compares with what was delivered.
    target.inner.edit("bob", "title", "edited there");
    assert_eq!(planned(records.clone(), &target, &store).await.summary().changes(), 0);
    // Who comes in later may have been there as well: old values go, though the target is not read.
    records.push(record("own", &Value::Null));
    let plan = planned(records, &target, &store).await;
    assert_eq!((plan.summary().create, plan.rows(0, 9).unwrap()[0].kind), (1, Kind::Create));
    assert!(!plan.table(0, 9).unwrap().to_string().contains("title"), "nothing to review");
    assert_eq!(apply(&plan).await.existed, 1);
    assert_eq!(there(&target)["own"], Value::Null);
}

#[tokio::test]
async fn attributes_that_come_late_are_no_difference_forever() {
    let target = with(&[("own", json!(1))]).await;
    let store = memory();
    let records: Vec<Record> = (0..2_500)
        .map(|n| {
            let record = record(&format!("p{n:04}"), &json!(n));
            if n < 2_000 { record } else { record.set("late", n) }
        })
        .collect();
    for basis in [Basis::Target, Basis::Delivered, Basis::Target] {
        let records = stream::iter(records.clone().into_iter().map(Ok::<_, String>));
        let plan = Plan::compute(records, target.clone()).store(store.clone()).basis(basis);
        apply(&plan.await.unwrap()).await.into_result().unwrap();
    }
    let plan = planned(records, &target, &store).await;
    assert_eq!(plan.summary().changes(), 0, "{}", plan.summary());
}
