//! Calls to the endpoints of event hooks.

use std::time::Duration;

use http::StatusCode;
use reqwest::{Client, Url};
use serde_json::{Value, json};

use super::{Hook, State};
use crate::okta::log::{By, Event, Target, request_id, uuid};
use crate::okta::{OktaOrg, now};

/// How long an endpoint may take, as Okta documents it.
const PATIENCE: Duration = Duration::from_secs(3);

/// How event hooks are delivered: to `http` on loopback only, where Okta wants https. A hook with another
/// address can be registered, but not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// At most so many events in one request.
    pub batch: usize,
    /// Whether later events may come before earlier ones, as Okta allows itself.
    pub unordered: bool,
    /// Whether each request is sent twice, as "at least once" allows.
    pub duplicates: bool,
    /// How long an endpoint may take to answer; Okta's three seconds unless told otherwise.
    pub patience: Duration,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { batch: 10, unordered: false, duplicates: false, patience: PATIENCE }
    }
}

/// A delivery that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The id of the hook.
    pub hook: String,
    /// The `eventId` of the body.
    pub event_id: String,
    /// The uuids of the events in it.
    pub events: Vec<String>,
    /// How often it was sent.
    pub attempts: usize,
    /// The status of the last answer; none if there was no answer in time.
    pub status: Option<u16>,
}

impl Delivery {
    /// Whether the endpoint took it.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Starts a task for each hook that has events waiting and none yet.
pub(crate) fn deliver(org: &OktaOrg, state: &mut State) {
    // Without a runtime, they wait for the next change that is made in one.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let idle = |hook: &&mut Hook| !hook.is_delivering && !hook.waiting.is_empty();
    for hook in state.hooks.values_mut().filter(idle) {
        hook.is_delivering = true;
        // The org must be able to end while its hooks are slow.
        runtime.spawn(run(org.downgrade(), hook.position));
    }
}

async fn run(org: super::super::WeakOrg, position: u64) {
    while let Some((hook, bodies)) = org.upgrade().and_then(|org| take(&org, position)) {
        for body in &bodies {
            let Some(options) = org.upgrade().map(|org| org.deliveries()) else {
                return;
            };
            let delivery = send(&hook, body, options.patience).await;
            let Some(org) = org.upgrade() else {
                return;
            };
            log(&org, &hook, delivery);
        }
    }
}

/// The next bodies to send; none, and the task is over, when no events wait.
fn take(org: &OktaOrg, position: u64) -> Option<(Hook, Vec<Value>)> {
    let options = org.deliveries();
    let mut state = org.write_without_event();
    let hook = state.hooks.get_mut(&position)?;
    let mut events: Vec<Box<str>> = match options.unordered {
        true => hook.waiting.drain(..).collect(),
        false => hook.waiting.drain(..options.batch.max(1).min(hook.waiting.len())).collect(),
    };
    hook.is_delivering = !events.is_empty();
    if events.is_empty() {
        return None;
    }
    if options.unordered {
        fastrand::shuffle(&mut events);
    }
    let mut bodies: Vec<Value> =
        events.chunks(options.batch.max(1)).map(|events| body(org, hook, events)).collect();
    if options.duplicates {
        bodies = bodies.into_iter().flat_map(|body| [body.clone(), body]).collect();
    }
    let hook = Hook { waiting: Default::default(), ..hook.clone() };
    Some((hook, bodies))
}

fn body(org: &OktaOrg, hook: &Hook, events: &[Box<str>]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .map(as_delivered)
        .collect();
    json!({
        "eventType": "com.okta.event_hook",
        "eventTypeVersion": "1.0",
        "cloudEventsVersion": "0.1",
        "source": format!("{}/api/v1/eventHooks/{}", org.origin(), hook.id()),
        "eventId": uuid(),
        "data": {"events": events},
        "eventTime": now(),
        "contentType": "application/json",
    })
}

// In a delivery the addresses of the request are the client's.
fn as_delivered(mut event: Value) -> Value {
    let chain = event["request"]["ipChain"].take();
    if let Some(members) = event.as_object_mut() {
        members.remove("request");
        members.insert("insertionTimestamp".to_owned(), Value::Null);
    }
    if event["client"].is_object() {
        event["client"]["ipChain"] = chain;
    }
    event
}

/// Sends once, and once more after a time-out or a failure of the server.
async fn send(hook: &Hook, body: &Value, patience: Duration) -> Delivery {
    let mut status = None;
    let mut attempts = 0;
    while attempts < 2 {
        attempts += 1;
        status = post(hook, body, patience).await;
        if status.is_some_and(|status| !status.is_server_error()) {
            break;
        }
    }
    let uuids = body["data"]["events"].as_array().into_iter().flatten();
    Delivery {
        hook: hook.id(),
        event_id: body["eventId"].as_str().unwrap_or_default().to_owned(),
        events: uuids.filter_map(|event| event["uuid"].as_str().map(str::to_owned)).collect(),
        attempts,
        status: status.map(|status| status.as_u16()),
    }
}

async fn post(hook: &Hook, body: &Value, patience: Duration) -> Option<StatusCode> {
    let url = local(&hook.uri).ok()?;
    let request = with_headers(client()?.post(url), hook).json(body).timeout(patience);
    request.send().await.ok().map(|answer| answer.status())
}

/// The one GET by which an endpoint shows that it is the owner's; the error says what went wrong.
pub(super) async fn verify(hook: &Hook) -> Result<(), String> {
    let url = local(&hook.uri)?;
    let client = client().ok_or("The endpoint cannot be called.")?;
    let challenge = request_id();
    let request = with_headers(client.get(url), hook)
        .header("x-okta-verification-challenge", &challenge)
        .timeout(PATIENCE);
    let answer = request.send().await.map_err(|_| "The endpoint did not answer in time.")?;
    if answer.status() != StatusCode::OK {
        return Err(format!("The endpoint answered {}.", answer.status().as_u16()));
    }
    let body: Value = answer.json().await.map_err(|_| "The endpoint's answer is not JSON.")?;
    match body["verification"] == challenge.as_str() {
        true => Ok(()),
        false => Err("The endpoint did not repeat the challenge as `verification`.".to_owned()),
    }
}

fn with_headers(mut request: reqwest::RequestBuilder, hook: &Hook) -> reqwest::RequestBuilder {
    for (name, value) in &hook.headers {
        request = request.header(name, value);
    }
    match &hook.secret {
        Some(secret) => request.header(&secret.key, &secret.value),
        None => request,
    }
}

fn client() -> Option<Client> {
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().ok()
}

/// Whether the sandbox can call it.
pub(super) fn is_local(uri: &str) -> bool {
    local(uri).is_ok()
}

fn local(uri: &str) -> Result<Url, String> {
    let url: Url = uri.parse().map_err(|_| format!("channel.config.uri: `{uri}` is no URL."))?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match is_local && url.scheme() == "http" {
        true => Ok(url),
        false => Err("The sandbox calls http on loopback only.".to_owned()),
    }
}

// A delivery that failed appears in the log, as at Okta.
fn log(org: &OktaOrg, hook: &Hook, delivery: Delivery) {
    if !delivery.succeeded() {
        let target = Target::new("EventHook", hook.id(), "unknown", hook.name.clone());
        org.change_by(By::default()).record(&Event::new("event_hook.delivery", [target]));
    }
    org.keep_delivery(delivery);
}
