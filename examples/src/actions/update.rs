//! Changing attributes.

use okta_client::{Okta, User};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::find::required;
use super::{ActionError, Answer};

/// Attributes to be changed; all others stay.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Update {
    /// Id or login.
    pub user: String,
    /// The attributes; null clears one.
    pub profile: Map<String, Value>,
}

impl Update {
    pub(super) async fn run(&self, okta: &Okta, plan: bool) -> Result<Answer, ActionError> {
        let user = required(okta, &self.user).await?;
        align(okta, user, &self.profile, plan).await
    }
}

/// Sends what differs.
pub(super) async fn align(
    okta: &Okta,
    user: User,
    wanted: &Map<String, Value>,
    plan: bool,
) -> Result<Answer, ActionError> {
    let now =
        |name: &str| user.profile.attribute(name).map_or(Value::Null, |value| value.to_value());
    let differs = |(name, value): &(&String, &Value)| now(name) != **value;
    let changes: Map<String, Value> =
        wanted.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect();
    if changes.is_empty() {
        return Ok(Answer::user("unchanged", &user));
    }
    let names: Vec<Value> = changes.keys().map(|name| name.as_str().into()).collect();
    if plan {
        return Ok(Answer::user("would_update", &user).with("changes", Value::Object(changes)));
    }
    let user = okta.users().update(&user.id).set_all(changes).await?;
    Ok(Answer::user("updated", &user).with("changed", names))
}
