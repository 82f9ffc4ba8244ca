//! Filters of the log: more than users' and groups' filters can say, such as `ne`, `ew` and `not`.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

/// How deep parentheses and `not` may go.
const DEEPEST: usize = 50;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Present(String),
    Compare(String, Operator, Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Co,
    Sw,
    Ew,
}

impl Filter {
    /// The filter of a text; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text, depth: 0 };
        let filter = parser.any()?;
        match parser.rest.trim_start() {
            "" => Ok(filter),
            rest => Err(format!("`{rest}` is left over")),
        }
    }

    pub(crate) fn matches(&self, event: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(event)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(event)),
            Self::Not(part) => !part.matches(event),
            Self::Present(path) => values(event, path).iter().any(|v| !v.is_null() && *v != ""),
            // No value equals it: also where there is none.
            Self::Compare(path, Operator::Ne, wanted) => {
                !values(event, path).iter().any(|value| holds(value, Operator::Eq, wanted))
            }
            Self::Compare(path, operator, wanted) => {
                values(event, path).iter().any(|value| holds(value, *operator, wanted))
            }
        }
    }

    /// The attributes that it names.
    pub(crate) fn paths(&self) -> Vec<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::paths).collect(),
            Self::Not(part) => part.paths(),
            Self::Present(path) | Self::Compare(path, ..) => vec![path],
        }
    }

    /// The texts that it compares an attribute with.
    pub(crate) fn compared_with(&self, attribute: &str) -> Vec<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().flat_map(|part| part.compared_with(attribute)).collect()
            }
            Self::Not(part) => part.compared_with(attribute),
            Self::Compare(path, _, value) if path == attribute => {
                value.as_str().into_iter().collect()
            }
            Self::Present(_) | Self::Compare(..) => Vec::new(),
        }
    }
}

// A list stands for each of its items.
fn values<'a>(event: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = vec![event];
    for name in path.split('.') {
        here = here.into_iter().filter_map(|value| value.get(name)).collect();
        here = here
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .collect();
    }
    here
}

fn holds(value: &Value, operator: Operator, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::String(value), Value::String(wanted)) => {
            let (value, wanted) = (value.to_lowercase(), wanted.to_lowercase());
            match operator {
                Operator::Co => value.contains(&wanted),
                Operator::Sw => value.starts_with(&wanted),
                Operator::Ew => value.ends_with(&wanted),
                _ => in_order(operator, by_time(&value, &wanted)),
            }
        }
        (Value::Number(value), Value::Number(wanted)) => {
            let order = value.as_f64().partial_cmp(&wanted.as_f64());
            order.is_some_and(|order| in_order(operator, order))
        }
        _ => operator == Operator::Eq && value == wanted,
    }
}

fn by_time(value: &str, wanted: &str) -> Ordering {
    let time = |text: &str| text.to_uppercase().parse::<Timestamp>().ok();
    match (time(value), time(wanted)) {
        (Some(value), Some(wanted)) => value.cmp(&wanted),
        _ => value.cmp(wanted),
    }
}

fn in_order(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        _ => false,
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(alone(parts, Filter::Or))
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.takes_word("and") {
            parts.push(self.one()?);
        }
        Ok(alone(parts, Filter::And))
    }

    fn one(&mut self) -> Result<Filter, String> {
        let negated = self.takes_word("not");
        if let Some(rest) = self.rest.trim_start().strip_prefix('(') {
            self.rest = rest;
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("it is nested too deeply".to_owned());
            }
            let inner = self.any()?;
            let rest = self.rest.trim_start().strip_prefix(')');
            self.rest = rest.ok_or("a `)` is missing")?;
            self.depth -= 1;
            return Ok(if negated { Filter::Not(Box::new(inner)) } else { inner });
        }
        if negated {
            return Err("`not` takes parentheses".to_owned());
        }
        let path = self.word();
        if path.is_empty() {
            return Err("an attribute is missing".to_owned());
        }
        let name = self.word().to_lowercase();
        if name == "pr" {
            return Ok(Filter::Present(path.to_owned()));
        }
        let operator = operator(&name).ok_or_else(|| format!("`{name}` is no operator"))?;
        Ok(Filter::Compare(path.to_owned(), operator, self.literal()?))
    }

    fn literal(&mut self) -> Result<Value, String> {
        self.rest = self.rest.trim_start();
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = values.next().and_then(Result::ok).ok_or("a value is missing")?;
        self.rest = &self.rest[values.byte_offset()..];
        match value.is_object() || value.is_array() {
            true => Err("a value is a text, a number, true or false".to_owned()),
            false => Ok(value),
        }
    }

    fn word(&mut self) -> &'a str {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !(c.is_alphanumeric() || "._-$".contains(c)));
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        word
    }

    fn takes_word(&mut self, expected: &str) -> bool {
        let before = self.rest;
        let found = self.word().eq_ignore_ascii_case(expected);
        if !found {
            self.rest = before;
        }
        found
    }
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "eq" => Operator::Eq,
        "ne" => Operator::Ne,
        "gt" => Operator::Gt,
        "ge" => Operator::Ge,
        "lt" => Operator::Lt,
        "le" => Operator::Le,
        "co" => Operator::Co,
        "sw" => Operator::Sw,
        "ew" => Operator::Ew,
        _ => return None,
    })
}

fn alone(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => many(parts.into_iter().chain(last).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_matched() {
        let event = json!({
            "eventType": "user.lifecycle.create", "severity": "INFO", "actor": {"id": "00u1"},
            "target": [{"id": "00u2", "type": "User"}, {"id": "00g3", "type": "UserGroup"}],
            "authenticationContext": {"authenticationStep": 2}, "client": {"id": null},
            "debugContext": {"debugData": {"url": "/api/v1/users?"}},
        });
        let holding = [
            r#"eventType eq "user.lifecycle.create""#,
            r#"eventType sw "USER.lifecycle" and target.id eq "00g3""#,
            r#"eventType eq "x" or (actor.id ne "00u2" and not (severity eq "WARN"))"#,
            r#"debugContext.debugData.url co "/users" and eventType ew "create""#,
            r#"authenticationContext.authenticationStep gt 1 AND target.type eq "User""#,
            r#"target pr and not(client.id pr)"#,
            r#"outcome.result ne "FAILURE""#,
        ];
        let failing = [
            r#"target.id ne "00g3""#,
            r#"eventType sw "group""#,
            r#"client.id eq "x""#,
            r#"actor.id eq "00u1" and severity eq "WARN""#,
            r#"authenticationContext.authenticationStep le 1"#,
        ];
        for text in holding {
            assert!(Filter::parse(text).unwrap().matches(&event), "{text}");
        }
        for text in failing {
            assert!(!Filter::parse(text).unwrap().matches(&event), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, problem) in [
            ("", "attribute is missing"),
            (r#"a is "b""#, "`is` is no operator"),
            ("a eq", "value is missing"),
            (r#"(a eq "b""#, "`)` is missing"),
            (r#"a eq "b" c"#, "left over"),
            (r#"not a eq "b""#, "takes parentheses"),
            (r#"a eq {}"#, "a value is a text"),
        ] {
            let told = Filter::parse(text).unwrap_err();
            assert!(told.contains(problem), "{text}: {told}");
        }
        let deep = format!("{}a pr{}", "(".repeat(100), ")".repeat(100));
        assert!(Filter::parse(&deep).unwrap_err().contains("too deeply"));
    }
}
