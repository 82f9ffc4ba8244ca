//! `sandbox --scim-url`: what it prints, and how it ends.

use std::process::{Command, Output};

use sandbox::{Fault, Quirks, Sandbox, ScimOptions};

async fn server(options: ScimOptions) -> Sandbox {
    Sandbox::builder().people(0).scim(options).start().await.unwrap()
}

// The server lives on this runtime, so the program must not block it.
async fn check(url: &str, token: &str, arguments: &'static [&str]) -> (Output, String) {
    let (url, token) = (url.to_owned(), token.to_owned());
    let run = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
        command.args(["--scim-url", &url, "--scim-token", &token]).args(arguments);
        command.output().unwrap()
    });
    let output = run.await.unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    (output, out)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_server_is_told_so() {
    let server = server(ScimOptions::default()).await;
    let (output, out) = check(server.scim_url(), server.scim_token(), &[]).await;
    assert_eq!(output.status.code(), Some(0), "{out}{}", String::from_utf8_lossy(&output.stderr));
    let last = out.lines().last().unwrap();
    assert!(last.ends_with(" 0 wrong; 5 of 5 people in line, 0 jobs failed"), "{last}");
    for step in ["POST /Users {", "PUT /Users/", r#""active":false"#, "POST /Groups {", "renamed"] {
        assert!(out.contains(step), "{step}: {out}");
    }
    assert!(!out.contains(server.scim_token()));
    assert!(out.contains(r#""password":"[hidden]""#));
    let people = server.scim().users();
    assert_eq!(people.len(), 5);
    assert!(people.iter().all(|user| user["active"] == true));
    let updated = people.iter().filter(|user| user["title"] == "Checked by the sandbox");
    assert_eq!(updated.count(), 1);
    let groups = server.scim().groups();
    assert_eq!((groups.len(), &groups[0]["displayName"]), (1, &"Sandbox check".into()));
    assert_eq!(server.scim().members(groups[0]["id"].as_str().unwrap()).unwrap().len(), 4);
    // Again, in the other way, over what is there.
    let arguments = &["--scim-app", "custom", "--provision-people", "7"];
    let (output, out) = check(server.scim_url(), server.scim_token(), arguments).await;
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(!out.contains("PATCH ") && out.contains("7 of 7 people in line"), "{out}");
    assert_eq!((server.scim().user_count(), server.scim().groups().len()), (7, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_server_is_told_why() {
    let mut quirks = Quirks::default();
    quirks.set("no_patch");
    let server = server(ScimOptions::default().quirks(quirks)).await;
    let (output, out) = check(server.scim_url(), server.scim_token(), &["--no-group-push"]).await;
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("-> 501 WRONG: the server cannot do it"), "{out}");
    assert!(out.contains("failed: application.provision.user.deactivate, "), "{out}");
    assert!(!out.contains("/Groups/"), "{out}");
    // A group that could not be renamed keeps its name, so that the last step is refused.
    let (output, out) = check(server.scim_url(), server.scim_token(), &[]).await;
    assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0), "{output:?}");
    assert!(out.contains("\nfailed: rename it back: /groups/"), "{out}");
    assert!(out.contains(" answered 409 Conflict: Group already exists"), "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.contains(" wrong; ") && last.ends_with(" jobs failed"), "{last}");
    let (output, out) = check(server.scim_url(), "a-wrong-token", &[]).await;
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("-> 401 WRONG: the credentials were refused"), "{out}");
    assert!(out.contains("\nskipped: everything else, because "), "{out}");
    assert!(!out.contains("POST") && !out.contains("a-wrong-token"), "{out}");
    assert_eq!(server.scim().user_count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_that_passes_ends_nothing() {
    let server = server(ScimOptions::default()).await;
    server.faults().next("GET /Users", Fault::Status(503), 1);
    let (output, out) = check(server.scim_url(), server.scim_token(), &[]).await;
    assert_eq!(server.faults().total(), 1);
    assert_eq!(output.status.code(), Some(1), "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.ends_with(" 1 wrong; 5 of 5 people in line, 0 jobs failed"), "{last}");
    assert!(!out.contains("skipped: "), "{out}");
}

#[test]
fn what_cannot_be_started_is_told_in_a_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox")).args(["--okta-port", &port]).output();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("sandbox: ") && !told.contains("Os {"), "{told}");
}
