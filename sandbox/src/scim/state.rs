//! What the provider remembers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use scim_types::Password;
use serde_json::{Map, Value};

use super::kind::Kind;
use super::members::{Labelled, Member};
use super::quirks::Quirks;
use super::table::{Entry, Table};

#[derive(Debug, Default)]
pub(super) struct State {
    users: Table,
    groups: Table,
    // The keys of the groups that each user or group is in.
    memberships: HashMap<Member, BTreeSet<u64>>,
    /// Ids of resources that a running bulk request is going to create.
    pub(super) reserved: HashSet<Member>,
    /// Cursors of an earlier generation have expired.
    pub(super) cursor_generation: u64,
}

impl State {
    pub(super) fn table(&self, kind: Kind) -> &Table {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    pub(super) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    pub(super) fn entry(&self, kind: Kind, id: &str) -> Option<(u64, &Entry)> {
        let table = self.table(kind);
        let key = table.key(id)?;
        table.get(key).map(|entry| (key, entry))
    }

    /// An id that nothing has, and nothing was promised.
    pub(super) fn fresh_id(&self, quirks: &Quirks, kind: Kind) -> Arc<str> {
        if !quirks.decimal_ids {
            return format!("{:032x}", fastrand::u128(..)).into();
        }
        let promised = self.reserved.iter().filter(|reserved| reserved.kind == kind).count();
        (self.table(kind).added() + promised as u64 + 1).to_string().into()
    }

    /// Whose id this is; users come first where ids overlap, unless the type is said.
    pub(super) fn member(&self, id: &str, kind: Option<Kind>) -> Option<Member> {
        let is_known = |kind: &Kind| {
            let promised = || self.reserved.contains(&Member { kind: *kind, id: id.into() });
            self.table(*kind).key(id).is_some() || promised()
        };
        let kinds = kind.into_iter().chain([Kind::User, Kind::Group]);
        let kind = kinds.into_iter().find(is_known)?;
        Some(Member { kind, id: id.into() })
    }

    /// The groups that hold this member.
    pub(super) fn groups_of(&self, member: &Member) -> impl Iterator<Item = (u64, &Entry)> {
        let keys = self.memberships.get(member).into_iter().flatten();
        keys.filter_map(|key| self.groups.get(*key).map(|group| (*key, group)))
    }

    /// Adds a resource, a group with its members.
    pub(super) fn insert(&mut self, kind: Kind, entry: Entry, members: Vec<Labelled>) -> u64 {
        let key = self.table_mut(kind).insert(entry);
        if kind == Kind::Group {
            self.link(key, members, &[]);
        }
        key
    }

    /// Changes anything but members; who shows its name looks different then.
    pub(super) fn replace(
        &mut self,
        kind: Kind,
        key: u64,
        resource: Map<String, Value>,
        password: Option<Password>,
    ) {
        let label =
            |state: &Self| state.table(kind).get(key).and_then(Entry::label).map(str::to_owned);
        let before = label(self);
        self.table_mut(kind).replace(key, resource, password);
        if before != label(self) {
            self.renew_around(kind, key);
        }
    }

    /// Adds and removes members; false if nothing changed.
    pub(super) fn change_members(
        &mut self,
        group: u64,
        added: Vec<Labelled>,
        removed: &[Member],
    ) -> bool {
        let changed = self.link(group, added, removed);
        if let Some(entry) = self.groups.get_mut(group).filter(|_| changed) {
            entry.touch();
        }
        changed
    }

    fn link(&mut self, group: u64, added: Vec<Labelled>, removed: &[Member]) -> bool {
        let Some(entry) = self.groups.get_mut(group) else { return false };
        let mut changed = false;
        for member in removed {
            if entry.members.remove(member) {
                forget(&mut self.memberships, member, group);
                renew(&mut self.users, member);
                changed = true;
            }
        }
        for new in added {
            if entry.members.add(new.clone()) {
                renew(&mut self.users, &new.member);
                self.memberships.entry(new.member).or_default().insert(group);
                changed = true;
            }
        }
        changed
    }

    // What shows the name of a resource: the groups it is in, and the users in it.
    fn renew_around(&mut self, kind: Kind, key: u64) {
        let Some(entry) = self.table(kind).get(key) else { return };
        let own = Member { kind, id: entry.id.clone() };
        for holder in self.memberships.get(&own).into_iter().flatten() {
            if let Some(holder) = self.groups.get_mut(*holder) {
                holder.renew();
            }
        }
        if let Some(group) = self.groups.get(key).filter(|_| kind == Kind::Group) {
            group.members.iter().for_each(|listed| renew(&mut self.users, &listed.member));
        }
    }

    /// Makes these the members, each where it stood; false if nothing changed.
    pub(super) fn set_members(&mut self, group: u64, members: Vec<Labelled>) -> bool {
        let Some(entry) = self.groups.get_mut(group) else { return false };
        let wanted: HashSet<&Member> = members.iter().map(|new| &new.member).collect();
        let known = entry.members.iter().map(|known| &known.member);
        let gone: Vec<Member> = known.filter(|member| !wanted.contains(member)).cloned().collect();
        let labelled = members.iter().filter(|new| entry.members.label(new)).count();
        if labelled > 0 {
            entry.touch();
        }
        self.change_members(group, members, &gone) || labelled > 0
    }

    /// Deletes a resource, and takes it out of its groups.
    pub(super) fn delete(&mut self, kind: Kind, key: u64) {
        let Some(entry) = self.table_mut(kind).remove(key) else { return };
        self.drop_member(&Member { kind, id: entry.id.clone() });
        for listed in entry.members.iter() {
            forget(&mut self.memberships, &listed.member, key);
            renew(&mut self.users, &listed.member);
        }
    }

    /// Takes a member out of all its groups.
    pub(super) fn drop_member(&mut self, member: &Member) {
        for group in self.memberships.remove(member).unwrap_or_default() {
            if let Some(group) = self.groups.get_mut(group) {
                group.members.remove(member);
                group.touch();
            }
        }
    }
}

// A user shows the groups it is in.
fn renew(users: &mut Table, member: &Member) {
    let key = if member.kind == Kind::User { users.key(&member.id) } else { None };
    if let Some(user) = key.and_then(|key| users.get_mut(key)) {
        user.renew();
    }
}

fn forget(memberships: &mut HashMap<Member, BTreeSet<u64>>, member: &Member, group: u64) {
    if let Some(groups) = memberships.get_mut(member) {
        groups.remove(&group);
        if groups.is_empty() {
            memberships.remove(member);
        }
    }
}
