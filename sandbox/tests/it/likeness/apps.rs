//! Apps, what belongs to them, rules and event hooks.

use reqwest::Method;
use serde_json::{Value, json};

use super::drive::Ours;
use crate::event_hooks::{Endpoint, hook};
use crate::support::Answer;

pub(super) async fn drive(ours: &mut Ours) {
    let url = "https://x.example";
    let fields = json!({"url": url, "usernameField": "u", "passwordField": "p", "optionalField1": "a",
                        "optionalField1Value": "b", "optionalField2": "c", "optionalField2Value": "d",
                        "optionalField3": "e", "optionalField3Value": "f"});
    let basic = json!({"url": url, "authURL": url, "loginUrlRegex": null});
    let bookmark = json!({"url": url, "requestIntegration": false});
    let swa = json!({"url": url, "buttonField": "b", "usernameField": "u", "passwordField": "p",
                     "loginUrlRegex": null});
    for body in [
        json!({"label": "A", "signOnMode": "BOOKMARK", "settings": {"app": bookmark}}),
        json!({"label": "B", "signOnMode": "OPENID_CONNECT"}),
        json!({"label": "C", "signOnMode": "SAML_2_0"}),
        json!({"label": "D", "signOnMode": "BROWSER_PLUGIN", "settings": {"app": swa}}),
        json!({"label": "E", "signOnMode": "BASIC_AUTH", "settings": {"app": basic}}),
        json!({"label": "F", "signOnMode": "SECURE_PASSWORD_STORE", "settings": {"app": fields}}),
        json!({"label": "G", "signOnMode": "AUTO_LOGIN"}),
        json!({"label": "H", "name": "bookmark", "settings": {"app": bookmark}}),
    ] {
        instance(ours, body).await;
    }
    ours.get("listApplications", "/apps").await;
    ours.get("listApplications", "/apps?after=nonsense").await;
    assignments(ours).await;
    provisioning(ours).await;
    mappings(ours).await;
    rules(ours).await;
    hooks(ours).await;
}

async fn instance(ours: &mut Ours, body: Value) {
    let made = ours.post("createApplication", "/apps", body.clone()).await;
    let path = format!("/apps/{}", made["id"].as_str().unwrap());
    ours.get("getApplication", &path).await;
    ours.put("replaceApplication", &path, body).await;
    ours.delete("deleteApplication", &path).await;
    ours.run("deactivateApplication", &format!("{path}/lifecycle/deactivate")).await;
    ours.run("activateApplication", &format!("{path}/lifecycle/activate")).await;
    ours.run("deactivateApplication", &format!("{path}/lifecycle/deactivate")).await;
    ours.delete("deleteApplication", &path).await;
}

fn app(ours: &Ours, label: &str) -> String {
    format!("/apps/{}", ours.org.sandbox.okta().app_id(label).unwrap())
}

async fn assignments(ours: &mut Ours) {
    let app = app(ours, "Custom SAML");
    let user = ours.org.sandbox.okta().user_id(3);
    let users = format!("{app}/users");
    ours.post("assignUserToApplication", &users, json!({"id": user, "scope": "USER"})).await;
    ours.get("getApplicationUser", &format!("{users}/{user}")).await;
    let other = json!({"credentials": {"userName": "other"}});
    ours.post("updateApplicationUser", &format!("{users}/{user}"), other).await;
    ours.get("listApplicationUsers", &users).await;
    ours.delete("unassignUserFromApplication", &format!("{users}/{user}")).await;
    let group = ours.org.post("/groups", json!({"profile": {"name": "Assigned"}})).await;
    let path = format!("{app}/groups/{}", group.id());
    ours.put("assignGroupToApplication", &path, json!({})).await;
    ours.get("getApplicationGroupAssignment", &path).await;
    ours.get("listApplicationGroupAssignments", &format!("{app}/groups")).await;
    let apps = format!("/groups/{}/apps", group.id());
    ours.get("listAssignedApplicationsForGroup", &apps).await;
    ours.delete("unassignApplicationFromGroup", &path).await;
}

async fn provisioning(ours: &mut Ours) {
    let plain = app(ours, "Custom SAML");
    let connection = format!("{plain}/connections/default");
    ours.get("getDefaultProvisioningConnectionForApplication", &connection).await;
    let unknown = json!({"profile": {"authScheme": "UNKNOWN"}});
    let set = "updateDefaultProvisioningConnectionForApplication";
    ours.post(set, &connection, unknown).await;
    ours.get("listFeaturesForApplication", &format!("{plain}/features")).await;
    let scim = app(ours, "SCIM with header");
    let connection = format!("{scim}/connections/default");
    let token = json!({"baseUrl": "http://127.0.0.1:1/scim",
                       "profile": {"authScheme": "TOKEN", "token": "t"}});
    ours.post(set, &connection, token).await;
    let turn = "DefaultProvisioningConnectionForApplication";
    for call in ["deactivate", "activate"] {
        let path = format!("{connection}/lifecycle/{call}");
        ours.run(&format!("{call}{turn}"), &path).await;
    }
    let feature = format!("{scim}/features/INBOUND_PROVISIONING");
    ours.get("getFeatureForApplication", &feature).await;
    let feature = format!("{scim}/features/USER_PROVISIONING");
    ours.put("updateFeatureForApplication", &feature, json!("no object")).await;
    let group = ours.org.post("/groups", json!({"profile": {"name": "Pushed"}})).await;
    let pushes = format!("{scim}/group-push/mappings");
    let body = json!({"sourceGroupId": group.id(), "targetGroupName": "There", "status": "ACTIVE"});
    let made = ours.post("createGroupPushMapping", &pushes, body).await;
    let path = format!("{pushes}/{}", made["id"].as_str().unwrap());
    ours.get("getGroupPushMapping", &path).await;
    ours.get("listGroupPushMappings", &format!("{pushes}?after=")).await;
    let off = ours.org.request(Method::PATCH, &path).json(&json!({"status": "INACTIVE"}));
    ours.keep("updateGroupPushMapping", Answer::of(off).await);
    ours.delete("deleteGroupPushMapping", &format!("{path}?deleteTargetGroup=true")).await;
}

async fn mappings(ours: &mut Ours) {
    let scim = app(ours, "SCIM with header");
    let id = scim.rsplit('/').next().unwrap();
    let found = ours.get("listProfileMappings", "/mappings?limit=2").await;
    assert_eq!(found.as_array().unwrap().len(), 2);
    let back = ours.get("listProfileMappings", &format!("/mappings?sourceId={id}")).await;
    let path = format!("/mappings/{}", back[0]["id"].as_str().unwrap());
    ours.get("getProfileMapping", &path).await;
    let rule = json!({"expression": "appuser.userName", "pushStatus": "DONT_PUSH"});
    ours.post("updateProfileMapping", &path, json!({"properties": {"email": rule}})).await;
    ours.post("updateProfileMapping", &path, json!({"properties": {"nope": rule}})).await;
    // The recorded ones are of OIDC apps.
    let oidc = ours.org.post("/apps", json!({"label": "O", "signOnMode": "OPENID_CONNECT"})).await;
    let schema = format!("/meta/schemas/apps/{}/default", oidc.id());
    ours.get("getApplicationUserSchema", &schema).await;
    let custom =
        json!({"definitions": {"custom": {"properties": {"z": {"title": "Z", "type": "string"}}}}});
    ours.post("updateApplicationUserProfile", &schema, custom).await;
}

async fn rules(ours: &mut Ours) {
    let group = ours.org.post("/groups", json!({"profile": {"name": "Ruled"}})).await;
    let body = json!({
        "type": "group_rule", "name": "R",
        "conditions": {"expression": {"type": "urn:okta:expression:1.0",
                                      "value": "String.startsWith(user.firstName,\"andy\")"},
                       "people": {"users": {}}},
        "actions": {"assignUserToGroups": {"groupIds": [group.id()]}},
    });
    let made = ours.post("createGroupRule", "/groups/rules", body.clone()).await;
    let path = format!("/groups/rules/{}", made["id"].as_str().unwrap());
    ours.get("getGroupRule", &path).await;
    ours.put("replaceGroupRule", &path, body).await;
    ours.run("activateGroupRule", &format!("{path}/lifecycle/activate")).await;
    ours.get("listGroupRules", "/groups/rules?limit=1&search=R").await;
    ours.run("deactivateGroupRule", &format!("{path}/lifecycle/deactivate")).await;
    ours.delete("deleteGroupRule", &format!("{path}?removeUsers=false")).await;
}

async fn hooks(ours: &mut Ours) {
    let body = json!({
        "name": "H", "events": {"type": "EVENT_TYPE", "items": ["user.lifecycle.create"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://www.example.com/eventHooks",
            "headers": [{"key": "X-Test-Header", "value": "Test Header value"}],
            "authScheme": {"type": "HEADER", "key": "Authorization", "value": "v"},
        }},
    });
    let made = ours.post("createEventHook", "/eventHooks", body.clone()).await;
    let path = format!("/eventHooks/{}", made["id"].as_str().unwrap());
    ours.get("getEventHook", &path).await;
    ours.put("replaceEventHook", &path, body).await;
    ours.run("deactivateEventHook", &format!("{path}/lifecycle/deactivate")).await;
    ours.run("activateEventHook", &format!("{path}/lifecycle/activate")).await;
    ours.run("deactivateEventHook", &format!("{path}/lifecycle/deactivate")).await;
    ours.get("getEventHook", &path).await;
    ours.delete("deleteEventHook", &path).await;
    let body = hook(&Endpoint::default().start().await);
    let made = ours.post("createEventHook", "/eventHooks", body).await;
    let path = format!("/eventHooks/{}", made["id"].as_str().unwrap());
    ours.run("verifyEventHook", &format!("{path}/lifecycle/verify")).await;
}
