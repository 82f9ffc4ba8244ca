//! `Arrays.*`. Each takes a comma-separated text for an array.

use std::borrow::Cow;

use serde_json::Value;

use super::error::Fault;
use super::functions::{Arguments, parts};
use super::values::{self, equal};

type Answered = Result<Value, Fault>;

fn or_empty<'a>(arguments: &'a Arguments<'_>) -> Result<Cow<'a, [Value]>, Fault> {
    Ok(arguments.list(0)?.unwrap_or_default())
}

pub(super) fn add(arguments: &Arguments<'_>) -> Answered {
    let mut list = or_empty(arguments)?.into_owned();
    list.push(arguments.get(1).clone());
    Ok(list.into())
}

pub(super) fn remove(arguments: &Arguments<'_>) -> Answered {
    let mut list = or_empty(arguments)?.into_owned();
    list.retain(|element| !equal(element, arguments.get(1)));
    Ok(list.into())
}

pub(super) fn clear(arguments: &Arguments<'_>) -> Answered {
    or_empty(arguments).map(|_| Value::Array(Vec::new()))
}

pub(super) fn get(arguments: &Arguments<'_>) -> Answered {
    let (list, place) = (or_empty(arguments)?, arguments.whole(1)?);
    let found = usize::try_from(place).ok().and_then(|place| list.get(place));
    found.cloned().ok_or_else(|| {
        let size = list.len();
        Fault::kind(format!("found position {place}, expected less than {size}, the array's size"))
    })
}

pub(super) fn flatten(arguments: &Arguments<'_>) -> Answered {
    let mut flat = Vec::new();
    for n in 0..arguments.len() {
        match arguments.get(n) {
            Value::Null => {
                return Err(arguments.fault(n, "a value: guard it with `x != null ? x : {}`"));
            }
            Value::String(text) if text.is_empty() => {
                return Err(Fault::kind(format!(
                    "found an empty text as argument {} of `Arrays.flatten`, expected a value",
                    n + 1
                )));
            }
            Value::String(text) => flat.extend(parts(text)),
            value => spread(value, &mut flat),
        }
    }
    Ok(flat.into())
}

fn spread(value: &Value, flat: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|element| spread(element, flat)),
        value => flat.push(value.clone()),
    }
}

pub(super) fn contains(arguments: &Arguments<'_>) -> Answered {
    Ok(or_empty(arguments)?.iter().any(|element| equal(element, arguments.get(1))).into())
}

pub(super) fn size(arguments: &Arguments<'_>) -> Answered {
    Ok(or_empty(arguments)?.len().into())
}

pub(super) fn is_empty(arguments: &Arguments<'_>) -> Answered {
    Ok(or_empty(arguments)?.is_empty().into())
}

pub(super) fn to_csv(arguments: &Arguments<'_>) -> Answered {
    let Some(list) = arguments.list(0)? else { return Ok(Value::Null) };
    let texts: Option<Vec<_>> = list.iter().map(values::text).collect();
    let texts = texts
        .ok_or_else(|| Fault::kind("found an object in an array, expected texts and numbers"))?;
    Ok(texts.join(",").into())
}
