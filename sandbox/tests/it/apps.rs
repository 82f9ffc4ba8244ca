use reqwest::Method;
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Answer, Org, query};

fn seeded(org: &Org, label: &str) -> String {
    format!("/apps/{}", org.sandbox.okta().app_id(label).unwrap())
}

fn kinds(org: &Org, from: usize) -> Vec<String> {
    let events = org.sandbox.okta().events();
    events[from..].iter().map(|event| event["eventType"].as_str().unwrap().to_owned()).collect()
}

async fn connected(org: &Org) -> String {
    let app = seeded(org, "SCIM with header");
    let connection = json!({"baseUrl": "http://127.0.0.1:1/scim/v2",
                            "profile": {"authScheme": "TOKEN", "token": "hush"}});
    let set = org.post(&format!("{app}/connections/default"), connection).await;
    assert_eq!((set.status, &set.body["status"]), (200, &json!("DISABLED")));
    let path = format!("{app}/connections/default/lifecycle/activate");
    assert_eq!(org.run(&path).await.status, 204);
    app
}

#[tokio::test]
async fn an_app_from_birth_to_death() {
    let org = Org::with(3).await;
    let bookmark = json!({"label": "Mark", "signOnMode": "BOOKMARK",
                          "settings": {"app": {"url": "https://x.example"}}});
    let made = org.post("/apps", bookmark.clone()).await;
    assert_eq!((made.status, &made.body["name"]), (200, &json!("bookmark")));
    assert_eq!(made.body["settings"]["app"]["url"], "https://x.example");
    assert_eq!(made.body["settings"]["notes"], json!({"admin": null, "enduser": null}));
    let path = format!("/apps/{}", made.id());
    // Recorded: several apps of an org have the same label.
    let twin = org.post("/apps", bookmark).await;
    assert_eq!((twin.status, &twin.body["label"]), (200, &json!("Mark")));
    let renamed = json!({"label": "New", "name": "bookmark", "signOnMode": "BOOKMARK",
                         "settings": {"app": {"url": "https://y.example"}}});
    let replaced = org.put(&path, renamed).await;
    assert_eq!(
        (&replaced.body["label"], &replaced.body["settings"]["app"]),
        (&json!("New"), &json!({"url": "https://y.example"}))
    );
    let bare = org.put(&path, json!({"label": "New"})).await;
    assert_eq!(
        (bare.code(), bare.cause()),
        ((400, "E0000001"), "url: The field cannot be left blank")
    );
    let other = json!({"label": "New", "signOnMode": "SAML_2_0"});
    assert_eq!(org.put(&path, other).await.code(), (400, "E0000001"));
    assert_eq!(org.delete(&path).await.code(), (403, "E0000056"));
    assert_eq!(org.run(&format!("{path}/lifecycle/deactivate")).await.body, json!({}));
    assert_eq!(org.delete(&path).await.status, 204);
    assert_eq!(org.get(&path).await.code(), (404, "E0000007"));
    assert_eq!(
        kinds(&org, 0),
        ["create", "create", "update", "deactivate", "delete"]
            .map(|kind| format!("application.lifecycle.{kind}"))
    );
}

#[tokio::test]
async fn apps_are_paged_and_found() {
    let org = Org::with(3).await;
    let count = async |pairs: &[(&str, &str)]| {
        let answer = org.get(&format!("/apps?{}", query(pairs))).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.items().len()
    };
    assert_eq!(org.all("/apps?limit=2").await.1, 2);
    assert_eq!(count(&[("q", "scim")]).await, 2);
    assert_eq!(count(&[("filter", r#"name eq "scim2testapp" or status eq "INACTIVE""#)]).await, 1);
    let me = org.sandbox.okta().user_id(0);
    org.post(&format!("{}/users", seeded(&org, "Custom SAML")), json!({"id": me})).await;
    let mine = format!("user.id eq \"{me}\"");
    let expand = format!("user/{me}");
    assert_eq!(count(&[("filter", &mine), ("expand", &expand)]).await, 1);
    let expanded =
        org.get(&format!("/apps?{}", query(&[("filter", &mine), ("expand", &expand)]))).await;
    assert_eq!(expanded.items()[0]["_embedded"]["user"]["scope"], "USER");
    let malformed = org.get("/apps?expand=nonsense").await;
    assert_eq!(
        (malformed.code(), malformed.cause()),
        ((400, "E0000001"), "Expand query is malformed.")
    );
    let bad = org.get(&format!("/apps?{}", query(&[("filter", r#"label eq "x""#)]))).await;
    assert_eq!(bad.code(), (400, "E0000031"));
    assert_eq!(org.get("/apps?after=nonsense").await.code(), (400, "E0000029"));
}

#[tokio::test]
async fn connections_and_features() {
    let org = Org::with(1).await;
    let plain = seeded(&org, "Custom SAML");
    let unknown = json!({"status": "UNKNOWN", "profile": {"authScheme": "UNKNOWN"}});
    assert_eq!(org.get(&format!("{plain}/connections/default")).await.body, unknown);
    let refused = org.get(&format!("{plain}/features")).await;
    assert_eq!(
        (refused.code(), refused.cause()),
        ((400, "E0000001"), "Provisioning is not supported.")
    );
    let unset = seeded(&org, "SCIM with token");
    assert_eq!(org.get(&format!("{unset}/features")).await.code(), (400, "E0000001"));
    let path = format!("{unset}/connections/default/lifecycle/activate");
    assert_eq!(org.run(&path).await.code(), (400, "E0000001"));
    let incomplete = json!({"profile": {"authScheme": "TOKEN"}});
    let answer = org.post(&format!("{unset}/connections/default"), incomplete).await;
    assert_eq!(answer.code(), (400, "E0000001"));

    let app = connected(&org).await;
    let connection = org.get(&format!("{app}/connections/default")).await.body;
    assert_eq!(
        (&connection["status"], &connection["profile"]),
        (&json!("ENABLED"), &json!({"authScheme": "TOKEN"}))
    );
    assert!(!connection.to_string().contains("hush"));
    assert_eq!(org.get(&format!("{app}/features")).await.items().len(), 2);
    let create = json!({"create": {"lifecycleCreate": {"status": "ENABLED"}}});
    let feature = org.put(&format!("{app}/features/USER_PROVISIONING"), create).await;
    let capabilities = &feature.body["capabilities"];
    assert_eq!(capabilities["create"]["lifecycleCreate"]["status"], "ENABLED");
    assert_eq!(capabilities["update"]["password"]["seed"], "RANDOM");
    let unknown = json!({"fly": {"status": "ENABLED"}});
    let refused = org.put(&format!("{app}/features/USER_PROVISIONING"), unknown).await;
    assert_eq!(refused.code(), (400, "E0000001"));
    assert_eq!(org.get(&format!("{app}/features/NONE")).await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn users_are_assigned_one_by_one() {
    let org = Org::with(5).await;
    let app = seeded(&org, "SCIM with header");
    let user = org.sandbox.okta().user_id(0);
    let body = json!({"id": user, "scope": "USER", "profile": {"title": "Given"}});
    let made = org.post(&format!("{app}/users"), body).await;
    let person = org.sandbox.people().profile(0);
    assert_eq!((made.status, &made.body["scope"]), (200, &json!("USER")));
    assert_eq!(made.body["credentials"]["userName"], person["login"]);
    assert_eq!(
        (&made.body["profile"]["title"], &made.body["profile"]["givenName"]),
        (&json!("Given"), &person["firstName"])
    );
    let path = format!("{app}/users/{user}");
    let renamed = json!({"credentials": {"userName": "other"}, "profile": {"title": null}});
    let changed = org.post(&path, renamed).await;
    assert_eq!(
        (&changed.body["credentials"]["userName"], &changed.body["profile"]["title"]),
        (&json!("other"), &person["title"])
    );
    assert_eq!(org.get(&path).await.body, changed.body);
    let unknown = org.post(&path, json!({"profile": {"nope": 1}})).await;
    assert_eq!(unknown.cause(), "Property name 'nope' is not defined in profile");
    assert_eq!(org.delete(&path).await.status, 204);
    assert_eq!(org.get(&path).await.code(), (404, "E0000007"));
    assert_eq!(
        org.post(&format!("{app}/users"), json!({"id": "nobody"})).await.code(),
        (404, "E0000007")
    );
    let expected =
        ["add", "update", "remove"].map(|kind| format!("application.user_membership.{kind}"));
    assert_eq!(kinds(&org, 0), expected);
}

#[tokio::test]
async fn members_come_and_go_with_their_group() {
    let org = Org::with(10).await;
    let app = seeded(&org, "SCIM with header");
    let user = |n| org.sandbox.okta().user_id(n);
    let group = org.post("/groups", json!({"profile": {"name": "Team"}})).await;
    let team = format!("/groups/{}", group.id());
    org.put(&format!("{team}/users/{}", user(2)), json!({})).await;
    let assigned = org.put(&format!("{app}{team}"), json!({})).await;
    assert_eq!((assigned.status, &assigned.body["priority"]), (200, &json!(0)));
    org.put(&format!("{team}/users/{}", user(0)), json!({})).await;
    let users = async || {
        let (users, _) = org.all(&format!("{app}/users?limit=1")).await;
        users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(users().await, [user(0), user(2)]);
    let with_group = org.get(&format!("{app}/users/{}", user(0))).await;
    assert_eq!(with_group.body["scope"], "GROUP");
    let bound = org.delete(&format!("{app}/users/{}", user(0))).await;
    assert_eq!(bound.code(), (400, "E0000001"));
    assert_eq!(org.get(&format!("{team}/apps")).await.items().len(), 1);
    let patch = json!([{"op": "replace", "path": "/priority", "value": 7}]);
    let patched = org.request(Method::PATCH, &format!("{app}{team}")).json(&patch);
    assert_eq!(Answer::of(patched).await.body["priority"], 7);
    let before = org.sandbox.okta().event_count();
    org.delete(&format!("{team}/users/{}", user(2))).await;
    assert_eq!(
        kinds(&org, before),
        ["group.user_membership.remove", "application.user_membership.remove"]
    );
    // A deactivated user has no apps, and nothing of theirs stays.
    org.run(&format!("/users/{}/lifecycle/deactivate", user(0))).await;
    assert_eq!(users().await, Vec::<String>::new());
    let before = org.sandbox.okta().event_count();
    org.run(&format!("/users/{}/lifecycle/activate?sendEmail=false", user(0))).await;
    assert_eq!(kinds(&org, before), ["user.lifecycle.activate", "application.user_membership.add"]);
    assert_eq!(org.delete(&format!("{app}{team}")).await.status, 204);
    assert_eq!(org.get(&format!("{app}{team}")).await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn everyone_may_be_a_million() {
    let org = Org::start(Sandbox::builder().people(1_000_000)).await;
    let app = seeded(&org, "SCIM with header");
    let everyone = org.get("/groups?q=Everyone").await.items()[0]["id"].clone();
    let path = format!("{app}/groups/{}", everyone.as_str().unwrap());
    assert_eq!(org.put(&path, json!({})).await.status, 200);
    assert_eq!(kinds(&org, 0), ["group.application_assignment.add"]);
    let page = org.get(&format!("{app}/users?limit=500")).await;
    assert_eq!((page.items().len(), page.links().contains_key("next")), (500, true));
    let last = org.sandbox.okta().user_id(999_999);
    assert_eq!(org.get(&format!("{app}/users/{last}")).await.body["scope"], "GROUP");
    let hire = json!({"profile": {"login": "n@x.example", "email": "n@x.example", "firstName": "N", "lastName": "E"}});
    org.post("/users", hire).await;
    assert_eq!(kinds(&org, 1).last().unwrap(), "application.user_membership.add");
}

#[tokio::test]
async fn mappings_merge_and_make_profiles() {
    let org = Org::with(3).await;
    let app = seeded(&org, "SCIM with header");
    let id = app.rsplit('/').next().unwrap();
    let all = org.get("/mappings").await;
    assert!(all.items().iter().all(|mapping| mapping.get("properties").is_none()));
    let there = org.get(&format!("/mappings?targetId={id}")).await.items()[0].clone();
    let path = format!("/mappings/{}", there["id"].as_str().unwrap());
    let user = org.sandbox.okta().user_id(0);
    org.post(&format!("{app}/users"), json!({"id": user})).await;
    let rule = |expression: &str| json!({"expression": expression, "pushStatus": "PUSH"});
    let properties = json!({"title": rule("user.firstName + \"!\""), "locale": null});
    let updated = org.post(&path, json!({"properties": properties})).await;
    assert_eq!(updated.status, 200, "{:?}", updated.body);
    assert!(updated.body["properties"].get("locale").is_none());
    assert_eq!(updated.body["properties"]["email"]["expression"], "user.email");
    let profile = org.get(&format!("{app}/users/{user}")).await.body["profile"].clone();
    let name = &org.sandbox.people().profile(0)["firstName"];
    assert_eq!(profile["title"], format!("{}!", name.as_str().unwrap()));
    for (properties, cause) in [
        (json!({"nope": rule("user.email")}), "Invalid target field nope"),
        (json!({"title": rule("user.email +")}), "Invalid expression for title"),
        (
            json!({"title": rule("user.nick == null ? user.shoeSize : \"x\"")}),
            "Invalid source field nick",
        ),
    ] {
        let refused = org.post(&path, json!({"properties": properties})).await;
        assert_eq!(refused.code(), (400, "E0000001"));
        assert!(refused.cause().contains(cause), "{}", refused.cause());
    }
    assert_eq!(org.get("/mappings/prm1").await.code(), (404, "E0000007"));
}

#[tokio::test]
async fn an_app_s_schema_says_what_its_users_have() {
    let org = Org::with(3).await;
    let app = seeded(&org, "SCIM with header");
    let id = app.rsplit('/').next().unwrap();
    let path = format!("/meta/schemas/apps/{id}/default");
    let custom = |definition: Value| json!({"definitions": {"custom": {"properties": {"badge": definition}}}});
    let added = org
        .post(&path, custom(json!({"title": "Badge", "type": "integer", "externalName": "badge"})))
        .await;
    assert_eq!(added.body["definitions"]["custom"]["properties"]["badge"]["type"], "integer");
    let user = org.sandbox.okta().user_id(0);
    let body = |badge: Value| json!({"id": user, "profile": {"badge": badge}});
    assert_eq!(org.post(&format!("{app}/users"), body(json!("x"))).await.code(), (400, "E0000001"));
    assert_eq!(org.post(&format!("{app}/users"), body(json!(7))).await.body["profile"]["badge"], 7);
    let there = org.get(&format!("/mappings?targetId={id}")).await.items()[0].clone();
    let there = format!("/mappings/{}", there["id"].as_str().unwrap());
    let rule = json!({"expression": "user.badgeNumber", "pushStatus": "PUSH"});
    org.post(&there, json!({"properties": {"badge": rule}})).await;
    let removed = org.post(&path, custom(Value::Null)).await;
    assert_eq!(removed.body["definitions"]["custom"]["properties"], json!({}));
    // Its values and the rule that fills it are gone with it.
    let profile = org.get(&format!("{app}/users/{user}")).await.body["profile"].clone();
    assert!(profile.get("badge").is_none(), "{profile}");
    assert!(org.get(&there).await.body["properties"].get("badge").is_none());
    let other = org.post(&format!("{app}/users/{user}"), json!({"profile": {"title": "T"}})).await;
    assert_eq!(other.status, 200, "{:?}", other.body);
}

#[tokio::test]
async fn groups_are_pushed() {
    let org = Org::with(3).await;
    let app = connected(&org).await;
    let group = org.post("/groups", json!({"profile": {"name": "Team"}})).await;
    let path = format!("{app}/group-push/mappings");
    let body =
        json!({"sourceGroupId": group.id(), "targetGroupName": "Team there", "status": "ACTIVE"});
    let made = org.post(&path, body.clone()).await;
    assert_eq!((made.status, &made.body["status"]), (200, &json!("ACTIVE")));
    assert!(!made.body["created"].as_str().unwrap().contains('.'));
    let target =
        org.get(&format!("/groups/{}", made.body["targetGroupId"].as_str().unwrap())).await;
    assert_eq!(
        (&target.body["type"], &target.body["profile"]["name"]),
        (&json!("APP_GROUP"), &json!("Team there"))
    );
    assert_eq!(org.post(&path, body).await.code(), (400, "E0000001"));
    let both = json!({"sourceGroupId": group.id(), "targetGroupName": "x", "targetGroupId": "y"});
    assert_eq!(org.post(&path, both).await.code(), (400, "E0000001"));
    let listed = org.get(&format!("{path}?status=ACTIVE&sourceGroupId={}", group.id())).await;
    assert_eq!((listed.items().len(), listed.links()["self"].ends_with("?limit=100")), (1, true));
    let one = format!("{path}/{}", made.id());
    let delete = format!("{one}?deleteTargetGroup=true");
    assert_eq!(org.delete(&delete).await.code(), (400, "E0000001"));
    let off =
        Answer::of(org.request(Method::PATCH, &one).json(&json!({"status": "INACTIVE"}))).await;
    assert_eq!(off.body["status"], "INACTIVE");
    assert_eq!(org.delete(&one).await.code(), (400, "E0000028"));
    assert_eq!(org.delete(&delete).await.status, 200);
    assert_eq!(org.get(&one).await.code(), (404, "E0000007"));
    assert_eq!(org.get(&format!("/groups/{}", target.id())).await.status, 404);
    let kinds: Vec<_> = kinds(&org, 0).into_iter().filter(|kind| kind.contains("push")).collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[tokio::test]
async fn an_app_must_be_one_that_there_is() {
    let org = Org::with(1).await;
    for (body, cause) in [
        (json!({"label": "A", "name": "no_such_app"}), "name: there is no app `no_such_app`"),
        (json!({"label": "A", "signOnMode": "SMILE"}), "signOnMode: must be one of AUTO_LOGIN"),
        (json!({"label": "A", "signOnMode": "BOOKMARK"}), "url: The field cannot be left blank"),
        (json!({"label": "A", "name": "bookmark"}), "url: The field cannot be left blank"),
        (
            json!({"label": "A", "signOnMode": "BASIC_AUTH", "settings": {"app": {"url": "u"}}}),
            "authURL: The field cannot be left blank",
        ),
        (json!({"label": "A"}), "signOnMode: The field cannot be left blank"),
        (json!({"name": "deel"}), "label: The field cannot be left blank"),
    ] {
        let refused = org.post("/apps", body.clone()).await;
        assert_eq!(refused.code(), (400, "E0000001"), "{body}");
        assert!(refused.cause().starts_with(cause), "{body}: {}", refused.cause());
    }
    // Recorded: it is answered in lower case.
    let deel = json!({"label": "D", "name": "Deel", "signOnMode": "OPENID_CONNECT"});
    assert_eq!(org.post("/apps", deel).await.body["name"], "deel");
}

#[tokio::test]
async fn switches_have_two_positions() {
    let org = Org::with(1).await;
    let app = connected(&org).await;
    let outbound = format!("{app}/features/USER_PROVISIONING");
    let inbound = format!("{app}/features/INBOUND_PROVISIONING");
    let import = |schedule: Value, rules: Value| {
        json!({"importSettings": {"schedule": schedule},
               "importRules": {"userCreateAndMatch": rules}})
    };
    let (off, none) = (json!({"status": "DISABLED"}), json!({}));
    for (path, body, cause) in [
        (
            &outbound,
            json!({"create": {"lifecycleCreate": {"status": "ON"}}}),
            "create.lifecycleCreate.status: must be one of ENABLED, DISABLED",
        ),
        (
            &outbound,
            json!({"update": {"password": {"seed": "SALT"}}}),
            "update.password.seed: must be one of RANDOM, OKTA",
        ),
        (
            &outbound,
            json!({"update": {"password": {"change": true}}}),
            "update.password.change: is not a capability",
        ),
        (
            &inbound,
            import(json!({"status": "enabled"}), none.clone()),
            "importSettings.schedule.status: must be one of ENABLED, DISABLED",
        ),
        (
            &inbound,
            import(off.clone(), json!({"autoConfirmNewUsers": "yes"})),
            "importRules.userCreateAndMatch.autoConfirmNewUsers: must be true or false",
        ),
        (
            &inbound,
            import(off.clone(), json!({"exactMatchCriteria": "NAME"})),
            "importRules.userCreateAndMatch.exactMatchCriteria: must be one of USERNAME, EMAIL",
        ),
    ] {
        let before = org.get(path).await.body;
        let refused = org.put(path, body).await;
        assert_eq!((refused.code(), refused.cause()), ((400, "E0000001"), cause));
        assert_eq!(org.get(path).await.body, before);
    }
    let taken = org.put(&inbound, import(off, json!({"autoConfirmNewUsers": true}))).await;
    assert_eq!(taken.status, 200, "{:?}", taken.body);
}

#[tokio::test]
async fn an_app_that_cannot_provision_takes_the_activation_and_stays_as_it_is() {
    let org = Org::with(1).await;
    let connection = format!("{}/connections/default", seeded(&org, "Custom SAML"));
    assert_eq!(org.run(&format!("{connection}/lifecycle/activate")).await.status, 204);
    assert_eq!(org.get(&connection).await.body["status"], "UNKNOWN");
}

#[tokio::test]
async fn a_consent_enables_a_connection_of_oauth() {
    let org = Org::with(1).await;
    let app = seeded(&org, "SCIM with token");
    let connection = format!("{app}/connections/default");
    let consent = format!("/apps/scim2testapp/{}/oauth2/callback", app.rsplit('/').next().unwrap());
    let whole = format!("{consent}?code=c&state=s");
    assert_eq!(org.run(&whole).await.code(), (400, "E0000001"));
    let oauth = json!({"baseUrl": "https://scim.example", "profile": {"authScheme": "OAUTH2"}});
    assert_eq!(org.post(&connection, oauth).await.body["status"], "DISABLED");
    assert_eq!(org.run(&consent).await.code(), (400, "E0000028"));
    assert_eq!(org.run(&whole).await.status, 204);
    assert_eq!(org.get(&connection).await.body["status"], "ENABLED");
}

#[tokio::test]
async fn the_dashboard_has_a_link_for_each_app() {
    let org = Org::with(3).await;
    let user = org.sandbox.okta().user_id(0);
    let links = format!("/users/{user}/appLinks");
    assert_eq!(org.get(&links).await.body, json!([]));
    let app = seeded(&org, "Custom SAML");
    org.post(&format!("{app}/users"), json!({"id": user})).await;
    let link = org.get(&links).await.items()[0].clone();
    assert_eq!((&link["label"], &link["sortOrder"]), (&json!("Custom SAML"), &json!(0)));
    assert!(app.ends_with(link["appInstanceId"].as_str().unwrap()));
    org.run(&format!("{app}/lifecycle/deactivate")).await;
    assert_eq!(org.get(&links).await.body, json!([]));
    assert_eq!(org.get("/users/nobody/appLinks").await.code(), (404, "E0000007"));
}
