use serde_json::{Map, Value};

use crate::read::member;

#[derive(Clone, Copy, PartialEq)]
enum Primary {
    Ignored,
    FalseIsAbsent,
    IsAValue,
}

/// Whether two values are the same but for how nothing is written: `null`, `[]` and `{}` equal an
/// absent member, and so does `primary: false`; names have no case, lists have no order.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    same_when(a, b, Primary::FalseIsAbsent)
}

/// As [`same`], but `primary: false` is a value.
pub(crate) fn same_values(a: &Value, b: &Value) -> bool {
    same_when(a, b, Primary::IsAValue)
}

/// As [`same`], whichever of the two is primary.
pub(crate) fn same_but_primary(a: &Value, b: &Value) -> bool {
    same_when(a, b, Primary::Ignored)
}

fn same_when(a: &Value, b: &Value, primary: Primary) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => covers(a, b, primary) && covers(b, a, primary),
        (Value::Array(a), Value::Array(b)) => same_lists(a, b, primary),
        _ if is_unassigned(a) || is_unassigned(b) => is_unassigned(a) && is_unassigned(b),
        _ => a == b,
    }
}

fn covers(a: &Map<String, Value>, b: &Map<String, Value>, primary: Primary) -> bool {
    a.iter().all(|(name, value)| {
        let is_absent = |value: &Value| {
            is_unassigned(value)
                || match primary {
                    Primary::IsAValue => false,
                    Primary::FalseIsAbsent => *value == Value::Bool(false) && is_primary(name),
                    Primary::Ignored => is_primary(name),
                }
        };
        match member(b, name) {
            Some(other) => same_when(value, other, primary) || is_absent(value) && is_absent(other),
            None => is_absent(value),
        }
    })
}

fn is_primary(name: &str) -> bool {
    name.eq_ignore_ascii_case("primary")
}

fn same_lists<'a>(a: &'a [Value], b: &'a [Value], primary: Primary) -> bool {
    let given = |list: &'a [Value]| list.iter().filter(|value| !is_unassigned(value));
    let mut left: Vec<&Value> = given(b).collect();
    let all_found = given(a).all(|value| {
        let found = left.iter().position(|other| same_when(value, other, primary));
        found.map(|at| left.swap_remove(at)).is_some()
    });
    all_found && left.is_empty()
}

pub(crate) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().all(is_unassigned),
        Value::Object(object) => object.values().all(is_unassigned),
        _ => false,
    }
}
