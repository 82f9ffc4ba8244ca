//! Lists for which Pendo has no field yet: whether it takes them is tried, and nothing is made on a guess.

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
