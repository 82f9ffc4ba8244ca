//! Changes of which nobody knows what came of them, and which the source takes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use futures::stream::BoxStream;
use provisioning::targets::ScimUsers;
use provisioning::{Basis, Change, Done, Observed, Record, Target, TargetError};
use sandbox::{Sandbox, ScimOptions};
use scim_client::Scim;

use super::support::{BOTH, Bringing, scim, with_scim};

/// A target whose answers can be lost, after it did what it should.
#[derive(Debug)]
pub(crate) struct Cut {
    target: ScimUsers,
    is_cut: Arc<AtomicBool>,
}

#[async_trait]
impl Target for Cut {
    fn name(&self) -> &str {
        self.target.name()
    }

    fn key(&self, key: &str) -> String {
        self.target.key(key)
    }

    fn key_path(&self) -> Option<&str> {
        self.target.key_path()
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let results = self.target.apply(changes).await;
        match self.is_cut.load(Relaxed) {
            true => changes.iter().map(|_| Err(TargetError::new("the answer was lost"))).collect(),
            false => results,
        }
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.target.observe(paths)
    }
}

/// Brings people into users of this provider; the switch loses answers.
pub(crate) fn with_cuts(scim: Scim) -> (Bringing, Arc<AtomicBool>) {
    let is_cut = Arc::new(AtomicBool::new(false));
    let target = ScimUsers::new(scim).unwrap();
    (Bringing::into(Cut { target, is_cut: is_cut.clone() }), is_cut)
}

/// Someone whose name is the key alone.
fn named(n: usize, key: &str) -> Record {
    let record = Record::new(key).source_id(format!("00u{n}")).set("name.familyName", "Family");
    let record = record.set("name.givenName", "Given");
    record.set("emails[type eq \"work\"].value", format!("mail{n}@x.io"))
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    let users = sandbox.scim().users();
    let mut names: Vec<String> =
        users.iter().map(|user| user["userName"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_new_name_that_was_taken_back_is_not_kept_by_a_lost_answer() {
    for basis in BOTH {
        for options in [ScimOptions::default(), ScimOptions::pendo(), ScimOptions::pingboard()] {
            let sandbox = with_scim(options).await;
            let (bringing, is_cut) = with_cuts(scim(&sandbox));
            let before = [named(1, "a@x.io"), named(2, "b@x.io")];
            bringing.run(&before, Basis::Delivered).await;
            is_cut.store(true, Relaxed);
            let married = [named(1, "married@x.io"), named(2, "b@x.io")];
            assert_eq!(bringing.once(&married, Basis::Delivered).await.failed, 1);
            assert_eq!(names(&sandbox), ["b@x.io", "married@x.io"]);
            is_cut.store(false, Relaxed);

            let report = bringing.run(&before, basis).await;
            assert_eq!((report.updated, report.delivered()), (1, 1), "{report:?}");
            assert_eq!(names(&sandbox), ["a@x.io", "b@x.io"]);
            bringing.assert_done(&before, &BOTH).await;
            // Nor is a name sent that nobody doubts.
            let changed = [named(1, "a@x.io").set("title", "T"), named(2, "b@x.io")];
            let plan = bringing.plan(&changed, Basis::Delivered).await.unwrap();
            let rows = plan.rows(0, 9).unwrap();
            assert_eq!((rows.len(), rows[0].fields.len()), (1, 1), "{rows:?}");
        }
    }
}

#[tokio::test]
async fn a_new_name_of_unclear_outcome_goes_on_as_it_is() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let (bringing, is_cut) = with_cuts(scim(&sandbox));
    bringing.run(&[named(1, "a@x.io")], Basis::Delivered).await;
    is_cut.store(true, Relaxed);
    let married = [named(1, "married@x.io")];
    bringing.once(&married, Basis::Delivered).await;
    is_cut.store(false, Relaxed);
    bringing.run(&married, Basis::Delivered).await;
    assert_eq!(names(&sandbox), ["married@x.io"]);
    bringing.assert_done(&married, &BOTH).await;
    // A creation of unclear outcome has no name to be given.
    is_cut.store(true, Relaxed);
    let both = [named(1, "married@x.io"), named(2, "new@x.io")];
    bringing.once(&both, Basis::Delivered).await;
    is_cut.store(false, Relaxed);
    bringing.run(&both, Basis::Delivered).await;
    assert_eq!(names(&sandbox), ["married@x.io", "new@x.io"]);
    bringing.assert_done(&both, &BOTH).await;
}
