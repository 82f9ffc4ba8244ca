//! Plans that were exported, on their way back into a store.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufRead;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::draft::observe;
use crate::export::{Header, VERSION};
use crate::guard::Guard;
use crate::losses::Before;
use crate::plan::{Basis, GROUP, Head, Plan, PlanError, Shared, generation, identity, open, own};
use crate::record::{is_hidden, same};
use crate::store::{Kind, Known, Row, RowState, Seen, Store, StoreError, together};
use crate::sum::Sum;
use crate::summary::Summary;
use crate::target::{FieldChange, Target};

/// Why an exported plan is not taken. Nothing was written to the target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is no plan, or not all of one.
    #[error("this is no plan that can be applied: line {line}: {problem}")]
    Unreadable {
        /// Where.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// It was made for another target.
    #[error("this plan is for {planned}, not for {target}: apply it there")]
    OtherTarget {
        /// Whom it is for.
        planned: String,
        /// Who was to have it.
        target: String,
    },
    /// A line is not as it was exported.
    #[error("this plan was changed since it was exported: export it again, and apply it as it is")]
    Edited,
    /// Its first line says another thing than its rows.
    #[error("this plan says it has {said}, and its rows are {rows}: export it again")]
    Miscounted {
        /// The numbers of the first line.
        said: String,
        /// Those of the rows.
        rows: String,
    },
    /// Something changed since: it would overwrite what it has not seen.
    #[error("this plan is out of date: {0}; compute a new one")]
    MovedOn(String),
    /// The target cannot be read, or the store fails.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Plan(error.into())
    }
}

impl Plan {
    /// Takes an exported plan into the store, in place of the plan that was there, so that it can be
    /// applied; only if nothing has moved since it was made: it is for this target, the store has
    /// delivered nothing since, and each old value is what is known, or with [`Basis::Target`], and where
    /// nothing was delivered yet, what the target, which is read again, shows. A file that was changed
    /// since is refused.
    ///
    /// A file of which some was applied, with a limit or up to a stop, is taken again as long as nothing else
    /// was planned with the store since: what is left of it is the plan then. What failed is left to the next
    /// plan.
    ///
    /// What it would do is counted from its rows, and held against the guards of every plan, and who is
    /// there by our doing according to the store. Await it; nothing is written to the target.
    pub fn import<'f>(
        from: impl BufRead + Send + 'f,
        target: Arc<dyn Target>,
        store: Arc<Mutex<dyn Store>>,
    ) -> Import<'f> {
        let (from, guards) = (Box::new(from), Guard::defaults());
        Import { from, target, store, guards, made_with: None, remove_unknown: false }
    }
}

/// An exported plan that is to be taken into the store.
#[must_use = "a plan is imported when this is awaited"]
pub struct Import<'f> {
    from: Box<dyn BufRead + Send + 'f>,
    target: Arc<dyn Target>,
    store: Shared,
    guards: Vec<Guard>,
    made_with: Option<String>,
    remove_unknown: bool,
}

impl Import<'_> {
    /// A rule that the plan has to keep.
    pub fn guard(mut self, guard: Guard) -> Self {
        guard.add_to(&mut self.guards);
        self
    }

    /// Only a plan that was made with this: see [`Compute::made_with`](crate::Compute::made_with).
    pub fn made_with(mut self, text: &str) -> Self {
        self.made_with = Some(Sum::of(text));
        self
    }

    /// Lets it take out those whom the target holds and we never delivered: for a plan that was computed with
    /// [`Compute::remove_unknown`](crate::Compute::remove_unknown).
    pub fn remove_unknown(mut self, remove: bool) -> Self {
        self.remove_unknown = remove;
        self
    }

    async fn run(self) -> Result<Plan, ImportError> {
        let Self { from, target, store, guards, made_with, remove_unknown } = self;
        let mut lines = Lines { from, line: 0, text: String::new() };
        let (header, left) = header(&mut lines, &*target, &store)?;
        if made_with.is_some_and(|said| header.made_with != Some(said)) {
            return Err(ImportError::MovedOn("it was made with another mapping".to_owned()));
        }
        if header.basis == Basis::Target || header.summary.looked {
            let paths: Vec<String> = header.paths.iter().cloned().collect();
            open(&store).clear_seen()?;
            observe(&*target, &store, &paths).await?;
        }
        let head = together(&mut *open(&store), |store| {
            let before = Before::and_last(store, &*target)?;
            Head::clear(store)?;
            let reading = Reading { header: &header, left, remove_unknown };
            let counted = reading.rows(&mut lines, store)?;
            let head = judged(header, counted, (&before, &guards), (store, &*target))?;
            store.clear_seen()?;
            head.write(store)?;
            Ok::<_, ImportError>(head)
        })?;
        Ok(Plan { target, store, head })
    }
}

impl<'f> IntoFuture for Import<'f> {
    type Output = Result<Plan, ImportError>;
    type IntoFuture = futures::future::BoxFuture<'f, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The plan that the rows are, if it keeps the rules.
fn judged(
    header: Header,
    (counted, left): (Summary, Summary),
    (before, guards): (&Before, &[Guard]),
    (store, target): (&mut dyn Store, &dyn Target),
) -> Result<Head, ImportError> {
    let Header { basis, summary: said, partial: is_partial, made_with, selection, sum, .. } =
        header;
    let known = store.known_count()?;
    let kinds = |summary: &Summary| {
        let Summary { create, update, restore, remove, conflicts, .. } = *summary;
        [create, update, restore, remove, conflicts]
    };
    if kinds(&said) != kinds(&counted) {
        let (said, rows) = (said.in_short(), Summary { known, ..counted }.in_short());
        return Err(ImportError::Miscounted { said, rows });
    }
    let summary = Summary { known, ..left };
    let file = Some(sum);
    let head = Head { basis, summary, is_partial, made_with, selection, file, ..Head::default() };
    Ok(head.judged(guards, before, (store, target))?)
}

struct Lines<R> {
    from: R,
    line: u64,
    text: String,
}

impl<R: BufRead> Lines<R> {
    fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ImportError> {
        self.text.clear();
        self.line += 1;
        let read = self.from.read_line(&mut self.text);
        if read.map_err(|error| self.wrong(error))? == 0 {
            return Ok(None);
        }
        serde_json::from_str(&self.text).map(Some).map_err(|error| self.wrong(error))
    }

    fn wrong(&self, problem: impl ToString) -> ImportError {
        ImportError::Unreadable { line: self.line, problem: problem.to_string() }
    }
}

fn header<R: BufRead>(
    lines: &mut Lines<R>,
    target: &dyn Target,
    store: &Shared,
) -> Result<(Header, Option<Left>), ImportError> {
    let header: Option<Header> = lines.next()?;
    let header = header.ok_or_else(|| lines.wrong("it is empty"))?;
    if header.plan != VERSION {
        return Err(lines.wrong(format!("it is of version {}, not {VERSION}", header.plan)));
    }
    if header.target != target.name() {
        let target = target.name().to_owned();
        return Err(ImportError::OtherTarget { planned: header.target, target });
    }
    let mut store = open(store);
    own(&mut *store, target)?;
    if identity(&mut *store)? != header.store {
        return Err(ImportError::MovedOn("it was made with another store".to_owned()));
    }
    if generation(&mut *store)? == header.generation {
        return Ok((header, None));
    }
    let is_here =
        Head::read(&mut *store)?.is_some_and(|head| head.file.as_ref() == Some(&header.sum));
    match is_here.then(|| left(&mut *store)).transpose()?.flatten() {
        Some(left) => Ok((header, Some(left))),
        None => {
            Err(ImportError::MovedOn("something was delivered since, or may have been".to_owned()))
        }
    }
}

/// What is left of a plan of which some was applied.
struct Left {
    /// Stand for the rows that are still to be done.
    rows: HashSet<u64>,
    /// Those of them that wait for references alone.
    late: HashMap<u64, Row>,
}

/// Stands for a row: a removal and another row may have one key.
fn mark(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    (row.kind == Kind::Remove, &row.key).hash(&mut hasher);
    hasher.finish()
}

/// What is left of the plan in the store; none when nothing is.
fn left(store: &mut dyn Store) -> Result<Option<Left>, StoreError> {
    let (mut left, mut after) = (Left { rows: HashSet::new(), late: HashMap::new() }, 0);
    loop {
        let rows = store.rows(None, after, GROUP as usize)?;
        let Some(last) = rows.last() else {
            return Ok(Some(left).filter(|left| !left.rows.is_empty()));
        };
        after = last.seq;
        for row in rows.into_iter().filter(is_to_be_done) {
            left.rows.insert(mark(&row));
            if row.state == RowState::Late {
                left.late.insert(mark(&row), row);
            }
        }
    }
}

/// Rows of a file on their way into the store.
struct Reading<'h> {
    header: &'h Header,
    /// Nothing of it was applied before, or what is left.
    left: Option<Left>,
    remove_unknown: bool,
}

impl Reading<'_> {
    /// Puts what is still to be done into the store, and counts what all rows would do, and those that are
    /// left. That a line was changed says more than what that led to.
    fn rows<R: BufRead>(
        &self,
        lines: &mut Lines<R>,
        store: &mut dyn Store,
    ) -> Result<(Summary, Summary), ImportError> {
        let (mut count, mut sum, mut moved) = (0, Sum::new(), None);
        let (mut counted, mut left) = (self.uncounted(), self.uncounted());
        while let Some(row) = lines.next::<Row>()? {
            count += 1;
            sum.add(lines.text.trim_end());
            self.count(store, &row, &mut counted)?;
            if let Some(left) = self.left.as_ref().filter(|_| is_to_be_done(&row)) {
                let mark = mark(&row);
                if let Some(late) = left.late.get(&mark) {
                    store.put_row(late)?;
                }
                if !left.rows.contains(&mark) || left.late.contains_key(&mark) {
                    continue;
                }
            }
            if moved.is_none() && is_to_be_done(&row) {
                moved = self.moved(store, &row)?;
            }
            self.count(store, &row, &mut left)?;
            if is_to_be_done(&row) || row.kind.unsent().is_some() {
                store.put_row(&as_exported(row))?;
            }
        }
        let header = self.header;
        if count != header.rows {
            return Err(lines.wrong(format!("it holds {count} of {} rows", header.rows)));
        }
        let expected = header.sum(sum).map_err(|error| lines.wrong(error))?;
        match moved {
            _ if expected != header.sum => Err(ImportError::Edited),
            Some(moved) => Err(ImportError::MovedOn(moved)),
            None => Ok((counted, left)),
        }
    }

    /// What no row tells is as it was.
    fn uncounted(&self) -> Summary {
        let without_key_first = Vec::new();
        let (create, update, restore, remove, deactivate) = Default::default();
        let (conflicts, without_key, unreadable) = Default::default();
        Summary {
            create,
            update,
            restore,
            remove,
            deactivate,
            conflicts,
            without_key,
            without_key_first,
            unreadable,
            ..self.header.summary.clone()
        }
    }

    fn count(
        &self,
        store: &mut dyn Store,
        row: &Row,
        counted: &mut Summary,
    ) -> Result<(), StoreError> {
        match row.kind {
            Kind::WithoutKey | Kind::Unreadable => counted.leave_out(row),
            // They count as unchanged already.
            Kind::Relink => {}
            kind => counted.count(Some(kind), 1),
        }
        if row.kind == Kind::Update && row.takes_out() && !self.is_out(store, row)? {
            counted.deactivate += 1;
        }
        Ok(())
    }

    /// What the row was compared with: of whom nothing was delivered yet, with the target if that was read.
    fn basis(&self, known: Option<&Known>) -> Basis {
        match known.is_some_and(Known::was_delivered) {
            false if self.header.summary.looked => Basis::Target,
            _ => self.header.basis,
        }
    }

    fn is_out(&self, store: &mut dyn Store, row: &Row) -> Result<bool, StoreError> {
        let known = store.known(row.home())?;
        Ok(match self.basis(known.as_ref()) {
            Basis::Delivered => known.is_some_and(|known| known.removed),
            Basis::Target => seen(store, row)?.is_some_and(|seen| !seen.active),
        })
    }

    /// What is not as it was when the plan was made.
    fn moved(&self, store: &mut dyn Store, row: &Row) -> Result<Option<String>, StoreError> {
        let known = store.known(row.home())?;
        let moved = match self.basis(known.as_ref()) {
            Basis::Delivered => moved_from_known(row, known.as_ref()),
            Basis::Target => moved_from_seen(row, seen(store, row)?.as_ref()),
        };
        let is_id = |id: &Option<String>| id.is_none() || *id == row.remote_id;
        // Who was taken out and is in use by the same id was brought back by hand.
        let is_back =
            |known: &Known| self.header.basis == Basis::Target && known.remote_id.is_some();
        let is_ours = known
            .is_some_and(|known| (!known.removed || is_back(&known)) && is_id(&known.remote_id));
        let is_others = row.kind == Kind::Remove && !is_ours && !self.remove_unknown;
        let others = || format!("{} (remove) is not there by our doing", row.key);
        Ok(moved.or_else(|| is_others.then(others)))
    }
}

fn is_to_be_done(row: &Row) -> bool {
    let is_open = matches!(row.state, RowState::Pending | RowState::Waiting | RowState::Late);
    is_open && row.kind.unsent().is_none()
}

/// What the target holds of the record, whatever its key is there.
fn seen(store: &mut dyn Store, row: &Row) -> Result<Option<Seen>, StoreError> {
    let key = row.remote_id.as_ref().map(|id| store.seen_as(id)).transpose()?.flatten();
    store.seen(key.as_deref().unwrap_or(&row.key))
}

/// What is not sent is in no state to be.
fn as_exported(row: Row) -> Row {
    Row { state: row.kind.unsent().unwrap_or(row.state), ..row }
}

fn moved_from_known(row: &Row, known: Option<&Known>) -> Option<String> {
    let there = known.map(|known| !known.removed);
    let same_id = known.is_none_or(|known| known.remote_id == row.remote_id);
    let is_unsure = known.is_some_and(|known| known.unsure);
    let sent = |path: &str| known.and_then(|known| known.sent.get(path));
    moved_as(row, there, same_id).or_else(|| moved_field(row, sent, is_unsure))
}

fn moved_from_seen(row: &Row, seen: Option<&Seen>) -> Option<String> {
    let is_asked = row.remote_id.is_some() && matches!(row.kind, Kind::Restore | Kind::Remove);
    if seen.is_none() && is_asked {
        // Some list only who is in use: the target is asked for the record of the id.
        return None;
    }
    let there = seen.map(|seen| seen.active);
    let same_id = seen.is_none_or(|seen| seen.remote_id == row.remote_id);
    let shown = |path: &str| seen.and_then(|seen| seen.fields.get(path));
    moved_as(row, there, same_id).or_else(|| moved_field(row, shown, false))
}

/// `there`: in use, out of use, or not there at all.
fn moved_as(row: &Row, there: Option<bool>, same_id: bool) -> Option<String> {
    let as_planned = match row.kind {
        Kind::Create => there.is_none(),
        Kind::Restore => there == Some(false) && same_id,
        Kind::Remove => there == Some(true) && same_id,
        // Who is wanted out of use may be so.
        Kind::Update => there.is_some() && same_id,
        Kind::Relink | Kind::Conflict | Kind::WithoutKey | Kind::Unreadable => true,
    };
    let now = match there {
        None => "is not there any more",
        Some(_) if !same_id => "is another record now",
        Some(true) => "is there, in use",
        Some(false) => "is out of use",
    };
    (!as_planned).then(|| format!("{} ({}) {now}", row.key, row.kind))
}

fn moved_field<'v>(
    row: &Row,
    value: impl Fn(&str) -> Option<&'v Value>,
    is_unsure: bool,
) -> Option<String> {
    let moved = |field: &&FieldChange| {
        let now = value(&field.path).unwrap_or(&Value::Null);
        // Of whom nobody knows how they are, what was sent before is sent again.
        let is_sent_again = is_unsure && field.old.is_null() && same(&field.new, now);
        !is_hidden(now) && !same(&field.old, now) && !is_sent_again
    };
    let is_key = |field: &FieldChange| {
        field.new == *row.key && (field.old.is_string() || field.old.is_null())
    };
    let compared = row.fields.iter().filter(|field| !field.on_create && !is_key(field));
    let field = compared.filter(|_| row.kind != Kind::Create).find(moved)?;
    Some(format!("`{}` of {} is not what it was", field.path, row.key))
}
