//! Requests that are as Okta takes them, though its spec says otherwise.

/// What shows that the spec is wrong, and not the request.
pub(crate) enum Evidence {
    /// A row of `spec-deviations.json`, by operation and text: real exchanges differ likewise.
    Recorded(&'static str, &'static str),
    /// The recordings have no such request, and so `spec-deviations.json` no row. The validator says the
    /// same of every example that Okta's own page of the operation gives.
    OwnExample,
}

/// What the validator says wrongly of some calls.
pub(crate) struct Exception {
    pub(crate) operation: &'static str,
    pub(crate) calls: &'static [&'static str],
    pub(crate) violation: &'static str,
    pub(crate) evidence: Evidence,
    pub(crate) why: &'static str,
}

const NUMBER_CHOICE: &str =
    "definitions/{name}/properties/{name}/oneOf/*/const: a number is not of type \"string\"";
const NULL_ATTRIBUTE: &str = "definitions/{name}/properties/{name}: null is not of type \"object\"";
const MAPPINGS: &[&str] = &["set a mapping", "remove a mapping"];
const IS_A_MAP: &str =
    "`properties` is a map by attribute; the spec asks for one attribute's members";
const READ_NULL: &str = "Okta answers null here, and a replace writes back what was read";
const REMOVED: &str = "null is how an attribute is removed";
const OF_ITS_TYPE: &str = "choices are of the attribute's type; the spec draws texts only";

const ONE_OF: &str = "must match exactly one schema in oneOf";
const MATCHES_ALL: &str = "none of the schemas requires anything, so every body matches several";

pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        operation: "createApplication",
        calls: &["create an app: catalog", "create an app: catalog with options"],
        violation: "must have required property 'signOnMode'",
        evidence: Evidence::Recorded("createApplication", "\"signOnMode\" is a required property"),
        why: "Okta chooses the mode of an app of its catalog",
    },
    Exception {
        operation: "replaceApplication",
        calls: &["replace an app by what was read"],
        violation: "accessibility.errorRedirectUrl must be string",
        evidence: Evidence::Recorded(
            "getApplication",
            "accessibility/errorRedirectUrl: null is not of type \"string\"",
        ),
        why: READ_NULL,
    },
    Exception {
        operation: "replaceApplication",
        calls: &["replace an app by what was read"],
        violation: "accessibility.loginRedirectUrl must be string",
        evidence: Evidence::Recorded(
            "getApplication",
            "accessibility/loginRedirectUrl: null is not of type \"string\"",
        ),
        why: READ_NULL,
    },
    Exception {
        operation: "updateApplicationUser",
        calls: &["update an app user's profile", "update an app user's credentials"],
        violation: ONE_OF,
        evidence: Evidence::OwnExample,
        why: MATCHES_ALL,
    },
    Exception {
        operation: "updateGroupAssignmentToApplication",
        calls: &["set a text and a number of an app group"],
        violation: "value must be object",
        evidence: Evidence::OwnExample,
        why: "the value of a JSON Patch may be any JSON (RFC 6902); the spec draws an object",
    },
    Exception {
        operation: "activateFactor",
        calls: &["activate a factor"],
        violation: ONE_OF,
        evidence: Evidence::OwnExample,
        why: MATCHES_ALL,
    },
    Exception {
        operation: "verifyFactor",
        calls: &["verify a factor", "verify an answer", "challenge with a number"],
        violation: ONE_OF,
        evidence: Evidence::OwnExample,
        why: MATCHES_ALL,
    },
    Exception {
        operation: "updateApplicationUserProfile",
        calls: &["app user attribute: integer choices"],
        violation: "oneOf.0.const must be string",
        evidence: Evidence::Recorded("updateApplicationUserProfile", NUMBER_CHOICE),
        why: OF_ITS_TYPE,
    },
    Exception {
        operation: "updateUserProfile",
        calls: &["user attribute: integer choices"],
        violation: "oneOf.0.const must be string",
        evidence: Evidence::Recorded("updateApplicationUserProfile", NUMBER_CHOICE),
        why: OF_ITS_TYPE,
    },
    Exception {
        operation: "updateGroupSchema",
        calls: &["group attribute: integer choices", "group attribute: list of integer choices"],
        violation: "oneOf.0.const must be string",
        evidence: Evidence::Recorded("updateApplicationUserProfile", NUMBER_CHOICE),
        why: OF_ITS_TYPE,
    },
    Exception {
        operation: "updateGroupSchema",
        calls: &["group attribute: list of integer choices"],
        violation: "items.enum.0 must be string",
        evidence: Evidence::Recorded("updateApplicationUserProfile", NUMBER_CHOICE),
        why: OF_ITS_TYPE,
    },
    Exception {
        operation: "updateUserProfile",
        calls: &["remove a user attribute"],
        violation: "properties.old must be object",
        evidence: Evidence::Recorded("updateUserProfile", NULL_ATTRIBUTE),
        why: REMOVED,
    },
    Exception {
        operation: "updateGroupSchema",
        calls: &["remove a group attribute"],
        violation: "properties.old must be object",
        evidence: Evidence::Recorded("updateGroupSchema", NULL_ATTRIBUTE),
        why: REMOVED,
    },
    Exception {
        operation: "updateApplicationUserProfile",
        calls: &["remove an app user attribute"],
        violation: "properties.old must be object",
        evidence: Evidence::Recorded("updateApplicationUserProfile", NULL_ATTRIBUTE),
        why: REMOVED,
    },
    Exception {
        operation: "updateProfileMapping",
        calls: MAPPINGS,
        violation: "must have required property 'expression'",
        evidence: Evidence::Recorded(
            "updateProfileMapping",
            "\"expression\" is a required property",
        ),
        why: IS_A_MAP,
    },
    Exception {
        operation: "updateProfileMapping",
        calls: MAPPINGS,
        violation: "must have required property 'pushStatus'",
        evidence: Evidence::Recorded(
            "updateProfileMapping",
            "\"pushStatus\" is a required property",
        ),
        why: IS_A_MAP,
    },
];
