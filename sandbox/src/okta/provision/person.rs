//! A user of an app as the product is to have it.

use serde_json::{Map, Value, json};

use super::place::{Place, USER};
use crate::okta::apps::App;
use crate::okta::state::State;
use crate::okta::user::Password;

#[derive(Clone, Debug)]
pub(super) struct Person {
    okta_id: String,
    pub(super) user_name: String,
    attributes: Vec<Attribute>,
    password: Password,
}

#[derive(Clone, Debug)]
struct Attribute {
    name: String,
    place: Place,
    /// None: it has no value, and is to have none in the product.
    value: Option<Value>,
    /// Whether it is sent with updates too, and not only at creation.
    is_pushed: bool,
}

impl Person {
    /// Nobody if the user is not assigned.
    pub(super) fn of(state: &State, app: &App, index: u64) -> Option<Self> {
        let json = app.user_json(state, index, "")?;
        let user = state.user(index)?;
        let profile = &json["profile"];
        let source = user.profile.clone().into_map();
        let attributes = app.schema.definitions().filter(|(name, _)| *name != "userName");
        let attributes = attributes.filter_map(|(name, definition)| {
            let value = profile.get(name).filter(|value| !value.is_null()).cloned();
            // What is not mapped is nobody's business, and so is what cannot be computed here.
            let (is_known, is_pushed) = app.push_rule(name, &source).unwrap_or((false, true));
            (value.is_some() || is_known).then(|| Attribute {
                name: name.clone(),
                place: Place::of(name, definition),
                value,
                is_pushed,
            })
        });
        Some(Self {
            okta_id: user.id(),
            user_name: json["credentials"]["userName"].as_str().unwrap_or_default().to_owned(),
            attributes: attributes.collect(),
            password: user.credentials.password.clone(),
        })
    }

    /// What updates send, to be compared with what was sent.
    pub(super) fn pushed(&self) -> Value {
        let pushed = self.attributes.iter().filter(|attribute| attribute.is_pushed);
        let mut pushed: Map<String, Value> =
            pushed.map(|one| (one.name.clone(), one.value.clone().into())).collect();
        pushed.insert("userName".to_owned(), self.user_name.clone().into());
        pushed.into()
    }

    /// The body of POST. The password is random unless Okta's own is to be synchronised.
    pub(super) fn new_user(&self, syncs_password: bool) -> Value {
        let password = match &self.password {
            Password::Known(password) if syncs_password => password.clone(),
            _ => random_password(),
        };
        let mut user = json!({
            "schemas": [USER], "userName": self.user_name, "externalId": self.okta_id,
            "groups": [], "password": password, "active": true,
        });
        for attribute in &self.attributes {
            attribute.write(&mut user);
        }
        user
    }

    /// A user as it was read, with what updates send.
    pub(super) fn update(&self, mut user: Value) -> Value {
        user["userName"] = self.user_name.clone().into();
        for attribute in self.attributes.iter().filter(|attribute| attribute.is_pushed) {
            attribute.write(&mut user);
        }
        user
    }

    /// Names of attributes that an answer shows otherwise than they were sent.
    pub(super) fn lost_in(&self, answered: &Value, only_pushed: bool) -> Vec<String> {
        let sent = self.attributes.iter().filter(|one| one.is_pushed || !only_pushed);
        let lost = sent.filter(|one| one.value.as_ref() != one.place.get(answered));
        lost.filter(|one| one.value.is_some()).map(|one| one.name.clone()).collect()
    }
}

impl Attribute {
    fn write(&self, user: &mut Value) {
        let Some(value) = &self.value else {
            return self.place.remove(user);
        };
        self.place.set(user, value);
        if let (Some(urn), Some(schemas)) = (&self.place.extension, user["schemas"].as_array_mut())
            && !schemas.iter().any(|known| known == urn)
        {
            schemas.push(urn.clone().into());
        }
    }
}

fn random_password() -> String {
    // One of each kind that password rules ask for.
    format!("{}aA1!", crate::okta::ids::random_text(16))
}
