//! Endpoints against wiremock, flows against the sandbox.

// Clippy takes only functions marked `#[test]` for tests, not what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod endpoints;
mod outcomes;
mod push;
mod schema;
mod wire;

use std::time::Duration;

use pendo_client::{Delivery, Group, IntegrationKey, Kind, Metadata, Pendo, Region, RetryPolicy};
use sandbox::{PendoOptions, Sandbox};

const KEY: &str = "k3y-that-nobody-may-see.eu";

/// A client that gives up at once.
fn client(url: &str, key: &str) -> Pendo {
    client_with(url, key, RetryPolicy::never())
}

/// A client that repeats without waiting long.
fn patient_client(url: &str, key: &str) -> Pendo {
    let quick = Duration::from_millis(1);
    client_with(url, key, RetryPolicy::default().max_attempts(8).min_delay(quick).max_delay(quick))
}

fn client_with(url: &str, key: &str, retry: RetryPolicy) -> Pendo {
    let region = Region::Custom(url.parse().unwrap());
    Pendo::builder(region, IntegrationKey::new(key)).retry(retry).build().unwrap()
}

async fn sandbox(people: u64, options: PendoOptions) -> Sandbox {
    Sandbox::builder().people(people).pendo(options).start().await.unwrap()
}

fn custom(sandbox: &Sandbox) -> Metadata {
    client(sandbox.pendo_url(), sandbox.pendo_key()).metadata(Kind::Visitor, Group::Custom)
}

fn reason(delivery: &Delivery) -> &str {
    match delivery {
        Delivery::Failed { reason } => reason,
        other => panic!("not failed: {other:?}"),
    }
}
