//! Which Okta attributes become which Pendo fields, and how their values go.

use okta_client::{Attribute, AttributeType, Schema, SchemaAttribute, User, UserStatus};
use pendo_client::{NewField, NewType, Record};
use serde_json::{Map, Value};

/// The form a value is sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// As text; numbers and yes/no are written out.
    Text,
    /// As a number.
    Number,
    /// As yes or no.
    Boolean,
    /// As a point in time, RFC 3339 with zone.
    Time,
    /// As a list.
    List,
    /// As text, the items joined by commas.
    Joined,
}

impl Sent {
    fn of(attribute: &SchemaAttribute) -> Self {
        match (&attribute.attribute_type, attribute.format.as_deref()) {
            (AttributeType::Number | AttributeType::Integer, _) => Self::Number,
            (AttributeType::Boolean, _) => Self::Boolean,
            (AttributeType::Array, _) => Self::List,
            (_, Some("date" | "date-time")) => Self::Time,
            _ => Self::Text,
        }
    }

    /// The type that such a field is created with; Pendo's API cannot create lists.
    pub fn new_type(self) -> Option<NewType> {
        match self {
            Self::Text | Self::Joined => Some(NewType::String),
            Self::Number => Some(NewType::Number),
            Self::Boolean => Some(NewType::Boolean),
            Self::Time => Some(NewType::Time),
            Self::List => None,
        }
    }
}

/// One attribute and its field.
#[derive(Clone, Debug)]
pub struct FieldRow {
    /// The attribute, as the user schema describes it.
    pub attribute: SchemaAttribute,
    /// The field's name in Pendo.
    pub field: String,
    /// The form its values are sent in.
    pub sent: Sent,
}

/// All attributes that are pushed.
#[derive(Clone, Debug)]
pub struct FieldMap {
    /// One row for each attribute.
    pub rows: Vec<FieldRow>,
    /// An attribute that is empty in Okta leaves the field as it is, instead of clearing it.
    pub keep_empty: bool,
    /// Fields that a canary leaves out: whether they take lists could not be tried.
    pub untried: Vec<String>,
}

impl FieldMap {
    /// The attributes that `selection` names (`department` or `department=team`), or all of the schema.
    ///
    /// # Errors
    /// Names the attribute that the schema does not have, and one that is like it.
    pub fn choose(
        schema: &Schema,
        selection: &[String],
        prefix: &str,
        keep_empty: bool,
    ) -> Result<Self, String> {
        let all = schema.attributes();
        let row = |attribute: &SchemaAttribute, name: &str| FieldRow {
            field: format!("{prefix}{}", field_name(name)),
            sent: Sent::of(attribute),
            attribute: attribute.clone(),
        };
        let chosen = |text: &String| {
            let (name, new_name) = text.split_once('=').unwrap_or((text, text));
            let (name, new_name) = (name.trim(), new_name.trim());
            if name.is_empty() || new_name.is_empty() {
                return Err(format!("`{text}` names no attribute; write email,department=team"));
            }
            match all.iter().find(|attribute| attribute.name == name) {
                Some(attribute) => Ok(row(attribute, new_name)),
                None => Err(unknown(name, &all)),
            }
        };
        let rows = match selection {
            [] => all.iter().map(|attribute| row(attribute, &attribute.name)).collect(),
            _ => selection.iter().map(chosen).collect::<Result<Vec<_>, _>>()?,
        };
        rows.iter().try_for_each(|row| check_name(&row.field))?;
        twice(&rows).map_or(Ok(()), Err)?;
        Ok(Self { rows, keep_empty, untried: Vec::new() })
    }

    /// The record of one person.
    pub fn record(&self, id: String, user: &User) -> Record {
        let mut values = Map::new();
        for row in &self.rows {
            let value = value(user.profile.attribute(&row.attribute.name), row.sent);
            if !(value.is_null() && self.keep_empty) {
                values.insert(row.field.clone(), value);
            }
        }
        Record::from_values(id, values)
    }
}

impl FieldRow {
    /// The field to create, if Pendo's API can.
    pub fn new_field(&self) -> Option<NewField> {
        Some(NewField::new(self.field.clone(), self.sent.new_type()?))
    }
}

/// Who is pushed, and under which visitor id.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The attribute that is the visitor id.
    pub visitor_id: String,
    /// Deprovisioned users too.
    pub deprovisioned_too: bool,
    /// Only the first so many: the others wait.
    pub limit: Option<u64>,
}

/// The rule by which a person is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Deprovisioned.
    Deprovisioned,
    /// Without a visitor id.
    WithoutId,
}

impl Scope {
    /// The person's visitor id, or why the person is left out.
    pub fn judge(&self, user: &User) -> Result<String, LeftOut> {
        if user.status == Some(UserStatus::Deprovisioned) && !self.deprovisioned_too {
            return Err(LeftOut::Deprovisioned);
        }
        visitor_id(user, &self.visitor_id).ok_or(LeftOut::WithoutId)
    }

    /// Those of them who are pushed, with their visitor ids.
    pub fn visitors(&self, users: impl IntoIterator<Item = User>) -> Vec<(String, User)> {
        users.into_iter().filter_map(|user| Some((self.judge(&user).ok()?, user))).collect()
    }
}

/// The visitor id of a person: `id`, or any attribute that is text or a number.
fn visitor_id(user: &User, key: &str) -> Option<String> {
    if key == "id" {
        return Some(user.id.to_string());
    }
    let id = match user.profile.attribute(key)?.to_value() {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(id).filter(|id| !id.is_empty())
}

/// Whether a person has anything there.
pub fn has_value(user: &User, attribute: &str) -> bool {
    !value(user.profile.attribute(attribute), Sent::List).is_null()
}

/// Empty in Okta, in whatever way, is null here: Pendo then clears the field. What Pendo has no type for
/// goes as text.
fn value(attribute: Option<Attribute<'_>>, sent: Sent) -> Value {
    let Some(attribute) = attribute else { return Value::Null };
    match (attribute.to_value(), sent) {
        (Value::String(text), _) if text.is_empty() => Value::Null,
        (Value::Array(items), _) if items.is_empty() => Value::Null,
        (Value::Object(members), _) if members.is_empty() => Value::Null,
        (Value::Object(_), _) => attribute.json().into(),
        (Value::Array(items), Sent::List) if items.iter().all(is_plain) => items.into(),
        (Value::Array(items), _) => joined(&items).into(),
        (Value::String(text), Sent::Time) if text.len() == 10 => format!("{text}T00:00:00Z").into(),
        (Value::Number(_) | Value::Bool(_), Sent::Text) => attribute.json().into(),
        (Value::Number(number), _) if loses_digits(&number, attribute.json()) => {
            attribute.json().into()
        }
        (value, _) => value,
    }
}

fn is_plain(item: &Value) -> bool {
    !item.is_object() && !item.is_array()
}

/// Whole numbers beyond 64 bits become approximate as soon as they are numbers.
fn loses_digits(number: &serde_json::Number, written: &str) -> bool {
    number.is_f64() && written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn joined(items: &[Value]) -> String {
    let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    items.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Pendo's names have letters, digits and underscores only.
fn field_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn check_name(field: &str) -> Result<(), String> {
    let starts_well = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let allowed = field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match starts_well && allowed {
        true => Ok(()),
        false => Err(format!(
            "`{field}` cannot be the name of a field in Pendo: letters, digits and _ only, no digit first; \
             choose another --prefix, or rename it"
        )),
    }
}

/// Pendo lower-cases names, so they must differ by more than case.
fn twice(rows: &[FieldRow]) -> Option<String> {
    let mut seen = std::collections::HashMap::new();
    rows.iter().find_map(|row| {
        let earlier = seen.insert(row.field.to_lowercase(), &row.attribute.name)?;
        let (later, field) = (&row.attribute.name, row.field.to_lowercase());
        Some(format!(
            "`{earlier}` and `{later}` would both go into the field {field}; choose attributes with \
             --fields, and rename one of them there: {later}=other_name"
        ))
    })
}

fn unknown(name: &str, all: &[SchemaAttribute]) -> String {
    let like = |attribute: &&SchemaAttribute| {
        attribute.name.eq_ignore_ascii_case(name)
            || attribute.name.to_lowercase().contains(&name.to_lowercase())
    };
    match all.iter().find(like) {
        Some(close) => format!(
            "the user schema has no attribute `{name}`; did you mean `{}`? Names are case-sensitive",
            close.name
        ),
        None => {
            format!("the user schema has no attribute `{name}`; --list-fields shows those it has")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        serde_json::from_value(json!({"definitions": {
            "base": {"properties": {"email": {"type": "string"}, "department": {"type": "string"}}},
            "custom": {"properties": {"badge": {"type": "integer"}, "skills": {"type": "array", "items": {"type": "string"}},
                "hired": {"type": "string", "format": "date"}}}}}))
        .unwrap()
    }

    fn user(profile: Value) -> User {
        serde_json::from_value(json!({"id": "00u1", "profile": profile})).unwrap()
    }

    fn chosen(selection: &[&str]) -> Result<FieldMap, String> {
        let selection: Vec<String> = selection.iter().map(|s| (*s).to_owned()).collect();
        FieldMap::choose(&schema(), &selection, "okta_", false)
    }

    #[test]
    fn all_attributes_or_the_chosen_ones_prefixed_and_renamed() {
        assert_eq!(chosen(&[]).unwrap().rows.len(), 5);
        let map = chosen(&["department=team", "badge"]).unwrap();
        let fields: Vec<_> = map.rows.iter().map(|row| row.field.as_str()).collect();
        assert_eq!(fields, ["okta_team", "okta_badge"]);
    }

    #[test]
    fn unknown_and_colliding_names_are_refused_with_advice() {
        assert!(chosen(&["Department"]).unwrap_err().contains("did you mean `department`"));
        assert!(chosen(&["zzz"]).unwrap_err().contains("--list-fields"));
        let error = chosen(&["email", "department=EMAIL"]).unwrap_err();
        assert!(
            error.contains("`email` and `department` would both go into the field okta_email"),
            "{error}"
        );
        for blank in ["", " ", "email=", "=x"] {
            assert!(chosen(&[blank]).unwrap_err().contains("names no attribute"), "{blank}");
        }
        assert_eq!(chosen(&[" department "]).unwrap().rows[0].field, "okta_department");
        let error = FieldMap::choose(&schema(), &[], "9-", false).unwrap_err();
        assert!(error.contains("`9-department` cannot be the name"), "{error}");
    }

    #[test]
    fn values_go_typed_and_empty_ones_clear() {
        let map = chosen(&[]).unwrap();
        let ada = user(
            json!({"email": "ada@x", "badge": 7, "skills": ["a", "b,c"], "hired": "2021-03-04"}),
        );
        let record = map.record("ada@x".into(), &ada);
        assert_eq!(
            Value::Object(record.values().clone()),
            json!({"okta_email": "ada@x", "okta_department": null, "okta_badge": 7,
                "okta_skills": ["a", "b,c"], "okta_hired": "2021-03-04T00:00:00Z"})
        );
        let kept = FieldMap { keep_empty: true, ..map };
        assert_eq!(
            kept.record("x".into(), &user(json!({"email": "", "skills": []}))).values().len(),
            0
        );
    }

    #[test]
    fn what_pendo_has_no_type_for_goes_as_text_and_keeps_every_digit() {
        let user: User = serde_json::from_str(
            r#"{"id":"00u1","profile":{"department":{"a":[1]},"email":{},"badge":12345678901234567890123,
                "skills":["a",{"b":1}]}}"#,
        )
        .unwrap();
        let record = chosen(&[]).unwrap().record("x".into(), &user);
        assert_eq!(
            Value::Object(record.values().clone()),
            json!({"okta_email": null, "okta_department": "{\"a\":[1]}", "okta_badge": "12345678901234567890123",
                "okta_skills": "a,{\"b\":1}", "okta_hired": null})
        );
    }

    #[test]
    fn ids_come_from_any_attribute() {
        let ada = user(json!({"email": " ada@x ", "badge": 7, "title": null, "skills": ["a"]}));
        assert_eq!(visitor_id(&ada, "id").as_deref(), Some("00u1"));
        assert_eq!(visitor_id(&ada, "email").as_deref(), Some("ada@x"));
        assert_eq!(visitor_id(&ada, "badge").as_deref(), Some("7"));
        for none in ["title", "skills", "absent"] {
            assert_eq!(visitor_id(&ada, none), None);
        }
    }
}
