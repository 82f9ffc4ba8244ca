//! What the org remembers: the people who were changed or added, groups, and the schema.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::apps::{self, App};
use super::glimpse::Glimpse;
use super::group::{self, Group};
use super::hooks::Hook;
use super::linked::Relation;
use super::log::Log;
use super::provision::Provisioning;
use super::roles::{Assignee, Role};
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
    // Primary addresses of the changed, in lower case; several may have the same.
    emails: HashMap<String, BTreeSet<u64>>,
    // Custom attributes of seeded people that were taken out of the schema: the values never come back.
    forgotten: BTreeSet<String>,
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
    /// Relations between people, by the name of the primary.
    pub(crate) relations: BTreeMap<String, Relation>,
    pub(crate) roles: BTreeMap<Assignee, Vec<Role>>,
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
            emails: HashMap::new(),
            forgotten: BTreeSet::new(),
            types: BTreeMap::from([(0, UserType::default())]),
            group_schema: Schema::of_groups(),
            apps: apps::seeded(),
            provisioning: BTreeMap::new(),
            rules: BTreeMap::new(),
            hooks: BTreeMap::new(),
            relations: BTreeMap::new(),
            roles: BTreeMap::new(),
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
                let mut user = User::computed(&self.people, index);
                self.forgotten.iter().for_each(|name| user.profile.forget(name));
                Some(Cow::Owned(user))
            }
            None => None,
        }
    }

    /// A user of whom only little is to be known.
    pub(crate) fn glimpse(&self, index: u64) -> Option<Glimpse<'_>> {
        match self.changed.get(&index) {
            Some(kept) => kept.as_ref().map(|user| Glimpse::new(self, index, Some(user))),
            None if index < self.people.total() => Some(Glimpse::new(self, index, None)),
            None => None,
        }
    }

    pub(crate) fn exists(&self, index: u64) -> bool {
        self.glimpse(index).is_some()
    }

    pub(crate) fn is_forgotten(&self, attribute: &str) -> bool {
        !self.forgotten.is_empty() && self.forgotten.contains(attribute)
    }

    /// Takes a custom attribute out of the profiles of a user type, and out of the mappings to it.
    pub(crate) fn forget_attribute(&mut self, kind: u64, name: &str) {
        if kind == 0 {
            self.forgotten.insert(name.to_owned());
            self.apps.values_mut().for_each(|app| app.forget_user_attribute(name));
        }
        for user in self.changed.values_mut().flatten().filter(|user| user.kind == kind) {
            user.profile.forget(name);
        }
    }

    /// The position of a user by id, login, login up to the `@`, or `me`: the first one's is the token.
    pub(crate) fn find(&self, name: &str) -> Option<u64> {
        if name == "me" {
            return self.exists(0).then_some(0);
        }
        let by_id = ids::position(ids::USER, name);
        let by_name = || self.find_login(name).or_else(|| self.find_short_name(name));
        by_id.filter(|&index| self.exists(index)).or_else(by_name)
    }

    pub(crate) fn find_login(&self, login: &str) -> Option<u64> {
        let changed = self.logins.get(&login.to_lowercase()).copied();
        changed
            .or_else(|| self.people.index_of_email(login).filter(|i| !self.changed.contains_key(i)))
    }

    /// The positions of those with a primary address, in any case of letters.
    pub(crate) fn find_email(&self, email: &str) -> Vec<u64> {
        let changed = self.emails.get(&email.to_lowercase()).into_iter().flatten().copied();
        let computed = self.people.index_of_email(email);
        changed.chain(computed.filter(|index| !self.changed.contains_key(index))).collect()
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
        self.forget_names(index);
        self.logins.insert(user.profile.login().to_lowercase(), index);
        self.emails.entry(user.profile.email().to_lowercase()).or_default().insert(index);
        self.next_user = self.next_user.max(index + 1);
        self.changed.insert(index, Some(user));
    }

    pub(crate) fn delete(&mut self, index: u64) {
        self.forget_names(index);
        self.changed.insert(index, None);
        for group in self.groups.values_mut() {
            group.members.remove(index);
        }
        for app in self.apps.values_mut() {
            app.users.remove(&index);
        }
    }

    fn forget_names(&mut self, index: u64) {
        let Some(Some(before)) = self.changed.get(&index) else {
            return;
        };
        self.logins.remove(&before.profile.login().to_lowercase());
        let email = before.profile.email().to_lowercase();
        if let Some(known) = self.emails.get_mut(&email) {
            known.remove(&index);
            if known.is_empty() {
                self.emails.remove(&email);
            }
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
        let has = |user: &User| *user.profile.borrowed(attribute) == *value;
        let kept = self.changed.values().flatten().any(|user| Some(user.index) != of && has(user));
        let is_seeded = People::ATTRIBUTES.contains(&attribute) && !self.is_forgotten(attribute);
        kept || (is_seeded
            && (0..self.people.total())
                .filter(|index| Some(*index) != of && !self.changed.contains_key(index))
                .any(|index| self.people.attribute(index, attribute) == *value))
    }

    /// How many users there are, the deactivated ones included.
    pub(crate) fn user_count(&self) -> u64 {
        let deleted = self.changed.values().filter(|kept| kept.is_none()).count();
        self.next_user - deleted as u64
    }
}
