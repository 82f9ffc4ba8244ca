//! The file that a store lies in: its owner's alone, and one process at a time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

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
/// For who is about to end.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(1);

pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(end);
    beside.into()
}

/// The file is made before SQLite does, so that nobody else can read it.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| unusable(path, error))?;
    close_to_others(path)
}

pub(super) fn unusable(path: &Path, error: std::io::Error) -> StoreError {
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
pub(super) fn close_to_others(path: &Path) -> Result<(), StoreError> {
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
pub(super) fn close_to_others(_: &Path) -> Result<(), StoreError> {
    Ok(())
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
    make_private(&holder)?;
    let text = format!("process {} since {}", std::process::id(), jiff::Timestamp::now());
    std::fs::write(&holder, text).map_err(|error| unusable(&holder, error))
}
