//! People with your own struct as their profile: an attribute that has another type is an error, one that
//! is not in the struct costs nothing.

use examples::{SandboxOptions, arguments, connect_okta};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Staff {
    login: String,
    first_name: Option<String>,
    /// Not one of Okta's own: an attribute of this org.
    badge_number: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    arguments("custom_profile")?;
    // Yours: Okta::from_env()?, or Okta::new(org, ApiToken::new(token))?.
    let (okta, _sandbox) = connect_okta(&SandboxOptions::default()).await?;
    let staff = okta.users_as::<Staff>();
    let mut people = staff.list().limit(5).stream();
    while let Some(user) = people.try_next().await? {
        let Staff { login, first_name, badge_number } = user.profile;
        println!("{login}\t{}\t{badge_number:?}", first_name.unwrap_or_default());
    }
    Ok(())
}
