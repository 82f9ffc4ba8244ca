use std::str::FromStr;

use super::lex::Cursor;
use super::{Filter, FilterError, Operator};
use crate::{AttributePath, Mode};

/// How filters are read: strictly or tolerantly, and how large they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest text, in bytes.
    pub bytes: usize,
    /// Most parentheses inside each other.
    pub depth: usize,
    /// Most comparisons.
    pub terms: usize,
}

impl Default for Limits {
    /// Above what provisioning clients send, below what hurts: 256 KiB, 64 deep, 4096 comparisons.
    fn default() -> Self {
        Self { bytes: 256 * 1024, depth: 64, terms: 4096 }
    }
}

impl Filter {
    /// Reads a filter as the grammar of RFC 7644 section 3.4.2.2 has it; names and operators in any
    /// case, and `not(` as well as `not (`.
    ///
    /// # Errors
    /// Says at which character it goes wrong, and what was expected.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        Self::parse_with(text, Mode::Strict, Limits::default())
    }

    /// Reads a filter as hand-written connectors send it: also `True`, `'single quotes'`, extra
    /// blanks, `$ref`, and a test behind a value path (`emails[type eq "work"].value eq "x"`), which
    /// is read as one more test inside.
    ///
    /// # Errors
    /// Says at which character it goes wrong, and what was expected.
    pub fn parse_tolerant(text: &str) -> Result<Filter, FilterError> {
        Self::parse_with(text, Mode::Tolerant, Limits::default())
    }

    /// Reads a filter with the caller's own limits.
    ///
    /// # Errors
    /// Says at which character it goes wrong, and what was expected.
    pub fn parse_with(text: &str, mode: Mode, limits: Limits) -> Result<Filter, FilterError> {
        let cursor = Cursor::new(text, 0, mode == Mode::Tolerant);
        if text.len() > limits.bytes {
            return Err(cursor.fault(format!("longer than {} bytes", limits.bytes)));
        }
        let mut parser = Parser::new(cursor, mode, limits);
        parser.cursor.optional_blanks();
        let filter = parser.any_of()?;
        parser.cursor.optional_blanks();
        match parser.cursor.peek() {
            None => Ok(filter),
            Some(_) => Err(parser.cursor.unexpected("`and`, `or` or the end")),
        }
    }

    // The condition between brackets; `at` is the byte after `[`. Returns where `]` stands.
    pub(crate) fn parse_inside(
        text: &str,
        at: usize,
        mode: Mode,
    ) -> Result<(Filter, usize), FilterError> {
        let cursor = Cursor::new(text, at, mode == Mode::Tolerant);
        let mut parser = Parser::new(cursor, mode, Limits::default());
        parser.inside = true;
        let filter = parser.bracketed()?;
        Ok((filter, parser.cursor.at))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    mode: Mode,
    limits: Limits,
    depth: usize,
    terms: usize,
    /// Between the brackets of a value path, where no other one may stand.
    inside: bool,
}

impl<'a> Parser<'a> {
    fn new(cursor: Cursor<'a>, mode: Mode, limits: Limits) -> Self {
        Self { cursor, mode, limits, depth: 0, terms: 0, inside: false }
    }

    fn any_of(&mut self) -> Result<Filter, FilterError> {
        let first = self.all_of()?;
        if !self.joined_by("or")? {
            return Ok(first);
        }
        let mut parts = first.into_parts_of_or();
        loop {
            parts.extend(self.all_of()?.into_parts_of_or());
            if !self.joined_by("or")? {
                return Ok(Filter::Or(parts));
            }
        }
    }

    fn all_of(&mut self) -> Result<Filter, FilterError> {
        let first = self.term()?;
        if !self.joined_by("and")? {
            return Ok(first);
        }
        let mut parts = first.into_parts_of_and();
        loop {
            parts.extend(self.term()?.into_parts_of_and());
            if !self.joined_by("and")? {
                return Ok(Filter::And(parts));
            }
        }
    }

    // Takes ` and ` with the blanks around it, or nothing.
    fn joined_by(&mut self, word: &str) -> Result<bool, FilterError> {
        let before = self.cursor.at;
        if self.cursor.peek().is_none() {
            return Ok(false);
        }
        if self.cursor.blank("").is_err() || !self.cursor.takes_word(word) {
            self.cursor.at = before;
            return Ok(false);
        }
        self.cursor.blank("a blank and a condition")?;
        Ok(true)
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        if self.cursor.peek() == Some(b'(') {
            return self.group();
        }
        if self.cursor.takes_word("not") {
            return self.negation();
        }
        self.terms += 1;
        if self.terms > self.limits.terms {
            return Err(self.cursor.fault(format!("more than {} comparisons", self.limits.terms)));
        }
        let path = self.attribute()?;
        match self.cursor.takes(b'[') {
            true => self.elements(path),
            false => self.comparison(path),
        }
    }

    fn negation(&mut self) -> Result<Filter, FilterError> {
        if self.cursor.peek() != Some(b'(') {
            self.cursor.blank("`(`: `not` stands before a group")?;
        }
        match self.cursor.peek() {
            Some(b'(') => self.group().map(Filter::not),
            _ => Err(self.cursor.unexpected("`(`: `not` stands before a group")),
        }
    }

    fn group(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let problem = format!("more than {} parentheses inside each other", self.limits.depth);
            return Err(self.cursor.fault(problem));
        }
        self.cursor.at += 1;
        self.cursor.optional_blanks();
        let inner = self.any_of()?;
        self.cursor.optional_blanks();
        if !self.cursor.takes(b')') {
            return Err(self.cursor.unexpected("`and`, `or` or `)`"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn attribute(&mut self) -> Result<AttributePath, FilterError> {
        let word = self.cursor.word();
        if word.is_empty() {
            return Err(self.cursor.unexpected("an attribute, `not` or `(`"));
        }
        let path = AttributePath::split(word);
        if let Some((byte, problem)) = path.fault(self.mode == Mode::Tolerant) {
            return Err(self.cursor.fault_at(self.cursor.at + byte, problem));
        }
        self.cursor.at += word.len();
        Ok(path)
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Filter, FilterError> {
        self.cursor.blank(OPERATORS)?;
        if self.cursor.takes_word("pr") {
            return Ok(Filter::Present(path));
        }
        let word = self.cursor.word();
        let found = Operator::ALL.into_iter().find(|o| o.as_str().eq_ignore_ascii_case(word));
        let operator = found.ok_or_else(|| self.cursor.unexpected(OPERATORS))?;
        self.cursor.at += word.len();
        self.cursor.blank("a value")?;
        Ok(Filter::Compare(path, operator, self.cursor.literal()?))
    }

    fn elements(&mut self, path: AttributePath) -> Result<Filter, FilterError> {
        if self.inside || path.sub().is_some() {
            let problem =
                "a value path cannot stand here: only after an attribute, not inside another";
            return Err(self.cursor.fault_at(self.cursor.at - 1, problem));
        }
        self.inside = true;
        let condition = self.bracketed()?;
        self.cursor.at += 1;
        let condition = match self.mode == Mode::Tolerant && self.cursor.takes(b'.') {
            true => {
                let sub = self.attribute()?;
                condition.and(self.comparison(sub)?)
            }
            false => condition,
        };
        self.inside = false;
        Ok(Filter::Elements(path, Box::new(condition)))
    }

    fn bracketed(&mut self) -> Result<Filter, FilterError> {
        self.cursor.optional_blanks();
        let condition = self.any_of()?;
        self.cursor.optional_blanks();
        match self.cursor.peek() {
            Some(b']') => Ok(condition),
            _ => Err(self.cursor.unexpected("`and`, `or` or `]`")),
        }
    }
}

const OPERATORS: &str = "one of eq, ne, co, sw, ew, pr, gt, ge, lt, le";
