//! `--admins`: the first group comes with an administrator who is in the product.

use sandbox::{Fault, ScimOptions};

use super::common::Rig;
use super::pendo_groups::{group, ids, members};
use crate::support::report_at;

const REASON: &str = "no administrator of --admins is a member of Admins who is in the product yet";

fn rig() -> Rig {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::pendo());
    rig.group("Admins", 6..10);
    rig.group("Staff", 0..4);
    rig
}

const ARGS: &str = "--push-groups Admins,Staff --admins";

fn no_groups(rig: &Rig) {
    assert!(rig.sandbox.scim().groups().is_empty());
    let requests = rig.sandbox.scim().requests();
    let writes = requests.iter().filter(|one| one.method != "GET");
    let of_groups: Vec<_> = writes.filter(|one| one.path.starts_with("/Groups")).collect();
    assert!(of_groups.is_empty(), "{of_groups:?}");
}

#[test]
fn a_canary_without_an_administrator_brings_no_group() {
    let rig = rig();
    let file = rig.file("report.json");
    let run = |args: &str| {
        let program = rig.program(args).args(ARGS).arg(&rig.email(8));
        program.arg("--report").arg(file.to_str().unwrap()).run()
    };
    let canary = run("--limit 5").exits(1).says("people    5 created");
    canary.says(&format!("Admins: Error: not pushed: {REASON}")).says("Staff: Error: not pushed");
    no_groups(&rig);
    let report = report_at(&file);
    assert_eq!(report["complete"], false, "{report}");
    assert_eq!(
        (&report["groups"]["failed"], &report["groups"]["unconfirmed"]),
        (&2.into(), &serde_json::json!([]))
    );
    let undelivered = report["not_delivered"].as_array().unwrap();
    let held: Vec<_> = undelivered
        .iter()
        .filter(|one| one["kind"] == "create" && one["what"] == "groups")
        .collect();
    assert_eq!(held.len(), 2, "{report}");
    for (one, name) in held.iter().zip(["Admins", "Staff"]) {
        let reason = one["reason"].as_str().unwrap();
        assert!(reason.starts_with(name) && reason.contains(REASON), "{report}");
        assert!(
            one["key"].as_str().unwrap().starts_with("00g") && one["left_out"] == false,
            "{report}"
        );
    }
    // Another one, in which the administrator is.
    run("--limit 4").exits(0).says("Admins: Active, 3 members").says("Staff: Active, 4 members");
    run("").exits(0).says("Admins: Active, 4 members");
    assert_eq!(members(&rig, "Admins"), ids(&rig, 6..10));
}

#[test]
fn with_nobody_to_be_created_an_administrator_has_to_be_there() {
    let rig = rig();
    let run = |args: &str| rig.program(args).args(ARGS).arg(&rig.email(8)).run();
    run("--no-create").exits(1).says(REASON);
    no_groups(&rig);
    let ada = serde_json::json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": rig.email(8), "active": true});
    rig.sandbox.scim().insert_user(ada).unwrap();
    run("--no-create").exits(0).says("Admins: Active, 1 members");
    assert_eq!(members(&rig, "Admins"), ids(&rig, [8]));
}

#[test]
fn while_following_no_group_comes_before_an_administrator_is_there() {
    let rig = rig();
    // Everybody fails once, and is tried again.
    rig.sandbox.faults().next("POST /Users", Fault::Status(400), 12);
    let program = rig.program("--follow --poll 1s").args(ARGS).arg(&rig.email(8));
    let mut running = program.start();
    running.says("followed  everybody: 0 created");
    running.says(&format!("group     Admins: Error: not pushed: {REASON}"));
    running.says("group     Admins: Active, 4 members");
    running.until("both are there", || !group(&rig, "Staff").is_null());
    let requests = rig.sandbox.scim().requests();
    let place = |path: &str| {
        let made =
            |one: &_| matches!(one, (method, found, 201) if *method == "POST" && *found == path);
        let all = requests.iter().map(|one| (&one.method, &one.path, one.status));
        all.into_iter().position(|one| made(&one)).unwrap()
    };
    assert!(place("/Users") < place("/Groups"), "{requests:?}");
    assert_eq!(members(&rig, "Admins"), ids(&rig, 6..10));
}

#[test]
fn the_group_with_an_administrator_comes_before_the_others_or_none_does() {
    let rig = rig();
    let run = || rig.program(ARGS).arg(&rig.email(8)).run();
    rig.sandbox.faults().next("POST /Groups", Fault::Status(400), 1);
    let failed = run().exits(1).says("Admins: Error: ");
    failed.says("Staff: Error: not pushed: Admins, which has to come first, did not");
    assert!(rig.sandbox.scim().groups().is_empty());
    // The first one is answered late: the other one does not overtake it.
    let late = Fault::Slow(std::time::Duration::from_secs(1));
    rig.sandbox.faults().next("POST /Groups", late, 1);
    let finished = run().exits(0).says("groups    2 created, 0 updated");
    finished.says("Admins: Active, 4 members").says("Staff: Active, 4 members");
    let requests = rig.sandbox.scim().requests();
    let mut writes = requests.iter().filter(|one| one.method != "GET");
    let admins = format!("/Groups/{}", group(&rig, "Admins")["id"].as_str().unwrap());
    assert!(writes.any(|one| one.path == admins), "{requests:?}");
    assert_eq!(writes.filter(|one| one.path == "/Groups").count(), 1, "{requests:?}");
}
