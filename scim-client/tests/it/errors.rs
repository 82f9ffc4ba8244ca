//! What an error says, in one line, and that nothing printed holds a secret.

use futures::TryStreamExt;
use scim_client::{Basic, Bearer, HeaderToken, Scim};
use scim_types::filter::attr;
use scim_types::{ScimType, User};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::*;

#[tokio::test]
async fn a_scim_error_is_one_line() {
    let server = Server::refuses(409, "uniqueness").await;
    let error = server.scim.users().create(&User::new("ada")).await.unwrap_err();
    assert_eq!(error.to_string(), "POST /Users: 409 uniqueness said no");
    let body = error.body().unwrap();
    assert_eq!((body.scim_type(), body.detail()), (Some(&ScimType::Uniqueness), "said no"));
}

#[tokio::test]
async fn foreign_errors_are_one_line_too() {
    let html = "<html><body>gateway\ntimeout</body></html>";
    let raw = |text: &str, kind: &str| ResponseTemplate::new(400).set_body_raw(text, kind);
    let page = "GET /Users/{id}: 400 Bad Request; the answer is text/html: a proxy, or another server \
                than meant, may have given it";
    for (answer, line) in [
        (raw("Bad\n  request body", "text/plain"), "GET /Users/{id}: 400 Bad request body"),
        (raw(html, "text/html"), page),
        (raw("", "text/html"), "GET /Users/{id}: 400 Bad Request"),
        (raw("[1]", "application/json"), "GET /Users/{id}: 400 Bad Request"),
        (raw(r#"{"DETAIL":"no","status":400}"#, "application/json"), "GET /Users/{id}: 400 no"),
        (raw(r#"{"scimType":"invalidValue"}"#, "a/b"), "GET /Users/{id}: 400 invalidValue"),
        (raw(r#"{"scimType":"newer","detail":"x"}"#, "a/b"), "GET /Users/{id}: 400 newer x"),
    ] {
        let server = Server::with(answer).await;
        assert_eq!(server.scim.users().get("7").await.unwrap_err().to_string(), line);
    }
}

#[tokio::test]
async fn nothing_printed_holds_a_secret() {
    let secrets = [TOKEN, "s3cret-password", "s3cret-filter", "s3cret-id", "czNjcmV0"];
    let clean = |text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{text}");
        }
    };
    clean(&format!("{:?}{:?}", Bearer::new(TOKEN), HeaderToken::new(TOKEN)));
    clean(&format!("{:?}", Basic::new("s3cret-id", "s3cret-password")));
    let settings = Scim::builder("https://app.example", Basic::new("s3cret-id", "s3cret-password"));
    clean(&format!("{settings:?}{:?}", settings.clone().build().unwrap()));
    let echo = format!("Authorization: Bearer {TOKEN} is wrong");
    for answer in [
        ok(page(&users(2), 9)),
        ResponseTemplate::new(200).set_body_string("not json"),
        refusal(400, "invalidFilter"),
        refusal(401, ""),
        refusal(503, ""),
        ResponseTemplate::new(401).set_body_string(echo.clone()),
        ResponseTemplate::new(400).set_body_json(json!({"detail": echo.clone()})),
        ResponseTemplate::new(502).set_body_string(format!("<html>{echo}</html>")),
    ] {
        let server = Server::with(answer).await;
        let (scim, users) = (&server.scim, server.scim.users());
        let list = users.list().filter(attr("title").eq("s3cret-filter"));
        let stream = list.clone().stream();
        clean(&format!("{scim:?}{users:?}{list:?}{stream:?}{:?}", stream.cursor()));
        clean(&format!("{:?}{:?}", list.clone().pages(), users.read("s3cret-id")));
        let errors = [
            stream.try_collect::<Vec<_>>().await.err(),
            list.by_post().stream().try_collect::<Vec<_>>().await.err(),
            users.find("title", "s3cret-filter").await.err(),
            users.get("s3cret-id").await.err(),
            users.delete("s3cret-id", None).await.err(),
            scim.verify().await.err(),
            scim.service_provider_config().await.err(),
        ];
        errors.iter().flatten().for_each(|error| clean(&printed(error)));
    }
}

#[test]
fn addresses_that_would_show_the_token_are_refused() {
    for base in ["http://app.example/scim", "https://a:b@app.example", "", "ftp://app.example"] {
        assert!(Scim::new(base, Bearer::new(TOKEN)).is_err(), "{base}");
    }
    let scim = Scim::new("app.example/scim/v2/", Bearer::new(TOKEN)).unwrap();
    assert_eq!(scim.base_url().as_str(), "https://app.example/scim/v2");
}
