//! What Okta says when it refuses a call.

use std::{fmt, iter};

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};
use rest_core::ErrorBody;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::challenge::challenges;

/// An error of a call to Okta.
pub type Error = rest_core::Error<OktaError>;

/// A result of a call to Okta.
pub type Result<T> = std::result::Result<T, Error>;

/// Okta's error body. Act on the code and the status; the texts are for people and change.
///
/// All codes: <https://developer.okta.com/docs/reference/error-codes/>. The token endpoint's
/// `{"error", "error_description"}` and a missing scope's `WWW-Authenticate` header are read into it too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OktaError {
    /// Such as `E0000007`; the token endpoint's and `WWW-Authenticate`'s are words such as `invalid_client`.
    #[serde(rename = "errorCode")]
    pub code: String,
    /// One sentence for people.
    #[serde(rename = "errorSummary", skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The code again, in what was recorded so far.
    #[serde(rename = "errorLink", skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Identifies this very error to Okta's support.
    #[serde(rename = "errorId", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What exactly was wrong.
    #[serde(rename = "errorCauses")]
    pub causes: Vec<Cause>,
    /// The scope that the access token lacks.
    #[serde(skip)]
    pub missing_scope: Option<String>,
}

/// One cause of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cause {
    /// One sentence for people.
    #[serde(rename = "errorSummary", skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// A word for programs, from some endpoints only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is wrong, such as the name of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What kind of place that is, such as `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_type: Option<String>,
    /// The part of Okta that found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl<'de> Deserialize<'de> for OktaError {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let said = Value::deserialize(from)?;
        Self::read(&said).ok_or_else(|| D::Error::custom("not one of Okta's errors: no errorCode"))
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let said = Value::deserialize(from)?;
        Self::read(&said).ok_or_else(|| D::Error::custom("not a cause: neither object nor text"))
    }
}

impl OktaError {
    /// Whatever can be read of it: one odd member must not cost the others.
    fn read(said: &Value) -> Option<Self> {
        let (code, summary) = (text(&said["errorCode"]), text(&said["errorSummary"]));
        if code.is_none() && summary.is_none() {
            return Self::read_oauth(said);
        }
        let causes = match &said["errorCauses"] {
            Value::Array(causes) => causes.iter().filter_map(Cause::read).collect(),
            cause => Cause::read(cause).into_iter().collect(),
        };
        Some(Self {
            code: code.unwrap_or_default(),
            summary: summary.unwrap_or_default(),
            link: text(&said["errorLink"]),
            id: text(&said["errorId"]),
            causes,
            missing_scope: None,
        })
    }

    /// The token endpoint's shape.
    fn read_oauth(said: &Value) -> Option<Self> {
        let code = said["error"].as_str()?.to_owned();
        let summary = text(&said["error_description"]).unwrap_or_default();
        Some(Self { code, summary, ..Self::default() })
    }
}

impl Cause {
    fn read(said: &Value) -> Option<Self> {
        if !said.is_object() {
            return text(said).map(|summary| Self { summary, ..Self::default() });
        }
        Some(Self {
            summary: text(&said["errorSummary"]).unwrap_or_default(),
            reason: text(&said["reason"]),
            location: text(&said["location"]),
            location_type: text(&said["locationType"]),
            domain: text(&said["domain"]),
        })
    }
}

/// A text, or a number or truth value as one.
fn text(said: &Value) -> Option<String> {
    match said {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(said.to_string()),
        _ => None,
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
        let body = String::from_utf8_lossy(body);
        let body = body.trim_start_matches('\u{feff}');
        let said = serde_json::from_str(body).ok().and_then(|said| Self::read(&said));
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
    let lines = headers.get_all(WWW_AUTHENTICATE).iter();
    let challenges = lines.flat_map(|line| challenges(&String::from_utf8_lossy(line.as_bytes())));
    challenges.into_iter().find_map(|challenge| {
        let of = |name| challenge.parameter(name).map(str::to_owned);
        let code = of("error")?;
        let missing_scope =
            of("scope").filter(|scope| code == "insufficient_scope" && !scope.trim().is_empty());
        let summary = of("error_description").unwrap_or_default();
        Some(OktaError { code, summary, missing_scope, ..OktaError::default() })
    })
}

impl fmt::Display for OktaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.code.clone();
        for (nth, text) in self.texts().iter().enumerate() {
            let gap = if nth == 0 || line.ends_with('.') { " " } else { "; " };
            line.push_str(if line.is_empty() { "" } else { gap });
            line.push_str(text);
        }
        // One advice: who lacks the scope need not be told to look for a role.
        let scope = self.missing_scope.as_ref().map(|scope| {
            format!("the token lacks the scope {scope}: ask for it, and grant it to the app")
        });
        match scope.or_else(|| self.advice().map(str::to_owned)) {
            Some(advice) if line.ends_with('.') => write!(f, "{line} {}", capitalised(&advice)),
            Some(advice) => write!(f, "{line}; {advice}"),
            None => f.write_str(&line),
        }
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
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::json;

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
        assert_eq!(
            error.to_string(),
            "E0000006 No permission; the token lacks the scope okta.groups.read: ask for it, and \
             grant it to the app"
        );
        for nothing in ["scope=\"\"", "scope=\" \"", "realm=x"] {
            let challenge = format!("Bearer error=insufficient_scope, {nothing}");
            let error = read(403, Some(&challenge), "").unwrap();
            assert_eq!(
                (error.to_string().as_str(), error.missing_scope),
                ("insufficient_scope", None)
            );
        }
    }

    #[test]
    fn a_challenge_is_found_in_whatever_line_and_place_it_stands() {
        let lacks =
            r#"DPoP error="insufficient_scope", scope="a", error_description="No \"a\" \\ here""#;
        let lines: [&[&str]; 4] = [
            &[lacks],
            &["Bearer realm=\"x\"", lacks],
            &["Negotiate YII=, Basic realm=\"é\", DPoP error=insufficient_scope, scope=a, \
               error_description=\"No \\\"a\\\" \\\\ here\""],
            &["\"", "=,=\\", lacks],
        ];
        for lines in lines {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
            }
            let error = OktaError::decode(StatusCode::FORBIDDEN, &headers, b"").unwrap();
            assert_eq!(error.missing_scope.as_deref(), Some("a"), "{lines:?}");
            assert_eq!(error.summary, r#"No "a" \ here"#, "{lines:?}");
        }
        let latin = b"Bearer error=insufficient_scope, realm=\"caf\xe9\", scope=a";
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(latin).unwrap());
        let error = OktaError::decode(StatusCode::FORBIDDEN, &headers, b"").unwrap();
        assert_eq!(error.missing_scope.as_deref(), Some("a"));
    }

    #[test]
    fn one_odd_member_does_not_cost_the_others() {
        let odd = r#"{"errorCode":"E0000001","errorSummary":"Api validation failed","errorLink":{},"errorId":7,
            "errorCauses":["plain",{"errorSummary":["x"],"location":"login"},null,3,{"errorSummary":"email: bad"}]}"#;
        let error = read(400, None, odd).unwrap();
        assert_eq!(error.to_string(), "E0000001 Api validation failed; plain; 3; email: bad");
        assert_eq!((error.link, error.id.as_deref()), (None, Some("7")));
        assert_eq!(error.causes[1].location.as_deref(), Some("login"));
        for (body, line) in [
            (r#"{"errorCode":"E1","errorCauses":{"errorSummary":"alone"}}"#, "E1 alone"),
            (r#"{"errorCode":"E1","errorCode":"E2"}"#, "E2"),
            (r#"{"errorSummary":"no code"}"#, "no code"),
            (r#"{"errorCode":17,"errorSummary":"a number"}"#, "17 a number"),
            ("\u{feff}{\"errorCode\":\"E1\"}", "E1"),
            (r#"{"error":"invalid_client","error_description":{}}"#, "invalid_client"),
        ] {
            assert_eq!(read(400, None, body).unwrap().to_string(), line, "{body}");
        }
        let latin = b"{\"errorCode\":\"E1\",\"errorSummary\":\"caf\xe9\"}";
        let error = OktaError::decode(StatusCode::BAD_REQUEST, &HeaderMap::new(), latin).unwrap();
        assert_eq!(error.to_string(), "E1 caf\u{fffd}");
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("errorSummary|reason|location|.", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_the_other_members_are_the_code_is_read(
            summary in any_json(), causes in any_json(), link in any_json(), id in any_json(),
        ) {
            let body = json!({"errorCode": "E0000001", "errorSummary": summary, "errorLink": link,
                "errorId": id, "errorCauses": causes});
            let error = read(400, None, &body.to_string()).unwrap();
            prop_assert_eq!(&error.code, "E0000001");
            prop_assert!(error.to_string().starts_with("E0000001"));
            let again: OktaError = serde_json::from_value(serde_json::to_value(&error).unwrap()).unwrap();
            prop_assert_eq!(again, error);
        }

        #[test]
        fn no_answer_makes_it_panic(line in prop::collection::vec(32_u8.., 0..60), body in any::<Vec<u8>>()) {
            let mut headers = HeaderMap::new();
            headers.extend(HeaderValue::from_bytes(&line).ok().map(|line| (WWW_AUTHENTICATE, line)));
            if let Some(error) = OktaError::decode(StatusCode::UNAUTHORIZED, &headers, &body) {
                let _ = error.to_string();
            }
        }
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
