use reqwest::Method;
use sandbox::{ScimOptions, scim};
use serde_json::{Value, json};

use crate::scim_support::{ENTERPRISE, Scim, USER, user};
use crate::support::Answer;

#[tokio::test]
async fn a_user_from_the_first_day_to_the_last() {
    let scim = Scim::start().await;
    let created = scim.post("/Users", user("ada")).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("content-type"), "application/scim+json");
    let id = created.id().to_owned();
    let location = format!("{}/Users/{id}", scim.sandbox.scim_url());
    assert_eq!(created.header("location"), location);
    let meta = &created.body["meta"];
    assert_eq!(meta["location"], location.as_str());
    assert_eq!(meta["resourceType"], "User");
    assert_eq!(meta["version"], created.header("etag"));
    let created_at: jiff::Timestamp = meta["created"].as_str().unwrap().parse().unwrap();
    assert!(created_at <= jiff::Timestamp::now());

    let path = format!("/Users/{id}");
    assert_eq!(scim.get(&path).await.body, created.body);
    let patched = scim.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!((patched.status, &patched.body["active"]), (200, &json!(false)));
    assert_ne!(patched.header("etag"), created.header("etag"));
    // The same again changes nothing.
    let again =
        scim.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!(again.body, patched.body);

    let mut put = user("ada.lovelace");
    put["title"] = json!("Countess");
    put["id"] = json!("another");
    put["meta"] = json!({"resourceType": "Nonsense"});
    let replaced = scim.put(&path, put).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    assert_eq!(replaced.id(), id);
    assert_eq!(replaced.body["title"], "Countess");
    // What a PUT leaves out is cleared.
    let replaced = scim.put(&path, user("ada.lovelace")).await;
    assert_eq!(replaced.body.get("title"), None);

    let deleted = scim.delete(&path).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let gone = scim.send(method.clone(), &path, &user("ada")).await;
        assert_eq!(gone.status, 404, "{method}");
        assert_eq!(gone.body["schemas"][0], scim_types::urn::ERROR);
        assert_eq!(gone.body["status"], "404");
    }
}

#[tokio::test]
async fn names_have_no_case_and_what_is_unassigned_is_absent() {
    let scim = Scim::start().await;
    let body = json!({
        "Schemas": [USER, ENTERPRISE.to_uppercase()],
        "USERNAME": "ada",
        "emails": [{"VALUE": "ada@acme.example", "display": null}],
        "roles": [], "title": null, "groups": [], "favourite": "kept",
        ENTERPRISE.to_uppercase(): {"DEPARTMENT": "R&D", "manager": {"value": "m-1", "displayName": "x"}},
    });
    let created = scim.post("/Users", body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let mut shown = created.body.clone();
    for computed in ["id", "meta", "schemas"] {
        shown.as_object_mut().unwrap().remove(computed);
    }
    assert_eq!(
        shown,
        json!({
            "userName": "ada",
            "emails": [{"value": "ada@acme.example"}],
            "favourite": "kept",
            ENTERPRISE: {"department": "R&D", "manager": {"value": "m-1"}},
        })
    );
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_type() {
    let scim = Scim::with(ScimOptions { keep_unknown: false, ..ScimOptions::default() }).await;
    scim.add_user("ada");
    let with = |name: &str, value: Value| {
        let mut user = user("grace");
        user[name] = value;
        user
    };
    let cases = [
        (with("userName", json!("ADA")), (409, "uniqueness")),
        (with("userName", Value::Null), (400, "invalidValue")),
        (with("userName", json!(7)), (400, "invalidValue")),
        (with("active", json!("true")), (400, "invalidValue")),
        (with("emails", json!("a@b")), (400, "invalidValue")),
        (with("emails", json!([{"primary": true}, {"primary": true}])), (400, "invalidValue")),
        (with("nickname2", json!("x")), (400, "invalidSyntax")),
        (with("NICKNAME", json!("x")), (201, "")),
        (with("schemas", json!(["urn:x"])), (400, "invalidValue")),
        (with(ENTERPRISE, json!({"department": "x"})), (400, "invalidValue")),
        (json!([]), (400, "invalidSyntax")),
    ];
    for (body, expected) in cases {
        let answer = scim.post("/Users", body.clone()).await;
        assert_eq!(answer.refusal(), expected, "{body} {}", answer.body);
    }
    let broken = scim.request(Method::POST, "/Users").body("{\"userName\":");
    let broken = Answer::of(broken.header("Content-Type", "application/json")).await;
    assert_eq!(broken.refusal(), (400, "invalidSyntax"));
    let form = scim.request(Method::POST, "/Users").body("userName=ada");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(Answer::of(form).await.status, 415);
    assert_eq!(scim.provider().user_count(), 2);
}

#[tokio::test]
async fn a_patch_is_all_or_nothing() {
    let scim = Scim::start().await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    scim.add_user("grace");
    let before = scim.get(&path).await.body;
    let change = json!({"op": "replace", "path": "title", "value": "Countess"});
    let cases = [
        (json!({"op": "replace", "path": "userName", "value": "GRACE"}), (409, "uniqueness")),
        (json!({"op": "replace", "path": "id", "value": "x"}), (400, "mutability")),
        (json!({"op": "remove", "path": "userName"}), (400, "mutability")),
        (json!({"op": "remove"}), (400, "noTarget")),
        (
            json!({"op": "replace", "path": "emails[type eq \"home\"].value", "value": "x"}),
            (400, "noTarget"),
        ),
        (json!({"op": "replace", "path": "emails[type eq", "value": "x"}), (400, "invalidPath")),
        (json!({"op": "replace", "path": "active", "value": "x"}), (400, "invalidValue")),
        (json!({"op": "jump", "path": "active", "value": true}), (400, "invalidSyntax")),
    ];
    for (operation, expected) in cases {
        let answer = scim.patch(&path, json!([change, operation])).await;
        assert_eq!(answer.refusal(), expected, "{operation} {}", answer.body);
    }
    assert_eq!(scim.patch(&path, json!([])).await.refusal(), (400, "invalidSyntax"));
    assert_eq!(scim.get(&path).await.body, before);
}

#[tokio::test]
async fn the_dialects_of_connectors_in_tolerant_mode() {
    let options = ScimOptions { mode: scim_types::Mode::Tolerant, ..ScimOptions::default() };
    let scim = Scim::with(options).await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    let entra = json!([
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "emails[type eq \"home\"].value", "value": "ada@home.example"},
        {"op": "Add", "value": {format!("{ENTERPRISE}:department"): "R&D", "name.familyName": "King"}},
    ]);
    let patched = scim.patch(&path, entra).await;
    assert_eq!(patched.status, 200, "{}", patched.body);
    assert_eq!(patched.body["active"], false);
    assert_eq!(patched.body["emails"][1], json!({"type": "home", "value": "ada@home.example"}));
    assert_eq!(patched.body[ENTERPRISE]["department"], "R&D");
    assert_eq!(patched.body["name"]["familyName"], "King");
}

#[tokio::test]
async fn versions() {
    let scim = Scim::start().await;
    let path = format!("/Users/{}", scim.add_user("ada"));
    let tag = scim.get(&path).await.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let get = |tags: String| scim.request(Method::GET, &path).header("If-None-Match", tags);
    let unchanged = Answer::of(get(tag.clone())).await;
    assert_eq!((unchanged.status, unchanged.header("etag")), (304, tag.as_str()));
    let put = |tags: &str| {
        let put = scim.request(Method::PUT, &path).header("If-Match", tags);
        put.json(&user("ada.lovelace"))
    };
    assert_eq!(Answer::of(put("W/\"other\"")).await.status, 412);
    assert_eq!(Answer::of(put(&format!("W/\"other\", {tag}"))).await.status, 200);
    assert_eq!(Answer::of(put(&tag)).await.status, 412);
    assert_eq!(Answer::of(get(tag.clone())).await.status, 200);
    let delete = |tags: &str| scim.request(Method::DELETE, &path).header("If-Match", tags);
    assert_eq!(Answer::of(delete(&tag)).await.status, 412);
    assert_eq!(Answer::of(delete("*")).await.status, 204);
}

#[tokio::test]
async fn a_password_goes_in_and_never_comes_out() {
    const PASSWORD: &str = "correct horse battery";
    let scim = Scim::start().await;
    let mut ada = user("ada");
    ada["password"] = json!(PASSWORD);
    let created = scim.post("/Users", ada).await;
    let path = format!("/Users/{}", created.id());
    let filter = format!("password eq \"{PASSWORD}\"");
    let seen = [
        created.body.clone(),
        scim.get(&path).await.body,
        scim.get(&format!("{path}?attributes=password")).await.body,
        scim.list("/Users", &[("filter", &filter)]).await.body,
        scim.patch(&path, json!([{"op": "replace", "path": "title", "value": "x"}])).await.body,
        json!(format!("{:?} {:?}", scim.sandbox, scim.provider().requests())),
        json!(format!("{:?}", ScimOptions { token: PASSWORD.into(), ..ScimOptions::default() })),
    ];
    for seen in seen {
        let seen = seen.to_string();
        assert!(!seen.contains(PASSWORD) || seen.contains("\"totalResults\":0"), "{seen}");
    }
    assert!(scim.provider().has_password(created.id(), PASSWORD));
    // Kept by a PUT that does not mention it, changed by a PATCH that does.
    scim.put(&path, user("ada")).await;
    assert!(scim.provider().has_password(created.id(), PASSWORD));
    scim.patch(&path, json!([{"op": "replace", "path": "password", "value": "new"}])).await;
    assert!(scim.provider().has_password(created.id(), "new"));
    scim.patch(&path, json!([{"op": "remove", "path": "password"}])).await;
    assert!(!scim.provider().has_password(created.id(), "new"));
}

#[tokio::test]
async fn who_may_call_what() {
    let scim = Scim::start().await;
    for credential in [None, Some("Bearer wrong"), Some("sandbox-scim-token")] {
        let mut request = scim.http.get(format!("{}/Users", scim.sandbox.scim_url()));
        if let Some(credential) = credential {
            request = request.header("Authorization", credential);
        }
        let answer = Answer::of(request).await;
        assert_eq!((answer.status, &answer.body["status"]), (401, &json!("401")), "{credential:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(!answer.body["detail"].as_str().unwrap().is_empty());
    }
    let cases = [
        (Method::GET, "/Me", 501),
        (Method::GET, "/Nowhere", 404),
        (Method::GET, "/Users/a/b", 404),
        (Method::PUT, "/Users", 405),
        (Method::GET, "/Users/.search", 405),
        (Method::GET, "/Bulk", 405),
        (Method::DELETE, "/Schemas", 405),
        (Method::POST, "/ServiceProviderConfig", 405),
        (Method::PATCH, "/ResourceTypes/User", 405),
        (Method::GET, "/Schemas?filter=id+pr", 403),
    ];
    for (method, path, status) in cases {
        let answer = Answer::of(scim.request(method, path)).await;
        assert_eq!(
            (answer.status, &answer.body["status"]),
            (status, &json!(status.to_string())),
            "{path}"
        );
        assert_eq!(answer.body["schemas"], json!([scim_types::urn::ERROR]));
    }
    let wrong = Answer::of(scim.request(Method::PUT, "/Users")).await;
    assert_eq!(wrong.header("allow"), "GET, POST");
}

#[tokio::test]
async fn discovery_says_what_is_there() {
    let scim = Scim::with(ScimOptions::peakon()).await;
    let config: scim_types::ServiceProviderConfig =
        serde_json::from_value(scim.get("/ServiceProviderConfig").await.body).unwrap();
    assert!(config.patch.unwrap().supported && config.bulk.unwrap().supported);
    assert_eq!(config.pagination.unwrap().cursor, Some(true));
    let types = scim.get("/ResourceTypes").await;
    assert_eq!(types.body["totalResults"], 1);
    assert_eq!(types.resources()[0]["schemaExtensions"][1]["schema"], scim::PEAKON_USER);
    assert_eq!(scim.get("/ResourceTypes/User").await.body, types.resources()[0]);
    assert_eq!(scim.get("/ResourceTypes/Group").await.status, 404);
    let schemas = scim.get("/Schemas").await;
    let ids: Vec<&str> = schemas.resources().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [USER, ENTERPRISE, scim::PEAKON_USER]);
    let peakon = scim.get(&format!("/Schemas/{}", scim::PEAKON_USER)).await;
    assert_eq!(peakon.body["attributes"][0]["name"], "Business Unit");
    assert_eq!(peakon.body["meta"]["location"], peakon.asked.as_str());
}

#[tokio::test]
async fn a_blank_user_name_is_none() {
    let scim = Scim::start().await;
    for blank in ["", "  ", "\t"] {
        assert_eq!(scim.post("/Users", user(blank)).await.refusal(), (400, "invalidValue"));
    }
    let path = format!("/Users/{}", scim.add_user("ada"));
    let blank = json!([{"op": "replace", "path": "userName", "value": " "}]);
    assert_eq!(scim.patch(&path, blank).await.refusal(), (400, "invalidValue"));
    assert_eq!(scim.get(&path).await.body["userName"], "ada");
}
