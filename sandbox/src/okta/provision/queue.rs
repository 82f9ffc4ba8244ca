//! What is still to be sent for one app: each thing once, in order, failures again later.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Something to be brought in line; what has to be sent is found out when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Task {
    Test,
    User(u64),
    Group(u64),
    DeleteGroup(u64),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) task: Task,
    /// How often it was tried.
    pub(super) attempt: u32,
    /// Whether it was assigned, so that an account may be made.
    pub(super) is_new: bool,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    order: BTreeMap<(Instant, u64), Waiting>,
    places: HashMap<Task, (Instant, u64)>,
    serial: u64,
    under_way: Option<Task>,
}

#[derive(Debug)]
pub(super) enum Next {
    Now(Waiting),
    Later(Duration),
    Nothing,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether it waits or is being done.
    pub(super) fn has(&self, task: Task) -> bool {
        self.under_way == Some(task) || self.places.contains_key(&task)
    }

    pub(super) fn add(&mut self, task: Task, is_new: bool) {
        let now = Instant::now();
        let place = self.places.get(&task).copied();
        match place.and_then(|place| self.order.get_mut(&place).map(|known| (place, known))) {
            // It has its place already.
            Some((place, known)) if place.0 <= now => {
                known.is_new |= is_new;
                known.attempt = 0;
            }
            // It failed and is resting: what is new cannot wait for that.
            Some((place, known)) => {
                let is_new = known.is_new || is_new;
                self.order.remove(&place);
                self.put(Waiting { task, attempt: 0, is_new }, now);
            }
            None => self.put(Waiting { task, attempt: 0, is_new }, now),
        }
    }

    /// Once more, unless it came anew in the meantime.
    pub(super) fn retry(&mut self, failed: Waiting, pause: Duration) {
        match self.places.contains_key(&failed.task) {
            true => self.add(failed.task, failed.is_new),
            false => {
                let again = Waiting { attempt: failed.attempt + 1, ..failed };
                self.put(again, Instant::now() + pause);
            }
        }
    }

    fn put(&mut self, waiting: Waiting, due: Instant) {
        self.serial += 1;
        self.places.insert(waiting.task, (due, self.serial));
        self.order.insert((due, self.serial), waiting);
    }

    /// Takes the next one that is due.
    pub(super) fn take(&mut self) -> Next {
        self.under_way = None;
        let now = Instant::now();
        match self.order.first_entry() {
            None => Next::Nothing,
            Some(first) if first.key().0 > now => Next::Later(first.key().0 - now),
            Some(first) => {
                let waiting = first.remove();
                self.places.remove(&waiting.task);
                self.under_way = Some(waiting.task);
                Next::Now(waiting)
            }
        }
    }

    pub(super) fn rest(&mut self) {
        self.under_way = None;
    }
}
