//! Each quirk of a real server, at least once.

use reqwest::Method;
use sandbox::{Quirks, ScimOptions};
use serde_json::{Value, json};

use crate::scim_support::{ENTERPRISE, Scim, group, user};
use crate::support::Answer;

const OFF: &str = r#"[{"op": "replace", "path": "active", "value": false}]"#;

fn off() -> Value {
    serde_json::from_str(OFF).unwrap()
}

#[tokio::test]
async fn of_patch() {
    let scim = Scim::quirk("patch_answers_204").await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    let answer = scim.patch(&path, off()).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    assert_eq!(answer.headers["content-type"], "application/scim+json");
    assert_eq!(scim.get(&path).await.body["active"], false);

    let scim = Scim::quirk("no_patch").await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    assert_eq!(scim.patch(&path, off()).await.status, 501);
    assert_eq!(scim.get("/ServiceProviderConfig").await.body["patch"]["supported"], false);

    let scim = Scim::quirk("no_filter_paths_in_patch").await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    let filtered =
        json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x"}]);
    assert_eq!(scim.patch(&path, filtered).await.status, 501);
    assert_eq!(scim.patch(&path, off()).await.status, 200);

    let scim = Scim::quirk("no_pathless_group_patch").await;
    let path = format!("/Groups/{}", scim.add_group("Sales", &[]));
    let rename = json!([{"op": "replace", "value": {"displayName": "x"}}]);
    assert_eq!(scim.patch(&path, rename).await.status, 501);
    let rename = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
    assert_eq!(scim.patch(&path, rename).await.body["displayName"], "x");

    let scim = Scim::quirk("pathless_remove_answers_500").await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    assert_eq!(scim.patch(&path, json!([{"op": "remove"}])).await.status, 500);
}

#[tokio::test]
async fn of_patch_that_is_not_made() {
    let rename = json!([{"op": "replace", "value": {"name": {"givenName": "Augusta"}}}]);
    let named = async |scim: &Scim| {
        let path = format!("/Users/{}", scim.add_user("ada"));
        let name = json!({"givenName": "Ada", "familyName": "Lovelace"});
        scim.patch(&path, json!([{"op": "replace", "path": "name", "value": name}])).await;
        path
    };
    let scim = Scim::quirk("patch_replaces_complex").await;
    let path = named(&scim).await;
    scim.patch(&path, rename.clone()).await;
    let name = scim.get(&path).await.body["name"].clone();
    assert_eq!((&name["givenName"], &name["familyName"]), (&json!("Augusta"), &Value::Null));

    for (quirk, shows_user) in [("patch_answers_200_error", false), ("patch_changes_nothing", true)]
    {
        let scim = Scim::quirk(quirk).await;
        let path = format!("/Users/{}", scim.add_user("ada"));
        let before = scim.get(&path).await.body;
        let answer = scim.patch(&path, rename.clone()).await;
        assert_eq!(answer.status, 200, "{quirk}");
        assert_eq!(answer.body["id"].is_string(), shows_user, "{quirk}");
        assert_eq!(scim.get(&path).await.body["name"], before["name"], "{quirk}");
    }
}

#[tokio::test]
async fn of_members() {
    let mut options = ScimOptions { mode: scim_types::Mode::Tolerant, ..ScimOptions::default() };
    options.quirks.no_member_value_removal = true;
    let scim = Scim::with(options).await;
    let id = scim.add_user("ada");
    let path = format!("/Groups/{}", scim.add_group("Sales", std::slice::from_ref(&id)));
    let remove = json!([{"op": "remove", "path": "members", "value": [{"value": id}]}]);
    let answer = scim.patch(&path, remove).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body["detail"].as_str().unwrap().contains("undefined"));
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
    assert_eq!(scim.patch(&path, remove).await.body.get("members"), None);

    let scim = Scim::quirk("put_ignores_members").await;
    let id = scim.add_user("ada");
    let path = format!("/Groups/{}", scim.add_group("Sales", &[]));
    let put = scim.put(&path, group("Renamed", &[id])).await;
    assert_eq!((put.status, &put.body["displayName"]), (200, &json!("Renamed")));
    assert_eq!(put.body.get("members"), None);
}

#[tokio::test]
async fn of_writes() {
    let scim = Scim::quirk("put_keeps_left_out").await;
    let mut ada = user("ada");
    ada["title"] = json!("Countess");
    let path = format!("/Users/{}", scim.provider().insert_user(ada).unwrap());
    assert_eq!(scim.put(&path, user("ada")).await.body["title"], "Countess");

    let scim = Scim::quirk("create_answers_empty").await;
    let created = scim.post("/Users", user("ada")).await;
    assert_eq!((created.status, &created.body), (201, &Value::Null));
    assert!(created.header("location").contains("/Users/"));

    let scim = Scim::quirk("delete_answers_200").await;
    let deleted = scim.delete(&format!("/Users/{}", scim.add_user("ada"))).await;
    assert_eq!((deleted.status, deleted.body), (200, json!({})));

    let scim = Scim::quirk(&format!("drops_attributes=title,{ENTERPRISE}")).await;
    let mut ada = user("ada");
    ada["title"] = json!("Countess");
    ada["schemas"] = json!([scim_types::urn::USER, ENTERPRISE]);
    ada[ENTERPRISE] = json!({"department": "R&D"});
    let created = scim.post("/Users", ada).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!((created.body.get("title"), created.body.get(ENTERPRISE)), (None, None));
    let title = json!([{"op": "replace", "path": "title", "value": "x"}]);
    let patched = scim.patch(&format!("/Users/{}", created.id()), title).await;
    assert_eq!((patched.status, patched.body.get("title")), (200, None));

    let scim = Scim::quirk("closed_types").await;
    let mut ada = user("ada");
    ada["roles"] = json!([{"value": "x", "type": "special"}]);
    assert_eq!(scim.post("/Users", ada).await.refusal(), (400, "invalidValue"));
    assert_eq!(scim.post("/Users", user("ada")).await.status, 201);
}

#[tokio::test]
async fn of_duplicates() {
    let scim = Scim::quirk("accepts_case_duplicates").await;
    scim.add_user("ada");
    assert_eq!(scim.post("/Users", user("ADA")).await.status, 201);
    assert_eq!(scim.post("/Users", user("ada")).await.status, 409);
    assert_eq!(scim.found("/Users", "userName eq \"Ada\"").await, ["ada", "ADA"]);

    let scim = Scim::quirk("duplicate_409_without_scim_type").await;
    scim.add_user("ada");
    let refused = scim.post("/Users", user("ada")).await;
    assert_eq!(refused.refusal(), (409, ""));
    assert!(refused.body["detail"].as_str().unwrap().contains("constraint"));
}

async fn three(quirk: &str) -> Scim {
    let scim = Scim::quirk(quirk).await;
    scim.add_users(&["ada", "grace", "linus"]);
    scim
}

#[tokio::test]
async fn of_paging() {
    let second = [("count", "1"), ("startIndex", "2")];
    let scim = three("ignores_paging").await;
    let page = scim.list("/Users", &second).await;
    assert_eq!(page.names(), ["ada", "grace", "linus"]);
    assert_eq!((&page.body["startIndex"], &page.body["itemsPerPage"]), (&json!(1), &json!(20)));
    assert_eq!(scim.list("/Users", &[("count", "0")]).await.resources().len(), 3);
    let searched = scim.post("/Users/.search", json!({"count": 1, "startIndex": 2})).await;
    assert_eq!(searched.names(), ["grace"]);

    let page = three("ignores_start_index").await.list("/Users", &second).await;
    assert_eq!(page.names(), ["ada"]);

    let scim = three("strict_counts").await;
    for wrong in [("startIndex", "0"), ("count", "-1")] {
        assert_eq!(scim.list("/Users", &[wrong]).await.status, 400);
    }
    assert_eq!(scim.list("/Users", &second).await.names(), ["grace"]);

    let scim = Scim::with({
        let mut options = ScimOptions::default().seed_people(25);
        options.quirks.short_pages = true;
        options
    });
    let page = scim.await.list("/Users", &[("count", "20")]).await;
    assert_eq!((page.resources().len(), &page.body["itemsPerPage"]), (10, &json!(10)));

    let page = three("no_cursors").await.list("/Users", &[("cursor", ""), ("count", "1")]).await;
    assert_eq!((page.names().len(), page.body.get("nextCursor")), (1, None));
    let page = three("cursors_by_default").await.list("/Users", &[("count", "1")]).await;
    assert!(page.body["nextCursor"].is_string());
    let config = three("pagination_unannounced").await.get("/ServiceProviderConfig").await;
    assert_eq!(config.body.get("pagination"), None);
}

#[tokio::test]
async fn of_filters() {
    let ada = "userName eq \"ada\"";
    let everybody = ["ada", "grace", "linus"];
    assert_eq!(three("ignores_filters").await.found("/Users", ada).await, everybody);
    let scim = three("finds_nobody").await;
    assert!(scim.found("/Users", ada).await.is_empty());
    assert_eq!(scim.get("/Users").await.names(), everybody);
    let scim = three("bad_filters_answer_everybody").await;
    assert_eq!(scim.found("/Users", "userName eq").await, everybody);
    assert_eq!(scim.found("/Users", ada).await, ["ada"]);
    let scim = three("finds_only_by_user_name").await;
    assert_eq!(scim.found("/Users", ada).await, ["ada"]);
    assert!(scim.found("/Users", "active eq true").await.is_empty());
    scim.add_group("Sales", &[]);
    assert!(scim.found("/Groups", "displayName eq \"Sales\"").await.is_empty());
    let scim = three("case_sensitive_filter_names").await;
    assert_eq!(scim.found("/Users", ada).await, ["ada"]);
    assert!(scim.found("/Users", "USERNAME eq \"ada\"").await.is_empty());
    let scim = three("case_sensitive_user_name").await;
    assert!(scim.found("/Users", "userName eq \"ADA\"").await.is_empty());
    assert_eq!(scim.post("/Users", user("ADA")).await.status, 409);
    let scim = three("no_filters_on_complex_lists").await;
    for filter in ["emails pr", "emails co \"x\""] {
        assert_eq!(scim.list("/Users", &[("filter", filter)]).await.status, 400, "{filter}");
    }
    assert_eq!(scim.found("/Users", "emails.value co \"ada\"").await, ["ada"]);
    let scim = three("not_found_on_empty_lookup").await;
    let nobody = scim.list("/Users", &[("filter", "userName eq \"x\"")]).await;
    assert_eq!((nobody.status, &nobody.body["status"]), (404, &json!("404")));
    assert_eq!(scim.found("/Users", ada).await, ["ada"]);
}

#[tokio::test]
async fn of_errors() {
    let scim = Scim::quirk("numeric_status").await;
    assert_eq!(scim.get("/Users/x").await.body["status"], 404);
    let scim = Scim::quirk("empty_401_body").await;
    let answer = Answer::of(scim.http.get(format!("{}/Users", scim.sandbox.scim_url()))).await;
    assert_eq!((answer.status, &answer.body), (401, &Value::Null));
    assert!(answer.header("content-type").starts_with("text/html"));
    let scim = Scim::quirk("empty_501_body").await;
    let me = scim.get("/Me").await;
    assert_eq!((me.status, me.body), (501, Value::Null));
    let scim = Scim::quirk("me_answers_404").await;
    assert_eq!(scim.get("/Me").await.status, 404);
    let scim = Scim::quirk("wrong_verbs_answer_404").await;
    assert_eq!(Answer::of(scim.request(Method::PUT, "/Schemas")).await.status, 404);
    assert_eq!(Answer::of(scim.request(Method::PUT, "/Users")).await.status, 405);
}

#[tokio::test]
async fn of_capabilities() {
    let scim = Scim::quirk("bulk_unsupported").await;
    assert_eq!(scim.post("/Bulk", json!({"Operations": []})).await.status, 501);
    assert_eq!(scim.get("/ServiceProviderConfig").await.body["bulk"]["supported"], false);
    let scim = Scim::quirk("search_unsupported").await;
    assert_eq!(scim.post("/Users/.search", json!({})).await.status, 501);
    let scim = Scim::quirk("discovery_missing").await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        assert_eq!(scim.get(path).await.status, 404, "{path}");
    }
    let scim = Scim::quirk("resource_types_not_a_list").await;
    assert_eq!(scim.get("/ResourceTypes").await.body.as_array().unwrap().len(), 2);
    let scim = Scim::quirk("filter_announced_unsupported").await;
    scim.add_user("ada");
    assert_eq!(scim.get("/ServiceProviderConfig").await.body["filter"]["supported"], false);
    assert_eq!(scim.found("/Users", "userName eq \"ADA\"").await, ["ada"]);
    let scim = Scim::quirk("etags_unsupported").await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    let read = scim.get(&path).await;
    assert_eq!((read.header("etag"), read.body["meta"].get("version")), ("", None));
    let delete = scim.request(Method::DELETE, &path).header("If-Match", "\"x\"");
    assert_eq!(Answer::of(delete).await.status, 204);
}

#[tokio::test]
async fn of_representations() {
    let scim = Scim::quirk("no_location_header").await;
    let created = scim.post("/Users", user("ada")).await;
    assert_eq!((created.status, created.header("location")), (201, ""));
    let scim = Scim::quirk("relative_location").await;
    let created = scim.post("/Users", user("ada")).await;
    assert!(created.header("location").starts_with("/scim/v2/Users/"));
    assert_eq!(created.body["meta"]["location"], created.header("location"));
    let scim = Scim::quirk("no_group_dates").await;
    let id = scim.add_group("Sales", &[]);
    assert_eq!(scim.get(&format!("/Groups/{id}")).await.body["meta"].get("created"), None);
    let scim = Scim::quirk("decimal_ids").await;
    assert_eq!(scim.add_users(&["ada", "grace"]), ["1", "2"]);
    assert_eq!(scim.add_group("Sales", &["1".to_owned()]), "1");
    assert_eq!(scim.get("/Groups/1").await.body["members"][0]["type"], "User");
    assert_eq!(scim.delete("/Groups/1").await.status, 204);
    assert_eq!(scim.get("/Users/1").await.body["userName"], "ada");
    let scim = Scim::quirk("empty_lists_shown").await;
    let read = scim.get(&format!("/Users/{}", scim.add_user("ada"))).await;
    assert_eq!((&read.body["groups"], &read.body["phoneNumbers"]), (&json!([]), &json!([])));
    let scim = Scim::quirk("empty_strings_shown").await;
    let bare = json!({"schemas": [scim_types::urn::USER], "userName": "x"});
    let created = scim.post("/Users", bare).await;
    assert_eq!(
        (&created.body["externalId"], &created.body["name"]["givenName"]),
        (&json!(""), &json!(""))
    );
    let scim = Scim::quirk("content_type_text_html").await;
    assert!(scim.get("/Users").await.header("content-type").starts_with("text/html"));
    let scim = Scim::quirk("projection_hides_schemas").await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    assert_eq!(scim.get(&format!("{path}?attributes=userName")).await.body.get("schemas"), None);
    assert!(scim.get(&path).await.body["schemas"].is_array());
}

#[tokio::test]
async fn of_list_responses() {
    let list = three("total_results_missing").await.get("/Users").await;
    assert_eq!((list.body.get("totalResults"), list.resources().len()), (None, 3));
    let list = Scim::quirk("resources_missing_when_empty").await.get("/Users").await;
    assert_eq!((&list.body["totalResults"], list.body.get("Resources")), (&json!(0), None));
    let list = three("counters_as_text").await.get("/Users").await;
    assert_eq!((&list.body["totalResults"], &list.body["startIndex"]), (&json!("3"), &json!("1")));
}

#[test]
fn every_quirk_has_a_name_and_a_test() {
    let tested = include_str!("scim_quirks.rs");
    for name in Quirks::NAMES {
        let mut quirks = Quirks::default();
        assert!(quirks.set(name) && quirks != Quirks::default(), "{name}");
        assert!(tested.contains(name), "{name} has no test");
    }
    assert!(!Quirks::default().set("nonsense"));
    for peer in [Quirks::scim2_server(), Quirks::scimmy(), Quirks::django()] {
        assert_ne!(peer, Quirks::default());
    }
}
