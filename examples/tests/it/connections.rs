//! How the programs sign in, and what they show while they work.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use sandbox::{Fault, Faults, ScimOptions};

use crate::support::{Held, Program, program_named};

/// Without a token: by a private key.
fn as_service_app(program: Program, held: &Held, scopes: &str) -> Program {
    let app = held.sandbox.service_app();
    program
        .without_env("OKTA_CLIENT_TOKEN")
        .env("OKTA_CLIENT_AUTHORIZATIONMODE", "PrivateKey")
        .env("OKTA_CLIENT_CLIENTID", &app.client_id)
        .env("OKTA_CLIENT_SCOPES", scopes)
        .env("OKTA_CLIENT_PRIVATEKEY", &app.private_key_pem)
}

#[test]
fn a_service_app_does_as_well_as_an_api_token() {
    let held = Held::start(|sandbox| sandbox.people(20).scim(ScimOptions::peakon()));
    let scopes = "okta.users.read okta.schemas.read";
    as_service_app(held.program(), &held, scopes)
        .args("--create-missing")
        .run()
        .exits(0)
        .says("updated 20\n");
    let peakon = program_named("peakon_employees")
        .env("OKTA_CLIENT_ORGURL", held.sandbox.okta_url())
        .env("SCIM_BASE_URL", held.sandbox.scim_url())
        .env("SCIM_TOKEN", held.sandbox.scim_token());
    let folder = crate::support::Folder::new();
    let store = folder.file("store");
    let peakon = peakon.arg("--store").arg(store.to_str().unwrap());
    let peakon = peakon.args("--inactive-statuses none");
    as_service_app(peakon.clone(), &held, scopes).run().exits(0).says("20 created");
    assert_eq!(held.sandbox.scim().user_count(), 20);
    // What the scopes do not cover is refused before anything is sent, and names the scope.
    let few = as_service_app(held.program(), &held, "okta.users.read").run();
    few.refused(&["okta.schemas.read"]);
}

#[test]
fn a_ready_bearer_token_is_sent_as_one() {
    let held = Held::people(10);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let head = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let head: Vec<String> =
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let refused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        connection.write_all(refused.as_bytes()).unwrap();
        head.join("\n").to_lowercase()
    });
    let program = held.program().env("OKTA_CLIENT_ORGURL", &url);
    let program = program.env("OKTA_CLIENT_AUTHORIZATIONMODE", "Bearer");
    program.env("OKTA_CLIENT_TOKEN", "ready-made").run().refused(&["401"]);
    let head = head.join().unwrap();
    assert!(head.contains("authorization: bearer ready-made"), "{head}");
    held.assert_untouched();
}

#[test]
fn each_scim_program_tests_its_token_and_changes_nothing() {
    for (name, product) in [
        ("pendo_scim", ScimOptions::pendo()),
        ("peakon_employees", ScimOptions::peakon()),
        ("pingboard_profiles", ScimOptions::pingboard()),
    ] {
        let held = Held::start(|sandbox| sandbox.people(10).scim(product));
        let program = program_named(name)
            .env("OKTA_CLIENT_ORGURL", held.sandbox.okta_url())
            .env("OKTA_CLIENT_TOKEN", held.sandbox.okta_token())
            .env("SCIM_BASE_URL", held.sandbox.scim_url())
            .env("SCIM_TOKEN", held.sandbox.scim_token())
            .args("--check --group Engineering");
        program.run().exits(0).says("the product takes the token");
        program.env("SCIM_TOKEN", "wrong-scim-token").run().refused(&["401", "credential"]);
        let requests = held.sandbox.scim().requests();
        assert!(requests.iter().all(|request| request.method == "GET"), "{name}");
    }
}

#[test]
fn progress_is_shown_while_it_works() {
    let held = Held::people(4);
    let slow = Faults::rate(1.0).kinds([Fault::Slow(Duration::from_millis(2_600))]);
    held.sandbox.faults().set(slow.on(["POST /api/v1/metadata/visitor/custom/value"]));
    let ended =
        held.program().args("--create-missing --batch-size 1 --concurrency 1").run().exits(0);
    assert!(ended.err.contains(" people done"), "{ended}");
}
