//! The short programs, with nothing set.

use crate::support::{Folder, program_named};

#[test]
fn people_with_a_profile_of_your_own() {
    let ended = program_named("custom_profile").run().exits(0);
    assert_eq!(ended.out.lines().count(), 5, "{ended}");
    assert!(ended.out.lines().all(|line| line.contains('@') && line.contains("Some(")), "{ended}");
}

#[test]
fn a_service_app_may_do_what_its_scopes_allow() {
    let ended = program_named("service_app").run().exits(0);
    assert_eq!(ended.out.lines().filter(|line| line.contains('@')).count(), 3, "{ended}");
    assert!(ended.out.contains("groups: GET /api/v1/groups: 403"), "{ended}");
}

#[test]
fn endpoints_without_a_method_are_called() {
    let ended = program_named("raw_endpoint").run().exits(0);
    assert!(ended.out.lines().count() > 4, "{ended}");
    assert!(ended.out.ends_with("\t\"STAGED\"\n"), "{ended}");
}

#[test]
fn a_target_of_your_own_gets_everybody_once() {
    let folder = Folder::new();
    let file = folder.file("telephones");
    let ended = program_named("own_target").arg(file.to_str().unwrap()).run();
    let ended = ended.exits(0).says("2000 created").says("0 created");
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 2_000, "{ended}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(lines.lines().all(|line| line.split('\t').count() == 3), "{lines}");
}

const SHORT: [(&str, &str); 9] = [
    ("custom_profile", "custom_profile"),
    ("service_app", "service_app"),
    ("raw_endpoint", "raw_endpoint"),
    ("own_target", "own_target FILE"),
    ("list_users", "list_users URL"),
    ("okta_event_hooks", "okta_event_hooks [ADDRESS]"),
    ("scim_list_filter", "scim_list_filter [START]"),
    ("scim_push_group", "scim_push_group [NAME USER_NAME...]"),
    ("scim_diff", "scim_diff [BEFORE.json AFTER.json]"),
];

#[test]
fn what_begins_like_an_option_is_no_data() {
    let folder = Folder::new();
    let inside = folder.file("inside");
    std::fs::create_dir(&inside).unwrap();
    for (name, usage) in SHORT {
        let ended = program_named(name).within(&inside).args("--help x").run().exits(1);
        assert!(ended.complaint().contains(&format!("usage: {usage}")), "{ended}");
    }
    assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 0, "a file was made");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf_8_is_refused() {
    use crate::support::built;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let large = [
        "pendo_visitor_sync",
        "okta_user_actions",
        "pendo_scim",
        "peakon_employees",
        "pingboard_profiles",
    ];
    let all = SHORT.map(|(name, _)| (name, 1)).into_iter().chain(large.map(|name| (name, 2)));
    for (name, code) in all {
        let mut command = std::process::Command::new(built(&format!("examples/{name}")));
        command.env_clear().arg(OsStr::from_bytes(b"x\xff"));
        let ended = command.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{name}: {said}");
        assert!(
            !said.contains("panicked") && said.contains(if code == 1 { "UTF-8" } else { "--help" })
        );
    }
}
