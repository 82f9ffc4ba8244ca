use super::Operator;

/// Why a filter cannot be used, in one line. A server answers it with 400 `invalidFilter`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is not a filter.
    #[error("filter, character {position}: {problem}")]
    Syntax {
        /// Where it goes wrong, counted in characters from 1.
        position: usize,
        /// What was found and what was expected.
        problem: String,
    },
    /// A filter built in code names something that is no attribute, so it could not be read back.
    #[error("{name:?} is not an attribute path: letters, digits, `_`, `-`, and one `.` between")]
    AttributeName {
        /// The name as it was given.
        name: String,
    },
    /// The values of the attribute have no order: RFC 7644 section 3.4.2.2.
    #[error("`{attribute} {operator}`: {kind} values have no order, compare with eq or ne")]
    NoOrder {
        /// The attribute, as written.
        attribute: String,
        /// One of `gt`, `ge`, `lt`, `le`.
        operator: Operator,
        /// What the attribute holds.
        kind: &'static str,
    },
}
