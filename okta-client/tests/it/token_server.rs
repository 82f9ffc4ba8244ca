//! An org that checks every claim of every signed token, and shares no code with what signs them: keys
//! are taken from the JWK in the proof, parts are read by hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use okta_client::jiff::Timestamp;
use okta_client::{Algorithm, Okta, ServiceApp, ServiceAppBuilder, SigningKey};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::token_org::{CLIENT_ID, KEY_ID, SCOPES, armor};

/// Which nonces proofs must carry.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Nonces {
    None,
    /// The last one issued; every answer brings one, and after this many another.
    Every(u32),
    /// Each is good for one request, and only a refusal brings the next.
    Single,
    /// Each is good for one request, and every answer brings one of its own.
    Once,
    /// All that were issued within so many milliseconds; every answer brings the newest.
    Lives(u64),
}

#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// What the token endpoint says, and how long it is.
    pub(crate) lifetime: (Duration, Duration),
    pub(crate) dpop: bool,
    pub(crate) nonces: Nonces,
    pub(crate) clock_ahead: i64,
    pub(crate) users: usize,
    pub(crate) delay: Duration,
}

const HOUR: Duration = Duration::from_secs(3600);

impl Default for Rules {
    fn default() -> Self {
        Self {
            lifetime: (HOUR, HOUR),
            dpop: false,
            nonces: Nonces::None,
            clock_ahead: 0,
            users: 3,
            delay: Duration::ZERO,
        }
    }
}

/// A private key for the client, and its public half as JWK.
pub(crate) fn key(algorithm: Algorithm) -> (SigningKey, Value) {
    let (signing, crv) = match algorithm {
        Algorithm::Es256 => (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
        Algorithm::Es384 => (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        Algorithm::Es512 => (&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521"),
        _ => return rsa_key(algorithm),
    };
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    let key = SigningKey::from_pem(&armor(pair.to_pkcs8v1().unwrap().as_ref())).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let encoded = |bytes| URL_SAFE_NO_PAD.encode(bytes);
    (key, json!({"kty": "EC", "crv": crv, "x": encoded(x), "y": encoded(y)}))
}

fn rsa_key(algorithm: Algorithm) -> (SigningKey, Value) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der = pair.as_der().unwrap();
    let key = SigningKey::from_pem(&armor(der.as_ref())).unwrap().algorithm(algorithm).unwrap();
    // SEQUENCE (4), INTEGER header (4), a zero before the modulus, and 65537 behind another header.
    let public = pair.public_key().as_ref();
    let n = URL_SAFE_NO_PAD.encode(&public[9..9 + 256]);
    (key, json!({"kty": "RSA", "n": n, "e": "AQAB"}))
}

type Checked<T> = Result<T, String>;

fn ensure(holds: bool, problem: impl std::fmt::Debug) -> Checked<()> {
    if holds { Ok(()) } else { Err(format!("{problem:?}")) }
}

fn bytes(text: &str) -> Checked<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("{error}: {text}"))
}

/// Header and claims of a token whose signature fits the key.
fn read(token: &str, jwk: impl FnOnce(&Value) -> Checked<Value>) -> Checked<(Value, Value)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { return Err("not a JWT".into()) };
    let json = |part| serde_json::from_slice::<Value>(&bytes(part)?).map_err(|e| e.to_string());
    let (header_json, claims_json) = (json(header)?, json(claims)?);
    let jwk = jwk(&header_json)?;
    let signed = format!("{header}.{claims}");
    verify(
        &jwk,
        header_json["alg"].as_str().ok_or("no alg")?,
        signed.as_bytes(),
        &bytes(signature)?,
    )?;
    Ok((header_json, claims_json))
}

fn verify(jwk: &Value, alg: &str, message: &[u8], signature: &[u8]) -> Checked<()> {
    let member = |name: &str| bytes(jwk[name].as_str().ok_or(format!("jwk without {name}"))?);
    let wrong = |_| format!("the {alg} signature is wrong");
    let rsa = match alg {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => {
            let (curve, check) = match alg {
                "ES256" => ("P-256", &signature::ECDSA_P256_SHA256_FIXED),
                "ES384" => ("P-384", &signature::ECDSA_P384_SHA384_FIXED),
                "ES512" => ("P-521", &signature::ECDSA_P521_SHA512_FIXED),
                _ => return Err(format!("alg {alg}")),
            };
            ensure(jwk["kty"] == "EC" && jwk["crv"] == curve, jwk)?;
            let point = [vec![4], member("x")?, member("y")?].concat();
            return UnparsedPublicKey::new(check, point).verify(message, signature).map_err(wrong);
        }
    };
    ensure(jwk["kty"] == "RSA", jwk)?;
    let key = PublicKeyComponents { n: member("n")?, e: member("e")? };
    key.verify(rsa, message, signature).map_err(wrong)
}

struct Token {
    ends: Instant,
    bound_to: Option<Value>,
    refused: bool,
}

#[derive(Default)]
struct Issued {
    nonce: String,
    count: u32,
    answers: u32,
    /// When the newest was issued.
    at: Option<Instant>,
    unused: HashSet<String>,
}

impl Issued {
    fn has_ended(&self, nonces: Nonces) -> bool {
        let Nonces::Lives(milliseconds) = nonces else { return false };
        self.at.is_none_or(|at| at.elapsed() >= Duration::from_millis(milliseconds))
    }
}

#[derive(Default)]
pub(crate) struct Seen {
    ids: HashSet<String>,
    tokens: HashMap<String, Token>,
    /// The newest token of each client: what tells clients apart is their proof key.
    last: HashMap<String, String>,
    nonces: [Issued; 2],
    /// Every token request, also one that is refused.
    pub(crate) token_requests: usize,
    pub(crate) nonces_refused: usize,
    pub(crate) api_calls: usize,
    /// The public key of the last proof.
    pub(crate) proof_key: Value,
    /// What must not be, whatever it was answered with.
    pub(crate) problems: Vec<String>,
}

impl Seen {
    pub(crate) fn tokens_issued(&self) -> usize {
        self.tokens.len()
    }

    /// Ends every token at once, without telling.
    pub(crate) fn revoke(&mut self) {
        self.tokens.values_mut().for_each(|token| token.ends = Instant::now());
    }

    fn use_once(&mut self, claims: &Value) -> Checked<()> {
        let id = claims["jti"].as_str().ok_or("no jti")?;
        ensure(id.len() >= 16, id)?;
        ensure(self.ids.insert(id.to_owned()), "a jti was used twice")
    }
}

pub(crate) struct TokenServer {
    pub(crate) server: MockServer,
    shared: Arc<Shared>,
    pub(crate) key: SigningKey,
}

struct Shared {
    rules: Rules,
    registered: Value,
    url: String,
    seen: Mutex<Seen>,
}

/// How an endpoint answers before headers that every answer has.
enum Answer {
    Good(ResponseTemplate),
    WantsNonce,
    WantsProof,
    TokenEnded,
}

const TOKEN: usize = 0;
const API: usize = 1;

struct Endpoint<const WHICH: usize>(Arc<Shared>);

impl<const WHICH: usize> Respond for Endpoint<WHICH> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let shared = &self.0;
        let mut seen = shared.seen.lock().unwrap();
        let answer = match WHICH {
            TOKEN => shared.token(&mut seen, request),
            _ => shared.users(&mut seen, request),
        };
        let answer = answer.unwrap_or_else(|problem| {
            seen.problems.push(problem.clone());
            Answer::Good(oauth(400, "invalid_request", &problem))
        });
        shared.finish(&mut seen, WHICH, answer)
    }
}

fn oauth(status: u16, error: &str, description: &str) -> ResponseTemplate {
    let body = json!({"error": error, "error_description": description});
    ResponseTemplate::new(status).set_body_json(body)
}

impl Shared {
    fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        now as i64 + self.rules.clock_ahead
    }

    /// Adds the nonce and the date, and turns refusals into what each endpoint says.
    fn finish(&self, seen: &mut Seen, which: usize, answer: Answer) -> ResponseTemplate {
        let refuses_nonce = matches!(answer, Answer::WantsNonce);
        let template = match (answer, which) {
            (Answer::Good(template), _) => template.set_delay(self.rules.delay),
            (Answer::WantsNonce, TOKEN) => {
                oauth(400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
            }
            (Answer::WantsNonce, _) => ResponseTemplate::new(401)
                .insert_header("www-authenticate", r#"DPoP error="use_dpop_nonce""#),
            (Answer::WantsProof, _) => {
                oauth(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.")
            }
            (Answer::TokenEnded, _) => ResponseTemplate::new(401)
                .insert_header("www-authenticate", r#"DPoP error="invalid_token""#)
                .set_body_json(
                    json!({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}),
                ),
        };
        let issued = &mut seen.nonces[which];
        issued.answers += 1;
        let offers = match self.rules.nonces {
            Nonces::None => false,
            Nonces::Every(_) | Nonces::Once | Nonces::Lives(_) => true,
            Nonces::Single => refuses_nonce,
        };
        let rotates = match self.rules.nonces {
            Nonces::Every(answers) => {
                issued.answers.is_multiple_of(answers) || issued.nonce.is_empty()
            }
            Nonces::Lives(_) => issued.has_ended(self.rules.nonces),
            _ => offers,
        };
        if rotates {
            issued.count += 1;
            issued.nonce = format!("nonce-{which}-{}", issued.count);
            issued.at = Some(Instant::now());
            issued.unused.insert(issued.nonce.clone());
        }
        let date = Timestamp::from_second(self.now()).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let template = template.insert_header("date", date.as_str());
        match offers {
            true => template.insert_header("dpop-nonce", issued.nonce.as_str()),
            false => template,
        }
    }

    /// The token endpoint.
    fn token(&self, seen: &mut Seen, request: &Request) -> Checked<Answer> {
        seen.token_requests += 1;
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        let fields: BTreeMap<&str, &str> = form.iter().map(|(n, v)| (&**n, &**v)).collect();
        ensure(form.len() == 4 && fields.len() == 4, &form)?;
        ensure(fields["grant_type"] == "client_credentials", &form)?;
        ensure(fields["scope"] == SCOPES.join(" "), &form)?;
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        ensure(fields["client_assertion_type"] == kind, &form)?;
        let registered = |_: &Value| Ok(self.registered.clone());
        let (header, claims) = read(fields["client_assertion"], registered)?;
        let alg = &header["alg"];
        ensure(header == json!({"typ": "JWT", "alg": alg, "kid": KEY_ID}), &header)?;
        let audience = format!("{}/oauth2/v1/token", self.url);
        let (iat, exp, jti) = (&claims["iat"], &claims["exp"], &claims["jti"]);
        let all = json!({"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": audience, "iat": iat, "exp": exp, "jti": jti});
        ensure(claims == all, &claims)?;
        let (iat, exp) = (iat.as_i64().ok_or("iat")?, exp.as_i64().ok_or("exp")?);
        ensure(exp > iat && exp - iat <= 3600, &claims)?;
        seen.use_once(&claims)?;
        if (iat - self.now()).abs() > 60 {
            let text = "The issued at time 'iat' is too far from now.";
            return Ok(Answer::Good(oauth(401, "invalid_client", text)));
        }
        if !self.rules.dpop {
            ensure(request.headers.get("dpop").is_none(), "a proof that nobody asked for")?;
            return self.issue(seen, None);
        }
        if request.headers.get("dpop").is_none() {
            return Ok(Answer::WantsProof);
        }
        let proof = self.proof(seen, request, &audience, None)?;
        match self.takes_nonce(seen, TOKEN, &proof) {
            true => self.issue(seen, Some(seen.proof_key.clone())),
            false => Ok(Answer::WantsNonce),
        }
    }

    fn issue(&self, seen: &mut Seen, bound_to: Option<Value>) -> Checked<Answer> {
        let (told, real) = self.rules.lifetime;
        let client = format!("{bound_to:?}");
        if let Some(last) = seen.last.get(&client).and_then(|last| seen.tokens.get(last)) {
            let left = last.ends.saturating_duration_since(Instant::now());
            ensure(last.refused || left < real / 5, ("a token was asked for too early", left))?;
        }
        let token = format!("token-{}-of-the-server", seen.tokens.len() + 1);
        let scheme = if bound_to.is_some() { "DPoP" } else { "Bearer" };
        let record = Token { ends: Instant::now() + real, bound_to, refused: false };
        seen.tokens.insert(token.clone(), record);
        seen.last.insert(client, token.clone());
        Ok(Answer::Good(ResponseTemplate::new(200).set_body_json(json!({
            "token_type": scheme, "expires_in": told.as_secs(), "access_token": token,
            "scope": SCOPES.join(" "),
        }))))
    }

    /// The claims of the request's proof.
    fn proof(
        &self,
        seen: &mut Seen,
        request: &Request,
        target: &str,
        token: Option<&str>,
    ) -> Checked<Value> {
        let proofs: Vec<_> = request.headers.get_all("dpop").iter().collect();
        ensure(proofs.len() == 1, "exactly one proof")?;
        let own = |header: &Value| Ok(header["jwk"].clone());
        let (header, claims) = read(proofs[0].to_str().unwrap(), own)?;
        let (alg, jwk) = (&header["alg"], &header["jwk"]);
        ensure(header == json!({"typ": "dpop+jwt", "alg": alg, "jwk": jwk}), &header)?;
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            ensure(jwk.get(private).is_none(), "the proof shows the private key")?;
        }
        ensure(*jwk != self.registered, "the proof is signed with the app's own key")?;
        seen.proof_key = jwk.clone();
        let mut all = json!({"htm": request.method.as_str(), "htu": target, "iat": claims["iat"],
            "jti": claims["jti"]});
        if let Some(token) = token {
            all["ath"] = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes())).into();
        }
        if let Some(nonce) = claims.get("nonce") {
            all["nonce"] = nonce.clone();
        }
        ensure(claims == all, (&claims, &all))?;
        let iat = claims["iat"].as_i64().ok_or("iat")?;
        ensure((iat - self.now()).abs() <= 60, "the proof's iat")?;
        seen.use_once(&claims)?;
        Ok(claims)
    }

    fn takes_nonce(&self, seen: &mut Seen, which: usize, proof: &Value) -> bool {
        let issued = &mut seen.nonces[which];
        let sent = proof.get("nonce").and_then(Value::as_str).unwrap_or_default();
        let good = match self.rules.nonces {
            Nonces::None => sent.is_empty(),
            Nonces::Once => issued.unused.remove(sent),
            Nonces::Lives(_) => sent == issued.nonce && !issued.has_ended(self.rules.nonces),
            _ => !issued.nonce.is_empty() && sent == issued.nonce,
        };
        if good && self.rules.nonces == Nonces::Single {
            issued.nonce.clear();
        }
        seen.nonces_refused += usize::from(!good);
        good
    }

    /// `GET /api/v1/users`, page by page.
    fn users(&self, seen: &mut Seen, request: &Request) -> Checked<Answer> {
        seen.api_calls += 1;
        let sent = request.headers["authorization"].to_str().unwrap();
        let (scheme, token) = sent.split_once(' ').ok_or("no scheme")?;
        let known = seen.tokens.get(token).ok_or("a token that was never issued")?;
        let bound_to = known.bound_to.clone();
        ensure(scheme == if bound_to.is_some() { "DPoP" } else { "Bearer" }, sent)?;
        if bound_to.is_some() {
            let target = format!("{}{}", self.url, request.url.path());
            let proof = self.proof(seen, request, &target, Some(token))?;
            ensure(bound_to.as_ref() == Some(&seen.proof_key), "another key than the token's")?;
            if !self.takes_nonce(seen, API, &proof) {
                return Ok(Answer::WantsNonce);
            }
        }
        let known = seen.tokens.get_mut(token).ok_or("gone")?;
        if Instant::now() >= known.ends {
            known.refused = true;
            return Ok(Answer::TokenEnded);
        }
        Ok(Answer::Good(self.page(request)))
    }

    fn page(&self, request: &Request) -> ResponseTemplate {
        let query: HashMap<_, _> = request.url.query_pairs().into_owned().collect();
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let (start, limit) = (number("after").unwrap_or(0), number("limit").unwrap_or(200));
        let end = (start + limit).min(self.rules.users);
        let user =
            |nth| json!({"id": format!("00u{nth}"), "status": "ACTIVE", "profile": {"login": "x"}});
        let page: Vec<_> = (start..end).map(user).collect();
        let answer = ResponseTemplate::new(200).set_body_json(page);
        match end < self.rules.users {
            true => {
                let next =
                    format!("<{}/api/v1/users?after={end}&limit={limit}>; rel=\"next\"", self.url);
                answer.insert_header("link", next.as_str())
            }
            false => answer,
        }
    }
}

impl TokenServer {
    pub(crate) async fn start(rules: Rules) -> Self {
        Self::with_key(rules, Algorithm::Es256).await
    }

    pub(crate) async fn with_key(rules: Rules, algorithm: Algorithm) -> Self {
        let server = MockServer::start().await;
        let (key, registered) = key(algorithm);
        let shared = Shared { rules, registered, url: server.uri(), seen: Mutex::default() };
        let shared = Arc::new(shared);
        let token = Mock::given(method("POST")).and(path("/oauth2/v1/token"));
        token.respond_with(Endpoint::<TOKEN>(Arc::clone(&shared))).mount(&server).await;
        let users = Mock::given(method("GET")).and(path("/api/v1/users"));
        users.respond_with(Endpoint::<API>(Arc::clone(&shared))).mount(&server).await;
        Self { server, shared, key: key.key_id(KEY_ID) }
    }

    pub(crate) fn app(&self) -> ServiceAppBuilder {
        ServiceApp::builder(CLIENT_ID, self.key.clone()).scopes(SCOPES)
    }

    /// A client that is told nothing of DPoP.
    pub(crate) fn okta(&self) -> Okta {
        self.okta_of(self.app().build())
    }

    pub(crate) fn okta_of(&self, app: ServiceApp) -> Okta {
        Okta::new(&self.server.uri(), app).unwrap()
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen.lock().unwrap()
    }

    /// Token requests, calls, and nonces refused by either endpoint.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let seen = self.seen();
        (seen.token_requests, seen.api_calls, seen.nonces_refused)
    }

    /// Nothing was wrong with any request.
    pub(crate) fn assert_content(&self) {
        let seen = self.seen();
        assert!(seen.problems.is_empty(), "{:?}", seen.problems);
        assert!(seen.api_calls > 0);
    }
}
