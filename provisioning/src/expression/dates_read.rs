//! Reading a text by one of Joda's date patterns.

use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Time, Weekday};
use jiff::tz::{Offset, TimeZone};

use super::dates::{Item, MONTHS, WEEKDAYS, items};
use super::error::Fault;

/// The time that a text says; `this_year` decides the century of two digits.
pub(super) fn read(pattern: &str, text: &str, this_year: i16) -> Result<Timestamp, Fault> {
    let items = items(pattern)?;
    readable(&items)?;
    let no_match = || Fault::kind("found a text that does not fit its date pattern");
    let mut reader =
        Reader { rest: text, found: Found::default(), pivot: i32::from(this_year) - 30 };
    for (n, item) in items.iter().enumerate() {
        let digits_follow = items.get(n + 1).is_some_and(Item::is_numeric);
        reader.item(item, digits_follow).ok_or_else(no_match)?;
    }
    if !reader.rest.is_empty() {
        return Err(no_match());
    }
    reader.found.time().ok_or_else(|| Fault::kind("found a date that does not exist"))
}

/// Refuses what can be written and not read.
pub(super) fn readable(items: &[Item]) -> Result<(), Fault> {
    let refused = |item: &Item| match item {
        Item::Field('C', _) => Some("C"),
        Item::Field('Z', 3..) => Some("ZZZ"),
        _ => None,
    };
    items.iter().find_map(refused).map_or(Ok(()), |letters| {
        Err(Fault::unsupported(format!("`{letters}` in a date pattern can be written, not read")))
    })
}

#[derive(Debug, Default)]
struct Found {
    before_christ: bool,
    year: Option<i32>,
    week_year: Option<i32>,
    week: Option<i32>,
    weekday: Option<i32>,
    day_of_year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    afternoon: bool,
    half_day_hour: Option<i32>,
    hour: Option<i32>,
    minute: i32,
    second: i32,
    nanosecond: i32,
    offset: i32,
}

impl Found {
    fn time(&self) -> Option<Timestamp> {
        let hour = match (self.hour, self.half_day_hour) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour + if self.afternoon { 12 } else { 0 },
            (None, None) => 0,
        };
        let [hour, minute, second] = [hour, self.minute, self.second].map(|n| i8::try_from(n).ok());
        let time = Time::new(hour?, minute?, second?, self.nanosecond).ok()?;
        let zone = TimeZone::fixed(Offset::from_seconds(self.offset).ok()?);
        self.date()?.to_datetime(time).to_zoned(zone).ok().map(|time| time.timestamp())
    }

    // What is not given is as on 1970-01-01, but for the year of a day and month: that is 2000.
    fn date(&self) -> Option<Date> {
        if self.week_year.is_some() || self.week.is_some() {
            return self.week_date();
        }
        let default = if self.month.is_some() || self.day.is_some() { 2000 } else { 1970 };
        let year = self.year.unwrap_or(default);
        let year = i16::try_from(if self.before_christ { 1 - year } else { year }).ok()?;
        if let Some(day) = self.day_of_year {
            let first = Date::new(year, 1, 1).ok()?;
            return first.with().day_of_year(i16::try_from(day).ok()?).build().ok();
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn week_date(&self) -> Option<Date> {
        let year = i16::try_from(self.week_year.or(self.year).unwrap_or(1970)).ok()?;
        let week = i8::try_from(self.week.unwrap_or(1)).ok()?;
        let weekday = i8::try_from(self.weekday.unwrap_or(1)).ok()?;
        let weekday = Weekday::from_monday_one_offset(weekday).ok()?;
        ISOWeekDate::new(year, week, weekday).ok().map(|date| date.date())
    }
}

struct Reader<'a> {
    rest: &'a str,
    found: Found,
    pivot: i32,
}

impl Reader<'_> {
    fn item(&mut self, item: &Item, digits_follow: bool) -> Option<()> {
        match item {
            Item::Text(text) => {
                let start = self.rest.get(..text.len())?;
                start.eq_ignore_ascii_case(text).then(|| self.rest = &self.rest[text.len()..])
            }
            Item::Field(letter, count) => self.field(*letter, *count, digits_follow),
        }
    }

    fn field(&mut self, letter: char, count: usize, digits_follow: bool) -> Option<()> {
        match letter {
            'G' => self.found.before_christ = self.name(&["AD", "BC"], 2)? == 1,
            'y' | 'Y' => self.found.year = Some(self.year(count, digits_follow)?),
            'x' => self.found.week_year = Some(self.year(count, digits_follow)?),
            'w' => self.found.week = Some(self.number(2)?),
            'e' => self.found.weekday = Some(self.number(1)?),
            'E' => self.found.weekday = Some(self.name(&WEEKDAYS, 3)? + 1),
            'D' => self.found.day_of_year = Some(self.number(3)?),
            'M' if count > 2 => self.found.month = Some(self.name(&MONTHS, 3)? + 1),
            'M' => self.found.month = Some(self.number(2)?),
            'd' => self.found.day = Some(self.number(2)?),
            'a' => self.found.afternoon = self.name(&["AM", "PM"], 2)? == 1,
            'K' => self.found.half_day_hour = Some(self.number(2).filter(|hour| *hour < 12)?),
            'h' => {
                let hour = self.number(2).filter(|hour| (1..=12).contains(hour))?;
                self.found.half_day_hour = Some(hour % 12);
            }
            'H' => self.found.hour = Some(self.number(2)?),
            'k' => {
                self.found.hour = Some(self.number(2).filter(|hour| (1..=24).contains(hour))? % 24)
            }
            'm' => self.found.minute = self.number(2)?,
            's' => self.found.second = self.number(2)?,
            'S' => self.found.nanosecond = self.fraction(count)?,
            _ => self.found.offset = self.offset()?,
        }
        Some(())
    }

    fn digits(&mut self, most: usize) -> Option<&str> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        (length > 0).then_some(digits)
    }

    fn number(&mut self, most: usize) -> Option<i32> {
        self.digits(most)?.parse().ok()
    }

    // Two digits are the year nearest to thirty years ago.
    fn year(&mut self, count: usize, digits_follow: bool) -> Option<i32> {
        let negative = self.rest.starts_with('-');
        let signed = negative || self.rest.starts_with('+');
        self.rest = &self.rest[usize::from(signed)..];
        let digits = self.digits(if digits_follow { count } else { 9 })?;
        let (length, year) = (digits.len(), digits.parse::<i32>().ok()?);
        if count == 2 && length == 2 && !signed {
            let first = self.pivot - 50;
            return Some(first + (year - first).rem_euclid(100));
        }
        Some(if negative { -year } else { year })
    }

    fn fraction(&mut self, most: usize) -> Option<i32> {
        let digits = self.digits(most)?;
        let nine: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
        nine.parse().ok()
    }

    // In full, or its first letters.
    fn name(&mut self, names: &[&str], short: usize) -> Option<i32> {
        let starts = |name: &str| {
            self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        let place = names.iter().position(|name| starts(&name[..short]))?;
        let length = if starts(names[place]) { names[place].len() } else { short };
        self.rest = &self.rest[length..];
        i32::try_from(place).ok()
    }

    fn offset(&mut self) -> Option<i32> {
        if let Some(rest) = self.rest.strip_prefix(['Z', 'z']) {
            self.rest = rest;
            return Some(0);
        }
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.rest = self.rest.strip_prefix(['+', '-'])?;
        let hours = self.number(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = self.number(2).unwrap_or(0);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}
