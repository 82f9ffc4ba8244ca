use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Org};

fn ada() -> Value {
    json!({"login": "ada@x.example", "email": "ada@x.example", "firstName": "Ada", "lastName": "Lovelace",
           "department": "R&D", "badgeNumber": 7, "skills": ["a", "b"]})
}

#[tokio::test]
async fn a_user_is_found_by_id_login_and_short_name() {
    let org = Org::with(100).await;
    let made = org.post("/users", json!({"profile": ada()})).await;
    let seeded = org.get(&format!("/users/{}", org.sandbox.okta().user_id(42))).await;
    for (user, login) in [(&made, "ada@x.example"), (&seeded, &*org.sandbox.people().email(42))] {
        let short = login.split('@').next().unwrap();
        for name in [user.id(), login, &login.replace('@', "%40"), &login.to_uppercase(), short] {
            let found = org.get(&format!("/users/{name}")).await;
            assert_eq!((found.status, found.id()), (200, user.id()), "{name}");
        }
    }
    assert_eq!(org.get("/users/me").await.status, 200);
    for nobody in
        ["00unobody", "nobody@x.example", "nobody.999@people.example", "a%2Fb", "%20", "ada"]
    {
        let found = org.get(&format!("/users/{nobody}")).await;
        if nobody == "ada" {
            assert_eq!(found.id(), made.id());
        } else {
            assert_eq!(found.code(), (404, "E0000007"), "{nobody}");
        }
    }
}

#[tokio::test]
async fn a_changed_login_frees_the_old_one() {
    let org = Org::with(10).await;
    let before = org.sandbox.people().email(3);
    let id = org.sandbox.okta().user_id(3);
    let moved = json!({"profile": {"login": "moved@x.example"}});
    assert_eq!(org.post(&format!("/users/{id}"), moved).await.status, 200);
    assert_eq!(org.get(&format!("/users/{before}")).await.status, 404);
    assert_eq!(org.get("/users/moved@x.example").await.id(), id);
    let mut profile = ada();
    profile["login"] = before.clone().into();
    let heir = org.post("/users", json!({"profile": profile})).await;
    assert_eq!(org.get(&format!("/users/{before}")).await.id(), heir.id());
}

#[tokio::test]
async fn update_merges_and_replace_replaces() {
    let org = Org::with(0).await;
    let id = org.post("/users", json!({"profile": ada()})).await.id().to_owned();
    let path = format!("/users/{id}");
    let merged =
        org.post(&path, json!({"profile": {"title": "Countess", "department": null}})).await;
    let mut expected = ada();
    expected["title"] = "Countess".into();
    expected.as_object_mut().unwrap().remove("department");
    expected["mobilePhone"] = Value::Null;
    expected["secondEmail"] = Value::Null;
    assert_eq!(merged.body["profile"], expected);
    assert_eq!(org.get(&path).await.body["profile"], expected);
    let least = json!({"login": "ada@x.example", "email": "ada@x.example", "firstName": "A", "lastName": "L"});
    let replaced = org.put(&path, json!({"profile": least})).await;
    assert_eq!(replaced.body["profile"]["firstName"], "A");
    assert_eq!(replaced.body["profile"].as_object().unwrap().len(), 6);
    // A seeded one: only what is named changes.
    let org = Org::with(3).await;
    let id = org.sandbox.okta().user_id(1);
    let mut expected = org.get(&format!("/users/{id}")).await.body["profile"].clone();
    expected["title"] = "Changed".into();
    let changed = org.post(&format!("/users/{id}"), json!({"profile": {"title": "Changed"}})).await;
    assert_eq!(changed.body["profile"], expected);
}

#[tokio::test]
async fn what_a_profile_may_not_hold() {
    let org = Org::with(3).await;
    let id = org.post("/users", json!({"profile": ada()})).await.id().to_owned();
    let taken = org.sandbox.people().email(2).to_uppercase();
    let cases = [
        (
            "login",
            json!(taken),
            "login: An object with this field already exists in the current organization",
        ),
        ("login", json!("noaddress"), "login: Username must be in the form of an email address"),
        ("email", json!("noaddress"), "email: Does not match required pattern"),
        ("firstName", json!(""), "firstName: The field cannot be left blank"),
        ("firstName", Value::Null, "firstName: The field cannot be left blank"),
        ("shoeSize", json!(42), "Property name 'shoeSize' is not defined in profile"),
        ("badgeNumber", json!("7"), "badgeNumber: The value must be of type integer"),
        ("skills", json!("rust"), "skills: The value must be of type array"),
    ];
    for (name, value, cause) in cases {
        let given = json!({"profile": {name: value}});
        let answer = org.post(&format!("/users/{id}"), given).await;
        assert_eq!((answer.code(), answer.cause()), ((400, "E0000001"), cause));
        let mut profile = ada();
        profile["login"] = "other@x.example".into();
        profile[name] = value;
        let answer = org.post("/users", json!({"profile": profile})).await;
        assert_eq!((answer.code(), answer.cause()), ((400, "E0000001"), cause));
    }
    assert_eq!(org.get(&format!("/users/{id}")).await.body["profile"]["firstName"], "Ada");
    let again = org.post("/users", json!({"profile": ada()})).await;
    assert!(again.cause().starts_with("login: An object with this field already exists"));
    assert_eq!(org.post("/users", json!({})).await.code(), (400, "E0000001"));
}

#[tokio::test]
async fn the_schema_decides_which_attributes_exist() {
    let org = Org::with(3).await;
    let schema = org.get("/meta/schemas/user/default").await;
    let definitions = &schema.body["definitions"];
    let defined = |name: &str| {
        ["base", "custom"].iter().any(|part| definitions[part]["properties"].get(name).is_some())
    };
    for name in org.sandbox.people().profile(0).keys() {
        assert!(defined(name), "{name}");
    }
    assert_eq!(definitions["custom"]["properties"]["badgeNumber"]["type"], "integer");
    let shoes = json!({"title": "Shoe size", "type": "number"});
    let body =
        json!({"definitions": {"custom": {"properties": {"shoeSize": shoes, "score": null}}}});
    let changed = org.post("/meta/schemas/user/default", body).await;
    let custom = &changed.body["definitions"]["custom"]["properties"];
    assert_eq!((&custom["shoeSize"]["type"], custom.get("score")), (&json!("number"), None));
    let mut profile = ada();
    profile["shoeSize"] = 42.5.into();
    let made = org.post("/users", json!({"profile": profile})).await;
    assert_eq!(made.body["profile"]["shoeSize"], 42.5);
    org.sandbox.okta().set_custom_attribute("hatSize", json!({"type": "integer"}));
    let hat = org.post(&format!("/users/{}", made.id()), json!({"profile": {"hatSize": 7}})).await;
    assert_eq!(hat.body["profile"]["hatSize"], 7);
    assert_eq!(org.get("/meta/schemas/user/osc1").await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn an_etag_guards_a_change() {
    let org = Org::with(3).await;
    let path = format!("/users/{}", org.sandbox.okta().user_id(2));
    let tag = org.get(&path).await.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
    assert_eq!(org.get(&path).await.header("etag"), tag);
    let change = async |tag: &str, title: &str| {
        let body = json!({"profile": {"title": title}});
        Answer::of(org.request(Method::POST, &path).header("If-Match", tag).json(&body)).await
    };
    assert_eq!(change(&tag, "One").await.status, 200);
    assert_eq!(change(&tag, "Two").await.status, 412);
    let current = org.get(&path).await;
    assert_eq!(current.body["profile"]["title"], "One");
    assert_ne!(current.header("etag"), tag);
    assert_eq!(change(current.header("etag"), "Three").await.status, 200);
}

#[tokio::test]
async fn a_deactivated_user_is_not_updated() {
    let org = Org::with(100).await;
    let id = org.in_status("DEPROVISIONED").await;
    let answer = org.post(&format!("/users/{id}"), json!({"profile": {"title": "x"}})).await;
    assert_eq!(answer.code(), (403, "E0000038"));
}

#[tokio::test]
async fn a_test_can_look_and_change_behind_the_api() {
    let org = Org::with(5).await;
    let okta = org.sandbox.okta();
    let login = org.sandbox.people().email(4);
    assert!(okta.set_profile(&login, [("title", json!("Changed")), ("unheardOf", json!(null))]));
    assert!(!okta.set_profile("nobody", []));
    assert_eq!(okta.user(&login).unwrap()["profile"]["title"], "Changed");
    assert_eq!(org.get(&format!("/users/{login}")).await.body["profile"]["unheardOf"], json!(null));
    assert!(okta.user("nobody").is_none());
}
