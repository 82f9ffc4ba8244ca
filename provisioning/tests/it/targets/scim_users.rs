//! SCIM users, against servers of all kinds.

use provisioning::targets::{Departed, ScimUsers};
use provisioning::{Basis, Record};
use sandbox::scim::PEAKON_USER;
use sandbox::{Quirks, Sandbox, ScimOptions};
use scim_types::User;
use serde_json::{Value, json};

use super::scim_people::{DEPARTMENT, name, people, person};
use super::support::{BOTH, Bringing, no_faults, scim, some_faults, with_scim};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";

fn servers() -> Vec<(&'static str, ScimOptions)> {
    let quirky = |quirks| ScimOptions::default().quirks(quirks);
    vec![
        ("generic", ScimOptions::default()),
        ("pendo", ScimOptions::pendo()),
        ("peakon", ScimOptions::peakon()),
        ("pingboard", ScimOptions::pingboard()),
        ("scim2_server", quirky(Quirks::scim2_server())),
        ("scimmy", quirky(Quirks::scimmy())),
        ("django", quirky(Quirks::django())),
    ]
}

fn bringing(sandbox: &Sandbox) -> Bringing {
    Bringing::into(ScimUsers::new(scim(sandbox)))
}

async fn edit(sandbox: &Sandbox, name: &str, change: impl FnMut(&mut User)) {
    let user = sandbox.scim().user_by_name(name).unwrap();
    scim(sandbox).users().modify(user["id"].as_str().unwrap(), change).await.unwrap();
}

/// Nobody is there twice, and as many are in use as should be.
fn assert_everybody_once(sandbox: &Sandbox, active: usize) {
    let users = sandbox.scim().users();
    let mut names: Vec<String> =
        users.iter().map(|user| user["userName"].as_str().unwrap().to_lowercase()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "somebody is there twice: {names:?}");
    assert_eq!(users.iter().filter(|user| user["active"] != json!(false)).count(), active);
}

#[tokio::test]
async fn people_come_change_leave_and_come_back_on_every_server() {
    for (server, options) in servers() {
        let sandbox = with_scim(options).await;
        let (bringing, mut wanted) = (bringing(&sandbox), people(12));
        let report = bringing.run(&wanted, Basis::Delivered).await;
        assert_eq!(report.created, 12, "{server}: {report:?}");
        let not_kept: Vec<_> = report.not_kept.keys().map(String::as_str).collect();
        assert_eq!(not_kept, if server == "django" { vec!["title"] } else { vec![] }, "{server}");
        bringing.assert_done(&wanted, &BOTH).await;

        wanted[1] = person(1).set("name.givenName", "Ada").set(DEPARTMENT, json!(null));
        wanted[3] = person(3).set(DEPARTMENT, "Sales");
        let (left, stayed) = (wanted[10].clone(), wanted[..10].to_vec());
        let report = bringing.run(&stayed, Basis::Target).await;
        assert_eq!((report.updated, report.removed), (2, 2), "{server}");
        bringing.assert_done(&stayed, &BOTH).await;
        assert_everybody_once(&sandbox, 10);
        let ada = sandbox.scim().user_by_name(&name(1)).unwrap();
        assert_eq!(ada["name"]["givenName"], "Ada", "{server}");

        let back: Vec<Record> = stayed.into_iter().chain([left]).collect();
        let report = bringing.run(&back, Basis::Delivered).await;
        assert_eq!(report.restored, 1, "{server}: {report:?}");
        bringing.assert_done(&back, &BOTH).await;
        assert_everybody_once(&sandbox, 11);
    }
}

#[tokio::test]
async fn who_was_there_before_is_taken_over() {
    for (server, options) in servers() {
        let sandbox = with_scim(options).await;
        for n in 0..6 {
            let user = json!({"schemas": [scim_types::urn::USER], "userName": name(n), "active": n % 2 == 0,
                "name": {"givenName": format!("Given{n}"), "familyName": "Before"}, "timezone": "Asia/Tokyo",
                "locale": "ja"});
            // Where who is inactive is not there, everybody is active.
            let user = match server {
                "pingboard" => without_active(user),
                _ => user,
            };
            sandbox.scim().insert_user(user).unwrap();
        }
        for basis in BOTH {
            let (bringing, wanted) = (bringing(&sandbox), people(8));
            bringing.run(&wanted, basis).await;
            bringing.assert_done(&wanted, &BOTH).await;
        }
        assert_everybody_once(&sandbox, 8);
        let user = sandbox.scim().user_by_name(&name(2)).unwrap();
        assert_eq!(user["name"]["familyName"], "Family", "{server}");
        // What is written once was there; what is not mapped is nobody's business.
        assert_eq!(user["timezone"], "Asia/Tokyo", "{server}");
        let locale = if server == "django" { json!(null) } else { json!("ja") };
        assert_eq!(user["locale"], locale, "{server}");
    }
}

#[tokio::test]
async fn old_values_of_who_was_there_before_are_cleared() {
    for (server, options) in servers() {
        let sandbox = with_scim(options).await;
        let insert = |n: usize| {
            let schemas = [scim_types::urn::USER, scim_types::urn::ENTERPRISE_USER];
            let user = json!({"schemas": schemas, "userName": name(n), "active": true,
                "name": {"givenName": format!("Given{n}"), "familyName": "Before"}, "nickName": "Old",
                scim_types::urn::ENTERPRISE_USER: {"department": "Old"}});
            sandbox.scim().insert_user(user).unwrap();
        };
        (0..4).for_each(insert);
        let (bringing, mut wanted) = (bringing(&sandbox), people(6));
        let plan = bringing.plan(&wanted, Basis::Delivered).await.unwrap();
        let (summary, readable) = (plan.summary(), server != "django");
        assert_eq!((summary.create, summary.update, summary.unread), (2, 4, false), "{server}");
        bringing.run(&wanted, Basis::Delivered).await;
        // Somebody who joins later was there before as well, and is looked up alone.
        insert(6);
        wanted.push(person(6));
        let report = bringing.run(&wanted, Basis::Delivered).await;
        assert_eq!((report.created, report.updated), (0, 1), "{server}");
        for n in [0, 3, 6] {
            let user = sandbox.scim().user_by_name(&name(n)).unwrap();
            assert!(user["nickName"].is_null(), "{server} {n}: {user}");
            let department = &user[scim_types::urn::ENTERPRISE_USER]["department"];
            assert!(department.is_null() || !readable, "{server} {n}: {user}");
        }
        bringing.assert_done(&wanted, &BOTH).await;
        assert_everybody_once(&sandbox, 7);
    }
}

#[tokio::test]
async fn what_is_not_kept_is_reported_once() {
    let sandbox = with_scim(ScimOptions::default().quirks(Quirks::django())).await;
    let (bringing, mut wanted) = (bringing(&sandbox), people(4));
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!(report.not_kept.get("title"), Some(&4), "{report:?}");
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!((report.delivered(), report.not_kept.len()), (0, 0), "{report:?}");
    // A new value is tried, and reported, once more.
    wanted[1] = person(1).set("title", "Baroness");
    assert_eq!(bringing.run(&wanted, Basis::Target).await.not_kept.get("title"), Some(&1));
    bringing.assert_done(&wanted, &BOTH).await;
}

fn without_active(mut user: Value) -> Value {
    user.as_object_mut().unwrap().remove("active");
    user
}

#[tokio::test]
async fn what_is_edited_downstream_stays_or_is_put_back() {
    for (server, options) in servers() {
        let sandbox = with_scim(options).await;
        let (bringing, wanted) = (bringing(&sandbox), people(4));
        bringing.run(&wanted, Basis::Target).await;
        edit(&sandbox, &name(1), |user| {
            user.timezone = Some("Asia/Tokyo".into());
            user.preferred_language = Some("ja".into());
            user.name.get_or_insert_default().family_name = Some("Edited".into());
        })
        .await;
        bringing.assert_done(&wanted, &[Basis::Delivered]).await;
        let report = bringing.run(&wanted, Basis::Target).await;
        assert_eq!(report.updated, 1, "{server}");
        let user = sandbox.scim().user_by_name(&name(1)).unwrap();
        assert_eq!(user["timezone"], "Asia/Tokyo", "{server}: written once, edited since");
        assert_eq!(user["preferredLanguage"], "ja", "{server}: not mapped");
        assert_eq!(user["name"]["familyName"], "Family", "{server}: put back");
        bringing.assert_done(&wanted, &BOTH).await;
    }
}

#[tokio::test]
async fn who_comes_back_is_the_same_record_unless_it_is_gone() {
    for (server, options) in servers() {
        let sandbox = with_scim(options).await;
        let (bringing, wanted) = (bringing(&sandbox), people(3));
        bringing.run(&wanted, Basis::Delivered).await;
        let before = sandbox.scim().user_by_name(&name(2)).unwrap();
        bringing.run(&wanted[..2], Basis::Delivered).await;
        let between = sandbox.scim().user_by_name(&name(2));
        assert_eq!(between.is_none(), server == "pingboard");
        bringing.run(&wanted, Basis::Delivered).await;
        let after = sandbox.scim().user_by_name(&name(2)).unwrap();
        assert_eq!(after["id"] == before["id"], server != "pingboard");
        // Whoever has to be made anew is made whole.
        assert_eq!(after["timezone"], "Europe/Berlin", "{server}");
        assert_eq!(after["name"], before["name"]);
        bringing.assert_done(&wanted, &BOTH).await;
    }
}

#[tokio::test]
async fn who_vanished_downstream_is_made_anew() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let (bringing, mut wanted) = (bringing(&sandbox), people(3));
    bringing.run(&wanted, Basis::Delivered).await;
    let id = |n| sandbox.scim().user_by_name(&name(n)).unwrap()["id"].clone();
    let ids = [id(1), id(2)];
    ids.iter().for_each(|id| assert!(sandbox.scim().remove_user(id.as_str().unwrap())));
    wanted[1] = person(1).set("title", "Baroness");
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!(report.updated, 1);
    let user = sandbox.scim().user_by_name(&name(1)).unwrap();
    assert_eq!(
        (&user["title"], &user["name"]["familyName"]),
        (&json!("Baroness"), &json!("Family"))
    );
    assert_eq!(
        user["timezone"], "Europe/Berlin",
        "what is written once is part of being made anew"
    );
    assert_eq!(bringing.run(&wanted, Basis::Target).await.restored, 1);
    let user = sandbox.scim().user_by_name(&name(2)).unwrap();
    assert_eq!(user["timezone"], "Europe/Berlin");
    bringing.assert_done(&wanted, &BOTH).await;
    assert_everybody_once(&sandbox, 3);
}

#[tokio::test]
async fn people_are_deleted_where_that_is_said() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let target = ScimUsers::new(scim(&sandbox)).departed(Departed::Delete);
    let (bringing, wanted) = (Bringing::into(target), people(3));
    bringing.run(&wanted, Basis::Target).await;
    assert_eq!(bringing.run(&wanted[..2], Basis::Target).await.removed, 1);
    assert_eq!(sandbox.scim().user_count(), 2);
    bringing.assert_done(&wanted[..2], &BOTH).await;
}

#[tokio::test]
async fn keys_that_have_case_keep_it() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let target = ScimUsers::new(scim(&sandbox)).key_is("externalId").unwrap();
    let bringing = Bringing::into(target);
    let wanted: Vec<Record> = ["00uAbc", "00uaBC"]
        .map(|id| Record::new(id).source_id(id).set("userName", format!("{id}-{}", id.len())))
        .into();
    let wanted = [wanted[0].clone(), wanted[1].clone().set("userName", "other")];
    assert_eq!(bringing.run(&wanted, Basis::Target).await.created, 2);
    let user = sandbox.scim().user_by_name("other").unwrap();
    assert_eq!(user["externalId"], "00uaBC");
    bringing.assert_done(&wanted, &BOTH).await;
    let renamed = [wanted[0].clone().set("userName", "new name"), wanted[1].clone()];
    assert_eq!(bringing.run(&renamed, Basis::Target).await.updated, 1);
    bringing.assert_done(&renamed, &BOTH).await;
    assert_everybody_once(&sandbox, 2);
}

#[tokio::test]
async fn a_password_is_not_missed_because_it_is_not_shown() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = bringing(&sandbox);
    let wanted = [person(1).set("password", "correct horse")];
    let report = bringing.run(&wanted, Basis::Target).await;
    assert!(report.not_kept.is_empty(), "{report:?}");
    bringing.assert_done(&wanted, &BOTH).await;
    let id = sandbox.scim().users()[0]["id"].clone();
    assert!(sandbox.scim().has_password(id.as_str().unwrap(), "correct horse"));
}

fn with_quirk(name: &str) -> ScimOptions {
    let mut quirks = Quirks::default();
    assert!(quirks.set(name));
    ScimOptions::default().quirks(quirks)
}

#[tokio::test]
async fn an_update_that_is_answered_with_an_error_under_a_200_is_none() {
    let sandbox = with_scim(with_quirk("patch_answers_200_error")).await;
    let (bringing, mut wanted) = (bringing(&sandbox), people(3));
    bringing.run(&wanted, Basis::Delivered).await;
    wanted[1] = person(1).set("name.familyName", "Married").set("preferredLanguage", "de");
    for _ in 0..3 {
        let report = bringing.once(&wanted, Basis::Delivered).await;
        assert_eq!((report.updated, report.failed), (0, 1), "{report:?}");
    }
}

#[tokio::test]
async fn what_still_shows_the_old_value_is_tried_again_before_it_is_not_kept() {
    let sandbox = with_scim(with_quirk("patch_changes_nothing")).await;
    let (bringing, mut wanted) = (bringing(&sandbox), people(3));
    bringing.run(&wanted, Basis::Delivered).await;
    wanted[1] = person(1).set("name.familyName", "Married");
    let report = bringing.once(&wanted, Basis::Delivered).await;
    assert_eq!((report.updated, report.failed), (0, 1), "{report:?}");
    assert!(report.undelivered[0].reason.contains("still shows name.familyName"), "{report:?}");
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!(report.not_kept.get("name.familyName"), Some(&1), "{report:?}");
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn what_a_patch_takes_away_beside_its_change_is_written_again() {
    let sandbox = with_scim(with_quirk("patch_replaces_complex")).await;
    let auth = scim_client::Bearer::new(sandbox.scim_token());
    let okta = scim_client::Scim::builder(sandbox.scim_url(), auth)
        .dialect(scim_types::patch::Dialect::Okta)
        .build()
        .unwrap();
    let bringing = Bringing::into(ScimUsers::new(okta));
    let manager = |n: usize| person(n).set(DEPARTMENT, "Sales").refer(MANAGER, name((n + 1) % 4));
    let mut wanted: Vec<Record> = (0..4).map(manager).collect();
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, report.updated), (4, 0), "{report:?}");
    let enterprise = |n| {
        let user = sandbox.scim().user_by_name(&name(n)).unwrap();
        (user["name"].clone(), user[scim_types::urn::ENTERPRISE_USER]["department"].clone())
    };
    assert!((0..4).all(|n| enterprise(n).1 == "Sales"));
    wanted[1] = manager(1).set("name.givenName", "Ada");
    wanted[2] = manager(2).set("name.givenName", "Bea");
    assert_eq!(bringing.run(&wanted, Basis::Delivered).await.updated, 2);
    for (n, given) in [(1, "Ada"), (2, "Bea")] {
        let (shown, department) = enterprise(n);
        assert_eq!((&shown["givenName"], &shown["familyName"]), (&json!(given), &json!("Family")));
        assert_eq!(department, "Sales");
    }
    bringing.assert_done(&wanted, &BOTH).await;
}

/// Managers in a ring, so that whoever comes first has one who is not there yet.
fn peakon_people(count: usize) -> Vec<Record> {
    let with_manager = |n: usize| {
        person(n)
            .set(format!("{PEAKON_USER}:Business Unit"), ["North", "South"][n % 2])
            .set(format!("{PEAKON_USER}:Level"), n as i64)
            .refer(MANAGER, name((n + 1) % count))
    };
    (0..count).map(with_manager).collect()
}

#[tokio::test]
async fn peakon_has_keys_with_blanks_and_managers_by_mail() {
    let sandbox = with_scim(ScimOptions::peakon()).await;
    let target = ScimUsers::new(scim(&sandbox)).refer_by_key();
    let (bringing, mut wanted) = (Bringing::into(target), peakon_people(6));
    let report = bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!((report.created, report.failed), (6, 0), "{report:?}");
    bringing.assert_done(&wanted, &BOTH).await;
    let user = sandbox.scim().user_by_name(&name(5)).unwrap();
    assert_eq!(user[PEAKON_USER], json!({"Business Unit": "South", "Level": 5}));
    assert_eq!(user[scim_types::urn::ENTERPRISE_USER]["manager"]["value"], json!(name(0)));
    wanted[5] = wanted[5].clone().set(format!("{PEAKON_USER}:Business Unit"), json!(null));
    bringing.run(&wanted, Basis::Target).await;
    let user = sandbox.scim().user_by_name(&name(5)).unwrap();
    assert_eq!(user[PEAKON_USER], json!({"Level": 5}));
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn managers_by_id_are_written_in_a_second_pass() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = bringing(&sandbox);
    let wanted: Vec<Record> = (0..5).map(|n| person(n).refer(MANAGER, name((n + 1) % 5))).collect();
    bringing.run(&wanted, Basis::Target).await;
    let id = |n| sandbox.scim().user_by_name(&name(n)).unwrap()["id"].clone();
    let manager = &sandbox.scim().user_by_name(&name(2)).unwrap();
    assert_eq!(manager[scim_types::urn::ENTERPRISE_USER]["manager"]["value"], id(3));
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn the_law_holds_when_calls_fail() {
    let mut failed = 0;
    for (seed, (server, options)) in servers().into_iter().enumerate() {
        let sandbox = with_scim(options).await;
        some_faults(&sandbox, seed as u64);
        let target = ScimUsers::new(scim(&sandbox));
        let peakon = server == "peakon";
        let target = if peakon { target.refer_by_key() } else { target };
        let mut wanted = if peakon { peakon_people(40) } else { people(40) };
        let bringing = Bringing::into(target);
        for (n, basis) in
            [Basis::Delivered, Basis::Target, Basis::Delivered].into_iter().enumerate()
        {
            for one in wanted.iter_mut().skip(n).step_by(4) {
                *one = one.clone().set("name.givenName", format!("Round {n}"));
            }
            failed += bringing.until_done(&wanted, basis).await;
        }
        failed += bringing.until_done(&wanted[..30], Basis::Delivered).await;
        failed += bringing.until_done(&wanted, Basis::Delivered).await;
        no_faults(&sandbox);
        bringing.assert_done(&wanted, &BOTH).await;
        assert_everybody_once(&sandbox, 40);
    }
    assert!(failed > 0, "no row failed, so that nothing was tried again");
}
