//! What breaks for good while the program runs: exit code 1, and never mistaken for the end.

use std::time::Duration;

use sandbox::Fault;
use serde_json::Value;

use crate::support::{Finished, Folder, Held, report_at, undelivered};

const USERS: &str = "GET /api/v1/users";
const PUSH: &str = "POST /api/v1/metadata/visitor/custom/value";

/// The first calls of the route pass, all later ones end like this.
fn fail_after(held: &Held, route: &str, passing: usize, fault: Fault) {
    if passing > 0 {
        held.sandbox.faults().next(route, Fault::Slow(Duration::ZERO), passing);
    }
    held.sandbox.faults().next(route, fault, usize::MAX);
}

fn run(held: &Held) -> (Finished, Value) {
    let folder = Folder::new();
    let file = folder.file("report.json");
    let options = "--create-missing --page-size 20 --batch-size 20 --report";
    let finished = held.program().args(options).arg(file.to_str().unwrap()).run().exits(1);
    assert!(finished.complaint().contains("not everything was delivered"), "{finished}");
    (finished, report_at(&file))
}

#[test]
fn a_page_that_fails_for_good_names_its_cursor() {
    // One is repeated until patience ends, one never.
    for fault in [Fault::Status(500), Fault::Status(501)] {
        let held = Held::people(200);
        fail_after(&held, USERS, 3, fault);
        let (finished, report) = run(&held);
        finished
            .says("read    60 people")
            .says("updated 60\n")
            .says("not everybody was read")
            .says("after=");
        assert_eq!(report["complete"], false);
        assert!(report["source_error"].as_str().unwrap().contains("after="), "{report:#}");
        assert_eq!(report["read"], 60);
        // What was read before is delivered.
        assert_eq!(held.sandbox.pendo().written_count(), 60);
    }
}

#[test]
fn a_first_page_that_fails_for_good_pushes_nothing() {
    let held = Held::people(50);
    fail_after(&held, USERS, 0, Fault::Status(501));
    let finished = held.program().args("--create-missing").run();
    assert!(finished.code.is_some_and(|code| code == 1 || code == 2), "{finished}");
    assert!(finished.complaint().contains("501"), "{finished}");
    held.assert_untouched();
}

#[test]
fn a_plan_of_a_broken_listing_is_no_plan() {
    let held = Held::people(200);
    fail_after(&held, USERS, 3, Fault::Status(501));
    let finished = held.program().args("--plan --page-size 20").run().exits(1);
    assert!(finished.complaint().contains("after="), "{finished}");
    finished.never_says("would be pushed");
    held.assert_untouched();
}

#[test]
fn a_pendo_that_fails_for_good_stops_the_push() {
    // One is repeated until patience ends, with the other the next call would fail in the same way.
    for fault in [Fault::Status(503), Fault::Status(403)] {
        let held = Held::people(2_000);
        // The first of them asks whether lists are taken.
        fail_after(&held, PUSH, 4, fault);
        let (finished, report) = run(&held);
        finished.says("updated 60\n").says("stopped ");
        assert_eq!(report["complete"], false);
        assert!(report["stopped"].as_str().is_some_and(|why| !why.is_empty()), "{report:#}");
        let (read, failed) = (report["read"].as_u64().unwrap(), undelivered(&report, "failed"));
        assert!(read < 2_000, "it goes on reading: {read}");
        // Everybody who was read is either there or named.
        assert_eq!(failed.len() as u64, read - 60);
        assert!(failed.iter().all(|id| held.custom(id).is_null()));
        assert_eq!(held.sandbox.pendo().written_count(), 60);
    }
}

#[test]
fn a_pendo_that_ends_in_the_middle_stops_the_push() {
    let held = Held::people(400);
    fail_after(&held, PUSH, 3, Fault::Close);
    let (finished, report) = run(&held);
    finished.says("updated 40\n");
    assert_eq!(report["complete"], false);
    assert_eq!(undelivered(&report, "failed").len() as u64, report["read"].as_u64().unwrap() - 40);
}

#[test]
fn without_rights_on_the_schema_nothing_is_pushed() {
    let held = Held::people(10);
    fail_after(&held, "GET /api/v1/meta/schemas/user/{id}", 0, Fault::Status(403));
    held.program().args("--create-missing").run().refused(&["403", "/api/v1/meta/schemas/user/"]);
    held.assert_untouched();
}
