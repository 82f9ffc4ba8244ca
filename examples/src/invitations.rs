//! A list of those who got a record and are to be told.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use provisioning::{Change, Done, Kind, Observed, Target, TargetError};
use serde_json::Value;

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

    /// Adds a line for somebody new.
    fn note(&mut self, key: &str, id: &str) {
        let mut line = Vec::new();
        let written = csv::write(&mut line, &[key, id]).and_then(|()| self.file.write_all(&line));
        match written {
            Ok(()) => self.count += 1,
            Err(error) => self.failed = Some(error),
        }
    }

    fn check(&self) -> Result<(), Failure> {
        let fail = |error| Failure::Running(format!("--invite {}: {error}", self.path.display()));
        self.failed.as_ref().map_or(Ok(()), |error| Err(fail(error)))
    }
}

/// A target that writes down everybody who gets a record in it: new ones only, whatever brought them.
#[derive(Debug)]
pub struct Inviting {
    target: Arc<dyn Target>,
    invitations: Mutex<Invitations>,
}

impl Inviting {
    /// This target with this list.
    pub fn new(target: Arc<dyn Target>, invitations: Invitations) -> Self {
        Self { target, invitations: Mutex::new(invitations) }
    }

    fn invitations(&self) -> MutexGuard<'_, Invitations> {
        self.invitations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether every line could be written.
    ///
    /// # Errors
    /// When one could not.
    pub fn check(&self) -> Result<(), Failure> {
        self.invitations().check()
    }

    /// Says how many lines were added since it said so before.
    ///
    /// # Errors
    /// When one could not be written.
    pub fn report(&self) -> Result<(), Failure> {
        let mut invitations = self.invitations();
        invitations.check()?;
        let count = thousands(std::mem::take(&mut invitations.count));
        let path = invitations.path.display();
        say!("{:<10}{count} people, listed in {path} (readable by its owner only)", "invite");
        Ok(())
    }
}

#[async_trait]
impl Target for Inviting {
    fn name(&self) -> &str {
        self.target.name()
    }

    fn key(&self, key: &str) -> String {
        self.target.key(key)
    }

    fn key_path(&self) -> Option<&str> {
        self.target.key_path()
    }

    fn batch(&self) -> usize {
        self.target.batch()
    }

    fn removes(&self) -> bool {
        self.target.removes()
    }

    async fn check(&self) -> Result<(), TargetError> {
        self.target.check().await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let results = self.target.apply(changes).await;
        for (change, result) in changes.iter().zip(&results) {
            if let (Kind::Create, Ok(done)) = (change.kind, result)
                && done.is_new()
            {
                self.invitations().note(&change.key, done.id().unwrap_or_default());
            }
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.target.observe(paths)
    }

    fn reference(&self, key: &str, remote_id: Option<&str>) -> Option<Value> {
        self.target.reference(key, remote_id)
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
