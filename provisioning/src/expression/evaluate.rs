use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::error::{ExpressionError, Fault};
use super::functions::{Answer, Arguments};
use super::pattern::Pattern;
use super::scope::Scope;
use super::tree::{
    Arm, Binary, Call, Compiled, Link, Need, Node, Position, Reference, Step, Unary,
};
use super::values::{self, Numeric, kind};

/// A value that is borrowed as long as nothing changes it.
type Flow<'a> = Result<Cow<'a, Value>, ExpressionError>;

impl Need {
    pub(super) fn check(&self, scope: &dyn Scope) -> Result<(), ExpressionError> {
        match self {
            Self::Root(root, at) if !scope.supplies(root) => Err(not_supplied(root, *at)),
            Self::Groups(function, at) if scope.groups().is_none() => {
                let problem =
                    format!("`{function}` needs the person's groups, and they are not supplied");
                Err(Fault::unsupported(problem).at(*at))
            }
            Self::Internal(name, at) if scope.internal_property(name).is_none() => {
                let problem = format!("the internal property `{name}` is not supplied");
                Err(Fault::unsupported(problem).at(*at))
            }
            Self::Never(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

fn not_supplied(root: &str, at: Position) -> ExpressionError {
    Fault::unsupported(format!("`{root}` is not supplied")).at(at)
}

pub(super) struct Evaluation<'a> {
    pub(super) scope: &'a dyn Scope,
}

impl<'a> Evaluation<'a> {
    pub(super) fn value(&self, node: &'a Node) -> Flow<'a> {
        match node {
            Node::Literal(value) => Ok(Cow::Borrowed(value)),
            Node::Reference(reference) => self.reference(reference),
            Node::Array(elements) => {
                let values =
                    elements.iter().map(|element| self.value(element).map(Cow::into_owned));
                values.collect::<Result<_, _>>().map(|values| Cow::Owned(Value::Array(values)))
            }
            // Not reached: what only Okta can answer has failed before.
            Node::Map(_) => Err(Fault::unsupported("only Okta takes a map").at(Position::new(0))),
            Node::Call(call) => self.call(call),
            Node::Path { base, steps } => {
                steps.iter().try_fold(self.value(base)?, |value, step| self.step(value, step))
            }
            Node::Unary { operator, operand, at } => self.unary(*operator, operand, *at),
            Node::Chain { first, rest } => self.chain(first, rest),
            Node::Matches { text, pattern, compiled, at } => {
                self.matches(text, pattern, compiled.as_ref(), *at)
            }
            Node::Choice { arms, otherwise } => self.choice(arms, otherwise),
        }
    }

    fn reference(&self, reference: &'a Reference) -> Flow<'a> {
        let Reference { root, attribute, at } = reference;
        let Some(name) = attribute else {
            return self.scope.root(root).ok_or_else(|| not_supplied(root, *at));
        };
        if let Some(value) = self.scope.attribute(root, name) {
            return Ok(value);
        }
        match self.scope.root(root).as_deref() {
            Some(Value::Object(_)) => Ok(Cow::Owned(Value::Null)),
            Some(other) => Err(no_attributes(other, name).at(*at)),
            None => Err(not_supplied(root, *at)),
        }
    }

    fn step(&self, value: Cow<'a, Value>, step: &'a Step) -> Flow<'a> {
        let (found, at) = match step {
            Step::Member(name, at) => (member(value, name), at),
            Step::Index(index, at) => (element(value, self.value(index)?.as_ref()), at),
            Step::Each(_, _, at) => (Err(Fault::unsupported("only Okta has these groups")), at),
        };
        found.map_err(|fault| fault.at(*at))
    }

    fn unary(&self, operator: Unary, operand: &'a Node, at: Position) -> Flow<'a> {
        let value = self.value(operand)?;
        let result = match (operator, &*value) {
            (Unary::Not, value) => truth(value, at).map(|truth| Value::Bool(!truth)),
            (Unary::Plus, Value::Number(_)) => return Ok(value),
            (Unary::Minus, number @ Value::Number(_)) => {
                negative(number).map_err(|fault| fault.at(at))
            }
            (_, other) => {
                let problem = format!("found {}, expected a number", kind(other));
                Err(Fault::kind(problem).at(at))
            }
        };
        result.map(Cow::Owned)
    }

    fn chain(&self, first: &'a Node, rest: &'a [Link]) -> Flow<'a> {
        match rest.first().map(|link| link.operator) {
            Some(Binary::Or) => self.logic(first, rest, true),
            Some(Binary::And) => self.logic(first, rest, false),
            _ => {
                let mut left = self.value(first)?;
                for link in rest {
                    let right = self.value(&link.operand)?;
                    left = self
                        .apply(link.operator, left, &right)
                        .map_err(|fault| fault.at(link.at))?;
                }
                Ok(left)
            }
        }
    }

    // Stops at the first value that decides.
    fn logic(&self, first: &'a Node, rest: &'a [Link], decisive: bool) -> Flow<'a> {
        let at = rest.first().map_or(Position::new(0), |link| link.at);
        let mut decided = truth(&*self.value(first)?, at)?;
        for link in rest {
            if decided == decisive {
                break;
            }
            decided = truth(&*self.value(&link.operand)?, link.at)?;
        }
        Ok(Cow::Owned(Value::Bool(decided)))
    }

    fn apply(
        &self,
        operator: Binary,
        left: Cow<'a, Value>,
        right: &Value,
    ) -> Result<Cow<'a, Value>, Fault> {
        let truth = match operator {
            Binary::Add => return values::add(left, right, self.scope.prints_null()),
            Binary::Equal => values::equal(&left, right),
            Binary::NotEqual => !values::equal(&left, right),
            Binary::Less => values::order(&left, right)? == Ordering::Less,
            Binary::LessOrEqual => values::order(&left, right)? != Ordering::Greater,
            Binary::Greater => values::order(&left, right)? == Ordering::Greater,
            Binary::GreaterOrEqual => values::order(&left, right)? != Ordering::Less,
            arithmetic => return values::arithmetic(arithmetic, &left, right).map(Cow::Owned),
        };
        Ok(Cow::Owned(Value::Bool(truth)))
    }

    fn matches(
        &self,
        text: &'a Node,
        pattern: &'a Node,
        compiled: Option<&'a Compiled>,
        at: Position,
    ) -> Flow<'a> {
        let (value, written) = (self.value(text)?, self.value(pattern)?);
        let matched = match (&*value, &*written, compiled) {
            (Value::String(text), _, Some(Ok(pattern))) => Ok(pattern.matches(text)),
            (Value::String(_), _, Some(Err(fault))) => Err(fault.clone()),
            (Value::String(text), Value::String(pattern), None) => {
                Pattern::new(pattern).map(|pattern| pattern.matches(text))
            }
            (value, pattern, _) => Err(Fault::kind(format!(
                "found {} and {}, expected two texts for `matches`",
                kind(value),
                kind(pattern)
            ))),
        };
        matched.map(|truth| Cow::Owned(Value::Bool(truth))).map_err(|fault| fault.at(at))
    }

    fn choice(&self, arms: &'a [Arm], otherwise: &'a Node) -> Flow<'a> {
        for arm in arms {
            match arm {
                Arm::When { condition, value, at } => {
                    if truth(&*self.value(condition)?, *at)? {
                        return self.value(value);
                    }
                }
                Arm::UnlessEmpty(value) => {
                    let value = self.value(value)?;
                    if !value.is_null() && value.as_str() != Some("") {
                        return Ok(value);
                    }
                }
            }
        }
        self.value(otherwise)
    }

    fn call(&self, call: &'a Call) -> Flow<'a> {
        let function = call.function;
        function.check_count(call.arguments.len()).map_err(|fault| fault.at(call.at))?;
        let values = call.arguments.iter().map(|argument| self.value(argument));
        let arguments = Arguments::new(function.name, values.collect::<Result<_, _>>()?);
        let answer = match function.answer {
            Answer::Plain(body) => body(&arguments),
            Answer::Clock(body) => body(&arguments, self.scope.now()),
            Answer::Groups(body) => body(&arguments, self.scope.groups().unwrap_or_default()),
            Answer::Internal => Ok(self.internal(&arguments)),
            Answer::Okta(needed) => Err(Fault::unsupported(format!("only Okta knows {needed}"))),
        };
        answer.map(Cow::Owned).map_err(|fault| fault.at(call.at))
    }

    // That it is supplied has been seen before.
    fn internal(&self, arguments: &Arguments<'_>) -> Value {
        let name = arguments.get(0).as_str().unwrap_or_default();
        self.scope.internal_property(name).unwrap_or_default()
    }
}

fn truth(value: &Value, at: Position) -> Result<bool, ExpressionError> {
    value.as_bool().ok_or_else(|| {
        Fault::kind(format!("found {}, expected a Boolean as the condition", kind(value))).at(at)
    })
}

fn negative(value: &Value) -> Result<Value, Fault> {
    match Numeric::of(value) {
        Some(Numeric::Whole(whole)) => Numeric::Whole(-whole).value(),
        Some(Numeric::Real(real)) => Numeric::Real(-real).value(),
        None => Err(Fault::kind("found no number to negate")),
    }
}

fn no_attributes(value: &Value, name: &str) -> Fault {
    Fault::kind(format!("found {}, expected an object with the attribute `{name}`", kind(value)))
}

fn member<'a>(value: Cow<'a, Value>, name: &str) -> Result<Cow<'a, Value>, Fault> {
    let found = match value {
        Cow::Borrowed(Value::Object(object)) => object.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut object)) => object.remove(name).map(Cow::Owned),
        other => return Err(no_attributes(&other, name)),
    };
    Ok(found.unwrap_or(Cow::Owned(Value::Null)))
}

fn element<'a>(value: Cow<'a, Value>, index: &Value) -> Result<Cow<'a, Value>, Fault> {
    let Some(wanted) = Numeric::of(index).and_then(Numeric::whole) else {
        return Err(Fault::kind(format!(
            "found {} as an index, expected a whole number",
            kind(index)
        )));
    };
    let place = usize::try_from(wanted).unwrap_or(usize::MAX);
    let (found, length) = match value {
        Cow::Borrowed(Value::Array(list)) => (list.get(place).map(Cow::Borrowed), list.len()),
        Cow::Owned(Value::Array(mut list)) => {
            (list.get_mut(place).map(|value| Cow::Owned(value.take())), list.len())
        }
        other => return Err(Fault::kind(format!("found {}, expected an array", kind(&other)))),
    };
    found.ok_or_else(|| {
        Fault::kind(format!("found index {wanted}, expected less than {length}, the array's size"))
    })
}
