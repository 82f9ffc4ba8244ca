//! What the provider remembers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

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

    /// Adds and removes members; false if nothing changed.
    pub(super) fn change_members(
        &mut self,
        group: u64,
        added: Vec<Labelled>,
        removed: &[Member],
    ) -> bool {
        let Some(entry) = self.groups.get_mut(group) else { return false };
        let mut changed = false;
        for member in removed {
            if entry.members.remove(member) {
                forget(&mut self.memberships, member, group);
                changed = true;
            }
        }
        for new in added {
            if entry.members.add(new.clone()) {
                self.memberships.entry(new.member).or_default().insert(group);
                changed = true;
            }
        }
        if changed {
            entry.touch();
        }
        changed
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

fn forget(memberships: &mut HashMap<Member, BTreeSet<u64>>, member: &Member, group: u64) {
    if let Some(groups) = memberships.get_mut(member) {
        groups.remove(&group);
        if groups.is_empty() {
            memberships.remove(member);
        }
    }
}
