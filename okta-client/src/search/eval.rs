use std::borrow::Cow;
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
        let any = |path: &str, test: &Test<'_>| values_at(resource, path).into_iter().any(test);
        self.node.holds(&any, letters)
    }

    /// Whether whoever has these values meets the condition: `value_of` is asked for the attributes
    /// that decide, by their paths, and for no others.
    pub fn matches_by<'v>(
        &self,
        letters: Letters,
        value_of: impl Fn(&str) -> Cow<'v, Value>,
    ) -> bool {
        let any = |path: &str, test: &Test<'_>| match &*value_of(path) {
            Value::Array(items) => items.iter().any(test),
            other => test(other),
        };
        self.node.holds(&any, letters)
    }

    /// Those who can meet the condition, as far as an index knows: `find` gives who has a value at a
    /// path, or none if it has no index for it. None if everybody has to be looked at.
    pub fn narrowed_by<T>(
        &self,
        mut find: impl FnMut(&str, &Literal) -> Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        self.node.narrowed_by(&mut find)
    }
}

type Test<'a> = dyn Fn(&Value) -> bool + 'a;

impl Node {
    // `any` says whether a value at the path passes the test.
    fn holds(&self, any: &dyn Fn(&str, &Test<'_>) -> bool, letters: Letters) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(any, letters)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(any, letters)),
            Self::Present(path) => any(path, &is_present),
            Self::Compare(path, operator, literal) => {
                any(path, &|value| compare(value, *operator, literal, letters))
            }
        }
    }

    fn narrowed_by<T>(
        &self,
        find: &mut impl FnMut(&str, &Literal) -> Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        match self {
            Self::Compare(path, Operator::Equal, literal) => find(path, literal),
            Self::Compare(..) | Self::Present(_) => None,
            Self::And(parts) => parts.iter().find_map(|part| part.narrowed_by(find)),
            Self::Or(parts) => {
                let each = parts.iter().map(|part| part.narrowed_by(find));
                each.collect::<Option<Vec<_>>>().map(|each| each.into_iter().flatten().collect())
            }
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
