//! Brings Okta people into a product of your own: a target is one type that knows how to write a change.
//!
//! The product here is a telephone list: `own_target FILE` keeps one as JSON, an entry for each person,
//! and what it delivered in `FILE.store`.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use examples::{SandboxOptions, arguments, connect_okta};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use provisioning::store::SqliteStore;
use provisioning::{
    Basis, Change, Done, Fields, Kind, Mapping, Observed, OktaPeople, Plan, Report, Store, Target,
    TargetError,
};

type People = BTreeMap<String, Fields>;

#[derive(Debug)]
struct TelephoneList {
    path: PathBuf,
    people: Mutex<People>,
}

impl TelephoneList {
    /// Who is in the file stays in it: the next process goes on where this one ends.
    fn open(path: PathBuf) -> Result<Self, String> {
        let people = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(People::new()),
            Err(error) => Err(error.to_string()),
            Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
        };
        let people = people.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, people: Mutex::new(people) })
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list is there before or after, never half of it, and only its owner can read it.
    fn save(&self, people: &People) -> std::io::Result<()> {
        let new = beside(&self.path, ".new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(people)?)?;
        file.sync_all()?;
        std::fs::rename(new, &self.path)
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Ends where one application ends when the same change comes again: a key has one entry.
fn carry_out(people: &mut People, change: &Change) -> Done {
    let before = match change.kind {
        Kind::Remove => people.remove(&change.key),
        _ => people.insert(change.key.clone(), change.values.clone()),
    };
    let done = Done::new().remote_id(&change.key);
    if before.is_some() { done.existed() } else { done }
}

#[async_trait]
impl Target for TelephoneList {
    fn name(&self) -> &str {
        "telephone list"
    }

    // The file is written once for so many.
    fn batch(&self) -> usize {
        500
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut people = self.people();
        let mut next = people.clone();
        let done = changes.iter().map(|change| Ok(carry_out(&mut next, change))).collect();
        if let Err(error) = self.save(&next) {
            let failed = format!("{}: {error}", self.path.display());
            return changes.iter().map(|_| Err(TargetError::new(&failed))).collect();
        }
        *people = next;
        done
    }

    // What the product holds, so that edits made there can be put back.
    fn observe(&self, _paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let observed =
            |(key, fields): (String, Fields)| Ok(Observed::new(&key, fields).remote_id(&key));
        Some(stream::iter(self.people().clone()).map(observed).boxed())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = arguments("own_target FILE")?.into_iter().next();
    let path: PathBuf = path.ok_or("usage: own_target FILE")?.into();
    // Yours: Okta::from_env()?, or Okta::new(org, ApiToken::new(token))?.
    let (okta, _sandbox) = connect_okta(&SandboxOptions::default()).await?;
    let mapping = Mapping::keyed_by("user.email")?
        .row("name", "user.firstName + \" \" + user.lastName")?
        .row("phone", "user.mobilePhone")?;
    let target = Arc::new(TelephoneList::open(path.clone())?);
    // It remembers between runs who is who and what was delivered.
    let store = SqliteStore::open(beside(&path, ".store"))?;
    let store: Arc<Mutex<dyn Store>> = Arc::new(Mutex::new(store));
    // The second time nothing has changed, so nothing is sent.
    for _ in 0..2 {
        let people = OktaPeople::new(okta.clone()).records(Arc::new(mapping.clone()));
        let compute = Plan::compute(people, target.clone()).store(store.clone());
        let plan = compute.basis(Basis::Target).await?;
        println!("{}", plan.summary());
        let report: Report = plan.apply().stream().collect().await;
        println!("{}", report.into_result()?);
    }
    Ok(())
}
