//! What a push puts on the wire, and how it takes answers of any known shape.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{FutureExt, Stream, StreamExt, stream};
use pendo_client::{Delivery, Group, Kind, NewField, NewType, Pendo, PushReport, Record};
use serde_json::{Value, json};
use wiremock::matchers::{
    any, body_json, header, method, path, query_param, query_param_is_missing,
};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{KEY, client, patient_client, reason};

type Row = Result<Record, std::io::Error>;

fn rows(count: usize) -> impl Stream<Item = Row> + Send + 'static {
    stream::iter((0..count).map(|n| Ok(Record::new(format!("p{n}")).set("n", n))))
}

/// Rows without end, and how many were taken.
fn endless() -> (impl Stream<Item = Row> + Send + 'static, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let next = move |n: usize| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Record::new(format!("p{n}")).set("n", n))
    };
    (stream::iter((0..).map(next)), taken)
}

async fn server(answer: ResponseTemplate) -> (MockServer, Pendo) {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let pendo = client(&server.uri(), KEY);
    (server, pendo)
}

async fn push(pendo: &Pendo, count: usize) -> PushReport {
    pendo.metadata(Kind::Visitor, Group::Custom).push(rows(count)).await
}

#[tokio::test]
async fn the_body_is_one_array() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/v1/metadata/account/agent/value"))
        .and(query_param("create", "true"))
        .and(header("content-type", "application/json"))
        .and(header("x-pendo-integration-key", KEY))
        .and(body_json(json!([
            {"accountId": "acme", "values": {"plan": "gold", "seats": 5, "gone": null}},
            {"accountId": "a\"b", "values": {"tags": ["x", "y"]}},
        ])))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"total": 2, "updated": 2, "failed": 0})),
        )
        .expect(1)
        .mount(&server)
        .await;
    let records = [
        Ok::<_, std::io::Error>(
            Record::new("acme").set("plan", "gold").set("seats", 5).set("gone", None::<i32>),
        ),
        Ok(Record::new("a\"b").set("tags", vec!["x", "y"])),
    ];
    let accounts = client(&server.uri(), KEY).metadata(Kind::Account, Group::Agent);
    let report = accounts.push(stream::iter(records)).create_missing(true).await;
    assert_eq!(report.into_result().unwrap().updated(), 2);
}

#[tokio::test]
async fn without_create_missing_there_is_no_query() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(query_param_is_missing("create"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"total": 1, "updated": 1, "failed": 0})),
        )
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(push(&client(&server.uri(), KEY), 1).await.updated(), 1);
}

#[tokio::test]
async fn calls_are_cut_by_count_and_bytes() {
    let count_updated = |request: &wiremock::Request| {
        let records: Vec<Value> = serde_json::from_slice(&request.body).unwrap();
        let count = records.len();
        ResponseTemplate::new(200)
            .set_body_json(json!({"total": count, "updated": count, "failed": 0}))
    };
    for (size, bytes, calls) in
        [(10, 1 << 20, 10), (1000, 400, 10), (1000, 0, 100), (0, 1 << 20, 100)]
    {
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(count_updated).mount(&server).await;
        let custom = client(&server.uri(), KEY).metadata(Kind::Visitor, Group::Custom);
        let report = custom.push(rows(100)).batch_size(size).batch_bytes(bytes).await;
        assert_eq!(report.into_result().unwrap().updated(), 100);
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests.len(), calls, "{size} {bytes}");
        assert!(bytes == 0 || requests.iter().all(|request| request.body.len() <= bytes));
    }
}

#[tokio::test]
async fn an_empty_source_is_complete_and_calls_nobody() {
    let (server, pendo) = server(ResponseTemplate::new(500)).await;
    let report = push(&pendo, 0).await.into_result().unwrap();
    assert_eq!((report.total(), report.is_complete()), (0, true));
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_200_without_counts_is_no_success() {
    for body in ["{}", "[]", "null", "{\"updated\":0,\"failed\":0}"] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let (server, pendo) = server(answer).await;
        let report = push(&pendo, 500).await;
        assert_eq!((report.updated(), report.failed()), (0, 500), "{body}");
        assert!(server.received_requests().await.unwrap().len() < 25);
        assert!(report.into_result().is_err());
    }
}

#[tokio::test]
async fn an_empty_answer_is_neither_repeated_nor_halved() {
    for (status, body) in [(200, ""), (200, " \n"), (204, ""), (200, "null")] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        let pendo = patient_client(&server.uri(), KEY);
        let custom = pendo.metadata(Kind::Visitor, Group::Custom);
        let report = custom.push(rows(50)).batch_size(10).await;
        assert_eq!((report.updated(), report.failed()), (0, 50), "{status} {body:?}");
        let said = reason(report.undelivered()[0].delivery());
        assert_eq!(said, "the answer does not say what became of the records");
        assert_eq!(server.received_requests().await.unwrap().len(), 5, "{status} {body:?}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    for cut in ["{", "{\"total\": 3, \"upda", "[", "[{\"total\""] {
        let server = MockServer::start().await;
        let answer = |body: &str| ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let first = Mock::given(method("POST")).respond_with(answer(cut)).up_to_n_times(2);
        first.expect(2).mount(&server).await;
        let whole = answer("{\"total\": 3, \"updated\": 3, \"failed\": 0}");
        Mock::given(method("POST")).respond_with(whole).expect(1).mount(&server).await;
        let report = push(&patient_client(&server.uri(), KEY), 3).await;
        assert_eq!(report.into_result().unwrap().updated(), 3, "{cut}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_said_to_be_none() {
    for body in ["<html>", "OK", "\"text\" x"] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "text/html");
        let (server, _) = server(answer).await;
        let report = push(&patient_client(&server.uri(), KEY), 3).await;
        let said = reason(report.undelivered()[0].delivery());
        assert!(said.contains("answered 200 with text/html instead of JSON"), "{body}: {said}");
        assert_eq!(report.failed(), 3, "{body}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "{body}");
    }
}

#[tokio::test]
async fn a_page_under_a_success_is_no_result() {
    let page = ResponseTemplate::new(201).set_body_raw("<html>\n</html>", "text/html");
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(page).mount(&server).await;
    let pendo = patient_client(&server.uri(), KEY);
    let set = pendo.metadata(Kind::Visitor, Group::Custom).set("ada", "badge", 1).await;
    let badge = [NewField::new("badge", NewType::Number)];
    let made = pendo.schema(Kind::Visitor).create(Group::Custom, badge).await;
    for error in [set.unwrap_err(), made.unwrap_err()] {
        let line = error.to_string();
        assert!(line.contains(": answered 201 with text/html instead of JSON; a proxy"), "{line}");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_not_asked_for_each_record() {
    let refusal =
        ResponseTemplate::new(400).set_body_json(json!({"message": "missing field mappings"}));
    let (server, pendo) = server(refusal).await;
    let report = push(&pendo, 500).await;
    assert_eq!(report.failed(), 500);
    assert!(
        report.undelivered().iter().all(|o| reason(o.delivery()) == "400 missing field mappings")
    );
    let calls = server.received_requests().await.unwrap().len();
    assert!(calls <= 2 * 9 + 3, "{calls}");
    let message = report.into_result().unwrap_err().to_string();
    assert_eq!(
        message,
        "of 500 records read 0 were updated, 500 failed, first p0: 400 missing field mappings"
    );
}

#[tokio::test]
async fn a_refused_key_stops_the_push() {
    for status in [401, 403, 404] {
        let (_server, pendo) = server(ResponseTemplate::new(status)).await;
        let (rows, taken) = endless();
        let report = pendo.metadata(Kind::Visitor, Group::Custom).push(rows).await;
        let taken = taken.load(Ordering::Relaxed) as u64;
        assert_eq!(
            (report.total(), report.failed()),
            (taken, taken),
            "an outcome for each that was read"
        );
        assert_eq!(report.stopped().unwrap().status().unwrap().as_u16(), status);
        let error = report.into_result().unwrap_err();
        assert!(
            error.to_string().starts_with("the push stopped: POST /api/v1/metadata/"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn no_connection_stops_the_push() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let pendo = client(&format!("http://127.0.0.1:{port}"), KEY);
    let (rows, taken) = endless();
    let report = pendo.metadata(Kind::Visitor, Group::Custom).push(rows).batch_size(10).await;
    assert_eq!(report.failed(), taken.load(Ordering::Relaxed) as u64);
    assert!(report.stopped().unwrap().is_connect());
}

#[tokio::test]
async fn a_server_that_is_down_stops_the_push_after_three_batches() {
    let (_server, pendo) = server(ResponseTemplate::new(503)).await;
    let (rows, taken) = endless();
    let push =
        pendo.metadata(Kind::Visitor, Group::Custom).push(rows).batch_size(10).concurrency(1);
    let report = push.await;
    assert_eq!(report.failed(), taken.load(Ordering::Relaxed) as u64);
    assert!((30..=50).contains(&report.failed()), "{report}");
    assert_eq!(report.stopped().unwrap().status().unwrap().as_u16(), 503);
}

#[tokio::test]
async fn groups_that_cannot_be_written_in_bulk_are_refused_here() {
    let (server, pendo) = server(ResponseTemplate::new(200)).await;
    for group in [Group::Auto, Group::Pendo] {
        let report = pendo.metadata(Kind::Visitor, group).push(rows(5)).await;
        assert!(report.stopped().unwrap().to_string().contains("cannot be written in bulk"));
        assert!(report.into_result().is_err());
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn records_that_cannot_be_sent_fail_alone() {
    let answer =
        ResponseTemplate::new(200).set_body_json(json!({"total": 1, "updated": 1, "failed": 0}));
    let (_server, pendo) = server(answer).await;
    let records = [
        Ok::<_, std::io::Error>(Record::new("").set("a", 1)),
        Ok(Record::new("bad-name").set("okta-x", 1)),
        Ok(Record::new("nested").set("okta_x", json!({"a": 1}))),
        Ok(Record::new("good").set("okta_x", 1)),
    ];
    let report = pendo.metadata(Kind::Visitor, Group::Custom).push(stream::iter(records)).await;
    assert_eq!((report.updated(), report.failed()), (1, 3));
    let named: Vec<_> =
        report.undelivered().iter().map(|o| (o.id(), reason(o.delivery()))).collect();
    assert!(named.iter().any(|(id, why)| id.is_empty() && why.contains("no id")));
    assert!(named.iter().any(|(id, why)| *id == "bad-name" && why.contains("`okta-x`")));
}

#[tokio::test]
async fn the_source_is_read_no_further_than_the_batches_need() {
    // Takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let pendo = client(&format!("http://{}", silent.local_addr().unwrap()), KEY);
    let (rows, taken) = endless();
    let push =
        pendo.metadata(Kind::Visitor, Group::Custom).push(rows).batch_size(10).concurrency(3);
    let mut batches = push.stream();
    for _ in 0..5 {
        assert!(batches.next().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(taken.load(Ordering::Relaxed), 40, "three on their way, one full");
}

#[tokio::test]
async fn a_stream_that_is_not_read_to_its_end_gives_no_finished_report() {
    let answer =
        ResponseTemplate::new(200).set_body_json(json!({"total": 10, "updated": 10, "failed": 0}));
    let (_server, pendo) = server(answer).await;
    let push = pendo.metadata(Kind::Visitor, Group::Custom).push(rows(100)).batch_size(10);
    let report: PushReport = push.stream().take(3).collect().await;
    assert_eq!((report.updated(), report.is_complete()), (30, false));
    assert!(report.into_result().unwrap_err().to_string().contains("not read to its end"));
    assert!(PushReport::default().into_result().is_err());
}

#[tokio::test]
async fn a_report_as_json_names_what_was_not_delivered() {
    let body = json!({"total": 3, "updated": 1, "failed": 2, "missing": ["p1"], "errors": [{"id": "p2", "error": "bad"}]});
    let (_server, pendo) = server(ResponseTemplate::new(200).set_body_json(body)).await;
    let report = push(&pendo, 3).await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json,
        json!({
            "complete": true, "total": 3, "updated": 1, "missing": 1, "failed": 1, "superseded": 0,
            "error": null, "unnamed": 0,
            "undelivered": [
                {"id": "p1", "outcome": "missing", "reason": "Pendo does not know this id, and was not to add it"},
                {"id": "p2", "outcome": "failed", "reason": "bad"},
            ],
        })
    );
    assert_eq!(report.undelivered()[0].delivery(), &Delivery::Missing);
}
