use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row as SqlRow, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Kind, Known, Mark, Row, RowState, Seen, Store, StoreError};

const VERSION: i64 = 2;
const DELIVERED: &str = "
    CREATE TABLE known (key TEXT PRIMARY KEY, source_id TEXT, remote_id TEXT, removed INTEGER NOT NULL,
        sent TEXT NOT NULL, shown TEXT NOT NULL, unsure INTEGER NOT NULL DEFAULT 0,
        ignored TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;
    CREATE INDEX known_by_source ON known (source_id);
    CREATE TABLE seen (key TEXT PRIMARY KEY, remote_id TEXT, active INTEGER NOT NULL,
        fields TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE marks (key TEXT PRIMARY KEY, source_id TEXT, kind TEXT) WITHOUT ROWID;
    CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;";
const PLANNED: &str = "
    CREATE TABLE kept (key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE rows (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL,
        kind TEXT NOT NULL, moved_from TEXT, source_id TEXT, remote_id TEXT, fields TEXT NOT NULL,
        held TEXT NOT NULL, state TEXT NOT NULL, note TEXT);
    CREATE UNIQUE INDEX rows_by_key ON rows (key, kind = 'remove');
    CREATE INDEX rows_by_state ON rows (state, seq);
    CREATE INDEX known_by_remote ON known (remote_id);
    CREATE INDEX seen_by_remote ON seen (remote_id);
    PRAGMA user_version = 2;";
/// What version 1 had planned is planned anew; what it delivered stays.
const FROM_1: &str = "
    ALTER TABLE known ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE known ADD COLUMN ignored TEXT NOT NULL DEFAULT '{}';
    DROP TABLE rows; DELETE FROM marks; DELETE FROM notes WHERE name = 'plan';";

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
    /// Opens the store in this file, which is made if it is not there.
    ///
    /// # Errors
    /// When the file cannot be used or made private, is of another version, or another process has it open.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let fail = |error| failure(&path, "cannot be opened", error);
        make_private(&path)?;
        // Other names of the file lead to the same place, and the files beside it are found there.
        let path = path.canonicalize().map_err(|error| unusable(&path, error))?;
        BESIDE.iter().try_for_each(|end| close_to_others(&beside(&path, end)))?;
        let sql = Connection::open(&path).map_err(fail)?;
        sql.busy_timeout(LOCK_WAIT).map_err(fail)?;
        lock(&path, &sql)?;
        sql.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000;")
            .map_err(fail)?;
        let mut store = Self { sql, path };
        store.prepare_tables()?;
        Ok(store)
    }

    fn prepare_tables(&mut self) -> Result<(), StoreError> {
        let version: i64 = self.one("PRAGMA user_version", [], |row| row.get(0))?.unwrap_or(0);
        let first = match version {
            0 => DELIVERED,
            1 => FROM_1,
            VERSION => return Ok(()),
            other => {
                return Err(StoreError::new(format!(
                    "the store {} is of version {other}, this program reads {VERSION}: use another file",
                    self.path.display()
                )));
            }
        };
        let made = self.sql.execute_batch(&format!("BEGIN IMMEDIATE; {first} {PLANNED} COMMIT;"));
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

/// One line that says what is wrong with the file, and what to do.
fn failure(path: &Path, what: &str, error: rusqlite::Error) -> StoreError {
    let why = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "has no room left on its disk: make room and run again, it goes on where it was"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "may only be read: let this user write the file and its folder"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "is in use by another process: one run at a time"
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "is no store, or damaged: name another file"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "cannot be read or written: look at its disk and run again, it goes on where it was"
        }
        _ => what,
    };
    StoreError::caused(format!("the store {} {why}", path.display()), error)
}

/// What SQLite puts beside the file, and who holds the lock.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", HOLDER];
const HOLDER: &str = "-lock";
/// For who is about to end.
const LOCK_WAIT: Duration = Duration::from_secs(1);

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(end);
    beside.into()
}

/// The file is made before SQLite does, so that nobody else can read it.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| unusable(path, error))?;
    close_to_others(path)
}

fn unusable(path: &Path, error: std::io::Error) -> StoreError {
    let why = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "may only be read: let this user write the file and its folder"
        }
        ErrorKind::NotFound => "cannot be made: its folder is not there",
        ErrorKind::IsADirectory => "is a folder: name a file",
        ErrorKind::StorageFull => "has no room left on its disk: make room and run again",
        _ => "cannot be written",
    };
    StoreError::caused(format!("the store {} {why}", path.display()), error)
}

/// A file that was there before, such as one that was copied, may be open to others.
#[cfg(unix)]
fn close_to_others(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(before) = std::fs::metadata(path) else { return Ok(()) };
    if before.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, owner_only).map_err(|error| {
        let path = path.display();
        let why = "holds personal data, others can read it, and it cannot be closed to them";
        StoreError::caused(format!("the file {path} {why}: run as its owner"), error)
    })
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// SQLite's own lock, on the file itself and not on one of its names: the system takes it off when the
/// process ends. Nobody else can read the file then, so a file beside it says who has it.
fn lock(path: &Path, sql: &Connection) -> Result<(), StoreError> {
    let holder = beside(path, HOLDER);
    let locked = sql.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; COMMIT;",
    );
    locked.map_err(|error| {
        if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
            return failure(path, "cannot be locked", error);
        }
        let holder = std::fs::read_to_string(&holder).ok().filter(|text| !text.is_empty());
        let holder = holder.unwrap_or_else(|| "another process".to_owned());
        StoreError::caused(
            format!("the store {} is in use by {holder}: one run at a time", path.display()),
            error,
        )
    })?;
    make_private(&holder)?;
    let text = format!("process {} since {}", std::process::id(), jiff::Timestamp::now());
    std::fs::write(&holder, text).map_err(|error| unusable(&holder, error))
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
        let sql = "SELECT key FROM known WHERE remote_id = ? AND NOT removed ORDER BY key";
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
mod tests {
    use super::*;
    use crate::record::Fields;
    use crate::store::{MemoryStore, together};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("store-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn row(key: &str, value: &str) -> Row {
        let (fields, held) = (Vec::new(), Fields::from([("a".to_owned(), value.into())]));
        let (from, source_id, remote_id, note) = (None, None, None, None);
        let (seq, kind, state) = (0, Kind::Update, RowState::Pending);
        Row {
            seq,
            kind,
            key: key.to_owned(),
            from,
            source_id,
            remote_id,
            fields,
            held,
            state,
            note,
        }
    }

    /// Everything that a store holds of these keys.
    fn content(store: &mut dyn Store) -> String {
        let keys = ["ada", "bob", "carl"];
        let of = |store: &mut dyn Store, key| {
            let (known, seen) = (store.known(key).unwrap(), store.seen(key).unwrap());
            (known, seen, store.marked(key).unwrap(), store.row(key).unwrap(), store.note(key))
        };
        let all = keys.map(|key| format!("{:?}", of(store, key))).join("\n");
        let rows = store.rows(None, 0, 9).unwrap();
        let kept = keys.map(|key| store.kept(key).unwrap());
        let ids = (store.known_of("1"), store.holders("r1"), store.seen_as("r2"));
        format!("{all}\n{rows:?}\n{kept:?} {ids:?} {:?}", store.known_count())
    }

    fn fill(store: &mut dyn Store) -> Result<(), StoreError> {
        let known = Known { source_id: Some("1".into()), ..Known::default() };
        store.see("dan", &Seen { remote_id: Some("r2".into()), ..Seen::default() })?;
        store.keep("bob")?;
        for key in ["ada", "bob"] {
            store.remember(key, &known)?;
            store.see(key, &Seen::default())?;
            store.mark(key, &Mark { source_id: None, kind: None })?;
            store.put_row(&row(key, "old"))?;
            store.set_note(key, Some("old"))?;
        }
        Ok(())
    }

    fn change(store: &mut dyn Store) -> Result<(), StoreError> {
        let known = Known { source_id: Some("2".into()), removed: true, ..Known::default() };
        store.remember("carl", &Known { remote_id: Some("r1".into()), ..Known::default() })?;
        store.keep("carl")?;
        store.settle(1, RowState::Done, Some("done"))?;
        store.put_row(&row("ada", "new"))?;
        store.put_row(&row("carl", "new"))?;
        store.drop_row("bob")?;
        store.remember("ada", &known)?;
        store.forget("bob")?;
        store.see("ada", &Seen { active: true, ..Seen::default() })?;
        store.clear_seen()?;
        store.see("carl", &Seen::default())?;
        store.mark("ada", &Mark { source_id: Some("1".into()), kind: Some(Kind::Remove) })?;
        store.clear_plan()?;
        store.put_row(&row("ada", "newest"))?;
        store.mark("carl", &Mark { source_id: None, kind: None })?;
        store.set_note("ada", None)?;
        store.set_note("carl", Some("new"))
    }

    #[test]
    fn what_is_undone_was_never_done() {
        let folder = folder("undo");
        let stores: [Box<dyn Store>; 2] = [
            Box::new(MemoryStore::new()),
            Box::new(SqliteStore::open(folder.join("store")).unwrap()),
        ];
        for mut store in stores {
            together(&mut *store, fill).unwrap();
            let before = content(&mut *store);
            let failed = together(&mut *store, |store| {
                change(store)?;
                Err::<(), _>(StoreError::new("no"))
            });
            assert_eq!(failed.unwrap_err().to_string(), "no");
            assert_eq!(content(&mut *store), before);
            // Nor is what was begun and never ended.
            store.begin().unwrap();
            change(&mut *store).unwrap();
            store.begin().unwrap();
            store.commit().unwrap();
            assert_eq!(content(&mut *store), before);
            together(&mut *store, change).unwrap();
            assert_ne!(content(&mut *store), before);
        }
    }

    #[test]
    fn a_full_disk_is_said_and_what_was_begun_is_undone() {
        let mut store = SqliteStore::open(folder("full").join("store")).unwrap();
        together(&mut store, fill).unwrap();
        let before = content(&mut store);
        let pages: i64 = store.one("PRAGMA page_count", [], |row| row.get(0)).unwrap().unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + 2);
        store.one(&limit, [], |row| row.get::<_, i64>(0)).unwrap();
        for _ in 0..2 {
            let full = together(&mut store, |store| {
                change(store)?;
                (0..1_000).try_for_each(|n| store.put_row(&row(&n.to_string(), &"x".repeat(99))))
            });
            let said = full.unwrap_err().to_string();
            assert!(said.ends_with("goes on where it was") && said.contains("no room"), "{said}");
            assert_eq!(content(&mut store), before);
        }
    }

    #[test]
    fn what_is_no_store_is_told() {
        let folder = folder("none");
        std::fs::write(folder.join("text"), "people\n".repeat(999)).unwrap();
        for (path, expected) in [
            ("text", "is no store, or damaged: name another file"),
            ("missing/store", "cannot be made: its folder is not there"),
            ("", "is a folder: name a file"),
        ] {
            let said = SqliteStore::open(folder.join(path)).unwrap_err().to_string();
            assert!(said.ends_with(expected) && !said.contains('\n'), "{said}");
        }
        assert_eq!(std::fs::read(folder.join("text")).unwrap().len(), 999 * 7);
    }

    #[cfg(unix)]
    #[test]
    fn every_name_of_a_file_is_the_same_store() {
        let folder = folder("names");
        let path = folder.join("store");
        let first = SqliteStore::open(&path).unwrap();
        std::os::unix::fs::symlink(&path, folder.join("soft")).unwrap();
        std::fs::hard_link(&path, folder.join("hard")).unwrap();
        let me = format!("is in use by process {} since ", std::process::id());
        for (name, holder) in
            [("store", me.as_str()), ("soft", &me), ("hard", "is in use by another process")]
        {
            let said = SqliteStore::open(folder.join(name)).unwrap_err().to_string();
            assert!(said.contains(holder) && said.ends_with(": one run at a time"), "{said}");
        }
        drop(first);
        SqliteStore::open(folder.join("soft")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_open_to_others_is_closed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("open");
        for end in ["", "-wal", "-journal", "-lock"] {
            let path = beside(&folder.join("store"), end);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o664)).unwrap();
        }
        let mut store = SqliteStore::open(folder.join("store")).unwrap();
        together(&mut store, fill).unwrap();
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", file.path());
        }
    }

    #[test]
    fn a_store_that_may_only_be_read_is_told() {
        let mut store = SqliteStore::open(folder("read").join("store")).unwrap();
        store.sql.execute_batch("PRAGMA query_only = 1").unwrap();
        let said = together(&mut store, fill).unwrap_err().to_string();
        assert!(said.contains("may only be read: let this user write the file"), "{said}");
    }
}
