//! What a listing is asked for, in a URL or in the body of a search.

use scim_types::{AttributePath, Error, ScimType};
use serde_json::{Map, Value};

use super::call::bad_value;
use super::projection::Projection;
use super::quirks::Quirks;

#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) filter: Option<String>,
    pub(super) sort_by: Option<AttributePath>,
    pub(super) descending: bool,
    pub(super) start: Option<i64>,
    pub(super) count: Option<i64>,
    pub(super) cursor: Option<String>,
    pub(super) projection: Projection,
}

impl Query {
    pub(super) fn of(parameters: &[(String, String)], quirks: &Quirks) -> Result<Self, Error> {
        let mut query = Self::default();
        // Names that are no part of SCIM are none of our business.
        for (name, value) in parameters {
            match name.to_ascii_lowercase().as_str() {
                "filter" => query.filter = Some(value.clone()),
                "sortby" => query.sort_by = Some(AttributePath::parse(value)?),
                "sortorder" => query.descending = is_descending(value)?,
                "startindex" => query.start = Some(number(name, value)?),
                "count" => query.count = Some(count(value)?),
                "cursor" if !quirks.no_cursors => query.cursor = Some(value.clone()),
                "attributes" => query.projection.only(value),
                "excludedattributes" => query.projection.without(value),
                _ => {}
            }
        }
        query.checked(quirks)
    }

    fn checked(self, quirks: &Quirks) -> Result<Self, Error> {
        let is_low = self.start.is_some_and(|s| s < 1) || self.count.is_some_and(|c| c < 0);
        if quirks.strict_counts && is_low {
            return Err(Error::new(400, "Invalid paging"));
        }
        if self.cursor.is_some() && self.start.is_some() {
            return Err(bad_value("startIndex and cursor exclude each other"));
        }
        if self.cursor.is_some() && self.count.is_some_and(|count| count < 0) {
            return Err(Error::of_type(ScimType::InvalidCount, "count is below 0"));
        }
        Ok(self)
    }
}

/// The members of a SearchRequest as if they stood in a URL.
pub(super) fn as_parameters(body: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let parameter = |(name, value): (&String, &Value)| match value {
        Value::Array(list) => (name.clone(), list.iter().map(text).collect::<Vec<_>>().join(",")),
        value => (name.clone(), text(value)),
    };
    body.iter().filter(|(_, value)| !value.is_null()).map(parameter).collect()
}

fn is_descending(value: &str) -> Result<bool, Error> {
    match value.to_ascii_lowercase().as_str() {
        "ascending" => Ok(false),
        "descending" => Ok(true),
        _ => Err(bad_value("sortOrder is neither ascending nor descending")),
    }
}

fn number(name: &str, value: &str) -> Result<i64, Error> {
    value.trim().parse().map_err(|_| bad_value(format!("{name} is not a whole number")))
}

fn count(value: &str) -> Result<i64, Error> {
    let not_a_number = |_| Error::of_type(ScimType::InvalidCount, "count is not a whole number");
    value.trim().parse().map_err(not_a_number)
}
