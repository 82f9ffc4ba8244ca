//! Whatever the server does and whatever the source holds: one outcome a record, and the later wins.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use futures::{StreamExt, stream};
use pendo_client::{Delivery, PushReport, Record};
use sandbox::pendo::{Empty, ErrorItem};
use sandbox::{Fault, Faults, PendoOptions, Sandbox};

use crate::custom;

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

async fn check(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let slow = Faults::rate(0.3).seed(seed).kinds([Fault::Slow(Duration::from_millis(3))]);
    let builder = Sandbox::builder().people(200).pendo(options(&mut rng)).faults(slow);
    let sandbox = builder.start().await.unwrap();
    let people = sandbox.people();
    let bad: Vec<String> = (0..rng.usize(0..4)).map(|_| people.email(rng.u64(0..200))).collect();
    let refused: Vec<String> =
        (0..rng.usize(0..4)).map(|_| people.email(rng.u64(0..200))).collect();
    bad.iter().for_each(|id| sandbox.pendo().poison(id));
    refused.iter().for_each(|id| sandbox.pendo().refuse(id));
    let unknown: Vec<String> = (0..200)
        .map(|n| people.email(n))
        .filter(|id| sandbox.pendo().visitor(id).is_none())
        .collect();
    let create = rng.bool();

    let ids = ids(&mut rng, people);
    let rows: Vec<_> =
        ids.iter().enumerate().map(|(n, id)| Ok(Record::new(id).set("n", n))).collect();
    let push = custom(&sandbox)
        .push(stream::iter(rows.into_iter().map(|row: Result<_, std::io::Error>| row)))
        .create_missing(create)
        .batch_size(rng.usize(1..80))
        .batch_bytes(rng.usize(50..8_000))
        .concurrency(rng.usize(1..6));
    let mut outcomes: HashMap<String, Vec<Delivery>> = HashMap::new();
    let report: PushReport = push
        .stream()
        .inspect(|batch| {
            for outcome in batch.outcomes() {
                outcomes
                    .entry(outcome.id().to_owned())
                    .or_default()
                    .push(outcome.delivery().clone());
            }
        })
        .collect()
        .await;

    assert!(report.is_complete(), "seed {seed}");
    assert_eq!(report.total(), ids.len() as u64, "seed {seed}");
    let mut wanted: HashMap<&str, (usize, usize)> = HashMap::new();
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
        let held = sandbox.pendo().visitor(id).map(|visitor| visitor["custom"]["n"].clone());
        let listed = |ids: &[String]| ids.iter().any(|other| other == id);
        for delivery in sent {
            match delivery {
                Delivery::Failed { .. } => {
                    assert!(listed(&bad) || listed(&refused), "seed {seed}: {id}")
                }
                Delivery::Missing => assert!(!create && listed(&unknown), "seed {seed}: {id}"),
                Delivery::Updated => {
                    assert!(!listed(&bad) && !listed(&refused), "seed {seed}: {id}");
                    assert!(create || !listed(&unknown), "seed {seed}: {id}");
                    assert_eq!(held, Some(last.into()), "seed {seed}: {id}: the later record wins");
                }
                other => panic!("seed {seed}: {id}: {other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_has_exactly_one_outcome() {
    stream::iter(0..120).for_each_concurrent(4, check).await;
}
