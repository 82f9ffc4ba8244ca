//! Okta provisions by itself, once it is set up from here.

use sandbox::ScimOptions;

use super::common::Rig;
use super::pendo_groups::{group, ids, members};

fn set_up(rig: &Rig, app: &str, group: &str) -> crate::support::Program {
    let program = rig.unstored("--okta-provisions --app").arg(app);
    program.arg("--push-groups").arg(group)
}

#[test]
fn people_and_groups_arrive_and_go_on_arriving() {
    let rig = Rig::start("pendo_scim", 30, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Pushed by Okta", 0..6);
    set_up(&rig, &app, &id)
        .run()
        .exits(0)
        .says("Pushed by Okta: Pushing")
        .says("Pushed by Okta: Active");
    let okta = rig.sandbox.okta();
    rig.block_on(okta.provisioned());
    assert_eq!(rig.sandbox.scim().user_count(), 6);
    assert_eq!(members(&rig, "Pushed by Okta"), ids(&rig, 0..6));
    // Everything else is Okta's doing now.
    let (left, joined, changed) = (rig.id(2), rig.id(9), rig.id(4));
    rig.in_okta(async |okta| {
        okta.users().update(&changed).set("firstName", "Changed").await.unwrap();
        okta.groups().remove_member(&id, &left).await.unwrap();
        okta.groups().add_member(&id, &joined).await.unwrap();
    });
    rig.block_on(okta.provisioned());
    assert_eq!(members(&rig, "Pushed by Okta"), ids(&rig, [0, 1, 3, 4, 5, 9]));
    assert_eq!(rig.user(&rig.email(2))["active"], false);
    assert_eq!(rig.user(&rig.email(9))["active"], true);
    assert_eq!(rig.user(&rig.email(4))["name"]["givenName"], "Changed");
    // Setting it up again finds everything there.
    set_up(&rig, &app, &id).run().exits(0).says("Pushed by Okta: Active");
    assert_eq!(rig.sandbox.scim().groups().len(), 1);
    // By name too, though the push made a group of the app of that name in Okta; and once.
    let both = format!("Pushed by Okta,{id}");
    let finished = set_up(&rig, &app, &both).run().exits(0).says("Pushed by Okta: Active");
    assert_eq!(finished.out.matches("Pushed by Okta: Pushing").count(), 1, "{finished}");
}

#[test]
fn a_plan_of_the_set_up_sets_nothing() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    let events = rig.sandbox.okta().event_count();
    for option in ["--plan", "--check"] {
        set_up(&rig, &app, &id).args(option).run().exits(0).says("would").says("nothing was sent");
    }
    let define =
        rig.unstored("--plan --define unit=string --app").named("peakon_employees").arg(&app);
    define.run().exits(0).says("unit would be defined").says("nothing was sent");
    assert_eq!(rig.sandbox.okta().event_count(), events);
    let connected = rig.in_okta(async |okta| okta.apps().connection(&app).get().await.unwrap());
    assert!(!connected.is_enabled());
    assert_eq!(rig.writes(), 0);
}

#[test]
fn switches_that_are_off_are_kept_by_okta() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    set_up(&rig, &app, &id).args("--no-deactivate").run().exits(0);
    rig.block_on(rig.sandbox.okta().provisioned());
    rig.deactivate(1);
    rig.block_on(rig.sandbox.okta().provisioned());
    assert_eq!(rig.user(&rig.email(1))["active"], true);
}

#[test]
fn a_push_that_fails_is_said_with_the_reason() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    rig.sandbox.faults().next("POST /Groups", sandbox::Fault::Status(400), 100);
    set_up(&rig, &app, &id)
        .run()
        .exits(1)
        .says("Staff: Pushing")
        .says("Staff: Error: ")
        .says("Push now");
    assert!(group(&rig, "Staff").is_null());
}

#[test]
fn a_push_that_does_not_come_is_given_up_with_advice() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    let slow = sandbox::Fault::Slow(std::time::Duration::from_secs(600));
    rig.sandbox.faults().next("POST /Groups", slow, 100);
    let finished = set_up(&rig, &app, &id).args("--wait 1s").run().exits(1);
    let line = finished.complaint();
    assert!(line.contains("not pushed after 1 s") && line.contains("--wait"), "{line}");
}

fn is_connected(rig: &Rig, app: &str) -> bool {
    rig.in_okta(async |okta| okta.apps().connection(app).get().await.unwrap()).is_enabled()
}

#[test]
fn the_first_group_must_contain_an_administrator_here_too() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    let (inside, outside) = (rig.email(1).to_uppercase(), rig.email(7));
    for args in ["", "--plan"] {
        let refused = set_up(&rig, &app, &id).args(args).arg("--admins").arg(&outside).run();
        let refused = refused.exits(3);
        assert!(refused.complaint().contains("3 members of Staff"), "{refused}");
    }
    set_up(&rig, &app, "Nobody").args("--plan").run().refused(&["no group `Nobody`"]);
    set_up(&rig, &app, "Nobody").run().refused(&["no group `Nobody`"]);
    let alone = rig.unstored("--okta-provisions --app").arg(&app).arg("--admins").arg(&inside);
    alone.run().refused(&["--admins", "--push-groups"]);
    assert!(!is_connected(&rig, &app));
    assert_eq!(rig.writes(), 0);
    set_up(&rig, &app, &id).arg("--admins").arg(&inside).run().exits(0).says("Staff: Active");
    // Later groups need none.
    let other = rig.group("Others", 7..8);
    let later = set_up(&rig, &app, &other).arg("--admins").arg(&inside).run();
    later.exits(0).says("Others: Active");
}

#[test]
fn what_rules_a_run_from_here_is_refused() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    for option in [
        "--limit 1",
        "--max-changes 1",
        "--max-removals 1",
        "--every 2s",
        "--follow",
        "--undo /nonexistent --plan",
        "--apply-plan /nonexistent",
        "--export-plan x",
        "--mapping /nonexistent",
        "--inactive-statuses none",
        "--delete",
        "--unlink empty",
        "--store x",
        "--concurrency 2",
        "--poll 1s",
    ] {
        let name = option.split_once(' ').map_or(option, |(name, _)| name);
        let refused = set_up(&rig, &app, &id).args(option).run();
        refused.refused(&["--okta-provisions", "cannot be used with", name]);
    }
    for option in
        ["--every 2s", "--limit 1", "--report x", "--push-groups x", "--no-create", "--store x"]
    {
        let define = rig.unstored("--define unit=string --app").named("peakon_employees").arg(&app);
        define.args(option).run().refused(&["--define", "cannot be used with"]);
    }
    assert!(!is_connected(&rig, &app));
}

#[test]
fn the_backup_comes_first_and_the_report_says_what_was_set_up() {
    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    let there = serde_json::json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "before@x.example"});
    rig.sandbox.scim().insert_user(there).unwrap();
    let (backup, report) = (rig.file("users.csv"), rig.file("report.json"));
    let run = |args: &str| {
        let program = set_up(&rig, &app, &id).args(args);
        program.arg("--report").arg(report.to_str().unwrap()).run()
    };
    set_up(&rig, &app, &id).args("--plan --backup").arg(backup.to_str().unwrap()).run().exits(0);
    assert!(!backup.exists());
    rig.sandbox.faults().next("POST /Groups", sandbox::Fault::Status(400), 100);
    run(&format!("--backup {}", backup.display())).exits(1).says("1 users and 0 groups");
    super::pendo::assert_private(&backup);
    assert!(std::fs::read_to_string(&backup).unwrap().contains("before@x.example"));
    let failed = crate::support::report_at(&report);
    assert_eq!(
        (&failed["complete"], &failed["not_delivered"][0]["key"]),
        (&false.into(), &"Staff".into())
    );
    let failed = run(&format!("--backup {}", backup.display())).exits(2);
    assert!(failed.complaint().contains("is there already"), "{failed}");
    assert!(crate::support::report_at(&report)["error"].as_str().unwrap().contains("already"));

    let rig = Rig::start("pendo_scim", 10, ScimOptions::default());
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let id = rig.group("Staff", 0..3);
    set_up(&rig, &app, &id)
        .args("--no-deactivate --report")
        .arg(report.to_str().unwrap())
        .run()
        .exits(0);
    let done = crate::support::report_at(&report);
    assert_eq!((&done["complete"], &done["not_delivered"]), (&true.into(), &serde_json::json!([])));
    let set_up = &done["okta_provisions"];
    assert_eq!(set_up["pushed"], serde_json::json!(["Staff"]));
    assert_eq!(
        (&set_up["features"]["create"], &set_up["features"]["deactivate"]),
        (&true.into(), &false.into())
    );
}
