//! A list of those who got a record and are to be told.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use provisioning::{Kind, Outcome};

use crate::{Failure, csv, say, thousands};

/// A CSV file that grows by a line for everybody who was created: key, and id in the product.
///
/// A line is there before the next record is sent, so that a run that is cut off loses none.
#[derive(Debug)]
pub struct Invitations {
    path: PathBuf,
    file: File,
    count: u64,
    failed: Option<io::Error>,
}

impl Invitations {
    /// Opens the file, which is made if it is not there, and readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = open(path)
            .map_err(|error| Failure::Settings(format!("--invite {}: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), file, count: 0, failed: None })
    }

    /// Adds a line if this is somebody new.
    pub fn note(&mut self, outcome: &Outcome) {
        let Ok(delivered) = &outcome.result else { return };
        if outcome.kind != Kind::Create || delivered.existed {
            return;
        }
        let id = delivered.remote_id.as_deref().unwrap_or_default();
        let mut line = Vec::new();
        let written = csv::write(&mut line, &[outcome.key.as_str(), id])
            .and_then(|()| self.file.write_all(&line));
        match written {
            Ok(()) => self.count += 1,
            Err(error) => self.failed = Some(error),
        }
    }

    /// Says how many lines were added.
    ///
    /// # Errors
    /// When one could not be written.
    pub fn close(self) -> Result<(), Failure> {
        if let Some(error) = self.failed {
            return Err(Failure::Running(format!("--invite {}: {error}", self.path.display())));
        }
        say!(
            "{:<10}{} people, listed in {} (readable by its owner only)",
            "invite",
            thousands(self.count),
            self.path.display()
        );
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
