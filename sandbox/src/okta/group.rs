//! Groups and who is in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::error::OktaError;
use super::owners::Owner;
use super::state::State;
use super::{ids, now};
use crate::people::{DEPARTMENTS, People};

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) position: u64,
    pub(crate) created: String,
    pub(crate) last_updated: String,
    pub(crate) last_membership_updated: String,
    pub(crate) kind: &'static str,
    pub(crate) profile: Map<String, Value>,
    pub(crate) members: Members,
    /// The app that an `APP_GROUP` belongs to.
    pub(crate) source_app: Option<u64>,
    pub(crate) owners: Vec<Owner>,
}

/// Members are computed for seeded groups, and only the differences are kept.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    from_start: FromStart,
    added: BTreeSet<u64>,
    removed: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FromStart {
    Nobody,
    Everybody,
    Department(usize),
}

impl Members {
    fn new(from_start: FromStart) -> Self {
        Self { from_start, added: BTreeSet::new(), removed: BTreeSet::new() }
    }

    /// Whether the user at a position is a member; the position must be that of a user.
    pub(crate) fn contains(&self, people: &People, index: u64) -> bool {
        let from_start = match self.from_start {
            FromStart::Nobody => false,
            FromStart::Everybody => true,
            FromStart::Department(department) => {
                index < people.total() && people.department(index) == Some(department)
            }
        };
        (from_start && !self.removed.contains(&index)) || self.added.contains(&index)
    }

    /// Positions from `first` on that may be members, in order.
    pub(crate) fn candidates(&self, first: u64, end: u64) -> Box<dyn Iterator<Item = u64> + '_> {
        match self.from_start {
            FromStart::Nobody => Box::new(self.added.range(first..).copied()),
            _ => Box::new(first..end),
        }
    }

    pub(crate) fn add(&mut self, index: u64) {
        self.removed.remove(&index);
        self.added.insert(index);
    }

    pub(crate) fn remove(&mut self, index: u64) {
        self.added.remove(&index);
        if self.from_start != FromStart::Nobody {
            self.removed.insert(index);
        }
    }
}

impl Group {
    pub(crate) fn new(position: u64, profile: Map<String, Value>) -> Self {
        Self::seeded(position, "OKTA_GROUP", profile, FromStart::Nobody, now())
    }

    fn seeded(
        position: u64,
        kind: &'static str,
        mut profile: Map<String, Value>,
        from_start: FromStart,
        created: String,
    ) -> Self {
        profile.entry("description").or_insert(Value::Null);
        Self {
            position,
            last_updated: created.clone(),
            last_membership_updated: created.clone(),
            created,
            kind,
            profile,
            members: Members::new(from_start),
            source_app: None,
            owners: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> String {
        ids::id(ids::GROUP, self.position)
    }

    pub(crate) fn name(&self) -> &str {
        self.profile.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn json(&self, origin: &str) -> Value {
        let id = self.id();
        let base = format!("{origin}/api/v1/groups/{id}");
        let logo = |size: &str| {
            let href = format!("{origin}/assets/img/logos/groups/okta-{size}.png");
            json!({"name": size, "href": href, "type": "image/png"})
        };
        let mut json = json!({
            "id": id,
            "created": self.created,
            "lastUpdated": self.last_updated,
            "lastMembershipUpdated": self.last_membership_updated,
            "objectClass": ["okta:user_group"],
            "type": self.kind,
            "profile": self.profile,
            "_links": {
                "logo": [logo("medium"), logo("large")],
                "users": {"href": format!("{base}/users")},
                "apps": {"href": format!("{base}/apps")},
            },
        });
        if let Some(app) = self.source_app {
            json["source"] = json!({"id": ids::id(ids::APP, app)});
        }
        json
    }
}

/// `Everyone`, and a group for each department of the seeded people.
pub(crate) fn seeded(people: &People) -> BTreeMap<u64, Group> {
    let created = || "2025-01-01T00:00:00.000Z".to_owned();
    let profile = |name: &str, description: &str| {
        Map::from_iter([
            ("name".to_owned(), Value::from(name)),
            ("description".to_owned(), Value::from(description)),
        ])
    };
    let text = profile("Everyone", "All users in your organization");
    let everyone = Group::seeded(0, "BUILT_IN", text, FromStart::Everybody, created());
    let mut groups = BTreeMap::from([(0, everyone)]);
    // An org without people has nobody to put into departments.
    let departments = if people.count() > 0 { &DEPARTMENTS[..] } else { &[] };
    for (n, name) in departments.iter().enumerate() {
        let position = n as u64 + 1;
        let from_start = FromStart::Department(n);
        let text = profile(name, &format!("Department {name}"));
        groups.insert(position, Group::seeded(position, "OKTA_GROUP", text, from_start, created()));
    }
    groups
}

pub(crate) fn position(state: &State, id: &str) -> Result<u64, OktaError> {
    let position = ids::position(ids::GROUP, id).filter(|known| state.groups.contains_key(known));
    position.ok_or_else(|| OktaError::not_found(id, "UserGroup"))
}

/// The number of the next group: no id is given twice.
pub(crate) fn next_position(state: &State) -> u64 {
    let behind_last = state.groups.last_key_value().map_or(0, |(last, _)| last + 1);
    behind_last.max(state.next_group)
}
