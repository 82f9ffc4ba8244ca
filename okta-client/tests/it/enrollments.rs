//! One test per endpoint of authenticator enrolments and YubiKeys.

use futures::TryStreamExt;
use okta_client::{
    AuthenticatorEnrollment, AuthenticatorType, ExposeSecret, YubikeySeed, YubikeyStatus,
};
use serde_json::{Value, json};

use crate::support::*;

const PATH: &str = "/api/v1/users/00u1/authenticator-enrollments";

fn phone() -> Value {
    json!({"type": "phone", "id": "sms1", "key": "phone_number", "status": "ACTIVE",
        "name": "Phone", "nickname": null, "profile": {"phoneNumber": 14085551235_u64, "new": 1},
        "created": "2026-01-02T03:04:05.000Z", "_links": {}})
}

fn written(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[tokio::test]
async fn enrollments_are_listed_and_read() {
    // A list by Okta's example, one by its schema.
    for answer in [json!([phone()]), phone()] {
        let org = Org::answers(answer).await;
        let enrollments = org.okta.users().authenticator_enrollments("00u1");
        let all = enrollments.list().disclose_phones().await.unwrap();
        let query = [("discloseIdentifiers", "phone")];
        org.saw(&format!("GET {PATH}"), &query, Value::Null).await;
        assert_eq!(written(&all), json!([phone()]));
        assert_eq!(all[0].kind, Some(AuthenticatorType::Phone));
    }
    let org = Org::answers(phone()).await;
    let one = org.okta.users().authenticator_enrollments("00u1").get("sms1").await.unwrap();
    org.saw(&format!("GET {PATH}/sms1"), &[], Value::Null).await;
    let number = one.profile.as_ref().unwrap().phone_number.as_ref().unwrap();
    assert_eq!(number.as_str(), "14085551235");
}

#[tokio::test]
async fn phones_are_enrolled_and_deleted() {
    let org = Org::answers(phone()).await;
    let enrollments = org.okta.users().authenticator_enrollments("00u1");
    let made = enrollments.create_phone("aut1", "+14085551235").await.unwrap();
    let body = json!({"authenticatorId": "aut1", "profile": {"phoneNumber": "+14085551235"}});
    org.saw(&format!("POST {PATH}/phone"), &[], body).await;
    assert_eq!(written(&made), phone());
    let org = Org::says_nothing().await;
    org.okta.users().authenticator_enrollments("00u1").delete("sms1").await.unwrap();
    org.saw(&format!("DELETE {PATH}/sms1"), &[], Value::Null).await;
}

#[tokio::test]
async fn temporary_access_codes_are_made_and_not_shown() {
    let answer = json!({"type": "tac", "id": "tac1", "key": "tac", "profile":
        {"tac": "n@C*bU26", "multiUse": true, "expiresAt": "2026-05-28T19:21:14"}});
    let org = Org::answers(answer.clone()).await;
    let create = org.okta.users().authenticator_enrollments("00u1").create_access_code("aut1");
    let made = create.minutes(60).multi_use(true).await.unwrap();
    let body = json!({"authenticatorId": "aut1", "profile": {"ttl": "60", "multiUse": true}});
    org.saw(&format!("POST {PATH}/tac"), &[], body).await;
    assert_eq!(written(&made), answer);
    let profile = made.profile.as_ref().unwrap();
    assert_eq!(profile.access_code.as_ref().unwrap().expose_secret(), "n@C*bU26");
    assert!(profile.expires_at.as_ref().unwrap().timestamp().is_ok());
    let shown = format!("{made:?}{profile:?}");
    assert!(shown.contains("tac1") && !shown.contains("n@C*bU26"), "{shown}");
    let phone: AuthenticatorEnrollment = serde_json::from_value(phone()).unwrap();
    let shown = format!("{phone:?}{:?}", phone.profile.as_ref().unwrap().phone_number);
    assert!(!shown.contains("1408"), "{shown}");
}

#[tokio::test]
async fn yubikeys_are_listed_and_read() {
    let key = json!({"id": "ykk1", "status": "ACTIVE", "created": "2026-01-02T03:04:05.000Z",
        "profile": {"serial": "000009508427"}, "_links": {}, "_embedded": {"user": user()}});
    let org = Org::answers(json!([key])).await;
    let list = org.okta.yubikeys().list().with_users().filter("status").sort_by("created", false);
    let keys: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [("limit", "200"), ("expand", "user"), ("filter", "status")];
    let query = [&query[..], &[("sortBy", "created"), ("sortOrder", "DESC")]].concat();
    org.saw("GET /api/v1/org/factors/yubikey_token/tokens", &query, Value::Null).await;
    assert_eq!(written(&keys), json!([key]));
    assert_eq!(keys[0].status, Some(YubikeyStatus::Active));
    let hers = keys[0].embedded.as_ref().unwrap().get().unwrap().user.unwrap();
    assert_eq!(hers.id.as_str(), "00u1");
    let org = Org::answers(key).await;
    assert_eq!(org.okta.yubikeys().get("ykk1").await.unwrap(), keys[0]);
    org.saw("GET /api/v1/org/factors/yubikey_token/tokens/ykk1", &[], Value::Null).await;
}

#[tokio::test]
async fn seeds_are_uploaded_and_not_shown() {
    let key = json!({"id": "ykk1", "status": "UNASSIGNED", "profile": {"serial": "000007886622"}});
    let org = Org::answers(key.clone()).await;
    let seed = YubikeySeed::new("7886622", "ccccccijgibu", "s3cret-id", "s3cret-key");
    assert_eq!(written(org.okta.yubikeys().upload(&seed).await.unwrap()), key);
    let body = json!({"serialNumber": "7886622", "publicId": "ccccccijgibu",
        "privateId": "s3cret-id", "aesKey": "s3cret-key"});
    org.saw("POST /api/v1/org/factors/yubikey_token/tokens", &[], body).await;
    assert_eq!(format!("{seed:?}"), r#"YubikeySeed { serial_number: Some("7886622"), .. }"#);
}

#[tokio::test]
async fn what_may_have_been_made_is_not_made_twice() {
    let org = Org::refuses(503, "E0000010").await;
    let enrollments = org.okta.users().authenticator_enrollments("00u1");
    let errors = [
        enrollments.create_phone("aut1", "+1").await.unwrap_err(),
        enrollments.create_access_code("aut1").await.unwrap_err(),
        org.okta.yubikeys().upload(&YubikeySeed::new("1", "2", "3", "4")).await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.is_unclear()), "{errors:?}");
    assert_eq!(org.requests().await.len(), errors.len());
}
