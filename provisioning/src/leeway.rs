//! Whom creations take out of use: people who are found when they are sent, and whom no plan could count.

use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};
use crate::target::TargetError;

const NOTE: &str = "taken out by creations";

/// What guards leave to creations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Leeway {
    /// How many are there.
    pub(crate) known: u64,
    /// How many of them may go.
    pub(crate) limit: u64,
    /// How many go by the plan, or went in the last 24 hours.
    pub(crate) gone: u64,
}

impl Leeway {
    /// Notes that a creation is about to take somebody out of use, if one more may be.
    pub(crate) fn take(self, store: &mut dyn Store, key: &str) -> Result<(), TargetError> {
        let Self { known, limit, gone } = self;
        let taken = taken(store).map_err(TargetError::caused)? + 1;
        let all = gone.saturating_add(taken);
        if all > limit {
            return Err(TargetError::new(format!(
                "{key} is there and in use, which the plan could not see: {all} of {known} records would be \
                 removed, {taken} of them by a creation that takes out of use, at most {limit} may be"
            ))
            .refused());
        }
        store.set_note(NOTE, Some(&taken.to_string())).map_err(TargetError::caused)
    }
}

/// How many creations of the plan in the store took somebody out of use.
pub(crate) fn taken(store: &mut dyn Store) -> Result<u64, StoreError> {
    Ok(store.note(NOTE)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// With the plan goes what it took.
pub(crate) fn clear(store: &mut dyn Store) -> Result<(), StoreError> {
    store.set_note(NOTE, None)
}
