//! From HTTP to a call, and from its reply back, quirks included.

use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use scim_types::Error;
use serde_json::{Value, json};

use super::call::{Call, Reply, Target, bad_syntax, not_found};
use super::quirks::Quirks;
use super::stats::ScimRequest;
use super::{BASE_PATH, ScimProvider};

pub(super) const MEDIA_TYPE: &str = "application/scim+json";

pub(super) async fn serve(
    Shared(provider): Shared<ScimProvider>,
    path: Option<Path<String>>,
    request: Request,
) -> Response {
    let path = format!("/{}", path.map(|Path(path)| path).unwrap_or_default());
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let target = Target::of(&path);
    let reply = if !is_authorised(&parts.headers, &provider) {
        unauthorised(provider.quirks())
    } else {
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let call = read_call(&provider, &parts.method, &path, &query, &parts.headers, &body);
        let outcome = call.and_then(|mut call| provider.session().route(&mut call));
        outcome.unwrap_or_else(|error| Reply::error(&error))
    };
    let route = target.map_or_else(|| "other".to_owned(), |target| target.route());
    let method = parts.method.to_string();
    let route = format!("{method} {route}");
    provider.log().add(route, ScimRequest { method, path, query, status: reply.status });
    response(reply, provider.quirks())
}

pub(super) async fn nowhere(Shared(provider): Shared<ScimProvider>) -> Response {
    response(Reply::error(&not_found(BASE_PATH)), provider.quirks())
}

/// An error answer as SCIM has it, for injected faults.
pub(crate) fn error_response(status: StatusCode, detail: &str) -> Response {
    response(Reply::error(&Error::new(status.as_u16(), detail)), &Quirks::default())
}

fn is_authorised(headers: &HeaderMap, provider: &ScimProvider) -> bool {
    let credential = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = credential.and_then(|value| value.split_once(' '));
    token.is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer") && token.trim() == provider.token()
    })
}

fn unauthorised(quirks: &Quirks) -> Reply {
    match quirks.empty_401_body {
        true => Reply::empty(401),
        false => Reply::error(&Error::new(401, "the bearer token is missing or wrong")),
    }
}

fn read_call(
    provider: &ScimProvider,
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Call, Error> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let most = provider.options().max_bulk_bytes;
    if Target::of(path) == Some(Target::Bulk) && body.len() as u64 > most {
        return Err(Error::new(413, format!("a bulk request has at most {most} bytes")));
    }
    let kind = text(header::CONTENT_TYPE).unwrap_or(MEDIA_TYPE);
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = kind == MEDIA_TYPE || kind == "application/json";
    if !body.is_empty() && !is_json {
        return Err(Error::new(415, format!("the body is {kind}, expected {MEDIA_TYPE}")));
    }
    let reads = *method == Method::GET || *method == Method::DELETE || *method == Method::HEAD;
    let body = match reads || body.is_empty() {
        true => None,
        false => Some(serde_json::from_slice(body).map_err(|error| bad_syntax(error.to_string()))?),
    };
    Ok(Call {
        method: if *method == Method::HEAD { Method::GET } else { method.clone() },
        path: path.to_owned(),
        parameters: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body,
        if_match: text(header::IF_MATCH).map(str::to_owned),
        if_none_match: text(header::IF_NONE_MATCH).map(str::to_owned),
        base: format!("http://{}{BASE_PATH}", text(header::HOST).unwrap_or("localhost")),
        id: None,
    })
}

fn response(mut reply: Reply, quirks: &Quirks) -> Response {
    if let Some(body) = &mut reply.body {
        dress(body, reply.status, quirks);
    }
    if reply.status == 501 && quirks.empty_501_body {
        reply.body = None;
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match &reply.body {
        Some(body) => (status, body.to_string()).into_response(),
        None => status.into_response(),
    };
    let headers = response.headers_mut();
    let is_html = quirks.content_type_text_html || reply.status == 401 && quirks.empty_401_body;
    let kind = if is_html { "text/html; charset=utf-8" } else { MEDIA_TYPE };
    if reply.body.is_some() || is_html || quirks.patch_answers_204 {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let mut set = |name: HeaderName, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    };
    set(header::LOCATION, reply.location.filter(|_| !quirks.no_location_header));
    set(header::ETAG, reply.version);
    set(header::ALLOW, reply.allow.map(str::to_owned));
    set(header::WWW_AUTHENTICATE, (reply.status == 401).then(|| "Bearer".to_owned()));
    response
}

fn dress(body: &mut Value, status: u16, quirks: &Quirks) {
    if status >= 400 && quirks.numeric_status {
        body["status"] = json!(status);
    }
    let Some(list) = body.as_object_mut().filter(|body| body.contains_key("Resources")) else {
        return;
    };
    if quirks.total_results_missing {
        list.remove("totalResults");
    }
    if quirks.resources_missing_when_empty && list["Resources"] == json!([]) {
        list.remove("Resources");
    }
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        if let Some(count) = list.get_mut(name).filter(|_| quirks.counters_as_text) {
            *count = count.to_string().into();
        }
    }
}
