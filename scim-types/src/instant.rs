use jiff::civil::DateTime as Civil;
use jiff::{Timestamp, tz::TimeZone};

/// The instant an `xsd:dateTime` names; without a zone it is read as UTC, as Okta's samples need.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    if !text.as_bytes().get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let without_zone = || text.parse::<Civil>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| without_zone().map(|zoned| zoned.timestamp()))
}
