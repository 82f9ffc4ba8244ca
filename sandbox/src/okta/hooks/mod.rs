//! Event hooks: who wants to be told of which events, and telling them.

mod delivery;
mod endpoints;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use super::log::Entry;
use super::state::State;
use super::{OktaOrg, ids};
pub(crate) use delivery::deliver;
pub use delivery::{Deliveries, Delivery};
pub(crate) use endpoints::{create, delete, get, lifecycle, list, replace};

/// A registered hook, with the events that wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) position: u64,
    pub(crate) is_active: bool,
    pub(crate) is_verified: bool,
    pub(crate) name: String,
    pub(crate) description: Value,
    pub(crate) created: String,
    pub(crate) created_by: String,
    pub(crate) last_updated: String,
    pub(crate) items: Vec<String>,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    // The header's name, and its value, which no answer shows.
    pub(crate) secret: Option<Secret>,
    pub(crate) waiting: VecDeque<Box<str>>,
    pub(crate) is_delivering: bool,
}

#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.key)
    }
}

/// Puts an event into the queue of every hook that is told of its kind.
pub(crate) fn queue(hooks: &mut BTreeMap<u64, Hook>, entry: &Entry) {
    let wanted = |hook: &&mut Hook| {
        hook.is_active
            && hook.is_verified
            && hook.items.iter().any(|item| **item == *entry.event_type)
    };
    for hook in hooks.values_mut().filter(wanted) {
        hook.waiting.push_back(entry.text.clone());
    }
}

impl Hook {
    pub(crate) fn id(&self) -> String {
        ids::id(ids::HOOK, self.position)
    }

    pub(crate) fn json(&self, origin: &str) -> Value {
        let base = format!("{origin}/api/v1/eventHooks/{}", self.id());
        let call = |path: &str, method: &str| json!({"href": format!("{base}{path}"), "hints": {"allow": [method]}});
        let mut links = Map::from_iter([("self".to_owned(), json!({"href": base}))]);
        if self.is_active {
            links.insert("verify".to_owned(), call("/lifecycle/verify", "POST"));
            links.insert("deactivate".to_owned(), call("/lifecycle/deactivate", "POST"));
        } else {
            links.insert("activate".to_owned(), call("/lifecycle/activate", "POST"));
            links.insert("delete".to_owned(), call("", "DELETE"));
        }
        let headers = self.headers.iter().map(|(key, value)| json!({"key": key, "value": value}));
        let mut config =
            json!({"uri": self.uri, "headers": headers.collect::<Vec<_>>(), "method": "POST"});
        if let Some(secret) = &self.secret {
            config["authScheme"] = json!({"type": "HEADER", "key": secret.key});
        }
        json!({
            "id": self.id(),
            "status": if self.is_active { "ACTIVE" } else { "INACTIVE" },
            "verificationStatus": if self.is_verified { "VERIFIED" } else { "UNVERIFIED" },
            "name": self.name,
            "description": self.description,
            "created": self.created,
            "createdBy": self.created_by,
            "lastUpdated": self.last_updated,
            "events": {"type": "EVENT_TYPE", "items": self.items, "filter": null},
            "channel": {"type": "HTTP", "version": "1.0.0", "config": config},
            "_links": links,
        })
    }
}

pub(crate) fn position(state: &State, id: &str) -> Result<u64, super::OktaError> {
    let position = ids::position(ids::HOOK, id).filter(|known| state.hooks.contains_key(known));
    position.ok_or_else(|| super::OktaError::not_found(id, "Webhook"))
}

impl OktaOrg {
    /// Whether every event was handed over that an active and verified event hook waits for.
    pub fn hooks_are_idle(&self) -> bool {
        let is_idle = |hook: &Hook| hook.waiting.is_empty() && !hook.is_delivering;
        self.read().hooks.values().all(is_idle)
    }
}
