//! What the org remembers: the people who were changed or added, groups, and the schema.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::apps::{self, App};
use super::group::{self, Group};
use super::hooks::Hook;
use super::log::Log;
use super::provision::Provisioning;
use super::rules::Rule;
use super::schema::Schema;
use super::types::UserType;
use super::user::User;
use super::{ids, org};
use crate::people::People;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) people: Arc<People>,
    // None: deleted for good.
    changed: BTreeMap<u64, Option<User>>,
    // Logins of the changed, in lower case.
    logins: HashMap<String, u64>,
    pub(crate) next_user: u64,
    pub(crate) groups: BTreeMap<u64, Group>,
    // An id is never given twice, also after a group was deleted.
    pub(crate) next_group: u64,
    pub(crate) types: BTreeMap<u64, UserType>,
    pub(crate) group_schema: Schema,
    pub(crate) apps: BTreeMap<u64, App>,
    /// By the number of the app.
    pub(crate) provisioning: BTreeMap<u64, Provisioning>,
    pub(crate) rules: BTreeMap<u64, Rule>,
    pub(crate) hooks: BTreeMap<u64, Hook>,
    // The next app, rule, hook, type, mapping or push mapping: they share the numbers.
    pub(crate) next_id: u64,
    pub(crate) settings: Map<String, Value>,
    pub(crate) log: Log,
}

impl State {
    pub(crate) fn new(people: Arc<People>) -> Self {
        Self {
            next_user: people.total(),
            groups: group::seeded(&people),
            next_group: 0,
            people,
            changed: BTreeMap::new(),
            logins: HashMap::new(),
            types: BTreeMap::from([(0, UserType::default())]),
            group_schema: Schema::of_groups(),
            apps: apps::seeded(),
            provisioning: BTreeMap::new(),
            rules: BTreeMap::new(),
            hooks: BTreeMap::new(),
            next_id: 1_000,
            settings: org::seeded(),
            log: Log::default(),
        }
    }

    /// A user as it is kept, or as it is computed.
    pub(crate) fn user(&self, index: u64) -> Option<Cow<'_, User>> {
        match self.changed.get(&index) {
            Some(kept) => kept.as_ref().map(Cow::Borrowed),
            None if index < self.people.total() => {
                Some(Cow::Owned(User::computed(&self.people, index)))
            }
            None => None,
        }
    }

    /// The position of a user by id, login, login up to the `@`, or `me`: the first one's is the token.
    pub(crate) fn find(&self, name: &str) -> Option<u64> {
        if name == "me" {
            return self.user(0).map(|_| 0);
        }
        let by_id = ids::position(ids::USER, name);
        let by_name = || self.find_login(name).or_else(|| self.find_short_name(name));
        by_id.filter(|&index| self.user(index).is_some()).or_else(by_name)
    }

    pub(crate) fn find_login(&self, login: &str) -> Option<u64> {
        let changed = self.logins.get(&login.to_lowercase()).copied();
        changed
            .or_else(|| self.people.index_of_email(login).filter(|i| !self.changed.contains_key(i)))
    }

    fn find_short_name(&self, name: &str) -> Option<u64> {
        let start = format!("{}@", name.to_lowercase());
        let mut changed = self.logins.iter().filter(|(login, _)| login.starts_with(&start));
        let changed = changed.next().map(|(_, &index)| index);
        let computed = || self.people.index_of_local_part(name);
        changed.or_else(|| computed().filter(|index| !self.changed.contains_key(index)))
    }

    pub(crate) fn put(&mut self, user: User) {
        let index = user.index;
        self.forget_login(index);
        self.logins.insert(user.profile.login().to_lowercase(), index);
        self.next_user = self.next_user.max(index + 1);
        self.changed.insert(index, Some(user));
    }

    pub(crate) fn delete(&mut self, index: u64) {
        self.forget_login(index);
        self.changed.insert(index, None);
        for group in self.groups.values_mut() {
            group.members.remove(index);
        }
        for app in self.apps.values_mut() {
            app.users.remove(&index);
        }
    }

    fn forget_login(&mut self, index: u64) {
        if let Some(Some(before)) = self.changed.get(&index) {
            self.logins.remove(&before.profile.login().to_lowercase());
        }
    }

    /// The schema of a user type.
    pub(crate) fn schema(&self, kind: u64) -> Option<&Schema> {
        self.types.get(&kind).map(|kind| &kind.schema)
    }

    pub(crate) fn uses_type(&self, kind: u64) -> bool {
        self.changed.values().flatten().any(|user| user.kind == kind)
    }

    /// Whether another user has this value of an attribute.
    pub(crate) fn is_taken(&self, attribute: &str, value: &Value, of: Option<u64>) -> bool {
        let has = |user: &User| user.profile.get(attribute).is_some_and(|known| known == *value);
        let kept = self.changed.values().flatten().any(|user| Some(user.index) != of && has(user));
        kept || (People::ATTRIBUTES.contains(&attribute)
            && (0..self.people.total())
                .filter(|index| Some(*index) != of && !self.changed.contains_key(index))
                .any(|index| has(&User::computed(&self.people, index))))
    }

    /// How many users there are, the deactivated ones included.
    pub(crate) fn user_count(&self) -> u64 {
        let deleted = self.changed.values().filter(|kept| kept.is_none()).count();
        self.next_user - deleted as u64
    }
}
