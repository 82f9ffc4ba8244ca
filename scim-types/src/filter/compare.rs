use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Number;

use super::{Literal, Operator};
use crate::instant::instant;
use crate::read::Node;

/// A comparison with its literal made ready: folded, or read as an instant.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) operator: Operator,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Exact(String),
    /// In lower case, and all ASCII: compared byte by byte.
    Ascii(String),
    /// In lower case.
    Folded(String),
    Instant(Timestamp),
    Bool(bool),
    Number(Number),
    Null,
}

/// How the texts of an attribute compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    Exact,
    AnyCase,
    Instants,
}

impl Comparison {
    pub(super) fn new(operator: Operator, literal: &Literal, texts: Texts) -> Self {
        let wanted = match literal {
            Literal::Bool(value) => Wanted::Bool(*value),
            Literal::Number(number) => Wanted::Number(number.clone()),
            Literal::Null => Wanted::Null,
            Literal::Text(text) => wanted_text(operator, text, texts),
        };
        Self { operator, wanted }
    }

    pub(super) fn is_with_null(&self) -> bool {
        matches!(self.wanted, Wanted::Null)
    }

    pub(super) fn holds(&self, node: Node<'_>) -> bool {
        match (&self.wanted, node) {
            (Wanted::Exact(wanted), Node::Text(text)) => exact(self.operator, text, wanted),
            (Wanted::Ascii(wanted), Node::Text(text)) => any_case(self.operator, text, wanted),
            (Wanted::Folded(wanted), Node::Text(text)) => exact(self.operator, &fold(text), wanted),
            (Wanted::Instant(wanted), Node::Text(text)) => {
                instant(text).is_some_and(|found| ordered(self.operator, found.cmp(wanted)))
            }
            (Wanted::Bool(wanted), Node::Bool(value)) => ordered(self.operator, value.cmp(wanted)),
            (Wanted::Number(wanted), Node::Number(number)) => {
                compare(number, wanted).is_some_and(|order| ordered(self.operator, order))
            }
            (Wanted::Number(wanted), Node::Count(count)) => {
                compare(&count.into(), wanted).is_some_and(|order| ordered(self.operator, order))
            }
            // A value of another kind is not equal, and is neither before nor after.
            _ => self.operator == Operator::NotEqual,
        }
    }
}

fn wanted_text(operator: Operator, text: &str, texts: Texts) -> Wanted {
    let is_partial =
        matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    match (texts, instant(text)) {
        (Texts::Exact, _) => Wanted::Exact(text.to_owned()),
        (Texts::Instants, Some(instant)) if !is_partial => Wanted::Instant(instant),
        _ if text.is_ascii() => Wanted::Ascii(text.to_ascii_lowercase()),
        _ => Wanted::Folded(fold(text)),
    }
}

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn ordered(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

fn exact(operator: Operator, text: &str, wanted: &str) -> bool {
    match operator {
        Operator::Contains => text.contains(wanted),
        Operator::StartsWith => text.starts_with(wanted),
        Operator::EndsWith => text.ends_with(wanted),
        _ => ordered(operator, text.cmp(wanted)),
    }
}

// `wanted` is ASCII and in lower case.
fn any_case(operator: Operator, text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let size = wanted.len();
    match operator {
        Operator::Equal => text.eq_ignore_ascii_case(wanted),
        Operator::NotEqual => !text.eq_ignore_ascii_case(wanted),
        Operator::Contains => {
            let Some(first) = wanted.first() else { return true };
            let starts = |w: &&[u8]| w[0].to_ascii_lowercase() == *first;
            text.windows(size).filter(starts).any(|w| w.eq_ignore_ascii_case(wanted))
        }
        Operator::StartsWith => {
            text.get(..size).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        }
        Operator::EndsWith => {
            text.len() >= size && text[text.len() - size..].eq_ignore_ascii_case(wanted)
        }
        _ => {
            let folded = text.iter().map(u8::to_ascii_lowercase);
            ordered(operator, folded.cmp(wanted.iter().copied()))
        }
    }
}

// Exact for all 64-bit integers; with a fraction on either side, as floating point.
fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    let whole = |n: &Number| n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (Some(a), None) => compare_with_float(a, b.as_f64()?),
        (None, Some(b)) => compare_with_float(b, a.as_f64()?).map(Ordering::reverse),
        (None, None) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn compare_with_float(a: i128, b: f64) -> Option<Ordering> {
    // Beyond 2^64 no integer is left to compare with; below, the whole part is exact.
    #[expect(clippy::cast_possible_truncation, reason = "saturates beyond what 64 bits hold")]
    let whole = b.trunc() as i128;
    match a.cmp(&whole) {
        Ordering::Equal => 0.0.partial_cmp(&b.fract()),
        other => Some(other),
    }
}
