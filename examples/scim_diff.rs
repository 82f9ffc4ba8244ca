//! Shows the PATCH that leads from one resource to another, in each dialect.
//!
//! `scim_diff BEFORE.json AFTER.json` compares two files; without them a user is read, at
//! `SCIM_BASE_URL` with `SCIM_TOKEN`, else in a sandbox, and compared with a changed copy. Nothing is
//! written.

use examples::{ScimTarget, arguments, say};
use futures::TryStreamExt;
use scim_types::patch::{Dialect, diff_json};
use scim_types::schema::Schemas;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "scim_diff [BEFORE.json AFTER.json]";
    let mut args = arguments(usage)?.into_iter();
    let (before, after) = match (args.next(), args.next()) {
        (Some(before), Some(after)) => (read(&before)?, read(&after)?),
        (None, None) => two_versions().await?,
        _ => return Err(format!("usage: {usage}").into()),
    };
    let is_group = before.get("members").is_some() || after.get("members").is_some();
    let schemas = if is_group { Schemas::group() } else { Schemas::user() };
    for dialect in [Dialect::Rfc, Dialect::Okta, Dialect::Entra] {
        match diff_json(&before, &after, schemas, dialect) {
            Ok(patch) => say!("{dialect:?}: {}", serde_json::to_string_pretty(&patch)?),
            Err(error) => say!("{dialect:?}: {error}"),
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}").into())
}

async fn two_versions() -> Result<(Value, Value), Box<dyn std::error::Error>> {
    let target = ScimTarget::connect().await?;
    let mut users = target.scim.users().list().limit(1).stream();
    let before = users.try_next().await?.ok_or("the provider has no users")?;
    let mut after = before.clone();
    after.title = Some("Principal Engineer".to_owned());
    after.active = Some(false);
    for email in &mut after.emails {
        email.value = email.value.take().map(|address| format!("new.{address}"));
    }
    Ok((serde_json::to_value(before)?, serde_json::to_value(after)?))
}
