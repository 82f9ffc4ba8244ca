use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::mapping::Mapped;

/// Warnings that are kept; all are counted.
const KEPT: usize = 10;

/// What could not be worked out for single people, while the run went on. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    count: u64,
    first: Vec<Warning>,
}

/// An attribute that could not be worked out for somebody, and is left as it is in the target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{person}: `{attribute}` is left as it is: {reason}")]
#[non_exhaustive]
pub struct Warning {
    /// The id in the source.
    pub person: String,
    /// The attribute of the target; `key` when the key could not be worked out.
    pub attribute: String,
    /// Why.
    pub reason: String,
}

impl Warnings {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.inner().count
    }

    /// The first ten.
    pub fn first(&self) -> Vec<Warning> {
        self.inner().first.clone()
    }

    /// Starts anew, such as for the next run.
    pub fn clear(&self) {
        *self.inner() = Inner::default();
    }

    /// Notes what failed for somebody.
    pub(crate) fn note(&self, person: &str, mapped: &Mapped) {
        if mapped.failed.is_empty() {
            return;
        }
        let mut inner = self.inner();
        for (attribute, error) in &mapped.failed {
            inner.count += 1;
            if inner.first.len() < KEPT {
                let (person, attribute) = (person.to_owned(), attribute.clone());
                inner.first.push(Warning { person, attribute, reason: error.to_string() });
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
