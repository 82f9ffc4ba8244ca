//! One test per endpoint of users' factors.

use std::time::Duration;

use okta_client::{
    Error, FactorEnrollment, FactorProof, FactorProvider, FactorResult, FactorType,
    FactorVerification, PushActivation, UserFactor,
};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, ResponseTemplate};

use crate::support::*;

fn sms() -> Value {
    json!({"id": "sms1", "factorType": "sms", "provider": "OKTA", "vendorName": "OKTA",
        "status": "PENDING_ACTIVATION", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z", "profile": {"phoneNumber": "+15554151337"},
        "_links": {"resend": [{"name": "sms", "href": "https://acme.okta.com/x"}]}})
}

fn pushed(result: &str) -> Value {
    let url = "https://acme.okta.com/api/v1/users/00u1/factors/opf1/transactions/v2mst.A-b_1";
    json!({"factorResult": result, "expiresAt": "2026-01-02T03:04:05.000Z",
        "_links": {"poll": {"href": url}}, "_embedded": {"challenge": {"correctAnswer": 72}}})
}

fn written(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[tokio::test]
async fn factors_are_listed_and_read() {
    let org = Org::answers(json!([sms()])).await;
    let all = org.okta.users().factors("00u1").list().await.unwrap();
    org.saw("GET /api/v1/users/00u1/factors", &[], Value::Null).await;
    assert_eq!(written(&all), json!([sms()]));
    assert_eq!(all[0].factor_type, Some(FactorType::Sms));
    let phone = all[0].profile.as_ref().unwrap().phone_number.as_ref().unwrap();
    assert_eq!(phone.as_str(), "+15554151337");
    let org = Org::answers(sms()).await;
    assert_eq!(org.okta.users().factors("00u1").get("sms1").await.unwrap(), all[0]);
    org.saw("GET /api/v1/users/00u1/factors/sms1", &[], Value::Null).await;
    let org = Org::refuses(404, "E0000007").await;
    assert!(org.okta.users().factors("00u1").try_get("sms1").await.unwrap().is_none());
}

#[tokio::test]
async fn what_may_be_enrolled_is_listed() {
    let answer = json!([{"factorType": "sms", "provider": "OKTA", "enrollment": "REQUIRED",
        "_embedded": {"phones": [{"id": "mbl1", "profile": {"phoneNumber": "+15554151337"}}]}}]);
    let org = Org::answers(answer.clone()).await;
    let all = org.okta.users().factors("00u1").supported().await.unwrap();
    org.saw("GET /api/v1/users/00u1/factors/catalog", &[], Value::Null).await;
    assert_eq!(all[0].enrollment, Some(FactorEnrollment::Required));
    assert_eq!(written(&all), answer);
    let answer = json!([{"question": "disliked_food", "questionText": "What?", "new": 1}]);
    let org = Org::answers(answer.clone()).await;
    let all = org.okta.users().factors("00u1").questions().await.unwrap();
    org.saw("GET /api/v1/users/00u1/factors/questions", &[], Value::Null).await;
    assert_eq!((all[0].text.as_deref(), written(&all)), (Some("What?"), answer));
}

#[tokio::test]
async fn factors_of_every_type_are_enrolled() {
    let org = Org::answers(sms()).await;
    let phone = UserFactor::sms("+15554151337");
    let enroll = org.okta.users().factors("00u1").enroll(&phone).update_phone(true);
    let enroll = enroll.activate(true).template("cst1").token_lifetime(60).language("fr");
    assert_eq!(written(enroll.await.unwrap()), sms());
    let query = [("updatePhone", "true"), ("activate", "true"), ("templateId", "cst1")];
    let query = [&query[..], &[("tokenLifetimeSeconds", "60")]].concat();
    let body = json!({"factorType": "sms", "provider": "OKTA",
        "profile": {"phoneNumber": "+15554151337"}});
    let sent = org.saw("POST /api/v1/users/00u1/factors", &query, body).await;
    assert_eq!(header(&sent, "accept-language").as_deref(), Some("fr"));
    for (factor, kind, profile) in [
        (UserFactor::call("+1"), "call", json!({"phoneNumber": "+1"})),
        (UserFactor::email("a@b"), "email", json!({"email": "a@b"})),
        (UserFactor::question("q", "a123"), "question", json!({"question": "q", "answer": "a123"})),
        (UserFactor::hotp("fpr1", "5e"), "token:hotp", json!({"sharedSecret": "5e"})),
        (
            UserFactor::token(FactorProvider::Rsa, "ada", "1"),
            "token",
            json!({"credentialId": "ada"}),
        ),
        (UserFactor::yubikey("1"), "token:hardware", Value::Null),
        (UserFactor::new(FactorType::Push, FactorProvider::Okta), "push", Value::Null),
    ] {
        let json = written(factor);
        assert_eq!((&json["factorType"], &json["profile"]), (&json!(kind), &profile));
    }
}

#[tokio::test]
async fn factors_of_tomorrow_stay_as_they_came() {
    let tomorrow = json!({"id": "x1", "factorType": "brain", "provider": "NEW", "status": "ODD",
        "profile": {"wave": {"hz": 1.5}, "phoneNumber": 14085551235_u64, "email": null}, "new": []});
    let factor: UserFactor = serde_json::from_value(tomorrow.clone()).unwrap();
    assert_eq!(factor.factor_type, Some(FactorType::from("brain")));
    assert_eq!(written(&factor), tomorrow);
}

#[tokio::test]
async fn factors_are_activated_and_codes_sent_again() {
    let org = Org::answers(sms()).await;
    let factors = org.okta.users().factors("00u1");
    let factor = factors.activate("sms1", FactorProof::pass_code("123456")).await.unwrap();
    let line = "POST /api/v1/users/00u1/factors/sms1/lifecycle/activate";
    org.saw(line, &[], json!({"passCode": "123456"})).await;
    let org = Org::answers(sms()).await;
    let again = org.okta.users().factors("00u1").resend(&factor).template("cst1").await.unwrap();
    let body = json!({"factorType": "sms", "provider": "OKTA",
        "profile": {"phoneNumber": "+15554151337"}});
    let line = "POST /api/v1/users/00u1/factors/sms1/resend";
    org.saw(line, &[("templateId", "cst1")], body).await;
    assert_eq!(again, factor);
    let org = Org::answers(pushed("WAITING")).await;
    let waiting = org.okta.users().factors("00u1").activate_push("opf1").await.unwrap();
    let PushActivation::Waiting(waiting) = waiting else { panic!("{waiting:?}") };
    assert_eq!(waiting.result, Some(FactorResult::Waiting));
    let org = Org::answers(sms()).await;
    let active = org.okta.users().factors("00u1").activate_push("sms1").await.unwrap();
    assert_eq!(active, PushActivation::Active(Box::new(factor)));
}

#[tokio::test]
async fn factors_are_challenged_and_verified() {
    let org = Org::answers(pushed("WAITING")).await;
    let challenge = org.okta.users().factors("00u1").challenge("opf1").number_matching();
    let sent = challenge.on_behalf_of("203.0.113.7", "Browser/1").await.unwrap();
    let body = json!({"useNumberMatchingChallenge": true});
    let request = org.saw("POST /api/v1/users/00u1/factors/opf1/verify", &[], body).await;
    assert_eq!(header(&request, "x-forwarded-for").as_deref(), Some("203.0.113.7"));
    assert_eq!(header(&request, "user-agent").as_deref(), Some("Browser/1"));
    assert_eq!(sent.transaction_id().as_deref(), Some("v2mst.A-b_1"));
    let challenge = sent.embedded.as_ref().unwrap().challenge.as_ref().unwrap();
    assert_eq!(challenge.correct_answer, Some(72));
    assert_eq!(written(&sent), pushed("WAITING"));
    let org = Org::answers(json!({"factorResult": "SUCCESS"})).await;
    let proof = FactorProof::answer("mayonnaise");
    let verified = org.okta.users().factors("00u1").verify("ufs1", proof).await.unwrap();
    let body = json!({"answer": "mayonnaise"});
    org.saw("POST /api/v1/users/00u1/factors/ufs1/verify", &[], body).await;
    assert_eq!(verified.result, Some(FactorResult::Success));
}

#[tokio::test]
async fn what_may_have_been_sent_or_judged_is_not_sent_twice() {
    let org = Org::refuses(503, "E0000010").await;
    let factors = org.okta.users().factors("00u1");
    let factor: UserFactor = serde_json::from_value(sms()).unwrap();
    let proof = FactorProof::pass_code("1");
    let errors = [
        factors.enroll(&factor).await.unwrap_err(),
        factors.activate("sms1", proof.clone()).await.unwrap_err(),
        factors.activate_push("opf1").await.unwrap_err(),
        factors.resend(&factor).await.unwrap_err(),
        factors.challenge("sms1").await.unwrap_err(),
        factors.verify("sms1", proof).await.unwrap_err(),
    ];
    assert!(errors.iter().all(Error::is_unclear), "{errors:?}");
    assert_eq!(org.requests().await.len(), errors.len());
}

#[tokio::test]
async fn a_push_is_polled_until_it_is_answered() {
    let org = Org::answers(pushed("REJECTED")).await;
    let waiting = ResponseTemplate::new(200).set_body_json(pushed("WAITING"));
    let twice = Mock::given(method("GET")).respond_with(waiting).up_to_n_times(2);
    twice.with_priority(1).mount(&org.server).await;
    let sent: FactorVerification = serde_json::from_value(pushed("WAITING")).unwrap();
    let factors = org.okta.users().factors("00u1");
    let answer = factors.wait("opf1", &sent).interval(Duration::ZERO).await.unwrap();
    assert_eq!(answer.result, Some(FactorResult::Rejected));
    let requests = org.requests().await;
    let path = "/api/v1/users/00u1/factors/opf1/transactions/v2mst.A-b_1";
    assert!(requests.len() == 3 && requests.iter().all(|one| one.url.path() == path));
    let org = Org::answers(pushed("WAITING")).await;
    let factors = org.okta.users().factors("00u1");
    let answer = factors.wait("opf1", &sent).at_most(Duration::ZERO).await.unwrap();
    assert_eq!(answer.result, Some(FactorResult::Waiting));
    assert_eq!(factors.transaction("opf1", "v2mst.A-b_1").await.unwrap(), answer);
    let none = FactorVerification::default();
    let error = factors.wait("opf1", &none).await.unwrap_err();
    assert!(error.to_string().contains("no `poll` link"), "{error}");
    assert_eq!(org.requests().await.len(), 2);
}

#[tokio::test]
async fn factors_are_unenrolled() {
    let org = Org::says_nothing().await;
    org.okta.users().factors("00u1").unenroll("sms1").remove_recovery(true).await.unwrap();
    let query = [("removeRecoveryEnrollment", "true")];
    org.saw("DELETE /api/v1/users/00u1/factors/sms1", &query, Value::Null).await;
}

#[test]
fn secrets_and_phones_are_not_shown() {
    let secret = json!({"id": "x1", "factorType": "token:software:totp", "new": "s3cret",
        "profile": {"phoneNumber": "s3cret", "email": "s3cret", "answer": "s3cret", "n": "s3cret"},
        "verify": {"passCode": "s3cret"}, "_links": {"x": {"href": "s3cret"}}, "_embedded": {
            "activation": {"sharedSecret": "s3cret", "_links": {"qrcode": {"href": "s3cret"}}}}});
    let factor: UserFactor = serde_json::from_value(secret).unwrap();
    let proof = FactorProof::pass_code("s3cret");
    let shown =
        format!("{factor:?}{:?}{:?}{:?}{proof:?}", factor.profile, factor.verify, factor.embedded);
    let activation = factor.embedded.as_ref().unwrap().activation.as_ref().unwrap();
    let phone = factor.profile.as_ref().unwrap().phone_number.as_ref();
    let shown = format!("{shown}{activation:?}{:?}{phone:?}", activation.shared_secret);
    assert!(shown.contains("x1") && !shown.contains("s3cret"), "{shown}");
}
