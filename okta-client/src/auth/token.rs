//! The access token: asked for once for all callers, renewed before it ends.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use rest_core::{AuthError, Authorize, Client, reqwest};
use serde::Deserialize;
use tokio::time::Instant;

use crate::auth::ServiceApp;
use crate::error::{Error, OktaError, Result};

const DPOP: &str = "this app's tokens are bound by DPoP, which this version does not support yet: set \
    settings.oauthClient.dpop_bound_access_tokens to false (in the console: untick `Require \
    Demonstrating Proof of Possession (DPoP) header in token requests`)";

/// The credential of a service app's calls; clones share the token.
#[derive(Clone)]
pub(super) struct AccessToken(Arc<Source>);

struct Source {
    app: ServiceApp,
    client: Client<OktaError>,
    state: Mutex<State>,
}

/// A token request under way. Whoever waits for it drives it, so that a caller who stops waiting, or
/// is not polled for a while, holds nobody up, as the holder of a lock would.
type Flight = BoxFuture<'static, std::result::Result<HeaderValue, Arc<Error>>>;

#[derive(Default)]
struct State {
    current: Option<Token>,
    flight: Option<WeakShared<Flight>>,
}

struct Token {
    /// The whole value of `Authorization`.
    header: HeaderValue,
    renew_at: Instant,
}

/// The token endpoint's answer. Not `Debug`: it holds the token.
#[derive(Deserialize)]
struct Answer {
    token_type: String,
    access_token: String,
    expires_in: u64,
}

impl AccessToken {
    pub(super) fn new(app: ServiceApp, client: Client<OktaError>) -> Self {
        Self(Arc::new(Source { app, client, state: Mutex::default() }))
    }

    async fn header(&self) -> std::result::Result<HeaderValue, AuthError> {
        let flight = match self.current_or_flight() {
            Ok(header) => return Ok(header),
            Err(flight) => flight,
        };
        flight.await.map_err(|error| AuthError::caused(self.explain(&error), error))
    }

    fn current_or_flight(&self) -> std::result::Result<HeaderValue, Shared<Flight>> {
        let mut state = self.0.lock();
        if let Some(token) = state.current.as_ref().filter(|token| Instant::now() < token.renew_at)
        {
            return Ok(token.header.clone());
        }
        if let Some(flight) = state.flight.as_ref().and_then(WeakShared::upgrade) {
            return Err(flight);
        }
        let flight = Arc::clone(&self.0).fetch().boxed().shared();
        state.flight = flight.downgrade();
        Err(flight)
    }

    /// What failed, and what to do about it.
    fn explain(&self, error: &Error) -> String {
        match self.advice(error) {
            Some(advice) => format!("no access token: {error}; {advice}"),
            None => format!("no access token: {error}"),
        }
    }

    fn advice(&self, error: &Error) -> Option<String> {
        let app = &self.0.app;
        let OktaError { code, summary, .. } = error.body()?;
        Some(match code.as_str() {
            "invalid_client" if blames_clock(summary) => {
                "check that this machine's clock is right".into()
            }
            "invalid_client" => format!(
                "check that the client id {} is an app of this org, and that the public half of this key \
                 (kid {}) is active there",
                app.client_id(),
                app.key().header().1.unwrap_or("not set"),
            ),
            "invalid_scope" => format!(
                "grant the app each scope it asks for, under Okta API Scopes: {}",
                app.scope()
            ),
            "unauthorized_client" | "unsupported_grant_type" => {
                "make it an API Services app that authenticates by public key / private key".into()
            }
            "invalid_dpop_proof" | "use_dpop_nonce" => DPOP.into(),
            _ => return None,
        })
    }
}

impl Source {
    async fn fetch(self: Arc<Self>) -> std::result::Result<HeaderValue, Arc<Error>> {
        let asked = self.ask().await;
        let mut state = self.lock();
        state.flight = None;
        let token = asked.map_err(Arc::new)?;
        let header = token.header.clone();
        state.current = Some(token);
        Ok(header)
    }

    async fn ask(&self) -> Result<Token> {
        // A token that nobody received harms nobody: the request may be made again.
        let request = self.client.request(Method::POST, "/oauth2/v1/token", []).safe_to_repeat();
        request.json::<Answer>().await?.accept(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn accept(self, now: Instant) -> Result<Token> {
        if self.token_type.eq_ignore_ascii_case("DPoP") {
            return Err(Error::auth(DPOP));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {}", self.access_token))
            .map_err(|_| Error::auth("the token endpoint's access token fits into no header"))?;
        header.set_sensitive(true);
        let lifetime = Duration::from_secs(self.expires_in);
        let early = (lifetime / 10).min(Duration::from_secs(60));
        let renew_at = now.checked_add(lifetime - early).unwrap_or(now);
        Ok(Token { header, renew_at })
    }
}

/// Whether Okta's sentence is about the times in the assertion.
fn blames_clock(summary: &str) -> bool {
    let summary = summary.to_ascii_lowercase();
    let mut words = summary.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        matches!(word, "exp" | "iat" | "nbf" | "future" | "clock") || word.starts_with("expir")
    })
}

#[async_trait]
impl Authorize for AccessToken {
    async fn authorize(
        &self,
        request: &mut reqwest::Request,
    ) -> std::result::Result<(), AuthError> {
        let header = self.header().await?;
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    async fn renew(&self, sent: &HeaderMap, _refused: &HeaderMap) -> bool {
        let mut state = self.0.lock();
        // Only the token that was refused: another caller may have renewed it meanwhile.
        let sent = sent.get(AUTHORIZATION);
        state.current = state.current.take().filter(|token| Some(&token.header) != sent);
        true
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.app.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;
    use crate::auth::SigningKey;
    use crate::auth::assertion::ClientAssertion;

    fn answer(token_type: &str, expires_in: u64) -> Answer {
        Answer { token_type: token_type.into(), access_token: "eyJ".into(), expires_in }
    }

    #[test]
    fn renewal_is_a_minute_or_a_tenth_early() {
        let now = Instant::now();
        let lives = |seconds| answer("bearer", seconds).accept(now).unwrap().renew_at - now;
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
    fn dpop_and_broken_tokens_are_refused() {
        let error = answer("DPoP", 3600).accept(Instant::now()).err().unwrap();
        assert!(error.to_string().contains("dpop_bound_access_tokens"), "{error}");
        let broken = Answer { access_token: "hush\n".into(), ..answer("Bearer", 1) };
        let error = broken.accept(Instant::now()).err().unwrap().to_string();
        assert!(error.contains("fits into no header") && !error.contains("hush"), "{error}");
    }

    #[test]
    fn the_clock_is_blamed_by_okta_only() {
        for clock in [
            "The client_assertion token is expired.",
            "The issued at time 'iat' is in the future.",
            "'exp' claim must be less than one hour away.",
        ] {
            assert!(blames_clock(clock), "{clock}");
        }
        for other in [
            "The client_assertion signature is invalid.",
            "Client initiated with an associated example that was expected.",
        ] {
            assert!(!blames_clock(other), "{other}");
        }
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
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let pem = STANDARD.encode(pair.to_pkcs8v1().unwrap());
        let key = SigningKey::from_pem(&format!(
            "-----BEGIN PRIVATE KEY-----{pem}-----END PRIVATE KEY-----"
        ));
        let app = ServiceApp::builder("0oa1", key.unwrap()).scopes(["okta.users.read"]).build();
        let assertion = ClientAssertion(app.clone());
        let client = Client::builder(server.uri(), assertion).build().unwrap();
        let tokens = AccessToken::new(app, client);

        let sent = async || {
            let url = server.uri().parse().unwrap();
            let mut request = reqwest::Request::new(Method::GET, url);
            tokens.authorize(&mut request).await.unwrap();
            request.headers().clone()
        };
        let (early, late) = (sent().await, sent().await);
        assert_eq!(early[AUTHORIZATION], "Bearer t1");
        assert_eq!(late[AUTHORIZATION], "Bearer t1");
        assert!(tokens.renew(&early, &HeaderMap::new()).await);
        assert_eq!(sent().await[AUTHORIZATION], "Bearer t2");
        assert!(tokens.renew(&late, &HeaderMap::new()).await, "another token is there to try");
        assert_eq!(sent().await[AUTHORIZATION], "Bearer t2");
    }
}
