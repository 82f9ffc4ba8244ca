use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Answer, Org, query};

async fn made(org: &Org, name: &str) -> Answer {
    org.post("/groups", json!({"profile": {"name": name}})).await
}

#[tokio::test]
async fn a_group_from_birth_to_death() {
    let org = Org::with(0).await;
    let group = made(&org, "Büro \"Ost\"").await;
    assert_eq!((group.status, &group.body["type"]), (200, &json!("OKTA_GROUP")));
    assert_eq!(group.body["profile"], json!({"name": "Büro \"Ost\"", "description": null}));
    let path = format!("/groups/{}", group.id());
    assert_eq!(made(&org, "Büro \"Ost\"").await.code(), (409, "E0000055"));
    let described = json!({"profile": {"name": "West", "description": ""}});
    let replaced = org.put(&path, described.clone()).await;
    assert_eq!(replaced.body["profile"], described["profile"]);
    assert_eq!(org.get(&path).await.body["profile"], described["profile"]);
    assert_eq!(org.delete(&path).await.status, 204);
    assert_eq!(org.get(&path).await.code(), (404, "E0000007"));
    let next = made(&org, "West").await;
    assert_ne!(next.id(), group.id());
    assert_eq!(made(&org, "").await.code(), (400, "E0000001"));
}

#[tokio::test]
async fn everyone_holds_all_and_cannot_be_changed() {
    let org = Org::with(30).await;
    let answer = org.get("/groups?q=every").await;
    let everyone = &answer.items()[0];
    assert_eq!((&everyone["type"], answer.links().len()), (&json!("BUILT_IN"), 0));
    let path = format!("/groups/{}", everyone["id"].as_str().unwrap());
    let (members, pages) = org.all(&format!("{path}/users?limit=10")).await;
    assert_eq!((members.len(), pages), (30, 3));
    assert_eq!(org.delete(&path).await.code(), (403, "E0000006"));
    let user = members[0]["id"].as_str().unwrap();
    assert_eq!(org.delete(&format!("{path}/users/{user}")).await.code(), (403, "E0000006"));
}

#[tokio::test]
async fn members_come_and_go() {
    let org = Org::with(40).await;
    let group = made(&org, "Team").await;
    let path = format!("/groups/{}/users", group.id());
    let user = |position| org.sandbox.okta().user_id(position);
    for position in [30, 5, 17] {
        assert_eq!(org.put(&format!("{path}/{}", user(position)), json!({})).await.status, 204);
    }
    let (members, pages) = org.all(&format!("{path}?limit=2")).await;
    let ids: Vec<_> = members.iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((ids, pages), (vec![user(5), user(17), user(30)], 2));
    assert_eq!(org.delete(&format!("{path}/{}", user(17))).await.status, 204);
    assert_eq!(org.sandbox.okta().members("Team").unwrap(), [user(5), user(30)]);
    let of_user = org.get(&format!("/users/{}/groups", user(5))).await;
    let names: HashSet<_> =
        of_user.items().iter().map(|g| g["profile"]["name"].as_str().unwrap()).collect();
    assert!(names.contains("Everyone") && names.contains("Team"), "{names:?}");
    assert!(of_user.links()["self"].ends_with("/groups?limit=200"));
    assert_eq!(org.put(&format!("{path}/nobody"), json!({})).await.code(), (404, "E0000007"));
    assert_eq!(org.get("/groups/00g1/users").await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn departments_are_groups() {
    let org = Org::with(200).await;
    let (members, _) =
        org.all(&format!("/groups/{}/users?limit=15", department(&org, "Sales").await)).await;
    let (all, _) = org.all(&format!("/users?{}", query(&[("search", "id pr")]))).await;
    let expected: Vec<&Value> =
        all.iter().filter(|u| u["profile"]["department"] == "Sales").collect();
    assert!(!expected.is_empty());
    assert_eq!(members.iter().collect::<Vec<_>>(), expected);
}

async fn department(org: &Org, name: &str) -> String {
    let search = query(&[("search", &format!("profile.name eq \"{name}\""))]);
    let found = org.get(&format!("/groups?{search}")).await;
    found.items()[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn new_users_join_the_groups_they_are_given() {
    let org = Org::with(0).await;
    let group = made(&org, "Starters").await;
    let body = |login: &str, groups: Vec<&str>| json!({"profile": {"login": login, "email": login, "firstName": "A", "lastName": "B"}, "groupIds": groups});
    let user = org.post("/users", body("a@x.example", vec![group.id()])).await;
    assert_eq!(org.sandbox.okta().members("Starters").unwrap(), [user.id()]);
    let many = org.post("/users", body("b@x.example", vec![group.id(); 21])).await;
    assert_eq!(many.code(), (400, "E0000093"));
    let unknown = org.post("/users", body("c@x.example", vec!["00g1"])).await;
    assert_eq!(unknown.code(), (404, "E0000007"));
    assert_eq!(org.sandbox.okta().user_count(), 1);
}

#[tokio::test]
async fn groups_are_paged_filtered_and_searched() {
    let org = Org::with(10).await;
    let (all, pages) = org.all("/groups?limit=4").await;
    assert_eq!((all.len(), pages), (11, 3));
    let count = async |name: &str, value: &str| {
        org.get(&format!("/groups?{}", query(&[(name, value)]))).await.items().len()
    };
    assert_eq!(count("filter", r#"type eq "BUILT_IN""#).await, 1);
    assert_eq!(count("filter", r#"type eq "APP_GROUP""#).await, 0);
    assert_eq!(count("search", r#"profile.name co "ORT""#).await, 1);
    assert_eq!(count("search", r#"type eq "okta_group" and profile.name sw "L""#).await, 1);
    assert_eq!(count("q", "e").await, 2);
    for (name, value) in [("filter", r#"profile.name eq "x""#), ("search", r#"type co "x""#)] {
        let answer = org.get(&format!("/groups?{}", query(&[(name, value)]))).await;
        assert_eq!(answer.code(), (400, "E0000031"));
    }
}
