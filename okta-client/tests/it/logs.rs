//! The System Log: the bounded listing, what an event says, and how a follower is set.

use futures::{StreamExt, TryStreamExt};
use okta_client::jiff::Timestamp;
use okta_client::search::attr;
use okta_client::{LogCursor, LogEvent, LogOrder, LogResult};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::*;

fn event() -> Value {
    json!({
        "uuid": "9191ef7a-f669-11e9-b9b3-fd3a55cb1b10", "published": "2026-01-02T03:04:05.678Z",
        "eventType": "group.user_membership.add", "version": "0", "severity": "INFO",
        "displayMessage": "Add user to group membership", "legacyEventType": null,
        "actor": {"id": "00u9", "type": "User", "alternateId": "root@acme.example",
            "displayName": "Root", "detailEntry": null},
        "target": [
            {"id": "00g1", "type": "UserGroup", "alternateId": "unknown", "displayName": "Sales",
                "detailEntry": null},
            {"id": "00u1", "type": "User", "alternateId": "ada@acme.example", "displayName": "Ada",
                "detailEntry": {"a": 1}, "changeDetails": {"from": {"x": 1}, "to": {"x": "2"}}},
            {"id": "00u2", "type": "User"}
        ],
        "outcome": {"result": "SUCCESS", "reason": null},
        "client": {"zone": "null", "ipAddress": "192.0.2.1", "userAgent": null,
            "ipChain": [{"ip": "192.0.2.1", "version": "V4", "source": null}]},
        "device": {"os_platform": "OSX", "managed": false, "osVersion": "14"},
        "debugContext": {"debugData": {"requestUri": "/api/v1/x", "deep": {"n": 1.10}}},
        "securityContext": {"asNumber": 64496, "isProxy": null, "risk": {"level": "LOW", "reasons": ["x"]},
            "ipDetails": {"asNumber": 1, "ipServiceCategories": [{"type": "VPN", "isAnonymous": true}]}},
        "authenticationContext": {"authenticationStep": 0, "rootSessionId": "idx1"},
        "transaction": {"type": "WEB", "id": "t1", "detail": {"requestApiTokenId": "00T1"}},
        "request": {"ipChain": []}, "fromTomorrow": [1, {"x": null}]
    })
}

#[tokio::test]
async fn list_by_time_filter_and_words() {
    let org = Org::answers(json!([event()])).await;
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let list = org.okta.logs().list().since(time("2026-01-02T03:04:05.678999Z"));
    let list = list.until(time("2026-01-03T00:00:00Z")).sort_order(LogOrder::Descending);
    let list =
        list.filter(attr("eventType").eq("user.lifecycle.create")).q("ada sales").page_size(50);
    let events: Vec<LogEvent> = list.stream().try_collect().await.unwrap();
    let query = [
        ("since", "2026-01-02T03:04:05.678Z"),
        ("until", "2026-01-03T00:00:00.000Z"),
        ("sortOrder", "DESCENDING"),
        ("filter", "eventType eq \"user.lifecycle.create\""),
        ("q", "ada sales"),
        ("limit", "50"),
    ];
    org.saw("GET /api/v1/logs", &query, Value::Null).await;
    assert_eq!(serde_json::to_value(&events[0]).unwrap(), event());
}

#[tokio::test]
async fn a_listing_always_has_an_end_and_resumes() {
    let before = Timestamp::now();
    let first = ResponseTemplate::new(200).set_body_json(json!([event()]));
    let org = Org::with(first).await;
    let mut pages = org.okta.logs().list().pages();
    let page = pages.try_next().await.unwrap().unwrap();
    let request = org.requests().await.remove(0);
    let value = |name: &str| {
        let mut pairs = request.url.query_pairs();
        pairs.find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    };
    let until: Timestamp = value("until").unwrap().parse().unwrap();
    assert!(until.as_millisecond() >= before.as_millisecond() && until <= Timestamp::now());
    assert_eq!((value("limit").as_deref(), value("sortOrder")), (Some("1000"), None));
    let again = org.okta.logs().list().resume(page.cursor).prefetch(true).limit(5);
    assert_eq!(again.stream().try_collect::<Vec<_>>().await.unwrap().len(), 1);
    let requests = org.requests().await;
    assert_eq!(requests[0].url, requests[1].url, "the cursor's own end");
}

#[test]
fn an_event_is_typed_to_its_depths() {
    let event: LogEvent = serde_json::from_value(event()).unwrap();
    assert_eq!(
        (event.user_id(), event.group_id(), event.app_id()),
        (Some("00u1"), Some("00g1"), None)
    );
    let users: Vec<_> = event.targets_of("User").filter_map(|user| user.id.as_deref()).collect();
    assert_eq!(users, ["00u1", "00u2"]);
    assert!(event.succeeded());
    let ada = event.targets_of("User").next().unwrap();
    assert_eq!(ada.detail_entry.as_ref().unwrap().get::<u8>("a").unwrap(), Some(1));
    let change = ada.change_details.as_ref().unwrap().get().unwrap();
    assert_eq!(change.to.unwrap().text("x"), Some("2"));
    let debug = event.debug_context.as_ref().unwrap().get().unwrap().debug_data.unwrap();
    assert_eq!(debug.text("requestUri"), Some("/api/v1/x"));
    assert_eq!(debug.attribute("deep").unwrap().to_value(), json!({"n": 1.1}));
    assert_eq!(event.device.as_ref().unwrap().get::<bool>("managed").unwrap(), Some(false));
    let security = event.security_context.as_ref().unwrap().get().unwrap();
    assert_eq!(security.risk.unwrap().reasons, Some(vec!["x".to_owned()]));
    let services = security.ip_details.unwrap().ip_service_categories.unwrap();
    assert_eq!(services[0].is_anonymous, Some(true));
    let client = event.client.as_ref().unwrap().get().unwrap();
    assert_eq!(client.ip_chain.unwrap()[0].version.as_deref(), Some("V4"));
    assert_eq!(event.version.as_ref().unwrap().get().unwrap(), "0");
    let transaction = event.transaction.as_ref().unwrap().get().unwrap();
    assert_eq!(transaction.detail.unwrap().text("requestApiTokenId"), Some("00T1"));
    let signed_in = event.authentication_context.as_ref().unwrap().get().unwrap();
    assert_eq!(signed_in.root_session_id.as_deref(), Some("idx1"));
}

#[test]
fn nearly_nothing_is_a_decent_event_too() {
    let event: LogEvent = serde_json::from_str(
        r#"{"uuid":"1","actor":null,"target":null,"version":0,"outcome":{"result":"Success"}}"#,
    )
    .unwrap();
    assert!(event.user_id().is_none() && event.targets_of("User").next().is_none());
    assert!(event.succeeded() && event.version.as_ref().unwrap().get().is_err());
    assert_eq!(event.outcome.unwrap().result, Some(LogResult::Unknown("Success".into())));
    let bare: LogEvent = serde_json::from_str(r#"{"uuid":"1"}"#).unwrap();
    assert!(!bare.succeeded());
    let error = serde_json::from_str::<LogEvent>("{}").unwrap_err().to_string();
    assert!(error.contains("missing field `uuid`"), "{error}");
}

#[tokio::test]
async fn a_follower_asks_as_it_is_told() {
    let org = Org::answers(json!([event(), event()])).await;
    let since: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let follow = org.okta.logs().follow(since).filter(attr("actor.id").eq("00u9")).q("sales");
    let mut events = follow.clone().page_size(20).stream();
    let (start, first) = (events.cursor(), events.next().await.unwrap().unwrap());
    assert_eq!(first.user_id(), Some("00u1"));
    let query = [
        ("since", "2026-01-02T03:04:05.000Z"),
        ("sortOrder", "ASCENDING"),
        ("limit", "20"),
        ("filter", "actor.id eq \"00u9\""),
        ("q", "sales"),
    ];
    org.saw("GET /api/v1/logs", &query, Value::Null).await;
    let saved = serde_json::to_string(&events.cursor()).unwrap();
    assert!(!saved.contains("http") && !saved.contains(TOKEN), "{saved}");
    let shown = format!("{events:?}{start:?}{follow:?}{:?}", follow.clone().pages());
    assert!(!shown.contains("00u9"), "{shown}");
    let cursor: LogCursor = serde_json::from_str(&saved).unwrap();
    assert!(cursor == events.cursor() && cursor != start);
}

#[tokio::test]
async fn a_cursor_is_of_its_query_only() {
    let org = Org::answers(json!([event()])).await;
    let since: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let cursor = org.okta.logs().follow(since).q("sales").stream().cursor();
    let mut other = org.okta.logs().follow(cursor.clone()).q("other").stream();
    let error = other.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("another query of the log"), "{error}");
    assert!(other.next().await.is_none(), "what cannot be sent has an end");
    assert!(org.requests().await.is_empty());
    for same in [org.okta.logs().follow(cursor.clone()), org.okta.logs().follow(cursor).q("sales")]
    {
        let page = same.pages().next().await.unwrap().unwrap();
        assert_eq!(page.events.len(), 1);
    }
}

#[tokio::test]
async fn errors_are_items_and_the_stream_goes_on() {
    let org = Org::with(
        ResponseTemplate::new(200)
            .set_body_json(json!([event()]))
            .insert_header("link", "<https://evil.example/api/v1/logs?after=1>; rel=\"next\""),
    )
    .await;
    let at_once = std::time::Duration::ZERO;
    let mut events = org
        .okta
        .logs()
        .follow(Timestamp::UNIX_EPOCH)
        .interval(at_once)
        .max_interval(at_once)
        .stream();
    let before = events.cursor();
    for _ in 0..3 {
        let error = events.next().await.unwrap().unwrap_err().to_string();
        assert!(error.contains("GET /api/v1/logs") && error.contains("another host"), "{error}");
        assert_eq!(events.cursor(), before);
    }
    let org = Org::refuses(403, "E0000006").await;
    let mut pages = org
        .okta
        .logs()
        .follow(Timestamp::UNIX_EPOCH)
        .interval(at_once)
        .max_interval(at_once)
        .pages();
    for _ in 0..2 {
        assert!(pages.next().await.unwrap().unwrap_err().is_forbidden());
    }
}

#[tokio::test]
async fn dropping_the_stream_ends_the_polling() {
    let org = Org::answers(json!([])).await;
    let hour = std::time::Duration::from_secs(3600);
    let mut events = org.okta.logs().follow(Timestamp::UNIX_EPOCH).interval(hour).stream();
    // The first page is asked for at once, the second after the interval.
    let mut waited = Box::pin(events.next());
    while org.requests().await.is_empty() {
        assert!(futures::poll!(waited.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    drop(waited);
    drop(events);
    assert_eq!(org.requests().await.len(), 1);
}
