//! Profiles of Pingboard, table 4.

use sandbox::ScimOptions;
use serde_json::json;

use super::common::{Rig, edit};
use super::pendo::assert_private;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn rig() -> Rig {
    Rig::start("pingboard_profiles", 40, ScimOptions::pingboard())
}

#[test]
fn assignment_decides_who_gets_a_profile() {
    let rig = rig();
    let id = rig.group("Staff", 0..10);
    rig.program("").run().refused(&["--app", "--group"]);
    let run = || rig.program("--group Staff").run();
    run().exits(0).says("10 created");
    assert_eq!(rig.sandbox.scim().user_count(), 10);
    let (email, user) = (rig.email(4), rig.id(4));
    let before = rig.user(&email)["id"].clone();
    rig.in_okta(async |okta| okta.groups().remove_member(&id, &user).await.unwrap());
    run().exits(0).says("1 removed");
    assert!(rig.user(&email).is_null(), "Pingboard drops the profile");
    rig.in_okta(async |okta| okta.groups().add_member(&id, &user).await.unwrap());
    // The old record is asked for, is not there, and the profile is made anew.
    run().exits(0).says("1 restored");
    let after = rig.user(&email)["id"].clone();
    assert!(after.is_string() && after != before, "{before} {after}");
    run().exits(0).says("10 unchanged");
}

#[test]
fn an_app_decides_directly_and_through_groups() {
    let rig = rig();
    let group = rig.group("Staff", 0..5);
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let (direct, mapping) = (rig.id(20), include_str!("../../../mappings/pingboard.toml"));
    rig.in_okta(async |okta| {
        okta.apps().groups(&app).assign(&group).await.unwrap();
        okta.apps().users(&app).assign(&direct).await.unwrap();
    });
    let mapping = rig.written("mapping.toml", mapping);
    let run = || rig.program("--app").arg(&app).arg("--mapping").arg(&mapping).run();
    run().exits(0).says("6 created");
    assert_eq!(rig.user(&rig.email(20))["active"], true);
    rig.in_okta(async |okta| okta.apps().users(&app).unassign(&direct).await.unwrap());
    run().exits(0).says("1 removed");
    assert!(rig.user(&rig.email(20)).is_null());
    assert_eq!(rig.sandbox.scim().user_count(), 5);
}

#[test]
fn each_field_is_written_as_the_mapping_says() {
    let rig = rig();
    rig.group("Staff", 0..10);
    let run = |args: &str| rig.program("--group Staff").args(args).run();
    run("").exits(0).says("10 created");
    let email = rig.email(2);
    let title = rig.user(&email)["title"].clone();
    assert!(rig.user(&email)["displayName"].is_string());
    edit(&rig, &email, |user| {
        user["title"] = json!("Edited title");
        user["displayName"] = json!("Edited name");
        user[ENTERPRISE] = json!({"department": "Edited department"});
    });
    let writes = rig.writes();
    run("--plan")
        .exits(0)
        .says("1 to update")
        .says(&format!("\"Edited title\" -> \"{}\"", title.as_str().unwrap()))
        .never_says("Edited name")
        .never_says("Edited department");
    assert_eq!(rig.writes(), writes);
    run("").exits(0).says("1 updated");
    let user = rig.user(&email);
    assert_eq!(user["title"], title);
    assert_eq!(user["displayName"], "Edited name");
    assert_eq!(user[ENTERPRISE]["department"], "Edited department");
    rig.set(2, "title", "Countess");
    run("").exits(0).says("1 updated");
    assert_eq!(rig.user(&email)["title"], "Countess");
    assert_eq!(rig.user(&email)["displayName"], "Edited name");
    run("").exits(0).says("10 unchanged");
}

#[test]
fn who_got_a_profile_is_listed_to_be_invited() {
    let rig = rig();
    let id = rig.group("Staff", 0..3);
    let file = rig.file("invite.csv");
    let run = || rig.program("--group Staff --invite").arg(file.to_str().unwrap()).run();
    run().exits(0).says("invite    3 people");
    assert_private(&file);
    let new = rig.id(7);
    rig.in_okta(async |okta| okta.groups().add_member(&id, new).await.unwrap());
    rig.set(1, "title", "Countess");
    run().exits(0).says("invite    1 people");
    let mut lines: Vec<String> =
        std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4);
    lines.sort();
    let line = |position| {
        let user = rig.user(&rig.email(position));
        format!("{},{}", rig.email(position), user["id"].as_str().unwrap())
    };
    let mut expected: Vec<String> = [0, 1, 2, 7].map(line).into();
    expected.sort();
    assert_eq!(lines, expected);
}

/// Everybody in the product has one line, and nobody else has any, but for what was there before.
fn assert_all_listed(rig: &Rig, file: &std::path::Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort();
    let users = rig.sandbox.scim().users();
    let line = |user: &serde_json::Value| {
        format!("{},{}", user["userName"].as_str().unwrap(), user["id"].as_str().unwrap())
    };
    let mut expected: Vec<String> = users.iter().map(line).collect();
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn an_invitation_survives_a_run_that_is_killed() {
    let rig = rig();
    rig.group("Staff", 0..20);
    let file = rig.file("invite.csv");
    let program = rig.program("--group Staff --invite").arg(file.to_str().unwrap());
    for round in 1..=3 {
        // The profile is made, and the answer never comes.
        let held = sandbox::Fault::Slow(std::time::Duration::from_secs(600));
        rig.sandbox.faults().next("POST /Users", held, 4);
        let mut process = crate::support::Killed(program.spawn());
        while rig.sandbox.scim().user_count() < round * 4 {
            assert!(process.0.try_wait().unwrap().is_none(), "it ended");
            std::thread::yield_now();
        }
    }
    program.run().exits(0).says("invite    12 people");
    assert_all_listed(&rig, &file);
    program.run().exits(0).says("invite    0 people");
    assert_all_listed(&rig, &file);
}

#[test]
fn who_comes_back_with_a_new_profile_is_listed_again() {
    let rig = rig();
    let id = rig.group("Staff", 0..3);
    let file = rig.file("invite.csv");
    let run = || rig.program("--group Staff --invite").arg(file.to_str().unwrap()).run();
    run().exits(0).says("invite    3 people");
    assert_all_listed(&rig, &file);
    let user = rig.id(1);
    rig.in_okta(async |okta| okta.groups().remove_member(&id, &user).await.unwrap());
    run().exits(0).says("invite    0 people");
    rig.in_okta(async |okta| okta.groups().add_member(&id, &user).await.unwrap());
    run().exits(0).says("1 restored").says("invite    1 people");
    let line = format!("{},{}", rig.email(1), rig.user(&rig.email(1))["id"].as_str().unwrap());
    assert!(std::fs::read_to_string(&file).unwrap().ends_with(&format!("{line}\r\n")));
}
