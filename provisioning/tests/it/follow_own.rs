//! Following people of a source of the caller's own, by another clock than ours, and what is delivered
//! besides the log.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use okta_client::jiff::{SignedDuration, Timestamp};
use okta_client::{ApiToken, LogEvent, Okta};
use provisioning::{
    Follow, FollowError, FollowSource, Followed, OktaPeople, Record, Scope, SourceError,
};
use sandbox::Fault;
use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::org::{Org, mapping};
use crate::support::{Flaky, Shared, memory, there};

const AN_HOUR: Duration = Duration::from_secs(3_600);
const DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Who has a title that the caller knows of.
#[derive(Clone, Debug)]
struct Titled(Okta);

fn titled(id: &str) -> Record {
    Record::new(format!("{id}@acme.example")).source_id(id).set("title", "Dr")
}

#[async_trait]
impl FollowSource for Titled {
    fn okta(&self) -> &Okta {
        &self.0
    }

    fn selection(&self) -> String {
        "titled".to_owned()
    }

    fn records(
        &self,
    ) -> BoxStream<'static, Result<Record, Box<dyn std::error::Error + Send + Sync>>> {
        stream::iter(["00u1", "00u2"]).map(|id| Ok(titled(id))).boxed()
    }

    async fn record(&self, user_id: &str) -> Result<Option<Record>, SourceError> {
        Ok(Some(titled(user_id)))
    }
}

fn followed_by(source: impl FollowSource + 'static, target: &Arc<Flaky>, store: &Shared) -> Follow {
    Follow::of(Arc::new(source), target.clone(), store.clone()).interval(AN_HOUR)
}

async fn next(
    stream: &mut (impl Stream<Item = Result<Followed, FollowError>> + Unpin),
) -> Followed {
    stream.next().await.expect("the stream ended").unwrap()
}

#[tokio::test]
async fn the_log_is_read_from_the_time_by_oktas_clock() {
    let date = Timestamp::from_second(Timestamp::now().as_second() - 7_200).unwrap();
    for (status, is_believed) in [(200, true), (404, false)] {
        let server = MockServer::start().await;
        let said = ResponseTemplate::new(status).set_body_json(json!({}));
        let said = said.insert_header("date", date.strftime(DATE).to_string());
        Mock::given(path("/.well-known/okta-organization")).respond_with(said).mount(&server).await;
        let nothing = ResponseTemplate::new(200).set_body_json(json!([]));
        Mock::given(any()).respond_with(nothing).with_priority(9).mount(&server).await;
        let okta = Okta::new(&server.uri(), ApiToken::new("00t")).unwrap();
        let (target, store, began) = (Flaky::new(1, 0.0), memory(), Timestamp::now());
        let mut stream = followed_by(Titled(okta), &target, &store).stream().boxed();
        let first = next(&mut stream).await;
        assert!(first.full && first.report.created == 2, "{first:?}");
        let place = store.lock().unwrap().note("follow.cursor").unwrap().unwrap();
        let place: Value = serde_json::from_str(&place).unwrap();
        let page = place["cursor"]["page"].as_array().unwrap();
        let since = page.iter().find(|member| member[0] == "since").unwrap();
        let since: Timestamp = since[1].as_str().unwrap().parse().unwrap();
        let margin = SignedDuration::from_mins(10);
        match is_believed {
            true => assert_eq!(since, date - margin),
            false => assert!(since > began - margin - SignedDuration::from_secs(1)),
        }
    }
}

/// The events since so many.
fn events_after(org: &Org, count: usize) -> Vec<LogEvent> {
    let events = org.sandbox.okta().events().into_iter().skip(count);
    events.map(|event| serde_json::from_value(event).unwrap()).collect()
}

#[tokio::test]
async fn what_is_delivered_is_taken_up_at_once_and_outlives_the_process() {
    let org = Org::with(20).await;
    org.sandbox.faults().next("GET /api/v1/logs", Fault::Slow(AN_HOUR), usize::MAX);
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let follow = || {
        let people = OktaPeople::new(org.okta.clone());
        Follow::new(people, mapping(), target.clone(), store.clone()).interval(AN_HOUR)
    };
    let key = |position: u64| org.sandbox.people().email(position);
    let waiting = || -> Vec<Value> {
        let note = store.lock().unwrap().note("follow.delivered").unwrap();
        note.map_or_else(Vec::new, |text| serde_json::from_str(&text).unwrap())
    };
    let following = follow();
    let mut stream = following.clone().stream().boxed();
    assert!(next(&mut stream).await.full);
    for title in ["One", "Two"] {
        let before = org.sandbox.okta().event_count();
        org.set(&org.id(3), "title", title);
        following.deliver(&events_after(&org, before)).unwrap();
        let batch = next(&mut stream).await;
        assert_eq!((batch.events, batch.report.updated), (1, 1), "{batch:?}");
        assert_eq!(there(&target)[&key(3)], json!(title));
        assert!(waiting().is_empty());
    }
    let many = vec![events_after(&org, 0).pop().unwrap(); 1_200];
    following.deliver(&many).unwrap();
    for events in [1_000, 200] {
        let batch = next(&mut stream).await;
        assert_eq!((batch.events, batch.people), (events, 1), "{batch:?}");
    }
    drop(stream);
    let before = org.sandbox.okta().event_count();
    org.set(&org.id(4), "title", "Three");
    org.okta.groups().add_member(&org.group, org.id(5)).await.unwrap();
    // What cannot make a difference is not kept, and of the others whom they are about.
    following.deliver(&events_after(&org, before)).unwrap();
    assert!(waiting().len() == 1 && waiting()[0].get("actor").is_none(), "{:?}", waiting());
    let mut stream = follow().stream().boxed();
    let batch = next(&mut stream).await;
    assert_eq!((batch.full, batch.report.updated), (false, 1), "{batch:?}");
    assert_eq!(there(&target)[&key(4)], json!("Three"));
    assert!(waiting().is_empty());
}

#[tokio::test]
async fn the_log_is_read_however_much_is_delivered() {
    let org = Org::with(20).await;
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people = OktaPeople::new(org.okta.clone());
    let follow = Follow::new(people, mapping(), target.clone(), store.clone());
    let follow = follow.interval(Duration::from_millis(1));
    let mut stream = follow.clone().stream().boxed();
    assert!(next(&mut stream).await.full);
    let before = org.sandbox.okta().event_count();
    org.set(&org.id(3), "title", "Delivered");
    let delivered = events_after(&org, before);
    org.set(&org.id(4), "title", "Logged");
    let is_there = || there(&target)[&org.sandbox.people().email(4)] == json!("Logged");
    for _ in 0..100 {
        follow.deliver(&delivered).unwrap();
        next(&mut stream).await;
        if is_there() {
            return;
        }
    }
    panic!("nobody has read the log");
}

#[tokio::test]
async fn conflicts_are_known_as_they_were_last_looked_at() {
    let org = Org::with(20).await;
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people = OktaPeople::new(org.okta.clone());
    let follow = Follow::new(people, mapping(), target.clone(), store.clone());
    org.set(&org.id(3), "email", "both@acme.example");
    org.set(&org.id(4), "email", "both@acme.example");
    follow.full().await.unwrap();
    let conflicts = follow.conflicts().unwrap();
    assert_eq!((conflicts.len(), conflicts[0].key.as_str()), (1, "both@acme.example"));
    let mut expected = [org.id(3), org.id(4)];
    expected.sort();
    assert_eq!(conflicts[0].claimants().collect::<Vec<_>>(), expected);
    let before = org.sandbox.okta().event_count();
    org.set(&org.id(4), "email", "own@acme.example");
    follow.events(&events_after(&org, before)).await.unwrap();
    assert!(follow.conflicts().unwrap().is_empty());
}

#[tokio::test]
async fn with_other_people_or_another_mapping_it_begins_with_everybody() {
    let org = Org::with(5).await;
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let of = |scope: Scope, made_with: &str| {
        let people = OktaPeople::new(org.okta.clone()).scope(scope);
        Follow::new(people, mapping(), target.clone(), store.clone()).made_with(made_with)
    };
    let mut stream = of(Scope::Everyone, "a").stream().boxed();
    assert!(next(&mut stream).await.full);
    drop(stream);
    for (follow, begins) in [
        (of(Scope::Everyone, "a"), false),
        (of(Scope::Everyone, "b"), true),
        (of(Scope::group(&org.group), "a"), true),
    ] {
        assert_eq!(follow.begins_with_everybody().unwrap(), begins);
    }
    let mut stream = of(Scope::Everyone, "b").stream().boxed();
    assert!(next(&mut stream).await.full);
    assert!(!of(Scope::Everyone, "b").begins_with_everybody().unwrap());
}
