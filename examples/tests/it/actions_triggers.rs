//! `okta_user_actions`: what starts an action, besides a command line: requests, lines, a schedule.

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Folder, Held, Program, program_named, report_at};

const SECRET: &str = "the-secret-of-the-caller";

fn actions(held: &Held) -> Program {
    program_named("okta_user_actions")
        .env("OKTA_CLIENT_ORGURL", held.sandbox.okta_url())
        .env("OKTA_CLIENT_TOKEN", held.sandbox.okta_token())
        .env("CALLER_TOKEN", SECRET)
        .args("--output json")
}

fn post(url: &str, secret: &str, body: &str) -> (u16, Value) {
    let request = reqwest::Client::new().post(url).bearer_auth(secret).body(body.to_owned());
    Runtime::new().unwrap().block_on(async {
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    })
}

#[test]
fn an_event_elsewhere_starts_an_action_by_http() {
    let (held, folder) = (Held::people(20), Folder::new());
    let file = folder.file("report.json");
    let program =
        actions(&held).args("listen --address 127.0.0.1:0 --secret-from CALLER_TOKEN --report");
    let mut running = program.arg(file.to_str().unwrap()).start();
    let ready: Value = serde_json::from_str(&running.says("{")).unwrap();
    let url = ready["url"].as_str().unwrap().to_owned();
    let login = held.sandbox.people().email(3);
    let command = json!({"action": "deactivate", "user": login, "id": 7}).to_string();
    let (status, answer) = post(&url, SECRET, &command);
    assert_eq!((status, &answer["id"], &answer["ok"]), (200, &json!(7), &json!(true)), "{answer}");
    assert_eq!(answer["result"][0]["outcome"], "deactivated");
    assert_eq!(held.sandbox.okta().user(&login).unwrap()["status"], "DEPROVISIONED");
    // The same event again is no error.
    let (status, answer) = post(&url, SECRET, &command);
    assert_eq!((status, &answer["result"][0]["outcome"]), (200, &json!("already_deprovisioned")));
    let nobody = json!({"action": "get", "user": "nobody@acme.example"}).to_string();
    let other = held.sandbox.people().email(4);
    let for_other = json!({"action": "deactivate", "user": other}).to_string();
    for (secret, body, status, code) in [
        (SECRET, nobody.as_str(), 422, "not_found"),
        (SECRET, "no command", 400, "bad_command"),
        ("wrong", for_other.as_str(), 401, "refused"),
        ("the-secret-of-the-calles", for_other.as_str(), 401, "refused"),
        (SECRET, &" ".repeat((1 << 20) + 1), 413, "refused"),
    ] {
        let (answered, answer) = post(&url, secret, body);
        assert_eq!((answered, &answer["error"]["code"]), (status, &json!(code)), "{answer}");
    }
    assert_ne!(held.sandbox.okta().user(&other).unwrap()["status"], "DEPROVISIONED");
    // The name of the scheme is the same in any case.
    let request = reqwest::Client::new().post(&url).body("no command");
    let request = request.header("Authorization", format!("bearer {SECRET}"));
    let answered =
        Runtime::new().unwrap().block_on(async { request.send().await.unwrap().status() });
    assert_eq!(answered.as_u16(), 400);
    #[cfg(unix)]
    {
        running.signal("TERM");
        let ended = running.end().exits(1);
        assert!(ended.err.contains("3 of 5 commands failed"), "{ended}");
        let report = report_at(&file);
        assert_eq!((&report["failed"], &report["outcomes"]["deactivated"]), (&json!(3), &json!(1)));
    }
}

#[test]
fn a_listener_without_a_secret_is_refused() {
    let held = Held::people(5);
    for args in
        ["listen", "listen --secret-from NOT_THERE", "listen --secret-from X --address nowhere"]
    {
        actions(&held).args(args).run().exits(2);
    }
    let text = program_named("okta_user_actions").args("listen").run();
    text.refused(&["okta_user_actions: ", "--secret-from", "--help shows"]);
    let both = actions(&held).args("serve --every 1m").run().exits(2);
    assert!(both.complaint().contains("take commands as they come"), "{both}");
}

#[cfg(unix)]
#[test]
fn an_action_is_done_on_a_schedule_until_it_is_told_to_end() {
    let held = Held::people(5);
    let login = held.sandbox.people().email(2);
    let mut running = actions(&held).args("--every 1s deactivate").arg(&login).start();
    assert!(running.says("{").contains("\"deactivated\""));
    assert!(running.says("{").contains("already_deprovisioned"));
    running.signal("INT");
    running.end().exits(0);
}

#[cfg(unix)]
#[test]
fn lines_are_answered_until_it_is_told_to_end() {
    let held = Held::people(20);
    // A pipe that stays open: nobody says that nothing more comes.
    let login = held.sandbox.people().email(3);
    let line = json!({"action": "deactivate", "user": login}).to_string() + "\n";
    let mut running = actions(&held).args("serve").held_open(line).start();
    assert!(running.says("{").contains("deactivated"));
    running.signal("TERM");
    running.end().exits(0);
}

#[test]
fn only_the_first_lines_are_carried_out_as_a_canary() {
    let held = Held::people(20);
    let login = |position| held.sandbox.people().email(position);
    let lines = (0..5).map(|position| {
        json!({"action": "deactivate", "user": login(position)}).to_string() + "\n"
    });
    let ended =
        actions(&held).args("serve --limit 2").input(lines.collect::<String>()).run().exits(0);
    assert_eq!(ended.out.lines().count(), 2, "{ended}");
    let status = |position| held.sandbox.okta().user(&login(position)).unwrap()["status"].clone();
    assert_eq!(status(1), "DEPROVISIONED");
    assert_ne!(status(2), "DEPROVISIONED");
    actions(&held).args("get --limit 1").arg("a").run().exits(0);
}

#[test]
fn a_user_is_put_into_an_app() {
    let held = Held::people(10);
    let login = held.sandbox.people().email(3);
    let app = held.sandbox.okta().app_id("SCIM with token").unwrap();
    let assign = |args: &str| {
        let program = actions(&held).args(args).arg("assign").arg(&login).arg("--app");
        let ended = program.arg("SCIM with token").run().exits(0);
        serde_json::from_str::<Value>(&ended.out).unwrap()
    };
    assert_eq!(assign("--plan")["outcome"], "would_assign");
    assert!(held.sandbox.okta().app_user(&app, &login).is_none());
    let answer = assign("");
    assert_eq!((&answer["outcome"], &answer["app"]), (&json!("assigned"), &json!(app)));
    assert_eq!(held.sandbox.okta().app_user(&app, &login).unwrap()["scope"], "USER");
    assert_eq!(assign("")["outcome"], "already_assigned");
    // By id, with attributes of the person in the app, as a line.
    let other = held.sandbox.people().email(4);
    let line =
        json!({"action": "assign", "user": other, "app": app, "profile": {"title": "Countess"}});
    actions(&held).args("serve").input(line.to_string()).run().exits(0);
    let user = held.sandbox.okta().app_user(&app, &other).unwrap();
    assert_eq!(user["profile"]["title"], "Countess", "{user}");
    for (name, code) in [("Nothing", "not_found"), ("0oa00000000000000000", "not_found")] {
        let line = json!({"action": "assign", "user": other, "app": name}).to_string();
        let ended = actions(&held).args("serve").input(line).run().exits(1);
        let answer: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
}
