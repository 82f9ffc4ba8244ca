//! Brings Okta people into a product of your own: a target is one type that knows how to write a change.
//!
//! The product here is a telephone list in a file, a line for each person.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use examples::{SandboxOptions, arguments, connect_okta};
use futures::StreamExt;
use futures::stream::BoxStream;
use provisioning::store::MemoryStore;
use provisioning::{
    Change, Done, Kind, Mapping, Observed, OktaPeople, Plan, Report, Store, Target, TargetError,
    private_file,
};

#[derive(Debug)]
struct TelephoneList {
    path: PathBuf,
    lines: Mutex<BTreeMap<String, String>>,
}

impl TelephoneList {
    /// Ends where one application ends when the same change comes again: a key has one line.
    fn write(&self, change: &Change) -> Result<Done, TargetError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |name: &str| change.values.get(name).and_then(|value| value.as_str());
        let line = format!("{}\t{}", text("name").unwrap_or("-"), text("phone").unwrap_or("-"));
        let before = match change.kind {
            Kind::Remove => lines.remove(&change.key),
            _ => lines.insert(change.key.clone(), line),
        };
        let all: String = lines.iter().map(|(key, line)| format!("{key}\t{line}\n")).collect();
        // It holds people: nobody but its owner reads it.
        let written = private_file(&self.path).and_then(|mut file| file.write_all(all.as_bytes()));
        written.map_err(TargetError::caused)?;
        let done = Done::new().remote_id(&change.key);
        Ok(if before.is_some() { done.existed() } else { done })
    }
}

#[async_trait]
impl Target for TelephoneList {
    fn name(&self) -> &str {
        "telephone list"
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        changes.iter().map(|change| self.write(change)).collect()
    }

    // A product that can be read gives what it holds, so that edits made there can be put back.
    fn observe(&self, _paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        None
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = arguments("own_target FILE")?.into_iter().next();
    let path: PathBuf = file.ok_or("usage: own_target FILE")?.into();
    // Yours: Okta::from_env()?, or Okta::new(org, ApiToken::new(token))?.
    let (okta, _sandbox) = connect_okta(&SandboxOptions::default()).await?;
    let mapping = Mapping::keyed_by("user.email")?
        .row("name", "user.firstName + \" \" + user.lastName")?
        .row("phone", "user.mobilePhone")?;
    let target = Arc::new(TelephoneList { path, lines: Mutex::default() });
    // A SqliteStore remembers between runs what was delivered.
    let store: Arc<Mutex<dyn Store>> = Arc::new(Mutex::new(MemoryStore::new()));
    // The second time nothing has changed, so nothing is sent.
    for _ in 0..2 {
        let people = OktaPeople::new(okta.clone()).records(Arc::new(mapping.clone()));
        let plan = Plan::compute(people, target.clone()).store(store.clone()).await?;
        println!("{}", plan.summary());
        let report: Report = plan.apply().stream().collect().await;
        println!("{}", report.into_result()?);
    }
    Ok(())
}
