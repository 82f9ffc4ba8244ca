//! The table of functions, and how they read their arguments.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::error::Fault;
use super::pattern::Pattern;
use super::scope::Group;
use super::values::{self, Numeric, kind};
use super::{arrays, convert, dates, groups, strings, time};

/// A function of the language.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    least: usize,
    most: usize,
    pub(super) answer: Answer,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

type Answered = Result<Value, Fault>;

/// Who can answer it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Plain(fn(&Arguments<'_>) -> Answered),
    Clock(fn(&Arguments<'_>, Timestamp) -> Answered),
    Groups(fn(&Arguments<'_>, &[Group]) -> Answered),
    Internal,
    Okta(&'static str),
}

const MANY: usize = usize::MAX;

const fn plain(
    name: &'static str,
    least: usize,
    most: usize,
    body: fn(&Arguments<'_>) -> Answered,
) -> Function {
    Function { name, least, most, answer: Answer::Plain(body) }
}

const fn groups(
    name: &'static str,
    most: usize,
    body: fn(&Arguments<'_>, &[Group]) -> Answered,
) -> Function {
    Function { name, least: 1, most, answer: Answer::Groups(body) }
}

// With any number of arguments: nothing is evaluated.
const fn okta(name: &'static str, needed: &'static str) -> Function {
    Function { name, least: 0, most: MANY, answer: Answer::Okta(needed) }
}

static FUNCTIONS: &[Function] = &[
    plain("String.append", 2, 2, strings::append),
    plain("String.join", 1, MANY, strings::join),
    plain("String.len", 1, 1, strings::len),
    plain("String.removeSpaces", 1, 1, strings::remove_spaces),
    plain("String.replace", 3, 3, strings::replace),
    plain("String.replaceFirst", 3, 3, strings::replace_first),
    plain("String.startsWith", 2, 2, strings::starts_with),
    plain("String.stringContains", 2, 2, strings::contains),
    plain("String.stringSwitch", 2, MANY, strings::switch),
    plain("String.substring", 3, 3, strings::substring),
    plain("String.substringAfter", 2, 2, strings::after),
    plain("String.substringBefore", 2, 2, strings::before),
    plain("String.toUpperCase", 1, 1, strings::upper),
    plain("String.toLowerCase", 1, 1, strings::lower),
    plain("substring", 3, 3, strings::substring),
    plain("substringAfter", 2, 2, strings::after),
    plain("substringBefore", 2, 2, strings::before),
    plain("toUpperCase", 1, 1, strings::upper),
    plain("toLowerCase", 1, 1, strings::lower),
    plain("Arrays.add", 2, 2, arrays::add),
    plain("Arrays.remove", 2, 2, arrays::remove),
    plain("Arrays.clear", 1, 1, arrays::clear),
    plain("Arrays.get", 2, 2, arrays::get),
    plain("Arrays.flatten", 1, MANY, arrays::flatten),
    plain("Arrays.contains", 2, 2, arrays::contains),
    plain("Arrays.size", 1, 1, arrays::size),
    plain("Arrays.isEmpty", 1, 1, arrays::is_empty),
    plain("Arrays.toCsvString", 1, 1, arrays::to_csv),
    plain("Convert.toInt", 1, 1, convert::to_int),
    plain("Convert.toNum", 1, 1, convert::to_num),
    plain("Iso3166Convert.toAlpha2", 1, 1, convert::to_alpha2),
    plain("Iso3166Convert.toAlpha3", 1, 1, convert::to_alpha3),
    plain("Iso3166Convert.toNumeric", 1, 1, convert::to_numeric),
    plain("Iso3166Convert.toName", 1, 1, convert::to_name),
    plain("Time.fromWindowsToIso8601", 1, 1, time::from_windows),
    plain("Time.fromUnixToIso8601", 1, 1, time::from_unix),
    plain("Time.fromIso8601ToUnix", 1, 1, time::to_unix),
    plain("Time.fromIso8601ToWindows", 1, 1, time::to_windows),
    plain("Time.fromIso8601ToString", 2, 2, time::to_text),
    Function {
        name: "Time.fromStringToIso8601",
        least: 2,
        most: 2,
        answer: Answer::Clock(time::from_text),
    },
    Function { name: "Time.now", least: 0, most: 2, answer: Answer::Clock(time::now) },
    groups("isMemberOfGroup", 1, groups::by_id),
    groups("isMemberOfAnyGroup", MANY, groups::by_id),
    groups("isMemberOfGroupName", 1, groups::by_name),
    groups("isMemberOfGroupNameStartsWith", 1, groups::by_start),
    groups("isMemberOfGroupNameContains", 1, groups::by_part),
    groups("isMemberOfGroupNameRegex", 1, groups::by_pattern),
    okta("getFilteredGroups", "the groups of its claims"),
    okta("Groups.contains", "the groups of its claims"),
    okta("Groups.startsWith", "the groups of its claims"),
    okta("Groups.endsWith", "the groups of its claims"),
    okta("getManagerUser", "the directory's managers"),
    okta("getManagerAppUser", "the directory's managers"),
    okta("getAssistantUser", "the directory's assistants"),
    okta("getAssistantAppUser", "the directory's assistants"),
    okta("hasDirectoryUser", "the person's other app profiles"),
    okta("findDirectoryUser", "the person's other app profiles"),
    okta("hasWorkdayUser", "the person's other app profiles"),
    okta("findWorkdayUser", "the person's other app profiles"),
];

// Of `user`.
static USER_METHODS: &[Function] = &[
    okta("getGroups", "the groups with their sources"),
    okta("getLinkedObject", "the linked objects"),
    Function { name: "getInternalProperty", least: 1, most: 1, answer: Answer::Internal },
];

const APP_METHODS: [&str; 4] =
    ["hasDirectoryUser", "findDirectoryUser", "hasWorkdayUser", "findWorkdayUser"];

/// The function of this name, and whether it is a method of the root before it.
pub(super) fn find(receiver: Option<&str>, name: &str) -> Option<(&'static Function, bool)> {
    let bare = |name: &str| FUNCTIONS.iter().find(|function| function.name == name);
    let Some(receiver) = receiver else { return Some((bare(name)?, false)) };
    let full = |function: &&Function| {
        let (namespace, own) = function.name.split_once('.').unwrap_or_default();
        namespace == receiver && own == name
    };
    if let Some(function) = FUNCTIONS.iter().find(full) {
        return Some((function, false));
    }
    if receiver == "user" {
        return Some((USER_METHODS.iter().find(|method| method.name == name)?, true));
    }
    let method = APP_METHODS.contains(&name).then(|| bare(name)).flatten()?;
    Some((method, true))
}

/// Whether there is a function of this full name.
pub(super) fn exists(name: &str) -> bool {
    match name.split_once('.') {
        Some((receiver, own)) => find(Some(receiver), own).is_some(),
        None => find(None, name).is_some(),
    }
}

impl Function {
    pub(super) fn check_count(&self, count: usize) -> Result<(), Fault> {
        if (self.least..=self.most).contains(&count) {
            return Ok(());
        }
        let expected = match (self.least, self.most) {
            (least, MANY) => format!("{least} or more"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let name = self.name;
        Err(Fault::kind(format!("found {count} arguments for `{name}`, expected {expected}")))
    }

    /// Judges the patterns that stand in the text.
    pub(super) fn check_literals<'a>(
        &self,
        literal: impl Fn(usize) -> Option<&'a str>,
    ) -> Result<(), Fault> {
        match self.name {
            "Time.fromStringToIso8601" => literal(1).map_or(Ok(()), dates::check_readable),
            "Time.fromIso8601ToString" | "Time.now" => literal(1).map_or(Ok(()), dates::check),
            "isMemberOfGroupNameRegex" => {
                literal(0).map_or(Ok(()), |text| Pattern::new(text).map(drop))
            }
            _ => Ok(()),
        }
    }
}

/// The evaluated arguments of one call, of the right number.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    name: &'static str,
    values: Vec<Cow<'a, Value>>,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(name: &'static str, values: Vec<Cow<'a, Value>>) -> Self {
        Self { name, values }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn get(&self, n: usize) -> &Value {
        self.values.get(n).map_or(&Value::Null, |value| value)
    }

    pub(super) fn fault(&self, n: usize, expected: &str) -> Fault {
        let found = kind(self.get(n));
        let (place, name) = (n + 1, self.name);
        Fault::kind(format!("found {found} as argument {place} of `{name}`, expected {expected}"))
    }

    /// A text, null, or what prints plainly as one.
    pub(super) fn text(&self, n: usize) -> Result<Option<Cow<'_, str>>, Fault> {
        match self.get(n) {
            Value::Null => Ok(None),
            Value::Array(_) | Value::Object(_) => Err(self.fault(n, "a text")),
            value => Ok(values::text(value)),
        }
    }

    pub(super) fn required_text(&self, n: usize) -> Result<Cow<'_, str>, Fault> {
        self.text(n)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.fault(n, "a text that is not empty"))
    }

    pub(super) fn whole(&self, n: usize) -> Result<i128, Fault> {
        let whole = Numeric::of(self.get(n)).and_then(Numeric::whole);
        whole.ok_or_else(|| self.fault(n, "a whole number"))
    }

    /// An array, null, or the parts of a comma-separated text.
    pub(super) fn list(&self, n: usize) -> Result<Option<Cow<'_, [Value]>>, Fault> {
        match self.get(n) {
            Value::Null => Ok(None),
            Value::Array(list) => Ok(Some(Cow::Borrowed(list))),
            Value::String(text) => Ok(Some(Cow::Owned(parts(text)))),
            _ => Err(self.fault(n, "an array or a comma-separated text")),
        }
    }
}

/// The parts of a comma-separated text, without the blanks around them.
pub(super) fn parts(text: &str) -> Vec<Value> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    text.split(',').map(|part| Value::from(part.trim())).collect()
}
