//! Reading and creating fields.

use pendo_client::{FieldOutcome, FieldResult, FieldType, Group, Kind, NewField, NewType};
use sandbox::PendoOptions;
use serde_json::json;
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{KEY, client, sandbox};

fn field(name: &str, data_type: NewType) -> NewField {
    NewField::new(name, data_type)
}

fn results(outcomes: &[FieldOutcome]) -> Vec<FieldResult> {
    outcomes.iter().map(|outcome| outcome.result.clone()).collect()
}

#[tokio::test]
async fn read_the_schema() {
    let server = MockServer::start().await;
    let body = json!({"custom": {"okta_hired": {"Type": "time", "DisplayName": "okta_Hired"}}});
    Mock::given(method("GET"))
        .and(path("/api/v1/metadata/schema/account"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .expect(1)
        .mount(&server)
        .await;
    let schema = client(&server.uri(), KEY).schema(Kind::Account).read().await.unwrap();
    assert_eq!(schema.field(&Group::Custom, "okta_Hired").unwrap().data_type, FieldType::Time);
    assert_eq!(schema.groups().len(), 1);
}

#[tokio::test]
async fn what_a_creation_sends() {
    let server = MockServer::start().await;
    let expected = json!([{"name": "okta_badge", "displayname": "Badge", "type": "number"}]);
    Mock::given(method("POST"))
        .and(path("/api/v1/metadata/schema/visitor/custom"))
        .and(body_json(expected))
        .respond_with(ResponseTemplate::new(201))
        .expect(1)
        .mount(&server)
        .await;
    let badge = field("okta_badge", NewType::Number).display_name("Badge");
    let outcomes =
        client(&server.uri(), KEY).schema(Kind::Visitor).create(Group::Custom, [badge]).await;
    assert_eq!(results(&outcomes.unwrap()), [FieldResult::Created]);
}

#[tokio::test]
async fn twenty_four_a_call_and_creating_again_is_fine() {
    for array in ["results", "fields", "zzz"] {
        let options = PendoOptions { schema_array: array.into(), ..PendoOptions::default() };
        let sandbox = sandbox(1, options).await;
        let schema = client(sandbox.pendo_url(), sandbox.pendo_key()).schema(Kind::Visitor);
        let fields: Vec<_> =
            (0..60).map(|n| field(&format!("okta_F{n}"), NewType::Number)).collect();
        // Some are there already: the first call is mixed, the last one all new.
        let first = schema.create(Group::Custom, fields[..10].to_vec()).await.unwrap();
        assert!(results(&first).iter().all(|result| *result == FieldResult::Created));
        let outcomes = schema.create(Group::Custom, fields.clone()).await.unwrap();
        for (index, outcome) in outcomes.iter().enumerate() {
            let expected =
                if index < 10 { FieldResult::AlreadyThere } else { FieldResult::Created };
            assert_eq!((outcome.name.as_str(), &outcome.result), (fields[index].name(), &expected));
        }
        let again = schema.create(Group::Custom, fields).await.unwrap();
        assert!(results(&again).iter().all(|result| *result == FieldResult::AlreadyThere));
        assert_eq!(schema.read().await.unwrap().group(&Group::Custom).unwrap().len(), 60);
    }
}

#[tokio::test]
async fn an_existing_field_of_another_type_is_a_failure() {
    let sandbox = sandbox(1, PendoOptions::default()).await;
    let schema = client(sandbox.pendo_url(), sandbox.pendo_key()).schema(Kind::Account);
    schema.create(Group::Agent, [field("plan", NewType::String)]).await.unwrap();
    let wanted = [field("Plan", NewType::Time), field("seats", NewType::Number)];
    let outcomes = schema.create(Group::Agent, wanted).await.unwrap();
    let FieldResult::Failed { message } = &outcomes[0].result else { panic!("{outcomes:?}") };
    assert!(message.contains("exists with the type string, not time"), "{message}");
    assert_eq!(outcomes[1].result, FieldResult::Created);
}

#[tokio::test]
async fn a_field_that_pendo_does_not_take_fails_alone() {
    let server = MockServer::start().await;
    let bad = |request: &wiremock::Request| {
        let names = String::from_utf8_lossy(&request.body).into_owned();
        match names.contains("\"reserved\"") {
            true => ResponseTemplate::new(422).set_body_string("reserved name"),
            false => ResponseTemplate::new(201),
        }
    };
    Mock::given(method("POST")).respond_with(bad).mount(&server).await;
    let names = ["a", "b", "reserved", "c", "d"];
    let fields = names.map(|name| field(name, NewType::String));
    let schema = client(&server.uri(), KEY).schema(Kind::Visitor);
    let outcomes = schema.create(Group::Custom, fields).await.unwrap();
    for outcome in outcomes {
        match outcome.name.as_str() {
            "reserved" => {
                let message = "422 reserved name".to_owned();
                assert_eq!(outcome.result, FieldResult::Failed { message });
            }
            _ => assert_eq!(outcome.result, FieldResult::Created),
        }
    }
}

#[tokio::test]
async fn a_deleted_field_comes_back() {
    let sandbox = sandbox(1, PendoOptions::default()).await;
    let pendo = client(sandbox.pendo_url(), sandbox.pendo_key());
    let schema = pendo.schema(Kind::Visitor);
    schema.create(Group::Custom, [field("okta_x", NewType::String)]).await.unwrap();
    let route = "/api/v1/metadata/schema/{kind}/{group}/{field}";
    let delete =
        pendo.request(pendo_client::Method::DELETE, route, ["visitor", "custom", "okta_x"]);
    delete.send().await.unwrap();
    assert!(schema.read().await.unwrap().field(&Group::Custom, "okta_x").unwrap().is_deleted);
    let outcomes = schema.create(Group::Custom, [field("okta_x", NewType::String)]).await.unwrap();
    assert_eq!(results(&outcomes), [FieldResult::Undeleted]);
}

#[tokio::test]
async fn names_are_checked_before_anything_is_sent() {
    let server = MockServer::start().await;
    let schema = client(&server.uri(), KEY).schema(Kind::Visitor);
    let fields = [field("good", NewType::String), field("not good", NewType::String)];
    let error = schema.create(Group::Custom, fields).await.unwrap_err();
    assert!(error.to_string().contains("`not good` cannot be a field name"), "{error}");
    assert!(schema.create(Group::Custom, []).await.unwrap().is_empty());
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_read_only_key_is_an_error() {
    let sandbox = sandbox(1, PendoOptions::default()).await;
    let schema = client(sandbox.pendo_url(), sandbox.pendo_read_only_key()).schema(Kind::Visitor);
    assert!(schema.read().await.is_ok());
    let error = schema.create(Group::Custom, [field("a", NewType::Time)]).await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("without write access"), "{error}");
}
