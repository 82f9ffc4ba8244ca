//! Ctrl-C and SIGTERM: what is under way is finished and remembered, the summary is printed, and the next
//! run goes on.
#![cfg(unix)]

use sandbox::{Fault, ScimOptions};

use crate::support::{Folder, Held, Program, program_named, report_at};

fn okta_to_scim(held: &Held, folder: &Folder, name: &'static str) -> Program {
    let sandbox = &held.sandbox;
    let store = folder.file("store");
    program_named(name)
        .env("OKTA_CLIENT_ORGURL", sandbox.okta_url())
        .env("OKTA_CLIENT_TOKEN", sandbox.okta_token())
        .env("SCIM_BASE_URL", sandbox.scim_url())
        .env("SCIM_TOKEN", sandbox.scim_token())
        .arg("--store")
        .arg(store.to_str().unwrap())
        .args("--inactive-statuses none")
}

fn org(people: u64) -> Held {
    Held::start(|sandbox| sandbox.people(people).scim(ScimOptions::peakon()))
}

#[test]
fn a_schedule_ends_between_two_runs_with_the_code_of_the_last() {
    for signal in ["INT", "TERM"] {
        let (held, folder) = (org(30), Folder::new());
        let mut running =
            okta_to_scim(&held, &folder, "peakon_employees").args("--every 1h").start();
        running.says("waiting");
        running.signal(signal);
        let ended = running.end().exits(0);
        assert!(ended.err.starts_with("stopping: "), "{ended}");
    }
    let (held, folder) = (org(30), Folder::new());
    held.sandbox.faults().next("POST /Users", Fault::Status(400), 1);
    // One at a time, so that it is always the same person who fails.
    let program = okta_to_scim(&held, &folder, "peakon_employees");
    let mut running = program.args("--every 1h --concurrency 1").start();
    running.says("waiting");
    running.signal("INT");
    // Whoever refers to the one that failed is not delivered whole.
    running
        .end()
        .exits(1)
        .says("26 created, 0 updated, 0 restored, 0 removed, 4 failed")
        .says(": 400 ")
        .says("could not be delivered");
}

#[test]
fn a_run_that_is_stopped_finishes_what_is_under_way_and_the_next_goes_on() {
    for options in ["", "--every 1h", "--follow"] {
        let (held, folder) = (org(1_500), Folder::new());
        let report = folder.file("report.json");
        let program = || okta_to_scim(&held, &folder, "peakon_employees").args("--concurrency 2");
        let there = || held.sandbox.scim().user_count();
        let mut running =
            program().args(options).arg("--report").arg(report.to_str().unwrap()).start();
        running.until("some are there", || there() > 20);
        running.signal("TERM");
        let ended = running.end().exits(1);
        let count = there();
        assert!(count < 1_500, "{ended}");
        assert!(ended.out.contains("0 failed") && ended.out.contains("stopped   "), "{ended}");
        let written = report_at(&report);
        assert_eq!(written["complete"], false, "{written}");
        assert_eq!(written["people"]["created"], count, "{ended}");
        // Whoever is there is remembered.
        let rest = examples::thousands(1_500 - count as u64);
        program().run().exits(0).says(&format!("{rest} created"));
        assert_eq!(there(), 1_500);
    }
}

#[test]
fn following_ends_when_it_is_told_to() {
    let (held, folder) = (org(30), Folder::new());
    let mut running = okta_to_scim(&held, &folder, "peakon_employees").args("--follow").start();
    running.says("followed  everybody: 30 created");
    running.signal("INT");
    running.end().exits(0).says("took");
    okta_to_scim(&held, &folder, "peakon_employees").run().exits(0).says("30 unchanged");
}

#[test]
fn visitors_that_were_pushed_are_remembered() {
    let (held, folder) = (Held::people(8_000), Folder::new());
    let (store, file) = (folder.file("store.sqlite"), folder.file("report.json"));
    let program = || {
        held.program().args("--create-missing --concurrency 1 --store").arg(store.to_str().unwrap())
    };
    let there = || held.sandbox.pendo().written_count();
    for options in ["--report", "--follow --report"] {
        let before = there();
        let mut running = program().args(options).arg(file.to_str().unwrap()).start();
        // More than the few by which lists are tried.
        running.until("some are there", || there() > before + 100);
        running.signal("INT");
        let ended = running.end();
        assert!(there() < 8_000, "{ended}");
        let ended = ended.exits(1).says("people wait for the next run").says("report  written");
        assert_eq!(report_at(&file)["complete"], false, "{ended}");
    }
    let done = there();
    let rest = examples::thousands(8_000 - done);
    program().run().exits(0).says(&format!("updated {rest}\n"));
    assert_eq!(there(), 8_000);
}

#[test]
fn a_second_signal_ends_at_once() {
    let (held, folder) = (org(5), Folder::new());
    let slow = Fault::Slow(std::time::Duration::from_secs(600));
    held.sandbox.faults().next("POST /Users", slow, 100);
    let mut running = okta_to_scim(&held, &folder, "peakon_employees").start();
    let posts = || held.sandbox.scim().requests().iter().any(|one| one.method == "POST");
    running.until("something is sent", posts);
    // Signals that come together count as one.
    while running.is_alive() {
        running.signal("INT");
    }
    running.end().exits(130);
}
