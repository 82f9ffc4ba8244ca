use sandbox::ScimOptions;
use serde_json::{Value, json};

use crate::scim_support::{GROUP, Scim, group, user};
use crate::support::Answer;

async fn bulk(scim: &Scim, fail_on_errors: Option<u64>, operations: Value) -> Answer {
    let mut body = json!({"schemas": [scim_types::urn::BULK_REQUEST], "Operations": operations});
    if let Some(most) = fail_on_errors {
        body["failOnErrors"] = json!(most);
    }
    scim.post("/Bulk", body).await
}

fn create(path: &str, bulk_id: &str, data: Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": bulk_id, "data": data})
}

fn statuses(answer: &Answer) -> Vec<&str> {
    let operations = answer.body["Operations"].as_array().unwrap();
    operations.iter().map(|operation| operation["status"].as_str().unwrap()).collect()
}

fn id_of(answer: &Answer, at: usize) -> String {
    let location = answer.body["Operations"][at]["location"].as_str().unwrap();
    location.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_method_in_one_request() {
    let scim = Scim::start().await;
    let ids = scim.add_users(&["grace", "linus"]);
    let version = scim.get(&format!("/Users/{}", ids[0])).await.header("etag").to_owned();
    let answer = bulk(&scim, None, json!([
        create("/Users", "u", user("ada")),
        {"method": "PUT", "path": format!("/Users/{}", ids[0]), "version": version, "data": user("grace.h")},
        {"method": "PUT", "path": format!("/Users/{}", ids[0]), "version": version, "data": user("x")},
        {"method": "DELETE", "path": format!("/Users/{}", ids[1])},
        {"method": "DELETE", "path": format!("/Users/{}", ids[1])},
        {"method": "PATCH", "path": "/Users/bulkId:u", "data": {"Operations": [
            {"op": "replace", "path": "title", "value": "Countess"},
        ]}},
        create("/Users", "again", user("ADA")),
        {"method": "POST", "path": "/Users", "data": user("nameless")},
        {"method": "GET", "path": "/Users"},
    ]))
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(statuses(&answer), ["201", "200", "412", "204", "404", "200", "409", "400", "400"]);
    let operations = &answer.body["Operations"];
    assert_eq!((&operations[0]["bulkId"], &operations[0]["method"]), (&json!("u"), &json!("POST")));
    assert!(operations[0]["version"].as_str().unwrap().starts_with("W/"));
    assert_eq!(operations[6]["response"]["scimType"], "uniqueness");
    assert_eq!(operations[6].get("location"), None);
    let ada = scim.get(&format!("/Users/{}", id_of(&answer, 0))).await;
    assert_eq!(ada.body["title"], "Countess");
    assert_eq!(scim.provider().stats().bulk_operations, 9);
}

#[tokio::test]
async fn references_forward_backward_and_in_a_circle() {
    let scim = Scim::with(ScimOptions { check_members: true, ..ScimOptions::default() }).await;
    let member = |bulk_id: &str| vec![format!("bulkId:{bulk_id}")];
    let answer = bulk(
        &scim,
        None,
        json!([
            create("/Groups", "first", group("Forward", &member("ada"))),
            create("/Users", "ada", user("ada")),
            create("/Groups", "back", group("Backward", &member("ada"))),
            create("/Groups", "a", group("A", &member("b"))),
            create("/Groups", "b", group("B", &member("a"))),
            create("/Groups", "lost", group("Lost", &member("nobody"))),
            create("/Users", "twin", user("ADA")),
            create("/Groups", "orphan", group("Orphan", &member("twin"))),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), ["201", "201", "201", "201", "201", "400", "409", "409"]);
    let provider = scim.provider();
    let ada = id_of(&answer, 1);
    assert_eq!(provider.members(&id_of(&answer, 0)).unwrap(), [ada.as_str()]);
    assert_eq!(provider.members(&id_of(&answer, 2)).unwrap(), [ada.as_str()]);
    let (a, b) = (id_of(&answer, 3), id_of(&answer, 4));
    assert_eq!(provider.members(&a).unwrap(), [b.as_str()]);
    assert_eq!(provider.members(&b).unwrap(), [a.as_str()]);
    assert_eq!(provider.groups().len(), 4);
}

#[tokio::test]
async fn who_was_promised_in_a_circle_and_never_came_is_no_member() {
    let options =
        ScimOptions { check_members: true, unique_group_names: true, ..ScimOptions::default() };
    let scim = Scim::with(options).await;
    scim.add_group("B", &[]);
    let answer = bulk(
        &scim,
        None,
        json!([
            create("/Groups", "a", group("A", &["bulkId:b".to_owned()])),
            create("/Groups", "b", group("B", &["bulkId:a".to_owned()])),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), ["201", "409"]);
    assert!(scim.provider().members(&id_of(&answer, 0)).unwrap().is_empty());
}

#[tokio::test]
async fn limits() {
    let options =
        ScimOptions { max_bulk_operations: 3, max_bulk_bytes: 4_000, ..ScimOptions::default() };
    let scim = Scim::with(options).await;
    let bad = || create("/Groups", "g", json!({"schemas": [GROUP]}));
    let named = |n: usize| {
        let mut operation = bad();
        operation["bulkId"] = json!(format!("g{n}"));
        operation
    };
    let answer =
        bulk(&scim, Some(2), json!([named(1), named(2), create("/Users", "u", user("ada"))])).await;
    assert_eq!(statuses(&answer), ["400", "400"]);
    let answer =
        bulk(&scim, None, json!([named(1), named(2), create("/Users", "u", user("ada"))])).await;
    assert_eq!(statuses(&answer), ["400", "400", "201"]);
    assert_eq!(
        bulk(&scim, None, json!([named(1), named(2), named(3), named(4)])).await.status,
        413
    );
    let mut long = user("long");
    long["title"] = json!("x".repeat(4_000));
    assert_eq!(bulk(&scim, None, json!([create("/Users", "u", long)])).await.status, 413);
    assert_eq!(bulk(&scim, None, json!([bad(), bad()])).await.refusal(), (400, "invalidValue"));
    assert_eq!(scim.provider().user_count(), 1);
}

#[tokio::test]
async fn a_list_of_nothing_is_answered_by_a_list_of_nothing() {
    let scim = Scim::start().await;
    let answer = bulk(&scim, None, json!([])).await;
    assert_eq!((answer.status, &answer.body["Operations"]), (200, &json!([])));
    let refused = scim.post("/Bulk", json!({"schemas": [scim_types::urn::BULK_REQUEST]})).await;
    assert_eq!(refused.refusal(), (400, "invalidSyntax"));
}
