//! `Time.*`: texts in, texts out, milliseconds.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::dates;
use super::error::Fault;
use super::functions::Arguments;

const ISO: &str = "yyyy-MM-dd'T'HH:mm:ss.SSS";
// From 1601, where Windows begins, to 1970.
const WINDOWS_TO_UNIX_MS: i64 = 11_644_473_600_000;
const TICKS_PER_MS: i64 = 10_000;

type Answered = Result<Value, Fault>;

pub(super) fn from_windows(arguments: &Arguments<'_>) -> Answered {
    iso(digits(arguments)?.div_euclid(TICKS_PER_MS).checked_sub(WINDOWS_TO_UNIX_MS))
}

pub(super) fn from_unix(arguments: &Arguments<'_>) -> Answered {
    iso(Some(digits(arguments)?))
}

pub(super) fn to_unix(arguments: &Arguments<'_>) -> Answered {
    Ok(instant(arguments)?.as_millisecond().to_string().into())
}

pub(super) fn to_windows(arguments: &Arguments<'_>) -> Answered {
    let milliseconds = instant(arguments)?.as_millisecond() + WINDOWS_TO_UNIX_MS;
    Ok((milliseconds * TICKS_PER_MS).to_string().into())
}

pub(super) fn to_text(arguments: &Arguments<'_>) -> Answered {
    let time = instant(arguments)?.to_zoned(TimeZone::UTC);
    dates::format(&arguments.required_text(1)?, &time).map(Value::from)
}

pub(super) fn from_text(arguments: &Arguments<'_>, now: Timestamp) -> Answered {
    let (text, pattern) = (arguments.required_text(0)?, arguments.required_text(1)?);
    let year = now.to_zoned(TimeZone::UTC).year();
    iso(Some(dates::read(&pattern, &text, year)?.as_millisecond()))
}

pub(super) fn now(arguments: &Arguments<'_>, now: Timestamp) -> Answered {
    let zone = match arguments.text(0)? {
        None => TimeZone::UTC,
        Some(name) if name == "UTC" || name == "Z" => TimeZone::UTC,
        Some(name) => TimeZone::get(&name).map_err(|_| {
            let problem =
                "found a time zone that is not known, expected a name such as Europe/Paris";
            Fault::kind(problem)
        })?,
    };
    let time = now.to_zoned(zone);
    let text = match arguments.text(1)? {
        Some(pattern) => dates::format(&pattern, &time),
        None => zoned_iso(&time),
    };
    text.map(Value::from)
}

fn zoned_iso(time: &Zoned) -> Result<String, Fault> {
    if time.offset().is_zero() {
        return dates::format(ISO, time).map(|text| text + "Z");
    }
    dates::format(ISO, time).and_then(|text| Ok(text + &dates::format("ZZ", time)?))
}

fn digits(arguments: &Arguments<'_>) -> Result<i64, Fault> {
    let text: Cow<'_, str> = arguments.required_text(0)?;
    text.parse().map_err(|_| Fault::kind("found a text that is no timestamp, expected digits"))
}

fn iso(milliseconds: Option<i64>) -> Answered {
    let time = milliseconds.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    let time = time.ok_or_else(|| {
        Fault::kind("found a time outside the years up to 9999: test for `never` before converting")
    })?;
    zoned_iso(&time.to_zoned(TimeZone::UTC)).map(Value::from)
}

// Without an offset it is in UTC.
fn instant(arguments: &Arguments<'_>) -> Result<Timestamp, Fault> {
    let text = arguments.required_text(0)?;
    let exact = text.parse::<Timestamp>().ok();
    let civil =
        || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    exact.or_else(civil).ok_or_else(|| {
        Fault::kind(
            "found a text that is no time in ISO 8601, expected such as 2015-07-31T17:18:37.979Z",
        )
    })
}
