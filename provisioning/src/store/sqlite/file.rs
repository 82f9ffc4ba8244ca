//! The file that a store lies in: its owner's alone, and one process at a time.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::private::{found, owner_only, private_file};
use crate::store::StoreError;

/// One line that says what is wrong with the file, and what to do.
pub(super) fn failure(path: &Path, what: &str, error: rusqlite::Error) -> StoreError {
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
pub(super) const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", HOLDER];
pub(super) const HOLDER: &str = "-lock";
/// What stands in that file before the process's number.
const WHO: &str = "process ";
/// For who is about to end.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(1);

pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(end);
    beside.into()
}

/// What every SQLite file begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// The file is made before SQLite does, so that nobody else can read it. One that is there and cannot be a
/// store stays as it is.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    let fail = |error| unusable(path, error);
    let is_there = found(path).map_err(fail)?.is_some();
    let begun = if is_there { beginning(path, SQLITE.len()).map_err(fail)? } else { Vec::new() };
    if !begun.is_empty() && begun != SQLITE {
        return Err(no_store(path));
    }
    owner_only(OpenOptions::new().append(true).create(true)).open(path).map_err(fail).map(drop)
}

pub(super) fn no_store(path: &Path) -> StoreError {
    let path = path.display();
    StoreError::new(format!("the store {path} is no store, or damaged: name another file"))
}

fn beginning(path: &Path, count: usize) -> std::io::Result<Vec<u8>> {
    let mut begun = Vec::new();
    File::open(path)?.take(count as u64).read_to_end(&mut begun)?;
    Ok(begun)
}

pub(super) fn unusable(path: &Path, error: std::io::Error) -> StoreError {
    let why = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "may only be read: let this user write the file and its folder"
        }
        ErrorKind::NotFound => "cannot be made: its folder is not there",
        ErrorKind::IsADirectory => "is a folder: name a file",
        ErrorKind::InvalidInput => "is a device or a pipe: name a file",
        ErrorKind::StorageFull => "has no room left on its disk: make room and run again",
        _ => "cannot be written",
    };
    StoreError::caused(format!("the store {} {why}", path.display()), error)
}

/// A file that was there before, such as one that was copied, may be open to others.
#[cfg(unix)]
pub(super) fn close_to_others(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(Some(before)) = found(path) else { return Ok(()) };
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
pub(super) fn close_to_others(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// SQLite's own lock, on the file itself and not on one of its names: the system takes it off when the
/// process ends. Nobody else can read the file then, so a file beside it says who has it.
pub(super) fn lock(path: &Path, sql: &Connection) -> Result<(), StoreError> {
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
    let text = format!("{WHO}{} since {}", std::process::id(), jiff::Timestamp::now());
    let written = private_file(&holder).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unusable(&holder, error))
}

/// A file of this name that is somebody else's is not written over.
pub(super) fn check_holder(path: &Path) -> Result<(), StoreError> {
    let holder = beside(path, HOLDER);
    let fail = |error| unusable(&holder, error);
    if found(&holder).map_err(fail)?.is_none() {
        return Ok(());
    }
    match beginning(&holder, WHO.len()).map_err(fail)? {
        begun if begun.is_empty() || begun == WHO.as_bytes() => Ok(()),
        _ => Err(StoreError::new(format!(
            "the file {} is not the store's, which would write over it: name another store",
            holder.display()
        ))),
    }
}

/// What SQLite has under way lies beside one name: under another it would be missed, and the store be
/// damaged. Links that lead to the name are followed before.
#[cfg(unix)]
pub(super) fn has_one_name(path: &Path) -> Result<(), StoreError> {
    let names = std::fs::metadata(path).map_err(|error| unusable(path, error))?;
    match std::os::unix::fs::MetadataExt::nlink(&names) {
        0 | 1 => Ok(()),
        _ => Err(StoreError::new(format!(
            "the store {} has another name, a hard link, under which it could be damaged: take that away, or make \
             it a symbolic link",
            path.display()
        ))),
    }
}

#[cfg(not(unix))]
pub(super) fn has_one_name(_: &Path) -> Result<(), StoreError> {
    Ok(())
}
