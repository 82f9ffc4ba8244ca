//! The way back to a backup, and the way on from there.

use sandbox::ScimOptions;

use super::common::Rig;
use super::pendo_groups::{ids, members};

#[test]
fn the_next_run_brings_everybody_to_what_okta_says() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    let group = rig.group("Staff", 0..4);
    let run = |args: &str| rig.program(args).run();
    let push = |args: &str| rig.program(args).arg("--push-groups").arg(&group).run();
    push("").exits(0).says("12 created");
    rig.deactivate(5);
    push("").exits(0).says("1 removed");
    let file = rig.file("users.csv");
    let file = file.to_str().unwrap();
    push(&format!("--backup {file}")).exits(0);
    rig.activate(5);
    rig.deactivate(7);
    rig.set(2, "firstName", "Changed");
    let (joined, left) = (rig.id(9), rig.id(0));
    rig.in_okta(async |okta| {
        okta.groups().add_member(&group, &joined).await.unwrap();
        okta.groups().remove_member(&group, &left).await.unwrap();
    });
    push("").exits(0).says("1 updated").says("1 restored").says("1 removed");

    let plan = run(&format!("--plan --undo {file}")).exits(0).says(&format!("12 people in {file}"));
    assert!(!plan.out.contains("in Okta\n") && !plan.out.contains("  relink"), "{plan}");
    run(&format!("--undo {file}")).exits(0);
    assert_eq!(rig.user(&rig.email(5))["active"], false);
    assert_eq!(rig.user(&rig.email(7))["active"], true);
    assert_ne!(rig.user(&rig.email(2))["name"]["givenName"], "Changed");
    assert_eq!(members(&rig, "Staff"), ids(&rig, 0..4));

    push("").exits(0);
    assert_eq!(rig.user(&rig.email(5))["active"], true);
    assert_eq!(rig.user(&rig.email(7))["active"], false);
    assert_eq!(rig.user(&rig.email(2))["name"]["givenName"], "Changed");
    assert_eq!(members(&rig, "Staff"), ids(&rig, [1, 2, 3, 9]));
    let writes = rig.writes();
    push("").exits(0).says("11 unchanged").says("0 restored");
    assert_eq!(rig.writes(), writes);
}

#[test]
fn an_empty_backup_is_a_way_back_when_that_is_meant() {
    let rig = Rig::start("pendo_scim", 8, ScimOptions::pendo());
    let file = rig.file("users.csv");
    let file = file.to_str().unwrap();
    rig.program("--backup").arg(file).run().exits(0).says("0 users").says("8 created");
    let writes = rig.writes();
    for args in ["", "--max-removals 50%"] {
        let finished = rig.program(args).arg("--undo").arg(file).run().exits(3);
        let line = finished.complaint();
        assert!(line.contains("is empty") && line.contains("--max-removals 100%"), "{line}");
    }
    assert_eq!(rig.writes(), writes);
    rig.program("--max-removals 100% --undo").arg(file).run().exits(0).says("8 removed");
    assert!(rig.sandbox.scim().users().iter().all(|user| user["active"] == false));
    rig.program("").run().exits(0).says("8 restored");
    assert!(rig.sandbox.scim().users().iter().all(|user| user["active"] == true));
    // For a run from Okta nobody is still not meant.
    let search = "profile.department eq \"?\"";
    let finished = rig.program("--max-removals 100% --search").arg(search).run().exits(3);
    let line = finished.complaint();
    assert!(line.contains("--search, --group or --app say who is in scope"), "{line}");
    assert!(!line.contains("takes that for meant") && !line.contains("allow an empty"), "{line}");
}
