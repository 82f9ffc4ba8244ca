//! Calls endpoints for which there is no method: with retries, pacing and errors as all others.

use examples::{SandboxOptions, arguments, connect_okta};
use futures::TryStreamExt;
use okta_client::Method;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    profile: Profile,
}

#[derive(Debug, Deserialize)]
struct Profile {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    arguments("raw_endpoint")?;
    // Yours: Okta::from_env()?, or Okta::new(org, ApiToken::new(token))?.
    let (okta, _sandbox) = connect_okta(&SandboxOptions::default()).await?;
    // A listing, page after page.
    let groups = okta.request(Method::GET, "/api/v1/groups", []).list::<Named>().query("limit", 3);
    let mut groups = groups.stream();
    while let Some(Named { id, profile }) = groups.try_next().await? {
        println!("{id}\t{}", profile.name);
    }
    // A body goes out, JSON comes back. What stands in braces is filled with the arguments.
    let profile = json!({"firstName": "Ada", "lastName": "Lovelace", "email": "ada@acme.example",
        "login": "ada@acme.example"});
    let request = okta.request(Method::POST, "/api/v1/users", []).query("activate", false);
    let made: Value = request.body(&json!({"profile": profile})).json().await?;
    let id = made["id"].as_str().unwrap_or_default();
    let read = okta.request(Method::GET, "/api/v1/users/{id}", [id]).safe_to_repeat();
    let user: Value = read.json().await?;
    println!("{id}\t{}", user["status"]);
    Ok(())
}
