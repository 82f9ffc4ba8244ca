//! Changes of which nobody knows what came of them, and which the source takes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use futures::stream;
use provisioning::targets::ScimUsers;
use provisioning::{Around, Basis, Change, Done, Plan, Record, Target, TargetError};
use sandbox::{Sandbox, ScimOptions};
use scim_client::Scim;
use serde_json::{Value, json};

use super::support::{BOTH, Bringing, scim, with_scim};

/// A target whose answers can be lost, after it did what it should.
#[derive(Debug)]
pub(crate) struct Cut {
    target: ScimUsers,
    is_cut: Arc<AtomicBool>,
}

#[async_trait]
impl Around for Cut {
    fn inner(&self) -> &dyn Target {
        &self.target
    }

    async fn bring(&self, change: &Change) -> Result<Done, TargetError> {
        let done = self.inner().bring(change).await;
        match self.is_cut.load(Relaxed) {
            true => Err(TargetError::new("the answer was lost")),
            false => done,
        }
    }
}

/// Brings people into users of this provider; the switch loses answers.
pub(crate) fn with_cuts(scim: Scim) -> (Bringing, Arc<AtomicBool>) {
    let is_cut = Arc::new(AtomicBool::new(false));
    let target = ScimUsers::new(scim);
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

#[tokio::test]
async fn a_change_of_unclear_outcome_is_not_forgotten_while_somebody_is_out() {
    for (before, lost) in [(json!("A"), json!("B")), (Value::Null, json!("B"))] {
        let sandbox = with_scim(ScimOptions::default()).await;
        let (bringing, is_cut) = with_cuts(scim(&sandbox));
        let person = |title: &Value| named(1, "a@x.io").set("title", title.clone());
        let (old, stays) = ([person(&before), named(2, "b@x.io")], [named(2, "b@x.io")]);
        bringing.run(&old, Basis::Delivered).await;
        is_cut.store(true, Relaxed);
        bringing.once(&[person(&lost), named(2, "b@x.io")], Basis::Delivered).await;
        is_cut.store(false, Relaxed);
        bringing.run(&stays, Basis::Delivered).await;
        let report = bringing.run(&old, Basis::Delivered).await;
        assert_eq!(report.restored, 1, "{report:?}");
        bringing.assert_done(&old, &BOTH).await;
    }
}

#[tokio::test]
async fn a_few_newcomers_who_are_there_already_are_held_against_the_guards_as_well() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let person = |n: usize, is_active: bool| {
        let record = Record::new(format!("p{n}@acme.example")).source_id(format!("00u{n}"));
        record.set("active", is_active).set("title", "T")
    };
    // Made by hand.
    let by_hand: Vec<Record> = (0..20).map(|n| person(n, true)).collect();
    Bringing::into(ScimUsers::new(scim(&sandbox))).run(&by_hand, Basis::Target).await;
    let bringing = Bringing::into(ScimUsers::new(scim(&sandbox)));
    let mut wanted: Vec<Record> = (0..4).map(|n| person(n, true)).collect();
    bringing.run(&wanted, Basis::Target).await;
    wanted.extend((4..9).map(|n| person(n, false)));
    let compute = |wanted: &[Record]| {
        let records: Vec<_> = wanted.iter().cloned().map(Ok::<_, String>).collect();
        let records = stream::iter(records);
        Plan::compute(records, bringing.target.clone()).store(bringing.store.clone())
    };
    let error = compute(&wanted).await.unwrap_err().to_string();
    assert!(error.contains("5 of 9 records would be removed"), "{error}");
    // Those who are new are created, whatever they are.
    wanted.truncate(4);
    wanted.extend((30..34).map(|n| person(n, false)));
    let plan = compute(&wanted).await.unwrap();
    assert_eq!((plan.summary().create, plan.summary().update), (4, 0), "{}", plan.summary());
}

#[tokio::test]
async fn logins_that_a_row_changes_count_as_new_keys() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = Bringing::into(ScimUsers::new(scim(&sandbox)));
    let person = |n: usize, login: String| {
        let record = Record::new(format!("p{n}@acme.example")).source_id(format!("00u{n}"));
        record.set("userName", login)
    };
    let people = |how: fn(usize) -> String| (0..40).map(move |n| person(n, how(n)));
    let wanted: Vec<Record> = people(|n| format!("p{n}@acme.example")).collect();
    bringing.run(&wanted, Basis::Target).await;
    let records =
        stream::iter(people(|n| format!("L{n}")).map(Ok::<_, String>).collect::<Vec<_>>());
    let compute = Plan::compute(records, bringing.target.clone()).store(bringing.store.clone());
    let error = compute.await.unwrap_err().to_string();
    assert!(error.contains("40 of 40 records would get another key"), "{error}");
}
