//! What operators do with values.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::error::Fault;
use super::tree::Binary;

/// A whole number without loss, or one with a point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numeric {
    Whole(i128),
    Real(f64),
}

impl Numeric {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| number.as_f64().map(Self::Real))
    }

    /// The whole number, if it is one, however it is written.
    pub(super) fn whole(self) -> Option<i128> {
        match self {
            Self::Whole(whole) => Some(whole),
            // Beyond 2^100 nothing here is meaningful as a whole number.
            Self::Real(real) if real.fract() == 0.0 && real.abs() < 2f64.powi(100) => {
                Some(real as i128)
            }
            Self::Real(_) => None,
        }
    }

    pub(super) fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        match (self.whole(), other.whole()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => self.real().partial_cmp(&other.real()),
        }
    }

    pub(super) fn value(self) -> Result<Value, Fault> {
        let number = match self {
            Self::Whole(whole) => Number::from_i128(whole),
            Self::Real(real) => Number::from_f64(real),
        };
        number.map(Value::Number).ok_or_else(|| Fault::kind("the result is too large a number"))
    }
}

/// How a kind of value is named in errors, which never show the value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value as text: `null`, plain numbers, arrays joined by commas. An object has none.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => Some("null".into()),
        Value::Bool(true) => Some("true".into()),
        Value::Bool(false) => Some("false".into()),
        Value::Number(number) => Some(number_text(number).into()),
        Value::String(text) => Some(text.into()),
        Value::Array(list) => {
            let texts: Option<Vec<_>> = list.iter().map(text).collect();
            Some(texts?.join(",").into())
        }
        Value::Object(_) => None,
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(real) if real.fract() == 0.0 => format!("{real:.1}"),
        Some(real) => real.to_string(),
        None => number.to_string(),
    }
}

/// Numbers by value, everything else by kind and content.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => {
            let numbers = Numeric::of(left).zip(Numeric::of(right));
            numbers.is_some_and(|(left, right)| left.compare(right) == Some(Ordering::Equal))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| right.get(name).is_some_and(|r| equal(left, r)))
        }
        (left, right) => left == right,
    }
}

/// Numbers, or two texts; null is below everything.
pub(super) fn order(left: &Value, right: &Value) -> Result<Ordering, Fault> {
    match (left, right) {
        (Value::Null, Value::Null) => Ok(Ordering::Equal),
        (Value::Null, _) => Ok(Ordering::Less),
        (_, Value::Null) => Ok(Ordering::Greater),
        (Value::String(left), Value::String(right)) => {
            Ok(left.encode_utf16().cmp(right.encode_utf16()))
        }
        _ => {
            let numbers = Numeric::of(left).zip(Numeric::of(right));
            numbers.and_then(|(left, right)| left.compare(right)).ok_or_else(|| {
                Fault::kind(format!(
                    "found {} and {}, expected two numbers or two texts to compare",
                    kind(left),
                    kind(right)
                ))
            })
        }
    }
}

/// `+`: as text if one side is one, else as numbers.
pub(super) fn add<'a>(
    left: Cow<'a, Value>,
    right: &Value,
    prints_null: bool,
) -> Result<Cow<'a, Value>, Fault> {
    if !left.is_string() && !right.is_string() {
        return arithmetic(Binary::Add, &left, right).map(Cow::Owned);
    }
    if !prints_null && (left.is_null() || right.is_null()) {
        return Err(Fault::kind("found null, expected a text or a number to add to a text"));
    }
    let no_text = || Fault::kind("found an object, expected a text or a number to add to a text");
    let suffix = text(right).ok_or_else(no_text)?;
    let sum = match left {
        Cow::Owned(Value::String(mut start)) => {
            start.push_str(&suffix);
            start
        }
        left => {
            let start = text(&left).ok_or_else(no_text)?;
            let mut sum = String::with_capacity(start.len() + suffix.len() + 16);
            sum.push_str(&start);
            sum.push_str(&suffix);
            sum
        }
    };
    Ok(Cow::Owned(Value::String(sum)))
}

pub(super) fn arithmetic(operator: Binary, left: &Value, right: &Value) -> Result<Value, Fault> {
    let Some((left, right)) = Numeric::of(left).zip(Numeric::of(right)) else {
        return Err(Fault::kind(format!(
            "found {} and {}, expected two numbers for `{}`",
            kind(left),
            kind(right),
            operator.sign()
        )));
    };
    match (left, right) {
        (Numeric::Whole(left), Numeric::Whole(right)) => whole(operator, left, right),
        (left, right) => Numeric::Real(real(operator, left.real(), right.real())).value(),
    }
}

fn whole(operator: Binary, left: i128, right: i128) -> Result<Value, Fault> {
    let result = match operator {
        Binary::Add => left.checked_add(right),
        Binary::Subtract => left.checked_sub(right),
        Binary::Multiply => left.checked_mul(right),
        _ if right == 0 => return Err(Fault::kind("found a division by zero")),
        Binary::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    // Out of range for JSON as well.
    Numeric::Whole(result.unwrap_or(i128::MAX)).value()
}

fn real(operator: Binary, left: f64, right: f64) -> f64 {
    match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide => left / right,
        _ => left % right,
    }
}
