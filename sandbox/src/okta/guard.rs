//! What happens to every call before and after its handler.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::OktaOrg;
use super::access::{Asked, Caller, Refused, Scopes};
use super::call::RequestId;
use super::error::OktaError;
use super::limits::Quota;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-okta-request-id");
const TOKEN_PATH: &str = "/oauth2/v1/token";
const OPEN_PATH: &str = "/.well-known/";

pub(crate) async fn guard(
    State(org): State<OktaOrg>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id();
    let is_counted = !request.uri().path().starts_with(OPEN_PATH);
    let mut response = match checked(&org, &request) {
        Err(refusal) => *refusal,
        Ok((caller, quota, _running)) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(RequestId(id.clone()));
            let mut response = next.run(request).await;
            if is_counted {
                quota.write(response.headers_mut());
            }
            response
        }
    };
    if !response.headers().contains_key("dpop-nonce")
        && let Some(nonce) = org.access().nonce_of_api().and_then(|nonce| nonce.parse().ok())
    {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    write_id(&mut response, &id);
    response
}

/// Okta's request id, as on each of its answers.
pub(crate) fn stamp(response: &mut Response) {
    write_id(response, &request_id());
}

fn request_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

fn write_id(response: &mut Response, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
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

fn checked(org: &OktaOrg, request: &Request) -> Result<(Caller, Quota, Running), Box<Response>> {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let caller = authorised(org, request, route)?;
    let bucket = format!("{} {route}", request.method());
    let started = org.windows().start(&bucket, super::now_seconds());
    let quota = started.map_err(|quota| with(quota, OktaError::rate_limited().into_response()))?;
    let running = Running(org.clone());
    match unreadable(request) {
        Some(refusal) => Err(Box::new(with(quota, refusal))),
        None => Ok((caller, quota, running)),
    }
}

fn with(quota: Quota, mut response: Response) -> Response {
    quota.write(response.headers_mut());
    response
}

fn authorised(org: &OktaOrg, request: &Request, route: &str) -> Result<Caller, Box<Response>> {
    let path = request.uri().path();
    if path == TOKEN_PATH || path.starts_with(OPEN_PATH) {
        return Ok(Caller::Nobody);
    }
    let header = request.headers().get(header::AUTHORIZATION);
    let credential = header.and_then(|value| value.to_str().ok());
    let refuse = |error: OktaError| Box::new(error.into_response());
    match credential.and_then(|value| value.split_once(' ')) {
        Some(("SSWS" | "Bearer", token)) if token == org.token() => Ok(Caller::Token),
        Some(("SSWS", _)) => Err(refuse(OktaError::invalid_token())),
        Some((scheme @ ("Bearer" | "DPoP"), token)) => {
            with_access_token(org, request, route, scheme, token)
        }
        _ => Err(refuse(OktaError::authentication_failed())),
    }
}

fn with_access_token(
    org: &OktaOrg,
    request: &Request,
    route: &str,
    scheme: &str,
    token: &str,
) -> Result<Caller, Box<Response>> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = format!("http://{}", host.unwrap_or("localhost"));
    let url = format!("{origin}{}", request.uri().path());
    let asked = Asked { method: request.method(), url: &url, headers: request.headers() };
    let needed = Scopes::of(request.method(), route);
    let checked = org.access().check(scheme, token, &asked, &needed);
    checked.map_err(|refused| Box::new(refusal(refused, scheme, &origin)))
}

// Seen at real orgs: a missing scope is told by a header alone, the body is empty.
fn refusal(refused: Refused, scheme: &str, origin: &str) -> Response {
    let places =
        format!("{scheme} authorization_uri=\"{origin}/oauth2/v1/authorize\", realm=\"{origin}\"");
    let invalid = || OktaError::invalid_token().into_response();
    let (mut response, told, nonce) = match refused {
        Refused::Token(why) => (
            invalid(),
            format!("{places}, error=\"invalid_token\", error_description=\"{why}\""),
            None,
        ),
        Refused::Proof(why) => {
            let told = format!("DPoP error=\"invalid_dpop_proof\", error_description=\"{why}\"");
            (invalid(), told, None)
        }
        Refused::Nonce(nonce) => {
            let told = "DPoP error=\"use_dpop_nonce\", error_description=\"Resource server requires nonce in DPoP proof.\"";
            (invalid(), told.to_owned(), Some(nonce))
        }
        Refused::Scope(scopes) => {
            let told = format!(
                "{places}, scope=\"{scopes}\", error=\"insufficient_scope\", \
                 error_description=\"The access token provided does not contain the required scopes.\""
            );
            (StatusCode::FORBIDDEN.into_response(), told, None)
        }
    };
    if let Ok(told) = HeaderValue::from_str(&told) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, told);
    }
    if let Some(nonce) = nonce.and_then(|nonce| nonce.parse().ok()) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

// The refusal of a body that says too little about itself.
fn unreadable(request: &Request) -> Option<Response> {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let chunked = headers.contains_key(header::TRANSFER_ENCODING);
    let must_say_length = [Method::POST, Method::PUT].contains(request.method());
    let writes = must_say_length || request.method() == Method::PATCH;
    if must_say_length && length.is_none() && !chunked {
        return Some(StatusCode::LENGTH_REQUIRED.into_response());
    }
    let has_body = chunked || length.is_some_and(|length| length != "0");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    let is_readable = match request.uri().path() {
        TOKEN_PATH => kind.starts_with("application/x-www-form-urlencoded"),
        _ => kind.starts_with("application/json"),
    };
    (writes && has_body && !is_readable).then(|| OktaError::bad_content_type().into_response())
}
