//! Plans as JSON lines, to be looked through elsewhere and applied later.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::draft::observe;
use crate::plan::{Basis, GROUP, Head, Plan, PlanError, Shared, Summary, generation, open, own};
use crate::record::{is_hidden, same};
use crate::store::{Kind, Known, Row, RowState, Seen, Store, StoreError};
use crate::target::{FieldChange, Target};

const VERSION: u32 = 1;

/// The first line of an export.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// The version of the format.
    plan: u32,
    target: String,
    basis: Basis,
    generation: u64,
    rows: u64,
    summary: Summary,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

/// Why a plan could not be written out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file cannot be written.
    #[error("the plan cannot be written")]
    Write(#[from] io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

/// Makes a file that its owner alone can read, for what holds people: plans, reports, backups. One that
/// is there is emptied, and closed to others.
///
/// # Errors
/// When it cannot be made.
pub fn private_file(path: impl AsRef<Path>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    // Only now: what was in it has not been open to others since.
    file.set_len(0)?;
    Ok(file)
}

impl Plan {
    /// Writes the plan as JSON lines: a header, and a line for each row. It holds people: write it into
    /// a [`private_file`].
    ///
    /// # Errors
    /// When it cannot be written, or the store fails.
    pub fn export(&self, mut to: impl Write) -> Result<(), ExportError> {
        let mut rows = 0;
        self.each_row(|_| {
            rows += 1;
            Ok(())
        })?;
        let header = Header {
            plan: VERSION,
            target: self.target.name().to_owned(),
            basis: self.head.basis,
            generation: generation(&mut *open(&self.store))?,
            rows,
            summary: self.head.summary.clone(),
            partial: self.head.is_partial,
        };
        write_line(&mut to, &header)?;
        self.each_row(|row| write_line(&mut to, row))?;
        Ok(to.flush()?)
    }

    fn each_row(
        &self,
        mut visit: impl FnMut(&Row) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut after = 0;
        loop {
            let rows = self.rows(after, GROUP as usize)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.seq;
            rows.iter().try_for_each(&mut visit)?;
        }
    }

    /// Takes an exported plan into the store, in place of the plan that was there, so that it can be
    /// applied; only if nothing has moved since it was made: it is for this target, the store has
    /// delivered and planned nothing, and each old value is what is known, or with [`Basis::Target`]
    /// what the target, which is read again, shows.
    ///
    /// # Errors
    /// Says what has moved, or which line is wrong. Then there is no plan in the store.
    pub async fn import(
        from: impl BufRead,
        target: Arc<dyn Target>,
        store: Arc<Mutex<dyn Store>>,
    ) -> Result<Self, ImportError> {
        let (head, paths) = {
            let mut lines = Lines { from, line: 0, text: String::new() };
            let header = header(&mut lines, &*target, &store)?;
            let paths = take_rows(&mut lines, &header, &store)?;
            let id = jiff::Timestamp::now().to_string();
            let Header { basis, summary, partial: is_partial, .. } = header;
            (Head { id, basis, summary, is_partial }, paths)
        };
        if head.basis == Basis::Target {
            open(&store).clear_seen()?;
            observe(&*target, &store, &paths).await?;
        }
        let moved = moved(&mut *open(&store), head.basis)?;
        if let Some(moved) = moved {
            open(&store).clear_plan()?;
            return Err(ImportError::MovedOn(moved));
        }
        head.write(&mut *open(&store))?;
        Ok(Self { target, store, head })
    }
}

fn write_line<T: Serialize>(to: &mut impl Write, value: &T) -> Result<(), ExportError> {
    serde_json::to_writer(&mut *to, value).map_err(io::Error::from)?;
    Ok(to.write_all(b"\n")?)
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
) -> Result<Header, ImportError> {
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
    if generation(&mut *store)? != header.generation {
        return Err(ImportError::MovedOn(
            "the store has planned or delivered something since, or is not the one it was made with"
                .to_owned(),
        ));
    }
    Ok(header)
}

/// Puts what is still to be done into the store; the attributes that change.
fn take_rows<R: BufRead>(
    lines: &mut Lines<R>,
    header: &Header,
    store: &Shared,
) -> Result<Vec<String>, ImportError> {
    Head::clear(&mut *open(store))?;
    let taken = read_rows(lines, header, store);
    if taken.is_err() {
        open(store).clear_plan()?;
    }
    taken
}

fn read_rows<R: BufRead>(
    lines: &mut Lines<R>,
    header: &Header,
    store: &Shared,
) -> Result<Vec<String>, ImportError> {
    let (mut count, mut paths) = (0, BTreeSet::new());
    loop {
        let mut rows: Vec<Row> = Vec::new();
        while rows.len() < GROUP as usize
            && let Some(row) = lines.next()?
        {
            rows.push(row);
        }
        if rows.is_empty() {
            break;
        }
        count += rows.len() as u64;
        let mut store = open(store);
        store.begin()?;
        for row in rows.into_iter().filter(is_to_be_done) {
            paths.extend(row.fields.iter().map(|field| field.path.clone()));
            paths.extend(row.held.keys().cloned());
            store.put_row(&row)?;
        }
        store.commit()?;
    }
    if count != header.rows {
        return Err(lines.wrong(format!("it holds {count} of {} rows", header.rows)));
    }
    Ok(paths.into_iter().collect())
}

fn is_to_be_done(row: &Row) -> bool {
    matches!(row.state, RowState::Pending | RowState::Late) || row.kind == Kind::Conflict
}

/// What is not as it was when the plan was made.
fn moved(store: &mut dyn Store, basis: Basis) -> Result<Option<String>, StoreError> {
    let mut after = 0;
    loop {
        let rows = store.rows(Some(RowState::Pending), after, GROUP as usize)?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        after = last.seq;
        for row in &rows {
            let moved = match basis {
                Basis::Delivered => moved_from_known(row, store.known(&row.key)?.as_ref()),
                Basis::Target => moved_from_seen(row, store.seen(&row.key)?.as_ref()),
            };
            if moved.is_some() {
                return Ok(moved);
            }
        }
    }
}

fn moved_from_known(row: &Row, known: Option<&Known>) -> Option<String> {
    let there = known.map(|known| !known.removed);
    let same_id = known.is_none_or(|known| known.remote_id == row.remote_id);
    moved_as(row, there, same_id)
        .or_else(|| moved_field(row, |path| known.and_then(|known| known.sent.get(path))))
}

fn moved_from_seen(row: &Row, seen: Option<&Seen>) -> Option<String> {
    let there = seen.map(|seen| seen.active);
    let same_id = seen.is_none_or(|seen| seen.remote_id == row.remote_id);
    moved_as(row, there, same_id)
        .or_else(|| moved_field(row, |path| seen.and_then(|seen| seen.fields.get(path))))
}

/// `there`: in use, out of use, or not there at all.
fn moved_as(row: &Row, there: Option<bool>, same_id: bool) -> Option<String> {
    let as_planned = match row.kind {
        Kind::Create => there.is_none(),
        Kind::Restore => there == Some(false) && same_id,
        Kind::Remove => there == Some(true) && same_id,
        // Who is wanted out of use may be so.
        Kind::Update => there.is_some() && same_id,
        Kind::Relink | Kind::Conflict => true,
    };
    let now = match there {
        None => "is not there any more",
        Some(_) if !same_id => "is another record now",
        Some(true) => "is there, in use",
        Some(false) => "is out of use",
    };
    (!as_planned).then(|| format!("{} ({}) {now}", row.key, row.kind))
}

fn moved_field<'v>(row: &Row, value: impl Fn(&str) -> Option<&'v Value>) -> Option<String> {
    let moved = |field: &&FieldChange| {
        let now = value(&field.path).unwrap_or(&Value::Null);
        !is_hidden(now) && !same(&field.old, now)
    };
    let compared = row.fields.iter().filter(|field| !field.on_create);
    let field = compared.filter(|_| row.kind != Kind::Create).find(moved)?;
    Some(format!("`{}` of {} is not what it was", field.path, row.key))
}
