//! The credential that an attempt carried, found again in whatever form a server quotes it: escaped,
//! percent-encoded, in another case, or in part.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue};

/// So many of its bytes in a row give a credential away.
const WINDOW: usize = 8;

/// Shorter credentials stand in texts by chance, and are none outside of tests.
const SHORTEST: usize = 4;

/// What stands between two parts of a credential is, if it is no longer than this, a part as well:
/// escaped in a way that is not known here.
const GAP: usize = 6;

const MARK: &str = "[credential]";

/// What must be in no text that goes into an error.
pub(crate) struct Secrets {
    windows: HashSet<[u8; WINDOW]>,
    short: Vec<Vec<u8>>,
}

/// One byte of a text as it is meant, and where it is written.
struct Unit {
    byte: u8,
    at: Range<usize>,
}

impl Secrets {
    /// Those of an attempt with these headers: of the ones marked sensitive, all but the scheme.
    pub(crate) fn of(sent: &HeaderMap) -> Self {
        let mut secrets = Self { windows: HashSet::new(), short: Vec::new() };
        for value in sent.values().filter(|value| value.is_sensitive()) {
            let text = String::from_utf8_lossy(value.as_bytes());
            let (scheme, secret) = text.trim().split_once(' ').unwrap_or(("", text.trim()));
            secrets.add(secret.trim());
            if scheme.eq_ignore_ascii_case("Basic") {
                secrets.add_password(secret.trim());
            }
        }
        secrets
    }

    fn add(&mut self, secret: &str) {
        let bytes: Vec<u8> = units(secret).into_iter().map(|unit| unit.byte).collect();
        match bytes.len() {
            0..SHORTEST => {}
            SHORTEST..WINDOW => self.short.push(bytes),
            _ => self.windows.extend(bytes.windows(WINDOW).filter_map(window)),
        }
    }

    fn add_password(&mut self, pair: &str) {
        let pair = BASE64_STANDARD.decode(pair).unwrap_or_default();
        if let Some((_, password)) = String::from_utf8_lossy(&pair).split_once(':') {
            self.add(password);
        }
    }

    /// The text without them.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.windows.is_empty() && self.short.is_empty() {
            return Cow::Borrowed(text);
        }
        let found = self.find(&units(text));
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut clean, mut rest) = (String::with_capacity(text.len()), 0);
        for place in found {
            clean.push_str(&text[rest..place.start]);
            clean.push_str(MARK);
            rest = place.end;
        }
        clean.push_str(&text[rest..]);
        Cow::Owned(clean)
    }

    /// A body without them, and the same bytes when it holds none.
    pub(crate) fn redact_bytes<'t>(&self, body: &'t [u8]) -> Cow<'t, [u8]> {
        match String::from_utf8_lossy(body) {
            Cow::Borrowed(text) => match self.redact(text) {
                Cow::Borrowed(_) => Cow::Borrowed(body),
                Cow::Owned(clean) => Cow::Owned(clean.into_bytes()),
            },
            Cow::Owned(text) => Cow::Owned(self.redact(&text).into_owned().into_bytes()),
        }
    }

    /// Headers without them: an error may quote a challenge.
    pub(crate) fn redact_headers(&self, headers: &HeaderMap) -> HeaderMap {
        let mut clean = headers.clone();
        for value in clean.values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if let Cow::Owned(redacted) = self.redact(&text) {
                *value = HeaderValue::try_from(redacted)
                    .unwrap_or_else(|_| HeaderValue::from_static(MARK));
            }
        }
        clean
    }

    /// Where they stand, in order, none overlapping.
    fn find(&self, units: &[Unit]) -> Vec<Range<usize>> {
        let windows = units.windows(WINDOW).filter_map(|some| {
            let bytes: [u8; WINDOW] = std::array::from_fn(|n| some[n].byte.to_ascii_lowercase());
            self.windows.contains(&bytes).then(|| some[0].at.start..some[WINDOW - 1].at.end)
        });
        let short = self.short.iter().flat_map(|secret| alone(units, secret));
        let mut found: Vec<Range<usize>> = windows.chain(short).collect();
        found.sort_unstable_by_key(|place| place.start);
        let mut joined: Vec<Range<usize>> = Vec::new();
        for place in found {
            match joined.last_mut() {
                Some(last) if place.start <= last.end + GAP => last.end = last.end.max(place.end),
                _ => joined.push(place),
            }
        }
        joined
    }
}

fn window(bytes: &[u8]) -> Option<[u8; WINDOW]> {
    bytes.to_ascii_lowercase().try_into().ok()
}

/// Where a short secret stands as a word of its own.
fn alone(units: &[Unit], secret: &[u8]) -> Vec<Range<usize>> {
    let is_word = |at: Option<usize>| {
        at.and_then(|at| units.get(at)).is_some_and(|unit| unit.byte.is_ascii_alphanumeric())
    };
    let last = secret.len() - 1;
    let starts = (0..units.len().saturating_sub(last)).filter(|start| {
        let some = &units[*start..start + secret.len()];
        let is_same =
            some.iter().zip(secret).all(|(unit, byte)| unit.byte.eq_ignore_ascii_case(byte));
        is_same && !is_word(start.checked_sub(1)) && !is_word(Some(start + secret.len()))
    });
    starts.map(|start| units[start].at.start..units[start + last].at.end).collect()
}

/// The bytes that a text means, with JSON's escapes and percent-encoding undone.
fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let (meant, length) = escaped(&text.as_bytes()[at..]).unwrap_or((first, first.len_utf8()));
        let place = at..at + length;
        let mut bytes = [0; 4];
        let bytes = meant.encode_utf8(&mut bytes).bytes();
        units.extend(bytes.map(|byte| Unit { byte, at: place.clone() }));
        at += length;
    }
    units
}

/// The character that an escape here stands for, and how long the escape is.
fn escaped(text: &[u8]) -> Option<(char, usize)> {
    match (text.first()?, text.get(1)?) {
        (b'%', _) => Some((char::from(u8::try_from(hex(text.get(1..3)?)?).ok()?), 3)),
        (b'\\', b'u') => Some((char::from_u32(hex(text.get(2..6)?)?)?, 6)),
        (b'\\', escape @ (b'/' | b'"' | b'\\')) => Some((char::from(*escape), 2)),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;
    use proptest::prelude::*;

    use super::*;

    fn secrets(value: &str) -> Secrets {
        let mut value = HeaderValue::try_from(value).unwrap();
        value.set_sensitive(true);
        Secrets::of(&HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    #[test]
    fn found_in_every_form_that_servers_quote_it_in() {
        let secrets = secrets("Bearer s3cret/tok+en-ABCDEFGH");
        for quoted in [
            "s3cret/tok+en-ABCDEFGH",
            "s3cret\\/tok+en-ABCDEFGH",
            "s3cret/tok\\u002ben-ABCDEFGH",
            "s3cret%2Ftok%2Ben-ABCDEFGH",
            "s3cret%2ftok%2ben-abcdefgh",
            "S3CRET/TOK+EN-ABCDEFGH",
            "s3cret/tok+en-AB",
            "tok+en-ABC",
        ] {
            let text = format!("{{\"detail\":\"bad token {quoted}, sorry\"}}");
            assert_eq!(
                secrets.redact(&text),
                "{\"detail\":\"bad token [credential], sorry\"}",
                "{quoted}"
            );
        }
        // An escape of an escape is not known: what is left is shorter than what gives away.
        let twice = secrets.redact("s3cret\\\\/tok\\\\u002ben-ABCDEFGH").into_owned();
        assert!(twice.ends_with("[credential]"), "{twice}");
        for harmless in ["", "bad token", "Bearer", "s3cret/", "EFGH"] {
            assert!(matches!(secrets.redact(harmless), Cow::Borrowed(_)), "{harmless}");
        }
    }

    #[test]
    fn a_password_is_one_without_its_user_and_a_short_one_where_it_stands_alone() {
        let pair = |pair: &str| secrets(&format!("Basic {}", BASE64_STANDARD.encode(pair)));
        assert_eq!(
            pair("joe:pass word:1").redact("login of joe:pass word:1 failed"),
            "login of joe:[credential] failed"
        );
        assert_eq!(pair("joe:pw12").redact("joe:pw12 xpw12 pw123"), "joe:[credential] xpw12 pw123");
        assert_eq!(secrets("1234567").redact("no 1234567!"), "no [credential]!");
        assert_eq!(secrets("abc").redact("abc"), "abc");
    }

    proptest! {
        #[test]
        fn any_text_can_be_read_and_one_without_secrets_stays(text in "\\PC*|[%\\\\u0-9a-f/é]*") {
            prop_assert_eq!(secrets("Bearer s3cret/tok+en-ABCDEFGH").redact(&text), text.as_str());
        }
    }
}
