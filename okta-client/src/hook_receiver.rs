//! The receiving end of event hooks, for any web framework that speaks `http`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use rest_core::{ExposeSecret, SecretString};

use crate::delivery::Delivery;
use crate::recent::Recent;

const CHALLENGE: &str = "x-okta-verification-challenge";
const REMEMBERED: usize = 10_000;
/// A thousand recorded events are 1.9 MB, at most 2.4 MB; other orgs' may be several times as large.
const LONGEST: usize = 16 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

type Refused = (StatusCode, String);

/// Receives what Okta posts to an event hook: answers the one-time verification, checks the auth header
/// in constant time, decodes deliveries and drops those that were accepted before.
///
/// It knows no web framework: give it the request with its whole body, and send what it answers. Read the
/// body of those only whom it [`admits`](Self::admits), and not for longer than Okta waits. Cheap to clone;
/// clones share their memory.
///
/// The events of a delivery are decoded one by one: one that does not fit is an [`OddEvent`](crate::OddEvent) between the
/// others, with its JSON, so that a delivery is not refused, and lost, because of it.
///
/// What is refused, Okta does not send again (it repeats after a time-out or a 5xx only), and its System
/// Log shows an `event_hook.delivery` that failed: 400 for a body that holds no events, 401 for another
/// auth header, 405, 413, and 415 for a body that says it is no JSON. A body is longer than
/// [`max_body`](Self::max_body) in no delivery that is known of.
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
///                 match event {
///                     Ok(event) => println!("{:?} {:?}", event.event_type, event.user_id()),
///                     Err(odd) => eprintln!("{odd}: {}", odd.json()), // keep it, look at it
///                 }
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

    /// The longest body that is read, in bytes; 16 MiB (16,777,216) by default. Events are about 2 KB
    /// each, so that is some 8,000 in one delivery. A longer one is refused by 413 and lost, so your
    /// framework's limit must not be lower: axum's is 2 MB unless it is set.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Whether the auth header is the one of this hook: ask it before you read a body, of which anybody
    /// can send one as long as you take. A request that is not admitted may be given to
    /// [`receive`](Self::receive) without its body: verifications have none, all else is refused.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        self.knows(headers)
    }

    /// What to do with a request: send an answer, or handle a delivery first.
    pub fn receive(&self, request: &Request<impl AsRef<[u8]>>) -> HookCall {
        let answer = match *request.method() {
            Method::GET => self.verification(request.headers()),
            Method::POST => match self.delivery(request.headers(), request.body().as_ref()) {
                Ok(delivery) => return self.unless_accepted(delivery),
                Err(refused) => Err(refused),
            },
            _ => return HookCall::Answer(not_allowed()),
        };
        HookCall::Answer(answer.unwrap_or_else(|(status, why)| refusal(status, &why)))
    }

    /// Okta's one-time question whether this address expects it. Okta's documents do not say that it
    /// carries the auth header, so it may be missing; another one would be refused with each delivery. The
    /// answer tells nothing.
    fn verification(&self, headers: &HeaderMap) -> Result<Response<Vec<u8>>, Refused> {
        if headers.contains_key(&self.header) {
            self.check(headers)?;
        }
        let challenge = headers.get(CHALLENGE).and_then(|challenge| challenge.to_str().ok());
        let challenge =
            challenge.filter(|challenge| !challenge.trim().is_empty()).ok_or_else(|| {
                (
                    StatusCode::BAD_REQUEST,
                    format!("a GET must have the header {CHALLENGE}, with a value"),
                )
            })?;
        let body = serde_json::json!({"verification": challenge}).to_string();
        Ok(answer(StatusCode::OK, "application/json", body))
    }

    fn delivery(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, Refused> {
        self.check(headers)?;
        if !may_be_json(headers) {
            let why = "a delivery is application/json; this body says that it is something else";
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_owned()));
        }
        if body.len() > self.max_body {
            let why = format!("the body is longer than {} bytes", self.max_body);
            return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        let json = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let delivery: Delivery = serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let why = format!("the body is no delivery of events, at line {line} column {column}");
            (StatusCode::BAD_REQUEST, why)
        })?;
        if delivery.events().len() == 0 {
            let why = "the body is no delivery: there is no event in data.events";
            return Err((StatusCode::BAD_REQUEST, why.to_owned()));
        }
        Ok(delivery.with_each_once())
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let why = || format!("the header {} is not the one of this event hook", self.header);
        self.knows(headers).then_some(()).ok_or_else(|| (StatusCode::UNAUTHORIZED, why()))
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
    /// that says why: 400 no events or no challenge, 401 another auth header, 405 another method, 413
    /// too long a body, 415 a body that is no JSON.
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

/// What says nothing of its type is looked at.
fn may_be_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(|kind| kind.trim().to_lowercase());
    kind.is_none_or(|kind| kind == "application/json" || kind.ends_with("+json"))
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
