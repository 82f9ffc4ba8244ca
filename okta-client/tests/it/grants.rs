//! One test per endpoint of grants, tokens, clients and devices of users.

use futures::TryStreamExt;
use okta_client::{DevicePlatform, DeviceStatus, DiskEncryption, GrantSource, GrantStatus};
use serde_json::{Value, json};

use crate::support::*;

fn grant() -> Value {
    json!({
        "id": "oag1", "status": "ACTIVE", "created": "2026-01-02T03:04:05.000Z",
        "createdBy": {"id": "00u1", "type": "User"}, "lastUpdated": "2026-01-02T03:04:05.000Z",
        "issuer": "https://acme.okta.com", "clientId": "0oa1", "userId": "00u1",
        "scopeId": "okta.users.read", "source": "END_USER",
        "_embedded": {"scope": {"id": "okta.users.read"}},
        "_links": {"app": {"href": "https://acme.okta.com/api/v1/apps/0oa1", "title": "App"}}
    })
}

fn token() -> Value {
    json!({
        "id": "oar1", "status": "REVOKED", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z", "expiresAt": "2026-01-09T03:04:05.000Z",
        "issuer": "https://acme.okta.com/oauth2/aus1", "clientId": "0oa1", "userId": "00u1",
        "scopes": ["offline_access", "openid"],
        "_embedded": {"scopes": [{"id": "scp1", "name": "openid", "displayName": null}]},
        "_links": {"revoke": {"href": "https://acme.okta.com/x", "hints": {"allow": ["DELETE"]}}}
    })
}

#[tokio::test]
async fn grants_are_listed() {
    let org = Org::answers(json!([grant()])).await;
    let list = org.okta.users().grants("00u1").list().scope("okta.users.read").with_scope();
    let grants: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("limit", "200"), ("scopeId", "okta.users.read"), ("expand", "scope")];
    org.saw("GET /api/v1/users/00u1/grants", &query, Value::Null).await;
    assert_eq!(serde_json::to_value(&grants).unwrap(), json!([grant()]));
    assert_eq!(grants[0].source, Some(GrantSource::EndUser));
    assert_eq!(grants[0].status, Some(GrantStatus::Active));
    let by = grants[0].created_by.as_ref().unwrap();
    assert_eq!(by.id.as_ref().unwrap().as_str(), "00u1");
    let scope = grants[0].embedded.as_ref().unwrap().get().unwrap().scope.unwrap();
    assert_eq!(scope.id.as_deref(), Some("okta.users.read"));
    let org = Org::answers(json!([grant()])).await;
    let list = org.okta.users().client("00u1", "0oa1").grants().with_scope().page_size(20);
    assert_eq!(list.stream().try_collect::<Vec<_>>().await.unwrap(), grants);
    let query = [("limit", "20"), ("expand", "scope")];
    org.saw("GET /api/v1/users/00u1/clients/0oa1/grants", &query, Value::Null).await;
}

#[tokio::test]
async fn one_grant_is_read() {
    let org = Org::answers(grant()).await;
    let one = org.okta.users().grants("00u1").get("oag1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/grants/oag1", &[], Value::Null).await;
    assert_eq!(one.scope_id.as_deref(), Some("okta.users.read"));
    let org = Org::answers(grant()).await;
    org.okta.users().grants("00u1").get("oag1").with_scope().await.unwrap();
    org.saw("GET /api/v1/users/00u1/grants/oag1", &[("expand", "scope")], Value::Null).await;
}

#[tokio::test]
async fn grants_and_tokens_are_revoked() {
    let org = Org::says_nothing().await;
    org.okta.users().grants("00u1").revoke("oag1").await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/grants/oag1", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.users().grants("00u1").revoke_all().await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/grants", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.users().client("00u1", "0oa1").revoke_grants().await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/clients/0oa1/grants", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.users().client("00u1", "0oa1").revoke_token("oar1").await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/clients/0oa1/tokens/oar1", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    org.okta.users().client("00u1", "0oa1").revoke_tokens().await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/clients/0oa1/tokens", &[], Value::Null).await;
}

#[tokio::test]
async fn refresh_tokens_are_listed_and_read() {
    let org = Org::answers(json!([token()])).await;
    let list = org.okta.users().client("00u1", "0oa1").tokens().with_scopes();
    let tokens: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("limit", "200"), ("expand", "scope")];
    org.saw("GET /api/v1/users/00u1/clients/0oa1/tokens", &query, Value::Null).await;
    assert_eq!(serde_json::to_value(&tokens).unwrap(), json!([token()]));
    assert_eq!(tokens[0].scopes.as_ref().unwrap(), &["offline_access", "openid"]);
    assert_eq!(tokens[0].status, Some(GrantStatus::Revoked));
    let scopes = tokens[0].embedded.as_ref().unwrap().get().unwrap().scopes.unwrap();
    assert_eq!(scopes[0].name.as_deref(), Some("openid"));
    let org = Org::answers(token()).await;
    let client = org.okta.users().client("00u1", "0oa1");
    assert_eq!(client.token("oar1").with_scopes().await.unwrap(), tokens[0]);
    let line = "GET /api/v1/users/00u1/clients/0oa1/tokens/oar1";
    org.saw(line, &[("expand", "scope")], Value::Null).await;
}

#[tokio::test]
async fn clients_are_listed() {
    let answer = json!([{"client_id": "0oa1", "client_name": "My app", "client_uri": null,
        "logo_uri": null, "_links": {}}]);
    let org = Org::answers(answer.clone()).await;
    let clients: Vec<_> = org.okta.users().clients("00u1").stream().try_collect().await.unwrap();
    org.saw("GET /api/v1/users/00u1/clients", &[], Value::Null).await;
    assert_eq!(clients[0].client_id.as_str(), "0oa1");
    assert_eq!(clients[0].name.as_deref(), Some("My app"));
    assert_eq!(serde_json::to_value(&clients).unwrap(), answer);
}

#[tokio::test]
async fn devices_are_listed() {
    let answer = json!([{"created": "2026-01-02T03:04:05.000Z", "deviceUserId": "lnk1", "device": {
        "id": "guo1", "status": "ACTIVE", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z",
        "profile": {"displayName": "DESKTOP", "platform": "WINDOWS", "sid": "S-1-5",
            "registered": true, "secureHardwarePresent": false, "diskEncryptionType": "NONE"},
        "resourceId": "guo1", "resourceDisplayName": {"value": "DESKTOP", "sensitive": false},
        "resourceType": "UDDevice", "resourceAlternateId": null,
        "_links": {"self": {"href": "https://acme.okta.com/x", "hints": {"allow": ["GET"]}}}}}]);
    let org = Org::answers(answer.clone()).await;
    let devices: Vec<_> = org.okta.users().devices("00u1").stream().try_collect().await.unwrap();
    org.saw("GET /api/v1/users/00u1/devices", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&devices).unwrap(), answer);
    let device = devices[0].device.as_ref().unwrap();
    assert_eq!((device.id.as_str(), &device.status), ("guo1", &Some(DeviceStatus::Active)));
    let profile = device.profile.as_ref().unwrap();
    assert_eq!(profile.platform, Some(DevicePlatform::Windows));
    assert_eq!(profile.disk_encryption_type, Some(DiskEncryption::None));
    assert_eq!((profile.registered, profile.managed), (Some(true), None));
}
