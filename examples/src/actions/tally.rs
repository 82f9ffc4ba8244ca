//! What the actions of a run came to.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::{Failure, ReportFile};

/// Counts outcomes, and writes down what failed.
#[derive(Debug)]
pub struct Tally {
    file: Option<ReportFile>,
    outcomes: BTreeMap<String, u64>,
    failed: u64,
}

impl Tally {
    /// Begins a report in this file, if there is one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start(path: Option<&Path>) -> Result<Self, Failure> {
        let file = path.map(ReportFile::create).transpose();
        let file = file.map_err(Failure::settings)?;
        Ok(Self { file, outcomes: BTreeMap::new(), failed: 0 })
    }

    /// Counts an answer such as `{"ok": true, "result": [...]}`.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn add(&mut self, answer: &Value) -> std::io::Result<()> {
        let results = answer["result"].as_array();
        for outcome in results.into_iter().flatten().filter_map(|one| one["outcome"].as_str()) {
            *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        }
        match &mut self.file {
            _ if answer["ok"] == true => Ok(()),
            Some(file) => file.add(answer),
            None => Ok(()),
        }
        .inspect(|()| self.failed += u64::from(answer["ok"] != true))
    }

    /// Ends the report; it is complete when nothing failed and it went to its end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self, is_through: bool) -> Result<(), Failure> {
        let is_complete = is_through && self.failed == 0;
        let summary =
            json!({"complete": is_complete, "outcomes": self.outcomes, "failed": self.failed});
        self.file.map_or(Ok(()), |file| file.finish(&summary)).map_err(Failure::running)
    }
}
