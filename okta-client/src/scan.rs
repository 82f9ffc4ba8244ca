//! Finds the members of a JSON object in text that serde_json has already accepted.

use std::ops::Range;

/// A name or value: where it stands, quotes included.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) range: Range<u32>,
    pub(crate) is_string: bool,
    pub(crate) escaped: bool,
}

/// Walks over the members of one object.
pub(crate) struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Scan<'t> {
    pub(crate) fn object(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), at: 1 }
    }

    /// The next name and value.
    pub(crate) fn member(&mut self) -> Option<(Token, Token)> {
        self.skip(b" \t\r\n,");
        if self.peek()? != b'"' {
            return None;
        }
        let name = self.string();
        self.skip(b" \t\r\n:");
        let value = match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => self.nested(),
            _ => self.scalar(),
        };
        Some((name, value))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, these: &[u8]) {
        while self.peek().is_some_and(|byte| these.contains(&byte)) {
            self.at += 1;
        }
    }

    fn token(&self, start: usize, is_string: bool, escaped: bool) -> Token {
        Token { range: start as u32..self.at as u32, is_string, escaped }
    }

    fn string(&mut self) -> Token {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                }
                _ => {}
            }
        }
        self.token(start, true, escaped)
    }

    fn nested(&mut self) -> Token {
        let (start, mut depth) = (self.at, 0_usize);
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => drop(self.string()),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 {
                break;
            }
        }
        self.token(start, false, false)
    }

    fn scalar(&mut self) -> Token {
        let start = self.at;
        while self.peek().is_some_and(|byte| !b",} \t\r\n".contains(&byte)) {
            self.at += 1;
        }
        self.token(start, false, false)
    }
}
