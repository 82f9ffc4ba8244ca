//! `okta_user_actions`: memberships, repetition, and what its answers say.

use serde_json::{Value, json};

use crate::support::{Finished, Folder, Held, Program, program_named};

const ADA: &str = "login=ada@acme.example email=ada@acme.example firstName=Ada lastName=Lovelace";

fn actions(held: &Held) -> Program {
    program_named("okta_user_actions")
        .env("OKTA_CLIENT_ORGURL", held.sandbox.okta_url())
        .env("OKTA_CLIENT_TOKEN", held.sandbox.okta_token())
}

fn answer(ended: &Finished) -> Value {
    serde_json::from_str(&ended.out).unwrap()
}

fn run(held: &Held, args: &str) -> Value {
    answer(&actions(held).args("--output json").args(args).run().exits(0))
}

#[test]
fn groups_are_compared_and_told_with_the_attributes() {
    let held = Held::people(5);
    let added = run(&held, &format!("add --group Engineering --set {ADA}"));
    let id = added["id"].as_str().unwrap().to_owned();
    let engineering = added["groups"][0].clone();
    assert!(engineering.as_str().is_some_and(|id| id.starts_with("00g")), "{added}");
    let is_in = |group: &str| held.sandbox.okta().members(group).unwrap().contains(&id);
    let add = format!("add --update --group Engineering --group Sales --set {ADA}");
    let plan = run(&held, &format!("--plan {add}"));
    assert_eq!(plan["outcome"], "would_update", "{plan}");
    assert_eq!(plan["groups"].as_array().unwrap().len(), 1, "{plan}");
    assert!(plan["groups"][0] != engineering && !is_in("Sales"));
    let done = run(&held, &add);
    assert_eq!((&done["outcome"], &done["groups"]), (&json!("updated"), &plan["groups"]));
    assert!(is_in("Sales") && is_in("Engineering"));
    let again = run(&held, &add);
    assert_eq!((&again["outcome"], again.get("groups")), (&json!("unchanged"), None));
    let new = run(&held, "--plan add --group Sales --set login=x@acme.example");
    assert_eq!((&new["outcome"], &new["groups"]), (&json!("would_create"), &plan["groups"]));
    let text = actions(&held).args("--plan add --group Sales --set login=x@acme.example").run();
    text.exits(0).says(&format!("  group {}\n", plan["groups"][0].as_str().unwrap()));
}

#[test]
fn who_is_out_of_use_stays_so_unless_it_is_said() {
    let held = Held::people(5);
    run(&held, &format!("add --set {ADA}"));
    run(&held, "deactivate ada@acme.example");
    let status = || held.sandbox.okta().user("ada@acme.example").unwrap()["status"].clone();
    for (args, outcome) in [
        ("add", "exists"),
        ("add --activate", "exists"),
        ("add --update", "unchanged"),
        ("--plan add --update --activate", "would_update"),
    ] {
        let answer = run(&held, &format!("{args} --set {ADA}"));
        assert_eq!((&answer["outcome"], status()), (&json!(outcome), json!("DEPROVISIONED")));
        let is_noted = answer["note"].as_str().is_some_and(|note| note.contains("activate"));
        assert_eq!(is_noted, outcome != "would_update", "{args}: {answer}");
    }
    let answer = run(&held, &format!("add --update --activate --set {ADA}"));
    assert_eq!((&answer["outcome"], &answer["status"]), (&json!("updated"), &json!("PROVISIONED")));
    assert_eq!(run(&held, &format!("add --activate --set {ADA}")).get("note"), None);
}

#[test]
fn a_deletion_may_be_repeated() {
    let held = Held::people(5);
    run(&held, &format!("add --set {ADA}"));
    let line = "{\"action\":\"deactivate\",\"user\":\"ada@acme.example\",\"delete\":true}\n";
    let ended = actions(&held).args("serve").input(line.repeat(2)).run().exits(0);
    let outcome =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["result"][0]["outcome"].clone();
    let outcomes: Vec<Value> = ended.out.lines().map(outcome).collect();
    assert_eq!(outcomes, ["deleted", "already_gone"]);
    let text = actions(&held).args("deactivate --delete ada@acme.example").run().exits(0);
    text.says("already_gone  ada@acme.example");
    actions(&held).args("deactivate ada@acme.example").run().exits(1);
}

#[test]
fn what_does_not_go_is_said() {
    let held = Held::people(5);
    for (args, parts) in [
        ("--limit 0 get a", &["--limit"][..]),
        ("assign x", &["--group", "--app"]),
        ("assign x --group a --app b", &["--group", "--app"]),
        ("--plan --every 1s get a", &["--every", "--plan"]),
        ("get a --every 1s --check", &["--every", "--check"]),
        ("--plan get a --check", &["--plan", "--check"]),
        ("fields --limit 3", &["--limit is for get and serve"]),
        ("deactivate a --limit 3", &["--limit is for get and serve"]),
    ] {
        actions(&held).args(args).run().refused(parts);
    }
    let line = "{\"action\":\"get\",\"user\":\"a\",\"limit\":0}";
    let ended = actions(&held).args("serve").input(line).run().exits(1);
    assert_eq!(answer(&ended)["error"]["code"], "invalid");
}

#[test]
fn signs_that_act_on_a_terminal_are_not_printed() {
    let held = Held::people(5);
    let okta = held.sandbox.okta();
    let title = "Boss\u{1b}]0;owned\u{7}\u{1b}[2J\nid  00u1";
    okta.set_profile(&okta.user_id(2), [("title", json!(title))]);
    let login = held.sandbox.people().email(2);
    let text = actions(&held).args("get").arg(&login).run().exits(0);
    assert!(!text.out.contains(['\u{1b}', '\u{7}']), "{text:?}");
    text.says("Boss\u{fffd}]0;owned\u{fffd}\u{fffd}[2J id  00u1\n");
    let json = run(&held, &format!("get {login}"));
    assert_eq!(json["profile"]["title"], title);
    okta.set_custom_attribute("odd", json!({"type": "string", "title": "\u{1b}[31mred"}));
    let fields = actions(&held).args("fields").run().exits(0);
    assert!(!fields.out.contains('\u{1b}') && fields.out.contains("[31mred"), "{fields:?}");
    let error = actions(&held).arg("get").arg("no\u{1b}[2Jbody").run().exits(1);
    assert!(!error.err.contains('\u{1b}'), "{error:?}");
}

#[test]
fn answers_as_json_say_that_the_org_is_a_sandbox() {
    let sandboxed = || program_named("okta_user_actions").args("--people 5 --output json");
    let added = sandboxed().args("add --set").args(ADA).run().exits(0);
    assert_eq!(answer(&added)["sandbox"], true);
    assert_eq!(answer(&sandboxed().args("--check").run().exits(0))["sandbox"], true);
    let line = "{\"action\":\"fields\"}";
    assert_eq!(answer(&sandboxed().args("serve").input(line).run().exits(0))["sandbox"], true);
    let held = Held::people(5);
    assert_eq!(run(&held, &format!("add --set {ADA}")).get("sandbox"), None);
}

#[test]
fn a_settings_file_names_the_systems() {
    let (held, folder) = (Held::people(5), Folder::new());
    let (org, token) = (held.sandbox.okta_url(), held.sandbox.okta_token());
    let text = format!("okta:\n  client:\n    orgUrl: {org}\n    token: {token}\n");
    let file = folder.file("okta.yaml");
    std::fs::write(&file, text).unwrap();
    let at = |name| program_named(name).within(file.parent().unwrap());
    at("okta_user_actions").args("--people 5 get a").run().refused(&["--people"]);
    let program = at("okta_user_actions").args("--output json add --set").args(ADA);
    assert_eq!(answer(&program.run().exits(0)).get("sandbox"), None);
    assert!(held.sandbox.okta().user("ada@acme.example").is_some());
    let said = format!("{org}/ (from ./okta.yaml)\n");
    at("okta_user_actions").args("get ada@acme.example").run().exits(0).says(&said);
    at("pendo_visitor_sync").run().refused(&["PENDO_INTEGRATION_KEY is not set"]);
    let pendo = at("pendo_visitor_sync").env("PENDO_BASE_URL", held.sandbox.pendo_url());
    let pendo = pendo.env("PENDO_INTEGRATION_KEY", held.sandbox.pendo_key());
    pendo.args("--check").run().exits(0).says(&said);
    for name in ["pendo_scim", "peakon_employees", "pingboard_profiles"] {
        at(name).run().refused(&["SCIM_BASE_URL"]);
    }
    // A file without the org's address is one all the same.
    std::fs::write(&file, "okta:\n  client:\n    token: t\n").unwrap();
    at("okta_user_actions").args("get a").run().refused(&["okta.client.orgUrl", "okta.yaml"]);
    std::fs::write(&file, "okta: [\n").unwrap();
    at("okta_user_actions").args("get a").run().refused(&["okta.yaml is not YAML"]);
    let home = program_named("okta_user_actions").env("HOME", folder.file("").to_str().unwrap());
    home.args("--check --people 5").run().exits(0).says("(sandbox)");
}

#[test]
fn the_version_is_that_of_the_program() {
    for name in [
        "pendo_visitor_sync",
        "okta_user_actions",
        "pendo_scim",
        "peakon_employees",
        "pingboard_profiles",
    ] {
        let ended = program_named(name).args("-V").run().exits(0);
        assert_eq!(ended.out, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}
