//! What the visitors hold afterwards, value by value.

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox::{Fault, Faults};
use serde_json::{Map, Value, json};

use crate::support::{Folder, Held, a_few_at_once, report_at, undelivered};

/// What a person's visitor has to hold, by other rules than the program's own code.
fn expected(held: &Held, index: u64) -> Value {
    let mut values = Map::new();
    for (name, value) in held.sandbox.people().profile(index) {
        let empty = value.is_null() || value == "" || value == json!([]);
        let value = match (name.as_str(), value) {
            ("hireDate", Value::String(day)) => json!(format!("{day}T00:00:00Z")),
            (_, value) => value,
        };
        if !empty {
            values.insert(format!("okta_{}", name.to_lowercase()), value);
        }
    }
    Value::Object(values)
}

pub(crate) fn with_dates(held: Held) -> Held {
    held.sandbox
        .okta()
        .set_custom_attribute("hireDate", json!({"type": "string", "format": "date"}));
    held
}

#[track_caller]
pub(crate) fn assert_all_held(held: &Held) {
    for index in 0..held.sandbox.people().count() {
        let email = held.sandbox.people().email(index);
        assert_eq!(held.custom(&email), expected(held, index), "{email}");
    }
}

#[test]
fn every_value_is_there_typed_and_nothing_else() {
    let held = with_dates(Held::people(450));
    held.program().args("--create-missing").run().exits(0);
    assert_all_held(&held);
    let schema = held.sandbox.pendo().schema("visitor").unwrap();
    for (field, data_type) in [
        ("okta_email", "string"),
        ("okta_mobilephone", "string"),
        ("okta_badgenumber", "float"),
        ("okta_score", "float"),
        ("okta_iscontractor", "boolean"),
        ("okta_hiredate", "time"),
    ] {
        assert_eq!(schema["custom"][field]["Type"], data_type, "{field}");
    }
}

#[test]
fn the_same_run_again_changes_nothing() {
    let held = with_dates(Held::people(60));
    held.program().args("--create-missing").run().exits(0);
    let schema = held.sandbox.pendo().schema("visitor");
    held.program()
        .run()
        .exits(0)
        .says("updated 60\n")
        .says(" 0 of them created in Pendo\n")
        .never_says("differs");
    assert_all_held(&held);
    assert_eq!(held.sandbox.pendo().schema("visitor"), schema);
}

#[test]
fn each_kind_of_fault_is_met_and_nothing_is_lost() {
    let kinds = || Fault::USUAL.into_iter().chain([Fault::ConcurrencyLimited]);
    let met = std::sync::Mutex::new(BTreeSet::new());
    a_few_at_once(0..10, |seed| {
        let faults = Faults::rate(0.15).seed(seed).kinds(kinds());
        let held = with_dates(Held::start(|sandbox| sandbox.people(300).seed(seed).faults(faults)));
        held.program().args("--create-missing --page-size 20 --batch-size 25").run().exits(0);
        assert_all_held(&held);
        met.lock().unwrap().extend(held.sandbox.faults().injected().into_keys());
    });
    assert_eq!(met.into_inner().unwrap(), kinds().collect());
}

#[test]
fn chosen_fields_go_under_their_new_names_and_no_others() {
    let held = Held::people(20);
    held.program().args("--create-missing --fields email,department=team").run().exits(0);
    for index in 0..20 {
        let profile = held.sandbox.people().profile(index);
        let mut expected = json!({"okta_email": profile["email"]});
        if let Some(department) = profile.get("department") {
            expected["okta_team"] = department.clone();
        }
        assert_eq!(held.custom(&held.sandbox.people().email(index)), expected);
    }
}

#[test]
fn the_prefix_can_be_set() {
    let held = Held::people(5);
    held.program().args("--create-missing --fields email --prefix").arg("hr_").run().exits(0);
    held.program().args("--create-missing --fields email --prefix").arg("").run().exits(0);
    let email = held.sandbox.people().email(2);
    assert_eq!(held.custom(&email), json!({"hr_email": email, "email": email}));
}

#[test]
fn lists_go_as_text_when_asked_or_when_pendo_does_not_take_them() {
    let asked = Held::people(40);
    asked.program().args("--create-missing --lists text").run().exits(0);
    let refusing = Held::start(|sandbox| {
        let options = sandbox::PendoOptions { take_lists: false, ..Default::default() };
        sandbox.people(40).pendo(options)
    });
    refusing.program().args("--create-missing").run().exits(0);
    for held in [asked, refusing] {
        let schema = held.sandbox.pendo().schema("visitor").unwrap();
        assert_eq!(schema["custom"]["okta_skills"]["Type"], "string");
        for index in 0..40 {
            let skills = held.sandbox.people().profile(index)["skills"].clone();
            let items: Vec<_> =
                skills.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let held = held.custom(&held.sandbox.people().email(index))["okta_skills"].clone();
            let expected = if items.is_empty() { Value::Null } else { json!(items.join(",")) };
            assert_eq!(held, expected);
        }
    }
}

#[test]
fn one_bad_record_does_not_decide_how_all_lists_go() {
    let held = Held::people(60);
    let skilled = |i: &u64| held.sandbox.people().profile(*i)["skills"] != json!([]);
    let mut skilled = (0..60).filter(skilled).map(|i| held.sandbox.people().email(i));
    let (bad, good) = (skilled.next().unwrap(), skilled.next().unwrap());
    held.sandbox.pendo().poison(bad);
    held.program().args("--create-missing").run().exits(1).says("updated 59\n");
    assert!(held.custom(&good)["okta_skills"].is_array());
}

#[test]
fn what_was_emptied_in_okta_is_cleared_unless_kept() {
    for (option, kept) in [("", false), ("--keep-empty", true)] {
        let held = Held::people(30);
        held.program().args("--create-missing").run().exits(0);
        let (id, email) = (held.sandbox.okta().user_id(7), held.sandbox.people().email(7));
        let before = held.custom(&email);
        let emptied = [
            ("title", Value::Null),
            ("city", json!("")),
            ("skills", json!([])),
            ("score", Value::Null),
        ];
        assert!(held.sandbox.okta().set_profile(&id, emptied));
        held.sandbox.okta().set_profile(&id, [("costCenter", json!("CC-9"))]);
        held.program().args(option).run().exits(0);
        let after = held.custom(&email);
        assert_eq!(after["okta_costcenter"], "CC-9");
        for field in ["okta_title", "okta_city", "okta_score"] {
            assert!(!before[field].is_null(), "{field}");
            assert_eq!(after.get(field), before.get(field).filter(|_| kept), "{field} {option}");
        }
        assert_eq!(after.get("okta_skills"), before.get("okta_skills").filter(|_| kept));
    }
}

#[test]
fn people_without_an_address_are_left_out_and_counted() {
    let held = Held::people(30);
    for (position, nothing) in [(3, json!("")), (4, Value::Null), (5, json!("  "))] {
        let id = held.sandbox.okta().user_id(position);
        assert!(held.sandbox.okta().set_profile(&id, [("email", nothing)]));
    }
    held.program()
        .args("--create-missing")
        .run()
        .exits(0)
        .says("read    30 people")
        .says("left out 3 without email; --visitor-id")
        .says("updated 27\n");
    assert_eq!(held.sandbox.pendo().written_count(), 27);
}

#[test]
fn of_two_people_with_one_address_the_later_wins_and_the_report_names_them() {
    let held = Held::people(30);
    let shared = held.sandbox.people().email(3);
    let later = held.sandbox.okta().user_id(9);
    held.sandbox.okta().set_profile(&later, [("email", json!(shared)), ("city", json!("Oslo"))]);
    let (folder, args) = (Folder::new(), "--create-missing --report");
    let file = folder.file("report.json");
    let finished = held.program().args(args).arg(file.to_str().unwrap()).run().exits(0);
    let finished =
        finished.says("updated 29\n").says("twice   1 came again with the same visitor id");
    let line = finished.out.lines().find(|line| line.starts_with("twice")).unwrap();
    assert!(!line.trim_end().ends_with(':'), "it announces names and gives none: {line}");
    assert_eq!(undelivered(&report_at(&file), "superseded"), [shared.as_str()]);
    assert_eq!(held.custom(&shared)["okta_city"], "Oslo");
}

#[test]
fn slow_answers_change_nothing() {
    let held = with_dates(Held::people(60));
    let slow = Faults::rate(1.0).kinds([Fault::Slow(Duration::from_millis(20))]);
    held.sandbox.faults().set(slow);
    held.program()
        .args("--create-missing --page-size 7 --batch-size 11 --concurrency 8")
        .run()
        .exits(0);
    assert_all_held(&held);
}

#[test]
fn a_number_that_is_text_in_pendo_goes_as_text() {
    let held = Held::people(10);
    held.program().args("--create-missing --fields employeeNumber=badgeNumber").run().exits(0);
    let finished = held.program().args("--fields badgeNumber").run().exits(0);
    finished
        .says("differs okta_badgeNumber is string in Pendo, number fits what Okta has")
        .says("updated 10\n");
    for index in 0..10 {
        let badge =
            held.sandbox.people().profile(index).get("badgeNumber").cloned().unwrap_or_default();
        let expected = if badge.is_null() { Value::Null } else { json!(badge.to_string()) };
        assert_eq!(held.custom(&held.sandbox.people().email(index))["okta_badgenumber"], expected);
    }
}
