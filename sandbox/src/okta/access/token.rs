//! `POST /oauth2/v1/token`: client credentials with `private_key_jwt`, with or without DPoP.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;

use super::dpop::Asked;
use super::jwt::Jwt;
use super::{Access, Client};
use crate::okta::call::Call;
use crate::okta::{OktaOrg, now_seconds};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest time an assertion may be good for.
const HOUR: i64 = 3_600;

/// The error and its description, in OAuth's words.
#[derive(Debug)]
struct OAuthError(StatusCode, &'static str, String);

impl OAuthError {
    fn client(description: impl Into<String>) -> Self {
        Self(StatusCode::UNAUTHORIZED, "invalid_client", description.into())
    }

    fn request(error: &'static str, description: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, error, description.into())
    }
}

pub(crate) async fn answer(
    Shared(org): Shared<OktaOrg>,
    call: Call,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let url = format!("{}{}", call.origin, call.path);
    let asked = Asked { method: &Method::POST, url: &url, headers: &headers };
    let mut access = org.access();
    access.requests += 1;
    let granted = access.grant(&form, &asked);
    // Only calls with a proof have a use for it.
    let wants_nonce = asked.has_proof();
    let nonce = wants_nonce.then(|| access.nonces.of_token_answer());
    drop(access);
    let mut response = granted.unwrap_or_else(|OAuthError(status, error, description)| {
        (status, Json(json!({"error": error, "error_description": description}))).into_response()
    });
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

impl Access {
    fn grant(
        &mut self,
        form: &HashMap<String, String>,
        asked: &Asked<'_>,
    ) -> Result<Response, OAuthError> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("grant_type") != "client_credentials" {
            let description = "The only grant type here is client_credentials.";
            return Err(OAuthError::request("unsupported_grant_type", description));
        }
        if field("client_assertion_type") != ASSERTION {
            return Err(OAuthError::client(
                "Client Credentials requests to the Org Authorization Server must use the \
                 private_key_jwt token_endpoint_auth_method.",
            ));
        }
        let now = now_seconds();
        let (id, client) = self.authenticate(field("client_assertion"), asked.url, now)?;
        let scopes = granted(field("scope"), &client)?;
        let bound_to = self.bind(asked, &client, now)?;
        let kind = if bound_to.is_some() { "DPoP" } else { "Bearer" };
        let (token, seconds) = self.issue(&id, scopes, bound_to);
        let body = json!({"token_type": kind, "expires_in": seconds, "access_token": token,
                          "scope": field("scope")});
        Ok(Json(body).into_response())
    }

    // The assertion's `jti` is used up by a request that fails later, too.
    fn authenticate(
        &mut self,
        assertion: &str,
        url: &str,
        now: i64,
    ) -> Result<(String, Client), OAuthError> {
        let refuse = |description: &str| OAuthError::client(description);
        let jwt = Jwt::read(assertion).ok_or_else(|| refuse("The client_assertion is no JWT."))?;
        let claims = &jwt.claims;
        let id = Jwt::text(claims, "iss").to_owned();
        let client = self.clients.get(&id).cloned();
        let client = client.ok_or_else(|| refuse("Invalid value for 'client_id' parameter."))?;
        if Jwt::text(claims, "sub") != id {
            return Err(refuse("The subject claim for client_assertion must be the client id."));
        }
        if !is_audience(&claims["aud"], url) {
            return Err(refuse(
                "The audience claim for client_assertion must be the endpoint invoked for the request.",
            ));
        }
        check_times(claims, now).map_err(refuse)?;
        if !client.key_for(&jwt).is_some_and(|key| jwt.is_signed_by(key)) {
            return Err(refuse("The client_assertion signature is invalid."));
        }
        let jti = Jwt::text(claims, "jti");
        if !jti.is_empty() && !self.first_use(&format!("{id} {jti}"), now) {
            return Err(refuse("The client_assertion token has already been used."));
        }
        Ok((id, client))
    }

    // The thumbprint of the key that the token is to be bound to.
    fn bind(
        &mut self,
        asked: &Asked<'_>,
        client: &Client,
        now: i64,
    ) -> Result<Option<String>, OAuthError> {
        if !asked.has_proof() && !client.dpop {
            return Ok(None);
        }
        let refuse = |description| OAuthError::request("invalid_dpop_proof", description);
        let proof = asked.proof(now).map_err(refuse)?;
        if !self.nonces.fits(proof.nonce.as_deref()) {
            let description = "Authorization server requires nonce in DPoP proof.";
            return Err(OAuthError::request("use_dpop_nonce", description));
        }
        match self.first_use(&proof.jti, now) {
            true => Ok(Some(proof.thumbprint)),
            false => Err(refuse("The DPoP proof's jti has already been used.".to_owned())),
        }
    }
}

impl Client {
    // Without a `kid` the only key is meant.
    fn key_for(&self, jwt: &Jwt<'_>) -> Option<&serde_json::Value> {
        match jwt.header["kid"].as_str() {
            Some(kid) => self.keys.iter().find(|key| key["kid"] == kid),
            None => self.keys.first().filter(|_| self.keys.len() == 1),
        }
    }
}

fn is_audience(audience: &serde_json::Value, url: &str) -> bool {
    audience == url || audience.as_array().is_some_and(|all| all.iter().any(|one| one == url))
}

fn check_times(claims: &serde_json::Value, now: i64) -> Result<(), &'static str> {
    let Some(exp) = claims["exp"].as_i64() else {
        return Err("The client_assertion token must have a numeric exp claim.");
    };
    if exp <= now {
        return Err("The client_assertion token is expired.");
    }
    // Clocks differ by a few seconds.
    if exp > now + HOUR + 5 {
        return Err("The client_assertion token must expire within an hour.");
    }
    match claims["iat"].as_i64() {
        Some(iat) if iat > now + 300 => Err("The client_assertion token was issued in the future."),
        _ => Ok(()),
    }
}

fn granted(scope: &str, client: &Client) -> Result<HashSet<String>, OAuthError> {
    let asked: HashSet<String> = scope.split_whitespace().map(str::to_owned).collect();
    if asked.is_empty() {
        let description = "The authorization server resource does not have any configured default \
                           scopes, 'scope' must be provided.";
        return Err(OAuthError::request("invalid_scope", description));
    }
    match asked.iter().all(|scope| client.scopes.contains(scope)) {
        true => Ok(asked),
        false => {
            let description =
                "One or more scopes are not configured for the authorization server resource.";
            Err(OAuthError::request("invalid_scope", description))
        }
    }
}
