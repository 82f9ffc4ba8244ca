//! What a server holds, read without the client.

use scim_client::reqwest::{Client, Method};
use serde_json::Value;

use crate::server::{Server, TOKEN};

pub(crate) struct Plain<'a> {
    server: &'a Server,
    http: Client,
}

impl<'a> Plain<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        Self { server, http: Client::new() }
    }

    /// Status and body of a GET.
    pub(crate) async fn get(&self, route: &str) -> (u16, Value) {
        let url = format!("{}{route}", self.server.base_url);
        let request = self.http.request(Method::GET, url).bearer_auth(TOKEN);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    pub(crate) async fn one(&self, route: &str) -> Value {
        let (status, body) = self.get(route).await;
        assert_eq!(status, 200, "{route}: {body}");
        body
    }

    /// How many resources of a type there are.
    pub(crate) async fn count(&self, route: &str) -> usize {
        let list = self.one(route).await;
        list["totalResults"].as_u64().unwrap().try_into().unwrap()
    }
}

/// Ids are texts, though some servers write numbers.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The ids of a group's members.
pub(crate) fn members(group: &Value) -> Vec<String> {
    let members = group["members"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = members.map(|member| text(&member["value"])).collect();
    ids.sort();
    ids
}
