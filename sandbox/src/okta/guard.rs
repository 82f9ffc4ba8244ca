//! What happens to every call before and after its handler.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::OktaOrg;
use super::error::OktaError;
use super::limits::Quota;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-okta-request-id");

pub(crate) async fn guard(State(org): State<OktaOrg>, request: Request, next: Next) -> Response {
    let mut response = match checked(&org, &request) {
        Err(refusal) => *refusal,
        Ok((quota, _running)) => {
            let mut response = next.run(request).await;
            quota.write(response.headers_mut());
            response
        }
    };
    stamp(&mut response);
    response
}

/// Okta's request id, as on each of its answers.
pub(crate) fn stamp(response: &mut Response) {
    let id = format!("{:032x}", fastrand::u128(..));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

// Ends the call in the count of running ones, also when the caller went away in the middle.
struct Running(OktaOrg);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.windows().end();
    }
}

fn checked(org: &OktaOrg, request: &Request) -> Result<(Quota, Running), Box<Response>> {
    authorised(org, request).map_err(IntoResponse::into_response)?;
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let bucket = format!("{} {route}", request.method());
    let started = org.windows().start(&bucket, super::now_seconds());
    let quota = started.map_err(|quota| with(quota, OktaError::rate_limited().into_response()))?;
    let running = Running(org.clone());
    match unreadable(request) {
        Some(refusal) => Err(Box::new(with(quota, refusal))),
        None => Ok((quota, running)),
    }
}

fn with(quota: Quota, mut response: Response) -> Response {
    quota.write(response.headers_mut());
    response
}

fn authorised(org: &OktaOrg, request: &Request) -> Result<(), OktaError> {
    let header = request.headers().get(header::AUTHORIZATION);
    let credential = header.and_then(|value| value.to_str().ok());
    let token = credential
        .and_then(|value| value.strip_prefix("SSWS ").or_else(|| value.strip_prefix("Bearer ")));
    match token {
        None => Err(OktaError::authentication_failed()),
        Some(token) if token == org.token() => Ok(()),
        Some(_) => Err(OktaError::invalid_token()),
    }
}

// The refusal of a body that says too little about itself.
fn unreadable(request: &Request) -> Option<Response> {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let chunked = headers.contains_key(header::TRANSFER_ENCODING);
    let writes = request.method() == Method::POST || request.method() == Method::PUT;
    if writes && length.is_none() && !chunked {
        return Some(StatusCode::LENGTH_REQUIRED.into_response());
    }
    let has_body = chunked || length.is_some_and(|length| length != "0");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    (writes && has_body && !is_json).then(|| OktaError::bad_content_type().into_response())
}
