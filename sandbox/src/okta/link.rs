//! `Link` headers, cursors, and the `_links` of a user.

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::LINK;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::OktaError;
use super::types;
use super::user::{Status, User};

/// Where a listing goes on: the next position, and how many items it has given so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) position: u64,
    pub(crate) given: u64,
    /// The number of the order that a sorted search goes by; 0 is that of the ids.
    pub(crate) order: u64,
}

impl Cursor {
    pub(crate) fn of(call: &Call) -> Result<Self, OktaError> {
        match call.get("after") {
            None | Some("") => Ok(Self::default()),
            Some(text) => Self::read(text).ok_or_else(OktaError::bad_cursor),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (position, rest) = text.strip_prefix("at:")?.split_once(':')?;
        let (given, order) = rest.split_once(':').unwrap_or((rest, "0"));
        let number = |text: &str| text.parse::<u64>().ok();
        Some(Self { position: number(position)?, given: number(given)?, order: number(order)? })
    }

    pub(crate) fn text(self) -> String {
        let order = if self.order > 0 { format!(":{}", self.order) } else { String::new() };
        URL_SAFE_NO_PAD.encode(format!("at:{}:{}{order}", self.position, self.given))
    }
}

/// Adds one `Link` header for the page itself and one for the next page, if there is one.
pub(crate) fn add_to(response: &mut Response, call: &Call, limit: usize, next: Option<Cursor>) {
    add_self(response, call, limit);
    if let Some(next) = next {
        add_next(response, call, limit, &next.text(), &[]);
    }
}

pub(crate) fn add_self(response: &mut Response, call: &Call, limit: usize) {
    // Recorded: an empty cursor does not come back.
    let after = call.get("after").filter(|after| !after.is_empty());
    add(response, &url(call, limit, after, &[]), "self");
}

pub(crate) fn add_next(
    response: &mut Response,
    call: &Call,
    limit: usize,
    after: &str,
    without: &[&str],
) {
    add(response, &url(call, limit, Some(after), without), "next");
}

/// The page of a list that is kept whole in memory, from the cursor on.
pub(crate) fn page_of<T>(
    items: impl Iterator<Item = (u64, T)>,
    after: Cursor,
    limit: usize,
) -> (Vec<T>, Option<Cursor>) {
    let mut rest = items.skip_while(|(position, _)| *position < after.position);
    let page: Vec<T> = rest.by_ref().take(limit).map(|(_, item)| item).collect();
    let given = after.given + page.len() as u64;
    let next = rest.next().map(|(position, _)| Cursor { position, given, ..after });
    (page, next)
}

fn add(response: &mut Response, url: &str, relation: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("<{url}>; rel=\"{relation}\"")) {
        response.headers_mut().append(LINK, value);
    }
}

// Every parameter of the request comes back; Okta says the limit also where it was not asked for.
fn url(call: &Call, limit: usize, after: Option<&str>, without: &[&str]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(after) = after {
        query.append_pair("after", after);
    }
    query.append_pair("limit", &limit.to_string());
    let comes_back = |name: &str| !["after", "limit"].contains(&name) && !without.contains(&name);
    for (name, value) in call.parameters().filter(|(name, _)| comes_back(name)) {
        query.append_pair(name, value);
    }
    format!("{}{}?{}", call.origin, call.path, query.finish())
}

/// The links of a user that is answered alone: what its status allows.
pub(crate) fn of_user(user: &User, id: &str, origin: &str) -> Value {
    let status = user.status;
    let base = format!("{origin}/api/v1/users/{id}");
    let mut links = Map::new();
    let mut post = |name: &str, path: &str| {
        links.insert(name.into(), json!({"href": format!("{base}{path}"), "method": "POST"}));
    };
    for (name, path) in calls_for(status) {
        post(name, path);
    }
    let meta = format!("{origin}/api/v1/meta");
    links.insert(
        "schema".into(),
        json!({"href": format!("{meta}/schemas/user/{}", types::schema_id(user.kind))}),
    );
    links.insert(
        "type".into(),
        json!({"href": format!("{meta}/types/user/{}", types::id(user.kind))}),
    );
    links.insert("self".into(), json!({"href": base}));
    if status == Status::Deprovisioned {
        links.insert("delete".into(), json!({"href": base, "method": "DELETE"}));
    }
    Value::Object(links)
}

fn calls_for(status: Status) -> Vec<(&'static str, &'static str)> {
    const FACTORS: (&str, &str) = ("resetFactors", "/lifecycle/reset_factors");
    const DEACTIVATE: (&str, &str) = ("deactivate", "/lifecycle/deactivate");
    const SUSPEND: (&str, &str) = ("suspend", "/lifecycle/suspend");
    const RESET: (&str, &str) = ("resetPassword", "/lifecycle/reset_password");
    const EXPIRE: (&str, &str) = ("expirePassword", "/lifecycle/expire_password");
    const FORGOT: (&str, &str) = ("forgotPassword", "/credentials/forgot_password");
    const CHANGE: (&str, &str) = ("changePassword", "/credentials/change_password");
    const QUESTION: (&str, &str) =
        ("changeRecoveryQuestion", "/credentials/change_recovery_question");
    const ACTIVATE: (&str, &str) = ("activate", "/lifecycle/activate");
    const REACTIVATE: (&str, &str) = ("reactivate", "/lifecycle/reactivate");
    const UNSUSPEND: (&str, &str) = ("unsuspend", "/lifecycle/unsuspend");
    const UNLOCK: (&str, &str) = ("unlock", "/lifecycle/unlock");
    match status {
        Status::Staged | Status::Deprovisioned => vec![ACTIVATE, FACTORS],
        Status::Provisioned => vec![SUSPEND, RESET, REACTIVATE, FACTORS, DEACTIVATE],
        Status::Active | Status::PasswordExpired => {
            vec![SUSPEND, RESET, FORGOT, EXPIRE, QUESTION, FACTORS, CHANGE, DEACTIVATE]
        }
        Status::Recovery => vec![RESET, REACTIVATE, FACTORS, DEACTIVATE],
        Status::LockedOut => vec![UNLOCK, RESET, FACTORS, DEACTIVATE],
        Status::Suspended => vec![UNSUSPEND, FACTORS, DEACTIVATE],
    }
}
