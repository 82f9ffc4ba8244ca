use serde::{Deserialize, Serialize};

use crate::leeway::Leeway;
use crate::losses::{Before, Losses, Members};
use crate::plan::Basis;
use crate::summary::Summary;

/// A rule that a plan has to keep before anything is written.
///
/// Unless rules of the same kind take their place, every plan is held against these: the source is not
/// empty; at most a fifth of it is without a key; and at most a fifth of what is there, and 500, is removed, loses
/// the value of one attribute, gets another key, or leaves a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard(pub(crate) Rule);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    Removals(Most),
    Erased(Most),
    Renamed(Most),
    Members(Most),
    EmptySource { allowed: bool },
    WithoutKey(Most),
    Conflicts { most: u64 },
    Changes { most: u64 },
    OneOf { keys: Vec<String> },
}

/// How many of those who are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Most {
    /// What is taken for an accident unless told otherwise.
    #[default]
    Usual,
    Share(f64),
    Count(u64),
}

const USUAL_SHARE: f64 = 0.2;
const USUAL_COUNT: u64 = 500;
/// So few are never a catastrophe, whatever their share; unless they are most of who is there.
const FEW: u64 = 5;

impl Most {
    /// How many always may; none where a number was said, or nobody may.
    fn few(self) -> u64 {
        match self {
            Self::Usual => FEW,
            Self::Share(share) if share > 0.0 => FEW,
            Self::Share(_) | Self::Count(_) => 0,
        }
    }

    pub(crate) fn limit(self, known: u64, allows_few: bool) -> u64 {
        let few = if allows_few { self.few().min(known / 2) } else { 0 };
        let share = |share: f64| ((known as f64 * share).floor() as u64).max(few);
        match self {
            Self::Usual => share(USUAL_SHARE).min(USUAL_COUNT),
            // All may: more than there are, too, if as many come.
            Self::Share(all) if all >= 1.0 => u64::MAX,
            Self::Share(part) => share(part),
            Self::Count(count) => count,
        }
    }
}

/// A guard that stopped a plan: one line with the number and the limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Tripped {
    message: String,
    is_of_losses: bool,
}

impl Tripped {
    /// Whether it is about what would be lost: removals, values, keys, members. Another limit lets it pass.
    pub fn is_of_losses(&self) -> bool {
        self.is_of_losses
    }
}

impl Guard {
    /// At most this share, from 0 to 1, of what is in the target by our doing, or was found there, may go; unless it
    /// is 0, five always may, if they are not more than half and the selection is the one of the last plan. Whom an update takes out
    /// of use (`active: false`) goes as well; so does whom a creation finds there and takes out of use, though no
    /// plan can count them: when as many are gone as may be, such creations fail.
    ///
    /// Removals of the last 24 hours count with those of the plan, but for those that were allowed by a
    /// rule that allows more: share and limit are of those who were there before the first of them.
    pub fn removals_at_most(share: f64) -> Self {
        Self(Rule::Removals(Most::Share(share)))
    }

    /// At most so many may go, counted in the same way.
    pub fn removals_at_most_count(count: u64) -> Self {
        Self(Rule::Removals(Most::Count(count)))
    }

    /// At most this share of the records may lose the value of one attribute, counted as removals are; five
    /// always may, unless it is 0.
    pub fn values_erased_at_most(share: f64) -> Self {
        Self(Rule::Erased(Most::Share(share)))
    }

    /// At most so many records may lose the value of one attribute.
    pub fn values_erased_at_most_count(count: u64) -> Self {
        Self(Rule::Erased(Most::Count(count)))
    }

    /// At most this share of the records may be given another key, counted as removals are; five always may. Who
    /// got one in the last 24 hours counts once, and not when it is taken back.
    pub fn renamed_at_most(share: f64) -> Self {
        Self(Rule::Renamed(Most::Share(share)))
    }

    /// At most so many records may be given another key.
    pub fn renamed_at_most_count(count: u64) -> Self {
        Self(Rule::Renamed(Most::Count(count)))
    }

    /// At most this share of its members may leave a group; five always may, unless it is 0. Those who left
    /// in the last 24 hours count with those of the plan, as far as they did not come back: others who come do not
    /// make up for them.
    pub fn members_lost_at_most(share: f64) -> Self {
        Self(Rule::Members(Most::Share(share)))
    }

    /// At most so many members may leave a group.
    pub fn members_lost_at_most_count(count: u64) -> Self {
        Self(Rule::Members(Most::Count(count)))
    }

    /// An empty source is meant: everybody goes, if the rule for removals allows it.
    pub fn allow_empty_source() -> Self {
        Self(Rule::EmptySource { allowed: true })
    }

    /// At most this share of the source may be without a key: a fifth unless told otherwise. Five always may,
    /// if they are not all.
    pub fn without_key_at_most(share: f64) -> Self {
        Self(Rule::WithoutKey(Most::Share(share)))
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
        let empty = Rule::EmptySource { allowed: false };
        let usual = [Rule::Removals, Rule::Erased, Rule::Renamed, Rule::Members, Rule::WithoutKey];
        let usual = usual.map(|rule| rule(Most::Usual));
        [empty].into_iter().chain(usual).map(Self).collect()
    }

    /// Adds a rule, in place of one of its kind.
    pub(crate) fn add_to(self, rules: &mut Vec<Self>) {
        let kind = std::mem::discriminant(&self.0);
        let repeats = matches!(self.0, Rule::OneOf { .. });
        rules.retain(|rule| repeats || std::mem::discriminant(&rule.0) != kind);
        rules.push(self);
    }

    /// The rule for removals among these.
    pub(crate) fn most_removals(guards: &[Self]) -> Option<Most> {
        guards.iter().find_map(|guard| match guard.0 {
            Rule::Removals(most) => Some(most),
            _ => None,
        })
    }

    /// The rule for members among these.
    pub(crate) fn most_members(guards: &[Self]) -> Option<Most> {
        guards.iter().find_map(|guard| match guard.0 {
            Rule::Members(most) => Some(most),
            _ => None,
        })
    }
}

/// A plan and all that guards look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) plan: &'a Summary,
    /// What it was compared with.
    pub(crate) basis: Basis,
    pub(crate) before: &'a Before,
    pub(crate) losses: &'a Losses,
    /// Of some source records only: what is not among them says nothing.
    pub(crate) is_partial: bool,
}

impl Judged<'_> {
    pub(crate) fn by(&self, guards: &[Guard]) -> Result<(), Tripped> {
        guards.iter().try_for_each(|guard| self.check(&guard.0))
    }

    fn check(&self, rule: &Rule) -> Result<(), Tripped> {
        let Self { plan, is_partial, .. } = self;
        let tripped = match rule {
            Rule::Removals(most) => self.removals(*most),
            Rule::Erased(most) => self.erased(*most),
            Rule::Renamed(most) => self.renamed(*most),
            Rule::Members(most) => self.members(*most),
            Rule::EmptySource { allowed } => (!allowed && !is_partial && plan.read == 0)
                .then(|| "the source is empty: nobody would be left".to_owned()),
            Rule::WithoutKey(most) => self.without_key(*most),
            Rule::Conflicts { most } => (plan.conflicts > *most).then(|| {
                format!("{} keys are claimed by two records, {most} are allowed", plan.conflicts)
            }),
            Rule::Changes { most } => (plan.changes() > *most)
                .then(|| format!("{} records would change, {most} are allowed", plan.changes())),
            Rule::OneOf { keys } => keys.iter().all(|key| !plan.found.contains(key)).then(|| {
                format!("none of {} is in the source: one of them must be", keys.join(", "))
            }),
        };
        let is_of_losses = matches!(
            rule,
            Rule::Removals(_) | Rule::Erased(_) | Rule::Renamed(_) | Rule::Members(_)
        );
        tripped.map_or(Ok(()), |message| Err(Tripped { message, is_of_losses }))
    }

    fn removals(&self, most: Most) -> Option<String> {
        let (plan, Leeway { known, limit, gone: all, .. }) = (self.plan, self.leeway(most));
        let going = plan.remove + plan.deactivate;
        (going > 0 && all > limit).then(|| {
            let parts = [
                (plan.deactivate, "by an update that takes out of use"),
                (all - going, "in the last 24 hours already"),
            ];
            let parts = of_them(&parts);
            let why = match plan.is_chosen_otherwise() {
                true => "; other people are chosen or mapped than before",
                false => "",
            };
            format!("{all} of {known} records would be removed{parts}, at most {limit} may be{why}")
        })
    }

    fn leeway(&self, most: Most) -> Leeway {
        let Self { plan, before, losses, .. } = self;
        let known = plan.there(self.basis).max(before.known(most));
        let limit = most.limit(known, !plan.is_chosen_otherwise());
        // Who may have been taken out already is no second one.
        let earlier = before.gone(most).saturating_sub(losses.again);
        let gone = (plan.remove + plan.deactivate).saturating_add(earlier);
        Leeway { known, limit, gone, ..Leeway::default() }
    }

    /// Few always may be taken out of use, as nobody knows of how many.
    pub(crate) fn leeway_of_creations(&self, guards: &[Guard]) -> Leeway {
        let most = Guard::most_removals(guards).unwrap_or_default();
        let few = if self.plan.is_chosen_otherwise() { 0 } else { most.few() };
        let leeway = self.leeway(most);
        let earlier = self.before.let_go(most);
        Leeway { limit: leeway.limit.max(few), earlier, ..leeway }
    }

    fn erased(&self, most: Most) -> Option<String> {
        let Self { plan, before, losses, .. } = self;
        let there = plan.update + plan.restore + plan.unchanged;
        let known = plan.known.max(before.known(most)).max(there);
        let limit = most.limit(known, true).max(most.few());
        losses.erased.iter().find_map(|(path, going)| {
            let earlier = before.erased(path, most);
            let all = going + earlier;
            let parts = of_them(&[(earlier, "in the last 24 hours already")]);
            (all > limit).then(|| {
                format!("{all} of {known} records would lose the value of `{path}`{parts}, at most {limit} may")
            })
        })
    }

    fn renamed(&self, most: Most) -> Option<String> {
        let Self { plan, before, losses, .. } = self;
        let known = plan.there(self.basis).max(before.known(most));
        let few = if matches!(most, Most::Count(_)) { 0 } else { FEW };
        let limit = most.limit(known, true).max(few);
        let earlier = before.moved(most);
        let back = |who: &u64, to: u64| earlier.get(who).is_some_and(|(from, _)| *from == to);
        let moved = losses.moved.iter();
        // Who gets the old key again is no second one, nor who gets yet another one.
        let undone = moved.clone().filter(|(who, (_, to))| back(who, *to)).count() as u64;
        let again = moved.filter(|(who, _)| earlier.contains_key(who)).count() as u64;
        let going = plan.renamed.max(losses.moved.len() as u64) - undone;
        let earlier = earlier.len() as u64 - again;
        let all = going.saturating_add(earlier);
        (going > 0 && all > limit).then(|| {
            let parts = of_them(&[(earlier, "in the last 24 hours already")]);
            format!("{all} of {known} records would get another key{parts}, at most {limit} may")
        })
    }

    fn members(&self, most: Most) -> Option<String> {
        self.losses.members.iter().find_map(|(id, group)| {
            let Members { before, left, joined, name } = group;
            let (known, earlier) = self.before.members(id, most);
            let earlier = earlier.iter().filter(|who| !left.contains(who) && !joined.contains(who));
            let (lost, earlier) = (left.len() as u64, earlier.count() as u64);
            let limit = most.limit(known.max(*before), true).max(most.few());
            (lost > 0 && lost + earlier > limit).then(|| {
                let after = before + joined.len() as u64 - lost;
                let parts = match earlier {
                    0 => String::new(),
                    earlier => format!(", {earlier} have in the last 24 hours already"),
                };
                format!(
                    "group {name} would go from {before} to {after} members: {lost} would leave{parts}, at most \
                     {limit} may"
                )
            })
        })
    }

    fn without_key(&self, most: Most) -> Option<String> {
        let Summary { read, without_key: count, without_key_first: first, .. } = self.plan;
        let limit = most.limit(*read, true).max(most.few()).min(read.saturating_sub(1));
        let limit = if most.limit(*read, true) == u64::MAX { u64::MAX } else { limit };
        (!self.is_partial && *count > limit).then(|| {
            let such = first.first().map(|one| format!(", such as {one}")).unwrap_or_default();
            format!("{count} of {read} records have no key{such}; at most {limit} may be without")
        })
    }
}

fn of_them(parts: &[(u64, &str)]) -> String {
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, how)| format!(", {count} of them {how}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(known: u64, remove: u64, deactivate: u64) -> Summary {
        Summary { known, remove, deactivate, read: 1, ..Summary::default() }
    }

    fn check(guard: &Guard, plan: &Summary, before: &Before) -> Result<(), String> {
        judge(guard, plan, before, &Losses::default())
    }

    fn judge(
        guard: &Guard,
        plan: &Summary,
        before: &Before,
        losses: &Losses,
    ) -> Result<(), String> {
        let basis = Basis::Target;
        let judged = Judged { plan, basis, before, losses, is_partial: false };
        judged.by(std::slice::from_ref(guard)).map_err(|tripped| tripped.to_string())
    }

    fn usual(rule: fn(Most) -> Rule) -> Guard {
        Guard(rule(Most::Usual))
    }

    #[test]
    fn removals_by_share_and_by_number() {
        let (share, count) = (Guard::removals_at_most, Guard::removals_at_most_count);
        let usual = || usual(Rule::Removals);
        for (guard, known, remove, passes) in [
            (share(0.2), 3, 1, true),
            (share(0.2), 3, 2, false),
            (share(0.2), 4, 2, true),
            (share(0.05), 10, 5, true),
            (share(0.05), 10, 6, false),
            (share(0.2), 100, 20, true),
            (share(0.2), 100, 21, false),
            (share(1.0), 3, 3, true),
            (share(0.0), 1, 1, false),
            (share(0.0), 30, 1, false),
            (share(f64::NAN), 100, 6, false),
            (count(0), 3, 1, false),
            (count(0), 3, 0, true),
            (count(1), 3, 1, true),
            (count(1), 3, 2, false),
            (count(30), 100, 31, false),
            (usual(), 100, 20, true),
            (usual(), 100, 21, false),
            (usual(), 40_000, 500, true),
            (usual(), 40_000, 501, false),
            (share(0.2), 40_000, 8_000, true),
        ] {
            for (remove, deactivate) in [(remove, 0), (0, remove)] {
                let plan = plan(known, remove, deactivate);
                let checked = check(&guard, &plan, &Before::default());
                assert_eq!(checked.is_ok(), passes, "{guard:?} {plan:?} {checked:?}");
            }
        }
    }

    #[test]
    fn what_went_before_counts() {
        let before = Before::removed(100, 15, None);
        let guard = Guard::removals_at_most(0.2);
        assert_eq!(check(&guard, &plan(85, 5, 0), &before), Ok(()));
        let tripped = check(&guard, &plan(85, 4, 2), &before).unwrap_err();
        assert_eq!(
            tripped,
            "21 of 100 records would be removed, 2 of them by an update that takes out of use, 15 of them \
             in the last 24 hours already, at most 20 may be"
        );
        // That others came does not bring anybody back.
        assert!(check(&guard, &plan(100, 20, 0), &before).is_err());
        // Who does nothing more is not stopped.
        let before = before.and(Before::removed(85, 35, None));
        assert_eq!(check(&guard, &plan(50, 0, 0), &before), Ok(()));
        assert!(check(&guard, &plan(50, 1, 0), &before).is_err());
    }

    #[test]
    fn what_was_allowed_on_purpose_does_not_count_under_a_stricter_rule() {
        let half = Before::removed(100, 50, Some(Most::Share(0.5)));
        let usual = usual(Rule::Removals);
        assert_eq!(check(&usual, &plan(50, 10, 0), &half), Ok(()));
        assert!(check(&usual, &plan(50, 11, 0), &half).is_err());
        assert!(check(&Guard::removals_at_most(0.5), &plan(50, 1, 0), &half).is_err());
        // A window that goes on after its first steps are over is judged by the rule as well.
        let later = Before::removed(900, 150, None);
        assert!(check(&usual, &plan(750, 31, 0), &later).is_err());
    }

    #[test]
    fn a_changed_selection_has_no_few() {
        let changed = |known, remove| Summary { selection_changed: true, ..plan(known, remove, 0) };
        let guard = usual(Rule::Removals);
        assert_eq!(check(&guard, &plan(10, 5, 0), &Before::default()), Ok(()));
        assert_eq!(check(&guard, &changed(10, 2), &Before::default()), Ok(()));
        let tripped = check(&guard, &changed(4, 4), &Before::default()).unwrap_err();
        assert_eq!(
            tripped,
            "4 of 4 records would be removed, at most 0 may be; other people are chosen or mapped than before"
        );
    }

    #[test]
    fn values_and_members_that_would_be_lost() {
        let mut losses = Losses::default();
        losses.erased.insert("displayName".into(), 60);
        let plan = Summary { update: 60, known: 60, read: 60, ..Summary::default() };
        let judge =
            |guard: &Guard, losses: &Losses| judge(guard, &plan, &Before::default(), losses);
        let guard = usual(Rule::Erased);
        assert_eq!(
            judge(&guard, &losses).unwrap_err(),
            "60 of 60 records would lose the value of `displayName`, at most 12 may"
        );
        assert_eq!(judge(&Guard::values_erased_at_most_count(60), &losses), Ok(()));
        losses.erased.insert("displayName".into(), 12);
        assert_eq!(judge(&guard, &losses), Ok(()));
        let ops = |before, after, lost| {
            let (left, joined) = ((0..lost).collect(), (before..after + lost).collect());
            let members = Members { name: "Ops".into(), before, left, joined };
            Losses { members: [("00g1".to_owned(), members)].into(), ..Losses::default() }
        };
        let group = |before, after, lost| {
            super::tests::judge(
                &usual(Rule::Members),
                &Summary::default(),
                &Before::default(),
                &ops(before, after, lost),
            )
        };
        assert_eq!(
            group(250, 25, 225).unwrap_err(),
            "group Ops would go from 250 to 25 members: 225 would leave, at most 50 may"
        );
        assert_eq!((group(5, 0, 5), group(250, 200, 50)), (Ok(()), Ok(())));
        let losses = ops(30, 29, 1);
        for none in [Guard::members_lost_at_most(0.0), Guard::members_lost_at_most_count(0)] {
            assert!(super::tests::judge(&none, &plan, &Before::default(), &losses).is_err());
        }
        assert!(group(250, 250, 250).is_err() && group(6, 0, 6).is_err());
    }

    #[test]
    fn a_key_that_hardly_anybody_has() {
        let first = vec!["00u1: no value for the key user.nickName".to_owned()];
        let plan = |read, without_key| Summary {
            read,
            without_key,
            without_key_first: first.clone(),
            ..Summary::default()
        };
        let guard = usual(Rule::WithoutKey);
        let check = |read, without| check(&guard, &plan(read, without), &Before::default());
        assert_eq!(
            check(60, 60).unwrap_err(),
            "60 of 60 records have no key, such as 00u1: no value for the key user.nickName; at most 12 may be \
             without"
        );
        for (read, without, passes) in [
            (0, 0, true),
            (1, 1, false),
            (3, 2, true),
            (6, 5, true),
            (6, 6, false),
            (60, 13, false),
        ] {
            assert_eq!(check(read, without).is_ok(), passes, "{read} {without}");
        }
    }
}
