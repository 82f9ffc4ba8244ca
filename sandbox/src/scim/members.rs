//! The members of a group: in the order they came, and found without a search.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::kind::Kind;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Member {
    pub(super) kind: Kind,
    pub(super) id: Arc<str>,
}

/// A member with the label that the client gave it, if it gave one.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    pub(super) member: Member,
    pub(super) display: Option<Arc<str>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    order: BTreeMap<u64, Labelled>,
    places: HashMap<Member, u64>,
    next: u64,
}

impl Members {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Labelled> {
        self.order.values()
    }

    /// False if it is a member already.
    pub(super) fn add(&mut self, new: Labelled) -> bool {
        if self.places.contains_key(&new.member) {
            return false;
        }
        self.places.insert(new.member.clone(), self.next);
        self.order.insert(self.next, new);
        self.next += 1;
        true
    }

    /// False if the label is the same.
    pub(super) fn label(&mut self, labelled: &Labelled) -> bool {
        let place = self.places.get(&labelled.member);
        let Some(known) = place.and_then(|place| self.order.get_mut(place)) else { return false };
        let changes = known.display != labelled.display;
        known.display.clone_from(&labelled.display);
        changes
    }

    /// False if it was no member.
    pub(super) fn remove(&mut self, member: &Member) -> bool {
        match self.places.remove(member) {
            Some(place) => self.order.remove(&place).is_some(),
            None => false,
        }
    }
}
