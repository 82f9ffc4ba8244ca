//! Users of Pendo, table 2.

use sandbox::ScimOptions;
use serde_json::json;

use super::common::{Rig, edit};

const PEOPLE: u64 = 40;

fn rig() -> Rig {
    Rig::start("pendo_scim", PEOPLE, ScimOptions::pendo())
}

fn filled() -> Rig {
    let rig = rig();
    rig.program("").run().exits(0).says("people    40 created");
    rig
}

#[test]
fn everybody_arrives_once() {
    let rig = filled();
    assert_eq!(rig.sandbox.scim().user_count(), 40);
    let profile = rig.sandbox.people().profile(7);
    let user = rig.user(&rig.email(7));
    assert_eq!(user["name"]["givenName"], profile["firstName"]);
    assert_eq!(user["name"]["familyName"], profile["lastName"]);
    assert_eq!(user["emails"][0]["value"], profile["email"]);
    assert_eq!(user["externalId"], rig.id(7));
    let writes = rig.writes();
    rig.program("").run().exits(0).says("40 unchanged").says("people    0 created");
    assert_eq!(rig.writes(), writes, "nothing is sent twice");
}

#[test]
fn who_leaves_is_deactivated_and_comes_back_as_the_same_record() {
    let rig = filled();
    let (email, id) = (rig.email(3), rig.user(&rig.email(3))["id"].clone());
    rig.deactivate(3);
    rig.program("").run().exits(0).says("1 removed");
    assert_eq!(rig.user(&email)["active"], false);
    assert_eq!(rig.calls("DELETE"), 0);
    rig.activate(3);
    rig.program("").run().exits(0).says("1 restored");
    assert_eq!(rig.user(&email)["active"], true);
    assert_eq!(rig.user(&email)["id"], id);
    assert_eq!(rig.sandbox.scim().user_count(), 40);
}

#[test]
fn nobody_is_deleted_unless_asked() {
    let rig = filled();
    rig.deactivate(3);
    rig.program("--delete").run().exits(0).says("1 removed");
    assert!(rig.user(&rig.email(3)).is_null());
    assert_eq!(rig.sandbox.scim().user_count(), 39);
    // A new address is no reason to delete anybody.
    let before = rig.user(&rig.email(4))["id"].clone();
    let id = rig.id(4);
    rig.in_okta(async |okta| {
        let new = "new4@acme.example";
        okta.users().update(&id).set("login", new).set("email", new).await.unwrap();
    });
    rig.program("--delete").run().exits(0).says("1 updated").says("0 removed");
    assert_eq!(rig.user("new4@acme.example")["id"], before);
}

#[test]
fn a_filter_typed_wrong_is_stopped_before_the_first_write() {
    let rig = filled();
    let writes = rig.writes();
    for search in ["profile.department eq \"Sal\"", "profile.department eq \"Legal\""] {
        let finished = rig.program("--search").arg(search).run().exits(3);
        let line = finished.complaint();
        assert!(line.contains("stopped before anything was sent"), "{line}");
    }
    let finished = rig.program("--search").arg("profile.department eq \"Legal\"").run().exits(3);
    assert!(
        finished.complaint().contains("of 40 records would be removed, at most 8"),
        "{finished}"
    );
    rig.deactivate(3);
    rig.program("--max-removals 0").run().exits(3);
    rig.program("--max-removals 1%").run().exits(0).says("1 removed");
    assert_eq!(rig.writes(), writes + 1);
}

#[test]
fn a_source_that_fails_is_nobody_leaving() {
    let rig = filled();
    let writes = rig.writes();
    rig.sandbox.faults().next("GET /api/v1/users", sandbox::Fault::Status(403), 1);
    let finished = rig.program("").run().exits(2);
    assert!(finished.complaint().contains("the source failed"), "{finished}");
    assert_eq!(rig.writes(), writes);
    assert_eq!(rig.user(&rig.email(3))["active"], true);
}

#[test]
fn each_kind_of_change_can_be_switched_off() {
    let rig = rig();
    rig.program("--limit 10").run().exits(0).says("10 created").says("30 changes wait");
    assert_eq!(rig.sandbox.scim().user_count(), 10);
    let there = |position: &u64| !rig.user(&rig.email(*position)).is_null();
    let known: Vec<u64> = (0..PEOPLE).filter(there).collect();
    rig.set(known[0], "firstName", "Changed");
    rig.deactivate(known[1]);

    rig.program("--no-create --no-update --no-deactivate")
        .run()
        .exits(0)
        .says("30 (")
        .says("switched off by --no-create")
        .says("1 (")
        .says("switched off by --no-update")
        .says("switched off by --no-deactivate");
    assert_eq!(rig.sandbox.scim().user_count(), 10);
    assert_eq!(rig.user(&rig.email(known[1]))["active"], true);
    rig.program("--no-create").run().exits(0).says("1 updated").says("1 removed");
    assert_eq!(rig.user(&rig.email(known[0]))["name"]["givenName"], "Changed");
    assert_eq!(rig.user(&rig.email(known[1]))["active"], false);
    rig.program("").run().exits(0).says("30 created");
}

#[test]
fn a_backup_is_the_way_back() {
    let rig = rig();
    let old = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": rig.email(0),
        "name": {"givenName": "Old, \"first\"", "familyName": "Name"}, "active": true});
    let off = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": rig.email(1),
        "name": {"givenName": "Switched", "familyName": "Off"}, "active": false});
    rig.sandbox.scim().insert_user(old).unwrap();
    rig.sandbox.scim().insert_user(off).unwrap();
    let file = rig.file("users.csv");
    let path = file.to_str().unwrap().to_owned();
    rig.program("--backup")
        .arg(&path)
        .run()
        .exits(0)
        .says("2 users and 0 groups")
        .says("not included")
        .says("roles")
        .says("38 created");
    assert_private(&file);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("kind,id,userName,"), "{text}");
    assert_eq!(text.matches("\r\n").count(), 3, "{text}");
    assert_ne!(rig.user(&rig.email(0))["name"]["givenName"], "Old, \"first\"");
    assert_eq!(rig.user(&rig.email(1))["active"], true);
    rig.program("--backup").arg(&path).run().refused(&["--backup", "is there already"]);

    // Who was made since goes, and that is everybody but two; one of these is switched off again.
    let finished = rig.program("--undo").arg(&path).run().exits(3);
    assert!(finished.complaint().contains("39 of 40"), "{finished}");
    rig.program("--plan --max-removals 100% --undo").arg(&path).run().exits(0).says("38 to remove");
    assert_eq!(rig.user(&rig.email(5))["active"], true);
    rig.program("--max-removals 100% --undo").arg(&path).run().exits(0).says("38 removed");
    let user = rig.user(&rig.email(0));
    assert_eq!(user["name"]["givenName"], "Old, \"first\"");
    assert_eq!(user["active"], true);
    assert!(user["externalId"].is_null(), "{user}");
    assert_eq!(rig.user(&rig.email(1))["active"], false);
    assert_eq!(rig.user(&rig.email(1))["name"]["givenName"], "Switched");
    assert_eq!(rig.user(&rig.email(5))["active"], false);
}

#[test]
fn a_backup_is_of_what_is_there_and_only_before_something_is_sent() {
    let rig = rig();
    let file = rig.file("users.csv");
    let path = file.to_str().unwrap();
    for args in ["--plan", "--check", "--export-plan /dev/null"] {
        let args = args.replace("/dev/null", rig.file("plan").to_str().unwrap());
        rig.program(&args).arg("--backup").arg(path).run().exits(0).never_says("backup");
        assert!(!file.exists());
    }
    let first = rig.program("--backup").arg(path).run().exits(0).says("0 users and 0 groups");
    first.says("the product holds none").never_says("gives none over SCIM");
}

#[test]
fn what_somebody_edited_there_is_put_back_when_the_product_is_compared_with() {
    let rig = filled();
    edit(&rig, &rig.email(2), |user| user["name"]["givenName"] = json!("Edited"));
    rig.program("").run().exits(0).says("40 unchanged");
    rig.program("--plan --basis target").run().exits(0).says("\"Edited\" -> ");
    rig.program("--basis target").run().exits(0).says("1 updated");
    assert_ne!(rig.user(&rig.email(2))["name"]["givenName"], "Edited");
}

#[test]
fn the_check_reads_how_people_sign_on() {
    let rig = rig();
    let app = |label: &str| rig.sandbox.okta().app_id(label).unwrap();
    let saml = app("Custom SAML");
    rig.program("--check --app").arg(&saml).run().exits(0).says("by SAML_2_0");
    rig.program("--check --app").arg(&app("SCIM with token")).run().refused(&["SAML 2.0"]);
    rig.program("--check").run().exits(0).says("the product takes the token").says("--app");
    rig.program("--check").env("SCIM_TOKEN", "wrong-scim-token").run().refused(&["credential"]);
    assert_eq!(rig.writes(), 0);
}

#[test]
fn okta_provisions_where_the_app_allows_it() {
    let rig = rig();
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let group = rig.group("Pushed by Okta", 0..4);
    rig.unstored("--okta-provisions --no-deactivate --app")
        .arg(&app)
        .args("--push-groups")
        .arg(&group)
        .run()
        .exits(0)
        .says("Pushed by Okta: Active")
        .says("connected")
        .says("deactivate users off");
    let (connection, feature) = rig.in_okta(async |okta| {
        let apps = okta.apps();
        let name = okta_client::FeatureName::UserProvisioning;
        (apps.connection(&app).get().await.unwrap(), apps.features(&app).get(name).await.unwrap())
    });
    assert!(connection.is_enabled());
    let feature = serde_json::to_value(feature).unwrap();
    let on = |value: &serde_json::Value| value["status"] == "ENABLED";
    let capabilities = &feature["capabilities"];
    assert!(on(&capabilities["create"]["lifecycleCreate"]), "{feature}");
    assert!(on(&capabilities["update"]["profile"]), "{feature}");
    assert!(!on(&capabilities["update"]["lifecycleDeactivate"]), "{feature}");

    let custom = rig.sandbox.okta().app_id("Custom SAML").unwrap();
    rig.unstored("--okta-provisions --app")
        .arg(&custom)
        .run()
        .exits(0)
        .says("In the Admin Console")
        .says(rig.sandbox.scim_url());
}

#[cfg(unix)]
pub(super) fn assert_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{}", path.display());
}

#[cfg(not(unix))]
pub(super) fn assert_private(path: &std::path::Path) {
    assert!(path.exists());
}
