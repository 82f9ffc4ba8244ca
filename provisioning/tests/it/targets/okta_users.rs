//! Users of an Okta org.

use okta_client::{ApiToken, Okta};
use provisioning::targets::{Leavers, OktaUsers};
use provisioning::{Basis, Record};
use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use super::support::{BOTH, Bringing, no_faults, no_second_try, some_faults};

fn okta(sandbox: &Sandbox) -> Okta {
    let token = ApiToken::new(sandbox.okta_token());
    Okta::builder(sandbox.okta_url(), token).retry(no_second_try()).build().unwrap()
}

fn login(n: usize) -> String {
    format!("hire{n}@acme.example")
}

fn hire(n: usize) -> Record {
    Record::new(login(n))
        .source_id(format!("hr{n}"))
        .set("email", login(n))
        .set("firstName", format!("Given{n}"))
        .set("lastName", "Family")
        .set("department", if n.is_multiple_of(3) { json!(null) } else { json!("R&D") })
        .set_on_create("title", "New")
}

fn hires(count: usize) -> Vec<Record> {
    (0..count).map(hire).collect()
}

async fn sandbox() -> Sandbox {
    Sandbox::builder().people(30).start().await.unwrap()
}

fn user(sandbox: &Sandbox, n: usize) -> Value {
    sandbox.okta().user(&login(n)).unwrap()
}

#[tokio::test]
async fn people_come_change_leave_and_come_back() {
    let sandbox = sandbox().await;
    let (bringing, mut wanted) = (Bringing::into(OktaUsers::new(okta(&sandbox))), hires(6));
    let before = sandbox.okta().user_count();
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, sandbox.okta().user_count() - before), (6, 6));
    assert_eq!(user(&sandbox, 1)["status"], "PROVISIONED");
    bringing.assert_done(&wanted, &BOTH).await;

    let id = user(&sandbox, 5)["id"].clone();
    let edits =
        [("title", json!("Edited")), ("lastName", json!("Edited")), ("city", json!("Rome"))];
    assert!(sandbox.okta().set_profile(&login(1), edits));
    wanted[2] = hire(2).set("department", "Sales");
    let report = bringing.run(&wanted[..5], Basis::Target).await;
    assert_eq!((report.updated, report.removed), (2, 1), "{report:?}");
    let edited = &user(&sandbox, 1)["profile"];
    assert_eq!((&edited["title"], &edited["lastName"]), (&json!("Edited"), &json!("Family")));
    assert_eq!(edited["city"], "Rome");
    assert_eq!(user(&sandbox, 5)["status"], "DEPROVISIONED");
    bringing.assert_done(&wanted[..5], &BOTH).await;

    wanted[5] = hire(5).set("firstName", "Back");
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!(report.restored, 1);
    let back = user(&sandbox, 5);
    assert_eq!((&back["id"], &back["profile"]["firstName"]), (&id, &json!("Back")));
    assert_eq!(back["status"], "PROVISIONED");
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn who_is_there_is_taken_over_also_when_deactivated() {
    let sandbox = sandbox().await;
    let there = Bringing::into(OktaUsers::new(okta(&sandbox)));
    there.run(&hires(4), Basis::Delivered).await;
    there.run(&hires(2), Basis::Delivered).await;
    for basis in BOTH {
        let (bringing, wanted) = (Bringing::into(OktaUsers::new(okta(&sandbox))), hires(5));
        bringing.run(&wanted, basis).await;
        bringing.assert_done(&wanted, &BOTH).await;
    }
    assert_eq!(sandbox.okta().listed_count(), 35);
}

#[tokio::test]
async fn old_values_are_cleared_and_who_was_deleted_is_made_whole() {
    let sandbox = sandbox().await;
    let there = Bringing::into(OktaUsers::new(okta(&sandbox)));
    there.run(&hires(5), Basis::Delivered).await;
    for n in [0, 3, 4] {
        assert!(sandbox.okta().set_profile(&login(n), [("department", json!("Old"))]));
    }
    let (bringing, mut wanted) = (Bringing::into(OktaUsers::new(okta(&sandbox))), hires(3));
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, report.updated), (0, 1), "{report:?}");
    wanted = hires(4);
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, report.updated), (0, 1));
    for n in [0, 3] {
        assert!(user(&sandbox, n)["profile"]["department"].is_null(), "{n}");
    }
    bringing.assert_done(&wanted, &BOTH).await;

    let (id, users) = (user(&sandbox, 1)["id"].clone(), okta(&sandbox).users());
    users.deactivate(id.as_str().unwrap()).await.unwrap();
    users.delete(id.as_str().unwrap()).await.unwrap();
    wanted[1] = hire(1).set("firstName", "Anew");
    assert_eq!(bringing.run(&wanted, Basis::Delivered).await.updated, 1);
    let anew = user(&sandbox, 1);
    let profile = &anew["profile"];
    assert_eq!((&profile["title"], &profile["lastName"]), (&json!("New"), &json!("Family")));
    assert_ne!(anew["id"], id);
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn people_can_be_suspended_and_staged() {
    let sandbox = sandbox().await;
    let target = OktaUsers::new(okta(&sandbox)).activate(false).leavers(Leavers::Suspend);
    let (bringing, wanted) = (Bringing::into(target), hires(3));
    bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!(user(&sandbox, 1)["status"], "STAGED");
    let report = bringing.once(&wanted[..2], Basis::Delivered).await;
    let reason = &report.undelivered[0].reason;
    assert_eq!(reason, "Okta suspends active users only, and this one is STAGED: deactivate it");

    let ada = sandbox.okta().user(&sandbox.okta().user_id(0)).unwrap();
    assert_eq!(ada["status"], "ACTIVE");
    let ada = ada["profile"]["login"].as_str().unwrap();
    let both = [hire(0), Record::new(ada).set("nickName", "Ada")];
    let bringing = Bringing::into(OktaUsers::new(okta(&sandbox)).leavers(Leavers::Suspend));
    bringing.run(&both, Basis::Target).await;
    for basis in BOTH {
        bringing.run(&both[..1], basis).await;
        assert_eq!(sandbox.okta().user(ada).unwrap()["status"], "SUSPENDED");
        bringing.assert_done(&both[..1], &BOTH).await;
        assert_eq!(bringing.run(&both, basis).await.restored, 1);
        assert_eq!(sandbox.okta().user(ada).unwrap()["status"], "ACTIVE");
        bringing.assert_done(&both, &BOTH).await;
    }
}

#[tokio::test]
async fn part_of_a_login_is_somebody_else() {
    let sandbox = sandbox().await;
    let there = Bringing::into(OktaUsers::new(okta(&sandbox)));
    there.run(&hires(1), Basis::Delivered).await;
    let other = hire(1).set("email", "other@acme.example");
    let short = Record::new("hire0").set("email", "other@acme.example").set("firstName", "Other");
    let bringing = Bringing::into(OktaUsers::new(okta(&sandbox)));
    let report = bringing.once(&[short, other], Basis::Delivered).await;
    assert_eq!(
        (report.existed, user(&sandbox, 0)["profile"]["firstName"].as_str()),
        (0, Some("Given0"))
    );
}

#[tokio::test]
async fn a_creation_of_unclear_outcome_is_looked_up() {
    let sandbox = sandbox().await;
    let (bringing, wanted) = (Bringing::into(OktaUsers::new(okta(&sandbox))), hires(1));
    sandbox.faults().next("POST /api/v1/users", Fault::Cut, 1);
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!(report.existed, 1, "{report:?}");
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn the_law_holds_when_calls_fail() {
    let sandbox = sandbox().await;
    let before = sandbox.okta().user_count();
    some_faults(&sandbox, 3);
    let (bringing, mut wanted) = (Bringing::into(OktaUsers::new(okta(&sandbox))), hires(80));
    let mut failed = bringing.until_done(&wanted, Basis::Delivered).await;
    for (n, basis) in BOTH.into_iter().enumerate() {
        for one in wanted.iter_mut().step_by(3) {
            *one = one.clone().set("firstName", format!("Round {n}"));
        }
        failed += bringing.until_done(&wanted[..60], basis).await;
        failed += bringing.until_done(&wanted, basis).await;
    }
    no_faults(&sandbox);
    assert!(failed > 0);
    bringing.assert_done(&wanted, &BOTH).await;
    assert_eq!(sandbox.okta().user_count() - before, 80);
}
