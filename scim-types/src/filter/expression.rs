use std::fmt;

use super::{FilterError, Literal};
use crate::AttributePath;

/// A condition on resources, RFC 7644 section 3.4.2.2.
///
/// Built with [`attr`] or read with [`parse`](Self::parse); `Display` writes it with escapes and
/// the parentheses it needs, and what it writes is read back as the same filter.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Filter {
    /// `userName eq "ada"`.
    Compare(AttributePath, Operator, Literal),
    /// `title pr`: there is a value, and it is not empty.
    Present(AttributePath),
    /// All hold; two or more, none of them an `And`.
    And(Vec<Filter>),
    /// One holds; two or more, none of them an `Or`.
    Or(Vec<Filter>),
    /// `not (..)`.
    Not(Box<Filter>),
    /// `emails[type eq "work" and value co "@x"]`: one element satisfies the whole condition.
    Elements(AttributePath, Box<Filter>),
}

/// How an attribute is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`; an attribute without a value is not equal to anything but `null`.
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// The name of an attribute, waiting for the comparison; made by [`attr`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Attribute {
    path: AttributePath,
}

/// Names an attribute, such as `userName`, `name.familyName` or one with its schema's URN before it.
///
/// A name that cannot stand in a filter does not panic: [`Filter::check`] finds it.
pub fn attr(path: impl AsRef<str>) -> Attribute {
    Attribute { path: AttributePath::split(path.as_ref()) }
}

macro_rules! comparisons {
    ($($(#[$meta:meta])* $method:ident $operator:ident)*) => {$(
        $(#[$meta])*
        pub fn $method(self, value: impl Into<Literal>) -> Filter {
            Filter::Compare(self.path, Operator::$operator, value.into())
        }
    )*};
}

impl Attribute {
    comparisons! {
        /// Equal to; `()` stands for null.
        eq Equal
        /// Not equal to.
        ne NotEqual
        /// Contains.
        contains Contains
        /// Starts with.
        starts_with StartsWith
        /// Ends with.
        ends_with EndsWith
        /// Greater than, or later.
        gt Greater
        /// Greater than, later, or equal.
        ge GreaterOrEqual
        /// Less than, or earlier.
        lt Less
        /// Less than, earlier, or equal.
        le LessOrEqual
    }

    /// Has a value.
    pub fn present(self) -> Filter {
        Filter::Present(self.path)
    }

    /// One element of the list satisfies the condition, as in `emails[type eq "work"]`.
    pub fn any(self, condition: Filter) -> Filter {
        Filter::Elements(self.path, Box::new(condition))
    }
}

impl Filter {
    /// Both hold.
    pub fn and(self, other: Filter) -> Filter {
        join(self, other, Filter::into_parts_of_and, Filter::And)
    }

    /// At least one holds.
    pub fn or(self, other: Filter) -> Filter {
        join(self, other, Filter::into_parts_of_or, Filter::Or)
    }

    /// Holds where this does not.
    #[expect(clippy::should_implement_trait, reason = "reads as the filter does")]
    pub fn not(self) -> Filter {
        Filter::Not(Box::new(self))
    }

    /// Fails if the filter could not be read back: a name that is no attribute path, or a value
    /// path inside another. Such a filter must not be sent.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn check(&self) -> Result<(), FilterError> {
        self.check_inside(false)
    }

    fn check_inside(&self, inside: bool) -> Result<(), FilterError> {
        match self {
            Self::Compare(path, ..) | Self::Present(path) => check_path(path),
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().try_for_each(|p| p.check_inside(inside))
            }
            Self::Not(inner) => inner.check_inside(inside),
            Self::Elements(path, _) if inside || path.sub().is_some() => {
                Err(FilterError::AttributeName { name: format!("{path}[..]") })
            }
            Self::Elements(path, inner) => check_path(path).and_then(|()| inner.check_inside(true)),
        }
    }

    // `a and (b and c)` is the same condition as `a and b and c`: kept flat, so that a long chain
    // is not a deep tree and there is one way to write it.
    pub(super) fn into_parts_of_and(self) -> Vec<Filter> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    pub(super) fn into_parts_of_or(self) -> Vec<Filter> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }
}

fn join(
    first: Filter,
    second: Filter,
    parts_of: fn(Filter) -> Vec<Filter>,
    joined: fn(Vec<Filter>) -> Filter,
) -> Filter {
    let mut parts = parts_of(first);
    parts.extend(parts_of(second));
    joined(parts)
}

fn check_path(path: &AttributePath) -> Result<(), FilterError> {
    match path.fault(true) {
        None => Ok(()),
        Some(_) => Err(FilterError::AttributeName { name: path.to_string() }),
    }
}

impl Operator {
    pub(super) const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// The operator as a filter writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    pub(super) fn is_order(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
