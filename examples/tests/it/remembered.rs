//! With a store: only what changed is sent, killed runs go on, runs repeat, the log is followed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::delivered::{assert_all_held, with_dates};
use crate::support::{Finished, Folder, Foreign, Held, Killed, Program, report_at, undelivered};

const LONGEST: Duration = Duration::from_secs(120);

fn stored(program: Program, folder: &Folder) -> Program {
    program.args("--store").arg(folder.file("store.sqlite").to_str().unwrap())
}

fn run(held: &Held, folder: &Folder, args: &str) -> Finished {
    stored(held.program(), folder).args(args).run()
}

/// Waits for what another process does.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONGEST, "it never comes that {what}");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_delivered_is_not_sent_again() {
    let (held, folder) = (with_dates(Held::people(700)), Folder::new());
    run(&held, &folder, "--create-missing").exits(0).says("updated 700\n").says("same    0 ");
    assert_all_held(&held);
    let sent = || held.sandbox.pendo().stats().records;
    let before = sent();
    run(&held, &folder, "--create-missing").exits(0).says("updated 0\n").says("same    700 ");
    assert_eq!(sent(), before);

    let (id, email) = (held.sandbox.okta().user_id(7), held.sandbox.people().email(7));
    held.sandbox
        .okta()
        .set_profile(&id, [("city", json!("Oslo")), ("title", Value::Null), ("skills", json!([]))]);
    let plan =
        run(&held, &folder, "--plan").exits(0).says("plan    1 people would be pushed, 699 are");
    assert!(plan.says(&format!("\n{email}\n")).out.contains("\"Oslo\""));
    assert_eq!(sent(), before, "a plan sends nothing");
    run(&held, &folder, "").exits(0).says("updated 1\n").says("same    699 ");
    assert_eq!(sent(), before + 1);
    let visitor = held.custom(&email);
    assert_eq!(visitor["okta_city"], "Oslo");
    assert_eq!((visitor.get("okta_title"), visitor.get("okta_skills")), (None, None));
    run(&held, &folder, "").exits(0).says("updated 0\n");
}

#[test]
fn what_pendo_had_before_the_store_began_is_cleared_too() {
    for (options, kept) in [("", false), ("--keep-empty", true)] {
        let (held, folder) = (Held::people(20), Folder::new());
        held.program().args("--create-missing").run().exits(0);
        let (id, email) = (held.sandbox.okta().user_id(5), held.sandbox.people().email(5));
        held.sandbox.okta().set_profile(&id, [("city", Value::Null)]);
        run(&held, &folder, options).exits(0).says("updated 20\n");
        assert_eq!(held.custom(&email).get("okta_city").is_some(), kept);
    }
}

#[test]
fn who_is_unknown_to_pendo_is_named_and_tried_again() {
    let (held, folder) = (Held::people(2_000), Folder::new());
    let unknown = held.unknown();
    assert_eq!(unknown.len(), 5);
    let file = folder.file("report.json");
    let report = |args: &str| {
        let args = format!("{args} --report {}", file.to_str().unwrap());
        run(&held, &folder, &args).exits(0);
        report_at(&file)
    };
    for updated in [1_995, 0] {
        let report = report("");
        assert_eq!((&report["updated"], &report["missing"]), (&json!(updated), &json!(5)));
        let mut expected = unknown.clone();
        expected.sort();
        assert_eq!(undelivered(&report, "missing"), expected);
    }
    let report = report("--create-missing");
    assert_eq!(
        (&report["updated"], &report["missing"], &report["unchanged"]),
        (&json!(5), &json!(0), &json!(1_995))
    );
}

#[test]
fn an_empty_source_and_a_visitor_id_of_two_people_stop_it() {
    let (held, folder) = (Held::people(30), Folder::new());
    let nobody =
        stored(held.program(), &folder).args("--search").arg("profile.department eq \"None\"");
    let finished = nobody.run().exits(3);
    assert!(finished.complaint().contains("the source is empty"), "{finished}");
    assert_eq!(held.sandbox.pendo().stats().records, 0);

    let shared = held.sandbox.people().email(3);
    held.sandbox.okta().set_profile(&held.sandbox.okta().user_id(9), [("email", json!(shared))]);
    let file = folder.file("report.json");
    let args = format!("--lists text --create-missing --report {}", file.to_str().unwrap());
    run(&held, &folder, &args).exits(1).says("updated 28\n").says("twice   1 visitor ids");
    let report = report_at(&file);
    assert_eq!(undelivered(&report, "conflict"), [shared.as_str()]);
    assert_eq!(report["complete"], false);
    assert!(held.custom(&shared).is_null());
}

#[test]
fn a_listing_that_fails_sends_nothing_and_forgets_nothing() {
    let (held, folder) = (Held::people(100), Folder::new());
    run(&held, &folder, "--create-missing").exits(0);
    let sent = held.sandbox.pendo().stats().records;
    held.sandbox.faults().next("GET /api/v1/users", sandbox::Fault::Slow(Duration::ZERO), 2);
    held.sandbox.faults().next("GET /api/v1/users", sandbox::Fault::Status(501), usize::MAX);
    let finished = run(&held, &folder, "--page-size 20").exits(1);
    assert!(finished.complaint().contains("after="), "{finished}");
    assert_eq!(held.sandbox.pendo().stats().records, sent);
}

/// Kills it as soon as so much is written.
fn kill_at(program: &Program, mut is_time: impl FnMut() -> bool) {
    let mut child = Killed(program.spawn());
    until("enough is written", || is_time() || child.0.try_wait().unwrap().is_some());
}

#[test]
fn a_run_that_is_killed_goes_on() {
    let (held, folder) = (with_dates(Held::people(6_000)), Folder::new());
    let program = stored(held.program(), &folder).args("--create-missing --concurrency 2");
    // While it prepares, while it plans, and at several points of the push.
    for enough in [0, 1, 30, 700, 1_900, 3_300, 5_200] {
        kill_at(&program, || held.sandbox.pendo().written_count() >= enough);
    }
    let last = program.run().exits(0).says("read    6,000 people").says("failed  0\n");
    assert!(!last.out.contains("same    0 "), "nothing was remembered: {last}");
    assert_all_held(&held);
    assert_eq!(held.sandbox.pendo().written_count(), 6_000);
    program.run().exits(0).says("updated 0\n").says("same    6,000 ");
}

#[test]
fn against_other_servers_a_killed_run_ends_as_one_undisturbed() {
    let Some(server) = Foreign::start("--people 4000 --faults 0.03") else { return };
    let folder = Folder::new();
    let program = stored(server.program(), &folder).args("--create-missing");
    // At any moment, whatever it is at.
    for moment in [60, 250, 500, 800, 1_100] {
        let started = Instant::now();
        kill_at(&program, || started.elapsed() > Duration::from_millis(moment));
    }
    program.run().exits(0);
    server.assert_all_arrived(4_000);
    program.run().exits(0).says("updated 0\n").says("same    4,000 ");
}

#[test]
fn it_runs_again_and_again() {
    let (held, folder) = (Held::people(40), Folder::new());
    let program = stored(held.program(), &folder).args("--create-missing --every 1s");
    let _running = Killed(program.spawn());
    until("all are there", || held.sandbox.pendo().written_count() == 40);
    for (position, city) in [(3, "Oslo"), (4, "Bergen")] {
        let (id, email) =
            (held.sandbox.okta().user_id(position), held.sandbox.people().email(position));
        held.sandbox.okta().set_profile(&id, [("city", json!(city))]);
        until("the change is there", || held.custom(&email)["okta_city"] == city);
    }
    // One run at a time, whoever begins it.
    run(&held, &folder, "").refused(&["in use by process", "one run at a time"]);
    drop(_running);
    held.program().args("--every 5").run().exits(2);
    held.program().args("--every 1m --plan").run().exits(2);
}

#[test]
fn changes_are_followed_and_none_is_lost_between_two_processes() {
    let (held, folder) = (with_dates(Held::people(300)), Folder::new());
    let program = stored(held.program(), &folder).args("--create-missing --follow --poll 1s");
    let first = Killed(program.spawn());
    until("all are there", || held.sandbox.pendo().written_count() == 300);
    let change = |position: u64, city: &str| {
        let id = held.sandbox.okta().user_id(position);
        held.sandbox.okta().set_profile(&id, [("city", json!(city))]);
    };
    let arrives = |position: u64, city: &str| {
        let email = held.sandbox.people().email(position);
        until("a change arrives", || held.custom(&email)["okta_city"] == city);
    };
    change(3, "Oslo");
    arrives(3, "Oslo");
    drop(first);

    let sent = held.sandbox.pendo().stats().records;
    change(4, "Bergen");
    change(5, "Narvik");
    change(4, "Tromsø");
    let listed = held.sandbox.okta().event_count();
    let second = Killed(program.spawn());
    arrives(4, "Tromsø");
    arrives(5, "Narvik");
    change(6, "Bodø");
    arrives(6, "Bodø");
    drop(second);
    // Nobody else was sent, and those who changed once for each batch of events at most.
    let more = held.sandbox.pendo().stats().records - sent;
    assert!((3..=4).contains(&more), "{more} records for {listed} events");
    // The last one may have been killed before it could note that Pendo has it.
    let sent = held.sandbox.pendo().stats().records;
    run(&held, &folder, "").exits(0).says("read    300 people");
    assert!(held.sandbox.pendo().stats().records <= sent + 1);
    run(&held, &folder, "").exits(0).says("updated 0\n").says("same    300 ");
    held.program().args("--follow").run().exits(2);
}

#[test]
fn who_does_not_match_is_not_followed() {
    let (held, folder) = (Held::people(60), Folder::new());
    let sales =
        |i: &u64| held.sandbox.people().profile(*i).get("department").is_some_and(|d| d == "Sales");
    let (inside, outside) = ((0..60).find(sales).unwrap(), (0..60).find(|i| !sales(i)).unwrap());
    let count = (0..60).filter(sales).count() as u64;
    let program =
        stored(held.program(), &folder).args("--create-missing --follow --poll 1s --search");
    let _running = Killed(program.arg("profile.department eq \"Sales\"").spawn());
    until("all are there", || held.sandbox.pendo().written_count() == count);
    for position in [outside, inside] {
        let id = held.sandbox.okta().user_id(position);
        held.sandbox.okta().set_profile(&id, [("city", json!("Oslo"))]);
    }
    let custom = |position: u64| held.custom(&held.sandbox.people().email(position));
    until("a change arrives", || custom(inside)["okta_city"] == "Oslo");
    assert!(custom(outside).is_null());
}

#[test]
fn two_people_of_one_visitor_id_do_not_write_over_each_other_while_following() {
    let (held, folder) = (with_dates(Held::people(20)), Folder::new());
    let program = stored(held.program(), &folder).args("--create-missing --follow --poll 1s");
    let mut running = program.start();
    until("all are there", || held.sandbox.pendo().written_count() == 20);
    let people = held.sandbox.people();
    let set = |position: u64, attribute: &str, value: &str| {
        let id = held.sandbox.okta().user_id(position);
        held.sandbox.okta().set_profile(&id, [(attribute, json!(value))]);
    };
    let city = |position: u64| held.custom(&people.email(position))["okta_city"].clone();
    set(3, "city", "Oslo");
    until("a change arrives", || city(3) == "Oslo");
    // The fourth takes the address of the third: nobody can tell whose visitor it is now.
    set(4, "city", "Bergen");
    set(4, "email", &people.email(3));
    set(5, "city", "Narvik");
    until("others go on", || city(5) == "Narvik");
    running.says("follow");
    set(4, "city", "Tromsø");
    set(3, "city", "Bodø");
    set(6, "city", "Hamar");
    until("others go on", || city(6) == "Hamar");
    assert_eq!(city(3), "Oslo");
    running.signal("INT");
    running.end().exits(1).says("1 visitor id claimed by two people");
    // A full run says the same.
    run(&held, &folder, "").exits(1).says("twice   1 ").says("updated 0\n");
    assert_eq!(city(3), "Oslo");
}

#[test]
fn nothing_is_followed_with_the_store_of_something_else() {
    let (held, folder) = (with_dates(Held::people(20)), Folder::new());
    let mut running = stored(held.program(), &folder).args("--create-missing --follow").start();
    running.says("updated 20");
    running.signal("INT");
    running.end().exits(0);
    let other = with_dates(Held::people(20));
    let program = stored(other.program(), &folder).args("--create-missing --follow");
    program.run().refused(&["this store serves", "use another store"]);
    assert_eq!(other.sandbox.pendo().written_count(), 0);
}

#[test]
fn a_guard_ends_following() {
    let (held, folder) = (with_dates(Held::people(40)), Folder::new());
    run(&held, &folder, "--create-missing").exits(0);
    let file = folder.file("report.json");
    let program = stored(held.program(), &folder).args("--create-missing --follow --poll 1s");
    let report = ["--report", file.to_str().unwrap()];
    let program = report.iter().fold(program, |program, arg| program.arg(arg));
    let mut running = program.start();
    running.says("same");
    for position in 0..20 {
        let id = held.sandbox.okta().user_id(position);
        held.sandbox.okta().set_profile(&id, [("lastName", json!(null))]);
    }
    let ended = running.end().exits(3);
    assert!(ended.err.contains("would lose the value of `okta_lastName`"), "{ended}");
    assert_eq!(report_at(&file)["complete"], false);
}

#[test]
fn a_visitor_id_of_two_people_is_known_to_the_process_that_goes_on() {
    let (held, folder) = (with_dates(Held::people(20)), Folder::new());
    let file = folder.file("report.json");
    let program = stored(held.program(), &folder).args("--create-missing --follow --poll 1s");
    let program = program.arg("--report").arg(file.to_str().unwrap());
    let (people, okta) = (held.sandbox.people(), held.sandbox.okta());
    let set = |email: &str| okta.set_profile(&okta.user_id(4), [("email", json!(email))]);
    let says = |conflicts: u64, complete: bool| {
        until("the report says so", || {
            let report = || report_at(&file);
            let is_so = || report()["conflicts"] == conflicts && report()["complete"] == complete;
            file.exists() && is_so()
        });
    };
    let first = Killed(program.spawn());
    says(0, true);
    set(&people.email(3));
    says(1, false);
    drop(first);
    std::fs::remove_file(&file).unwrap();
    let second = Killed(program.spawn());
    says(1, false);
    let named = undelivered(&report_at(&file), "conflict");
    assert_eq!(named, [people.email(3)]);
    set(&people.email(4));
    says(0, true);
    drop(second);
}
