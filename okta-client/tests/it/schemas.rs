//! One test per endpoint of schemas.

use okta_client::{
    AttributeScope, AttributeType, Master, MasterSource, Mutability, NewAttribute,
    PermissionAction, Schema, Union, Unique,
};
use serde_json::{Value, json};

use crate::support::*;

fn schema() -> Value {
    json!({
        "id": "https://acme.okta.com/meta/schemas/user/osc1", "name": "user", "title": "User",
        "definitions": {
            "base": {"id": "#base", "type": "object", "required": ["login"], "properties": {
                "login": {"title": "Username", "type": "string", "format": "email"}}},
            "custom": {"id": "#custom", "type": "object", "required": [], "properties": {
                "badge": {"title": "Badge", "type": "integer", "required": true, "new": {"x": 1}},
                "skills": {"title": "Skills", "type": "array", "items": {"type": "string"}},
                "odd": {"type": "hologram"}}}
        }
    })
}

#[tokio::test]
async fn the_user_schema() {
    let org = Org::answers(schema()).await;
    let schema = org.okta.schemas().user("default").await.unwrap();
    org.saw("GET /api/v1/meta/schemas/user/default", &[], Value::Null).await;
    let all = schema.attributes();
    assert_eq!(all.len(), 4);
    assert_eq!((all[0].name.as_str(), all[0].custom, all[0].required), ("login", false, true));
    assert_eq!(all[0].format.as_deref(), Some("email"));
    let badge = schema.attribute("badge").unwrap();
    assert_eq!((badge.attribute_type, badge.custom), (AttributeType::Integer, true));
    assert!(badge.required && badge.raw["new"]["x"] == 1);
    assert_eq!(schema.attribute("skills").unwrap().item_type, Some(AttributeType::String));
    assert_eq!(schema.attribute("odd").unwrap().attribute_type.as_str(), "hologram");
    assert_eq!(schema.attribute("Badge"), None);
}

#[tokio::test]
async fn the_group_schema() {
    let org = Org::answers(json!({"id": "x", "definitions": {"base": null}})).await;
    assert!(org.okta.schemas().group().await.unwrap().attributes().is_empty());
    org.saw("GET /api/v1/meta/schemas/group/default", &[], Value::Null).await;
}

#[tokio::test]
async fn the_schema_of_an_apps_users() {
    let org = Org::answers(app_schema()).await;
    let schema = org.okta.schemas().app_user("0oa1").await.unwrap();
    org.saw("GET /api/v1/meta/schemas/apps/0oa1/default", &[], Value::Null).await;
    let cost = schema.attribute("costCenter").unwrap();
    assert_eq!(cost.external_name.as_deref(), Some("costCenter"));
    assert_eq!(cost.external_namespace.as_deref(), Some("urn:x:User"));
    assert_eq!((cost.union, cost.default_value), (Some(Union::Disable), Some(json!("none"))));
    assert_eq!(cost.unique, Some(Unique::Word("UNIQUE_VALIDATED".into())));
    assert!(cost.unique.unwrap().is_enforced());
    assert_eq!(cost.master, Some(Master::Override));
    let first = MasterSource::default().kind("APP").value("0oa9");
    assert_eq!(cost.master_sources, [first]);
    assert_eq!(cost.permissions[0].action, Some(PermissionAction::ReadWrite));
    let level = schema.attribute("level").unwrap();
    assert_eq!((level.unique, level.pattern.as_deref()), (Some(Unique::Flag(false)), Some("\\d")));
    let (value, title) = (&level.choices[1].value, &level.choices[1].title);
    assert_eq!((value, title.as_deref()), (&json!(2), Some("two")));
    assert_eq!(serde_json::to_value(&schema).unwrap(), app_schema());
}

fn app_schema() -> Value {
    json!({
        "id": "https://acme.okta.com/meta/schemas/apps/0oa1/default", "name": "acme_app",
        "definitions": {"base": {"id": "#base", "type": "object", "properties": {}},
            "custom": {"id": "#custom", "type": "object", "properties": {
                "costCenter": {"title": "Cost center", "type": "string", "scope": "NONE",
                    "externalName": "costCenter", "externalNamespace": "urn:x:User",
                    "unique": "UNIQUE_VALIDATED", "union": "DISABLE", "default": "none",
                    "permissions": [{"principal": "SELF", "action": "READ_WRITE"}],
                    "master": {"type": "OVERRIDE", "priority": [{"type": "APP", "value": "0oa9"}]}},
                "level": {"title": "Level", "type": "integer", "unique": false, "pattern": "\\d",
                    "new": {"x": null}, "minLength": null,
                    "enum": [1, 2], "oneOf": [{"const": 1, "title": "one"}, {"const": 2, "title": "two"}]}
            }}}
    })
}

fn custom(properties: Value) -> Value {
    let half = json!({"id": "#custom", "type": "object", "properties": properties});
    json!({"definitions": {"custom": half}})
}

#[tokio::test]
async fn attributes_of_every_type_are_sent() {
    let org = Org::answers(schema()).await;
    let badge = NewAttribute::string("Badge").description("On the door").length(1..=20);
    let badge = badge.required(true).unique(true).format("ref-id").default_value("none");
    let badge = badge.own_permission(PermissionAction::ReadOnly).master(Master::Okta);
    let badge = badge.scope(AttributeScope::OwnOnly).mutability(Mutability::Immutable);
    let size = NewAttribute::string("Size").choices([("S", "Small"), ("L", "Large")]);
    let levels = NewAttribute::list("Levels", AttributeType::Integer).choices([(1, "one")]);
    let update = org.okta.schemas().update_user("osc1").set("badge", badge).set("size", size);
    let update = update.set("levels", levels).set("on", NewAttribute::boolean("On"));
    let update = update.set("ratio", NewAttribute::number("Ratio"));
    let schema = update.set("floor", NewAttribute::integer("Floor")).remove("old").await.unwrap();
    assert_eq!(schema.attributes().len(), 4);
    let properties = json!({
        "badge": {"title": "Badge", "description": "On the door", "type": "string",
            "minLength": 1, "maxLength": 20, "required": true, "unique": true, "format": "ref-id",
            "default": "none", "permissions": [{"principal": "SELF", "action": "READ_ONLY"}],
            "master": {"type": "OKTA"}, "scope": "SELF", "mutability": "IMMUTABLE"},
        "size": {"title": "Size", "type": "string", "enum": ["S", "L"],
            "oneOf": [{"const": "S", "title": "Small"}, {"const": "L", "title": "Large"}]},
        "levels": {"title": "Levels", "type": "array", "items": {"type": "integer", "enum": [1],
            "oneOf": [{"const": 1, "title": "one"}]}},
        "on": {"title": "On", "type": "boolean"},
        "ratio": {"title": "Ratio", "type": "number"},
        "floor": {"title": "Floor", "type": "integer"},
        "old": null
    });
    org.saw("POST /api/v1/meta/schemas/user/osc1", &[], custom(properties)).await;
}

#[tokio::test]
async fn a_group_attribute_is_removed() {
    let org = Org::answers(json!({"id": "x"})).await;
    org.okta.schemas().update_group().remove("costCenter").await.unwrap();
    let line = "POST /api/v1/meta/schemas/group/default";
    org.saw(line, &[], custom(json!({"costCenter": null}))).await;
}

#[tokio::test]
async fn an_apps_base_attribute_and_title_are_changed() {
    let org = Org::answers(app_schema()).await;
    let name = NewAttribute::string("Name").required(false);
    let update = org.okta.schemas().update_app_user("0oa1").set_base("name", name);
    let skills = NewAttribute::list("Skills", AttributeType::String).union(Union::Enable);
    let skills = skills.external_name("skills").external_namespace("urn:x:User");
    update.set("skills", skills).title("Acme user").await.unwrap();
    let mut body = custom(json!({"skills": {"title": "Skills", "type": "array",
        "items": {"type": "string"}, "union": "ENABLE", "externalName": "skills",
        "externalNamespace": "urn:x:User"}}));
    body["title"] = json!("Acme user");
    body["definitions"]["base"] = json!({"id": "#base", "type": "object", "properties": {
        "name": {"title": "Name", "type": "string", "required": false}}});
    org.saw("POST /api/v1/meta/schemas/apps/0oa1/default", &[], body).await;
}

#[test]
fn an_attribute_is_changed_from_what_it_is() {
    let schema: Schema = serde_json::from_value(app_schema()).unwrap();
    let raw = &app_schema()["definitions"]["custom"]["properties"];
    for name in ["costCenter", "level"] {
        let attribute = schema.attribute(name).unwrap();
        let mut expected = raw[name].clone();
        assert_eq!(serde_json::to_value(attribute.to_new().unwrap()).unwrap(), expected);
        let changed = attribute.to_new().unwrap().title("Other").length(1..=9);
        expected["title"] = json!("Other");
        expected["minLength"] = json!(1);
        expected["maxLength"] = json!(9);
        assert_eq!(serde_json::to_value(changed).unwrap(), expected);
    }
    let odd = json!({"definitions": {"custom": {"properties": {"odd": {"title": 1}}}}});
    let odd: Schema = serde_json::from_value(odd).unwrap();
    assert!(odd.attribute("odd").unwrap().to_new().is_err());
}

#[tokio::test]
async fn a_schema_change_is_repeated_and_says_what_is_wrong() {
    let org = Org::refuses(503, "E0000010").await;
    let update = org.okta.schemas().update_group().remove("a");
    let error = update.clone().await.unwrap_err();
    assert!(!error.is_unclear() && org.requests().await.len() > 1, "{error}");
    let org = Org::refuses(400, "E0000001").await;
    let error = org.okta.schemas().update_user("default").remove("a").await.unwrap_err();
    let line = "POST /api/v1/meta/schemas/user/{schemaId}: 400 E0000001 said no";
    assert_eq!(error.to_string(), line);
}
