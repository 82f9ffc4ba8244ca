//! A server that expects certain requests, one after the other.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use scim_client::{Scim, ScimBuilder};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::*;

pub(crate) struct Steps {
    pub(crate) scim: Scim,
    server: MockServer,
    wanted: Vec<(&'static str, Value)>,
}

/// Each step: the request line, its body (null: none), and the answer.
pub(crate) type Step = (&'static str, Value, ResponseTemplate);

pub(crate) async fn steps(steps: Vec<Step>) -> Steps {
    steps_with(|builder| builder, steps).await
}

pub(crate) async fn steps_with(
    set: impl Fn(ScimBuilder) -> ScimBuilder,
    steps: Vec<Step>,
) -> Steps {
    let server = MockServer::start().await;
    let answers: Vec<ResponseTemplate> = steps.iter().map(|step| step.2.clone()).collect();
    let next = AtomicUsize::new(0);
    let answer = move |request: &Request| {
        let at = next.fetch_add(1, SeqCst);
        // A request too many shows in `done`; this status is never repeated.
        let unexpected = || ResponseTemplate::new(418).set_body_string(line(request));
        answers.get(at).cloned().unwrap_or_else(unexpected)
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let scim = set(builder(&format!("{}/scim/v2", server.uri()))).build().unwrap();
    let wanted = steps.into_iter().map(|(line, body, _)| (line, body)).collect();
    Steps { scim, server, wanted }
}

impl Steps {
    /// The requests were exactly those, in that order.
    pub(crate) async fn done(&self) {
        let requests = self.server.received_requests().await.unwrap();
        let seen: Vec<(String, Value)> = requests.iter().map(|r| (line(r), body(r))).collect();
        let wanted: Vec<(String, Value)> =
            self.wanted.iter().map(|(line, body)| ((*line).to_owned(), body.clone())).collect();
        assert_eq!(seen, wanted);
    }

    pub(crate) async fn request(&self, index: usize) -> Request {
        self.server.received_requests().await.unwrap().swap_remove(index)
    }
}

pub(crate) fn body(request: &Request) -> Value {
    match request.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&request.body).unwrap(),
    }
}

/// A PATCH of these operations.
pub(crate) fn patch(operations: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

pub(crate) fn created(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(body)
}

pub(crate) fn nothing() -> ResponseTemplate {
    ResponseTemplate::new(204)
}

/// `base` with these members on top.
pub(crate) fn with(mut base: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}
