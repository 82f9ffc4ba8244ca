//! One visitor's or account's new values.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Kind, check_field_name};

/// An id and the values to set; fields that are not named keep their values in Pendo.
///
/// Values are text, numbers, booleans, lists of text, `None` (clears the field), and times as
/// RFC 3339 text with a zone. Pendo recommends text below 1,500 characters. Field names take letters,
/// digits and underscores; Pendo ignores their case.
///
/// ```
/// use pendo_client::Record;
///
/// let record = Record::new("ada@acme.example")
///     .set("okta_department", "Research")
///     .set("okta_badge", 17)
///     .set("okta_skills", vec!["rust", "sql"])
///     .set("okta_hired", "2026-01-31T00:00:00Z")
///     .set("okta_manager", None::<String>);
/// assert_eq!(record.values()["okta_badge"], 17);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    id: String,
    values: Map<String, Value>,
}

impl Record {
    /// A record without values.
    pub fn new(id: impl Into<String>) -> Self {
        Self::from_values(id, Map::new())
    }

    /// A record with these values.
    pub fn from_values(id: impl Into<String>, values: Map<String, Value>) -> Self {
        Self { id: id.into(), values }
    }

    /// Sets a value; `None` clears the field. A float that is not finite counts as `None`.
    #[must_use]
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.insert(field.into(), value.into());
        self
    }

    /// The visitor's or account's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The values to set.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// What Pendo could not take, and would answer with a refusal of everything sent along.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.id.is_empty() {
            return Err("the record has no id".into());
        }
        for (field, value) in &self.values {
            check_field_name(field)?;
            if !is_metadata(value) {
                return Err(format!(
                    "the value of `{field}` is nested: only lists of plain values are"
                ));
            }
        }
        Ok(())
    }

    /// Writes the record as the bulk call wants it.
    pub(super) fn write(&self, kind: Kind, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Visitor<'a> {
            visitor_id: &'a str,
            values: &'a Map<String, Value>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Account<'a> {
            account_id: &'a str,
            values: &'a Map<String, Value>,
        }
        let Self { id, values } = self;
        match kind {
            Kind::Visitor => serde_json::to_writer(out, &Visitor { visitor_id: id, values }),
            Kind::Account => serde_json::to_writer(out, &Account { account_id: id, values }),
        }
    }
}

fn is_metadata(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_written_under_the_id_of_its_kind() {
        let record = Record::new("a\"b").set("n", 1.5).set("none", None::<i64>);
        for (kind, key) in [(Kind::Visitor, "visitorId"), (Kind::Account, "accountId")] {
            let mut out = Vec::new();
            record.write(kind, &mut out).unwrap();
            let written: Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(written, json!({key: "a\"b", "values": {"n": 1.5, "none": null}}));
        }
    }

    #[test]
    fn what_pendo_cannot_take_is_found_before_sending() {
        assert!(Record::new("").check().unwrap_err().contains("no id"));
        assert!(Record::new("a").set("b-c", 1).check().unwrap_err().contains("`b-c`"));
        assert!(Record::new("a").set("b", json!({"x": 1})).check().unwrap_err().contains("nested"));
        assert!(Record::new("a").set("b", json!([["x"]])).check().is_err());
        assert!(Record::new("a").set("b", json!(["x", 1, null])).check().is_ok());
    }
}
