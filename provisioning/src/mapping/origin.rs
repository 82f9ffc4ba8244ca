//! Where in a file a row of a mapping stands.

use std::fmt;
use std::sync::Arc;

/// A file that a mapping was read from.
pub(super) struct Text {
    pub(super) name: Option<String>,
    pub(super) text: String,
}

/// Where a row, or the key, stands: offsets of its texts, quotes included.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) file: Arc<Text>,
    pub(super) to: usize,
    pub(super) from: usize,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin")
    }
}

/// A place in a file, as editors count it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InFile {
    /// The name of the file, where it was read from one.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl fmt::Display for InFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}, ")?;
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What is said before a fault.
pub(super) fn before(place: &Option<InFile>) -> String {
    place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default()
}

impl Origin {
    /// Where the target is named.
    pub(super) fn of_target(&self) -> InFile {
        self.file.place(self.to)
    }

    /// Where this character of the expression stands, counted from 1.
    pub(super) fn of_character(&self, position: usize) -> InFile {
        self.file.place(self.from + offset(&self.file.text[self.from..], position))
    }
}

impl Text {
    pub(super) fn place(&self, offset: usize) -> InFile {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        InFile { file: self.name.clone(), line, column }
    }
}

/// How many bytes of a quoted text stand before its character of this number.
fn offset(quoted: &str, position: usize) -> usize {
    let quote = quoted.chars().next().unwrap_or('"');
    let triple = quote.to_string().repeat(3);
    let mut at = if quoted.starts_with(&triple) { 3 } else { 1 };
    let line_end = ["\r\n", "\n"].iter().find(|end| at == 3 && quoted[at..].starts_with(**end));
    at += line_end.map_or(0, |end| end.len());
    for _ in 1..position {
        let rest = quoted.get(at..).unwrap_or_default();
        let Some(sign) = rest.chars().next() else { break };
        at += match (sign, rest.chars().nth(1)) {
            ('\\', Some('u')) if quote == '"' => 6 * halves(rest),
            ('\\', Some('U')) if quote == '"' => 10,
            ('\\', Some(_)) if quote == '"' => 2,
            (sign, _) => sign.len_utf8(),
        };
    }
    at
}

/// JSON writes what has no place in 16 bits as two halves.
fn halves(escape: &str) -> usize {
    let unit = escape.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if unit.is_some_and(|unit| (0xd800..0xdc00).contains(&unit)) { 2 } else { 1 }
}
