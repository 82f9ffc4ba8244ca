//! Following the log of an org: each kind of change, and what goes wrong on the way.

use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::{FutureExt, Stream, StreamExt};
use okta_client::LogEvent;
use provisioning::{Basis, Follow, FollowError, Followed, Guard, OktaPeople, Plan, Scope, Stop};
use serde_json::{Value, json};

use crate::org::{Org, mapping};
use crate::support::{Flaky, Shared, memory, there};

struct Following {
    org: Org,
    scope: Scope,
    target: Arc<Flaky>,
    store: Shared,
}

impl Following {
    fn of(org: Org, scope: Scope) -> Self {
        Self { org, scope, target: Flaky::new(1, 0.0), store: memory() }
    }

    /// Twenty people in a group.
    async fn group() -> Self {
        let org = Org::with(40).await;
        org.join(0..20).await;
        let scope = Scope::group(&org.group);
        Self::of(org, scope)
    }

    fn people(&self) -> OktaPeople {
        OktaPeople::new(self.org.okta.clone()).scope(self.scope.clone())
    }

    fn follow(&self) -> Follow {
        let (target, store) = (self.target.clone(), self.store.clone());
        let follow = Follow::new(self.people(), mapping(), target, store);
        follow.interval(Duration::from_millis(1)).guard(Guard::removals_at_most(1.0))
    }

    fn key(&self, position: u64) -> String {
        let user = self.org.sandbox.okta().user(&self.org.id(position)).unwrap();
        user["profile"]["email"].as_str().unwrap().to_owned()
    }

    fn note(&self, name: &str) -> Option<String> {
        self.store.lock().unwrap().note(name).unwrap()
    }

    /// That a full run would do nothing.
    async fn assert_in_line(&self) {
        for basis in [Basis::Delivered, Basis::Target] {
            let compute = Plan::compute(self.people().records(mapping()), self.target.clone());
            let plan = compute.store(self.store.clone()).basis(basis).await.unwrap();
            assert_eq!(plan.summary().changes(), 0, "{}", plan.summary());
        }
    }
}

async fn next(
    stream: &mut (impl Stream<Item = Result<Followed, FollowError>> + Unpin),
) -> Followed {
    stream.next().await.expect("the stream ended").unwrap()
}

#[tokio::test]
async fn changes_of_one_person_are_one_read_and_one_change() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    let first = next(&mut stream).await;
    assert!(first.full && first.report.created == 20, "{first:?}");
    // What is in the log from before changes nothing.
    assert_eq!(next(&mut stream).await.summary.changes(), 0);
    let id = it.org.id(3);
    for title in ["One", "Two", "Three"] {
        it.org.set(&id, "title", title);
    }
    it.org.okta.users().suspend(&id).await.unwrap();
    let batch = next(&mut stream).await;
    assert_eq!((batch.full, batch.people, batch.report.updated), (false, 1, 1), "{batch:?}");
    assert!(batch.events >= 4);
    let fields = &it.target.inner.active()[&it.key(3)].1;
    assert_eq!((&fields["title"], &fields["inUse"]), (&json!("Three"), &json!(false)));
    it.assert_in_line().await;
}

#[tokio::test]
async fn people_come_and_go_by_group_status_and_deletion() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    let (users, groups) = (it.org.okta.users(), it.org.okta.groups());
    let (gone, left, was) = (it.key(1), it.key(2), it.key(4));
    users.deactivate(it.org.id(1)).await.unwrap();
    users.delete(it.org.id(1)).await.unwrap();
    groups.remove_member(&it.org.group, it.org.id(2)).await.unwrap();
    groups.add_member(&it.org.group, it.org.id(30)).await.unwrap();
    it.org.set(&it.org.id(4), "email", "renamed@acme.example");
    it.org.set(&it.org.id(35), "title", "Not in the group");
    let hired = it.org.create("hired@acme.example").await;
    groups.add_member(&it.org.group, &hired).await.unwrap();
    let (mut created, mut removed) = (0, 0);
    while created + removed < 6 {
        let batch = next(&mut stream).await;
        assert!(!batch.full);
        created += batch.report.created;
        removed += batch.report.removed;
    }
    assert_eq!((created, removed), (3, 3));
    let active = it.target.inner.active();
    assert!([gone, left, was].iter().all(|key| !active.contains_key(key)));
    assert!(active.contains_key("renamed@acme.example") && active.contains_key(&it.key(30)));
    it.assert_in_line().await;
}

#[tokio::test]
async fn an_app_counts_who_has_it_by_group_too() {
    let org = Org::with(40).await;
    org.join(0..10).await;
    let app = org.app().await;
    org.okta.apps().users(&app).assign(org.id(20)).user_name("direct").await.unwrap();
    let it = Following::of(org, Scope::app(&app));
    let mut stream = it.follow().stream().boxed();
    assert_eq!(next(&mut stream).await.report.created, 1);
    let apps = it.org.okta.apps();
    apps.groups(&app).assign(&it.org.group).await.unwrap();
    while there(&it.target).len() < 11 {
        assert!(!next(&mut stream).await.full);
    }
    it.org.okta.groups().remove_member(&it.org.group, it.org.id(3)).await.unwrap();
    apps.users(&app).unassign(it.org.id(20)).await.unwrap();
    while there(&it.target).len() > 9 {
        assert!(!next(&mut stream).await.full);
    }
    apps.groups(&app).unassign(&it.org.group).await.unwrap();
    while !there(&it.target).is_empty() {
        assert!(!next(&mut stream).await.full);
    }
}

#[tokio::test]
async fn two_who_claim_one_key_are_sent_when_one_of_them_gives_it_up() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    for position in [5, 6] {
        it.org.set(&it.org.id(position), "email", "both@acme.example");
        let batch = next(&mut stream).await;
        assert_eq!(batch.summary.conflicts, u64::from(position == 6), "{batch:?}");
    }
    // The third is known by neither.
    it.org.set(&it.org.id(7), "email", "both@acme.example");
    assert_eq!(next(&mut stream).await.summary.conflicts, 1);
    for (position, conflicts) in [(5, 1), (6, 0)] {
        it.org.set(&it.org.id(position), "email", &format!("own{position}@acme.example"));
        let batch = next(&mut stream).await;
        assert_eq!((batch.people, batch.summary.conflicts), (3, conflicts));
        it.assert_in_line_later().await;
    }
    it.assert_in_line().await;
    assert_eq!(there(&it.target).len(), 20);
}

impl Following {
    /// As a full run in a store of its own would leave it, which does not disturb ours.
    async fn assert_in_line_later(&self) {
        let fresh = Flaky::new(1, 0.0);
        let compute = Plan::compute(self.people().records(mapping()), fresh.clone());
        let plan = compute.await.unwrap();
        let _: provisioning::Report = plan.apply().stream().collect().await;
        for (key, title) in there(&fresh) {
            assert_eq!(there(&self.target).get(&key), Some(&title), "{key}");
        }
    }
}

#[tokio::test]
async fn unknown_kinds_and_unknown_people_change_nothing() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    let before = there(&it.target);
    let event =
        |kind: &str, id: Value| json!({"eventType": kind, "target": [{"type": "User", "id": id}]});
    it.org.sandbox.okta().append_events([
        event("user.lifecycle.create", json!("00unobody")),
        event("user.lifecycle.of.a.new.kind", json!(it.org.id(1))),
        event("user.account.update_profile", Value::Null),
        event("something.else", json!(it.org.id(2))),
        json!({"eventType": "user.lifecycle.suspend", "target": null}),
    ]);
    let batch = next(&mut stream).await;
    assert_eq!((batch.people, batch.summary.changes()), (2, 0), "{batch:?}");
    assert_eq!(there(&it.target), before);
}

#[tokio::test]
async fn a_guard_ends_it_and_the_same_events_come_again() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    drop(stream);
    let (cursor, before) = (it.note("follow.cursor"), there(&it.target));
    for position in 0..8 {
        it.org.okta.users().deactivate(it.org.id(position)).await.unwrap();
    }
    let careful = it.follow().guard(Guard::removals_at_most(0.2));
    let mut stream = careful.stream().boxed();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(error.is_final(), "{error}");
    assert!(
        error.to_string().contains("8 of 20 records would be removed, at most 5 may be"),
        "{error}"
    );
    assert!(stream.next().await.is_none());
    assert_eq!((it.note("follow.cursor"), there(&it.target)), (cursor, before));
    let mut stream = it.follow().stream().boxed();
    assert_eq!(next(&mut stream).await.report.removed, 8);
    it.assert_in_line().await;
}

#[tokio::test]
async fn an_administrator_who_must_stay_stops_a_batch() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    drop(stream);
    let admins = || Guard::must_contain_one_of([it.key(1), it.key(2)]);
    let mut stream = it.follow().guard(admins()).stream().boxed();
    next(&mut stream).await;
    it.org.okta.users().deactivate(it.org.id(1)).await.unwrap();
    assert_eq!(next(&mut stream).await.report.removed, 1);
    it.org.okta.users().deactivate(it.org.id(2)).await.unwrap();
    let error = stream.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("one of them must be"), "{error}");
}

#[tokio::test]
async fn who_failed_is_tried_again_with_the_next_batch() {
    let mut it = Following::group().await;
    it.target = Flaky::new(5, 0.6);
    let mut stream = it.follow().stream().boxed();
    let first = next(&mut stream).await;
    assert!(first.report.failed > 3, "{}", first.report);
    let mut rounds = 0;
    while it.note("follow.again").as_deref() != Some("[]") {
        it.org.set(&it.org.id(30), "title", "outside");
        assert!(!next(&mut stream).await.full);
        rounds += 1;
        assert!(rounds < 100);
    }
    it.assert_in_line().await;
}

#[tokio::test]
async fn deliveries_of_a_hook_are_followed_in_any_order_and_twice() {
    let it = Following::group().await;
    it.follow().full().await.unwrap();
    let logged = it.org.sandbox.okta().event_count();
    it.org.set(&it.org.id(3), "title", "By hook");
    it.org.okta.users().deactivate(it.org.id(4)).await.unwrap();
    let mut events: Vec<LogEvent> = (it.org.sandbox.okta().events().into_iter().skip(logged))
        .map(|event| serde_json::from_value(event).unwrap())
        .collect();
    events.reverse();
    let follow = it.follow();
    let batch = follow.events(&events).await.unwrap();
    assert_eq!((batch.report.updated, batch.report.removed), (1, 1), "{batch:?}");
    let (one, other) = futures::join!(follow.events(&events), follow.events(&events));
    assert_eq!((one.unwrap().summary.changes(), other.unwrap().summary.changes()), (0, 0));
    assert_eq!(it.note("follow.cursor"), None, "the log is another matter");
    it.assert_in_line().await;
}

#[tokio::test]
async fn a_deleted_group_that_others_depend_on_is_a_full_run() {
    let it = Following::group().await;
    let mapping = provisioning::Mapping::keyed_by("user.login").unwrap();
    let mapping = mapping.row("staff", "isMemberOfGroupName(\"In scope\")").unwrap();
    let people = OktaPeople::new(it.org.okta.clone());
    let follow = Follow::new(people, Arc::new(mapping), it.target.clone(), it.store.clone());
    let mut stream = follow.interval(Duration::from_millis(1)).stream().boxed();
    let all = next(&mut stream).await;
    assert!(all.full);
    next(&mut stream).await;
    it.org.okta.groups().delete(&it.org.group).await.unwrap();
    let batch = next(&mut stream).await;
    assert!(batch.full && batch.report.updated == 20, "{batch:?}");
}

#[tokio::test]
async fn the_safety_net_finds_what_no_event_said() {
    let it = Following::group().await;
    let mut stream = it.follow().full_every(Duration::ZERO).stream().boxed();
    assert!(next(&mut stream).await.full);
    it.target.inner.edit(&it.key(3), "title", "edited");
    let again = it.follow().basis(Basis::Target).full_every(Duration::ZERO);
    let mut stream = again.stream().boxed();
    let batch = next(&mut stream).await;
    assert!(batch.full && batch.report.updated == 1, "{batch:?}");
    // Within the period a new process goes on with the log.
    let mut stream = it.follow().full_every(Duration::from_secs(3600)).stream().boxed();
    assert!(!next(&mut stream).await.full);
}

#[tokio::test]
async fn what_another_program_left_unfinished_is_a_full_run() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    drop(stream);
    it.org.set(&it.org.id(3), "title", "Planned");
    let compute = Plan::compute(it.people().records(mapping()), it.target.clone());
    compute.store(it.store.clone()).await.unwrap();
    let mut stream = it.follow().stream().boxed();
    let batch = next(&mut stream).await;
    assert!(batch.full && batch.report.updated == 1, "{batch:?}");
}

#[tokio::test]
async fn it_ends_when_it_is_asked_to() {
    let it = Following::group().await;
    let (tell, told) = oneshot::channel::<()>();
    let mut stream = it.follow().until(Stop::when(told.map(drop))).stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    let mut waiting = stream.next();
    assert!((&mut waiting).now_or_never().is_none(), "nothing happens");
    drop(tell);
    assert!(waiting.await.is_none());
    let stopped = it.follow().until(Stop::when(std::future::ready(())));
    assert!(stopped.stream().boxed().next().await.is_none());
}

#[tokio::test]
async fn okta_out_of_order_is_told_and_overcome() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    it.org.set(&it.org.id(3), "title", "Later");
    it.org.sandbox.faults().next("GET /api/v1/users/{id}", sandbox::Fault::Status(400), 1);
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(!error.is_final(), "{error}");
    assert!(
        error.to_string().starts_with("who changed could not be read: GET /api/v1/users"),
        "{error}"
    );
    assert_eq!(next(&mut stream).await.report.updated, 1);
    it.assert_in_line().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_loses_nobodys_change() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    let append = |events: Vec<Value>| it.org.sandbox.okta().append_events(events);
    let kind = "user.lifecycle.suspend";
    let told =
        json!({"eventType": kind, "severity": 7, "target": [{"type": "User", "id": it.org.id(3)}]});
    append(vec![told.clone()]);
    let batch = next(&mut stream).await;
    assert_eq!(
        (batch.full, batch.events, batch.people, batch.odd.len()),
        (false, 1, 1, 1),
        "{batch:?}"
    );
    assert!(batch.odd[0].contains("`[0].severity`"), "{:?}", batch.odd);
    // Whom these are about nobody can tell: one full run is for both.
    append(vec![
        json!({"eventType": kind, "target": "x"}),
        json!({"eventType": kind, "target": [7]}),
        told,
    ]);
    let batch = next(&mut stream).await;
    assert_eq!((batch.full, batch.people, batch.odd.len()), (true, 20, 3), "{batch:?}");
    drop(stream);
    let mut stream = it.follow().stream().boxed();
    it.org.set(&it.org.id(4), "title", "After it");
    let batch = next(&mut stream).await;
    assert_eq!((batch.full, batch.report.updated, batch.odd.len()), (false, 1, 0), "{batch:?}");
    it.assert_in_line().await;
}

#[tokio::test]
async fn a_log_that_may_not_be_read_ends_it_and_the_place_is_kept() {
    for status in [401, 403] {
        let it = Following::group().await;
        let mut stream = it.follow().stream().boxed();
        assert!(it.follow().begins_with_everybody().unwrap());
        next(&mut stream).await;
        next(&mut stream).await;
        assert!(!it.follow().begins_with_everybody().unwrap());
        let again = it.follow().full_every(Duration::ZERO);
        assert!(again.begins_with_everybody().unwrap());
        let place = it.note("follow.cursor");
        let faults = it.org.sandbox.faults();
        faults.next("GET /api/v1/logs", sandbox::Fault::Status(status), usize::MAX);
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(error.is_final() && error.to_string().contains("System Log"), "{error}");
        assert!(stream.next().await.is_none());
        assert_eq!(it.note("follow.cursor"), place);
    }
}

#[tokio::test]
async fn a_place_in_the_log_that_is_refused_is_given_up() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    drop(stream);
    // Such as the place of another org's log, or one that is too old.
    it.org.sandbox.faults().next("GET /api/v1/logs", sandbox::Fault::Status(400), 1);
    it.org.set(&it.org.id(3), "title", "While nobody looked");
    let mut stream = it.follow().stream().boxed();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(matches!(error, FollowError::Lost(_)) && !error.is_final(), "{error}");
    let batch = next(&mut stream).await;
    assert!(batch.full && batch.report.updated == 1, "{batch:?}");
    it.org.set(&it.org.id(4), "title", "After it");
    while next(&mut stream).await.report.updated == 0 {}
    it.assert_in_line().await;
    // From now on cannot be refused for being too old.
    it.org.sandbox.faults().next("GET /api/v1/logs", sandbox::Fault::Status(400), 2);
    it.org.set(&it.org.id(5), "title", "Refused");
    assert!(matches!(stream.next().await.unwrap(), Err(FollowError::Lost(_))));
    assert!(next(&mut stream).await.full);
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(error.is_final(), "{error}");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_place_that_was_given_up_is_made_up_for_by_the_next_process_too() {
    let it = Following::group().await;
    let mut stream = it.follow().stream().boxed();
    next(&mut stream).await;
    next(&mut stream).await;
    drop(stream);
    it.org.sandbox.faults().next("GET /api/v1/logs", sandbox::Fault::Status(400), 1);
    it.org.set(&it.org.id(3), "title", "While nobody looked");
    let mut stream = it.follow().guard(Guard::changes_at_most(0)).stream().boxed();
    assert!(matches!(stream.next().await.unwrap(), Err(FollowError::Lost(_))));
    assert!(stream.next().await.unwrap().unwrap_err().is_final());
    assert!(it.follow().begins_with_everybody().unwrap());
    let batch = next(&mut it.follow().stream().boxed()).await;
    assert!(batch.full && batch.report.updated == 1, "{batch:?}");
}
