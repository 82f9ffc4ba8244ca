//! A small part of Okta's expression language, enough for group rules and plain mappings: attributes,
//! texts, numbers, `==`, `!=`, `AND`, `OR`, `!`, `+`, `a ? b : c`, and a few functions of `String`.
//! What is beyond it is stored and shown, but has no value here.

use serde_json::{Map, Value};

/// How deep parentheses may go.
const DEEPEST: usize = 50;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Literal(Value),
    /// The name behind `user.`, `source.` or `appuser.`.
    Attribute(String),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Binary(Box<Expression>, Operator, Box<Expression>),
    Choice(Box<[Expression; 3]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Plus,
}

impl Expression {
    /// The expression of a text; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text, depth: 0 };
        let expression = parser.choice()?;
        match parser.rest.trim_start() {
            "" => Ok(expression),
            rest => Err(format!("`{rest}` is left over")),
        }
    }

    /// The names of the attributes in it.
    pub(crate) fn attributes(&self) -> Vec<&str> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Attribute(name) => vec![name],
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::attributes).collect(),
            Self::Not(inner) => inner.attributes(),
            Self::Binary(left, _, right) => [left, right].map(|side| side.attributes()).concat(),
            Self::Choice(parts) => parts.iter().flat_map(Self::attributes).collect(),
        }
    }

    /// Its value for a profile; none where a function is not known here.
    pub(crate) fn value(&self, profile: &Map<String, Value>) -> Option<Value> {
        self.value_by(&|name| profile.get(name).cloned().unwrap_or_default())
    }

    /// Its value for whoever has these attributes, of which only those are asked for that it names.
    pub(crate) fn value_by(&self, attribute: &dyn Fn(&str) -> Value) -> Option<Value> {
        Some(match self {
            Self::Literal(value) => value.clone(),
            Self::Attribute(name) => attribute(name),
            Self::Not(inner) => (inner.value_by(attribute)? != true).into(),
            Self::Call(name, arguments) => {
                let values: Option<Vec<Value>> =
                    arguments.iter().map(|argument| argument.value_by(attribute)).collect();
                call(name, &values?)?
            }
            Self::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let chosen = if condition.value_by(attribute)? == true { yes } else { no };
                return chosen.value_by(attribute);
            }
            Self::Binary(left, operator, right) => {
                binary(left.value_by(attribute)?, *operator, || right.value_by(attribute))?
            }
        })
    }
}

fn binary(left: Value, operator: Operator, right: impl FnOnce() -> Option<Value>) -> Option<Value> {
    Some(match operator {
        Operator::Or => (left == true || right()? == true).into(),
        Operator::And => (left == true && right()? == true).into(),
        Operator::Equal => (left == right()?).into(),
        Operator::Unequal => (left != right()?).into(),
        Operator::Plus => format!("{}{}", text(&left), text(&right()?)).into(),
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn call(name: &str, arguments: &[Value]) -> Option<Value> {
    let name = name.strip_prefix("String.").unwrap_or(name);
    Some(match (name, arguments) {
        ("startsWith", [whole, part]) => text(whole).starts_with(&text(part)).into(),
        ("endsWith", [whole, part]) => text(whole).ends_with(&text(part)).into(),
        ("stringContains", [whole, part]) => text(whole).contains(&text(part)).into(),
        ("toLowerCase", [whole]) => text(whole).to_lowercase().into(),
        ("toUpperCase", [whole]) => text(whole).to_uppercase().into(),
        ("len", [whole]) => text(whole).chars().count().into(),
        ("append", [first, second]) => format!("{}{}", text(first), text(second)).into(),
        ("substringBefore", [whole, mark]) => {
            let (whole, mark) = (text(whole), text(mark));
            whole.split_once(&*mark).map_or(whole.as_str(), |(before, _)| before).into()
        }
        ("substringAfter", [whole, mark]) => {
            let (whole, mark) = (text(whole), text(mark));
            whole.split_once(&*mark).map_or("", |(_, after)| after).into()
        }
        _ => return None,
    })
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn choice(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let condition = self.chain(0)?;
        let whole = match self.takes("?") {
            false => condition,
            true => {
                let yes = self.choice()?;
                if !self.takes(":") {
                    return Err("a `:` is missing".to_owned());
                }
                Expression::Choice(Box::new([condition, yes, self.choice()?]))
            }
        };
        self.depth -= 1;
        Ok(whole)
    }

    // From the loosest to the tightest binding.
    fn chain(&mut self, level: usize) -> Result<Expression, String> {
        const LEVELS: [&[(&str, Operator)]; 4] = [
            &[("||", Operator::Or), ("OR", Operator::Or), ("or", Operator::Or)],
            &[("&&", Operator::And), ("AND", Operator::And), ("and", Operator::And)],
            &[("==", Operator::Equal), ("!=", Operator::Unequal)],
            &[("+", Operator::Plus)],
        ];
        let Some(operators) = LEVELS.get(level) else {
            return self.one();
        };
        let mut left = self.chain(level + 1)?;
        loop {
            let found = operators.iter().find(|(written, _)| self.takes(written));
            let Some((_, operator)) = found else {
                return Ok(left);
            };
            let right = self.chain(level + 1)?;
            left = Expression::Binary(Box::new(left), *operator, Box::new(right));
        }
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.takes("!") || self.takes("NOT") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("it is nested too deeply".to_owned());
            }
            let inner = self.one()?;
            self.depth -= 1;
            return Ok(Expression::Not(Box::new(inner)));
        }
        if self.takes("(") {
            let inner = self.choice()?;
            return if self.takes(")") { Ok(inner) } else { Err("a `)` is missing".to_owned()) };
        }
        self.rest = self.rest.trim_start();
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.text(quote),
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.named(),
            Some(c) => Err(format!("`{c}` does not belong there")),
            None => Err("it ends too early".to_owned()),
        }
    }

    // A quote inside is written twice, as in SpEL, or behind a backslash.
    fn text(&mut self, quote: char) -> Result<Expression, String> {
        let mut value = String::new();
        let mut letters = self.rest.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            match letter {
                '\\' if next == Some(quote) || next == Some('\\') => {
                    value.extend(next);
                    letters.next();
                }
                letter if letter == quote && next == Some(quote) => {
                    value.push(quote);
                    letters.next();
                }
                letter if letter == quote => {
                    self.rest = &self.rest[at + letter.len_utf8()..];
                    return Ok(Expression::Literal(value.into()));
                }
                letter => value.push(letter),
            }
        }
        Err("a text is not closed".to_owned())
    }

    fn number(&mut self) -> Result<Expression, String> {
        let end = self.rest.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let number = serde_json::from_str(digits);
        number.map(Expression::Literal).map_err(|_| format!("`{digits}` is no number"))
    }

    fn named(&mut self) -> Result<Expression, String> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c)));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if self.takes("(") {
            return Ok(Expression::Call(name.to_owned(), self.arguments()?));
        }
        match (name, name.split_once('.')) {
            ("true", _) => Ok(Expression::Literal(true.into())),
            ("false", _) => Ok(Expression::Literal(false.into())),
            ("null", _) => Ok(Expression::Literal(Value::Null)),
            (_, Some(("user" | "source" | "appuser", attribute))) => {
                Ok(Expression::Attribute(attribute.to_owned()))
            }
            // An app's own prefix, `org.` and the like.
            (_, Some(_)) => Ok(Expression::Call(name.to_owned(), Vec::new())),
            _ => Err(format!("`{name}` is not known")),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, String> {
        let mut arguments = Vec::new();
        if self.takes(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.choice()?);
            if self.takes(")") {
                return Ok(arguments);
            }
            if !self.takes(",") {
                return Err("a `,` or `)` is missing".to_owned());
            }
        }
    }

    fn takes(&mut self, expected: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(expected) else {
            return false;
        };
        let is_word = expected.starts_with(char::is_alphabetic);
        let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let is_unequal = expected == "!" && rest.starts_with('=');
        if is_word && goes_on || is_unequal {
            return false;
        }
        self.rest = rest;
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Option<Value> {
        let profile =
            json!({"firstName": "Ada", "login": "ada@x.example", "badge": 7, "city": null});
        Expression::parse(text).unwrap().value(profile.as_object().unwrap())
    }

    #[test]
    fn what_rules_and_mappings_say() {
        for (text, expected) in [
            (r#"String.startsWith(user.firstName,"Ad")"#, json!(true)),
            (r#"String.startsWith(user.firstName, String.toLowerCase("AD"))"#, json!(false)),
            (r#"user.firstName == "Ada" AND user.badge == 7"#, json!(true)),
            (r#"user.firstName != "Ada" or !(user.city == null)"#, json!(false)),
            (r#"user.city==null ? "none" : user.city"#, json!("none")),
            (r#"source.firstName + " " + source.badge"#, json!("Ada 7")),
            (r#"substringBefore(user.login, "@")"#, json!("ada")),
            (r#"'it''s' + "\"""#, json!("it's\"")),
            ("appuser.nobody", Value::Null),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        assert_eq!(value(r#"isMemberOfAnyGroup("00g1")"#), None);
        assert_eq!(value("org.name"), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, problem) in [
            ("", "ends too early"),
            ("user.a ==", "ends too early"),
            (r#"String.len("x""#, "`,` or `)` is missing"),
            (r#"(user.a"#, "`)` is missing"),
            (r#"user.a == "b" c"#, "left over"),
            (r#""open"#, "not closed"),
            ("nonsense", "not known"),
            ("user.a ? 1", "`:` is missing"),
        ] {
            let told = Expression::parse(text).unwrap_err();
            assert!(told.contains(problem), "{text}: {told}");
        }
        assert!(Expression::parse(&"(".repeat(200)).unwrap_err().contains("too deeply"));
        assert!(Expression::parse(&"!".repeat(20_000)).unwrap_err().contains("too deeply"));
    }
}
