//! Groups of Pendo, table 2.

use sandbox::ScimOptions;
use serde_json::Value;

use super::common::Rig;
use crate::support::{program_named, report_at};

fn rig() -> Rig {
    Rig::start("pendo_scim", 30, ScimOptions::pendo())
}

pub(super) fn group(rig: &Rig, name: &str) -> Value {
    let groups = rig.sandbox.scim().groups();
    groups.into_iter().find(|group| group["displayName"] == name).unwrap_or_default()
}

pub(super) fn members(rig: &Rig, name: &str) -> Vec<String> {
    let mut members = rig.sandbox.scim().members(group(rig, name)["id"].as_str().unwrap()).unwrap();
    members.sort();
    members
}

pub(super) fn ids(rig: &Rig, positions: impl IntoIterator<Item = u64>) -> Vec<String> {
    let id = |position| rig.user(&rig.email(position))["id"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = positions.into_iter().map(id).collect();
    ids.sort();
    ids
}

#[test]
fn the_first_group_must_contain_an_administrator() {
    let rig = rig();
    rig.group("Admins", 0..5);
    let outside = format!("{},{}", rig.email(10), rig.email(11));
    let finished = rig.program("--push-groups Admins --admins").arg(&outside).run().exits(3);
    let line = finished.complaint();
    assert!(line.contains("2 administrators") && line.contains("5 members of Admins"), "{line}");
    assert_eq!(rig.writes(), 0);
    let check = rig.program("--check --push-groups Admins --admins").arg(&outside).run().exits(3);
    assert!(check.complaint().contains("2 administrators"), "{check}");
    let one = format!("{},{}", rig.email(10), rig.email(2).to_uppercase());
    rig.program("--push-groups Admins --admins").arg(&one).run().exits(0).says("Admins: Active");
    // Later groups need none.
    rig.group("Others", 20..22);
    rig.program("--push-groups Others --admins").arg(&one).run().exits(0).says("Others: Active");
}

#[test]
fn groups_are_pushed_by_difference_and_read_back() {
    let rig = rig();
    let id = rig.group("Field, Sales", 0..12);
    let run = || rig.program("--push-groups").arg(&id).run();
    run()
        .exits(0)
        .says("Field, Sales: Pushing")
        .says("Field, Sales: Active, 12 members sent; the product does not show members");
    assert_eq!(group(&rig, "Field, Sales")["externalId"], id.as_str());
    assert_eq!(members(&rig, "Field, Sales"), ids(&rig, 0..12));
    let (user, other) = (rig.id(3), rig.id(20));
    rig.in_okta(async |okta| {
        okta.groups().remove_member(&id, user).await.unwrap();
        okta.groups().add_member(&id, other).await.unwrap();
    });
    run().exits(0);
    assert_eq!(members(&rig, "Field, Sales"), ids(&rig, (0..12).filter(|n| *n != 3).chain([20])));
    let writes = rig.writes();
    run().exits(0).says("groups    0 created, 0 updated");
    assert_eq!(rig.writes(), writes);
}

#[test]
fn a_group_that_is_there_is_found_by_name() {
    let rig = rig();
    rig.group("Staff", 0..3);
    let there = serde_json::json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Staff"});
    let id = rig.sandbox.scim().insert_group(there).unwrap();
    rig.program("--plan --push-groups Staff")
        .run()
        .exits(0)
        .says("Staff: is there, with 3 members");
    assert_eq!(rig.writes(), 0);
    rig.program("--push-groups Staff").run().exits(0).says("1 were there already");
    assert_eq!(rig.sandbox.scim().groups().len(), 1);
    assert_eq!(group(&rig, "Staff")["id"], id);
    assert_eq!(members(&rig, "Staff"), ids(&rig, 0..3));
}

#[test]
fn members_are_provisioned_first_or_listed() {
    let rig = rig();
    rig.group("In scope", 0..2);
    let id = rig.group("Pushed", 1..6);
    rig.program("--group")
        .arg("In scope")
        .arg("--push-groups")
        .arg(&id)
        .run()
        .exits(0)
        .says("6 created");
    assert_eq!(members(&rig, "Pushed"), ids(&rig, 1..6));

    let later = rig.group("Later", 5..9);
    let run = rig.program("--no-create --group").arg("In scope");
    run.arg("--push-groups")
        .arg(&later)
        .arg("--max-removals")
        .arg("100%")
        .run()
        .exits(0)
        .says("is not in the product, so not a member of Later there")
        .says(&rig.email(8));
    assert_eq!(members(&rig, "Later"), ids(&rig, [5]));
}

#[test]
fn groups_that_show_members_are_confirmed_one_by_one() {
    let rig = Rig::start("pendo_scim", 30, ScimOptions::default());
    rig.group("Staff", 0..9);
    rig.program("--push-groups Staff")
        .run()
        .exits(0)
        .says("Staff: Active, 9 members, all of them confirmed");
    rig.program("--push-groups Nobody").run().refused(&["no group `Nobody`"]);
}

#[test]
fn groups_come_back_from_a_backup() {
    let rig = Rig::start("pendo_scim", 30, ScimOptions::default());
    let id = rig.group("Staff", 0..9);
    let run = |args: &str| rig.program(args).arg("--push-groups").arg(&id).run();
    run("").exits(0).says("Staff: Active, 9 members");
    let before = ids(&rig, 0..9);
    let users: Vec<String> = (0..6).map(|position| rig.id(position)).collect();
    rig.in_okta(async |okta| {
        for user in &users {
            okta.groups().remove_member(&id, user).await.unwrap();
        }
    });
    let file = rig.file("users.csv");
    let stopped = run("").exits(3);
    let why = "group Staff would go from 9 to 3 members";
    assert!(stopped.complaint().contains(why), "{stopped}");
    run(&format!("--max-removals 6 --backup {}", file.display()))
        .exits(0)
        .says("30 users and 1 groups");
    assert_eq!(members(&rig, "Staff"), ids(&rig, 6..9));
    rig.program("--undo")
        .arg(file.to_str().unwrap())
        .run()
        .exits(0)
        .says("groups    0 created, 1 updated");
    assert_eq!(members(&rig, "Staff"), before);
}

#[test]
fn with_no_setting_a_group_is_pushed_and_confirmed() {
    program_named("pendo_scim").args("--people 60").run().exits(0).says("Engineering: Active");
}

fn rename(rig: &Rig, id: &str, name: &str) {
    rig.in_okta(async |okta| {
        let profile = okta_client::GroupProfile::new().with("name", name);
        okta.groups().replace(id, &profile).await.unwrap();
    });
}

#[test]
fn a_group_that_is_renamed_in_okta_is_renamed_under_either_name() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    let id = rig.group("Ops", 0..4);
    rig.program("--push-groups Ops").run().exits(0).says("Ops: Active, 4 members");
    let there = group(&rig, "Ops")["id"].clone();
    for (asked, name) in [("Ops", "Operations"), ("Run", "Run"), ("Ops", "Platform")] {
        rename(&rig, &id, name);
        let finished = rig.program("--push-groups").arg(asked).run().exits(0);
        let finished = finished.says(&format!("{name}: Active, 4 members"));
        assert_eq!(finished.out.contains("is called"), asked != name, "{finished}");
        assert_eq!(rig.sandbox.scim().groups().len(), 1);
        assert_eq!(group(&rig, name)["id"], there);
    }
    // Who has the name now is meant by it.
    let other = rig.group("Ops", 6..8);
    let finished = rig.program("--push-groups Ops").run().exits(0).says("Ops: Active, 2 members");
    let finished = finished.says("Platform is not pushed any more");
    assert!(!finished.out.contains("is called"), "{finished}");
    assert_eq!(group(&rig, "Ops")["externalId"], other.as_str());
    rig.program("--push-groups Nobody").run().refused(&["no group `Nobody`"]);
}

#[test]
fn a_group_that_is_named_twice_is_pushed_once_and_found_under_its_old_name() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    let id = rig.group("Ops", 0..4);
    let run = || rig.program("--push-groups").arg(&format!("Ops,{id}")).run().exits(0);
    let first = run().says("Ops: Active, 4 members").says("groups    1 created");
    assert_eq!(first.out.matches("Ops: Pushing").count(), 1, "{first}");
    rename(&rig, &id, "Platform");
    run().says("Ops is called Platform in Okta now").says("Platform: Active, 4 members");
    assert_eq!(rig.sandbox.scim().groups().len(), 1);
}

#[test]
fn a_group_that_is_not_pushed_any_more_is_mentioned_until_it_is_settled() {
    let rig = Rig::start("pendo_scim", 12, ScimOptions::default());
    rig.group("Ops", 0..4);
    rig.group("Staff", 2..6);
    rig.group("Crew", 1..3);
    rig.program("--push-groups Ops,Staff,Crew").run().exits(0).says("Crew: Active, 2 members");
    let stays = "Ops is not pushed any more: it stays in the product with its 4 members";
    for args in ["--push-groups Staff,Crew", "--plan --push-groups Staff,Crew", ""] {
        rig.program(args).run().exits(0).says(stays);
    }
    assert_eq!(members(&rig, "Ops"), ids(&rig, 0..4));
    rig.program("--plan --unlink empty --push-groups Staff,Crew").run().exits(0).says("taken out");
    assert_eq!(members(&rig, "Ops"), ids(&rig, 0..4));
    let emptied = rig.program("--unlink empty --push-groups Staff,Crew").run().exits(0);
    emptied.says("Ops is not pushed any more: its 4 members are taken out");
    assert!(members(&rig, "Ops").is_empty());
    assert_eq!(members(&rig, "Staff"), ids(&rig, 2..6));
    let next = rig.program("--push-groups Staff").run().exits(0);
    let next = next.says("Crew is not pushed any more");
    assert!(!next.out.contains("Ops"), "{next}");
    rig.program("--plan --unlink delete").run().exits(0).says("it is deleted");
    assert_eq!(rig.sandbox.scim().groups().len(), 3);
    rig.program("--unlink delete --push-groups Staff").run().exits(0).says("1 removed");
    assert!(group(&rig, "Crew").is_null() && !group(&rig, "Ops").is_null());
    // The last one, too.
    rig.program("--unlink delete").run().exits(0).says("1 removed");
    assert_eq!(rig.sandbox.scim().groups().len(), 1);
    let writes = rig.writes();
    let quiet = rig.program("").run().exits(0);
    assert!(!quiet.out.contains("any more"), "{quiet}");
    assert_eq!(rig.writes(), writes);
    // One that is pushed again is filled again.
    rig.program("--push-groups Ops").run().exits(0).says("Ops: Active, 4 members");
    assert_eq!(members(&rig, "Ops"), ids(&rig, 0..4));
    rig.program("--follow --unlink empty").run().refused(&["--unlink", "--follow"]);
}

#[test]
fn one_administrator_has_to_stay_in_scope() {
    let rig = rig();
    rig.group("Staff", 0..5);
    let admins = format!("{},{}", rig.email(2).to_uppercase(), rig.email(3));
    let run = || rig.program("--push-groups Staff --admins").arg(&admins).run();
    run().exits(0);
    rig.deactivate(2);
    run().exits(0).says("1 removed");
    rig.deactivate(3);
    let finished = run().exits(3);
    assert!(finished.complaint().contains("one of them must be"), "{finished}");
    assert_eq!(rig.user(&rig.email(3))["active"], true);
}

#[test]
fn a_member_without_key_is_named_and_one_who_was_delivered_stays() {
    let rig = Rig::start("pendo_scim", 20, ScimOptions::default());
    let id = rig.group("Staff", 0..6);
    (0..20).for_each(|position| rig.set(position, "nickName", format!("nick{position}")));
    let mapping = "key = \"user.nickName\"\n[[row]]\nto = \"userName\"\nfrom = \"user.nickName\"\n";
    let mapping = rig.written("mapping.toml", mapping);
    let (new, before) = (rig.id(2), rig.id(3));
    rig.set(2, "nickName", Value::Null);
    let file = rig.file("report.json");
    let run = |args: &str| {
        let program = rig.program(args).arg("--mapping").arg(&mapping).arg("--push-groups");
        program.arg(&id).run().exits(0)
    };
    let reason = "the mapping gives no key, so not a member of Staff in the product";
    run("--plan").says(&format!("left out  1, such as {new}: {reason}"));
    let report = format!("--report {}", file.display());
    run(&report).says(&format!("left out  1 ({new}): {reason}"));
    assert_eq!(members(&rig, "Staff").len(), 5);
    let undelivered = report_at(&file)["not_delivered"].clone();
    let of_groups = |one: &&Value| one["what"] == "groups";
    let named: Vec<&Value> = undelivered.as_array().unwrap().iter().filter(of_groups).collect();
    assert_eq!(named.len(), 1, "{undelivered}");
    assert!(named[0]["key"] == new.as_str() && named[0]["left_out"] == true, "{undelivered}");
    // Who loses the key is not taken out of the product, nor of the group.
    rig.set(3, "nickName", Value::Null);
    let finished = run("").says(&format!("left out  1 ({new}): {reason}"));
    assert!(finished.out.contains(&before), "{finished}");
    assert_eq!(members(&rig, "Staff").len(), 5);
}
