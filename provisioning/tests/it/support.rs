//! A source that can be changed, a target that can fail, and a run.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use provisioning::store::MemoryStore;
use provisioning::{
    Basis, Change, Done, MemoryTarget, Observed, Plan, Record, Report, Store, Target, TargetError,
};
use serde_json::{Value, json};

pub(crate) type People = BTreeMap<String, Value>;
pub(crate) type Shared = Arc<Mutex<dyn Store>>;

/// The source: a key, the id in the source, and one value that changes.
pub(crate) fn source(people: &People) -> impl Stream<Item = Result<Record, Infallible>> + use<> {
    let records: Vec<_> = people.iter().map(|(key, value)| Ok(record(key, value))).collect();
    stream::iter(records)
}

pub(crate) fn record(key: &str, value: &Value) -> Record {
    Record::new(key)
        .source_id(format!("00u-{key}"))
        .set("title", value.clone())
        .set("userName", key)
        .set_on_create("team", "North")
}

pub(crate) fn memory() -> Arc<Mutex<dyn Store>> {
    Arc::new(Mutex::new(MemoryStore::new()))
}

/// Stores of all kinds, two of each.
pub(crate) fn stores(name: &str) -> Vec<Shared> {
    #[allow(unused_mut)]
    let mut stores = vec![memory(), memory()];
    #[cfg(feature = "sqlite")]
    for n in 0..2 {
        let folder =
            std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{n}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let store = provisioning::store::SqliteStore::open(folder.join("store")).unwrap();
        stores.push(Arc::new(Mutex::new(store)));
    }
    let _ = name;
    stores
}

/// Fails one call in twenty: half of these after the change was carried out.
#[derive(Debug)]
pub(crate) struct Flaky {
    pub(crate) inner: MemoryTarget,
    /// How often everything was read.
    pub(crate) reads: AtomicU32,
    dice: Mutex<fastrand::Rng>,
    rate: f64,
}

impl Flaky {
    pub(crate) fn new(seed: u64, rate: f64) -> Arc<Self> {
        let dice = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Self { inner: MemoryTarget::new(), reads: AtomicU32::new(0), dice, rate })
    }

    /// One that can give people another key.
    pub(crate) fn renaming(seed: u64, rate: f64) -> Arc<Self> {
        let dice = Mutex::new(fastrand::Rng::with_seed(seed));
        let inner = MemoryTarget::new().key_in("userName");
        Arc::new(Self { inner, reads: AtomicU32::new(0), dice, rate })
    }

    fn roll(&self) -> f64 {
        self.dice.lock().unwrap().f64()
    }
}

#[async_trait]
impl Target for Flaky {
    fn name(&self) -> &str {
        "flaky"
    }

    fn key_path(&self) -> Option<&str> {
        self.inner.key_path()
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let dice = self.roll();
        if dice < self.rate / 2.0 {
            return changes.iter().map(|_| Err(TargetError::new("cut before"))).collect();
        }
        let results = self.inner.apply(changes).await;
        if dice < self.rate {
            return changes.iter().map(|_| Err(TargetError::new("cut after"))).collect();
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.reads.fetch_add(1, SeqCst);
        self.inner.observe(paths)
    }
}

pub(crate) async fn plan(
    people: &People,
    target: &Arc<Flaky>,
    store: &Arc<Mutex<dyn Store>>,
    basis: Basis,
) -> Plan {
    let compute = Plan::compute(source(people), target.clone()).store(store.clone()).basis(basis);
    compute.guard(provisioning::Guard::removals_at_most(1.0)).await.unwrap()
}

pub(crate) async fn apply(plan: &Plan) -> Report {
    plan.apply().concurrency(8).stream().collect().await
}

/// Who is in the target, with the value that changes.
pub(crate) fn there(target: &Flaky) -> People {
    let active = target.inner.active().into_iter();
    active
        .map(|(key, (_, fields))| (key, fields.get("title").cloned().unwrap_or_default()))
        .collect()
}

pub(crate) fn some_value(dice: &mut fastrand::Rng) -> Value {
    [json!("Engineer"), json!(["a", "b"]), json!(7), json!(true), json!({"x": [1]})]
        [dice.usize(0..5)]
    .clone()
}
