//! One test per endpoint of groups, and the raw request.

use futures::TryStreamExt;
use okta_client::search::attr;
use okta_client::{GroupProfile, GroupType, Method};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn list_by_search_filter_and_q() {
    let org = Org::answers(json!([group()])).await;
    let list = org.okta.groups().list().search(attr("profile.name").sw("Eng"));
    let groups: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("limit", "200"), ("search", "profile.name sw \"Eng\"")];
    org.saw("GET /api/v1/groups", &query, Value::Null).await;
    assert_eq!(groups[0].group_type, Some(GroupType::OktaGroup));
    assert_eq!(serde_json::to_value(&groups[0]).unwrap(), group());

    let org = Org::answers(json!([])).await;
    let list = org.okta.groups().list().filter("type eq \"OKTA_GROUP\"").page_size(20);
    assert!(list.stream().try_collect::<Vec<_>>().await.unwrap().is_empty());
    let query = [("limit", "20"), ("filter", "type eq \"OKTA_GROUP\"")];
    org.saw("GET /api/v1/groups", &query, Value::Null).await;

    let org = Org::answers(json!([group(), group()])).await;
    let list = org.okta.groups().list().q("Eng").limit(1);
    assert_eq!(list.stream().try_collect::<Vec<_>>().await.unwrap().len(), 1);
    org.saw("GET /api/v1/groups", &[("limit", "200"), ("q", "Eng")], Value::Null).await;
}

#[tokio::test]
async fn list_sorted_and_with_more() {
    let mut counted = group();
    counted["_embedded"] = json!({"stats": {"usersCount": 3}});
    let org = Org::answers(json!([counted])).await;
    let list = org.okta.groups().list().search("type eq \"OKTA_GROUP\"");
    let list = list.sort_by("profile.name", true).expand("stats");
    let groups: Vec<_> = list.stream().try_collect().await.unwrap();
    assert_eq!(groups[0].embedded.as_ref().unwrap().get().unwrap()["stats"]["usersCount"], 3);
    let query = [
        ("limit", "200"),
        ("search", "type eq \"OKTA_GROUP\""),
        ("sortBy", "profile.name"),
        ("sortOrder", "asc"),
        ("expand", "stats"),
    ];
    org.saw("GET /api/v1/groups", &query, Value::Null).await;
}

#[tokio::test]
async fn get_and_try_get() {
    let org = Org::answers(group()).await;
    let engineering = org.okta.groups().get("00g1").await.unwrap();
    org.saw("GET /api/v1/groups/00g1", &[], Value::Null).await;
    assert_eq!(engineering.profile.name(), Some("Engineering"));
    assert_eq!(engineering.profile.description(), None);
    assert_eq!(engineering.profile.get::<u8>("floor").unwrap(), Some(3));
    assert!(org.okta.groups().try_get("00g1").await.unwrap().is_some());
    let org = Org::refuses(404, "E0000007").await;
    assert!(org.okta.groups().get("00g1").await.unwrap_err().is_not_found());
    assert_eq!(org.okta.groups().try_get("00g1").await.unwrap(), None);
}

#[tokio::test]
async fn create_is_sent_once() {
    let org = Org::answers(group()).await;
    let profile = GroupProfile::new().with("name", "Engineering").with("floor", 3);
    assert_eq!(org.okta.groups().create(&profile).await.unwrap().id.as_str(), "00g1");
    let body = json!({"profile": {"name": "Engineering", "floor": 3}});
    org.saw("POST /api/v1/groups", &[], body).await;
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.groups().create(&profile).await.unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("look its name up"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn replace_writes_back_what_was_read() {
    let org = Org::answers(group()).await;
    let mut engineering = org.okta.groups().get("00g1").await.unwrap();
    engineering.profile.set("description", "Builds things").unwrap();
    let org = Org::answers(group()).await;
    org.okta.groups().replace(&engineering.id, &engineering.profile).await.unwrap();
    let profile = json!({"name": "Engineering", "description": "Builds things", "floor": 3});
    org.saw("PUT /api/v1/groups/00g1", &[], json!({"profile": profile})).await;
}

#[tokio::test]
async fn delete_is_sent_once() {
    let org = Org::says_nothing().await;
    org.okta.groups().delete("00g1").await.unwrap();
    org.saw("DELETE /api/v1/groups/00g1", &[], Value::Null).await;
    let org = Org::refuses(500, "E0000009").await;
    let error = org.okta.groups().delete("00g1").await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
}

#[tokio::test]
async fn members() {
    let org = Org::answers(json!([user()])).await;
    let list = org.okta.groups().members("00g1").page_size(1000);
    let members: Vec<_> = list.stream().try_collect().await.unwrap();
    assert_eq!(members[0].profile.login(), Some("ada@acme.example"));
    org.saw("GET /api/v1/groups/00g1/users", &[("limit", "1000")], Value::Null).await;
}

#[tokio::test]
async fn add_and_remove_a_member() {
    let org = Org::says_nothing().await;
    org.okta.groups().add_member("00g1", "00u1").await.unwrap();
    org.saw("PUT /api/v1/groups/00g1/users/00u1", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.groups().remove_member("00g1", "00u1").await.unwrap();
    org.saw("DELETE /api/v1/groups/00g1/users/00u1", &[], Value::Null).await;
}

#[tokio::test]
async fn a_raw_request_reaches_any_endpoint() {
    let org = Org::answers(json!({"id": "nzo1"})).await;
    let request = org.okta.request(Method::PUT, "/api/v1/zones/{id}/x/{other}", ["a/b", "c d"]);
    let zone: Value = request.query("dry", true).body(&json!({"a": 1})).json().await.unwrap();
    assert_eq!(zone["id"], "nzo1");
    let line = "PUT /api/v1/zones/a%2Fb/x/c%20d";
    org.saw(line, &[("dry", "true")], json!({"a": 1})).await;
}
