//! What was under way when a group push was killed, and what groups lost in the hours before.

use std::time::Duration;

use sandbox::{Fault, ScimOptions};

use super::common::Rig;
use super::pendo_groups::{ids, members};

fn join(rig: &Rig, group: &str, position: u64) {
    let id = rig.id(position);
    rig.in_okta(async |okta| okta.groups().add_member(group, id).await.unwrap());
}

fn leave(rig: &Rig, group: &str, positions: impl IntoIterator<Item = u64>) {
    for position in positions {
        let id = rig.id(position);
        rig.in_okta(async |okta| okta.groups().remove_member(group, id).await.unwrap());
    }
}

#[test]
fn a_push_that_was_killed_is_not_forgotten() {
    for product in [ScimOptions::pendo(), ScimOptions::default()] {
        let rig = Rig::start("pendo_scim", 20, product);
        let id = rig.group("Ops", 0..6);
        let program = || rig.program("--push-groups Ops");
        program().run().exits(0).says("Ops: Active, 6 members");
        join(&rig, &id, 10);
        join(&rig, &id, 11);
        let hour = Duration::from_secs(3_600);
        rig.sandbox.faults().next("PATCH /Groups/{id}", Fault::Slow(hour), 1);
        let mut running = program().start();
        running.until("they are members", || members(&rig, "Ops").len() == 8);
        drop(running);
        leave(&rig, &id, [10, 11]);
        // To look at the plan, or to push none, forgets nothing either.
        rig.program("--plan --push-groups Ops").run().exits(0);
        rig.program("").run().exits(0).says("Ops is not pushed any more");
        program().run().exits(0).says("Ops: Active, 6 members");
        assert_eq!(members(&rig, "Ops"), ids(&rig, 0..6));
        let writes = rig.writes();
        program().run().exits(0).says("groups    0 created, 0 updated");
        assert_eq!(rig.writes(), writes);
    }
}

#[test]
fn a_group_does_not_shrink_run_by_run() {
    let rig = Rig::start("pendo_scim", 40, ScimOptions::default());
    let id = rig.group("Ops", 0..30);
    let program = || rig.program("--push-groups Ops");
    program().run().exits(0).says("Ops: Active, 30 members");
    leave(&rig, &id, 0..4);
    program().run().exits(0).says("Ops: Active, 26 members");
    leave(&rig, &id, 4..8);
    let stopped = program().run().exits(3);
    let why = "group Ops would go from 26 to 22 members: 4 would leave, 4 have in the last 24 hours already, at most \
               6 may; --max-removals allows more";
    assert!(stopped.complaint().contains(why), "{stopped}");
    assert_eq!(members(&rig, "Ops").len(), 26);
    program().args("--max-removals 30%").run().exits(0).says("Ops: Active, 22 members");
}
