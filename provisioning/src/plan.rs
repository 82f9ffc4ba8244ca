use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{Stream, StreamExt, TryStreamExt, pin_mut};
use serde::{Deserialize, Serialize};

use crate::apply::Apply;
use crate::draft::Draft;
use crate::guard::{Guard, Judged, Most, Tripped};
use crate::leeway::{self, Leeway};
use crate::losses::{Before, Losses};
use crate::record::Record;
use crate::store::{MemoryStore, Row, RowState, Store, StoreError};
use crate::sum::Sum;
use crate::summary::Summary;
use crate::target::{Target, TargetError};
use crate::unsure;

/// Calls of the store that last together while a plan is computed.
pub(crate) const GROUP: u64 = 1_000;
const HEAD: &str = "plan";
const OWNER: &str = "target";
const IDENTITY: &str = "store";
const GENERATION: &str = "generation";
const SOURCE: &str = "source";
pub(crate) const SELECTION: &str = "selection";
const MAPPING: &str = "mapping";

pub(crate) type Shared = Arc<Mutex<dyn Store>>;

pub(crate) fn open(store: &Shared) -> MutexGuard<'_, dyn Store + 'static> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a plan compares the source with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// What was last delivered: only what changed in the source is sent. The first plan of a store, when
    /// nothing was, compares with what the target holds if that can be read.
    ///
    /// A later plan reads the target only for those who would be created, to see who of them is there
    /// already and what would become of them: when they are more than five, when the
    /// [selection](Compute::selection) is another one, or when the plan before was not applied to its end.
    #[default]
    Delivered,
    /// What the target holds now: what somebody edited there is put back.
    Target,
}

/// Why there is no plan. Nothing was written to the target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The source could not be read to its end: a half-read source must not look like departures.
    #[error("the source failed after {read} records, so there is no plan")]
    Source {
        /// Records read before it failed.
        read: u64,
        /// What the source says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The target could not be read to its end.
    #[error("the target {target} could not be read, so there is no plan")]
    Target {
        /// Its name.
        target: String,
        /// What it says.
        source: TargetError,
    },
    /// The target can not be read at all.
    #[error("{0} cannot be read, so only what was delivered can be compared")]
    Unreadable(String),
    /// A guard stopped it.
    #[error("stopped: {guard}; the plan was {summary}")]
    Guard {
        /// Which.
        guard: Tripped,
        /// What the plan would have done.
        summary: Box<Summary>,
    },
    /// The store belongs to another target.
    #[error("this store belongs to {owner}, not to {target}: use one store for each target")]
    OtherTarget {
        /// Whose it is.
        owner: String,
        /// Who asked.
        target: String,
    },
    /// The store serves another source.
    #[error("this store serves {owner}, not {source_name}: use another store for it")]
    OtherSource {
        /// Whose records it remembers.
        owner: String,
        /// Which source was named.
        source_name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a plan is: written when it is complete, so that a half-computed one is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) basis: Basis,
    pub(crate) summary: Summary,
    /// Of some source records only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_partial: bool,
    /// Stands for what it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_with: Option<String>,
    /// The rule for removals that it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) most: Option<Most>,
    /// The one for members of groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) most_members: Option<Most>,
    /// Removals of those for whom that was sent before, and nobody knows what came of it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) again: u64,
    /// Stands for the selection of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) selection: Option<String>,
    /// The sum of the file that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// What guards leave to creations.
    #[serde(default)]
    pub(crate) leeway: Leeway,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Head {
    /// Makes the rows in the store a plan.
    pub(crate) fn write(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        let text = serde_json::to_string(self)
            .map_err(|error| StoreError::caused("the plan cannot be stored", error))?;
        store.set_note(HEAD, Some(&text))
    }

    /// Makes them none: they are about to change.
    pub(crate) fn clear(store: &mut dyn Store) -> Result<(), StoreError> {
        store.set_note(HEAD, None)?;
        unsure::remember_unsettled(store)?;
        leeway::clear(store)?;
        store.clear_plan()
    }

    pub(crate) fn read(store: &mut dyn Store) -> Result<Option<Self>, StoreError> {
        Ok(store.note(HEAD)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// As it is held against these rules, if it keeps them.
    pub(crate) fn judged(
        mut self,
        guards: &[Guard],
        before: &Before,
        (store, target): (&mut dyn Store, &dyn Target),
    ) -> Result<Self, PlanError> {
        let losses = Losses::read(store, target, &self.summary)?;
        let Self { basis, is_partial, ref summary, .. } = self;
        let judged = Judged { plan: summary, basis, before, losses: &losses, is_partial };
        if let Err(guard) = judged.by(guards) {
            return Err(PlanError::Guard { guard, summary: Box::new(self.summary) });
        }
        self.leeway = judged.leeway_of_creations(guards);
        self.id = jiff::Timestamp::now().to_string();
        (self.most, self.most_members) =
            (Guard::most_removals(guards), Guard::most_members(guards));
        self.again = losses.again;
        Ok(self)
    }

    /// Says in the summary what was said otherwise when something was last applied.
    pub(crate) fn compare(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        self.summary.selection_changed = differs(store, SELECTION, self.selection.as_ref())?;
        self.summary.mapping_changed = differs(store, MAPPING, self.made_with.as_ref())?;
        Ok(())
    }

    /// Notes with what this plan was made, once it is applied.
    pub(crate) fn adopt(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        for (name, said) in [(SELECTION, &self.selection), (MAPPING, &self.made_with)] {
            if said.is_some() && store.note(name)? != *said {
                store.set_note(name, said.as_deref())?;
            }
        }
        Ok(())
    }
}

/// Whether this was said otherwise when something was last applied.
pub(crate) fn differs(
    store: &mut dyn Store,
    name: &str,
    said: Option<&String>,
) -> Result<bool, StoreError> {
    let last = store.note(name)?;
    Ok(said.is_some() && last.is_some() && said != last.as_ref())
}

/// How often the store has moved on: with each batch that was delivered. To plan anew moves nothing.
pub(crate) fn generation(store: &mut dyn Store) -> Result<u64, StoreError> {
    Ok(store.note(GENERATION)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

pub(crate) fn move_on(store: &mut dyn Store) -> Result<(), StoreError> {
    let next = generation(store)? + 1;
    store.set_note(GENERATION, Some(&next.to_string()))
}

/// What would be done to a target: rows in the store, and their summary.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) target: Arc<dyn Target>,
    pub(crate) store: Shared,
    pub(crate) head: Head,
}

impl Plan {
    /// Compares a source with a target. Await it; nothing is written to the target.
    ///
    /// The source is read once, as a stream; an error in it makes this one fail.
    pub fn compute<S>(desired: S, target: Arc<dyn Target>) -> Compute<S> {
        Compute {
            desired,
            target,
            store: Arc::new(Mutex::new(MemoryStore::new())),
            guards: Guard::defaults(),
            basis: Basis::default(),
            keep_departed: false,
            remove_unknown: false,
            only: None,
            made_with: None,
            source: None,
            selection: None,
        }
    }

    /// The plan that was computed and not applied to its end, if there is one.
    ///
    /// # Errors
    /// When the store fails, or belongs to another target.
    pub fn unfinished(store: Shared, target: Arc<dyn Target>) -> Result<Option<Self>, PlanError> {
        let mut opened = open(&store);
        own(&mut *opened, &*target)?;
        let head = Head::read(&mut *opened)?;
        let pending = !opened.rows(Some(RowState::Pending), 0, 1)?.is_empty();
        let late = !opened.rows(Some(RowState::Late), 0, 1)?.is_empty();
        let waiting = !opened.rows(Some(RowState::Waiting), 0, 1)?.is_empty();
        drop(opened);
        let head = head.filter(|_| pending || late || waiting);
        Ok(head.map(|head| Self { target, store, head }))
    }

    /// Whether a plan of the whole source was computed and not applied to its end.
    pub(crate) fn is_cut_off(store: &mut dyn Store) -> Result<bool, StoreError> {
        let is_whole = Head::read(store)?.is_some_and(|head| !head.is_partial);
        let is_left = |store: &mut dyn Store, state| {
            store.rows(Some(state), 0, 1).map(|rows| !rows.is_empty())
        };
        Ok(is_whole && (is_left(store, RowState::Pending)? || is_left(store, RowState::Waiting)?))
    }

    /// What it would do.
    pub fn summary(&self) -> &Summary {
        &self.head.summary
    }

    /// Rows after the one with this `seq`, at most `count`, in order: to be looked through page by page.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rows(&self, after: u64, count: usize) -> Result<Vec<Row>, StoreError> {
        open(&self.store).rows(None, after, count)
    }

    /// Lets the rows that failed be tried again by the next [`apply`](Self::apply).
    ///
    /// # Errors
    /// When the store fails.
    pub fn retry_failed(&self) -> Result<u64, StoreError> {
        let (mut store, mut after, mut count) = (open(&self.store), 0, 0);
        loop {
            let rows = store.rows(Some(RowState::Failed), after, GROUP as usize)?;
            let Some(last) = rows.last() else {
                return Ok(count);
            };
            after = last.seq;
            for row in rows.iter().filter(|row| row.kind.unsent().is_none()) {
                store.settle(row.seq, RowState::Pending, None)?;
                count += 1;
            }
        }
    }

    /// Brings the plan about: read the outcomes with `stream`.
    pub fn apply(&self) -> Apply {
        Apply::new(self.clone())
    }
}

/// Tells a store from others.
pub(crate) fn identity(store: &mut dyn Store) -> Result<String, StoreError> {
    if let Some(id) = store.note(IDENTITY)? {
        return Ok(id);
    }
    let id = format!("{:016x}", RandomState::new().build_hasher().finish());
    store.set_note(IDENTITY, Some(&id)).map(|()| id)
}

/// A store serves one target: what was delivered to one says nothing of another.
pub(crate) fn own(store: &mut dyn Store, target: &dyn Target) -> Result<(), PlanError> {
    match store.note(OWNER)? {
        Some(owner) if owner != target.name() => {
            Err(PlanError::OtherTarget { owner, target: target.name().to_owned() })
        }
        Some(_) => Ok(()),
        None => Ok(store.set_note(OWNER, Some(target.name()))?),
    }
}

/// A store serves one source: who is not in another one has not left.
pub(crate) fn serve(store: &mut dyn Store, source: Option<&str>) -> Result<(), PlanError> {
    let Some(source) = source else { return Ok(()) };
    match store.note(SOURCE)? {
        Some(owner) if owner != source => {
            Err(PlanError::OtherSource { owner, source_name: source.to_owned() })
        }
        Some(_) => Ok(()),
        None => Ok(store.set_note(SOURCE, Some(source))?),
    }
}

/// Whether plans of this target and source may be in the store, as far as it says.
pub(crate) fn may_serve(
    store: &mut dyn Store,
    target: &dyn Target,
    source: &str,
) -> Result<bool, StoreError> {
    let is_owner = store.note(OWNER)?.is_none_or(|owner| owner == target.name());
    Ok(is_owner && store.note(SOURCE)?.is_none_or(|owner| owner == source))
}

/// Whether something was last applied of this selection, and made with this, as far as both are said.
pub(crate) fn is_as_before(
    store: &mut dyn Store,
    selection: &str,
    made_with: Option<&str>,
) -> Result<bool, StoreError> {
    let is_other = differs(store, SELECTION, Some(&Sum::of(selection)))?;
    Ok(!is_other && !differs(store, MAPPING, made_with.map(Sum::of).as_ref())?)
}

/// A plan that is to be computed.
#[derive(Debug)]
#[must_use = "a plan is computed when this is awaited"]
pub struct Compute<S> {
    desired: S,
    target: Arc<dyn Target>,
    store: Shared,
    guards: Vec<Guard>,
    basis: Basis,
    keep_departed: bool,
    remove_unknown: bool,
    only: Option<Vec<String>>,
    made_with: Option<String>,
    source: Option<String>,
    selection: Option<String>,
}

impl<S> Compute<S> {
    /// Where things are remembered; in memory, for this run only, unless told otherwise.
    pub fn store(mut self, store: Arc<Mutex<dyn Store>>) -> Self {
        self.store = store;
        self
    }

    /// A rule that the plan has to keep.
    pub fn guard(mut self, guard: Guard) -> Self {
        guard.add_to(&mut self.guards);
        self
    }

    /// What the source is compared with.
    pub fn basis(mut self, basis: Basis) -> Self {
        self.basis = basis;
        self
    }

    /// Leaves those in the target who are not in the source any more.
    pub fn keep_departed(mut self, keep: bool) -> Self {
        self.keep_departed = keep;
        self
    }

    /// Also takes out those whom the target holds and we never delivered. Only with [`Basis::Target`], and
    /// when the whole source could be read.
    pub fn remove_unknown(mut self, remove: bool) -> Self {
        self.remove_unknown = remove;
        self
    }

    /// The source holds these of its records only, by their ids in it: of what was delivered for one of
    /// them, what does not come is taken out, and nobody else is. An empty source is no alarm then.
    pub fn only<I: Into<String>>(mut self, source_ids: impl IntoIterator<Item = I>) -> Self {
        self.only = Some(source_ids.into_iter().map(Into::into).collect());
        self
    }

    /// What the plan is made with, such as the text of the mapping: once it is exported, only who says
    /// the same takes it back ([`Import::made_with`](crate::Import::made_with)).
    pub fn made_with(mut self, text: &str) -> Self {
        self.made_with = Some(Sum::of(text));
        self
    }

    /// The name of the source, such as the address of an Okta org: the store is that of the first one that
    /// was named, and serves no other.
    pub fn source(mut self, name: impl Into<String>) -> Self {
        self.source = Some(name.into());
        self
    }

    /// Which records of the source are meant, such as a search and what their keys are made of. When that
    /// is not as it was the last time, the summary says so, and guards let nobody go just because it is
    /// few who do.
    pub fn selection(mut self, text: &str) -> Self {
        self.selection = Some(Sum::of(text));
        self
    }
}

impl<S, E> Compute<S>
where
    S: Stream<Item = Result<Record, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn run(self) -> Result<Plan, PlanError> {
        let Self { desired, target, store, guards, basis, .. } = self;
        serve(&mut *open(&store), self.source.as_deref())?;
        let mut draft = Draft::start(target, store, basis, &guards, self.only.is_some())?;
        let desired = desired.map_err(Into::into);
        pin_mut!(desired);
        let mut records = Vec::new();
        // The target can be read for the paths of the source only once these are known.
        while let Some(record) = desired.next().await {
            match record {
                Ok(record) => records.push(record),
                Err(source) => {
                    let read = draft.summary.read + records.len() as u64;
                    return Err(PlanError::Source { read, source });
                }
            }
            if records.len() as u64 == GROUP {
                draft.take(&mut records).await?;
            }
        }
        draft.take(&mut records).await?;
        draft.settle_keys(self.only.as_deref())?;
        draft.look_for_creations(self.selection.as_ref()).await?;
        let departed = !self.keep_departed && draft.target.removes();
        match &self.only {
            Some(ids) if departed => draft.departures_of(ids)?,
            None if departed => {
                // Somebody unknown may be one of those who cannot be read.
                let removes = self.remove_unknown && draft.summary.unreadable == 0;
                draft.departures(removes && basis == Basis::Target)?;
            }
            _ => {}
        }
        draft.finish(&guards, (self.made_with, self.selection))
    }
}

impl<S, E> IntoFuture for Compute<S>
where
    S: Stream<Item = Result<Record, E>> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
{
    type Output = Result<Plan, PlanError>;
    type IntoFuture = futures::future::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
