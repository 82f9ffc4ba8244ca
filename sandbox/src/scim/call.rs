//! One call and its answer, whether it comes over HTTP or inside a bulk request.

use http::Method;
use scim_types::{Error, ScimType};
use serde_json::Value;

use super::kind::Kind;

#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Below the base URL, without a percent sign: `/Users/2819c223`.
    pub(super) path: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
    /// The base URL as the caller wrote it; what the answer refers to starts with it.
    pub(super) base: String,
    /// The id that a created resource gets, where it was promised already.
    pub(super) id: Option<String>,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) location: Option<String>,
    pub(super) version: Option<String>,
    pub(super) allow: Option<&'static str>,
}

pub(super) type Outcome = Result<Reply, Error>;

impl Reply {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: None, location: None, version: None, allow: None }
    }

    pub(super) fn error(error: &Error) -> Self {
        Self::new(error.status.unwrap_or(500), serde_json::to_value(error).unwrap_or_default())
    }
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Root,
    Search(Option<Kind>),
    Resources(Kind),
    Resource(Kind, &'a str),
    Bulk,
    Me,
    Config,
    ResourceTypes(Option<&'a str>),
    Schemas(Option<&'a str>),
}

impl<'a> Target<'a> {
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let kind = |name: &str| match name {
            "Users" => Some(Kind::User),
            "Groups" => Some(Kind::Group),
            _ => None,
        };
        Some(match *segments.as_slice() {
            [] => Self::Root,
            [".search"] => Self::Search(None),
            ["Bulk"] => Self::Bulk,
            ["Me"] => Self::Me,
            ["ServiceProviderConfig"] => Self::Config,
            ["ResourceTypes"] => Self::ResourceTypes(None),
            ["ResourceTypes", id] => Self::ResourceTypes(Some(id)),
            ["Schemas"] => Self::Schemas(None),
            ["Schemas", id] => Self::Schemas(Some(id)),
            [name] => Self::Resources(kind(name)?),
            [name, ".search"] => Self::Search(Some(kind(name)?)),
            [name, id] => Self::Resource(kind(name)?, id),
            _ => return None,
        })
    }

    /// The route's name, such as `/Users/{id}`.
    pub(super) fn route(&self) -> String {
        match self {
            Self::Root => "/".to_owned(),
            Self::Search(None) => "/.search".to_owned(),
            Self::Search(Some(kind)) => format!("{}/.search", kind.endpoint()),
            Self::Resources(kind) => kind.endpoint().to_owned(),
            Self::Resource(kind, _) => format!("{}/{{id}}", kind.endpoint()),
            Self::Bulk => "/Bulk".to_owned(),
            Self::Me => "/Me".to_owned(),
            Self::Config => "/ServiceProviderConfig".to_owned(),
            Self::ResourceTypes(None) => "/ResourceTypes".to_owned(),
            Self::ResourceTypes(Some(_)) => "/ResourceTypes/{id}".to_owned(),
            Self::Schemas(None) => "/Schemas".to_owned(),
            Self::Schemas(Some(_)) => "/Schemas/{id}".to_owned(),
        }
    }

    pub(super) fn is_discovery(&self) -> bool {
        matches!(self, Self::Config | Self::ResourceTypes(_) | Self::Schemas(_))
    }

    /// The verbs it takes.
    pub(super) fn allowed(&self) -> &'static str {
        match self {
            Self::Search(_) | Self::Bulk => "POST",
            Self::Resources(_) => "GET, POST",
            Self::Resource(..) => "GET, PUT, PATCH, DELETE",
            Self::Me => "GET, POST, PUT, PATCH, DELETE",
            Self::Root | Self::Config | Self::ResourceTypes(_) | Self::Schemas(_) => "GET",
        }
    }
}

pub(super) fn not_found(what: &str) -> Error {
    Error::new(404, format!("{what} not found"))
}

pub(super) fn no_resource(kind: Kind, id: &str) -> Error {
    not_found(&format!("{} {id}", kind.name()))
}

pub(super) fn bad_value(detail: impl Into<String>) -> Error {
    Error::of_type(ScimType::InvalidValue, detail)
}

pub(super) fn bad_syntax(detail: impl Into<String>) -> Error {
    Error::of_type(ScimType::InvalidSyntax, detail)
}

/// The member of this name, which has no case.
pub(super) fn member<'a>(
    object: &'a serde_json::Map<String, Value>,
    name: &str,
) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Takes out the member of this name, which has no case.
pub(super) fn take(object: &mut serde_json::Map<String, Value>, name: &str) -> Option<Value> {
    let key = object.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
    object.remove(&key)
}
