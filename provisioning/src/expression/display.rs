use std::fmt::{self, Display, Formatter, Write};

use serde_json::Value;

use super::tree::{Arm, Call, Level, Node, Step, Unary};

impl Node {
    fn level(&self) -> Level {
        match self {
            Self::Choice { .. } => Level::Choice,
            Self::Chain { rest, .. } => {
                rest.first().map_or(Level::Or, |link| link.operator.level())
            }
            Self::Matches { .. } => Level::Relation,
            Self::Unary { .. } => Level::Unary,
            _ => Level::Postfix,
        }
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => literal(f, value),
            Self::Reference(reference) => {
                f.write_str(&reference.root)?;
                reference.attribute.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Self::Array(elements) => {
                f.write_char('{')?;
                list(f, elements)?;
                f.write_char('}')
            }
            Self::Map(pairs) => {
                f.write_char('{')?;
                pairs.iter().enumerate().try_for_each(|(n, (key, value))| {
                    let comma = if n == 0 { "" } else { ", " };
                    write!(f, "{comma}{key}: {value}")
                })?;
                f.write_char('}')
            }
            Self::Call(call) => call.fmt(f),
            Self::Path { base, steps } => {
                operand(f, base, Level::Postfix)?;
                steps.iter().try_for_each(|step| step.fmt(f))
            }
            Self::Unary { operator, operand, .. } => unary(f, *operator, operand),
            Self::Chain { first, rest } => {
                let tighter = self.level().tighter();
                operand(f, first, tighter)?;
                rest.iter().try_for_each(|link| {
                    write!(f, " {} ", link.operator.sign())?;
                    operand(f, &link.operand, tighter)
                })
            }
            Self::Matches { text, pattern, .. } => {
                operand(f, text, Level::Sum)?;
                f.write_str(" matches ")?;
                operand(f, pattern, Level::Sum)
            }
            Self::Choice { arms, otherwise } => {
                arms.iter().try_for_each(|arm| arm.fmt(f))?;
                operand(f, otherwise, Level::Or)
            }
        }
    }
}

impl Display for Arm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::When { condition, value, .. } => {
                operand(f, condition, Level::Or)?;
                write!(f, " ? {value} : ")
            }
            Self::UnlessEmpty(value) => {
                operand(f, value, Level::Or)?;
                f.write_str(" ?: ")
            }
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name, _) => write!(f, ".{name}"),
            Self::Index(index, _) => write!(f, "[{index}]"),
            Self::Each(sign, inner, _) => write!(f, ".{sign}[{inner}]"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(receiver) = &self.receiver {
            write!(f, "{receiver}.")?;
        }
        write!(f, "{}(", self.function.name)?;
        list(f, &self.arguments)?;
        f.write_char(')')
    }
}

fn operand(f: &mut Formatter<'_>, node: &Node, least: Level) -> fmt::Result {
    if node.level() < least { write!(f, "({node})") } else { node.fmt(f) }
}

fn unary(f: &mut Formatter<'_>, operator: Unary, inner: &Node) -> fmt::Result {
    f.write_char(match operator {
        Unary::Not => '!',
        Unary::Minus => '-',
        Unary::Plus => '+',
    })?;
    // Or two signs would run together into `--`.
    if matches!(inner, Node::Unary { operator: second, .. } if *second == operator) {
        f.write_char(' ')?;
    }
    operand(f, inner, Level::Unary)
}

fn list(f: &mut Formatter<'_>, nodes: &[Node]) -> fmt::Result {
    nodes.iter().enumerate().try_for_each(|(n, node)| {
        f.write_str(if n == 0 { "" } else { ", " })?;
        node.fmt(f)
    })
}

fn literal(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) => write!(f, "\"{}\"", text.replace('"', "\"\"")),
        // A number with a point stays one.
        Value::Number(number) if number.is_f64() => {
            let text = number.as_f64().unwrap_or_default().to_string();
            write!(f, "{text}{}", if text.contains('.') { "" } else { ".0" })
        }
        value => value.fmt(f),
    }
}
