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
    Row { seq, kind, key: key.to_owned(), from, source_id, remote_id, fields, held, state, note }
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
    let stores: [Box<dyn Store>; 2] =
        [Box::new(MemoryStore::new()), Box::new(SqliteStore::open(folder.join("store")).unwrap())];
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
    let me = format!("is in use by process {} since ", std::process::id());
    for name in ["store", "soft"] {
        let said = SqliteStore::open(folder.join(name)).unwrap_err().to_string();
        assert!(said.contains(&me) && said.ends_with(": one run at a time"), "{said}");
    }
    drop(first);
    SqliteStore::open(folder.join("soft")).unwrap();
    std::fs::hard_link(&path, folder.join("hard")).unwrap();
    for name in ["store", "soft", "hard"] {
        let said = SqliteStore::open(folder.join(name)).unwrap_err().to_string();
        assert!(said.contains("a hard link"), "{said}");
    }
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

#[test]
fn what_a_store_of_version_2_had_delivered_and_planned_stays() {
    let path = folder("second").join("store");
    let mut store = SqliteStore::open(&path).unwrap();
    together(&mut store, fill).unwrap();
    let before = content(&mut store);
    let tables = "ALTER TABLE known RENAME TO other; DROP INDEX known_by_source;
        DROP INDEX known_by_remote; DROP INDEX rows_by_source; DROP TABLE seen;
        CREATE TABLE known (key TEXT PRIMARY KEY, source_id TEXT, remote_id TEXT, removed INTEGER NOT NULL,
            sent TEXT NOT NULL, shown TEXT NOT NULL, unsure INTEGER NOT NULL DEFAULT 0,
            ignored TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;
        CREATE INDEX known_by_source ON known (source_id);
        CREATE INDEX known_by_remote ON known (remote_id);
        CREATE TABLE seen (key TEXT PRIMARY KEY, remote_id TEXT, active INTEGER NOT NULL,
            fields TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX seen_by_remote ON seen (remote_id);
        INSERT INTO known SELECT * FROM other; DROP TABLE other; PRAGMA user_version = 2;";
    store.sql.execute_batch(tables).unwrap();
    let seen: Vec<_> = ["ada", "bob", "dan"].map(|key| (key, Seen::default())).into();
    drop(store);
    let mut store = SqliteStore::open(&path).unwrap();
    // What was seen is read anew with each plan.
    for (key, seen) in &seen {
        store.see(key, seen).unwrap();
    }
    store.see("dan", &Seen { remote_id: Some("r2".into()), ..Seen::default() }).unwrap();
    assert_eq!(content(&mut store), before);
}

#[test]
fn what_a_store_of_version_1_had_delivered_stays() {
    let path = folder("upgrade").join("store");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE known (key TEXT PRIMARY KEY, source_id TEXT, remote_id TEXT, removed INTEGER NOT NULL,
            sent TEXT NOT NULL, shown TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX known_by_source ON known (source_id);
        CREATE TABLE seen (key TEXT PRIMARY KEY, remote_id TEXT, active INTEGER NOT NULL,
            fields TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE marks (key TEXT PRIMARY KEY, source_id TEXT, kind TEXT) WITHOUT ROWID;
        CREATE TABLE rows (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL, source_id TEXT, remote_id TEXT, fields TEXT NOT NULL,
            held TEXT NOT NULL, state TEXT NOT NULL, note TEXT);
        CREATE INDEX rows_by_state ON rows (state, seq);
        CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
        INSERT INTO known VALUES ('ada', '00u1', 'id-1', 0, '{\"title\":\"Countess\"}', '{}');
        INSERT INTO rows VALUES (1, 'ada', 'update', '00u1', 'id-1', '[]', '{}', 'pending', NULL);
        INSERT INTO notes VALUES ('plan', '{}'), ('target', 'pendo');
        PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    for _ in 0..2 {
        let mut store = SqliteStore::open(&path).unwrap();
        let known = store.known("ada").unwrap().unwrap();
        assert_eq!((known.remote_id.as_deref(), known.unsure), (Some("id-1"), false));
        assert_eq!(known.sent["title"], "Countess");
        assert_eq!(store.holders("id-1").unwrap(), ["ada"]);
        assert_eq!(store.note("target").unwrap().as_deref(), Some("pendo"));
        // What was planned is planned anew.
        assert_eq!((store.note("plan").unwrap(), store.row("ada").unwrap()), (None, None));
    }
}

/// A database of another program, of a version that stores have, too.
fn bookmarks(path: &Path, version: i64) {
    let sql = Connection::open(path).unwrap();
    let tables = "CREATE TABLE bookmarks (url TEXT); CREATE TABLE notes (text TEXT)";
    sql.execute_batch(&format!("{tables}; PRAGMA user_version = {version}")).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_no_store_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("foreign");
    std::fs::write(folder.join("text"), "hostname\n").unwrap();
    (0..=VERSION).for_each(|version| bookmarks(&folder.join(format!("v{version}")), version));
    SqliteStore::open(folder.join("held")).unwrap();
    std::fs::remove_file(folder.join("held-lock")).unwrap();
    std::fs::write(folder.join("held-lock"), "whose door is locked\n").unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap();
    assert!(made.success());
    let modes = || {
        let files = std::fs::read_dir(&folder).unwrap().map(Result::unwrap);
        let mut all: Vec<_> = files
            .map(|file| {
                let path = file.path();
                let is_file = file.file_type().unwrap().is_file();
                let content = if is_file { std::fs::read(&path).unwrap() } else { Vec::new() };
                (path, file.metadata().unwrap().permissions().mode() & 0o777, content)
            })
            .collect();
        all.sort();
        all
    };
    for file in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let before = modes();
    let none = "is no store, or damaged: name another file";
    for (name, expected) in [
        ("text", none),
        ("v0", none),
        ("v1", none),
        ("v2", none),
        ("v3", none),
        ("pipe", "is a device or a pipe: name a file"),
        ("held", "is not the store's, which would write over it: name another store"),
    ] {
        let said = SqliteStore::open(folder.join(name)).unwrap_err().to_string();
        assert!(said.ends_with(expected), "{said}");
    }
    assert_eq!(modes(), before);
}
