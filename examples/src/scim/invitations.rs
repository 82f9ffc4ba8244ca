//! A list of those who got a record and are to be told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use provisioning::{Around, Change, Done, Kind, StoreError, Target, TargetError};
use scim_client::Scim;

use super::csv;
use crate::{Failure, SharedStore, say, thousands};

/// The note of those who may have got a record and have no line yet.
const OWED: &str = "invitations.owed";

/// A CSV file that grows by a line for everybody who got a record: key, and id in the product.
///
/// Who may get one is noted before it is asked for, and the note goes once the line is there: a run that
/// is cut off in between loses none.
#[derive(Debug)]
pub struct Invitations {
    path: PathBuf,
    file: File,
    store: SharedStore,
    /// By key, with the id of the record that was there before.
    owed: BTreeMap<String, Option<String>>,
    count: u64,
    failed: Option<String>,
}

impl Invitations {
    /// Opens the file, which is made if it is not there, and readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be written, or the store not be read.
    pub fn open(path: &Path, store: SharedStore) -> Result<Self, Failure> {
        let fail =
            |error: io::Error| Failure::Settings(format!("--invite {}: {error}", path.display()));
        let file = open(path).map_err(fail)?;
        let noted = lock(&store).note(OWED).map_err(Failure::running)?;
        let owed = noted.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), file, store, owed, count: 0, failed: None })
    }

    /// Notes that this change may make a record. Whether it was noted before: by an attempt of which nobody
    /// knows what came of it.
    fn expect(&mut self, change: &Change) -> Result<bool, TargetError> {
        if let Some(failed) = &self.failed {
            return Err(TargetError::new(format!("not sent: {failed}")).refused());
        }
        if self.owed.contains_key(&change.key) {
            return Ok(true);
        }
        self.owed.insert(change.key.clone(), change.remote_id.clone());
        if let Err(error) = self.keep_owed() {
            self.owed.remove(&change.key);
            return Err(TargetError::new(format!("not sent: {error}")).refused());
        }
        Ok(false)
    }

    /// Adds the line of somebody whose record is of this id, if it was made by the change.
    fn settle(&mut self, key: &str, made: Option<&str>) -> Result<(), TargetError> {
        if let Some(id) = made
            && let Err(error) = self.add(key, id)
        {
            let line = format!("--invite {}: {error}", self.path.display());
            self.failed = Some(line.clone());
            return Err(TargetError::new(format!(
                "is in the product, and not in the list yet: {line}"
            )));
        }
        self.owed.remove(key);
        self.keep_owed().map_err(TargetError::caused)
    }

    fn add(&mut self, key: &str, id: &str) -> io::Result<()> {
        let mut line = Vec::new();
        csv::write(&mut line, &[key, id])?;
        let before = self.file.metadata()?.len();
        if let Err(error) = self.file.write_all(&line) {
            // Half a line is none; what is no file has no length.
            let _ = self.file.set_len(before);
            return Err(error);
        }
        self.count += 1;
        Ok(())
    }

    fn keep_owed(&self) -> Result<(), StoreError> {
        let owed = (!self.owed.is_empty()).then(|| serde_json::json!(self.owed).to_string());
        lock(&self.store).set_note(OWED, owed.as_deref())
    }

    /// Whether the file has this line.
    fn has(&self, key: &str, id: &str) -> bool {
        let is_file = self.file.metadata().is_ok_and(|file| file.is_file());
        let text = is_file.then(|| std::fs::read_to_string(&self.path).ok()).flatten();
        csv::read(&text.unwrap_or_default()).into_iter().any(|line| line == [key, id])
    }

    fn check(&self) -> Result<(), Failure> {
        self.failed.as_ref().map_or(Ok(()), |failed| Err(Failure::Running(failed.clone())))
    }
}

/// A target that writes down everybody who gets a record in it: new ones only, whatever brought them.
#[derive(Debug)]
pub struct Inviting {
    target: Arc<dyn Target>,
    /// Where those are looked up of whom nobody knows.
    scim: Scim,
    invitations: Mutex<Invitations>,
}

impl Inviting {
    /// This target, whose users this provider has, with this list.
    pub fn new(target: Arc<dyn Target>, scim: Scim, invitations: Invitations) -> Self {
        Self { target, scim, invitations: Mutex::new(invitations) }
    }

    fn invitations(&self) -> MutexGuard<'_, Invitations> {
        self.invitations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the lines of those who got a record from a run that was cut off, or without an answer. Who
    /// cannot be looked up is left for the next time.
    ///
    /// # Errors
    /// When a line could not be written, now or before.
    pub async fn catch_up(&self) -> Result<(), Failure> {
        let owed = self.invitations().owed.clone();
        for (key, before) in owed {
            let Ok(found) = self.scim.users().find("userName", &key).await else { continue };
            let id = found.and_then(|user| user.id);
            let mut invitations = self.invitations();
            let made = id.filter(|id| before.as_ref() != Some(id));
            let made = made.filter(|id| !invitations.has(&key, id));
            invitations.settle(&key, made.as_deref()).map_err(Failure::running)?;
        }
        self.invitations().check()
    }

    /// Says how many lines were added since it said so before.
    ///
    /// # Errors
    /// When one could not be written.
    pub fn report(&self) -> Result<(), Failure> {
        let mut invitations = self.invitations();
        let count = thousands(std::mem::take(&mut invitations.count));
        let path = invitations.path.display();
        say!("{:<10}{count} people, listed in {path} (readable by its owner only)", "invite");
        invitations.check()
    }
}

/// The id of the record if it was not there before: also in place of one that is gone.
fn made<'d>(change: &Change, done: &'d Done, is_repeated: bool) -> Option<&'d str> {
    let before = change.remote_id.as_deref();
    match done.id() {
        _ if !done.is_new() && !is_repeated => None,
        Some(id) => Some(id).filter(|id| before != Some(id)),
        None => (change.kind == Kind::Create).then_some(""),
    }
}

fn lock(store: &SharedStore) -> MutexGuard<'_, dyn provisioning::Store + 'static> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Around for Inviting {
    fn inner(&self) -> &dyn Target {
        &*self.target
    }

    async fn bring(&self, change: &Change) -> Result<Done, TargetError> {
        let may_make = !matches!(change.kind, Kind::Remove);
        let is_repeated = may_make && self.invitations().expect(change)?;
        let result = self.inner().bring(change).await;
        match &result {
            Ok(done) if may_make => {
                let made = made(change, done, is_repeated);
                self.invitations().settle(&change.key, made)?;
            }
            Err(error) if may_make && error.is_refused() && !is_repeated => {
                self.invitations().settle(&change.key, None)?;
            }
            _ => {}
        }
        result
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(file);
    }
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut there = Vec::new();
    File::open(path)?.read_to_end(&mut there)?;
    // A line that was cut off stays by itself.
    if there.last().is_some_and(|last| *last != b'\n') {
        file.write_all(b"\r\n")?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use futures::stream::BoxStream;
    use provisioning::store::MemoryStore;
    use provisioning::{Observed, Plan, Record, Report};
    use scim_client::Bearer;

    use super::*;

    /// Takes everybody.
    #[derive(Debug, Default)]
    struct Taking(AtomicU64);

    #[async_trait]
    impl Target for Taking {
        fn name(&self) -> &str {
            "taking"
        }

        async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
            let id = self.0.fetch_add(1, Relaxed);
            changes.iter().map(|_| Ok(Done::new().remote_id(id.to_string()))).collect()
        }

        fn observe(&self, _: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
            None
        }
    }

    #[tokio::test]
    async fn without_its_line_nobody_more_is_created() {
        let name = format!("invitations-{}.csv", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "half a li").unwrap();
        let store: SharedStore = Arc::new(Mutex::new(MemoryStore::new()));
        let mut list = Invitations::open(&path, Arc::clone(&store)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "half a li\r\n");
        // As on a full disk: it cannot be written.
        list.file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let scim = Scim::new("http://127.0.0.1:9", Bearer::new("t")).unwrap();
        let taking = Arc::new(Taking::default());
        let inviting = Arc::new(Inviting::new(taking.clone(), scim, list));
        let people = (0..20).map(|n| Ok::<_, TargetError>(Record::new(format!("p{n}"))));
        let plan = Plan::compute(futures::stream::iter(people), inviting.clone()).await.unwrap();
        let outcomes = plan.apply().concurrency(1).stream();
        let report: Report = futures::StreamExt::collect(outcomes).await;
        assert_eq!((report.created, report.failed), (0, 20), "{report:?}");
        assert_eq!(taking.0.load(Relaxed), 1);
        let line = inviting.report().unwrap_err().to_string();
        assert!(line.contains("--invite") && line.contains("csv: "), "{line}");
        // Who was created is noted for the next run.
        assert_eq!(lock(&store).note(OWED).unwrap().unwrap(), "{\"p0\":null}");
    }
}
