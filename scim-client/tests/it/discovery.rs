//! What a server says of itself, in the shapes servers say it.

use scim_types::{Group, User};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::support::*;

fn config() -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true}, "bulk": {"supported": true, "maxOperations": 50},
        "filter": {"supported": false, "maxResults": 200}})
}

fn schema() -> Value {
    json!({"id": "urn:example:acme:2.0:User", "name": "Acme",
        "attributes": [{"name": "badge", "type": "string", "caseExact": true}]})
}

fn user_type() -> Value {
    json!({"id": "User", "name": "User", "endpoint": "/Users",
        "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
        "schemaExtensions": [{"schema": "urn:example:acme:2.0:User", "required": false},
            {"schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "required": true}]})
}

#[tokio::test]
async fn the_configuration_is_read_once() {
    let server = Server::answers(config()).await;
    for _ in 0..2 {
        let config = server.scim.clone();
        let config = config.service_provider_config().await.unwrap();
        assert!(config.patch.as_ref().unwrap().supported);
        assert_eq!(config.bulk.as_ref().unwrap().max_operations, Some(50));
    }
    server.saw("GET /ServiceProviderConfig", Value::Null).await;
}

#[tokio::test]
async fn schemas_come_as_a_list_an_array_or_one() {
    for body in [page(&[schema()], 1), json!([schema()]), schema()] {
        let server = Server::answers(body).await;
        for _ in 0..2 {
            let schemas = server.scim.schemas().await.unwrap();
            assert_eq!(schemas.len(), 1);
            assert!(schemas[0].attributes[0].case_exact);
        }
        server.saw("GET /Schemas", Value::Null).await;
    }
}

#[tokio::test]
async fn resource_types_come_as_a_list_an_array_or_one() {
    for body in [page(&[user_type()], 1), json!([user_type()]), user_type()] {
        let server = Server::answers(body).await;
        for _ in 0..2 {
            let types = server.scim.resource_types().await.unwrap();
            assert_eq!((types[0].name.as_str(), types[0].schema_extensions.len()), ("User", 2));
        }
        server.saw("GET /ResourceTypes", Value::Null).await;
    }
}

#[tokio::test]
async fn answers_without_any_are_errors() {
    for body in [json!([]), page(&[], 0), json!({"message": "hello"}), json!("no")] {
        let server = Server::answers(body.clone()).await;
        assert!(server.scim.schemas().await.is_err(), "{body}");
        assert!(server.scim.resource_types().await.is_err(), "{body}");
    }
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let answer = move |_: &Request| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => ResponseTemplate::new(404),
        _ => ok(config()),
    };
    let server = Server::with(answer).await;
    assert!(server.scim.service_provider_config().await.unwrap_err().is_not_found());
    assert!(server.scim.service_provider_config().await.is_ok());
}

#[tokio::test]
async fn the_schemas_of_a_type_are_the_servers_own() {
    let answer = |request: &Request| match request.url.path() {
        "/scim/v2/Schemas" => ok(json!([schema()])),
        "/scim/v2/ResourceTypes" => ok(user_type()),
        path => panic!("{path}"),
    };
    let server = Server::with(answer).await;
    let users = server.scim.schemas_of::<User>().await.unwrap();
    let badge = "urn:example:acme:2.0:User:badge".parse().unwrap();
    assert!(users.attribute(&badge).unwrap().case_exact);
    assert_eq!(users.extensions().len(), 2);
    assert!(users.attribute(&"userName".parse().unwrap()).unwrap().required);
    let groups = server.scim.schemas_of::<Group>().await.unwrap();
    assert!(groups.attribute(&"displayName".parse().unwrap()).is_some());
    assert_eq!(server.requests().await.len(), 2);
}
