//! What a handler knows of its request.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use serde_json::{Map, Value};

use super::access::Caller;
use super::error::OktaError;
use super::log::By;

/// The id that the answer will carry.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Links in the answer start with it: the address the caller used.
    pub(crate) origin: String,
    pub(crate) path: String,
    pub(crate) by: By,
    parameters: Vec<(String, String)>,
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let query = parts.uri.query().unwrap_or_default();
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let by = By {
            caller: parts.extensions.get::<Caller>().cloned().unwrap_or_default(),
            request: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            agent: agent.unwrap_or_default().to_owned(),
            owner: None,
        };
        Ok(Self {
            origin: format!("http://{}", host.unwrap_or("localhost")),
            path: parts.uri.path().to_owned(),
            by,
            parameters: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: parts.headers.clone(),
        })
    }
}

impl Call {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same call without some of its parameters.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let mut call = self.clone();
        call.parameters.retain(|(name, _)| !names.contains(&name.as_str()));
        call
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn limit(&self, default: usize, maximum: usize) -> Result<usize, OktaError> {
        let Some(text) = self.get("limit") else {
            return Ok(default);
        };
        match text.parse::<usize>() {
            Ok(limit) if limit > 0 => Ok(limit.min(maximum)),
            _ => Err(OktaError::validation("limit", "limit: must be a number greater than 0")),
        }
    }

    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The request's body as a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, OktaError> {
    serde_json::from_slice(body).map_err(|_| OktaError::malformed_body())
}
