//! Files that hold people: their owner's alone, and never anything else than files.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that its owner alone can read, for what holds people: plans, reports, backups. One that
/// is there is emptied, and closed to others.
///
/// # Errors
/// When it cannot be made, or is no file but a device, a pipe or a folder: those stay as they are.
pub fn private_file(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    found(path)?;
    let file = owner_only(OpenOptions::new().write(true).create(true)).open(path)?;
    // It may have come to be another thing since it was looked at.
    only_file(&file.metadata()?)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    // Only now: what was in it has not been open to others since.
    file.set_len(0)?;
    Ok(file)
}

/// What is there, which has to be a file; none if nothing is.
pub(crate) fn found(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::metadata(path) {
        Ok(metadata) => only_file(&metadata).map(|()| Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A device has one mode for everybody on the machine, and a pipe may have no end: neither is ours.
fn only_file(metadata: &Metadata) -> io::Result<()> {
    match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a device or a pipe, and people belong into a file: name one",
        )),
    }
}

/// A file that is made is its owner's alone from the beginning.
pub(crate) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
