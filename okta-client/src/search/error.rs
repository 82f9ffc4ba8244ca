/// Why an expression cannot be used, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The text is not an expression.
    #[error("search expression, character {position}: {problem}")]
    Syntax {
        /// Where it goes wrong, counted in characters from 1.
        position: usize,
        /// What was found and what was expected.
        problem: String,
    },
    /// The name is not an attribute path, so it was not sent: it could change what is asked for.
    #[error("{name:?} is not an attribute name: letters, digits, `_`, `-` and `.` between them")]
    AttributeName {
        /// The name as it was given.
        name: String,
    },
    /// JSON has no way to write the number, so neither has an expression.
    #[error("{attribute} is compared with a number that is not finite")]
    NotFinite {
        /// The attribute that was compared.
        attribute: String,
    },
    /// The place where the expression is used does not know this attribute or this operator on it.
    #[error("{place} does not take `{attribute} {operator}`: {instead}")]
    NotAllowed {
        /// Such as `search of users`.
        place: &'static str,
        /// The attribute, as written.
        attribute: String,
        /// The operator, as Okta writes it.
        operator: &'static str,
        /// What the place does take.
        instead: &'static str,
    },
}

impl SearchError {
    pub(super) fn syntax(position: usize, problem: impl Into<String>) -> Self {
        Self::Syntax { position, problem: problem.into() }
    }
}
