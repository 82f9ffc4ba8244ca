use reqwest::Method;
use sandbox::{Fault, ProvisioningOptions, ScimOptions};
use serde_json::{Value, json};

use crate::provisioning_support::{Connected, Stub, error, list, quick};
use crate::scim_support::ENTERPRISE;
use crate::support::{Answer, Org};

#[tokio::test]
async fn people_are_created_updated_deactivated_and_found_again() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    assert_eq!(all.requests(), ["GET /Users", "GET /Groups"]);
    let tested = all.org.sandbox.okta().provisioning_requests();
    assert_eq!(tested[0].path, "/Users?startIndex=1&count=2");
    assert_eq!(tested[1].path, "/Groups?startIndex=1&count=100");

    assert_eq!(all.sent(all.assign(0)).await, ["GET /Users", "POST /Users"]);
    let person = all.org.sandbox.people().profile(0);
    let account = all.account(0);
    assert_eq!(account["externalId"], all.user_id(0));
    assert_eq!(account["name"]["givenName"], person["firstName"]);
    let address = json!([{"primary": true, "type": "work", "value": person["email"]}]);
    assert_eq!((&account["emails"], &account["active"]), (&address, &json!(true)));
    assert_eq!(account[ENTERPRISE]["employeeNumber"], person["employeeNumber"]);
    let known = all.app_user(0).await;
    assert_eq!((&known["externalId"], &known["status"]), (&account["id"], &json!("PROVISIONED")));
    assert_eq!(known["syncState"], "SYNCHRONIZED");

    assert_eq!(all.sent(all.set(0, "title", "New")).await, ["GET /Users/*", "PUT /Users/*"]);
    assert_eq!((&all.account(0)["title"], &all.account(0)["id"]), (&json!("New"), &account["id"]));
    // What is not mapped is not sent.
    assert_eq!(all.sent(all.set(0, "nickName", "N")).await, Vec::<String>::new());

    let user = format!("/users/{}", all.user_id(0));
    if all.org.status_of(&all.user_id(0)).await == "ACTIVE" {
        assert_eq!(all.sent(all.org.run(&format!("{user}/lifecycle/suspend"))).await, [""; 0]);
    }
    let gone = all.sent(all.org.run(&format!("{user}/lifecycle/deactivate"))).await;
    assert_eq!(gone, ["PATCH /Users/*"]);
    assert_eq!(all.account(0)["active"], false);
    all.org.run(&format!("{user}/lifecycle/activate?sendEmail=false")).await;
    let back = all.sent(all.assign(0)).await;
    assert_eq!(back, ["GET /Users", "PATCH /Users/*", "GET /Users/*", "PUT /Users/*"]);
    assert_eq!((&all.account(0)["active"], &all.account(0)["id"]), (&json!(true), &account["id"]));
    assert!(all.verdicts().iter().all(|(is_ok, _)| *is_ok), "{:?}", all.verdicts());
    assert_eq!(all.failures(), []);
    assert_eq!(all.org.sandbox.scim().stats().count("DELETE /Users/{id}"), 0);
}

#[tokio::test]
async fn whoever_comes_with_a_group_goes_with_it() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    let team = all.make_group("Team", &[1, 2]).await;
    let path = format!("{}/groups/{team}", all.app);
    let came = all.sent(all.org.put(&path, json!({}))).await;
    assert_eq!(came, ["GET /Users", "POST /Users", "GET /Users", "POST /Users"]);
    let joins = format!("/groups/{team}/users/{}", all.user_id(3));
    all.sent(all.org.put(&joins, json!({}))).await;
    assert_eq!(all.org.sandbox.scim().user_count(), 3);
    assert_eq!(all.sent(all.org.delete(&joins)).await, ["PATCH /Users/*"]);
    assert_eq!(all.sent(all.org.delete(&path)).await, ["PATCH /Users/*", "PATCH /Users/*"]);
    assert!((1..=3).all(|position| all.account(position)["active"] == false));
}

#[tokio::test]
async fn a_group_of_more_than_a_thousand_is_provisioned_too() {
    let org = Org::start(quick().people(1_010)).await;
    let url = org.sandbox.scim_url().to_owned();
    let token = org.sandbox.scim_token().to_owned();
    let all = Connected::new(org, "SCIM with token", &url, &token).await;
    let everyone = all.org.get("/groups?q=Everyone").await.items()[0]["id"].clone();
    let path = format!("{}/groups/{}", all.app, everyone.as_str().unwrap());
    all.sent(all.org.put(&path, json!({}))).await;
    assert_eq!(all.org.sandbox.scim().user_count(), 1_010);
    all.sent(all.org.delete(&path)).await;
    assert!(all.org.sandbox.scim().users().iter().all(|user| user["active"] == false));
}

#[tokio::test]
async fn switches_are_respected() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    all.switch(false, false, false).await;
    assert_eq!(all.sent(all.assign(0)).await, Vec::<String>::new());
    assert_eq!(all.state(0).await, ["ACTIVE", "DISABLED"]);
    // Who was there before stays as it was.
    all.switch(true, false, false).await;
    assert_eq!(all.sent(all.set(0, "title", "x")).await, Vec::<String>::new());
    assert_eq!(all.sent(all.assign(1)).await.len(), 2);
    assert_eq!(all.sent(all.set(1, "title", "x")).await, Vec::<String>::new());
    assert_eq!(all.sent(all.unassign(1)).await, Vec::<String>::new());
    assert_eq!(all.account(1)["active"], true);
    all.sent(all.assign(2)).await;
    all.switch(false, true, true).await;
    assert_eq!(all.sent(all.set(2, "title", "x")).await.len(), 2);
    assert_eq!(all.sent(all.unassign(2)).await, ["PATCH /Users/*"]);
    let path = format!("{}/connections/default/lifecycle/deactivate", all.app);
    assert_eq!(all.org.run(&path).await.status, 204);
    assert_eq!(all.sent(all.assign(3)).await, Vec::<String>::new());
}

#[tokio::test]
async fn mappings_say_what_is_sent_once_and_what_is_put_back() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    let id = all.app.rsplit('/').next().unwrap();
    let there = all.org.get(&format!("/mappings?targetId={id}")).await.items()[0]["id"].clone();
    let rule = |text: &str, push: &str| json!({"expression": text, "pushStatus": push});
    let properties = json!({
        "title": rule("user.title", "DONT_PUSH"),
        "displayName": rule("user.firstName + \"!\"", "PUSH"),
        "costCenter": null,
    });
    let path = format!("/mappings/{}", there.as_str().unwrap());
    assert_eq!(all.org.post(&path, json!({"properties": properties})).await.status, 200);
    all.sent(all.assign(0)).await;
    let made = all.account(0);
    let person = all.org.sandbox.people().profile(0);
    assert_eq!(made["title"], person["title"]);
    assert_eq!(made["displayName"], format!("{}!", person["firstName"].as_str().unwrap()));
    assert!(made[ENTERPRISE].get("costCenter").is_none());
    // Somebody edits it in the product.
    let edit = json!({"schemas": [scim_types::urn::PATCH_OP], "Operations": [
        {"op": "replace", "value": {"title": "Edited", "displayName": "Edited", "nickName": "Kept"}},
        {"op": "add", "path": format!("{ENTERPRISE}:costCenter"), "value": "Kept"},
    ]});
    let url = format!("{}/Users/{}", all.org.sandbox.scim_url(), made["id"].as_str().unwrap());
    let edited = all.org.http.patch(url).bearer_auth(all.org.sandbox.scim_token()).json(&edit);
    assert_eq!(edited.send().await.unwrap().status(), 200);
    all.sent(all.set(0, "department", "Elsewhere")).await;
    let now = all.account(0);
    assert_eq!((&now["title"], &now["nickName"]), (&json!("Edited"), &json!("Kept")));
    assert_eq!(now["displayName"], made["displayName"]);
    assert_eq!(now[ENTERPRISE]["department"], "Elsewhere");
    assert_eq!(now[ENTERPRISE]["costCenter"], "Kept");
}

#[tokio::test]
async fn custom_attributes_get_to_their_namespace() {
    let all = Connected::to_sandbox(ScimOptions::peakon()).await;
    let id = all.app.rsplit('/').next().unwrap();
    let unit = json!({"title": "Unit", "type": "string", "externalName": "Business Unit",
                      "externalNamespace": sandbox::scim::PEAKON_USER});
    let schema = json!({"definitions": {"custom": {"properties": {"unit": unit}}}});
    all.org.post(&format!("/meta/schemas/apps/{id}/default"), schema).await;
    let body = json!({"id": all.user_id(0), "scope": "USER", "profile": {"unit": "North"}});
    all.sent(all.org.post(&format!("{}/users", all.app), body)).await;
    let account = all.account(0);
    assert_eq!(account[sandbox::scim::PEAKON_USER], json!({"Business Unit": "North"}));
}

#[tokio::test]
async fn every_profile_ends_in_the_right_state() {
    for name in ["generic", "pendo", "peakon", "pingboard"] {
        let all = Connected::to_sandbox(ScimOptions::profile(name).unwrap().seed_people(2)).await;
        for position in 0..4 {
            // The sandbox's managers are not in the product: Peakon would refuse them.
            let manager = all.set(position, "managerId", Value::Null).await;
            assert_eq!(manager.status, 200, "{:?}", manager.body);
            all.assign(position).await;
        }
        all.sent(all.set(0, "title", "T")).await;
        all.sent(all.unassign(1)).await;
        assert_eq!(all.failures(), [], "{name}");
        assert_eq!(all.account(0)["title"], "T", "{name}");
        let left = all.account(1);
        assert_eq!(left.is_null(), name == "pingboard", "{name}");
        assert!(left.is_null() || left["active"] == false, "{name}");
        assert_eq!(all.state(3).await, ["PROVISIONED", "SYNCHRONIZED"], "{name}");
        all.sent(all.assign(1)).await;
        assert_eq!(all.account(1)["active"], true, "{name}");
    }
}

#[tokio::test]
async fn apps_send_the_token_in_their_own_way() {
    for (label, expected) in [("SCIM with header", "hush"), ("SCIM with token", "Bearer hush")] {
        let stub = Stub::start(|_| (200, list(&[]))).await;
        let org = Org::start(quick()).await;
        Connected::new(org, label, &stub.url, "hush").await;
        let arrived = stub.arrived();
        assert_eq!(arrived[0].uri, "/scim/Users?startIndex=1&count=2");
        for one in arrived {
            assert_eq!(one.headers["authorization"], expected);
            assert_eq!(one.headers["user-agent"], "Okta SCIM Client 1.0.0");
        }
    }
}

#[tokio::test]
async fn the_first_requests_are_those_of_okta() {
    let stub = Stub::start(|one| match one.method.as_str() {
        "GET" if one.uri.contains("filter") => error(404, "nobody"),
        "GET" => (200, list(&[])),
        _ => (201, json!({"id": "7", "userName": one.body["userName"], "active": true})),
    });
    let stub = stub.await;
    let all = Connected::new(Org::start(quick()).await, "SCIM with token", &stub.url, "hush").await;
    all.sent(all.assign(0)).await;
    let arrived = stub.arrived();
    let lookup = arrived[2].uri.as_str();
    let login = all.org.sandbox.people().email(0).replace('@', "%40");
    assert_eq!(
        lookup,
        format!("/scim/Users?filter=userName%20eq%20%22{login}%22&startIndex=1&count=100")
    );
    let made = &arrived[3].body;
    assert_eq!((&made["groups"], &made["active"]), (&json!([]), &json!(true)));
    assert!(made["password"].as_str().unwrap().len() >= 16);
    let sent = all.org.sandbox.okta().provisioning_requests();
    assert!(!sent[3].body.as_ref().unwrap().contains(made["password"].as_str().unwrap()));
    // 404 with an Error body is a way to say that nobody is there.
    assert_eq!(all.state(0).await, ["PROVISIONED", "SYNCHRONIZED"]);
    let shown = sent[3].to_string();
    assert!(shown.starts_with("POST /Users {") && shown.contains("-> 201 ok: created"), "{shown}");
}

/// What POST answers to a user name.
type Answering = fn(&str) -> (u16, Value);

async fn assigned(answer: Answering, lookup: Value) -> (Connected, usize) {
    let stub = Stub::start(move |one| match one.method.as_str() {
        "GET" if one.uri.contains("filter") => (200, lookup.clone()),
        "GET" => (200, list(&[])),
        _ => answer(one.body["userName"].as_str().unwrap_or_default()),
    });
    let stub = stub.await;
    let all = Connected::new(Org::start(quick()).await, "SCIM with token", &stub.url, "hush").await;
    all.assign(0).await;
    all.settled().await;
    let tried = stub.arrived().iter().filter(|one| one.method == "POST").count();
    (all, tried)
}

#[tokio::test]
async fn a_job_ends_where_okta_cannot_go_on() {
    let other = list(&[json!({"id": "1", "userName": "someone.else"})]);
    let cases: [(Answering, Value, usize, &str); 7] = [
        (|_| (201, Value::Null), list(&[]), 1, "returned empty user"),
        (|_| error(409, "taken by hush"), list(&[]), 1, "taken: taken by [hidden]"),
        (|_| (400, json!("no")), list(&[]), 1, "refused: the error has no detail"),
        (|_| (503, Value::Null), list(&[]), 5, "the server failed"),
        (|_| (201, json!({"userName": "x"})), list(&[]), 1, "`id` is missing"),
        (|_| (201, Value::Null), other, 0, "Okta would take the wrong one"),
        (|_| (201, Value::Null), json!({"totalResults": 0}), 0, "no ListResponse"),
    ];
    for (answer, lookup, tries, reason) in cases {
        let (all, tried) = assigned(answer, lookup).await;
        assert_eq!(tried, tries, "{reason}");
        let failures = all.failures();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert_eq!(failures[0].0, "application.provision.user.push");
        assert!(failures[0].1.contains(reason), "{failures:?}");
        assert_eq!(all.state(0).await, ["STAGED", "ERROR"]);
        assert!(!all.verdicts().last().unwrap().0, "{:?}", all.verdicts());
    }
}

#[tokio::test]
async fn what_failed_is_tried_again_when_something_changes() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    let faults = all.org.sandbox.faults();
    faults.next("POST /Users", Fault::Status(503), 2);
    assert_eq!(
        all.sent(all.assign(0)).await,
        ["GET /Users", "POST /Users"].repeat(3),
        "the job starts from its lookup"
    );
    faults.next("POST /Users", Fault::Status(503), 5);
    all.sent(all.assign(1)).await;
    assert_eq!(all.state(1).await, ["STAGED", "ERROR"]);
    all.sent(all.set(1, "title", "T")).await;
    assert_eq!(all.state(1).await, ["PROVISIONED", "SYNCHRONIZED"]);
    assert_eq!(all.account(1)["title"], "T");
}

#[tokio::test]
async fn sockets_are_closed_in_time_and_no_other_machine_is_called() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let patience = std::time::Duration::from_millis(20);
    let options = ProvisioningOptions { patience, attempts: 1, ..ProvisioningOptions::default() };
    for (url, reason) in
        [(silent.as_str(), "closed the socket"), ("https://app.example/scim", "loopback only")]
    {
        let org = Org::start(quick().provisioning(options)).await;
        let all = Connected::new(org, "SCIM with token", url, "hush").await;
        let failures = all.failures();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(failures[0].1.contains(reason), "{failures:?}");
    }
}

#[tokio::test]
async fn custom_apps_put_where_others_patch() {
    let org = Org::start(quick().scim(ScimOptions::default())).await;
    let made = org.post("/apps", json!({"label": "Ours", "signOnMode": "SAML_2_0"})).await;
    let refused = org.get(&format!("/apps/{}/features", made.id())).await;
    assert_eq!(refused.status, 400);
    assert!(org.sandbox.okta().enable_scim(made.id()));
    let (url, token) = (org.sandbox.scim_url().to_owned(), org.sandbox.scim_token().to_owned());
    let all = Connected::new(org, "Ours", &url, &token).await;
    all.sent(all.assign(0)).await;
    assert_eq!(all.sent(all.unassign(0)).await, ["GET /Users/*", "PUT /Users/*"]);
    assert_eq!(all.account(0)["active"], false);
    let back = all.sent(all.assign(0)).await;
    assert_eq!(back, ["GET /Users", "GET /Users/*", "PUT /Users/*"]);
    let team = all.make_group("Team", &[0]).await;
    let pushed = all.sent(all.push(&team, "Team")).await;
    assert_eq!(pushed, ["GET /Groups", "POST /Groups", "PUT /Groups/*"]);
    let groups = all.org.sandbox.scim().groups();
    assert_eq!(groups[0]["members"][0]["value"], all.account(0)["id"]);
}

#[tokio::test]
async fn passwords_of_okta_are_sent_only_when_that_is_on() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    let hire = |name: &str| {
        json!({"profile": {"login": format!("{name}@x.example"), "email": format!("{name}@x.example"),
                           "firstName": name, "lastName": "Hire"},
               "credentials": {"password": {"value": "correct horse"}}})
    };
    for (name, is_sent) in [("first", false), ("second", true)] {
        let user = all.org.post("/users?activate=true", hire(name)).await;
        all.sent(all.org.post(&format!("{}/users", all.app), json!({"id": user.id()}))).await;
        let account = all.org.sandbox.scim().user_by_name(&format!("{name}@x.example")).unwrap();
        let id = account["id"].as_str().unwrap();
        assert_eq!(all.org.sandbox.scim().has_password(id, "correct horse"), is_sent);
        let password = json!({"update": {"password": {"status": "ENABLED", "seed": "OKTA"}}});
        let path = format!("{}/features/USER_PROVISIONING", all.app);
        assert_eq!(all.org.put(&path, password).await.status, 200);
    }
}

#[tokio::test]
async fn an_app_that_is_deleted_sends_nothing_more() {
    let all = Connected::to_sandbox(ScimOptions::default()).await;
    all.sent(all.assign(0)).await;
    all.org.run(&format!("{}/lifecycle/deactivate", all.app)).await;
    assert_eq!(all.sent(all.set(0, "title", "T")).await, Vec::<String>::new());
    assert_eq!(all.org.delete(&all.app).await.status, 204);
    let gone = Answer::of(all.org.request(Method::GET, &all.app)).await;
    assert_eq!(gone.status, 404);
    all.settled().await;
}
