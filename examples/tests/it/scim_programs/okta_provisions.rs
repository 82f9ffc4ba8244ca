//! Okta provisions by itself, once it is set up from here.

use sandbox::ScimOptions;

use super::common::Rig;
use super::pendo_groups::{group, ids, members};

fn set_up(rig: &Rig, app: &str, group: &str) -> crate::support::Program {
    let program = rig.program("--okta-provisions --app").arg(app);
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
    // By name too, though the push made a group of the app of that name in Okta.
    set_up(&rig, &app, "Pushed by Okta").run().exits(0).says("Pushed by Okta: Active");
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
        rig.program_named("peakon_employees", "--plan --define unit=string --app").arg(&app);
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
