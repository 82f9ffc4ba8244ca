//! Mappings as TOML and JSON.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Applied, Mapping, MappingError, MappingRow};

/// What a file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    #[serde(default, rename = "row")]
    rows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    to: String,
    from: String,
    #[serde(default, skip_serializing_if = "is_default")]
    apply: Applied,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refers: bool,
}

fn is_default(applied: &Applied) -> bool {
    *applied == Applied::default()
}

impl Mapping {
    /// Reads a mapping from TOML: `key`, and for each row `to`, `from`, and if need be
    /// `apply = "create" | "create-and-update" | "never"` and `refers = true`.
    ///
    /// # Errors
    /// Says which line or row is wrong, and why.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        Self::of(toml::from_str(text).map_err(|error| MappingError::File(one_line(&error)))?)
    }

    /// Reads a mapping from JSON, with the same members as in TOML.
    ///
    /// # Errors
    /// Says which line or row is wrong, and why.
    pub fn from_json(text: &str) -> Result<Self, MappingError> {
        Self::of(serde_json::from_str(text).map_err(|error| MappingError::File(one_line(&error)))?)
    }

    /// Reads a mapping from a file; a name that ends in `.json` is JSON, any other TOML.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`from_toml`](Self::from_toml).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, MappingError> {
        let path = path.as_ref();
        let named = |problem: String| MappingError::File(format!("{}: {problem}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
        let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        let read = if is_json { Self::from_json(&text) } else { Self::from_toml(&text) };
        read.map_err(|error| match error {
            MappingError::File(problem) => named(problem),
            other => other,
        })
    }

    /// The mapping as TOML.
    ///
    /// # Errors
    /// When it cannot be written as such.
    pub fn to_toml(&self) -> Result<String, MappingError> {
        toml::to_string(&self.file()).map_err(|error| MappingError::File(one_line(&error)))
    }

    /// The mapping as JSON.
    ///
    /// # Errors
    /// When it cannot be written as such.
    pub fn to_json(&self) -> Result<String, MappingError> {
        serde_json::to_string_pretty(&self.file())
            .map_err(|error| MappingError::File(one_line(&error)))
    }

    fn of(file: File) -> Result<Self, MappingError> {
        let row = |mapping: Self, row: Row| {
            let mut read = MappingRow::new(&row.to, &row.from)?.applied(row.apply);
            read.refers = row.refers;
            mapping.with(read)
        };
        file.rows.into_iter().try_fold(Self::keyed_by(&file.key)?, row)
    }

    fn file(&self) -> File {
        let row = |row: &MappingRow| Row {
            to: row.to.clone(),
            from: row.from.to_string(),
            apply: row.applied,
            refers: row.refers,
        };
        File { key: self.key.to_string(), rows: self.rows.iter().map(row).collect() }
    }
}

fn one_line(error: &impl std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
