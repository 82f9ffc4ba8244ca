//! Whether address and credential are right, and what is said when they are not.

use scim_client::{Basic, ErrorKind, HeaderToken, Scim};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::support::*;

/// Two users and a group, unless the groups answer otherwise.
async fn with_groups(groups: ResponseTemplate) -> Server {
    let answer = move |request: &Request| match request.url.path() {
        "/scim/v2/Users" => ok(page(&users(2), 250)),
        _ => groups.clone(),
    };
    Server::with(answer).await
}

#[tokio::test]
async fn asks_as_okta_does() {
    let server = with_groups(ok(page(&[group("7", "x")], 1))).await;
    let verified = server.scim.verify().await.unwrap();
    assert_eq!((verified.users, verified.groups), (250, Some(1)));
    let lines = ["GET /Users?startIndex=1&count=2", "GET /Groups?startIndex=1&count=100"];
    assert_eq!(server.lines().await, lines);
}

#[tokio::test]
async fn counts_what_came_where_no_total_is_said() {
    let server = Server::answers(json!({"Resources": users(2)})).await;
    assert_eq!(server.scim.verify().await.unwrap().users, 2);
}

#[tokio::test]
async fn a_server_without_groups_is_fine() {
    for status in [403, 404, 405, 501] {
        let server = with_groups(ResponseTemplate::new(status)).await;
        let verified = server.scim.verify().await.unwrap();
        assert_eq!((verified.users, verified.groups), (250, None), "{status}");
    }
}

#[tokio::test]
async fn a_refused_credential_says_what_to_check() {
    let echo = format!("the token {TOKEN} is not known");
    for status in [401, 403] {
        for answer in [
            ResponseTemplate::new(status),
            refusal(status, ""),
            ResponseTemplate::new(status).set_body_string(echo.clone()),
            ResponseTemplate::new(status).set_body_json(json!({"detail": echo.clone()})),
        ] {
            let error = Server::with(answer).await.scim.verify().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Auth(_)), "{error:?}");
            let line = error.to_string();
            for part in ["does not accept the credential", "token", "base URL", "Bearer"] {
                assert!(line.contains(part), "{line}");
            }
            let text = printed(&error);
            assert!(text.contains(&format!("GET /Users: {status}")), "{text}");
            assert!(!text.contains(TOKEN), "{text}");
        }
    }
    let server = with_groups(ResponseTemplate::new(401)).await;
    let error = server.scim.verify().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Auth(_)), "{error:?}");
}

#[tokio::test]
async fn an_address_that_is_no_scim_service_is_named() {
    let html = "<html><form>Sign in</form></html>";
    for answer in [
        ResponseTemplate::new(200).set_body_raw(html, "text/html"),
        ok(json!({"status": "up"})),
        ok(json!([])),
        ResponseTemplate::new(404).set_body_raw(html, "text/html"),
        ResponseTemplate::new(302).insert_header("location", "/login"),
    ] {
        let server = Server::with(answer).await;
        let error = server.scim.verify().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
        let line = error.to_string();
        assert!(line.contains("/scim/v2 is not the base URL of a SCIM service"), "{line}");
        assert!(line.contains("copy the address"), "{line}");
    }
}

#[tokio::test]
async fn another_failure_stays_what_it_is() {
    let error = Server::refuses(500, "").await.scim.verify().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    let error = with_groups(ResponseTemplate::new(500)).await.scim.verify().await.unwrap_err();
    assert!(error.to_string().starts_with("GET /Groups: 500"), "{error}");
}

#[tokio::test]
async fn every_credential_goes_into_its_header() {
    let server = Server::answers(page(&[], 0)).await;
    let base = format!("{}/scim/v2/", server.server.uri());
    Scim::new(&base, HeaderToken::new(TOKEN)).unwrap().verify().await.unwrap();
    Scim::new(&base, Basic::new("ada", "pass:word")).unwrap().verify().await.unwrap();
    let requests = server.requests().await;
    let sent = |nth: usize| header(&requests[nth], "authorization").unwrap();
    assert_eq!((sent(0), sent(2)), (TOKEN.to_owned(), "Basic YWRhOnBhc3M6d29yZA==".to_owned()));
    assert!(header(&requests[0], "user-agent").unwrap().starts_with("scim-client/"));
}
