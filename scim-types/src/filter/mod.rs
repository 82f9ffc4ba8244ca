//! Filters: built in code, read with exact errors, written with escapes, evaluated by schema.
//!
//! RFC 7644 section 3.4.2.2.
//!
//! ```
//! use scim_types::filter::{Filter, attr};
//! use scim_types::schema::Schemas;
//!
//! let work = attr("emails").any(attr("type").eq("work").and(attr("value").ends_with("@acme.example")));
//! let text = r#"emails[type eq "work" and value ew "@acme.example"]"#;
//! assert_eq!(work.to_string(), text);
//! assert_eq!(Filter::parse(text)?, work);
//!
//! let ada = serde_json::json!({"emails": [{"type": "work", "value": "Ada@ACME.example"}]});
//! assert!(work.matcher(Schemas::user())?.matches(&ada));
//! # Ok::<(), scim_types::filter::FilterError>(())
//! ```

mod compare;
mod display;
mod error;
mod expression;
mod lex;
mod literal;
mod matcher;
mod name;
mod parse;

pub use error::FilterError;
pub use expression::{Attribute, Filter, Operator, attr};
pub use literal::Literal;
pub use matcher::Matcher;
pub use parse::Limits;
