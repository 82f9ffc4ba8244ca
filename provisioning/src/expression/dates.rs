//! Joda's date patterns, in English.

use jiff::Zoned;

use super::dates_read;
use super::error::Fault;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A part of a pattern: a letter and how often it stands there, or text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Field(char, usize),
    Text(String),
}

impl Item {
    /// Whether it is written in digits, so that the field before it must know where to stop.
    pub(super) fn is_numeric(&self) -> bool {
        match self {
            Self::Field('M', count) => *count < 3,
            Self::Field(letter, _) => "CYxwdeyDKhHkmsS".contains(*letter),
            Self::Text(_) => false,
        }
    }
}

pub(super) use dates_read::read;

pub(super) fn check(pattern: &str) -> Result<(), Fault> {
    items(pattern).map(drop)
}

pub(super) fn check_readable(pattern: &str) -> Result<(), Fault> {
    dates_read::readable(&items(pattern)?)
}

pub(super) fn items(pattern: &str) -> Result<Vec<Item>, Fault> {
    let mut items = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c| c != first).unwrap_or(rest.len());
        if first.is_ascii_alphabetic() {
            items.push(field(first, length)?);
            rest = &rest[length..];
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            rest = push_quoted(quoted, &mut items);
        } else {
            items.push(Item::Text(rest[..length].into()));
            rest = &rest[length..];
        }
    }
    Ok(items)
}

fn field(letter: char, count: usize) -> Result<Item, Fault> {
    match letter {
        // Joda itself has no limit; nobody writes a longer one on purpose.
        _ if count > 20 => Err(Fault::kind(format!(
            "found {count} times `{letter}` in a date pattern, expected at most 20"
        ))),
        'z' => Err(Fault::unsupported(
            "names of time zones, `z` in a date pattern, are not supported: use `ZZ`",
        )),
        letter if "GCYxweEyDMdaKhHkmsSZ".contains(letter) => Ok(Item::Field(letter, count)),
        letter => Err(Fault::kind(format!(
            "`{letter}` means nothing in a date pattern; quote text as 'text'"
        ))),
    }
}

// A doubled quote is one quote, inside and outside of quotes.
fn push_quoted<'a>(quoted: &'a str, items: &mut Vec<Item>) -> &'a str {
    if let Some(rest) = quoted.strip_prefix('\'') {
        items.push(Item::Text("'".into()));
        return rest;
    }
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('\'').unwrap_or(rest.len());
        text.push_str(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        match rest.strip_prefix('\'') {
            Some(after) => {
                text.push('\'');
                rest = after;
            }
            None => {
                items.push(Item::Text(text));
                return rest;
            }
        }
    }
}

/// A time as the pattern says.
pub(super) fn format(pattern: &str, time: &Zoned) -> Result<String, Fault> {
    let mut text = String::new();
    for item in items(pattern)? {
        match item {
            Item::Text(literal) => text.push_str(&literal),
            Item::Field(letter, count) => text.push_str(&formatted(letter, count, time)),
        }
    }
    Ok(text)
}

fn formatted(letter: char, count: usize, time: &Zoned) -> String {
    let year = i32::from(time.year());
    let era_year = if year > 0 { year } else { 1 - year };
    let hour = i32::from(time.hour());
    let week = time.date().iso_week_date();
    let number = |number: i32| padded(number, count);
    match letter {
        'G' => (if year > 0 { "AD" } else { "BC" }).into(),
        'C' => number(era_year / 100),
        'Y' => padded_year(era_year, count),
        'y' => padded_year(year, count),
        'x' => padded_year(i32::from(week.year()), count),
        'w' => number(i32::from(week.week())),
        'e' => number(i32::from(week.weekday().to_monday_one_offset())),
        'E' => named(
            &WEEKDAYS,
            usize::from(week.weekday().to_monday_zero_offset().unsigned_abs()),
            count,
        ),
        'D' => number(i32::from(time.day_of_year())),
        'M' if count > 2 => named(&MONTHS, usize::from(time.month().unsigned_abs()) - 1, count),
        'M' => number(i32::from(time.month())),
        'd' => number(i32::from(time.day())),
        'a' => (if hour < 12 { "AM" } else { "PM" }).into(),
        'K' => number(hour % 12),
        'h' => number(if hour % 12 == 0 { 12 } else { hour % 12 }),
        'H' => number(hour),
        'k' => number(if hour == 0 { 24 } else { hour }),
        'm' => number(i32::from(time.minute())),
        's' => number(i32::from(time.second())),
        'S' => fraction(i32::from(time.millisecond()), count),
        _ => offset(count, time),
    }
}

fn padded(number: i32, count: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:0count$}", number.unsigned_abs())
}

fn padded_year(year: i32, count: usize) -> String {
    if count == 2 { format!("{:02}", year.rem_euclid(100)) } else { padded(year, count) }
}

fn named(names: &[&str], place: usize, count: usize) -> String {
    let name = names.get(place).copied().unwrap_or_default();
    if count > 3 { name.into() } else { name[..3].into() }
}

fn fraction(milliseconds: i32, count: usize) -> String {
    let mut digits = format!("{milliseconds:03}");
    digits.extend(std::iter::repeat_n('0', count.saturating_sub(3)));
    digits.truncate(count);
    digits
}

fn offset(count: usize, time: &Zoned) -> String {
    let seconds = time.offset().seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    match count {
        1 => format!("{sign}{hours:02}{minutes:02}"),
        2 => format!("{sign}{hours:02}:{minutes:02}"),
        _ => time.time_zone().iana_name().unwrap_or("UTC").into(),
    }
}
