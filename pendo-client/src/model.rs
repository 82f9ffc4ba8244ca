//! What visitors and accounts share: open metadata groups, and decoding that bears `null`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::metadata::Group;

/// Metadata groups by name, each an open set of fields.
pub type Groups = BTreeMap<String, Map<String, Value>>;

/// The value of a field, its name in any case.
pub(crate) fn value<'a>(groups: &'a Groups, group: &Group, field: &str) -> Option<&'a Value> {
    let fields = groups.get(group.as_str())?;
    let any_case = || fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field));
    fields.get(field).or_else(|| any_case().map(|(_, value)| value))
}

pub(crate) fn null_is_default<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

/// As [`null_is_default`], for each group too.
pub(crate) fn groups<'de, D: Deserializer<'de>>(input: D) -> Result<Groups, D::Error> {
    let groups: Option<BTreeMap<String, Option<Map<String, Value>>>> = Option::deserialize(input)?;
    let groups = groups.unwrap_or_default().into_iter();
    Ok(groups.map(|(name, fields)| (name, fields.unwrap_or_default())).collect())
}
