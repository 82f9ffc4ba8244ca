//! The short programs, with nothing set.

use serde_json::json;

use crate::support::{Folder, Held, program_named, report_at};

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
fn every_user_is_listed_of_the_org_that_the_environment_names() {
    let held = Held::people(450);
    let listed = held.program().named("list_users").arg("--read-all").run().exits(0);
    let sums: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(sums["count"], 450, "{listed}");
    assert!(sums["read"].as_u64().unwrap() > 450 * 50, "{listed}");
    held.program().named("list_users").env("OKTA_CLIENT_TOKEN", "wrong").run().exits(1);
}

#[test]
fn a_target_of_your_own_goes_on_in_the_next_process() {
    let (held, folder) = (Held::people(200), Folder::new());
    let file = folder.file("telephones.json");
    let stranger = json!({"name": "Who was there before", "phone": "1"});
    std::fs::write(&file, json!({"stranger@acme.example": stranger}).to_string()).unwrap();
    let run = || held.program().named("own_target").arg(file.to_str().unwrap()).run().exits(0);
    run().says("200 created").says("200 unchanged").says("0 created");

    let change = |position: u64, phone: &str| {
        let id = held.sandbox.okta().user_id(position);
        held.sandbox.okta().set_profile(&id, [("mobilePhone", json!(phone))]);
    };
    change(3, "+47 1");
    change(4, "+47 2");
    let mut list = report_at(&file);
    // Somebody edits the list by hand.
    list[held.sandbox.people().email(5)]["name"] = json!("Nobody");
    std::fs::write(&file, list.to_string()).unwrap();
    run().says("0 to create, 3 to update").says("197 unchanged").says("0 created, 3 updated");
    let list = report_at(&file);
    let of = |position: u64| &list[held.sandbox.people().email(position)];
    assert_eq!((&of(3)["phone"], &of(4)["phone"]), (&json!("+47 1"), &json!("+47 2")));
    assert_ne!(of(5)["name"], "Nobody");
    assert_eq!(list["stranger@acme.example"], stranger);
    assert_eq!(list.as_object().unwrap().len(), 201);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode;
        assert_eq!(mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
    }
}

#[test]
fn a_file_that_is_no_telephone_list_is_left_alone() {
    let folder = Folder::new();
    let file = folder.file("letter.txt");
    std::fs::write(&file, "Dear Ada,").unwrap();
    let ended = program_named("own_target").arg(file.to_str().unwrap()).run().exits(1);
    assert!(ended.err.contains("letter.txt: "), "{ended}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "Dear Ada,");
}

const SHORT: [(&str, &str); 9] = [
    ("custom_profile", "custom_profile"),
    ("service_app", "service_app"),
    ("raw_endpoint", "raw_endpoint"),
    ("own_target", "own_target FILE"),
    ("list_users", "list_users [URL]"),
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
