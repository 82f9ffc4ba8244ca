//! Runs against the sandbox, until nothing fails any more.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures::{StreamExt, stream};
use provisioning::store::MemoryStore;
use provisioning::{Basis, Guard, Plan, PlanError, Record, Report, Store, Target};
use sandbox::{Faults, Sandbox, ScimOptions};
use scim_client::{Bearer, RetryPolicy, Scim};

/// A target and what is remembered of it.
pub(crate) struct Bringing {
    pub(crate) target: Arc<dyn Target>,
    pub(crate) store: Arc<Mutex<dyn Store>>,
}

impl Bringing {
    pub(crate) fn into(target: impl Target) -> Self {
        Self { target: Arc::new(target), store: Arc::new(Mutex::new(MemoryStore::new())) }
    }

    pub(crate) async fn plan(&self, records: &[Record], basis: Basis) -> Result<Plan, PlanError> {
        let records: Vec<_> = records.iter().cloned().map(Ok::<_, Infallible>).collect();
        let compute = Plan::compute(stream::iter(records), self.target.clone());
        let compute = compute.store(self.store.clone()).basis(basis);
        let compute = compute.guard(Guard::values_erased_at_most(1.0));
        compute.guard(Guard::members_lost_at_most(1.0)).guard(Guard::removals_at_most(1.0)).await
    }

    /// One run.
    pub(crate) async fn once(&self, records: &[Record], basis: Basis) -> Report {
        self.plan(records, basis).await.unwrap().apply().stream().collect().await
    }

    /// One run in which nothing fails.
    pub(crate) async fn run(&self, records: &[Record], basis: Basis) -> Report {
        self.once(records, basis).await.into_result().unwrap_or_else(|report| panic!("{report:?}"))
    }

    /// Runs until nothing fails; says how many failed on the way.
    pub(crate) async fn until_done(&self, records: &[Record], basis: Basis) -> u64 {
        let mut failed = 0;
        for _ in 0..60 {
            // The target could not be read to its end.
            let Ok(plan) = self.plan(records, basis).await else {
                failed += 1;
                continue;
            };
            let report: Report = plan.apply().concurrency(8).stream().collect().await;
            if report.failed == 0 {
                return failed;
            }
            failed += report.failed;
        }
        panic!("it never ends");
    }

    /// Nothing is left to do, however it is looked at.
    pub(crate) async fn assert_done(&self, records: &[Record], bases: &[Basis]) {
        for &basis in bases {
            let plan = self.plan(records, basis).await.unwrap();
            let rows = plan.rows(0, 5).unwrap();
            assert!(rows.is_empty(), "{basis:?}: {} {rows:#?}", plan.summary());
            assert_eq!(plan.summary().unchanged, records.len() as u64);
        }
    }
}

pub(crate) const BOTH: [Basis; 2] = [Basis::Target, Basis::Delivered];

pub(crate) async fn with_scim(options: ScimOptions) -> Sandbox {
    Sandbox::builder().people(0).scim(options).start().await.unwrap()
}

/// No call is repeated, so that every fault comes through.
pub(crate) fn no_second_try() -> RetryPolicy {
    RetryPolicy::never()
}

pub(crate) fn scim(sandbox: &Sandbox) -> Scim {
    let auth = Bearer::new(sandbox.scim_token());
    Scim::builder(sandbox.scim_url(), auth).retry(no_second_try()).build().unwrap()
}

/// One call in twenty fails, in all ways.
pub(crate) fn some_faults(sandbox: &Sandbox, seed: u64) {
    sandbox.faults().set(Faults::rate(0.05).seed(seed));
}

pub(crate) fn no_faults(sandbox: &Sandbox) {
    assert!(sandbox.faults().total() > 0, "no call has failed: the test shows nothing");
    sandbox.faults().set(Faults::none());
}
