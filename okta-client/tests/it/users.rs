//! One test per endpoint of users.

use futures::TryStreamExt;
use okta_client::search::attr;
use okta_client::{
    GroupId, HashedPassword, NewCredentials, Omit, Profile, Provider, ProviderType, SaltOrder,
    User, UserStatus, UserTypeId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::*;

async fn ids(list: okta_client::ListUsers<Profile>) -> Vec<String> {
    list.stream().map_ok(|user| user.id.to_string()).try_collect().await.unwrap()
}

#[tokio::test]
async fn list_takes_pages_of_200_and_nothing_else() {
    let org = Org::answers(json!([user(), {"id": "00u2"}])).await;
    assert_eq!(ids(org.okta.users().list()).await, ["00u1", "00u2"]);
    org.saw("GET /api/v1/users", &[("limit", "200")], Value::Null).await;
}

#[tokio::test]
async fn list_by_search_sorted() {
    let org = Org::answers(json!([user()])).await;
    let staff = attr("profile.department").eq("R&D \"North\"").and(attr("status").ne("STAGED"));
    ids(org.okta.users().list().search(staff).sort_by("profile.lastName", false).page_size(50))
        .await;
    let search = "profile.department eq \"R&D \\\"North\\\"\" and \
        (status lt \"STAGED\" or status gt \"STAGED\")";
    let query = [
        ("limit", "50"),
        ("search", search),
        ("sortBy", "profile.lastName"),
        ("sortOrder", "desc"),
    ];
    org.saw("GET /api/v1/users", &query, Value::Null).await;
}

#[tokio::test]
async fn list_by_search_as_text() {
    let org = Org::answers(json!([])).await;
    ids(org.okta.users().list().search("status eq \"ACTIVE\"").sort_by("id", true)).await;
    let query = [
        ("limit", "200"),
        ("search", "status eq \"ACTIVE\""),
        ("sortBy", "id"),
        ("sortOrder", "asc"),
    ];
    org.saw("GET /api/v1/users", &query, Value::Null).await;
}

#[tokio::test]
async fn list_by_filter() {
    let org = Org::answers(json!([])).await;
    let filter = attr("lastUpdated").gt("2026-01-01T00:00:00.000Z");
    ids(org.okta.users().list().filter(filter)).await;
    let query = [("limit", "200"), ("filter", "lastUpdated gt \"2026-01-01T00:00:00.000Z\"")];
    org.saw("GET /api/v1/users", &query, Value::Null).await;
}

#[tokio::test]
async fn list_by_q() {
    let org = Org::answers(json!([user()])).await;
    ids(org.okta.users().list().q("Zoë & co").page_size(20)).await;
    org.saw("GET /api/v1/users", &[("limit", "20"), ("q", "Zoë & co")], Value::Null).await;
}

const LIGHTER: &str =
    "application/json; okta-response=\"omitCredentials,omitTransitioningToStatus\"";

#[tokio::test]
async fn list_some_parts_only() {
    let org =
        Org::answers(json!([{"id": "00u1", "profile": {"login": "ada"}}, {"id": "00u2"}])).await;
    let list = org.okta.users().list().fields("status,profile:(login)").expand("classification");
    let list = list.omit([Omit::Credentials, Omit::TransitioningToStatus]);
    assert_eq!(ids(list).await, ["00u1", "00u2"]);
    let query =
        [("limit", "200"), ("fields", "status,profile:(login)"), ("expand", "classification")];
    let request = org.saw("GET /api/v1/users", &query, Value::Null).await;
    assert_eq!(header(&request, "content-type").as_deref(), Some(LIGHTER));
}

#[tokio::test]
async fn get_with_more_and_less() {
    let mut blocked = user();
    blocked["_embedded"] = json!({"blocks": [{"type": "DEVICE_BASED"}]});
    let org = Org::answers(blocked).await;
    let get = org.okta.users().get("00u1").expand("blocks");
    let ada = get.omit([Omit::Credentials, Omit::TransitioningToStatus]).await.unwrap();
    let embedded = ada.embedded.unwrap().get().unwrap();
    assert_eq!(embedded["blocks"][0]["type"], "DEVICE_BASED");
    let request = org.saw("GET /api/v1/users/00u1", &[("expand", "blocks")], Value::Null).await;
    assert_eq!(header(&request, "content-type").as_deref(), Some(LIGHTER));
}

#[tokio::test]
async fn limit_ends_the_listing_and_not_the_page() {
    let next = "</api/v1/users?after=2>; rel=\"next\"";
    let page = json!([{"id": "00u1"}, {"id": "00u2"}, {"id": "00u3"}]);
    let answer = ResponseTemplate::new(200).set_body_json(page).insert_header("link", next);
    let org = Org::with(answer).await;
    assert_eq!(ids(org.okta.users().list().limit(2)).await, ["00u1", "00u2"]);
    org.saw("GET /api/v1/users", &[("limit", "200")], Value::Null).await;
}

#[tokio::test]
async fn get_by_login_is_percent_encoded_and_decoded() {
    let org = Org::answers(user()).await;
    let ada = org.okta.users().get("ada+1@acme.example").await.unwrap();
    org.saw("GET /api/v1/users/ada%2B1%40acme.example", &[], Value::Null).await;
    assert_eq!((ada.id.as_str(), ada.status.clone()), ("00u1", Some(UserStatus::Active)));
    assert_eq!(ada.profile.login(), Some("ada@acme.example"));
    assert_eq!(ada.profile.mobile_phone(), None);
    assert_eq!(ada.profile.get::<u32>("badge").unwrap(), Some(7));
    assert_eq!(ada.profile.get::<Vec<String>>("skills").unwrap().unwrap().len(), 2);
    assert_eq!(ada.created.as_ref().unwrap().timestamp().unwrap().as_second(), 1_767_323_045);
    let provider = ada.credentials.as_ref().unwrap().get().unwrap().provider.unwrap();
    assert_eq!(provider.kind, Some(ProviderType::Okta));
    assert_eq!(serde_json::to_value(&ada).unwrap(), user());
}

#[tokio::test]
async fn get_says_who_is_not_there_and_try_get_gives_none() {
    let org = Org::refuses(404, "E0000007").await;
    let error = org.okta.users().get("bob").await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "GET /api/v1/users/{id}: 404 E0000007 said no");
    assert_eq!(org.okta.users().try_get("bob").await.unwrap(), None);
    let org = Org::answers(user()).await;
    assert!(org.okta.users().try_get("ada").await.unwrap().is_some());
    let org = Org::refuses(403, "E0000006").await;
    let error = org.okta.users().try_get("ada").await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("lacks an admin role"), "{error}");
}

#[tokio::test]
async fn an_answer_with_etag_that_ends_too_early_is_asked_for_again() {
    let cut = ResponseTemplate::new(200).set_body_raw("{\"id\":", "application/json");
    let org = Org::with(cut).await;
    let error = org.okta.users().get_with_etag("00u1").await.unwrap_err();
    assert_eq!((org.requests().await.len(), error.attempts()), (6, 6));
    assert!(error.to_string().starts_with("GET /api/v1/users/{id}: "), "{error}");
}

#[tokio::test]
async fn get_with_etag() {
    let answer = ResponseTemplate::new(200).set_body_json(user());
    let org = Org::with(answer.clone().insert_header("etag", "W/\"12\"")).await;
    let (ada, etag) = org.okta.users().get_with_etag("00u1").await.unwrap();
    org.saw("GET /api/v1/users/00u1", &[], Value::Null).await;
    assert_eq!((ada.id.as_str(), etag.as_deref()), ("00u1", Some("W/\"12\"")));
    let org = Org::with(answer).await;
    assert_eq!(org.okta.users().get_with_etag("00u1").await.unwrap().1, None);
}

fn hire() -> Profile {
    Profile::new().with("login", "ada@acme.example").with("badge", 7).with("skills", ["maths"])
}

#[tokio::test]
async fn create_sends_the_profile() {
    let org = Org::answers(user()).await;
    let ada = org.okta.users().create(hire()).await.unwrap();
    assert_eq!(ada.id.as_str(), "00u1");
    let profile = json!({"login": "ada@acme.example", "badge": 7, "skills": ["maths"]});
    org.saw("POST /api/v1/users", &[], json!({"profile": profile})).await;
}

#[tokio::test]
async fn create_with_every_option() {
    let org = Org::answers(user()).await;
    let groups = [GroupId::from("00g1"), GroupId::from("00g2")];
    let credentials = NewCredentials::password("correct horse").recovery("Where?", "There");
    let create = org.okta.users().create(hire()).activate(true).change_password_at_login();
    let create = create.credentials(credentials).groups(&groups).realm("guo1");
    create.user_type(&UserTypeId::from("oty1")).await.unwrap();
    let body = json!({
        "profile": {"login": "ada@acme.example", "badge": 7, "skills": ["maths"]},
        "credentials": {"password": {"value": "correct horse"},
            "recovery_question": {"question": "Where?", "answer": "There"}},
        "groupIds": ["00g1", "00g2"], "realmId": "guo1", "type": {"id": "oty1"}
    });
    let query = [("activate", "true"), ("nextLogin", "changePassword")];
    org.saw("POST /api/v1/users", &query, body).await;
}

#[tokio::test]
async fn create_with_other_credentials() {
    let federation = Provider::new(ProviderType::Federation, "FEDERATION");
    let digest = HashedPassword::digest("SHA-512", "c2FsdA==", SaltOrder::Postfix, "aGFzaA==");
    for (credentials, provider, sent) in [
        (
            NewCredentials::provider(federation),
            true,
            json!({"provider": {"type": "FEDERATION", "name": "FEDERATION"}}),
        ),
        (
            NewCredentials::provider(Provider::new(ProviderType::Okta, "OKTA")),
            false,
            json!({"provider": {"type": "OKTA", "name": "OKTA"}}),
        ),
        (
            NewCredentials::password_hook(),
            false,
            json!({"password": {"hook": {"type": "default"}}}),
        ),
        (
            NewCredentials::hashed(HashedPassword::bcrypt(10, "salt", "value")),
            false,
            json!({"password": {"hash": {"algorithm": "BCRYPT", "workFactor": 10, "salt": "salt",
                "value": "value"}}}),
        ),
        (
            NewCredentials::hashed(digest),
            false,
            json!({"password": {"hash": {"algorithm": "SHA-512", "salt": "c2FsdA==",
                "saltOrder": "POSTFIX", "value": "aGFzaA=="}}}),
        ),
        (
            NewCredentials::hashed(HashedPassword::pbkdf2("SHA256_HMAC", 4096, 32, "cw==", "dg==")),
            false,
            json!({"password": {"hash": {"algorithm": "PBKDF2", "digestAlgorithm": "SHA256_HMAC",
                "iterationCount": 4096, "keySize": 32, "salt": "cw==", "value": "dg=="}}}),
        ),
    ] {
        let org = Org::answers(user()).await;
        let create = org.okta.users().create(Profile::new()).activate(false);
        create.credentials(credentials).await.unwrap();
        let query = [("activate", "false"), ("provider", "true")];
        let body = json!({"profile": {}, "credentials": sent});
        org.saw("POST /api/v1/users", &query[..1 + usize::from(provider)], body).await;
    }
}

#[tokio::test]
async fn update_names_what_changes_and_clears_with_null() {
    let org = Org::answers(user()).await;
    let update = org.okta.users().update("00u1").set("title", "Countess").clear("division");
    let update = update.set_all([("badge", json!(8)), ("skills", json!(["x"]))]);
    let ada = update.credentials(NewCredentials::password("p")).if_match("W/\"1\"").await.unwrap();
    assert_eq!(ada.id.as_str(), "00u1");
    let body = json!({
        "profile": {"title": "Countess", "division": null, "badge": 8, "skills": ["x"]},
        "credentials": {"password": {"value": "p"}}
    });
    let request = org.saw("POST /api/v1/users/00u1", &[], body).await;
    assert_eq!(header(&request, "if-match").as_deref(), Some("W/\"1\""));
}

#[tokio::test]
async fn update_and_replace_with_every_option() {
    let org = Org::answers(user()).await;
    let password = || NewCredentials::password("p");
    let update = org.okta.users().update("00u1").set("title", "Countess").realm("guo1");
    update.credentials(password()).strict(true).await.unwrap();
    let body = json!({"profile": {"title": "Countess"}, "realmId": "guo1",
        "credentials": {"password": {"value": "p"}}});
    org.saw("POST /api/v1/users/00u1", &[("strict", "true")], body).await;
    let org = Org::answers(user()).await;
    let replace = org.okta.users().replace("00u1", hire()).realm("guo1").strict(false);
    replace.credentials(password()).user_type(&UserTypeId::from("oty2")).await.unwrap();
    let body = json!({"profile": {"login": "ada@acme.example", "badge": 7, "skills": ["maths"]},
        "realmId": "guo1", "credentials": {"password": {"value": "p"}}, "type": {"id": "oty2"}});
    org.saw("PUT /api/v1/users/00u1", &[("strict", "false")], body).await;
}

#[tokio::test]
async fn an_update_that_comes_too_late_is_a_conflict() {
    let org = Org::refuses(412, "E0000231").await;
    let error = org.okta.users().update("00u1").set("a", 1).if_match("W/\"1\"").await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn replace_writes_back_what_was_read() {
    let org = Org::answers(user()).await;
    let ada: User = serde_json::from_value(user()).unwrap();
    let replace = org.okta.users().replace(&ada.id, ada.profile).if_match("W/\"1\"");
    replace.user_type(&UserTypeId::from("oty2")).await.unwrap();
    let body = json!({"profile": user()["profile"], "type": {"id": "oty2"}});
    let request = org.saw("PUT /api/v1/users/00u1", &[], body).await;
    assert_eq!(header(&request, "if-match").as_deref(), Some("W/\"1\""));
}

#[tokio::test]
async fn replace_keeps_custom_attributes_nulls_and_digits_to_the_letter() {
    let text = r#"{"login":"ada@x","big":12345678901234567890123,"exact":1.10,"gone":null,"deep":{"a":[1,{"b":null}]}}"#;
    let profile: Profile = serde_json::from_str(text).unwrap();
    let org = Org::answers(user()).await;
    org.okta.users().replace("00u1", profile).await.unwrap();
    let sent = String::from_utf8(org.requests().await[0].body.clone()).unwrap();
    assert_eq!(sent, format!("{{\"profile\":{text}}}"));
}

#[tokio::test]
async fn groups_of_a_user() {
    let org = Org::answers(json!([group()])).await;
    let groups: Vec<_> =
        org.okta.users().groups("ada@acme.example").stream().try_collect().await.unwrap();
    org.saw("GET /api/v1/users/ada%40acme.example/groups", &[], Value::Null).await;
    assert_eq!(groups[0].profile.name(), Some("Engineering"));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Staff {
    login: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<u32>,
}

#[tokio::test]
async fn a_profile_struct_of_ones_own_follows_everywhere() {
    let staff = || Staff { login: "ada@acme.example".into(), badge: Some(7) };
    let org = Org::answers(user()).await;
    let users = org.okta.users_as::<Staff>();
    assert_eq!(users.get("00u1").await.unwrap().profile, staff());
    assert_eq!(users.update("00u1").set("badge", 7).await.unwrap().profile, staff());
    assert_eq!(users.replace("00u1", staff()).await.unwrap().profile, staff());
    assert_eq!(users.expire_password("00u1").await.unwrap().profile, staff());
    let created = users.create(Staff { badge: None, ..staff() }).await.unwrap();
    assert_eq!(created.profile.badge, Some(7));
    let sent: Value = serde_json::from_slice(&org.requests().await[4].body).unwrap();
    assert_eq!(sent, json!({"profile": {"login": "ada@acme.example"}}));
    let org = Org::answers(json!([user()])).await;
    let listed: Vec<User<Staff>> =
        org.okta.users_as::<Staff>().list().stream().try_collect().await.unwrap();
    let members: Vec<User<Staff>> =
        org.okta.groups().members_as::<Staff>("00g1").stream().try_collect().await.unwrap();
    assert_eq!((&listed[0].profile, &members[0].profile), (&staff(), &staff()));
}

#[tokio::test]
async fn what_does_not_fit_ones_own_struct_is_named_by_its_path() {
    let mut odd = user();
    odd["profile"]["badge"] = json!("seven");
    let org = Org::answers(json!([user(), odd])).await;
    let listed = org.okta.users_as::<Staff>().list().stream().try_collect::<Vec<_>>().await;
    let error = listed.unwrap_err().to_string();
    assert!(error.contains("`[1].profile.badge`"), "{error}");
}

#[tokio::test]
async fn unknown_values_and_nulls_are_kept_and_written_back() {
    let odd = json!({
        "id": "00u1", "status": "FROZEN", "transitioningToStatus": null, "created": null,
        "activated": null, "statusChanged": null, "lastLogin": null, "lastUpdated": null,
        "passwordChanged": null, "type": null, "realmId": null, "profile": {"login": null},
        "credentials": null, "_links": null, "_embedded": {"blocks": []}
    });
    let org = Org::answers(odd.clone()).await;
    let ada = org.okta.users().get("00u1").await.unwrap();
    assert_eq!(ada.status, Some(UserStatus::Unknown("FROZEN".into())));
    assert_eq!(serde_json::to_value(&ada).unwrap(), odd);
    let org = Org::answers(json!({"id": "00u1"})).await;
    let bare = org.okta.users().get("00u1").await.unwrap();
    assert!(bare.profile.is_empty() && bare.status.is_none());
}
