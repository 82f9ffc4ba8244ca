//! One test for each endpoint: what is sent, and what an answer becomes.

use pendo_client::{ErrorKind, Group, IntegrationKey, Kind, Pendo, Region};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{KEY, client};

async fn answer(verb: &str, route: &str, answer: ResponseTemplate) -> (MockServer, Pendo) {
    let server = MockServer::start().await;
    let mock =
        Mock::given(method(verb)).and(path(route)).and(header("x-pendo-integration-key", KEY));
    mock.respond_with(answer).expect(1..).mount(&server).await;
    let pendo = client(&server.uri(), KEY);
    (server, pendo)
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn empty(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

#[tokio::test]
async fn verify() {
    let body = json!({"valid": true, "writeAccess": false, "new": 1});
    let (_server, pendo) = answer("GET", "/api/v1/token/verify", ok(body)).await;
    let access = pendo.verify().await.unwrap();
    assert!(access.valid && !access.write_access);
    for (body, write_access) in [
        (json!({"valid": true, "writeAccess": null}), false),
        (json!({"valid": null, "writeAccess": true}), true),
        (json!({"writeAccess": true}), true),
    ] {
        let (_server, pendo) = answer("GET", "/api/v1/token/verify", ok(body)).await;
        let access = pendo.verify().await.unwrap();
        assert_eq!((access.valid, access.write_access), (true, write_access));
    }
}

#[tokio::test]
async fn verify_says_that_the_address_is_not_the_apis() {
    let nothing = || ResponseTemplate::new(404).set_body_string("404 page not found");
    let (_server, pendo) = answer("GET", "/api/v1/token/verify", nothing()).await;
    let line = pendo.verify().await.unwrap_err().to_string();
    assert!(
        line.contains("page not found") && line.contains("without a path such as /api/v1"),
        "{line}"
    );
}

#[tokio::test]
async fn verify_says_wrong_key_or_wrong_region() {
    let json = ResponseTemplate::new(401).set_body_json(json!({"message": "unauthorized"}));
    let invalid = ok(json!({"valid": false}));
    let writing = ok(json!({"valid": false, "writeAccess": true}));
    for (refusal, cause) in [
        (empty(403), "403 Forbidden"),
        (json, "401 Unauthorized, unauthorized"),
        (invalid, "200 OK, valid: false"),
        (writing, "200 OK, valid: false"),
    ] {
        let (_server, pendo) = answer("GET", "/api/v1/token/verify", refusal).await;
        let error = pendo.verify().await.unwrap_err();
        let line = error.to_string();
        assert!(line.contains("wrong key, or a key of another region"), "{line}");
        assert!(line.contains("ends like one of region eu"), "{line}");
        assert!(!line.contains('\n') && !line.contains(KEY), "{line}");
        assert!(matches!(error.kind(), ErrorKind::Auth(_)));
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, format!("GET /api/v1/token/verify: {cause}"));
    }
}

#[tokio::test]
async fn read_a_visitor() {
    let body = json!({
        "id": "ada@acme.example", "accountIds": null, "lastStartTime": 5,
        "metadata": {"auto": {"firstvisit": 1_735_689_600_000_u64}, "custom": {"okta_department": "R&D"}, "agent": null},
    });
    let (_server, pendo) = answer("GET", "/api/v1/visitor/ada%40acme.example", ok(body)).await;
    let ada = pendo.visitors().get("ada@acme.example").await.unwrap();
    assert_eq!(ada.value(&Group::Custom, "OKTA_department"), Some(&json!("R&D")));
    assert_eq!(ada.value(&Group::Agent, "email"), None);
    assert_eq!((ada.account_ids.len(), &ada.other["lastStartTime"]), (0, &json!(5)));
}

#[tokio::test]
async fn an_unknown_visitor_is_none_or_an_error() {
    let (_server, pendo) = answer("GET", "/api/v1/visitor/nobody", empty(404)).await;
    assert_eq!(pendo.visitors().try_get("nobody").await.unwrap(), None);
    assert!(pendo.visitors().get("nobody").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn harmful_ids_go_as_base64() {
    let server = MockServer::start().await;
    Mock::given(path("/api/v1/visitor/b64_YS9i"))
        .and(header("x-pendo-base64-encoded-params", "true"))
        .respond_with(ok(json!({"id": "a/b"})))
        .expect(1)
        .mount(&server)
        .await;
    let pendo = client(&server.uri(), KEY);
    assert_eq!(pendo.visitors().get("a/b").await.unwrap().id, "a/b");
    let error = pendo.visitors().get("").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "nothing is sent for an empty id");
}

#[tokio::test]
async fn read_an_account() {
    let body = json!({"id": "acme", "metadata": {"agent": {"name": "Acme"}}});
    let (_server, pendo) = answer("GET", "/api/v1/account/acme", ok(body)).await;
    let acme = pendo.accounts().get("acme").await.unwrap();
    assert_eq!(acme.value(&Group::Agent, "name"), Some(&json!("Acme")));
    assert!(pendo.accounts().try_get("acme").await.unwrap().is_some());
}

#[tokio::test]
async fn read_one_value() {
    let route = "/api/v1/metadata/visitor/custom/value/ada%40acme.example/okta_badge";
    for (sent, read) in
        [(json!(17), Some(json!(17))), (json!(["a"]), Some(json!(["a"]))), (json!(null), None)]
    {
        let (_server, pendo) = answer("GET", route, ok(sent)).await;
        let custom = pendo.metadata(Kind::Visitor, Group::Custom);
        assert_eq!(custom.get("ada@acme.example", "okta_badge").await.unwrap(), read);
    }
}

#[tokio::test]
async fn an_unset_value_is_none_only_if_the_visitor_exists() {
    let server = MockServer::start().await;
    Mock::given(path("/api/v1/visitor/ada"))
        .respond_with(ok(json!({"id": "ada"})))
        .mount(&server)
        .await;
    let custom = client(&server.uri(), KEY).metadata(Kind::Visitor, Group::Custom);
    assert_eq!(custom.get("ada", "unset").await.unwrap(), None);
    assert!(custom.get("bob", "unset").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn write_one_value() {
    let server = MockServer::start().await;
    let route = "/api/v1/metadata/visitor/pendo/value/b64_eC95/donotprocess";
    Mock::given(method("PUT"))
        .and(path(route))
        .and(header("x-pendo-base64-encoded-params", "true"))
        .and(header("content-type", "application/json"))
        .and(body_json(true))
        .respond_with(empty(200))
        .expect(1)
        .mount(&server)
        .await;
    let pendo = client(&server.uri(), KEY);
    pendo.metadata(Kind::Visitor, Group::Pendo).set("x/y", "donotprocess", true).await.unwrap();
}

#[tokio::test]
async fn a_bad_field_name_is_never_sent() {
    let server = MockServer::start().await;
    let custom = client(&server.uri(), KEY).metadata(Kind::Visitor, Group::Custom);
    let set = custom.set("ada", "okta-badge", 1).await.unwrap_err();
    let get = custom.get("ada", "9").await.unwrap_err();
    for error in [set, get] {
        assert!(error.to_string().contains("cannot be a field name"), "{error}");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_endpoint_that_is_not_here() {
    let (_server, pendo) = answer("GET", "/api/v1/guide", ok(json!([{"id": "g1"}]))).await;
    let guides: Vec<Value> =
        pendo.request(pendo_client::Method::GET, "/api/v1/guide", []).json().await.unwrap();
    assert_eq!(guides.len(), 1);
}

#[tokio::test]
async fn a_rate_limit_shows_once_an_answer_names_one() {
    let limited = ok(json!({"id": "x"}))
        .insert_header("x-rate-limit-limit", "10")
        .insert_header("x-rate-limit-remaining", "9")
        .insert_header("x-rate-limit-reset", "4102444800");
    let (_server, pendo) = answer("GET", "/api/v1/visitor/x", limited).await;
    assert_eq!(pendo.rate_limits(), []);
    pendo.visitors().get("x").await.unwrap();
    let limits = pendo.rate_limits();
    assert_eq!((limits.len(), limits[0].limit, limits[0].remaining), (1, 10, 9));
}

#[tokio::test]
async fn plain_text_errors_are_readable() {
    let refusal = ResponseTemplate::new(400).set_body_string("missing field mappings\n");
    let (_server, pendo) =
        answer("PUT", "/api/v1/metadata/account/agent/value/acme/plan", refusal).await;
    let error =
        pendo.metadata(Kind::Account, Group::Agent).set("acme", "plan", "gold").await.unwrap_err();
    assert!(error.is_invalid());
    assert_eq!(
        error.to_string(),
        "PUT /api/v1/metadata/{kind}/{group}/value/{id}/{field}: 400 missing field mappings"
    );
}

#[tokio::test]
async fn the_key_shows_nowhere() {
    let (_server, pendo) = answer("GET", "/api/v1/visitor/x", empty(403)).await;
    let error = pendo.visitors().get("x").await.unwrap_err();
    let builder = Pendo::builder(Region::Eu, IntegrationKey::new(KEY));
    for shown in [
        format!("{pendo:?}"),
        format!("{builder:?}"),
        format!("{error:?} {error}"),
        format!("{:?}", pendo.visitors()),
        format!("{:?}", pendo.metadata(Kind::Visitor, Group::Custom)),
        format!("{:?}", pendo.request(pendo_client::Method::GET, "/x", [])),
    ] {
        assert!(!shown.contains("k3y"), "{shown}");
    }
}

#[tokio::test]
async fn everybodys_metadata_page_by_page() {
    use futures::TryStreamExt;

    let page = |after: Option<&str>| {
        let mut pipeline = vec![
            json!({"source": {"visitors": null}}),
            json!({"identified": "visitorId"}),
            json!({"select": {"visitorId": "visitorId", "f_Team": "metadata.custom.team"}}),
            json!({"sort": ["visitorId"]}),
            json!({"limit": 2}),
        ];
        if let Some(after) = after {
            pipeline.insert(2, json!({"filter": format!("visitorId > {after}")}));
        }
        body_json(
            json!({"response": {"mimeType": "application/json"}, "request": {"pipeline": pipeline}}),
        )
    };
    let server = MockServer::start().await;
    let rows = json!({"results": [{"visitorId": "a", "f_Team": "North"}, {"visitorId": "b\"", "f_Team": null}]});
    for (asked, answer) in [
        (page(None), rows),
        (page(Some(r#""b\"""#)), json!({"results": [{"visitorId": "c"}], "startTime": 1})),
    ] {
        let mock = Mock::given(method("POST")).and(path("/api/v1/aggregation")).and(asked);
        mock.respond_with(ok(answer)).expect(1).mount(&server).await;
    }
    let pendo = client(&server.uri(), KEY);
    let reading = || pendo.read_metadata(Kind::Visitor, Group::Custom, ["Team"]).page_size(2);
    let read: Vec<_> = reading().stream().try_collect().await.unwrap();
    let read: Vec<_> = read.iter().map(|one| (one.id(), one.values().get("Team"))).collect();
    assert_eq!(read, [("a", Some(&json!("North"))), ("b\"", None), ("c", None)]);

    for (body, says) in [
        (json!({"results": [{"visitorId": "b"}, {"visitorId": "a"}]}), "order of ids"),
        (json!({"results": [{"visitorId": null}]}), "without an id"),
    ] {
        let (_server, pendo) = answer("POST", "/api/v1/aggregation", ok(body)).await;
        let read = pendo.read_metadata(Kind::Visitor, Group::Custom, ["team"]).stream();
        let error = read.try_collect::<Vec<_>>().await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let refusal = ResponseTemplate::new(422).set_body_string("no such field");
    let (_server, pendo) = answer("POST", "/api/v1/aggregation", refusal).await;
    let read = pendo.read_metadata(Kind::Account, Group::Agent, ["team"]).stream();
    let error = read.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("422"), "{error}");
    let (_server, pendo) =
        answer("POST", "/api/v1/aggregation", ok(json!({"results": null}))).await;
    let read = pendo.read_metadata(Kind::Account, Group::Agent, ["team"]).stream();
    assert!(read.try_collect::<Vec<_>>().await.unwrap().is_empty());
}
