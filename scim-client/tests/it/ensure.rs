//! Ensuring users: found, created, brought to the wanted values, and never created twice.

use scim_client::{ErrorKind, Outcome};
use scim_types::{MultiValue, User};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::steps::*;
use crate::support::*;

const NONE: Value = Value::Null;
const LOOKUP: &str = "GET /Users?filter=userName eq \"ada\"&startIndex=1&count=100";
const SAMPLE: &str = "GET /Users?startIndex=1&count=10";
const SCAN: &str = "GET /Users?startIndex=1&count=100";

fn wanted() -> User {
    let mut user = User::new("ada");
    user.title = Some("Countess".into());
    user.emails.push(MultiValue::work("ada@acme.example").primary());
    user
}

fn held() -> Value {
    let emails =
        json!([{"value": "ada@acme.example", "type": "work", "primary": true, "display": "A"}]);
    with(user("7", "Ada"), json!({"title": "Countess", "emails": emails, "nickName": "A"}))
}

fn sent() -> Value {
    serde_json::to_value(wanted()).unwrap()
}

fn found(user: Value) -> Step {
    (LOOKUP, NONE, ok(page(&[user], 1)))
}

fn nobody() -> [Step; 2] {
    [(LOOKUP, NONE, ok(page(&[], 0))), (SAMPLE, NONE, ok(page(&[], 0)))]
}

fn post(answer: ResponseTemplate) -> Step {
    ("POST /Users", sent(), answer)
}

#[tokio::test]
async fn who_is_not_there_is_created() {
    let [lookup, sample] = nobody();
    let server = steps(vec![lookup, sample, post(created(held()))]).await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!((ensured.outcome, ensured.not_kept.len()), (Outcome::Created, 0));
    assert_eq!(ensured.user.id.as_deref(), Some("7"));
    server.done().await;
}

#[tokio::test]
async fn what_a_new_user_lost_is_said() {
    let [lookup, sample] = nobody();
    let read = ("GET /Users/7", NONE, ok(user("7", "ada")));
    let server = steps(vec![lookup, sample, post(created(user("7", "ada"))), read]).await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!(ensured.not_kept, ["emails", "title"]);
    server.done().await;
}

#[tokio::test]
async fn who_is_as_wanted_is_left_alone() {
    let server = steps(vec![found(held())]).await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!(ensured.outcome, Outcome::Unchanged);
    server.done().await;
}

#[tokio::test]
async fn only_what_differs_is_sent_and_the_rest_stays() {
    let body = patch(json!([{"op": "replace", "value": {"title": "Countess"}}]));
    let server = steps(vec![
        found(with(held(), json!({"title": "Poet"}))),
        ("PATCH /Users/7", body, ok(held())),
    ])
    .await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!(ensured.outcome, Outcome::Updated);
    server.done().await;
}

#[tokio::test]
async fn what_is_wanted_empty_is_cleared() {
    let body = patch(json!([{"op": "remove", "path": "nickName"}]));
    let mut after = held();
    after.as_object_mut().unwrap().remove("nickName");
    let server = steps(vec![found(held()), ("PATCH /Users/7", body, ok(after))]).await;
    let mut user = wanted();
    user.open.set("nickName", NONE);
    assert_eq!(server.scim.users().ensure(&user).await.unwrap().outcome, Outcome::Updated);
    server.done().await;
}

#[tokio::test]
async fn who_is_inactive_is_reactivated_unless_told_otherwise() {
    let inactive = || with(held(), json!({"active": false}));
    let body = patch(json!([{"op": "replace", "value": {"active": true}}]));
    let server = steps(vec![found(inactive()), ("PATCH /Users/7", body, ok(held()))]).await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!((ensured.outcome, ensured.user.active), (Outcome::Reactivated, Some(true)));
    server.done().await;

    let server = steps(vec![found(inactive()), found(inactive())]).await;
    let kept = server.scim.users().ensure(&wanted()).keep_active_state().await.unwrap();
    assert_eq!(kept.outcome, Outcome::Unchanged);
    let user = User { active: Some(false), ..wanted() };
    assert_eq!(server.scim.users().ensure(&user).await.unwrap().outcome, Outcome::Unchanged);
    server.done().await;
}

#[tokio::test]
async fn who_stays_inactive_is_an_error() {
    let inactive = || with(held(), json!({"active": false}));
    let body = patch(json!([{"op": "replace", "value": {"active": true}}]));
    let server = steps(vec![
        found(inactive()),
        ("PATCH /Users/7", body, ok(inactive())),
        ("GET /Users/7", NONE, ok(inactive())),
        ("PUT /Users/7", held(), ok(inactive())),
        ("GET /Users/7", NONE, ok(inactive())),
    ])
    .await;
    let error = server.scim.users().ensure(&wanted()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error}");
    server.done().await;
}

#[tokio::test]
async fn who_exists_but_is_not_found_is_looked_for_among_all() {
    let [lookup, sample] = nobody();
    let server = steps(vec![
        lookup,
        sample,
        post(refusal(409, "uniqueness")),
        (SCAN, NONE, ok(page(&[user("6", "bob"), held()], 2))),
    ])
    .await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!(ensured.outcome, Outcome::Unchanged);
    server.done().await;
}

#[tokio::test]
async fn who_exists_and_is_shown_to_nobody_is_one_clear_error() {
    let [lookup, sample] = nobody();
    let all = (SCAN, NONE, ok(page(&[user("6", "bob")], 1)));
    let server = steps(vec![lookup, sample, post(refusal(409, "uniqueness")), all]).await;
    let error = server.scim.users().ensure(&wanted()).await.unwrap_err();
    assert!(error.is_conflict());
    assert!(
        error.to_string().contains("none has this `userName`, by filter or by paging through all")
    );
    server.done().await;
}

#[tokio::test]
async fn after_an_unclear_creation_the_user_is_looked_up() {
    for answer in [500, 503] {
        let [lookup, sample] = nobody();
        let server =
            steps(vec![lookup, sample, post(ResponseTemplate::new(answer)), found(held())]).await;
        let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
        assert_eq!(ensured.outcome, Outcome::Created);
        server.done().await;
    }
}

#[tokio::test]
async fn after_an_unclear_creation_nobody_is_created_again_and_it_is_looked_for_a_few_times() {
    // The server acts after its answer was given up.
    let [lookup, sample] = nobody();
    let [again, sample_again] = nobody();
    let lost = || post(ResponseTemplate::new(503));
    let server = steps(vec![lookup, sample, lost(), again, sample_again, found(held())]).await;
    let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
    assert_eq!(ensured.outcome, Outcome::Created);
    server.done().await;

    let [lookup, sample] = nobody();
    let mut script = vec![lookup, sample, lost()];
    script.extend((0..4).flat_map(|_| nobody()));
    let server = steps(script).await;
    let error = server.scim.users().ensure(&wanted()).await.unwrap_err();
    assert!(error.is_unclear(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn an_answer_that_does_not_show_this_user_is_no_creation() {
    let error = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400", "detail": "you may not"});
    let fault = json!({"status": "error", "message": "no licences left"});
    let echo = json!({"userName": "ada"});
    let list = page(&[held()], 1);
    for answer in [error, json!({}), fault, echo, list, user("9", "bob")] {
        for status in [200, 201, 202] {
            let script = |is_there: bool| {
                let [lookup, sample] = nobody();
                let answer = ResponseTemplate::new(status).set_body_json(&answer);
                let mut script = vec![lookup, sample, post(answer)];
                match is_there {
                    true => script.push(found(held())),
                    false => script.extend((0..4).flat_map(|_| nobody())),
                }
                script
            };
            let server = steps(script(true)).await;
            let ensured = server.scim.users().ensure(&wanted()).await.unwrap();
            assert_eq!(ensured.user.id.as_deref(), Some("7"));
            server.done().await;
            let server = steps(script(false)).await;
            let error = server.scim.users().ensure(&wanted()).await.unwrap_err();
            assert!(error.is_unclear(), "{error}");
            server.done().await;
        }
    }
}

#[tokio::test]
async fn a_refused_creation_is_not_repeated() {
    let [lookup, sample] = nobody();
    let server = steps(vec![lookup, sample, post(refusal(400, "invalidValue"))]).await;
    assert!(server.scim.users().ensure(&wanted()).await.unwrap_err().is_invalid());
    server.done().await;
}

#[tokio::test]
async fn matches_on_what_is_said() {
    let lookup = "GET /Users?filter=emails.value eq \"ada@acme.example\"&startIndex=1&count=100";
    let server = steps(vec![(lookup, NONE, ok(page(&[held()], 1)))]).await;
    server.scim.users().ensure(&wanted()).match_on("emails.value").await.unwrap();
    server.done().await;

    let error = server.scim.users().ensure(&wanted()).match_on("externalId").await.unwrap_err();
    assert_eq!(error.to_string(), "the user has no `externalId` to be looked up by; set it");
}

#[tokio::test]
async fn passwords_are_sent_once_and_never_printed() {
    let user = User { password: Some("hunter2".into()), ..wanted() };
    let server = steps(vec![found(held())]).await;
    let ensure = server.scim.users().ensure(&user);
    assert!(!format!("{ensure:?}").contains("hunter2"));
    let ensured = ensure.await.unwrap();
    assert!(!format!("{ensured:?}").contains("hunter2"));
    server.done().await;
}
