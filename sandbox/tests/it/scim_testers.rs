//! The provider before independent compliance testers, which come from outside this repository.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sandbox::{Sandbox, ScimOptions};

/// The script of a tester, and the program that its installation leaves behind, if it needs one.
const TESTERS: [(&str, &str, Option<&str>); 3] = [
    ("scim2-tester", "run-scim2-tester.sh", Some("scim2-tester/venv/bin/scim2")),
    ("scim-sanity", "run-scim-sanity.sh", Some("scim-sanity/venv/bin/scim-sanity")),
    ("the Okta steps", "run-okta-spec.py", None),
];
const TRIES: usize = 3;

/// The test's own standard output is captured, and these lines must be seen.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn folder() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/scim");
    std::env::var_os("SCIM_TESTERS").map_or_else(|| default.into(), PathBuf::from)
}

fn installs() -> PathBuf {
    let default = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-peers");
    std::env::var_os("SCIM_PEERS_DIR").map_or_else(default, PathBuf::from)
}

fn run(folder: &Path, script: &str, arguments: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(folder.join(script));
    command.args(arguments).env("SCIM_PEERS_DIR", installs()).output()
}

// The scripts install what is missing and then run the tester: one run that only prints its help.
fn is_installed(folder: &Path, script: &str, program: &str) -> bool {
    let program = installs().join(program);
    let arguments = ["http://127.0.0.1:9/scim/v2", "none", "--help"];
    for _ in 0..TRIES {
        let installed = run(folder, script, &arguments);
        if program.exists() && installed.is_ok_and(|output| output.status.success()) {
            return true;
        }
    }
    false
}

// The lines that say how it went, without colours.
fn tally(output: &str) -> Vec<&str> {
    let is_tally = |line: &&str| {
        let last_word = line.split_whitespace().last().unwrap_or_default();
        let counted =
            ["SUCCESS", "COMPLIANT", "DEVIATION", "ACCEPTABLE", "CRITICAL", "SKIPPED", "ERROR"];
        let starts_with_count = line.trim().starts_with(|c: char| c.is_ascii_digit());
        starts_with_count
            && (counted.contains(&last_word) || line.contains("passed") || line.contains("steps"))
    };
    output.lines().filter(is_tally).map(str::trim).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim_testers() {
    let folder = folder();
    if !folder.is_dir() {
        return say("skipped: the SCIM testers are not there (../shared/scim, or SCIM_TESTERS)");
    }
    let sandbox = Sandbox::builder()
        .people(0)
        .scim(ScimOptions::default().seed_people(3))
        .start()
        .await
        .unwrap();
    for (name, script, program) in TESTERS {
        if program.is_some_and(|program| !is_installed(&folder, script, program)) {
            say(&format!("skipped: {name} could not be installed"));
            continue;
        }
        let output = match run(&folder, script, &[sandbox.scim_url(), sandbox.scim_token()]) {
            Ok(output) => output,
            Err(error) => {
                say(&format!("skipped: {name} could not be started: {error}"));
                continue;
            }
        };
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {}\n{out}\n{err}", output.status);
        let tally = tally(&out);
        assert!(!tally.is_empty(), "{name} said nothing about how it went:\n{out}\n{err}");
        say(&format!("{name}: {}", tally.join(", ")));
    }
}
