//! Pendo's visitors and accounts.

use futures::TryStreamExt;
use pendo_client::{Group, IntegrationKey, Kind as Of, Pendo, Region};
use provisioning::targets::PendoMetadata;
use provisioning::{Basis, Kind, Record, RowState, Target};
use sandbox::{PendoOptions, Sandbox};
use serde_json::json;

use super::support::{BOTH, Bringing, no_faults, no_second_try, some_faults};

const DELIVERED: [Basis; 1] = [Basis::Delivered];

fn pendo(sandbox: &Sandbox, key: &str) -> Pendo {
    let region = sandbox.pendo_url().parse::<Region>().unwrap();
    Pendo::builder(region, IntegrationKey::new(key)).retry(no_second_try()).build().unwrap()
}

fn target(sandbox: &Sandbox) -> PendoMetadata {
    PendoMetadata::new(pendo(sandbox, sandbox.pendo_key()), Of::Visitor, Group::Custom)
}

fn visitor(sandbox: &Sandbox, n: u64) -> Record {
    Record::new(sandbox.people().email(n))
        .source_id(format!("00u{n}"))
        .set("okta_department", ["Sales", "R&D"][n as usize % 2])
        .set("okta_badge", n)
        .set("okta_manager", json!(null))
        .set_on_create("okta_joined", "2026-01-31T00:00:00Z")
}

#[tokio::test]
async fn metadata_is_sent_once_and_nobody_is_taken_out() {
    let sandbox = Sandbox::builder().people(1_200).start().await.unwrap();
    let bringing = Bringing::into(target(&sandbox).create_missing(true));
    let mut wanted: Vec<Record> = (0..1_200).map(|n| visitor(&sandbox, n)).collect();
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, sandbox.pendo().stats().calls), (1_200, 3));
    let shown = sandbox.pendo().visitor(wanted[7].key()).unwrap();
    assert_eq!(shown["custom"]["okta_department"], "R&D");
    assert_eq!(shown["custom"]["okta_joined"], "2026-01-31T00:00:00Z");
    bringing.assert_done(&wanted, &DELIVERED).await;

    wanted[7] = visitor(&sandbox, 7).set("okta_department", json!(null));
    wanted.truncate(1_000);
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.updated, report.removed), (1, 0));
    assert!(
        sandbox.pendo().visitor(wanted[7].key()).unwrap()["custom"]["okta_department"].is_null()
    );
    bringing.assert_done(&wanted, &DELIVERED).await;
}

#[tokio::test]
async fn old_values_are_cleared_though_pendo_is_not_read() {
    let sandbox = Sandbox::builder().people(20).start().await.unwrap();
    let wanted: Vec<Record> = (0..20).map(|n| visitor(&sandbox, n)).collect();
    let custom = pendo(&sandbox, sandbox.pendo_key()).metadata(Of::Visitor, Group::Custom);
    for field in ["okta_manager", "other"] {
        custom.set(wanted[3].key(), field, "old").await.unwrap();
    }
    let bringing = Bringing::into(target(&sandbox).create_missing(true));
    let plan = bringing.plan(&wanted, Basis::Delivered).await.unwrap();
    assert!(plan.summary().unread);
    assert!(plan.summary().to_string().contains("the target is not read"), "{}", plan.summary());
    bringing.run(&wanted, Basis::Delivered).await;
    let shown = &sandbox.pendo().visitor(wanted[3].key()).unwrap()["custom"];
    assert_eq!((&shown["okta_manager"], &shown["other"]), (&json!(null), &json!("old")));
    assert!(!bringing.plan(&wanted, Basis::Delivered).await.unwrap().summary().unread);
    bringing.assert_done(&wanted, &DELIVERED).await;
}

#[tokio::test]
async fn the_law_holds_for_what_is_read_when_calls_fail() {
    let sandbox = Sandbox::builder().people(1_500).start().await.unwrap();
    some_faults(&sandbox, 7);
    let target = target(&sandbox).read_by_aggregation().create_missing(true);
    let bringing = Bringing::into(target);
    let mut wanted: Vec<Record> = (0..1_500).map(|n| visitor(&sandbox, n)).collect();
    for round in 0..8 {
        for one in wanted.iter_mut().skip(round).step_by(3) {
            *one = one.clone().set("okta_badge", round);
        }
        bringing.until_done(&wanted, BOTH[round % 2]).await;
    }
    no_faults(&sandbox);
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn who_pendo_does_not_know_is_left_out_and_tried_again() {
    let options = PendoOptions { unknown_every: 10, ..PendoOptions::default() };
    let sandbox = Sandbox::builder().people(100).pendo(options).start().await.unwrap();
    let bringing = Bringing::into(target(&sandbox));
    let wanted: Vec<Record> = (0..100).map(|n| visitor(&sandbox, n)).collect();
    for created in [90, 0] {
        let plan = bringing.plan(&wanted, Basis::Delivered).await.unwrap();
        assert_eq!(plan.summary().create, created + 10);
        let report: provisioning::Report = futures::StreamExt::collect(plan.apply().stream()).await;
        assert_eq!((report.created, report.left_out, report.failed), (created, 10, 0));
        let first = &report.left_out_first[0];
        assert_eq!(first.reason, "Pendo does not know this visitor, and was not to add it");
        let rows = plan.rows(0, 1_000).unwrap();
        let left_out = rows.iter().filter(|row| row.state == RowState::LeftOut);
        assert_eq!(left_out.clone().count(), 10);
        assert!(left_out.clone().all(|row| row.kind == Kind::Create));
        assert!(report.to_string().contains("10 left out"), "{report}");
    }
    let report =
        Bringing { target: std::sync::Arc::new(target(&sandbox).create_missing(true)), ..bringing }
            .run(&wanted, Basis::Delivered)
            .await;
    assert_eq!((report.created, report.left_out), (10, 0));
}

#[tokio::test]
async fn what_pendo_holds_is_read_and_put_back() {
    let options = PendoOptions { unknown_every: 5, ..PendoOptions::default() };
    let sandbox = Sandbox::builder().people(300).pendo(options).start().await.unwrap();
    let bringing = Bringing::into(target(&sandbox).read_by_aggregation().create_missing(true));
    let mut wanted: Vec<Record> = (0..200).map(|n| visitor(&sandbox, n)).collect();
    wanted.push(Record::new("a\"quote\\").source_id("q").set("okta_department", "R&D"));
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!((report.created, report.updated), (41, 160));
    bringing.assert_done(&wanted, &BOTH).await;

    let custom = pendo(&sandbox, sandbox.pendo_key()).metadata(Of::Visitor, Group::Custom);
    for field in ["OKTA_Department", "okta_joined", "other"] {
        custom.set(wanted[3].key(), field, "edited").await.unwrap();
    }
    assert_eq!(bringing.run(&wanted, Basis::Target).await.updated, 1);
    let shown = &sandbox.pendo().visitor(wanted[3].key()).unwrap()["custom"];
    assert_eq!(shown["okta_department"], "R&D");
    assert_eq!((&shown["okta_joined"], &shown["other"]), (&json!("edited"), &json!("edited")));
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn everybody_is_read_once_whatever_the_page() {
    let sandbox = Sandbox::builder().people(100).start().await.unwrap();
    let pendo = pendo(&sandbox, sandbox.pendo_read_only_key());
    for size in [1, 7, 100, 1_000] {
        let reading = pendo.read_metadata(Of::Visitor, Group::Custom, ["any"]).page_size(size);
        let mut ids: Vec<String> = TryStreamExt::try_collect::<Vec<_>>(reading.stream())
            .await
            .unwrap()
            .iter()
            .map(|record| record.id().to_owned())
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 100);
    }
    let accounts = pendo.read_metadata(Of::Account, Group::Agent, ["name"]).stream();
    assert_eq!(accounts.try_collect::<Vec<_>>().await.unwrap().len(), 3);
    let wrong = pendo.read_metadata(Of::Account, Group::Agent, ["a.b"]).stream();
    assert!(wrong.try_collect::<Vec<_>>().await.unwrap_err().to_string().contains("`a.b`"));
}

#[tokio::test]
async fn ids_have_case_and_bad_records_fail_alone() {
    let sandbox = Sandbox::builder().people(10).start().await.unwrap();
    let bringing = Bringing::into(target(&sandbox).create_missing(true));
    let mut wanted: Vec<Record> =
        ["Ada", "ada"].map(|id| Record::new(id).source_id(id).set("okta_name", id)).into();
    wanted.extend((0..10).map(|n| visitor(&sandbox, n)));
    sandbox.pendo().refuse(wanted[5].key());
    wanted[6] = wanted[6].clone().set("okta_badge", json!({"nested": 1}));
    let report = bringing.once(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, report.failed), (10, 2), "{report:?}");
    assert!(report.undelivered.iter().any(|one| one.reason.contains("nested")));
    for id in ["Ada", "ada"] {
        assert_eq!(sandbox.pendo().visitor(id).unwrap()["custom"]["okta_name"], id);
    }
}

#[tokio::test]
async fn accounts_are_written_and_keys_that_only_read_are_told_before() {
    let sandbox = Sandbox::builder().people(1).start().await.unwrap();
    let only_reads = pendo(&sandbox, sandbox.pendo_read_only_key());
    let target = PendoMetadata::new(only_reads, Of::Account, Group::Custom);
    assert!(target.check().await.unwrap_err().to_string().contains("may only read"));
    let writes = pendo(&sandbox, sandbox.pendo_key());
    let target = PendoMetadata::new(writes, Of::Account, Group::Custom);
    target.check().await.unwrap();
    let bringing = Bringing::into(target);
    let wanted = [
        Record::new("acme").set("tier", "gold").refer("parent", "globex"),
        Record::new("globex").set("tier", "silver"),
    ];
    bringing.run(&wanted, Basis::Delivered).await;
    let acme = sandbox.pendo().account("acme").unwrap();
    assert_eq!(acme["custom"], json!({"tier": "gold", "parent": "globex"}));
    bringing.assert_done(&wanted, &DELIVERED).await;
    bringing.plan(&wanted, Basis::Target).await.expect_err("Pendo's values are not read");
}

#[tokio::test]
async fn the_law_holds_when_calls_fail() {
    let sandbox = Sandbox::builder().people(20_000).start().await.unwrap();
    sandbox.faults().set(sandbox::Faults::none());
    some_faults(&sandbox, 5);
    let bringing = Bringing::into(target(&sandbox).create_missing(true));
    let wanted: Vec<Record> = (0..20_000).map(|n| visitor(&sandbox, n)).collect();
    bringing.until_done(&wanted, Basis::Delivered).await;
    no_faults(&sandbox);
    bringing.assert_done(&wanted, &DELIVERED).await;
    assert_eq!(sandbox.pendo().visitor_count(), 20_000);
    assert_eq!(sandbox.pendo().written_count(), 20_000);
}
