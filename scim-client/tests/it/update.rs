//! Updates: what is sent, what happens when it is refused, and what is said of what was not kept.

use scim_client::{ErrorKind, Sent};
use scim_types::User;
use scim_types::patch::Dialect;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::steps::*;
use crate::support::*;

const NONE: Value = Value::Null;

fn ada() -> Value {
    with(user("7", "ada"), json!({"title": "Poet", "urn:acme:User": {"Business Unit": "North"}}))
}

fn typed(value: Value) -> User {
    serde_json::from_value(value).unwrap()
}

fn countess() -> (User, User) {
    let mut after = typed(ada());
    after.title = Some("Countess".into());
    (typed(ada()), after)
}

fn bag(attributes: Value) -> Value {
    patch(json!([{"op": "replace", "value": attributes}]))
}

fn at(path: &str, value: Value) -> Value {
    patch(json!([{"op": "replace", "path": path, "value": value}]))
}

#[tokio::test]
async fn sends_only_what_changed() {
    let now = with(ada(), json!({"title": "Countess"}));
    let server = steps(vec![("PATCH /Users/7", bag(json!({"title": "Countess"})), ok(now))]).await;
    let (before, after) = countess();
    let updated = server.scim.users().update(&before, &after).await.unwrap();
    assert_eq!((updated.sent, updated.not_kept.len()), (Sent::Patch, 0));
    assert_eq!(updated.resource.title.as_deref(), Some("Countess"));
    server.done().await;
}

#[tokio::test]
async fn sends_nothing_when_nothing_changed() {
    let server = steps(Vec::new()).await;
    let mut after = typed(ada());
    after.open.set("nickName", NONE);
    after.meta = None;
    let updated = server.scim.users().update(&typed(ada()), &after).await.unwrap();
    assert_eq!(updated.sent, Sent::Nothing);
    server.done().await;
}

#[tokio::test]
async fn an_answer_without_body_is_read_back_and_compared() {
    let server = steps(vec![
        ("PATCH /Users/7", bag(json!({"title": "Countess"})), nothing()),
        ("GET /Users/7", NONE, ok(ada())),
    ])
    .await;
    let (before, after) = countess();
    let updated = server.scim.users().update(&before, &after).await.unwrap();
    assert_eq!(updated.not_kept, ["title"]);
    server.done().await;
}

#[tokio::test]
async fn what_patch_has_no_words_for_is_put_into_what_the_server_holds() {
    let held = with(ada(), json!({"nickName": "since then"}));
    let wanted = with(held.clone(), json!({"urn:acme:User": {"Business Unit": "South"}}));
    let server = steps(vec![
        ("GET /Users/7", NONE, ok(held)),
        ("PUT /Users/7", wanted.clone(), ok(wanted.clone())),
    ])
    .await;
    let mut after = typed(ada());
    after.open.set("urn:acme:User", json!({"Business Unit": "South"}));
    let updated = server.scim.users().update(&typed(ada()), &after).await.unwrap();
    assert_eq!((updated.sent, updated.not_kept.len()), (Sent::Put, 0));
    server.done().await;
}

#[tokio::test]
async fn a_refused_patch_is_put_otherwise_and_then_the_whole_is() {
    for status in [400, 422, 501] {
        let wanted = with(ada(), json!({"title": "Countess"}));
        let server = steps(vec![
            ("PATCH /Users/7", bag(json!({"title": "Countess"})), refusal(status, "")),
            ("PATCH /Users/7", at("title", json!("Countess")), refusal(status, "")),
            ("GET /Users/7", NONE, ok(ada())),
            ("PUT /Users/7", wanted.clone(), ok(wanted)),
        ])
        .await;
        let (before, after) = countess();
        let updated = server.scim.users().update(&before, &after).await.unwrap();
        assert_eq!(updated.sent, Sent::Put, "{status}");
        server.done().await;
    }
}

#[tokio::test]
async fn a_405_is_learned_and_a_501_of_one_attribute_is_not() {
    let wanted = with(ada(), json!({"title": "Countess"}));
    let put = || ("PUT /Users/7", wanted.clone(), ok(wanted.clone()));
    let get = || ("GET /Users/7", NONE, ok(ada()));
    let patch = |status| ("PATCH /Users/7", bag(json!({"title": "Countess"})), refusal(status, ""));
    let (before, after) = countess();
    let server = steps(vec![patch(405), get(), put(), get(), put()]).await;
    server.scim.users().update(&before, &after).await.unwrap();
    server.scim.users().update(&before, &after).await.unwrap();
    server.done().await;

    let other = ("PATCH /Users/7", at("title", json!("Countess")), refusal(501, ""));
    let inactive = with(ada(), json!({"active": false}));
    let deactivate = ("PATCH /Users/7", bag(json!({"active": false})), ok(inactive));
    let server = steps(vec![patch(501), other, get(), put(), deactivate]).await;
    server.scim.users().update(&before, &after).await.unwrap();
    server.scim.users().deactivate("7").await.unwrap().unwrap();
    server.done().await;
}

#[tokio::test]
async fn without_patch_nothing_is_patched() {
    let wanted = with(ada(), json!({"title": "Countess"}));
    let get = ("GET /Users/7", NONE, ok(ada()));
    let put = ("PUT /Users/7", wanted.clone(), ok(wanted));
    let (before, after) = countess();
    let server = steps_with(|scim| scim.patch(false), vec![get.clone(), put.clone()]).await;
    assert_eq!(server.scim.users().update(&before, &after).await.unwrap().sent, Sent::Put);
    server.done().await;

    // The same when the server was asked what it can do.
    let config = ("GET /ServiceProviderConfig", NONE, ok(json!({"patch": {"supported": false}})));
    let server = steps(vec![config, get, put]).await;
    server.scim.service_provider_config().await.unwrap();
    server.scim.users().update(&before, &after).await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn when_both_fail_the_more_telling_error_is_given() {
    let (before, after) = countess();
    for (put, says) in [
        (405, "PATCH /Users/{id}: 400 invalidValue said no"),
        (400, "PUT /Users/{id}: 400 mutability said no"),
    ] {
        let wanted = with(ada(), json!({"title": "Countess"}));
        let server = steps(vec![
            ("PATCH /Users/7", bag(json!({"title": "Countess"})), refusal(400, "invalidValue")),
            ("PATCH /Users/7", at("title", json!("Countess")), refusal(400, "invalidValue")),
            ("GET /Users/7", NONE, ok(ada())),
            ("PUT /Users/7", wanted, refusal(put, "mutability")),
        ])
        .await;
        let error = server.scim.users().update(&before, &after).await.unwrap_err();
        assert_eq!(error.to_string(), says);
        assert!(!printed(&error).contains(TOKEN));
        server.done().await;
    }
}

#[tokio::test]
async fn the_version_that_was_read_must_still_be_there() {
    let versioned = |version: &str| with(ada(), json!({"meta": {"version": version}}));
    let server =
        steps(vec![("PATCH /Users/7", bag(json!({"title": "Countess"})), refusal(412, ""))]).await;
    let before = typed(versioned("W/\"1\""));
    let mut after = before.clone();
    after.title = Some("Countess".into());
    let error = server.scim.users().update(&before, &after).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(header(&server.request(0).await, "if-match").as_deref(), Some("W/\"1\""));
    server.done().await;

    let done = with(versioned("W/\"3\""), json!({"title": "Countess"}));
    let server = steps(vec![
        ("GET /Users/7", NONE, ok(versioned("W/\"1\""))),
        ("PATCH /Users/7", bag(json!({"title": "Countess"})), refusal(412, "")),
        ("GET /Users/7", NONE, ok(versioned("W/\"2\""))),
        ("PATCH /Users/7", bag(json!({"title": "Countess"})), ok(done)),
    ])
    .await;
    let change = |user: &mut User| user.title = Some("Countess".into());
    server.scim.users().modify("7", change).await.unwrap();
    assert_eq!(header(&server.request(3).await, "if-match").as_deref(), Some("W/\"2\""));
    server.done().await;
}

#[tokio::test]
async fn modify_does_not_try_for_ever() {
    let server = Server::with(|request: &wiremock::Request| match request.method.as_str() {
        "GET" => ok(with(ada(), json!({"meta": {"version": "1"}}))),
        _ => refusal(412, ""),
    })
    .await;
    let change = |user: &mut User| user.title = Some("Countess".into());
    assert!(server.scim.users().modify("7", change).await.unwrap_err().is_conflict());
    assert_eq!(server.requests().await.len(), 8);
}

#[tokio::test]
async fn an_unclear_patch_is_looked_at_before_it_is_repeated() {
    let now = with(ada(), json!({"title": "Countess"}));
    let send = |answer| ("PATCH /Users/7", bag(json!({"title": "Countess"})), answer);
    let (before, after) = countess();
    let server =
        steps(vec![send(ResponseTemplate::new(503)), ("GET /Users/7", NONE, ok(now.clone()))])
            .await;
    let updated = server.scim.users().update(&before, &after).await.unwrap();
    assert!(updated.not_kept.is_empty());
    server.done().await;

    let server = steps(vec![
        send(ResponseTemplate::new(503)),
        ("GET /Users/7", NONE, ok(ada())),
        send(ok(now)),
    ])
    .await;
    server.scim.users().update(&before, &after).await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn a_patch_of_nobody_is_a_404() {
    let server = steps(vec![
        ("PATCH /Users/7", bag(json!({"active": false})), refusal(404, "")),
        ("GET /Users/7", NONE, refusal(404, "")),
    ])
    .await;
    assert!(server.scim.users().deactivate("7").await.unwrap_err().is_not_found());
    server.done().await;
}

#[tokio::test]
async fn deactivation_is_seen_or_it_is_an_error() {
    let inactive = || with(ada(), json!({"active": false}));
    let send = |answer| ("PATCH /Users/7", bag(json!({"active": false})), answer);
    let get = |answer| ("GET /Users/7", NONE, answer);
    // By the answer, by reading, and gone.
    let server = steps(vec![send(ok(inactive()))]).await;
    assert_eq!(server.scim.users().deactivate("7").await.unwrap().unwrap().active, Some(false));
    server.done().await;
    let server = steps(vec![send(nothing()), get(ok(inactive()))]).await;
    server.scim.users().deactivate("7").await.unwrap().unwrap();
    server.done().await;
    let server = steps(vec![send(nothing()), get(refusal(404, ""))]).await;
    assert!(server.scim.users().deactivate("7").await.unwrap().is_none());
    server.done().await;
    // Not done by PATCH, done by PUT; not done by either.
    let put = |answer| ("PUT /Users/7", inactive(), answer);
    let server = steps(vec![send(ok(ada())), get(ok(ada())), put(ok(inactive()))]).await;
    server.scim.users().deactivate("7").await.unwrap().unwrap();
    server.done().await;
    let server = steps(vec![send(ok(ada())), get(ok(ada())), put(ok(ada())), get(ok(ada()))]).await;
    let error = server.scim.users().deactivate("7").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error}");
    server.done().await;
}

#[tokio::test]
async fn an_answer_that_shows_what_was_there_or_another_is_read_back() {
    let inactive = || with(ada(), json!({"active": false}));
    let other = with(user("8", "bob"), json!({"active": false}));
    let send = |answer| ("PATCH /Users/7", bag(json!({"active": false})), answer);
    let get = |answer| ("GET /Users/7", NONE, answer);
    for stale in [ada(), json!({}), other] {
        let server = steps(vec![send(ok(stale)), get(ok(inactive()))]).await;
        let user = server.scim.users().deactivate("7").await.unwrap().unwrap();
        assert_eq!((user.id.as_deref(), user.active), (Some("7"), Some(false)));
        server.done().await;
    }
    // Gone, though no answer said so; and never shown.
    let lost = ResponseTemplate::new(503);
    let gone = || get(refusal(404, ""));
    let server = steps(vec![send(lost), gone(), gone()]).await;
    assert!(server.scim.users().deactivate("7").await.unwrap().is_none());
    server.done().await;
    let mut silent = ada();
    silent.as_object_mut().unwrap().remove("active");
    let server = steps(vec![send(ok(silent.clone())), get(ok(silent))]).await;
    let error = server.scim.users().deactivate("7").await.unwrap_err();
    assert!(error.to_string().contains("does not show `active`"), "{error}");
    server.done().await;
    let said = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400"});
    let server = steps(vec![send(ok(said)), get(ok(ada()))]).await;
    let error = server.scim.users().deactivate("7").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error:?}");
    server.done().await;
}

#[tokio::test]
async fn a_patch_that_made_a_new_version_does_not_stand_in_the_way_of_the_put() {
    let version = |n: u8| with(ada(), json!({"meta": {"version": format!("W/\"{n}\"")}}));
    let server = steps(vec![
        ("PATCH /Users/7", bag(json!({"active": false})), ok(version(2))),
        ("GET /Users/7", NONE, ok(version(2))),
        (
            "PUT /Users/7",
            with(version(2), json!({"active": false})),
            ok(with(version(3), json!({"active": false}))),
        ),
    ])
    .await;
    let before = typed(version(1));
    let after = User { active: Some(false), ..before.clone() };
    server.scim.users().update(&before, &after).await.unwrap();
    assert_eq!(header(&server.request(2).await, "if-match").as_deref(), Some("W/\"2\""));
    server.done().await;
}

#[tokio::test]
async fn a_server_without_patch_is_reactivated_by_put() {
    let inactive = with(ada(), json!({"active": false}));
    let server = steps(vec![
        ("PATCH /Users/7", bag(json!({"active": true})), refusal(501, "")),
        ("PATCH /Users/7", at("active", json!(true)), refusal(501, "")),
        ("GET /Users/7", NONE, ok(inactive.clone())),
        ("PUT /Users/7", ada(), ok(ada())),
        ("GET /Users/7", NONE, ok(inactive)),
        ("PUT /Users/7", ada(), ok(ada())),
    ])
    .await;
    assert_eq!(server.scim.users().reactivate("7").await.unwrap().active, Some(true));
    server.scim.users().reactivate("7").await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn the_dialect_is_the_clients() {
    let now = with(ada(), json!({"active": false}));
    let body = patch(json!([{"op": "Replace", "path": "active", "value": false}]));
    let server =
        steps_with(|scim| scim.dialect(Dialect::Entra), vec![("PATCH /Users/7", body, ok(now))])
            .await;
    server.scim.users().deactivate("7").await.unwrap();
    server.done().await;
}
