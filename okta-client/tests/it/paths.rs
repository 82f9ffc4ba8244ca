//! Whatever an id holds, it stays one segment of its own path, or nothing is sent.

use serde_json::json;

use crate::support::*;

const HOSTILE: [(&str, &str); 12] = [
    ("ada@acme.example", "ada%40acme.example"),
    ("a/b", "a%2Fb"),
    ("../groups/00g1", "..%2Fgroups%2F00g1"),
    ("..\\..", "..%5C.."),
    ("%2e", "%252e"),
    ("%2e%2e", "%252e%252e"),
    ("%2F..", "%252F.."),
    ("a\r\nHost: evil.example\r\n\r\n", "a%0D%0AHost%3A%20evil.example%0D%0A%0D%0A"),
    (" ", "%20"),
    ("a?activate=false#x", "a%3Factivate%3Dfalse%23x"),
    ("//evil.example", "%2F%2Fevil.example"),
    ("Zoë\u{0}", "Zo%C3%AB%00"),
];

#[tokio::test]
async fn hostile_ids_stay_in_their_segment() {
    for (id, segment) in HOSTILE {
        let wire = Wire::answering(user());
        let okta = builder(&wire.url).build().unwrap();
        okta.users().get(id).await.unwrap();
        okta.users().delete(id).await.unwrap();
        okta.users().suspend(id).await.unwrap();
        okta.users().update(id).set("a", 1).await.unwrap();
        okta.groups().add_member(id, id).await.unwrap();
        okta.groups().delete(id).await.unwrap();
        let expected = [
            format!("GET /api/v1/users/{segment}"),
            format!("DELETE /api/v1/users/{segment}"),
            format!("POST /api/v1/users/{segment}/lifecycle/suspend"),
            format!("POST /api/v1/users/{segment}"),
            format!("PUT /api/v1/groups/{segment}/users/{segment}"),
            format!("DELETE /api/v1/groups/{segment}"),
        ];
        assert_eq!(wire.lines(), expected, "{id:?}");
    }
}

#[tokio::test]
async fn ids_that_would_address_something_else_are_refused_before_anything_is_sent() {
    let wire = Wire::answering(json!({}));
    let okta = builder(&wire.url).build().unwrap();
    for id in ["", ".", ".."] {
        for error in [
            okta.users().get(id).await.unwrap_err(),
            okta.users().try_get(id).await.unwrap_err(),
            okta.users().delete(id).await.unwrap_err(),
            okta.users().deactivate(id).await.unwrap_err(),
            okta.users().update(id).set("a", 1).await.unwrap_err(),
            okta.groups().delete(id).await.unwrap_err(),
            okta.groups().remove_member("00g1", id).await.unwrap_err(),
            okta.schemas().user(id).await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("cannot be the"), "{error}");
            assert!(!error.is_unclear(), "{error}");
        }
    }
    assert!(wire.lines().is_empty(), "{:?}", wire.lines());
}

#[tokio::test]
async fn an_etag_with_a_line_break_is_refused_before_anything_is_sent() {
    let wire = Wire::answering(user());
    let okta = builder(&wire.url).build().unwrap();
    let error = okta.users().update("00u1").if_match("x\r\nA: b").await.unwrap_err();
    assert!(error.to_string().contains("`if-match` cannot carry this value"), "{error}");
    assert!(wire.lines().is_empty());
}
