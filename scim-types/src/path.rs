use std::fmt;
use std::str::FromStr;

/// The name of an attribute: `userName`, `name.givenName` or
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value`.
///
/// Names and URNs ignore case when they are looked up; the spelling is kept. RFC 7644 section 3.10.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AttributePath {
    text: Box<str>,
    // Where the name starts, and the sub-attribute: 0 when there is none.
    name: usize,
    sub: usize,
}

/// Why a text is no attribute path, or no path of a PATCH.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("path {path:?}, character {position}: {problem}")]
#[non_exhaustive]
pub struct PathError {
    /// The path as it was given.
    pub path: String,
    /// Where it goes wrong, counted in characters from 1.
    pub position: usize,
    /// What was found and what was expected.
    pub problem: String,
}

impl AttributePath {
    /// `userName`, by which users are told apart.
    pub fn user_name() -> Self {
        Self::split("userName")
    }

    /// Reads a path: an optional schema URN, a name, an optional sub-attribute.
    ///
    /// # Errors
    /// When a part is missing or is no attribute name.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let path = Self::split(text);
        match path.fault(true) {
            None => Ok(path),
            Some((at, problem)) => Err(PathError::new(text, at, problem)),
        }
    }

    // A URN has dots of its own (`2.0`), so the last colon is looked for first.
    pub(crate) fn split(text: &str) -> Self {
        let name = text.rfind(':').map_or(0, |colon| colon + 1);
        let sub = text[name..].find('.').map_or(0, |dot| name + dot + 1);
        Self { text: text.into(), name, sub }
    }

    /// The schema URN before the name.
    pub fn schema(&self) -> Option<&str> {
        (self.name > 0).then(|| &self.text[..self.name - 1])
    }

    /// The attribute's own name, without URN and sub-attribute.
    pub fn name(&self) -> &str {
        match self.sub {
            0 => &self.text[self.name..],
            sub => &self.text[self.name..sub - 1],
        }
    }

    /// The sub-attribute.
    pub fn sub(&self) -> Option<&str> {
        (self.sub > 0).then(|| &self.text[self.sub..])
    }

    /// The whole path as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both name the same attribute: neither names nor URNs have case.
    pub fn is_same(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }

    // The byte and the reason why this is no path. `$` stands in no name of the filter grammar.
    pub(crate) fn fault(&self, dollar: bool) -> Option<(usize, String)> {
        if let Some(schema) = self.schema()
            && !schema.bytes().all(is_urn_byte)
        {
            return Some((0, format!("`{schema}` is not a schema URN")));
        }
        if !is_name(self.name(), dollar) {
            return Some((self.name, not_a_name(self.name())));
        }
        let sub = self.sub()?;
        (!is_name(sub, dollar)).then(|| (self.sub, not_a_name(sub)))
    }
}

impl PathError {
    pub(crate) fn new(path: &str, byte: usize, problem: impl Into<String>) -> Self {
        let before = path.get(..byte).unwrap_or(path);
        let position = before.chars().count() + 1;
        Self { path: path.to_owned(), position, problem: problem.into() }
    }
}

/// Whether this can stand in a path: a letter, then letters, digits, `-` and `_`; `$` as in `$ref`
/// only where `dollar` says so.
pub(crate) fn is_name(name: &str, dollar: bool) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || dollar && b == b'$' && name.len() > 1)
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b) || dollar && b == b'$')
}

fn is_urn_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":.-_/+%~@#?=&;,!*'$".contains(&byte)
}

fn not_a_name(name: &str) -> String {
    match name {
        "" => "an attribute name is missing".to_owned(),
        name if name.contains('.') => format!("`{name}`: only one sub-attribute can follow"),
        name => {
            format!("`{name}` is not an attribute name: a letter, then letters, digits, - or _")
        }
    }
}

impl FromStr for AttributePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}
