//! Against servers that share no code with the workspace, every switch of them both ways.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::support::{Foreign, a_few_at_once};

/// Runs against a server with these switches; everything has to arrive.
fn all_arrives(people: u64, switches: &str, options: &str) -> Option<serde_json::Value> {
    let server = Foreign::start(&format!("--people {people} {switches}"))?;
    let count = examples::thousands(people);
    let finished = server.program().args("--create-missing").args(options).run();
    finished
        .exits(0)
        .says(&format!("read    {count} people"))
        .says(&format!("updated {count}\n"))
        .says("failed  0\n")
        .never_says("unknown");
    Some(server.assert_all_arrived(people))
}

#[test]
fn ten_thousand_people() {
    all_arrives(10_000, "", "");
}

#[test]
fn every_attribute_with_its_value() {
    let all = "email,login,firstName,lastName,department,employeeNumber,badge_no,isContractor,skills,score";
    all_arrives(500, &format!("--fields {all}"), "");
}

#[test]
fn every_switch_both_ways() {
    let switches = [
        "--link lines",
        "--link joined",
        "--bad-key 403",
        "--bad-key 401",
        "--empty absent",
        "--empty null",
        "--empty list",
        "--schema-array fields",
        "--schema-array results",
        "--schema-array any-Name_at.all",
        "--unknown-field create",
        "--unknown-field 400",
        "--list-type take",
        "--list-type refuse",
        "--retry-after",
    ];
    a_few_at_once(switches, |switches| drop(all_arrives(2_000, switches, "")));
}

#[test]
fn switches_together() {
    let together = [
        ("--unknown-field 400 --list-type refuse", ""),
        ("--unknown-field 400 --list-type take", "--lists text"),
        ("--unknown-field create --list-type refuse --empty null", "--lists text"),
        ("--unknown-field create --list-type take --empty list", "--lists array"),
        (
            "--link joined --empty list --schema-array x --unknown-field 400",
            "--page-size 1 --batch-size 7",
        ),
        (
            "--link joined --empty null --list-type refuse --bad-key 401",
            "--concurrency 1 --batch-size 1",
        ),
    ];
    a_few_at_once(together, |(switches, options)| drop(all_arrives(300, switches, options)));
}

#[test]
fn people_whom_pendo_does_not_know_are_left_out_unless_asked_for() {
    let Some(server) = Foreign::start("--people 40") else { return };
    server
        .program()
        .run()
        .exits(0)
        .says("updated 0\n")
        .says("unknown 40 to Pendo; --create-missing");
    assert_eq!(server.report()["visitors"], 0);
    server.program().args("--create-missing").run().exits(0).says("updated 40\n");
    server.program().run().exits(0).says("updated 40\n").never_says("unknown");
    server.assert_all_arrived(40);
}

#[test]
fn faults_lose_nothing_over_twenty_seeds() {
    let (faults, servers) = (AtomicU64::new(0), AtomicU64::new(0));
    a_few_at_once(0..20, |seed| {
        let retry_after = if seed % 2 == 0 { "--retry-after" } else { "" };
        let switches = format!("--faults 0.05 --seed {seed} {retry_after}");
        if let Some(report) = all_arrives(500, &switches, "--page-size 20 --batch-size 25") {
            faults.fetch_add(report["faults"].as_u64().unwrap(), Relaxed);
            servers.fetch_add(1, Relaxed);
        }
    });
    // 45 calls a seed, of which one in twenty fails in one of five ways: each way is met in any case.
    let (faults, servers) = (faults.into_inner(), servers.into_inner());
    assert!(faults >= servers, "{faults} faults at {servers} servers");
}

#[test]
fn what_a_key_may_not_do_is_refused_before_anything_is_pushed() {
    let wrong_key = ["--bad-key 403", "--bad-key 401"].map(|switch| (switch, "pendo-kex", "key"));
    for (switch, key, advice) in
        wrong_key.into_iter().chain([("--readonly", "pendo-key", "Allow Write Access")])
    {
        let Some(server) = Foreign::start(&format!("--people 10 {switch}")) else { return };
        server
            .program()
            .env("PENDO_INTEGRATION_KEY", key)
            .args("--create-missing")
            .run()
            .refused(&[advice]);
        let report = server.report();
        assert_eq!(report["visitors"], 0, "{report:#}");
        let writes =
            |calls: &serde_json::Map<String, _>| calls.keys().any(|call| call.starts_with("POST"));
        assert!(!writes(report["calls"].as_object().unwrap()), "{report:#}");
    }
}

#[test]
fn a_plan_and_a_check_send_nothing() {
    let Some(server) = Foreign::start("--people 450") else { return };
    server.program().args("--plan --create-missing").run().exits(0).says("plan    450 people");
    server.program().args("--check").run().exits(0);
    server.program().args("--list-fields").run().exits(0).says("badge_no");
    let report = server.report();
    assert_eq!(report["visitors"], 0, "{report:#}");
    assert!(
        report["calls"].as_object().unwrap().keys().all(|call| call.starts_with("GET")),
        "{report:#}"
    );
}
