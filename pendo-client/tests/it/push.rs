//! Pushes against the sandbox.

use futures::{StreamExt, stream};
use pendo_client::{Delivery, Group, Kind, PushReport, Record};
use sandbox::pendo::{Empty, ErrorItem, Nulls, UnknownField};
use sandbox::{Fault, Faults, PendoOptions, Sandbox};
use serde_json::json;

use crate::{client, custom, patient_client, reason, sandbox};

fn rows(
    sandbox: &Sandbox,
) -> impl futures::Stream<Item = Result<Record, std::io::Error>> + Send + 'static {
    let people = sandbox.people().clone();
    let row = move |n| Ok(Record::new(people.email(n)).set("okta_Number", n));
    stream::iter((0..sandbox.people().count()).map(row))
}

#[tokio::test]
async fn all_known_people_are_updated_and_the_others_named() {
    let sandbox = sandbox(2_000, PendoOptions::default()).await;
    let mut seen = 0;
    let push = custom(&sandbox).push(rows(&sandbox));
    let report: PushReport = push.stream().inspect(|batch| seen += batch.len()).collect().await;
    let report = report.into_result().unwrap();
    assert_eq!((report.total(), report.updated(), report.missing()), (2_000, 1_995, 5));
    assert_eq!(seen, 2_000);
    assert!(
        report
            .to_string()
            .contains("5 missing (Pendo does not know them, and was not to add them)")
    );
    let people = sandbox.people();
    for outcome in report.undelivered() {
        assert_eq!(people.index_of_email(outcome.id()).unwrap() % 400, 399);
        assert_eq!(
            (outcome.delivery(), sandbox.pendo().visitor(outcome.id())),
            (&Delivery::Missing, None)
        );
    }
    let held = sandbox.pendo().visitor(&people.email(7)).unwrap();
    assert_eq!(held["custom"]["okta_number"], 7, "Pendo turns field names into lower case");
    assert_eq!(sandbox.pendo().stats().updated, 1_995);
}

#[tokio::test]
async fn create_missing_adds_them() {
    let sandbox = sandbox(800, PendoOptions::default()).await;
    let report =
        custom(&sandbox).push(rows(&sandbox)).create_missing(true).await.into_result().unwrap();
    assert_eq!((report.updated(), report.missing()), (800, 0));
    assert_eq!(sandbox.pendo().stats().created, 2);
    assert_eq!(sandbox.pendo().visitor_count(), 800);
    let added = sandbox.pendo().visitor(&sandbox.people().email(399)).unwrap();
    assert_eq!(added["custom"]["okta_number"], 399);
}

#[tokio::test]
async fn faults_of_every_kind_lose_nothing() {
    let faults = Faults::rate(0.2).kinds([
        Fault::Status(500),
        Fault::Status(503),
        Fault::Close,
        Fault::Cut,
        Fault::Truncated,
    ]);
    let builder = Sandbox::builder().people(2_000).faults(faults);
    let sandbox = builder.start().await.unwrap();
    let pendo = patient_client(sandbox.pendo_url(), sandbox.pendo_key());
    let push = pendo.metadata(Kind::Visitor, Group::Custom).push(rows(&sandbox));
    let report = push.create_missing(true).batch_size(25).await.into_result().unwrap();
    assert_eq!(report.updated(), 2_000);
    assert_eq!(sandbox.pendo().written_count(), 2_000);
    assert!(sandbox.faults().total() > 5, "{:?}", sandbox.faults().injected());
}

#[tokio::test]
async fn one_poisoned_record_costs_only_itself() {
    let sandbox = sandbox(500, PendoOptions { unknown_every: 0, ..PendoOptions::default() }).await;
    let poisoned = sandbox.people().email(123);
    sandbox.pendo().poison(&poisoned);
    let report = custom(&sandbox).push(rows(&sandbox)).await;
    assert_eq!((report.updated(), report.failed()), (499, 1));
    assert_eq!(report.undelivered()[0].id(), poisoned);
    assert_eq!(reason(report.undelivered()[0].delivery()), "400 bad request");
    assert!(sandbox.pendo().stats().calls < 22, "{:?}", sandbox.pendo().stats());
    assert!(report.into_result().unwrap_err().to_string().contains(&poisoned));
}

#[tokio::test]
async fn a_server_that_takes_a_hundred_a_call_gets_all_in_pieces() {
    for options in [
        PendoOptions { max_records: Some(100), ..PendoOptions::default() },
        PendoOptions { time_out_after: Some(100), ..PendoOptions::default() },
        PendoOptions { max_bytes: Some(10_000), ..PendoOptions::default() },
    ] {
        let sandbox = sandbox(5_000, PendoOptions { unknown_every: 0, ..options }).await;
        let report = custom(&sandbox).push(rows(&sandbox)).concurrency(1).await;
        assert_eq!(report.into_result().unwrap().updated(), 5_000);
        // Only the first chunk has to find out what passes, and the one that was full by then.
        let calls = sandbox.pendo().stats().calls;
        assert!(calls < 110, "{calls}");
    }
}

#[tokio::test]
async fn every_shape_of_an_answer_is_understood() {
    for empty in [Empty::Absent, Empty::List, Empty::Null] {
        for error_item in
            [ErrorItem::Object, ErrorItem::Text, ErrorItem::Anonymous, ErrorItem::Absent]
        {
            let options =
                PendoOptions { empty, error_item, unknown_every: 50, ..PendoOptions::default() };
            let sandbox = sandbox(200, options).await;
            let refused = [3, 77, 78].map(|n| sandbox.people().email(n));
            refused.iter().for_each(|id| sandbox.pendo().refuse(id));
            let report = custom(&sandbox).push(rows(&sandbox)).await;
            assert_eq!((report.updated(), report.missing(), report.failed()), (193, 4, 3));
            let mut failed: Vec<_> = report
                .undelivered()
                .iter()
                .filter(|outcome| outcome.delivery() != &Delivery::Missing)
                .map(|outcome| outcome.id().to_owned())
                .collect();
            failed.sort();
            let mut refused = refused.to_vec();
            refused.sort();
            assert_eq!(failed, refused, "{empty:?} {error_item:?}");
        }
    }
}

#[tokio::test]
async fn a_failing_source_fails_the_push_and_what_was_read_is_delivered() {
    let sandbox =
        sandbox(1_000, PendoOptions { unknown_every: 0, ..PendoOptions::default() }).await;
    let broken = stream::once(async { Err(std::io::Error::other("page 8 could not be read")) });
    let source = rows(&sandbox).take(700).chain(broken).chain(rows(&sandbox));
    let report = custom(&sandbox).push(source).await;
    assert_eq!((report.total(), report.updated()), (700, 700));
    assert_eq!(sandbox.pendo().written_count(), 700);
    assert!(report.source_error().unwrap().to_string().contains("page 8"));
    assert!(!report.is_complete() && report.stopped().is_none());
    let error = report.into_result().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the source failed: page 8 could not be read; of 700 records read 700 were updated, 0 failed"
    );
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("page 8"));
}

#[tokio::test]
async fn a_source_that_fails_at_once_still_fails() {
    let sandbox = sandbox(1, PendoOptions::default()).await;
    let source = stream::iter([Err::<Record, _>("no listing")]);
    let report = custom(&sandbox).push(source).await;
    assert!(report.into_result().is_err());
    assert_eq!(sandbox.pendo().stats().calls, 0);
}

#[tokio::test]
async fn a_wrong_and_a_read_only_key_push_nothing() {
    let sandbox = sandbox(2_000, PendoOptions::default()).await;
    for key in ["wrong", sandbox.pendo_read_only_key()] {
        let pendo = client(sandbox.pendo_url(), key);
        let report = pendo.metadata(Kind::Visitor, Group::Custom).push(rows(&sandbox)).await;
        assert!(report.stopped().unwrap().is_forbidden());
        assert_eq!((report.updated(), report.total()), (0, report.failed()));
    }
    assert_eq!(sandbox.pendo().stats().calls, 0);
}

#[tokio::test]
async fn the_later_of_two_records_wins_and_the_earlier_is_superseded() {
    let sandbox = sandbox(10, PendoOptions { unknown_every: 0, ..PendoOptions::default() }).await;
    let id = sandbox.people().email(0);
    let rows: Vec<_> =
        (0..5).map(|n| Ok::<_, std::io::Error>(Record::new(&id).set("n", n))).collect();
    let report = custom(&sandbox).push(stream::iter(rows)).await.into_result().unwrap();
    assert_eq!((report.updated(), report.superseded()), (1, 4));
    assert_eq!(sandbox.pendo().visitor(&id).unwrap()["custom"]["n"], 4);
    assert_eq!(sandbox.pendo().stats().records, 1);
}

#[tokio::test]
async fn values_of_every_type_arrive_and_null_clears() {
    let sandbox = sandbox(1, PendoOptions::default()).await;
    let id = sandbox.people().email(0);
    let record = Record::new(&id)
        .set("okta_text", "Büro \"R&D\"\n")
        .set("okta_whole", i64::MIN)
        .set("okta_float", 1.5)
        .set("okta_bool", true)
        .set("okta_list", vec!["a", "b,c"])
        .set("okta_time", "2026-01-31T00:00:00Z")
        .set("okta_gone", "x");
    let push = |record| custom(&sandbox).push(stream::iter([Ok::<_, std::io::Error>(record)]));
    assert!(push(record).await.into_result().is_ok());
    assert!(push(Record::new(&id).set("okta_gone", None::<String>)).await.into_result().is_ok());
    assert_eq!(
        sandbox.pendo().visitor(&id).unwrap()["custom"],
        json!({
            "okta_text": "Büro \"R&D\"\n", "okta_whole": i64::MIN, "okta_float": 1.5, "okta_bool": true,
            "okta_list": ["a", "b,c"], "okta_time": "2026-01-31T00:00:00Z",
        })
    );
}

#[tokio::test]
async fn refused_values_are_failures_of_their_records() {
    let options =
        PendoOptions { take_lists: false, nulls: Nulls::Refuse, ..PendoOptions::default() };
    let sandbox = sandbox(3, options).await;
    let id = |n| sandbox.people().email(n);
    let records = [
        Ok::<_, std::io::Error>(Record::new(id(0)).set("tags", vec!["a"])),
        Ok(Record::new(id(1)).set("tags", None::<String>)),
        Ok(Record::new(id(2)).set("tags", "a")),
    ];
    let report = custom(&sandbox).push(stream::iter(records)).await;
    assert_eq!((report.updated(), report.failed()), (1, 2));
    assert_eq!(reason(report.undelivered()[0].delivery()), "a list is not a value");
}

#[tokio::test]
async fn fields_that_were_never_created_may_refuse_everything() {
    let options = PendoOptions { unknown_field: UnknownField::Refuse, ..PendoOptions::default() };
    let sandbox = sandbox(300, options).await;
    let report = custom(&sandbox).push(rows(&sandbox)).await;
    assert_eq!(report.failed(), 300);
    assert_eq!(reason(report.undelivered()[299].delivery()), "400 missing field mappings");
    assert!(sandbox.pendo().stats().calls < 25);
}

#[tokio::test]
async fn ids_that_pendo_turns_into_lower_case_are_recognised() {
    let options = PendoOptions { lowercase_ids: true, ..PendoOptions::default() };
    let sandbox = sandbox(1, options).await;
    let records = ["Ada@X.example", "BOB@x.example"]
        .map(|id| Ok::<_, std::io::Error>(Record::new(id).set("n", 1)));
    let report = custom(&sandbox).push(stream::iter(records)).await;
    assert_eq!((report.missing(), report.failed()), (2, 0));
    assert_eq!(report.undelivered()[0].id(), "Ada@X.example");
    let sandbox_custom = custom(&sandbox);
    let created = sandbox_custom.push(
        stream::iter(["Ada@X.example"])
            .map(|id| Ok::<_, std::io::Error>(Record::new(id).set("n", 1))),
    );
    assert_eq!(created.create_missing(true).await.updated(), 1);
    assert!(sandbox.pendo().visitor("ada@x.example").is_some());
}

#[tokio::test]
async fn accounts_and_single_values() {
    let sandbox = sandbox(2, PendoOptions::default()).await;
    let pendo = client(sandbox.pendo_url(), sandbox.pendo_key());
    let accounts = pendo.metadata(Kind::Account, Group::Custom);
    let rows = ["acme", "unknown/1"]
        .map(|id| Ok::<_, std::io::Error>(Record::new(id).set("plan", "gold")));
    let report =
        accounts.push(stream::iter(rows)).create_missing(true).await.into_result().unwrap();
    assert_eq!(report.updated(), 2);
    assert_eq!(accounts.get("acme", "Plan").await.unwrap(), Some(json!("gold")));
    accounts.set("unknown/1", "plan", "silver").await.unwrap();
    let account = pendo.accounts().get("unknown/1").await.unwrap();
    assert_eq!(account.value(&Group::Custom, "plan"), Some(&json!("silver")));
    assert_eq!(accounts.get("acme", "seats").await.unwrap(), None);
    assert!(accounts.get("nobody", "plan").await.unwrap_err().is_not_found());
    assert!(accounts.set("nobody", "plan", 1).await.unwrap_err().is_not_found());
    assert_eq!(pendo.accounts().try_get("nobody").await.unwrap(), None);

    let id = sandbox.people().email(0);
    pendo.metadata(Kind::Visitor, Group::Pendo).set(&id, "donotprocess", true).await.unwrap();
    let visitor = pendo.visitors().get(&id).await.unwrap();
    assert_eq!(visitor.value(&Group::Pendo, "donotprocess"), Some(&json!(true)));
    assert_eq!(visitor.account_ids, ["acme"]);
}
