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
    assert!(lines.lines().all(|line| line.split('\t').count() == 3), "{lines}");
}
