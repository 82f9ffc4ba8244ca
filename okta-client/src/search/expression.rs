use std::fmt;

use super::{Literal, SearchError};

/// A condition on users or groups that Okta can evaluate.
///
/// `Display` writes it for the query, with quotes and control characters escaped and with the
/// parentheses it needs; [`parse`](Self::parse) reads it back as the same expression.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Expression {
    pub(super) node: Node,
}

/// The name of an attribute, waiting for the comparison; made by [`attr`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Attribute {
    path: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Compare(String, Operator, Literal),
    Present(String),
    And(Vec<Node>),
    Or(Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    StartsWith,
    Contains,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Names an attribute by its path, such as `status`, `lastUpdated` or `profile.department`.
///
/// A name that cannot be an attribute does not panic and is never sent: see [`Expression::check`].
pub fn attr(path: impl Into<String>) -> Attribute {
    Attribute { path: path.into() }
}

impl Attribute {
    /// Equal to the value; one of the values, where the attribute is an array.
    pub fn eq(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::Equal, value)
    }

    /// Different from the value, written as Okta wants it: `(x lt "V" or x gt "V")`.
    pub fn ne(self, value: impl Into<Literal>) -> Expression {
        let value = value.into();
        self.clone().lt(value.clone()).or(self.gt(value))
    }

    /// Starts with the text.
    pub fn sw(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::StartsWith, value)
    }

    /// Contains the text; Okta takes it on first and last name, email and login, and on a group's name and description.
    pub fn co(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::Contains, value)
    }

    /// Greater than the value, or later.
    pub fn gt(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::Greater, value)
    }

    /// Greater than the value or equal to it.
    pub fn ge(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::GreaterOrEqual, value)
    }

    /// Less than the value, or earlier.
    pub fn lt(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::Less, value)
    }

    /// Less than the value or equal to it.
    pub fn le(self, value: impl Into<Literal>) -> Expression {
        self.compare(Operator::LessOrEqual, value)
    }

    /// Has a value.
    pub fn pr(self) -> Expression {
        Expression { node: Node::Present(self.path) }
    }

    fn compare(self, operator: Operator, value: impl Into<Literal>) -> Expression {
        Expression { node: Node::Compare(self.path, operator, value.into()) }
    }
}

impl Expression {
    /// Both conditions hold.
    pub fn and(self, other: Expression) -> Expression {
        let mut parts = self.node.into_parts_of_and();
        parts.extend(other.node.into_parts_of_and());
        Expression { node: Node::And(parts) }
    }

    /// At least one of the conditions holds.
    pub fn or(self, other: Expression) -> Expression {
        let mut parts = self.node.into_parts_of_or();
        parts.extend(other.node.into_parts_of_or());
        Expression { node: Node::Or(parts) }
    }

    /// Fails if a name is not an attribute path or a number is not finite: such an expression
    /// must not be sent, because what it says may not be what was meant.
    pub fn check(&self) -> Result<(), SearchError> {
        self.node.each_leaf(&mut |leaf| {
            if !is_attribute_path(leaf.path) {
                return Err(SearchError::AttributeName { name: leaf.path.to_owned() });
            }
            match leaf.comparison {
                Some((_, Literal::Float(value))) if !value.is_finite() => {
                    Err(SearchError::NotFinite { attribute: leaf.path.to_owned() })
                }
                _ => Ok(()),
            }
        })
    }
}

/// One comparison or `pr` of an expression.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'a> {
    pub(super) path: &'a str,
    /// None is `pr`.
    pub(super) comparison: Option<(Operator, &'a Literal)>,
}

impl Node {
    pub(super) fn each_leaf<'a, E>(
        &'a self,
        visit: &mut impl FnMut(Leaf<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Compare(path, operator, value) => {
                visit(Leaf { path, comparison: Some((*operator, value)) })
            }
            Self::Present(path) => visit(Leaf { path, comparison: None }),
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().try_for_each(|part| part.each_leaf(visit))
            }
        }
    }

    // `a and (b and c)` is the same condition as `a and b and c`: kept flat, so that a long chain
    // is not a deep tree and there is one way to write it.
    pub(super) fn into_parts_of_and(self) -> Vec<Node> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    pub(super) fn into_parts_of_or(self) -> Vec<Node> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }
}

/// Letters, digits, `_` and `-` in segments joined by `.`.
pub(super) fn is_attribute_path(path: &str) -> bool {
    let segment = |s: &str| !s.is_empty() && s.bytes().all(is_name_byte);
    path.split('.').all(segment) && path.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

impl Operator {
    pub(super) const ALL: [Self; 7] = [
        Self::Equal,
        Self::StartsWith,
        Self::Contains,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::StartsWith => "sw",
            Self::Contains => "co",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(path, operator, value) => write!(f, "{path} {} {value}", operator.name()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::And(parts) => joined(f, parts, " and ", |part| matches!(part, Self::Or(_))),
            Self::Or(parts) => joined(f, parts, " or ", |_| false),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Node],
    between: &str,
    needs_parentheses: fn(&Node) -> bool,
) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            f.write_str(between)?;
        }
        if needs_parentheses(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}
