//! Each command of the READMEs, as it stands there and with nothing else set.

use std::collections::BTreeSet;

use crate::support::{Folder, Program, a_few_at_once, program_named, report_at};

const READMES: [&str; 2] = [include_str!("../../../README.md"), include_str!("../../README.md")];

/// Code spans, and lines of code blocks without their remarks, that run a program.
fn commands() -> BTreeSet<&'static str> {
    let spans = READMES.into_iter().flat_map(|text| text.split(['`', '\n', '#']));
    let runs = |span: &&str| span.contains("cargo run ") && span.contains("--example ");
    spans.map(str::trim).filter(runs).collect()
}

fn program(command: &'static str) -> Program {
    let (settings, command) = command.split_once("cargo run ").unwrap();
    let (build, args) = command.split_once(" -- ").unwrap_or((command, ""));
    let name = build.split_once("--example ").unwrap().1.trim();
    let settings = settings.split_whitespace().filter_map(|setting| setting.split_once('='));
    settings.fold(program_named(name), |program, (name, value)| program.env(name, value)).args(args)
}

#[test]
fn each_works_as_it_stands() {
    let commands = commands();
    // The five, the short ones, and those that are in one of the two only with other options.
    assert!(commands.len() >= 14, "{commands:#?}");
    a_few_at_once(commands, |command| {
        let folder = Folder::new();
        let program = program(command).within(&folder.file(""));
        if command.contains("okta_event_hooks") {
            // Whether its usual port is free here is not what is asked.
            program.arg("127.0.0.1:0").start().says("listening on http://127.0.0.1:");
            return;
        }
        let ended = program.run().exits(0);
        assert!(ended.out.lines().count() > 0, "{command}: {ended}");
    });
}

#[test]
fn what_a_command_names_is_what_it_pushes() {
    let pushes = commands().into_iter().find(|command| command.contains("scim_push_group"));
    program(pushes.unwrap()).run().exits(0).says("1 added, 0 removed").says("as wanted: true");
}

#[test]
fn each_member_of_a_report_is_told() {
    let folder = Folder::new();
    let file = folder.file("report.json");
    let program = program_named("peakon_employees").args("--people 80 --report");
    program.arg(file.to_str().unwrap()).run().exits(0);
    let report = report_at(&file);
    let members = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let left_out = report["not_delivered"].as_array().unwrap();
    assert!(left_out.iter().all(|one| one["kind"].is_null()), "they are inactive: {report:#}");
    let entry = "{what, key, kind, reason, left_out}";
    assert!(members(&left_out[0]).iter().all(|name| entry.contains(name.as_str())), "{report:#}");
    assert!(READMES[1].contains(entry));
    let counts = members(&report["people"]);
    assert!(counts.iter().any(|name| name == "references_left_out"), "{report:#}");
    for name in members(&report).into_iter().chain(counts) {
        assert!(READMES[1].contains(&format!("`{name}`")), "{name} is not in the README");
    }
}
