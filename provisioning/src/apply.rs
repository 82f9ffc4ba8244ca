use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use crate::plan::{Plan, move_on, open};
use crate::record::{Fields, referred, same, switches_off};
use crate::references;
use crate::report::{Earlier, Failure, Outcome};
use crate::schedule::Stop;
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
    /// References to records that are not in the target yet are written in a second pass. When the store
    /// fails, one outcome says so and nothing more is begun: what is delivered could not be noted.
    pub fn stream(self) -> impl Stream<Item = Outcome> + Send {
        let broken = Arc::new(AtomicBool::new(false));
        let last = Self { limit: u64::MAX, ..self.clone() };
        let last = last.pass(RowState::Late, Arc::clone(&broken));
        self.pass(RowState::Pending, broken).chain(last)
    }

    fn pass(self, state: RowState, broken: Arc<AtomicBool>) -> impl Stream<Item = Outcome> + Send {
        let (plan, concurrency, stop) = (self.plan, self.concurrency, self.stop);
        let batch = plan.target.batch().max(1);
        let (reader, has_failed) = (plan.clone(), Arc::clone(&broken));
        let pages = stream::try_unfold((0, self.limit), move |(after, left)| {
            let is_over = left == 0 || has_failed.load(Relaxed);
            let rows = match is_over {
                true => Ok(Vec::new()),
                false => open(&reader.store).rows(Some(state), after, PAGE),
            };
            let page = rows.map(|rows| {
                let last = rows.last()?.seq;
                let (rows, left) = within(rows, left);
                Some((rows, (last, left)))
            });
            let page = page.and_then(|page| {
                let last = page.as_ref().and_then(|(rows, _)| rows.last());
                if let Some(last) = last {
                    unsure::about_to_send(&mut *open(&reader.store), state, last.seq)?;
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
            let (plan, broken) = (plan.clone(), Arc::clone(&broken));
            async move {
                let outcomes = match rows {
                    _ if broken.load(Relaxed) => Ok(Vec::new()),
                    Ok(rows) => apply(&plan, rows, state).await,
                    Err(error) => Err(error),
                };
                outcomes.unwrap_or_else(|error| match broken.swap(true, Relaxed) {
                    false => vec![Outcome::broken(error)],
                    true => Vec::new(),
                })
            }
        });
        applied.buffer_unordered(concurrency).flat_map(stream::iter)
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

/// A row, and what of it is sent now.
struct Sending {
    row: Row,
    change: Change,
}

impl Sending {
    /// The keys of references that are not in what is sent.
    fn missing(&self) -> Vec<String> {
        missing(&self.row.fields, &self.change.fields)
    }

    /// Whether an earlier pass sent something, and counted it.
    fn was_sent(&self) -> bool {
        let is_sent = |field: &FieldChange| !field.on_create && referred(&field.new).is_none();
        self.row.state == RowState::Late
            && (self.row.kind != Kind::Update || self.row.fields.iter().any(is_sent))
    }
}

async fn apply(plan: &Plan, rows: Vec<Row>, pass: RowState) -> Result<Vec<Outcome>, StoreError> {
    let sending = prepare(plan, rows, pass)?;
    let sent = |one: &&Sending| one.change.kind != Kind::Relink && !is_empty(&one.change);
    let changes: Vec<Change> = sending.iter().filter(sent).map(|one| one.change.clone()).collect();
    let mut results = match changes.is_empty() {
        true => Vec::new(),
        false => plan.target.apply(&changes).await,
    }
    .into_iter();
    let result_of = |one: Sending| {
        let result = match sent(&&one) {
            true => results.next().unwrap_or_else(|| {
                Err(TargetError::new("the target gave no result for this record"))
            }),
            false => Ok(Done::new()),
        };
        (one, result)
    };
    let results: Vec<_> = sending.into_iter().map(result_of).collect();
    settle(plan, results)
}

/// An update that is down to nothing, because all it had were references that cannot be written.
fn is_empty(change: &Change) -> bool {
    change.kind == Kind::Update && change.fields.iter().all(|field| field.on_create)
}

fn prepare(plan: &Plan, rows: Vec<Row>, pass: RowState) -> Result<Vec<Sending>, StoreError> {
    let mut store = open(&plan.store);
    let mut prepared = Vec::with_capacity(rows.len());
    for row in rows {
        let mut change = Change {
            kind: row.kind,
            key: row.key.clone(),
            source_id: row.source_id.clone(),
            remote_id: row.remote_id.clone(),
            fields: row.fields.clone(),
            values: Fields::new(),
        };
        let known = store.known(&row.key)?.unwrap_or_default();
        if pass == RowState::Late {
            change.kind = Kind::Update;
            change.fields.retain(|field| referred(&field.new).is_some());
            change.remote_id = known.remote_id.or(change.remote_id);
        }
        resolve(plan, &mut *store, &mut change.fields)?;
        change.values = known.sent;
        change.values.extend(row.held.clone());
        let kept = change.fields.iter().filter(|field| !field.on_create);
        change.values.extend(kept.map(|field| (field.path.clone(), field.new.clone())));
        resolve_values(plan, &mut *store, &mut change.values)?;
        prepared.push(Sending { row, change });
    }
    Ok(prepared)
}

/// Puts values in place of references; those that cannot be written are taken out.
fn resolve(
    plan: &Plan,
    store: &mut dyn Store,
    fields: &mut Vec<FieldChange>,
) -> Result<(), StoreError> {
    for field in fields.iter_mut() {
        put_value(plan, store, &mut field.new)?;
    }
    fields.retain(|field| referred(&field.new).is_none());
    Ok(())
}

/// The same for values that were sent before.
fn resolve_values(
    plan: &Plan,
    store: &mut dyn Store,
    values: &mut Fields,
) -> Result<(), StoreError> {
    for value in values.values_mut() {
        put_value(plan, store, value)?;
    }
    values.retain(|_, value| referred(value).is_none());
    Ok(())
}

/// Puts what the target understands in place of a reference, if it is one and that can be done.
fn put_value(plan: &Plan, store: &mut dyn Store, value: &mut Value) -> Result<(), StoreError> {
    let Some(key) = referred(value).map(|key| plan.target.key(key)) else {
        return Ok(());
    };
    // Only who is in the target can be referred to.
    let known = store.known(&key)?.filter(|known| !known.removed && known.was_delivered());
    if let Some(known) = known
        && let Some(understood) = plan.target.reference(&key, known.remote_id.as_deref())
    {
        *value = understood;
    }
    Ok(())
}

fn settle(
    plan: &Plan,
    results: Vec<(Sending, Result<Done, TargetError>)>,
) -> Result<Vec<Outcome>, StoreError> {
    together(&mut *open(&plan.store), |store| {
        move_on(store)?;
        let mut outcomes = Vec::with_capacity(results.len());
        for (one, result) in results {
            outcomes.push(match result {
                _ if waits(plan, store, &one)? => continue,
                Ok(Done { left_out: Some(reason), .. }) => left_out(store, one.row, reason)?,
                Ok(done) => match succeeded(plan, store, one, done)? {
                    Some(outcome) => outcome,
                    None => continue,
                },
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
    for key in missing(&one.row.fields, &[]) {
        let other = store.row(&plan.target.key(&key))?;
        if other.is_some_and(|other| other.state == RowState::Pending) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn failed(store: &mut dyn Store, one: Sending, error: TargetError) -> Result<Outcome, StoreError> {
    let is_known = store.known(&one.row.key)?.is_some();
    if is_known || one.row.kind != Kind::Create || !error.is_refused() {
        unsure::doubt(store, &one.row)?;
    }
    fail(store, one, Failure::Target(error))
}

fn fail(store: &mut dyn Store, one: Sending, failure: Failure) -> Result<Outcome, StoreError> {
    let earlier = one.was_sent().then(|| Earlier { existed: one.row.note.is_some() });
    let row = one.row;
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
    let before = store.known(&one.row.key)?.unwrap_or_default();
    if let Some(failure) = not_moved(store, &one, &before, &done)? {
        return fail(store, one, failure).map(Some);
    }
    let known = after(before, &one.row, &one.change, &done);
    store.remember(&one.row.key, &known)?;
    let (mut planned, mut nobody) = (Vec::new(), Vec::new());
    for key in one.missing() {
        let will_be = references::will_be_there(store, &plan.target.key(&key))?;
        if will_be { &mut planned } else { &mut nobody }.push(key);
    }
    if one.row.state == RowState::Late && !planned.is_empty() {
        return fail(store, one, Failure::Reference(planned.join(", "))).map(Some);
    }
    let mut outcome = Outcome::done(&one.row, &one.change, &done);
    outcome.earlier = one.was_sent().then(|| Earlier { existed: one.row.note.is_some() });
    if planned.is_empty() {
        outcome.lacks(&nobody);
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
    let is_first = |field: &&FieldChange| {
        !before.ignored.get(&field.path).is_some_and(|it| same(it, &field.new))
    };
    let fresh: Vec<&FieldChange> = sent.filter(is_first).collect();
    if fresh.is_empty() {
        return Ok(None);
    }
    unsure::doubt(store, &one.row)?;
    let mut known = store.known(&one.row.key)?.unwrap_or_default();
    known.ignored.extend(fresh.iter().map(|field| (field.path.clone(), field.new.clone())));
    store.remember(&one.row.key, &known)?;
    let paths: Vec<&str> = fresh.iter().map(|field| field.path.as_str()).collect();
    let error = format!(
        "answered with success, and still shows {} as before; it is tried once more",
        paths.join(", ")
    );
    Ok(Some(Failure::Target(TargetError::new(error))))
}

/// What is known of a record after a change of it succeeded.
fn after(known: Known, row: &Row, change: &Change, done: &Done) -> Known {
    let mut known = match row.kind {
        // Whatever was there before is not what was created now.
        Kind::Create if row.state == RowState::Pending => Known::default(),
        _ => known,
    };
    known.removed = row.kind == Kind::Remove;
    known.unsure = false;
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

/// The keys of references that were planned and not sent.
fn missing(planned: &[FieldChange], sent: &[FieldChange]) -> Vec<String> {
    let unsent = planned.iter().filter(|field| sent.iter().all(|other| other.path != field.path));
    unsent.filter_map(|field| referred(&field.new)).map(str::to_owned).collect()
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
