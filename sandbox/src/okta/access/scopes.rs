//! Which scopes each route wants.

use std::collections::HashSet;

use http::Method;

// The beginning of a route, and the middle of its scopes' names. The first that fits counts.
const ROUTES: [(&str, &[&str]); 14] = [
    ("/api/v1/apps/{id}/group-push", &["apps", "groups"]),
    ("/api/v1/apps", &["apps"]),
    ("/api/v1/users/{id}/roles", &["roles"]),
    ("/api/v1/users", &["users"]),
    ("/api/v1/groups/{id}/roles", &["roles"]),
    ("/api/v1/groups", &["groups"]),
    ("/api/v1/iam", &["roles"]),
    ("/api/v1/meta/schemas/user/linkedObjects", &["linkedObjects"]),
    ("/api/v1/meta/schemas", &["schemas"]),
    ("/api/v1/meta/types", &["userTypes"]),
    ("/api/v1/mappings", &["profileMappings"]),
    ("/api/v1/logs", &["logs"]),
    ("/api/v1/eventHooks", &["eventHooks"]),
    ("/api/v1/org", &["orgs"]),
];

/// The scopes that a call needs, all of them.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    /// As the API reference lists them: `manage` does not stand for `read`.
    pub(crate) fn of(method: &Method, route: &str) -> Self {
        let what = if method == Method::GET { "read" } else { "manage" };
        let found = ROUTES.iter().find(|(start, _)| route.starts_with(start));
        let names = found.map_or(&[][..], |(_, names)| names);
        Self(names.iter().map(|name| format!("okta.{name}.{what}")).collect())
    }

    /// What the granted ones lack, as OAuth writes scopes.
    pub(crate) fn missing_from(&self, granted: &HashSet<String>) -> Option<String> {
        let lacking = self.0.iter().filter(|scope| !granted.contains(*scope));
        let lacking: Vec<&str> = lacking.map(String::as_str).collect();
        (!lacking.is_empty()).then(|| lacking.join(" "))
    }
}

/// Every scope that some route wants; the log can only be read.
pub(crate) fn all() -> Vec<String> {
    let names =
        ROUTES.iter().flat_map(|(_, names)| *names).collect::<std::collections::BTreeSet<_>>();
    let both = |name: &&&str| ["read", "manage"].map(|what| format!("okta.{name}.{what}"));
    names.iter().flat_map(both).filter(|scope| scope != "okta.logs.manage").collect()
}
