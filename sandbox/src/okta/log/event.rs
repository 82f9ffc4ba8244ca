//! One event: what happened, to what, and who did it.

use serde_json::{Value, json};

use crate::okta::access::Caller;
use crate::okta::ids;

/// Something that happened, before it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: &'static str,
    pub(crate) targets: Vec<Target>,
    /// Why it did not succeed.
    failure: Option<String>,
}

/// What it happened to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) alternate: String,
    pub(crate) name: String,
}

/// Who did it, and by which call.
#[derive(Clone, Debug, Default)]
pub(crate) struct By {
    pub(crate) caller: Caller,
    pub(crate) request: String,
    pub(crate) path: String,
    pub(crate) agent: String,
    /// What the first user is called, who has the API token.
    pub(crate) owner: Option<(String, String, String)>,
}

impl Event {
    pub(crate) fn new(kind: &'static str, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { kind, targets: targets.into_iter().collect(), failure: None }
    }

    /// The same as something that was tried and failed.
    pub(crate) fn failed(self, reason: &str) -> Self {
        Self { failure: Some(reason.to_owned()), ..self }
    }

    pub(crate) fn json(&self, by: &By, published: &str) -> Value {
        let nothing = Value::Null;
        let (result, severity) = match self.failure {
            None => ("SUCCESS", "INFO"),
            Some(_) => ("FAILURE", "WARN"),
        };
        json!({
            "actor": by.actor(),
            "client": {
                "userAgent": {"rawUserAgent": by.agent, "os": "Unknown", "browser": "UNKNOWN"},
                "zone": "null", "device": "Unknown", "id": by.client_id(), "ipAddress": "127.0.0.1",
                "geographicalContext": place(),
            },
            "device": nothing,
            "authenticationContext": {
                "authenticationProvider": nothing, "credentialProvider": nothing,
                "credentialType": nothing, "issuer": nothing, "interface": nothing,
                "authenticationStep": 0, "externalSessionId": format!("trs{}", by.request),
            },
            "displayMessage": message(self.kind),
            "eventType": self.kind,
            "outcome": {"result": result, "reason": self.failure},
            "published": published,
            "securityContext": {
                "asNumber": nothing, "asOrg": nothing, "isp": nothing, "domain": nothing,
                "isProxy": nothing,
            },
            "severity": severity,
            "debugContext": {"debugData": {
                "requestId": by.request, "requestUri": by.path, "url": format!("{}?", by.path),
            }},
            "legacyEventType": nothing,
            "transaction": {"type": "WEB", "id": by.request, "detail": {}},
            "uuid": uuid(),
            "version": "0",
            "request": {"ipChain": [
                {"ip": "127.0.0.1", "geographicalContext": place(), "version": "V4", "source": nothing},
            ]},
            "target": self.targets.iter().map(Target::json).collect::<Vec<_>>(),
        })
    }
}

impl Target {
    pub(crate) fn new(
        kind: &'static str,
        id: impl Into<String>,
        alternate: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self { kind, id: id.into(), alternate: alternate.into(), name: name.into() }
    }

    fn json(&self) -> Value {
        json!({"id": self.id, "type": self.kind, "alternateId": self.alternate,
               "displayName": self.name, "detailEntry": null})
    }
}

impl By {
    fn actor(&self) -> Value {
        let (id, kind, alternate, name) = match (&self.caller, &self.owner) {
            (Caller::Token, Some((id, login, name))) => {
                (id.as_str(), "User", login.as_str(), name.as_str())
            }
            (Caller::App(id), _) => {
                (id.as_str(), "PublicClientApp", "unknown", "Sandbox service app")
            }
            _ => ("sprsandbox0000SbX5d7", "SystemPrincipal", "system@okta.com", "Okta System"),
        };
        json!({"id": id, "type": kind, "alternateId": alternate, "displayName": name,
               "detailEntry": null})
    }

    fn client_id(&self) -> Value {
        match &self.caller {
            Caller::App(id) => id.as_str().into(),
            _ => Value::Null,
        }
    }
}

// Loopback is nowhere; published events name a place.
fn place() -> Value {
    json!({"city": "London", "state": "England", "country": "United Kingdom", "postalCode": "EC1A",
           "geolocation": {"lat": 51.5, "lon": -0.1}})
}

/// A random UUID, version 4.
pub(crate) fn uuid() -> String {
    let bits = fastrand::u128(..) & !(0xf000 << 64) & !(0xc << 60) | (0x4000 << 64) | (0x8 << 60);
    let text = format!("{bits:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// The id of a delivery, which is a UUID too.
pub(crate) fn request_id() -> String {
    ids::random_text(27)
}

fn message(kind: &str) -> String {
    let known = match kind {
        "user.lifecycle.create" => "Create Okta user",
        "user.lifecycle.activate" => "Activate Okta user",
        "user.lifecycle.deactivate" => "Deactivate Okta user",
        "user.lifecycle.suspend" => "Suspend Okta user",
        "user.lifecycle.unsuspend" => "Unsuspend Okta user",
        "user.lifecycle.reactivate" => "Reactivate Okta user",
        "user.lifecycle.delete.initiated" => "Delete Okta user initiated",
        "user.account.update_profile" => "Update user profile for Okta",
        "user.account.update_password" => "User update password for Okta",
        "user.account.reset_password" => "User reset password for Okta",
        "user.session.clear" => "Clear user session",
        "group.lifecycle.create" => "Okta group create",
        "group.lifecycle.delete" => "Okta group delete",
        "group.profile.update" => "Okta group profile update",
        "group.user_membership.add" => "Add user to group membership",
        "group.user_membership.remove" => "Remove user from group membership",
        "group.application_assignment.add" => "Add assigned application to group",
        "group.application_assignment.remove" => "Remove assigned application from group",
        "application.user_membership.add" => "Add user to application membership",
        "application.user_membership.remove" => "Remove user's application membership",
        "application.user_membership.update" => "Update user's application property",
        "application.lifecycle.create" => "Create application",
        "application.lifecycle.update" => "Update application",
        "application.lifecycle.delete" => "Delete application",
        "application.lifecycle.activate" => "Activate application",
        "application.lifecycle.deactivate" => "Deactivate application",
        "application.provision.user.push" => "Push new user to external application",
        "application.provision.user.push_profile" => "Push user's profile to external application",
        "application.provision.user.deactivate" => "Deactivate user in external application",
        "event_hook.delivery" => "Deliver event hook",
        _ => return kind.replace(['.', '_'], " "),
    };
    known.to_owned()
}
