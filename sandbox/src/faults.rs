//! Faults of servers and networks, injected by rate or one by one.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use http::header::{CONTENT_LENGTH, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};

use crate::okta::{OktaError, Quota, now_seconds, stamp};
use crate::scim::{BASE_PATH, error_response};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// 429 before anything is done; Okta's says that the window ends in a second.
    RateLimited,
    /// 429 of Okta's concurrency limit: limit 0, remaining 0.
    ConcurrencyLimited,
    /// This status, before anything is done.
    Status(u16),
    /// The connection is closed before anything is done or answered.
    Close,
    /// The work is done, then the connection is cut in the middle of the answer.
    Cut,
    /// The work is done, and the answer is a whole one, but its JSON ends half-way.
    Truncated,
    /// The work is done, and the answer is held back for so long.
    Slow(Duration),
}

impl Fault {
    /// What [`Faults::rate`] injects unless told otherwise.
    pub const USUAL: [Self; 6] = [
        Self::RateLimited,
        Self::Status(500),
        Self::Status(503),
        Self::Close,
        Self::Cut,
        Self::Slow(Duration::from_millis(100)),
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited => f.write_str("429"),
            Self::ConcurrencyLimited => f.write_str("429-concurrency"),
            Self::Status(status) => write!(f, "{status}"),
            Self::Close => f.write_str("close"),
            Self::Cut => f.write_str("cut"),
            Self::Truncated => f.write_str("truncated"),
            Self::Slow(_) => f.write_str("slow"),
        }
    }
}

/// Which calls fail, and how.
#[derive(Clone, Debug)]
#[must_use]
pub struct Faults {
    rate: f64,
    seed: u64,
    kinds: Vec<Fault>,
    routes: Vec<String>,
}

impl Faults {
    /// No call fails.
    pub fn none() -> Self {
        Self::rate(0.0)
    }

    /// This share of the calls fails, each in a way picked from [`Fault::USUAL`].
    pub fn rate(rate: f64) -> Self {
        Self { rate, seed: 7, kinds: Fault::USUAL.to_vec(), routes: Vec::new() }
    }

    /// Which calls fail follows from the seed and the order in which they arrive.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Only faults of these kinds.
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = Fault>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// Only calls of these routes, such as `GET /api/v1/users/{id}`; `*` at the end stands for any rest.
    /// Routes of the SCIM provider begin behind its base URL: `GET /Users/{id}`.
    pub fn on<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.routes = routes.into_iter().map(Into::into).collect();
        self
    }
}

/// Steers the faults of a running sandbox.
#[derive(Clone, Debug)]
pub struct FaultControl {
    state: Arc<Mutex<FaultState>>,
}

#[derive(Debug)]
struct FaultState {
    faults: Faults,
    random: fastrand::Rng,
    scripted: VecDeque<(String, Fault, usize)>,
    injected: BTreeMap<Fault, u64>,
}

impl FaultControl {
    pub(crate) fn new(faults: Faults) -> Self {
        let random = fastrand::Rng::with_seed(faults.seed);
        let (scripted, injected) = (VecDeque::new(), BTreeMap::new());
        Self { state: Arc::new(Mutex::new(FaultState { faults, random, scripted, injected })) }
    }

    /// The next `times` calls of the route, such as `GET /api/v1/users`, fail like this.
    pub fn next(&self, route: impl Into<String>, fault: Fault, times: usize) {
        self.lock().scripted.push_back((route.into(), fault, times));
    }

    /// Replaces the faults by rate; scripted ones stay.
    pub fn set(&self, faults: Faults) {
        let mut state = self.lock();
        state.random = fastrand::Rng::with_seed(faults.seed);
        state.faults = faults;
    }

    /// How often each fault was injected so far.
    pub fn injected(&self) -> BTreeMap<Fault, u64> {
        self.lock().injected.clone()
    }

    /// How many calls failed so far.
    pub fn total(&self) -> u64 {
        self.lock().injected.values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, FaultState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pick(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut state = self.lock();
        let fault = state.scripted(method, path).or_else(|| state.by_rate(method, path))?;
        *state.injected.entry(fault).or_default() += 1;
        Some(fault)
    }
}

impl FaultState {
    fn scripted(&mut self, method: &Method, path: &str) -> Option<Fault> {
        let fits = |(route, _, _): &(String, Fault, usize)| is_route(route, method, path);
        let at = self.scripted.iter().position(fits)?;
        let (_, fault, times) = &mut self.scripted[at];
        let fault = *fault;
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.scripted.remove(at);
        }
        Some(fault)
    }

    fn by_rate(&mut self, method: &Method, path: &str) -> Option<Fault> {
        let Faults { rate, kinds, routes, .. } = &self.faults;
        let covered = routes.is_empty() || routes.iter().any(|r| is_route(r, method, path));
        if !covered || *rate <= 0.0 || self.random.f64() >= *rate {
            return None;
        }
        self.random.choice(kinds).copied()
    }
}

// `GET /a/{id}` is any one segment in place of `{id}`; `* /a/*` any method and everything below.
fn is_route(route: &str, method: &Method, path: &str) -> bool {
    let (wanted, template) = route.split_once(' ').unwrap_or(("*", route));
    if wanted != "*" && wanted != method.as_str() {
        return false;
    }
    let mut segments = path.split('/');
    for part in template.split('/') {
        match (part, segments.next()) {
            ("*", Some(_)) => return true,
            (_, None) => return false,
            (part, Some(_)) if part.starts_with('{') && part.ends_with('}') => {}
            (part, Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// Whose manners an injected answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Okta,
    Pendo,
    Scim,
}

/// Wraps every route of a vendor's server in the faults.
pub(crate) fn wrap(router: axum::Router, faults: FaultControl, vendor: Vendor) -> axum::Router {
    router.layer(axum::middleware::from_fn_with_state((faults, vendor), inject))
}

async fn inject(
    State((faults, vendor)): State<(FaultControl, Vendor)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // Where a SCIM base URL ends differs, so its routes are named without it: `GET /Users`.
    let below = path.strip_prefix(BASE_PATH).filter(|_| vendor == Vendor::Scim);
    match faults.pick(request.method(), below.unwrap_or(path)) {
        None => next.run(request).await,
        Some(Fault::RateLimited) => rate_limited(vendor, now_seconds() + 1),
        Some(Fault::ConcurrencyLimited) => concurrency_limited(vendor),
        Some(Fault::Status(status)) => failed(vendor, status),
        Some(Fault::Close) => closed(),
        Some(Fault::Cut) => {
            let (response, half) = half_of(next.run(request).await).await;
            if half.is_empty() { closed() } else { cut(response, half) }
        }
        Some(Fault::Truncated) => {
            let (mut response, half) = half_of(next.run(request).await).await;
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(half.len()));
            *response.body_mut() = Body::from(half);
            response
        }
        Some(Fault::Slow(delay)) => {
            let response = next.run(request).await;
            tokio::time::sleep(delay).await;
            response
        }
    }
}

fn rate_limited(vendor: Vendor, reset: i64) -> Response {
    match vendor {
        Vendor::Okta => limited(Quota { limit: 600, remaining: 0, reset }),
        Vendor::Pendo | Vendor::Scim => {
            let mut response = too_many(vendor);
            // Nobody documents whether the header is sent: both ways occur.
            if reset % 2 == 0 {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(1));
            }
            response
        }
    }
}

fn concurrency_limited(vendor: Vendor) -> Response {
    match vendor {
        Vendor::Okta => limited(Quota::concurrency(now_seconds())),
        Vendor::Pendo | Vendor::Scim => too_many(vendor),
    }
}

fn too_many(vendor: Vendor) -> Response {
    match vendor {
        Vendor::Scim => error_response(StatusCode::TOO_MANY_REQUESTS, "too many requests"),
        _ => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}

fn limited(quota: Quota) -> Response {
    let mut response = OktaError::rate_limited().into_response();
    quota.write(response.headers_mut());
    stamp(&mut response);
    response
}

fn failed(vendor: Vendor, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match vendor {
        Vendor::Pendo => (status, "upstream error\n").into_response(),
        Vendor::Scim => error_response(status, "injected fault"),
        Vendor::Okta => {
            let mut response = OktaError::internal().into_response();
            *response.status_mut() = status;
            stamp(&mut response);
            response
        }
    }
}

// The response without its body, and the first half of that body.
async fn half_of(response: Response) -> (Response, Bytes) {
    let (parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    (Response::from_parts(parts, Body::empty()), half)
}

// A body that starts with an error makes the server drop the connection before it sends the head.
fn closed() -> Response {
    Body::from_stream(stream::iter([Err::<Bytes, _>(fault())])).into_response()
}

fn cut(mut response: Response, sent: Bytes) -> Response {
    let rest = async {
        // The pause lets what stands before it reach the caller.
        tokio::task::yield_now().await;
        Err(fault())
    };
    let chunks = stream::iter([Ok(sent)]).chain(stream::once(rest));
    *response.body_mut() = Body::from_stream(chunks);
    response
}

fn fault() -> io::Error {
    io::Error::other("injected fault")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_match_by_segment() {
        let hits = [
            ("GET /api/v1/users", "/api/v1/users"),
            ("GET /api/v1/users/{id}", "/api/v1/users/00u1"),
            ("* /api/v1/users/{id}", "/api/v1/users/00u1"),
            ("GET /api/v1/*", "/api/v1/users/00u1/groups"),
            ("/api/v1/users", "/api/v1/users"),
        ];
        let misses = [
            ("POST /api/v1/users", "/api/v1/users"),
            ("GET /api/v1/users", "/api/v1/users/00u1"),
            ("GET /api/v1/users/{id}", "/api/v1/users"),
            ("GET /api/v1/users/{id}", "/api/v1/users/00u1/groups"),
            ("GET /api/v1/user*", "/api/v1/users"),
        ];
        for (route, path) in hits {
            assert!(is_route(route, &Method::GET, path), "{route} {path}");
        }
        for (route, path) in misses {
            assert!(!is_route(route, &Method::GET, path), "{route} {path}");
        }
    }

    #[test]
    fn scripted_faults_come_first_and_run_out() {
        let control = FaultControl::new(Faults::none());
        control.next("GET /a", Fault::Close, 2);
        control.next("GET /a", Fault::Cut, 1);
        let picked: Vec<_> = (0..4).map(|_| control.pick(&Method::GET, "/a")).collect();
        assert_eq!(picked, [Some(Fault::Close), Some(Fault::Close), Some(Fault::Cut), None]);
        assert_eq!(control.injected(), BTreeMap::from([(Fault::Close, 2), (Fault::Cut, 1)]));
    }

    #[test]
    fn the_rate_holds_and_the_seed_decides() {
        let picks = |seed| {
            let control = FaultControl::new(Faults::rate(0.05).seed(seed));
            (0..10_000).map(|_| control.pick(&Method::GET, "/a")).collect::<Vec<_>>()
        };
        assert_eq!(picks(1), picks(1));
        assert_ne!(picks(1), picks(2));
        let hit = picks(3).iter().flatten().count();
        assert!((400..600).contains(&hit), "{hit} of 10000");
        for kind in Fault::USUAL {
            assert!(picks(3).contains(&Some(kind)), "{kind}");
        }
    }
}
