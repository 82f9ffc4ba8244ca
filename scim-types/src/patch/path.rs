use std::fmt;

use crate::filter::{Filter, FilterError};
use crate::path::{PathError, is_name};
use crate::schema::Schemas;
use crate::{AttributePath, Mode};

/// What a PATCH operation points at, RFC 7644 section 3.5.2.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchPath {
    /// A whole schema by its URN: `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
    Schema(String),
    /// `displayName`, `name.givenName`.
    Attribute(AttributePath),
    /// `members[value eq "u-1"]`, `emails[type eq "work"].value`.
    Elements {
        /// The list.
        attribute: AttributePath,
        /// Which of its elements.
        filter: Filter,
        /// What of these elements; all of them if none.
        sub: Option<String>,
    },
}

impl PatchPath {
    /// Reads a path; the schemas tell a URN from an attribute at the end of one.
    ///
    /// # Errors
    /// Says at which character it goes wrong, and what was expected.
    pub fn parse(text: &str, schemas: &Schemas) -> Result<Self, PathError> {
        Self::parse_with(text, Mode::Strict, |urn| schemas.schema(urn).is_some())
    }

    pub(crate) fn parse_with(
        text: &str,
        mode: Mode,
        is_schema: impl Fn(&str) -> bool,
    ) -> Result<Self, PathError> {
        const LONGEST: usize = 64 * 1024;
        if text.len() > LONGEST {
            return Err(PathError::new(&text.chars().take(40).collect::<String>(), 0, "too long"));
        }
        match text.find('[') {
            None if text.contains(':') && is_schema(text) => Ok(Self::Schema(text.to_owned())),
            None => AttributePath::parse(text).map(Self::Attribute),
            Some(bracket) => elements(text, bracket, mode),
        }
    }
}

fn elements(text: &str, bracket: usize, mode: Mode) -> Result<PatchPath, PathError> {
    let attribute = AttributePath::split(&text[..bracket]);
    if let Some((byte, problem)) = attribute.fault(true) {
        return Err(PathError::new(text, byte, problem));
    }
    if attribute.sub().is_some() {
        return Err(PathError::new(
            text,
            bracket,
            "a condition stands after an attribute, not a sub-attribute",
        ));
    }
    let (filter, close) =
        Filter::parse_inside(text, bracket + 1, mode).map_err(|e| in_path(text, e))?;
    let rest = &text[close + 1..];
    let sub = match rest.strip_prefix('.') {
        None if rest.is_empty() => None,
        Some(name) if is_name(name, true) => Some(name.to_owned()),
        _ => {
            return Err(PathError::new(
                text,
                close + 1,
                "expected the end or one `.sub-attribute`",
            ));
        }
    };
    Ok(PatchPath::Elements { attribute, filter, sub })
}

fn in_path(path: &str, error: FilterError) -> PathError {
    match error {
        FilterError::Syntax { position, problem } => {
            PathError { path: path.to_owned(), position, problem }
        }
        other => PathError::new(path, 0, other.to_string()),
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(urn) => f.write_str(urn),
            Self::Attribute(path) => write!(f, "{path}"),
            Self::Elements { attribute, filter, sub: None } => write!(f, "{attribute}[{filter}]"),
            Self::Elements { attribute, filter, sub: Some(sub) } => {
                write!(f, "{attribute}[{filter}].{sub}")
            }
        }
    }
}
