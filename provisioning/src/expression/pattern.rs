//! Java's regular expressions, as far as those of the `regex` crate say the same.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::ErrorKind;

use super::error::Fault;

const COMPILED_BYTES: usize = 1 << 20;
// Read, a few letters become thousands of ranges: `\pL`.
const LONGEST: usize = 32 * 1024;

/// A pattern that has to fit the whole text.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Pattern {
    pub(super) fn new(java: &str) -> Result<Self, Fault> {
        if java.len() > LONGEST {
            return Err(Fault::unsupported("the regular expression is too long"));
        }
        let pattern = translated(java)?;
        // First by itself, so that `a)(b` is not taken for two groups.
        regex_syntax::Parser::new().parse(&pattern).map_err(|error| refused(&error))?;
        let whole =
            RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(COMPILED_BYTES).build();
        whole.map(Self).map_err(|_| {
            Fault::unsupported("the regular expression is too large, or ends in a comment")
        })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn refused(error: &regex_syntax::Error) -> Fault {
    let regex_syntax::Error::Parse(error) = error else {
        return Fault::unsupported("the regular expression names a class that is not supported");
    };
    match error.kind() {
        ErrorKind::UnsupportedLookAround => {
            Fault::unsupported("look-around in a regular expression is not supported")
        }
        ErrorKind::UnsupportedBackreference => {
            Fault::unsupported("back references in a regular expression are not supported")
        }
        ErrorKind::EscapeUnrecognized | ErrorKind::FlagUnrecognized => {
            Fault::unsupported(format!("the regular expression is not supported: {}", error.kind()))
        }
        kind => Fault::kind(format!("found a text that is no regular expression: {kind}")),
    }
}

// Java's classes are ASCII, it can quote with \Q…\E, and a `+` after a quantifier takes all without giving
// back: the same sign would mean something else here.
fn translated(java: &str) -> Result<String, Fault> {
    let mut pattern = String::with_capacity(java.len() + 16);
    let mut rest = java;
    let mut classes = 0_usize;
    let mut quantified = false;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        let was_quantified = std::mem::take(&mut quantified);
        match letter {
            '\\' => {
                rest = push_escape(rest, &mut pattern)?;
                continue;
            }
            '[' if classes > 0 && rest.starts_with(':') => return Err(other_class("[:")),
            '-' if classes > 0 && rest.starts_with('-') => return Err(other_class("--")),
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            '~' if classes > 0 => pattern.push('\\'),
            '+' if was_quantified => {
                let problem = "possessive quantifiers in a regular expression are not supported";
                return Err(Fault::unsupported(problem));
            }
            '*' | '+' | '?' | '}' if classes == 0 => {
                quantified = !(letter == '?' && was_quantified)
            }
            _ => {}
        }
        pattern.push(letter);
    }
    Ok(pattern)
}

// Java takes it for letters, or for a range of them.
fn other_class(sign: &str) -> Fault {
    let problem = "in a class of a regular expression is not supported: write a `\\` before each";
    Fault::unsupported(format!("`{sign}` {problem}"))
}

fn push_escape<'a>(rest: &'a str, pattern: &mut String) -> Result<&'a str, Fault> {
    let Some(letter) = rest.chars().next() else {
        return Err(Fault::kind("found a regular expression that ends in a backslash"));
    };
    let after = &rest[letter.len_utf8()..];
    match letter {
        'd' => pattern.push_str("[0-9]"),
        'D' => pattern.push_str("[^0-9]"),
        'w' => pattern.push_str("[0-9A-Za-z_]"),
        'W' => pattern.push_str("[^0-9A-Za-z_]"),
        's' => pattern.push_str(r"[ \t\n\x0B\f\r]"),
        'S' => pattern.push_str(r"[^ \t\n\x0B\f\r]"),
        'Q' => {
            let (quoted, after) = after.split_once(r"\E").unwrap_or((after, ""));
            pattern.push_str(&regex::escape(quoted));
            return Ok(after);
        }
        'p' | 'P' | 'x' | 'u' if after.starts_with('{') => {
            let end = after.find('}').map_or(after.len(), |end| end + 1);
            pattern.extend(['\\', letter]);
            pattern.push_str(&after[..end]);
            return Ok(&after[end..]);
        }
        letter if letter.is_ascii_alphanumeric() => pattern.extend(['\\', letter]),
        letter => pattern.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
    }
    Ok(after)
}
