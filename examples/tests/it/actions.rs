//! `okta_user_actions`: each action as another system calls it, and what the org holds afterwards.

use sandbox::{Fault, Faults};
use serde_json::{Value, json};

use crate::support::{Finished, Folder, Held, Program, program_named, report_at};

const ADA: &str = "login=ada@acme.example email=ada@acme.example firstName=Ada lastName=Lovelace";

fn actions(held: &Held) -> Program {
    program_named("okta_user_actions")
        .env("OKTA_CLIENT_ORGURL", held.sandbox.okta_url())
        .env("OKTA_CLIENT_TOKEN", held.sandbox.okta_token())
}

fn run(held: &Held, args: &str) -> Finished {
    actions(held).args("--output json").args(args).run()
}

impl Finished {
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[track_caller]
    fn one(&self) -> Value {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{self}");
        lines[0].clone()
    }

    /// The one JSON object on standard error.
    #[track_caller]
    fn error(&self) -> Value {
        assert_eq!(self.out, "", "{self}");
        serde_json::from_str(self.complaint()).unwrap()
    }

    #[track_caller]
    fn ends_as(self, outcome: &str) -> Value {
        let finished = self.exits(0);
        let answer = finished.one();
        assert_eq!(answer["outcome"], outcome, "{finished}");
        answer
    }
}

#[track_caller]
fn there(held: &Held, login: &str) -> Value {
    held.sandbox.okta().user(login).unwrap_or_else(|| panic!("no {login}"))
}

#[test]
fn with_no_setting_it_works_on_a_sandbox_of_its_own() {
    let finished = program_named("okta_user_actions").args("--people 20 add --set").args(ADA).run();
    finished.exits(0).says("(sandbox)\n").says("created  00u").says("PROVISIONED").says("Lovelace");
    program_named("okta_user_actions").args("--check --people 5").run().exits(0).says("check   ");
}

#[test]
fn fields_are_those_of_the_org_and_required_ones_are_marked() {
    let held = Held::people(5);
    let badge = json!({"type": "integer", "title": "Locker", "required": true});
    held.sandbox.okta().set_custom_attribute("lockerNumber", badge);
    let finished = run(&held, "fields").exits(0);
    let all = finished.lines();
    let field = |name: &str| all.iter().find(|one| one["name"] == name).unwrap().clone();
    for (name, kind, required, custom) in [
        ("login", "string", true, false),
        ("email", "string", true, false),
        ("department", "string", false, false),
        ("skills", "array", false, true),
        ("lockerNumber", "integer", true, true),
    ] {
        let field = field(name);
        assert_eq!(field["type"], kind, "{name}");
        assert_eq!(
            (&field["required"], &field["custom"]),
            (&json!(required), &json!(custom)),
            "{name}"
        );
    }
    let text = actions(&held).args("fields").run().exits(0);
    let line = text.out.lines().find(|line| line.starts_with("lockerNumber")).unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["lockerNumber", "integer", "required", "custom", "Locker"]
    );
}

#[test]
fn a_user_is_added_with_typed_fields_once() {
    let held = Held::people(10);
    let add = format!("add --set {ADA} badgeNumber=7 isContractor=true skills=rust,go score=1.5");
    let created = run(&held, &add).ends_as("created");
    let user = there(&held, "ada@acme.example");
    assert_eq!((&user["id"], &user["status"]), (&created["id"], &json!("PROVISIONED")));
    for (name, value) in [
        ("firstName", json!("Ada")),
        ("badgeNumber", json!(7)),
        ("isContractor", json!(true)),
        ("skills", json!(["rust", "go"])),
        ("score", json!(1.5)),
    ] {
        assert_eq!(user["profile"][name], value, "{name}");
    }
    assert_eq!(created["profile"], user["profile"]);
    let count = held.sandbox.okta().user_count();
    let again = run(&held, &format!("add --set {ADA} title=Countess")).ends_as("exists");
    assert_eq!(again["id"], created["id"]);
    assert_eq!(there(&held, "ada@acme.example"), user, "reported, not changed");
    let updated =
        run(&held, &format!("add --update --set {ADA} title=Countess")).ends_as("updated");
    assert_eq!(updated["changed"], json!(["title"]));
    assert_eq!(there(&held, "ada@acme.example")["profile"]["title"], "Countess");
    run(&held, &format!("add --update --set {ADA} title=Countess")).ends_as("unchanged");
    assert_eq!(held.sandbox.okta().user_count(), count);
}

#[test]
fn a_profile_comes_as_json_and_without_login_the_address_is_it() {
    let held = Held::people(5);
    let profile =
        r#"{"email":"bob@acme.example","firstName":"Bob","lastName":"Ray","skills":["a,b"]}"#;
    for text in [profile.to_owned(), format!(r#"{{"profile":{profile}}}"#).replace("bob@", "eve@")]
    {
        let program = actions(&held).args("--output json add --no-activate --set title=Dr --json");
        let created = program.input(text).run().ends_as("created");
        let user = there(&held, created["profile"]["email"].as_str().unwrap());
        assert_eq!(user["status"], "STAGED");
        assert_eq!(
            (&user["profile"]["title"], &user["profile"]["skills"]),
            (&json!("Dr"), &json!(["a,b"]))
        );
    }
}

#[test]
fn groups_and_a_password_come_with_the_user() {
    let held = Held::people(5);
    let okta = held.sandbox.okta();
    let program = actions(&held).env("FIRST_PASSWORD", "Correct-horse-7").args("--output json add");
    let program =
        program.args("--password-from FIRST_PASSWORD --group Engineering --set").args(ADA);
    let created = program.run().ends_as("created");
    assert_eq!(there(&held, "ada@acme.example")["status"], "ACTIVE");
    let members = okta.members("Engineering").unwrap();
    assert!(members.contains(&created["id"].as_str().unwrap().to_owned()), "{members:?}");
    let error = run(&held, "add --group Nobodies --set login=x@acme.example").exits(1).error();
    assert_eq!(error["code"], "not_found");
    assert_eq!(okta.user("x@acme.example"), None);
}

#[test]
fn a_user_is_found_by_id_by_login_and_by_name() {
    let held = Held::people(300);
    let first = ADA.replace("Lovelace", "Quillfeather");
    run(&held, &format!("add --set {first}")).exits(0);
    let second = ADA.replace("ada@", "ada.2@").replace("Lovelace", "Byron");
    run(&held, &format!("add --set {second}")).exits(0);
    let id = there(&held, "ada@acme.example")["id"].as_str().unwrap().to_owned();
    for who in [&*id, "ada@acme.example", "ADA@acme.example", "Ada Quill", "quillfeather"] {
        let found = run(&held, &format!("get {who}")).ends_as("found");
        assert_eq!(
            (&found["id"], &found["profile"]["lastName"]),
            (&json!(id), &json!("Quillfeather")),
            "{who}"
        );
    }
    // `ada` is also the short form of one's login: all who are called so are shown.
    let finished = run(&held, "get ada").exits(0);
    let expected = (0..held.sandbox.people().total()).filter(|index| {
        let profile = held.sandbox.people().profile(*index);
        ["firstName", "lastName", "email", "login"].iter().any(|name| {
            profile[*name].as_str().is_some_and(|value| value.to_lowercase().starts_with("ada"))
        })
    });
    assert_eq!(finished.lines().len(), expected.count() + 2, "{finished}");
    let error = run(&held, "get Nobody.Atall").exits(1).error();
    assert_eq!(error["code"], "not_found");
    assert!(error["cause"].as_str().unwrap().contains("Nobody.Atall"), "{error}");
}

#[test]
fn who_is_deactivated_already_is_reported_and_no_error() {
    let held = Held::people(5);
    run(&held, &format!("add --set {ADA}")).exits(0);
    run(&held, "--plan deactivate ada@acme.example").ends_as("would_deactivate");
    assert_eq!(there(&held, "ada@acme.example")["status"], "PROVISIONED");
    let done = run(&held, "deactivate ada@acme.example").ends_as("deactivated");
    assert_eq!(done["status"], "DEPROVISIONED");
    let user = there(&held, "ada@acme.example");
    assert_eq!(user["status"], "DEPROVISIONED");
    run(&held, "deactivate ada@acme.example").ends_as("already_deprovisioned");
    assert_eq!(there(&held, "ada@acme.example"), user, "it is not deleted");
    run(&held, "activate ada@acme.example").ends_as("activated");
    run(&held, "activate ada@acme.example").ends_as("already_activated");
    assert_eq!(there(&held, "ada@acme.example")["status"], "PROVISIONED");
    // Nobody is changed on a guess.
    assert_eq!(run(&held, "deactivate ada").exits(1).error()["code"], "not_found");
    run(&held, "deactivate --delete ada@acme.example").ends_as("deleted");
    assert_eq!(held.sandbox.okta().user("ada@acme.example"), None);
    assert_eq!(run(&held, "deactivate ada@acme.example").exits(1).error()["code"], "not_found");
}

#[test]
fn attributes_are_changed_emptied_and_left_alone() {
    let held = Held::people(5);
    let login = held.sandbox.people().email(2);
    let before = there(&held, &login);
    let plan = run(&held, &format!("--plan update {login} --set title=Boss city="))
        .ends_as("would_update");
    assert_eq!(plan["changes"]["title"], "Boss");
    assert_eq!(there(&held, &login), before);
    run(&held, &format!("update {login} --set title=Boss city=")).ends_as("updated");
    let mut profile = before["profile"].clone();
    (profile["title"], profile["city"]) = (json!("Boss"), Value::Null);
    let mut after = there(&held, &login)["profile"].clone();
    after.as_object_mut().unwrap().entry("city").or_insert(Value::Null);
    assert_eq!(after, profile);
    run(&held, &format!("update {login} --set title=Boss")).ends_as("unchanged");
}

#[test]
fn a_user_is_put_into_a_group() {
    let held = Held::people(5);
    run(&held, &format!("add --set {ADA}")).exits(0);
    let id = there(&held, "ada@acme.example")["id"].as_str().unwrap().to_owned();
    run(&held, "--plan assign ada@acme.example --group Engineering").ends_as("would_assign");
    assert!(!held.sandbox.okta().members("Engineering").unwrap().contains(&id));
    run(&held, "assign ada@acme.example --group Engineering").ends_as("assigned");
    assert!(held.sandbox.okta().members("Engineering").unwrap().contains(&id));
    run(&held, "assign ada@acme.example --group Engineering").ends_as("already_assigned");
}

#[test]
fn a_plan_of_adding_changes_nothing() {
    let held = Held::people(5);
    let plan = run(&held, &format!("--plan add --set {ADA}")).ends_as("would_create");
    assert_eq!(plan["profile"]["lastName"], "Lovelace");
    assert_eq!(held.sandbox.okta().user("ada@acme.example"), None);
    let events = held.sandbox.okta().event_count();
    let login = held.sandbox.people().email(1);
    run(&held, &format!("--plan add --set login={login}")).ends_as("exists");
    assert_eq!(held.sandbox.okta().event_count(), events);
}

#[test]
fn errors_are_one_json_object_with_code_and_cause() {
    let held = Held::people(5);
    let error = run(&held, "add --set login=x@acme.example email=x@acme.example").exits(1).error();
    assert_eq!((&error["code"], &error["status"]), (&json!("E0000001"), &json!(400)));
    assert!(error["cause"].as_str().unwrap().contains("firstName"), "{error}");
    for (args, part) in [
        ("add --set firstname=x", "did you mean `firstName`"),
        ("add --set badgeNumber=x login=x", "no integer"),
        ("add", "standard input"),
        ("add --password-from NOT_THERE --set login=x", "NOT_THERE"),
        ("get", "<USER>"),
        ("assign x", "--group"),
        ("nothing", "nothing"),
    ] {
        let error = run(&held, args).exits(2).error();
        let cause = error["cause"].as_str().unwrap();
        assert!(cause.contains(part), "{args}: {error}");
        assert!(!cause.contains("Usage") && !cause.contains('\n'), "{args}: {error}");
        assert!(error["code"].is_string(), "{error}");
    }
    let wrong =
        actions(&held).env("OKTA_CLIENT_TOKEN", "00wrong-token").args("--output json get x").run();
    let error = wrong.exits(2).error();
    assert_eq!((&error["code"], &error["status"]), (&json!("E0000011"), &json!(401)));
    let text = actions(&held).args("get Nobody.Atall").run().exits(1);
    assert!(text.complaint().starts_with("okta_user_actions: no user has"), "{text}");
}

#[test]
fn one_process_answers_commands_as_json_lines() {
    let held = Held::people(20);
    let folder = Folder::new();
    let (known, file) = (held.sandbox.people().email(3), folder.file("report.json"));
    let commands = format!(
        r#"{{"action":"add","id":"a1","profile":{{"login":"ada@acme.example","email":"ada@acme.example","firstName":"Ada","lastName":"L"}},"activate":false}}

{{"action":"get","user":"{known}","id":{{"any":"thing"}}}}
not json
{{"action":"fly","id":7}}
{{"action":"get","user":"{known}","colour":"red","id":8}}
{{"action":"deactivate","user":"nobody@acme.example","id":"d1"}}
{{"action":"deactivate","user":"ada@acme.example"}}
{{"action":"deactivate","user":"ada@acme.example"}}
[]
{{"action":"fields","id":"f"}}"#
    );
    let program = actions(&held).args("serve --report").arg(file.to_str().unwrap()).input(commands);
    let finished = program.run().exits(1);
    let answers = finished.lines();
    let seen: Vec<_> = answers
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["id"].clone(), one["ok"] == true))
        .collect();
    let null = Value::Null;
    assert_eq!(
        seen,
        [
            (1, json!("a1"), true),
            (3, json!({"any": "thing"}), true),
            (4, null.clone(), false),
            (5, json!(7), false),
            (6, json!(8), false),
            (7, json!("d1"), false),
            (8, null.clone(), true),
            (9, null.clone(), true),
            (10, null, false),
            (11, json!("f"), true),
        ]
    );
    let outcomes: Vec<_> =
        [0, 1, 6, 7].map(|at| answers[at]["result"][0]["outcome"].as_str().unwrap()).into();
    assert_eq!(outcomes, ["created", "found", "deactivated", "already_deprovisioned"]);
    assert_eq!(answers[5]["error"]["code"], "not_found");
    assert_eq!(there(&held, "ada@acme.example")["status"], "DEPROVISIONED");
    let error: Value = serde_json::from_str(finished.complaint()).unwrap();
    assert_eq!(error["cause"], "5 of 10 commands failed");
    let report = report_at(&file);
    assert_eq!((&report["failed"], &report["outcomes"]["created"]), (&json!(5), &json!(1)));
    assert_eq!(report["not_delivered"].as_array().unwrap().len(), 5);
}

#[test]
fn what_is_too_long_is_refused_and_the_next_line_answered() {
    let held = Held::people(5);
    let known = held.sandbox.people().email(3);
    let long = format!("{{\"action\":\"get\",\"user\":\"{}\"}}", "x".repeat(3 << 20));
    let input = format!("{long}\n{{\"action\":\"get\",\"user\":\"{known}\",\"id\":2}}\n");
    let answers = actions(&held).args("batch").input(input).run().exits(1).lines();
    assert_eq!(answers.len(), 2);
    assert_eq!(
        (&answers[0]["error"]["code"], &answers[1]["id"]),
        (&json!("bad_command"), &json!(2))
    );
    assert_eq!(answers[1]["result"][0]["outcome"], "found");
}

#[test]
fn a_creation_of_unclear_outcome_creates_one_user() {
    // The connection ends before or after the org has done it, or its answer is cut.
    for fault in [Fault::Close, Fault::Status(503), Fault::Truncated] {
        let held = Held::people(5);
        held.sandbox.faults().next("POST /api/v1/users", fault, 1);
        run(&held, &format!("add --group Engineering --set {ADA}")).ends_as("created");
        let user = there(&held, "ada@acme.example");
        assert_eq!(user["status"], "PROVISIONED");
        let id = user["id"].as_str().unwrap().to_owned();
        assert!(held.sandbox.okta().members("Engineering").unwrap().contains(&id));
    }
}

#[test]
fn faults_lose_and_repeat_nothing() {
    let held = Held::start(|sandbox| sandbox.people(20).faults(Faults::rate(0.15).seed(3)));
    let command = |index: u64, action: &str| match action {
        "add" => format!(
            r#"{{"action":"add","id":{index},"profile":{{"login":"p{index}@acme.example","email":"p{index}@acme.example","firstName":"P","lastName":"Q"}}}}"#
        ),
        _ => format!(r#"{{"action":"deactivate","id":{index},"user":"p{index}@acme.example"}}"#),
    };
    let mut lines: Vec<String> = (0..30).map(|index| command(index, "add")).collect();
    lines.extend((0..15).map(|index| command(index, "deactivate")));
    let finished = actions(&held).args("serve").input(lines.join("\n")).run().exits(0);
    let outcomes: Vec<Value> =
        finished.lines().iter().map(|one| one["result"][0]["outcome"].clone()).collect();
    assert!(outcomes[..30].iter().all(|outcome| outcome == "created"), "{outcomes:?}");
    for index in 0..30 {
        let expected = if index < 15 { "DEPROVISIONED" } else { "PROVISIONED" };
        assert_eq!(there(&held, &format!("p{index}@acme.example"))["status"], expected);
    }
    assert!(held.sandbox.faults().injected().values().sum::<u64>() > 5);
}
