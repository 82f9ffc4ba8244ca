//! Cursors of RFC 9865: opaque, safe in a URL, and good for one query only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scim_types::{Error, ScimType};

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) generation: u64,
    pub(super) issued: i64,
    /// Which listing it belongs to.
    pub(super) query: u64,
    pub(super) count: i64,
    /// The last resource that was shown, and how many were.
    pub(super) last: u64,
    pub(super) shown: u64,
}

impl Cursor {
    pub(super) fn encode(&self) -> String {
        let Self { generation, issued, query, count, last, shown } = self;
        let text = format!("{generation}.{issued}.{query}.{count}.{last}.{shown}");
        URL_SAFE_NO_PAD.encode(format!("{text}.{}", digest(&text)))
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (text, sum) = text.rsplit_once('.')?;
        if sum.parse() != Ok(digest(&text)) {
            return None;
        }
        let mut parts = text.split('.');
        let mut unsigned = || parts.next()?.parse().ok();
        let (generation, issued, query) = (unsigned()?, unsigned()?, unsigned()?);
        let (count, last, shown) = (unsigned()?, unsigned()?, unsigned()?);
        Some(Self {
            generation,
            issued: i64::try_from(issued).ok()?,
            query,
            count: i64::try_from(count).ok()?,
            last,
            shown,
        })
    }

    /// Reads a cursor that a listing goes on with.
    pub(super) fn check(
        text: &str,
        query: u64,
        count: Option<i64>,
        generation: u64,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        let cursor = Self::decode(text).filter(|cursor| cursor.query == query);
        let Some(cursor) = cursor else {
            let detail = "the cursor is none of this listing: start again without it";
            return Err(Error::of_type(ScimType::InvalidCursor, detail));
        };
        let age = jiff::Timestamp::now().as_second() - cursor.issued;
        let is_old = timeout.is_some_and(|most| age > most.as_secs() as i64);
        if cursor.generation != generation || is_old {
            let detail = "the cursor has expired: start again without it";
            return Err(Error::of_type(ScimType::ExpiredCursor, detail));
        }
        if count.is_some_and(|count| count != cursor.count) {
            let detail = format!("count was {} when the listing began", cursor.count);
            return Err(Error::of_type(ScimType::InvalidCount, detail));
        }
        Ok(cursor)
    }
}

pub(super) fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_a_changed_one_does_not() {
        let cursor = Cursor {
            generation: 1,
            issued: 1_700_000_000,
            query: u64::MAX,
            count: 5,
            last: 9,
            shown: 10,
        };
        let text = cursor.encode();
        assert!(
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{text}"
        );
        assert_eq!(Cursor::decode(&text), Some(cursor));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Cursor::decode(&String::from_utf8(changed).unwrap()), None, "byte {at}");
        }
        assert_eq!(Cursor::decode(""), None);
    }
}
