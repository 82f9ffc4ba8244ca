//! Wrong use and wrong settings: one line that says what to do, exit code 2, nothing pushed.

use sandbox::PendoOptions;
use sandbox::pendo::BadKey;

use crate::support::{Finished, Held, closed_port};

const TOKEN: &str = "00wrong-okta-token";
const KEY: &str = "wrong-pendo-key.eu";

/// Runs with one variable changed against a sandbox that must stay as it was.
#[track_caller]
fn refused(held: &Held, name: &str, value: &str, advice: &[&str]) -> Finished {
    let finished = held.program().args("--create-missing").env(name, value).run().refused(advice);
    held.assert_untouched();
    finished
}

#[test]
fn a_wrong_token_or_key() {
    let held = Held::people(10);
    refused(&held, "OKTA_CLIENT_TOKEN", TOKEN, &["401", "E0000011", "token"]);
    refused(&held, "PENDO_INTEGRATION_KEY", KEY, &["key", "region"]);
    let held = Held::start(|sandbox| {
        sandbox
            .people(10)
            .pendo(PendoOptions { bad_key: BadKey::Unauthorized, ..Default::default() })
    });
    refused(&held, "PENDO_INTEGRATION_KEY", KEY, &["key", "region"]);
}

#[test]
fn a_key_that_may_only_read() {
    let held = Held::people(10);
    let key = held.sandbox.pendo_read_only_key().to_owned();
    refused(&held, "PENDO_INTEGRATION_KEY", &key, &["may only read", "Allow Write Access"]);
    held.program()
        .args("--check")
        .env("PENDO_INTEGRATION_KEY", &key)
        .run()
        .refused(&["Allow Write Access"]);
}

#[test]
fn nobody_listens() {
    let (okta, pendo) = (Held::people(10), Held::people(10));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            refused(&okta, "OKTA_CLIENT_ORGURL", &closed_port(), &["/api/v1/", "connect"])
        });
        scope.spawn(|| refused(&pendo, "PENDO_BASE_URL", &closed_port(), &["/api/v1/", "connect"]));
    });
}

#[test]
fn options_of_the_sandbox_are_refused_on_real_systems() {
    let held = Held::people(10);
    for option in ["--people 5", "--faults 0.1", "--seed 3"] {
        held.program().args(option).run().refused(&["--limit N"]);
    }
    held.assert_untouched();
}

#[test]
fn a_field_that_pendo_cannot_have_is_refused_before_anything_is_sent() {
    let held = Held::people(10);
    held.program()
        .args("--prefix 9- --create-missing")
        .run()
        .refused(&["cannot be the name", "--prefix"]);
    held.program().args("--check --prefix 9-").run().refused(&["cannot be the name"]);
    held.assert_untouched();
}

#[test]
fn options_that_name_what_is_not_there() {
    let held = Held::people(10);
    for (options, advice) in [
        (&["--fields", "departmentt"][..], &["departmentt", "--list-fields"][..]),
        (&["--fields", "email,Department"], &["Department", "did you mean `department`"]),
        (&["--fields", "department=email,email"], &["okta_email", "rename"]),
        (&["--visitor-id", "mail"], &["--visitor-id", "`mail`", "--list-fields"]),
        (&["--search", "profile.department ne \"x\""], &["--search", "ne"]),
        (&["--search", "profile.department eq Sales"], &["--search"]),
        (&["--search", ""], &["--search"]),
    ] {
        let program =
            options.iter().fold(held.program().args("--create-missing"), |p, arg| p.arg(arg));
        program.run().refused(advice);
        held.assert_untouched();
    }
}

#[test]
fn sandbox_people_never_go_to_a_real_subscription() {
    let held = Held::people(10);
    let only_okta = held.program().without_env("PENDO_");
    only_okta.args("--create-missing").run().refused(&["PENDO_INTEGRATION_KEY is not set"]);
    let only_pendo = held.program().without_env("OKTA_");
    only_pendo.args("--create-missing").run().refused(&["OKTA_CLIENT_ORGURL is not set"]);
    held.program()
        .without_env("OKTA_CLIENT_TOKEN")
        .run()
        .refused(&["OKTA_CLIENT_TOKEN is not set"]);
    held.program()
        .env("PENDO_INTEGRATION_KEY", " ")
        .run()
        .refused(&["PENDO_INTEGRATION_KEY is not set"]);
    held.program().without_env("PENDO_BASE").run().refused(&["PENDO_REGION is not set"]);
    held.assert_untouched();
}

#[test]
fn keys_do_not_travel_in_the_clear() {
    let held = Held::people(10);
    refused(&held, "OKTA_CLIENT_ORGURL", "http://okta.example", &["https"]);
    refused(&held, "PENDO_BASE_URL", "http://pendo.example", &["https"]);
}

#[test]
fn wrong_options_are_exit_code_two() {
    let held = Held::people(10);
    for options in [
        "--batch-size 0",
        "--page-size 201",
        "--page-size 0",
        "--concurrency 0",
        "--lists maybe",
        "--no-such",
        "x",
    ] {
        held.program().args(options).run().refused(&["pendo_visitor_sync: ", "--help"]);
    }
    held.program().args("--plam").run().refused(&["'--plam'", "'--plan'"]);
    crate::support::program().args("--faults 2").run().refused(&["--faults", "0 to 1"]);
    held.assert_untouched();
}
