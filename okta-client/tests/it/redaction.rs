//! The token, queries, bodies, ids and passwords appear in no log line and in nothing printable.

use std::time::Duration;

use futures::TryStreamExt;
use okta_client::{
    Activation, HashedPassword, NewCredentials, Okta, PasswordReset, Profile, TemporaryPassword,
};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::*;

const SECRETS: [&str; 4] = [TOKEN, "s3cret-password", "s3cret-query", "s3cret-id"];

fn assert_clean(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what}: {text}");
    }
}

/// Runs some calls of every kind and collects all that their values and errors print.
async fn exercise(okta: &Okta) -> String {
    let credentials = NewCredentials::password("s3cret-password").recovery("q", "s3cret-password");
    let create = okta.users().create(Profile::new()).credentials(credentials.clone());
    let update = okta.users().update("s3cret-id").credentials(credentials.clone());
    let list = okta.users().list().search("profile.x eq \"s3cret-query\"");
    let mut text = format!("{okta:?}{:?}{:?}{:?}", okta.users(), okta.groups(), okta.schemas());
    text += &format!("{credentials:?}{create:?}{update:?}{list:?}{:?}", list.clone().stream());
    let errors = [
        create.await.err(),
        update.await.err(),
        okta.users().get("s3cret-id").await.err(),
        okta.users().delete("s3cret-id").await.err(),
        list.stream().try_collect::<Vec<_>>().await.err(),
    ];
    for error in errors.into_iter().flatten() {
        text += &format!("{error}\n{error:?}\n{error:#?}\n{:?}", error.kind());
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text += &format!("{cause}{cause:?}");
            source = cause.source();
        }
    }
    text
}

#[tokio::test]
async fn nothing_that_is_secret_is_logged_or_printed() {
    if !is_alone() {
        let test = "redaction::nothing_that_is_secret_is_logged_or_printed";
        let child = run_alone(test, &[]).await;
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        return;
    }
    let sink = Sink::of_everything();
    let echo = "<html>SSWS 00-t0ken-of-the-tests s3cret-password s3cret-query</html>";
    for answer in [
        ResponseTemplate::new(200).set_body_json(user()),
        ResponseTemplate::new(200).set_body_string("not json"),
        refusal(400, "E0000001"),
        refusal(401, "E0000011"),
        refusal(503, "E0000010"),
        ResponseTemplate::new(502).set_body_string(echo),
    ] {
        let org = Org::with(answer).await;
        assert_clean("printed", &exercise(&org.okta).await);
    }
    let wire = Wire::silent();
    let soon = builder(&wire.url).attempt_timeout(Duration::from_millis(50));
    let soon = soon.retry(okta_client::RetryPolicy::never());
    assert_clean("builder", &format!("{soon:?}"));
    assert_clean("printed", &exercise(&soon.build().unwrap()).await);
    let logged = sink.text();
    assert!(logged.contains("/api/v1/users/{id}"), "the capture works: {logged}");
    assert_clean("logged", &logged);
}

#[test]
fn values_that_hold_secrets_do_not_show_them() {
    let bearer = okta_client::BearerToken::new(TOKEN);
    let token = okta_client::ApiToken::new(TOKEN);
    let hash = HashedPassword::bcrypt(10, "s3cret-password", "s3cret-password");
    let link = json!({"activationUrl": "s3cret-password", "activationToken": "s3cret-password",
        "resetPasswordUrl": "s3cret-password", "tempPassword": "s3cret-password"});
    let activation: Activation = serde_json::from_value(link.clone()).unwrap();
    let reset: PasswordReset = serde_json::from_value(link.clone()).unwrap();
    let temporary: TemporaryPassword = serde_json::from_value(link).unwrap();
    let shown = format!("{bearer:?}{token:?}{hash:?}{activation:?}{reset:?}{temporary:?}");
    assert_clean("values", &shown);
    assert!(shown.contains("Activation") && shown.contains("BCRYPT"), "{shown}");
}
