//! One request to the product, as Okta sends it, and what became of it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    ACCEPT, ACCEPT_CHARSET, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT,
};
use reqwest::{Client, Method, Url};
use serde_json::Value;

use super::answer::Answer;
use super::{ProvisioningOptions, ProvisioningRequest};
use crate::okta::{OktaOrg, WeakOrg};

const AGENT: &str = "Okta SCIM Client 1.0.0";
const SCIM: &str = "application/scim+json; charset=utf-8";
/// How much of a body is shown.
const SHOWN: usize = 300;
const SHORTEST_SECRET: usize = 4;

/// Where an app provisions, and what it may do there.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(crate) base_url: String,
    pub(crate) token: Option<String>,
    pub(crate) authorization: Authorization,
    pub(crate) creates: bool,
    pub(crate) updates: bool,
    pub(crate) deactivates: bool,
    pub(crate) syncs_password: bool,
    /// Whether it is of the catalogue, and sends PATCH where custom apps send PUT.
    pub(crate) patches: bool,
}

/// How the token becomes a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorization {
    /// As it was typed.
    Raw,
    Basic,
    Bearer,
}

/// Why a job did not come to its end.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: String,
    /// Whether trying again may help, and how long the server asks to wait.
    pub(super) again: Option<Option<Duration>>,
    /// Whether what was linked is no longer there.
    pub(super) is_gone: bool,
    /// Whether the server is in its right.
    pub(super) is_fair: bool,
}

impl Failure {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again: None, is_gone: false, is_fair: false }
    }

    fn again(reason: impl Into<String>) -> Self {
        Self { again: Some(None), ..Self::new(reason) }
    }
}

/// The way to one app's product.
pub(super) struct Wire {
    org: WeakOrg,
    app: String,
    client: Client,
    base: Url,
    authorization: String,
    token: String,
    pub(super) destination: Destination,
}

impl Wire {
    pub(super) fn new(
        org: &OktaOrg,
        app: String,
        destination: Destination,
        options: ProvisioningOptions,
    ) -> Result<Self, Failure> {
        let base = address(&destination.base_url, options.anywhere).map_err(Failure::new)?;
        let token = destination.token.clone().ok_or_else(|| {
            Failure::new("the connection has no token: give it one with authScheme TOKEN")
        })?;
        let client = client(org, options)
            .map_err(|error| Failure::new(format!("no HTTP client: {error}")))?;
        let authorization = match destination.authorization {
            Authorization::Raw => token.clone(),
            Authorization::Basic => format!("Basic {}", STANDARD.encode(&token)),
            Authorization::Bearer => format!("Bearer {token}"),
        };
        let org = org.downgrade();
        Ok(Self { org, app, client, base, authorization, token, destination })
    }

    /// Sends, lets `judge` say what Okta makes of the answer, and keeps both.
    pub(super) async fn ask<T>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        judge: impl FnOnce(&Answer) -> Result<(T, String), Failure>,
    ) -> Result<T, Failure> {
        let url = self.url(path, query);
        let answer = self.send(method.clone(), url, body).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let judged = answer.and_then(|answer| {
            check_usual(&answer)?;
            judge(&answer)
        });
        let (is_ok, verdict) = match &judged {
            Ok((_, verdict)) => (true, verdict.clone()),
            Err(failure) => (failure.is_fair, failure.reason.clone()),
        };
        let shown_query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        self.keep(ProvisioningRequest {
            number: 0,
            app: self.app.clone(),
            method: method.to_string(),
            path: format!("{path}{mark}{}", shown_query.join("&")),
            body: body.map(shown),
            status,
            is_ok,
            verdict: self.without_token(&verdict),
        });
        let told =
            |failure: Failure| Failure { reason: self.without_token(&failure.reason), ..failure };
        judged.map(|(value, _)| value).map_err(told)
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/').filter(|part| !part.is_empty()));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
            // Okta writes a blank as %20; a plus is written as %2B already.
            let written = url.query().map(|query| query.replace('+', "%20"));
            url.set_query(written.as_deref());
        }
        url
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut request = self
            .client
            .request(method, url)
            .header(AUTHORIZATION, &self.authorization)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/scim+json")
            .header(ACCEPT_CHARSET, "utf-8")
            .header(CONTENT_TYPE, SCIM);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.map_err(|error| no_answer(&error))?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
        let content_type = header(CONTENT_TYPE).unwrap_or_default().to_owned();
        let text = response.text().await.map_err(|error| no_answer(&error))?;
        Ok(Answer::new(status, content_type, retry_after.map(Duration::from_secs), text))
    }

    fn keep(&self, request: ProvisioningRequest) {
        if let Some(org) = self.org.upgrade() {
            org.requests().add(request);
            org.inner.provisioning_changed.notify_waiters();
        }
    }

    fn without_token(&self, text: &str) -> String {
        // A token of a few letters is no secret, and may be part of any word.
        match self.token.len() < SHORTEST_SECRET {
            true => text.to_owned(),
            false => text.replace(&self.token, "[hidden]"),
        }
    }
}

// One for the org: reading the certificates of the machine takes longer than a request.
fn client(org: &OktaOrg, options: ProvisioningOptions) -> Result<Client, reqwest::Error> {
    if let Some(known) = org.inner.provisioning_client.get() {
        return Ok(known.clone());
    }
    let client =
        Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(options.patience);
    let client = if options.anywhere { client } else { client.no_proxy() };
    let client = client.build()?;
    Ok(org.inner.provisioning_client.get_or_init(|| client).clone())
}

fn address(base_url: &str, anywhere: bool) -> Result<Url, String> {
    let url: Url = base_url.parse().map_err(|_| format!("baseUrl: `{base_url}` is no URL"))?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "http" if is_local => Ok(url),
        "http" | "https" if anywhere => Ok(url),
        "http" | "https" => Err("the sandbox calls http on loopback only".to_owned()),
        _ => Err(format!("baseUrl: `{base_url}` is neither http nor https")),
    }
}

fn no_answer(error: &reqwest::Error) -> Failure {
    Failure::again(match (error.is_timeout(), error.is_connect()) {
        (true, _) => "it took too long, and Okta closed the socket".to_owned(),
        (_, true) => "the server cannot be reached".to_owned(),
        _ => "the connection ended before the answer did".to_owned(),
    })
}

// Whatever was asked, these mean the same.
fn check_usual(answer: &Answer) -> Result<(), Failure> {
    match answer.status {
        401 | 403 => {
            Err(Failure::new(format!("the credentials were refused: {}", answer.problem())))
        }
        429 => Err(Failure {
            again: Some(answer.retry_after),
            is_fair: true,
            ..Failure::new("too many requests: Okta tries again later")
        }),
        501 => Ok(()),
        500.. => Err(Failure {
            again: Some(answer.retry_after),
            ..Failure::new(format!("the server failed: {}", answer.problem()))
        }),
        300..=399 => Err(Failure::new("it redirects, and Okta does not follow")),
        _ => Ok(()),
    }
}

fn shown(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(password) = body.get_mut("password") {
        *password = "[hidden]".into();
    }
    shortened(&body.to_string(), SHOWN)
}

/// On one line, and not too long.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.clone().take(most).collect();
    if plain.count() > most {
        short.push_str("..");
    }
    short
}
