//! One test per endpoint of group rules.

use futures::TryStreamExt;
use okta_client::{GroupRule, GroupRuleStatus};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

const EXPRESSION: &str = "user.department==\"Sales\"";

fn rule() -> Value {
    json!({
        "type": "group_rule", "id": "0pr1", "status": "INACTIVE", "name": "Sales",
        "created": "2026-01-02T03:04:05.000Z", "lastUpdated": null, "allGroupsValid": true,
        "conditions": {
            "people": {"users": {"exclude": ["00u1"]}, "groups": {"exclude": []}},
            "expression": {"value": EXPRESSION, "type": "urn:okta:expression:1.0"}
        },
        "actions": {"assignUserToGroups": {"groupIds": ["00g1", "00g2"]}},
        "fromTomorrow": {"x": null}
    })
}

fn with_names() -> Value {
    let mut rule = rule();
    rule["_embedded"] = json!({"groupIdToGroupNameMap": {"00g1": "Sales", "00g2": null}});
    rule
}

#[tokio::test]
async fn list_by_word_with_names() {
    let org = Org::answers(json!([with_names()])).await;
    let list = org.okta.group_rules().list().search("Sales team").with_names().page_size(200);
    let rules: Vec<GroupRule> = list.stream().try_collect().await.unwrap();
    let query = [("search", "Sales team"), ("expand", "groupIdToGroupNameMap"), ("limit", "200")];
    org.saw("GET /api/v1/groups/rules", &query, Value::Null).await;
    let rule = &rules[0];
    assert_eq!((rule.id.as_str(), rule.expression()), ("0pr1", Some(EXPRESSION)));
    assert_eq!(rule.status, Some(GroupRuleStatus::Inactive));
    assert_eq!((rule.group_ids().len(), rule.excluded_users()[0].as_str()), (2, "00u1"));
    let names = rule.embedded.as_ref().unwrap().get().unwrap().group_names.unwrap();
    assert_eq!(names[&"00g1".into()].as_deref(), Some("Sales"));
    assert_eq!(serde_json::to_value(rule).unwrap(), with_names());
}

#[tokio::test]
async fn get_and_try_get() {
    let org = Org::answers(rule()).await;
    let read = org.okta.group_rules().get("0pr1").await.unwrap();
    org.saw("GET /api/v1/groups/rules/0pr1", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&read).unwrap(), rule());
    assert!(org.okta.group_rules().try_get("0pr1").await.unwrap().is_some());
    let org = Org::answers(with_names()).await;
    assert!(org.okta.group_rules().get_with_names("0pr1").await.unwrap().embedded.is_some());
    let query = [("expand", "groupIdToGroupNameMap")];
    org.saw("GET /api/v1/groups/rules/0pr1", &query, Value::Null).await;
    let org = Org::refuses(404, "E0000007").await;
    assert_eq!(org.okta.group_rules().try_get("0pr1").await.unwrap(), None);
    assert!(org.okta.group_rules().get("0pr1").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn create_sends_what_is_needed() {
    let org = Org::answers(rule()).await;
    let new = GroupRule::new("Sales", EXPRESSION, ["00g1", "00g2"]).exclude_users(["00u1"]);
    assert_eq!(org.okta.group_rules().create(&new).await.unwrap().id.as_str(), "0pr1");
    let body = json!({
        "type": "group_rule", "name": "Sales",
        "conditions": {
            "expression": {"value": EXPRESSION, "type": "urn:okta:expression:1.0"},
            "people": {"users": {"exclude": ["00u1"]}}
        },
        "actions": {"assignUserToGroups": {"groupIds": ["00g1", "00g2"]}}
    });
    org.saw("POST /api/v1/groups/rules", &[], body).await;
    let org = Org::refuses(500, "E0000009").await;
    let error = org.okta.group_rules().create(&new).await.unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("look its name up"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn a_create_while_rules_are_reordered_is_repeated() {
    let server = MockServer::start().await;
    let refused = Mock::given(any()).respond_with(refusal(423, "E0000239"));
    refused.up_to_n_times(2).mount(&server).await;
    let works = ResponseTemplate::new(200).set_body_json(rule());
    Mock::given(any()).respond_with(works).mount(&server).await;
    let rules = builder(&server.uri()).build().unwrap().group_rules();
    let new = GroupRule::new("Sales", EXPRESSION, ["00g1"]);
    assert_eq!(rules.create(&new).await.unwrap().id.as_str(), "0pr1");
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn replace_sends_what_was_read_but_what_is_oktas() {
    let read: GroupRule = serde_json::from_value(with_names()).unwrap();
    let org = Org::answers(rule()).await;
    org.okta.group_rules().replace("0pr1", &read.with_expression("true")).await.unwrap();
    let mut body = rule();
    body["conditions"]["expression"]["value"] = json!("true");
    for by_okta in ["id", "status", "created", "lastUpdated", "allGroupsValid"] {
        body.as_object_mut().unwrap().remove(by_okta);
    }
    org.saw("PUT /api/v1/groups/rules/0pr1", &[], body).await;
}

#[tokio::test]
async fn delete_with_and_without_its_members() {
    let accepted = ResponseTemplate::new(202).set_body_json(json!({}));
    let org = Org::with(accepted.clone()).await;
    org.okta.group_rules().delete("0pr1").await.unwrap();
    org.saw("DELETE /api/v1/groups/rules/0pr1", &[], Value::Null).await;
    let org = Org::with(accepted).await;
    org.okta.group_rules().delete("0pr1").remove_users(true).await.unwrap();
    let query = [("removeUsers", "true")];
    org.saw("DELETE /api/v1/groups/rules/0pr1", &query, Value::Null).await;
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.group_rules().delete("0pr1").await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
}

#[tokio::test]
async fn activate_and_deactivate() {
    for org in [Org::says_nothing().await, Org::answers(json!({})).await] {
        org.okta.group_rules().activate("0pr1").await.unwrap();
        let line = "POST /api/v1/groups/rules/0pr1/lifecycle/activate";
        org.saw(line, &[], Value::Null).await;
    }
    let org = Org::says_nothing().await;
    org.okta.group_rules().deactivate("0pr1").await.unwrap();
    org.saw("POST /api/v1/groups/rules/0pr1/lifecycle/deactivate", &[], Value::Null).await;
}
