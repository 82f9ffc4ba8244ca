use reqwest::Method;
use sandbox::{Quirks, Sandbox, ScimOptions, ScimProvider};
use serde_json::{Value, json};

use crate::support::{Answer, query};

pub(crate) const USER: &str = scim_types::urn::USER;
pub(crate) const GROUP: &str = scim_types::urn::GROUP;
pub(crate) const ENTERPRISE: &str = scim_types::urn::ENTERPRISE_USER;

/// A sandbox and a client that talks to its SCIM provider.
pub(crate) struct Scim {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
}

impl Scim {
    pub(crate) async fn start() -> Self {
        Self::with(ScimOptions::default()).await
    }

    pub(crate) async fn with(options: ScimOptions) -> Self {
        let sandbox = Sandbox::builder().people(0).scim(options).start().await.unwrap();
        Self { sandbox, http: reqwest::Client::new() }
    }

    pub(crate) async fn quirk(name: &str) -> Self {
        let mut quirks = Quirks::default();
        assert!(quirks.set(name), "{name}");
        Self::with(ScimOptions::default().quirks(quirks)).await
    }

    pub(crate) fn provider(&self) -> &ScimProvider {
        self.sandbox.scim()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.sandbox.scim_url());
        self.http.request(method, url).bearer_auth(self.sandbox.scim_token())
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).body(body.to_string());
        Answer::of(request.header("Content-Type", "application/scim+json")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &body).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Answer {
        let schemas = [scim_types::urn::PATCH_OP];
        let body = json!({"schemas": schemas, "Operations": operations});
        self.send(Method::PATCH, path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// A listing with these parameters.
    pub(crate) async fn list(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.get(&format!("{path}?{}", query(parameters))).await
    }

    /// The `userName`s or `displayName`s that a filter finds.
    pub(crate) async fn found(&self, path: &str, filter: &str) -> Vec<String> {
        let answer = self.list(path, &[("filter", filter)]).await;
        assert_eq!(answer.status, 200, "{filter}: {}", answer.body);
        answer.names()
    }

    pub(crate) fn add_user(&self, name: &str) -> String {
        self.provider().insert_user(user(name)).unwrap()
    }

    pub(crate) fn add_users(&self, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| self.add_user(name)).collect()
    }

    pub(crate) fn add_group(&self, name: &str, members: &[String]) -> String {
        self.provider().insert_group(group(name, members)).unwrap()
    }
}

impl Answer {
    pub(crate) fn resources(&self) -> &[Value] {
        self.body["Resources"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let name = |resource: &Value| {
            let name = resource.get("userName").or_else(|| resource.get("displayName"));
            name.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        self.resources().iter().map(name).collect()
    }

    /// Status and `scimType`.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["scimType"].as_str().unwrap_or_default())
    }
}

pub(crate) fn user(name: &str) -> Value {
    json!({
        "schemas": [USER],
        "userName": name,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": format!("{name}@acme.example"), "type": "work", "primary": true}],
        "active": true,
    })
}

pub(crate) fn group(name: &str, members: &[String]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": name, "members": members})
}
