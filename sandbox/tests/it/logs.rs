use std::collections::HashSet;
use std::time::Duration;

use futures::StreamExt;
use okta_client::{ApiToken, LogCursor, LogStart, Okta};
use reqwest::Method;
use sandbox::{Faults, Sandbox};
use serde_json::{Value, json};

use crate::support::{Answer, Org, query};

fn person(login: &str) -> Value {
    json!({"profile": {"login": login, "email": login, "firstName": "A", "lastName": "B"}})
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["eventType"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_change_is_one_event_that_says_to_what() {
    let org = Org::with(5).await;
    let user = org.post("/users?activate=false", person("a@x.example")).await;
    let user = format!("/users/{}", user.id());
    org.run(&format!("{user}/lifecycle/activate?sendEmail=false")).await;
    org.post(&user, json!({"profile": {"title": "T"}})).await;
    let group = org.post("/groups", json!({"profile": {"name": "G"}})).await;
    let group = group.id().to_owned();
    let member = format!("/groups/{group}{user}");
    org.put(&member, json!({})).await;
    org.put(&member, json!({})).await;
    org.delete(&member).await;
    org.put(&format!("/groups/{group}"), json!({"profile": {"name": "H"}})).await;
    org.delete(&format!("/groups/{group}")).await;
    assert!(org.sandbox.okta().set_profile("a@x.example", [("city", json!("Rome"))]));
    org.delete(&user).await;
    org.delete(&user).await;
    // Refused, so nothing happened.
    org.delete(&user).await;
    let events = org.sandbox.okta().events();
    let expected = [
        "user.lifecycle.create",
        "user.lifecycle.activate",
        "user.account.update_profile",
        "group.lifecycle.create",
        "group.user_membership.add",
        "group.user_membership.remove",
        "group.profile.update",
        "group.lifecycle.delete",
        "user.account.update_profile",
        "user.lifecycle.deactivate",
        "user.lifecycle.delete.initiated",
    ];
    assert_eq!(kinds(&events), expected);
    let targets: Vec<_> =
        events[4]["target"].as_array().unwrap().iter().map(|t| &t["type"]).collect();
    assert_eq!(targets, ["User", "UserGroup"]);
    assert_eq!(events[4]["target"][0]["alternateId"], "a@x.example");
    assert_eq!(events[4]["target"][1]["id"], group.as_str());
    assert_eq!(events[0]["actor"]["id"], org.sandbox.okta().user_id(0).as_str());
    assert_eq!(events[8]["actor"]["type"], "SystemPrincipal");
    let uuids: HashSet<_> = events.iter().map(|event| event["uuid"].as_str().unwrap()).collect();
    assert_eq!(uuids.len(), events.len());
}

#[tokio::test]
async fn polling_never_ends_and_loses_nothing() {
    let org = Org::with(1).await;
    let many = |range: std::ops::Range<usize>| range.map(|n| json!({"eventType": "t", "n": n}));
    org.sandbox.okta().append_events(many(0..250));
    let mut next = "/logs?limit=100".to_owned();
    let mut seen: Vec<u64> = Vec::new();
    for round in 0..6 {
        let page = org.get(&next).await;
        seen.extend(page.items().iter().map(|event| event["n"].as_u64().unwrap()));
        next = page.links()["next"].clone();
        assert!(page.links().contains_key("self"));
        if round == 3 {
            org.sandbox.okta().append_events(many(250..300));
        }
    }
    assert_eq!(seen, (0..300).collect::<Vec<u64>>());
    assert!(org.get(&next).await.items().is_empty());
    let both = format!("{next}&since=2026-01-01T00:00:00Z");
    assert_eq!(org.get(&both).await.code(), (400, "E0000001"));
}

#[tokio::test]
async fn bounded_requests_end_and_go_by_time() {
    let org = Org::with(1).await;
    let hours_ago = |hours: i64| {
        let at = jiff::Timestamp::now().as_second() - hours * 3_600;
        jiff::Timestamp::from_second(at).unwrap().to_string()
    };
    let events = [3, 1, 5, 2, 4].map(|n| json!({"published": hours_ago(n), "n": n}));
    org.sandbox.okta().append_events(events);
    let all = async |pairs: &[(&str, &str)]| {
        let (events, pages) = org.all(&format!("/logs?limit=2&{}", query(pairs))).await;
        (events.iter().map(|event| event["n"].as_i64().unwrap()).collect::<Vec<_>>(), pages)
    };
    let (since, until) = (&*hours_ago(10), &*hours_ago(0));
    assert_eq!(all(&[("since", since), ("until", until)]).await, (vec![5, 4, 3, 2, 1], 3));
    let down = [("sortOrder", "DESCENDING"), ("since", since)];
    assert_eq!(all(&down).await, (vec![1, 2, 3, 4, 5], 3));
    let part = [("since", &*hours_ago(4)), ("until", &*hours_ago(2))];
    assert_eq!(all(&part).await.0.len(), 2);
    for (name, value) in
        [("since", "yesterday"), ("limit", "1001"), ("sortOrder", "up"), ("q", &"w ".repeat(11))]
    {
        let answer = org.get(&format!("/logs?{}", query(&[(name, value)]))).await;
        assert_eq!(answer.code(), (400, "E0000001"), "{name}");
    }
    let old = org.get("/logs?since=2020-01-01T00:00:00Z").await;
    assert_eq!(old.code(), (400, "E0000053"));
    assert!(org.get("/logs?limit=0").await.items().is_empty());
    let written = org.request(Method::POST, "/logs").json(&json!({}));
    assert_eq!(Answer::of(written).await.code(), (405, "E0000022"));
}

#[tokio::test]
async fn filters_and_words_narrow_it() {
    let org = Org::with(3).await;
    let made = org.post("/users?activate=false", person("find.me@x.example")).await;
    org.post("/groups", json!({"profile": {"name": "Elsewhere"}})).await;
    let found = async |name: &str, text: &str| {
        let answer = org.get(&format!("/logs?{}", query(&[(name, text)]))).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        kinds(answer.items()).len()
    };
    assert_eq!(found("filter", r#"eventType eq "user.lifecycle.create""#).await, 1);
    assert_eq!(found("filter", r#"eventType sw "group." or eventType co "user""#).await, 2);
    assert_eq!(found("filter", &format!("target.id eq \"{}\"", made.id())).await, 1);
    assert_eq!(found("filter", r#"not (target.type eq "User")"#).await, 1);
    assert_eq!(found("q", "FIND.me create").await, 1);
    assert_eq!(found("q", "find.me elsewhere").await, 0);
    for text in [r#"published gt "2026-01-01T00:00:00Z""#, "eventType is x"] {
        let answer = org.get(&format!("/logs?{}", query(&[("filter", text)]))).await;
        assert_eq!(answer.code(), (400, "E0000053"), "{text}");
    }
}

#[tokio::test]
async fn ten_thousand_events_arrive_once_through_restarts_and_faults() {
    let builder = Sandbox::builder().people(1).faults(Faults::rate(0.05).on(["GET /api/v1/logs"]));
    let org = Org::start(builder).await;
    let okta = Okta::new(org.sandbox.okta_url(), ApiToken::new(org.sandbox.okta_token())).unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    let mut start: LogStart = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1)).into();
    let (mut appended, mut seen) = (0, Vec::new());
    while seen.len() < 10_000 {
        let more = random.usize(0..3_000).min(10_000 - appended);
        org.sandbox.okta().append_events(
            (appended..appended + more).map(|n| json!({"displayMessage": n.to_string()})),
        );
        appended += more;
        let size = random.u16(1..1_000);
        let follow = okta.logs().follow(start).page_size(size).interval(Duration::from_millis(1));
        let mut events = follow.stream();
        // Never more than there are: waiting for news would not end.
        let take = random.usize(0..=appended - seen.len());
        let mut taken = 0;
        while taken < take {
            if let Ok(event) = events.next().await.unwrap() {
                seen.push(event.display_message.unwrap());
                taken += 1;
            }
        }
        let saved = serde_json::to_string(&events.cursor()).unwrap();
        start = serde_json::from_str::<LogCursor>(&saved).unwrap().into();
    }
    assert_eq!(seen, (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>());
}
