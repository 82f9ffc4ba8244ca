//! What a SCIM user takes.

use scim_types::schema::AttributeKind;
use serde_json::Value;

use super::{Applied, Mapping, MappingError};
use crate::expression::ExpressionError;
use crate::targets::Place;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Takes {
    YesOrNo,
    Text,
}

impl Mapping {
    /// Checks every attribute of the target before a run, for SCIM users: those that the core and enterprise
    /// schemas do not have, that only the server sets, or that are made of parts, are refused. Attributes of
    /// other extensions are taken as they are.
    ///
    /// Values are then brought into the form that the attribute has; where that cannot be, the attribute is
    /// left as it is for this person, see [`Mapped::failed`](super::Mapped::failed).
    ///
    /// # Errors
    /// The first row that cannot be filled.
    pub fn for_scim_users(mut self) -> Result<Self, MappingError> {
        for row in self.rows.iter_mut().filter(|row| row.applied != Applied::Never) {
            let place = Place::parse(&row.to).and_then(|place| place.kind_of_value());
            let kind = place.map_err(|error| {
                let (to, problem) = (row.to.clone(), error.problem().to_owned());
                let error = MappingError::Target { at: None, to, problem };
                row.origin.iter().fold(error, MappingError::at)
            })?;
            row.takes = match kind {
                Some(AttributeKind::Boolean) => Some(Takes::YesOrNo),
                Some(_) => Some(Takes::Text),
                None => None,
            };
        }
        Ok(self)
    }
}

impl Takes {
    /// The value in this form.
    pub(super) fn fit(self, value: Value) -> Result<Value, ExpressionError> {
        let wrong = |problem| Err(ExpressionError::of_value(problem));
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::YesOrNo, Value::Bool(is)) => Ok(Value::Bool(is)),
            (Self::YesOrNo, Value::String(text)) => match text.trim().to_lowercase().as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => wrong("gives a text that is neither true nor false"),
            },
            (Self::YesOrNo, _) => wrong("gives something that is neither true nor false"),
            (Self::Text, Value::String(text)) => Ok(Value::String(text)),
            (Self::Text, Value::Array(_) | Value::Object(_)) => {
                wrong("gives a list, and the attribute holds one text")
            }
            (Self::Text, plain) => Ok(Value::String(plain.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Context;
    use serde_json::json;

    fn to(place: &str) -> Result<Mapping, String> {
        let mapping = Mapping::keyed_by("user.login").unwrap().row(place, "user.title").unwrap();
        mapping.for_scim_users().map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_user_does_not_have_is_refused() {
        for (place, expected) in [
            ("titel", "did you mean `title`?"),
            (
                "department",
                "did you mean `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`?",
            ),
            ("name.givenname2", "did you mean `name.givenName`?"),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:departmnt",
                "did you mean `department`?",
            ),
            ("id", "only the server sets it"),
            ("meta", "only the server sets it"),
            ("schemas", "only the server sets it"),
            ("groups", "only the server sets it"),
            ("meta.created", "only the server sets it"),
            ("name", "made of parts"),
            ("emails", "made of parts"),
            ("phoneNumbers[type eq \"mobile\"]", "made of parts"),
            ("emails[type eq \"work\"].valu", "did you mean `emails[type eq \"work\"].value`?"),
            ("a b", ""),
        ] {
            let error = to(place).unwrap_err();
            assert!(error.starts_with(&format!("mapping of `{place}`: ")), "{error}");
            assert!(error.contains(expected), "{place}: {error}");
        }
        for place in [
            "title",
            "TITLE",
            "externalId",
            "active",
            "password",
            "name.givenName",
            "emails[type eq \"work\"].value",
            "urn:ietf:params:scim:schemas:core:2.0:User:title",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "urn:ietf:params:scim:schemas:extension:peakon:2.0:User:Business Unit",
            "urn:example:User:anything",
        ] {
            assert!(to(place).is_ok(), "{place}");
        }
    }

    #[test]
    fn values_are_brought_into_form() {
        let mapping = Mapping::keyed_by("user.login").unwrap().row("active", "user.a").unwrap();
        let mapping = mapping.row("title", "user.t").unwrap().for_scim_users().unwrap();
        let record = |a: Value, t: Value| {
            let mut person = Context::new();
            person.set("user", json!({"login": "ada", "a": a, "t": t}));
            let mapped = mapping.record(&person);
            let failed: Vec<_> =
                mapped.failed.iter().map(|(to, error)| format!("{to}: {error}")).collect();
            (json!(mapped.record.fields()), failed)
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(
            record(json!("TRUE"), json!(7)),
            (json!({"active": true, "title": "7"}), none.clone())
        );
        assert_eq!(
            record(json!(false), json!(null)),
            (json!({"active": false, "title": null}), none)
        );
        let (fields, failed) = record(json!("Ops"), json!(["a"]));
        assert_eq!(fields, json!({}));
        assert!(failed[0].starts_with("active: ") && failed[0].contains("neither true nor false"));
        assert!(failed[1].contains("gives a list") && !failed[0].contains("Ops"), "{failed:?}");
    }

    #[test]
    fn faults_say_where_in_json_they_are() {
        let of_json = |rows: &str| {
            let text = format!("\u{feff}{{\"key\": \"user.login\", \"row\": [\n{rows}]}}");
            let read = Mapping::from_json(&text).and_then(|read| {
                read.check(|_, name| name != "nope")?;
                read.for_scim_users()
            });
            read.unwrap_err().to_string()
        };
        for (rows, place) in [
            (r#" {"to": "title", "from": "\u0022 \u0022 + user.nope"}"#, "line 2, column 43"),
            (r#" {"to": "title", "from": "\"\ud83d\ude00\" + user.nope"}"#, "line 2, column 46"),
            (r#" {"to": "user.login", "from": "user.login"}"#, "line 2, column 9"),
            (
                "{\"to\": \"title\", \"from\": \"user.login\"},\n{\"from\": \"user.login\", \"to\": \"Title\"}",
                "line 3, column 30",
            ),
        ] {
            let error = of_json(rows);
            assert!(error.starts_with(&format!("{place}: mapping of ")), "{place}: {error}");
        }
        let error = of_json("{\"to\": 5, \"from\": \"user.login\"}");
        assert_eq!(
            error,
            "the mapping cannot be read: line 2, column 8: expected a text in quotes"
        );
    }

    #[test]
    fn faults_say_where_in_the_file_they_are() {
        let toml =
            "key = \"user.login\"\n\n[[row]]\nto = \"titel\"\nfrom = 'user.title + nope(1)'\n";
        let error = Mapping::from_toml(toml).unwrap_err().to_string();
        assert!(error.starts_with("line 5, column 22: mapping of `titel`: "), "{error}");
        let toml = toml.replace(" + nope(1)", "");
        let read = Mapping::from_toml(&toml).unwrap();
        let error = read.check(|_, name| name == "login").unwrap_err().to_string();
        assert!(error.starts_with("line 5, column 9: mapping of `titel`: "), "{error}");
        let error = read.for_scim_users().unwrap_err().to_string();
        assert!(error.starts_with("line 4, column 6: mapping of `titel`: "), "{error}");
        let json = "{\"key\": \"user.login\",\n \"row\": [{\"to\": \"x\", \"from\": \"\\\"a\\\" + nope(1)\"}]}";
        let error = Mapping::from_json(json).unwrap_err().to_string();
        assert!(error.starts_with("line 2, column 39: mapping of `x`: "), "{error}");
        let marked = Mapping::from_toml("\u{feff}key = \"user.nope\"").unwrap();
        let error = marked.check(|_, name| name != "nope").unwrap_err().to_string();
        assert!(error.starts_with("line 1, column 8: "), "{error}");
        let path = std::env::temp_dir().join(format!("mapping-{}.toml", std::process::id()));
        std::fs::write(&path, "key = '''\nuser.'''").unwrap();
        let error = Mapping::read(&path).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(error.starts_with(&format!("{}, line 2, column ", path.display())), "{error}");
    }
}
