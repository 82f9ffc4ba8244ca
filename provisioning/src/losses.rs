//! What a plan takes from a target, and what was taken lately: what guards judge beside the summary.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::guard::Most;
use crate::plan::Head;
use crate::record::{is_hidden, switches_off};
use crate::store::{Kind, Row, RowState, Store, StoreError};
use crate::summary::Summary;
use crate::target::FieldChange;

const PAGE: usize = 1_000;
const NOTE: &str = "losses";
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
const HOUR: i64 = 3_600;
const MEMBERS: &str = "members";
const NAME: &str = "displayName";

/// What some rows take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Losses {
    pub(crate) removed: u64,
    /// By a value.
    pub(crate) deactivated: u64,
    /// Who came back.
    pub(crate) restored: u64,
    /// Records that lose the value of an attribute, by attribute.
    pub(crate) erased: BTreeMap<String, u64>,
    #[serde(skip)]
    pub(crate) shrunk: Vec<Shrunk>,
}

/// A group that loses members.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shrunk {
    pub(crate) name: String,
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) lost: u64,
}

impl Losses {
    /// Those of the whole plan in the store.
    pub(crate) fn read(store: &mut dyn Store, plan: &Summary) -> Result<Self, StoreError> {
        let mut losses = Self::default();
        if plan.update + plan.restore > 0 {
            losses.add_rows(store, None)?;
        }
        Ok(losses)
    }

    fn add_rows(
        &mut self,
        store: &mut dyn Store,
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
                if let Some(mut shrunk) = row.fields.iter().find_map(shrunk) {
                    shrunk.name = name_of(store, row)?;
                    self.shrunk.push(shrunk);
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
            // Members that leave a group are counted for each group.
            let erased = row.fields.iter().filter(|field| erases(field) && field.path != MEMBERS);
            for field in erased {
                *self.erased.entry(field.path.clone()).or_default() += 1;
            }
        }
    }

    fn is_none(&self) -> bool {
        self.removed + self.deactivated + self.restored == 0 && self.erased.is_empty()
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

fn shrunk(field: &FieldChange) -> Option<Shrunk> {
    let before = field.old.as_array().filter(|_| field.path == MEMBERS && !field.on_create)?;
    let stay: HashSet<String> =
        field.new.as_array().into_iter().flatten().map(Value::to_string).collect();
    let lost = before.iter().filter(|member| !stay.contains(&member.to_string())).count() as u64;
    let (before, after, name) = (before.len() as u64, stay.len() as u64, String::new());
    (lost > 0).then_some(Shrunk { name, before, after, lost })
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
    losses: Losses,
}

impl Before {
    /// With what the plan that is in the store took so far.
    pub(crate) fn and_last(store: &mut dyn Store) -> Result<Self, StoreError> {
        let noted = store.note(NOTE)?.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        let (mut before, now) = (noted.unwrap_or_default(), Timestamp::now());
        before.steps.retain(|step| now.duration_since(step.at) < WINDOW);
        if let Some(plan) = Head::read(store)? {
            before.add_last(store, &plan, now)?;
        }
        Ok(before)
    }

    pub(crate) fn write(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        let text = (!self.steps.is_empty()).then(|| serde_json::to_string(self)).transpose();
        let text = text.map_err(|error| StoreError::caused("losses cannot be noted", error))?;
        store.set_note(NOTE, text.as_deref())
    }

    fn add_last(
        &mut self,
        store: &mut dyn Store,
        plan: &Head,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Summary { known, update, restore, remove, .. } = plan.summary;
        let mut losses = Losses::default();
        if update + restore + remove > 0 {
            losses.add_rows(store, Some(RowState::Done))?;
            losses.add_rows(store, Some(RowState::Late))?;
        }
        if !losses.is_none() {
            let (at, most) = (plan.id.parse().unwrap_or(now), plan.most);
            self.add(Step { at, known, most, losses });
        }
        Ok(())
    }

    fn add(&mut self, step: Step) {
        let hour = |step: &Step| step.at.as_second() / HOUR;
        let same = |last: &&mut Step| last.most == step.most && hour(last) == hour(&step);
        let Some(last) = self.steps.last_mut().filter(same) else {
            return self.steps.push(step);
        };
        last.at = step.at;
        last.known = last.known.max(step.known);
        last.losses.removed += step.losses.removed;
        last.losses.deactivated += step.losses.deactivated;
        last.losses.restored += step.losses.restored;
        for (path, count) in step.losses.erased {
            *last.losses.erased.entry(path).or_default() += count;
        }
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

    /// How many lost the value of this attribute.
    pub(crate) fn erased(&self, path: &str, most: Most) -> u64 {
        self.under(most).filter_map(|step| step.losses.erased.get(path)).sum()
    }
}

#[cfg(test)]
impl Before {
    pub(crate) fn removed(known: u64, removed: u64, most: Option<Most>) -> Self {
        let losses = Losses { removed, ..Losses::default() };
        Self { steps: vec![Step { at: Timestamp::now(), known, most, losses }] }
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        other.steps.into_iter().for_each(|step| self.add(step));
        self
    }
}
