//! One test per endpoint of connections, features and group push mappings.

use futures::TryStreamExt;
use okta_client::{
    Capabilities, ConnectionScheme, ConnectionSettings, ConnectionStatus, EnabledStatus,
    FeatureName, GroupPushStatus, ImportRules, ImportSettings, ImportUsername, MatchRules,
    OktaError, PasswordSync, ProvisioningConnection, PushAppConfig, PushTarget,
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::*;

const CONNECTION: &str = "/api/v1/apps/0oa1/connections/default";

fn connection() -> Value {
    json!({"authScheme": "TOKEN", "status": "ENABLED", "baseUrl": "https://app.example/scim/v2",
        "profile": {"authScheme": "TOKEN"}, "newer": [1], "_links": {"deactivate": {"href": "x"}}})
}

#[tokio::test]
async fn get_a_connection() {
    let org = Org::answers(connection()).await;
    let given = org.okta.apps().connection("0oa1").get().await.unwrap();
    org.saw(&format!("GET {CONNECTION}"), &[], Value::Null).await;
    assert_eq!(given.status, Some(ConnectionStatus::Enabled));
    assert_eq!(given.auth_scheme, Some(ConnectionScheme::Token));
    assert!(given.is_supported() && given.is_enabled());
    assert_eq!(serde_json::to_value(&given).unwrap(), connection());
}

#[test]
fn unknown_means_not_supported() {
    for (json, is_supported, is_enabled) in [
        (json!({"status": "UNKNOWN", "profile": {"authScheme": "UNKNOWN"}}), false, false),
        (json!({"status": "DISABLED", "profile": {"authScheme": "UNKNOWN"}}), false, false),
        (json!({"status": "DISABLED", "authScheme": "UNKNOWN"}), false, false),
        (json!({"status": "UNKNOWN"}), false, false),
        (json!({"status": "DISABLED", "authScheme": "TOKEN"}), true, false),
        (json!({"status": "ENABLED", "profile": {"authScheme": "OAUTH2"}}), true, true),
        (json!({"status": "ENABLED", "profile": {"authScheme": "OF_TOMORROW"}}), true, true),
    ] {
        let connection: ProvisioningConnection = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(connection.is_supported(), is_supported, "{json}");
        assert_eq!(connection.is_enabled(), is_enabled, "{json}");
    }
}

#[tokio::test]
async fn set_the_token_of_a_connection() {
    let org = Org::answers(connection()).await;
    let handle = org.okta.apps().connection("0oa1");
    let update = handle.set_token("https://app.example/scim/v2", "t0ken").activate(true);
    assert!(!format!("{update:?}").contains("t0ken"));
    assert!(update.await.unwrap().is_enabled());
    let body = json!({"baseUrl": "https://app.example/scim/v2",
        "profile": {"authScheme": "TOKEN", "token": "t0ken"}});
    org.saw(&format!("POST {CONNECTION}"), &[("activate", "true")], body).await;
}

#[tokio::test]
async fn set_other_connections() {
    let o365 = ConnectionSettings::office365("root", "passw0rd");
    assert!(!format!("{o365:?}").contains("passw0rd"));
    let signing = json!({"rotationMode": "AUTO"});
    let admin = json!({"adminUsername": "root", "adminPassword": "passw0rd"});
    for (settings, profile) in [
        (ConnectionSettings::token("t"), json!({"authScheme": "TOKEN", "token": "t"})),
        (
            ConnectionSettings::oauth("0oa2"),
            json!({"authScheme": "OAUTH2", "clientId": "0oa2", "signing": signing}),
        ),
        (o365, json!({"authScheme": "OAUTH2", "settings": admin})),
    ] {
        let org = Org::answers(connection()).await;
        org.okta.apps().connection("0oa1").update(&settings).await.unwrap();
        org.saw(&format!("POST {CONNECTION}"), &[], json!({"profile": profile})).await;
    }
}

#[tokio::test]
async fn activate_and_deactivate_a_connection() {
    let org = Org::says_nothing().await;
    org.okta.apps().connection("0oa1").activate().await.unwrap();
    org.saw(&format!("POST {CONNECTION}/lifecycle/activate"), &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.apps().connection("0oa1").deactivate().await.unwrap();
    org.saw(&format!("POST {CONNECTION}/lifecycle/deactivate"), &[], Value::Null).await;
}

#[tokio::test]
async fn keys_of_a_connection() {
    let key =
        json!({"kid": "k1", "kty": "RSA", "alg": "RSA", "use": "sig", "e": "AQAB", "n": "AJ"});
    let org = Org::answers(json!({"jwks": {"keys": [key]}})).await;
    let jwks = org.okta.apps().connection("0oa1").jwks().await.unwrap();
    org.saw(&format!("GET {CONNECTION}/jwks"), &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&jwks).unwrap(), json!({"keys": [key]}));
    let org = Org::answers(json!({"jwks": null})).await;
    assert_eq!(org.okta.apps().connection("0oa1").jwks().await.unwrap().keys, None);
}

#[tokio::test]
async fn verify_consent_once() {
    let org = Org::says_nothing().await;
    let handle = org.okta.apps().connection("0oa1");
    handle.verify_consent("slack", "c0de", "a b").await.unwrap();
    let query = [("code", "c0de"), ("state", "a b")];
    org.saw("POST /api/v1/apps/slack/0oa1/oauth2/callback", &query, Value::Null).await;
    let org = Org::refuses(500, "E0000009").await;
    let error = org.okta.apps().connection("0oa1").verify_consent("slack", "c0de", "s").await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("works once") && !text.contains("c0de"), "{text}");
    assert_eq!(org.requests().await.len(), 1);
}

fn feature() -> Value {
    let on = json!({"status": "ENABLED"});
    json!({"name": "USER_PROVISIONING", "status": "ENABLED", "description": "From Okta",
        "capabilities": {"create": {"lifecycleCreate": on},
            "update": {"profile": on, "lifecycleDeactivate": on, "newer": on,
                "password": {"status": "DISABLED", "seed": "RANDOM", "change": "CYCLE"}}},
        "_links": {}})
}

#[tokio::test]
async fn list_and_get_features() {
    let org = Org::answers(json!([feature()])).await;
    let features = org.okta.apps().features("0oa1").list().await.unwrap();
    org.saw("GET /api/v1/apps/0oa1/features", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&features).unwrap(), json!([feature()]));
    let org = Org::answers(feature()).await;
    let features = org.okta.apps().features("0oa1");
    let feature = features.get(FeatureName::UserProvisioning).await.unwrap();
    org.saw("GET /api/v1/apps/0oa1/features/USER_PROVISIONING", &[], Value::Null).await;
    let create = feature.capabilities.and_then(|all| all.create?.lifecycle_create?.status);
    assert_eq!(create, Some(EnabledStatus::Enabled));
}

#[tokio::test]
async fn an_app_without_provisioning_says_so() {
    let refusal = |cause: &str| {
        let body = json!({"errorCode": "E0000001", "errorSummary": "Api validation failed: feature",
            "errorCauses": [{"errorSummary": cause}]});
        ResponseTemplate::new(400).set_body_json(body)
    };
    for (cause, says_so) in [("Provisioning is not supported.", true), ("name: wrong", false)] {
        let org = Org::with(refusal(cause)).await;
        let error = org.okta.apps().features("0oa1").list().await.unwrap_err();
        let found = error.body().is_some_and(OktaError::is_provisioning_not_supported);
        assert_eq!(found, says_so, "{error}");
    }
}

#[tokio::test]
async fn set_user_provisioning() {
    let org = Org::answers(feature()).await;
    let features = org.okta.apps().features("0oa1");
    let sync = PasswordSync::default().status(true).seed("RANDOM").change("CHANGE");
    let set = features.set_user_provisioning().create(true).update(true).deactivate(false);
    assert_eq!(set.password(sync).await.unwrap().status, Some(EnabledStatus::Enabled));
    let (on, off) = (json!({"status": "ENABLED"}), json!({"status": "DISABLED"}));
    let password = json!({"status": "ENABLED", "seed": "RANDOM", "change": "CHANGE"});
    let body = json!({"create": {"lifecycleCreate": on},
        "update": {"profile": on, "lifecycleDeactivate": off, "password": password}});
    org.saw("PUT /api/v1/apps/0oa1/features/USER_PROVISIONING", &[], body).await;
}

#[tokio::test]
async fn update_the_other_feature() {
    let org = Org::answers(json!({"name": "INBOUND_PROVISIONING"})).await;
    let rules = MatchRules::default().exact_match_criteria("EMAIL").auto_confirm_exact_match(true);
    let capabilities = Capabilities::default()
        .import_settings(
            ImportSettings::default().username(ImportUsername::default().format("EMAIL")),
        )
        .import_rules(ImportRules::default().user_create_and_match(rules));
    let features = org.okta.apps().features("0oa1");
    features.update(FeatureName::InboundProvisioning, &capabilities).await.unwrap();
    let rules = json!({"exactMatchCriteria": "EMAIL", "autoConfirmExactMatch": true});
    let body = json!({"importSettings": {"username": {"userNameFormat": "EMAIL"}},
        "importRules": {"userCreateAndMatch": rules}});
    org.saw("PUT /api/v1/apps/0oa1/features/INBOUND_PROVISIONING", &[], body).await;
}

const MAPPINGS: &str = "/api/v1/apps/0oa1/group-push/mappings";

fn mapping() -> Value {
    json!({"id": "gPm1", "created": "2026-03-25T06:00:40Z", "lastUpdated": "2026-03-25T06:00:40Z",
        "sourceGroupId": "00g1", "status": "ERROR", "targetGroupId": "00g2",
        "errorSummary": "not reached", "_links": {"app": {"href": "x"}}})
}

#[tokio::test]
async fn list_and_get_mappings() {
    let org = Org::answers(json!([mapping()])).await;
    let list = org.okta.apps().push_mappings("0oa1").list().source_group("00g1");
    let list = list.status(GroupPushStatus::Error).updated_since("2026-01-02T03:04:05Z");
    let mappings: Vec<_> = list.page_size(10).stream().try_collect().await.unwrap();
    let query = [
        ("limit", "10"),
        ("sourceGroupId", "00g1"),
        ("status", "ERROR"),
        ("lastUpdated", "2026-01-02T03:04:05Z"),
    ];
    org.saw(&format!("GET {MAPPINGS}"), &query, Value::Null).await;
    assert_eq!(mappings[0].status, Some(GroupPushStatus::Error));
    assert!(mappings[0].last_push.is_none());
    assert!(mappings[0].created.as_ref().unwrap().timestamp().is_ok());
    let org = Org::answers(mapping()).await;
    let mapping_read = org.okta.apps().push_mappings("0oa1").get("gPm1").await.unwrap();
    org.saw(&format!("GET {MAPPINGS}/gPm1"), &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&mapping_read).unwrap(), mapping());
}

#[tokio::test]
async fn create_a_mapping_once() {
    for status in [200, 201] {
        let org = Org::with(ResponseTemplate::new(status).set_body_json(mapping())).await;
        let mappings = org.okta.apps().push_mappings("0oa1");
        let create = mappings.create("00g1", PushTarget::Named("Eng".into()));
        let config = PushAppConfig::default().kind("ACTIVE_DIRECTORY").group_scope("GLOBAL");
        let create = create.status(GroupPushStatus::Inactive).app_config(&config);
        assert_eq!(create.await.unwrap().id.as_str(), "gPm1");
        let config = json!({"type": "ACTIVE_DIRECTORY", "groupScope": "GLOBAL"});
        let body = json!({"sourceGroupId": "00g1", "targetGroupName": "Eng", "status": "INACTIVE",
            "appConfig": config});
        org.saw(&format!("POST {MAPPINGS}"), &[], body).await;
    }
    let org = Org::answers(mapping()).await;
    let target = PushTarget::Existing("00g2".into());
    org.okta.apps().push_mappings("0oa1").create("00g1", target.clone()).await.unwrap();
    let body = json!({"sourceGroupId": "00g1", "targetGroupId": "00g2"});
    org.saw(&format!("POST {MAPPINGS}"), &[], body).await;
    let org = Org::refuses(502, "E0000009").await;
    let error = org.okta.apps().push_mappings("0oa1").create("00g1", target).await.unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("source group"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn activate_and_deactivate_a_mapping() {
    let org = Org::answers(mapping()).await;
    org.okta.apps().push_mappings("0oa1").activate("gPm1").await.unwrap();
    org.saw(&format!("PATCH {MAPPINGS}/gPm1"), &[], json!({"status": "ACTIVE"})).await;
    let org = Org::answers(mapping()).await;
    org.okta.apps().push_mappings("0oa1").deactivate("gPm1").await.unwrap();
    org.saw(&format!("PATCH {MAPPINGS}/gPm1"), &[], json!({"status": "INACTIVE"})).await;
}

#[tokio::test]
async fn delete_a_mapping() {
    for (status, with_group) in [(200, true), (204, false)] {
        let org = Org::with(ResponseTemplate::new(status)).await;
        let delete = org.okta.apps().push_mappings("0oa1").delete("gPm1");
        let delete = if with_group { delete.delete_target_group(true) } else { delete };
        delete.await.unwrap();
        let query = [("deleteTargetGroup", if with_group { "true" } else { "false" })];
        org.saw(&format!("DELETE {MAPPINGS}/gPm1"), &query, Value::Null).await;
    }
}
