use serde_json::Value;

use super::Expression;
use super::error::{ErrorClass, ExpressionError, Fault};
use super::lex::{Token, words};
use super::pattern::Pattern;
use super::tree::{Arm, Binary, Level, Link, Need, Node, Position, Unary};

const MAX_CHARACTERS: usize = 32 * 1024;
const MAX_DEPTH: usize = 64;

pub(super) struct Parser {
    pub(super) words: Vec<(Token, Position)>,
    pub(super) next: usize,
    // Within the arguments of a function that takes maps.
    pub(super) takes_maps: bool,
    depth: usize,
    // The first of each kind, reported only when the whole text has been read without a syntax error.
    pub(super) unknown: Option<ExpressionError>,
    refused: Option<ExpressionError>,
    pub(super) found: Expression,
}

impl Parser {
    pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
        if text.len() > MAX_CHARACTERS && text.chars().count() > MAX_CHARACTERS {
            let problem = format!("found more than {MAX_CHARACTERS} characters");
            return Err(Fault::syntax(problem).at(Position::new(MAX_CHARACTERS)));
        }
        let words = words(text)?;
        let found = Expression::empty();
        let (unknown, refused) = Default::default();
        let mut parser =
            Self { words, next: 0, takes_maps: false, depth: 0, unknown, refused, found };
        parser.found.node = parser.expression()?;
        if *parser.peek() != Token::End {
            return Err(parser.unexpected("an operator or the end"));
        }
        match parser.unknown.or(parser.refused) {
            Some(error) => Err(error),
            None => Ok(parser.found),
        }
    }

    pub(super) fn peek(&self) -> &Token {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, words: usize) -> &Token {
        self.words.get(self.next + words).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn at(&self) -> Position {
        // The last word is always the end.
        self.words[self.next.min(self.words.len() - 1)].1
    }

    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.next += usize::from(found);
        found
    }

    pub(super) fn signs_ahead(&self, signs: &[&str]) -> bool {
        let mut signs = signs.iter().enumerate();
        signs.all(|(n, sign)| matches!(self.ahead(n), Token::Sign(found) if found == sign))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(name) if name.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    pub(super) fn name(&mut self, expected: &str) -> Result<Box<str>, ExpressionError> {
        let Token::Name(name) = self.peek() else { return Err(self.unexpected(expected)) };
        let name = name.as_str().into();
        self.next += 1;
        Ok(name)
    }

    pub(super) fn expect(&mut self, sign: &'static str) -> Result<(), ExpressionError> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    pub(super) fn unexpected(&self, expected: &str) -> ExpressionError {
        Fault::syntax(format!("found {}, expected {expected}", self.peek().found())).at(self.at())
    }

    pub(super) fn refuse(&mut self, what: &str, at: Position) {
        let problem = format!("{what} is not part of the language and is never evaluated");
        self.refused.get_or_insert(Fault::unsupported(problem).at(at));
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let problem = format!("found a nesting of more than {MAX_DEPTH} levels");
            return Err(Fault::syntax(problem).at(self.at()));
        }
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    pub(super) fn expression(&mut self) -> Result<Node, ExpressionError> {
        self.deeper(Self::choice)
    }

    fn choice(&mut self) -> Result<Node, ExpressionError> {
        let mut arms = Vec::new();
        loop {
            let node = self.binary(Level::Or)?;
            let at = self.at();
            if self.takes("?:") {
                arms.push(Arm::UnlessEmpty(node));
            } else if self.takes("?") {
                let value = self.expression()?;
                self.expect(":")?;
                arms.push(Arm::When { condition: node, value, at });
            } else if arms.is_empty() {
                return Ok(node);
            } else {
                return Ok(Node::Choice { arms, otherwise: Box::new(node) });
            }
        }
    }

    fn binary(&mut self, level: Level) -> Result<Node, ExpressionError> {
        if level == Level::Unary {
            return self.unary();
        }
        let first = self.binary(level.tighter())?;
        if level == Level::Relation {
            return self.relation(first);
        }
        let mut rest = Vec::new();
        while let Some((operator, at)) = self.operator(level) {
            rest.push(Link { operator, operand: self.binary(level.tighter())?, at });
        }
        if rest.is_empty() { Ok(first) } else { Ok(Node::Chain { first: Box::new(first), rest }) }
    }

    // Relations do not chain.
    fn relation(&mut self, left: Node) -> Result<Node, ExpressionError> {
        let at = self.at();
        if self.takes_word("matches") {
            let pattern = self.binary(Level::Sum)?;
            return Ok(self.matches(left, pattern, at));
        }
        for word in ["between", "instanceof"] {
            if self.takes_word(word) {
                self.refuse(&format!("`{word}`"), at);
                self.binary(Level::Sum)?;
                return Ok(left);
            }
        }
        let Some((operator, at)) = self.operator(Level::Relation) else { return Ok(left) };
        let operand = self.binary(Level::Sum)?;
        if self.operator(Level::Relation).is_some() {
            self.next -= 1;
            return Err(self.unexpected("`AND`, `OR` or the end: comparisons do not chain"));
        }
        Ok(Node::Chain { first: Box::new(left), rest: vec![Link { operator, operand, at }] })
    }

    fn operator(&mut self, level: Level) -> Option<(Binary, Position)> {
        let is = |spelling: &&str| match self.peek() {
            Token::Sign(sign) => sign == spelling,
            Token::Name(name) => name.eq_ignore_ascii_case(spelling),
            _ => false,
        };
        let mut operators = Binary::ALL.into_iter().filter(|operator| operator.level() == level);
        let operator = operators.find(|operator| operator.spellings().iter().any(is))?;
        let at = self.at();
        self.next += 1;
        Some((operator, at))
    }

    fn matches(&mut self, text: Node, pattern: Node, at: Position) -> Node {
        let compiled = literal_text(&pattern).map(Pattern::new);
        if let Some(Err(fault)) = &compiled {
            self.foresee(fault.clone().at(at));
        }
        Node::Matches { text: Box::new(text), pattern: Box::new(pattern), compiled, at }
    }

    // What will go wrong in a run, whatever the data.
    pub(super) fn foresee(&mut self, error: ExpressionError) {
        if error.class() == ErrorClass::Unsupported {
            self.found.needs.push(Need::Never(error.clone()));
        }
        self.found.faults.push(error);
    }

    fn unary(&mut self) -> Result<Node, ExpressionError> {
        let at = self.at();
        for sign in ["++", "--"] {
            if self.takes(sign) {
                self.refuse(&format!("`{sign}`"), at);
                return self.deeper(Self::unary);
            }
        }
        let operator = if self.takes("!") || self.takes_word("not") {
            Unary::Not
        } else if self.takes("-") {
            Unary::Minus
        } else if self.takes("+") {
            Unary::Plus
        } else {
            return self.postfix();
        };
        let operand = Box::new(self.deeper(Self::unary)?);
        Ok(Node::Unary { operator, operand, at })
    }
}

pub(super) fn literal_text(node: &Node) -> Option<&str> {
    match node {
        Node::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}
