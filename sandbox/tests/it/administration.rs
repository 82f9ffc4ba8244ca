use serde_json::{Value, json};

use crate::support::Org;

fn kinds(org: &Org, from: usize) -> Vec<String> {
    let events = org.sandbox.okta().events();
    events[from..].iter().map(|event| event["eventType"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn groups_have_owners() {
    let org = Org::with(3).await;
    let user = org.sandbox.okta().user_id(1);
    let team = org.post("/groups", json!({"profile": {"name": "Team"}})).await;
    let others = org.post("/groups", json!({"profile": {"name": "Others"}})).await;
    let path = format!("/groups/{}/owners", team.id());
    let before = org.sandbox.okta().event_count();
    let owner = json!({"id": user, "type": "USER"});
    let made = org.post(&path, owner.clone()).await;
    let person = org.sandbox.people().profile(1);
    let name = format!(
        "{} {}",
        person["firstName"].as_str().unwrap(),
        person["lastName"].as_str().unwrap()
    );
    assert_eq!((made.status, &made.body["displayName"]), (201, &json!(name)));
    let again = org.post(&path, owner).await;
    assert_eq!(
        (again.code(), again.cause()),
        ((400, "E0000001"), "Provided owner is already assigned to this group")
    );
    assert_eq!(org.post(&path, json!({"id": others.id(), "type": "GROUP"})).await.status, 201);
    let wrong = org.post(&path, json!({"id": others.id(), "type": "USER"})).await;
    assert_eq!(wrong.code(), (404, "E0000007"));
    assert_eq!(org.get(&path).await.items().len(), 2);
    let one = format!("{path}/{user}");
    assert_eq!(org.delete(&one).await.status, 204);
    assert_eq!(org.delete(&one).await.code(), (404, "E0000007"));
    assert_eq!(org.get(&path).await.items()[0]["displayName"], "Others");
    assert_eq!(kinds(&org, before), ["resource.owner.update"; 3]);
}

#[tokio::test]
async fn people_are_linked() {
    let org = Org::with(4).await;
    let user = |n| org.sandbox.okta().user_id(n);
    let definitions = "/meta/schemas/user/linkedObjects";
    let end = |name: &str| json!({"name": name, "title": name, "description": "D", "type": "USER"});
    let body = json!({"primary": end("manager"), "associated": end("subordinate")});
    assert_eq!(org.post(definitions, body.clone()).await.status, 201);
    assert_eq!(org.post(definitions, body).await.code(), (400, "E0000001"));
    let linked = |n, name: &str| format!("/users/{}/linkedObjects/{name}", user(n));
    for n in [1, 2] {
        let assign = format!("{}/{}", linked(n, "manager"), user(0));
        assert_eq!(org.put(&assign, json!({})).await.status, 204);
    }
    let hrefs = async |path: String| {
        let answer = org.get(&path).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let href = |item: &Value| item["_links"]["self"]["href"].as_str().unwrap().to_owned();
        answer.items().iter().map(href).collect::<Vec<_>>()
    };
    let href = |n| format!("{}/api/v1/users/{}", org.sandbox.okta_url(), user(n));
    assert_eq!(hrefs(linked(1, "manager")).await, [href(0)]);
    assert_eq!(hrefs(linked(0, "subordinate")).await, [href(1), href(2)]);
    assert_eq!(org.delete(&linked(1, "manager")).await.status, 204);
    assert_eq!(hrefs(linked(0, "subordinate")).await, [href(2)]);
    assert_eq!(org.get(&linked(0, "friend")).await.code(), (404, "E0000007"));
    assert_eq!(org.delete(&format!("{definitions}/manager")).await.status, 204);
    assert_eq!(org.get(&format!("{definitions}/manager")).await.code(), (404, "E0000007"));
    assert_eq!(org.get(&linked(0, "subordinate")).await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn roles_are_given_and_taken() {
    let org = Org::with(3).await;
    let user = org.sandbox.okta().user_id(1);
    let team = org.post("/groups", json!({"profile": {"name": "Admins"}})).await;
    let before = org.sandbox.okta().event_count();
    for (assignee, kind) in
        [(format!("/users/{user}"), "USER"), (format!("/groups/{}", team.id()), "GROUP")]
    {
        let path = format!("{assignee}/roles");
        let made = org.post(&path, json!({"type": "APP_ADMIN"})).await;
        assert_eq!((made.status, made.id()), (201, "IFIFAX2BIRGUSTQ"));
        assert_eq!(made.body["assignmentType"], kind);
        assert_eq!(org.post(&path, json!({"type": "APP_ADMIN"})).await.code(), (409, "E0000090"));
        assert_eq!(org.post(&path, json!({"type": "KING"})).await.code(), (400, "E0000001"));
        let custom = json!({"type": "CUSTOM", "role": "cr1", "resource-set": "iam1"});
        assert_eq!(org.post(&path, custom).await.body["resource-set"], "iam1");
        assert_eq!(org.get(&path).await.items().len(), 2);
        let one = format!("{path}/{}", made.id());
        assert_eq!(org.get(&one).await.body, made.body);
        assert_eq!(org.delete(&one).await.status, 204);
        let gone = org.delete(&one).await;
        assert_eq!(gone.code(), (404, "E0000007"));
    }
    let all = org.get("/iam/assignees/users").await;
    assert_eq!(
        (all.body["value"].as_array().unwrap().len(), &all.body["value"][0]["id"]),
        (1, &json!(user))
    );
    let expected = ["user.account.privilege", "group.privilege"]
        .into_iter()
        .flat_map(|kind| ["grant", "grant", "revoke"].map(|what| format!("{kind}.{what}")));
    assert_eq!(kinds(&org, before), expected.collect::<Vec<_>>());
}
