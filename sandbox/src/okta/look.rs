//! Looking into the org, and changing it past the API.

use serde_json::Value;

use super::hooks::Delivery;
use super::log::By;
use super::{OktaOrg, apps, user, users};

impl OktaOrg {
    /// How many users there are, deactivated ones included.
    pub fn user_count(&self) -> u64 {
        self.read().user_count()
    }

    /// How many users a plain listing gives: all but the deactivated ones.
    pub fn listed_count(&self) -> u64 {
        let state = self.read();
        let listed = |index: &u64| {
            state.glimpse(*index).is_some_and(|user| user.status() != user::Status::Deprovisioned)
        };
        (0..state.next_user).filter(listed).count() as u64
    }

    /// A user by id or login, as a listing shows it; its links have no host.
    pub fn user(&self, id_or_login: &str) -> Option<Value> {
        let state = self.read();
        let index = state.find(id_or_login)?;
        state.user(index).map(|user| user.in_list(""))
    }

    /// The id of the user at a position, whether seeded or added later.
    pub fn user_id(&self, position: u64) -> String {
        users::id(position)
    }

    /// Sets attributes of a user's profile past all rules; false if there is no such user.
    pub fn set_profile<'a>(
        &self,
        id_or_login: &str,
        attributes: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> bool {
        let mut change = self.change_by(By::default());
        let Ok(mut user) = users::taken(&change, id_or_login) else {
            return false;
        };
        let mut profile = user.profile.into_map();
        profile.extend(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        user.profile = user::Profile::Kept(profile);
        change.save_user(user, "user.account.update_profile");
        true
    }

    /// Adds a custom attribute to the user schema, such as `{"type": "string"}`; null removes it, and its
    /// values with it.
    pub fn set_custom_attribute(&self, name: &str, definition: Value) {
        let mut state = self.write_without_event();
        if definition.is_null() {
            state.forget_attribute(0, name);
        }
        if let Some(kind) = state.types.get_mut(&0) {
            kind.schema.set_custom(name, definition);
        }
    }

    /// The ids of a group's members, in the order of the listing; None if there is no such group.
    pub fn members(&self, group_name: &str) -> Option<Vec<String>> {
        let state = self.read();
        let group = state.groups.values().find(|group| group.name() == group_name)?;
        let members = group.members.candidates(0, state.next_user);
        let members = members.filter(|&i| group.members.contains(&state.people, i));
        Some(members.filter(|&i| state.exists(i)).map(users::id).collect())
    }

    /// The System Log from the beginning on.
    pub fn events(&self) -> Vec<Value> {
        self.read().log.entries().iter().map(|entry| entry.json()).collect()
    }

    /// How many events the System Log has.
    pub fn event_count(&self) -> usize {
        self.read().log.entries().len()
    }

    /// Appends events to the System Log as they are; `uuid`, `published` and the like are added where
    /// they are missing. Event hooks are not told.
    pub fn append_events(&self, events: impl IntoIterator<Item = Value>) {
        let mut state = self.write_without_event();
        events.into_iter().for_each(|event| state.log.append(event));
    }

    /// The apps, as the API answers them; their links have no host.
    pub fn apps(&self) -> Vec<Value> {
        self.read().apps.values().map(|app| app.json("")).collect()
    }

    /// The id of the app with a label.
    pub fn app_id(&self, label: &str) -> Option<String> {
        let state = self.read();
        state.apps.values().find(|app| app.label == label).map(|app| app.id())
    }

    /// The user of an app by id or login, as the API answers it; none if it is not assigned.
    pub fn app_user(&self, app_id: &str, id_or_login: &str) -> Option<Value> {
        let state = self.read();
        let app = apps::position(&state, app_id).ok()?;
        state.apps[&app].user_json(&state, state.find(id_or_login)?, "")
    }

    /// The event hooks, as the API answers them; their links have no host.
    pub fn event_hooks(&self) -> Vec<Value> {
        self.read().hooks.values().map(|hook| hook.json("")).collect()
    }

    /// What was delivered to event hooks so far.
    pub fn hook_deliveries(&self) -> Vec<Delivery> {
        self.inner.delivered.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// How many requests the token endpoint has answered.
    pub fn token_requests(&self) -> u64 {
        self.access().token_requests()
    }

    /// Makes every access token that was issued so far invalid.
    pub fn revoke_tokens(&self) {
        self.access().revoke_all();
    }

    /// Registers a service app with the public halves of its keys as JSON Web Keys, the scopes that are
    /// granted to it, and whether it must prove possession of a key (DPoP).
    pub fn register_service_app(
        &self,
        client_id: impl Into<String>,
        public_keys: impl IntoIterator<Item = Value>,
        scopes: &[&str],
        dpop: bool,
    ) {
        let scopes = scopes.iter().map(|scope| scope.to_string()).collect();
        let client =
            super::access::Client { keys: public_keys.into_iter().collect(), scopes, dpop };
        self.access().register(client_id.into(), client);
    }
}
