//! Okta's `search` and `filter` expressions: built in code, written with escaping, parsed and evaluated.
//!
//! They look like SCIM filters and are not: there is no `ne`, `not` or `ew`, attribute names are
//! case-sensitive, and what an attribute allows depends on where the expression is used.
//! <https://developer.okta.com/docs/reference/core-okta-api/#filter>
//!
//! ```
//! use okta_client::search::{Expression, attr};
//!
//! let active = attr("status").eq("ACTIVE").and(attr("profile.department").eq("R&D \"North\""));
//! let text = r#"status eq "ACTIVE" and profile.department eq "R&D \"North\"""#;
//! assert_eq!(active.to_string(), text);
//! assert_eq!(Expression::parse(text)?, active);
//! # Ok::<(), okta_client::search::SearchError>(())
//! ```

mod condition;
mod error;
mod eval;
mod expression;
mod lex;
mod literal;
mod parse;
mod rules;

pub use condition::Condition;
pub use error::SearchError;
pub use eval::Letters;
pub use expression::{Attribute, Expression, attr};
pub use literal::Literal;
pub use rules::{
    check_group_filter, check_group_search, check_log_filter, check_user_filter, check_user_search,
};

#[cfg(test)]
mod tests;
