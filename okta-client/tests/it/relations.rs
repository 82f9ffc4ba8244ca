//! One test per endpoint of linked objects and of groups' owners.

use futures::TryStreamExt;
use okta_client::{GroupOwnerOrigin, GroupOwnerType, LinkedObject, LinkedObjectSide};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::*;

fn manager() -> Value {
    json!({
        "primary": {"name": "manager", "title": "Manager", "description": null, "type": "USER"},
        "associated": {"name": "report", "title": "Report", "description": "Who is managed",
            "type": "USER"},
        "_links": {"self": {"href": "https://acme.okta.com/api/v1/meta/schemas/user/linkedObjects/manager"}}
    })
}

#[tokio::test]
async fn relations_are_listed_and_read() {
    let org = Org::answers(json!([manager()])).await;
    let relations = org.okta.linked_objects().list().await.unwrap();
    org.saw("GET /api/v1/meta/schemas/user/linkedObjects", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&relations).unwrap(), json!([manager()]));
    let side = relations[0].associated.as_ref().unwrap();
    assert_eq!((side.name.as_deref(), side.kind.as_deref()), (Some("report"), Some("USER")));
    let org = Org::answers(manager()).await;
    assert_eq!(org.okta.linked_objects().get("report").await.unwrap(), relations[0]);
    org.saw("GET /api/v1/meta/schemas/user/linkedObjects/report", &[], Value::Null).await;
    assert!(org.okta.linked_objects().try_get("report").await.unwrap().is_some());
    let org = Org::refuses(404, "E0000007").await;
    assert_eq!(org.okta.linked_objects().try_get("report").await.unwrap(), None);
}

#[tokio::test]
async fn a_relation_is_created_once_and_deleted() {
    let report = LinkedObjectSide::new("report", "Report").description("Who is managed");
    let new = LinkedObject::new(LinkedObjectSide::new("manager", "Manager"), report);
    let org = Org::with(ResponseTemplate::new(201).set_body_json(manager())).await;
    let made = org.okta.linked_objects().create(&new).await.unwrap();
    let mut body = manager();
    body.as_object_mut().unwrap().remove("_links");
    body["primary"].as_object_mut().unwrap().remove("description");
    org.saw("POST /api/v1/meta/schemas/user/linkedObjects", &[], body).await;
    assert!(made.links.is_some());
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.linked_objects().create(&new).await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
    let org = Org::says_nothing().await;
    org.okta.linked_objects().delete("manager").await.unwrap();
    org.saw("DELETE /api/v1/meta/schemas/user/linkedObjects/manager", &[], Value::Null).await;
}

#[tokio::test]
async fn linked_users_are_given_by_id() {
    let user =
        |id: &str| json!({"_links": {"self": {"href": format!("https://a/api/v1/users/{id}")}}});
    let answer = json!([user("00u2"), user("00u3"), {}]);
    let org = Org::answers(answer.clone()).await;
    let reports = org.okta.users().linked_objects("00u1").list("report").stream();
    let reports: Vec<_> = reports.try_collect().await.unwrap();
    org.saw("GET /api/v1/users/00u1/linkedObjects/report", &[], Value::Null).await;
    let ids: Vec<_> = reports.iter().map(|one| one.user_id().map(|id| id.to_string())).collect();
    assert_eq!(ids, [Some("00u2".to_owned()), Some("00u3".to_owned()), None]);
    assert_eq!(serde_json::to_value(&reports).unwrap(), answer);
}

#[tokio::test]
async fn users_are_linked_and_unlinked() {
    let org = Org::says_nothing().await;
    org.okta.users().linked_objects("00u1").assign("manager", "00u2").await.unwrap();
    org.saw("PUT /api/v1/users/00u1/linkedObjects/manager/00u2", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.users().linked_objects("00u1").unassign("manager").await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/linkedObjects/manager", &[], Value::Null).await;
    // Both end alike when they are done twice.
    let org = Org::refuses(503, "E0000010").await;
    org.okta.users().linked_objects("00u1").assign("manager", "00u2").await.unwrap_err();
    let tries = org.requests().await.len();
    org.okta.users().linked_objects("00u1").unassign("manager").await.unwrap_err();
    assert!(tries > 1 && org.requests().await.len() == 2 * tries);
}

fn owner(last_updated: &str) -> Value {
    json!({"id": "00u1", "type": "USER", "resolved": true, "originId": null,
        "originType": "OKTA_DIRECTORY", "displayName": "Ada Lovelace", "lastUpdated": last_updated})
}

#[tokio::test]
async fn owners_are_listed_with_their_odd_times() {
    let notations =
        ["2026-03-04 10:08:01.0", "Wed Mar 04 10:08:01 UTC 2026", "2026-03-04T10:08:01.000Z"];
    let answer = json!(notations.map(owner));
    let org = Org::answers(answer.clone()).await;
    let list = org.okta.groups().owners("00g1").list().search("type eq \"USER\"").page_size(20);
    let owners: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("search", "type eq \"USER\""), ("limit", "20")];
    org.saw("GET /api/v1/groups/00g1/owners", &query, Value::Null).await;
    assert_eq!(serde_json::to_value(&owners).unwrap(), answer);
    assert_eq!(owners[0].origin_type, Some(GroupOwnerOrigin::OktaDirectory));
    for owner in &owners {
        let assigned = owner.last_updated.as_ref().unwrap().timestamp().unwrap();
        assert_eq!(assigned.to_string(), "2026-03-04T10:08:01Z");
    }
    let wrong = okta_client::DateTime::from("yesterday").timestamp();
    assert!(wrong.is_err());
}

#[tokio::test]
async fn an_owner_is_assigned_once_and_deleted() {
    let answer = owner("Wed Mar 04 10:08:01 UTC 2026");
    let org = Org::with(ResponseTemplate::new(201).set_body_json(answer)).await;
    let owners = org.okta.groups().owners("00g1");
    let assigned = owners.assign("00u1", GroupOwnerType::User).await.unwrap();
    let body = json!({"id": "00u1", "type": "USER"});
    org.saw("POST /api/v1/groups/00g1/owners", &[], body).await;
    assert_eq!((assigned.kind, assigned.resolved), (Some(GroupOwnerType::User), Some(true)));
    let org = Org::refuses(503, "E0000010").await;
    let owners = org.okta.groups().owners("00g1");
    let error = owners.assign("00g2", GroupOwnerType::Group).await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
    let org = Org::says_nothing().await;
    org.okta.groups().owners("00g1").delete("00u1").await.unwrap();
    org.saw("DELETE /api/v1/groups/00g1/owners/00u1", &[], Value::Null).await;
}
