//! Whom creations take out of use: people who are found when they are sent, and whom no plan could count.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};
use crate::sum::Sum;
use crate::target::TargetError;

const NOTE: &str = "taken out by creations";
/// So many are told apart; of more only the number is noted.
const TOLD_APART: usize = 1_000;

/// What guards leave to creations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Leeway {
    /// How many are there.
    pub(crate) known: u64,
    /// How many of them may go.
    pub(crate) limit: u64,
    /// How many go by the plan, or went in the last 24 hours.
    pub(crate) gone: u64,
    /// Who of the latter was to go by a creation, by the sum of the key.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) earlier: BTreeSet<u64>,
}

/// Whom creations of a plan took out of use, or tried to: each counts once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) count: u64,
    /// The first of them, by the sums of their keys.
    pub(crate) who: BTreeSet<u64>,
}

impl Leeway {
    /// Notes that a creation is about to take somebody out of use, if one more may be.
    pub(crate) fn take(&self, store: &mut dyn Store, key: &str) -> Result<(), TargetError> {
        let Self { known, limit, gone, earlier } = self;
        let (who, mut taken) = (Sum::number(key), taken(store).map_err(TargetError::caused)?);
        if earlier.contains(&who) || taken.who.contains(&who) {
            return Ok(());
        }
        taken.count += 1;
        let (count, all) = (taken.count, gone.saturating_add(taken.count));
        if all > *limit {
            return Err(TargetError::new(format!(
                "{key} is there and in use, which the plan could not see: {all} of {known} records would be \
                 removed, {count} of them by a creation that takes out of use, at most {limit} may be"
            ))
            .refused());
        }
        if taken.who.len() < TOLD_APART {
            taken.who.insert(who);
        }
        let text = serde_json::to_string(&taken).map_err(TargetError::caused)?;
        store.set_note(NOTE, Some(&text)).map_err(TargetError::caused)
    }
}

/// Whom creations of the plan in the store took out of use.
pub(crate) fn taken(store: &mut dyn Store) -> Result<Taken, StoreError> {
    let noted = store.note(NOTE)?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(noted.unwrap_or_default())
}

/// With the plan goes what it took.
pub(crate) fn clear(store: &mut dyn Store) -> Result<(), StoreError> {
    store.set_note(NOTE, None)
}
