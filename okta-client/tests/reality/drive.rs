//! Calls of the client, one after the other, each with what the validator says of its requests.

use std::time::Duration;

use futures::{Stream, TryStreamExt};
use okta_client::{ApiToken, Auth, BearerToken, Okta, Result, RetryPolicy};

use serde_json::Value;

use crate::proxy::{Exchange, Proxy};

/// What came of one call.
pub(crate) struct Row {
    pub(crate) call: String,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) error: Option<String>,
}

pub(crate) struct Drive {
    pub(crate) okta: Okta,
    proxy: Proxy,
    pub(crate) rows: Vec<Row>,
}

impl Drive {
    pub(crate) fn through(proxy: Proxy) -> Self {
        let okta = client(&proxy, ApiToken::new("00-t0ken-of-the-tests"));
        Self { okta, proxy, rows: Vec::new() }
    }

    /// For what Okta describes as open to access tokens only, though it takes API tokens too.
    pub(crate) fn with_access_token(&self) -> Okta {
        client(&self.proxy, BearerToken::new("t0ken-of-the-tests"))
    }

    /// Makes a call and gives its answer.
    pub(crate) async fn call<T>(
        &mut self,
        call: impl Into<String>,
        request: impl IntoFuture<Output = Result<T>>,
    ) -> Option<T> {
        let answer = request.await;
        let error = answer.as_ref().err().map(ToString::to_string);
        self.rows.push(Row { call: call.into(), exchanges: self.proxy.take(), error });
        answer.ok()
    }

    /// What the validator says of a body that is sent as it is.
    pub(crate) async fn violations(&self, method: &str, path: &str, body: &Value) -> Vec<String> {
        let client = okta_client::reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(method.parse().unwrap(), format!("{}{path}", self.proxy.url));
        let request = request.header("authorization", "SSWS t");
        let request = request.header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap();
        self.proxy.take().into_iter().flat_map(|exchange| exchange.violations).collect()
    }

    /// Reads a listing to its end.
    pub(crate) async fn list<T>(
        &mut self,
        call: &str,
        items: impl Stream<Item = Result<T>>,
    ) -> Option<Vec<T>> {
        self.call(call, items.try_collect()).await
    }
}

fn client(proxy: &Proxy, auth: impl Into<Auth>) -> Okta {
    let at_once = RetryPolicy::default().min_delay(Duration::ZERO).max_delay(Duration::ZERO);
    Okta::builder(&proxy.url, auth).retry(at_once.max_attempts(2)).build().unwrap()
}
