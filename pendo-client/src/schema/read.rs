//! The schema as Pendo shows it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::NewType;
use crate::metadata::Group;

/// The fields of a group by name; Pendo shows names in lower case.
pub type Fields = BTreeMap<String, Field>;

/// All metadata fields of one kind, by group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    groups: BTreeMap<String, Fields>,
}

impl Schema {
    /// The fields of a group; `None` also when it has none, Pendo then leaves it out.
    pub fn group(&self, group: &Group) -> Option<&Fields> {
        let name = group.as_str();
        let any_case = || self.groups.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        self.groups.get(name).or_else(|| any_case().map(|(_, fields)| fields))
    }

    /// A field, its name in any case.
    pub fn field(&self, group: &Group, name: &str) -> Option<&Field> {
        let fields = self.group(group)?;
        let any_case = || fields.values().find(|field| field.name.eq_ignore_ascii_case(name));
        fields.get(name).or_else(any_case)
    }

    /// All groups by name.
    pub fn groups(&self) -> &BTreeMap<String, Fields> {
        &self.groups
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let groups: Option<BTreeMap<String, Option<BTreeMap<String, Value>>>> =
            Option::deserialize(input)?;
        let read = |fields: BTreeMap<String, Value>| -> Fields {
            let field = |(name, value): (String, Value)| (name.clone(), Field::read(name, value));
            fields.into_iter().map(field).collect()
        };
        let groups = groups.unwrap_or_default().into_iter();
        Ok(Self { groups: groups.map(|(name, f)| (name, read(f.unwrap_or_default()))).collect() })
    }
}

/// One metadata field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// Its name, in lower case.
    pub name: String,
    /// Its type.
    pub data_type: FieldType,
    /// Its name as it was written first, or as people renamed it.
    pub display_name: Option<String>,
    /// The type of a list's elements.
    pub element_type: Option<FieldType>,
    /// Deleted: values that arrive are lost until it is created again.
    pub is_deleted: bool,
    /// Hidden in Pendo's UI.
    pub is_hidden: bool,
    /// Computed by Pendo.
    pub is_calculated: bool,
    /// Has one value for each application.
    pub is_per_app: bool,
    /// Everything else that came, such as `sample` and `cardinality`.
    pub other: Map<String, Value>,
}

impl Field {
    /// Pendo mixes upper and lower case in these names; nothing in here makes the schema unreadable.
    fn read(name: String, value: Value) -> Self {
        let mut members = match value {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let mut take = |wanted: &str| {
            let key = members.keys().find(|key| key.eq_ignore_ascii_case(wanted)).cloned()?;
            members.remove(&key)
        };
        let data_type = take("Type").as_ref().and_then(Value::as_str).map(FieldType::from);
        let element_type =
            take("ElementType").as_ref().and_then(Value::as_str).map(FieldType::from);
        let display_name = take("DisplayName").as_ref().and_then(Value::as_str).map(str::to_owned);
        let mut flag = |name: &str| take(name).as_ref().and_then(Value::as_bool).unwrap_or(false);
        Self {
            data_type: data_type.unwrap_or(FieldType::Unset),
            element_type,
            display_name,
            is_deleted: flag("isDeleted"),
            is_hidden: flag("isHidden"),
            is_calculated: flag("isCalculated"),
            is_per_app: flag("isPerApp"),
            name,
            other: members,
        }
    }
}

/// The type of a metadata field; what is not known yet is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A point in time.
    Time,
    /// A list.
    List,
    /// Not set yet, as for a field that came into being by a push.
    Unset,
    /// Any other.
    Other(String),
}

impl FieldType {
    /// The name in the API.
    pub fn as_str(&self) -> &str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::List => "list",
            Self::Unset => "",
            Self::Other(name) => name,
        }
    }

    /// Whether a field of this type takes what a field created with `wanted` takes. One without a
    /// type takes everything.
    pub fn suits(&self, wanted: NewType) -> bool {
        match self {
            Self::Unset => true,
            Self::Integer | Self::Float => wanted == NewType::Number,
            other => other.as_str().eq_ignore_ascii_case(wanted.as_str()),
        }
    }
}

impl From<&str> for FieldType {
    fn from(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "string" => Self::String,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "boolean" => Self::Boolean,
            "time" => Self::Time,
            "list" => Self::List,
            "" => Self::Unset,
            _ => Self::Other(name.to_owned()),
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Unset { "none" } else { self.as_str() })
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let name = Option::<String>::deserialize(input)?.unwrap_or_default();
        Ok(Self::from(name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        serde_json::from_value(json!({
            "auto": {"accountids": {"Type": "list", "ElementType": "string", "DisplayName": "Account IDs"}},
            "custom": {
                "badgeno": {"Type": "integer", "DisplayName": "badgeNo", "isDeleted": null, "sample": [1]},
                "later": {"Type": "vector", "isHidden": true},
                "untyped": {"Type": ""}, "odd": null,
            },
            "salesforce": null,
        }))
        .unwrap()
    }

    #[test]
    fn fields_are_found_in_any_case() {
        let schema = schema();
        let badge = schema.field(&Group::Custom, "badgeNo").unwrap();
        assert_eq!(badge.data_type, FieldType::Integer);
        assert_eq!(badge.display_name.as_deref(), Some("badgeNo"));
        assert_eq!(badge.other, Map::from_iter([("sample".to_owned(), json!([1]))]));
        assert!(schema.field(&Group::Agent, "badgeno").is_none());
        let accounts = schema.field(&Group::Auto, "accountIds").unwrap();
        assert_eq!(accounts.element_type, Some(FieldType::String));
    }

    #[test]
    fn unknown_and_absent_types_are_kept() {
        let schema = schema();
        let of = |name| schema.field(&Group::Custom, name).unwrap().data_type.clone();
        assert_eq!(of("later"), FieldType::Other("vector".into()));
        assert_eq!((of("untyped"), of("odd")), (FieldType::Unset, FieldType::Unset));
        assert_eq!(serde_json::to_value(of("later")).unwrap(), json!("vector"));
        assert!(schema.field(&Group::Custom, "later").unwrap().is_hidden);
    }

    #[test]
    fn all_numbers_suit_a_number() {
        for name in ["integer", "float", "number", ""] {
            assert!(FieldType::from(name).suits(NewType::Number), "{name}");
        }
        assert!(!FieldType::from("string").suits(NewType::Number));
        assert!(FieldType::from("String").suits(NewType::String));
        assert!(!FieldType::from("list").suits(NewType::String));
    }
}
