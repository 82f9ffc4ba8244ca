//! Creating typed fields, with an outcome for each.

use http::Method;
use rest_core::Response;
use serde::Serialize;
use serde_json::Value;

use super::{Schema, SchemaCalls};
use crate::error::Error;
use crate::metadata::{Group, check_field_name};

/// Pendo's limit for one call.
const FIELDS_PER_CALL: usize = 24;

/// The type of a field to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NewType {
    /// Text.
    String,
    /// A number, whole or not.
    Number,
    /// A point in time, sent as RFC 3339 text.
    Time,
    /// True or false.
    Boolean,
}

impl NewType {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Time => "time",
            Self::Boolean => "boolean",
        }
    }
}

/// A field to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewField {
    name: String,
    #[serde(rename = "displayname")]
    display_name: String,
    #[serde(rename = "type")]
    data_type: NewType,
}

impl NewField {
    /// A field shown under its own name. Names take letters, digits and underscores, the first no
    /// digit; Pendo turns them into lower case and they cannot be changed later.
    pub fn new(name: impl Into<String>, data_type: NewType) -> Self {
        let name = name.into();
        Self { display_name: name.clone(), name, data_type }
    }

    /// Shows the field under another name.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What became of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldOutcome {
    /// The field's name as it was asked for.
    pub name: String,
    /// What became of it.
    pub result: FieldResult,
}

/// What became of a field to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldResult {
    /// It is new.
    Created,
    /// It existed already, with a type that suits.
    AlreadyThere,
    /// It had been deleted and is back; old values return within hours.
    Undeleted,
    /// It cannot be used as asked for.
    Failed {
        /// Why, in one line.
        message: String,
    },
}

/// What one call said about one field.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    Created,
    Undeleted,
    /// Refused, perhaps because it exists: the schema knows.
    Refused(String),
    Invalid(String),
}

impl SchemaCalls {
    /// Creates fields with types, any number of them; those that exist already are fine.
    ///
    /// [`POST /api/v1/metadata/schema/{kind}/{group}`](https://engageapi.pendo.io/). Needs a key with
    /// write access. The group is `Agent` or `Custom`. Sent in calls of 24, Pendo's limit. A pushed
    /// field that was not created before becomes text, so create what is not text first. There is no
    /// call to rename or retype a field.
    ///
    /// The outcomes come in the order of `fields`. A field that Pendo refuses because it exists is
    /// looked up in the schema: it is `AlreadyThere` when its type suits, else `Failed`.
    ///
    /// # Errors
    /// A name that cannot be one: then nothing is sent. Otherwise those of every call; fields that
    /// Pendo refuses are outcomes, not errors.
    ///
    /// ```no_run
    /// use pendo_client::{FieldResult, Group, Kind, NewField, NewType};
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let fields = [
    ///     NewField::new("okta_department", NewType::String),
    ///     NewField::new("okta_hired", NewType::Time).display_name("Hired on"),
    /// ];
    /// for field in pendo.schema(Kind::Visitor).create(Group::Custom, fields).await? {
    ///     if let FieldResult::Failed { message } = field.result {
    ///         return Err(format!("{}: {message}", field.name).into());
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn create(
        &self,
        group: Group,
        fields: impl IntoIterator<Item = NewField>,
    ) -> Result<Vec<FieldOutcome>, Error> {
        let fields: Vec<NewField> = fields.into_iter().collect();
        fields.iter().try_for_each(|f| check_field_name(&f.name)).map_err(Error::request)?;
        let mut said = Vec::with_capacity(fields.len());
        let mut waiting: Vec<&[NewField]> = fields.chunks(FIELDS_PER_CALL).rev().collect();
        while let Some(some) = waiting.pop() {
            match self.create_some(&group, some).await? {
                Some(answer) => said.extend(answer),
                // One bad field refuses the call: smaller calls find it.
                None => {
                    let (left, right) = some.split_at(some.len() / 2);
                    waiting.extend([right, left]);
                }
            }
        }
        let refused = said.iter().any(|said| matches!(said, Said::Refused(_)));
        let schema = if refused { self.read().await? } else { Schema::default() };
        let outcomes = fields.into_iter().zip(said);
        Ok(outcomes.map(|(field, said)| conclude(field, said, &group, &schema)).collect())
    }

    /// What one call says about each field; `None` when it refuses them together.
    async fn create_some(
        &self,
        group: &Group,
        fields: &[NewField],
    ) -> Result<Option<Vec<Said>>, Error> {
        let args = [self.kind.as_str(), group.as_str()];
        let request = self
            .pendo
            .request(Method::POST, "/api/v1/metadata/schema/{kind}/{group}", args)
            // A second try finds the fields of the first: that is fine.
            .safe_to_repeat()
            .body(fields);
        let json = |response: Response| response.done().map(|()| response);
        let error = match request.read(json).await {
            Ok(response) => {
                let all_made = response.status() == http::StatusCode::CREATED;
                return Ok(Some(read_answer(response.body(), fields, all_made)));
            }
            Err(error) => error,
        };
        let message = error.kind().to_string();
        match error.status().map(|status| status.as_u16()) {
            Some(409) => Ok(Some(vec![Said::Refused(message); fields.len()])),
            Some(400 | 422) if fields.len() > 1 => Ok(None),
            Some(400 | 422) => Ok(Some(vec![Said::Invalid(message)])),
            _ => Err(error),
        }
    }
}

/// The name of the array in the answer is not documented, but there is only one.
fn read_answer(body: &[u8], fields: &[NewField], all_made: bool) -> Vec<Said> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = body.as_array().or_else(|| body.as_object()?.values().find_map(Value::as_array));
    let items: &[Value] = items.map(Vec::as_slice).unwrap_or_default();
    let silent = || match all_made {
        true => Said::Created,
        false => Said::Refused("Pendo did not say what became of it".into()),
    };
    let of = |field: &NewField| items.iter().find(|item| names(item, field)).map(said);
    fields.iter().map(|field| of(field).unwrap_or_else(silent)).collect()
}

fn names(item: &Value, field: &NewField) -> bool {
    let name = item["schema"]["name"].as_str().or_else(|| item["name"].as_str());
    name.is_some_and(|name| name.eq_ignore_ascii_case(&field.name))
}

fn said(item: &Value) -> Said {
    let error = &item["error"];
    let message = error["message"].as_str().or_else(|| error.as_str());
    match item["status"].as_str() {
        Some("created") => Said::Created,
        Some("undeleted") => Said::Undeleted,
        _ => Said::Refused(message.unwrap_or("Pendo refused it and did not say why").to_owned()),
    }
}

fn conclude(field: NewField, said: Said, group: &Group, schema: &Schema) -> FieldOutcome {
    let result = match said {
        Said::Created => FieldResult::Created,
        Said::Undeleted => FieldResult::Undeleted,
        Said::Invalid(message) => FieldResult::Failed { message },
        Said::Refused(message) => match schema.field(group, &field.name) {
            Some(known) if known.is_deleted => FieldResult::Failed { message },
            Some(known) if known.data_type.suits(field.data_type) => FieldResult::AlreadyThere,
            Some(known) => FieldResult::Failed {
                message: format!(
                    "it exists with the type {}, not {}: change it in Pendo's Data Mappings, or use another name",
                    known.data_type,
                    field.data_type.as_str()
                ),
            },
            None => FieldResult::Failed { message },
        },
    };
    FieldOutcome { name: field.name, result }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(name: &str) -> NewField {
        NewField::new(name, NewType::String)
    }

    #[test]
    fn the_array_may_have_any_name() {
        let item = json!({"schema": {"name": "a"}, "status": "created"});
        for body in [
            json!({"x": [item], "summary": {}}),
            json!({"summary": {}, "zz": [item]}),
            json!([item]),
        ] {
            let said = read_answer(body.to_string().as_bytes(), &[field("A"), field("b")], false);
            assert_eq!(said[0], Said::Created);
            assert!(matches!(&said[1], Said::Refused(message) if message.contains("did not say")));
        }
        assert_eq!(read_answer(b"", &[field("a")], true), [Said::Created]);
    }

    #[test]
    fn a_refused_field_is_looked_up() {
        let schema: Schema = serde_json::from_value(json!({"custom": {
            "same": {"Type": "string"}, "other": {"Type": "boolean"}, "gone": {"Type": "string", "isDeleted": true},
        }}))
        .unwrap();
        let conclude = |name| {
            conclude(field(name), Said::Refused("no".into()), &Group::Custom, &schema).result
        };
        assert_eq!(conclude("Same"), FieldResult::AlreadyThere);
        let failed = |message: &str| FieldResult::Failed { message: message.into() };
        assert_eq!(conclude("gone"), failed("no"));
        assert_eq!(conclude("new"), failed("no"));
        let FieldResult::Failed { message } = conclude("other") else { panic!("not failed") };
        assert!(message.contains("boolean, not string"), "{message}");
    }

    #[test]
    fn a_new_field_is_sent_as_documented() {
        let field = NewField::new("okta_hired", NewType::Time).display_name("Hired");
        let expected = json!({"name": "okta_hired", "displayname": "Hired", "type": "time"});
        assert_eq!(serde_json::to_value(field).unwrap(), expected);
    }
}
