//! One test per endpoint of administrator roles.

use futures::TryStreamExt;
use okta_client::{Role, RoleAssignment, RoleAssignmentType, RoleGrantType, RoleStatus, RoleType};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::*;

fn standard() -> Value {
    json!({
        "id": "IFIFAX2BIRGUSTQ", "label": "Application Administrator", "type": "APP_ADMIN",
        "status": "ACTIVE", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z", "assignmentType": "USER",
        "_links": {"assignee": {"href": "https://acme.okta.com/api/v1/users/00u1"}}
    })
}

fn custom() -> Value {
    json!({
        "id": "irb1", "role": "cr01", "label": "User creator", "type": "CUSTOM",
        "status": "INACTIVE", "created": "2026-01-02T03:04:05.000Z", "lastUpdated": null,
        "assignmentType": "GROUP", "resource-set": "iam1",
        "_links": {"role": {"href": "https://acme.okta.com/api/v1/iam/roles/cr01"}}
    })
}

#[tokio::test]
async fn roles_of_a_user_are_listed_and_told_apart() {
    // One of Okta's own that is built like a custom one.
    let mut certifier = custom();
    certifier["type"] = json!("ACCESS_CERTIFICATIONS_ADMIN");
    let answer = json!([standard(), custom(), certifier]);
    let org = Org::answers(answer.clone()).await;
    let roles = org.okta.roles().of_user("00u1").list().await.unwrap();
    org.saw("GET /api/v1/users/00u1/roles", &[], Value::Null).await;
    let custom: Vec<_> = roles.iter().map(RoleAssignment::is_custom).collect();
    assert_eq!(custom, [false, true, false]);
    let RoleAssignment { kind, label, status, assignment_type, .. } = &roles[0];
    assert_eq!(*kind, Some(RoleType::AppAdmin));
    assert_eq!(label.as_deref(), Some("Application Administrator"));
    assert_eq!(
        (status, &roles[1].status),
        (&Some(RoleStatus::Active), &Some(RoleStatus::Inactive))
    );
    assert_eq!(*assignment_type, Some(RoleAssignmentType::User));
    let of = |role: &RoleAssignment| (role.role.clone(), role.resource_set.clone());
    assert_eq!(of(&roles[0]), (None, None));
    assert_eq!(of(&roles[1]), (Some("cr01".to_owned()), Some("iam1".to_owned())));
    assert_eq!(of(&roles[2]), of(&roles[1]));
    assert_eq!(serde_json::to_value(&roles).unwrap(), answer);
}

#[tokio::test]
async fn what_a_role_is_limited_to_is_there_when_asked_for() {
    let mut role = standard();
    let app = json!({"name": "salesforce", "displayName": "Salesforce", "status": "ACTIVE",
        "features": ["PUSH_NEW_USERS"], "signOnModes": ["SAML_2_0"]});
    role["_embedded"] = json!({"targets": {"groups": [group()], "catalog": {"apps": [app]}}});
    let org = Org::answers(json!([role])).await;
    let roles = org.okta.roles().of_user("00u1").list().with_group_targets().await.unwrap();
    org.saw("GET /api/v1/users/00u1/roles", &[("expand", "targets/groups")], Value::Null).await;
    let targets = roles[0].embedded.as_ref().unwrap().get().unwrap().targets.unwrap();
    assert_eq!(targets.groups.unwrap()[0].profile.name(), Some("Engineering"));
    let apps = targets.catalog.unwrap().apps.unwrap();
    assert_eq!(apps[0].display_name.as_deref(), Some("Salesforce"));
    let org = Org::answers(json!([])).await;
    let none = org.okta.roles().of_group("00g1").list().with_app_targets().await.unwrap();
    let query = [("expand", "targets/catalog/apps")];
    org.saw("GET /api/v1/groups/00g1/roles", &query, Value::Null).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn one_role_is_read() {
    let org = Org::answers(standard()).await;
    let role = org.okta.roles().of_user("00u1").get("IFIFAX2BIRGUSTQ").await.unwrap();
    org.saw("GET /api/v1/users/00u1/roles/IFIFAX2BIRGUSTQ", &[], Value::Null).await;
    assert_eq!(org.okta.roles().of_user("00u1").try_get(&role.id).await.unwrap(), Some(role));
    let org = Org::answers(custom()).await;
    let role = org.okta.roles().of_group("00g1").get("irb1").await.unwrap();
    org.saw("GET /api/v1/groups/00g1/roles/irb1", &[], Value::Null).await;
    assert!(role.is_custom());
    assert_eq!(org.okta.roles().of_group("00g1").try_get("irb1").await.unwrap(), Some(role));
    let org = Org::refuses(404, "E0000007").await;
    assert_eq!(org.okta.roles().of_user("00u1").try_get("x").await.unwrap(), None);
    assert_eq!(org.okta.roles().of_group("00g1").try_get("x").await.unwrap(), None);
}

#[tokio::test]
async fn roles_are_assigned_once() {
    let created = |body| ResponseTemplate::new(201).set_body_json(body);
    let org = Org::with(created(standard())).await;
    let role = org.okta.roles().of_user("00u1").assign(RoleType::AppAdmin).await.unwrap();
    org.saw("POST /api/v1/users/00u1/roles", &[], json!({"type": "APP_ADMIN"})).await;
    assert_eq!(role.id.as_str(), "IFIFAX2BIRGUSTQ");
    let org = Org::with(created(custom())).await;
    let assign = org.okta.roles().of_group("00g1").assign(Role::custom("cr01", "iam1"));
    assert!(assign.third_party(true).await.unwrap().is_custom());
    let body = json!({"type": "CUSTOM", "role": "cr01", "resource-set": "iam1"});
    let query = [("disableNotifications", "true")];
    org.saw("POST /api/v1/groups/00g1/roles", &query, body).await;
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.roles().of_user("00u1").assign(RoleType::from("NEW")).await.unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("list the roles"), "{error}");
    let error = org.okta.roles().of_group("00g1").assign(RoleType::OrgAdmin).await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 2, "{error}");
}

#[tokio::test]
async fn roles_are_taken_away() {
    let org = Org::says_nothing().await;
    org.okta.roles().of_user("00u1").unassign("IFIFAX2BIRGUSTQ").await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/roles/IFIFAX2BIRGUSTQ", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.roles().of_group("00g1").unassign("irb1").await.unwrap();
    org.saw("DELETE /api/v1/groups/00g1/roles/irb1", &[], Value::Null).await;
    let org = Org::refuses(404, "E0000007").await;
    assert!(org.okta.roles().of_user("00u1").unassign("x").await.unwrap_err().is_not_found());
}

/// The address that was asked, without its query.
fn address(request: &wiremock::Request) -> String {
    format!("http://{}{}", header(request, "host").unwrap(), request.url.path())
}

/// Administrators 0 to 4, two a page.
fn administrators(request: &wiremock::Request) -> ResponseTemplate {
    let after = request.url.query_pairs().find(|(name, _)| name == "after");
    let from: u64 = after.map_or(0, |(_, after)| after.parse().unwrap());
    let one = |id| json!({"id": format!("00u{id}"), "orn": format!("orn:okta:users:00u{id}")});
    let items: Vec<_> = (from..5.min(from + 2)).map(one).collect();
    let mut body = json!({"value": items, "_links": {}});
    if from + 2 < 5 {
        let next = format!("{}?after={}&limit=2", address(request), from + 2);
        body["_links"]["next"] = json!({"href": next});
    }
    ResponseTemplate::new(200).set_body_json(body)
}

#[tokio::test]
async fn administrators_are_paged_by_the_links_in_the_answer() {
    let org = Org::with(administrators).await;
    let list = || org.okta.roles().administrators().page_size(2);
    let all: Vec<_> = list().stream().try_collect().await.unwrap();
    let ids: Vec<_> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["00u0", "00u1", "00u2", "00u3", "00u4"]);
    assert_eq!(all[0].orn.as_deref(), Some("orn:okta:users:00u0"));
    let queries: Vec<_> =
        org.requests().await.iter().map(|one| one.url.query().unwrap().to_owned()).collect();
    assert_eq!(queries, ["limit=2", "after=2&limit=2", "after=4&limit=2"]);
    let second = list().pages().try_next().await.unwrap().unwrap().next.unwrap();
    let rest: Vec<_> = list().resume(second).stream().try_collect().await.unwrap();
    assert_eq!(rest, all[2..]);
    let org = Org::answers(json!({"value": []})).await;
    let none: Vec<_> = org.okta.roles().administrators().stream().try_collect().await.unwrap();
    org.saw("GET /api/v1/iam/assignees/users", &[], Value::Null).await;
    assert!(none.is_empty());
    // No list at all is no empty list.
    let org = Org::answers(json!({})).await;
    let error = org.okta.roles().administrators().stream().try_next().await.unwrap_err();
    assert!(error.to_string().contains("value"), "{error}");
}

#[tokio::test]
async fn where_a_role_comes_from_is_read() {
    let grant = json!({"type": "ENTITLEMENT-BUNDLE", "grantId": "gra1", "bundleId": "enb1",
        "expirationDate": "2026-12-09 14:17:22.0",
        "_links": {"resources": {"href": "https://acme.okta.com/api/v1/x"}}});
    let answer = json!({"grants": [grant, {"type": "CUSTOM", "grantId": "gra2"}], "_links": {}});
    let org = Org::answers(answer.clone()).await;
    let sources = org.okta.roles().of_user("00u1").governance("r1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/roles/r1/governance", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&sources).unwrap(), answer);
    let grants = sources.grants.unwrap();
    assert_eq!(grants[1].kind, Some(RoleGrantType::Custom));
    let org = Org::answers(grant).await;
    let one = org.okta.roles().of_user("00u1").grant("r1", "gra1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/roles/r1/governance/gra1", &[], Value::Null).await;
    assert_eq!(one, grants[0]);
    let ends = one.expiration_date.unwrap().timestamp().unwrap();
    assert_eq!(ends.to_string(), "2026-12-09T14:17:22Z");
}

#[tokio::test]
async fn the_resources_of_a_source_are_paged_by_the_links_in_the_answer() {
    let org = Org::with(|request: &wiremock::Request| {
        let body = match request.url.query() {
            None => json!({"resources": [{"resource": "orn:a", "label": "A"}],
                "_links": {"next": {"href": format!("{}?after=orn:a", address(request))}}}),
            Some(_) => json!({"resources": [{"resource": "orn:b", "label": null}]}),
        };
        ResponseTemplate::new(200).set_body_json(body)
    })
    .await;
    let resources = org.okta.roles().of_user("00u1").grant_resources("r1", "gra1");
    let resources: Vec<_> = resources.stream().try_collect().await.unwrap();
    let names: Vec<_> = resources.iter().map(|one| one.resource.as_deref().unwrap()).collect();
    assert_eq!(names, ["orn:a", "orn:b"]);
    let requests = org.requests().await;
    let path = "/api/v1/users/00u1/roles/r1/governance/gra1/resources";
    assert!(requests.len() == 2 && requests.iter().all(|one| one.url.path() == path));
}
