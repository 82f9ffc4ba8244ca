//! Signs in as a service app: a private key in place of a token, and only the scopes that are needed.
//!
//! With OKTA_CLIENT_* set, `Okta::from_env()` does the same from OKTA_CLIENT_AUTHORIZATIONMODE=PrivateKey,
//! OKTA_CLIENT_CLIENTID, OKTA_CLIENT_SCOPES and OKTA_CLIENT_PRIVATEKEY.

use examples::arguments;
use futures::TryStreamExt;
use okta_client::{Okta, ServiceApp, SigningKey};
use sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    arguments("service_app")?;
    let sandbox = Sandbox::builder().people(20).start().await?;
    let app = sandbox.service_app();
    // Yours: the app's client id, and the key that was made on its General tab.
    let (client_id, pem) = (&app.client_id, &app.private_key_pem);

    let auth = ServiceApp::builder(client_id.as_str(), SigningKey::from_pem(pem)?)
        .scopes(["okta.users.read"])
        .build();
    let okta = Okta::new(sandbox.okta_url(), auth)?;
    let people: Vec<_> = okta.users().list().limit(3).stream().try_collect().await?;
    for user in &people {
        println!("{}", user.profile.login().unwrap_or_default());
    }
    // What no scope was asked for is refused.
    match okta.groups().list().stream().try_next().await {
        Err(error) if error.is_forbidden() => println!("groups: {error}"),
        other => println!("groups: {:?}", other?.map(|group| group.id)),
    }
    Ok(())
}
