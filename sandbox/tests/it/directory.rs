//! User types, schemas, group rules and the org's settings.

use serde_json::{Value, json};

use crate::support::{Org, query};

fn person(login: &str, more: Value) -> Value {
    let mut profile = json!({"login": login, "email": login, "firstName": "A", "lastName": "B"});
    profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"profile": profile})
}

fn custom(name: &str, definition: Value) -> Value {
    json!({"definitions": {"custom": {"id": "#custom", "type": "object", "properties": {name: definition}}}})
}

const SCHEMA: &str = "/meta/schemas/user/default";

#[tokio::test]
async fn attributes_come_and_go() {
    let org = Org::with(3).await;
    let unknown = org.post("/users", person("a@x.example", json!({"shoe": 7}))).await;
    assert_eq!(unknown.code(), (400, "E0000001"));
    assert_eq!(unknown.cause(), "Property name 'shoe' is not defined in profile");
    let definition = json!({"title": "Shoe", "type": "integer", "enum": [7, 8], "unique": true});
    let added = org.post(SCHEMA, custom("shoe", definition)).await;
    let shoe = &added.body["definitions"]["custom"]["properties"]["shoe"];
    assert_eq!((&shoe["unique"], &shoe["scope"]), (&json!("UNIQUE_VALIDATED"), &json!("NONE")));
    let others = added.body["definitions"]["custom"]["properties"].as_object().unwrap().len();
    assert!(others > 1, "a partial update keeps the rest");
    assert_eq!(org.post("/users", person("a@x.example", json!({"shoe": 7}))).await.status, 200);
    for (value, cause) in [
        (json!("7"), "shoe: The value must be of type integer"),
        (json!(9), "shoe: The value is not one of the enumerated ones"),
        (json!(7), "shoe: An object with this field already exists in the current organization"),
    ] {
        let refused = org.post("/users", person("b@x.example", json!({"shoe": value}))).await;
        assert_eq!((refused.code(), refused.cause()), ((400, "E0000001"), cause));
    }
    // One's own value is nobody else's.
    let title = json!({"profile": {"title": "T"}});
    assert_eq!(org.post("/users/a@x.example", title).await.status, 200);
    org.post(SCHEMA, custom("shoe", Value::Null)).await;
    let gone = org.post("/users", person("c@x.example", json!({"shoe": 8}))).await;
    assert_eq!(gone.code(), (400, "E0000001"));
}

#[tokio::test]
async fn what_is_required_must_be_given() {
    let org = Org::with(3).await;
    let definition = json!({"title": "Team", "type": "string", "required": true, "maxLength": 3});
    let answer = org.post(SCHEMA, custom("team", definition)).await;
    assert_eq!(answer.body["definitions"]["custom"]["required"], json!(["team"]));
    let missing = org.post("/users", person("a@x.example", json!({}))).await;
    assert_eq!(missing.cause(), "team: The field cannot be left blank");
    let long = org.post("/users", person("a@x.example", json!({"team": "long"}))).await;
    assert_eq!(long.code(), (400, "E0000001"));
    assert_eq!(org.post("/users", person("a@x.example", json!({"team": "abc"}))).await.status, 200);
    for (name, definition) in [
        ("team", json!({"type": "integer"})),
        ("login", json!({"type": "string"})),
        ("no name", json!({"type": "string"})),
        ("other", json!({"title": "T"})),
        ("other", json!({"type": "date"})),
    ] {
        let refused = org.post(SCHEMA, custom(name, definition.clone())).await;
        assert_eq!(refused.code(), (400, "E0000001"), "{name} {definition}");
    }
    // Names may be left out once the schema says so.
    let optional =
        json!({"definitions": {"base": {"properties": {"lastName": {"required": false}}}}});
    org.post(SCHEMA, optional).await;
    let nameless = json!({"profile": {"login": "n@x.example", "email": "n@x.example", "firstName": "N", "team": "x"}});
    assert_eq!(org.post("/users", nameless).await.status, 200);
}

#[tokio::test]
async fn groups_have_attributes_too() {
    let org = Org::with(3).await;
    let path = "/meta/schemas/group/default";
    let group = json!({"profile": {"name": "G", "floor": "two"}});
    assert_eq!(org.post("/groups", group.clone()).await.code(), (400, "E0000001"));
    org.post(path, custom("floor", json!({"title": "Floor", "type": "string"}))).await;
    assert_eq!(
        org.get(path).await.body["definitions"]["custom"]["properties"]["floor"]["title"],
        "Floor"
    );
    assert_eq!(org.post("/groups", group).await.body["profile"]["floor"], "two");
}

#[tokio::test]
async fn types_have_schemas_of_their_own() {
    let org = Org::with(3).await;
    let body = json!({"name": "contractor", "displayName": "Contractor"});
    let made = org.post("/meta/types/user", body.clone()).await;
    assert_eq!((made.status, &made.body["default"]), (200, &json!(false)));
    assert_eq!(org.post("/meta/types/user", body).await.code(), (400, "E0000001"));
    let kind = format!("/meta/types/user/{}", made.id());
    let schema = made.body["_links"]["schema"]["href"].as_str().unwrap().to_owned();
    org.post(&schema, custom("agency", json!({"title": "Agency", "type": "string"}))).await;
    let mut hire = person("a@x.example", json!({"agency": "X"}));
    assert_eq!(org.post("/users", hire.clone()).await.code(), (400, "E0000001"));
    hire["type"] = json!({"id": made.id()});
    let user = org.post("/users", hire).await;
    assert_eq!(
        (&user.body["type"]["id"], &user.body["profile"]["agency"]),
        (&json!(made.id()), &json!("X"))
    );
    assert_eq!(org.delete(&kind).await.code(), (400, "E0000001"));
    let merged = org.post(&kind, json!({"description": "D"})).await;
    assert_eq!(
        (&merged.body["displayName"], &merged.body["description"]),
        (&json!("Contractor"), &json!("D"))
    );
    let replaced = org.put(&kind, json!({"name": "contractor", "displayName": "C"})).await;
    assert_eq!(
        (&replaced.body["displayName"], &replaced.body["description"]),
        (&json!("C"), &Value::Null)
    );
    // Only a replacement moves a user to another type.
    let default = org.get("/meta/types/user/default").await.id().to_owned();
    let mut moved = person("a@x.example", json!({}));
    moved["type"] = json!({"id": default});
    let path = format!("/users/{}", user.id());
    assert_eq!(org.put(&path, moved).await.body["type"]["id"], default.as_str());
    assert_eq!(org.delete(&kind).await.status, 204);
    assert_eq!(org.get(&kind).await.code(), (404, "E0000007"));
    assert_eq!(org.get("/meta/types/user").await.items().len(), 1);
}

async fn rule(org: &Org, name: &str, expression: &str, group: &str) -> crate::support::Answer {
    let body = json!({
        "type": "group_rule", "name": name,
        "conditions": {"expression": {"type": "urn:okta:expression:1.0", "value": expression}, "people": {"users": {}}},
        "actions": {"assignUserToGroups": {"groupIds": [group]}},
    });
    org.post("/groups/rules", body).await
}

#[tokio::test]
async fn rules_put_people_into_groups() {
    let org = Org::with(60).await;
    let group = org.post("/groups", json!({"profile": {"name": "Matched"}})).await;
    let expression = r#"user.department == "Sales" AND String.startsWith(user.login, "")"#;
    let made = rule(&org, "R", expression, group.id()).await;
    assert_eq!((made.status, &made.body["status"]), (200, &json!("INACTIVE")));
    let path = format!("/groups/rules/{}", made.id());
    let members = || org.sandbox.okta().members("Matched").unwrap();
    assert!(members().is_empty());
    assert_eq!(org.run(&format!("{path}/lifecycle/activate")).await.status, 204);
    let search = query(&[(
        "search",
        r#"profile.department eq "Sales" and status lt "DEPROVISIONED" or profile.department eq "Sales" and status gt "DEPROVISIONED""#,
    )]);
    let expected: Vec<String> = org
        .get(&format!("/users?{search}"))
        .await
        .items()
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(members(), expected);
    // Who matches later joins, and who does so no more leaves.
    let hire = org.post("/users", person("s@x.example", json!({"department": "Sales"}))).await;
    assert!(members().contains(&hire.id().to_owned()));
    org.post(&format!("/users/{}", hire.id()), json!({"profile": {"department": "Legal"}})).await;
    assert_eq!(members(), expected);
    assert_eq!(org.put(&path, made.body.clone()).await.code(), (400, "E0000001"));
    assert_eq!(org.delete(&path).await.code(), (400, "E0000001"));
    assert_eq!(org.run(&format!("{path}/lifecycle/deactivate")).await.status, 204);
    assert_eq!(members(), expected);
    let renamed = json!({"name": "R2", "conditions": made.body["conditions"], "actions": made.body["actions"]});
    assert_eq!(org.put(&path, renamed).await.body["name"], "R2");
    let found = org.get("/groups/rules?search=r2&expand=groupIdToGroupNameMap").await;
    assert_eq!(found.items()[0]["_embedded"]["groupIdToGroupNameMap"][group.id()], "Matched");
    let deleted = org.delete(&format!("{path}?removeUsers=true")).await;
    assert_eq!((deleted.status, deleted.body), (202, json!({})));
    assert!(members().is_empty());
    assert_eq!(org.get(&path).await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn rules_say_what_is_wrong_with_them() {
    let org = Org::with(3).await;
    let group = org.post("/groups", json!({"profile": {"name": "G"}})).await;
    assert_eq!(rule(&org, "R", "user.a ==", group.id()).await.code(), (400, "E0000001"));
    assert_eq!(rule(&org, "R", "true", "00g1").await.code(), (404, "E0000007"));
    // What the sandbox cannot work out is kept, and matches nobody.
    let kept = rule(&org, "R", r#"isMemberOfAnyGroup("00g1")"#, group.id()).await;
    org.run(&format!("/groups/rules/{}/lifecycle/activate", kept.id())).await;
    assert!(org.sandbox.okta().members("G").unwrap().is_empty());
    assert_eq!(rule(&org, "R", "true", group.id()).await.code(), (400, "E0000001"));
}

#[tokio::test]
async fn the_org_has_settings() {
    let org = Org::with(1).await;
    let changed = org.post("/org", json!({"city": "Rome"})).await;
    assert_eq!(
        (&changed.body["city"], &changed.body["companyName"]),
        (&json!("Rome"), &json!("Sandbox"))
    );
    let replaced = org.put("/org", json!({"companyName": "Other"})).await;
    assert_eq!(
        (&replaced.body["city"], &replaced.body["companyName"]),
        (&Value::Null, &json!("Other"))
    );
    let url = format!("{}/.well-known/okta-organization", org.sandbox.okta_url());
    let open = org.http.get(url).send().await.unwrap();
    assert_eq!(open.json::<Value>().await.unwrap()["id"], replaced.body["id"]);
}

#[tokio::test]
async fn an_attribute_goes_with_its_values() {
    let org = Org::with(40).await;
    let user = |n| format!("/users/{}", org.sandbox.okta().user_id(n));
    // One who was changed, and one who is as seeded.
    assert_eq!(
        org.post(&user(0), json!({"profile": {"hireDate": "2030-01-01"}})).await.status,
        200
    );
    assert_eq!(org.found("search", r#"profile.hireDate eq "2030-01-01""#).await.len(), 1);
    let schema = "/meta/schemas/user/default";
    let custom = |definition: Value| json!({"definitions": {"custom": {"properties": {"hireDate": definition}}}});
    assert_eq!(org.post(schema, custom(Value::Null)).await.status, 200);
    for path in [user(0), user(1)] {
        let profile = org.get(&path).await.body["profile"].clone();
        assert!(profile.get("hireDate").is_none(), "{profile}");
        // What is left is a whole profile: it can be sent back as it is.
        assert_eq!(org.put(&path, json!({"profile": profile})).await.status, 200);
    }
    assert_eq!(org.found("search", "profile.hireDate pr").await, Vec::<String>::new());
    let (all, _) = org.all("/users?limit=200").await;
    assert!(all.iter().all(|user| user["profile"].get("hireDate").is_none()));
    // An attribute of the same name is another one, without the old values.
    assert_eq!(
        org.post(schema, custom(json!({"title": "H", "type": "integer"}))).await.status,
        200
    );
    assert_eq!(org.found("search", "profile.hireDate pr").await, Vec::<String>::new());
    assert_eq!(org.post(&user(2), json!({"profile": {"hireDate": 7}})).await.status, 200);
    assert_eq!(org.found("search", "profile.hireDate eq 7").await.len(), 1);
}

#[tokio::test]
async fn an_attribute_of_groups_goes_with_its_values() {
    let org = Org::with(1).await;
    let schema = "/meta/schemas/group/default";
    let custom = |definition: Value| json!({"definitions": {"custom": {"properties": {"code": definition}}}});
    org.post(schema, custom(json!({"title": "C", "type": "string"}))).await;
    let made = org.post("/groups", json!({"profile": {"name": "Coded", "code": "x"}})).await;
    assert_eq!(made.body["profile"]["code"], "x");
    org.post(schema, custom(Value::Null)).await;
    let group = org.get(&format!("/groups/{}", made.id())).await;
    assert_eq!(group.body["profile"], json!({"name": "Coded", "description": null}));
}
