use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use sandbox::{Deliveries, Sandbox};
use serde_json::{Value, json};

use crate::support::Org;

/// An endpoint that takes deliveries.
#[derive(Clone, Default)]
pub(crate) struct Endpoint {
    taken: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    // What the next deliveries are answered.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Endpoint {
    pub(crate) async fn start(&self) -> String {
        let take = async |State(endpoint): State<Endpoint>,
                          headers: HeaderMap,
                          Json(body): Json<Value>| {
            endpoint.taken.lock().unwrap().push((headers, body));
            let answer = endpoint.answers.lock().unwrap().pop().unwrap_or(204);
            StatusCode::from_u16(answer).unwrap()
        };
        let verify = async |headers: HeaderMap| {
            let challenge = headers["x-okta-verification-challenge"].to_str().unwrap();
            Json(json!({"verification": challenge}))
        };
        let router = Router::new().route("/hook", get(verify).post(take)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    pub(crate) fn taken(&self) -> Vec<(HeaderMap, Value)> {
        self.taken.lock().unwrap().clone()
    }

    fn uuids(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        let events = taken.iter().flat_map(|(_, body)| body["data"]["events"].as_array().unwrap());
        events.map(|event| event["uuid"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn hook(uri: &str) -> Value {
    json!({
        "name": "H", "events": {"type": "EVENT_TYPE", "items": ["group.lifecycle.create"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {
            "uri": uri, "headers": [{"key": "x-more", "value": "m"}],
            "authScheme": {"type": "HEADER", "key": "Authorization", "value": "hush"},
        }},
    })
}

pub(crate) async fn verified(org: &Org, endpoint: &Endpoint) -> String {
    let made = org.post("/eventHooks", hook(&endpoint.start().await)).await;
    let path = format!("/eventHooks/{}", made.id());
    assert_eq!(made.body["verificationStatus"], "UNVERIFIED");
    let verified = org.run(&format!("{path}/lifecycle/verify")).await;
    assert_eq!(verified.body["verificationStatus"], "VERIFIED", "{:?}", verified.body);
    path
}

pub(crate) async fn groups(org: &Org, names: std::ops::Range<usize>) -> Vec<String> {
    for name in names {
        org.post("/groups", json!({"profile": {"name": format!("G{name}")}})).await;
    }
    while !org.sandbox.okta().hooks_are_idle() {
        tokio::task::yield_now().await;
    }
    let events = org.sandbox.okta().events();
    let made = events.iter().filter(|event| event["eventType"] == "group.lifecycle.create");
    made.map(|event| event["uuid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_hook_from_birth_to_death() {
    let org = Org::with(2).await;
    let endpoint = Endpoint::default();
    let path = verified(&org, &endpoint).await;
    assert!(!org.get(&path).await.body.to_string().contains("hush"));
    assert_eq!(org.get("/eventHooks").await.items().len(), 1);
    let made = groups(&org, 0..3).await;
    assert_eq!(endpoint.uuids(), made);
    let (headers, body) = endpoint.taken.lock().unwrap()[0].clone();
    assert_eq!(
        (&headers["authorization"], &headers["x-more"]),
        (&"hush".parse().unwrap(), &"m".parse().unwrap())
    );
    assert_eq!(body["eventType"], "com.okta.event_hook");
    assert_eq!(body["source"], format!("{}/api/v1{path}", org.sandbox.okta_url()));
    let elsewhere = org.put(&path, hook("http://127.0.0.1:1/hook")).await;
    assert_eq!(elsewhere.body["verificationStatus"], "UNVERIFIED");
    assert_eq!(org.run(&format!("{path}/lifecycle/verify")).await.code(), (400, "E0000001"));
    assert_eq!(org.delete(&path).await.code(), (400, "E0000001"));
    assert_eq!(org.run(&format!("{path}/lifecycle/deactivate")).await.body["status"], "INACTIVE");
    assert_eq!(org.delete(&path).await.status, 204);
    assert_eq!(org.get(&path).await.code(), (404, "E0000007"));
    groups(&org, 3..5).await;
    assert_eq!(endpoint.uuids().len(), 3);
    let away = org.post("/eventHooks", hook("https://hooks.example.com")).await;
    let away = org.run(&format!("/eventHooks/{}/lifecycle/verify", away.id())).await;
    assert!(away.cause().contains("loopback"), "{:?}", away.body);
}

#[tokio::test]
async fn a_failure_of_the_server_is_repeated_once_and_a_refusal_is_not() {
    let org = Org::with(2).await;
    let endpoint = Endpoint::default();
    verified(&org, &endpoint).await;
    *endpoint.answers.lock().unwrap() = vec![204, 503];
    groups(&org, 0..1).await;
    *endpoint.answers.lock().unwrap() = vec![503, 503];
    groups(&org, 1..2).await;
    *endpoint.answers.lock().unwrap() = vec![401];
    groups(&org, 2..3).await;
    let deliveries = org.sandbox.okta().hook_deliveries();
    let told: Vec<_> = deliveries.iter().map(|d| (d.attempts, d.status)).collect();
    assert_eq!(told, [(2, Some(204)), (2, Some(503)), (1, Some(401))]);
    let failed = org.sandbox.okta().events();
    let failed = failed.iter().filter(|event| event["eventType"] == "event_hook.delivery");
    assert_eq!(failed.count(), 2);
}

#[tokio::test]
async fn deliveries_may_come_twice_and_in_any_order() {
    let patience = Duration::from_secs(3);
    let deliveries = Deliveries { batch: 3, unordered: true, duplicates: true, patience };
    let org = Org::start(Sandbox::builder().people(2).deliveries(deliveries)).await;
    let endpoint = Endpoint::default();
    verified(&org, &endpoint).await;
    let mut made = groups(&org, 0..20).await;
    let mut taken = endpoint.uuids();
    assert_eq!(taken.len(), 2 * made.len());
    taken.sort();
    taken.dedup();
    made.sort();
    assert_eq!(taken, made);
    let largest = org.sandbox.okta().hook_deliveries().iter().map(|d| d.events.len()).max();
    assert!(largest.unwrap() <= 3);
}

#[tokio::test]
async fn a_hook_has_a_safe_address_and_events_that_hooks_are_told_of() {
    let org = Org::with(1).await;
    for uri in ["http://hooks.example.com/x", "ftp://127.0.0.1/x", "hooks", "http://10.0.0.1/x"] {
        let refused = org.post("/eventHooks", hook(uri)).await;
        assert_eq!(refused.code(), (400, "E0000001"), "{uri}");
        assert!(refused.cause().ends_with("must be an https address"), "{}", refused.cause());
    }
    // In the log, never in a hook; and in neither.
    for item in ["application.configuration.update", "group.lifecycle.celebrate"] {
        let mut body = hook("https://hooks.example.com/x");
        body["events"]["items"] = json!(["group.lifecycle.create", item]);
        let refused = org.post("/eventHooks", body).await;
        assert_eq!(refused.code(), (400, "E0000001"), "{item}");
        assert!(refused.cause().contains(item), "{}", refused.cause());
    }
    assert_eq!(org.get("/eventHooks").await.body, json!([]));
}
