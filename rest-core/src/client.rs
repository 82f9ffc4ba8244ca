//! A client: base address, credential, and the rules every request is sent by.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::auth::Authorize;
use crate::error::{Error, ErrorBody};
use crate::gate::Gate;
use crate::limit::{Pacer, Pacing, RateLimit};
use crate::request::Request;
use crate::retry::RetryPolicy;

/// Sends requests to one base address with one credential; cheap to clone, clones share connections,
/// quota and token.
pub struct Client<A>(Arc<Shared<A>>);

pub(crate) struct Shared<A> {
    pub(crate) http: reqwest::Client,
    pub(crate) base: Url,
    pub(crate) auth: Arc<dyn Authorize>,
    pub(crate) headers: HeaderMap,
    pub(crate) retry: RetryPolicy,
    pub(crate) attempt_timeout: Duration,
    pub(crate) patience: Duration,
    pub(crate) max_answer: usize,
    pub(crate) gate: Gate,
    /// The server has answered before: a connection that fails now is likely to come back.
    pub(crate) reached: AtomicBool,
    pacer: Mutex<Pacer>,
    error: PhantomData<fn() -> A>,
}

impl<A: ErrorBody> Client<A> {
    /// Starts a client for `base` with `auth`.
    pub fn builder(base: impl Into<String>, auth: impl Authorize) -> ClientBuilder<A> {
        ClientBuilder {
            base: base.into(),
            auth: Arc::new(auth),
            http: None,
            user_agent: None,
            allow_http: false,
            retry: RetryPolicy::default(),
            pacing: Pacing::default(),
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(60),
            patience: Duration::from_secs(300),
            max_answer: 256 << 20,
            max_in_flight: 64,
            error: PhantomData,
        }
    }

    /// A request to the endpoint that `template` names, for example
    /// `client.request(Method::GET, "/api/v1/users/{id}", [id])`.
    ///
    /// Each argument becomes one percent-encoded path segment. What is wrong with it shows when the
    /// request is sent.
    pub fn request<const N: usize>(
        &self,
        method: Method,
        template: &'static str,
        args: [&str; N],
    ) -> Request<A> {
        Request::new(self.clone(), method, template, &args)
    }

    /// The address all routes start from.
    pub fn base_url(&self) -> &Url {
        &self.0.base
    }

    /// What the last answers said about each rate-limit bucket.
    pub fn rate_limits(&self) -> Vec<RateLimit> {
        self.pacer().limits(now())
    }

    /// The delays that the retry policy sets between attempts, for a caller that waits for something
    /// else; they do not end.
    pub fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<A> {
        self.0.retry.delays()
    }

    pub(crate) fn pacer(&self) -> MutexGuard<'_, Pacer> {
        self.0.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shared(&self) -> &Shared<A> {
        &self.0
    }
}

/// The runtime's clock, so that tests can stop it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<A> Clone for Client<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> fmt::Debug for Client<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.0.base.as_str())
            .field("auth", &self.0.auth)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Client`]; every one has a finite default.
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder<A> {
    base: String,
    auth: Arc<dyn Authorize>,
    http: Option<reqwest::Client>,
    user_agent: Option<String>,
    allow_http: bool,
    retry: RetryPolicy,
    pacing: Pacing,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    patience: Duration,
    max_answer: usize,
    max_in_flight: usize,
    error: PhantomData<fn() -> A>,
}

impl<A: ErrorBody> ClientBuilder<A> {
    /// Replaces the credential.
    pub fn auth(mut self, auth: impl Authorize) -> Self {
        self.auth = Arc::new(auth);
        self
    }

    /// Sends through this `reqwest::Client`: its proxy, roots, connect timeout and redirect policy
    /// apply. Leave redirects off, or the credential may follow one.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Names the calling program in `User-Agent`, before this crate's own name.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.user_agent = Some(match self.user_agent {
            Some(inner) => format!("{name} {inner}"),
            None => name,
        });
        self
    }

    /// Accepts `http` for hosts other than loopback. The credential then travels in the clear.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// How often and how patiently calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How much of the server's quota may be used.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// Time to make a connection, 5 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Time for one attempt, its body included; 60 seconds by default, more where an endpoint needs it.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Time that a call may spend on waits and repetitions beyond one attempt; 5 minutes by default,
    /// so that it outlives a rate-limit window.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Bytes of one answer that are read at most, after decompression; 256 MiB by default.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Requests in flight at once over all clones; 64 by default. The server's concurrency limit
    /// lowers it further for a while.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// Checks the settings and makes the client; nothing is sent.
    ///
    /// # Errors
    /// When the address is not one, or is `http` on a host that is not loopback.
    pub fn build(self) -> Result<Client<A>, Error<A>> {
        let base = base_url(&self.base, self.allow_http).map_err(Error::request)?;
        let http = match self.http {
            Some(http) => http,
            None => reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(self.connect_timeout)
                // Shorter than servers keep them (Node: 5 seconds): a POST on a connection that the
                // other side has closed would be one of unclear outcome.
                .pool_idle_timeout(Duration::from_secs(4))
                .build()
                .map_err(|e| Error::request("the HTTP client cannot start").with_source(e))?,
        };
        Ok(Client(Arc::new(Shared {
            http,
            base,
            auth: self.auth,
            headers: default_headers(self.user_agent.as_deref()).map_err(Error::request)?,
            retry: self.retry,
            attempt_timeout: self.attempt_timeout,
            patience: self.patience,
            max_answer: self.max_answer,
            gate: Gate::new(self.max_in_flight),
            reached: AtomicBool::new(false),
            pacer: Mutex::new(Pacer::new(self.pacing)),
            error: PhantomData,
        })))
    }
}

impl<A> fmt::Debug for ClientBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("auth", &self.auth).finish_non_exhaustive()
    }
}

fn default_headers(user_agent: Option<&str>) -> Result<HeaderMap, String> {
    let own = concat!("rest-core/", env!("CARGO_PKG_VERSION"));
    let agent = user_agent.map_or_else(|| own.to_owned(), |name| format!("{name} {own}"));
    let agent = HeaderValue::try_from(agent)
        .map_err(|_| "the user agent holds characters that no header may carry".to_owned())?;
    let pairs: [(HeaderName, HeaderValue); 2] = [
        (http::header::USER_AGENT, agent),
        (http::header::ACCEPT, HeaderValue::from_static("application/json")),
    ];
    Ok(HeaderMap::from_iter(pairs))
}

/// What a client takes for its base address: a bare domain or a URL; a path is kept as the prefix of
/// all routes.
///
/// # Errors
/// Says what is wrong with it.
pub fn base_url(text: &str, allow_http: bool) -> Result<Url, String> {
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = Url::parse(&full)
        .map_err(|error| format!("the base address is not a URL or domain: {error}"))?;
    if !url.has_host() || !matches!(url.scheme(), "https" | "http") {
        return Err("the base address must start with https:// or be a bare domain".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the base address must not hold a user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the base address must not hold `?` or `#`".into());
    }
    if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        return Err(format!(
            "http://{} would send the credential in the clear; use https, or allow_http(true)",
            url.host_str().unwrap_or_default()
        ));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn base_addresses() {
        let ok = |text| base_url(text, false).unwrap().to_string();
        assert_eq!(ok("acme.okta.com"), "https://acme.okta.com/");
        assert_eq!(ok(" https://acme.okta.com/ "), "https://acme.okta.com/");
        assert_eq!(ok("https://app.example/scim/v2/"), "https://app.example/scim/v2");
        assert_eq!(ok("http://127.0.0.1:8080"), "http://127.0.0.1:8080/");
        assert_eq!(ok("http://[::1]:1"), "http://[::1]:1/");
        assert_eq!(ok("http://localhost"), "http://localhost/");
        for text in [
            "",
            "http://acme.okta.com",
            "ftp://x",
            "https://u:p@x",
            "https://x?y",
            "https://x#y",
            "a b",
        ] {
            assert!(base_url(text, false).is_err(), "{text}");
        }
        assert!(base_url("http://acme.okta.com", true).is_ok());
        assert!(base_url("http://127.0.0.1.evil.example", false).is_err());
    }
}
