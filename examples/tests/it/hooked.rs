//! Deliveries of an event hook, from Okta to Pendo.

use std::io::{Read, Write};
use std::net::TcpStream;

use okta_client::{ApiToken, EventHook, Okta};
use sandbox::{Fault, Faults};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Folder, Held, Program, Running};

const SECRET: &str = "the-secret-of-the-hook";

fn program(held: &Held, folder: &Folder) -> Program {
    let store = folder.file("store.sqlite");
    // The log would be asked in an hour: what comes, comes by the hook.
    held.program()
        .args("--create-missing --follow --poll 1h --listen 127.0.0.1:0 --hook-secret-from HOOK_TOKEN")
        .env("HOOK_TOKEN", SECRET)
        .arg("--store")
        .arg(store.to_str().unwrap())
}

/// Starts it, waits until everybody is there, and gives its address.
fn listening(held: &Held, folder: &Folder, people: u64) -> (Running, String) {
    let mut running = program(held, folder).start();
    let line = running.says("listens http://");
    let url = line.split_whitespace().nth(1).unwrap().to_owned();
    running.until("all are there", || held.sandbox.pendo().written_count() == people);
    (running, url)
}

fn in_okta(held: &Held, act: impl AsyncFnOnce(Okta)) {
    let token = ApiToken::new(held.sandbox.okta_token());
    let okta = Okta::new(held.sandbox.okta_url(), token).unwrap();
    held.block_on(act(okta));
}

fn update(held: &Held, position: u64, city: &str) {
    let id = held.sandbox.okta().user_id(position);
    in_okta(held, async |okta| {
        okta.users().update(&id).set("city", city).await.unwrap();
    });
}

fn arrives(running: &mut Running, held: &Held, position: u64, city: &str) {
    let email = held.sandbox.people().email(position);
    running.until("the change arrives", || held.custom(&email)["okta_city"] == city);
}

fn post(url: &str, secret: &str, body: &Value) -> u16 {
    let request = reqwest::Client::new().post(url).header("authorization", secret).json(body);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async { request.send().await.unwrap().status().as_u16() })
}

fn delivery(id: &str, user: &str) -> Value {
    json!({"eventId": id, "eventType": "com.okta.event_hook", "data": {"events": [{
        "uuid": id, "eventType": "user.account.update_profile", "published": "2026-01-01T00:00:00.000Z",
        "target": [{"type": "User", "id": user}]}]}})
}

#[test]
fn what_okta_delivers_arrives_at_once() {
    let (held, folder) = (Held::people(50), Folder::new());
    let (mut running, url) = listening(&held, &folder, 50);
    in_okta(&held, async |okta| {
        let types =
            ["user.account.update_profile", "user.lifecycle.deactivate", "user.session.start"];
        let hook = EventHook::new("Changes", format!("{url}/okta"), types);
        let hook =
            okta.event_hooks().create(&hook.auth_header("authorization", SECRET)).await.unwrap();
        // The one-time verification is answered.
        okta.event_hooks().verify(&hook.id).await.unwrap();
    });
    update(&held, 3, "Oslo");
    arrives(&mut running, &held, 3, "Oslo");
    update(&held, 4, "Bergen");
    update(&held, 3, "Narvik");
    arrives(&mut running, &held, 4, "Bergen");
    arrives(&mut running, &held, 3, "Narvik");
    let deliveries = held.sandbox.okta().hook_deliveries();
    assert!(deliveries.iter().all(|delivery| delivery.succeeded()), "{deliveries:?}");
}

#[test]
fn a_delivery_that_was_accepted_outlives_the_process() {
    let (held, folder) = (Held::people(50), Folder::new());
    let (running, url) = listening(&held, &folder, 50);
    let id = held.sandbox.okta().user_id(7);
    // Okta cannot be asked just now, so that the delivery waits in the store.
    let down = Faults::rate(1.0).kinds([Fault::Status(503)]).on(["GET /api/v1/users/{id}"]);
    held.sandbox.faults().set(down);
    held.sandbox.okta().set_profile(&id, [("city", json!("Oslo"))]);
    assert_eq!(post(&url, SECRET, &delivery("d1", &id)), 204);
    drop(running);
    held.sandbox.faults().set(Faults::none());
    let mut running = program(&held, &folder).start();
    arrives(&mut running, &held, 7, "Oslo");
}

#[test]
fn who_does_not_know_the_secret_changes_nothing() {
    let (held, folder) = (Held::people(5), Folder::new());
    let (running, url) = listening(&held, &folder, 5);
    let id = held.sandbox.okta().user_id(1);
    assert_eq!(post(&url, "wrong", &delivery("d1", &id)), 401);
    assert_eq!(post(&url, SECRET, &json!("no delivery")), 400);
    drop(running);
    let whole = program(&held, &folder);
    whole.clone().without_env("HOOK").run().refused(&["--hook-secret-from", "HOOK_TOKEN"]);
    held.program().args("--listen 127.0.0.1:0").run().refused(&["--follow", "--hook-secret-from"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    whole.arg("--listen").arg(&address).run().exits(2);
}

#[test]
fn strangers_neither_fill_the_memory_nor_keep_others_waiting() {
    let (held, folder) = (Held::people(5), Folder::new());
    let (_running, url) = listening(&held, &folder, 5);
    let id = held.sandbox.okta().user_id(1);
    let begin = |head: &str| {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.write_all(format!("POST / HTTP/1.1\r\nHost: x\r\n{head}").as_bytes()).unwrap();
        stream
    };
    let answer = |mut stream: TcpStream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    // By its head, long before the body is there.
    let stranger = begin("Authorization: wrong\r\nContent-Length: 33000000\r\n\r\n");
    assert!(answer(stranger).starts_with("HTTP/1.1 401 "));
    let halves: Vec<TcpStream> = (0..100).map(|_| begin("Content-Le")).collect();
    assert_eq!(post(&url, SECRET, &delivery("d1", &id)), 204);
    // One after the other, they are given up.
    for mut half in halves {
        let _ = half.read_to_end(&mut Vec::new());
    }
    let slow = begin(&format!("Authorization: {SECRET}\r\nContent-Length: 100\r\n\r\n"));
    assert!(answer(slow).starts_with("HTTP/1.1 408 "));
    let long = begin(&format!("Authorization: {SECRET}\r\nContent-Length: 99000000\r\n\r\n"));
    assert!(answer(long).starts_with("HTTP/1.1 413 "));
}
