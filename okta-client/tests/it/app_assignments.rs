//! One test per endpoint of the users and groups of an app.

use futures::TryStreamExt;
use okta_client::{AppUserScope, AppUserStatus, AppUserSyncState};
use serde_json::{Value, json};

use crate::support::*;

fn app_user() -> Value {
    json!({
        "id": "00u1", "externalId": null, "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z", "scope": "GROUP", "status": "PROVISIONED",
        "statusChanged": "2026-01-02T03:04:05.000Z", "passwordChanged": null,
        "syncState": "SYNCHRONIZED", "credentials": {"userName": "ada"},
        "profile": {"role": "admin", "teams": ["a"], "none": null}, "newer": 1,
        "_links": {"app": {"href": "https://acme.okta.com/api/v1/apps/0oa1"}}
    })
}

fn app_group() -> Value {
    json!({"id": "00g1", "lastUpdated": "2026-01-02T03:04:05.000Z", "priority": 0,
        "profile": {"role": "viewer"}, "_links": {}})
}

#[tokio::test]
async fn list_users() {
    let org = Org::answers(json!([app_user()])).await;
    let list = org.okta.apps().users("0oa1").list().q("ad").expand("user").page_size(100);
    let users: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("limit", "100"), ("q", "ad"), ("expand", "user")];
    org.saw("GET /api/v1/apps/0oa1/users", &query, Value::Null).await;
    assert_eq!(users[0].status, Some(AppUserStatus::Provisioned));
    assert_eq!(users[0].sync_state, Some(AppUserSyncState::Synchronized));
    assert_eq!(users[0].scope, Some(AppUserScope::Group));
    assert_eq!(users[0].profile.as_ref().unwrap().text("role"), Some("admin"));
    assert_eq!(serde_json::to_value(&users[0]).unwrap(), app_user());
}

#[tokio::test]
async fn get_and_try_get_a_user() {
    let org = Org::answers(app_user()).await;
    let user = org.okta.apps().users("0oa1").get("00u1").expand("user").await.unwrap();
    org.saw("GET /api/v1/apps/0oa1/users/00u1", &[("expand", "user")], Value::Null).await;
    assert_eq!(user.external_id, None);
    let org = Org::refuses(404, "E0000007").await;
    assert!(org.okta.apps().users("0oa1").get("00u1").await.unwrap_err().is_not_found());
    assert_eq!(org.okta.apps().users("0oa1").try_get("00u1").await.unwrap(), None);
}

#[tokio::test]
async fn assign_a_user_once() {
    let org = Org::answers(app_user()).await;
    let assign = org.okta.apps().users("0oa1").assign("00u1").scope(AppUserScope::User);
    let assign = assign.user_name("ada").password("passw0rd").set("role", "admin");
    assert!(!format!("{assign:?}").contains("passw0rd"));
    assert_eq!(assign.await.unwrap().id.as_str(), "00u1");
    let body = json!({"id": "00u1", "scope": "USER", "profile": {"role": "admin"},
        "credentials": {"userName": "ada", "password": {"value": "passw0rd"}}});
    org.saw("POST /api/v1/apps/0oa1/users", &[], body).await;
    let org = Org::answers(app_user()).await;
    org.okta.apps().users("0oa1").assign("00u1").await.unwrap();
    org.saw("POST /api/v1/apps/0oa1/users", &[], json!({"id": "00u1"})).await;
    let org = Org::refuses(500, "E0000009").await;
    let error = org.okta.apps().users("0oa1").assign("00u1").await.unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("may have been assigned"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn update_a_user() {
    let org = Org::answers(app_user()).await;
    let users = org.okta.apps().users("0oa1");
    users.update("00u1").user_name("lovelace").password("n3w").await.unwrap();
    let body = json!({"credentials": {"userName": "lovelace", "password": {"value": "n3w"}}});
    org.saw("POST /api/v1/apps/0oa1/users/00u1", &[], body).await;
    let org = Org::answers(app_user()).await;
    let users = org.okta.apps().users("0oa1");
    let known = [("role", json!("admin")), ("teams", json!(["a"]))];
    users.update("00u1").set_all(known).set("role", "editor").clear("teams").await.unwrap();
    let body = json!({"profile": {"role": "editor", "teams": null}});
    org.saw("POST /api/v1/apps/0oa1/users/00u1", &[], body).await;
    let org = Org::answers(app_user()).await;
    let users = org.okta.apps().users("0oa1");
    let error = users.update("00u1").user_name("x").set("role", "x").await.unwrap_err();
    assert!(error.to_string().contains("make two calls"), "{error}");
    assert!(org.requests().await.is_empty());
}

#[tokio::test]
async fn unassign_a_user() {
    let org = Org::says_nothing().await;
    org.okta.apps().users("0oa1").unassign("00u1").await.unwrap();
    org.saw("DELETE /api/v1/apps/0oa1/users/00u1", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.apps().users("0oa1").unassign("00u1").send_email(true).await.unwrap();
    let query = [("sendEmail", "true")];
    org.saw("DELETE /api/v1/apps/0oa1/users/00u1", &query, Value::Null).await;
}

#[tokio::test]
async fn list_and_get_groups() {
    let org = Org::answers(json!([app_group()])).await;
    let list = org.okta.apps().groups("0oa1").list().q("Eng").expand("group");
    let groups: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("limit", "200"), ("q", "Eng"), ("expand", "group")];
    org.saw("GET /api/v1/apps/0oa1/groups", &query, Value::Null).await;
    assert_eq!(groups[0].priority, Some(0));
    let org = Org::answers(app_group()).await;
    let group = org.okta.apps().groups("0oa1").get("00g1").expand("metadata").await.unwrap();
    org.saw("GET /api/v1/apps/0oa1/groups/00g1", &[("expand", "metadata")], Value::Null).await;
    assert_eq!(serde_json::to_value(&group).unwrap(), app_group());
    let org = Org::refuses(404, "E0000007").await;
    assert_eq!(org.okta.apps().groups("0oa1").try_get("00g1").await.unwrap(), None);
}

#[tokio::test]
async fn assign_a_group_may_be_repeated() {
    let org = Org::answers(app_group()).await;
    let groups = org.okta.apps().groups("0oa1");
    let group = groups.assign("00g1").priority(2).set("role", "viewer").await.unwrap();
    let body = json!({"priority": 2, "profile": {"role": "viewer"}});
    org.saw("PUT /api/v1/apps/0oa1/groups/00g1", &[], body).await;
    assert_eq!(group.profile.unwrap().text("role"), Some("viewer"));
    let org = Org::answers(app_group()).await;
    org.okta.apps().groups("0oa1").assign("00g1").await.unwrap();
    org.saw("PUT /api/v1/apps/0oa1/groups/00g1", &[], json!({})).await;
    let org = Org::refuses(503, "E0000010").await;
    org.okta.apps().groups("0oa1").assign("00g1").await.unwrap_err();
    assert!(org.requests().await.len() > 1);
}

#[tokio::test]
async fn change_a_group_by_a_json_patch() {
    let org = Org::answers(app_group()).await;
    let update = org.okta.apps().groups("0oa1").update("00g1").priority(1).set("a/b~c", "x");
    update.remove("manager").await.unwrap();
    let body = json!([
        {"op": "replace", "path": "/priority", "value": 1},
        {"op": "replace", "path": "/profile/a~1b~0c", "value": "x"},
        {"op": "remove", "path": "/profile/manager"},
    ]);
    org.saw("PATCH /api/v1/apps/0oa1/groups/00g1", &[], body).await;
    let org = Org::refuses(500, "E0000009").await;
    let update = org.okta.apps().groups("0oa1").update("00g1").priority(1);
    assert!(update.await.unwrap_err().is_unclear() && org.requests().await.len() == 1);
}

#[tokio::test]
async fn unassign_a_group() {
    let org = Org::says_nothing().await;
    org.okta.apps().groups("0oa1").unassign("00g1").await.unwrap();
    org.saw("DELETE /api/v1/apps/0oa1/groups/00g1", &[], Value::Null).await;
}
