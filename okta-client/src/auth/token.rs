//! The access token: asked for once for all callers, renewed before it ends.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use rest_core::{AuthError, Authorize, Client, Turn, reqwest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::Instant;

use crate::auth::advice::explain;
use crate::auth::proof::token_hash;
use crate::auth::service_app::Dpop;
use crate::auth::session::Session;
use crate::error::{Error, OktaError, Result};

/// How often one token is asked for in another way: with a proof, by the server's clock.
const CHANGES: u32 = 2;

/// The credential of a service app's calls; clones share the token.
#[derive(Clone)]
pub(super) struct AccessToken(Arc<Source>);

struct Source {
    session: Arc<Session>,
    client: Client<OktaError>,
    state: Mutex<State>,
}

/// A token request under way. Whoever waits for it drives it, so that a caller who stops waiting, or
/// is not polled for a while, holds nobody up, as the holder of a lock would.
type Flight = BoxFuture<'static, std::result::Result<Token, Arc<Error>>>;

#[derive(Default)]
struct State {
    current: Option<Token>,
    flight: Option<WeakShared<Flight>>,
}

#[derive(Clone)]
struct Token {
    /// The whole value of `Authorization`.
    header: HeaderValue,
    /// What proofs say of a token that is bound by DPoP.
    hash: Option<Arc<str>>,
    renew_at: Instant,
    ends_at: Instant,
}

/// The token endpoint's answer. Not `Debug`: it holds the token.
#[derive(Deserialize)]
struct Answer {
    token_type: String,
    access_token: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
}

/// Seconds of life where the answer says none: what Okta's tokens have.
const USUAL_LIFE: u64 = 3600;

/// A number, or a text that holds one, as some gateways write it.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<u64>, D::Error> {
    let seconds = match Value::deserialize(from)? {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        value => value.as_f64(),
    };
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    // Says nothing of the value, as nothing of this answer is shown.
    let seconds = seconds.ok_or_else(|| D::Error::custom("not a number of seconds"))?;
    Ok(Some(seconds as u64))
}

impl AccessToken {
    pub(super) fn new(session: Arc<Session>, client: Client<OktaError>) -> Self {
        Self(Arc::new(Source { session, client, state: Mutex::default() }))
    }

    async fn token(&self) -> std::result::Result<Token, AuthError> {
        let flight = match self.current_or_flight() {
            Ok(token) => return Ok(token),
            Err(flight) => flight,
        };
        let app = &self.0.session.app;
        flight.await.map_err(|error| AuthError::caused(explain(app, &error), error))
    }

    fn current_or_flight(&self) -> std::result::Result<Token, Shared<Flight>> {
        let mut state = self.0.lock();
        if let Some(token) = state.current.as_ref().filter(|token| Instant::now() < token.renew_at)
        {
            return Ok(token.clone());
        }
        if let Some(flight) = state.flight.as_ref().and_then(WeakShared::upgrade) {
            return Err(flight);
        }
        let flight = Arc::clone(&self.0).fetch().boxed().shared();
        state.flight = flight.downgrade();
        Err(flight)
    }
}

impl Source {
    async fn fetch(self: Arc<Self>) -> std::result::Result<Token, Arc<Error>> {
        let asked = self.ask().await;
        let mut state = self.lock();
        state.flight = None;
        let token = asked.map_err(Arc::new)?;
        state.current = Some(token.clone());
        Ok(token)
    }

    async fn ask(&self) -> Result<Token> {
        let mut changes = CHANGES;
        loop {
            // A token that nobody received harms nobody: the request may be made again.
            let request = self.client.request(Method::POST, "/oauth2/v1/token", []);
            match request.safe_to_repeat().json::<Answer>().await {
                Ok(answer) => return answer.accept(&self.session, Instant::now()),
                Err(error) if changes > 0 && self.session.adapts_to(&error) => changes -= 1,
                Err(error) => {
                    self.session.clock.reset();
                    return Err(error);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn accept(self, session: &Session, now: Instant) -> Result<Token> {
        let (scheme, hash) = if self.token_type.eq_ignore_ascii_case("DPoP") {
            if !session.is_bound() {
                return Err(Error::auth("the token is bound by DPoP, though to no key of ours"));
            }
            ("DPoP", Some(token_hash(&self.access_token).into()))
        } else if session.app.dpop() == Dpop::Required {
            return Err(Error::auth(
                "the org gave a token that is not bound by DPoP: tick `Require Demonstrating Proof of \
                 Possession (DPoP) header in token requests` in the app, or leave dpop(true) out",
            ));
        } else {
            ("Bearer", None)
        };
        let mut header = HeaderValue::try_from(format!("{scheme} {}", self.access_token))
            .map_err(|_| Error::auth("the token endpoint's access token fits into no header"))?;
        header.set_sensitive(true);
        let life = self.expires_in.unwrap_or(USUAL_LIFE);
        let ends_at = now.checked_add(Duration::from_secs(life)).unwrap_or(now);
        Ok(Token { header, hash, renew_at: renew_at(life, now), ends_at })
    }
}

/// A minute before it ends, or a tenth of its life.
fn renew_at(seconds: u64, now: Instant) -> Instant {
    let lifetime = Duration::from_secs(seconds);
    let early = (lifetime / 10).min(Duration::from_secs(60));
    now.checked_add(lifetime - early).unwrap_or(now)
}

#[async_trait]
impl Authorize for AccessToken {
    async fn authorize(
        &self,
        request: &mut reqwest::Request,
    ) -> std::result::Result<(), AuthError> {
        let Token { header, hash, .. } = self.token().await?;
        request.headers_mut().insert(AUTHORIZATION, header);
        let session = &self.0.session;
        match hash {
            Some(hash) => session.prover.to_the_api(request, session.clock.now(), &hash),
            None => Ok(()),
        }
    }

    async fn renew(&self, sent: &HeaderMap, _refused: &HeaderMap, again: bool) -> bool {
        let mut state = self.0.lock();
        // Only the token that was refused: another caller may have renewed it meanwhile.
        let sent = sent.get(AUTHORIZATION);
        let Some(refused) = state.current.take_if(|token| Some(&token.header) == sent) else {
            return true;
        };
        // A second one is refused with reason, unless it ended on its way.
        !again || Instant::now() >= refused.ends_at
    }

    async fn turn(&self, last: Turn) -> Turn {
        self.0.session.prover.api.turn(last).await
    }

    fn answered(&self, sent: &HeaderMap, answer: &HeaderMap) {
        self.0.session.prover.api.answered(sent, answer);
    }

    fn proves_again(&self, sent: &HeaderMap, refused: &HeaderMap, asked: bool) -> bool {
        self.0.session.prover.api.refused(sent, refused, asked)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.session.app.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::auth::assertion::ClientAssertion;
    use crate::auth::{ServiceApp, SigningKey};

    fn session(dpop: Option<bool>) -> Session {
        let app = ServiceApp::builder("0oa1", SigningKey::generate().unwrap());
        let app = app.scopes(["okta.users.read"]);
        Session::new(match dpop {
            Some(dpop) => app.dpop(dpop).build(),
            None => app.build(),
        })
        .unwrap()
    }

    fn accept(kind: &str, token: &str, session: &Session) -> std::result::Result<Token, String> {
        let answer =
            Answer { token_type: kind.into(), access_token: token.into(), expires_in: Some(9) };
        answer.accept(session, Instant::now()).map_err(|error| error.to_string())
    }

    #[test]
    fn renewal_is_a_minute_or_a_tenth_early() {
        let now = Instant::now();
        let lives = |seconds| renew_at(seconds, now) - now;
        assert_eq!(lives(3600), Duration::from_secs(3540));
        assert_eq!(lives(600), Duration::from_secs(540));
        assert_eq!(lives(3), Duration::from_millis(2700));
        assert_eq!(lives(0), Duration::ZERO);
        assert_eq!(
            lives(u64::MAX),
            Duration::ZERO,
            "a lifetime that no clock can hold is no lifetime"
        );
    }

    #[test]
    fn a_token_is_taken_only_as_it_was_asked_for() {
        let header = |token: Token| token.header.to_str().unwrap().to_owned();
        assert_eq!(accept("bearer", "eyJ", &session(None)).map(header).unwrap(), "Bearer eyJ");
        assert_eq!(accept("DPOP", "eyJ", &session(Some(true))).map(header).unwrap(), "DPoP eyJ");
        for (kind, dpop, part) in [
            ("DPoP", None, "to no key of ours"),
            ("DPoP", Some(false), "to no key of ours"),
            ("Bearer", Some(true), "leave dpop(true) out"),
        ] {
            let error = accept(kind, "eyJ", &session(dpop)).err().unwrap();
            assert!(error.contains(part), "{error}");
        }
        let error = accept("Bearer", "hush\n", &session(None)).err().unwrap();
        assert!(error.contains("fits into no header") && !error.contains("hush"), "{error}");
    }

    /// Two calls were sent with the same token; one is refused, renews, and only then the other is
    /// refused.
    #[tokio::test]
    async fn a_late_refusal_does_not_throw_the_new_token_away() {
        let server = wiremock::MockServer::start().await;
        let issued = AtomicUsize::new(0);
        let answer = move |_: &wiremock::Request| {
            let token = format!("t{}", issued.fetch_add(1, Ordering::SeqCst) + 1);
            let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token});
            wiremock::ResponseTemplate::new(200).set_body_json(body)
        };
        let endpoint = wiremock::Mock::given(wiremock::matchers::method("POST"));
        endpoint.respond_with(answer).mount(&server).await;
        let session = Arc::new(session(None));
        let assertion = ClientAssertion(Arc::clone(&session));
        let client = Client::builder(server.uri(), assertion).build().unwrap();
        let tokens = AccessToken::new(session, client);

        let sent = async || {
            let url = server.uri().parse().unwrap();
            let mut request = reqwest::Request::new(Method::GET, url);
            tokens.authorize(&mut request).await.unwrap();
            request.headers().clone()
        };
        let (early, late) = (sent().await, sent().await);
        assert_eq!(early[AUTHORIZATION], "Bearer t1");
        assert_eq!(late[AUTHORIZATION], "Bearer t1");
        assert!(tokens.renew(&early, &HeaderMap::new(), false).await);
        assert_eq!(sent().await[AUTHORIZATION], "Bearer t2");
        assert!(
            tokens.renew(&late, &HeaderMap::new(), true).await,
            "another token is there to try"
        );
        let fresh = sent().await;
        assert_eq!(fresh[AUTHORIZATION], "Bearer t2");
        assert!(!tokens.renew(&fresh, &HeaderMap::new(), true).await, "it was refused with reason");
    }
}
