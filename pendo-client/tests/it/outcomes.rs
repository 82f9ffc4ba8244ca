//! Whatever the server does and whatever the source holds: one outcome a record, and the later wins.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use futures::{StreamExt, stream};
use pendo_client::{Batch, Delivery, PushReport, Record};
use sandbox::pendo::{Empty, ErrorItem};
use sandbox::{Fault, Faults, PendoOptions, Sandbox};

use crate::custom;

type Outcomes = HashMap<String, Vec<Delivery>>;

fn some(rng: &mut Rng, least: usize, most: usize) -> Option<usize> {
    rng.bool().then(|| rng.usize(least..most))
}

fn options(rng: &mut Rng) -> PendoOptions {
    let items = [ErrorItem::Object, ErrorItem::Text, ErrorItem::Anonymous, ErrorItem::Absent];
    PendoOptions {
        empty: *rng.choice(&[Empty::Absent, Empty::List, Empty::Null]).unwrap(),
        error_item: *rng.choice(&items).unwrap(),
        max_records: some(rng, 1, 40),
        time_out_after: some(rng, 1, 40),
        unknown_every: rng.u64(2..30),
        ..PendoOptions::default()
    }
}

/// Ids of records, many of them more than once, near to each other and far apart.
fn ids(rng: &mut Rng, people: &sandbox::People) -> Vec<String> {
    let few = rng.u64(1..=people.count());
    (0..rng.usize(0..400)).map(|_| people.email(rng.u64(0..few))).collect()
}

/// A server that treats some people badly, and who they are.
struct Trial {
    seed: u64,
    sandbox: Sandbox,
    create: bool,
    /// Ids that are never taken.
    refused: Vec<String>,
    unknown: Vec<String>,
}

impl Trial {
    async fn start(seed: u64, rng: &mut Rng) -> Self {
        let slow = Faults::rate(0.3).seed(seed).kinds([Fault::Slow(Duration::from_millis(3))]);
        let builder = Sandbox::builder().people(200).pendo(options(rng)).faults(slow);
        let sandbox = builder.start().await.unwrap();
        let (people, pendo) = (sandbox.people(), sandbox.pendo());
        let mut some_people =
            || (0..rng.usize(0..4)).map(|_| people.email(rng.u64(0..200))).collect::<Vec<_>>();
        let (poisoned, mut refused) = (some_people(), some_people());
        poisoned.iter().for_each(|id| pendo.poison(id));
        refused.iter().for_each(|id| pendo.refuse(id));
        refused.extend(poisoned);
        let ids = (0..200).map(|n| people.email(n));
        let unknown = ids.filter(|id| pendo.visitor(id).is_none()).collect();
        Self { seed, create: rng.bool(), refused, unknown, sandbox }
    }

    /// Pushes the ids, each record with its number.
    async fn push(&self, rng: &mut Rng, ids: &[String]) -> (PushReport, Outcomes) {
        let row = |(n, id)| Ok::<_, std::io::Error>(Record::new(id).set("n", n));
        let rows: Vec<_> = ids.iter().enumerate().map(row).collect();
        let push = custom(&self.sandbox)
            .push(stream::iter(rows))
            .create_missing(self.create)
            .batch_size(rng.usize(1..80))
            .batch_bytes(rng.usize(50..8_000))
            .concurrency(rng.usize(1..6));
        let mut outcomes = Outcomes::new();
        let note = |batch: &Batch| {
            for outcome in batch.outcomes() {
                let of_id = outcomes.entry(outcome.id().to_owned()).or_default();
                of_id.push(outcome.delivery().clone());
            }
        };
        let report = push.stream().inspect(note).collect().await;
        (report, outcomes)
    }

    /// Whether an outcome is what had to become of a record that was sent.
    fn judge(&self, id: &String, last: usize, delivery: &Delivery) {
        let seed = self.seed;
        let refused = self.refused.contains(id);
        let unknown = !self.create && self.unknown.contains(id);
        match delivery {
            Delivery::Failed { .. } => assert!(refused, "seed {seed}: {id}"),
            Delivery::Missing => assert!(unknown, "seed {seed}: {id}"),
            Delivery::Updated => {
                assert!(!refused && !unknown, "seed {seed}: {id}");
                let held = self.sandbox.pendo().visitor(id).map(|v| v["custom"]["n"].clone());
                assert_eq!(held, Some(last.into()), "seed {seed}: {id}: the later record wins");
            }
            other => panic!("seed {seed}: {id}: {other:?}"),
        }
    }
}

async fn check(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let trial = Trial::start(seed, &mut rng).await;
    let ids = ids(&mut rng, trial.sandbox.people());
    let (report, outcomes) = trial.push(&mut rng, &ids).await;

    assert!(report.is_complete(), "seed {seed}");
    assert_eq!(report.total(), ids.len() as u64, "seed {seed}");
    let mut wanted: HashMap<&String, (usize, usize)> = HashMap::new();
    for (n, id) in ids.iter().enumerate() {
        let entry = wanted.entry(id).or_default();
        *entry = (entry.0 + 1, n);
    }
    assert_eq!(outcomes.len(), wanted.len(), "seed {seed}");
    for (id, (count, last)) in wanted {
        let outcomes = &outcomes[id];
        assert_eq!(outcomes.len(), count, "seed {seed}: {id}");
        let sent: Vec<_> = outcomes.iter().filter(|o| **o != Delivery::Superseded).collect();
        assert!(!sent.is_empty(), "seed {seed}: {id} was superseded by nothing");
        sent.into_iter().for_each(|delivery| trial.judge(id, last, delivery));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_has_exactly_one_outcome() {
    stream::iter(0..120).for_each_concurrent(4, check).await;
}
