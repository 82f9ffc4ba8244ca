//! One test per call of the life cycle.

use okta_client::{Error, ExposeSecret, Secret};
use serde_json::{Value, json};

use crate::support::*;

fn shown(secret: Option<&Secret>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

#[tokio::test]
async fn activate_gives_the_link_when_no_mail_is_sent() {
    let link = json!({"activationUrl": "https://acme.okta.com/welcome/x", "activationToken": "x"});
    let org = Org::answers(link).await;
    let activation = org.okta.users().activate("00u1").send_email(false).await.unwrap();
    assert_eq!(
        (shown(activation.activation_url.as_ref()), shown(activation.activation_token.as_ref())),
        (Some("https://acme.okta.com/welcome/x"), Some("x"))
    );
    let line = "POST /api/v1/users/00u1/lifecycle/activate";
    org.saw(line, &[("sendEmail", "false")], Value::Null).await;
}

#[tokio::test]
async fn activate_gives_nothing_when_okta_sends_a_mail() {
    for org in [Org::answers(json!({})).await, Org::says_nothing().await] {
        let activation = org.okta.users().activate("00u1").await.unwrap();
        assert!(activation.activation_url.is_none() && activation.activation_token.is_none());
        org.saw("POST /api/v1/users/00u1/lifecycle/activate", &[], Value::Null).await;
    }
}

#[tokio::test]
async fn an_activation_whose_answer_is_cut_says_that_it_may_have_been_done() {
    let cut = wiremock::ResponseTemplate::new(200);
    let org = Org::with(cut.set_body_raw("{\"activationUrl\":", "application/json")).await;
    let error = org.okta.users().activate("00u1").await.unwrap_err();
    let line = error.to_string();
    assert!(line.starts_with("POST /api/v1/users/{id}/lifecycle/activate: "), "{line}");
    assert!(error.is_unclear() && line.contains("read the user before repeating it"), "{line}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn reactivate() {
    let org = Org::answers(json!({"activationUrl": "u", "activationToken": "t"})).await;
    let activation = org.okta.users().reactivate("00u1").send_email(true).await.unwrap();
    assert_eq!(shown(activation.activation_token.as_ref()), Some("t"));
    let line = "POST /api/v1/users/00u1/lifecycle/reactivate";
    org.saw(line, &[("sendEmail", "true")], Value::Null).await;
}

#[tokio::test]
async fn deactivate_with_and_without_options() {
    let line = "POST /api/v1/users/00u1/lifecycle/deactivate";
    for org in [Org::answers(json!({})).await, Org::says_nothing().await] {
        org.okta.users().deactivate("00u1").await.unwrap();
        let request = org.saw(line, &[], Value::Null).await;
        assert_eq!(header(&request, "prefer"), None);
        // Okta answers 411 to a POST that does not say how long its body is.
        assert_eq!(header(&request, "content-length").as_deref(), Some("0"));
    }
    let org = Org::answers(json!({})).await;
    org.okta.users().deactivate("00u1").send_email(true).respond_async().await.unwrap();
    let request = org.saw(line, &[("sendEmail", "true")], Value::Null).await;
    assert_eq!(header(&request, "prefer").as_deref(), Some("respond-async"));
}

#[tokio::test]
async fn delete() {
    let org = Org::says_nothing().await;
    org.okta.users().delete("00u1").send_email(false).await.unwrap();
    org.saw("DELETE /api/v1/users/00u1", &[("sendEmail", "false")], Value::Null).await;
}

macro_rules! gives_nothing {
    ($($call:ident),+) => {$(
        #[tokio::test]
        async fn $call() {
            for org in [Org::answers(json!({})).await, Org::says_nothing().await] {
                org.okta.users().$call("00u1").await.unwrap();
                let line = concat!("POST /api/v1/users/00u1/lifecycle/", stringify!($call));
                org.saw(line, &[], Value::Null).await;
            }
        }
    )+};
}

gives_nothing!(suspend, unsuspend, unlock, reset_factors);

#[tokio::test]
async fn a_status_that_does_not_allow_it_is_said_once() {
    let org = Org::refuses(403, "E0000038").await;
    let error = org.okta.users().reactivate("00u1").await.unwrap_err();
    let line = "POST /api/v1/users/{id}/lifecycle/reactivate: 403 E0000038 said no";
    assert_eq!(error.to_string(), line);
    assert_eq!(error.body().unwrap().code, "E0000038");
    assert!(!error.is_unclear());
    assert_eq!(org.requests().await.len(), 1);
}

/// What a call made of an answer that leaves open whether it was carried out.
fn assert_not_repeated(error: &Error, requests: usize, hint: &str) {
    assert!(error.is_unclear(), "{error}");
    assert!(error.to_string().contains(hint), "{error}");
    assert_eq!((error.attempts(), requests), (1, 1), "{error}");
}

const DELETED: &str = "the user may have been deactivated or deleted: read it first";
const CREATED: &str = "the user may have been created: look the login up";
const MAILED: &str = "it may have been done and a mail sent";
const DONE: &str = "it may have been done: read the user's status";

#[tokio::test]
async fn what_may_have_been_done_is_not_repeated_on_a_503() {
    let profile = okta_client::Profile::new;
    for (hint, call) in [DELETED, CREATED, MAILED, DONE, DONE, "the user may have been changed"]
        .into_iter()
        .zip(0..)
    {
        let org = Org::refuses(503, "E0000010").await;
        let users = org.okta.users();
        let error = match call {
            0 => users.delete("00u1").await.unwrap_err(),
            1 => users.create(profile()).await.unwrap_err(),
            2 => users.activate("00u1").await.unwrap_err(),
            3 => users.deactivate("00u1").await.unwrap_err(),
            4 => users.suspend("00u1").await.unwrap_err(),
            _ => users.update("00u1").set("a", 1).if_match("W/\"1\"").await.unwrap_err(),
        };
        assert_not_repeated(&error, org.requests().await.len(), hint);
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_repeated_on_a_time_out() {
    for (hint, create) in [(DELETED, false), (CREATED, true)] {
        let wire = Wire::silent();
        let soon = std::time::Duration::from_millis(200);
        let users = builder(&wire.url).attempt_timeout(soon).build().unwrap().users();
        let error = match create {
            true => users.create(okta_client::Profile::new()).await.unwrap_err(),
            false => users.delete("00u1").await.unwrap_err(),
        };
        assert!(error.is_timeout(), "{error}");
        assert_not_repeated(&error, wire.lines().len(), hint);
    }
}

#[tokio::test]
async fn what_ends_the_same_when_done_twice_is_repeated() {
    for call in 0..3 {
        let server = wiremock::MockServer::start().await;
        let fails = wiremock::Mock::given(wiremock::matchers::any());
        fails.respond_with(refusal(503, "E0000010")).up_to_n_times(2).mount(&server).await;
        let works = wiremock::ResponseTemplate::new(200).set_body_json(user());
        let rest = wiremock::Mock::given(wiremock::matchers::any()).respond_with(works);
        rest.mount(&server).await;
        let users = builder(&server.uri()).build().unwrap().users();
        let ada = match call {
            0 => users.get("00u1").await,
            1 => users.update("00u1").set("title", "Countess").await,
            _ => users.expire_password("00u1").await,
        };
        assert_eq!(ada.unwrap().id.as_str(), "00u1");
        assert_eq!(server.received_requests().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_refusal_for_now_is_repeated_even_for_a_delete() {
    for (status, code) in [(429, "E0000047"), (409, "E0000112")] {
        let server = wiremock::MockServer::start().await;
        let fails = wiremock::Mock::given(wiremock::matchers::any());
        let later = refusal(status, code).insert_header("retry-after", "0");
        fails.respond_with(later).up_to_n_times(1).mount(&server).await;
        let rest = wiremock::Mock::given(wiremock::matchers::any());
        rest.respond_with(wiremock::ResponseTemplate::new(204)).mount(&server).await;
        builder(&server.uri()).build().unwrap().users().delete("00u1").await.unwrap();
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
}
