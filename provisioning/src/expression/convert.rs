//! `Convert.*` and `Iso3166Convert.*`.

use rust_iso3166::CountryCode;
use serde_json::Value;

use super::error::Fault;
use super::functions::Arguments;
use super::values::Numeric;

type Answered = Result<Value, Fault>;

pub(super) fn to_int(arguments: &Arguments<'_>) -> Answered {
    let whole = match (arguments.get(0), Numeric::of(arguments.get(0))) {
        (_, Some(Numeric::Whole(whole))) => Some(whole),
        (_, Some(Numeric::Real(real))) => Numeric::Real(half_up(real)).whole(),
        (Value::String(digits), _) => digits.parse().ok(),
        _ => return Err(arguments.fault(0, "a text of digits or a number")),
    };
    let whole =
        whole.ok_or_else(|| Fault::kind("found no whole number to convert, expected digits"))?;
    match i32::try_from(whole) {
        Ok(whole) => Ok(whole.into()),
        Err(_) => Err(Fault::kind(format!(
            "found a number beyond 32 bits, expected at most {}",
            i32::MAX
        ))),
    }
}

fn half_up(real: f64) -> f64 {
    let floor = real.floor();
    if real - floor >= 0.5 { floor + 1.0 } else { floor }
}

pub(super) fn to_num(arguments: &Arguments<'_>) -> Answered {
    let number = match arguments.get(0) {
        number @ Value::Number(_) => return Ok(number.clone()),
        // The standard library would read `inf` and `nan` as well.
        Value::String(text)
            if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) =>
        {
            text.parse().ok()
        }
        Value::String(_) => None,
        _ => return Err(arguments.fault(0, "a text with a number")),
    };
    let number =
        number.ok_or_else(|| Fault::kind("found a text that is no number, such as 3.141"))?;
    Numeric::Real(number).value()
}

pub(super) fn to_alpha2(arguments: &Arguments<'_>) -> Answered {
    Ok(country(arguments)?.map(|country| country.alpha2).into())
}

pub(super) fn to_alpha3(arguments: &Arguments<'_>) -> Answered {
    Ok(country(arguments)?.map(|country| country.alpha3).into())
}

pub(super) fn to_numeric(arguments: &Arguments<'_>) -> Answered {
    Ok(country(arguments)?.map(|country| format!("{:03}", country.numeric)).into())
}

pub(super) fn to_name(arguments: &Arguments<'_>) -> Answered {
    Ok(country(arguments)?.map(|country| country.name).into())
}

// Two letters, three letters or up to three digits: the form says which code it is.
fn country(arguments: &Arguments<'_>) -> Result<Option<CountryCode>, Fault> {
    let Some(code) = arguments.text(0)? else { return Ok(None) };
    let letters = code.bytes().all(|b| b.is_ascii_alphabetic());
    let upper = code.to_ascii_uppercase();
    let country = match code.len() {
        2 if letters => rust_iso3166::from_alpha2(&upper),
        3 if letters => rust_iso3166::from_alpha3(&upper),
        1..=3 if code.bytes().all(|b| b.is_ascii_digit()) => {
            code.parse().ok().and_then(rust_iso3166::from_numeric)
        }
        _ => None,
    };
    country
        .map(Some)
        .ok_or_else(|| Fault::kind("found no country code, expected such as IN, IND or 356"))
}
