//! What Okta says when it refuses a call.

use std::fmt;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};
use rest_core::ErrorBody;
use serde::{Deserialize, Serialize};

/// An error of a call to Okta.
pub type Error = rest_core::Error<OktaError>;

/// A result of a call to Okta.
pub type Result<T> = std::result::Result<T, Error>;

/// Okta's error body. Act on the code and the status; the texts are for people and change.
///
/// All codes: <https://developer.okta.com/docs/reference/error-codes/>. The token endpoint's
/// `{"error", "error_description"}` and a missing scope's `WWW-Authenticate` header are read into it too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OktaError {
    /// Such as `E0000007`; the token endpoint's and `WWW-Authenticate`'s are words such as `invalid_client`.
    #[serde(rename = "errorCode")]
    pub code: String,
    /// One sentence for people.
    #[serde(
        rename = "errorSummary",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub summary: String,
    /// The code again, in what was recorded so far.
    #[serde(rename = "errorLink", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Identifies this very error to Okta's support.
    #[serde(rename = "errorId", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What exactly was wrong.
    #[serde(rename = "errorCauses", default, deserialize_with = "or_default")]
    pub causes: Vec<Cause>,
    /// The scope that the access token lacks.
    #[serde(skip)]
    pub missing_scope: Option<String>,
}

/// One cause of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cause {
    /// One sentence for people.
    #[serde(
        rename = "errorSummary",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub summary: String,
    /// A word for programs, from some endpoints only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is wrong, such as the name of a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What kind of place that is, such as `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_type: Option<String>,
    /// The part of Okta that found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

fn or_default<'de, D, T>(from: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
    error_description: Option<String>,
}

impl From<OAuthError> for OktaError {
    fn from(oauth: OAuthError) -> Self {
        let summary = oauth.error_description.unwrap_or_default();
        Self { code: oauth.error, summary, ..Self::default() }
    }
}

impl ErrorBody for OktaError {
    const REQUEST_ID: &'static str = "x-okta-request-id";
    const RETRY_HEADERS: Option<(&'static str, &'static str)> =
        Some(("x-okta-retry-for", "x-okta-retry-count"));

    fn decode(_: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body)
            .ok()
            .or_else(|| serde_json::from_slice::<OAuthError>(body).ok().map(Self::from))
            .or_else(|| challenge(headers))
    }

    fn is_refused_for_now(&self, status: StatusCode) -> bool {
        // Rules being re-ordered, a user still being activated: nothing was done, come again.
        matches!((status.as_u16(), self.code.as_str()), (423, "E0000239") | (409, "E0000112"))
    }

    fn blames_credential(&self) -> bool {
        // A feature that the caller does not have: a new token would not have it either.
        self.code != "E0000015"
    }
}

/// Reads what a 401 or 403 without a body says in `WWW-Authenticate`.
fn challenge(headers: &HeaderMap) -> Option<OktaError> {
    let text = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    Some(OktaError {
        code: parameter(text, "error")?.to_owned(),
        summary: parameter(text, "error_description").unwrap_or_default().to_owned(),
        missing_scope: parameter(text, "scope").map(str::to_owned),
        ..OktaError::default()
    })
}

fn parameter<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let is_own = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + name.len()..]);
        after.starts_with('=') && before.ends_with([' ', ','])
    };
    let at = text.match_indices(name).map(|(at, _)| at).find(is_own)?;
    let value = &text[at + name.len() + 1..];
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([',', ' ']).next(),
    }
}

impl fmt::Display for OktaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, one_line(&self.summary))?;
        for cause in &self.causes {
            write!(f, "; {}", one_line(&cause.summary))?;
        }
        if let Some(scope) = &self.missing_scope {
            write!(f, "; grant the app the scope {scope}")?;
        }
        match self.code.as_str() {
            "E0000004" | "E0000011" => {
                f.write_str("; check that the token is right, not revoked, and of this org")
            }
            "E0000006" => {
                f.write_str("; give the token's owner or the app a role that may do this")
            }
            _ => Ok(()),
        }
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, challenge: Option<&str>, body: &str) -> Option<OktaError> {
        let mut headers = HeaderMap::new();
        if let Some(text) = challenge {
            headers.insert(WWW_AUTHENTICATE, text.parse().unwrap());
        }
        OktaError::decode(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn code_summary_and_causes_make_one_line() {
        let body = r#"{"errorCode":"E0000001","errorSummary":"Api validation failed:\nlogin","errorLink":"E0000001",
            "errorId":"oae1","errorCauses":[{"errorSummary":"login: taken"},{"errorSummary":"email: bad"}]}"#;
        let error = read(400, None, body).unwrap();
        assert_eq!(
            error.to_string(),
            "E0000001 Api validation failed: login; login: taken; email: bad"
        );
        let odd = read(400, None, r#"{"errorCode":"E1","errorSummary":null,"errorCauses":null}"#);
        assert_eq!(odd.unwrap().code, "E1");
    }

    #[test]
    fn a_missing_scope_is_named() {
        let challenge = r#"Bearer authorization_uri="http://x/oauth2/v1/authorize", realm="http://x", scope="okta.groups.read", error="insufficient_scope", error_description="The access token provided does not contain the required scopes.", resource="/api/v1/groups""#;
        let error = read(403, Some(challenge), "").unwrap();
        assert_eq!(error.missing_scope.as_deref(), Some("okta.groups.read"));
        assert_eq!(
            error.to_string(),
            "insufficient_scope The access token provided does not contain the required scopes.; \
             grant the app the scope okta.groups.read"
        );
    }

    #[test]
    fn the_token_endpoints_shape_is_read_and_others_are_not() {
        let oauth = read(401, None, r#"{"error":"invalid_client","error_description":"used"}"#);
        assert_eq!(oauth.unwrap().to_string(), "invalid_client used");
        for body in ["", "<html>", "[]", "{}", "null"] {
            assert_eq!(read(502, None, body), None, "{body}");
        }
        assert_eq!(read(401, Some("Basic"), ""), None);
    }
}
