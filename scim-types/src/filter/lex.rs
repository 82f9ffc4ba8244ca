use std::borrow::Cow;

use super::{FilterError, Literal};

/// A place in the text of a filter.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    pub(crate) at: usize,
    tolerant: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, at: usize, tolerant: bool) -> Self {
        Self { text, at, tolerant }
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn takes(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    // Outside the grammar: seen from hand-written connectors.
    pub(crate) fn optional_blanks(&mut self) {
        while self.tolerant && self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    // The grammar has exactly one blank between words.
    pub(crate) fn blank(&mut self, expected: &str) -> Result<(), FilterError> {
        if self.tolerant {
            self.optional_blanks();
            return Ok(());
        }
        if !self.takes(b' ') {
            return Err(self.unexpected(expected));
        }
        match self.peek() {
            Some(b' ') => Err(self.fault("a second blank: the grammar has exactly one")),
            _ => Ok(()),
        }
    }

    // Letters and whatever else may stand in a name, an operator or a URN.
    pub(crate) fn word(&self) -> &'a str {
        let ends = |b: &u8| b.is_ascii_whitespace() || b"()[]\"".contains(b);
        let rest = self.rest();
        &rest[..rest.bytes().position(|b| ends(&b)).unwrap_or(rest.len())]
    }

    pub(crate) fn takes_word(&mut self, wanted: &str) -> bool {
        let found = self.word().eq_ignore_ascii_case(wanted);
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    pub(crate) fn literal(&mut self) -> Result<Literal, FilterError> {
        match self.peek() {
            Some(b'"') => self.quoted(b'"').map(Literal::Text),
            Some(b'\'') if self.tolerant => self.quoted(b'\'').map(Literal::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.named_literal(),
        }
    }

    fn named_literal(&mut self) -> Result<Literal, FilterError> {
        let word = self.word();
        let is = |name: &str| word == name || self.tolerant && word.eq_ignore_ascii_case(name);
        let literal = match word {
            _ if is("true") => Literal::Bool(true),
            _ if is("false") => Literal::Bool(false),
            _ if is("null") => Literal::Null,
            _ => return Err(self.unexpected(VALUES)),
        };
        self.at += word.len();
        Ok(literal)
    }

    fn number(&mut self) -> Result<Literal, FilterError> {
        let word = self.word();
        let number = serde_json::from_str(word)
            .map_err(|_| self.fault(format!("`{word}` is not a JSON number")))?;
        self.at += word.len();
        Ok(Literal::Number(number))
    }

    fn quoted(&mut self, quote: u8) -> Result<String, FilterError> {
        let bytes = &self.rest().as_bytes()[1..];
        let mut escaped = false;
        let mut plain = true;
        let end = bytes.iter().position(|byte| {
            let closes = *byte == quote && !escaped;
            escaped = *byte == b'\\' && !escaped;
            plain &= !escaped && *byte >= b' ';
            closes
        });
        let Some(end) = end else {
            return Err(self.fault("this text has no closing quote"));
        };
        let inside = &self.rest()[1..=end];
        let value = match plain {
            true => inside.to_owned(),
            false => {
                serde_json::from_str(&as_json(inside, quote)).map_err(|_| self.fault(ESCAPES))?
            }
        };
        self.at += end + 2;
        Ok(value)
    }

    pub(crate) fn fault(&self, problem: impl Into<String>) -> FilterError {
        self.fault_at(self.at, problem)
    }

    pub(crate) fn fault_at(&self, byte: usize, problem: impl Into<String>) -> FilterError {
        let position = self.text[..byte].chars().count() + 1;
        FilterError::Syntax { position, problem: problem.into() }
    }

    pub(crate) fn unexpected(&self, expected: &str) -> FilterError {
        let shown = match (self.word(), self.rest().chars().next()) {
            (_, None) => "the end".to_owned(),
            ("", Some(' ')) => "a blank".to_owned(),
            ("", Some(other)) => format!("`{}`", other.escape_debug()),
            (word, _) => format!("`{}`", word.chars().take(40).collect::<String>().escape_debug()),
        };
        self.fault(format!("found {shown}, expected {expected}"))
    }
}

const VALUES: &str = "a value: a text in double quotes, a number, true, false or null";
const ESCAPES: &str =
    "this text is not a JSON string: write `\\\"` for a quote, `\\\\` for a backslash";

fn as_json(inside: &str, quote: u8) -> String {
    let inside = match quote {
        b'\'' => Cow::Owned(inside.replace("\\'", "'").replace('"', "\\\"")),
        _ => Cow::Borrowed(inside),
    };
    format!("\"{inside}\"")
}
