use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Params, Row as SqlRow, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

mod file;

use file::{
    BESIDE, LOCK_WAIT, beside, check_holder, close_to_others, failure, has_one_name, is_busy, lock,
    make, no_store, unusable,
};

use super::{Kind, Known, Mark, Row, RowState, Seen, Store, StoreError};

const VERSION: i64 = 3;
/// Rows of people are long: a table without row ids would keep most of each beside its tree.
const PEOPLE: &str = "
    CREATE TABLE known (key TEXT PRIMARY KEY, source_id TEXT, remote_id TEXT, removed INTEGER NOT NULL,
        sent TEXT NOT NULL, shown TEXT NOT NULL, unsure INTEGER NOT NULL DEFAULT 0,
        ignored TEXT NOT NULL DEFAULT '{}');
    CREATE TABLE seen (key TEXT PRIMARY KEY, remote_id TEXT, active INTEGER NOT NULL,
        fields TEXT NOT NULL);";
const NOTES: &str = "
    CREATE TABLE marks (key TEXT PRIMARY KEY, source_id TEXT, kind TEXT) WITHOUT ROWID;
    CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;";
const PLANNED: &str = "
    CREATE TABLE kept (key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE rows (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL,
        kind TEXT NOT NULL, moved_from TEXT, source_id TEXT, remote_id TEXT, fields TEXT NOT NULL,
        held TEXT NOT NULL, state TEXT NOT NULL, note TEXT);
    CREATE UNIQUE INDEX rows_by_key ON rows (key, kind = 'remove');
    CREATE INDEX rows_by_state ON rows (state, seq);";
const INDEXES: &str = "
    CREATE INDEX known_by_source ON known (source_id);
    CREATE INDEX known_by_remote ON known (remote_id);
    CREATE INDEX seen_by_remote ON seen (remote_id);
    CREATE INDEX rows_by_source ON rows (source_id);
    PRAGMA user_version = 3;";
/// What version 1 had planned is planned anew; what it delivered stays.
const FROM_1: &str = "
    ALTER TABLE known ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE known ADD COLUMN ignored TEXT NOT NULL DEFAULT '{}';
    DROP TABLE rows; DELETE FROM marks; DELETE FROM notes WHERE name = 'plan';";
const ASIDE: &str = "
    ALTER TABLE known RENAME TO before; DROP TABLE seen;
    DROP INDEX IF EXISTS known_by_source; DROP INDEX IF EXISTS known_by_remote;";
const BACK: &str = "INSERT INTO known SELECT * FROM before; DROP TABLE before;";

/// A store in a SQLite file, readable by its owner only: it holds personal data. A file that was open to
/// others is closed to them.
///
/// One process at a time: opening it a second time, by whatever name, is an error that names the first.
/// The lock ends with the process, however that ends.
pub struct SqliteStore {
    sql: Connection,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the store in this file, which is made if it is not there. A file that is no store stays as it is.
    ///
    /// # Errors
    /// When the file is no store, cannot be used or made private, is of another version, or another process
    /// has it open.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let fail = |error| failure(&path, "cannot be opened", error);
        make(&path)?;
        // Other names of the file lead to the same place, and the files beside it are found there.
        let path = path.canonicalize().map_err(|error| unusable(&path, error))?;
        has_one_name(&path)?;
        check_holder(&path)?;
        let sql = Connection::open(&path).map_err(fail)?;
        sql.busy_timeout(LOCK_WAIT).map_err(fail)?;
        // Nothing of a file is changed before it is known to be a store; one in use is told by the lock.
        match version(&sql) {
            Ok(None) => return Err(no_store(&path)),
            Err(error) if !is_busy(&error) => return Err(fail(error)),
            _ => {}
        }
        close_to_others(&path)?;
        BESIDE.iter().try_for_each(|end| close_to_others(&beside(&path, end)))?;
        lock(&path, &sql)?;
        sql.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000;")
            .map_err(fail)?;
        let mut store = Self { sql, path };
        store.prepare_tables()?;
        Ok(store)
    }

    fn prepare_tables(&mut self) -> Result<(), StoreError> {
        let version = version(&self.sql).map_err(|error| self.broken(error))?;
        let steps: &[&str] = match version.ok_or_else(|| no_store(&self.path))? {
            0 => &[PEOPLE, NOTES, PLANNED],
            1 => &[FROM_1, PLANNED, ASIDE, PEOPLE, BACK],
            2 => &[ASIDE, PEOPLE, BACK],
            VERSION => return Ok(()),
            other => {
                return Err(StoreError::new(format!(
                    "the store {} is of version {other}, this program reads {VERSION}: use another file",
                    self.path.display()
                )));
            }
        };
        let steps = steps.concat();
        let made = self.sql.execute_batch(&format!("BEGIN IMMEDIATE; {steps} {INDEXES} COMMIT;"));
        made.map_err(|error| self.broken(error))
    }

    fn broken(&self, error: rusqlite::Error) -> StoreError {
        failure(&self.path, "fails", error)
    }

    fn run(&self, sql: &str, values: impl Params) -> Result<usize, StoreError> {
        let done = self.sql.prepare_cached(sql).and_then(|mut sql| sql.execute(values));
        done.map_err(|error| self.broken(error))
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: fn(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let found =
            self.sql.prepare_cached(sql).and_then(|mut sql| sql.query_row(values, read).optional());
        found.map_err(|error| self.broken(error))
    }

    fn many<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: fn(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.sql.prepare_cached(sql).and_then(|mut sql| {
            let rows = sql.query_map(values, read)?;
            rows.collect()
        });
        found.map_err(|error| self.broken(error))
    }
}

/// Of the store in this file, 0 where there is nothing yet; none where the tables are not a store's.
fn version(sql: &Connection) -> rusqlite::Result<Option<i64>> {
    let number = |text: &str| sql.query_row(text, [], |row| row.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let ours = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'
        AND name IN ('known', 'seen', 'marks', 'notes')";
    match (number("PRAGMA user_version")?, tables, number(ours)?) {
        (0, 0, _) => Ok(Some(0)),
        (version, _, 4) if version > 0 => Ok(Some(version)),
        _ => Ok(None),
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::caused("a value cannot be stored", error))
}

/// A column that holds JSON.
fn decoded<T: DeserializeOwned>(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    })
}

/// A column that holds a name, such as `pending`.
fn named<T: DeserializeOwned>(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?.to_owned();
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    })
}

fn read_known(row: &SqlRow<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        source_id: row.get(0)?,
        remote_id: row.get(1)?,
        removed: row.get(2)?,
        sent: decoded(row, 3)?,
        shown: decoded(row, 4)?,
        unsure: row.get(5)?,
        ignored: decoded(row, 6)?,
    })
}

fn read_seen(row: &SqlRow<'_>) -> rusqlite::Result<Seen> {
    Ok(Seen { remote_id: row.get(0)?, active: row.get(1)?, fields: decoded(row, 2)? })
}

fn read_mark(row: &SqlRow<'_>) -> rusqlite::Result<Mark> {
    let kind: Option<String> = row.get(1)?;
    let kind: Option<Kind> = kind.map(|_| named(row, 1)).transpose()?;
    Ok(Mark { source_id: row.get(0)?, kind })
}

const ROW: &str = "seq, kind, key, moved_from, source_id, remote_id, fields, held, state, note";

fn read_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq: row.get(0)?,
        kind: named(row, 1)?,
        key: row.get(2)?,
        from: row.get(3)?,
        source_id: row.get(4)?,
        remote_id: row.get(5)?,
        fields: decoded(row, 6)?,
        held: decoded(row, 7)?,
        state: named(row, 8)?,
        note: row.get(9)?,
    })
}

impl Store for SqliteStore {
    fn known(&mut self, key: &str) -> Result<Option<Known>, StoreError> {
        let sql = "SELECT source_id, remote_id, removed, sent, shown, unsure, ignored
            FROM known WHERE key = ?";
        self.one(sql, [key], read_known)
    }

    fn known_count(&mut self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM known WHERE NOT removed OR unsure";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or(0))
    }

    fn remember(&mut self, key: &str, known: &Known) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let Known { source_id, remote_id, removed, unsure, .. } = known;
        let (sent, shown, ignored) =
            (json(&known.sent)?, json(&known.shown)?, json(&known.ignored)?);
        let values = params![key, source_id, remote_id, removed, sent, shown, unsure, ignored];
        self.run(sql, values).map(drop)
    }

    fn known_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT key FROM known WHERE source_id = ? ORDER BY key";
        self.many(sql, [source_id], |row| row.get(0))
    }

    fn holders(&mut self, remote_id: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT key FROM known WHERE remote_id = ? ORDER BY key";
        self.many(sql, [remote_id], |row| row.get(0))
    }

    fn forget(&mut self, key: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM known WHERE key = ?", [key]).map(drop)
    }

    fn clear_seen(&mut self) -> Result<(), StoreError> {
        self.run("DELETE FROM seen", []).map(drop)
    }

    fn see(&mut self, key: &str, seen: &Seen) -> Result<bool, StoreError> {
        let values = params![key, seen.remote_id, seen.active, json(&seen.fields)?];
        let added = self.run("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", values)?;
        if added == 0 {
            self.run("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", values)?;
        }
        Ok(added > 0)
    }

    fn seen(&mut self, key: &str) -> Result<Option<Seen>, StoreError> {
        self.one("SELECT remote_id, active, fields FROM seen WHERE key = ?", [key], read_seen)
    }

    fn seen_as(&mut self, remote_id: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT key FROM seen WHERE remote_id = ? ORDER BY active DESC LIMIT 1";
        self.one(sql, [remote_id], |row| row.get(0))
    }

    fn clear_plan(&mut self) -> Result<(), StoreError> {
        self.run("DELETE FROM kept", [])?;
        self.run("DELETE FROM marks", [])?;
        self.run("DELETE FROM rows", []).map(drop)
    }

    fn mark(&mut self, key: &str, mark: &Mark) -> Result<(), StoreError> {
        let values = params![key, mark.source_id, mark.kind.map(Kind::as_str)];
        self.run("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", values).map(drop)
    }

    fn marked(&mut self, key: &str) -> Result<Option<Mark>, StoreError> {
        self.one("SELECT source_id, kind FROM marks WHERE key = ?", [key], read_mark)
    }

    fn keep(&mut self, key: &str) -> Result<(), StoreError> {
        self.run("INSERT OR IGNORE INTO kept VALUES (?)", [key]).map(drop)
    }

    fn kept(&mut self, key: &str) -> Result<bool, StoreError> {
        Ok(self.one("SELECT 1 FROM kept WHERE key = ?", [key], |_| Ok(()))?.is_some())
    }

    fn unmarked(
        &mut self,
        all: bool,
        after: &str,
        count: usize,
    ) -> Result<Vec<String>, StoreError> {
        let known = "SELECT key FROM known WHERE key > ?1 AND (NOT removed OR unsure)
            AND NOT EXISTS (SELECT 1 FROM marks WHERE marks.key = known.key)
            AND NOT EXISTS (SELECT 1 FROM kept WHERE kept.key = known.key)";
        let seen = "SELECT key FROM seen WHERE key > ?1 AND active
            AND NOT EXISTS (SELECT 1 FROM marks WHERE marks.key = seen.key)
            AND NOT EXISTS (SELECT 1 FROM kept WHERE kept.key = seen.key)";
        let sql = match all {
            true => format!("{known} UNION {seen} ORDER BY key LIMIT ?2"),
            false => format!("{known} ORDER BY key LIMIT ?2"),
        };
        self.many(&sql, params![after, count as i64], |row| row.get(0))
    }

    fn reappeared(&mut self, after: &str, count: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT key FROM known WHERE key > ?1 AND removed
            AND EXISTS (SELECT 1 FROM seen WHERE seen.remote_id = known.remote_id AND seen.active)
            AND NOT EXISTS (SELECT 1 FROM marks WHERE marks.key = known.key)
            AND NOT EXISTS (SELECT 1 FROM kept WHERE kept.key = known.key) ORDER BY key LIMIT ?2";
        self.many(sql, params![after, count as i64], |row| row.get(0))
    }

    fn put_row(&mut self, row: &Row) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO rows (key, kind, moved_from, source_id, remote_id, fields, held, state, note)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let Row { key, from, source_id, remote_id, note, .. } = row;
        let (kind, state) = (row.kind.as_str(), row.state.as_str());
        let (fields, held) = (json(&row.fields)?, json(&row.held)?);
        let values = params![key, kind, from, source_id, remote_id, fields, held, state, note];
        self.run(sql, values).map(drop)
    }

    fn row(&mut self, key: &str) -> Result<Option<Row>, StoreError> {
        let sql = format!("SELECT {ROW} FROM rows WHERE key = ? ORDER BY kind = 'remove' LIMIT 1");
        self.one(&sql, [key], read_row)
    }

    fn rows_of(&mut self, source_id: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT key FROM rows WHERE source_id = ? AND kind <> 'remove' ORDER BY seq";
        self.many(sql, [source_id], |row| row.get(0))
    }

    fn drop_row(&mut self, key: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM rows WHERE key = ?", [key]).map(drop)
    }

    fn rows(
        &mut self,
        state: Option<RowState>,
        after: u64,
        count: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let state = state.map(RowState::as_str);
        let filter = if state.is_some() { "state = ?3" } else { "?3 IS NULL" };
        let sql =
            format!("SELECT {ROW} FROM rows WHERE {filter} AND seq > ?1 ORDER BY seq LIMIT ?2");
        self.many(&sql, params![after as i64, count as i64, state], read_row)
    }

    fn settle(&mut self, seq: u64, state: RowState, note: Option<&str>) -> Result<(), StoreError> {
        let sql = "UPDATE rows SET state = ?2, note = ?3 WHERE seq = ?1";
        self.run(sql, params![seq as i64, state.as_str(), note]).map(drop)
    }

    fn note(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        self.one("SELECT text FROM notes WHERE name = ?", [name], |row| row.get(0))
    }

    fn set_note(&mut self, name: &str, text: Option<&str>) -> Result<(), StoreError> {
        match text {
            Some(text) => self.run("INSERT OR REPLACE INTO notes VALUES (?, ?)", [name, text]),
            None => self.run("DELETE FROM notes WHERE name = ?", [name]),
        }
        .map(drop)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.rollback()?;
        self.run("BEGIN IMMEDIATE", []).map(drop)
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        // SQLite may have done it by itself, such as on a full disk.
        match self.sql.is_autocommit() {
            true => Ok(()),
            false => self.run("ROLLBACK", []).map(drop),
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT", []).map(drop)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
