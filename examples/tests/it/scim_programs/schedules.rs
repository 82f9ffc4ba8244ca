//! What ends a schedule, and what does not.

use sandbox::{Fault, Faults, ScimOptions};

use super::common::Rig;
use super::pendo_groups::{ids, members};

#[test]
fn failures_that_may_pass_do_not_end_a_schedule() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    let group = rig.group("Staff", 0..4);
    let refuse = |route: &str, status| {
        rig.sandbox.faults().set(Faults::rate(1.0).kinds([Fault::Status(status)]).on([route]));
    };
    // Before the first run.
    refuse("GET /api/v1/groups", 501);
    let program = rig.program("--every 1s --push-groups Staff");
    let mut running = program.start();
    running.warns("not begun yet");
    rig.sandbox.faults().set(Faults::none());
    running.says("group     Staff: Active, 4 members");
    let mut left = vec![0, 1, 2, 3];
    for (route, status) in [
        ("GET /api/v1/groups/{id}", 501),
        ("GET /api/v1/groups/{id}", 403),
        ("GET /api/v1/users", 501),
        ("GET /api/v1/users", 401),
        ("GET /Groups", 501),
    ] {
        let gone = left.pop().unwrap_or(0);
        refuse(route, status);
        let id = rig.id(gone);
        rig.in_okta(async |okta| drop(okta.groups().remove_member(&group, id).await));
        running.warns("the next one tries again");
        rig.sandbox.faults().set(Faults::none());
        let wanted = || members(&rig, "Staff") == ids(&rig, left.iter().copied());
        running.until("the group is as in Okta", wanted);
    }
}

#[test]
fn wrong_settings_end_a_schedule_at_once() {
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    rig.program("--every 1s --push-groups Nobody").run().refused(&["no group `Nobody`"]);
    rig.program("--every 1s --group Nobody").run().refused(&["no group `Nobody`"]);
    rig.program("--every 1s").env("OKTA_CLIENT_TOKEN", "wrong").run().exits(2);
    rig.program("--every 1s").env("SCIM_TOKEN", "wrong-scim-token").run().exits(2);
    rig.sandbox.faults().next("GET /api/v1/users", Fault::Status(403), 100);
    rig.program("--every 1s").run().exits(2);
    assert_eq!(rig.writes(), 0);
}
