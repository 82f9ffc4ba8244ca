//! Where a client gets its address and credential from.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::TryStreamExt;
use okta_client::{ApiToken, BearerToken, Okta};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

#[test]
fn the_admin_console_and_plain_http_are_refused() {
    for (org, advice) in [
        ("https://acme-admin.okta.com", "use https://acme.okta.com"),
        ("acme-admin.oktapreview.com", "use https://acme.oktapreview.com"),
        ("https://acme-admin.okta-emea.com/", "use https://acme.okta-emea.com"),
        ("http://acme.okta.com", "use https, or allow_http(true)"),
        ("https://acme.okta.com/api/v1", "leave it out of the address: use https://acme.okta.com"),
        ("acme.okta.com/api/v1/", "use https://acme.okta.com"),
        ("https://acme.okta.com/api", "use https://acme.okta.com"),
        ("not a host", "not a URL or domain"),
    ] {
        let error = Okta::new(org, ApiToken::new(TOKEN)).unwrap_err().to_string();
        assert!(error.contains(advice) && !error.contains('\n'), "{org}: {error}");
    }
    for org in [
        "acme.okta.com",
        "https://id.acme.example",
        "https://acme-admin.example.com",
        "https://proxy.example/apis/okta",
    ] {
        assert!(Okta::new(org, ApiToken::new(TOKEN)).is_ok(), "{org}");
    }
}

#[tokio::test]
async fn a_builder_is_a_value_and_so_is_an_update() {
    let org = Org::answers(user()).await;
    let builder = builder(&org.server.uri());
    for okta in [builder.clone().build().unwrap(), builder.build().unwrap()] {
        let update = okta.users().update("00u1").set("title", "Countess");
        update.clone().await.unwrap();
        update.await.unwrap();
    }
    let bodies: Vec<_> = org.requests().await.into_iter().map(|request| request.body).collect();
    assert!(bodies.len() == 4 && bodies.iter().all(|body| *body == bodies[0]));
}

/// All that signatures and errors name can be named with this crate alone.
#[tokio::test]
async fn what_calls_give_can_be_named() {
    use okta_client::{BoxError, ErrorKind, HeaderMap, HeaderName, List, Method, OktaError};
    use okta_client::{Response, RetryPolicy, StatusCode, Transport, User, jiff, reqwest};

    let org = Org::answers(json!([user()])).await;
    let custom = builder(&org.server.uri()).http_client(reqwest::Client::new()).build().unwrap();
    let request = custom.request(Method::GET, "/api/v1/users", []);
    let request = request.header(HeaderName::from_static("x-from"), "tests");
    let answer: Response = request.send().await.unwrap();
    let headers: &HeaderMap = answer.headers();
    assert!(answer.status() == StatusCode::OK && headers.contains_key("content-type"));
    let list: List<OktaError, User> = request.list();
    let first = list.limit(1).pages().try_next().await.unwrap().unwrap().items.remove(0);
    let created: jiff::Timestamp = first.created.unwrap().timestamp().unwrap();
    assert_eq!(created.as_second(), 1_767_323_045);

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let lost = builder(&url).retry(RetryPolicy::never()).build().unwrap();
    let error = lost.users().get("00u1").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(Transport::Connect)), "{error}");
    let _: BoxError = error.into();
}

#[tokio::test]
async fn a_bearer_token_is_sent_as_one() {
    let org = Org::answers(user()).await;
    let okta = Okta::new(&org.server.uri(), BearerToken::new("b3arer")).unwrap();
    okta.users().get("00u1").await.unwrap();
    let requests = org.requests().await;
    assert_eq!(header(&requests[0], "authorization").as_deref(), Some("Bearer b3arer"));
    let agent = header(&requests[0], "user-agent").unwrap();
    assert!(agent.starts_with(concat!("okta-client/", env!("CARGO_PKG_VERSION"))), "{agent}");
}

#[tokio::test]
async fn an_empty_token_is_refused_before_anything_is_sent() {
    let org = Org::answers(user()).await;
    for token in ["", " \n", "a\nb"] {
        let okta = Okta::new(&org.server.uri(), ApiToken::new(token)).unwrap();
        let error = okta.users().get("00u1").await.unwrap_err().to_string();
        assert!(error.contains("copy it again"), "{error}");
    }
    assert!(org.requests().await.is_empty());
}

/// Environment variables belong to a process: this test runs itself again with others.
#[tokio::test]
async fn from_env() {
    if is_alone() {
        if let Ok(folder) = std::env::var("WORKING_DIRECTORY") {
            std::env::set_current_dir(folder).unwrap();
        }
        let okta = Okta::from_env().unwrap();
        assert_eq!(okta.users().get("00u1").await.unwrap().id.as_str(), "00u1");
        return;
    }
    for (mode, sent) in [(None, "SSWS"), (Some("SSWS"), "SSWS"), (Some("Bearer"), "Bearer")] {
        let org = Org::answers(user()).await;
        let url = org.server.uri();
        let mut variables = vec![("OKTA_CLIENT_ORGURL", &*url), ("OKTA_CLIENT_TOKEN", " 00t0ken ")];
        variables.extend(mode.map(|mode| ("OKTA_CLIENT_AUTHORIZATIONMODE", mode)));
        let child = run_alone("settings::from_env", &variables).await;
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        let requests = org.requests().await;
        assert_eq!(header(&requests[0], "authorization"), Some(format!("{sent} 00t0ken")));
    }
    let child = run_alone("settings::from_env", &[("OKTA_CLIENT_TOKEN", "00t0ken")]).await;
    assert!(!child.status.success());
    let told = [child.stdout, child.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("OKTA_CLIENT_ORGURL is not set"), "{told}");
}

/// The variables of a service app, its key as text and as the path of a file.
#[tokio::test]
async fn from_env_with_a_private_key() {
    let server = MockServer::start().await;
    let token = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "m1nted",
        "scope": "okta.users.read okta.groups.read"});
    let minted = ResponseTemplate::new(200).set_body_json(token);
    Mock::given(path("/oauth2/v1/token")).respond_with(minted).mount(&server).await;
    let ada = ResponseTemplate::new(200).set_body_json(user());
    Mock::given(path("/api/v1/users/00u1")).respond_with(ada).mount(&server).await;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = STANDARD.encode(pair.to_pkcs8v1().unwrap());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    let file = std::env::temp_dir().join(format!("okta-client-{}.pem", std::process::id()));
    std::fs::write(&file, &pem).unwrap();
    for key in [pem.as_str(), file.to_str().unwrap()] {
        let url = server.uri();
        let child = run_alone(
            "settings::from_env",
            &[
                ("OKTA_CLIENT_ORGURL", &url),
                ("OKTA_CLIENT_AUTHORIZATIONMODE", "PrivateKey"),
                ("OKTA_CLIENT_CLIENTID", "0oa1"),
                ("OKTA_CLIENT_SCOPES", "okta.users.read,okta.groups.read"),
                ("OKTA_CLIENT_PRIVATEKEY", key),
                ("OKTA_CLIENT_PRIVATEKEYID", "key-1"),
            ],
        )
        .await;
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    }
    std::fs::remove_file(&file).unwrap();
    let requests = server.received_requests().await.unwrap();
    let asked: BTreeMap<String, String> =
        url::form_urlencoded::parse(&requests[0].body).into_owned().collect();
    assert_eq!(asked["scope"], "okta.users.read okta.groups.read");
    let head = asked["client_assertion"].split('.').next().unwrap();
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    assert_eq!(head["kid"], "key-1");
    assert_eq!(header(&requests[1], "authorization").as_deref(), Some("Bearer m1nted"));
    assert_eq!(requests.len(), 4);
}

/// A folder that is gone after the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("okta-client-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(folder.join(".okta")).unwrap();
        Self(folder)
    }

    fn write(&self, file: &str, lines: &[&str]) {
        let text = format!("okta:\n  client:\n    {}\n", lines.join("\n    "));
        std::fs::write(self.0.join(file), text).unwrap();
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a process sends whose home and working directory are these.
async fn sent_from(home: &Folder, here: &Folder, org: &Org, more: &[(&str, &str)]) -> String {
    let before = org.requests().await.len();
    let folders = [("HOME", home.path()), ("WORKING_DIRECTORY", here.path())];
    let child = run_alone("settings::from_env", &[&folders[..], more].concat()).await;
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    header(&org.requests().await[before], "authorization").unwrap()
}

#[tokio::test]
async fn files_are_read_as_the_official_sdks_read_them() {
    let org = Org::answers(user()).await;
    let (home, here) = (Folder::new("home"), Folder::new("here"));
    let url = format!("orgUrl: {}", org.server.uri());
    home.write(".okta/okta.yaml", &[&url, "token: 0012"]);
    assert_eq!(sent_from(&home, &here, &org, &[]).await, "SSWS 0012");
    here.write(".okta.yaml", &["token: hidden", "rateLimit: {maxRetries: 2}"]);
    assert_eq!(sent_from(&home, &here, &org, &[]).await, "SSWS hidden");
    here.write("okta.yaml", &["token: near", "authorizationMode: Bearer"]);
    assert_eq!(sent_from(&home, &here, &org, &[]).await, "Bearer near");
    let variable = [("OKTA_CLIENT_TOKEN", "variable")];
    assert_eq!(sent_from(&home, &here, &org, &variable).await, "Bearer variable");
}

#[tokio::test]
async fn a_proxy_of_the_file_is_used() {
    let proxy = Org::answers(user()).await;
    let address = proxy.server.address();
    let (home, here) = (Folder::new("proxied"), Folder::new("proxied-here"));
    let port = format!("proxy: {{host: {}, port: {}}}", address.ip(), address.port());
    home.write(".okta/okta.yaml", &["orgUrl: http://okta.test", "token: t", &port]);
    let insecure = [("OKTA_TESTING_DISABLEHTTPSCHECK", "true")];
    assert_eq!(sent_from(&home, &here, &proxy, &insecure).await, "SSWS t");
    let host = header(&proxy.requests().await[0], "host");
    assert_eq!(host.as_deref(), Some("okta.test"), "the proxy was asked for the org");
}

#[tokio::test]
async fn a_file_that_is_no_yaml_is_named() {
    let (home, here) = (Folder::new("broken"), Folder::new("broken-here"));
    home.write(".okta/okta.yaml", &["orgUrl: [x"]);
    let folders = [("HOME", home.path()), ("WORKING_DIRECTORY", here.path())];
    let child = run_alone("settings::from_env", &folders).await;
    let told = [child.stdout, child.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains(".okta/okta.yaml is not YAML, at line"), "{told}");
}
