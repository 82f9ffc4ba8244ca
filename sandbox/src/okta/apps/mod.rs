//! Apps: what they are, who is assigned to them, and how they provision.

mod catalog;
mod connection;
mod endpoints;
mod features;
mod groups;
mod links;
mod mappings;
mod push;
mod templates;
mod users;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::error::OktaError;
use super::ids;
use super::schema::Schema;
use super::state::State;
use super::user::{Status, User};
pub(crate) use catalog::seeded;
use connection::Connection;
pub(crate) use connection::{connection, connection_consent, connection_lifecycle, set_connection};
pub(crate) use endpoints::{create, delete, get, lifecycle, list, of_group, replace};
use features::Features;
pub(crate) use features::{feature, features, set_feature};
use groups::AppGroup;
pub(crate) use groups::{
    assign as assign_group, get as get_group, list as list_groups, patch as patch_group,
    remove as remove_group, unassign as unassign_group,
};
pub(crate) use links::of_user as links_of_user;
use mappings::Mapping;
pub(crate) use mappings::{get as get_mapping, list as list_mappings, update as update_mapping};
use push::Push;
pub(crate) use push::{
    create as create_push, delete as delete_push, get as get_push, list as list_pushes,
    update as update_push,
};
use users::AppUser;
pub(crate) use users::{
    assign as assign_user, get as get_user, list as list_users, remove as remove_user,
    unassign as unassign_user, update as update_user,
};

/// An instance of an app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) position: u64,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) is_active: bool,
    pub(crate) created: String,
    pub(crate) last_updated: String,
    sign_on_mode: Value,
    // Accessibility, visibility, credentials and settings.
    parts: Map<String, Value>,
    /// Whether the app can provision at all.
    can_provision: bool,
    connection: Option<Connection>,
    features: Features,
    /// Those who were assigned one by one, or changed since they came with a group.
    pub(crate) users: BTreeMap<u64, AppUser>,
    pub(crate) groups: BTreeMap<u64, AppGroup>,
    pub(crate) schema: Schema,
    // From user to app user, and back.
    mappings: [Mapping; 2],
    pub(crate) pushes: BTreeMap<u64, Push>,
}

pub(crate) fn position(state: &State, id: &str) -> Result<u64, OktaError> {
    let position = ids::position(ids::APP, id).filter(|known| state.apps.contains_key(known));
    position.ok_or_else(|| OktaError::not_found(id, "AppInstance"))
}

/// The apps that a user is assigned to, directly or by a group.
pub(crate) fn of_user(state: &State, index: u64) -> Vec<u64> {
    let mine = |app: &&App| app.has_user(state, index);
    state.apps.values().filter(mine).map(|app| app.position).collect()
}

/// The apps that a group is assigned to.
pub(crate) fn with_group(state: &State, group: u64) -> Vec<u64> {
    let has = |app: &&App| app.groups.contains_key(&group);
    state.apps.values().filter(has).map(|app| app.position).collect()
}

impl App {
    pub(crate) fn id(&self) -> String {
        ids::id(ids::APP, self.position)
    }

    /// Nobody who is deactivated has an app.
    pub(crate) fn has_user(&self, state: &State, index: u64) -> bool {
        let is_assigned = self.users.get(&index).is_some_and(|user| user.is_direct)
            || self.group_of(state, index).is_some();
        let is_there = |user: super::glimpse::Glimpse<'_>| user.status() != Status::Deprovisioned;
        is_assigned && state.glimpse(index).is_some_and(is_there)
    }

    // The group that counts among those a user comes with: that of the lowest number.
    fn group_of(&self, state: &State, index: u64) -> Option<u64> {
        let is_member = |group: &&u64| {
            state
                .groups
                .get(group)
                .is_some_and(|group| group.members.contains(&state.people, index))
        };
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, assignment)| assignment.priority);
        groups.into_iter().map(|(group, _)| group).find(is_member).copied()
    }

    /// Positions in a range that may be users of the app.
    pub(crate) fn candidates(&self, range: Range<u64>) -> Box<dyn Iterator<Item = u64> + '_> {
        match self.groups.is_empty() {
            // Nobody but those who are kept.
            true => Box::new(self.users.range(range).map(|(index, _)| *index)),
            false => Box::new(range),
        }
    }

    /// Takes an attribute out of the profiles of its users and of the mapping that fills it.
    pub(crate) fn forget_attribute(&mut self, name: &str) {
        self.mappings[0].forget(name);
        self.users.values_mut().for_each(|user| drop(user.profile.remove(name)));
        self.groups.values_mut().for_each(|group| drop(group.profile.remove(name)));
    }

    /// Takes an attribute of Okta's users out of the mapping that fills it.
    pub(crate) fn forget_user_attribute(&mut self, name: &str) {
        self.mappings[1].forget(name);
    }

    pub(crate) fn schema_json(&self, origin: &str) -> Value {
        self.schema.json_of_app(&self.id(), &self.name, &self.label, origin)
    }

    /// What the mapping makes of a user's profile.
    fn mapped_profile(&self, user: &User) -> Map<String, Value> {
        self.mappings[0].apply(user.profile.clone().into_map())
    }

    pub(crate) fn json(&self, origin: &str) -> Value {
        let id = self.id();
        let mut json = json!({
            "id": id,
            "orn": format!("orn:okta:idp:00osandbox0000SbX5d7:apps:{}:{id}", self.name),
            "name": self.name,
            "label": self.label,
            "status": if self.is_active { "ACTIVE" } else { "INACTIVE" },
            "lastUpdated": self.last_updated,
            "created": self.created,
            // Recorded: empty, whatever the app can do.
            "features": [],
            "signOnMode": self.sign_on_mode,
            "universalLogout": null,
            "_links": self.links(origin, &id),
        });
        if let Some(members) = json.as_object_mut() {
            members.extend(self.parts.clone());
        }
        json
    }

    fn links(&self, origin: &str, id: &str) -> Value {
        let base = format!("{origin}/api/v1/apps/{id}");
        let home = format!("{origin}/home/{}/{id}/2557", self.name);
        let policies = format!("{origin}/api/v1/policies");
        let turn = if self.is_active { "deactivate" } else { "activate" };
        let mut links = json!({
            "uploadLogo": {"href": format!("{base}/logo"), "hints": {"allow": ["POST"]}},
            "appLinks": [{"name": "login", "href": home, "type": "text/html"}],
            "profileEnrollment": {"href": format!("{policies}/rstsandbox0000SbX5d7")},
            "policies": {"href": format!("{base}/policies"), "hints": {"allow": ["PUT"]}},
            "groups": {"href": format!("{base}/groups")},
            "logo": [{"name": "medium", "href": format!("{origin}/assets/img/logos/default.png"),
                      "type": "image/png"}],
            "accessPolicy": {"href": format!("{policies}/rstsandbox0001SbX5d7")},
            "users": {"href": format!("{base}/users")},
        });
        links[turn] = json!({"href": format!("{base}/lifecycle/{turn}")});
        match self.sign_on_mode.as_str() {
            Some("SAML_2_0") => {
                let admin = format!("{origin}/app/{}/{id}/setup/help/SAML_2_0", self.name);
                links["help"] =
                    json!({"href": format!("{admin}/instructions"), "type": "text/html"});
                links["metadata"] =
                    json!({"href": format!("{base}/sso/saml/metadata"), "type": "application/xml"});
            }
            Some("OPENID_CONNECT") => {
                let secrets = format!("{base}/credentials/secrets");
                links["clientCredentials"] = json!([{"name": "secrets", "href": secrets}]);
            }
            _ => {}
        }
        links
    }
}
