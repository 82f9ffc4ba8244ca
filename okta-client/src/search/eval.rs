use std::cmp::Ordering;

use serde_json::Value;

use super::expression::{Node, Operator};
use super::{Expression, Literal};

/// Whether upper and lower case differ when texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// As in Okta's `search`.
    IgnoreCase,
    /// As in Okta's `filter`.
    Exact,
}

impl Expression {
    /// Whether a user or group, as Okta's JSON, meets the condition, as `search` compares.
    pub fn matches(&self, resource: &Value) -> bool {
        self.matches_with(resource, Letters::IgnoreCase)
    }

    /// Whether a user or group, as Okta's JSON, meets the condition.
    pub fn matches_with(&self, resource: &Value, letters: Letters) -> bool {
        self.node.holds(resource, letters)
    }
}

impl Node {
    fn holds(&self, resource: &Value, letters: Letters) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(resource, letters)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(resource, letters)),
            Self::Present(path) => values_at(resource, path).into_iter().any(is_present),
            Self::Compare(path, operator, literal) => values_at(resource, path)
                .into_iter()
                .any(|value| compare(value, *operator, literal, letters)),
        }
    }
}

// All values a path leads to: an array anywhere on the way stands for each of its elements.
fn values_at<'a>(resource: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = vec![resource];
    for segment in path.split('.') {
        here = here.into_iter().filter_map(|value| value.get(segment)).collect();
        here = here.into_iter().flat_map(elements).collect();
    }
    here
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

fn is_present(value: &Value) -> bool {
    !(value.is_null() || value == "")
}

fn compare(value: &Value, operator: Operator, literal: &Literal, letters: Letters) -> bool {
    match (value, literal) {
        (Value::String(text), Literal::Text(wanted)) => {
            compare_text(text, operator, wanted, letters)
        }
        (Value::Bool(value), Literal::Bool(wanted)) => {
            operator == Operator::Equal && value == wanted
        }
        (Value::Number(value), Literal::Integer(wanted)) => match value.as_i64() {
            Some(value) => holds(operator, value.cmp(wanted)),
            None => compare_number(value, operator, *wanted as f64),
        },
        (Value::Number(value), Literal::Float(wanted)) => compare_number(value, operator, *wanted),
        _ => false,
    }
}

fn compare_number(value: &serde_json::Number, operator: Operator, wanted: f64) -> bool {
    let ordering = value.as_f64().and_then(|value| value.partial_cmp(&wanted));
    ordering.is_some_and(|ordering| holds(operator, ordering))
}

fn compare_text(value: &str, operator: Operator, wanted: &str, letters: Letters) -> bool {
    let (value, wanted) = match letters {
        Letters::IgnoreCase => (value.to_lowercase(), wanted.to_lowercase()),
        Letters::Exact => (value.to_owned(), wanted.to_owned()),
    };
    match operator {
        Operator::StartsWith => value.starts_with(&wanted),
        Operator::Contains => value.contains(&wanted),
        _ => holds(operator, order_of_texts(&value, &wanted)),
    }
}

// Two dates compare as instants, so that `…00Z`, `…00.000Z` and an offset are the same moment.
fn order_of_texts(value: &str, wanted: &str) -> Ordering {
    match (instant(value), instant(wanted)) {
        (Some(value), Some(wanted)) => value.cmp(&wanted),
        _ => value.cmp(wanted),
    }
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    let looks_like_one =
        text.len() >= 20 && text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    looks_like_one.then(|| text.parse().ok()).flatten()
}

fn holds(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Equal => ordering.is_eq(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::StartsWith | Operator::Contains => false,
    }
}
