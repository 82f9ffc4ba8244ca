//! An org with a token endpoint that checks every claim of a service app.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use okta_client::{Algorithm, Okta, OktaBuilder, RetryPolicy, ServiceApp, SigningKey};
use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const CLIENT_ID: &str = "0oa1b2c3";
pub(crate) const KEY_ID: &str = "key-1";
pub(crate) const SCOPES: [&str; 2] = ["okta.users.read", "okta.groups.read"];

/// The half of the key pair that the org knows.
pub(crate) struct Registered {
    pub(crate) algorithm: Algorithm,
    pub(crate) check: &'static dyn VerificationAlgorithm,
    pub(crate) public: Vec<u8>,
}

pub(crate) fn armor(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

pub(crate) fn ec_key() -> (SigningKey, Registered) {
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = SigningKey::from_pem(&armor(pair.to_pkcs8v1().unwrap().as_ref())).unwrap();
    let registered = Registered {
        algorithm: Algorithm::Es256,
        check: &signature::ECDSA_P256_SHA256_FIXED,
        public: pair.public_key().as_ref().to_vec(),
    };
    (key.key_id(KEY_ID), registered)
}

pub(crate) fn rsa_key(
    algorithm: Algorithm,
    check: &'static dyn VerificationAlgorithm,
) -> (SigningKey, Registered) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der = pair.as_der().unwrap();
    let key = SigningKey::from_pem(&armor(der.as_ref())).unwrap().algorithm(algorithm).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    (key.key_id(KEY_ID), Registered { algorithm, check, public })
}

/// An org with a token endpoint and an API that takes only the tokens it knows as valid.
pub(crate) struct Org {
    pub(crate) server: MockServer,
    state: Arc<State>,
    pub(crate) key: SigningKey,
}

pub(crate) struct State {
    registered: Registered,
    audience: String,
    lifetime: u64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) ids: HashSet<String>,
    pub(crate) token_requests: usize,
    pub(crate) valid: HashSet<String>,
    pub(crate) api_calls: usize,
    /// Answered in turn before the endpoint works.
    failures: VecDeque<ResponseTemplate>,
}

struct TokenEndpoint(Arc<State>);
struct Api(Arc<State>);

pub(crate) fn oauth_error(status: u16, error: &str, description: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-okta-request-id", "req-1")
        .set_body_json(json!({"error": error, "error_description": description}))
}

impl Respond for TokenEndpoint {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let State { lifetime, .. } = *self.0;
        match self.0.check(request) {
            Err(problem) => oauth_error(400, "test", &problem),
            Ok(id) => {
                let mut seen = self.0.seen();
                seen.token_requests += 1;
                if !seen.ids.insert(id) {
                    return oauth_error(
                        401,
                        "invalid_client",
                        "The assertion has already been used.",
                    );
                }
                if let Some(failure) = seen.failures.pop_front() {
                    return failure;
                }
                let token = format!("secret-token-{}", seen.token_requests);
                seen.valid.insert(token.clone());
                ResponseTemplate::new(200).set_body_json(json!({
                    "token_type": "Bearer", "expires_in": lifetime, "access_token": token,
                    "scope": SCOPES.join(" "),
                }))
            }
        }
    }
}

impl Respond for Api {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut seen = self.0.seen();
        seen.api_calls += 1;
        let sent = request.headers["authorization"].to_str().unwrap();
        if sent.strip_prefix("Bearer ").is_some_and(|token| seen.valid.contains(token)) {
            return ResponseTemplate::new(200).set_body_json(json!({"path": request.url.path()}));
        }
        let body = json!({"errorCode": "E0000011", "errorSummary": "Invalid token provided"});
        ResponseTemplate::new(401).set_body_json(body)
    }
}

type Problem<T> = std::result::Result<T, String>;

fn ensure(holds: bool, problem: impl Debug) -> Problem<()> {
    if holds { Ok(()) } else { Err(format!("{problem:?}")) }
}

fn decoded(part: &str) -> Problem<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

impl State {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Checks the whole request; its `jti` if all is right.
    fn check(&self, request: &Request) -> Problem<String> {
        let kind = &request.headers["content-type"];
        ensure(kind == "application/x-www-form-urlencoded", kind)?;
        ensure(request.headers.get("authorization").is_none(), "no Authorization here")?;
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        let fields: BTreeMap<_, _> = form.iter().cloned().collect();
        ensure(form.len() == 4 && fields.len() == 4, &form)?;
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        ensure(field("grant_type") == "client_credentials", &form)?;
        ensure(field("scope") == SCOPES.join(" "), &form)?;
        let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        ensure(field("client_assertion_type") == assertion_type, &form)?;
        self.check_assertion(&field("client_assertion"))
    }

    fn check_assertion(&self, assertion: &str) -> Problem<String> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or("not a JWT")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())?;
        let Registered { algorithm, check, public } = &self.registered;
        UnparsedPublicKey::new(*check, public)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| "the signature is wrong")?;

        let (header, claims) = signed.split_once('.').ok_or("not a JWT")?;
        let (header, claims) = (decoded(header)?, decoded(claims)?);
        let expected = json!({"alg": algorithm.name(), "typ": "JWT", "kid": KEY_ID});
        ensure(header == expected, &header)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let (iat, exp) =
            (claims["iat"].as_u64().ok_or("iat")?, claims["exp"].as_u64().ok_or("exp")?);
        ensure(now.abs_diff(iat) < 60 && exp > now && exp - iat <= 3600, (now, iat, exp))?;
        let id = claims["jti"].as_str().ok_or("jti")?;
        ensure(id.len() >= 16, id)?;
        let expected = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self.audience, "iat": iat, "exp": exp, "jti": id,
        });
        ensure(claims == expected, &claims)?;
        Ok(id.to_owned())
    }
}

impl Org {
    pub(crate) async fn start() -> Self {
        Self::with(ec_key(), 3600).await
    }

    pub(crate) async fn with((key, registered): (SigningKey, Registered), lifetime: u64) -> Self {
        let server = MockServer::start().await;
        let audience = format!("{}/oauth2/v1/token", server.uri());
        let state = Arc::new(State { registered, audience, lifetime, seen: Mutex::default() });
        Mock::given(method("POST"))
            .and(path("/oauth2/v1/token"))
            .respond_with(TokenEndpoint(Arc::clone(&state)))
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(path_regex("^/api/v1/users/"))
            .respond_with(Api(Arc::clone(&state)))
            .mount(&server)
            .await;
        Self { server, state, key }
    }

    pub(crate) fn app(&self) -> ServiceApp {
        ServiceApp::builder(CLIENT_ID, self.key.clone()).scopes(SCOPES).build()
    }

    pub(crate) fn builder(&self) -> OktaBuilder {
        let quick = RetryPolicy::default()
            .min_delay(Duration::from_millis(1))
            .max_delay(Duration::from_millis(2));
        Okta::builder(self.server.uri(), self.app()).retry(quick)
    }

    pub(crate) fn okta(&self) -> Okta {
        self.builder().build().unwrap()
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.state.seen()
    }

    pub(crate) fn fail_next(&self, failure: ResponseTemplate) {
        self.seen().failures.push_back(failure);
    }
}
