//! Which names came by lately, in bounded memory.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// The last names that were inserted. Those inserted since the last `release` are held, however many
/// they are; of the others as many as fit.
pub(crate) struct Recent {
    order: VecDeque<Arc<str>>,
    known: HashSet<Arc<str>>,
    capacity: usize,
    held: usize,
}

impl Recent {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { order: VecDeque::new(), known: HashSet::new(), capacity, held: 0 }
    }

    /// Whether the name is new.
    pub(crate) fn insert(&mut self, name: &str) -> bool {
        if self.contains(name) {
            return false;
        }
        let name: Arc<str> = name.into();
        self.known.insert(Arc::clone(&name));
        self.order.push_back(name);
        self.held += 1;
        self.forget();
        true
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// Lets go of what was held.
    pub(crate) fn release(&mut self) {
        self.held = 0;
        self.forget();
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|name| &**name)
    }

    fn forget(&mut self) {
        while self.order.len() > self.capacity.max(self.held) {
            let oldest = self.order.pop_front();
            oldest.map(|name| self.known.remove(&name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_stays_and_of_the_rest_what_fits() {
        let mut recent = Recent::new(2);
        assert!(["a", "b", "c"].iter().all(|name| recent.insert(name)));
        assert!(!recent.insert("a"), "held beyond the capacity");
        recent.release();
        assert_eq!(recent.iter().collect::<Vec<_>>(), ["b", "c"]);
        assert!(recent.insert("d") && !recent.contains("b") && recent.contains("c"));
        let mut none = Recent::new(0);
        assert!(none.insert("a") && none.contains("a"));
        none.release();
        assert!(!none.contains("a"));
    }
}
