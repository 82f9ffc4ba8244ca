//! The receiving end of event hooks, for any web framework that speaks `http`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use rest_core::{ExposeSecret, SecretString};

use crate::logs::LogEvent;
use crate::model::model;
use crate::recent::Recent;
use crate::value::DateTime;

const CHALLENGE: &str = "x-okta-verification-challenge";
const REMEMBERED: usize = 10_000;
const LONGEST: usize = 1 << 20;

model! {
    /// What Okta posts to a hook.
    pub struct Delivery {}
    read {
        /// Identifies the delivery; the same when it is repeated.
        event_id: String = "eventId",
        /// When it was put together; up to microseconds.
        event_time: DateTime = "eventTime",
        /// The address of the event hook at Okta.
        source: String = "source",
        /// Always `com.okta.event_hook`.
        event_type: String = "eventType",
        /// The version of that type.
        event_type_version: String = "eventTypeVersion",
        /// The version of the envelope.
        cloud_events_version: String = "cloudEventsVersion",
        /// Always `application/json`.
        content_type: String = "contentType",
        /// What it holds.
        data: DeliveryData = "data",
    }
}

model! {
    /// What a delivery holds.
    pub struct DeliveryData {}
    read {
        /// The events: often one, sometimes several, in no order.
        events: Vec<LogEvent> = "events",
    }
}

impl Delivery {
    /// The events: often one, sometimes several, in no order. Order them by `published`.
    pub fn events(&self) -> &[LogEvent] {
        self.data.as_ref().and_then(|data| data.events.as_deref()).unwrap_or_default()
    }
}

/// Receives what Okta posts to an event hook: answers the one-time verification, checks the auth header
/// in constant time, decodes deliveries and drops those that were accepted before.
///
/// It knows no web framework: give it the request with its whole body, and send what it answers. Cheap
/// to clone; clones share their memory.
///
/// Okta waits 3 seconds for the answer, tries once more after a time-out or a 5xx, and then gives the
/// delivery up: put the events somewhere safe, accept, and do the work afterwards. Deliveries come at
/// least once and in no order: the same event may even come in two of them, so compare `uuid` where it
/// matters, and [follow the log](crate::SystemLog::follow) where no event may be missed.
///
/// <https://developer.okta.com/docs/concepts/event-hooks/>
///
/// ```
/// use http::{Request, Response, header::AUTHORIZATION};
/// use okta_client::{HookCall, HookReceiver};
///
/// fn handle(receiver: &HookReceiver, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
///     match receiver.receive(request) {
///         HookCall::Answer(answer) => answer,
///         HookCall::Delivery(pending) => {
///             for event in pending.delivery().events() {
///                 println!("{:?} {:?}", event.event_type, event.user_id());
///             }
///             pending.accept()
///         }
///     }
/// }
///
/// let receiver = HookReceiver::new(AUTHORIZATION, "the secret of the hook");
/// let verification = Request::get("/okta").header("x-okta-verification-challenge", "abc");
/// let answer = handle(&receiver, &verification.body(Vec::new()).unwrap());
/// assert_eq!(answer.body(), br#"{"verification":"abc"}"#);
/// ```
#[derive(Clone)]
pub struct HookReceiver {
    header: HeaderName,
    /// Of the secret; none when it is empty, which nothing matches.
    secret: Option<Digest>,
    accepted: Accepted,
    max_body: usize,
}

#[derive(Clone)]
struct Accepted(Arc<Mutex<Recent>>);

impl Accepted {
    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HookReceiver {
    /// Takes deliveries whose header of this name holds this secret: what
    /// [`EventHook::auth_header`](crate::EventHook::auth_header) was told.
    pub fn new(header: HeaderName, secret: impl Into<SecretString>) -> Self {
        let secret = secret.into();
        let bytes = secret.expose_secret().as_bytes();
        let secret = (!bytes.is_empty()).then(|| digest(&SHA256, bytes));
        let accepted = Accepted(Arc::new(Mutex::new(Recent::new(REMEMBERED))));
        Self { header, secret, accepted, max_body: LONGEST }
    }

    /// How many accepted deliveries are remembered, so that one which comes again is not given twice;
    /// 10,000 by default.
    #[must_use]
    pub fn remember(mut self, deliveries: usize) -> Self {
        self.accepted = Accepted(Arc::new(Mutex::new(Recent::new(deliveries))));
        self
    }

    /// The longest body that is read, in bytes; one MiB by default. Your framework's limit must not be
    /// lower.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// What to do with a request: send an answer, or handle a delivery first.
    pub fn receive(&self, request: &Request<impl AsRef<[u8]>>) -> HookCall {
        let answer = match *request.method() {
            Method::GET => verification(request.headers()),
            Method::POST => match self.delivery(request.headers(), request.body().as_ref()) {
                Ok(delivery) => return self.unless_accepted(delivery),
                Err((status, why)) => refusal(status, &why),
            },
            _ => not_allowed(),
        };
        HookCall::Answer(answer)
    }

    fn delivery(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, (StatusCode, String)> {
        if !self.knows(headers) {
            let why = format!("the header {} is not the one of this event hook", self.header);
            return Err((StatusCode::UNAUTHORIZED, why));
        }
        if body.len() > self.max_body {
            let why = format!("the body is longer than {} bytes", self.max_body);
            return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let why = format!("the body is no delivery of events, at line {line} column {column}");
            (StatusCode::BAD_REQUEST, why)
        })
    }

    /// Digests are compared, so that not even the secret's length shows in the time it takes.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(&self.header).iter();
        let (Some(secret), Some(value), None) = (&self.secret, values.next(), values.next()) else {
            return false;
        };
        let given = digest(&SHA256, value.as_bytes());
        verify_slices_are_equal(secret.as_ref(), given.as_ref()).is_ok()
    }

    fn unless_accepted(&self, delivery: Delivery) -> HookCall {
        let known = |id: &String| self.accepted.lock().contains(id);
        match delivery.event_id.as_ref().is_some_and(known) {
            true => HookCall::Answer(empty(StatusCode::NO_CONTENT)),
            false => HookCall::Delivery(PendingDelivery {
                delivery: Box::new(delivery),
                accepted: self.accepted.clone(),
            }),
        }
    }
}

impl fmt::Debug for HookReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HookReceiver");
        shown.field("header", &self.header).field("max_body", &self.max_body);
        shown.finish_non_exhaustive()
    }
}

/// What to do with a request to a [`HookReceiver`].
#[derive(Debug)]
#[must_use = "Okta waits for an answer"]
pub enum HookCall {
    /// Send this: the answer to a verification or to a delivery that was accepted before, or a refusal
    /// that says why: 400 no such body or challenge, 401 another auth header, 405 another method, 413
    /// too long a body.
    Answer(Response<Vec<u8>>),
    /// Handle this delivery, then send what [`accept`](PendingDelivery::accept) or
    /// [`fail`](PendingDelivery::fail) gives.
    Delivery(PendingDelivery),
}

/// A delivery that has not been accepted. As long as it is not, it is given again when Okta repeats it,
/// also while it is still being handled.
#[must_use = "Okta waits for an answer"]
pub struct PendingDelivery {
    delivery: Box<Delivery>,
    accepted: Accepted,
}

impl PendingDelivery {
    /// The delivery.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// The events are safe: the answer that tells Okta so. The delivery is not given again.
    pub fn accept(self) -> Response<Vec<u8>> {
        if let Some(id) = &self.delivery.event_id {
            let mut accepted = self.accepted.lock();
            accepted.insert(id);
            accepted.release();
        }
        empty(StatusCode::NO_CONTENT)
    }

    /// The events are not safe: the answer that asks Okta to come again, which it does once.
    pub fn fail(self) -> Response<Vec<u8>> {
        empty(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl fmt::Debug for PendingDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingDelivery").field(&self.delivery).finish()
    }
}

/// Okta's one-time question whether this address expects it; it proves nothing of who asks, and the
/// answer tells nothing.
fn verification(headers: &HeaderMap) -> Response<Vec<u8>> {
    match headers.get(CHALLENGE).and_then(|challenge| challenge.to_str().ok()) {
        Some(challenge) => {
            let body = serde_json::json!({"verification": challenge}).to_string();
            answer(StatusCode::OK, "application/json", body)
        }
        None => {
            refusal(StatusCode::BAD_REQUEST, &format!("a GET must have the header {CHALLENGE}"))
        }
    }
}

fn not_allowed() -> Response<Vec<u8>> {
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "event hooks come by GET and POST");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
    response
}

fn refusal(status: StatusCode, why: &str) -> Response<Vec<u8>> {
    answer(status, "text/plain", why.to_owned())
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Vec<u8>> {
    let mut response = empty(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    *response.body_mut() = body.into_bytes();
    response
}

fn empty(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
