use std::collections::HashSet;

use sandbox::ScimOptions;
use serde_json::{Value, json};

use crate::scim_support::{GROUP, Scim, group};
use crate::support::Answer;

#[tokio::test]
async fn membership_is_seen_from_both_sides() {
    let scim = Scim::start().await;
    let ids = scim.add_users(&["ada", "grace", "linus"]);
    let created = scim.post("/Groups", group("Sales", &ids[..2])).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let base = scim.sandbox.scim_url();
    let member = json!({
        "value": ids[0], "type": "User", "display": "ada", "$ref": format!("{base}/Users/{}", ids[0]),
    });
    assert_eq!(created.body["members"][0], member);
    let in_group = json!([{
        "value": created.id(), "type": "direct", "display": "Sales",
        "$ref": format!("{base}/Groups/{}", created.id()),
    }]);
    assert_eq!(scim.get(&format!("/Users/{}", ids[0])).await.body["groups"], in_group);
    assert_eq!(scim.get(&format!("/Users/{}", ids[2])).await.body.get("groups"), None);
    let filter = format!("groups.value eq \"{}\"", created.id());
    assert_eq!(scim.found("/Users", &filter).await, ["ada", "grace"]);
    for filter in ["members.value eq", "members eq"] {
        assert_eq!(scim.found("/Groups", &format!("{filter} \"{}\"", ids[1])).await, ["Sales"]);
        assert!(scim.found("/Groups", &format!("{filter} \"{}\"", ids[2])).await.is_empty());
    }
    let inside = format!("members[value eq \"{}\" and type eq \"User\"]", ids[1]);
    assert_eq!(scim.found("/Groups", &inside).await, ["Sales"]);
    // Groups hold groups, and who is deleted is in none.
    let outer = scim.add_group("All", &[created.id().to_owned(), ids[2].clone()]);
    let members = scim.get(&format!("/Groups/{outer}")).await.body["members"].clone();
    assert_eq!((&members[0]["type"], &members[0]["display"]), (&json!("Group"), &json!("Sales")));
    scim.delete(&format!("/Users/{}", ids[0])).await;
    assert_eq!(scim.provider().members(created.id()).unwrap(), [ids[1].as_str()]);
    scim.delete(&format!("/Groups/{}", created.id())).await;
    assert_eq!(scim.get(&format!("/Users/{}", ids[1])).await.body.get("groups"), None);
    assert_eq!(scim.provider().members(&outer).unwrap(), [ids[2].as_str()]);
}

#[tokio::test]
async fn every_way_to_change_members() {
    let options = ScimOptions {
        mode: scim_types::Mode::Tolerant,
        check_members: true,
        ..ScimOptions::default()
    };
    let scim = Scim::with(options).await;
    let ids = scim.add_users(&["a", "b", "c", "d"]);
    let group = scim.add_group("Marketing", &[]);
    let path = format!("/Groups/{group}");
    let value = |picks: &[usize]| -> Value {
        picks.iter().map(|pick| json!({"value": ids[*pick]})).collect()
    };
    let urn_path = format!("{GROUP}:members");
    let with = |pick: usize| format!("members[value eq \"{}\"]", ids[pick]);
    let steps: &[(Value, &[usize])] = &[
        (json!([{"op": "add", "path": "members", "value": value(&[0, 1])}]), &[0, 1]),
        // Who is there is left alone.
        (json!([{"op": "Add", "path": "members", "value": value(&[1, 2])}]), &[0, 1, 2]),
        (json!([{"op": "add", "path": urn_path, "value": value(&[3])}]), &[0, 1, 2, 3]),
        // Okta: remove and add in one request, with a rename that repeats the id.
        (
            json!([
                {"op": "remove", "path": with(0)},
                {"op": "remove", "path": with(3)},
                {"op": "replace", "value": {"id": group, "displayName": "Sales"}},
                {"op": "add", "path": "members", "value": value(&[0])},
            ]),
            &[1, 2, 0],
        ),
        // Entra, in its old mode.
        (json!([{"op": "Remove", "path": "members", "value": value(&[2, 0])}]), &[1]),
        (json!([{"op": "replace", "value": {"members": value(&[3, 1])}}]), &[1, 3]),
        (json!([{"op": "replace", "path": "members", "value": value(&[0, 1, 2])}]), &[1, 0, 2]),
        // Conditions that no index answers.
        (
            json!([{"op": "remove", "path": "members[display eq \"a\" or value eq \"x\"]"}]),
            &[1, 0, 2],
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{}\" or value eq \"{}\"]", ids[0], ids[2])}]),
            &[1],
        ),
        (json!([{"op": "remove", "path": "members"}]), &[]),
        (json!([{"op": "remove", "path": with(1)}]), &[]),
    ];
    for (operations, expected) in steps {
        let answer = scim.patch(&path, operations.clone()).await;
        assert_eq!(answer.status, 200, "{operations} {}", answer.body);
        let expected: Vec<&str> = expected.iter().map(|pick| ids[*pick].as_str()).collect();
        let members = answer.body["members"].as_array().cloned().unwrap_or_default();
        let members: Vec<&str> = members.iter().map(|m| m["value"].as_str().unwrap()).collect();
        assert_eq!(members, expected, "{operations}");
        for (n, id) in ids.iter().enumerate() {
            let is_in = scim.provider().user(id).unwrap().get("groups").is_some();
            assert_eq!(is_in, expected.contains(&id.as_str()), "{operations} {n}");
        }
    }
    assert_eq!(scim.get(&path).await.body["displayName"], "Sales");
    // 2 + 2 + 1 + 3 + 2 + 2 + 3 + 1 + 1 + 0 + 1 members were named.
    assert_eq!(scim.provider().stats().member_operations, 18);
}

#[tokio::test]
async fn a_group_patch_is_all_or_nothing_too() {
    let scim = Scim::with(ScimOptions { check_members: true, ..ScimOptions::default() }).await;
    let ids = scim.add_users(&["ada", "grace"]);
    let path = format!("/Groups/{}", scim.add_group("Sales", &ids[..1]));
    let before = scim.get(&path).await.body;
    let add = json!({"op": "add", "path": "members", "value": [{"value": ids[1]}]});
    let cases = [
        (json!({"op": "add", "path": "members", "value": [{"value": "nobody"}]}), "invalidValue"),
        (json!({"op": "add", "path": "members", "value": [{"display": "x"}]}), "invalidValue"),
        (json!({"op": "add", "path": "members", "value": "x"}), "invalidValue"),
        (json!({"op": "remove", "path": "displayName"}), "mutability"),
        (json!({"op": "remove", "path": "members", "value": [{"value": ids[0]}]}), "invalidValue"),
        (
            json!({"op": "replace", "path": "members[value eq \"x\"]", "value": {"value": ids[1]}}),
            "noTarget",
        ),
    ];
    for (operation, scim_type) in cases {
        let answer = scim.patch(&path, json!([add, operation])).await;
        assert_eq!(answer.refusal(), (400, scim_type), "{operation} {}", answer.body);
    }
    let put = scim.put(&path, group("Sales", &["nobody".to_owned()])).await;
    assert_eq!(put.refusal(), (400, "invalidValue"));
    assert_eq!(scim.get(&path).await.body, before);
    assert_eq!(
        scim.post("/Groups", json!({"schemas": [GROUP]})).await.refusal(),
        (400, "invalidValue")
    );
}

#[tokio::test]
async fn names_of_groups_and_labels_of_members() {
    let scim = Scim::with(ScimOptions { unique_group_names: true, ..ScimOptions::default() }).await;
    let id = scim.add_user("ada");
    let path = format!("/Groups/{}", scim.add_group("Sales", &[]));
    assert_eq!(scim.post("/Groups", group("SALES", &[])).await.refusal(), (409, "uniqueness"));
    assert_eq!(scim.found("/Groups", "displayName eq \"sales\"").await, ["Sales"]);
    let labelled = json!([{"value": id, "display": "The Countess"}, {"value": "elsewhere"}]);
    let put = json!({"schemas": [GROUP], "displayName": "Sales", "members": labelled});
    let members = scim.put(&path, put).await.body["members"].clone();
    assert_eq!(members[0]["display"], "The Countess");
    assert_eq!(members[1], json!({"value": "elsewhere", "type": "User"}));
    let other = Scim::start().await;
    other.add_group("Sales", &[]);
    assert_eq!(other.post("/Groups", group("Sales", &[])).await.status, 201);
}

#[tokio::test]
async fn a_group_of_100_000_is_an_ordinary_group() {
    const SIZE: usize = 100_000;
    let scim = Scim::start().await;
    let bare = |n| json!({"schemas": [scim_types::urn::USER], "userName": format!("user{n}")});
    let ids: Vec<String> =
        (0..SIZE).map(|n| scim.provider().insert_user(bare(n)).unwrap()).collect();
    let created = scim.post("/Groups", group("Everybody", &ids[..SIZE - 10])).await;
    assert_eq!(created.status, 201);
    let path = format!("/Groups/{}", created.id());
    let before = scim.provider().stats();
    let added: Value = ids[SIZE - 10..].iter().map(|id| json!({"value": id})).collect();
    let mut operations = vec![json!({"op": "add", "path": "members", "value": added})];
    let leaves =
        |id: &String| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
    operations.extend(ids[..10].iter().map(leaves));
    let patched =
        scim.patch(&format!("{path}?excludedAttributes=members"), json!(operations)).await;
    assert_eq!((patched.status, patched.body.get("members")), (200, None));
    let after = scim.provider().stats();
    assert_eq!(after.member_operations - before.member_operations, 20);
    assert_eq!(after.members_read, before.members_read);
    let members: HashSet<String> =
        scim.provider().members(created.id()).unwrap().into_iter().collect();
    assert_eq!(members, ids[10..].iter().cloned().collect());
    assert_eq!(scim.get(&path).await.body["members"].as_array().unwrap().len(), SIZE - 10);
    // A page far behind shows the groups of everybody on it.
    let page = scim.list("/Users", &[("startIndex", "99001"), ("count", "1000")]).await;
    assert_eq!(page.resources().len(), 1_000);
    assert!(page.resources().iter().all(|user| user["groups"][0]["display"] == "Everybody"));
    assert_eq!(scim.found("/Users", "userName eq \"USER77777\"").await, ["user77777"]);
    assert_eq!(scim.delete(&path).await.status, 204);
}

#[tokio::test]
async fn versions_cover_what_is_shown() {
    let scim = Scim::start().await;
    let ids = scim.add_users(&["ada", "grace"]);
    let (ada, grace) = (format!("/Users/{}", ids[0]), format!("/Users/{}", ids[1]));
    let group = json!({"schemas": [GROUP], "displayName": "Sales", "members": [{"value": ids[0]}]});
    let changes_nothing = scim.get(&grace).await.header("etag").to_owned();
    // Each step changes what the paths show, though nobody writes to them.
    let stale = async |paths: &[&str], step: &dyn Fn() -> String| {
        let mut tags = Vec::new();
        for path in paths {
            tags.push((*path, scim.get(path).await.header("etag").to_owned()));
        }
        let made = step();
        for (path, tag) in tags {
            let read = scim.request(reqwest::Method::GET, path).header("If-None-Match", &tag);
            assert_eq!(Answer::of(read).await.status, 200, "{path} {tag}");
        }
        made
    };
    let provider = scim.provider();
    let id = stale(&[&ada], &|| provider.insert_group(group.clone()).unwrap()).await;
    let path = format!("/Groups/{id}");
    let created = scim.post(
        "/Groups",
        json!({"schemas": [GROUP], "displayName": "New", "members": [{"value": ids[0]}]}),
    );
    assert_eq!(created.await.header("etag"), "W/\"1\"");
    let tag = scim.get(&ada).await.header("etag").to_owned();
    scim.patch(&path, json!([{"op": "replace", "path": "displayName", "value": "Sales EMEA"}]))
        .await;
    assert_ne!(scim.get(&ada).await.header("etag"), tag);
    let tag = scim.get(&path).await.header("etag").to_owned();
    scim.patch(&ada, json!([{"op": "replace", "path": "displayName", "value": "Ada L."}])).await;
    assert_ne!(scim.get(&path).await.header("etag"), tag);
    let tag = scim.get(&path).await.header("etag").to_owned();
    scim.patch(&ada, json!([{"op": "replace", "path": "title", "value": "Countess"}])).await;
    assert_eq!(scim.get(&path).await.header("etag"), tag);
    stale(&[&ada], &|| provider.remove_group(&id).to_string()).await;
    assert_eq!(scim.get(&grace).await.header("etag"), changes_nothing);
}
