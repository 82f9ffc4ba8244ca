//! Following the System Log: what a full run would do, for those who changed.

mod changed;
mod memory;
mod source;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt, stream as streams};
use okta_client::{LogCursor, LogEvent};
use tokio::sync::Notify;

use crate::draft::{claim, conflict};
use crate::guard::Guard;
use crate::mapping::Mapping;
use crate::plan::{Basis, Plan, PlanError, Shared, open};
use crate::record::Record;
use crate::report::Report;
use crate::schedule::Stop;
use crate::source::{OktaPeople, SourceError};
use crate::store::{Row, RowState, Store, StoreError};
use crate::summary::Summary;
use crate::target::Target;

use changed::{Changed, changed};
use memory::Memory;
use source::Mapped;

pub use source::FollowSource;

/// Changed people in one batch beyond which reading everybody is cheaper than reading each.
const MANY: usize = 2_000;
/// Reads of single people under way at once.
const AT_ONCE: usize = 8;

/// Keeps a target in line with an Okta org as people change there.
///
/// The events of the System Log, or of an event hook, name who changed; each of them is read by id, and
/// what a full run would do for this person is done. Events of kinds that change nobody are passed
/// over, several of one person are one read. The first run is a full one, and so is one now and then
/// as the safety net, one after an event that may touch everybody (such as the deletion of a group by
/// which people have an app, or an event that cannot be read and does not tell whom it is about), and one
/// that goes on where another program was cut off.
///
/// What it has to remember is in the store, under notes that begin with `follow.`: `follow.cursor`,
/// where it stands in the log; `follow.full`, when the last full run began; `follow.again`, who failed
/// and is tried again with later batches; `follow.conflicts`, keys that several people claim;
/// `follow.delivered`, events that were [delivered](Self::deliver) and are still to be looked at. The
/// cursor is written after everything that its events led to is settled: a process that is killed goes
/// on with the same events, which then change nothing more.
///
/// ```no_run
/// # async fn run(
/// #     okta: okta_client::Okta,
/// #     mapping: std::sync::Arc<provisioning::Mapping>,
/// #     target: std::sync::Arc<dyn provisioning::Target>,
/// #     store: std::sync::Arc<std::sync::Mutex<dyn provisioning::Store>>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::StreamExt;
/// use provisioning::{Follow, OktaPeople};
/// use std::time::Duration;
///
/// let follow = Follow::new(OktaPeople::new(okta), mapping, target, store);
/// let mut batches = follow.full_every(Duration::from_secs(24 * 3600)).stream().boxed();
/// while let Some(batch) = batches.next().await {
///     match batch {
///         Ok(batch) => println!("{} events: {}", batch.events, batch.report),
///         Err(error) if error.is_final() => return Err(error.into()),
///         Err(error) => eprintln!("still trying: {error}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Follow {
    source: Arc<dyn FollowSource>,
    target: Arc<dyn Target>,
    store: Shared,
    guards: Vec<Guard>,
    basis: Basis,
    keep_departed: bool,
    made_with: Option<String>,
    concurrency: usize,
    full_every: Option<Duration>,
    interval: Duration,
    stop: Stop,
    turn: Arc<futures::lock::Mutex<()>>,
    delivered: Arc<Notify>,
}

/// What came of some events, or of a full run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Followed {
    /// Events that came.
    pub events: usize,
    /// Those of them that could not be read, in a line each. Whom they are about was looked up where they
    /// say it; else everybody was read.
    pub odd: Vec<String>,
    /// People who were read for them.
    pub people: usize,
    /// Who that was, by id in the source; nobody is named where everybody was read.
    pub ids: Vec<String>,
    /// Everybody was read.
    pub full: bool,
    /// It was asked to stop before it was through: what is left comes again.
    pub cut_short: bool,
    /// What was to be done.
    pub summary: Summary,
    /// What came of it.
    pub report: Report,
}

/// Events that came together.
#[derive(Debug, Default)]
struct Batch {
    events: Vec<LogEvent>,
    count: usize,
    odd: Vec<String>,
    /// One of them does not even tell whom it is about.
    is_unclear: bool,
}

impl Batch {
    fn of(events: Vec<LogEvent>) -> Self {
        Self { count: events.len(), events, ..Self::default() }
    }

    /// Takes in an event that does not fit: nobody's change may be lost with it.
    fn add_odd(&mut self, error: &okta_client::Error) {
        self.count += 1;
        self.odd.push(error.to_string());
        match error.item().and_then(LogEvent::outline) {
            Some(event) => self.events.push(event),
            None => self.is_unclear = true,
        }
    }
}

/// Why following failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The log could not be read.
    #[error("the System Log could not be read: {0}")]
    Log(#[source] okta_client::Error),
    /// The log cannot be read on from where it stood, such as after 90 days: everybody is read, and it
    /// is followed from now on.
    #[error(
        "the System Log cannot be read on from where it stood, so everybody is read again: {0}"
    )]
    Lost(#[source] okta_client::Error),
    /// Somebody who changed could not be read.
    #[error("who changed could not be read: {0}")]
    Source(#[from] SourceError),
    /// There is no plan: a guard stopped it, or something could not be read.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was done could not be noted; it is looked at again.
    #[error("{0}")]
    Unsettled(String),
}

impl FollowError {
    /// Whether the stream ends with it: a guard, another target, the store, or a log that refuses to be
    /// read. The others pass, or are tried again.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Log(error) => {
                matches!(error.status().map(|status| status.as_u16()), Some(400 | 401 | 403))
            }
            Self::Plan(error) => {
                !matches!(error, PlanError::Source { .. } | PlanError::Target { .. })
            }
            _ => false,
        }
    }
}

impl Follow {
    /// Follows these people into a target. Whether a full run is due, and where the log goes on, is in
    /// the store.
    pub fn new(
        people: OktaPeople,
        mapping: Arc<Mapping>,
        target: Arc<dyn Target>,
        store: Arc<Mutex<dyn Store>>,
    ) -> Self {
        Self::of(Arc::new(Mapped { people, mapping }), target, store)
    }

    /// The same of people who become records in another way.
    pub fn of(
        source: Arc<dyn FollowSource>,
        target: Arc<dyn Target>,
        store: Arc<Mutex<dyn Store>>,
    ) -> Self {
        Self {
            source,
            target,
            store,
            guards: Vec::new(),
            basis: Basis::default(),
            keep_departed: false,
            made_with: None,
            concurrency: 4,
            full_every: None,
            interval: Duration::from_secs(5),
            stop: Stop::never(),
            turn: Arc::default(),
            delivered: Arc::default(),
        }
    }

    /// A rule that each plan has to keep. Of one batch of changes it judges those; removals against all
    /// who are there.
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    /// What a full run compares the source with; a batch of changes always with what was delivered.
    pub fn basis(mut self, basis: Basis) -> Self {
        self.basis = basis;
        self
    }

    /// Leaves those in the target who are not in the source any more.
    pub fn keep_departed(mut self, keep: bool) -> Self {
        self.keep_departed = keep;
        self
    }

    /// What the records are made with, such as the text of the mapping: with another one than the last time it
    /// begins with everybody. The same as [`Compute::made_with`](crate::Compute::made_with).
    pub fn made_with(mut self, text: &str) -> Self {
        self.made_with = Some(text.to_owned());
        self
    }

    /// Calls of the target under way at once; 4 unless told otherwise.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Reads everybody again when the last full run is this long ago; only at first unless set.
    pub fn full_every(mut self, period: Duration) -> Self {
        self.full_every = Some(period);
        self
    }

    /// How long to wait before the log is asked again, 5 seconds unless set; longer while nothing comes.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Whether it begins with a full run: there was none yet, the last one is too long ago, was cut off, or was of
    /// other people or with another mapping.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn begins_with_everybody(&self) -> Result<bool, StoreError> {
        let due = stream::due(self, &mut *open(&self.store))?;
        Ok(due.is_some_and(|due| due <= tokio::time::Instant::now()))
    }

    /// Ends when this comes: a batch that is under way is finished first, a full run is cut short.
    pub fn until(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Follows the System Log without an end, a result for each batch and each full run.
    ///
    /// An error that is not [final](FollowError::is_final) is not the end: after a pause, which grows,
    /// the same is tried again.
    pub fn stream(self) -> impl Stream<Item = Result<Followed, FollowError>> + Send {
        stream::stream(self)
    }

    /// Notes in the store what these events are about, such as those of an event hook's delivery: once that is
    /// done the delivery may be accepted. They may come in any order and more than once. A [`stream`](Self::stream)
    /// of this one, or of a clone of it, takes them up at once, else the next process does.
    ///
    /// For an event that does not fit, see [`events`](Self::events).
    ///
    /// # Errors
    /// When the store fails: they are to be delivered again.
    pub fn deliver(&self, events: &[LogEvent]) -> Result<(), StoreError> {
        let meant = events.iter().filter(|event| self.changed(event) != Changed::Nobody);
        memory::deliver(&mut *open(&self.store), meant)?;
        self.delivered.notify_one();
        Ok(())
    }

    /// The keys that several people claim, as they were last looked at: rows of kind
    /// [`Conflict`](crate::Kind::Conflict), for which nothing is sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn conflicts(&self) -> Result<Vec<Row>, StoreError> {
        let conflicts = Memory::load(&mut *open(&self.store))?.conflicts.into_iter();
        let row = |(key, people): (String, BTreeSet<String>)| {
            conflict(&key, None, people.iter().map(|person| claim(Some(person))).collect())
        };
        Ok(conflicts.map(row).collect())
    }

    /// Brings what these events changed into the target, such as those of an event hook's delivery, and waits
    /// until that is done: [`deliver`](Self::deliver) is for those who must answer soon. They
    /// may come in any order and more than once. Waits for a run that is under way.
    ///
    /// For a delivered event that does not fit, give its [`outline`](LogEvent::outline); where it has
    /// none anybody may be meant: run [`full`](Self::full).
    ///
    /// # Errors
    /// When who changed cannot be read, or a guard stops it: nothing is changed then.
    pub async fn events(&self, events: &[LogEvent]) -> Result<Followed, FollowError> {
        self.batch(&Batch::of(events.to_vec()), None).await
    }

    /// Reads everybody and brings the target in line. Waits for a run that is under way.
    ///
    /// # Errors
    /// As [`Compute`](crate::Compute): nothing is changed then.
    pub async fn full(&self) -> Result<Followed, FollowError> {
        let _turn = self.turn.lock().await;
        self.full_run().await
    }

    /// The same for the page of the log that the cursor stands behind.
    async fn batch(
        &self,
        batch: &Batch,
        cursor: Option<&LogCursor>,
    ) -> Result<Followed, FollowError> {
        let _turn = self.turn.lock().await;
        let mut memory = Memory::load(&mut *open(&self.store))?;
        let (count, odd) = (batch.count + memory.delivered.len(), batch.odd.clone());
        let Some(mut ids) = self.touched(batch, &memory.delivered).await? else {
            let followed = self.full_run().await?;
            if let Some(cursor) = cursor.filter(|_| !followed.cut_short) {
                memory::write_cursor(&mut *open(&self.store), cursor)?;
            }
            return Ok(Followed { events: count, odd, ..followed });
        };
        ids.extend(memory.take_again());
        let read = self.read(ids, &memory).await?;
        let ids: Vec<&String> = read.keys().collect();
        let people = ids.len();
        let records: Vec<Record> = read.values().flatten().cloned().collect();
        let source = streams::iter(records).map(Ok::<_, SourceError>);
        let compute = Plan::compute(source, self.target.clone()).only(ids.into_iter().cloned());
        let (summary, report) = match people {
            0 => Default::default(),
            _ => self.bring(compute, &Stop::never()).await?,
        };
        memory.note_batch(&mut *open(&self.store), read.keys(), cursor)?;
        let (events, full, cut_short) = (count, false, false);
        let ids = read.into_keys().collect();
        Ok(Followed { events, odd, people, ids, full, cut_short, summary, report })
    }

    async fn full_run(&self) -> Result<Followed, FollowError> {
        let began = okta_client::jiff::Timestamp::now();
        let memory = Memory::load(&mut *open(&self.store))?;
        let compute = Plan::compute(self.source.records(), self.target.clone());
        let (summary, report) = self.bring(compute.basis(self.basis), &self.stop).await?;
        let cut_short = self.stop.is_stopped();
        if !cut_short {
            memory.note_full(&mut *open(&self.store), began)?;
        }
        let people = usize::try_from(summary.read).unwrap_or(usize::MAX);
        let (events, odd, ids) = (0, Vec::new(), Vec::new());
        Ok(Followed { events, odd, people, ids, full: true, cut_short, summary, report })
    }

    async fn bring<S, E>(
        &self,
        compute: crate::plan::Compute<S>,
        stop: &Stop,
    ) -> Result<(Summary, Report), FollowError>
    where
        S: Stream<Item = Result<Record, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    {
        let org = self.source.okta().org_url().as_str();
        let compute = compute.source(org).selection(&self.source.selection());
        let compute = compute.store(self.store.clone()).keep_departed(self.keep_departed);
        let compute = match &self.made_with {
            Some(text) => compute.made_with(text),
            None => compute,
        };
        let guarded = self.guards.iter().cloned().fold(compute, crate::plan::Compute::guard);
        let Some(plan) = stop.or(guarded.into_future()).await else {
            return Ok(Default::default());
        };
        let plan = plan?;
        let apply = plan.apply().concurrency(self.concurrency).until(stop.clone());
        let report: Report = apply.stream().collect().await;
        let left = open(&self.store).rows(Some(RowState::Pending), 0, 1)?;
        if left.is_empty() || stop.is_stopped() {
            return Ok((plan.summary().clone(), report));
        }
        let failed = report.undelivered.iter().find(|one| one.key.is_empty());
        let reason = failed.map_or("the plan was not applied to its end", |one| &one.reason);
        Err(FollowError::Unsettled(reason.to_owned()))
    }

    fn changed<'e>(&self, event: &'e LogEvent) -> Changed<'e> {
        changed(event, self.source.scope(), self.source.needs_groups())
    }

    /// Who changed by these events; nothing if that may be everybody.
    async fn touched(
        &self,
        batch: &Batch,
        delivered: &[LogEvent],
    ) -> Result<Option<BTreeSet<String>>, FollowError> {
        let (mut ids, mut groups) = (BTreeSet::new(), BTreeSet::new());
        if batch.is_unclear {
            return Ok(None);
        }
        for event in batch.events.iter().chain(delivered) {
            match self.changed(event) {
                Changed::Nobody => {}
                Changed::People(people) => ids.extend(people.into_iter().map(str::to_owned)),
                Changed::Members(group) => drop(groups.insert(group.to_owned())),
                Changed::Everybody => return Ok(None),
            }
        }
        for group in groups {
            let members = self.source.okta().groups().members(&group).stream();
            let members: Vec<String> = members
                .map_ok(|user| user.id.as_str().to_owned())
                .take(MANY + 1)
                .try_collect()
                .await
                .map_err(SourceError::from)?;
            ids.extend(members);
        }
        Ok((ids.len() <= MANY).then_some(ids))
    }

    /// These people as they are now, with all who claim one key with one of them: what becomes of a key
    /// is decided by all of them. None for who is out of scope.
    async fn read(
        &self,
        ids: BTreeSet<String>,
        memory: &Memory,
    ) -> Result<BTreeMap<String, Option<Record>>, FollowError> {
        let (mut read, mut wanted) = (BTreeMap::new(), ids);
        while !wanted.is_empty() {
            let people = streams::iter(std::mem::take(&mut wanted)).map(|id| async move {
                let record = self.source.record(&id).await?;
                Ok::<_, SourceError>((id, record))
            });
            let people: Vec<_> = people.buffer_unordered(AT_ONCE).try_collect().await?;
            for (id, record) in people {
                wanted.extend(memory.rivals_of(&id));
                if let Some(record) = &record {
                    let key = self.target.key(record.key());
                    let known = open(&self.store).known(&key)?.filter(|known| !known.removed);
                    wanted.extend(known.and_then(|known| known.source_id));
                    wanted.extend(memory.claimants_of(&key));
                }
                read.insert(id, record);
            }
            wanted.retain(|id| !read.contains_key(id));
        }
        Ok(read)
    }
}
