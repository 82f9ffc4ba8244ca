use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::error::{ExpressionError, Fault};
use super::parse::Parser;
use super::scope::Scope;
use super::tree::{Node, Position, Reference};
use super::{Expression, values};

// `f:` is how it was written in 2015.
const FUNCTION_MARKS: [&str; 2] = ["fn:", "f:"];
const FUNCTIONS: [&str; 6] =
    ["substring", "substringBefore", "substringAfter", "toLowerCase", "toUpperCase", "replace"];

/// Text with `${…}` containers, as in user name templates of type `BUILT_IN`, `subjectNameIdTemplate` and `idpIssuer`.
///
/// A container holds a reference, or `fn:` and one function over a reference. A null in it prints as nothing.
///
/// ```
/// use provisioning::expression::{Context, Template};
/// use serde_json::json;
///
/// let template = Template::parse(r#"${fn:substringBefore(source.login, "@")}@corp.example"#)?;
/// let context = Context::new().with("source", json!({"login": "ada@acme.example"}));
/// assert_eq!(template.evaluate(&context)?, "ada@corp.example");
/// # Ok::<(), provisioning::expression::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Container { mark: &'static str, content: Box<Expression> },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// `syntax` for an unclosed or empty container and for what is neither reference nor function in it;
    /// `unknown-function` for a function that templates do not have.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("${") {
            if !before.is_empty() {
                parts.push(Part::Text(before.into()));
            }
            let start = text[..text.len() - inside.len()].chars().count();
            let Some(end) = container_end(inside) else {
                let problem = "found `${` without its `}`";
                return Err(Fault::syntax(problem).at(Position::new(start - 2)));
            };
            parts.push(container(&inside[..end], start)?);
            rest = &inside[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Ok(Self { parts })
    }

    /// The text for what the scope supplies.
    ///
    /// # Errors
    ///
    /// As of [`Expression::evaluate`].
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<String, ExpressionError> {
        // What is not supplied comes first, wherever it stands.
        let needs = self.contents().flat_map(|content| &content.needs);
        needs.into_iter().try_for_each(|need| need.check(scope))?;
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Container { content, .. } => match content.evaluate(scope)? {
                    Value::Null => {}
                    value => text.push_str(&values::text(&value).ok_or_else(|| {
                        Fault::kind("found an object, expected a text or a number")
                            .at(Position::new(0))
                    })?),
                },
            }
        }
        Ok(text)
    }

    /// The attributes that are read, as root and name, each once for each container.
    pub fn references(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contents().flat_map(Expression::references)
    }

    /// Checks what can be known before a run: as [`Expression::check`].
    ///
    /// # Errors
    ///
    /// As of [`Expression::check`].
    pub fn check(&self, mut known: impl FnMut(&str, &str) -> bool) -> Result<(), ExpressionError> {
        self.contents().try_for_each(|content| content.check(&mut known))
    }

    fn contents(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Container { content, .. } => Some(&**content),
        })
    }
}

impl FromStr for Template {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        Self::parse(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Container { mark, content } => {
                let content = content.to_string();
                let content =
                    if mark.is_empty() { &content } else { content.trim_start_matches("String.") };
                write!(f, "${{{mark}{content}}}")
            }
        })
    }
}

// The first `}` outside of quotes.
fn container_end(inside: &str) -> Option<usize> {
    let mut quote = None;
    for (n, letter) in inside.char_indices() {
        match (quote, letter) {
            (None, '}') => return Some(n),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
    }
    None
}

fn container(inside: &str, start: usize) -> Result<Part, ExpressionError> {
    let blanks = inside.len() - inside.trim_start().len();
    let content = inside.trim();
    let mark =
        FUNCTION_MARKS.into_iter().find(|mark| content.starts_with(mark)).unwrap_or_default();
    let before = start + inside[..blanks].chars().count() + mark.len();
    let content = &content[mark.len()..];
    if mark.is_empty() {
        let parsed =
            Parser::parse(content).map_err(|error| error.moved(|position| position + before))?;
        return match parsed.node {
            Node::Reference(_) => Ok(Part::Container { mark, content: Box::new(parsed) }),
            _ => Err(no_content(before)),
        };
    }
    let name = content.split('(').next().unwrap_or_default().trim_end();
    if !FUNCTIONS.contains(&name) && content.contains('(') {
        let problem =
            format!("unknown function `{mark}{name}`, expected one of {}", FUNCTIONS.join(", "));
        let fault = Fault::new(super::ErrorClass::UnknownFunction, problem);
        return Err(fault.at(Position::new(before)));
    }
    // Templates have the same functions under shorter names.
    let full = format!("String.{content}");
    let shift = |position: usize| (position + before).saturating_sub("String.".len()).max(before);
    let parsed = Parser::parse(&full).map_err(|error| error.moved(shift))?;
    let Node::Call(call) = &parsed.node else { return Err(no_content(before)) };
    let is_reference =
        |node: &Node| matches!(node, Node::Reference(Reference { attribute: Some(_), .. }));
    let is_literal = |node: &Node| matches!(node, Node::Literal(_));
    let mut arguments = call.arguments.iter();
    if !arguments.next().is_none_or(is_reference) || !arguments.all(is_literal) {
        return Err(no_content(before));
    }
    Ok(Part::Container { mark, content: Box::new(parsed) })
}

fn no_content(before: usize) -> ExpressionError {
    let problem = "expected a reference, or `fn:` and one function over a reference";
    Fault::syntax(problem).at(Position::new(before))
}
