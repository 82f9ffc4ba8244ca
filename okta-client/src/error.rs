//! What Okta says when it refuses a call.

use std::{fmt, iter};

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
        let challenge = challenge(headers);
        if challenge.as_ref().is_some_and(Self::asks_for_proof) {
            return challenge;
        }
        let said = serde_json::from_slice(body)
            .ok()
            .or_else(|| serde_json::from_slice::<OAuthError>(body).ok().map(Self::from));
        match (said, challenge) {
            (Some(said), Some(Self { missing_scope, .. })) => Some(Self { missing_scope, ..said }),
            (said, challenge) => said.or(challenge),
        }
    }

    fn is_refused_for_now(&self, status: StatusCode) -> bool {
        // Rules being re-ordered, a user still being activated: nothing was done, come again.
        matches!((status.as_u16(), self.code.as_str()), (423, "E0000239") | (409, "E0000112"))
    }

    fn asks_for_proof(&self) -> bool {
        self.code == "use_dpop_nonce"
    }

    fn blames_credential(&self) -> bool {
        // A feature that the caller does not have: a new token would not have it either.
        self.code != "E0000015"
    }
}

/// Reads what `WWW-Authenticate` says about a 401 or 403, which then has no body as a rule.
fn challenge(headers: &HeaderMap) -> Option<OktaError> {
    headers.get_all(WWW_AUTHENTICATE).iter().find_map(|value| {
        let said = parameters(value.to_str().ok()?);
        let of = |name: &str| said.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|p| p.1);
        let code = of("error")?.to_owned();
        let lacks_scope = code == "insufficient_scope";
        Some(OktaError {
            code,
            summary: of("error_description").unwrap_or_default().to_owned(),
            missing_scope: of("scope").filter(|_| lacks_scope).map(str::to_owned),
            ..OktaError::default()
        })
    })
}

/// The parameters of a challenge such as `Bearer scope="a b", error=word`.
fn parameters(mut text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some((before, after)) = text.split_once('=') {
        let name = before.trim_end().rsplit([' ', ',']).next().unwrap_or_default();
        let after = after.trim_start();
        let (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once([',', ' ']).unwrap_or((after, "")),
        };
        found.push((name, value));
        text = rest;
    }
    found
}

impl fmt::Display for OktaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.code.clone();
        for (nth, text) in self.texts().iter().enumerate() {
            line.push_str(if nth == 0 || line.ends_with('.') { " " } else { "; " });
            line.push_str(text);
        }
        let scope = self.missing_scope.as_ref().map(|scope| {
            format!("the token lacks the scope {scope}: ask for it, and grant it to the app")
        });
        for advice in scope.into_iter().chain(self.advice().map(str::to_owned)) {
            match line.ends_with('.') {
                true => line = format!("{line} {}", capitalised(&advice)),
                false => line = format!("{line}; {advice}"),
            }
        }
        f.write_str(&line)
    }
}

impl OktaError {
    /// Summary and causes, each once.
    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let causes = self.causes.iter().map(|cause| &cause.summary);
        for text in iter::once(&self.summary).chain(causes).map(|text| one_line(text)) {
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match self.code.as_str() {
            "E0000004" | "E0000011" => {
                "check that the token is right, not revoked, and of this org"
            }
            "E0000006" => {
                "the app, or the token's owner, lacks an admin role that covers this call: give it one"
            }
            "E0000015" => "the org may not have this feature",
            "E0000056" if self.causes.is_empty() => "deactivate the app first",
            _ => return None,
        })
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
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
    fn what_is_said_twice_is_written_once() {
        let body = r#"{"errorCode":"E0000166","errorSummary":"Limit reached. Remove one.","errorCauses":[
            {"errorSummary":"Limit reached. Remove one."},{"errorSummary":""},{"errorSummary":"At most 1."}]}"#;
        let error = read(403, None, body).unwrap();
        assert_eq!(error.to_string(), "E0000166 Limit reached. Remove one. At most 1.");
        let cause = r#"{"errorSummary":"The application must be deactivated before deletion."}"#;
        for (causes, said) in [
            ("", "E0000056 Delete forbidden. Deactivate the app first"),
            (
                cause,
                "E0000056 Delete forbidden. The application must be deactivated before deletion.",
            ),
        ] {
            let body = format!(
                r#"{{"errorCode":"E0000056","errorSummary":"Delete forbidden.","errorCauses":[{causes}]}}"#
            );
            assert_eq!(read(403, None, &body).unwrap().to_string(), said);
        }
        let nothing = read(400, None, r#"{"errorCode":"E0000001"}"#).unwrap();
        assert_eq!(nothing.to_string(), "E0000001");
    }

    #[test]
    fn a_feature_that_is_missing_is_no_matter_of_the_token() {
        let body = r#"{"errorCode":"E0000015","errorSummary":"You do not have permission to access the feature you are requesting"}"#;
        assert_eq!(
            read(401, None, body).unwrap().to_string(),
            "E0000015 You do not have permission to access the feature you are requesting; the org \
             may not have this feature"
        );
    }

    #[test]
    fn a_missing_scope_is_named() {
        let challenge = r#"Bearer authorization_uri="http://x/oauth2/v1/authorize", realm="http://x", scope="okta.groups.read", error="insufficient_scope", error_description="The access token provided does not contain the required scopes.", resource="/api/v1/groups""#;
        let error = read(403, Some(challenge), "").unwrap();
        assert_eq!(error.missing_scope.as_deref(), Some("okta.groups.read"));
        assert_eq!(
            error.to_string(),
            "insufficient_scope The access token provided does not contain the required scopes. \
             The token lacks the scope okta.groups.read: ask for it, and grant it to the app"
        );
        for challenge in [
            r#"DPoP error="insufficient_scope", scope="okta.groups.read""#,
            r#"DPoP algs="ES256 RS256", error_description="not scope=none", error = insufficient_scope,scope=okta.groups.read"#,
        ] {
            let error = read(403, Some(challenge), "").unwrap();
            assert_eq!(error.missing_scope.as_deref(), Some("okta.groups.read"), "{challenge}");
            assert_eq!(error.code, "insufficient_scope");
        }
        let body = r#"{"errorCode":"E0000006","errorSummary":"No permission"}"#;
        let error = read(403, Some(challenge), body).unwrap();
        assert_eq!((error.code.as_str(), error.missing_scope.is_some()), ("E0000006", true));
    }

    #[test]
    fn a_missing_role_is_named_as_that() {
        let body = r#"{"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action"}"#;
        assert_eq!(
            read(403, None, body).unwrap().to_string(),
            "E0000006 You do not have permission to perform the requested action; the app, or the \
             token's owner, lacks an admin role that covers this call: give it one"
        );
    }

    #[test]
    fn a_nonce_is_asked_for_in_a_header_or_in_a_body() {
        let wanted =
            r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce""#;
        let invalid = r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided"}"#;
        for error in [
            read(401, Some(wanted), ""),
            read(401, Some(wanted), invalid),
            read(400, None, r#"{"error":"use_dpop_nonce","error_description":"nonce"}"#),
        ] {
            assert!(error.unwrap().asks_for_proof());
        }
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "Bearer realm=x".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, wanted.parse().unwrap());
        let error = OktaError::decode(StatusCode::UNAUTHORIZED, &headers, b"").unwrap();
        assert!(error.asks_for_proof(), "in any of several headers");
        for challenge in [None, Some(r#"DPoP error="invalid_token""#)] {
            assert!(!read(401, challenge, invalid).unwrap().asks_for_proof());
        }
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
