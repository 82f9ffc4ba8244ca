//! Records that refer to each other: a manager who is new, two who manage each other, one who never comes.

use futures::stream;
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
    let report = apply(&compute().await.unwrap()).await;
    assert_eq!((report.created, report.failed), (5, 1), "{report:?}");
    assert_eq!(report.undelivered[0].reason, "refers to nobody, which is not in the target");
    let there = target.inner.active();
    for (who, manager) in [("ada", "zoe"), ("bob", "carl"), ("carl", "bob"), ("zoe", "zoe")] {
        assert_eq!(there[who].1["manager"], json!(there[manager].0), "{who}");
    }
    assert!(!there["dan"].1.contains_key("manager"));

    // Who is missing is tried again, and nothing else.
    let again = compute().await.unwrap();
    assert_eq!((again.summary().update, again.summary().unchanged), (1, 4));
    let again = compute().basis(Basis::Delivered).await.unwrap();
    assert_eq!(again.rows(0, 9).unwrap()[0].key, "dan");
}
