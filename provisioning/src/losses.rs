//! What a plan takes from a target, and what was taken lately: what guards judge beside the summary.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::guard::Most;
use crate::leeway::{self, Taken};
use crate::plan::Head;
use crate::record::{is_hidden, switches_off};
use crate::store::{Kind, Row, RowState, Store, StoreError};
use crate::sum::Sum;
use crate::summary::Summary;
use crate::target::{FieldChange, Target};
use crate::unsure;

const PAGE: usize = 1_000;
const NOTE: &str = "losses";
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
const HOUR: i64 = 3_600;
/// So few are remembered whatever the rule.
const FEW: u64 = 1_000;
const MEMBERS: &str = "members";
const NAME: &str = "displayName";

/// What some rows take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Losses {
    pub(crate) removed: u64,
    /// By a value.
    pub(crate) deactivated: u64,
    /// Who of them by a creation, or an attempt at one: sums of keys.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) let_go: BTreeSet<u64>,
    /// Who came back.
    pub(crate) restored: u64,
    /// Who got another key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) moved: Moved,
    /// Records that lose the value of an attribute, by attribute.
    pub(crate) erased: BTreeMap<String, u64>,
    /// Groups whose members change, by their ids in the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) members: BTreeMap<String, Members>,
    /// Of those to be taken out, for whom that was sent before, and nobody knows what came of it.
    #[serde(skip)]
    pub(crate) again: u64,
}

/// Records, by the sum of their ids in the source, with the sums of the key they had and of the one they got.
pub(crate) type Moved = BTreeMap<u64, (u64, u64)>;

/// What became of them in the end, after some changes and later ones.
fn moved_on(all: &mut Moved, later: &Moved) {
    for (who, (from, to)) in later {
        all.entry(*who).and_modify(|moved| moved.1 = *to).or_insert((*from, *to));
    }
    all.retain(|_, (from, to)| from != to);
}

/// How the members of a group change, by the sums of their ids in the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Members {
    pub(crate) before: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) left: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) joined: BTreeSet<u64>,
    /// The group's.
    #[serde(skip)]
    pub(crate) name: String,
}

impl Losses {
    /// Those of the whole plan in the store.
    pub(crate) fn read(
        store: &mut dyn Store,
        target: &dyn Target,
        plan: &Summary,
    ) -> Result<Self, StoreError> {
        let mut losses = Self::default();
        if plan.update + plan.restore > 0 {
            losses.add_rows(store, target, None)?;
        }
        if plan.remove > 0 {
            losses.again = in_doubt(store, None)?;
        }
        Ok(losses)
    }

    fn add_rows(
        &mut self,
        store: &mut dyn Store,
        target: &dyn Target,
        state: Option<RowState>,
    ) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = store.rows(state, after, PAGE)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.seq;
            for row in &rows {
                self.add(row);
                if let Some(members) = row.fields.iter().find_map(|field| members(field, target)) {
                    let (name, id) = (name_of(store, row)?, row.source_id.as_ref());
                    let id = id.unwrap_or(&row.key).clone();
                    self.members.insert(id, Members { name, ..members });
                }
            }
        }
    }

    fn add(&mut self, row: &Row) {
        match row.kind {
            Kind::Remove => self.removed += 1,
            Kind::Restore => self.restored += 1,
            Kind::Update if row.takes_out() => self.deactivated += 1,
            Kind::Update if row.fields.iter().any(switches_on) => self.restored += 1,
            _ => {}
        }
        if matches!(row.kind, Kind::Update | Kind::Restore) {
            if let Some(from) = &row.from {
                let who = Sum::number(row.source_id.as_ref().unwrap_or(from));
                self.moved.insert(who, (Sum::number(from), Sum::number(&row.key)));
            }
            // Members that leave a group are counted for each group.
            let erased = row.fields.iter().filter(|field| erases(field) && field.path != MEMBERS);
            for field in erased {
                *self.erased.entry(field.path.clone()).or_default() += 1;
            }
        }
    }

    fn is_none(&self) -> bool {
        let Self { removed, deactivated, restored, moved, erased, members, .. } = self;
        let is_nobody = removed + deactivated + restored == 0 && moved.is_empty();
        is_nobody && erased.is_empty() && members.is_empty()
    }

    /// What later plans of one hour took.
    fn and(&mut self, later: Self) {
        self.removed += later.removed;
        self.deactivated += later.deactivated;
        self.let_go.extend(later.let_go);
        self.restored += later.restored;
        moved_on(&mut self.moved, &later.moved);
        for (path, count) in later.erased {
            *self.erased.entry(path).or_default() += count;
        }
        for (id, members) in later.members {
            let all = self.members.entry(id).or_default();
            all.before = all.before.max(members.before);
            all.left.retain(|who| !members.joined.contains(who));
            all.joined.retain(|who| !members.left.contains(who));
            all.left.extend(members.left);
            all.joined.extend(members.joined);
        }
    }
}

fn switches_on(field: &FieldChange) -> bool {
    switches_off(&field.path, &field.old) && !field.switches_off()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn erases(field: &FieldChange) -> bool {
    !field.on_create && is_empty(&field.new) && !is_empty(&field.old) && !is_hidden(&field.old)
}

fn members(field: &FieldChange, target: &dyn Target) -> Option<Members> {
    let old = field.old.as_array().filter(|_| field.path == MEMBERS && !field.on_create)?;
    let sum = |id: &Value| Sum::number(&id.to_string());
    let new: BTreeSet<u64> = field.new.as_array().into_iter().flatten().map(sum).collect();
    let was_removed = |id: &Value| id.as_str().is_some_and(|id| target.was_removed(id));
    let counts = |id: &&Value| new.contains(&sum(id)) || !was_removed(id);
    let old: BTreeSet<u64> = old.iter().filter(counts).map(sum).collect();
    let (before, name) = (old.len() as u64, String::new());
    let (left, joined) = (&old - &new, &new - &old);
    Some(Members { before, left, joined, name })
}

/// Removals, of rows in this state, that may have been carried out before they come to be.
fn in_doubt(store: &mut dyn Store, state: Option<RowState>) -> Result<u64, StoreError> {
    let (mut after, mut count) = (0, 0);
    loop {
        let rows = store.rows(state, after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(count);
        };
        after = last.seq;
        for row in rows.iter().filter(|row| row.kind == Kind::Remove) {
            let known = store.known(&row.key)?;
            count += u64::from(known.is_some_and(|known| known.removed && known.unsure));
        }
    }
}

/// What people call it, as far as it was delivered.
fn name_of(store: &mut dyn Store, row: &Row) -> Result<String, StoreError> {
    let known = store.known(&row.key)?.and_then(|known| known.sent.get(NAME).cloned());
    let named = row.fields.iter().find(|field| field.path == NAME).map(|field| field.new.clone());
    let name = known.or(named).or_else(|| row.held.get(NAME).cloned());
    Ok(name.as_ref().and_then(Value::as_str).unwrap_or(&row.key).to_owned())
}

/// What the plans of the last 24 hours took, whole or cut off: it counts with the next plan, so that many
/// small steps do not pass where a large one would not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Before {
    steps: Vec<Step>,
}

/// The plans of an hour that were held against one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Step {
    /// When the last of them was made.
    at: Timestamp,
    /// How many were there before the first of them.
    known: u64,
    /// Absent for the usual rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most: Option<Most>,
    /// The same for members of groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most_members: Option<Most>,
    losses: Losses,
}

impl Before {
    /// With what the plan that is in the store took so far, which is noted.
    pub(crate) fn and_last(store: &mut dyn Store, target: &dyn Target) -> Result<Self, StoreError> {
        let noted = store.note(NOTE)?.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        let (mut before, now) = (noted.unwrap_or_default(), Timestamp::now());
        if let Some(plan) = Head::read(store)? {
            before.add_last(store, target, (&plan, now))?;
        }
        // They stay noted: this clock may be the wrong one.
        before.steps.retain(|step| now.duration_since(step.at) < WINDOW);
        Ok(before)
    }

    fn write(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        let last = self.steps.iter().map(|step| step.at).max();
        self.steps.retain(|step| last.is_some_and(|last| last.duration_since(step.at) < KEPT));
        let text = serde_json::to_string(self)
            .map_err(|error| StoreError::caused("losses cannot be noted", error))?;
        store.set_note(NOTE, Some(&text))
    }

    fn add_last(
        &mut self,
        store: &mut dyn Store,
        target: &dyn Target,
        (plan, now): (&Head, Timestamp),
    ) -> Result<(), StoreError> {
        let Summary { update, restore, remove, .. } = plan.summary;
        let Taken { count: deactivated, who: let_go } = leeway::taken(store)?;
        if update + restore + remove + deactivated == 0 {
            return Ok(());
        }
        let mut losses = Losses { deactivated, let_go, ..Losses::default() };
        losses.add_rows(store, target, Some(RowState::Done))?;
        losses.add_rows(store, target, Some(RowState::Late))?;
        if remove > 0 {
            unsure::remember_unsettled(store)?;
            losses.removed += in_doubt(store, Some(RowState::Pending))?;
            losses.removed += in_doubt(store, Some(RowState::Failed))?;
            losses.removed = losses.removed.saturating_sub(plan.again);
        }
        // Where all may, by a share or a number, nobody is counted, and they may be many.
        let known = plan.summary.there(plan.basis);
        let all_may = |most: Option<Most>, known: u64| {
            let known = known.max(FEW);
            most.is_some_and(|most| most.limit(known, false) >= known)
        };
        if all_may(plan.most, known) {
            losses.moved.clear();
            losses.let_go.clear();
        }
        losses.members.retain(|id, members| {
            // Of those who come, only who left is of interest.
            members.joined.retain(|who| self.has_left(id, *who));
            if all_may(plan.most_members, members.before) {
                members.left.clear();
            }
            !members.left.is_empty() || !members.joined.is_empty()
        });
        if losses.is_none() {
            return Ok(());
        }
        let at = plan.id.parse().unwrap_or(now);
        let Head { most, most_members, .. } = *plan;
        self.add(Step { at, known, most, most_members, losses });
        self.write(store)
    }

    fn add(&mut self, step: Step) {
        let hour = |step: &Step| step.at.as_second() / HOUR;
        let rules = |step: &Step| (step.most, step.most_members);
        let same = |last: &&mut Step| rules(last) == rules(&step) && hour(last) == hour(&step);
        let Some(last) = self.steps.last_mut().filter(same) else {
            return self.steps.push(step);
        };
        last.at = step.at;
        last.known = last.known.max(step.known);
        last.losses.and(step.losses);
    }

    /// Those that count under a rule: what somebody allowed on purpose, by a rule that allows more, does not.
    fn under(&self, most: Most) -> impl Iterator<Item = &Step> {
        let known = self.steps.iter().map(|step| step.known).max().unwrap_or(0);
        let limit = move |most: Most| most.limit(known, true);
        self.steps.iter().filter(move |step| limit(step.most.unwrap_or_default()) <= limit(most))
    }

    /// How many were there before the first of them.
    pub(crate) fn known(&self, most: Most) -> u64 {
        self.under(most).map(|step| step.known).max().unwrap_or(0)
    }

    /// How many left and did not come back.
    pub(crate) fn gone(&self, most: Most) -> u64 {
        self.under(most).fold(0, |gone, Step { losses, .. }| {
            (gone + losses.removed + losses.deactivated).saturating_sub(losses.restored)
        })
    }

    /// Whom creations took out of use, or tried to.
    pub(crate) fn let_go(&self, most: Most) -> BTreeSet<u64> {
        self.under(most).flat_map(|step| &step.losses.let_go).copied().collect()
    }

    /// Who was given another key, and has it.
    pub(crate) fn moved(&self, most: Most) -> Moved {
        self.under(most).fold(Moved::new(), |mut all, step| {
            moved_on(&mut all, &step.losses.moved);
            all
        })
    }

    fn of_group(&self, id: &str) -> impl Iterator<Item = (&Step, &Members)> + Clone {
        self.steps.iter().filter_map(move |step| Some((step, step.losses.members.get(id)?)))
    }

    fn has_left(&self, id: &str, who: u64) -> bool {
        self.of_group(id).any(|(_, members)| members.left.contains(&who))
    }

    /// How many members a group had before the first of them, and who left and did not come back.
    pub(crate) fn members(&self, id: &str, most: Most) -> (u64, BTreeSet<u64>) {
        let steps = self.of_group(id);
        let known = steps.clone().map(|(_, members)| members.before).max().unwrap_or(0);
        let limit = move |most: Most| most.limit(known, true);
        let counts = |step: &Step| limit(step.most_members.unwrap_or_default()) <= limit(most);
        steps.fold((0, BTreeSet::new()), |(mut before, mut gone), (step, members)| {
            if counts(step) {
                before = before.max(members.before);
                gone.extend(&members.left);
            }
            gone.retain(|who| !members.joined.contains(who));
            (before, gone)
        })
    }

    /// How many lost the value of this attribute.
    pub(crate) fn erased(&self, path: &str, most: Most) -> u64 {
        self.under(most).filter_map(|step| step.losses.erased.get(path)).sum()
    }
}

#[cfg(test)]
impl Before {
    pub(crate) fn removed(known: u64, removed: u64, most: Option<Most>) -> Self {
        let losses = Losses { removed, ..Losses::default() };
        let at = Timestamp::now();
        Self { steps: vec![Step { at, known, most, most_members: None, losses }] }
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        other.steps.into_iter().for_each(|step| self.add(step));
        self
    }
}
