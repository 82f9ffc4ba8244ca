//! `--follow` with groups, invitations and reports.

use sandbox::ScimOptions;

use super::common::Rig;
use super::pendo::assert_private;
use super::pendo_groups::{group, ids, members};
use crate::support::report_at;

const FOLLOW: &str = "--follow --poll 1s";

#[test]
fn members_who_come_and_go_are_followed_into_a_pushed_group() {
    let rig = Rig::start("pendo_scim", 30, ScimOptions::default());
    let outside = rig.group("Outside", 20..25);
    let id = rig.group("Staff", 0..8);
    let other = rig.group("Others", 8..10);
    let program = rig.program(FOLLOW).arg("--push-groups").arg(&format!("{id},{other}"));
    // Whoever is in a pushed group is provisioned, too.
    let mut running = program.arg("--group").arg(&outside).start();
    running.says("followed  everybody: 15 created");
    let first = || members(&rig, "Staff") == ids(&rig, 0..8);
    running.until("the members are there", || !group(&rig, "Staff").is_null() && first());
    running.until("both are there", || !group(&rig, "Others").is_null());
    let (left, joined, both) = (rig.id(3), rig.id(28), rig.id(8));
    rig.in_okta(async |okta| {
        okta.groups().remove_member(&id, &left).await.unwrap();
        okta.groups().add_member(&id, &joined).await.unwrap();
        okta.groups().add_member(&id, &both).await.unwrap();
    });
    let wanted = || ids(&rig, [0, 1, 2, 4, 5, 6, 7, 8, 28]);
    let is_there = |position| !rig.user(&rig.email(position)).is_null();
    running.until("members are as in Okta", || is_there(28) && members(&rig, "Staff") == wanted());
    assert_eq!(members(&rig, "Others"), ids(&rig, 8..10));
    // Who was in scope by the group only is not any more.
    running.until("who left is out of use", || rig.user(&rig.email(3))["active"] == false);
    // Who is deactivated leaves the group without an event of it, and comes back into it.
    let before = rig.user(&rig.email(5))["id"].clone();
    rig.deactivate(5);
    let wanted = || ids(&rig, [0, 1, 2, 4, 6, 7, 8, 28]);
    running.until("who is deactivated is no member", || members(&rig, "Staff") == wanted());
    rig.activate(5);
    let wanted = || ids(&rig, [0, 1, 2, 4, 5, 6, 7, 8, 28]);
    let is_back = || rig.user(&rig.email(5))["active"] == true;
    running.until("who is back is a member", || is_back() && members(&rig, "Staff") == wanted());
    assert_eq!(rig.user(&rig.email(5))["id"], before);
    rig.in_okta(async |okta| {
        let profile = okta_client::GroupProfile::new().with("name", "Crew");
        okta.groups().replace(&id, &profile).await.unwrap();
    });
    running.until("the name is the new one", || !group(&rig, "Crew").is_null());
    assert_eq!(rig.sandbox.scim().groups().len(), 2);
    drop(running);
    // What happened while nobody followed is made up for.
    rig.in_okta(async |okta| okta.groups().remove_member(&other, &both).await.unwrap());
    let program = rig.program(FOLLOW).arg("--push-groups").arg(&format!("{id},{other}"));
    let mut running = program.arg("--group").arg(&outside).start();
    running.until("members are as in Okta", || members(&rig, "Others") == ids(&rig, [9]));
}

#[test]
fn the_first_group_is_looked_at_before_anything_is_followed() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::pendo());
    rig.group("Staff", 0..3);
    let program = rig.program(FOLLOW).args("--push-groups Staff --admins").arg(&rig.email(7));
    let finished = program.run().exits(3);
    assert!(finished.complaint().contains("1 administrator of"), "{finished}");
    assert_eq!(rig.writes(), 0);
}

#[test]
fn who_gets_a_profile_is_listed_while_it_follows() {
    let rig = Rig::start("pingboard_profiles", 20, ScimOptions::pingboard());
    let id = rig.group("Staff", 0..3);
    let file = rig.file("invite.csv");
    let program = rig.program(FOLLOW).args("--group Staff --invite").arg(file.to_str().unwrap());
    let mut running = program.start();
    running.says("followed  everybody: 3 created");
    let new = rig.id(7);
    rig.in_okta(async |okta| okta.groups().add_member(&id, &new).await.unwrap());
    rig.set(1, "title", "Countess");
    running.until("the new one is there", || !rig.user(&rig.email(7)).is_null());
    running.until("the change is there", || rig.user(&rig.email(1))["title"] == "Countess");
    let lines = || std::fs::read_to_string(&file).unwrap();
    running.until("the line is there", || lines().lines().count() == 4);
    assert!(lines().contains(&rig.email(7)), "{}", lines());
    assert_private(&file);
    #[cfg(unix)]
    {
        running.signal("TERM");
        running.end().exits(0).says("invite    4 people");
    }
}

#[cfg(unix)]
#[test]
fn a_report_is_written_after_each_full_run_and_at_the_end() {
    let rig = Rig::start("pendo_scim", 20, ScimOptions::pendo());
    let id = rig.group("Staff", 0..3);
    let file = rig.file("report.json");
    rig.sandbox.faults().next("POST /Users", sandbox::Fault::Status(400), 1);
    let program = rig.program(FOLLOW).arg("--push-groups").arg(&id).arg("--report");
    let mut running = program.arg(file.to_str().unwrap()).start();
    running.says("followed  everybody: 19 created");
    running.until("the report is there", || report_at(&file)["people"]["created"] == 19);
    assert_private(&file);
    let report = report_at(&file);
    assert_eq!(report["complete"], false, "{report}");
    let undelivered = report["not_delivered"].as_array().unwrap();
    assert!(
        undelivered.iter().any(|one| one["what"] == "people" && one["left_out"] == false),
        "{report}"
    );
    rig.set(4, "firstName", "Changed");
    // Who failed comes with the next change.
    running.until("all are there", || rig.sandbox.scim().user_count() == 20);
    running
        .until("the change is there", || rig.user(&rig.email(4))["name"]["givenName"] == "Changed");
    running.signal("INT");
    // One failed since the last full run, and that is what the report and the exit code say.
    running.end().exits(1).says("report    written");
    let report = report_at(&file);
    assert_eq!(report["people"]["created"], 20, "{report}");
    assert!(report["people"]["events"].as_u64().unwrap() >= 1, "{report}");
}

#[test]
fn what_does_not_go_with_following_is_refused_with_the_reason() {
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    rig.program("--follow --limit 3").run().refused(&["--limit", "--follow", "canary"]);
    rig.program("--follow --apply-plan x").run().refused(&["--apply-plan", "--follow", "once"]);
    for args in ["--follow --plan", "--follow --export-plan x", "--follow --undo x"] {
        rig.program(args).run().refused(&["--follow", "cannot be used with"]);
    }
    assert_eq!(rig.writes(), 0);
}

/// Okta tells nobody what stands in its log.
fn refuse_log(sandbox: &sandbox::Sandbox) {
    sandbox.faults().next("GET /api/v1/logs", sandbox::Fault::Status(403), usize::MAX);
}

#[test]
fn without_the_right_to_read_the_log_nobody_is_sent() {
    for (name, product) in [
        ("pendo_scim", ScimOptions::pendo()),
        ("pingboard_profiles", ScimOptions::pingboard()),
        ("peakon_employees", ScimOptions::peakon()),
    ] {
        let rig = Rig::start(name, 5, product);
        rig.group("Staff", 0..3);
        let program = |args: &str| rig.program(args).args("--follow --group Staff");
        program("--check").run().exits(0).says("users");
        refuse_log(&rig.sandbox);
        for args in ["--check", ""] {
            program(args).run().refused(&["--follow", "System Log", "403", "okta.logs.read"]);
        }
        assert_eq!(rig.writes(), 0);
    }
}

#[test]
fn a_log_that_is_refused_later_ends_it_and_the_report_says_so() {
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    rig.group("Staff", 0..3);
    let file = rig.file("report.json");
    let program = rig.program(FOLLOW).args("--group Staff --report").arg(file.to_str().unwrap());
    let mut running = program.start();
    running.says("followed  everybody: 3 created");
    running.until("the report is there", || report_at(&file)["complete"] == true);
    refuse_log(&rig.sandbox);
    let ended = running.end().refused(&["System Log", "403"]);
    let report = report_at(&file);
    assert_eq!(report["complete"], false, "{ended}");
    assert!(report["error"].as_str().unwrap().contains("403"), "{report}");
    assert_eq!(report["people"]["created"], 3, "what was done stays in it: {report}");
}

#[test]
fn a_report_is_not_complete_before_everybody_was_read() {
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    let file = rig.file("report.json");
    let program = || rig.program(FOLLOW).arg("--report").arg(file.to_str().unwrap());
    let slow = sandbox::Fault::Slow(std::time::Duration::from_secs(600));
    rig.sandbox.faults().next("GET /api/v1/users", slow, usize::MAX);
    let mut running = program().start();
    running.until("the report is there", || file.exists());
    assert_eq!(report_at(&file)["complete"], false);
    drop(running);
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    let file = rig.file("report.json");
    let program = || rig.program(FOLLOW).arg("--report").arg(file.to_str().unwrap());
    let mut first = program().start();
    first.says("followed  everybody");
    first.until("the report is there", || report_at(&file)["complete"] == true);
    drop(first);
    // Nothing is to be read in full: all that was is delivered.
    std::fs::remove_file(&file).unwrap();
    let mut second = program().start();
    second.until("the report is there", || file.exists() && report_at(&file)["complete"] == true);
    assert_eq!(report_at(&file)["people"]["failed"], 0, "{}", report_at(&file));
}

#[test]
fn a_key_of_two_people_is_known_to_the_process_that_goes_on() {
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    let file = rig.file("report.json");
    let program = || rig.program(FOLLOW).arg("--report").arg(file.to_str().unwrap());
    let named = || {
        let (report, kind) = (report_at(&file), serde_json::json!("conflict"));
        let entries = report["not_delivered"].as_array().cloned().unwrap_or_default();
        let keys = entries.iter().filter(|one| one["kind"] == kind).map(|one| one["key"].clone());
        (report["complete"] == true, keys.collect::<Vec<_>>())
    };
    let (mut first, own) = (program().start(), rig.email(4));
    first.until("everybody came", || file.exists() && named() == (true, vec![]));
    rig.set(4, "email", rig.email(3));
    let both = || (false, vec![serde_json::json!(rig.email(3))]);
    first.until("the report says so", || named() == both());
    drop(first);
    std::fs::remove_file(&file).unwrap();
    let mut second = program().start();
    second.until("the report says so again", || file.exists() && named() == both());
    rig.set(4, "email", own.clone());
    second.until("they are told apart", || named() == (true, vec![]));
}
