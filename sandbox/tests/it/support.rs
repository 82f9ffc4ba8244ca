use std::collections::HashMap;

use reqwest::Method;
use reqwest::header::HeaderMap;
use sandbox::{Sandbox, SandboxBuilder};
use serde_json::Value;

/// A sandbox and a client that talks to its Okta org.
pub(crate) struct Org {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Org {
    pub(crate) async fn with(people: u64) -> Self {
        Self::start(Sandbox::builder().people(people)).await
    }

    pub(crate) async fn start(builder: SandboxBuilder) -> Self {
        let sandbox = builder.start().await.unwrap();
        Self { sandbox, http: reqwest::Client::new() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}/api/v1{path}", self.sandbox.okta_url()),
        };
        let token = format!("SSWS {}", self.sandbox.okta_token());
        self.http.request(method, url).header("Authorization", token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    /// POST without a body, which has to say that there is none.
    pub(crate) async fn run(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::POST, path).header("Content-Length", 0)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Every item of a listing, and how many pages it took.
    pub(crate) async fn all(&self, path: &str) -> (Vec<Value>, usize) {
        let (mut items, mut pages) = (Vec::new(), 0);
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.get(&path).await;
            assert_eq!(answer.status, 200, "{:?}", answer.body);
            next = answer.links().remove("next");
            items.extend(answer.items().iter().cloned());
            pages += 1;
        }
        (items, pages)
    }

    /// The ids that a search or another query on users finds.
    pub(crate) async fn found(&self, name: &str, expression: &str) -> Vec<String> {
        let (users, _) = self.all(&format!("/users?{}", query(&[(name, expression)]))).await;
        users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The id of some user in this status.
    pub(crate) async fn in_status(&self, status: &str) -> String {
        let search = query(&[("search", &format!("status eq \"{status}\"")), ("limit", "1")]);
        let found = self.get(&format!("/users?{search}")).await;
        let user = found.items().first().unwrap_or_else(|| panic!("nobody is {status}"));
        user["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn status_of(&self, id: &str) -> String {
        self.get(&format!("/users/{id}")).await.body["status"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let asked = response.url().to_string();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { asked, status, headers, body }
    }

    pub(crate) fn items(&self) -> &Vec<Value> {
        self.body.as_array().unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status, self.body["errorCode"].as_str().unwrap_or_default())
    }

    pub(crate) fn cause(&self) -> &str {
        self.body["errorCauses"][0]["errorSummary"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The `Link` headers by relation, each in a header of its own.
    pub(crate) fn links(&self) -> HashMap<String, String> {
        let parse = |value: &reqwest::header::HeaderValue| {
            let (url, relation) = value.to_str().unwrap().split_once("; rel=").unwrap();
            let url = url.trim_matches(['<', '>']).to_owned();
            (relation.trim_matches('"').to_owned(), url)
        };
        self.headers.get_all("link").iter().map(parse).collect()
    }
}

pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
