//! What all programs have in common: plans, reports, schedules, wrong use.

use std::io::{BufRead, BufReader, Lines};
use std::process::ChildStdout;

use sandbox::ScimOptions;

use super::common::Rig;
use super::pendo::assert_private;
use crate::support::{Killed, program_named, report_at};

fn rig() -> Rig {
    Rig::start("pendo_scim", 30, ScimOptions::pendo())
}

#[test]
fn with_no_setting_each_program_runs() {
    for name in ["pendo_scim", "peakon_employees", "pingboard_profiles"] {
        program_named(name).args("--people 50").run().exits(0).says("(sandbox)").says("0 failed");
        let help = program_named(name).args("--help").run().exits(0);
        for part in ["SCIM_BASE_URL", "OKTA_CLIENT_", "Exit code", "--plan", "--max-removals"] {
            assert!(help.out.contains(part), "{name}: no {part}");
        }
        program_named(name).args("--show-mapping").run().exits(0).says("key = \"user.email\"");
    }
}

#[test]
fn a_plan_is_shown_page_by_page_and_nothing_is_sent() {
    let rig = Rig::start("pendo_scim", 120, ScimOptions::pendo());
    let finished = rig.program("--plan").run().exits(0).says("page 3").says("nothing was sent");
    let shown = (0..120).filter(|position| finished.out.contains(&rig.email(*position))).count();
    assert_eq!(shown, 120);
    assert_eq!(rig.writes(), 0);
}

#[test]
fn a_plan_can_be_applied_later_unless_the_world_has_moved_on() {
    let rig = rig();
    let file = rig.file("plan.jsonl");
    let path = file.to_str().unwrap();
    rig.program("--export-plan").arg(path).run().exits(0).says("nothing was sent");
    assert_eq!(rig.writes(), 0);
    assert_private(&file);
    rig.program("--apply-plan").arg(path).run().exits(0).says("30 created");
    assert_eq!(rig.sandbox.scim().user_count(), 30);
    let writes = rig.writes();
    rig.program("--apply-plan").arg(path).run().refused(&["--apply-plan", "out of date"]);
    assert_eq!(rig.writes(), writes);
}

#[test]
fn after_a_canary_of_a_plan_the_same_file_brings_the_rest() {
    let rig = rig();
    let file = rig.file("plan.jsonl");
    let path = file.to_str().unwrap();
    rig.program("--export-plan").arg(path).run().exits(0);
    let apply = |args: &str| rig.program(args).arg("--apply-plan").arg(path).run();
    apply("--limit 5").exits(0).says("5 created").says("25 changes wait");
    apply("--limit 10").exits(0).says("25 to create").says("10 created");
    apply("").exits(0).says("15 created");
    assert_eq!(rig.sandbox.scim().user_count(), 30);
    apply("").refused(&["--apply-plan", "out of date"]);
}

#[test]
fn a_plan_of_people_goes_with_groups() {
    let rig = rig();
    rig.group("Staff", 0..4);
    let (file, report) = (rig.file("plan.jsonl"), rig.file("report.json"));
    let path = file.to_str().unwrap();
    rig.program("--push-groups Staff --export-plan").arg(path).run().exits(0);
    let apply = rig.program("--push-groups Staff --apply-plan").arg(path).arg("--report");
    apply.arg(report.to_str().unwrap()).run().exits(0).says("30 created").says("Staff: Active");
    let report = report_at(&report);
    assert_eq!((&report["complete"], &report["groups"]["created"]), (&true.into(), &1.into()));
}

#[test]
fn options_stand_under_their_own_heading() {
    for name in ["pendo_scim", "peakon_employees", "pingboard_profiles"] {
        let help = program_named(name).args("--help").run().exits(0).out;
        let scope = help.split_once("\nWho is in scope").unwrap().1;
        let (scope, rest) = scope.split_once("\nWhat is provisioned").unwrap();
        let (switches, _) = rest.split_once("\nSandbox").unwrap();
        let options = |text: &str| text.matches("\n      --").count();
        assert_eq!((options(scope), options(switches)), (3, 3), "{name}: {scope}\n{switches}");
    }
}

#[test]
fn an_empty_name_is_none() {
    let rig = rig();
    for option in ["--admins", "--push-groups"] {
        for names in ["", " ", "a@x.example,"] {
            rig.program(option).arg(names).run().refused(&[option, "empty"]);
        }
    }
}

#[test]
fn the_report_counts_and_names() {
    let rig = rig();
    let file = rig.file("report.json");
    let run = |args: &str| rig.program(args).arg("--report").arg(file.to_str().unwrap()).run();
    rig.sandbox.faults().next("POST /Users", sandbox::Fault::Status(400), 1);
    run("").exits(1).says("29 created").says("1 failed");
    assert_private(&file);
    let report = report_at(&file);
    assert_eq!((&report["complete"], &report["people"]["created"]), (&false.into(), &29.into()));
    assert_eq!(report["not_delivered"].as_array().unwrap().len(), 1, "{report}");
    run("").exits(0).says("1 created");
    let report = report_at(&file);
    assert_eq!((&report["complete"], &report["people"]["created"]), (&true.into(), &1.into()));
    rig.deactivate(3);
    run("--max-removals 0").exits(3);
    assert!(report_at(&file)["error"].as_str().unwrap().contains("1 of 30"));
}

#[test]
fn a_canary_sends_so_many_and_not_one_more() {
    let rig = rig();
    let file = rig.file("report.json");
    for round in 1..=3 {
        let canary = rig.program("--limit 10 --report").arg(file.to_str().unwrap());
        canary.run().exits(0).says("10 created");
        assert_eq!(rig.sandbox.scim().user_count(), round * 10);
        // The last one leaves nobody for later.
        let report = report_at(&file);
        assert_eq!(report["people"]["for_later"], 30 - round * 10, "{report}");
        assert_eq!(report["complete"], round == 3, "{report}");
    }
}

#[test]
fn wrong_use_is_exit_code_two() {
    let rig = rig();
    rig.program("--report /nonexistent/r").run().refused(&["--report /nonexistent/r: "]);
    let path = rig.file("plan.jsonl");
    let limited = rig.program("--limit 3 --export-plan").arg(path.to_str().unwrap()).run();
    limited.refused(&["--limit does not go with --export-plan", "--apply-plan"]);
    assert!(!path.exists());
    rig.program("--search").arg("status ne \"x\"").run().refused(&["--search"]);
    rig.program("--group Nobody").run().refused(&["no group `Nobody`"]);
    rig.program("--app 0oanone").run().refused(&["--app", "0oanone"]);
    rig.program("--people 5").run().refused(&["--limit N"]);
    let wrong = rig.written(
        "wrong.toml",
        "key = \"user.email\"\n[[row]]\nto = \"a b\"\nfrom = \"user.title\"\n",
    );
    rig.program("--mapping").arg(&wrong).run().refused(&[
        "wrong.toml, line 3",
        "`a b`",
        "is not an attribute name",
    ]);
    rig.program("--mapping /no/such/file").run().refused(&["--mapping"]);
    rig.program("").without_env("SCIM_").run().refused(&["SCIM_BASE_URL is not set"]);
    let elsewhere =
        rig.program("").without_env("OKTA_").env("SCIM_BASE_URL", "https://pendo.example/scim");
    elsewhere.run().refused(&["OKTA_CLIENT_ORGURL is not set"]);
    for args in [
        "--max-removals x",
        "--every 5",
        "--every 1m --plan",
        "--plan --report x",
        "--group a --app b",
        "x",
    ] {
        rig.program(args).run().exits(2);
    }
    assert_eq!(rig.writes(), 0);
}

#[test]
fn what_was_delivered_is_remembered_without_being_asked() {
    let rig = rig();
    let run = || {
        program_named("pendo_scim")
            .env("OKTA_CLIENT_ORGURL", rig.sandbox.okta_url())
            .env("OKTA_CLIENT_TOKEN", rig.sandbox.okta_token())
            .env("SCIM_BASE_URL", rig.sandbox.scim_url())
            .env("SCIM_TOKEN", rig.sandbox.scim_token())
            .env("HOME", rig.file("home").to_str().unwrap())
            .run()
    };
    run().exits(0).says("30 created");
    run().exits(0).says("30 unchanged");
    let folder = rig.file("home").join(".local/state/okta-provisioning");
    let mut stores: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    stores.sort();
    assert!(stores[0].to_str().unwrap().contains("pendo_scim-127.0.0.1"), "{stores:?}");
    stores.iter().for_each(|store| assert_private(store));
}

#[test]
fn the_sandboxs_people_go_to_a_product_on_this_machine() {
    let rig = rig();
    program_named("peakon_employees")
        .env("SCIM_BASE_URL", rig.sandbox.scim_url())
        .env("SCIM_TOKEN", rig.sandbox.scim_token())
        .args("--people 25 --inactive-statuses none")
        .run()
        .exits(0)
        .says("25 created");
    assert_eq!(rig.sandbox.scim().user_count(), 25);
}

/// Kills it as soon as that is so.
fn kill_when(rig: &Rig, mut is_time: impl FnMut() -> bool) {
    let mut process = Killed(rig.program("").spawn());
    while !is_time() {
        assert!(process.0.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::yield_now();
    }
}

/// Six kills: three while people are created, three while they get other names in the product.
#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    let rig = Rig::start("pendo_scim", 300, ScimOptions::pendo());
    // So that it is still under way when it is to be killed.
    let slow = sandbox::Fault::Slow(std::time::Duration::from_millis(10));
    for route in ["POST /Users", "PATCH /Users/{id}", "PUT /Users/{id}"] {
        rig.sandbox.faults().next(route, slow, usize::MAX);
    }
    for count in [5, 120, 250] {
        kill_when(&rig, || rig.sandbox.scim().user_count() >= count);
    }
    rig.program("").run().exits(0).says("0 failed");
    assert_eq!(rig.sandbox.scim().user_count(), 300);
    assert!(rig.sandbox.scim().users().iter().all(|user| user["active"] == true));
    rig.program("").run().exits(0).says("300 unchanged");

    let name = |position: u64| format!("renamed{position}@acme.example");
    let ids: Vec<_> =
        (0..60).map(|position| rig.user(&rig.email(position))["id"].clone()).collect();
    for position in 0..60 {
        rig.set(position, "email", name(position));
    }
    for count in [5, 20, 40] {
        let is_renamed = |position: &u64| !rig.user(&name(*position)).is_null();
        kill_when(&rig, || (0..60).filter(is_renamed).count() >= count);
    }
    rig.program("").run().exits(0).says("0 created").says("0 removed").says("0 failed");
    assert_eq!(rig.sandbox.scim().user_count(), 300);
    for (position, id) in (0..60).zip(ids) {
        let user = rig.user(&name(position));
        assert_eq!((&user["id"], &user["active"]), (&id, &true.into()), "{position}");
    }
    rig.program("").run().exits(0).says("300 unchanged");
}

#[test]
fn two_runs_never_share_a_store() {
    let rig = rig();
    let mut one = Killed(rig.program("--every 1h").spawn());
    let mut lines = lines(&mut one);
    wait_for(&mut lines, "waiting");
    rig.program("").run().refused(&["store"]);
}

#[test]
fn a_schedule_runs_again_and_again() {
    let rig = rig();
    let mut process = Killed(rig.program("--every 1s").spawn());
    let mut lines = lines(&mut process);
    wait_for(&mut lines, "people    30 created");
    rig.set(4, "firstName", "Changed");
    wait_for(&mut lines, "people    0 created, 1 updated");
    assert_eq!(rig.user(&rig.email(4))["name"]["givenName"], "Changed");
}

#[test]
fn the_log_is_followed() {
    let rig = rig();
    let mut process = Killed(rig.program("--follow").spawn());
    let mut lines = lines(&mut process);
    wait_for(&mut lines, "followed  everybody: 30 created");
    rig.set(4, "firstName", "Changed");
    rig.deactivate(5);
    let mut seen = String::new();
    while !(seen.contains("1 updated") && seen.contains("1 removed")) {
        seen += &wait_for(&mut lines, "followed");
    }
    assert_eq!(rig.user(&rig.email(4))["name"]["givenName"], "Changed");
    assert_eq!(rig.user(&rig.email(5))["active"], false);
}

fn lines(process: &mut Killed) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(process.0.stdout.take().unwrap()).lines()
}

/// The next line that begins like this; the process ends with the test if it never comes.
fn wait_for(lines: &mut Lines<BufReader<ChildStdout>>, start: &str) -> String {
    let found = lines.map_while(Result::ok).find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("it ended without saying `{start}`"))
}
