//! `String.*`. Positions count UTF-16 units, as Okta's do.

use std::borrow::Cow;

use serde_json::Value;

use super::error::Fault;
use super::functions::Arguments;

// Replacing and joining make more text out of little, as often as an argument is repeated: calls inside calls
// multiply. Everything else gives about as much as was put in.
const LONGEST: usize = 1 << 20;

type Answered = Result<Value, Fault>;

fn or_empty(text: Option<Cow<'_, str>>) -> Cow<'_, str> {
    text.unwrap_or_default()
}

pub(super) fn append(arguments: &Arguments<'_>) -> Answered {
    let (text, suffix) = (or_empty(arguments.text(0)?), or_empty(arguments.text(1)?));
    Ok(format!("{text}{suffix}").into())
}

pub(super) fn join(arguments: &Arguments<'_>) -> Answered {
    let separator = or_empty(arguments.text(0)?);
    let mut texts = Vec::new();
    for n in 1..arguments.len() {
        match arguments.get(n) {
            Value::Array(list) => texts.extend(list.iter().map(element)),
            _ => texts.push(or_empty(arguments.text(n)?)),
        }
    }
    let separators = texts.len().saturating_sub(1).saturating_mul(separator.len());
    check_length(texts.iter().map(|text| text.len()).fold(separators, usize::saturating_add))?;
    Ok(texts.join(&*separator).into())
}

fn check_length(bytes: usize) -> Result<(), Fault> {
    let problem = || Fault::kind(format!("the text would grow beyond {LONGEST} bytes"));
    if bytes > LONGEST { Err(problem()) } else { Ok(()) }
}

fn element(value: &Value) -> Cow<'_, str> {
    or_empty(super::values::text(value).filter(|_| !value.is_null()))
}

pub(super) fn len(arguments: &Arguments<'_>) -> Answered {
    Ok(or_empty(arguments.text(0)?).encode_utf16().count().into())
}

pub(super) fn remove_spaces(arguments: &Arguments<'_>) -> Answered {
    Ok(arguments.text(0)?.map(|text| text.replace(' ', "")).into())
}

pub(super) fn replace(arguments: &Arguments<'_>) -> Answered {
    replaced(arguments, usize::MAX)
}

pub(super) fn replace_first(arguments: &Arguments<'_>) -> Answered {
    replaced(arguments, 1)
}

fn replaced(arguments: &Arguments<'_>, most: usize) -> Answered {
    let (text, wanted, by) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let (Some(text), Some(wanted), Some(by)) = (&text, &wanted, &by) else {
        return Ok(text.map(Cow::into_owned).into());
    };
    if wanted.is_empty() {
        return Ok(text.to_string().into());
    }
    let found = text.matches(&**wanted).take(most).count();
    check_length(text.len().saturating_add(found.saturating_mul(by.len())))?;
    Ok(text.replacen(&**wanted, by, most).into())
}

pub(super) fn starts_with(arguments: &Arguments<'_>) -> Answered {
    let (text, start) = (arguments.text(0)?, arguments.text(1)?);
    Ok(text.zip(start).is_some_and(|(text, start)| text.starts_with(&*start)).into())
}

pub(super) fn contains(arguments: &Arguments<'_>) -> Answered {
    let (text, part) = (arguments.text(0)?, arguments.text(1)?);
    Ok(text.zip(part).is_some_and(|(text, part)| text.contains(&*part)).into())
}

pub(super) fn switch(arguments: &Arguments<'_>) -> Answered {
    if !arguments.len().is_multiple_of(2) {
        return Err(Fault::kind(
            "found a key without its value at the end of `String.stringSwitch`",
        ));
    }
    let text = arguments.text(0)?;
    let mut chosen = 1;
    for key in (2..arguments.len()).step_by(2) {
        let key_text = arguments.text(key)?;
        if text.as_ref().zip(key_text).is_some_and(|(text, key)| text.contains(&*key)) {
            chosen = key + 1;
            break;
        }
    }
    Ok(arguments.text(chosen)?.map(Cow::into_owned).into())
}

pub(super) fn substring(arguments: &Arguments<'_>) -> Answered {
    let (start, end) = (arguments.whole(1)?, arguments.whole(2)?);
    let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
    // Half of a surrogate pair is left out: it is no text.
    let mut place = 0;
    let inside = text.chars().filter(|letter| {
        let from = place;
        place += letter.len_utf16() as i128;
        start <= from && place <= end
    });
    Ok(inside.collect::<String>().into())
}

pub(super) fn after(arguments: &Arguments<'_>) -> Answered {
    let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
    let Some(wanted) = arguments.text(1)? else { return Ok("".into()) };
    Ok(text.split_once(&*wanted).map_or("", |(_, after)| after).into())
}

pub(super) fn before(arguments: &Arguments<'_>) -> Answered {
    let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
    let Some(wanted) = arguments.text(1)? else { return Ok(text.into()) };
    Ok(text.split_once(&*wanted).map_or(&*text, |(before, _)| before).into())
}

pub(super) fn upper(arguments: &Arguments<'_>) -> Answered {
    Ok(arguments.text(0)?.map(|text| text.to_uppercase()).into())
}

pub(super) fn lower(arguments: &Arguments<'_>) -> Answered {
    Ok(arguments.text(0)?.map(|text| text.to_lowercase()).into())
}
