use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> (Running, HashMap<String, String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = out.lines().map(Result::unwrap).take_while(|line| line != "ready");
    let exported = lines.map(|line| {
        let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    let exported = exported.collect();
    (Running(child), exported)
}

#[tokio::test]
async fn it_hands_out_the_service_app_s_key_to_its_owner_only() {
    let key = std::env::temp_dir().join(format!("sandbox-{:x}.pem", fastrand::u128(..)));
    let path = key.to_str().unwrap();
    let arguments = ["--people", "3", "--dpop", "--new-nonces", "--service-app-key", path];
    let (running, env) = start(&arguments);
    let pem = std::fs::read_to_string(&key).unwrap();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&key.metadata().unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(env["OKTA_CLIENT_PRIVATEKEY"], format!("'{path}'"));
    let signing = okta_client::SigningKey::from_pem(&pem).unwrap();
    let signing = signing.key_id(&env["OKTA_CLIENT_PRIVATEKEYID"]);
    let scopes = env["OKTA_CLIENT_SCOPES"].split(',');
    let app =
        okta_client::ServiceApp::builder(&env["OKTA_CLIENT_CLIENTID"], signing).scopes(scopes);
    let okta = okta_client::Okta::new(&env["OKTA_CLIENT_ORGURL"], app.build()).unwrap();
    okta.users().get("me").await.unwrap();
    drop(running);
    // A file that is there is nobody's to overwrite.
    let refused = Command::new(env!("CARGO_BIN_EXE_sandbox")).args(arguments).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains(path));
    std::fs::remove_file(&key).unwrap();
}

#[tokio::test]
async fn it_prints_how_to_reach_it_and_ends_on_sigterm() {
    let (mut running, env) = start(&["--people", "12", "--seed", "3", "--count-only"]);
    let http = reqwest::Client::new();
    let users = http
        .get(format!("{}/api/v1/users", env["OKTA_CLIENT_ORGURL"]))
        .header("Authorization", format!("SSWS {}", env["OKTA_CLIENT_TOKEN"]))
        .send();
    let users: Vec<Value> = users.await.unwrap().json().await.unwrap();
    assert_eq!(users.len(), 12);
    let same = sandbox::People::new(3, 12);
    assert_eq!(users[5]["profile"]["login"], same.email(5));
    let verify = http
        .get(format!("{}/api/v1/token/verify", env["PENDO_BASE_URL"]))
        .header("x-pendo-integration-key", &env["PENDO_INTEGRATION_KEY"])
        .send();
    assert_eq!(verify.await.unwrap().status(), 200);
    let asked = Command::new("kill").arg(running.0.id().to_string()).status().unwrap();
    assert!(asked.success());
    assert!(running.0.wait().unwrap().success());
}
