//! The README against the programs, and what the short ones refuse.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::process::{Command, Output};

#[test]
fn the_readme_names_every_program_with_its_command() {
    let (readme, manifest) = (include_str!("../README.md"), include_str!("../Cargo.toml"));
    let programs = manifest.split("[[example]]").skip(1);
    let names = programs.map(|text| text.split('"').nth(1).unwrap());
    let names: Vec<&str> = names.collect();
    assert!(names.contains(&"scim_diff"), "{names:?}");
    for name in names {
        assert!(readme.contains(&format!("[`{name}`]({name}.rs)")), "{name} has no row");
        assert!(readme.contains(&format!("--example {name}")), "{name} has no command");
    }
}

fn push_group(args: &[&str], url: Option<&str>) -> Output {
    // The examples lie beside the folder of the tests.
    let mut program: PathBuf = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    let name = format!("scim_push_group{}", std::env::consts::EXE_SUFFIX);
    program.extend(["examples", &name]);
    let mut command = Command::new(&program);
    command.args(args).env_clear().env("HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/no-home"));
    if let Some(url) = url {
        command.env("SCIM_BASE_URL", url).env("SCIM_TOKEN", "token-of-nobody");
    }
    let built = "`cargo test -p examples` builds the examples too, `--test readme` alone does not";
    command.output().unwrap_or_else(|error| panic!("{}: {error}: {built}", program.display()))
}

#[test]
fn a_real_group_is_pushed_only_with_its_members_named() {
    // A port that was free a moment ago: whoever calls it fails, and not with this message.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    drop(listener);
    for args in [&[][..], &["Engineering"]] {
        let refused = push_group(args, Some(&url));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success());
        assert!(said.contains("scim_push_group NAME USER_NAME..."), "{said}");
    }
    let in_sandbox = push_group(&[], None);
    let said = String::from_utf8(in_sandbox.stdout).unwrap();
    assert!(in_sandbox.status.success() && said.contains("20 added, 0 removed"), "{said}");
}
