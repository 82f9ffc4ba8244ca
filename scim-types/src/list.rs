use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::object::Key;
use crate::urn;

/// A page of resources, RFC 7644 section 3.4.2, with the cursors of RFC 9865.
///
/// Read tolerantly: `Resources` may be missing, the counters may be texts, names have no case.
///
/// A resource of the wrong shape (`"active": "yes"`) fails the page, so that nobody takes a part for
/// the whole. The error says what is wrong; its place, such as `Resources[3].active`, is known to
/// who decodes with `serde_path_to_error`, as this workspace's clients do. To go on with the
/// others, read a `ListResponse<serde_json::Value>` and decode each resource by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ListResponse<T> {
    /// The resources of this page.
    pub resources: Vec<T>,
    /// How many resources there are in all; not every server that pages by cursor says it.
    pub total_results: Option<u64>,
    /// The index of the first resource of this page, counted from 1.
    pub start_index: Option<u64>,
    /// How many resources this page has.
    pub items_per_page: Option<u64>,
    /// Where the next page begins; none on the last page.
    pub next_cursor: Option<String>,
    /// Where the page before begins, if the server can go back.
    pub previous_cursor: Option<String>,
}

impl<T> ListResponse<T> {
    /// A page of an indexed listing.
    pub fn page(resources: Vec<T>, start_index: u64, total_results: u64) -> Self {
        Self {
            items_per_page: Some(resources.len() as u64),
            resources,
            total_results: Some(total_results),
            start_index: Some(start_index),
            next_cursor: None,
            previous_cursor: None,
        }
    }
}

impl<T: Serialize> Serialize for ListResponse<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a, T> {
            schemas: [&'a str; 1],
            #[serde(skip_serializing_if = "Option::is_none")]
            total_results: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            start_index: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            items_per_page: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            next_cursor: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            previous_cursor: Option<&'a str>,
            #[serde(rename = "Resources")]
            resources: &'a [T],
        }
        let wire = Wire {
            schemas: [urn::LIST_RESPONSE],
            total_results: self.total_results,
            start_index: self.start_index,
            items_per_page: self.items_per_page,
            next_cursor: self.next_cursor.as_deref(),
            previous_cursor: self.previous_cursor.as_deref(),
            resources: &self.resources,
        };
        wire.serialize(to)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ListResponse<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Page(PhantomData))
    }
}

struct Page<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Page<T> {
    type Value = ListResponse<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ListResponse")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut page = ListResponse {
            resources: Vec::new(),
            total_results: None,
            start_index: None,
            items_per_page: None,
            next_cursor: None,
            previous_cursor: None,
        };
        let mut is_list = false;
        while let Some(key) = map.next_key_seed(Key)? {
            match key.to_ascii_lowercase().as_str() {
                "resources" => page.resources = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "totalresults" => page.total_results = count(&mut map, &key)?,
                "startindex" => page.start_index = count(&mut map, &key)?,
                "itemsperpage" => page.items_per_page = count(&mut map, &key)?,
                "nextcursor" => page.next_cursor = map.next_value()?,
                "previouscursor" => page.previous_cursor = map.next_value()?,
                _ => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                    continue;
                }
            }
            is_list = true;
        }
        // A single resource, or an error, must not pass as an empty page.
        match is_list {
            true => Ok(page),
            false => Err(A::Error::custom(
                "not a ListResponse: it has neither Resources nor totalResults",
            )),
        }
    }
}

fn count<'de, A: MapAccess<'de>>(map: &mut A, key: &str) -> Result<Option<u64>, A::Error> {
    match map.next_value()? {
        Value::Null => Ok(None),
        Value::Number(number) if number.as_i64().is_some_and(|n| n < 0) => Ok(Some(0)),
        Value::Number(number) if number.is_u64() => Ok(number.as_u64()),
        Value::String(text) if text.trim().parse::<u64>().is_ok() => Ok(text.trim().parse().ok()),
        other => Err(A::Error::custom(format!("{key} is {other}, expected a count"))),
    }
}

open_enum! {
    /// The order of a sorted listing.
    pub enum SortOrder {
        /// Smallest first.
        Ascending = "ascending",
        /// Largest first.
        Descending = "descending",
    }
}

object! {
    /// A query as a body, for filters that hold personal data: RFC 7644 section 3.4.3, RFC 9865.
    pub struct SearchRequest {
        /// The URN of search requests.
        schemas: Vec<String> = "schemas",
        /// Only these attributes.
        attributes: Vec<String> = "attributes",
        /// Without these attributes.
        excluded_attributes: Vec<String> = "excludedAttributes",
        /// The condition, see [`Filter`](crate::filter::Filter).
        filter: Option<String> = "filter",
        /// The attribute to sort by.
        sort_by: Option<String> = "sortBy",
        /// The order.
        sort_order: Option<SortOrder> = "sortOrder",
        /// The first resource wanted, counted from 1.
        start_index: Option<u64> = "startIndex",
        /// At most so many.
        count: Option<u64> = "count",
        /// Where to go on; never together with `start_index`.
        cursor: Option<String> = "cursor",
    }
}

impl SearchRequest {
    /// A query for everything.
    pub fn new() -> Self {
        Self { schemas: vec![urn::SEARCH_REQUEST.to_owned()], ..Self::default() }
    }
}

impl<T: DeserializeOwned> TryFrom<Value> for ListResponse<T> {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }
}
