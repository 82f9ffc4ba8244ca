//! Schemas, with every kind of attribute, and profile mappings.

use okta_client::{
    AttributeMaster, AttributeScope, AttributeType, Master, MasterSource, Mutability, NewAttribute,
    PermissionAction, PushStatus, Union, Unique,
};

use crate::drive::Drive;

const APP: &str = "0oa1gjh63g214q0Hq0g4";

pub(crate) async fn drive(drive: &mut Drive) {
    let schemas = drive.okta.schemas();
    let user = drive.call("user schema", schemas.user("default")).await;
    drive.call("user schema of a type", schemas.user("osc1")).await;
    drive.call("group schema", schemas.group()).await;
    drive.call("app user schema", schemas.app_user(APP)).await;
    for (kind, attribute) in attributes() {
        let set = schemas.update_user("default").set("it", attribute.clone());
        drive.call(format!("user attribute: {kind}"), set).await;
        let set = schemas.update_group().set("it", attribute.clone());
        drive.call(format!("group attribute: {kind}"), set).await;
        let set = schemas.update_app_user(APP).set("it", attribute);
        drive.call(format!("app user attribute: {kind}"), set).await;
    }
    drive.call("remove a user attribute", schemas.update_user("osc1").remove("old")).await;
    drive.call("remove a group attribute", schemas.update_group().remove("old")).await;
    drive.call("remove an app user attribute", schemas.update_app_user(APP).remove("old")).await;
    let base = NewAttribute::string("First name").required(false);
    let base = base.own_permission(PermissionAction::ReadOnly);
    let request = schemas.update_user("default").set_base("firstName", base).title("Staff");
    drive.call("change a base attribute", request).await;
    for attribute in user.iter().flat_map(|schema| schema.attributes()) {
        let call = format!("write back attribute {}", attribute.name);
        let attribute = (attribute.name.clone(), attribute.to_new().unwrap());
        let request = schemas.update_user("default").set(attribute.0, attribute.1);
        drive.call(call, request).await;
    }
    mappings(drive).await;
}

fn attributes() -> Vec<(&'static str, NewAttribute)> {
    let text = || NewAttribute::string("Badge");
    let priority = MasterSource::default().kind("APP").value("0oa1");
    let priority = AttributeMaster::from(Master::Override).priority([priority]);
    let choices = [("S", "Small"), ("L", "Large")];
    vec![
        ("string", text().description("On the door").length(1..=20).required(true)),
        ("unique", text().unique(Unique::from(true))),
        ("with a format", text().format("email")),
        ("with a default", text().default_value("none")),
        ("choices", text().choices(choices)),
        ("number", NewAttribute::number("Ratio")),
        ("integer", NewAttribute::integer("Floor")),
        ("boolean", NewAttribute::boolean("On")),
        ("integer choices", NewAttribute::integer("Floor").choices([(1, "First")])),
        ("strings", NewAttribute::list("Skills", AttributeType::String)),
        ("integers", NewAttribute::list("Floors", AttributeType::Integer)),
        ("numbers", NewAttribute::list("Ratios", AttributeType::Number)),
        ("string choices", NewAttribute::list("Sizes", AttributeType::String).choices(choices)),
        (
            "list of integer choices",
            NewAttribute::list("F", AttributeType::Integer).choices([(1, "1st")]),
        ),
        ("combined", NewAttribute::list("Skills", AttributeType::String).union(Union::Enable)),
        ("read only", text().mutability(Mutability::ReadOnly).scope(AttributeScope::OwnOnly)),
        ("hidden", text().own_permission(PermissionAction::Hide)),
        ("mastered by Okta", text().master(Master::Okta)),
        ("mastered by profile", text().master(Master::ProfileMaster)),
        ("mastered by sources", text().master(priority)),
        ("named elsewhere", text().external_name("badge").external_namespace("urn:x")),
    ]
}

async fn mappings(drive: &mut Drive) {
    let mappings = drive.okta.mappings();
    drive.list("mappings", mappings.list().stream()).await;
    let list = mappings.list().source("0oa1").target("oty1").page_size(200);
    drive.list("mappings, some", list.stream()).await;
    drive.call("a mapping", mappings.get("prm1")).await;
    let request = mappings.update("prm1").set("email", "user.email", PushStatus::Push);
    drive.call("set a mapping", request.set("city", "user.city", PushStatus::DontPush)).await;
    drive.call("remove a mapping", mappings.update("prm1").remove("email")).await;
}
