use crate::plan::Summary;

/// A rule that a plan has to keep before anything is written.
///
/// Every plan is held against "the source is not empty" and "at most a fifth of what is there goes";
/// a rule of the same kind takes their place.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard(pub(crate) Rule);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    Removals { share: f64, always: u64 },
    EmptySource { allowed: bool },
    Conflicts { most: u64 },
    Changes { most: u64 },
    OneOf { keys: Vec<String> },
}

/// A guard that stopped a plan: one line with the number and the limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Tripped(pub(crate) String);

/// So few removals are never a catastrophe, whatever their share.
const FEW: u64 = 5;

impl Guard {
    /// At most this share, from 0 to 1, of what is in the target by our doing may go; five always may.
    pub fn removals_at_most(share: f64) -> Self {
        Self(Rule::Removals { share, always: FEW })
    }

    /// At most so many may go.
    pub fn removals_at_most_count(count: u64) -> Self {
        Self(Rule::Removals { share: 0.0, always: count })
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

    pub(crate) fn check(&self, plan: &Summary) -> Result<(), Tripped> {
        let tripped = match &self.0 {
            Rule::Removals { share, always } => removals(plan, *share, *always),
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

fn removals(plan: &Summary, share: f64, always: u64) -> Option<String> {
    let limit = ((plan.known as f64 * share).floor() as u64).max(always);
    (plan.remove > limit).then(|| {
        format!(
            "{} of {} records would be removed, at most {limit} may be",
            plan.remove, plan.known
        )
    })
}
