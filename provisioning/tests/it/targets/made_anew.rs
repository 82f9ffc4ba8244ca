//! Records that somebody made anew in the target, or took back into use, by hand.

use provisioning::targets::{Departed, OktaUsers, ScimGroups, ScimUsers};
use provisioning::{Basis, Guard, Plan, PlanError, Record};
use sandbox::{Sandbox, ScimOptions};
use serde_json::{Value, json};

use super::scim_people::{name, people, person};
use super::support::{BOTH, Bringing, scim, with_scim};
use crate::support::stores;

fn bringing(sandbox: &Sandbox) -> Bringing {
    Bringing::into(ScimUsers::new(scim(sandbox)))
}

/// Deletes somebody and invites the same name again; the new id.
fn invite_again(sandbox: &Sandbox, n: usize) -> String {
    let mut user = sandbox.scim().user_by_name(&name(n)).unwrap();
    assert!(sandbox.scim().remove_user(user["id"].as_str().unwrap()));
    let fields = user.as_object_mut().unwrap();
    ["id", "meta"].iter().for_each(|field| drop(fields.remove(*field)));
    sandbox.scim().insert_user(user).unwrap()
}

fn is_active(sandbox: &Sandbox, id: &str) -> bool {
    sandbox.scim().user(id).is_some_and(|user| user["active"] != json!(false))
}

#[tokio::test]
async fn who_was_invited_again_is_taken_out_when_leaving() {
    for departed in [Departed::Deactivate, Departed::Delete] {
        for basis in BOTH {
            let sandbox = with_scim(ScimOptions::default()).await;
            let target = ScimUsers::new(scim(&sandbox)).departed(departed);
            let (bringing, wanted) = (Bringing::into(target), people(4));
            bringing.run(&wanted, Basis::Delivered).await;
            let id = invite_again(&sandbox, 3);
            let report = bringing.run(&wanted[..3], basis).await;
            assert_eq!(report.removed, 1);
            assert!(!is_active(&sandbox, &id), "{departed:?} {basis:?}");
            bringing.assert_done(&wanted[..3], &BOTH).await;
        }
    }
}

#[tokio::test]
async fn who_was_invited_again_is_known_by_the_new_id_once_it_was_read() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let (bringing, wanted) = (bringing(&sandbox), people(4));
    bringing.run(&wanted, Basis::Delivered).await;
    let id = invite_again(&sandbox, 3);
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!((report.relinked, report.delivered()), (1, 0), "{report:?}");
    let known = bringing.store.lock().unwrap().known(&name(3)).unwrap().unwrap();
    assert_eq!(known.remote_id, Some(id));
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn somebody_else_who_has_the_name_now_is_left_alone() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = bringing(&sandbox);
    let named = |n: usize, key: String| {
        Record::new(key).source_id(format!("00u{n}")).set("name.familyName", format!("F{n}"))
    };
    let wanted = [named(1, name(1)), named(2, name(2))];
    bringing.run(&wanted, Basis::Delivered).await;
    let ids = [1, 2].map(|n| sandbox.scim().user_by_name(&name(n)).unwrap()["id"].clone());
    assert!(sandbox.scim().remove_user(ids[0].as_str().unwrap()));
    // By hand, the second one has the name of the first.
    let users = scim(&sandbox).users();
    let rename = |user: &mut scim_types::User| user.user_name = Some(name(1));
    users.modify(ids[1].as_str().unwrap(), rename).await.unwrap();
    let report = bringing.once(&wanted[1..], Basis::Delivered).await;
    assert_eq!((report.failed, report.removed), (1, 0), "{report:?}");
    assert!(report.undelivered[0].reason.contains("it is left alone"), "{report:?}");
    assert!(is_active(&sandbox, ids[1].as_str().unwrap()));
}

#[tokio::test]
async fn a_group_that_was_made_anew_is_deleted_all_the_same() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)).delete_departed());
    let group =
        |key: &str| Record::new(key).source_id(key).set("displayName", format!("Group {key}"));
    bringing.run(&[group("00gA"), group("00gB")], Basis::Delivered).await;
    let groups = sandbox.scim().groups();
    let mut one = groups.into_iter().find(|group| group["externalId"] == "00gB").unwrap();
    assert!(sandbox.scim().remove_group(one["id"].as_str().unwrap()));
    ["id", "meta"].iter().for_each(|field| drop(one.as_object_mut().unwrap().remove(*field)));
    sandbox.scim().insert_group(one).unwrap();
    assert_eq!(bringing.run(&[group("00gA")], Basis::Delivered).await.removed, 1);
    assert_eq!(sandbox.scim().groups().len(), 1);
}

#[tokio::test]
async fn an_okta_user_that_was_made_anew_is_taken_out() {
    let sandbox = Sandbox::builder().people(0).start().await.unwrap();
    let token = okta_client::ApiToken::new(sandbox.okta_token());
    let okta = okta_client::Okta::new(sandbox.okta_url(), token).unwrap();
    let bringing = Bringing::into(OktaUsers::new(okta.clone()));
    let hire = |n: usize| {
        let login = format!("hire{n}@acme.example");
        let record = Record::new(&login).source_id(format!("hr{n}")).set("email", login);
        record.set("firstName", "Given").set("lastName", "Family")
    };
    bringing.run(&[hire(1), hire(2)], Basis::Delivered).await;
    let user = sandbox.okta().user("hire2@acme.example").unwrap();
    let users = okta.users();
    let id: okta_client::UserId = user["id"].as_str().unwrap().into();
    users.deactivate(&id).await.unwrap();
    users.delete(&id).await.unwrap();
    let profile = user["profile"].as_object().unwrap().iter();
    let profile = profile.fold(okta_client::Profile::new(), |profile, (name, value)| {
        profile.with(name, value.clone())
    });
    users.create(profile).activate(true).await.unwrap();
    assert_eq!(bringing.run(&[hire(1)], Basis::Delivered).await.removed, 1);
    assert_eq!(sandbox.okta().user("hire2@acme.example").unwrap()["status"], "DEPROVISIONED");
}

fn switch_on(sandbox: &Sandbox, n: usize) -> (String, Value) {
    let user = sandbox.scim().user_by_name(&name(n)).unwrap();
    (user["id"].as_str().unwrap().to_owned(), user["active"].clone())
}

#[tokio::test]
async fn a_leaver_who_was_switched_on_by_hand_is_taken_out_again() {
    for store in stores("switched-on") {
        let sandbox = with_scim(ScimOptions::default()).await;
        let bringing = Bringing { store, ..bringing(&sandbox) };
        let wanted = people(8);
        bringing.run(&wanted, Basis::Delivered).await;
        bringing.run(&wanted[..6], Basis::Delivered).await;
        let users = scim(&sandbox).users();
        for n in [6, 7] {
            let (id, active) = switch_on(&sandbox, n);
            assert_eq!(active, json!(false));
            let rename = |user: &mut scim_types::User| {
                user.active = Some(true);
                if n == 7 {
                    user.user_name = Some("somebody@acme.example".into());
                }
            };
            users.modify(&id, rename).await.unwrap();
        }
        bringing.assert_done(&wanted[..6], &[Basis::Delivered]).await;
        // Guards count them.
        let records = wanted[..6].iter().cloned().map(Ok::<_, String>);
        let plan = Plan::compute(
            futures::stream::iter(records.collect::<Vec<_>>()),
            bringing.target.clone(),
        );
        let plan = plan.store(bringing.store.clone()).basis(Basis::Target);
        let error = plan.guard(Guard::removals_at_most_count(1)).await.unwrap_err();
        assert!(matches!(error, PlanError::Guard { .. }), "{error}");
        // Through a file, too.
        let plan = bringing.plan(&wanted[..6], Basis::Target).await.unwrap();
        assert_eq!((plan.summary().remove, plan.summary().changes()), (2, 2));
        let mut file = Vec::new();
        plan.export(&mut file).unwrap();
        let imported =
            Plan::import(file.as_slice(), bringing.target.clone(), bringing.store.clone());
        imported.guard(Guard::removals_at_most(1.0)).await.unwrap();
        let report = bringing.run(&wanted[..6], Basis::Target).await;
        assert_eq!((report.removed, report.delivered()), (2, 2), "{report:?}");
        let active =
            sandbox.scim().users().into_iter().filter(|user| user["active"] != json!(false));
        assert_eq!(active.count(), 6);
        bringing.assert_done(&wanted[..6], &BOTH).await;
        // Who is back in the source is restored.
        bringing.run(&(0..8).map(person).collect::<Vec<_>>(), Basis::Target).await;
        assert_eq!(sandbox.scim().users().len(), 8);
    }
}
