//! What Pendo says when it refuses a call.

use std::fmt;

use http::{HeaderMap, StatusCode};
use rest_core::ErrorBody;
use serde_json::Value;

/// An error of a Pendo call: one line, with predicates that say what to do.
pub type Error = rest_core::Error<PendoError>;

/// A result of a call to Pendo.
pub type Result<T> = std::result::Result<T, Error>;

const TEXT_KEPT: usize = 300;

/// Pendo's words in an error answer.
///
/// Pendo publishes no error shape and answers JSON, plain text or nothing: this is the message found
/// in JSON or a short plain text, and for 401 and 403, which come empty, what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendoError {
    message: String,
    said: Option<String>,
}

impl PendoError {
    /// What Pendo says, or what its status means.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Pendo's words alone, without what a status means.
    pub(crate) fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }
}

impl fmt::Display for PendoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ErrorBody for PendoError {
    fn decode(status: StatusCode, _headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let said = json_message(body).or_else(|| short_text(status, body));
        let message = match status.as_u16() {
            401 | 403 => {
                let said = said.as_ref().map(|said| format!(" ({said})")).unwrap_or_default();
                format!(
                    "Pendo does not accept the integration key for this{said}: wrong key, a key of another \
                     region, or a key without write access"
                )
            }
            _ => said.clone()?,
        };
        Some(Self { message, said })
    }
}

fn json_message(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = &body["error"];
    let candidates = [&body["message"], error, &error["message"]];
    let said = candidates.into_iter().find_map(Value::as_str)?.trim();
    (!said.is_empty()).then(|| one_line(said))
}

/// Plain text such as `404 page not found`, without the status, which is shown anyway; a page of HTML
/// or JSON of another shape is none.
fn short_text(status: StatusCode, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let text = text.strip_prefix(status.as_str()).unwrap_or(text).trim_start();
    let plain = !text.is_empty() && text.len() <= TEXT_KEPT && !text.starts_with(['<', '{', '[']);
    plain.then(|| one_line(text))
}

fn one_line(text: &str) -> String {
    let text: String = text.chars().take(TEXT_KEPT).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(status: u16, body: &str) -> Option<String> {
        let status = StatusCode::from_u16(status).unwrap();
        PendoError::decode(status, &HeaderMap::new(), body.as_bytes()).map(|e| e.to_string())
    }

    #[test]
    fn every_known_shape_is_read() {
        let expected = Some("missing field mappings".to_owned());
        assert_eq!(says(400, r#"{"message":"missing field mappings"}"#), expected);
        assert_eq!(says(400, r#"{"error":"missing field mappings"}"#), expected);
        assert_eq!(says(400, r#"{"error":{"message":"missing field\nmappings"}}"#), expected);
        assert_eq!(says(400, "missing field mappings\n"), expected);
        assert_eq!(says(404, "404 page not found\n").as_deref(), Some("page not found"));
    }

    #[test]
    fn other_bodies_are_left_as_text() {
        for body in ["", "<html>Bad gateway</html>", r#"{"code":1}"#, "[]", "{\"message\":"] {
            assert_eq!(says(502, body), None, "{body}");
        }
    }

    #[test]
    fn a_refused_key_is_explained_whatever_the_body() {
        for (status, body) in [(403, ""), (401, r#"{"message":"unauthorized"}"#)] {
            let message = says(status, body).unwrap();
            assert!(message.contains("wrong key, a key of another region"), "{message}");
        }
        assert!(says(401, r#"{"message":"unauthorized"}"#).unwrap().contains("(unauthorized)"));
    }
}
