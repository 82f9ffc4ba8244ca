use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use crate::identity::{is_held, obstacle};
use crate::plan::{Plan, move_on, open};
use crate::record::{Fields, is_respelled, same, switches_off};
use crate::references;
use crate::report::{Earlier, Failure, Outcome};
use crate::schedule::Stop;
use crate::sending::{Sending, is_empty, missing, prepare};
use crate::store::{Kind, Known, Row, RowState, Store, StoreError, together};
use crate::target::{Change, Done, FieldChange, TargetError};
use crate::unsure;

/// Rows that are read from the store at once.
const PAGE: usize = 1_000;
const EXISTED: &str = "was there already";

/// A plan that is to be brought about: read its outcomes with [`stream`](Self::stream).
#[derive(Clone, Debug)]
#[must_use = "nothing is applied until the stream is read"]
pub struct Apply {
    plan: Plan,
    concurrency: usize,
    limit: u64,
    stop: Stop,
}

impl Apply {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan, concurrency: 4, limit: u64::MAX, stop: Stop::never() }
    }

    /// Calls of the target under way at once; 4 unless told otherwise.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// At most so many changes, and not one more: a canary. The others stay for the next run.
    pub fn limit(mut self, changes: u64) -> Self {
        self.limit = changes;
        self
    }

    /// Begins no batch any more once this comes; those under way are finished and have their outcomes.
    pub fn until(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Applies the plan, an outcome for every row. Dropping the stream stops new work; what was under
    /// way then comes again in the next run.
    ///
    /// What has to wait for a key goes once that is free, references to records that are not in the target
    /// yet are written after everything else, and who left is taken out at the end. When the store
    /// fails, one outcome says so and nothing more is begun: what is delivered could not be noted.
    pub fn stream(self) -> impl Stream<Item = Outcome> + Send {
        let run = Run { left: Arc::new(AtomicU64::new(self.limit)), ..Run::default() };
        let first = self.clone().pass(Pass::Rows, run.clone());
        let late = self.clone().pass(Pass::Late, run.clone());
        first
            .chain(self.clone().rounds(run.clone()))
            .chain(late)
            .chain(self.pass(Pass::Removals, run))
    }

    /// Rows that wait for a key, as often as keys become free; then those that have waited in vain.
    fn rounds(self, run: Run) -> impl Stream<Item = Outcome> + Send {
        let rounds = stream::unfold(Some(true), move |goes_on| {
            let is_over =
                goes_on.is_some_and(|is_first| !is_first && run.freed.swap(0, Relaxed) == 0);
            let round = goes_on.map(|_| {
                let pass = if is_over { Pass::LastRound } else { Pass::Round };
                (self.clone().pass(pass, run.clone()), (!is_over).then_some(false))
            });
            async move { round }
        });
        rounds.flatten()
    }

    fn pass(self, pass: Pass, run: Run) -> impl Stream<Item = Outcome> + Send {
        let (plan, concurrency, stop) = (self.plan, self.concurrency, self.stop);
        let batch = plan.target.batch().max(1);
        let (reader, going) = (plan.clone(), run.clone());
        let pages = stream::try_unfold(0, move |after| {
            let rows = match going.is_over(pass) {
                true => Ok(Vec::new()),
                false => open(&reader.store).rows(Some(pass.state()), after, PAGE),
            };
            let page = rows.map(|rows| {
                let last = rows.last()?.seq;
                Some((going.within(pass, rows), last))
            });
            let page = page.and_then(|page| {
                let last = page.as_ref().and_then(|(rows, _)| rows.last());
                if let Some(last) = last {
                    unsure::about_to_send(&mut *open(&reader.store), pass.state(), last.seq)?;
                }
                Ok(page)
            });
            async move { page }
        });
        let batches = pages.flat_map(move |page: Result<Vec<Row>, StoreError>| {
            stream::iter(match page {
                Ok(rows) => in_batches(rows, batch).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        });
        let applied = batches.take_until(stop.stopped()).map(move |rows| {
            let (plan, run) = (plan.clone(), run.clone());
            async move {
                let outcomes = match rows {
                    _ if run.broken.load(Relaxed) => Ok(Vec::new()),
                    Ok(rows) => apply(&plan, rows, pass, &run).await,
                    Err(error) => Err(error),
                };
                outcomes.unwrap_or_else(|error| match run.broken.swap(true, Relaxed) {
                    false => vec![Outcome::broken(error)],
                    true => Vec::new(),
                })
            }
        });
        applied.buffer_unordered(concurrency).flat_map(stream::iter)
    }
}

/// The rows of a plan go in passes, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// All but removals.
    Rows,
    /// Those that had to wait for a key.
    Round,
    /// The same: what still has to wait fails.
    LastRound,
    /// References that could not be written before.
    Late,
    Removals,
}

impl Pass {
    fn state(self) -> RowState {
        match self {
            Self::Rows | Self::Removals => RowState::Pending,
            Self::Round | Self::LastRound => RowState::Waiting,
            Self::Late => RowState::Late,
        }
    }
}

/// What the passes of one run share.
#[derive(Clone, Debug, Default)]
struct Run {
    /// The store failed.
    broken: Arc<AtomicBool>,
    /// Changes that may still be made.
    left: Arc<AtomicU64>,
    /// Keys that became free since anybody looked.
    freed: Arc<AtomicU64>,
}

impl Run {
    fn is_over(&self, pass: Pass) -> bool {
        self.broken.load(Relaxed)
            || pass.state() == RowState::Pending && self.left.load(Relaxed) == 0
    }

    /// The rows of this pass, as far as they may go.
    fn within(&self, pass: Pass, mut rows: Vec<Row>) -> Vec<Row> {
        if pass.state() != RowState::Pending {
            return rows;
        }
        rows.retain(|row| (row.kind == Kind::Remove) == (pass == Pass::Removals));
        let (rows, left) = within(rows, self.left.load(Relaxed));
        self.left.store(left, Relaxed);
        rows
    }
}

/// As many rows as so many changes are; what is only noted is none. And how many may follow.
fn within(rows: Vec<Row>, mut left: u64) -> (Vec<Row>, u64) {
    let mut within = Vec::with_capacity(rows.len());
    for row in rows {
        let cost = u64::from(row.kind != Kind::Relink);
        if cost > left {
            return (within, 0);
        }
        left -= cost;
        within.push(row);
    }
    (within, left)
}

fn in_batches(rows: Vec<Row>, size: usize) -> Vec<Vec<Row>> {
    let mut rows = rows.into_iter().peekable();
    let mut batches = Vec::new();
    while rows.peek().is_some() {
        batches.push(rows.by_ref().take(size).collect());
    }
    batches
}

async fn apply(
    plan: &Plan,
    rows: Vec<Row>,
    pass: Pass,
    run: &Run,
) -> Result<Vec<Outcome>, StoreError> {
    let (rows, mut held_back) = ready(plan, rows, pass)?;
    let mut sending = prepare(plan, rows, pass == Pass::Late)?;
    let changes: Vec<Change> = sending.iter_mut().filter_map(|one| one.take_change()).collect();
    let mut results = match changes.is_empty() {
        true => Vec::new(),
        false => plan.target.apply(&changes).await,
    }
    .into_iter();
    drop(changes);
    let result_of = |one: Sending| {
        let result = match one.is_sent() {
            true => results.next().unwrap_or_else(|| Err(TargetError::no_result())),
            false => Ok(Done::new()),
        };
        (one, result)
    };
    let results: Vec<_> = sending.into_iter().map(result_of).collect();
    held_back.extend(settle(plan, results, run)?);
    Ok(held_back)
}

/// The rows that can be sent now; the outcomes of those that cannot be at all. The others wait.
fn ready(plan: &Plan, rows: Vec<Row>, pass: Pass) -> Result<(Vec<Row>, Vec<Outcome>), StoreError> {
    if plan.target.key_path().is_none() || pass == Pass::Late {
        return Ok((rows, Vec::new()));
    }
    together(&mut *open(&plan.store), |store| {
        let (mut ready, mut outcomes) = (Vec::new(), Vec::new());
        for row in rows {
            let shared =
                pass == Pass::Removals && is_held(store, &row.key, row.remote_id.as_deref())?;
            match obstacle(store, &row)? {
                _ if shared => {
                    let reason = "the same record is in use under another key: it stays";
                    outcomes.push(left_out(store, row, reason.to_owned())?);
                }
                None => ready.push(row),
                Some(reason) if pass == Pass::LastRound => {
                    outcomes.push(fail(
                        store,
                        row,
                        Failure::Target(TargetError::new(reason)),
                        None,
                    )?);
                }
                Some(_) => store.settle(row.seq, RowState::Waiting, None)?,
            }
        }
        Ok((ready, outcomes))
    })
}

fn settle(
    plan: &Plan,
    results: Vec<(Sending, Result<Done, TargetError>)>,
    run: &Run,
) -> Result<Vec<Outcome>, StoreError> {
    together(&mut *open(&plan.store), |store| {
        move_on(store)?;
        plan.head.adopt(store)?;
        let mut outcomes = Vec::with_capacity(results.len());
        for (one, result) in results {
            outcomes.push(match result {
                _ if waits(plan, store, &one)? => continue,
                Ok(Done { left_out: Some(reason), .. }) => left_out(store, one.row, reason)?,
                Ok(done) => {
                    let frees = one.row.from.is_some();
                    let Some(outcome) = succeeded(plan, store, one, done)? else { continue };
                    run.freed.fetch_add(u64::from(frees && outcome.result.is_ok()), Relaxed);
                    outcome
                }
                Err(error) => failed(store, one, error)?,
            });
        }
        Ok(outcomes)
    })
}

/// Whether nothing could be written in the second pass, because the record that is referred to is still
/// to be sent: it is, when the plan goes on.
fn waits(plan: &Plan, store: &mut dyn Store, one: &Sending) -> Result<bool, StoreError> {
    if one.row.state != RowState::Late || !one.change.fields.is_empty() {
        return Ok(false);
    }
    for (_, key) in missing(&one.row.fields, &[]) {
        let other = store.row(&plan.target.key(&key))?;
        if other.is_some_and(|other| is_to_come(other.state)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_to_come(state: RowState) -> bool {
    matches!(state, RowState::Pending | RowState::Waiting)
}

fn failed(store: &mut dyn Store, one: Sending, error: TargetError) -> Result<Outcome, StoreError> {
    let is_known = store.known(one.row.remembered_as())?.is_some();
    if is_known || one.row.kind != Kind::Create || !error.is_refused() {
        unsure::doubt(store, &one.row)?;
    }
    let earlier = one.earlier();
    fail(store, one.row, Failure::Target(error), earlier)
}

fn fail(
    store: &mut dyn Store,
    row: Row,
    failure: Failure,
    earlier: Option<Earlier>,
) -> Result<Outcome, StoreError> {
    store.settle(row.seq, RowState::Failed, Some(&failure.to_string()))?;
    Ok(Outcome { key: row.key, kind: row.kind, result: Err(failure), earlier })
}

/// Nothing is remembered, so that the next plan has it again.
fn left_out(store: &mut dyn Store, row: Row, reason: String) -> Result<Outcome, StoreError> {
    store.settle(row.seq, RowState::LeftOut, Some(&reason))?;
    let result = Err(Failure::LeftOut(reason));
    Ok(Outcome { key: row.key, kind: row.kind, result, earlier: None })
}

/// None when all that there was to send waits for other records: then the second pass tells.
fn succeeded(
    plan: &Plan,
    store: &mut dyn Store,
    one: Sending,
    done: Done,
) -> Result<Option<Outcome>, StoreError> {
    let home = one.row.remembered_as().to_owned();
    let before = store.known(&home)?.unwrap_or_default();
    if let Some(failure) = not_moved(store, &one, &before, &done)? {
        let earlier = one.earlier();
        return fail(store, one.row, failure, earlier).map(Some);
    }
    let again = |path: &String, shown: &mut Value| !is_as_ever(&before, &one.row, path, shown);
    let mut news = done.shown.clone();
    news.retain(again);
    let known = after(before, &one.row, &one.change, &done);
    let done = Done { shown: news, ..done };
    if home != one.row.key {
        store.forget(&home)?;
    }
    store.remember(&one.row.key, &known)?;
    let (mut planned, mut nobody) = (Vec::new(), BTreeMap::new());
    for (path, key) in one.missing() {
        match references::will_be_there(store, &plan.target.key(&key))? {
            true => planned.push(key),
            false => drop(nobody.insert(path, key)),
        }
    }
    if one.row.state == RowState::Late && !planned.is_empty() {
        let earlier = one.earlier();
        let failure = Failure::Reference(planned.join(", "));
        return fail(store, one.row, failure, earlier).map(Some);
    }
    let mut outcome = Outcome::done(&one.row, &one.change, &done);
    outcome.earlier = one.earlier();
    if planned.is_empty() {
        outcome.lacks(nobody);
        store.settle(one.row.seq, RowState::Done, None)?;
        return Ok(Some(outcome));
    }
    store.settle(one.row.seq, RowState::Late, done.existed.then_some(EXISTED))?;
    outcome.delayed();
    Ok((!is_empty(&one.change)).then_some(outcome))
}

/// What the target answered with success and did not take: the first time that is a failure.
fn not_moved(
    store: &mut dyn Store,
    one: &Sending,
    before: &Known,
    done: &Done,
) -> Result<Option<Failure>, StoreError> {
    let sent = one.change.fields.iter().filter(|field| done.unmoved.contains(&field.path));
    let fresh: Vec<&FieldChange> =
        sent.filter(|field| !is_its_way(before, &one.row, field, done)).collect();
    if fresh.is_empty() {
        return Ok(None);
    }
    unsure::doubt(store, &one.row)?;
    let home = one.row.remembered_as();
    let mut known = store.known(home)?.unwrap_or_default();
    known.ignored.extend(fresh.iter().map(|field| (field.path.clone(), field.new.clone())));
    store.remember(home, &known)?;
    let paths: Vec<&str> = fresh.iter().map(|field| field.path.as_str()).collect();
    let error = format!(
        "answered with success, and still shows {} as before; it is tried once more",
        paths.join(", ")
    );
    Ok(Some(Failure::Target(TargetError::new(error))))
}

/// Whether the target shows this value otherwise because that is what it makes of it: as it did when it was
/// sent before, or as another spelling, where it is not known to keep values as they are sent.
fn is_its_way(before: &Known, row: &Row, field: &FieldChange, done: &Done) -> bool {
    let path = &field.path;
    let was_ignored = before.ignored.get(path).is_some_and(|it| same(it, &field.new));
    let shown = done.shown.get(path).unwrap_or(&Value::Null);
    let is_kept = before.sent.get(path).is_some_and(|sent| same(sent, shown));
    was_ignored
        || is_as_ever(before, row, path, shown)
        || !is_kept && is_respelled(&field.new, shown)
}

/// Whether this value was delivered before, and shown in the same way then.
fn is_as_ever(before: &Known, row: &Row, path: &str, shown: &Value) -> bool {
    let planned = row.fields.iter().find(|field| field.path == path);
    let sent = planned.zip(before.sent.get(path));
    sent.is_some_and(|(planned, sent)| same(&planned.new, sent))
        && before.shown.get(path).is_some_and(|before| same(before, shown))
}

/// What is known of a record after a change of it succeeded.
fn after(known: Known, row: &Row, change: &Change, done: &Done) -> Known {
    let mut known = match row.kind {
        // Whatever was there before is not what was created now.
        Kind::Create if row.state != RowState::Late => Known::default(),
        Kind::Remove => known.taken_out(),
        _ => Known { removed: false, unsure: false, ..known },
    };
    known.ignored.retain(|path, _| row.fields.iter().all(|field| &field.path != path));
    if row.kind == Kind::Restore {
        known.sent.retain(|path, value| !switches_off(path, value));
    }
    known.source_id.clone_from(&row.source_id);
    let remote_id = done.remote_id.as_ref().or(change.remote_id.as_ref());
    known.remote_id = remote_id.cloned().or(known.remote_id);
    for field in change.fields.iter().filter(|field| !field.on_create) {
        let planned = row.fields.iter().find(|planned| planned.path == field.path);
        let sent = planned.map_or(&field.new, |planned| &planned.new);
        known.sent.insert(field.path.clone(), sent.clone());
        known.shown.remove(&field.path);
    }
    for (path, value) in &row.held {
        known.sent.insert(path.clone(), value.clone());
        known.shown.remove(path);
    }
    // What was cleared is written again once it leads to somebody.
    let is_cleared = |path: &&String| done.shown.get(*path).is_some_and(Value::is_null);
    for path in change.dangling.iter().filter(is_cleared) {
        known.sent.remove(path);
    }
    // A reference is sent as the id of the other, and that is what the target shows.
    note_shown(&mut known.shown, change, done);
    known
}

fn note_shown(shown: &mut Fields, change: &Change, done: &Done) {
    for (path, value) in &done.shown {
        let sent = change.fields.iter().find(|field| &field.path == path);
        if sent.is_some_and(|sent| !same(&sent.new, value)) {
            shown.insert(path.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_order_and_lose_nothing() {
        let row = |seq| Row {
            seq,
            kind: Kind::Update,
            key: seq.to_string(),
            from: None,
            source_id: None,
            remote_id: None,
            fields: Vec::new(),
            held: Fields::new(),
            state: RowState::Pending,
            note: None,
        };
        let batches = in_batches((1..=5).map(row).collect(), 2);
        let seqs: Vec<Vec<u64>> =
            batches.iter().map(|batch| batch.iter().map(|row| row.seq).collect()).collect();
        assert_eq!(seqs, [vec![1, 2], vec![3, 4], vec![5]]);
    }
}
