//! The rules, one by one, over the wire.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::options::{BadKey, Empty, ErrorItem, Nulls, UnknownField};
use super::{KEY_HEADER, PendoOptions};
use crate::Sandbox;

struct Subject {
    sandbox: Sandbox,
    http: Client,
}

async fn subject(options: PendoOptions) -> Subject {
    let sandbox = Sandbox::builder().people(400).pendo(options).start().await.unwrap();
    Subject { sandbox, http: Client::new() }
}

async fn usual() -> Subject {
    subject(PendoOptions::default()).await
}

impl Subject {
    fn with_key(&self, key: &str, method: Method, route: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{route}", self.sandbox.pendo_url());
        self.http.request(method, url).header(KEY_HEADER, key)
    }

    fn call(&self, method: Method, route: &str) -> RequestBuilder {
        self.with_key(self.sandbox.pendo_key(), method, route)
    }

    async fn get(&self, route: &str) -> (u16, String) {
        answer(self.call(Method::GET, route).send().await.unwrap()).await
    }

    async fn send(&self, method: Method, route: &str, body: Value) -> (u16, Value) {
        let response = self.call(method, route).json(&body).send().await.unwrap();
        let (status, text) = answer(response).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn push(&self, records: Value) -> (u16, Value) {
        self.send(Method::POST, "/metadata/visitor/custom/value", records).await
    }

    fn email(&self, index: u64) -> String {
        self.sandbox.people().email(index)
    }

    fn record(&self, index: u64, values: Value) -> Value {
        json!({"visitorId": self.email(index), "values": values})
    }

    fn held(&self, index: u64) -> Value {
        self.sandbox.pendo().visitor(&self.email(index)).unwrap()["custom"].clone()
    }
}

async fn answer(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn keys() {
    let subject = usual().await;
    let verify = |key| subject.with_key(key, Method::GET, "/token/verify").send();
    let read_only = subject.sandbox.pendo_read_only_key();
    let (status, body) = answer(verify(read_only).await.unwrap()).await;
    assert_eq!((status, body.as_str()), (200, r#"{"valid":true,"writeAccess":false}"#));
    let (_, body) = answer(verify(subject.sandbox.pendo_key()).await.unwrap()).await;
    assert_eq!(body, r#"{"valid":true,"writeAccess":true}"#);
    assert_eq!(answer(verify("wrong").await.unwrap()).await, (403, String::new()));

    let write = subject.with_key(read_only, Method::POST, "/metadata/visitor/custom/value");
    assert_eq!(answer(write.json(&json!([])).send().await.unwrap()).await, (403, String::new()));

    let strict = subject_with_401().await;
    let refused = strict.with_key("wrong", Method::GET, "/token/verify").send().await.unwrap();
    let (status, body) = answer(refused).await;
    assert_eq!((status, serde_json::from_str::<Value>(&body).is_ok()), (401, true));
}

async fn subject_with_401() -> Subject {
    subject(PendoOptions { bad_key: BadKey::Unauthorized, ..PendoOptions::default() }).await
}

#[tokio::test]
async fn routes_that_do_not_exist() {
    let subject = usual().await;
    for route in ["/visitor", "/nothing", "/metadata/schema/page", "/metadata/visitor/custom/value"]
    {
        let (status, body) = subject.get(route).await;
        assert_eq!((status, body.trim()), (404, "404 page not found"), "{route}");
    }
}

#[tokio::test]
async fn unknown_visitors_and_accounts() {
    let subject = usual().await;
    assert_eq!(subject.get("/visitor/nobody").await, (404, String::new()));
    assert_eq!(subject.get(&format!("/visitor/{}", subject.email(399))).await.0, 404);
    assert_eq!(subject.get("/account/nobody").await, (404, String::new()));
    assert_eq!(subject.get("/account/acme").await.0, 200);
    let options = PendoOptions { unknown_entity_json: true, ..PendoOptions::default() };
    let (status, body) = self::subject(options).await.get("/visitor/nobody").await;
    assert_eq!((status, body.contains("no such entity found")), (404, true));
}

#[tokio::test]
async fn ids_in_base64_only_with_the_header() {
    let subject = usual().await;
    let record = json!([{"visitorId": "a/b?", "values": {"x": 1}}]);
    subject.send(Method::POST, "/metadata/visitor/custom/value?create=true", record).await;
    for (id, marked, status) in [
        ("b64_YS9iPw==", true, 200),
        ("b64_YS9iPw", true, 200),
        ("b64_YS9iPw", false, 404),
        ("a%2Fb%3F", false, 200),
    ] {
        let call = subject.call(Method::GET, &format!("/visitor/{id}"));
        let marked =
            if marked { call.header("x-pendo-base64-encoded-params", "true") } else { call };
        assert_eq!(marked.send().await.unwrap().status().as_u16(), status, "{id}");
    }
}

#[tokio::test]
async fn schema_shows_lower_case_names_and_no_empty_groups() {
    let subject = usual().await;
    let (_, body) = subject.get("/metadata/schema/visitor").await;
    let schema: Value = serde_json::from_str(&body).unwrap();
    assert!(schema.get("custom").is_none());
    assert_eq!(schema["auto"]["accountids"]["ElementType"], "string");
    subject.push(json!([subject.record(0, json!({"okta_Badge": 1}))])).await;
    let schema = subject.sandbox.pendo().schema("visitor").unwrap();
    let expected = json!({"okta_badge": {"Type": "string", "DisplayName": "okta_Badge"}});
    assert_eq!(schema["custom"], expected);
    assert_eq!(subject.held(0), json!({"okta_badge": 1}));
}

#[tokio::test]
async fn schema_creation() {
    let subject = usual().await;
    let create = |body| subject.send(Method::POST, "/metadata/schema/visitor/custom", body);
    let field = |name: &str, kind: &str| json!({"name": name, "displayname": name, "type": kind});
    let (status, body) = create(json!([field("A", "number")])).await;
    assert_eq!((status, &body["summary"]), (201, &json!({"created": 1, "failed": 0, "total": 1})));
    let (status, body) = create(json!([field("a", "time"), field("b", "time")])).await;
    assert_eq!((status, &body["results"][0]["error"]["message"]), (207, &json!("already exists")));
    assert_eq!(body["results"][1], json!({"schema": field("b", "time"), "status": "created"}));
    assert_eq!(create(json!([field("a", "time"), field("b", "time")])).await.0, 409);
    assert_eq!(create(json!([field("9", "time")])).await.0, 422);
    assert_eq!(create(json!([field("c", "list")])).await.0, 422);
    assert_eq!(create(json!(field("c", "time"))).await.0, 400);
    let many: Vec<_> = (0..25).map(|n| field(&format!("f{n}"), "string")).collect();
    assert_eq!(create(json!(many)).await.0, 400);
    assert_eq!(create(json!(many[..24])).await.0, 201);
}

#[tokio::test]
async fn schema_deletion_and_return() {
    let subject = usual().await;
    let field = json!([{"name": "x", "type": "string"}]);
    subject.send(Method::POST, "/metadata/schema/visitor/custom", field.clone()).await;
    let delete = |name: &str| {
        subject.call(Method::DELETE, &format!("/metadata/schema/visitor/custom/{name}")).send()
    };
    assert_eq!(delete("x").await.unwrap().status(), 200);
    assert_eq!(delete("x").await.unwrap().status(), 202);
    assert_eq!(delete("y").await.unwrap().status(), 404);
    let (status, _) = subject.push(json!([subject.record(0, json!({"x": "lost"}))])).await;
    assert_eq!((status, subject.held(0)), (200, json!({})));
    let (_, body) = subject.send(Method::POST, "/metadata/schema/visitor/custom", field).await;
    assert_eq!(body["summary"], json!({"created": 0, "failed": 0, "undeleted": 1, "total": 1}));
}

#[tokio::test]
async fn bulk_outcomes() {
    let subject = usual().await;
    subject.sandbox.pendo().refuse(subject.email(1));
    let records = [0, 1, 399].map(|n| subject.record(n, json!({"n": n})));
    let (status, body) = subject.push(json!(records)).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({
            "total": 3, "updated": 1, "failed": 2, "missing": [subject.email(399)],
            "errors": [{"id": subject.email(1), "error": "refused"}],
        })
    );
    let route = "/metadata/visitor/custom/value?create=true";
    let (_, body) = subject.send(Method::POST, route, json!([records[2]])).await;
    assert_eq!(body, json!({"total": 1, "updated": 1, "failed": 0}));
    assert_eq!(
        (subject.held(399), subject.sandbox.pendo().visitor_count()),
        (json!({"n": 399}), 400)
    );
    assert_eq!(subject.push(json!([])).await.1, json!({"total": 0, "updated": 0, "failed": 0}));
}

#[tokio::test]
async fn bulk_merges_and_the_last_of_one_id_wins() {
    let subject = usual().await;
    let records = json!([
        subject.record(0, json!({"a": 1, "b": 1})),
        subject.record(0, json!({"a": 2})),
        subject.record(0, json!({"b": null})),
    ]);
    assert_eq!(subject.push(records).await.1["total"], 3);
    assert_eq!(subject.held(0), json!({"a": 2}));
}

#[tokio::test]
async fn bulk_refusals_apply_nothing() {
    let subject = usual().await;
    let good = subject.record(0, json!({"a": 1}));
    subject.sandbox.pendo().poison(subject.email(5));
    for records in [
        json!({"visitorId": "x"}),
        json!([good, {"values": {"a": 1}}]),
        json!([good, {"accountId": "acme", "values": {}}]),
        json!([good, subject.record(5, json!({"a": 1}))]),
    ] {
        assert_eq!(subject.push(records).await.0, 400);
    }
    for group in ["auto", "okta", "nonsense"] {
        let route = format!("/metadata/visitor/{group}/value");
        assert_eq!(subject.send(Method::POST, &route, json!([good])).await.0, 400);
    }
    let agent = subject.send(Method::POST, "/metadata/visitor/agent/value", json!([good])).await;
    assert_eq!(agent, (400, json!("missing field mappings")));
    assert_eq!(
        (subject.sandbox.pendo().written_count(), subject.sandbox.pendo().stats().updated),
        (0, 0)
    );
}

#[tokio::test]
async fn typed_fields_take_only_their_type() {
    let subject = usual().await;
    let kinds = ["string", "number", "time", "boolean"];
    let fields: Vec<_> = kinds.iter().map(|kind| json!({"name": kind, "type": kind})).collect();
    subject.send(Method::POST, "/metadata/schema/visitor/custom", json!(fields)).await;
    let good =
        json!({"string": "x", "number": 1.5, "time": "2026-01-01T00:00:00Z", "boolean": true});
    assert_eq!(subject.push(json!([subject.record(0, good)])).await.1["updated"], 1);
    for bad in [
        json!({"string": 1}),
        json!({"number": "1"}),
        json!({"time": false}),
        json!({"boolean": 0}),
    ] {
        let (status, body) = subject.push(json!([subject.record(0, bad)])).await;
        assert_eq!(
            (status, &body["updated"], &body["errors"][0]["id"]),
            (200, &json!(0), &json!(subject.email(0)))
        );
    }
}

#[tokio::test]
async fn limits_of_one_call() {
    let options = PendoOptions { max_records: Some(2), ..PendoOptions::default() };
    let subject = subject(options).await;
    let records: Vec<_> = (0..3).map(|n| subject.record(n, json!({"n": n}))).collect();
    assert_eq!(subject.push(json!(records)).await.0, 413);
    assert_eq!(subject.push(json!(records[..2])).await.0, 200);

    let options = PendoOptions { time_out_after: Some(2), ..PendoOptions::default() };
    let subject = self::subject(options).await;
    assert_eq!(subject.push(json!(records)).await.0, 408);
    assert_eq!(subject.sandbox.pendo().written_count(), 2, "part is applied");
    assert_eq!(subject.push(json!(records[..2])).await.0, 200);

    let options = PendoOptions { max_bytes: Some(100), ..PendoOptions::default() };
    assert_eq!(self::subject(options).await.push(json!(records)).await.0, 413);
}

#[tokio::test]
async fn switches_of_the_answer() {
    let empty = |empty| PendoOptions { empty, ..PendoOptions::default() };
    let none = json!([]);
    let body = subject(empty(Empty::List)).await.push(none.clone()).await.1;
    assert_eq!((&body["missing"], &body["errors"]), (&json!([]), &json!([])));
    let body = subject(empty(Empty::Null)).await.push(none.clone()).await.1;
    assert!(body.get("missing").is_some_and(Value::is_null) && body.get("errors").is_some());
    for (error_item, errors) in [
        (ErrorItem::Text, json!(["x"])),
        (ErrorItem::Anonymous, json!([{"error": "refused"}])),
        (ErrorItem::Absent, Value::Null),
    ] {
        let subject = subject(PendoOptions { error_item, ..PendoOptions::default() }).await;
        subject.sandbox.pendo().refuse("x");
        let body = subject.push(json!([{"visitorId": "x", "values": {}}])).await.1;
        assert_eq!((&body["failed"], &body["errors"]), (&json!(1), &errors));
    }
}

#[tokio::test]
async fn switches_of_values() {
    let options =
        PendoOptions { take_lists: false, nulls: Nulls::Ignore, ..PendoOptions::default() };
    let subject = subject(options).await;
    assert_eq!(subject.push(json!([subject.record(0, json!({"a": ["x"]}))])).await.1["failed"], 1);
    subject.push(json!([subject.record(0, json!({"a": 1}))])).await;
    subject.push(json!([subject.record(0, json!({"a": null}))])).await;
    assert_eq!(subject.held(0), json!({"a": 1}));

    let options = PendoOptions {
        unknown_field: UnknownField::Refuse,
        nulls: Nulls::Refuse,
        ..PendoOptions::default()
    };
    let subject = self::subject(options).await;
    assert_eq!(subject.push(json!([subject.record(0, json!({"a": 1}))])).await.0, 400);
    let field = json!([{"name": "a", "type": "number"}]);
    subject.send(Method::POST, "/metadata/schema/visitor/custom", field).await;
    assert_eq!(subject.push(json!([subject.record(0, json!({"a": null}))])).await.1["failed"], 1);

    let options = PendoOptions {
        made_field_type: String::new(),
        okta_group: true,
        ..PendoOptions::default()
    };
    let subject = self::subject(options).await;
    subject.push(json!([subject.record(0, json!({"a": 1}))])).await;
    assert_eq!(subject.sandbox.pendo().schema("visitor").unwrap()["custom"]["a"]["Type"], "");
    let okta = subject.send(Method::POST, "/metadata/visitor/okta/value", json!([])).await;
    assert_eq!(okta.0, 200);
}

#[tokio::test]
async fn single_values() {
    let subject = usual().await;
    let id = subject.email(0);
    let route = |group: &str, field: &str| format!("/metadata/visitor/{group}/value/{id}/{field}");
    assert_eq!(subject.send(Method::PUT, &route("custom", "A"), json!(5)).await.0, 200);
    assert_eq!(subject.get(&route("custom", "a")).await, (200, "5".into()));
    assert_eq!(subject.get(&route("custom", "b")).await.0, 404);
    assert_eq!(subject.get(&route("auto", "id")).await.1, format!("\"{id}\""));
    assert_eq!(subject.send(Method::PUT, &route("agent", "nope"), json!(5)).await.0, 404);
    let nobody = "/metadata/visitor/custom/value/nobody/a";
    assert_eq!(subject.send(Method::PUT, nobody, json!(5)).await.0, 404);
    assert_eq!(
        subject.send(Method::PUT, &route("pendo", "donotprocess"), json!(true)).await.0,
        200
    );
    assert_eq!(
        subject.send(Method::PUT, &route("pendo", "donotprocess"), json!("yes")).await.0,
        400
    );
    assert_eq!(
        subject.send(Method::PUT, &route("pendo", "blacklistguides"), json!(true)).await.0,
        400
    );
    let shown: Value =
        serde_json::from_str(&subject.get(&format!("/visitor/{id}")).await.1).unwrap();
    assert_eq!(
        (&shown["metadata"]["pendo"], &shown["accountIds"]),
        (&json!({"donotprocess": true}), &json!(["acme"]))
    );

    let options =
        PendoOptions { guide_exclude_list: true, unset_is_null: true, ..PendoOptions::default() };
    let subject = self::subject(options).await;
    assert_eq!(
        subject.send(Method::PUT, &route("pendo", "blacklistguides"), json!(true)).await.0,
        200
    );
    assert_eq!(subject.get(&route("custom", "b")).await, (200, "null".into()));
}

#[tokio::test]
async fn visitor_ids_in_lower_case() {
    let subject = subject(PendoOptions { lowercase_ids: true, ..PendoOptions::default() }).await;
    let records = json!([{"visitorId": subject.email(0).to_uppercase(), "values": {"a": 1}}, {"visitorId": "ABC", "values": {}}]);
    let body = subject.push(records).await.1;
    assert_eq!((&body["updated"], &body["missing"]), (&json!(1), &json!(["abc"])));
    assert_eq!(subject.held(0), json!({"a": 1}));
}

#[tokio::test]
async fn counting_keeps_nothing_and_its_checksum_knows_no_order() {
    let counted = |order: [u64; 3]| async move {
        let options = PendoOptions { count_only: true, ..PendoOptions::default() };
        let subject = subject(options).await;
        for index in order {
            subject.push(json!([subject.record(index, json!({"n": index}))])).await;
        }
        assert_eq!(subject.sandbox.pendo().written_count(), 0);
        subject.sandbox.pendo().stats()
    };
    let (one, other) = (counted([0, 1, 399]).await, counted([399, 1, 0]).await);
    assert_eq!((one.calls, one.records, one.updated, one.missing), (3, 3, 2, 1));
    assert_eq!(one, other);
    assert_ne!(one.checksum, counted([0, 2, 399]).await.checksum);
}

#[tokio::test]
async fn aggregation_pages_by_id_and_refuses_what_it_does_not_know() {
    let subject = usual().await;
    let values = json!({"Team": "R\"D"});
    assert_eq!(subject.push(json!([subject.record(0, values)])).await.0, 200);
    let ask = async |pipeline: Value| {
        let body = json!({"response": {"mimeType": "application/json"}, "request": {"pipeline": pipeline}});
        subject.send(Method::POST, "/aggregation", body).await
    };
    let visitors = || json!({"source": {"visitors": null}});
    let select = json!({"select": {"id": "visitorId", "team": "metadata.custom.team"}});
    let first = json!({"filter": format!("visitorId >= {}", json!(subject.email(0)))});
    let pipeline = json!([visitors(), {"identified": "visitorId"}, first, select, {"sort": ["id"]}, {"limit": 1}]);
    let expected = json!({"results": [{"id": subject.email(0), "team": "R\"D"}]});
    assert_eq!(ask(pipeline).await, (200, expected));
    let (_, all) = ask(json!([visitors(), {"sort": ["visitorId"]}])).await;
    assert_eq!(all["results"].as_array().unwrap().len(), 399);
    let (_, accounts) = ask(json!([{"source": {"accounts": null}}, {"limit": 2}])).await;
    assert_eq!(accounts["results"][1]["accountId"], "globex");
    for wrong in [
        json!([]),
        json!([{"source": {"events": null}}]),
        json!([visitors(), {"filter": "visitorId > ada"}]),
        json!([visitors(), {"fork": []}]),
    ] {
        assert_eq!(ask(wrong.clone()).await.0, 422, "{wrong}");
    }
    assert_eq!(subject.get("/aggregation").await.0, 400);
    let reads =
        subject.with_key(subject.sandbox.pendo_read_only_key(), Method::POST, "/aggregation");
    let body = json!({"request": {"pipeline": [visitors(), {"limit": 1}]}});
    assert_eq!(reads.json(&body).send().await.unwrap().status(), 200);
}
