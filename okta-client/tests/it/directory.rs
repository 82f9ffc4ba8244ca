//! One test per endpoint of user types, profile mappings, and the org itself.

use futures::TryStreamExt;
use okta_client::{OrgSettings, OrgStatus, Pipeline, ProfileOwner, PushStatus, UserType};
use serde_json::{Value, json};

use crate::support::*;

fn contractor() -> Value {
    json!({
        "id": "oty1", "displayName": "Contractor", "name": "contractor", "description": null,
        "createdBy": "00u1", "lastUpdatedBy": "00u1", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z", "default": false,
        "_links": {"schema": {"rel": "schema", "method": "GET",
            "href": "https://acme.okta.com/api/v1/meta/schemas/user/osc1"}}
    })
}

#[tokio::test]
async fn user_types_are_listed_and_read() {
    let org = Org::answers(json!([contractor()])).await;
    let types = org.okta.user_types().list().await.unwrap();
    org.saw("GET /api/v1/meta/types/user", &[], Value::Null).await;
    assert_eq!(types[0].display_name.as_deref(), Some("Contractor"));
    assert_eq!((types[0].is_default, types[0].schema_id().as_deref()), (Some(false), Some("osc1")));
    assert_eq!(serde_json::to_value(&types[0]).unwrap(), contractor());

    let org = Org::answers(contractor()).await;
    assert_eq!(org.okta.user_types().get("oty1").await.unwrap(), types[0]);
    org.saw("GET /api/v1/meta/types/user/oty1", &[], Value::Null).await;
    assert!(org.okta.user_types().try_get("oty1").await.unwrap().is_some());
    let org = Org::refuses(404, "E0000007").await;
    assert_eq!(org.okta.user_types().try_get("oty1").await.unwrap(), None);
    assert_eq!(UserType::default().schema_id(), None);
}

#[tokio::test]
async fn a_user_type_is_created_once() {
    let new = UserType::new("contractor", "Contractor").description("For a while");
    let org = Org::answers(contractor()).await;
    assert_eq!(org.okta.user_types().create(&new).await.unwrap().id.as_str(), "oty1");
    let body =
        json!({"name": "contractor", "displayName": "Contractor", "description": "For a while"});
    org.saw("POST /api/v1/meta/types/user", &[], body).await;
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.user_types().create(&new).await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
}

#[tokio::test]
async fn a_user_type_is_updated_and_replaced() {
    let read: UserType = serde_json::from_value(contractor()).unwrap();
    let org = Org::answers(contractor()).await;
    let changes = UserType::default().display_name("Contractors");
    org.okta.user_types().update("oty1", &changes).await.unwrap();
    let line = "POST /api/v1/meta/types/user/oty1";
    org.saw(line, &[], json!({"displayName": "Contractors"})).await;
    // What was read may be given too; its name cannot be changed and is not sent.
    let org = Org::answers(contractor()).await;
    org.okta.user_types().update("oty1", &read.clone().description("x")).await.unwrap();
    org.saw(line, &[], json!({"displayName": "Contractor", "description": "x"})).await;
    for (replaced, description) in [(read.clone(), ""), (read.description("x"), "x")] {
        let org = Org::answers(contractor()).await;
        org.okta.user_types().replace("oty1", &replaced).await.unwrap();
        let body =
            json!({"name": "contractor", "displayName": "Contractor", "description": description});
        org.saw("PUT /api/v1/meta/types/user/oty1", &[], body).await;
    }
}

#[tokio::test]
async fn a_user_type_that_is_cleaned_up_is_deleted_in_the_end() {
    let org = Org::says_nothing().await;
    org.okta.user_types().delete("oty1").await.unwrap();
    org.saw("DELETE /api/v1/meta/types/user/oty1", &[], Value::Null).await;
    let server = wiremock::MockServer::start().await;
    let busy = wiremock::Mock::given(wiremock::matchers::any());
    busy.respond_with(refusal(500, "E0000009")).up_to_n_times(3).mount(&server).await;
    let gone = wiremock::Mock::given(wiremock::matchers::any());
    gone.respond_with(wiremock::ResponseTemplate::new(204)).mount(&server).await;
    builder(&server.uri()).build().unwrap().user_types().delete("oty1").await.unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

fn mapping() -> Value {
    json!({
        "id": "prm1",
        "source": {"id": "oty1", "name": "user", "type": "user", "_links": {}},
        "target": {"id": "0oa1", "name": "acme_app", "type": "appuser", "new": null},
        "properties": {
            "email": {"expression": "user.email", "pushStatus": "PUSH"},
            "userName": {"expression": "user.login", "pushStatus": "DONT_PUSH", "new": 1},
            "gone": null
        },
        "_links": {"self": {"href": "https://acme.okta.com/api/v1/mappings/prm1"}}
    })
}

#[tokio::test]
async fn mappings_are_listed_by_either_side() {
    let mut listed = mapping();
    listed.as_object_mut().unwrap().remove("properties");
    let org = Org::answers(json!([listed])).await;
    let list = org.okta.mappings().list().source("oty1").target("0oa1").page_size(200);
    let mappings: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("sourceId", "oty1"), ("targetId", "0oa1"), ("limit", "200")];
    org.saw("GET /api/v1/mappings", &query, Value::Null).await;
    let target = mappings[0].target.as_ref().unwrap();
    assert_eq!((target.id.as_deref(), &target.owner), (Some("0oa1"), &Some(ProfileOwner::AppUser)));
    assert_eq!((&mappings[0].properties, mappings[0].attribute("email")), (&None, None));
    assert_eq!(serde_json::to_value(&mappings[0]).unwrap(), listed);
}

#[tokio::test]
async fn a_mapping_is_a_map_of_attributes() {
    let org = Org::answers(mapping()).await;
    let read = org.okta.mappings().get("prm1").await.unwrap();
    org.saw("GET /api/v1/mappings/prm1", &[], Value::Null).await;
    let user_name = read.attribute("userName").unwrap();
    assert_eq!(user_name.expression.as_deref(), Some("user.login"));
    assert_eq!(user_name.push_status, Some(PushStatus::DontPush));
    assert_eq!((read.attribute("gone"), read.attribute("other")), (None, None));
    assert_eq!(serde_json::to_value(&read).unwrap(), mapping());
}

#[tokio::test]
async fn a_mapping_is_changed_and_attributes_are_taken_out() {
    let org = Org::answers(mapping()).await;
    let update = org.okta.mappings().update("prm1").set("email", "user.email", PushStatus::Push);
    let update = update.set("userName", "user.login", PushStatus::DontPush).remove("costCenter");
    assert_eq!(update.await.unwrap().id.as_str(), "prm1");
    let body = json!({"properties": {
        "email": {"expression": "user.email", "pushStatus": "PUSH"},
        "userName": {"expression": "user.login", "pushStatus": "DONT_PUSH"},
        "costCenter": null
    }});
    org.saw("POST /api/v1/mappings/prm1", &[], body).await;
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.mappings().update("prm1").remove("a").await.unwrap_err();
    assert!(!error.is_unclear() && org.requests().await.len() > 1, "{error}");
}

fn settings() -> Value {
    json!({
        "id": "00o1", "subdomain": "acme", "companyName": "Acme", "status": "ACTIVE",
        "expiresAt": null, "created": "2021-04-13T05:55:29.000Z", "lastUpdated": null,
        "website": "https://acme.example", "phoneNumber": "", "endUserSupportHelpURL": "",
        "supportPhoneNumber": "", "address1": null, "address2": null, "city": null,
        "state": null, "country": null, "postalCode": null, "fromTomorrow": [1],
        "_links": {"logo": {"href": "https://acme.okta.com/logo", "hints": {"allow": ["POST"]}}}
    })
}

#[tokio::test]
async fn the_orgs_settings_are_read_and_changed() {
    let org = Org::answers(settings()).await;
    let read = org.okta.org().get().await.unwrap();
    org.saw("GET /api/v1/org", &[], Value::Null).await;
    assert_eq!(
        (&read.status, read.company_name.as_deref()),
        (&Some(OrgStatus::Active), Some("Acme"))
    );
    assert_eq!(read.links.as_ref().unwrap().get().unwrap().len(), 1);
    assert_eq!(serde_json::to_value(&read).unwrap(), settings());

    let org = Org::answers(settings()).await;
    let changes = OrgSettings::default().support_phone_number("1").city("");
    assert_eq!(org.okta.org().update(&changes).await.unwrap(), read);
    org.saw("POST /api/v1/org", &[], json!({"supportPhoneNumber": "1", "city": ""})).await;

    let org = Org::answers(settings()).await;
    org.okta.org().replace(&read.city("London")).await.unwrap();
    let body = json!({
        "companyName": "Acme", "website": "https://acme.example", "phoneNumber": "",
        "endUserSupportHelpURL": "", "supportPhoneNumber": "", "city": "London",
        "fromTomorrow": [1]
    });
    org.saw("PUT /api/v1/org", &[], body).await;
}

#[tokio::test]
async fn the_orgs_metadata() {
    let answer = json!({"id": "00o1", "cell": "op3", "pipeline": "idx",
        "_links": {"organization": {"href": "https://acme.okta.com"}},
        "settings": {"itpEnabled": false, "omEnabled": true, "new": {}}});
    let org = Org::answers(answer.clone()).await;
    let metadata = org.okta.org().metadata().await.unwrap();
    org.saw("GET /.well-known/okta-organization", &[], Value::Null).await;
    assert_eq!(metadata.pipeline, Some(Pipeline::IdentityEngine));
    let settings = metadata.settings.as_ref().unwrap();
    assert_eq!(settings.get::<bool>("itpEnabled").unwrap(), Some(false));
    assert_eq!(serde_json::to_value(&metadata).unwrap(), answer);
}
