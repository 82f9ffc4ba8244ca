//! What takes long: `LONG=1`, best through `scripts/long.sh`, which builds for release.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Foreign, Held, Killed, a_few_at_once, built, lines_until, program, skipped};

const AN_HOUR: Duration = Duration::from_secs(3_600);
const MOST_MEMORY_KIB: u64 = 64 * 1024;

fn is_asked_for(what: &str) -> bool {
    let asked = std::env::var_os("LONG").is_some_and(|value| value == "1");
    if !asked {
        skipped(&format!("{what} takes long; LONG=1 or scripts/long.sh runs it"));
    }
    asked
}

#[test]
fn ten_thousand_people_with_faults_over_twenty_seeds() {
    if !is_asked_for("10,000 people with faults over 20 seeds") {
        return;
    }
    a_few_at_once(1..=20, |seed| {
        let switches = format!("--people 10000 --faults 0.05 --seed {seed}");
        let Some(server) = Foreign::start(&switches) else { return };
        let started = Instant::now();
        let options = "--create-missing --page-size 20 --batch-size 25";
        server.program().longest(AN_HOUR).args(options).run().exits(0).says("updated 10,000\n");
        let report = server.assert_all_arrived(10_000);
        assert!(report["faults"].as_u64().unwrap() > 10, "{report:#}");
        println!(
            "seed {seed}: {} faults, {:.1} s",
            report["faults"],
            started.elapsed().as_secs_f64()
        );
    });
}

#[test]
fn a_search_that_ends_at_its_cap_is_not_taken_for_the_end() {
    if !is_asked_for("a search for more than 50,000 people") {
        return;
    }
    let held = Held::start(|sandbox| sandbox.people(50_100).search_cap(true).count_only(true));
    let search = |options: &str| {
        held.program().longest(AN_HOUR).args(options).arg("--search").arg("profile.login pr").run()
    };
    let finished = search("--plan").exits(1);
    assert!(finished.complaint().contains("50,000"), "{finished}");
    search("").exits(1).says("50,000");
    held.program().longest(AN_HOUR).run().exits(0).says("read    50,100 people");
}

#[cfg(target_os = "linux")]
#[test]
fn a_million_people_in_flat_memory() {
    if !is_asked_for("a million people") {
        return;
    }
    let (_sandbox, program) = million();
    let (started, mut most) = (Instant::now(), (0, 0));
    let finished = program.longest(AN_HOUR).run_watched(|process| {
        if let Some((resident, highest)) = memory_kib(process) {
            most = (most.0.max(resident), most.1.max(highest));
            assert!(highest < MOST_MEMORY_KIB, "{highest} KiB");
        }
    });
    println!(
        "1,000,000 people: {:.0} s, resident {:.1} MiB, highest {:.1} MiB",
        started.elapsed().as_secs_f64(),
        most.0 as f64 / 1024.0,
        most.1 as f64 / 1024.0
    );
    assert!(most.1 > 0, "its memory was never seen");
    finished
        .exits(0)
        .says("read    1,000,000 people")
        .says("updated 997,500\n")
        .says("unknown 2,500 to Pendo")
        .says("failed  0\n");
}

#[cfg(target_os = "linux")]
fn million() -> (Killed, crate::support::Program) {
    let mut command = Command::new(built("sandbox"));
    command.args(["--people", "1000000", "--count-only"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut sandbox = Killed(command.spawn().unwrap());
    let lines = lines_until(&mut sandbox, "ready");
    let settings = lines.iter().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    let program = settings.fold(program(), |program, (name, value)| program.env(name, value));
    (sandbox, program)
}

/// Resident memory now and at its highest; nothing when the process has ended.
#[cfg(target_os = "linux")]
fn memory_kib(process: u32) -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    Some((value("VmRSS:")?, value("VmHWM:")?))
}
