//! Employees of Peakon, table 3.

use sandbox::ScimOptions;
use sandbox::scim::PEAKON_USER;
use serde_json::{Value, json};

use super::common::Rig;
use crate::support::program_named;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CUSTOM: &str = r#"
    key = "user.email"
    [[row]]
    to = "name.givenName"
    from = "user.firstName"
    [[row]]
    to = "name.familyName"
    from = "user.lastName"
    [[row]]
    to = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"
    from = "user.manager"
    refers = true
    [[row]]
    to = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User:Business Unit"
    from = "user.department"
    [[row]]
    to = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User:Start Date"
    from = "user.hireDate"
    [[row]]
    to = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User:Level"
    from = "user.badgeNumber"
"#;

fn rig() -> Rig {
    Rig::start("peakon_employees", 40, ScimOptions::peakon())
}

#[test]
fn with_no_setting_everybody_arrives() {
    program_named("peakon_employees")
        .args("--people 60 --inactive-statuses none")
        .run()
        .exits(0)
        .says("60 created")
        .says("0 failed");
}

#[test]
fn base_attributes_and_managers_arrive() {
    let rig = rig();
    rig.program("").run().exits(0).says("40 created").says("0 failed");
    for position in 0..40 {
        let (user, profile) =
            (rig.user(&rig.email(position)), rig.sandbox.people().profile(position));
        assert_eq!(user["name"]["givenName"], profile["firstName"]);
        assert_eq!(user["emails"][0]["value"], profile["email"]);
        assert_eq!(user[ENTERPRISE]["employeeNumber"], profile["employeeNumber"]);
        let manager = profile.get("manager").cloned().unwrap_or_default();
        assert_eq!(user[ENTERPRISE]["manager"]["value"], manager, "{user}");
    }
    rig.program("").run().exits(0).says("40 unchanged");
}

#[test]
fn custom_attributes_are_typed_and_keep_their_names() {
    let rig = rig();
    let mapping = rig.written("mapping.toml", CUSTOM);
    let run = || rig.program("--mapping").arg(&mapping).run();
    run().exits(0).says("0 failed");
    for position in 0..40 {
        let (user, profile) =
            (rig.user(&rig.email(position)), rig.sandbox.people().profile(position));
        let custom = &user[PEAKON_USER];
        let given = |name: &str| profile.get(name).cloned().unwrap_or_default();
        assert_eq!(custom["Business Unit"], given("department"), "{user}");
        assert_eq!(custom["Level"], given("badgeNumber"), "{user}");
        let date = format!("{}T00:00:00Z", given("hireDate").as_str().unwrap());
        assert_eq!(custom["Start Date"], json!(date), "{user}");
    }
    rig.set(4, "department", "Legal");
    rig.set(5, "department", Value::Null);
    run().exits(0).says("2 updated");
    assert_eq!(rig.user(&rig.email(4))[PEAKON_USER]["Business Unit"], "Legal");
    assert!(rig.user(&rig.email(5))[PEAKON_USER]["Business Unit"].is_null());
    run().exits(0).says("40 unchanged");
}

#[test]
fn who_leaves_is_switched_off_and_on_again() {
    let rig = rig();
    rig.program("").run().exits(0);
    let id = rig.user(&rig.email(39))["id"].clone();
    rig.deactivate(39);
    rig.program("").run().exits(0).says("1 removed");
    assert_eq!(rig.user(&rig.email(39))["active"], false);
    rig.activate(39);
    rig.program("").run().exits(0).says("1 restored");
    assert_eq!(
        (&rig.user(&rig.email(39))["active"], &rig.user(&rig.email(39))["id"]),
        (&json!(true), &id)
    );
}

#[test]
fn groups_are_refused_and_not_sent() {
    let rig = rig();
    rig.group("Staff", 0..3);
    rig.program("--push-groups Staff").run().refused(&["Staff", "not sent", "no groups"]);
    assert_eq!(rig.writes(), 0);
}

#[test]
fn an_attribute_that_okta_does_not_have_is_refused() {
    let rig = rig();
    let wrong = CUSTOM.replace("user.hireDate", "user.hiredate");
    let mapping = rig.written("mapping.toml", &wrong);
    rig.program("--mapping").arg(&mapping).run().refused(&["Start Date", "hiredate"]);
    assert_eq!(rig.writes(), 0);
}

#[test]
fn attributes_are_defined_in_okta_with_their_namespace() {
    let rig = rig();
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    let finished =
        rig.unstored("--app").arg(&app).arg("--define").arg("Employed Since=date").run().exits(2);
    assert!(finished.err.contains("write Employed_Since"), "{finished}");
    assert!(finished.err.contains("alias"), "{finished}");
    rig.unstored("--define department=string --app")
        .arg(&app)
        .run()
        .refused(&["department_custom"]);
    rig.unstored("--define badgeNumber=integer --define unit=string:user.department")
        .args("--define Employed_Since=date --app")
        .arg(&app)
        .run()
        .exits(0)
        .says("mapped    user.badgeNumber -> badgeNumber")
        .says("mapped    user.department -> unit")
        .says("unmapped  Employed_Since");
    let (schema, mappings) = rig.in_okta(async |okta| {
        use futures::TryStreamExt;
        let mappings = okta.mappings().list().target(&app).stream();
        let mappings: Vec<_> = mappings.try_collect().await.unwrap();
        let mapping = okta.mappings().get(&mappings[0].id).await.unwrap();
        (okta.schemas().app_user(&app).await.unwrap(), mapping)
    });
    let unit = schema.attribute("unit").unwrap();
    assert_eq!(unit.external_namespace.as_deref(), Some(PEAKON_USER));
    assert_eq!(unit.external_name.as_deref(), Some("unit"));
    assert_eq!(unit.scope.as_ref().map(|scope| scope.as_str()), Some("SELF"));
    assert_eq!(schema.attribute("Employed_Since").unwrap().format.as_deref(), Some("date"));
    let mapped = mappings.attribute("unit").unwrap();
    assert_eq!(mapped.expression.as_deref(), Some("user.department"));
    assert_eq!(mapped.push_status, Some(okta_client::PushStatus::Push));
    assert_eq!(rig.writes(), 0);
}

#[test]
fn an_attribute_is_made_of_what_okta_has_or_not_defined_at_all() {
    let rig = rig();
    let app = rig.sandbox.okta().app_id("SCIM with token").unwrap();
    for plan in ["", "--plan"] {
        let define =
            rig.unstored(plan).args("--define a=string --define unit=string:user.departmnt");
        let refused = define.arg("--app").arg(&app).run();
        refused.refused(&["--define unit", "`user.departmnt`", "did you mean `department`"]);
    }
    let schema = rig.in_okta(async |okta| okta.schemas().app_user(&app).await.unwrap());
    assert!(schema.attribute("unit").is_none() && schema.attribute("a").is_none());
    rig.unstored("--plan --define unit=string:user.department --define a=string --app")
        .arg(&app)
        .run()
        .exits(0)
        .says("user.department -> unit would be mapped")
        .says("unmapped  a");
}

#[test]
fn whoever_is_referred_to_and_not_there_is_named_with_the_attribute() {
    let rig = rig();
    rig.set(3, "manager", "nobody@people.example");
    let finished = rig.program("").run().exits(0);
    let note =
        format!("note      {}: `{ENTERPRISE}:manager.value` refers to nobody@", rig.email(3));
    assert_eq!(finished.out.matches(&note).count(), 1, "{finished}");
}
