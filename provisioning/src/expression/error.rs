use std::fmt;

use super::tree::Position;

/// What kind of fault an expression has, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The text is no expression.
    Syntax,
    /// It calls a function that the language does not have, even if that branch is never taken.
    UnknownFunction,
    /// It needs what only Okta has, what was not supplied, or what this library refuses on principle.
    Unsupported,
    /// Values of a kind, count or range with which an operator or a function can do nothing.
    Type,
    /// A name that the schema does not have: found by [`Expression::check`](super::Expression::check) only.
    UnknownAttribute,
}

impl ErrorClass {
    /// The class in one word, such as `unknown-function`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownFunction => "unknown-function",
            Self::Unsupported => "unsupported",
            Self::Type => "type",
            Self::UnknownAttribute => "unknown-attribute",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an expression cannot be read or evaluated, and where, in one line. It never holds a person's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expression, character {position}: {problem}")]
pub struct ExpressionError {
    class: ErrorClass,
    position: usize,
    problem: String,
}

impl ExpressionError {
    /// What kind of fault it is.
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// Where it is, counted in characters from 1.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What was found, and what was expected.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The value is of no use where it goes.
    pub(crate) fn of_value(problem: &str) -> Self {
        Self { class: ErrorClass::Type, position: 1, problem: problem.to_owned() }
    }

    pub(crate) fn moved(mut self, position: impl FnOnce(usize) -> usize) -> Self {
        self.position = position(self.position);
        self
    }
}

/// A fault that does not know yet where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) class: ErrorClass,
    problem: String,
}

impl Fault {
    pub(super) fn new(class: ErrorClass, problem: impl Into<String>) -> Self {
        Self { class, problem: problem.into() }
    }

    pub(super) fn kind(problem: impl Into<String>) -> Self {
        Self::new(ErrorClass::Type, problem)
    }

    pub(super) fn unsupported(problem: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unsupported, problem)
    }

    pub(super) fn syntax(problem: impl Into<String>) -> Self {
        Self::new(ErrorClass::Syntax, problem)
    }

    pub(super) fn at(self, position: Position) -> ExpressionError {
        ExpressionError { class: self.class, position: position.get(), problem: self.problem }
    }
}
