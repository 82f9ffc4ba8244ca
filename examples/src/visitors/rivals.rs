//! Who claims a visitor id together with others: what becomes of it is decided by all of them.

use std::collections::{BTreeMap, BTreeSet};

use provisioning::{Kind, Plan, Store, StoreError};

const NOTE: &str = "visitors.conflicts";
const PAGE: usize = 1_000;

/// By visitor id, the users who claim it.
#[derive(Debug, Default)]
pub(crate) struct Rivals(BTreeMap<String, BTreeSet<String>>);

impl Rivals {
    /// Those of the plans so far.
    pub(crate) fn load(store: &mut dyn Store) -> Result<Self, StoreError> {
        let text = store.note(NOTE)?;
        Ok(Self(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()))
    }

    /// Everybody who claims an id together with this user, or has had or claims the id that the user has now.
    pub(crate) fn of(
        &self,
        store: &mut dyn Store,
        user: &str,
        visitor: Option<&str>,
    ) -> Result<BTreeSet<String>, StoreError> {
        let with = self.0.values().filter(|users| users.contains(user)).flatten();
        let mut rivals: BTreeSet<String> = with.cloned().collect();
        if let Some(visitor) = visitor {
            rivals.extend(self.0.get(visitor).into_iter().flatten().cloned());
            rivals.extend(store.known(visitor)?.and_then(|known| known.source_id));
        }
        Ok(rivals)
    }

    /// Notes what a plan says, of everybody or of those who were looked at.
    pub(crate) fn note(
        store: &mut dyn Store,
        plan: &Plan,
        looked_at: Option<&BTreeSet<String>>,
    ) -> Result<(), StoreError> {
        let mut rivals = Self::load(store)?;
        let before = rivals.0.len();
        rivals.0.retain(|_, users| looked_at.is_some_and(|ids| users.is_disjoint(ids)));
        let (mut after, mut left) = (0, plan.summary().conflicts);
        while left > 0 {
            let rows = store.rows(None, after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in rows.iter().filter(|row| row.kind == Kind::Conflict) {
                left -= 1;
                rivals.0.insert(row.key.clone(), row.claimants().map(str::to_owned).collect());
            }
        }
        if before + rivals.0.len() == 0 {
            return Ok(());
        }
        let text = serde_json::to_string(&rivals.0);
        let text =
            text.map_err(|error| StoreError::caused("conflicts cannot be written", error))?;
        store.set_note(NOTE, Some(&text))
    }
}
