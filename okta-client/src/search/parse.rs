use std::iter::Peekable;
use std::vec::IntoIter;

use super::expression::{Node, Operator, is_attribute_path};
use super::lex::{Placed, Token, tokens};
use super::{Expression, Literal, SearchError};

// Far above what a URL can carry, far below what could hurt.
const MAX_BYTES: usize = 64 * 1024;
const MAX_DEPTH: usize = 100;

impl Expression {
    /// Reads an expression as Okta does: operators in any case, attribute names as they are,
    /// `and` binds tighter than `or`.
    pub fn parse(text: &str) -> Result<Expression, SearchError> {
        parse(text, false)
    }
}

/// As the log reads it, which knows `not`, `ne`, `ew` and `null` too: what comes of it has the same
/// attributes, and another meaning.
pub(super) fn parse_of_log(text: &str) -> Result<Expression, SearchError> {
    parse(text, true)
}

fn parse(text: &str, of_log: bool) -> Result<Expression, SearchError> {
    if text.len() > MAX_BYTES {
        return Err(SearchError::syntax(MAX_BYTES, format!("longer than {MAX_BYTES} bytes")));
    }
    let end = text.chars().count() + 1;
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), end, depth: 0, of_log };
    let node = parser.any_of()?;
    match parser.tokens.next() {
        None => Ok(Expression { node }),
        Some(more) => Err(unexpected(&more, "`and`, `or` or the end")),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Placed>>,
    end: usize,
    depth: usize,
    of_log: bool,
}

impl Parser {
    fn any_of(&mut self) -> Result<Node, SearchError> {
        let mut parts = self.all_of()?.into_parts_of_or();
        while self.takes_word("or") {
            parts.extend(self.all_of()?.into_parts_of_or());
        }
        Ok(only_or(parts, Node::Or))
    }

    fn all_of(&mut self) -> Result<Node, SearchError> {
        let mut parts = self.term()?.into_parts_of_and();
        while self.takes_word("and") {
            parts.extend(self.term()?.into_parts_of_and());
        }
        Ok(only_or(parts, Node::And))
    }

    fn term(&mut self) -> Result<Node, SearchError> {
        let start = self.next("an attribute or `(`")?;
        match start.token {
            Token::Open => self.group(start.position),
            Token::Word(ref word) if word.eq_ignore_ascii_case("not") => {
                if self.of_log {
                    return self.negated();
                }
                Err(SearchError::syntax(start.position, NO_NOT))
            }
            Token::Word(path) => self.comparison(path, start.position),
            _ => Err(unexpected(&start, "an attribute or `(`")),
        }
    }

    fn negated(&mut self) -> Result<Node, SearchError> {
        let open = self.next("`(`")?;
        match open.token {
            Token::Open => self.group(open.position),
            _ => Err(unexpected(&open, "`(`")),
        }
    }

    fn group(&mut self, position: usize) -> Result<Node, SearchError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let problem = format!("more than {MAX_DEPTH} parentheses inside each other");
            return Err(SearchError::syntax(position, problem));
        }
        let inner = self.any_of()?;
        let close = self.next("`)`")?;
        if close.token != Token::Close {
            return Err(unexpected(&close, "`and`, `or` or `)`"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn comparison(&mut self, path: String, position: usize) -> Result<Node, SearchError> {
        if !is_attribute_path(&path) {
            return Err(SearchError::syntax(
                position,
                format!("`{path}` is not an attribute name"),
            ));
        }
        let found = self.next(OPERATORS)?;
        let Token::Word(word) = &found.token else {
            return Err(unexpected(&found, OPERATORS));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Node::Present(path));
        }
        if self.of_log && ["ne", "ew"].iter().any(|own| word.eq_ignore_ascii_case(own)) {
            return Ok(Node::Compare(path, Operator::Equal, self.value()?));
        }
        let operator = operator(word, &path).map_err(|p| SearchError::syntax(found.position, p))?;
        Ok(Node::Compare(path, operator, self.value()?))
    }

    fn value(&mut self) -> Result<Literal, SearchError> {
        let found = self.next(VALUES)?;
        match &found.token {
            Token::Text(text) => Ok(Literal::Text(text.clone())),
            Token::Number(digits) => number(digits).ok_or_else(|| {
                SearchError::syntax(found.position, format!("`{digits}` is not a number"))
            }),
            Token::Word(word) if word == "true" || word == "false" => {
                Ok(Literal::Bool(word == "true"))
            }
            Token::Word(word) if word == "null" && self.of_log => Ok(Literal::Text(word.clone())),
            Token::Word(word) if word == "null" => {
                Err(SearchError::syntax(found.position, NO_NULL))
            }
            _ => Err(unexpected(&found, VALUES)),
        }
    }

    fn next(&mut self, expected: &str) -> Result<Placed, SearchError> {
        let ended = || SearchError::syntax(self.end, format!("the end, expected {expected}"));
        self.tokens.next().ok_or_else(ended)
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let is_wanted = |placed: &Placed| matches!(&placed.token, Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.tokens.next_if(is_wanted).is_some()
    }
}

const OPERATORS: &str = "one of eq, sw, co, pr, gt, ge, lt, le";
const VALUES: &str = "a value: a text in double quotes, a number, true or false";
const NO_NOT: &str = "there is no `not`: say it the other way round, \
    with `(x lt \"V\" or x gt \"V\")` for \"not equal\"";
const NO_NULL: &str = "there is no `null`: `x pr` finds those who have a value";

fn operator(word: &str, path: &str) -> Result<Operator, String> {
    if let Some(known) = Operator::ALL.into_iter().find(|o| o.name().eq_ignore_ascii_case(word)) {
        return Ok(known);
    }
    Err(match word.to_ascii_lowercase().as_str() {
        "ne" => format!("there is no `ne`: write `({path} lt \"V\" or {path} gt \"V\")`"),
        "ew" => {
            "there is no `ew`: use `co` where it is allowed, and look at the end yourself".into()
        }
        _ => format!("found `{word}`, expected {OPERATORS}"),
    })
}

fn number(digits: &str) -> Option<Literal> {
    let number: serde_json::Number = serde_json::from_str(digits).ok()?;
    // The standard library reads the nearest f64; serde_json may be off by the last bit.
    number.as_i64().map(Literal::Integer).or_else(|| digits.parse().ok().map(Literal::Float))
}

fn only_or(mut parts: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match parts.len() {
        1 => parts.remove(0),
        _ => several(parts),
    }
}

fn unexpected(found: &Placed, expected: &str) -> SearchError {
    let problem = format!("found {}, expected {expected}", found.token.shown());
    SearchError::syntax(found.position, problem)
}
