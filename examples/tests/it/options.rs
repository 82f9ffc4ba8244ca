//! On the program's own sandbox, and what each option does to it.

use crate::support::{Finished, Held, program};

fn on_own_sandbox(args: &str) -> Finished {
    program().args(args).run()
}

#[test]
fn with_no_setting_all_known_people_arrive_and_the_others_are_named() {
    let finished = on_own_sandbox("")
        .exits(0)
        .says("read    2,000 people from Okta\n")
        .says("updated 1,995\n")
        .says("unknown 5 to Pendo; --create-missing adds them: ")
        .says("failed  0\n")
        .says("sandbox its Pendo now holds metadata of 1,995 people\n");
    let line = finished.out.lines().find(|line| line.starts_with("unknown")).unwrap();
    assert_eq!(line.matches("@people.example").count(), 5, "{line}");
    assert!(finished.err.lines().all(|line| line.ends_with("people done")), "{finished}");
}

#[test]
fn people_whom_pendo_does_not_know_are_added_when_asked() {
    on_own_sandbox("--create-missing --people 800")
        .exits(0)
        .says("updated 800\n")
        .never_says("unknown")
        .says("holds metadata of 800 people\n");
}

#[test]
fn a_plan_shows_values_and_sends_nothing() {
    let held = Held::people(450);
    let first = held.sandbox.people().email(0);
    let finished = held.program().args("--plan --create-missing").run().exits(0);
    finished
        .says("plan    450 people would be pushed; nothing was sent\n")
        .says("would be created in Pendo\n")
        .says(&format!("\n{first}\n"))
        .says(&format!("okta_email                   \"{first}\"\n"))
        .never_says("updated");
    held.assert_untouched();
    assert_eq!(held.sandbox.pendo().written_count(), 0);
}

#[test]
fn a_check_and_the_list_of_fields_change_nothing() {
    let held = Held::people(50);
    held.program().args("--check").run().exits(0).says("check   ");
    let finished = held.program().args("--list-fields").run().exits(0);
    let rows: Vec<Vec<&str>> =
        finished.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let departments =
        (0..50).filter(|&i| held.sandbox.people().profile(i).contains_key("department"));
    let departments = departments.count().to_string();
    assert!(rows.contains(&vec!["department", "string", "base", &departments]), "{finished}");
    assert!(rows.contains(&vec!["score", "number", "custom", "50"]), "{finished}");
    assert!(rows.contains(&vec!["mobilePhone", "string", "base", "0"]), "{finished}");
    held.assert_untouched();
}

#[test]
fn an_empty_list_is_not_something_that_people_have() {
    let held = Held::people(60);
    let skilled = |i: &u64| held.sandbox.people().profile(*i)["skills"] != serde_json::json!([]);
    let skilled = (0..60).filter(skilled).count().to_string();
    assert_ne!(skilled, "60");
    let finished = held.program().args("--list-fields --fields skills").run().exits(0);
    let line = finished.out.lines().find(|line| line.starts_with("skills")).unwrap();
    assert_eq!(line.split_whitespace().last(), Some(&*skilled), "{finished}");
}

#[test]
fn a_limit_is_a_canary_of_the_first() {
    let held = Held::people(500);
    held.program()
        .args("--limit 10 --page-size 3")
        .run()
        .exits(0)
        .says("read    10 people")
        .says("updated 10\n");
    assert_eq!(held.sandbox.pendo().written_count(), 10);
    let people = held.sandbox.people();
    assert!((0..10).all(|index| held.custom(&people.email(index)).is_object()));
}

#[test]
fn a_search_chooses_who_is_pushed() {
    let held = Held::people(500);
    let people = held.sandbox.people();
    let of_sales = |i: &u64| people.profile(*i).get("department").is_some_and(|d| d == "Sales");
    // A search finds deprovisioned people too; they are read and left out.
    let found = (0..people.total()).filter(of_sales).count();
    let emails: Vec<_> = (0..500).filter(of_sales).map(|i| people.email(i)).collect();
    held.program()
        .args("--create-missing --page-size 20 --search")
        .arg("profile.department eq \"Sales\"")
        .run()
        .exits(0)
        .says(&format!("read    {found} people"))
        .says(&format!("updated {}\n", emails.len()));
    assert_eq!(held.sandbox.pendo().written_count(), emails.len() as u64);
    assert!(emails.iter().all(|email| held.custom(email)["okta_department"] == "Sales"));
}

#[test]
fn deprovisioned_people_come_only_when_asked_for() {
    let held = Held::people(300);
    let leavers = held.sandbox.people().total() - 300;
    assert_eq!(leavers, 6);
    held.program().run().exits(0).says("read    300 people").never_says("deprovisioned");
    let leaver = held.sandbox.people().email(303);
    assert!(held.custom(&leaver).is_null());

    let search = |args: &str| {
        held.program().args(args).arg("--search").arg("status eq \"DEPROVISIONED\"").run()
    };
    search("")
        .exits(0)
        .says("updated 0\n")
        .says("left out 6 deprovisioned; --include-deprovisioned");
    assert!(held.custom(&leaver).is_null());
    let written = held.sandbox.pendo().written_count();
    search("--create-missing").exits(0).says("updated 0\n");
    let after = held.sandbox.pendo().written_count();
    assert_eq!(after, written, "nobody who is left out is tried with");

    held.program()
        .args("--include-deprovisioned")
        .run()
        .exits(0)
        .says("read    306 people")
        .says("updated 306\n");
    assert_eq!(held.custom(&leaver)["okta_email"], leaver.as_str());
    search("--include-deprovisioned").exits(0).says("updated 6\n");
}

#[test]
fn the_visitor_id_is_any_attribute() {
    for key in ["id", "login", "employeeNumber", "badgeNumber"] {
        let held = Held::people(20);
        let ids: Vec<_> = (0..20)
            .filter_map(|index| match key {
                "id" => Some(held.sandbox.okta().user_id(index)),
                _ => match &held.sandbox.people().profile(index).get(key)? {
                    serde_json::Value::Null => None,
                    serde_json::Value::String(text) => Some(text.clone()),
                    other => Some(other.to_string()),
                },
            })
            .collect();
        let finished = held.program().args("--create-missing --visitor-id").arg(key).run().exits(0);
        let finished = finished.says(&format!("updated {}\n", ids.len()));
        if ids.len() < 20 {
            let left_out = 20 - ids.len();
            finished.says(&format!("left out {left_out} without {key}; --visitor-id"));
        }
        assert!(ids.iter().all(|id| held.custom(id)["okta_email"].is_string()), "{key}");
        assert_eq!(held.sandbox.pendo().written_count(), ids.len() as u64);
    }
}

#[test]
fn faults_of_its_own_sandbox_lose_nothing() {
    on_own_sandbox("--people 300 --faults 0.1 --page-size 50 --batch-size 30")
        .exits(0)
        .says("read    300 people")
        .says("updated 300\n")
        .says("failed  0\n")
        .says("holds metadata of 300 people\n");
}

#[test]
fn the_help_names_the_exit_codes_and_the_environment() {
    on_own_sandbox("--help")
        .exits(0)
        .says("OKTA_CLIENT_ORGURL")
        .says("PENDO_INTEGRATION_KEY")
        .says("Exit code");
}
