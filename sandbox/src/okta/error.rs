use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use okta_client::search::SearchError;
use serde_json::json;

/// An answer that is not a success, in Okta's shape.
#[derive(Clone, Debug)]
pub(crate) struct OktaError {
    status: u16,
    code: &'static str,
    summary: String,
    causes: Vec<String>,
}

pub(crate) type Answer = Result<Response, OktaError>;

impl OktaError {
    pub(crate) fn new(status: u16, code: &'static str, summary: impl Into<String>) -> Self {
        Self { status, code, summary: summary.into(), causes: Vec::new() }
    }

    pub(crate) fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// 400 E0000001; each cause starts with the name of the field.
    pub(crate) fn validation(field: &str, cause: impl Into<String>) -> Self {
        let summary = format!("Api validation failed: {field}");
        Self::new(400, "E0000001", summary).because(cause)
    }

    pub(crate) fn malformed_body() -> Self {
        Self::new(400, "E0000003", "The request body was not well-formed.")
    }

    pub(crate) fn authentication_failed() -> Self {
        Self::new(401, "E0000004", "Authentication failed")
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new(401, "E0000011", "Invalid token provided")
    }

    pub(crate) fn not_found(id: &str, kind: &str) -> Self {
        let summary = format!("Not found: Resource not found: {id} ({kind})");
        Self::new(404, "E0000007", summary)
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(404, "E0000008", "The requested path was not found")
    }

    pub(crate) fn no_such_method() -> Self {
        Self::new(405, "E0000022", "The endpoint does not support the provided HTTP method")
    }

    /// An operation that Okta has and the sandbox has not.
    pub(crate) fn unsupported(operation: &str) -> Self {
        Self::new(501, "E0000060", "Unsupported operation.")
            .because(format!("The sandbox has no such route: {operation}"))
    }

    pub(crate) fn bad_content_type() -> Self {
        let summary =
            "Bad request. Accept and/or Content-Type headers likely do not match supported values.";
        Self::new(400, "E0000021", summary)
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        let summary = "The request is missing a required parameter.";
        Self::new(400, "E0000028", summary).because(format!("{name}: required"))
    }

    pub(crate) fn bad_cursor() -> Self {
        Self::new(400, "E0000029", "Invalid paging request.").because("Invalid cursor.")
    }

    pub(crate) fn wrong_status() -> Self {
        let summary = "This operation is not allowed in the user's current status.";
        Self::new(403, "E0000038", summary)
    }

    pub(crate) fn rate_limited() -> Self {
        let summary = "API call exceeded rate limit due to too many requests.";
        Self::new(429, "E0000047", summary)
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, "E0000009", "Internal Server Error")
    }
}

impl From<SearchError> for OktaError {
    fn from(error: SearchError) -> Self {
        Self::new(400, "E0000031", "Invalid search criteria.").because(error.to_string())
    }
}

impl IntoResponse for OktaError {
    fn into_response(self) -> Response {
        let causes: Vec<_> = self.causes.iter().map(|c| json!({"errorSummary": c})).collect();
        let body = json!({
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": format!("oae{}", super::ids::random_text(22)),
            "errorCauses": causes,
        });
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(body)).into_response()
    }
}
