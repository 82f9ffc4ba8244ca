//! Bulk: one outcome for each operation, whatever the server can do.

use scim_client::BulkOutcome;
use scim_types::{BulkItem, BulkMethod};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::steps::*;
use crate::support::*;

const NONE: Value = Value::Null;

fn config(bulk: Value) -> Step {
    ("GET /ServiceProviderConfig", NONE, ok(json!({"bulk": bulk})))
}

fn no_config() -> Step {
    ("GET /ServiceProviderConfig", NONE, refusal(404, ""))
}

fn ada() -> BulkItem {
    BulkItem::create("/Users", "ada", json!({"userName": "ada"}))
}

fn team() -> BulkItem {
    BulkItem::create("/Groups", "team", json!({"members": [{"value": "bulkId:ada"}]}))
}

fn gone() -> BulkItem {
    BulkItem::of(BulkMethod::Delete, "/Users/9")
}

fn request(operations: &[Value]) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations})
}

fn bulk(operations: &[BulkItem], answer: ResponseTemplate) -> Step {
    let operations: Vec<Value> =
        operations.iter().map(|o| serde_json::to_value(o).unwrap()).collect();
    ("POST /Bulk", request(&operations), answer)
}

fn results(results: Value) -> ResponseTemplate {
    ok(
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"], "Operations": results}),
    )
}

fn made(bulk_id: &str, id: &str) -> Value {
    json!({"method": "POST", "bulkId": bulk_id, "status": "201", "location": format!("https://x/Users/{id}")})
}

fn deleted() -> Value {
    json!({"method": "DELETE", "status": 204, "location": "https://x/Users/9"})
}

#[tokio::test]
async fn results_are_found_again_whatever_their_order() {
    let taken = json!({"method": "POST", "bulkId": "ada", "status": "409",
        "response": {"status": "409", "scimType": "uniqueness", "detail": "taken"}});
    let items = [gone(), ada()];
    let server = steps(vec![
        config(json!({"supported": true})),
        bulk(&items, results(json!([taken, deleted()]))),
    ])
    .await;
    let report = server.scim.bulk(items.to_vec()).await.unwrap();
    assert!(report.in_bulk && report.requests == 1);
    let failed: Vec<(usize, String)> = report.failed().map(|(n, o)| (n, o.to_string())).collect();
    assert_eq!(failed, [(1, "POST refused: 409 uniqueness taken".to_owned())]);
    assert_eq!(
        report.into_result().unwrap_err().to_string(),
        "1 of 2 operations were not carried out; the first, number 2: POST refused: 409 uniqueness taken"
    );
    server.done().await;
}

#[tokio::test]
async fn goes_in_chunks_with_ids_in_place_of_references() {
    let resolved = BulkItem::create("/Groups", "team", json!({"members": [{"value": "7"}]}));
    let server = steps(vec![
        config(json!({"supported": true, "maxOperations": 1})),
        bulk(&[ada()], results(json!([made("ada", "7")]))),
        bulk(&[resolved], results(json!([made("team", "g1")]))),
    ])
    .await;
    // The reference comes first, and is sent second.
    let report = server.scim.bulk(vec![team(), ada()]).await.unwrap();
    let ids: Vec<Option<&str>> = report.outcomes.iter().map(BulkOutcome::id).collect();
    assert_eq!(ids, [Some("g1"), Some("7")]);
    server.done().await;
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved() {
    let one = BulkItem::of(BulkMethod::Delete, "/Users/1");
    let two = BulkItem::of(BulkMethod::Delete, "/Users/2");
    let done = |id: &str| {
        results(
            json!([{"method": "DELETE", "status": "204", "location": format!("https://x/Users/{id}")}]),
        )
    };
    let server = steps(vec![
        no_config(),
        bulk(&[one.clone(), two.clone()], ResponseTemplate::new(413)),
        bulk(std::slice::from_ref(&one), done("1")),
        bulk(std::slice::from_ref(&two), done("2")),
    ])
    .await;
    server.scim.bulk(vec![one, two]).await.unwrap().into_result().unwrap();
    server.done().await;
}

#[tokio::test]
async fn a_missing_result_is_an_error() {
    let server =
        steps(vec![no_config(), bulk(&[ada(), gone()], results(json!([made("ada", "7")])))]).await;
    let report = server.scim.bulk(vec![ada(), gone()]).await.unwrap();
    assert!(report.outcomes[0].is_done());
    assert!(report.outcomes[1].to_string().contains("says nothing of this operation"));
    assert!(report.outcomes[1].is_unclear());
    let error = report.into_result().unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("may have been carried out"));
    for answer in
        [json!({}), json!({"Operations": [{"bulkId": "ada", "method": "POST"}]}), json!([])]
    {
        let server = steps(vec![no_config(), bulk(&[ada()], ok(answer))]).await;
        let report = server.scim.bulk(vec![ada()]).await.unwrap();
        assert!(report.outcomes[0].is_unclear(), "{report:?}");
        let error = report.into_result().unwrap_err();
        assert!(error.is_unclear() && !error.to_string().contains("were not carried out"));
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_told_apart_is_nobodys() {
    let bob = || BulkItem::create("/Users", "bob", json!({"userName": "bob"}));
    let nameless = |id: &str, status: &str| json!({"method": "POST", "status": status, "location": format!("https://x/Users/{id}")});
    let both = json!([nameless("2", "201"), nameless("1", "201")]);
    let one = json!([nameless("2", "201")]);
    let strange = json!([made("eve", "2"), made("bob", "3")]);
    for (answer, unclear) in [(both, 2), (one, 2), (strange, 1)] {
        let server = steps(vec![no_config(), bulk(&[ada(), bob()], results(answer))]).await;
        let report = server.scim.bulk(vec![ada(), bob()]).await.unwrap();
        let count = report.outcomes.iter().filter(|outcome| outcome.is_unclear()).count();
        assert_eq!(count, unclear, "{report:?}");
    }
    // One that stands where it belongs, beside one that is named.
    let placed = json!([made("ada", "1"), nameless("2", "201")]);
    let server = steps(vec![no_config(), bulk(&[ada(), bob()], results(placed))]).await;
    let report = server.scim.bulk(vec![ada(), bob()]).await.unwrap();
    assert_eq!(report.outcomes[1].id(), Some("2"));
}

#[tokio::test]
async fn an_error_under_a_status_of_success_is_a_refusal_without_the_credential() {
    let error = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400", "detail": format!("not with {TOKEN}")});
    let result = json!({"method": "POST", "bulkId": "ada", "status": "200", "response": error});
    let server = steps(vec![no_config(), bulk(&[ada()], results(json!([result])))]).await;
    let report = server.scim.bulk(vec![ada()]).await.unwrap();
    assert!(matches!(&report.outcomes[0], BulkOutcome::Refused(_)), "{report:?}");
    assert_eq!(report.outcomes[0].to_string(), "POST refused: 200 not with [credential]");
    assert!(!format!("{report:?}").contains(TOKEN));
}

#[tokio::test]
async fn an_unclear_request_is_not_repeated_and_what_follows_is_not_sent() {
    let server = steps(vec![
        config(json!({"supported": true, "maxOperations": 1})),
        bulk(&[ada()], ResponseTemplate::new(503)),
    ])
    .await;
    let report = server.scim.bulk(vec![ada(), gone()]).await.unwrap();
    let BulkOutcome::Failed(error) = &report.outcomes[0] else { panic!("{report:?}") };
    assert!(error.is_unclear() && error.to_string().contains("may have been carried out"));
    assert!(matches!(&report.outcomes[1], BulkOutcome::Skipped(why) if why.contains("earlier")));
    server.done().await;
}

#[tokio::test]
async fn a_sign_in_page_is_the_result_of_no_single_call() {
    let page = || ResponseTemplate::new(200).set_body_raw("<html>", "text/html");
    let server = steps(vec![
        config(json!({"supported": false})),
        ("POST /Users", json!({"userName": "ada"}), page()),
        ("DELETE /Users/9", NONE, page()),
    ])
    .await;
    let report = server.scim.bulk(vec![ada(), gone()]).await.unwrap();
    assert!(report.outcomes[0].is_unclear(), "{report:?}");
    for outcome in &report.outcomes {
        assert!(outcome.to_string().contains("text/html instead of JSON"), "{report:?}");
    }
    server.done().await;
}

#[tokio::test]
async fn without_bulk_there_are_single_calls() {
    let create = |answer| ("POST /Users", json!({"userName": "ada"}), answer);
    let group =
        || ("POST /Groups", json!({"members": [{"value": "7"}]}), created(group("g1", "Team")));
    let delete = || ("DELETE /Users/9", NONE, nothing());
    for status in [403, 404, 405, 501] {
        let server = steps(vec![
            no_config(),
            bulk(&[ada(), gone(), team()], ResponseTemplate::new(status)),
            create(created(user("7", "ada"))),
            delete(),
            group(),
        ])
        .await;
        let items = vec![ada(), gone(), team()];
        let report = server.scim.bulk(items).concurrency(1).await.unwrap();
        assert!(!report.in_bulk);
        assert_eq!(report.into_result().unwrap().len(), 3, "{status}");
        server.done().await;
    }
    let server =
        steps(vec![config(json!({"supported": false})), create(created(user("7", "ada")))]).await;
    server.scim.bulk(vec![ada()]).await.unwrap().into_result().unwrap();
    server.done().await;
}

#[tokio::test]
async fn what_refers_to_a_failure_is_not_sent() {
    let server = steps(vec![
        config(json!({"supported": false})),
        ("POST /Users", json!({"userName": "ada"}), refusal(409, "uniqueness")),
    ])
    .await;
    let report = server.scim.bulk(vec![ada(), team()]).await.unwrap();
    let BulkOutcome::Refused(refused) = &report.outcomes[0] else { panic!("{report:?}") };
    assert_eq!(refused.status_code(), Some(409));
    assert_eq!(
        report.outcomes[1].to_string(),
        "not sent: it refers to bulkId:ada, which was not created"
    );
    server.done().await;
}

#[tokio::test]
async fn a_circle_needs_bulk() {
    let items = || {
        vec![
            BulkItem::create("/Groups", "a", json!({"members": [{"value": "bulkId:b"}]})),
            BulkItem::create("/Groups", "b", json!({"members": [{"value": "bulkId:a"}]})),
        ]
    };
    let server =
        steps(vec![no_config(), bulk(&items(), results(json!([made("a", "1"), made("b", "2")])))])
            .await;
    server.scim.bulk(items()).await.unwrap().into_result().unwrap();
    server.done().await;
    let server = steps(vec![config(json!({"supported": false}))]).await;
    let report = server.scim.bulk(items()).await.unwrap();
    assert!(report.outcomes[0].to_string().contains("in a circle"));
    server.done().await;
}

#[tokio::test]
async fn stops_after_so_many_errors() {
    let refused = || ("DELETE /Users/9", NONE, refusal(403, ""));
    let server = steps(vec![config(json!({"supported": false})), refused()]).await;
    let items = vec![gone(), ada()];
    let report = server.scim.bulk(items).fail_on_errors(1).concurrency(1).await.unwrap();
    assert!(matches!(&report.outcomes[1], BulkOutcome::Skipped(_)), "{report:?}");
    server.done().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_before_anything_is_sent() {
    let server = steps(Vec::new()).await;
    let error = server.scim.bulk(vec![team()]).await.unwrap_err();
    assert!(error.to_string().contains("no operation creates bulkId \"ada\""), "{error}");
    assert!(!format!("{:?}", server.scim.bulk(vec![ada()])).contains("userName"));
    server.done().await;
}
