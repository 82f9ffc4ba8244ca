//! Group push: only the difference is written, in a form the server takes, and looked at afterwards.

use std::sync::Mutex;

use scim_client::{ErrorKind, Scim};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::steps::*;
use crate::support::*;

const NONE: Value = Value::Null;
const LOOKUP: &str = "GET /Groups?filter=displayName eq \"Sales\"&startIndex=1&count=100";
const SAMPLE: &str = "GET /Groups?startIndex=1&count=10";

fn sales(members: &[&str]) -> Value {
    with(group("g1", "Sales"), json!({"members": values(members)}))
}

fn bare(name: &str) -> Value {
    let mut group = group("g1", name);
    group.as_object_mut().unwrap().remove("members");
    group
}

fn values(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"value": id})).collect()
}

fn found() -> Step {
    (LOOKUP, NONE, ok(page(&[bare("Sales")], 1)))
}

fn get(members: &[&str]) -> Step {
    ("GET /Groups/g1", NONE, ok(sales(members)))
}

fn change(operations: Value, answer: ResponseTemplate) -> Step {
    ("PATCH /Groups/g1", patch(operations), answer)
}

/// One of several: its answer need not show the members.
fn part(operations: Value, answer: ResponseTemplate) -> Step {
    ("PATCH /Groups/g1?excludedAttributes=members", patch(operations), answer)
}

fn add(ids: &[&str]) -> Value {
    json!({"op": "add", "path": "members", "value": values(ids)})
}

fn remove(id: &str) -> Value {
    json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")})
}

fn remove_by_value(ids: &[&str]) -> Value {
    json!({"op": "remove", "path": "members", "value": values(ids)})
}

#[tokio::test]
async fn a_group_that_is_not_there_is_created_empty_and_filled() {
    let server = steps(vec![
        (LOOKUP, NONE, ok(page(&[], 0))),
        (SAMPLE, NONE, ok(page(&[], 0))),
        (
            "POST /Groups",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Sales", "members": []}),
            created(bare("Sales")),
        ),
        change(json!([add(&["a", "b"])]), nothing()),
        get(&["b", "a"]),
    ])
    .await;
    let pushed = server.scim.groups().push("Sales", ["a", "b", "a"]).await.unwrap();
    assert!(pushed.created && !pushed.renamed && pushed.members.verified);
    assert_eq!((pushed.id.as_str(), pushed.members.added, pushed.members.writes), ("g1", 2, 1));
    assert_eq!(pushed.members.members_read, 2);
    server.done().await;
}

#[tokio::test]
async fn only_the_difference_is_written() {
    let server = steps(vec![
        found(),
        get(&["a", "b", "c"]),
        change(json!([add(&["d"]), remove("b")]), ok(sales(&["a", "c", "d"]))),
    ])
    .await;
    let pushed = server.scim.groups().push("Sales", ["a", "c", "d"]).await.unwrap();
    assert_eq!((pushed.members.added, pushed.members.removed), (1, 1));
    assert_eq!((pushed.members.members_read, pushed.members.verified), (6, true));
    server.done().await;
}

#[tokio::test]
async fn nothing_is_written_when_nothing_differs_and_who_is_extra_may_stay() {
    let server = steps(vec![found(), get(&["a", "b"]), found(), get(&["a", "b", "c"])]).await;
    let groups = server.scim.groups();
    let pushed = groups.push("Sales", ["b", "a"]).await.unwrap();
    assert_eq!((pushed.members.writes, pushed.members.verified), (0, true));
    let pushed = groups.push("Sales", ["b", "a"]).without_removals().await.unwrap();
    assert_eq!(pushed.members.writes, 0);
    server.done().await;
}

#[tokio::test]
async fn ten_of_a_hundred_thousand_are_ten_of_a_patch() {
    let members: Vec<String> = (0..100_000).map(|n| format!("u{n}")).collect();
    let held = Mutex::new(members.clone());
    let server = Server::with(move |request: &Request| {
        let mut held = held.lock().unwrap();
        if request.method.as_str() == "PATCH" {
            for operation in body(request)["Operations"].as_array().unwrap() {
                match operation["op"].as_str().unwrap() {
                    "add" => held.extend(
                        operation["value"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|m| m["value"].as_str().unwrap().to_owned()),
                    ),
                    _ => {
                        held.retain(|id| operation["path"] != format!("members[value eq \"{id}\"]"))
                    }
                }
            }
            return nothing();
        }
        let members: Vec<Value> = held.iter().map(|id| json!({"value": id})).collect();
        let group = with(group("g1", "Sales"), json!({"members": members}));
        match request.url.path().ends_with("g1") {
            true => ok(group),
            false => ok(page(&[bare("Sales")], 1)),
        }
    })
    .await;
    let wanted = members[5..].iter().cloned().chain((0..5).map(|n| format!("new{n}")));
    let pushed = server.scim.groups().push("Sales", wanted).await.unwrap();
    assert_eq!((pushed.members.added, pushed.members.removed, pushed.members.writes), (5, 5, 1));
    assert_eq!(pushed.members.members_read, 200_000, "to know, and to see");
    let requests = server.requests().await;
    let writes: Vec<&Request> = requests.iter().filter(|r| r.method.as_str() != "GET").collect();
    assert_eq!(writes.len(), 1);
    assert!(writes[0].body.len() < 1_000, "{}", writes[0].body.len());
}

#[tokio::test]
async fn goes_in_chunks_and_in_smaller_ones_where_they_are_too_large() {
    let server = steps(vec![
        found(),
        get(&[]),
        part(json!([add(&["a", "b"])]), nothing()),
        change(json!([add(&["c", "d"])]), ResponseTemplate::new(413)),
        part(json!([add(&["c"])]), nothing()),
        change(json!([add(&["d"])]), ok(sales(&["a", "b", "c", "d"]))),
    ])
    .await;
    let pushed =
        server.scim.groups().push("Sales", ["a", "b", "c", "d"]).chunk_size(2).await.unwrap();
    assert_eq!((pushed.members.added, pushed.members.writes), (4, 4));
    server.done().await;
}

#[tokio::test]
async fn members_are_removed_as_entra_does_where_conditions_are_refused() {
    let server = steps(vec![
        get(&["a", "b", "c"]),
        change(json!([add(&["d"]), remove("a"), remove("b")]), refusal(501, "")),
        part(json!([add(&["d"])]), nothing()),
        change(json!([remove("a"), remove("b")]), refusal(501, "")),
        change(json!([remove_by_value(&["a", "b"])]), ok(sales(&["c", "d"]))),
        // And that is remembered.
        get(&["c", "d"]),
        change(json!([remove_by_value(&["d"])]), ok(sales(&["c"]))),
    ])
    .await;
    let groups = server.scim.groups();
    let done = groups.set_members("g1", ["c", "d"]).await.unwrap();
    assert_eq!((done.added, done.removed, done.writes), (1, 2, 4));
    groups.set_members("g1", ["c"]).await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn where_no_form_is_taken_the_group_is_replaced_and_looked_at() {
    let server = steps(vec![
        get(&["a", "b"]),
        change(json!([remove("a")]), refusal(400, "invalidPath")),
        change(json!([remove_by_value(&["a"])]), refusal(400, "invalidValue")),
        get(&["a", "b"]),
        get(&["a", "b"]),
        ("PUT /Groups/g1", sales(&["b"]), ok(sales(&["b"]))),
        get(&["b"]),
    ])
    .await;
    assert!(server.scim.groups().set_members("g1", ["b"]).await.unwrap().verified);
    server.done().await;
}

#[tokio::test]
async fn a_put_that_is_answered_with_success_and_ignored_is_an_error() {
    let server = steps_with(
        |scim| scim.patch(false),
        vec![
            get(&["a"]),
            get(&["a"]),
            ("PUT /Groups/g1", sales(&["a", "b"]), ok(sales(&["a", "b"]))),
            get(&["a"]),
            get(&["a"]),
            ("PUT /Groups/g1", sales(&["a", "b"]), ok(sales(&["a", "b"]))),
            get(&["a"]),
        ],
    )
    .await;
    let error = server.scim.groups().set_members("g1", ["a", "b"]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "/Groups/{id}: the server answered with success, but 1 members are missing and 0 are there \
         that should not be: b"
    );
    server.done().await;
}

#[tokio::test]
async fn members_that_the_server_does_not_take_are_named_and_the_others_are_there() {
    let script = || {
        vec![
            found(),
            get(&[]),
            change(json!([add(&["a", "x", "b"])]), refusal(400, "invalidValue")),
            part(json!([add(&["a", "x"])]), refusal(400, "invalidValue")),
            part(json!([add(&["a"])]), nothing()),
            part(json!([add(&["x"])]), refusal(400, "invalidValue")),
            change(json!([add(&["b"])]), nothing()),
            get(&["a", "b"]),
        ]
    };
    let server = steps(script()).await;
    let error = server.scim.groups().push("Sales", ["a", "x", "b"]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "PATCH /Groups/{id}: the server does not take 1 members, all others are as wanted: x"
    );
    assert!(printed(&error).contains("400 invalidValue said no"));
    server.done().await;

    let server = steps(script()).await;
    let pushed = server.scim.groups().push("Sales", ["a", "x", "b"]).allow_refused().await.unwrap();
    assert_eq!((pushed.members.refused, pushed.members.added), (vec!["x".to_owned()], 2));
}

#[tokio::test]
async fn a_server_that_hides_members_gets_all_of_them_and_is_not_said_to_be_verified() {
    let hidden = || ("GET /Groups/g1", NONE, ok(bare("Sales")));
    let all = |ids: &[&str]| json!([{"op": "replace", "path": "members", "value": values(ids)}]);
    let server = steps(vec![
        found(),
        hidden(),
        change(json!([add(&["a", "b"])]), nothing()),
        hidden(),
        change(all(&["a", "b"]), nothing()),
        // From then on it is known.
        found(),
        hidden(),
        change(all(&["a"]), nothing()),
        hidden(),
    ])
    .await;
    let pushed = server.scim.groups().push("Sales", ["a", "b"]).await.unwrap();
    assert!(!pushed.members.verified);
    let pushed = server.scim.groups().push("Sales", ["a"]).await.unwrap();
    assert!(!pushed.members.verified);
    server.done().await;
}

#[tokio::test]
async fn a_group_whose_last_member_goes_shows_no_list() {
    let server = steps(vec![
        get(&["a"]),
        change(json!([remove("a")]), nothing()),
        ("GET /Groups/g1", NONE, ok(bare("Sales"))),
    ])
    .await;
    let nobody: [&str; 0] = [];
    assert!(server.scim.groups().set_members("g1", nobody).await.unwrap().verified);
    server.done().await;
}

#[tokio::test]
async fn who_is_no_member_is_removed_already() {
    let server = steps(vec![
        change(json!([remove("a"), remove("b")]), refusal(400, "noTarget")),
        part(json!([remove("a")]), nothing()),
        change(json!([remove("b")]), refusal(400, "noTarget")),
        get(&["c"]),
        change(json!([add(&["a"])]), ok(sales(&["a", "c"]))),
    ])
    .await;
    let groups = server.scim.groups();
    assert!(groups.remove_members("g1", ["a", "b"]).await.unwrap().verified);
    assert!(groups.add_members("g1", ["a"]).await.unwrap().verified);
    server.done().await;
}

#[tokio::test]
async fn a_group_that_is_gone_is_a_404() {
    let server = steps(vec![
        change(json!([add(&["a", "b"])]), refusal(404, "")),
        ("GET /Groups/g1", NONE, refusal(404, "")),
    ])
    .await;
    assert!(server.scim.groups().add_members("g1", ["a", "b"]).await.unwrap_err().is_not_found());
    server.done().await;
}

#[tokio::test]
async fn a_group_found_by_its_key_is_renamed() {
    let keyed = |name| with(bare(name), json!({"externalId": "00g1", "members": values(&["a"])}));
    let rename = json!([{"op": "replace", "value": {"displayName": "Sales"}}]);
    let server = steps(vec![
        (
            "GET /Groups?filter=externalId eq \"00g1\"&startIndex=1&count=100",
            NONE,
            ok(page(&[keyed("Old")], 1)),
        ),
        change(rename, ok(keyed("Sales"))),
    ])
    .await;
    let pushed = server.scim.groups().push("Sales", ["a"]).external_id("00g1").await.unwrap();
    assert!(pushed.renamed && !pushed.created && pushed.not_kept.is_empty());
    server.done().await;
}

#[tokio::test]
async fn a_group_of_another_key_is_not_taken_over() {
    let other = || with(bare("Sales"), json!({"externalId": "00g2"}));
    let by_key = "GET /Groups?filter=externalId eq \"00g1\"&startIndex=1&count=100";
    let server = steps(vec![
        (by_key, NONE, ok(page(&[], 0))),
        (SAMPLE, NONE, ok(page(&[], 0))),
        (LOOKUP, NONE, ok(page(&[other()], 1))),
        (
            "POST /Groups",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "externalId": "00g1", "displayName": "Sales", "members": []}),
            refusal(409, "uniqueness"),
        ),
        ("GET /Groups?startIndex=1&count=100", NONE, ok(page(&[other()], 1))),
    ])
    .await;
    let error = server.scim.groups().push("Sales", ["a"]).external_id("00g1").await.unwrap_err();
    assert!(error.to_string().contains("has another externalId"), "{error}");
    server.done().await;
}

#[tokio::test]
async fn renames_without_path_with_path_and_by_put() {
    let bag = json!([{"op": "replace", "value": {"displayName": "Research"}}]);
    let path = json!([{"op": "replace", "path": "displayName", "value": "Research"}]);
    let renamed = || with(sales(&["a"]), json!({"displayName": "Research"}));
    let server = steps(vec![
        change(bag, refusal(501, "")),
        change(path, refusal(501, "")),
        get(&["a"]),
        ("PUT /Groups/g1", renamed(), ok(renamed())),
    ])
    .await;
    let group = server.scim.groups().rename("g1", "Research").await.unwrap();
    assert_eq!(group.members.len(), 1);
    server.done().await;
}

#[tokio::test]
async fn a_group_whose_members_are_hidden_is_not_replaced() {
    let server =
        steps_with(|s| s.patch(false), vec![("GET /Groups/g1", NONE, ok(bare("Sales")))]).await;
    let error = server.scim.groups().rename("g1", "Research").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
    assert!(error.to_string().contains("does not show the members"), "{error}");
    server.done().await;
}

#[tokio::test]
async fn who_is_not_shown_after_an_addition_is_no_reason_to_replace_the_group() {
    // Of a server that shows other groups' members, and only the first of this one's.
    let shown = || ok(sales(&["a", "b"]));
    for (answer, is_shown) in [(shown(), true), (ok(bare("Sales")), false), (nothing(), false)] {
        let mut script = vec![get(&["a", "b"]), change(json!([add(&["new"])]), answer)];
        script.extend((!is_shown).then(|| get(&["a", "b"])));
        let server = steps(script).await;
        let groups = server.scim.groups();
        groups.set_members("g1", ["a", "b"]).await.unwrap();
        let done = groups.add_members("g1", ["new"]).await.unwrap();
        assert_eq!((done.verified, done.added, done.writes), (false, 0, 1));
        server.done().await;
    }
    let hidden = vec![
        get(&["a"]),
        change(json!([add(&["new"])]), nothing()),
        ("GET /Groups/g1", NONE, ok(bare("Sales"))),
    ];
    let server = steps(hidden).await;
    server.scim.groups().set_members("g1", ["a"]).await.unwrap();
    assert!(!server.scim.groups().add_members("g1", ["new"]).await.unwrap().verified);
    server.done().await;
}

#[tokio::test]
async fn who_is_still_shown_after_a_removal_is_an_error() {
    let server = steps(vec![
        change(json!([remove("a")]), ok(sales(&["a", "b"]))),
        change(json!([remove_by_value(&["a"])]), ok(sales(&["a", "b"]))),
    ])
    .await;
    let error = server.scim.groups().remove_members("g1", ["a"]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error:?}");
    server.done().await;
}

#[tokio::test]
async fn a_group_that_may_have_more_members_than_it_shows_is_not_replaced() {
    let many: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    // Other groups were shown with members: of this one that says nothing.
    for (shown, words) in
        [(bare("Sales"), "does not show the members"), (sales(&many), "1000 members")]
    {
        let server = steps_with(
            |scim| scim.patch(false),
            vec![
                get(&["a"]),
                ("GET /Groups/g1", NONE, ok(shown.clone())),
                ("GET /Groups/g1", NONE, ok(shown)),
            ],
        )
        .await;
        let groups = server.scim.groups();
        groups.set_members("g1", ["a"]).await.unwrap();
        for error in [
            groups.rename("g1", "Research").await.unwrap_err(),
            groups.add_members("g1", ["new"]).await.unwrap_err(),
        ] {
            assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
            assert!(error.to_string().contains(words), "{error}");
        }
        server.done().await;
    }
}

#[tokio::test]
async fn a_new_group_that_a_patch_leaves_empty_is_replaced() {
    let whole = with(bare("Sales"), json!({"members": values(&["a", "b"])}));
    let server = steps(vec![
        (LOOKUP, NONE, ok(page(&[], 0))),
        (SAMPLE, NONE, ok(page(&[], 0))),
        (
            "POST /Groups",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Sales", "members": []}),
            created(bare("Sales")),
        ),
        change(json!([add(&["a", "b"])]), nothing()),
        ("GET /Groups/g1", NONE, ok(bare("Sales"))),
        ("GET /Groups/g1", NONE, ok(bare("Sales"))),
        ("PUT /Groups/g1", whole.clone(), ok(whole)),
        get(&["a", "b"]),
    ])
    .await;
    let pushed = server.scim.groups().push("Sales", ["a", "b"]).await.unwrap();
    assert_eq!((pushed.members.verified, pushed.members.writes), (true, 2));
    server.done().await;
}

#[test]
fn a_push_prints_no_members() {
    let scim = Scim::new("https://app.example", scim_client::Bearer::new(TOKEN)).unwrap();
    let push = scim.groups().push("Sales", ["id-of-ada"]);
    let text = format!("{push:?}");
    assert!(text.contains("members: 1") && !text.contains("id-of-ada") && !text.contains(TOKEN));
}
