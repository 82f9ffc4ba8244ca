//! Mapping as data: which expression fills which attribute, and when.

mod file;
mod okta;
mod origin;
mod scim;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::expression::{Expression, ExpressionError, Scope};
use crate::record::Record;
use origin::{Origin, before};

pub use origin::InFile;

/// When a row is applied, in the words of Okta's mapping editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// On create only: what somebody edits later stays.
    Create,
    /// On create and update: the source is right.
    #[default]
    CreateAndUpdate,
    /// Not mapped: the attribute is never touched.
    Never,
}

/// One row of a mapping.
#[derive(Clone, Debug)]
#[must_use]
pub struct MappingRow {
    to: String,
    from: Expression,
    applied: Applied,
    refers: bool,
    /// What the target takes there, as far as that is known.
    takes: Option<scim::Takes>,
    origin: Option<Origin>,
    /// The expression is another than was read: places in it mean nothing to who wrote that.
    is_rephrased: bool,
    /// The attribute of the app that it was read for, in Okta's mapping.
    okta: Option<String>,
}

/// Which attributes of the target come from which expressions over the source.
///
/// ```
/// use provisioning::{Context, Mapping};
/// use serde_json::json;
///
/// let mapping = Mapping::from_toml(r#"
///     key = "user.login"
///
///     [[row]]
///     to = "name.givenName"
///     from = "user.firstName"
///
///     [[row]]
///     to = "displayName"
///     from = 'user.firstName + " " + user.lastName'
///     apply = "create"
/// "#)?;
/// let mut context = Context::new();
/// context.set("user", json!({"login": "ada@acme.example", "firstName": "Ada", "lastName": "Byron"}));
/// let mapped = mapping.record(&context);
/// assert_eq!(mapped.record.key(), "ada@acme.example");
/// assert_eq!(mapped.record.fields()["name.givenName"], "Ada");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Mapping {
    key: Expression,
    key_origin: Option<Origin>,
    rows: Vec<MappingRow>,
}

/// A mapping that cannot be read, in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The file is not TOML or JSON, or has members that a mapping does not.
    #[error("the mapping cannot be read: {0}")]
    File(String),
    /// An expression is wrong.
    #[error("{}mapping of `{to}`: {error}", before(at))]
    Expression {
        /// Where in the file, if it was read from one.
        at: Option<InFile>,
        /// The attribute of the target; `key` for the key.
        to: String,
        /// What is wrong, and where in the expression.
        error: ExpressionError,
    },
    /// The target has no such attribute, it cannot be filled, or not by this row.
    #[error("{}mapping of `{to}`: {problem}", before(at))]
    Target {
        /// Where in the file, if it was read from one.
        at: Option<InFile>,
        /// The attribute of the target.
        to: String,
        /// What is wrong.
        problem: String,
    },
    /// It cannot be brought from or to Okta's profile mapping.
    #[error("Okta's mapping: {0}")]
    Okta(String),
}

/// A record, and what of it could not be worked out.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The record; without key, if that could not be worked out.
    pub record: Record,
    /// Attributes whose expression failed for this record: they stay as they are in the target.
    pub failed: Vec<(String, ExpressionError)>,
}

impl Mapping {
    /// A mapping without rows, whose records are identified by the value of this expression.
    ///
    /// # Errors
    /// When the expression is none.
    pub fn keyed_by(key: &str) -> Result<Self, MappingError> {
        Ok(Self { key: parse("key", key)?, key_origin: None, rows: Vec::new() })
    }

    /// Adds a row that is applied on create and update.
    ///
    /// # Errors
    /// When the expression is none, or the attribute has a row already.
    pub fn row(self, to: &str, from: &str) -> Result<Self, MappingError> {
        self.with(MappingRow::new(to, from)?)
    }

    /// Adds a row that is applied on create only.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    pub fn row_on_create(self, to: &str, from: &str) -> Result<Self, MappingError> {
        self.with(MappingRow::new(to, from)?.applied(Applied::Create))
    }

    /// Adds a row whose value is the key of another record, such as a manager's.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    pub fn reference(self, to: &str, from: &str) -> Result<Self, MappingError> {
        self.with(MappingRow::new(to, from)?.refers())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the attribute has a row already, or the row refers to a record and is applied on create only.
    pub fn with(mut self, row: MappingRow) -> Result<Self, MappingError> {
        let problem = if self.rows.iter().any(|other| other.to.eq_ignore_ascii_case(&row.to)) {
            "two rows fill it"
        } else if row.refers && row.applied == Applied::Create {
            "a reference cannot be applied on create only, because it is written after that, once the \
             record is there to which it refers: take out `apply = \"create\"`, or `refers = true`"
        } else {
            self.rows.push(row);
            return Ok(self);
        };
        let error = MappingError::Target { at: None, to: row.to, problem: problem.to_owned() };
        Err(row.origin.iter().fold(error, MappingError::at))
    }

    /// The same rows with other expressions, where `other` gives one. Faults still name the places of the
    /// rows as they were read.
    ///
    /// # Errors
    /// When what it gives is no expression.
    pub fn rephrased(
        mut self,
        other: impl Fn(&MappingRow) -> Option<String>,
    ) -> Result<Self, MappingError> {
        for row in &mut self.rows {
            if let Some(from) = other(row) {
                row.from = parse(&row.to, &from)?;
                row.is_rephrased = true;
            }
        }
        Ok(self)
    }

    /// The rows.
    pub fn rows(&self) -> &[MappingRow] {
        &self.rows
    }

    /// The attributes that are read, as root and name.
    pub(crate) fn references(&self) -> impl Iterator<Item = (&str, &str)> {
        let mapped = self.rows.iter().filter(|row| row.applied != Applied::Never);
        mapped.map(|row| &row.from).chain([&self.key]).flat_map(Expression::references)
    }

    /// Identifies records by the value of another expression.
    ///
    /// # Errors
    /// When the expression is none.
    pub fn with_key(mut self, key: &str) -> Result<Self, MappingError> {
        self.key = parse("key", key)?;
        self.key_origin = None;
        Ok(self)
    }

    /// The same keys, and no rows.
    pub(crate) fn only_key(mut self) -> Self {
        self.rows.clear();
        self
    }

    /// Whether it asks for a person's groups, which cost a call for each person.
    pub fn needs_groups(&self) -> bool {
        let mapped = self.rows.iter().filter(|row| row.applied != Applied::Never);
        mapped.map(|row| &row.from).chain([&self.key]).any(Expression::needs_groups)
    }

    /// Checks every name against the source before a run: `known` tells whether it has an attribute.
    ///
    /// # Errors
    /// The first row that names one it has not.
    pub fn check(&self, known: impl Fn(&str, &str) -> bool) -> Result<(), MappingError> {
        let wrong = |to: &str, error: ExpressionError, origin: &Option<Origin>| {
            let error = MappingError::Expression { at: None, to: to.to_owned(), error };
            origin.iter().fold(error, MappingError::at)
        };
        self.key.check(&known).map_err(|error| wrong("key", error, &self.key_origin))?;
        let mut mapped = self.rows.iter().filter(|row| row.applied != Applied::Never);
        mapped.try_for_each(|row| {
            let checked = row.from.check(&known);
            checked.map_err(|error| wrong(&row.to, row.as_read(error), &row.origin))
        })
    }

    /// The record that comes of one person or group of the source.
    ///
    /// A text without any sign in it is no value: an attribute that was emptied is cleared.
    pub fn record(&self, source: &dyn Scope) -> Mapped {
        let mut failed = Vec::new();
        let mut worked_out = |to: &str, value: Result<Value, ExpressionError>| {
            value.map_err(|error| failed.push((to.to_owned(), error))).ok()
        };
        let key = worked_out("key", self.key.evaluate(source)).and_then(|key| text(&key));
        let mut record = match key {
            Some(key) => Record::new(key),
            None => Record::new("").without_key(format!("no value for the key {}", self.key)),
        };
        for row in self.rows.iter().filter(|row| row.applied != Applied::Never) {
            let Some(value) = worked_out(&row.to, row.value(source)) else {
                continue;
            };
            record = match (row.applied, row.refers, text(&value)) {
                (Applied::Create, _, _) => record.set_on_create(&row.to, value),
                (_, true, Some(key)) => record.refer(&row.to, key),
                _ => record.set(&row.to, value),
            };
        }
        Mapped { record, failed }
    }
}

impl MappingRow {
    /// A row that is applied on create and update.
    ///
    /// # Errors
    /// When the expression is none.
    pub fn new(to: &str, from: &str) -> Result<Self, MappingError> {
        let from = parse(to, from)?;
        let (applied, refers, takes, origin, is_rephrased, okta) = Default::default();
        Ok(Self { to: to.to_owned(), from, applied, refers, takes, origin, is_rephrased, okta })
    }

    /// When it is applied.
    pub fn applied(mut self, applied: Applied) -> Self {
        self.applied = applied;
        self
    }

    /// Its value is the key of another record.
    pub fn refers(mut self) -> Self {
        self.refers = true;
        self
    }

    /// The attribute of the target.
    pub fn to(&self) -> &str {
        &self.to
    }

    /// The expression over the source.
    pub fn from(&self) -> &Expression {
        &self.from
    }

    /// When it is applied.
    pub fn when(&self) -> Applied {
        self.applied
    }

    fn value(&self, source: &dyn Scope) -> Result<Value, ExpressionError> {
        let value = match self.from.evaluate(source) {
            Ok(Value::String(text)) if text.is_empty() => Ok(Value::Null),
            value => value,
        };
        let fits = value.and_then(|value| match self.takes {
            Some(takes) => takes.fit(value),
            None => Ok(value),
        });
        fits.map_err(|error| self.as_read(error))
    }

    fn as_read(&self, error: ExpressionError) -> ExpressionError {
        if self.is_rephrased { error.moved(|_| 1) } else { error }
    }
}

fn parse(to: &str, from: &str) -> Result<Expression, MappingError> {
    let wrong = |error| MappingError::Expression { at: None, to: to.to_owned(), error };
    Expression::parse(from).map_err(wrong)
}

impl MappingError {
    /// Says where it is.
    fn at(mut self, origin: &Origin) -> Self {
        match &mut self {
            Self::Expression { at, error, .. } => {
                *at = Some(origin.of_character(error.position()));
            }
            Self::Target { at, .. } => *at = Some(origin.of_target()),
            _ => {}
        }
        self
    }
}

/// A key is a text; numbers serve as well.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl fmt::Display for MappingRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.applied {
            Applied::Create => " (on create only)",
            Applied::CreateAndUpdate => "",
            Applied::Never => " (not mapped)",
        };
        write!(f, "{} <- {}{when}", self.to, self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Context;
    use serde_json::json;

    const TOML: &str = r#"
        key = "user.login"

        [[row]]
        to = "title"
        from = "user.title"

        [[row]]
        to = "displayName"
        from = 'user.firstName + " " + user.lastName'
        apply = "create"

        [[row]]
        to = "nickName"
        from = "user.nickName"
        apply = "never"

        [[row]]
        to = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"
        from = "user.managerEmail"
        refers = true
    "#;

    fn ada() -> Context {
        let mut ada = Context::new();
        ada.set(
            "user",
            json!({"login": "ada@x", "firstName": "Ada", "lastName": "Byron", "title": "",
            "nickName": "A", "managerEmail": "boss@x"}),
        );
        ada
    }

    #[test]
    fn rows_become_a_record() {
        let mapped = Mapping::from_toml(TOML).unwrap().record(&ada());
        assert!(mapped.failed.is_empty(), "{:?}", mapped.failed);
        let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
        let expected = Record::new("ada@x")
            .set("title", Value::Null)
            .set_on_create("displayName", "Ada Byron")
            .refer(manager, "boss@x");
        assert_eq!(mapped.record, expected);
    }

    #[test]
    fn what_fails_for_one_record_is_left_as_it_is_there() {
        let mapping = Mapping::keyed_by("user.login").unwrap();
        let mapping = mapping.row("age", "Convert.toInt(user.title)").unwrap();
        let mapped = mapping.row("title", "user.title").unwrap().record(&ada());
        assert_eq!(mapped.failed.len(), 1);
        assert_eq!(mapped.record.fields().keys().collect::<Vec<_>>(), ["title"]);
    }

    #[test]
    fn a_reference_is_never_for_creation_only() {
        let row = MappingRow::new("manager", "user.managerEmail").unwrap().refers();
        let mapping = Mapping::keyed_by("user.login").unwrap();
        let error = mapping.clone().with(row.clone().applied(Applied::Create)).unwrap_err();
        assert!(error.to_string().starts_with("mapping of `manager`: a reference cannot be "));
        assert!(mapping.with(row.applied(Applied::Never)).is_ok());
    }

    #[test]
    fn an_attribute_without_its_object_is_found_before_a_run() {
        let known = |root: &str, name: &str| root == "user" && name == "title";
        let checked = |from: &str| {
            let toml = format!("key = \"user.title\"\n[[row]]\nto = \"x\"\nfrom = '''{from}'''\n");
            Mapping::from_toml(&toml).unwrap().check(known).map_err(|error| error.to_string())
        };
        let alone = |place: usize, name: &str, advice: &str| {
            format!(
                "line 4, column {}: mapping of `x`: expression, character {place}: \
                 `{name}` stands there without an attribute: {advice}",
                place + 10
            )
        };
        let none = "name one, such as `user.login`";
        for (from, expected) in [
            ("title", alone(1, "title", "did you mean `user.title`?")),
            ("user.title + Title", alone(14, "Title", "did you mean `user.title`?")),
            ("\"\" + user", alone(6, "user", none)),
            ("shoe == null ? 1 : 2", alone(1, "shoe", none)),
        ] {
            assert_eq!(checked(from).unwrap_err(), expected);
        }
        assert_eq!(checked("user == null ? user.title : \"\""), Ok(()));
        let whole =
            |root: &str, name: &str| root == "appuser" && name.is_empty() || known(root, name);
        let mapping = Mapping::keyed_by("appuser == null ? '' : user.title").unwrap();
        assert!(mapping.check(known).is_err() && mapping.check(whole).is_ok());
        let key = Mapping::keyed_by("title").unwrap().check(known).unwrap_err().to_string();
        assert!(key.starts_with("mapping of `key`: ") && key.contains("user.title"), "{key}");
    }

    #[test]
    fn faults_of_another_expression_are_at_the_one_that_was_read() {
        let toml = "key = \"user.login\"\n[[row]]\nto = \"age\"\nfrom = \"user.title\"\n";
        let other = |row: &MappingRow| Some(format!("1 == 1 ? Convert.toInt({}) : 0", row.from()));
        let mapping = Mapping::from_toml(toml).unwrap().rephrased(other).unwrap();
        let mut ada = Context::new();
        ada.set("user", json!({"login": "ada", "title": "none"}));
        let (_, error) = mapping.record(&ada).failed.remove(0);
        assert_eq!(error.position(), 1);
        let error = mapping.check(|_, name| name != "title").unwrap_err().to_string();
        let place = "line 4, column 9: mapping of `age`: expression, character 1: ";
        assert!(error.starts_with(place), "{error}");
    }

    #[test]
    fn files_are_read_and_written() {
        let mapping = Mapping::from_toml(TOML).unwrap();
        let rows = |mapping: &Mapping| {
            mapping.rows().iter().map(|row| format!("{row:?}")).collect::<Vec<_>>()
        };
        let again = Mapping::from_toml(&mapping.to_toml().unwrap()).unwrap();
        assert_eq!(rows(&again), rows(&mapping));
        let json = Mapping::from_json(&mapping.to_json().unwrap()).unwrap();
        assert_eq!(rows(&json), rows(&mapping));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("key = 1", "the mapping cannot be read"),
            ("key = \"user.login\"\nrows = []", "unknown field `rows`"),
            ("key = \"user.\"", "mapping of `key`"),
            ("key = \"user.a\"\n[[row]]\nto = \"x\"\nfrom = \"nope(1)\"", "mapping of `x`"),
            (
                "key = \"user.a\"\n[[row]]\nto = \"x\"\nfrom = \"user.a\"\n[[row]]\nto = \"X\"\nfrom = \"user.a\"",
                "line 6, column 6: mapping of `X`: two rows fill it",
            ),
            (
                "key = \"user.a\"\n[[row]]\nto = \"x\"\nfrom = \"user.a\"\nrefers = true\napply = \"create\"",
                "line 3, column 6: mapping of `x`: a reference cannot be applied on create only, ",
            ),
        ] {
            let error = Mapping::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
        let mapping = Mapping::from_toml(TOML).unwrap();
        let error = mapping.check(|_, name| name != "managerEmail").unwrap_err().to_string();
        assert!(error.contains("manager.value`") && error.contains("managerEmail"), "{error}");
    }
}
