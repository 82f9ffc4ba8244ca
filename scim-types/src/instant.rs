use jiff::civil::DateTime as Civil;
use jiff::{Timestamp, tz::TimeZone};

/// The instant an `xsd:dateTime` names; without a zone it is read as UTC, as Okta's samples need.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    if !text.as_bytes().get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let without_zone = || text.parse::<Civil>().ok()?.to_zoned(TimeZone::UTC).ok();
    plain(text.as_bytes())
        .or_else(|| text.parse().ok())
        .or_else(|| without_zone().map(|zoned| zoned.timestamp()))
}

// `2026-01-31T00:00:00Z`, which nearly every server writes: filters read it in every resource. The
// last days of a month and leap seconds are left to the full reader.
fn plain(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let marks = [text[4], text[7], text[10], text[13], text[16], text[19]];
    if marks != *b"--T::Z" {
        return None;
    }
    let at = |first: usize| -> Option<i64> {
        let (tens, ones) = (text[first].wrapping_sub(b'0'), text[first + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
    };
    let (year, month, day) = (at(0)? * 100 + at(2)?, at(5)?, at(8)?);
    let (hour, minute, second) = (at(11)?, at(14)?, at(17)?);
    let is_plain = (1..=12).contains(&month) && (1..=28).contains(&day);
    if !is_plain || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years begin in March, so that the leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_TO_1970;
    Timestamp::from_second(((days * 24 + hour) * 60 + minute) * 60 + second).ok()
}

// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_reader_agrees_with_the_full_one() {
        for year in [0, 1, 4, 1582, 1600, 1900, 1969, 1970, 2000, 2024, 2026, 2100, 9999] {
            for month in 1..=12 {
                for day in [1, 2, 27, 28] {
                    let text = format!("{year:04}-{month:02}-{day:02}T23:05:59Z");
                    assert_eq!(plain(text.as_bytes()), text.parse().ok(), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        let wrong = [
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-1-001T00:00:00Z",
            "2026-01-0:T00:00:00Z",
            "",
            "soon",
        ];
        wrong.iter().for_each(|text| assert_eq!(instant(text), None, "{text}"));
        assert_eq!(instant("2026-01-31T01:00:00+01:00"), instant("2026-01-31T00:00:00Z"));
        assert_eq!(instant("2026-01-31T00:00:00.000"), instant("2026-01-31T00:00:00Z"));
    }
}
