//! New apps: what a body says, filled up with what Okta answers where it says nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::features::Features;
use super::mappings::Mapping;
use super::{App, Schema};
use crate::okta::error::OktaError;
use crate::okta::{base_attributes, ids, now};

/// Names whose provisioning can be set up by the API: Okta's SCIM test apps, and those it documents.
pub(super) const PROVISIONING: [&str; 9] = [
    "scim2headerauth",
    "scim2testapp",
    "scim2testapp_basic",
    "okta_org2org",
    "zscalerbyz",
    "google",
    "office365",
    "slack",
    "zoomus",
];
// The names of custom apps by how people sign on; other modes get a name made of the label.
pub(super) const NAMES: [(&str, &str); 6] = [
    ("BOOKMARK", "bookmark"),
    ("BROWSER_PLUGIN", "template_swa"),
    ("BASIC_AUTH", "template_basic_auth"),
    ("SECURE_PASSWORD_STORE", "template_sps"),
    ("WS_FEDERATION", "template_wsfed"),
    ("OPENID_CONNECT", "oidc_client"),
];
const SINCE: &str = "2025-01-01T00:00:00.000Z";
pub(super) const PARTS: [&str; 4] = ["accessibility", "visibility", "credentials", "settings"];

/// Two SCIM apps that can provision, and one custom SAML app that cannot.
pub(crate) fn seeded() -> BTreeMap<u64, App> {
    let body = |name: &str, label: &str, mode: &str| {
        Map::from_iter([
            ("name".to_owned(), Value::from(name)),
            ("label".to_owned(), label.into()),
            ("signOnMode".to_owned(), mode.into()),
        ])
    };
    let apps = [
        body("scim2headerauth", "SCIM with header", "AUTO_LOGIN"),
        body("scim2testapp", "SCIM with token", "AUTO_LOGIN"),
        body("sandbox_customsaml_1", "Custom SAML", "SAML_2_0"),
    ];
    let apps = apps.iter().enumerate().filter_map(|(n, body)| {
        let position = n as u64 + 1;
        let app = App::new(position, body).ok()?;
        Some((position, App { created: SINCE.to_owned(), last_updated: SINCE.to_owned(), ..app }))
    });
    apps.collect()
}

impl App {
    /// Whether it is one of the catalogue's, and not made by the org itself.
    pub(super) fn is_of_catalog(&self) -> bool {
        PROVISIONING.contains(&self.name.as_str())
    }

    /// Lets a custom app provision; its users get the attributes of SCIM.
    pub(crate) fn enable_scim(&mut self) -> bool {
        if !self.can_provision {
            self.can_provision = true;
            self.schema = Schema::of_app_users(base_attributes::of_scim_users());
            self.mappings = Mapping::both(self.position, true);
        }
        true
    }

    pub(super) fn new(position: u64, body: &Map<String, Value>) -> Result<Self, OktaError> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
        let label = text("label").ok_or_else(|| {
            OktaError::validation("label", "label: The field cannot be left blank")
        })?;
        let mode = text("signOnMode");
        let name = match (text("name"), mode) {
            // Recorded: `Deel` goes in, `deel` comes out.
            (Some(name), _) => name.to_lowercase(),
            (None, Some(mode)) => custom_name(mode, label, position),
            (None, None) => {
                let cause = "signOnMode: The field cannot be left blank";
                return Err(OktaError::validation("signOnMode", cause));
            }
        };
        let mode = mode.or_else(|| mode_of(&name));
        let now = now();
        let can_provision = PROVISIONING.contains(&name.as_str());
        let base = match (can_provision, mode) {
            (true, _) => base_attributes::of_scim_users(),
            (false, Some("OPENID_CONNECT")) => base_attributes::of_oidc_users(),
            (false, _) => base_attributes::of_plain_users(),
        };
        Ok(Self {
            position,
            parts: parts(position, mode.unwrap_or_default(), body),
            name,
            label: label.to_owned(),
            is_active: true,
            created: now.clone(),
            last_updated: now,
            sign_on_mode: mode.into(),
            can_provision,
            connection: None,
            features: Features::default(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            schema: Schema::of_app_users(base),
            mappings: Mapping::both(position, can_provision),
            pushes: BTreeMap::new(),
        })
    }
}

fn custom_name(mode: &str, label: &str, position: u64) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == mode);
    known.map_or_else(
        || {
            let plain: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("sandbox_{}_{position}", plain.to_lowercase())
        },
        |(_, name)| name.to_string(),
    )
}

fn mode_of(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(mode, _)| *mode)
}

/// The parts of an app as they are answered: the defaults, and over them what is given.
pub(super) fn parts(position: u64, mode: &str, body: &Map<String, Value>) -> Map<String, Value> {
    let mut parts = defaults(position, mode);
    for name in PARTS {
        if let Some(given) = body.get(name) {
            merge(&mut parts[name], given);
        }
    }
    // It goes in and never comes out.
    if let Some(credentials) = parts["credentials"].as_object_mut() {
        credentials.remove("password");
    }
    match parts {
        Value::Object(parts) => parts,
        _ => Map::new(),
    }
}

fn defaults(position: u64, mode: &str) -> Value {
    let mut parts = json!({
        "accessibility": {"selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null},
        "visibility": {
            "autoLaunch": false, "autoSubmitToolbar": false, "hide": {"iOS": false, "web": false},
            "appLinks": {"login": true},
        },
        "credentials": {
            "userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"}, "signing": {},
        },
        "settings": {
            "app": {},
            "notifications": {"vpn": {
                "network": {"connection": "DISABLED"}, "message": null, "helpUrl": null,
            }},
            "manualProvisioning": false, "implicitAssignment": false,
            "notes": {"admin": null, "enduser": null},
        },
    });
    let credentials = &mut parts["credentials"];
    match mode {
        "BROWSER_PLUGIN" | "BASIC_AUTH" | "SECURE_PASSWORD_STORE" | "AUTO_LOGIN" => {
            credentials["scheme"] = "EDIT_USERNAME_AND_PASSWORD".into();
            credentials["revealPassword"] = false.into();
        }
        "SAML_2_0" | "SAML_1_1" => credentials["signing"] = json!({"kid": "sandbox-signing-key"}),
        "OPENID_CONNECT" => {
            let id = ids::id(ids::APP, position);
            credentials["signing"] = json!({"kid": "sandbox-signing-key"});
            credentials["oauthClient"] = json!({
                "autoKeyRotation": true, "client_id": id,
                "token_endpoint_auth_method": "client_secret_basic", "pkce_required": true,
            });
        }
        _ => {}
    }
    match mode {
        "SAML_2_0" | "SAML_1_1" => {
            parts["settings"]["signOn"] = json!({
                "defaultRelayState": null, "ssoAcsUrlOverride": null, "audienceOverride": null,
                "recipientOverride": null, "destinationOverride": null, "attributeStatements": [],
            });
        }
        "AUTO_LOGIN" => {
            parts["settings"]["signOn"] = json!({"redirectUrl": null, "loginUrl": ""});
        }
        _ => {}
    }
    parts
}

fn merge(into: &mut Value, given: &Value) {
    match (into, given) {
        (Value::Object(into), Value::Object(given)) => {
            for (name, value) in given {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, given) => *into = given.clone(),
    }
}
