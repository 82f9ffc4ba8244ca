//! `--follow` and groups: they come after their people, and with those who are there.

use std::time::Duration;

use sandbox::{Fault, ScimOptions};

use super::common::Rig;
use super::pendo_groups::{ids, members};

const FOLLOW: &str = "--follow --poll 1s --push-groups Staff";

/// The log, which tells of the groups at once, comes long before everybody is read.
fn read_people_slowly(rig: &Rig) {
    let slow = Fault::Slow(Duration::from_secs(2));
    rig.sandbox.faults().next("GET /api/v1/users", slow, 1);
}

#[test]
fn no_group_comes_where_a_guard_stops_its_people() {
    let rig = Rig::start("pendo_scim", 30, ScimOptions::pendo());
    rig.group("Staff", 0..8);
    rig.program("").run().exits(0).says("30 created");
    (10..20).for_each(|position| rig.deactivate(position));
    let writes = rig.writes();
    read_people_slowly(&rig);
    let stopped = rig.program(FOLLOW).run().exits(3);
    assert!(stopped.complaint().contains("stopped before anything was sent"), "{stopped}");
    assert_eq!(rig.writes(), writes);
    assert!(rig.sandbox.scim().groups().is_empty());
}

#[test]
fn a_group_comes_after_its_people() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    rig.group("Staff", 0..8);
    let file = rig.file("report.json");
    read_people_slowly(&rig);
    let program = rig.program(FOLLOW).arg("--report").arg(file.to_str().unwrap());
    let mut running = program.start();
    running.says("group     Staff: Active, 8 members");
    assert_eq!(members(&rig, "Staff"), ids(&rig, 0..8));
    let requests = rig.sandbox.scim().requests();
    let new = |path: &str| {
        let posts = requests.iter().map(|one| one.method == "POST" && one.path == path);
        let places = posts.enumerate().filter(|(_, is_one)| *is_one).map(|(place, _)| place);
        places.collect::<Vec<_>>()
    };
    let (users, groups) = (new("/Users"), new("/Groups"));
    assert_eq!((users.len(), groups.len()), (12, 1), "{requests:?}");
    assert!(users.last() < groups.first(), "{requests:?}");
    #[cfg(unix)]
    {
        running.signal("TERM");
        running.end().exits(0).says("groups    1 created, 0 updated");
    }
}

#[cfg(unix)]
#[test]
fn who_is_out_of_use_only_while_the_group_is_looked_at_is_in_it_again() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    rig.group("Staff", 0..8);
    let mut first = rig.program(FOLLOW).start();
    first.says("group     Staff: Active, 8 members");
    first.signal("TERM");
    first.end().exits(0);
    rig.deactivate(5);
    // The program's own look at the log, and then what tells people of it, when it is over.
    let (at_once, late) = (Fault::Slow(Duration::ZERO), Fault::Slow(Duration::from_secs(5)));
    let faults = rig.sandbox.faults();
    faults.next("GET /api/v1/logs", at_once, 1);
    faults.next("GET /api/v1/logs", late, 1);
    let look = Fault::Slow(Duration::from_nanos(1));
    faults.next("GET /api/v1/groups/{id}/users", look, usize::MAX);
    let mut running = rig.program(FOLLOW).start();
    running.says("group     Staff: Active, 7 members");
    let looks = || faults.injected().get(&look).copied().unwrap_or_default();
    running.until("what the log told before is looked at", || looks() > 1);
    rig.activate(5);
    running.until("all are members", || members(&rig, "Staff") == ids(&rig, 0..8));
}
