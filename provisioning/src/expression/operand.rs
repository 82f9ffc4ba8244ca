//! The tightest part of the grammar: values, names, calls, and what follows them.

use serde_json::Value;

use super::error::{ErrorClass, ExpressionError, Fault};
use super::functions::{self, Answer, Function};
use super::lex::Token;
use super::parse::{Parser, literal_text};
use super::suggest::nearest;
use super::tree::{Binary, Call, Need, Node, Position, Reference, Step};

/// What stands at one place: a node, and whether it is of a kind that is refused, so that what is done with it
/// is not judged.
type Primary = (Node, bool);

/// Takes maps, and gives what projections are made of; nothing else does.
const GROUPS: &str = "getGroups";

impl Parser {
    pub(super) fn postfix(&mut self) -> Result<Node, ExpressionError> {
        let (mut node, mut refused) = self.primary()?;
        loop {
            let at = self.at();
            let each = ["!", "?"].into_iter().find(|sign| self.signs_ahead(&[".", sign, "["]));
            if let Some(sign) = each {
                let inner = self.projection()?;
                if is_of_groups(&node) {
                    node = extend(node, Step::Each(sign, inner, at));
                } else {
                    self.refuse("a projection or selection", at);
                    refused = true;
                }
            } else if self.takes(".") || self.takes("?.") {
                refused |= self.member(&mut node, refused, at)?;
            } else if self.takes("[") {
                let index = self.expression()?;
                self.expect("]")?;
                node = extend(node, Step::Index(index, at));
            } else if self.takes("++") || self.takes("--") {
                self.refuse("`++` or `--`", at);
            } else {
                self.note(&node);
                return Ok(node);
            }
        }
    }

    // Names in it are those of the elements.
    fn projection(&mut self) -> Result<Node, ExpressionError> {
        self.next += 2;
        self.expect("[")?;
        let (needs, references) = (self.found.needs.len(), self.found.references.len());
        let inner = self.expression()?;
        self.found.needs.truncate(needs);
        self.found.references.truncate(references);
        self.expect("]")?;
        Ok(inner)
    }

    fn member(
        &mut self,
        node: &mut Node,
        refused: bool,
        at: Position,
    ) -> Result<bool, ExpressionError> {
        if matches!(self.words.get(self.next - 1), Some((Token::Sign("?."), _))) {
            self.refuse("`?.`", at);
        }
        let at = self.at();
        let name = self.name("the name of an attribute")?;
        if !self.signs_ahead(&["("]) {
            let base = std::mem::replace(node, Node::Literal(Value::Null));
            *node = extend(base, Step::Member(name, at));
            return Ok(false);
        }
        self.arguments()?;
        if !refused {
            self.unknown_function(&format!(".{name}"), at);
        }
        Ok(true)
    }

    fn primary(&mut self) -> Result<Primary, ExpressionError> {
        let at = self.at();
        let literal = match self.peek() {
            Token::Text(text) => Value::from(text.as_str()),
            Token::Integer(number) => Value::from(*number),
            Token::Real(number) => Value::from(*number),
            Token::Name(name) => match name.clone() {
                name if is_operator(&name) => return Err(self.unexpected("a value")),
                name => return self.named(name, at),
            },
            Token::Sign("(") => return self.bracket(),
            Token::Sign("{") => return self.array(at),
            Token::Sign(sign @ ("#" | "@")) => {
                let what = format!("`{sign}`");
                self.next += 1;
                self.name("a name")?;
                self.refuse(&what, at);
                return Ok((Node::Literal(Value::Null), true));
            }
            Token::Sign(_) | Token::End => return Err(self.unexpected("a value")),
        };
        self.next += 1;
        Ok((Node::Literal(literal), false))
    }

    fn bracket(&mut self) -> Result<Primary, ExpressionError> {
        self.next += 1;
        let node = self.expression()?;
        self.expect(")")?;
        Ok((node, false))
    }

    fn array(&mut self, at: Position) -> Result<Primary, ExpressionError> {
        self.next += 1;
        let mut elements = Vec::new();
        let mut values = Vec::new();
        while !self.takes("}") {
            if !elements.is_empty() {
                self.expect(",")?;
            }
            elements.push(self.expression()?);
            if self.takes(":") {
                if !self.takes_maps {
                    self.refuse("a map", at);
                }
                values.push(self.expression()?);
            }
            if !self.signs_ahead(&[","]) && !self.signs_ahead(&["}"]) {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        if values.is_empty() {
            return Ok((Node::Array(elements), false));
        }
        if values.len() != elements.len() {
            self.refuse("a map with a key that has no value", at);
        }
        Ok((Node::Map(elements.into_iter().zip(values).collect()), true))
    }

    fn named(&mut self, name: String, at: Position) -> Result<Primary, ExpressionError> {
        self.next += 1;
        let constants =
            [("true", Value::Bool(true)), ("false", false.into()), ("null", Value::Null)];
        for (word, value) in constants {
            if name.eq_ignore_ascii_case(word) {
                return Ok((Node::Literal(value), false));
            }
        }
        if name.eq_ignore_ascii_case("new") && matches!(self.peek(), Token::Name(_)) {
            return self.constructor(at);
        }
        if name == "T" && self.signs_ahead(&["("]) {
            return self.type_reference(at);
        }
        if self.signs_ahead(&["("]) {
            return self.call(None, &name, at);
        }
        let method = match (self.ahead(1), self.ahead(2)) {
            (Token::Name(method), Token::Sign("(")) if self.signs_ahead(&["."]) => method.clone(),
            _ => {
                let reference = Reference { root: name.into(), attribute: None, at };
                return Ok((Node::Reference(reference), false));
            }
        };
        self.next += 2;
        self.call(Some(&name), &method, at)
    }

    fn constructor(&mut self, at: Position) -> Result<Primary, ExpressionError> {
        self.name("a name")?;
        while self.takes(".") {
            self.name("a name")?;
        }
        self.arguments()?;
        self.refuse("`new`", at);
        Ok((Node::Literal(Value::Null), true))
    }

    fn type_reference(&mut self, at: Position) -> Result<Primary, ExpressionError> {
        let mut open = 0;
        loop {
            match self.peek() {
                Token::Sign("(") => open += 1,
                Token::Sign(")") => open -= 1,
                Token::End => return Err(self.unexpected("`)`")),
                _ => {}
            }
            self.next += 1;
            if open == 0 {
                self.refuse("`T(…)`", at);
                return Ok((Node::Literal(Value::Null), true));
            }
        }
    }

    fn call(
        &mut self,
        receiver: Option<&str>,
        name: &str,
        at: Position,
    ) -> Result<Primary, ExpressionError> {
        let found = functions::find(receiver, name);
        let takes_maps = found.is_some_and(|(function, _)| function.name == GROUPS);
        let outer = std::mem::replace(&mut self.takes_maps, takes_maps);
        let arguments = self.arguments()?;
        self.takes_maps = outer;
        let Some((function, is_method)) = found else {
            let receiver = receiver.map(|receiver| format!("{receiver}.")).unwrap_or_default();
            self.unknown_function(&format!("{receiver}{name}"), at);
            return Ok((Node::Literal(Value::Null), true));
        };
        self.note_call(function, &arguments, at);
        let receiver = receiver.filter(|_| is_method).map(Box::from);
        Ok((Node::Call(Call { receiver, function, arguments, at }), false))
    }

    fn note_call(&mut self, function: &'static Function, arguments: &[Node], at: Position) {
        match function.answer {
            Answer::Okta(needed) => {
                let problem =
                    format!("only Okta can answer `{}`: it needs {needed}", function.name);
                self.foresee(Fault::unsupported(problem).at(at));
            }
            Answer::Groups(_) => self.found.needs.push(Need::Groups(function.name, at)),
            Answer::Internal => match arguments.first().and_then(literal_text) {
                Some(name) => self.found.needs.push(Need::Internal(name.into(), at)),
                None => {
                    let problem = "`getInternalProperty` is answered for a name in quotes only";
                    self.foresee(Fault::unsupported(problem).at(at));
                }
            },
            Answer::Plain(_) | Answer::Clock(_) => {}
        }
        let literal = |n: usize| arguments.get(n).and_then(literal_text);
        let known =
            function.check_count(arguments.len()).and_then(|()| function.check_literals(literal));
        if let Err(fault) = known {
            self.foresee(fault.at(at));
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>, ExpressionError> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.takes(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.expression()?);
            if !self.signs_ahead(&[","]) && !self.signs_ahead(&[")"]) {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        Ok(arguments)
    }

    fn unknown_function(&mut self, name: &str, at: Position) {
        let advice = match nearest(name, functions::exists) {
            Some(near) => format!("did you mean `{near}`?"),
            None if name.starts_with('.') => "methods belong to another dialect".into(),
            None => "the language has no such function".into(),
        };
        let fault =
            Fault::new(ErrorClass::UnknownFunction, format!("unknown function `{name}`: {advice}"));
        self.unknown.get_or_insert(fault.at(at));
    }

    fn note(&mut self, node: &Node) {
        let reference = match node {
            Node::Reference(reference) => reference,
            Node::Path { base, .. } => match &**base {
                Node::Reference(reference) => reference,
                _ => return,
            },
            _ => return,
        };
        let known = |need: &Need| matches!(need, Need::Root(root, _) if *root == reference.root);
        if !self.found.needs.iter().any(known) {
            self.found.needs.push(Need::Root(reference.root.clone(), reference.at));
        }
        let same = |r: &Reference| r.root == reference.root && r.attribute == reference.attribute;
        if reference.attribute.is_some() && !self.found.references.iter().any(same) {
            self.found.references.push(reference.clone());
        }
    }
}

fn is_of_groups(node: &Node) -> bool {
    match node {
        Node::Call(call) => call.function.name == GROUPS,
        Node::Path { base, .. } => is_of_groups(base),
        _ => false,
    }
}

fn is_operator(name: &str) -> bool {
    let is = |spelling: &&str| spelling.eq_ignore_ascii_case(name);
    let word = |operator: &Binary| operator.spellings().iter().any(is);
    Binary::ALL.iter().any(word) || name.eq_ignore_ascii_case("matches")
}

fn extend(base: Node, step: Step) -> Node {
    match (base, step) {
        (Node::Reference(Reference { root, attribute: None, at }), Step::Member(name, _)) => {
            Node::Reference(Reference { root, attribute: Some(name), at })
        }
        (Node::Path { base, mut steps }, step) => {
            steps.push(step);
            Node::Path { base, steps }
        }
        (base, step) => Node::Path { base: Box::new(base), steps: vec![step] },
    }
}
