use sandbox::{ScimOptions, scim::PEAKON_USER};
use serde_json::{Value, json};

use crate::scim_support::{ENTERPRISE, Scim, group, user};

#[tokio::test]
async fn pendo_takes_members_and_never_shows_them() {
    let scim = Scim::with(ScimOptions::pendo()).await;
    let id = scim.add_user("ada");
    let created = scim.post("/Groups", group("Admins", std::slice::from_ref(&id))).await;
    assert_eq!((created.status, created.body.get("members")), (201, None));
    let path = format!("/Groups/{}", created.id());
    let added = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
    assert_eq!(scim.patch(&path, added).await.body.get("members"), None);
    assert_eq!(scim.get(&format!("{path}?attributes=members")).await.body.get("members"), None);
    assert!(scim.found("/Groups", "members pr").await.is_empty());
    assert_eq!(scim.get(&format!("/Users/{id}")).await.body.get("groups"), None);
    assert_eq!(scim.provider().members(created.id()).unwrap(), [id]);
}

#[tokio::test]
async fn peakon_has_names_with_blanks_and_no_groups() {
    let scim = Scim::with(ScimOptions::peakon()).await;
    for path in ["/Groups", "/Groups/x"] {
        assert_eq!(scim.get(path).await.status, 404, "{path}");
    }
    assert_eq!(scim.post("/Groups/.search", json!({})).await.status, 404);
    let mut boss = user("boss@acme.example");
    boss["emails"] = json!([{"value": "the.boss@acme.example"}]);
    // As its own guide writes names.
    boss["name"] = json!({"firstName": "Bo", "lastName": "Ss"});
    let created = scim.post("/Users", boss).await;
    assert_eq!(created.body["name"], json!({"givenName": "Bo", "familyName": "Ss"}));
    let with = |extension: Value, manager: &str| {
        let mut person = user("ada@acme.example");
        person["schemas"] = json!([scim_types::urn::USER, ENTERPRISE, PEAKON_USER]);
        person[ENTERPRISE] = json!({"manager": {"value": manager}});
        person[PEAKON_USER] = extension;
        person
    };
    let refused = [
        with(json!({}), "nobody@acme.example"),
        with(json!({"Mentor": "nobody@acme.example"}), "boss@acme.example"),
        with(json!({"Start Date": "yesterday"}), "boss@acme.example"),
        with(json!({"Level": "high"}), "boss@acme.example"),
    ];
    for body in refused {
        let answer = scim.post("/Users", body.clone()).await;
        assert_eq!(answer.refusal(), (400, "invalidValue"), "{body}");
    }
    let custom = json!({
        "Business Unit": "North", "Start Date": "2024-03-01T00:00:00Z", "Level": 3,
        "Mentor": "the.boss@acme.example",
    });
    let created = scim.post("/Users", with(custom.clone(), "the.boss@acme.example")).await;
    assert_eq!((created.status, &created.body[PEAKON_USER]), (201, &custom), "{}", created.body);
    let path = format!("/Users/{}", created.id());
    let bag = json!([{"op": "replace", "value": {PEAKON_USER: {"Business Unit": "South"}}}]);
    let patched = scim.patch(&path, bag).await;
    assert_eq!(patched.body[PEAKON_USER]["Business Unit"], "South", "{}", patched.body);
    assert_eq!(patched.body[PEAKON_USER]["Level"], 3);
    let only = scim.get(&format!("{path}?attributes={PEAKON_USER}:Business%20Unit")).await;
    assert_eq!(only.body[PEAKON_USER], json!({"Business Unit": "South"}));
    assert_eq!(scim.delete(&path).await.status, 204);
}

#[tokio::test]
async fn pingboard_forgets_who_is_deactivated() {
    let scim = Scim::with(ScimOptions::pingboard()).await;
    let mut nameless = user("ada");
    nameless["name"] = json!({"givenName": "Ada"});
    assert_eq!(scim.post("/Users", nameless).await.refusal(), (400, "invalidValue"));
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    let mut inactive = user("ada");
    inactive["active"] = json!(false);
    for by_put in [true, false] {
        let id = scim.add_user("ada");
        let group = scim.add_group("Sales", std::slice::from_ref(&id));
        let path = format!("/Users/{id}");
        let answer = match by_put {
            true => scim.put(&path, inactive.clone()).await,
            false => scim.patch(&path, off.clone()).await,
        };
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)));
        assert_eq!(scim.get(&path).await.status, 404);
        assert!(scim.found("/Users", "userName eq \"ada\"").await.is_empty());
        assert!(scim.provider().members(&group).unwrap().is_empty());
    }
}

#[tokio::test]
async fn every_profile_takes_the_people_of_the_sandbox() {
    for name in ["generic", "pendo", "peakon", "pingboard"] {
        let options = ScimOptions::profile(name).unwrap().seed_people(25);
        let scim = Scim::with(options).await;
        assert_eq!(scim.provider().user_count(), 25, "{name}");
        let email = scim.sandbox.people().email(3);
        assert_eq!(scim.provider().user_by_name(&email).unwrap()["emails"][0]["value"], email);
    }
    assert!(ScimOptions::profile("other").is_none());
}
