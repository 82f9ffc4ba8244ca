use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::IntoResponse;
use http::{HeaderMap, Method, StatusCode, Uri};
use sandbox::{ProvisioningOptions, Sandbox, SandboxBuilder, ScimOptions};
use serde_json::{Value, json};

use crate::support::{Answer, Org};

/// An org with an app that is connected and may do everything.
pub(crate) struct Connected {
    pub(crate) org: Org,
    /// `/apps/{id}`
    pub(crate) app: String,
}

pub(crate) fn quick() -> SandboxBuilder {
    let first_pause = Duration::from_millis(1);
    let provisioning = ProvisioningOptions { first_pause, ..ProvisioningOptions::default() };
    Sandbox::builder().people(6).provisioning(provisioning)
}

impl Connected {
    pub(crate) async fn to_sandbox(options: ScimOptions) -> Self {
        let org = Org::start(quick().scim(options)).await;
        let (url, token) = (org.sandbox.scim_url().to_owned(), org.sandbox.scim_token().to_owned());
        Self::new(org, "SCIM with token", &url, &token).await
    }

    pub(crate) async fn new(org: Org, label: &str, url: &str, token: &str) -> Self {
        let app = format!("/apps/{}", org.sandbox.okta().app_id(label).unwrap());
        let connected = Self { org, app };
        connected.connect(url, token).await;
        connected.switch(true, true, true).await;
        connected
    }

    pub(crate) async fn connect(&self, url: &str, token: &str) {
        let connection =
            json!({"baseUrl": url, "profile": {"authScheme": "TOKEN", "token": token}});
        let path = format!("{}/connections/default?activate=true", self.app);
        assert_eq!(self.org.post(&path, connection).await.status, 200);
        self.settled().await;
    }

    pub(crate) async fn switch(&self, creates: bool, updates: bool, deactivates: bool) {
        let status = |on: bool| json!({"status": if on { "ENABLED" } else { "DISABLED" }});
        let features = json!({
            "create": {"lifecycleCreate": status(creates)},
            "update": {"profile": status(updates), "lifecycleDeactivate": status(deactivates)},
        });
        let set = self.org.put(&format!("{}/features/USER_PROVISIONING", self.app), features).await;
        assert_eq!(set.status, 200, "{:?}", set.body);
    }

    pub(crate) async fn settled(&self) {
        self.org.sandbox.okta().provisioned().await;
    }

    /// The requests of what `act` did, as `METHOD /path`, with `*` in place of ids.
    pub(crate) async fn sent(&self, act: impl Future<Output = Answer>) -> Vec<String> {
        self.settled().await;
        let before = self.requests().len();
        let answer = act.await;
        assert!((200..300).contains(&answer.status), "{}: {:?}", answer.asked, answer.body);
        self.settled().await;
        self.requests().split_off(before)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.org.sandbox.okta().provisioning_requests();
        let plain = |path: &str| {
            let path = path.split('?').next().unwrap().to_owned();
            let mut parts: Vec<&str> = path.split('/').collect();
            parts.iter_mut().skip(2).for_each(|part| *part = "*");
            parts.join("/")
        };
        requests.iter().map(|sent| format!("{} {}", sent.method, plain(&sent.path))).collect()
    }

    pub(crate) fn verdicts(&self) -> Vec<(bool, String)> {
        let requests = self.org.sandbox.okta().provisioning_requests();
        requests.into_iter().map(|sent| (sent.is_ok, sent.verdict)).collect()
    }

    pub(crate) fn user_id(&self, position: u64) -> String {
        self.org.sandbox.okta().user_id(position)
    }

    pub(crate) async fn assign(&self, position: u64) -> Answer {
        let body = json!({"id": self.user_id(position), "scope": "USER"});
        self.org.post(&format!("{}/users", self.app), body).await
    }

    pub(crate) async fn unassign(&self, position: u64) -> Answer {
        self.org.delete(&format!("{}/users/{}", self.app, self.user_id(position))).await
    }

    pub(crate) async fn set(&self, position: u64, name: &str, value: impl Into<Value>) -> Answer {
        let path = format!("/users/{}", self.user_id(position));
        self.org.post(&path, json!({"profile": {(name): value.into()}})).await
    }

    pub(crate) async fn app_user(&self, position: u64) -> Value {
        self.settled().await;
        self.org.get(&format!("{}/users/{}", self.app, self.user_id(position))).await.body
    }

    /// `status` and `syncState`.
    pub(crate) async fn state(&self, position: u64) -> [String; 2] {
        let user = self.app_user(position).await;
        ["status", "syncState"].map(|name| user[name].as_str().unwrap().to_owned())
    }

    /// The account of one of the people in the sandbox's own provider.
    pub(crate) fn account(&self, position: u64) -> Value {
        let login = self.org.sandbox.people().email(position);
        self.org.sandbox.scim().user_by_name(&login).unwrap_or_default()
    }

    pub(crate) async fn make_group(&self, name: &str, members: &[u64]) -> String {
        let group = self.org.post("/groups", json!({"profile": {"name": name}})).await;
        for member in members {
            let path = format!("/groups/{}/users/{}", group.id(), self.user_id(*member));
            self.org.put(&path, json!({})).await;
        }
        group.id().to_owned()
    }

    pub(crate) async fn push(&self, group: &str, target: &str) -> Answer {
        let body = json!({"sourceGroupId": group, "targetGroupName": target});
        self.org.post(&format!("{}/group-push/mappings", self.app), body).await
    }

    pub(crate) async fn mapping(&self, pushed: &Answer) -> Value {
        self.settled().await;
        self.org.get(&format!("{}/group-push/mappings/{}", self.app, pushed.id())).await.body
    }

    /// The failures in the System Log: kind and reason.
    pub(crate) fn failures(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let events = self.org.sandbox.okta().events().into_iter();
        let failed = events.filter(|event| event["outcome"]["result"] == "FAILURE");
        failed.map(|event| (text(&event["eventType"]), text(&event["outcome"]["reason"]))).collect()
    }
}

/// What arrived at a [`Stub`].
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A server whose answers a test makes up.
pub(crate) struct Stub {
    pub(crate) url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Stub {
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&Arrived) -> (u16, Value) + Clone + Send + Sync + 'static,
    {
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let kept = arrived.clone();
        let serve = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (kept, answer) = (kept.clone(), answer.clone());
            async move {
                let body = serde_json::from_slice(&body).unwrap_or_default();
                let one = Arrived { method, uri: uri.to_string(), headers, body };
                let (status, body) = answer(&one);
                kept.lock().unwrap().push(one);
                let text = if body.is_null() { String::new() } else { body.to_string() };
                let kind = [("content-type", "application/scim+json")];
                (StatusCode::from_u16(status).unwrap(), kind, text).into_response()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/scim", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, arrived }
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

pub(crate) fn list(resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(), "startIndex": 1, "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

pub(crate) fn error(status: u16, detail: &str) -> (u16, Value) {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    (status, json!({"schemas": schemas, "status": status.to_string(), "detail": detail}))
}
