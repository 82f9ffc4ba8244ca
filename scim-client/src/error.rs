//! What a SCIM server says when it refuses a call.

use std::fmt;

use http::{HeaderMap, StatusCode};
use rest_core::ErrorBody;
use scim_types::ScimType;

/// An error of a SCIM call: one line, with predicates that say what to do.
pub type Error = rest_core::Error<ScimError>;

/// A result of a SCIM call.
pub type Result<T> = std::result::Result<T, Error>;

const TEXT_KEPT: usize = 300;

/// A SCIM error body, RFC 7644 section 3.12; or a short plain text, from servers that send such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimError {
    scim_type: Option<ScimType>,
    detail: String,
}

impl ScimError {
    /// What is wrong, for programs.
    pub fn scim_type(&self) -> Option<&ScimType> {
        self.scim_type.as_ref()
    }

    /// What is wrong, in the server's words.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for ScimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scim_type {
            Some(kind) if self.detail.is_empty() => f.write_str(kind.as_str()),
            Some(kind) => write!(f, "{} {}", kind.as_str(), self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl ErrorBody for ScimError {
    fn decode(_: StatusCode, _: &HeaderMap, body: &[u8]) -> Option<Self> {
        let said = match serde_json::from_slice::<scim_types::Error>(body) {
            Ok(error) => Self {
                scim_type: error.scim_type,
                detail: error.detail.as_deref().map(one_line).unwrap_or_default(),
            },
            Err(_) => Self { scim_type: None, detail: plain_text(body)? },
        };
        (said.scim_type.is_some() || !said.detail.is_empty()).then_some(said)
    }
}

/// A page of HTML, or JSON of another shape, says nothing that fits a line.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let plain = text.len() <= TEXT_KEPT && !text.starts_with(['<', '{', '[']);
    plain.then(|| one_line(text))
}

pub(crate) fn one_line(text: &str) -> String {
    let text: String = text.chars().take(TEXT_KEPT).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
