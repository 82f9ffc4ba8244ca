use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::plan::{Head, Summary};
use crate::store::{Kind, RowState, Store, StoreError};

/// A rule that a plan has to keep before anything is written.
///
/// Every plan is held against "the source is not empty" and "at most a fifth of what is there goes";
/// a rule of the same kind takes their place.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard(pub(crate) Rule);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    Removals(Most),
    EmptySource { allowed: bool },
    Conflicts { most: u64 },
    Changes { most: u64 },
    OneOf { keys: Vec<String> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Most {
    Share(f64),
    Count(u64),
}

/// Who was taken out lately by what is not one whole plan: the batches of [`Follow`](crate::Follow), and
/// runs that were cut off. They count with the next plan, so that many small steps do not pass where a
/// large one would not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Before {
    pub(crate) removed: u64,
    /// By a value.
    pub(crate) deactivated: u64,
    /// How many were there before the first of them left.
    pub(crate) known: u64,
    /// When that was.
    pub(crate) since: Option<Timestamp>,
}

const NOTE: &str = "removed";
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
const PAGE: usize = 1_000;

impl Before {
    /// With what was removed by the plan that is in the store, unless it was a whole one that is done.
    pub(crate) fn and_last(store: &mut dyn Store) -> Result<Self, StoreError> {
        let now = Timestamp::now();
        let noted = store.note(NOTE)?.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        let is_recent = |since: Timestamp| now.duration_since(since) < WINDOW;
        let mut before =
            noted.filter(|noted| noted.since.is_some_and(is_recent)).unwrap_or_default();
        let Some(plan) = Head::read(store)? else { return Ok(before) };
        let goes_on = plan.is_partial || !store.rows(Some(RowState::Pending), 0, 1)?.is_empty();
        if !goes_on {
            return Ok(Self::default());
        }
        before.add_last(store)?;
        before.known = before.known.max(plan.summary.known);
        before.since = before.since.or(Some(now));
        Ok(before)
    }

    pub(crate) fn write(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        let text =
            (self.removed + self.deactivated > 0).then(|| serde_json::to_string(self)).transpose();
        let text = text.map_err(|error| StoreError::caused("removals cannot be noted", error))?;
        store.set_note(NOTE, text.as_deref())
    }

    /// Whom the plan in the store has taken out so far.
    fn add_last(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = store.rows(Some(RowState::Done), after, PAGE)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.seq;
            for row in rows.iter().filter(|row| row.takes_out()) {
                match row.kind {
                    Kind::Remove => self.removed += 1,
                    _ => self.deactivated += 1,
                }
            }
        }
    }

    /// How many of them count: not those who came back, or for whom others came.
    fn count(&self, known: u64) -> u64 {
        self.removed.min(self.known.saturating_sub(known)) + self.deactivated
    }
}

/// A guard that stopped a plan: one line with the number and the limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Tripped(pub(crate) String);

/// So few removals are never a catastrophe, whatever their share; unless they are most of who is there.
const FEW: u64 = 5;

impl Guard {
    /// At most this share, from 0 to 1, of what is in the target by our doing may go; five always may, if
    /// they are not more than half. Whom an update takes out of use (`active: false`) goes as well.
    ///
    /// Removals of the last 24 hours by a run that was cut off, and by the batches of
    /// [`Follow`](crate::Follow), count with those of the plan.
    pub fn removals_at_most(share: f64) -> Self {
        Self(Rule::Removals(Most::Share(share)))
    }

    /// At most so many may go, counted in the same way.
    pub fn removals_at_most_count(count: u64) -> Self {
        Self(Rule::Removals(Most::Count(count)))
    }

    /// An empty source is meant: everybody goes, if the rule for removals allows it.
    pub fn allow_empty_source() -> Self {
        Self(Rule::EmptySource { allowed: true })
    }

    /// At most so many keys that two source records claim.
    pub fn conflicts_at_most(count: u64) -> Self {
        Self(Rule::Conflicts { most: count })
    }

    /// At most so many records may change in any way.
    pub fn changes_at_most(count: u64) -> Self {
        Self(Rule::Changes { most: count })
    }

    /// One of these records must be in the source, such as an administrator who has to keep access.
    pub fn must_contain_one_of<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self(Rule::OneOf { keys: keys.into_iter().map(Into::into).collect() })
    }

    pub(crate) fn defaults() -> Vec<Self> {
        vec![Self(Rule::EmptySource { allowed: false }), Self::removals_at_most(0.2)]
    }

    /// Adds a rule, in place of one of its kind.
    pub(crate) fn add_to(self, rules: &mut Vec<Self>) {
        let kind = std::mem::discriminant(&self.0);
        let repeats = matches!(self.0, Rule::OneOf { .. });
        rules.retain(|rule| repeats || std::mem::discriminant(&rule.0) != kind);
        rules.push(self);
    }

    pub(crate) fn check(&self, plan: &Summary, before: Before) -> Result<(), Tripped> {
        let tripped = match &self.0 {
            Rule::Removals(most) => removals(plan, before, *most),
            Rule::EmptySource { allowed } => (!allowed && plan.read == 0).then(|| {
                "the source is empty: nobody would be left; allow an empty source if that is meant"
                    .to_owned()
            }),
            Rule::Conflicts { most } => (plan.conflicts > *most).then(|| {
                format!("{} keys are claimed by two records, {most} are allowed", plan.conflicts)
            }),
            Rule::Changes { most } => (plan.changes() > *most)
                .then(|| format!("{} records would change, {most} are allowed", plan.changes())),
            Rule::OneOf { keys } => keys.iter().all(|key| !plan.found.contains(key)).then(|| {
                format!("none of {} is in the source: one of them must be", keys.join(", "))
            }),
        };
        tripped.map_or(Ok(()), |message| Err(Tripped(message)))
    }
}

fn removals(plan: &Summary, before: Before, most: Most) -> Option<String> {
    let known = plan.known.max(before.known);
    let limit = match most {
        Most::Share(share) => {
            ((known as f64 * share).floor() as u64).max(FEW.min(known.div_ceil(2)))
        }
        Most::Count(count) => count,
    };
    let going = plan.remove + plan.deactivate;
    let earlier = before.count(plan.known);
    let all = going + earlier;
    let parts = [
        (plan.deactivate, "by an update that takes out of use"),
        (earlier, "in the last 24 hours already"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, how)| format!(", {count} of them {how}")).collect::<String>();
    (going > 0 && all > limit).then(|| {
        format!("{all} of {known} records would be removed{parts}, at most {limit} may be")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(known: u64, remove: u64, deactivate: u64) -> Summary {
        Summary { known, remove, deactivate, read: 1, ..Summary::default() }
    }

    #[test]
    fn removals_by_share_and_by_number() {
        let (share, count) = (Guard::removals_at_most, Guard::removals_at_most_count);
        for (guard, known, remove, passes) in [
            (share(0.2), 3, 1, true),
            (share(0.2), 3, 2, true),
            (share(0.2), 3, 3, false),
            (share(0.05), 10, 5, true),
            (share(0.05), 10, 6, false),
            (share(0.2), 100, 20, true),
            (share(0.2), 100, 21, false),
            (share(1.0), 3, 3, true),
            (share(0.0), 1, 1, true),
            (share(f64::NAN), 100, 6, false),
            (count(0), 3, 1, false),
            (count(0), 3, 0, true),
            (count(1), 3, 1, true),
            (count(1), 3, 2, false),
            (count(30), 100, 31, false),
        ] {
            for (remove, deactivate) in [(remove, 0), (0, remove)] {
                let plan = plan(known, remove, deactivate);
                let checked = guard.check(&plan, Before::default());
                assert_eq!(checked.is_ok(), passes, "{guard:?} {plan:?} {checked:?}");
            }
        }
    }

    #[test]
    fn what_went_before_counts() {
        let before = Before { removed: 15, known: 100, ..Before::default() };
        let guard = Guard::removals_at_most(0.2);
        assert_eq!(guard.check(&plan(85, 5, 0), before), Ok(()));
        let tripped = guard.check(&plan(85, 4, 2), before).unwrap_err().to_string();
        assert_eq!(
            tripped,
            "21 of 100 records would be removed, 2 of them by an update that takes out of use, 15 of them \
             in the last 24 hours already, at most 20 may be"
        );
        // As many came as had left.
        assert_eq!(guard.check(&plan(100, 20, 0), before), Ok(()));
        // Who does nothing more is not stopped.
        let before = Before { removed: 50, ..before };
        assert_eq!(guard.check(&plan(50, 0, 0), before), Ok(()));
    }
}
