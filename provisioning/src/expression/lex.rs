use super::error::{ExpressionError, Fault};
use super::tree::Position;

/// One word of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Text(String),
    Integer(i32),
    Real(f64),
    Name(String),
    Sign(&'static str),
    End,
}

impl Token {
    /// As it is named in an error.
    pub(super) fn found(&self) -> String {
        match self {
            Self::Text(_) => "a text".into(),
            Self::Integer(number) => format!("`{number}`"),
            Self::Real(number) => format!("`{number}`"),
            Self::Name(name) => format!("`{name}`"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".into(),
        }
    }
}

// Longer ones first.
const SIGNS: [&str; 30] = [
    "==", "!=", "<=", ">=", "&&", "||", "?:", "?.", "++", "--", "+", "-", "*", "/", "%", "<", ">",
    "!", "?", ":", "(", ")", "[", "]", "{", "}", ",", ".", "#", "@",
];

/// All words of a text, the end included.
pub(super) fn words(text: &str) -> Result<Vec<(Token, Position)>, ExpressionError> {
    let mut lexer = Lexer { rest: text, read: 0 };
    let mut words = Vec::new();
    loop {
        lexer.advance(lexer.prefix(char::is_whitespace));
        let at = Position::new(lexer.read);
        let token = lexer.token().map_err(|fault| fault.at(at))?;
        let end = token == Token::End;
        words.push((token, at));
        if end {
            return Ok(words);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    read: usize,
}

impl<'a> Lexer<'a> {
    fn prefix(&self, accepts: impl Fn(char) -> bool) -> usize {
        self.rest.find(|c| !accepts(c)).unwrap_or(self.rest.len())
    }

    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.read += taken.chars().count();
        self.rest = rest;
        taken
    }

    fn token(&mut self) -> Result<Token, Fault> {
        match self.rest.chars().next() {
            None => Ok(Token::End),
            Some(quote @ ('"' | '\'')) => self.text(quote),
            Some('0'..='9') => self.number(),
            Some(c) if starts_name(c) => Ok(Token::Name(self.advance(self.prefix(in_name)).into())),
            Some(c) => self.sign(c),
        }
    }

    // No escapes: a backslash is itself, and a doubled quote is one quote.
    fn text(&mut self, quote: char) -> Result<Token, Fault> {
        let mut text = String::new();
        self.advance(1);
        loop {
            let Some(end) = self.rest.find(quote) else {
                return Err(Fault::syntax(format!("found a text without its closing {quote}")));
            };
            text.push_str(self.advance(end));
            self.advance(1);
            if !self.rest.starts_with(quote) {
                return Ok(Token::Text(text));
            }
            text.push(quote);
            self.advance(1);
        }
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let (length, whole) = number_length(self.rest);
        let digits = self.advance(length);
        if self.rest.starts_with(in_name) {
            return Err(Fault::syntax(format!(
                "found a letter right after the number `{digits}`, expected an operator or the end"
            )));
        }
        let too_large = || Fault::syntax(format!("found `{digits}`, expected a smaller number"));
        if whole {
            return digits.parse().map(Token::Integer).map_err(|_| {
                Fault::syntax(format!("found `{digits}`, expected at most {} (32 bits)", i32::MAX))
            });
        }
        let real: f64 = digits.parse().map_err(|_| too_large())?;
        if real.is_finite() { Ok(Token::Real(real)) } else { Err(too_large()) }
    }

    fn sign(&mut self, first: char) -> Result<Token, Fault> {
        if let Some(sign) = SIGNS.iter().find(|sign| self.rest.starts_with(**sign)) {
            self.advance(sign.len());
            return Ok(Token::Sign(sign));
        }
        Err(Fault::syntax(match first {
            '=' => "found `=`, expected `==`: nothing can be assigned".into(),
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
                format!("found the typographic quote {first}, expected \" or '")
            }
            '&' | '|' => format!("found a single `{first}`, expected `{first}{first}`"),
            other => format!("found {other:?}, which is not part of the language"),
        }))
    }
}

pub(super) fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == '$'
}

pub(super) fn in_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit()
}

// The length of the number at the start, and whether it is a whole one.
fn number_length(text: &str) -> (usize, bool) {
    let digits = |from: usize| text.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    let mut whole = true;
    if text[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
        whole = false;
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
            whole = false;
        }
    }
    (length, whole)
}
