use serde_json::Value;

use super::error::{ExpressionError, Fault};
use super::functions::Function;
use super::pattern::Pattern;

/// A place in the text, in characters from 1. Two expressions that differ only in blanks are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position(u32);

impl Position {
    pub(super) fn new(characters_before: usize) -> Self {
        Self(u32::try_from(characters_before).unwrap_or(u32::MAX).saturating_add(1))
    }

    pub(super) fn get(self) -> usize {
        self.0 as usize
    }
}

impl PartialEq for Position {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Chains are flat, so that only brackets and calls make a tree deeper.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Literal(Value),
    Reference(Reference),
    Array(Vec<Node>),
    // Only Okta takes it: `user.getGroups({'group.profile.name': 'x'})`.
    Map(Vec<(Node, Node)>),
    Call(Call),
    Path { base: Box<Node>, steps: Vec<Step> },
    Unary { operator: Unary, operand: Box<Node>, at: Position },
    Chain { first: Box<Node>, rest: Vec<Link> },
    Matches { text: Box<Node>, pattern: Box<Node>, compiled: Option<Compiled>, at: Position },
    Choice { arms: Vec<Arm>, otherwise: Box<Node> },
}

/// A pattern that stands in the text, made ready once.
pub(super) type Compiled = Result<Pattern, Fault>;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    pub(super) root: Box<str>,
    pub(super) attribute: Option<Box<str>>,
    pub(super) at: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    // The root before a method, as in `user.getLinkedObject("manager")`.
    pub(super) receiver: Option<Box<str>>,
    pub(super) function: &'static Function,
    pub(super) arguments: Vec<Node>,
    pub(super) at: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Member(Box<str>, Position),
    Index(Node, Position),
    // Of what only Okta gives: `.![name]` or `.?[name == 'x']`.
    Each(&'static str, Node, Position),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) operator: Binary,
    pub(super) operand: Node,
    pub(super) at: Position,
}

/// One alternative of `condition ? value : …` or `value ?: …`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arm {
    When { condition: Node, value: Node, at: Position },
    UnlessEmpty(Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Minus,
    Plus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// How tightly a construct binds, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Choice,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Unary,
    Postfix,
}

impl Level {
    pub(super) fn tighter(self) -> Self {
        match self {
            Self::Choice => Self::Or,
            Self::Or => Self::And,
            Self::And => Self::Relation,
            Self::Relation => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Unary,
            Self::Unary | Self::Postfix => Self::Postfix,
        }
    }
}

impl Binary {
    pub(super) const ALL: [Self; 13] = [
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Remainder,
    ];

    // As it is written out, then the other signs and words that mean the same.
    pub(super) fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::Or => &["OR", "||"],
            Self::And => &["AND", "&&"],
            Self::Equal => &["==", "eq"],
            Self::NotEqual => &["!=", "ne"],
            Self::Less => &["<", "lt"],
            Self::LessOrEqual => &["<=", "le"],
            Self::Greater => &[">", "gt"],
            Self::GreaterOrEqual => &[">=", "ge"],
            Self::Add => &["+"],
            Self::Subtract => &["-"],
            Self::Multiply => &["*"],
            Self::Divide => &["/", "div"],
            Self::Remainder => &["%", "mod"],
        }
    }

    pub(super) fn sign(self) -> &'static str {
        self.spellings()[0]
    }

    pub(super) fn level(self) -> Level {
        match self {
            Self::Or => Level::Or,
            Self::And => Level::And,
            Self::Equal | Self::NotEqual => Level::Relation,
            Self::Less | Self::LessOrEqual => Level::Relation,
            Self::Greater | Self::GreaterOrEqual => Level::Relation,
            Self::Add | Self::Subtract => Level::Sum,
            Self::Multiply | Self::Divide | Self::Remainder => Level::Product,
        }
    }
}

/// What has to be there before an expression can be evaluated at all.
#[derive(Clone, Debug)]
pub(super) enum Need {
    Root(Box<str>, Position),
    Groups(&'static str, Position),
    Internal(Box<str>, Position),
    Never(ExpressionError),
}
