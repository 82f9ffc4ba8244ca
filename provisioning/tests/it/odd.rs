//! People that cannot be read are not people who left: nothing is planned, and the place is named.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use okta_client::{ApiToken, Okta};
use provisioning::store::RowState;
use provisioning::{Basis, Guard, OktaPeople, Plan, PlanError, Report, Scope};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::org::mapping;
use crate::support::{Flaky, apply, memory};

const PEOPLE: usize = 6;
const SIZE: usize = 3;

/// Somebody of the listing that is asked for, as it should be or not.
fn person(route: &str, n: usize, is_odd: bool) -> Value {
    let status = if is_odd { json!(["ACTIVE"]) } else { json!("ACTIVE") };
    let profile = json!({"email": format!("p{n}@acme.example"), "title": "One"});
    let user = json!({"id": format!("00u{n}"), "status": status, "profile": profile});
    match route.contains("/apps/") {
        true => json!({"id": format!("00u{n}"), "status": status, "_embedded": {"user": user}}),
        false => user,
    }
}

struct Rig {
    _server: MockServer,
    people: OktaPeople,
    is_broken: Arc<AtomicBool>,
}

impl Rig {
    /// An org whose person at `odd` is odd once it is broken.
    async fn of(scope: Scope, odd: usize) -> Self {
        let server = MockServer::start().await;
        let is_broken = Arc::new(AtomicBool::new(false));
        let broken = Arc::clone(&is_broken);
        let answer = move |request: &Request| {
            let route = request.url.path();
            let after = request.url.query_pairs().find(|(name, _)| name == "after");
            let start: usize = after.map_or(0, |(_, after)| after.parse().unwrap());
            let is_odd = |n| n == odd && broken.load(SeqCst);
            let page: Vec<_> = (start..start + SIZE).map(|n| person(route, n, is_odd(n))).collect();
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
        Self { people: OktaPeople::new(okta).scope(scope), _server: server, is_broken }
    }
}

#[tokio::test]
async fn somebody_odd_stops_the_plan_and_is_never_taken_out() {
    for odd in 0..PEOPLE {
        for scope in [Scope::Everyone, Scope::group("00g1"), Scope::app("0oa1")] {
            let rig = Rig::of(scope.clone(), odd).await;
            let (target, store) = (Flaky::new(1, 0.0), memory());
            let compute = |basis| {
                let plan = Plan::compute(rig.people.records(mapping()), target.clone());
                plan.store(store.clone()).basis(basis).guard(Guard::removals_at_most(1.0))
            };
            let report: Report = apply(&compute(Basis::Delivered).await.unwrap()).await;
            assert_eq!(report.created, PEOPLE as u64, "{scope:?}");
            rig.is_broken.store(true, SeqCst);
            for basis in [Basis::Delivered, Basis::Target] {
                let error = compute(basis).await.unwrap_err();
                let PlanError::Source { source, .. } = &error else { panic!("{error}") };
                let line = source.to_string();
                let place = format!("`[{}].status`", odd % SIZE);
                assert!(line.contains(&place) && line.contains("odd in this page: 1"), "{line}");
                assert!(error.source().is_some());
                let rows = store.lock().unwrap().rows(Some(RowState::Pending), 0, 10).unwrap();
                assert!(rows.is_empty(), "{rows:?}");
                assert_eq!(target.inner.active().len(), PEOPLE, "{odd} {scope:?}");
            }
            rig.is_broken.store(false, SeqCst);
            assert_eq!(compute(Basis::Target).await.unwrap().summary().changes(), 0);
        }
    }
}
