//! Who is active in the product, by the status in Okta.

use futures::TryStreamExt;
use okta_client::{User, UserStatus};
use sandbox::ScimOptions;

use super::common::Rig;
use super::pendo_groups::{ids, members};
use crate::support::report_at;

const MAPPING: &str = "key = \"user.email\"\n[[row]]\nto = \"name.givenName\"\nfrom = \"user.firstName\"\n[[row]]\nto = \"name.familyName\"\nfrom = \"user.lastName\"\n";

fn people(rig: &Rig) -> Vec<User> {
    rig.in_okta(async |okta| okta.users().list().stream().try_collect().await.unwrap())
}

fn of(people: &[User], statuses: &[&str]) -> Vec<String> {
    let status = |user: &User| user.status.as_ref().map_or("", UserStatus::as_str).to_owned();
    let found = people.iter().filter(|user| statuses.contains(&status(user).as_str()));
    found.map(|user| user.profile.email().unwrap().to_owned()).collect()
}

#[test]
fn staged_and_suspended_people_are_not_created_and_all_others_are_active() {
    for (name, product) in [
        ("pendo_scim", ScimOptions::pendo()),
        ("peakon_employees", ScimOptions::peakon()),
        ("pingboard_profiles", ScimOptions::pingboard()),
    ] {
        let rig = Rig::as_seeded(name, 120, product);
        let people = people(&rig);
        let (staged, suspended) = (of(&people, &["STAGED"]), of(&people, &["SUSPENDED"]));
        let others =
            of(&people, &["ACTIVE", "PROVISIONED", "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY"]);
        assert!(!staged.is_empty() && !suspended.is_empty());
        assert_eq!(staged.len() + suspended.len() + others.len(), people.len());
        let file = rig.file("report.json");
        // Without managers, who may be inactive themselves.
        let mapping = rig.written("mapping.toml", MAPPING);
        let args = ["--mapping", &mapping, "--search", "profile.login pr"];
        let run = |more: &str| args.iter().fold(rig.program(more), |all, one| all.arg(one)).run();
        let (left, off) = (staged.len(), suspended.len());
        let says = format!("left out  {left} staged in Okta: not active in the product");
        run("--plan").exits(0).says(&says);
        let finished = run(&format!("--report {}", file.display())).exits(0);
        let finished = finished.says(&format!("{} created", others.len()));
        assert!(finished.out.contains(": staged in Okta"), "{finished}");
        assert!(finished.out.contains(&format!("left out  {off} (")), "{finished}");
        let report = report_at(&file);
        let named = |email: &String| {
            let entries = report["not_delivered"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["key"] == email.as_str());
            entry.is_some_and(|entry| entry["left_out"] == true)
        };
        assert!(staged.iter().chain(&suspended).all(named), "{report}");
        assert_eq!(report["complete"], true, "{report}");
        assert!(others.iter().all(|email| rig.user(email)["active"] == true), "{name}");
        assert!(staged.iter().chain(&suspended).all(|email| rig.user(email).is_null()), "{name}");
        // The rule can be told otherwise.
        run("--inactive-statuses suspended").exits(0).says(&format!("{left} created"));
        assert!(staged.iter().all(|email| rig.user(email)["active"] == true), "{name}");
        run("--inactive-statuses none").exits(0).says(&format!("{off} created"));
        run("").exits(0).says(&format!("{} removed", left + off));
        assert!(staged.iter().chain(&suspended).all(|email| rig.user(email)["active"] != true));
    }
}

#[test]
fn who_is_suspended_is_out_of_use_for_that_time() {
    let rig = Rig::start("pendo_scim", 20, ScimOptions::default());
    let group = rig.group("Staff", 0..5);
    let run = |args: &str| rig.program(args).arg("--push-groups").arg(&group).run();
    run("").exits(0).says("20 created");
    let before = rig.user(&rig.email(3))["id"].clone();
    rig.suspend(3);
    // Not deleted either: this person has not left.
    run("--delete").exits(0).says("1 removed");
    assert_eq!(rig.user(&rig.email(3))["active"], false);
    assert_eq!(members(&rig, "Staff"), ids(&rig, [0, 1, 2, 4]));
    run("").exits(0).says("19 unchanged");
    rig.unsuspend(3);
    run("").exits(0).says("1 restored");
    assert_eq!(rig.user(&rig.email(3))["active"], true);
    assert_eq!(rig.user(&rig.email(3))["id"], before);
    assert_eq!(members(&rig, "Staff"), ids(&rig, 0..5));
}

#[test]
fn suspending_is_followed() {
    let rig = Rig::start("pendo_scim", 20, ScimOptions::default());
    let group = rig.group("Staff", 0..5);
    let program = rig.program("--follow --poll 1s --push-groups").arg(&group);
    let mut running = program.start();
    running.says("group     Staff: Active, 5 members");
    rig.suspend(3);
    running.until("out of use", || rig.user(&rig.email(3))["active"] == false);
    running.until("no member", || members(&rig, "Staff") == ids(&rig, [0, 1, 2, 4]));
    rig.unsuspend(3);
    running.until("in use", || rig.user(&rig.email(3))["active"] == true);
    running.until("a member", || members(&rig, "Staff") == ids(&rig, 0..5));
}

#[test]
fn statuses_that_do_not_exist_are_refused() {
    let rig = Rig::start("pendo_scim", 5, ScimOptions::pendo());
    rig.program("--inactive-statuses frozen").run().refused(&["frozen", "suspended", "none"]);
    rig.program("--inactive-statuses active").run().refused(&["active", "suspended"]);
    assert_eq!(rig.writes(), 0);
}

#[test]
fn a_mapped_active_row_deactivates_nobody_where_that_is_switched_off() {
    let rig = Rig::start("pendo_scim", 20, ScimOptions::pendo());
    let text = format!("{MAPPING}[[row]]\nto = \"active\"\nfrom = 'user.department != \"Off\"'\n");
    let mapping = rig.written("mapping.toml", &text);
    let run = |args: &str| rig.program(args).args("--mapping").arg(&mapping).run();
    run("").exits(0).says("20 created");
    (0..12).for_each(|position| rig.set(position, "department", "Off"));
    run("--no-deactivate").exits(0).says("12 (").says("switched off by --no-deactivate");
    assert!((0..20).all(|position| rig.user(&rig.email(position))["active"] == true));
    run("").exits(3);
    run("--max-removals 12").exits(0).says("12 updated");
    assert!((0..12).all(|position| rig.user(&rig.email(position))["active"] == false));
}
