//! Okta's expression language, in its older form: the one of profile mappings and user name templates.
//!
//! It is parsed once, checked against the schema before a run, and evaluated for each person.
//!
//! ```
//! use provisioning::expression::{Context, Expression};
//! use serde_json::json;
//!
//! let login = Expression::parse(r#"String.toLowerCase(user.firstName) + "@" + (user.unit ?: "acme") + ".example""#)?;
//! login.check(|root, name| root == "user" && ["firstName", "unit"].contains(&name))?;
//! let context = Context::new().with("user", json!({"firstName": "Ada"}));
//! assert_eq!(login.evaluate(&context)?, "ada@acme.example");
//!
//! let slip = Expression::parse("user.firstname")?.check(|_, name| name == "firstName").unwrap_err();
//! assert_eq!(slip.to_string(), "expression, character 1: unknown attribute `user.firstname`: did you mean `firstName`?");
//! # Ok::<(), provisioning::expression::ExpressionError>(())
//! ```
//!
//! Okta documents the functions and most operators:
//! <https://developer.okta.com/docs/reference/okta-expression-language/>. It publishes no grammar and few edge
//! cases; it says that the language is built on SpEL. What follows is therefore **our choice**, and may differ
//! from what Okta does:
//!
//! | where | choice |
//! | --- | --- |
//! | grammar | precedence of SpEL; comparisons do not chain; `and`, `or`, `not`, `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `div`, `mod`, `&&`, `\|\|` and any case of words are taken; `* / %` exist |
//! | names | ASCII; function names are case sensitive; a bare name is an object that must be supplied |
//! | texts | a doubled quote is one quote |
//! | numbers | whole literals have 32 bits, results are exact beyond that; an exponent is taken; one with a point prints as one (`2.0`) and never with an exponent |
//! | `true`, `null` | in any case |
//! | refused as `unsupported` | `T(…)`, `new`, `#x`, `@x`, `++`, `--`, `between`, `instanceof`, `?.`, projections and maps but for `user.getGroups` |
//! | null | below everything in `<`; `null` as text in `+` ([`Context::refuse_null_in_text`] makes that an error); an error in other arithmetic, in `matches`, and before `.` or `[` |
//! | Elvis | only null and `""` are replaced, not `{}`, `false`, `0` |
//! | `+` with an array | joined by commas |
//! | `==` | numbers by value; different kinds are unequal |
//! | `< <= > >=` | numbers, or two texts by UTF-16 unit; else an error |
//! | `/`, `%` | whole numbers truncate, the remainder has the sign of the dividend, zero is an error |
//! | `matches` | the whole text; `\d`, `\w`, `\s` are ASCII; look-around, back references, possessive quantifiers, `--` and `[:` in classes, more than 32 KiB are unsupported |
//! | what is not supplied | fails even in a branch that is not taken; other faults only where they are evaluated |
//! | text arguments | numbers and Booleans are printed; arrays and objects are errors, but `String.join` spreads arrays |
//! | null arguments | `append`, `join`: empty; `len`: 0; `startsWith`, `stringContains`: false; `stringSwitch`: the default; `toCsvString`, `Iso3166Convert`, other `String` functions: null; `Arrays`: an empty array; `flatten`, `Convert`, `Time`: an error |
//! | `substring` | cut back to what there is, at both ends |
//! | `substringBefore` | everything, if the text is not found |
//! | `replace`, `replaceFirst` | literal; an empty match changes nothing |
//! | `replace`, `replaceFirst`, `join` | at most 1 MiB comes out |
//! | `removeSpaces` | U+0020 only |
//! | `Arrays` | `remove` takes all equal elements; `get` out of range is an error; `flatten` takes `{}` and not `""`; parts of a comma-separated text are texts |
//! | `Convert.toInt` | half up; 32 bits, beyond them an error; a text must be digits |
//! | `Convert.toNum` | the whole text; a number stays as it is |
//! | `Iso3166Convert` | letters in any case; names as ISO gives them; an unknown code is an error |
//! | `Time` | milliseconds; no zone means UTC; English names; two-digit years lie within fifty years of thirty years ago; results outside the years up to 9999 are errors; `z` is unsupported |
//! | `isMemberOfGroupNameRegex` | the whole name |
//! | templates | null prints as nothing |

mod arrays;
mod convert;
mod dates;
mod dates_read;
mod display;
mod error;
mod evaluate;
mod functions;
mod groups;
mod lex;
mod operand;
mod parse;
mod pattern;
mod scope;
mod strings;
mod suggest;
mod template;
mod time;
mod tree;
mod values;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::{ErrorClass, ExpressionError};
pub use scope::{Context, Group, Scope};
pub(crate) use suggest::nearest;
pub use template::Template;

use error::Fault;
use evaluate::Evaluation;
use parse::Parser;
use tree::{Need, Node, Reference};

/// An expression that has been read. It prints as an expression that reads the same, and is serialised as that.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    node: Node,
    needs: Vec<Need>,
    faults: Vec<ExpressionError>,
    references: Vec<Reference>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// `syntax`, `unknown-function`, or `unsupported` for parts of SpEL that are refused, in this order. Functions
    /// that only Okta can answer are read, and fail when they are checked or evaluated. At most 32,768 characters
    /// and 64 levels of brackets and calls are read.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        Parser::parse(text)
    }

    /// The value for what the scope supplies. An attribute that is not there is null.
    ///
    /// # Errors
    ///
    /// `unsupported` for an object that is not supplied and a function that only Okta can answer, wherever they
    /// stand; then `type` for what goes wrong on the way.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, ExpressionError> {
        self.needs.iter().try_for_each(|need| need.check(scope))?;
        Evaluation { scope }.value(&self.node).map(std::borrow::Cow::into_owned)
    }

    /// Checks what can be known before a run: attributes by `known(root, name)`, functions that only Okta can
    /// answer, numbers of arguments, and patterns that stand in the text. An object of which no attribute is
    /// read, such as `appuser` in `appuser == null`, is asked for by an empty name.
    ///
    /// # Errors
    ///
    /// The first fault; `unknown-attribute` with a suggestion if a known name is one slip away, or its object
    /// was forgotten.
    pub fn check(&self, mut known: impl FnMut(&str, &str) -> bool) -> Result<(), ExpressionError> {
        let first = self.faults.iter().min_by_key(|error| (error.class(), error.position()));
        if let Some(error) = first {
            return Err(error.clone());
        }
        for Reference { root, attribute, at } in &self.references {
            let Some(name) = attribute else { continue };
            if !known(root, name) {
                let near = suggest::nearest(name, |name| known(root, name));
                let advice =
                    near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                let problem = format!("unknown attribute `{root}.{name}`{advice}");
                return Err(Fault::new(ErrorClass::UnknownAttribute, problem).at(*at));
            }
        }
        self.needs.iter().try_for_each(|need| match need {
            Need::Root(root, at) if self.stands_alone(root) && !known(root, "") => {
                Err(suggest::without_object(root, |name| known("user", name)).at(*at))
            }
            _ => Ok(()),
        })
    }

    fn stands_alone(&self, root: &str) -> bool {
        !self.references.iter().any(|reference| &*reference.root == root)
    }

    /// The attributes that are read, as root and name, each once.
    pub fn references(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = |reference: &'_ Reference| reference.attribute.is_some();
        self.references
            .iter()
            .filter(move |r| named(r))
            .map(|reference| (&*reference.root, reference.attribute.as_deref().unwrap_or_default()))
    }

    /// The objects that have to be supplied, such as `user`, each once.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().filter_map(|need| match need {
            Need::Root(root, _) => Some(&**root),
            _ => None,
        })
    }

    /// Whether it asks for the person's groups.
    pub fn needs_groups(&self) -> bool {
        self.needs.iter().any(|need| matches!(need, Need::Groups(..)))
    }

    fn empty() -> Self {
        let node = Node::Literal(Value::Null);
        Self { node, needs: Vec::new(), faults: Vec::new(), references: Vec::new() }
    }
}

// The rest follows from the node.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Expression {
    type Error = ExpressionError;

    fn try_from(text: String) -> Result<Self, ExpressionError> {
        Self::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.to_string()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}
