//! Lists for which Pendo has no field yet: whether it takes them is tried, and nothing is made on a guess.

use std::time::Duration;

use sandbox::Fault;
use serde_json::{Value, json};

use crate::support::{Folder, Foreign, Held};

fn set_skills(held: &Held, positions: impl Iterator<Item = u64>, skills: &Value) {
    let okta = held.sandbox.okta();
    positions.for_each(|position| {
        okta.set_profile(&okta.user_id(position), [("skills", skills.clone())]);
    });
}

fn field_of(held: &Held) -> Value {
    held.sandbox.pendo().schema("visitor").unwrap()["custom"]["okta_skills"].clone()
}

#[test]
fn where_nobody_has_a_list_nothing_is_tried_and_no_field_made() {
    for stored in [false, true] {
        let (held, folder) = (Held::people(30), Folder::new());
        let program = match stored {
            true => held.program().arg("--store").arg(folder.file("s").to_str().unwrap()),
            false => held.program(),
        };
        let program = program.args("--create-missing");
        set_skills(&held, 0..30, &json!([]));
        let first = program.run().exits(0).says("not tried okta_skills: nobody");
        first.never_says("with 0 people").says("updated 30\n");
        assert_eq!(field_of(&held), Value::Null);
        set_skills(&held, 3..5, &json!(["a", "b"]));
        program.run().exits(0).says("tried   okta_skills with 2 people's lists: Pendo takes lists");
        let skills = held.custom(&held.sandbox.people().email(3))["okta_skills"].clone();
        assert_eq!(skills, json!(["a", "b"]));
    }
}

#[test]
fn who_has_a_list_is_found_wherever_they_are_in_the_org() {
    let held = Held::people(450);
    set_skills(&held, 0..450, &json!([]));
    set_skills(&held, 430..431, &json!(["a", "b"]));
    let ended = held.program().run().exits(0);
    ended.says("tried   okta_skills with 1 people's lists: Pendo takes lists").says("updated 449");
    assert_eq!(held.custom(&held.sandbox.people().email(430))["okta_skills"], json!(["a", "b"]));

    // What a field holds that counts as text is read of them, too.
    let again = held.program().run().exits(0);
    assert_eq!(held.custom(&held.sandbox.people().email(430))["okta_skills"], json!(["a", "b"]));
    again.never_says("tried");
}

#[test]
fn only_those_who_are_pushed_are_tried_with() {
    let held = Held::people(450);
    set_skills(&held, 0..450, &json!([]));
    set_skills(&held, 430..431, &json!(["a", "b"]));
    let email = held.sandbox.people().email(430);
    let others = format!("profile.email lt \"{email}\" or profile.email gt \"{email}\"");
    let tried = held.program().args("--create-missing --search").arg(&others).run().exits(0);
    tried.says("not tried okta_skills: nobody whom Pendo knows");
    held.program()
        .args("--create-missing --limit 300")
        .run()
        .exits(0)
        .says("this canary leaves it");
    assert_eq!(field_of(&held), Value::Null);
    assert!(held.custom(&email).is_null());
}

#[test]
fn where_okta_does_not_say_who_has_a_list_nothing_is_pushed() {
    let held = Held::people(30);
    set_skills(&held, 0..30, &json!([]));
    let faults = held.sandbox.faults();
    faults.next("GET /api/v1/users", Fault::Slow(Duration::ZERO), 1);
    faults.next("GET /api/v1/users", Fault::Status(400), 1);
    held.program().run().refused(&["okta_skills", "400", "--lists array"]);
    assert_eq!(held.sandbox.pendo().written_count(), 0);
}

#[test]
fn where_pendo_knows_nobody_nothing_is_tried_and_no_field_made() {
    let held = Held::people(2_000);
    let unknown = &held.unknown()[0];
    let id = held.sandbox.okta().user(unknown).unwrap()["id"].as_str().unwrap().to_owned();
    held.sandbox.okta().set_profile(&id, [("skills", json!(["a"]))]);
    let only = |args: &str| {
        let search = format!("profile.email eq \"{unknown}\"");
        held.program().args(args).arg("--search").arg(&search).run().exits(0)
    };
    only("").says("not tried okta_skills: nobody").says("unknown 1 ");
    assert_eq!(field_of(&held), Value::Null);
    only("--lists text").never_says("tried");
    assert_eq!(field_of(&held)["Type"], "string", "{:?}", held.sandbox.pendo().schema("visitor"));
}

#[test]
fn on_other_servers_lists_are_tried_once_somebody_is_known() {
    for (kind, verdict) in [("take", "takes lists"), ("refuse", "takes no lists")] {
        let args = format!("--people 40 --list-type {kind}");
        let Some(server) = Foreign::start(&args) else { return };
        server.program().run().exits(0).says("not tried okta_skills: nobody").says("updated 0\n");
        let run = server.program().args("--create-missing").run().exits(0);
        run.says(&format!("tried   okta_skills with 20 people's lists: Pendo {verdict}"));
        server.assert_all_arrived(40);
    }
}
