//! `sandbox --scim-url`: what it prints, and how it ends.

use std::process::{Command, Output};

use sandbox::{Quirks, Sandbox, ScimOptions};

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
    let (output, out) = check(server.scim_url(), "a-wrong-token", &[]).await;
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("-> 401 WRONG: the credentials were refused"), "{out}");
    assert!(!out.contains("POST") && !out.contains("a-wrong-token"), "{out}");
    assert_eq!(server.scim().user_count(), 5);
}
