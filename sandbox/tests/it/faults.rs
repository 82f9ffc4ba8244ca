use std::collections::HashSet;
use std::time::Duration;

use reqwest::Method;
use sandbox::{Fault, Faults, Sandbox};
use serde_json::json;

use crate::support::{Answer, Org};

const LIST: &str = "GET /api/v1/users";

#[tokio::test]
async fn answers_that_come_instead() {
    let org = Org::with(10).await;
    let faults = org.sandbox.faults();
    faults.next(LIST, Fault::Status(503), 2);
    faults.next(LIST, Fault::RateLimited, 1);
    faults.next(LIST, Fault::ConcurrencyLimited, 1);
    let mut seen = Vec::new();
    for _ in 0..5 {
        let answer = org.get("/users").await;
        seen.push((answer.status, answer.header("x-rate-limit-limit").to_owned()));
    }
    let statuses: Vec<_> = seen.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [503, 503, 429, 429, 200]);
    assert_eq!((seen[2].1.as_str(), seen[3].1.as_str()), ("600", "0"));
    assert_eq!(faults.total(), 4);
    assert_eq!(faults.injected()[&Fault::Status(503)], 2);
}

#[tokio::test]
async fn only_the_route_it_is_for() {
    let org = Org::with(10).await;
    org.sandbox.faults().next("GET /api/v1/users/{id}", Fault::Status(500), 1);
    assert_eq!(org.get("/users").await.status, 200);
    assert_eq!(org.get("/users/me/groups").await.status, 200);
    assert_eq!(org.get("/users/me").await.code(), (500, "E0000009"));
    assert_eq!(org.get("/users/me").await.status, 200);
}

#[tokio::test]
async fn a_closed_connection_gives_no_answer_and_does_nothing() {
    let org = Org::with(10).await;
    let id = org.sandbox.okta().user_id(3);
    org.sandbox.faults().next("DELETE /api/v1/users/{id}", Fault::Close, 1);
    let broken = org.request(Method::DELETE, &format!("/users/{id}")).send().await;
    assert!(broken.is_err(), "{broken:?}");
    assert_ne!(org.status_of(&id).await, "DEPROVISIONED");
}

#[tokio::test]
async fn a_cut_answer_starts_and_its_work_is_done() {
    let org = Org::with(10).await;
    org.sandbox.faults().next(LIST, Fault::Cut, 1);
    let response = org.request(Method::GET, "/users").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    // Also where the answer has no body that could be cut.
    let id = org.sandbox.okta().user_id(3);
    org.sandbox.faults().next("DELETE /api/v1/users/{id}", Fault::Cut, 1);
    let broken = org.request(Method::DELETE, &format!("/users/{id}")).send().await;
    assert!(broken.is_err(), "{broken:?}");
    assert_eq!(org.status_of(&id).await, "DEPROVISIONED");
}

#[tokio::test]
async fn a_truncated_answer_is_whole_for_http() {
    let org = Org::with(10).await;
    let whole = org.request(Method::GET, "/users").send().await.unwrap().text().await.unwrap();
    org.sandbox.faults().next(LIST, Fault::Truncated, 1);
    let response = org.request(Method::GET, "/users").send().await.unwrap();
    assert_eq!(response.content_length(), Some(whole.len() as u64 / 2));
    let text = response.bytes().await.unwrap();
    assert_eq!(text, whole.as_bytes()[..whole.len() / 2]);
}

#[tokio::test]
async fn a_slow_answer_outlasts_the_caller_and_its_work_is_done() {
    let org = Org::with(10).await;
    org.sandbox.faults().next(LIST, Fault::Slow(Duration::from_millis(1)), 1);
    assert_eq!(org.get("/users").await.items().len(), 10);
    let id = org.sandbox.okta().user_id(3);
    let hour = Fault::Slow(Duration::from_secs(3_600));
    org.sandbox.faults().next("DELETE /api/v1/users/{id}", hour, 1);
    let delete = org.request(Method::DELETE, &format!("/users/{id}"));
    let error = delete.timeout(Duration::from_millis(500)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(org.status_of(&id).await, "DEPROVISIONED");
}

#[tokio::test]
async fn by_rate_every_usual_kind_happens_on_both_servers() {
    let kinds: Vec<Fault> =
        Fault::USUAL.into_iter().filter(|f| !matches!(f, Fault::Slow(_))).collect();
    let faults = Faults::rate(0.5).seed(3).kinds(kinds.clone());
    let org = Org::start(Sandbox::builder().people(10).faults(faults)).await;
    let mut okta = HashSet::new();
    let mut pendo = HashSet::new();
    for _ in 0..100 {
        okta.insert(outcome(org.request(Method::GET, "/users")).await);
        let url = format!("{}/api/v1/token/verify", org.sandbox.pendo_url());
        let verify = org.http.get(url).header("x-pendo-integration-key", org.sandbox.pendo_key());
        pendo.insert(outcome(verify).await);
    }
    let expected: HashSet<String> =
        ["200", "429", "500", "503", "closed", "cut"].map(String::from).into();
    assert_eq!(okta, expected);
    assert_eq!(pendo, expected);
    let injected = org.sandbox.faults().injected();
    assert!(kinds.iter().all(|kind| injected[kind] > 0), "{injected:?}");
    org.sandbox.faults().set(Faults::none());
    assert_eq!(org.get("/users").await.status, 200);
}

async fn outcome(request: reqwest::RequestBuilder) -> String {
    let Ok(response) = request.send().await else {
        return "closed".to_owned();
    };
    let status = response.status().as_u16().to_string();
    if response.bytes().await.is_ok() { status } else { "cut".to_owned() }
}

#[tokio::test]
async fn faults_can_be_kept_to_some_routes() {
    let faults = Faults::rate(1.0)
        .kinds([Fault::Status(500)])
        .on(["GET /api/v1/groups", "GET /api/v1/users/*"]);
    let org = Org::start(Sandbox::builder().people(10).faults(faults)).await;
    assert_eq!(org.get("/users").await.status, 200);
    assert_eq!(org.get("/users/me").await.status, 500);
    assert_eq!(org.get("/groups").await.status, 500);
    let created = org.post("/groups", json!({"profile": {"name": "g"}})).await;
    assert_eq!(created.status, 200);
}

#[tokio::test]
async fn a_dropped_sandbox_stops() {
    let org = Org::with(3).await;
    let url = format!("{}/api/v1/users", org.sandbox.okta_url());
    assert_eq!(Answer::of(org.http.get(&url)).await.status, 401);
    let Org { sandbox, http } = org;
    drop(sandbox);
    // The servers end as soon as they notice; a call that was let in before is answered.
    while http.get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}
