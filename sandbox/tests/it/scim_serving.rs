use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use sandbox::{Fault, Quirks, ScimOptions, ScimProvider};
use serde_json::json;

use crate::scim_support::{Scim, user};
use crate::support::Answer;

#[tokio::test]
async fn faults_are_named_without_the_base_url() {
    let scim = Scim::start().await;
    let id = scim.add_user("ada");
    let faults = scim.sandbox.faults();
    faults.next("GET /Users", Fault::Status(503), 1);
    faults.next("PATCH /Users/{id}", Fault::RateLimited, 1);
    faults.next("DELETE /Users/{id}", Fault::Cut, 1);
    let failed = scim.get("/Users").await;
    assert_eq!((failed.status, &failed.body["status"]), (503, &json!("503")));
    assert_eq!(failed.body["schemas"], json!([scim_types::urn::ERROR]));
    assert_eq!(scim.get("/Users").await.status, 200);
    assert_eq!(scim.patch(&format!("/Users/{id}"), json!([])).await.status, 429);
    let delete = scim.request(reqwest::Method::DELETE, &format!("/Users/{id}"));
    assert!(delete.send().await.is_err());
    assert_eq!(scim.provider().user(&id), None);
}

#[tokio::test]
async fn what_arrived_is_counted() {
    let scim = Scim::start().await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    scim.get("/Users?count=1").await;
    scim.get("/Users").await;
    scim.get(&path).await;
    scim.get("/Nowhere").await;
    let stats = scim.provider().stats();
    assert_eq!((stats.count("GET /Users"), stats.count("GET /Users/{id}")), (2, 1));
    assert_eq!((stats.count("GET other"), stats.total(), stats.resources_read), (1, 4, 2));
    let requests = scim.provider().requests();
    assert_eq!((requests[0].query.as_str(), requests[0].status), ("count=1", 200));
    assert_eq!((requests[3].path.as_str(), requests[3].status), ("/Nowhere", 404));
    scim.provider().reset_stats();
    assert_eq!(scim.provider().stats().total(), 0);
}

#[tokio::test]
async fn a_provider_can_be_served_alone() {
    let provider = ScimProvider::new(ScimOptions::default().seed_people(2));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/scim/v2/Users", listener.local_addr().unwrap());
    let router = provider.router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let users = Answer::of(reqwest::Client::new().get(url).bearer_auth(provider.token())).await;
    assert_eq!(users.body["totalResults"], 2);
    assert_eq!(provider.insert_user(user("ada")).map(|id| id.len()), Ok(32));
    assert_eq!(provider.insert_user(user("ADA")).unwrap_err().status, Some(409));
    server.abort();
}

#[tokio::test]
async fn the_binary_has_a_profile_and_quirks() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(["--people", "9", "--scim-people", "5", "--scim-profile", "peakon"]);
    command.args(["--scim-quirk", "counters_as_text", "--scim-quirk", "drops_attributes=title"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let lines: Vec<String> = lines.take_while(|line| line != "ready").collect();
    let value = |name: &str| {
        let start = format!("export {name}=");
        lines.iter().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
    };
    let (url, token) = (value("SCIM_BASE_URL"), value("SCIM_TOKEN"));
    let http = reqwest::Client::new();
    let users = Answer::of(http.get(format!("{url}/Users")).bearer_auth(&token)).await;
    let groups = Answer::of(http.get(format!("{url}/Groups")).bearer_auth(&token)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((&users.body["totalResults"], groups.status), (&json!("5"), 404));
    assert!(users.resources().iter().all(|user| user.get("title").is_none()));
    let refused = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--scim-quirk", "nonsense"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("patch_answers_204"));
}

#[test]
fn the_readme_names_every_quirk_and_option() {
    let readme = include_str!("../../README.md");
    for quirk in Quirks::NAMES {
        assert!(readme.contains(&format!("| `{quirk}` |")), "{quirk}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_sandbox")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let words = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
    let known = ["--help", "--version"];
    let options = words.map(|word| word.trim_matches(|c: char| c != '-' && !c.is_alphanumeric()));
    for option in options.filter(|option| !known.contains(option)) {
        assert!(readme.contains(&format!("`{option}")), "{option}");
    }
}
