//! One test per endpoint of event hooks.

use futures::TryStreamExt;
use okta_client::{EventHook, EventHookStatus, EventHookVerification, ExposeSecret};
use serde_json::{Value, json};

use crate::support::*;

const SECRET: &str = "s3cret-of-the-hook";

fn hook() -> Value {
    json!({
        "id": "who1", "status": "ACTIVE", "verificationStatus": "UNVERIFIED", "name": "Joiners",
        "description": null, "created": "2026-01-02T03:04:05.000Z", "createdBy": "00u1",
        "lastUpdated": "2026-01-02T03:04:05.000Z",
        "events": {"type": "EVENT_TYPE", "items": ["user.lifecycle.create"], "filter": {
            "type": "EXPRESSION_LANGUAGE", "eventFilterMap": [{"event": "user.lifecycle.create",
                "condition": {"version": null, "expression": "event.target.size()>0"}}]}},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com/okta", "method": "POST", "fromTomorrow": 1,
            "headers": [{"key": "X-Api-Key", "value": "k3y"}],
            "authScheme": {"type": "HEADER", "key": "Authorization"}}},
        "_links": {"self": {"href": "https://acme.okta.com/api/v1/eventHooks/who1"}}
    })
}

#[tokio::test]
async fn list_get_and_try_get() {
    let org = Org::answers(json!([hook()])).await;
    let hooks: Vec<EventHook> = org.okta.event_hooks().list().stream().try_collect().await.unwrap();
    org.saw("GET /api/v1/eventHooks", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&hooks[0]).unwrap(), hook());
    let org = Org::answers(hook()).await;
    let joiners = org.okta.event_hooks().get("who1").await.unwrap();
    org.saw("GET /api/v1/eventHooks/who1", &[], Value::Null).await;
    assert_eq!(joiners.status, Some(EventHookStatus::Active));
    assert_eq!(joiners.verification_status, Some(EventHookVerification::Unverified));
    let events = joiners.events.as_ref().unwrap();
    assert_eq!(events.items.as_deref(), Some(&["user.lifecycle.create".to_owned()][..]));
    let config = joiners.channel.as_ref().unwrap().config.as_ref().unwrap();
    let header = &config.headers.as_ref().unwrap()[0];
    assert_eq!(header.value.as_ref().unwrap().expose_secret(), "k3y");
    assert!(!format!("{joiners:?}").contains("k3y"));
    let org = Org::refuses(404, "E0000007").await;
    assert!(org.okta.event_hooks().get("who1").await.unwrap_err().is_not_found());
    assert_eq!(org.okta.event_hooks().try_get("who1").await.unwrap(), None);
}

#[tokio::test]
async fn create_is_sent_once() {
    let org = Org::answers(hook()).await;
    let new =
        EventHook::new("Joiners", "https://hooks.example.com/okta", ["user.lifecycle.create"])
            .auth_header("Authorization", SECRET)
            .header("X-Api-Key", "k3y");
    let created = org.okta.event_hooks().create(&new).await.unwrap();
    assert_eq!(created.id.as_str(), "who1");
    let body = json!({
        "name": "Joiners", "events": {"type": "EVENT_TYPE", "items": ["user.lifecycle.create"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com/okta",
            "headers": [{"key": "X-Api-Key", "value": "k3y"}],
            "authScheme": {"type": "HEADER", "key": "Authorization", "value": SECRET}}}
    });
    org.saw("POST /api/v1/eventHooks", &[], body).await;
    assert!(!format!("{new:?}").contains(SECRET) && format!("{new:?}").contains("Authorization"));
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.event_hooks().create(&new).await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
}

#[tokio::test]
async fn replace_writes_back_what_is_ours() {
    let org = Org::answers(hook()).await;
    let joiners = org.okta.event_hooks().get("who1").await.unwrap();
    let org = Org::answers(hook()).await;
    let changed = joiners.name("Leavers").auth_header("X-Auth", SECRET);
    org.okta.event_hooks().replace(&changed.id, &changed).await.unwrap();
    let mut body = hook();
    let members = body.as_object_mut().unwrap();
    for name in
        ["id", "status", "verificationStatus", "created", "createdBy", "lastUpdated", "_links"]
    {
        members.remove(name);
    }
    body["name"] = json!("Leavers");
    let config = body["channel"]["config"].as_object_mut().unwrap();
    config.remove("method");
    config.insert("authScheme".into(), json!({"type": "HEADER", "key": "X-Auth", "value": SECRET}));
    org.saw("PUT /api/v1/eventHooks/who1", &[], body).await;
}

#[tokio::test]
async fn delete_is_sent_once() {
    let org = Org::says_nothing().await;
    org.okta.event_hooks().delete("who1").await.unwrap();
    org.saw("DELETE /api/v1/eventHooks/who1", &[], Value::Null).await;
    let org = Org::refuses(500, "E0000009").await;
    let error = org.okta.event_hooks().delete("who1").await.unwrap_err();
    assert!(error.is_unclear() && org.requests().await.len() == 1, "{error}");
}

#[tokio::test]
async fn activate_deactivate_and_verify() {
    let org = Org::answers(hook()).await;
    assert_eq!(org.okta.event_hooks().activate("who1").await.unwrap().id.as_str(), "who1");
    org.saw("POST /api/v1/eventHooks/who1/lifecycle/activate", &[], Value::Null).await;
    let org = Org::answers(hook()).await;
    assert_eq!(org.okta.event_hooks().deactivate("who1").await.unwrap().id.as_str(), "who1");
    org.saw("POST /api/v1/eventHooks/who1/lifecycle/deactivate", &[], Value::Null).await;
    let org = Org::answers(hook()).await;
    assert_eq!(org.okta.event_hooks().verify("who1").await.unwrap().id.as_str(), "who1");
    org.saw("POST /api/v1/eventHooks/who1/lifecycle/verify", &[], Value::Null).await;
    let org = Org::refuses(400, "E0000001").await;
    assert!(org.okta.event_hooks().verify("who1").await.unwrap_err().is_invalid());
}
