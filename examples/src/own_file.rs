//! Files that the programs write: beside their place first, and put there whole. Nothing is written over
//! that is not theirs.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use provisioning::private_file;

use crate::Failure;

/// What every store begins with.
const SQLITE: &str = "SQLite format 3\0";

/// What there is beside a store, and beside what it remembers of groups.
const OF_STORE: [&str; 9] = [
    "-lock",
    "-wal",
    "-shm",
    "-journal",
    ".groups",
    ".groups-lock",
    ".groups-wal",
    ".groups-shm",
    ".groups-journal",
];

/// A file that is written as `FILE.part`, readable by its owner only, until it is whole.
#[derive(Debug)]
pub(crate) struct OwnFile {
    out: BufWriter<File>,
    part: PathBuf,
    place: PathBuf,
    is_put: bool,
}

impl OwnFile {
    /// Makes a file that will begin with this: by that a part is known which a run left that was cut off.
    pub(crate) fn create(path: &Path, start: &str) -> io::Result<Self> {
        let place = place_of(path)?;
        let mut part = place.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        if part.is_symlink() || found(&part)?.is_some() && !begins_with(&part, start)? {
            return Err(refused(format!("{} is in the way: move it elsewhere", part.display())));
        }
        let file = private_file(&part).map_err(|error| {
            io::Error::new(error.kind(), format!("{} cannot be made: {error}", part.display()))
        })?;
        let ours = file.metadata()?;
        let own = Self { out: BufWriter::new(file), part, place, is_put: false };
        match found(&own.place)? {
            Some(before) if !is_same_owner(&before, &ours) => {
                Err(refused("it belongs to another user: name another file".to_owned()))
            }
            Some(before)
                if before.len() > SQLITE.len() as u64 && begins_with(&own.place, SQLITE)? =>
            {
                Err(refused("it is a store, or another database: name another file".to_owned()))
            }
            _ => Ok(own),
        }
    }

    /// Puts it in its place, at once: whoever reads it finds a whole one.
    pub(crate) fn put(mut self) -> io::Result<()> {
        self.out.flush()?;
        std::fs::rename(&self.part, &self.place)?;
        self.is_put = true;
        Ok(())
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if !self.is_put {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

impl Write for OwnFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Refuses options that name the same file, or one that the store has beside it: one would destroy what the
/// other reads or writes.
///
/// # Errors
/// Says which two do.
pub fn refuse_same(files: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let named: Vec<_> =
        files.iter().filter_map(|(option, path)| Some((option, (*path)?))).collect();
    for (at, (option, path)) in named.iter().enumerate() {
        if let Some((other, _)) = named[..at].iter().find(|(_, other)| is_same(other, path)) {
            let path = path.display();
            let why = "name another file for one of them";
            return Err(Failure::Settings(format!(
                "{other} and {option} are the same file, {path}: {why}"
            )));
        }
    }
    let Some((_, store)) = named.iter().find(|(option, _)| ***option == *"--store") else {
        return Ok(());
    };
    match named.iter().find(|(_, path)| is_of_store(store, path)) {
        Some((option, path)) => Err(Failure::Settings(format!(
            "{option} {} is a file of the --store {}: name another file",
            path.display(),
            store.display()
        ))),
        None => Ok(()),
    }
}

fn is_of_store(store: &Path, path: &Path) -> bool {
    let stores = [Some(store.to_owned()), place_of(store).ok()];
    stores.into_iter().flatten().any(|store| {
        OF_STORE.iter().any(|end| {
            let mut beside = store.clone().into_os_string();
            beside.push(end);
            is_same(Path::new(&beside), path)
        })
    })
}

fn is_same(one: &Path, other: &Path) -> bool {
    let is_same = matches!((place_of(one), place_of(other)), (Ok(one), Ok(other)) if one == other);
    is_same
        || matches!((found(one), found(other)), (Ok(Some(one)), Ok(Some(other))) if is_one_file(&one, &other))
}

/// Where a file is, or will be, whatever links lead there.
fn place_of(path: &Path) -> io::Result<PathBuf> {
    if found(path)?.is_some() {
        return path.canonicalize();
    }
    if path.is_symlink() {
        return Err(refused("it is a link that leads nowhere".to_owned()));
    }
    let name = path.file_name().ok_or_else(|| refused("it names no file".to_owned()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(folder.unwrap_or(Path::new(".")).canonicalize()?.join(name))
}

/// What is there, which has to be a file; none if nothing is.
fn found(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
        Ok(_) => Err(refused("it is no file, but a folder, a device or a pipe".to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn begins_with(path: &Path, start: &str) -> io::Result<bool> {
    let mut begun = Vec::new();
    File::open(path)?.take(start.len() as u64).read_to_end(&mut begun)?;
    // What was cut off early has less.
    Ok(start.as_bytes().starts_with(&begun))
}

fn refused(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

#[cfg(unix)]
fn is_same_owner(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.uid() == other.uid()
}

#[cfg(not(unix))]
fn is_same_owner(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn is_one_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_one_file(_: &Metadata, _: &Metadata) -> bool {
    false
}
