//! One call, one request: what is sent, and what is made of the answer.

use scim_client::{Endpoint, ErrorKind, Method};
use scim_types::patch::{Operation, PatchOp};
use scim_types::{Group, User};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::support::*;

const ONE: &str = "/Users/2819c223";

#[tokio::test]
async fn get() {
    let server = Server::answers(user("2819c223", "ada")).await;
    let ada = server.scim.users().get("2819c223").await.unwrap();
    assert_eq!((ada.user_name.as_deref(), ada.active), (Some("ada"), Some(true)));
    server.saw(&format!("GET {ONE}"), Value::Null).await;
}

#[tokio::test]
async fn get_keeps_an_id_in_its_segment() {
    let server = Server::answers(user("a/b?c", "ada")).await;
    server.scim.users().get("a/b?c").await.unwrap();
    server.saw("GET /Users/a%2Fb%3Fc", Value::Null).await;
    assert!(server.scim.users().get("..").await.is_err());
}

#[tokio::test]
async fn what_is_not_this_resource_is_not_taken_for_it() {
    let error = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400", "detail": format!("not with {TOKEN}")});
    for answer in [json!({}), user("other", "bob"), error, page(&[user("7", "ada")], 1)] {
        let server = Server::answers(answer).await;
        let users = server.scim.users();
        let ada: scim_types::User = serde_json::from_value(user("7", "ada")).unwrap();
        for error in
            [users.get("7").await, users.create(&ada).await, users.replace(&ada, None).await]
                .map(|answer| answer.err())
        {
            // Somebody with another id may well be the one who was created.
            let Some(error) = error else { continue };
            assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error:?}");
            assert!(!printed(&error).contains(TOKEN));
        }
        assert!(users.get("7").await.is_err() && users.replace(&ada, None).await.is_err());
    }
}

#[tokio::test]
async fn a_created_resource_is_read_where_its_location_says_so_and_only_there() {
    for (location, reads) in [("/Users/7", 1), ("https://x/scim/Users?id=7", 0), ("/Groups/7", 0)] {
        let server =
            Server::with(move |request: &wiremock::Request| match request.method.as_str() {
                "POST" => ResponseTemplate::new(201).insert_header("location", location),
                _ => ok(user("7", "ada")),
            })
            .await;
        let made = server.scim.users().create(&scim_types::User::new("ada")).await;
        assert_eq!(server.requests().await.len(), 1 + reads, "{location}");
        match made {
            Ok(user) => assert_eq!((user.id.as_deref(), reads), (Some("7"), 1)),
            Err(error) => assert!(error.is_unclear() && reads == 0, "{error}"),
        }
    }
}

#[tokio::test]
async fn try_get() {
    let server = Server::answers(group("7", "Engineering")).await;
    let team = server.scim.groups().try_get("7").await.unwrap().unwrap();
    assert_eq!(team.display_name.as_deref(), Some("Engineering"));
    server.saw("GET /Groups/7", Value::Null).await;
    let server = Server::refuses(404, "").await;
    assert!(server.scim.users().try_get("7").await.unwrap().is_none());
    assert!(server.scim.users().get("7").await.unwrap_err().is_not_found());
    assert!(Server::refuses(403, "").await.scim.users().try_get("7").await.is_err());
}

#[tokio::test]
async fn read_with_projection() {
    let server = Server::answers(group("7", "Engineering")).await;
    let read = server.scim.groups().read("7").excluded_attributes(["members"]);
    let team = read.await.unwrap();
    assert_eq!(team.id.as_deref(), Some("7"));
    server.saw("GET /Groups/7?excludedAttributes=members", Value::Null).await;
    let server = Server::answers(user(7, "ada")).await;
    server.scim.users().read("7").attributes(["userName", "name.givenName"]).await.unwrap();
    server.saw("GET /Users/7?attributes=userName,name.givenName", Value::Null).await;
}

#[tokio::test]
async fn get_if_changed() {
    let server = Server::answers(user("2819c223", "ada")).await;
    let users = server.scim.users();
    assert!(users.get_if_changed("2819c223", "W/\"3\"").await.unwrap().is_some());
    let request = server.saw(&format!("GET {ONE}"), Value::Null).await;
    assert_eq!(header(&request, "if-none-match").as_deref(), Some("W/\"3\""));
    let server = Server::with(ResponseTemplate::new(304)).await;
    assert!(server.scim.users().get_if_changed("7", "W/\"3\"").await.unwrap().is_none());
}

#[tokio::test]
async fn create() {
    let created = ResponseTemplate::new(201).set_body_json(user("2819c223", "ada"));
    let server = Server::with(created).await;
    let ada = server.scim.users().create(&User::new("ada")).await.unwrap();
    assert_eq!(ada.id.as_deref(), Some("2819c223"));
    let body =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"});
    server.saw("POST /Users", body).await;
}

#[tokio::test]
async fn create_reads_what_the_answer_does_not_show() {
    let answer = |request: &Request| match request.method.as_str() {
        "POST" => {
            let location = "https://app.example/scim/v2/Users/2819c223";
            ResponseTemplate::new(201).insert_header("location", location)
        }
        _ => ok(user("2819c223", "ada")),
    };
    let server = Server::with(answer).await;
    let ada = server.scim.users().create(&User::new("ada")).await.unwrap();
    assert_eq!(ada.id.as_deref(), Some("2819c223"));
    assert_eq!(server.lines().await, ["POST /Users".to_owned(), format!("GET {ONE}")]);
    let server = Server::with(ResponseTemplate::new(201)).await;
    let error = server.scim.users().create(&User::new("ada")).await.unwrap_err();
    assert!(error.to_string().contains("look it up before creating it again"), "{error}");
}

#[tokio::test]
async fn an_unclear_create_is_not_repeated() {
    let server = Server::refuses(503, "").await;
    let error = server.scim.users().create(&User::new("ada")).await.unwrap_err();
    assert!(error.is_unclear(), "{error:?}");
    assert!(error.to_string().contains("look it up"), "{error}");
    assert_eq!(server.requests().await.len(), 1);
}

#[tokio::test]
async fn replace() {
    let server = Server::answers(user("2819c223", "ada")).await;
    let mut ada: User = serde_json::from_value(user("2819c223", "ada")).unwrap();
    ada.title = Some("Countess".into());
    let kept = server.scim.users().replace(&ada, Some("W/\"3\"")).await.unwrap();
    assert_eq!(kept.title, None, "the answer is what the server keeps");
    let mut body = user("2819c223", "ada");
    body["title"] = "Countess".into();
    let request = server.saw(&format!("PUT {ONE}"), body).await;
    assert_eq!(header(&request, "if-match").as_deref(), Some("W/\"3\""));
    let server = Server::says_nothing().await;
    assert!(server.scim.users().replace(&User::new("ada"), None).await.is_err());
    assert!(server.requests().await.is_empty(), "without an id there is nothing to replace");
}

#[tokio::test]
async fn patch() {
    let patch = PatchOp::new(vec![Operation::replace_all(json!({"active": false}))]);
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"active": false}}]});
    let server = Server::answers(user("2819c223", "ada")).await;
    let shown = server.scim.users().patch("2819c223", &patch, Some("W/\"3\"")).await.unwrap();
    assert!(shown.is_some());
    let request = server.saw(&format!("PATCH {ONE}"), body.clone()).await;
    assert_eq!(header(&request, "if-match").as_deref(), Some("W/\"3\""));
    let server = Server::says_nothing().await;
    assert!(server.scim.users().patch("2819c223", &patch, None).await.unwrap().is_none());
    let request = server.saw(&format!("PATCH {ONE}"), body).await;
    assert_eq!(header(&request, "if-match"), None);
}

#[tokio::test]
async fn delete() {
    let server = Server::says_nothing().await;
    server.scim.groups().delete("7", Some("W/\"1\"")).await.unwrap();
    let request = server.saw("DELETE /Groups/7", Value::Null).await;
    assert_eq!(header(&request, "if-match").as_deref(), Some("W/\"1\""));
    let server = Server::refuses(404, "").await;
    assert!(server.scim.groups().delete("7", None).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_sign_in_page_is_no_success() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>\n</html>", "text/html");
    let server = Server::with(page).await;
    let users = server.scim.users();
    let error = users.delete("7", None).await.unwrap_err();
    let line = error.to_string();
    assert!(line.contains(": answered 200 with text/html instead of JSON; a proxy or"), "{line}");
    assert!(!error.is_unclear(), "it may be deleted again");
    let add = PatchOp::new(vec![Operation::replace_all(json!({"active": false}))]);
    let unclear = [
        users.create(&User::new("ada")).await.unwrap_err(),
        users.patch("7", &add, None).await.unwrap_err(),
    ];
    for error in unclear {
        let line = error.to_string();
        assert!(error.is_unclear() && line.contains("text/html instead of JSON; the "), "{line}");
    }
    assert_eq!(server.requests().await.len(), 3);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let answer = move |_: &Request| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => refusal(503, ""),
        _ => refusal(404, ""),
    };
    let server = Server::with(answer).await;
    server.scim.users().delete("7", None).await.unwrap();
    assert_eq!(server.requests().await.len(), 2);
}

#[tokio::test]
async fn an_endpoint_that_is_not_here_is_one_line() {
    let server = Server::answers(user("2819c223", "ada")).await;
    let me: User = server.scim.request(Method::GET, "/Me", []).json().await.unwrap();
    assert_eq!(me.user_name.as_deref(), Some("ada"));
    server.saw("GET /Me", Value::Null).await;
    let server = Server::refuses(501, "").await;
    let me = server.scim.request(Method::GET, "/Me", []).json::<User>().await;
    assert_eq!(me.unwrap_err().attempts(), 1, "501 is not repeated");
}

#[test]
fn routes_are_those_of_the_rfc() {
    assert_eq!((User::ALL, User::ONE, User::SEARCH), ("/Users", "/Users/{id}", "/Users/.search"));
    assert_eq!((Group::NAME, Group::ALL), ("Group", "/Groups"));
}
