//! Mappings as TOML and JSON.

use std::path::Path;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use toml::Spanned;

use super::origin::{Origin, Text};
use super::{Applied, Mapping, MappingError, MappingRow};

/// What a file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<T> {
    key: T,
    #[serde(default = "Vec::new", rename = "row")]
    rows: Vec<Row<T>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<T> {
    to: T,
    from: T,
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
        Self::of_toml(None, text)
    }

    /// Reads a mapping from JSON, with the same members as in TOML.
    ///
    /// # Errors
    /// Says which line or row is wrong, and why.
    pub fn from_json(text: &str) -> Result<Self, MappingError> {
        Self::of_json(None, text)
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
        let name = Some(path.display().to_string());
        let read = if is_json { Self::of_json(name, &text) } else { Self::of_toml(name, &text) };
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

    fn of_toml(name: Option<String>, text: &str) -> Result<Self, MappingError> {
        let text = without_mark(text);
        let file: File<Spanned<String>> =
            toml::from_str(text).map_err(|error| MappingError::File(one_line(&error)))?;
        let found = |text: Spanned<String>| Ok((text.span().start, text.into_inner()));
        Self::of(name, text, file, found)
    }

    fn of_json(name: Option<String>, text: &str) -> Result<Self, MappingError> {
        let text = without_mark(text);
        let file: File<&RawValue> =
            serde_json::from_str(text).map_err(|error| MappingError::File(one_line(&error)))?;
        // A value as it is written is a part of the text: its address tells where it stands there.
        let found = |raw: &RawValue| {
            let at = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            serde_json::from_str(raw.get()).map(|one| (at, one)).map_err(|_| {
                let place = Text { name: None, text: text.to_owned() }.place(at);
                MappingError::File(format!("{place}: expected a text in quotes"))
            })
        };
        Self::of(name, text, file, found)
    }

    fn of<T>(
        name: Option<String>,
        text: &str,
        file: File<T>,
        found: impl Fn(T) -> Result<(usize, String), MappingError>,
    ) -> Result<Self, MappingError> {
        let all = Arc::new(Text { name, text: text.to_owned() });
        let (key_at, key) = found(file.key)?;
        let origin = |to, from| Origin { file: Arc::clone(&all), to, from };
        let of_key = origin(key_at, key_at);
        let mut keyed = Self::keyed_by(&key).map_err(|error| error.at(&of_key))?;
        keyed.key_origin = Some(of_key);
        file.rows.into_iter().try_fold(keyed, |mapping, row| {
            let ((to_at, to), (from_at, from)) = (found(row.to)?, found(row.from)?);
            let origin = origin(to_at, from_at);
            let read = MappingRow::new(&to, &from).map_err(|error| error.at(&origin))?;
            let mut read = read.applied(row.apply);
            read.refers = row.refers;
            read.origin = Some(origin);
            mapping.with(read)
        })
    }

    fn file(&self) -> File<String> {
        let row = |row: &MappingRow| Row {
            to: row.to.clone(),
            from: row.from.to_string(),
            apply: row.applied,
            refers: row.refers,
        };
        File { key: self.key.to_string(), rows: self.rows.iter().map(row).collect() }
    }
}

/// Editors of some systems begin files with a byte order mark, and do not count it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn one_line(error: &impl std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
