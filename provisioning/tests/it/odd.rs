//! People who cannot be read are not people who left: they fail alone, and all others go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

use okta_client::{ApiToken, Okta};
use provisioning::store::RowState;
use provisioning::{Basis, Guard, Mapping, OktaPeople, Plan, PlanError, Report, Scope};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::org::mapping;
use crate::support::{Flaky, apply, memory};

const PEOPLE: usize = 6;
const SIZE: usize = 3;

/// How the person at `ODD` is.
const AS_IT_SHOULD_BE: u8 = 0;
const ODD: u8 = 1;
const ODD_WITHOUT_ID: u8 = 2;

/// Somebody as the listing, or the call for one, that is asked has them.
fn person(route: &str, n: usize, state: u8) -> Value {
    let status = if state == AS_IT_SHOULD_BE { json!("ACTIVE") } else { json!(["ACTIVE"]) };
    let id = if state == ODD_WITHOUT_ID { Value::Null } else { json!(format!("00u{n}")) };
    let profile = json!({"email": format!("p{n}@acme.example"), "title": "One"});
    let user = json!({"id": id, "status": status, "profile": profile});
    match route.contains("/apps/") {
        true => json!({"id": id, "status": status, "_embedded": {"user": user}}),
        false => user,
    }
}

struct Rig {
    _server: MockServer,
    people: OktaPeople,
    state: Arc<AtomicU8>,
}

impl Rig {
    /// An org whose person at `odd` can become odd.
    async fn of(scope: Scope, odd: usize) -> Self {
        let server = MockServer::start().await;
        let state = Arc::new(AtomicU8::new(AS_IT_SHOULD_BE));
        let now = Arc::clone(&state);
        let answer = move |request: &Request| {
            let route = request.url.path();
            let of = |n| if n == odd { now.load(SeqCst) } else { AS_IT_SHOULD_BE };
            if let Some((_, n)) = route.rsplit_once("/00u") {
                let n = n.parse().unwrap();
                return ResponseTemplate::new(200).set_body_json(person(route, n, of(n)));
            }
            let after = request.url.query_pairs().find(|(name, _)| name == "after");
            let start: usize = after.map_or(0, |(_, after)| after.parse().unwrap());
            let page: Vec<_> = (start..start + SIZE).map(|n| person(route, n, of(n))).collect();
            let answer = ResponseTemplate::new(200).set_body_json(page);
            match start + SIZE < PEOPLE {
                true => {
                    answer.insert_header("link", &*format!("<?after={}>; rel=next", start + SIZE))
                }
                false => answer,
            }
        };
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let okta = Okta::new(&server.uri(), ApiToken::new("t0ken")).unwrap();
        Self { people: OktaPeople::new(okta).scope(scope), _server: server, state }
    }
}

fn scopes() -> [Scope; 3] {
    [Scope::Everyone, Scope::group("00g1"), Scope::app("0oa1")]
}

#[tokio::test]
async fn somebody_odd_fails_alone_and_is_never_taken_out() {
    for odd in 0..PEOPLE {
        for scope in scopes() {
            let rig = Rig::of(scope.clone(), odd).await;
            let (target, store) = (Flaky::new(1, 0.0), memory());
            let compute = |title: &str, basis| {
                let mapping = Mapping::keyed_by("user.email").unwrap().row("title", title).unwrap();
                let plan = Plan::compute(rig.people.records(Arc::new(mapping)), target.clone());
                let plan = plan.store(store.clone()).basis(basis).remove_unknown(true);
                plan.guard(Guard::removals_at_most(1.0))
            };
            let report: Report =
                apply(&compute("user.title", Basis::Delivered).await.unwrap()).await;
            assert_eq!(report.created, PEOPLE as u64, "{scope:?}");
            rig.state.store(ODD, SeqCst);
            for (title, basis) in [("'Two'", Basis::Delivered), ("'Three'", Basis::Target)] {
                let plan = compute(title, basis).await.unwrap();
                let summary = plan.summary();
                let changes = (summary.changes(), summary.update, summary.unreadable);
                assert_eq!(changes, (PEOPLE as u64 - 1, PEOPLE as u64 - 1, 1), "{scope:?}");
                let rows = store.lock().unwrap().rows(Some(RowState::Failed), 0, 10).unwrap();
                let place = format!("`[{}].status`", odd % SIZE);
                let why = rows[0].note.as_deref().unwrap();
                assert!(rows.len() == 1 && why.contains(&place), "{rows:?}");
                assert_eq!(rows[0].source_id, Some(format!("00u{odd}")));
                assert_eq!(apply(&plan).await.updated, PEOPLE as u64 - 1);
                assert_eq!(target.inner.active().len(), PEOPLE, "{odd} {scope:?}");
            }
            rig.state.store(AS_IT_SHOULD_BE, SeqCst);
            let plan = compute("'Three'", Basis::Target).await.unwrap();
            assert_eq!((plan.summary().changes(), plan.summary().update), (1, 1));
        }
    }
}

#[tokio::test]
async fn of_whom_nothing_tells_who_it_is_nobody_can_be_told_apart() {
    for scope in scopes() {
        let rig = Rig::of(scope, 4).await;
        rig.state.store(ODD_WITHOUT_ID, SeqCst);
        let plan = Plan::compute(rig.people.records(mapping()), Flaky::new(1, 0.0));
        let error = plan.await.unwrap_err();
        let PlanError::Source { source, .. } = &error else { panic!("{error}") };
        assert!(source.to_string().contains("odd in this page: 1"), "{source}");
    }
}

#[tokio::test]
async fn somebody_odd_who_is_read_by_id_is_named() {
    let rig = Rig::of(Scope::Everyone, 4).await;
    rig.state.store(ODD, SeqCst);
    let record = rig.people.record("00u4", &mapping()).await.unwrap().unwrap();
    assert_eq!(record.key(), "");
    assert!(
        rig.people.record("00u3", &mapping()).await.unwrap().is_some_and(|one| one.key() != "")
    );
}
