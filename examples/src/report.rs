//! The report file: JSON, written while the program runs, readable by its owner only.

use std::fmt::Display;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::Failure;
use crate::own_file::OwnFile;

const START: &str = "{\"not_delivered\":[";
/// What a report says until its run has ended.
const UNENDED: &str = "the run has not ended: it still goes on, or was cut off";

/// A JSON file `{"not_delivered": [...], ...summary}`. Entries are written as they come, so that a
/// million of them cost no memory; until it is finished, the file says that the run has not ended.
#[derive(Debug)]
pub struct ReportFile {
    out: OwnFile,
    path: PathBuf,
    entries: u64,
}

impl ReportFile {
    /// Creates or replaces the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        Self::anew(path)?.finish(&json!({"complete": false, "error": UNENDED}))?;
        Self::anew(path)
    }

    /// A report that takes the place of the one before when it is finished.
    pub(crate) fn anew(path: &Path) -> Result<Self> {
        let begun = OwnFile::create(path, START).and_then(|mut out| {
            out.write_all(START.as_bytes())?;
            Ok(Self { out, path: path.to_owned(), entries: 0 })
        });
        begun.map_err(|error| told(path, error))
    }

    /// Adds one record that was not delivered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, entry: &impl Serialize) -> Result<()> {
        let separator: &[u8] = if self.entries == 0 { b"\n" } else { b",\n" };
        self.entries += 1;
        let written = self.out.write_all(separator);
        let written = written.and_then(|()| Ok(serde_json::to_writer(&mut self.out, entry)?));
        written.map_err(|error| told(&self.path, error))
    }

    /// Ends the file with the members of the object `summary`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, summary: &serde_json::Value) -> Result<()> {
        let mut write = || {
            self.out.write_all(b"\n]")?;
            for (name, value) in summary.as_object().into_iter().flatten() {
                write!(self.out, ",\n{}:{value}", serde_json::Value::from(name.as_str()))?;
            }
            self.out.write_all(b"}\n")
        };
        let written = write().and_then(|()| self.out.put());
        written.map_err(|error| told(&self.path, error))
    }
}

/// Says in the file of a report that the run has begun: what the one before wrote says nothing of this one,
/// however early it ends.
///
/// # Errors
/// When it cannot be written.
pub fn announce(path: Option<&Path>) -> std::result::Result<(), Failure> {
    let begun = json!({"complete": false, "error": UNENDED});
    let announced = path.map_or(Ok(()), |path| ReportFile::anew(path)?.finish(&begun));
    announced.map_err(|error| Failure::Settings(error.to_string()))
}

/// Ends the report of a run that could not begin, or was stopped; gives the failure back.
pub fn stopped(file: Option<ReportFile>, failure: Failure) -> Failure {
    let summary = json!({"complete": false, "error": failure.to_string()});
    match file.map(|file| file.finish(&summary)) {
        Some(Err(error)) => Failure::Running(format!("{failure}; {error}")),
        _ => failure,
    }
}

fn told(path: &Path, error: impl Display) -> Error {
    Error::other(format!("--report {}: {error}", path.display()))
}
