//! A SCIM server for the tests: it answers as told, and tells what it was asked.

use std::time::Duration;

use scim_client::{Bearer, RetryPolicy, Scim, ScimBuilder};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const TOKEN: &str = "s3cret-token-of-the-tests";

/// Settings under which no test waits: what may be repeated is repeated at once.
pub(crate) fn builder(url: &str) -> ScimBuilder {
    let at_once = RetryPolicy::default().min_delay(Duration::ZERO).max_delay(Duration::ZERO);
    Scim::builder(url, Bearer::new(TOKEN)).retry(at_once)
}

/// A server that gives every request the same answer, or what a function says.
pub(crate) struct Server {
    pub(crate) scim: Scim,
    pub(crate) server: MockServer,
}

impl Server {
    pub(crate) async fn with(answer: impl Respond + 'static) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let base = format!("{}/scim/v2", server.uri());
        Self { scim: builder(&base).build().unwrap(), server }
    }

    pub(crate) async fn answers(body: Value) -> Self {
        Self::with(ResponseTemplate::new(200).set_body_json(body)).await
    }

    pub(crate) async fn refuses(status: u16, scim_type: &str) -> Self {
        Self::with(refusal(status, scim_type)).await
    }

    pub(crate) async fn says_nothing() -> Self {
        Self::with(ResponseTemplate::new(204)).await
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// What was asked: `GET /Users?startIndex=1&count=2`, decoded, without the base.
    pub(crate) async fn lines(&self) -> Vec<String> {
        self.requests().await.iter().map(line).collect()
    }

    /// Exactly one request came: this one, with this query and this body (null: none).
    pub(crate) async fn saw(&self, wanted: &str, body: Value) -> Request {
        let mut requests = self.requests().await;
        assert_eq!(requests.len(), 1, "{requests:?}");
        let request = requests.remove(0);
        assert_eq!(line(&request), wanted);
        let sent = match request.body.is_empty() {
            true => Value::Null,
            false => {
                let content_type = header(&request, "content-type");
                assert_eq!(content_type.as_deref(), Some("application/scim+json"));
                serde_json::from_slice(&request.body).unwrap()
            }
        };
        assert_eq!(sent, body, "{wanted}");
        assert_eq!(header(&request, "authorization"), Some(format!("Bearer {TOKEN}")));
        let accept = header(&request, "accept").unwrap();
        assert_eq!(accept, "application/scim+json, application/json;q=0.9");
        request
    }
}

/// Method, route and decoded query of a request.
pub(crate) fn line(request: &Request) -> String {
    let path = request.url.path();
    let route = path.strip_prefix("/scim/v2").unwrap_or(path);
    let pairs = request.url.query_pairs().map(|(name, value)| format!("{name}={value}"));
    let query = pairs.collect::<Vec<_>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {route}{mark}{query}", request.method)
}

pub(crate) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// A query parameter.
pub(crate) fn query(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn number(request: &Request, name: &str) -> Option<usize> {
    query(request, name).map(|value| value.parse().unwrap())
}

pub(crate) fn refusal(status: u16, scim_type: &str) -> ResponseTemplate {
    let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(), "detail": "said no"});
    if !scim_type.is_empty() {
        body["scimType"] = scim_type.into();
    }
    ResponseTemplate::new(status).set_body_json(body)
}

pub(crate) fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn user(id: impl ToString, user_name: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": id.to_string(),
        "userName": user_name, "active": true, "meta": {"resourceType": "User"}})
}

pub(crate) fn group(id: &str, name: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": id,
        "displayName": name, "members": [{"value": "1"}]})
}

/// Users with the ids 1 to `last`.
pub(crate) fn users(last: usize) -> Vec<Value> {
    (1..=last).map(|n| user(n, &format!("u{n}@acme.example"))).collect()
}

/// A page as RFC 7644 describes it.
pub(crate) fn page(resources: &[Value], total: usize) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total, "itemsPerPage": resources.len(), "Resources": resources})
}

/// The part of `all` that the request asks for by `startIndex` and `count`.
pub(crate) fn part<'a>(all: &'a [Value], request: &Request) -> &'a [Value] {
    let start = number(request, "startIndex").unwrap_or(1).max(1) - 1;
    let start = start.min(all.len());
    let count = number(request, "count").unwrap_or(100);
    &all[start..all.len().min(start + count)]
}

/// All that a value and the causes of an error print.
pub(crate) fn printed(error: &scim_client::Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}", error.kind());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += &format!("\n{cause}\n{cause:?}");
        source = cause.source();
    }
    text
}
