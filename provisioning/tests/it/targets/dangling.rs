//! Managers by e-mail who have another one now, while who names them has not heard of it.

use provisioning::targets::ScimUsers;
use provisioning::{Basis, Record};
use sandbox::{Sandbox, ScimOptions};
use serde_json::{Value, json};

use super::support::{BOTH, Bringing, scim, with_scim};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
const BOSS: &str = "boss@acme.example";
const MARRIED: &str = "married@acme.example";

/// The boss, and who reports to her by the e-mail that she had at first.
fn people(boss: &str, title: &str) -> Vec<Record> {
    let report = |n: usize| {
        let record = Record::new(format!("p{n}@acme.example")).source_id(format!("00u{n}"));
        record.set("title", title).refer(MANAGER, BOSS)
    };
    let boss = Record::new(boss).source_id("00u9").set("title", "Boss");
    [boss].into_iter().chain((0..3).map(report)).collect()
}

fn manager(sandbox: &Sandbox, n: usize) -> Value {
    let user = sandbox.scim().user_by_name(&format!("p{n}@acme.example")).unwrap();
    user[scim_types::urn::ENTERPRISE_USER]["manager"]["value"].clone()
}

/// The boss married, and the product knows.
async fn married() -> (Sandbox, Bringing) {
    let sandbox = with_scim(ScimOptions::peakon()).await;
    let bringing = Bringing::into(ScimUsers::new(scim(&sandbox)).refer_by_key());
    bringing.run(&people(BOSS, "T"), Basis::Delivered).await;
    bringing.run(&people(MARRIED, "T"), Basis::Delivered).await;
    assert!((0..3).all(|n| manager(&sandbox, n) == BOSS));
    (sandbox, bringing)
}

#[tokio::test]
async fn who_names_a_manager_who_is_not_there_any_more_can_be_changed() {
    for basis in BOTH {
        let (sandbox, bringing) = married().await;
        let report = bringing.run(&people(MARRIED, "U"), basis).await;
        assert_eq!((report.updated, report.not_kept[MANAGER]), (3, 3), "{report:?}");
        assert_eq!(sandbox.scim().user_by_name("p0@acme.example").unwrap()["title"], "U");
        assert_eq!(manager(&sandbox, 0), Value::Null);
        bringing.assert_done(&people(MARRIED, "U"), &BOTH).await;
        // She has the old one again.
        bringing.run(&people(BOSS, "U"), basis).await;
        assert_eq!(manager(&sandbox, 0), BOSS);
        bringing.assert_done(&people(BOSS, "U"), &BOTH).await;
    }
}

#[tokio::test]
async fn who_names_a_manager_who_is_not_there_any_more_can_leave_and_come_back() {
    for basis in BOTH {
        let (sandbox, bringing) = married().await;
        let report = bringing.run(&people(MARRIED, "T")[..3], basis).await;
        assert_eq!(report.removed, 1, "{report:?}");
        let left = sandbox.scim().user_by_name("p2@acme.example").unwrap();
        assert_eq!((&left["active"], &left["title"]), (&json!(false), &json!("T")));
        bringing.run(&people(BOSS, "T"), basis).await;
        bringing.assert_done(&people(BOSS, "T"), &BOTH).await;
        assert_eq!(manager(&sandbox, 2), BOSS);
    }
}
