//! The loop every request goes through, the only place that awaits the network:
//! pace, authorise, send, classify, wait, again.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tracing::{Instrument, Span, field};

use crate::auth::Turn;
use crate::client::now;
use crate::error::{Error, ErrorBody, ErrorKind, Transport};
use crate::foreign;
use crate::limit::{Bucket, Quota};
use crate::request::{Repeat, Request};
use crate::response::{Response, is_cut, read, read_start};
use crate::retry::{self, Decision, Failure};
use crate::secrets::Secrets;

/// Bytes of a foreign error body that are kept.
const TEXT_KEPT: usize = 4096;

/// Bytes of an error answer that are read; what comes after them is no vendor's error.
const REFUSAL_READ: usize = 1 << 20;

/// Attempts to connect to a server that has not answered this client yet.
const ATTEMPTS_TO_REACH: u32 = 3;

/// How often a call obeys a server that wants another proof. Many clients may share one nonce that
/// changes with every answer, and then each proof is a matter of luck.
const PROOFS: u32 = 30;

/// How often a call may get a new credential.
const RENEWALS: u32 = 3;

/// Longer than any call may take, and short enough for the clock's arithmetic.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What is known of a call between its attempts.
struct Progress {
    attempts: u32,
    /// Attempts that were answered by 429.
    throttled: u32,
    first_id: Option<String>,
    renewals: u32,
    proofs: u32,
    /// The last attempt's headers, its credential among them.
    sent: HeaderMap,
    /// Of the last attempt, until it is clear that there will be no other proof.
    turn: Turn,
    deadline: std::time::Instant,
}

/// An attempt that failed, and what kind of failure that is.
struct Failed<A> {
    error: Error<A>,
    failure: Failure,
    refused: Option<Refused>,
}

/// An answer that another credential, or another proof of the same one, may turn into a success.
struct Refused {
    headers: HeaderMap,
    asks_for_proof: bool,
}

impl<A: ErrorBody> Request<A> {
    pub(crate) async fn run<T>(
        &self,
        accept: impl Fn(Response) -> Result<T, Error<A>>,
    ) -> Result<T, Error<A>> {
        let span = tracing::info_span!(
            "http.request",
            http.request.method = %self.call.method,
            url.template = self.call.template,
            server.address = self.client.base_url().host_str(),
            http.response.status_code = field::Empty,
            http.request.resend_count = field::Empty,
            request_id = field::Empty,
        );
        self.attempts(accept).instrument(span).await
    }

    async fn attempts<T>(
        &self,
        accept: impl Fn(Response) -> Result<T, Error<A>>,
    ) -> Result<T, Error<A>> {
        let shared = self.client.shared();
        let attempt = self.timeout.unwrap_or(shared.attempt_timeout);
        let patience = attempt.saturating_add(shared.patience).min(FOR_EVER);
        let mut progress = Progress {
            attempts: 0,
            throttled: 0,
            first_id: None,
            renewals: 0,
            proofs: 0,
            sent: HeaderMap::new(),
            turn: Turn::default(),
            deadline: now() + patience,
        };
        let mut delays = shared.retry.delays();
        loop {
            self.pace(&progress).await?;
            let failed = match self.attempt(&mut progress, &accept).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            if self.has_better_credential(&mut progress, &failed).await {
                continue;
            }
            progress.turn = Turn::default();
            progress.throttled += u32::from(failed.failure.is_throttled());
            let delay = self.next_delay(&progress, failed, delays.next().unwrap_or_default())?;
            tokio::time::sleep(delay).await;
        }
    }

    /// Waits until the bucket has room, or fails at once when that is beyond the deadline.
    async fn pace(&self, progress: &Progress) -> Result<(), Error<A>> {
        loop {
            let Err(delay) = self.client.pacer().reserve(&self.bucket(), now()) else {
                return Ok(());
            };
            if now() + delay > progress.deadline {
                let message =
                    "the rate limit leaves no room within this call's time; call again later";
                return Err(Error::request(message)
                    .with_retry_after(Some(delay))
                    .with_call(&self.call, progress.attempts));
            }
            tracing::info!(
                delay_ms = delay.as_millis() as u64,
                reason = "rate limit used up",
                "waiting"
            );
            tokio::time::sleep(delay).await;
        }
    }

    async fn attempt<T>(
        &self,
        progress: &mut Progress,
        accept: impl Fn(Response) -> Result<T, Error<A>>,
    ) -> Result<T, Failed<A>> {
        let settle = Settle { request: self, quota: None };
        // Before the place: who keeps a turn must not wait for places of those who wait for turns.
        progress.turn = self.client.shared().auth.turn(std::mem::take(&mut progress.turn)).await;
        let _place = self.client.shared().gate.enter().await;
        let request = self.prepare(progress).await?;
        progress.attempts += 1;
        progress.sent.clone_from(request.headers());
        let (status, headers, body) = self.exchange(request, settle, progress).await?;
        let id = header(&headers, A::REQUEST_ID);
        if progress.first_id.is_none() {
            progress.first_id.clone_from(&id);
        }
        let secrets = Secrets::of(&progress.sent);
        let id = id.map(|id| secrets.redact(&id).into_owned());
        let span = Span::current();
        span.record("http.response.status_code", status.as_u16());
        span.record("request_id", id.as_deref());
        if status.is_success() {
            let sent = progress.sent.clone();
            accept(Response::new(status, headers, body, sent)).map_err(|error| {
                let failure = match status {
                    // An answer that says it has no content was not cut.
                    StatusCode::NO_CONTENT => Failure::Unusable,
                    _ if is_cut(&error) => Failure::Transport(Transport::Cut),
                    _ => Failure::Unusable,
                };
                let error = error.redacted(&secrets).with_request_id(id);
                Failed { error, failure, refused: None }
            })
        } else {
            Err(self.refusal(status, headers, &secrets.redact_bytes(&body), id, &secrets))
        }
    }

    /// A fresh request with a fresh credential, for every attempt.
    async fn prepare(&self, progress: &Progress) -> Result<reqwest::Request, Failed<A>> {
        let shared = self.client.shared();
        let url = self.url.clone().map_err(|message| Failed::last(Error::request(message)))?;
        let mut request = reqwest::Request::new(self.call.method.clone(), url);
        request.headers_mut().extend(shared.headers.clone());
        request.headers_mut().extend(self.headers.clone());
        if self.body.as_ref().is_none_or(|body| body.is_empty()) && expects_body(&self.call.method)
        {
            // hyper leaves it out over HTTP/1, and gateways answer 411 to such a request.
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *request.body_mut() = self.body.clone().map(reqwest::Body::from);
        *request.timeout_mut() = Some(self.timeout.unwrap_or(shared.attempt_timeout));
        if let (Some((id_header, count_header)), Some(id)) = (A::RETRY_HEADERS, &progress.first_id)
        {
            if let Ok(id) = HeaderValue::from_str(id) {
                request.headers_mut().insert(id_header, id);
            }
            request.headers_mut().insert(count_header, HeaderValue::from(progress.attempts));
        }
        shared
            .auth
            .authorize(&mut request)
            .await
            .map_err(|error| Failed::last(Error::auth(error.to_string()).with_source(error)))?;
        Ok(request)
    }

    async fn exchange(
        &self,
        request: reqwest::Request,
        mut settle: Settle<'_, A>,
        progress: &mut Progress,
    ) -> Result<(StatusCode, HeaderMap, bytes::Bytes), Failed<A>> {
        Span::current().record("http.request.resend_count", progress.attempts - 1);
        let failed = |error: reqwest::Error| {
            let how = classify(&error);
            let error = Error::new(ErrorKind::Transport(how)).with_source(error.without_url());
            Failed { error, failure: Failure::Transport(how), refused: None }
        };
        let asked = request.url().clone();
        let response = self.client.shared().http.execute(request).await.map_err(failed)?;
        let followed = (response.url() != &asked).then(|| response.url().clone());
        let (status, headers) = (response.status(), response.headers().clone());
        settle.quota = Quota::read(&headers, A::RATE_LIMIT);
        drop(settle);
        self.client.shared().auth.answered(&progress.sent, &headers);
        if status.is_success() {
            progress.turn = Turn::default();
        }
        self.client.shared().gate.answered();
        self.client.shared().reached.store(true, Relaxed);
        if let Some(to) = followed {
            return Err(Failed::unusable(foreign::followed(&to)));
        }
        let limit = self.client.shared().max_answer;
        let body = if status.is_success() {
            let too_long = || Failed::unusable(Error::new(ErrorKind::TooLong { limit }));
            read(response, limit).await.map_err(failed)?.ok_or_else(too_long)?
        } else {
            read_start(response, REFUSAL_READ).await
        };
        Ok((status, headers, body))
    }

    /// An error answer: what the vendor says, and whether another attempt may help.
    fn refusal(
        &self,
        status: StatusCode,
        headers: HeaderMap,
        body: &[u8],
        id: Option<String>,
        secrets: &Secrets,
    ) -> Failed<A> {
        let quota = Quota::read(&headers, A::RATE_LIMIT).filter(|_| status.as_u16() == 429);
        let crowded = quota.is_some_and(|quota| quota.is_concurrency_limit());
        if crowded {
            self.client.shared().gate.lower();
        }
        let reset = quota.filter(|_| !crowded).map(|quota| quota.reset);
        let asked = retry::asked_delay(status, &headers, reset, SystemTime::now());
        let decoded = A::decode(status, &secrets.redact_headers(&headers), body);
        let refused_for_now = decoded.as_ref().is_some_and(|body| body.is_refused_for_now(status));
        let asks_for_proof = decoded.as_ref().is_some_and(A::asks_for_proof);
        let renewable = decoded.as_ref().is_none_or(A::blames_credential) && status.as_u16() == 401;
        let foreign = || foreign::refusal(status, &headers, body);
        let advice = foreign::proxy(status)
            .or_else(|| foreign::redirect(status, &headers))
            .or_else(|| decoded.is_none().then(foreign).flatten());
        let refused = Refused { headers, asks_for_proof };
        let text = match decoded {
            Some(_) => String::new(),
            None => String::from_utf8_lossy(&body[..body.len().min(TEXT_KEPT)]).into_owned(),
        };
        let error = Error::new(ErrorKind::Api { status, body: decoded, text }).with_request_id(id);
        Failed {
            error: advice.into_iter().fold(error, Error::with_advice).redacted(secrets),
            failure: Failure::Answer { status, asked, refused_for_now },
            refused: (asks_for_proof || renewable).then_some(refused),
        }
    }

    /// Whether the next attempt will carry what this one lacked: another proof, or, once a call, a new
    /// credential.
    async fn has_better_credential(&self, progress: &mut Progress, failed: &Failed<A>) -> bool {
        let Some(Refused { headers, asks_for_proof }) = &failed.refused else { return false };
        let (auth, sent) = (&self.client.shared().auth, &progress.sent);
        if progress.proofs < PROOFS && auth.proves_again(sent, headers, *asks_for_proof) {
            progress.proofs += 1;
            return true;
        }
        progress.turn = Turn::default();
        if *asks_for_proof || progress.renewals == RENEWALS {
            return false;
        }
        progress.renewals += 1;
        auth.renew(sent, headers, progress.renewals > 1).await
    }

    /// How long to wait before the next attempt, or the error when there is none.
    fn next_delay(
        &self,
        progress: &Progress,
        failed: Failed<A>,
        backoff: Duration,
    ) -> Result<Duration, Error<A>> {
        let Failed { error, failure, .. } = failed;
        let is_final =
            error.status().is_some_and(|status| self.final_statuses.contains(&status.as_u16()));
        let attempts_left = !is_final && self.attempts_left(progress, failure);
        let left = progress.deadline.saturating_duration_since(now());
        let safe = matches!(self.repeat, Repeat::Safe);
        match retry::decide(failure, safe, attempts_left, backoff, left) {
            Decision::Wait(delay) => {
                let least = self.client.shared().retry.least_wait(progress.throttled);
                let delay = if failure.is_throttled() { delay.max(least) } else { delay };
                let delay_ms = delay.as_millis() as u64;
                tracing::warn!(delay_ms, reason = %error, "waiting to send again");
                Ok(delay)
            }
            Decision::GiveUp { asked } => {
                let error = error.with_call(&self.call, progress.attempts).with_retry_after(asked);
                Err(match self.repeat {
                    Repeat::Unsafe(hint) if retry::may_have_acted(failure) => {
                        error.with_unclear(hint)
                    }
                    _ => error,
                })
            }
        }
    }

    /// A server that was never reached gets fewer attempts: most likely its address is wrong.
    fn attempts_left(&self, progress: &Progress, failure: Failure) -> bool {
        let made = progress.attempts;
        let shared = self.client.shared();
        let unreached =
            failure == Failure::Transport(Transport::Connect) && !shared.reached.load(Relaxed);
        shared.retry.allows(made, progress.throttled) && !(unreached && made >= ATTEMPTS_TO_REACH)
    }

    fn bucket(&self) -> Bucket {
        (self.call.method.clone(), self.call.template)
    }
}

impl<A> Failed<A> {
    fn last(error: Error<A>) -> Self {
        Self { error, failure: Failure::Final, refused: None }
    }

    fn unusable(error: Error<A>) -> Self {
        Self { error, failure: Failure::Unusable, refused: None }
    }
}

/// Ends a reservation with what the answer said, also when the attempt fails or is dropped.
struct Settle<'r, A: ErrorBody> {
    request: &'r Request<A>,
    quota: Option<Quota>,
}

impl<A: ErrorBody> Drop for Settle<'_, A> {
    fn drop(&mut self) {
        self.request.client.pacer().settle(&self.request.bucket(), self.quota, now());
    }
}

fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// reqwest's own flags: a connection that timed out was still never made.
fn classify(error: &reqwest::Error) -> Transport {
    match error {
        _ if error.is_connect() => Transport::Connect,
        _ if error.is_timeout() => Transport::Timeout,
        _ => Transport::Cut,
    }
}
