//! Who may call: service apps, their access tokens, and the proofs that go with those.

mod app;
mod dpop;
mod jwt;
mod scopes;
mod token;

use std::collections::{HashMap, HashSet};

use http::HeaderMap;

use super::ids;
pub use app::ServiceApp;
pub(crate) use app::{Client, generate};
pub(crate) use dpop::Asked;
pub use dpop::Nonces;
pub(crate) use scopes::Scopes;
pub(crate) use token::answer;

/// What can be switched on the token endpoint and the service app that every org has.
#[derive(Clone, Debug)]
pub struct OAuthOptions {
    /// How many seconds an access token is good for; Okta's hour unless told otherwise.
    pub token_seconds: u64,
    /// Whether the service app must prove possession of a key (DPoP).
    pub dpop: bool,
    /// When the nonces of proofs change, and who asks for them.
    pub nonces: Nonces,
    /// The scopes that are granted to the service app; all that the sandbox has a use for by default.
    pub scopes: Vec<String>,
}

impl Default for OAuthOptions {
    fn default() -> Self {
        let scopes = scopes::all();
        Self { token_seconds: 3_600, dpop: false, nonces: Nonces::default(), scopes }
    }
}

/// Who makes a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The sandbox itself, past the API.
    #[default]
    Nobody,
    /// Whoever has the API token: the first user.
    Token,
    /// A service app, by its client id.
    App(String),
}

/// What the org knows of clients, tokens and proofs.
#[derive(Debug)]
pub(crate) struct Access {
    clients: HashMap<String, Client>,
    issued: HashMap<String, Issued>,
    // A `jti` with the second after which it may be forgotten.
    used: HashMap<String, i64>,
    nonces: dpop::NonceState,
    token_seconds: u64,
    requests: u64,
}

#[derive(Debug)]
struct Issued {
    client: String,
    scopes: HashSet<String>,
    ends_at_ms: i64,
    // The thumbprint of the key that every call has to prove.
    bound_to: Option<String>,
}

/// Why a call with an access token is refused.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// Unknown, expired, or sent under another scheme than it was issued for.
    Token(&'static str),
    Proof(String),
    Nonce(String),
    Scope(String),
}

impl Access {
    pub(crate) fn new(options: &OAuthOptions) -> Self {
        Self {
            clients: HashMap::new(),
            issued: HashMap::new(),
            used: HashMap::new(),
            nonces: dpop::NonceState::new(options.nonces),
            token_seconds: options.token_seconds,
            requests: 0,
        }
    }

    pub(crate) fn register(&mut self, id: String, client: Client) {
        self.clients.insert(id, client);
    }

    /// How many requests the token endpoint has answered, and how many of their tokens are kept.
    pub(crate) fn token_requests(&self) -> u64 {
        self.requests
    }

    /// Makes every token that was issued so far invalid.
    pub(crate) fn revoke_all(&mut self) {
        self.issued.clear();
    }

    /// The nonce that answers of the API carry, if they do.
    pub(crate) fn nonce_of_api(&mut self) -> Option<String> {
        self.nonces.of_api_answer()
    }

    /// Checks a call with an access token: the token, its proof, and that it has the scopes.
    pub(crate) fn check(
        &mut self,
        scheme: &str,
        token: &str,
        asked: &dpop::Asked<'_>,
        needed: &Scopes,
    ) -> Result<Caller, Refused> {
        let now = jiff::Timestamp::now().as_millisecond();
        let issued = self.issued.get(token).filter(|issued| issued.ends_at_ms > now);
        let issued = issued.ok_or(Refused::Token("The access token is invalid or has expired."))?;
        let (client, bound_to) = (issued.client.clone(), issued.bound_to.clone());
        let missing = needed.missing_from(&issued.scopes);
        match (bound_to, scheme) {
            (Some(key), "DPoP") => self.check_proof(asked, token, &key, now)?,
            (None, "Bearer") => {}
            (Some(_), _) => return Err(Refused::Token("The access token is bound: use DPoP.")),
            (None, _) => return Err(Refused::Token("The access token is not bound: use Bearer.")),
        }
        match missing {
            Some(scopes) => Err(Refused::Scope(scopes)),
            None => Ok(Caller::App(client)),
        }
    }

    fn check_proof(
        &mut self,
        asked: &dpop::Asked<'_>,
        token: &str,
        key: &str,
        now_ms: i64,
    ) -> Result<(), Refused> {
        let proof = asked.proof(now_ms / 1_000).map_err(Refused::Proof)?;
        if !self.first_use(&proof.jti, now_ms / 1_000) {
            return Err(Refused::Proof("The DPoP proof's jti has already been used.".to_owned()));
        }
        if proof.thumbprint != key {
            return Err(Refused::Proof("The token is bound to another key.".to_owned()));
        }
        if proof.ath.as_deref() != Some(dpop::hash(token).as_str()) {
            return Err(Refused::Proof("The DPoP proof's ath is not that token's.".to_owned()));
        }
        match self.nonces.fits_api(proof.nonce.as_deref()) {
            true => Ok(()),
            false => Err(Refused::Nonce(self.nonces.current().to_owned())),
        }
    }

    // False if it was used before. Nothing older than two hours is accepted anywhere.
    fn first_use(&mut self, jti: &str, now: i64) -> bool {
        if self.used.len().is_power_of_two() {
            self.used.retain(|_, forget_at| *forget_at > now);
        }
        self.used.insert(jti.to_owned(), now + 7_200).is_none()
    }

    fn issue(
        &mut self,
        client: &str,
        scopes: HashSet<String>,
        bound_to: Option<String>,
    ) -> (String, u64) {
        let now = jiff::Timestamp::now().as_millisecond();
        if self.issued.len().is_power_of_two() {
            self.issued.retain(|_, issued| issued.ends_at_ms > now);
        }
        let token = format!("sbx.{}", ids::random_text(60));
        let ends_at_ms = now.saturating_add((self.token_seconds as i64).saturating_mul(1_000));
        let client = client.to_owned();
        self.issued.insert(token.clone(), Issued { client, scopes, ends_at_ms, bound_to });
        (token, self.token_seconds)
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
