//! SCIM users whose names change, and providers that do not list everybody.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use provisioning::targets::ScimUsers;
use provisioning::{Basis, Change, Done, Observed, Record, Target, TargetError};
use sandbox::{Quirks, Sandbox, ScimOptions};
use serde_json::{Value, json};

use super::scim_people::{name, people, person};
use super::support::{BOTH, Bringing, scim, with_scim};
use crate::support::stores;

fn servers() -> Vec<ScimOptions> {
    let quirky = |quirks| ScimOptions::default().quirks(quirks);
    vec![
        ScimOptions::default(),
        ScimOptions::pendo(),
        ScimOptions::pingboard(),
        quirky(Quirks::scim2_server()),
        quirky(Quirks::scimmy()),
        quirky(Quirks::django()),
    ]
}

/// Someone by number, under another name; without `mapped` the name is the key alone.
fn named(n: usize, user_name: &str, mapped: bool) -> Record {
    let record = Record::new(user_name)
        .source_id(format!("00u{n}"))
        .set("name.givenName", format!("Given{n}"))
        .set("name.familyName", "Family")
        .set("emails[type eq \"work\"].value", user_name);
    if mapped { record.set("userName", user_name) } else { record }
}

fn id_of(sandbox: &Sandbox, user_name: &str) -> String {
    sandbox.scim().user_by_name(user_name).unwrap()["id"].as_str().unwrap().to_owned()
}

fn given_name(sandbox: &Sandbox, user_name: &str) -> Value {
    sandbox.scim().user_by_name(user_name).unwrap()["name"]["givenName"].clone()
}

#[tokio::test]
async fn a_new_name_is_given_to_the_account_that_is_there() {
    for (server, options) in servers().into_iter().enumerate() {
        for (store, mapped) in
            stores(&format!("scim-{server}")).into_iter().zip([true, false, false, true])
        {
            let sandbox = with_scim(options.clone()).await;
            let target = Arc::new(ScimUsers::new(scim(&sandbox)));
            let bringing = Bringing { target, store };
            let wanted = |names: [&str; 3]| -> Vec<Record> {
                names.iter().enumerate().map(|(n, name)| named(n, name, mapped)).collect()
            };
            for basis in BOTH {
                bringing.run(&wanted(["a@x.io", "b@x.io", "c@x.io"]), basis).await;
                let ids = ["a@x.io", "b@x.io"].map(|name| id_of(&sandbox, name));
                // One name is new, and the old one goes to somebody else.
                let after = wanted(["new@x.io", "a@x.io", "c@x.io"]);
                let report = bringing.run(&after, basis).await;
                assert_eq!((report.updated, report.delivered()), (2, 2), "{server} {report:?}");
                assert_eq!(["new@x.io", "a@x.io"].map(|name| id_of(&sandbox, name)), ids);
                assert_eq!(sandbox.scim().users().len(), 3, "{server}");
                bringing.assert_done(&after, &BOTH).await;

                // Two who swap keep their accounts.
                let swapped = wanted(["a@x.io", "new@x.io", "c@x.io"]);
                let report = bringing.once(&swapped, basis).await;
                assert_eq!((report.failed, report.delivered()), (2, 0), "{server} {report:?}");
                assert_eq!(given_name(&sandbox, "a@x.io"), "Given1");
                assert_eq!(["new@x.io", "a@x.io"].map(|name| id_of(&sandbox, name)), ids);
                let back = wanted(["a2@x.io", "b@x.io", "c@x.io"]);
                bringing.run(&back, basis).await;
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_a_stranger_has_is_a_failure_of_that_row() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = Bringing::into(ScimUsers::new(scim(&sandbox)));
    bringing.run(&[named(1, "a@x.io", false), named(2, "b@x.io", false)], Basis::Delivered).await;
    let stranger: scim_types::User = serde_json::from_value(json!({
        "schemas": [scim_types::urn::USER], "userName": "c@x.io", "name": {"givenName": "C", "familyName": "C"}
    }))
    .unwrap();
    scim(&sandbox).users().create(&stranger).await.unwrap();
    let taken = [named(1, "c@x.io", false), named(2, "b@x.io", false)];
    let report = bringing.once(&taken, Basis::Delivered).await;
    assert_eq!((report.failed, report.delivered()), (1, 0), "{report:?}");
    let reason = &report.undelivered[0].reason;
    assert!(
        reason.starts_with("userName cannot become c@x.io: the provider says that it is taken"),
        "{reason}"
    );
    assert_eq!(given_name(&sandbox, "c@x.io"), "C");
    assert_eq!(given_name(&sandbox, "a@x.io"), "Given1");
}

/// Lists only some of those who are there.
#[derive(Debug)]
struct Hiding {
    target: ScimUsers,
    hides: Arc<AtomicBool>,
    hidden: fn(&str) -> bool,
    seen: Mutex<u32>,
}

#[async_trait]
impl Target for Hiding {
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
        self.target.apply(changes).await
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let observed = self.target.observe(paths)?;
        Some(
            observed
                .try_filter(|one| {
                    *self.seen.lock().unwrap() += 1;
                    let text = format!("{one:?}");
                    let is_hidden = self.hides.load(Relaxed) && (self.hidden)(&text);
                    async move { !is_hidden }
                })
                .boxed(),
        )
    }
}

fn hiding(sandbox: &Sandbox, hidden: fn(&str) -> bool) -> (Bringing, Arc<AtomicBool>) {
    let hides = Arc::new(AtomicBool::new(false));
    let target = ScimUsers::new(scim(sandbox));
    let (seen, switch) = (Mutex::new(0), hides.clone());
    (Bringing::into(Hiding { target, hides, hidden, seen }), switch)
}

#[tokio::test]
async fn who_is_not_listed_is_asked_for_by_id() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let (bringing, hides) = hiding(&sandbox, |one| one.contains("person3@"));
    let wanted = people(6);
    bringing.run(&wanted, Basis::Target).await;
    hides.store(true, Relaxed);
    // Who is wanted is no second account.
    let mut changed = wanted.clone();
    changed[3] = person(3).set("title", "Boss");
    let report = bringing.run(&changed, Basis::Target).await;
    assert_eq!((report.restored, report.created, report.delivered()), (1, 0, 1), "{report:?}");
    assert_eq!(sandbox.scim().user_by_name(&name(3)).unwrap()["title"], "Boss");
    // Who left goes.
    let stayed: Vec<Record> = (0..6).filter(|n| *n != 3).map(person).collect();
    let report = bringing.run(&stayed, Basis::Target).await;
    assert_eq!((report.removed, report.delivered()), (1, 1), "{report:?}");
    assert_eq!(sandbox.scim().user_by_name(&name(3)).unwrap()["active"], json!(false));
    bringing.assert_done(&stayed, &BOTH).await;
}

#[tokio::test]
async fn a_provider_that_hides_who_is_out_of_use_gets_nobody_twice() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let (bringing, hides) = hiding(&sandbox, |one| one.contains("active: false"));
    hides.store(true, Relaxed);
    let wanted = people(4);
    bringing.run(&wanted, Basis::Target).await;
    let stayed = wanted[..3].to_vec();
    assert_eq!(bringing.run(&stayed, Basis::Target).await.removed, 1);
    bringing.assert_done(&stayed, &BOTH).await;
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!((report.restored, report.delivered()), (1, 1), "{report:?}");
    bringing.assert_done(&wanted, &BOTH).await;
    // Deactivated by hand, and deleted by hand.
    let users = scim(&sandbox).users();
    users.deactivate(&id_of(&sandbox, &name(1))).await.unwrap();
    users.delete(&id_of(&sandbox, &name(2)), None).await.unwrap();
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!((report.restored, report.failed), (2, 0), "{report:?}");
    bringing.assert_done(&wanted, &BOTH).await;
    assert_eq!(sandbox.scim().users().len(), 4);
}
