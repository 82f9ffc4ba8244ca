//! The report file: JSON, written while the program runs, readable by its owner only.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use crate::Failure;

/// A JSON file `{"not_delivered": [...], ...summary}`. Entries are written as they come, so that a
/// million of them cost no memory.
#[derive(Debug)]
pub struct ReportFile {
    out: BufWriter<File>,
    entries: u64,
}

impl ReportFile {
    /// Creates or replaces the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let mut out = BufWriter::new(owned_file(path)?);
        out.write_all(b"{\"not_delivered\":[")?;
        Ok(Self { out, entries: 0 })
    }

    /// Adds one record that was not delivered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, entry: &impl Serialize) -> std::io::Result<()> {
        let separator: &[u8] = if self.entries == 0 { b"\n" } else { b",\n" };
        self.entries += 1;
        self.out.write_all(separator)?;
        Ok(serde_json::to_writer(&mut self.out, entry)?)
    }

    /// Ends the file with the members of the object `summary`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, summary: &serde_json::Value) -> std::io::Result<()> {
        self.out.write_all(b"\n]")?;
        for (name, value) in summary.as_object().into_iter().flatten() {
            write!(self.out, ",\n{}:{value}", serde_json::Value::from(name.as_str()))?;
        }
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

/// Ends the report of a run that could not begin, or was stopped; gives the failure back.
pub fn stopped(file: Option<std::io::Result<ReportFile>>, failure: Failure) -> Failure {
    let summary = json!({"complete": false, "error": failure.to_string()});
    match file.map(|file| file.and_then(|file| file.finish(&summary))) {
        Some(Err(error)) => Failure::Running(format!("{failure}; --report: {error}")),
        _ => failure,
    }
}

/// What is said of a file that cannot be written.
pub fn unwritable(path: Option<&Path>, error: &std::io::Error) -> String {
    let path = path.map(Path::display).map(|path| path.to_string()).unwrap_or_default();
    format!("--report {path}: {error}")
}

#[cfg(unix)]
fn owned_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // A file that was there before keeps its mode, so it is set again.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(not(unix))]
fn owned_file(path: &Path) -> std::io::Result<File> {
    File::create(path)
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn digits_are_grouped() {
        let text: Vec<String> = [0, 12, 999, 1_000, 1_234_567].map(thousands).into();
        assert_eq!(text, ["0", "12", "999", "1,000", "1,234,567"]);
    }
}
