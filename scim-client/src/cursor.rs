//! What a listing asks for, and where it stands.

use std::fmt;

use scim_types::filter::Filter;
use scim_types::{SearchRequest, SortOrder};
use serde::{Deserialize, Serialize};

/// Resources a page where nothing else is said: what Okta asks for.
const PAGE_SIZE: u64 = 100;

/// A condition as it is sent: a [`Filter`], checked, or a text as it was typed.
#[derive(Clone)]
pub struct FilterText(pub(crate) Result<String, String>);

impl From<Filter> for FilterText {
    fn from(filter: Filter) -> Self {
        Self::from(&filter)
    }
}

impl From<&Filter> for FilterText {
    fn from(filter: &Filter) -> Self {
        Self(filter.check().map(|()| filter.to_string()).map_err(|error| error.to_string()))
    }
}

impl From<&str> for FilterText {
    fn from(text: &str) -> Self {
        Self(Ok(text.to_owned()))
    }
}

impl From<String> for FilterText {
    fn from(text: String) -> Self {
        Self(Ok(text))
    }
}

impl fmt::Debug for FilterText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilterText(..)")
    }
}

/// What is asked for, whichever page it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort_order: Option<SortOrder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) excluded_attributes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
}

/// Where the next page is found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// From this resource on, counted from 1.
    Index(u64),
    /// Where the server's cursor points; the empty one points at the start.
    Token(String),
}

/// Where a listing stands. It serialises, holds no host and no credential, and a later process can
/// go on from it with `resume`. It holds the listing's filter: treat it as the data it selects.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub(crate) route: String,
    pub(crate) query: Query,
    pub(crate) place: Place,
    pub(crate) read: u64,
}

impl Query {
    pub(crate) fn page_size(&self) -> u64 {
        self.count.unwrap_or(PAGE_SIZE)
    }

    /// The same query as a body.
    pub(crate) fn to_body(&self, place: &Place) -> SearchRequest {
        let mut body = SearchRequest::new();
        body.filter.clone_from(&self.filter);
        body.sort_by.clone_from(&self.sort_by);
        body.sort_order.clone_from(&self.sort_order);
        body.attributes.clone_from(&self.attributes);
        body.excluded_attributes.clone_from(&self.excluded_attributes);
        body.count = Some(self.page_size());
        match place {
            Place::Index(start) => body.start_index = Some(*start),
            Place::Token(token) => body.cursor = Some(token.clone()),
        }
        body
    }

    /// Whether nothing is asked here that the other does not ask, the page size apart.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(own: &Option<T>, other: &Option<T>) -> bool {
            own.is_none() || own == other
        }
        fn same_list(own: &[String], other: &[String]) -> bool {
            own.is_empty() || own == other
        }
        same(&self.filter, &other.filter)
            && same(&self.sort_by, &other.sort_by)
            && same(&self.sort_order, &other.sort_order)
            && same_list(&self.attributes, &other.attributes)
            && same_list(&self.excluded_attributes, &other.excluded_attributes)
    }
}

impl Cursor {
    /// How many resources of the listing stand before this page.
    pub fn items_before(&self) -> u64 {
        self.read
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Index(start) => write!(f, "startIndex={start}"),
            Place::Token(_) => write!(f, "cursor after {} resources", self.read),
        }
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}
