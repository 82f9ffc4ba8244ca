//! One test per call about passwords, recovery questions, sessions and blocks.

use okta_client::{
    BlockedDevices, ExposeSecret, HashedPassword, NewCredentials, Profile, SaltOrder, Secret,
    UserStatus,
};
use serde_json::{Value, json};

use crate::support::*;

fn shown(secret: Option<&Secret>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

fn credentials() -> Value {
    json!({"password": {}, "recovery_question": {"question": "Where?"},
        "provider": {"type": "OKTA", "name": "OKTA"}})
}

#[tokio::test]
async fn expire_password_gives_the_user() {
    let mut expired = user();
    expired["status"] = json!("PASSWORD_EXPIRED");
    let org = Org::answers(expired).await;
    let ada = org.okta.users().expire_password("00u1").await.unwrap();
    assert_eq!(ada.status, Some(UserStatus::PasswordExpired));
    org.saw("POST /api/v1/users/00u1/lifecycle/expire_password", &[], Value::Null).await;
}

#[tokio::test]
async fn expire_password_with_temporary() {
    let line = "POST /api/v1/users/00u1/lifecycle/expire_password_with_temp_password";
    let org = Org::answers(json!({"tempPassword": "H4nd-over"})).await;
    let temporary = org.okta.users().expire_password_with_temporary("00u1").await.unwrap();
    assert_eq!(shown(temporary.password.as_ref()), Some("H4nd-over"));
    org.saw(line, &[], Value::Null).await;
    let org = Org::answers(json!({"tempPassword": "H4nd-over"})).await;
    let expire = org.okta.users().expire_password_with_temporary("00u1").revoke_sessions(true);
    expire.await.unwrap();
    org.saw(line, &[("revokeSessions", "true")], Value::Null).await;
}

#[tokio::test]
async fn reset_password() {
    let org = Org::answers(json!({"resetPasswordUrl": "https://acme.okta.com/reset/x"})).await;
    let reset = org.okta.users().reset_password("00u1", false).await.unwrap();
    assert_eq!(shown(reset.reset_password_url.as_ref()), Some("https://acme.okta.com/reset/x"));
    let line = "POST /api/v1/users/00u1/lifecycle/reset_password";
    org.saw(line, &[("sendEmail", "false")], Value::Null).await;
    let org = Org::answers(json!({})).await;
    let reset = org.okta.users().reset_password("00u1", true).revoke_sessions(false);
    assert!(reset.await.unwrap().reset_password_url.is_none());
    org.saw(line, &[("sendEmail", "true"), ("revokeSessions", "false")], Value::Null).await;
}

#[tokio::test]
async fn forgot_password_by_mail_or_link() {
    let line = "POST /api/v1/users/00u1/credentials/forgot_password";
    for org in [Org::answers(json!({})).await, Org::says_nothing().await] {
        let forgot = org.okta.users().forgot_password("00u1").await.unwrap();
        assert!(forgot.reset_password_url.is_none());
        org.saw(line, &[], Value::Null).await;
    }
    let org = Org::answers(json!({"resetPasswordUrl": "https://acme.okta.com/signin/x"})).await;
    let forgot = org.okta.users().forgot_password("00u1").send_email(false).await.unwrap();
    assert_eq!(shown(forgot.reset_password_url.as_ref()), Some("https://acme.okta.com/signin/x"));
    org.saw(line, &[("sendEmail", "false")], Value::Null).await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_who_knows_the_answer() {
    let line = "POST /api/v1/users/00u1/credentials/forgot_password_recovery_question";
    let body = json!({"password": {"value": "new"}, "recovery_question": {"answer": "There"}});
    let org = Org::answers(credentials()).await;
    let set = org.okta.users().set_forgotten_password("00u1", "There", "new").await.unwrap();
    assert_eq!(set.recovery_question.unwrap().question.as_deref(), Some("Where?"));
    org.saw(line, &[], body.clone()).await;
    let org = Org::answers(credentials()).await;
    let set = org.okta.users().set_forgotten_password("00u1", "There", "new").send_email(false);
    set.await.unwrap();
    org.saw(line, &[("sendEmail", "false")], body).await;
}

#[tokio::test]
async fn change_password() {
    let line = "POST /api/v1/users/00u1/credentials/change_password";
    let org = Org::answers(credentials()).await;
    let changed = org.okta.users().change_password("00u1", "old", "new").await.unwrap();
    assert!(changed.password.is_some() && changed.provider.is_some());
    let mut body = json!({"oldPassword": {"value": "old"}, "newPassword": {"value": "new"}});
    org.saw(line, &[], body.clone()).await;
    let org = Org::answers(credentials()).await;
    let change = org.okta.users().change_password("00u1", "old", "new");
    change.strict(true).revoke_sessions(true).await.unwrap();
    body["revokeSessions"] = json!(true);
    org.saw(line, &[("strict", "true")], body).await;
}

#[tokio::test]
async fn change_recovery_question() {
    let org = Org::answers(credentials()).await;
    let users = org.okta.users();
    users.change_recovery_question("00u1", "present", "Where?", "There").await.unwrap();
    let body = json!({"password": {"value": "present"},
        "recovery_question": {"question": "Where?", "answer": "There"}});
    let line = "POST /api/v1/users/00u1/credentials/change_recovery_question";
    org.saw(line, &[], body).await;
}

#[tokio::test]
async fn what_may_have_changed_a_password_is_not_repeated() {
    for (call, hint) in [
        "the password may have been changed",
        "the password may have been changed",
        "the question may have been changed",
        "a mail sent",
        "it may have been done",
    ]
    .into_iter()
    .enumerate()
    {
        let org = Org::refuses(503, "E0000010").await;
        let users = org.okta.users();
        let error = match call {
            0 => users.change_password("00u1", "a", "b").await.unwrap_err(),
            1 => users.set_forgotten_password("00u1", "a", "b").await.unwrap_err(),
            2 => users.change_recovery_question("00u1", "a", "b", "c").await.unwrap_err(),
            3 => users.forgot_password("00u1").await.unwrap_err(),
            _ => users.expire_password_with_temporary("00u1").await.unwrap_err(),
        };
        assert!(error.is_unclear() && error.to_string().contains(hint), "{error}");
        assert_eq!(org.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn requests_show_no_password() {
    let org = Org::answers(credentials()).await;
    let users = org.okta.users();
    let change = users.change_password("00u1", "s3cret-old", "s3cret-new");
    let set = users.set_forgotten_password("00u1", "s3cret-answer", "s3cret-new");
    let shown = format!("{change:?}{set:?}");
    assert!(shown.contains("/credentials/change_password") && !shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn hashes_are_imported_with_and_without_salt() {
    for (hash, sent) in [
        (
            HashedPassword::digest("SHA-256", "c2FsdA==", SaltOrder::Prefix, "aGFzaA=="),
            json!({"algorithm": "SHA-256", "salt": "c2FsdA==", "saltOrder": "PREFIX",
                "value": "aGFzaA=="}),
        ),
        (
            HashedPassword::unsalted("MD5", "aGFzaA=="),
            json!({"algorithm": "MD5", "value": "aGFzaA=="}),
        ),
    ] {
        let org = Org::answers(user()).await;
        let create = org.okta.users().create(Profile::new());
        create.credentials(NewCredentials::hashed(hash)).await.unwrap();
        let body = json!({"profile": {}, "credentials": {"password": {"hash": sent}}});
        org.saw("POST /api/v1/users", &[], body).await;
    }
}

#[tokio::test]
async fn sessions_are_revoked() {
    let org = Org::says_nothing().await;
    org.okta.users().revoke_sessions("00u1").await.unwrap();
    org.saw("DELETE /api/v1/users/00u1/sessions", &[], Value::Null).await;
    let org = Org::says_nothing().await;
    let revoke = org.okta.users().revoke_sessions("00u1").oauth_tokens(true);
    revoke.forget_devices(false).await.unwrap();
    let query = [("oauthTokens", "true"), ("forgetDevices", "false")];
    org.saw("DELETE /api/v1/users/00u1/sessions", &query, Value::Null).await;
}

#[tokio::test]
async fn blocks_of_a_user() {
    let answer = json!([{"type": "DEVICE_BASED", "appliesTo": "UNKNOWN_DEVICES", "new": null}]);
    let org = Org::answers(answer.clone()).await;
    let blocks = org.okta.users().blocks("00u1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/blocks", &[], Value::Null).await;
    assert_eq!(blocks[0].applies_to, Some(BlockedDevices::NewDevices));
    assert_eq!(serde_json::to_value(&blocks).unwrap(), answer);
    // An org without the feature answers so; a new token would not help.
    let org = Org::refuses(401, "E0000015").await;
    let error = org.okta.users().blocks("00u1").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /api/v1/users/{id}/blocks: 401 E0000015 said no; the org may not have this feature"
    );
    assert_eq!(org.requests().await.len(), 1);
}
