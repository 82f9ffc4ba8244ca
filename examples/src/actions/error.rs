//! Why an action was not done, for programs: a code and its cause.

use okta_client::{Error, ErrorKind, Transport};
use serde::Serialize;

/// Why an action was not done. As JSON it is one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ActionError {
    /// Okta's code, such as `E0000001`, or a word such as `not_found`, `ambiguous`, `invalid`,
    /// `connection`, `timeout`.
    pub code: String,
    /// What exactly was wrong.
    pub cause: String,
    /// Both, and where it happened, in one line.
    pub message: String,
    /// The HTTP status, if Okta answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Okta's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ActionError {
    /// An error that Okta knows nothing of.
    pub fn new(code: &str, cause: impl Into<String>) -> Self {
        let (code, cause): (_, String) = (code.to_owned(), cause.into());
        Self { code, message: cause.clone(), cause, status: None, request_id: None }
    }

    pub(super) fn not_found(what: &str, who: &str) -> Self {
        Self::new("not_found", format!("no {what} has the id or name `{who}`"))
    }
}

impl From<Error> for ActionError {
    fn from(error: Error) -> Self {
        let status = error.status().map(|status| status.as_u16());
        let request_id = error.request_id().map(str::to_owned);
        let code = error.body().map_or_else(|| word(&error).to_owned(), |body| body.code.clone());
        let (cause, message) = (cause(&error), error.to_string());
        Self { code, cause, message, status, request_id }
    }
}

fn word(error: &Error) -> &'static str {
    match error.kind() {
        _ if error.is_rate_limited() => "rate_limited",
        ErrorKind::Api { .. } => "http",
        ErrorKind::Transport(Transport::Connect) => "connection",
        ErrorKind::Transport(Transport::Timeout) => "timeout",
        ErrorKind::Transport(_) => "cut",
        ErrorKind::Auth(_) => "credential",
        ErrorKind::Request(_) => "invalid",
        _ => "unexpected_answer",
    }
}

/// The causes that Okta names, else its sentence, else what lies at the bottom of the failure.
fn cause(error: &Error) -> String {
    if let Some(body) = error.body() {
        let causes: Vec<&str> = body.causes.iter().map(|cause| &*cause.summary).collect();
        let said = if causes.is_empty() { body.summary.clone() } else { causes.join("; ") };
        return said.replace(['\r', '\n'], " ");
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    deepest.to_string().replace(['\r', '\n'], " ")
}
