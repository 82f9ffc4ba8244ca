//! Lookups on servers that filter, filter wrongly, or do not filter.

use std::sync::Arc;

use futures::future::join_all;
use scim_client::{Error, ErrorKind, Result};
use scim_types::User;
use scim_types::filter::Filter;
use scim_types::schema::Schemas;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use wiremock::{Request, ResponseTemplate};

use crate::support::*;

/// What a server does with a filter on an attribute.
#[derive(Clone, Copy, PartialEq)]
enum Filters {
    Well,
    Ignored,
    /// 200 and nobody, as django-scim2 for what its table lacks.
    FindNobody,
    Refused(u16, &'static str),
}

fn directory(all: Vec<Value>, filters: Filters) -> impl Fn(&Request) -> ResponseTemplate {
    move |request: &Request| {
        let Some(filter) = query(request, "filter") else {
            return ok(page(part(&all, request), all.len()));
        };
        let matcher = Filter::parse(&filter).unwrap().matcher(Schemas::user()).unwrap();
        let found: Vec<Value> = match filters {
            Filters::Refused(status, kind) => return refusal(status, kind),
            Filters::FindNobody => Vec::new(),
            Filters::Ignored => all.clone(),
            Filters::Well => all.iter().filter(|user| matcher.matches(*user)).cloned().collect(),
        };
        ok(page(part(&found, request), found.len()))
    }
}

fn id(found: Result<Option<User>>) -> Option<String> {
    found.unwrap().map(|user| user.id.unwrap())
}

/// How many requests had a filter, and how many had none.
async fn counted(server: &Server) -> (usize, usize) {
    let lines = server.lines().await;
    let filtered = lines.iter().filter(|line| line.contains("filter=")).count();
    (filtered, lines.len() - filtered)
}

#[tokio::test]
async fn asks_as_okta_does() {
    let server = Server::answers(page(&[user(7, "Ada\"@acme.example")], 1)).await;
    let found = server.scim.users().find("userName", "ada\"@ACME.example").await;
    assert_eq!(id(found).as_deref(), Some("7"));
    let line = "GET /Users?filter=userName eq \"ada\\\"@ACME.example\"&startIndex=1&count=100";
    server.saw(line, Value::Null).await;
}

#[tokio::test]
async fn nobody_is_believed_once_a_lookup_is_seen_to_work() {
    let server = Server::with(directory(users(3), Filters::Well)).await;
    let users = server.scim.users();
    assert_eq!(id(users.find("userName", "nobody").await), None);
    assert_eq!(counted(&server).await, (2, 1));
    for name in ["no", "none"] {
        // Clones know it, too, and names have no case.
        assert_eq!(id(server.scim.clone().users().find("USERNAME", name).await), None);
    }
    assert_eq!(counted(&server).await, (4, 1));
    assert_eq!(id(users.find("userName", "U2@acme.example").await).as_deref(), Some("2"));
}

#[tokio::test]
async fn not_found_means_nobody() {
    let answer = |request: &Request| match query(request, "filter") {
        Some(filter) if filter.contains("u1@") => ok(page(&users(1), 1)),
        Some(_) => refusal(404, ""),
        None => ok(page(&users(1), 1)),
    };
    let server = Server::with(answer).await;
    assert_eq!(id(server.scim.users().find("userName", "nobody").await), None);
    // And where there is not even a listing.
    let server = Server::refuses(404, "").await;
    assert!(server.scim.groups().find("displayName", "x").await.unwrap().is_none());
}

#[tokio::test]
async fn a_filter_that_finds_nobody_is_found_out_and_not_asked_again() {
    let mut all = users(250);
    all[0]["externalId"] = "".into();
    all[240]["externalId"] = "X-240".into();
    all[3]["externalId"] = "X-3".into();
    let server = Server::with(directory(all, Filters::FindNobody)).await;
    let users = server.scim.users();
    assert_eq!(id(users.find("externalId", "X-240").await).as_deref(), Some("241"));
    assert_eq!(counted(&server).await, (2, 4), "one lookup, one trial, three pages");
    assert_eq!(id(users.find("externalId", "X-9").await), None);
    assert_eq!(counted(&server).await, (2, 7));
    // What holds for one attribute says nothing of another.
    assert_eq!(id(users.find("userName", "u9@acme.example").await).as_deref(), Some("9"));
    assert_eq!(counted(&server).await, (4, 11));
}

#[tokio::test]
async fn without_anybody_to_try_it_with_an_answer_is_believed() {
    let server = Server::with(directory(users(3), Filters::FindNobody)).await;
    for round in 1..=2 {
        assert_eq!(id(server.scim.users().find("externalId", "X-1").await), None);
        assert_eq!(counted(&server).await, (round, round));
    }
}

#[tokio::test]
async fn many_at_once_try_it_once() {
    // All have asked before the first is answered, and one tries: with a user, and with none.
    for (all, requests) in [(users(3), (51, 1)), (Vec::new(), (50, 1))] {
        let asked = Arc::new(Barrier::new(50));
        let answer = directory(all, Filters::Well);
        let server = Server::with(move |request: &Request| answer(request)).await;
        let lookups = (0..50).map(|n| {
            let (users, asked) = (server.scim.users(), Arc::clone(&asked));
            async move {
                asked.wait().await;
                users.find("userName", &format!("nobody-{n}")).await
            }
        });
        for found in join_all(lookups).await {
            assert_eq!(id(found), None);
        }
        assert_eq!(counted(&server).await, requests);
    }
}

#[tokio::test]
async fn an_ignored_filter_is_made_good() {
    let server = Server::with(directory(users(250), Filters::Ignored)).await;
    let users = server.scim.users();
    // On the first page: no need to read on.
    assert_eq!(id(users.find("userName", "u42@acme.example").await).as_deref(), Some("42"));
    assert_eq!(counted(&server).await, (1, 0));
    assert_eq!(id(users.find("userName", "u242@acme.example").await).as_deref(), Some("242"));
    assert_eq!(counted(&server).await, (2, 3));
    assert_eq!(id(users.find("userName", "nobody").await), None);
}

#[tokio::test]
async fn a_refused_filter_is_made_good() {
    let refusals = [(400, "invalidFilter"), (400, ""), (403, ""), (501, "")];
    for (status, kind) in refusals {
        let server = Server::with(directory(users(3), Filters::Refused(status, kind))).await;
        let users = server.scim.users();
        assert_eq!(id(users.find("emails.value", "x").await), None, "{status} {kind}");
        assert_eq!(id(users.find("userName", "U3@acme.example").await).as_deref(), Some("3"));
        assert_eq!(counted(&server).await, (2, 2));
    }
}

#[tokio::test]
async fn a_500_about_the_filter_is_a_refusal_and_another_is_repeated() {
    let about = |detail: &'static str| {
        move |request: &Request| match query(request, "filter") {
            Some(_) => {
                ResponseTemplate::new(500).set_body_json(json!({"detail": detail, "status": 500}))
            }
            None => ok(page(&users(3), 3)),
        }
    };
    let server = Server::with(about("Cannot map Filter on emails")).await;
    assert_eq!(
        id(server.scim.users().find("userName", "u3@acme.example").await).as_deref(),
        Some("3")
    );
    assert_eq!(counted(&server).await, (1, 1));
    // To every filter, without saying why: after that it is not asked again.
    let server = Server::with(about("oops")).await;
    let find = async || id(server.scim.users().find("userName", "u3@acme.example").await);
    assert_eq!(find().await.as_deref(), Some("3"));
    assert_eq!(find().await.as_deref(), Some("3"));
    assert_eq!(counted(&server).await, (7, 2));
    let server = Server::with(ResponseTemplate::new(500)).await;
    let error = server.scim.users().find("userName", "u3@acme.example").await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    assert!(error.attempts() > 1);
}

#[tokio::test]
async fn a_server_that_finds_only_the_same_case_is_not_believed() {
    let answer = |request: &Request| {
        let all = vec![user(1, "Ada@acme.example"), user(2, "bob@acme.example")];
        let wanted = query(request, "filter");
        let is_named = |user: &Value| {
            wanted.as_ref().is_none_or(|f| f.contains(user["userName"].as_str().unwrap()))
        };
        let found: Vec<Value> = all.into_iter().filter(is_named).collect();
        ok(page(&found, found.len()))
    };
    let server = Server::with(answer).await;
    let found = server.scim.users().find("userName", "ADA@ACME.EXAMPLE").await;
    assert_eq!(id(found).as_deref(), Some("1"));
}

#[tokio::test]
async fn what_is_no_refusal_of_the_filter_is_an_error() {
    for status in [401, 409] {
        let server = Server::refuses(status, "").await;
        let error = server.scim.users().find("userName", "ada").await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(server.requests().await.len(), 1);
    }
    let server = Server::refuses(403, "").await;
    assert!(server.scim.users().find("userName", "ada").await.unwrap_err().is_forbidden());
}

fn assert_ambiguous(error: &Error, ids: &str) {
    assert!(matches!(error.kind(), ErrorKind::NotDone(_)), "{error:?}");
    let line = error.to_string();
    assert!(line.starts_with("GET /Users: ") && line.contains(ids), "{line}");
    assert!(line.contains("delete or change") && !line.contains("acme.example"), "{line}");
}

#[tokio::test]
async fn of_several_the_one_equal_in_case_is_taken() {
    let all = vec![user(1, "ADA@acme.example"), user(2, "ada@acme.example"), user(3, "Bob")];
    for filters in [Filters::Well, Filters::Ignored, Filters::Refused(501, "")] {
        let server = Server::with(directory(all.clone(), filters)).await;
        let users = server.scim.users();
        assert_eq!(id(users.find("userName", "ada@acme.example").await).as_deref(), Some("2"));
        assert_eq!(id(users.scan("userName", "ADA@acme.example").await).as_deref(), Some("1"));
        let error = users.find("userName", "Ada@acme.example").await.unwrap_err();
        assert_ambiguous(&error, ": 1, 2; ");
    }
}

#[tokio::test]
async fn two_that_are_equal_in_case_too_are_an_error() {
    let all = vec![user(1, "ada"), user(2, "ada"), user(2, "ada")];
    let server = Server::with(directory(all, Filters::Well)).await;
    let error = server.scim.users().find("userName", "ada").await.unwrap_err();
    assert_ambiguous(&error, "2 resources have this userName: 1, 2; ");
}

#[tokio::test]
async fn the_same_resource_twice_is_one() {
    let server = Server::answers(page(&[user(1, "ada"), user(1, "ada")], 2)).await;
    assert_eq!(id(server.scim.users().find("userName", "ADA").await).as_deref(), Some("1"));
}

#[tokio::test]
async fn values_compare_as_their_attribute_does() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let peakon = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User";
    let mut ada = user(1, "ada");
    ada["externalId"] = "X-a".into();
    ada["emails"] = json!([{"value": "Ada@Home.example", "type": "home"}]);
    ada[enterprise] = json!({"employeeNumber": "701"});
    ada[peakon] = json!({"Business Unit": "North"});
    let server = Server::with(directory(vec![user(2, "bob"), ada], Filters::Ignored)).await;
    let users = server.scim.users();
    let employee = format!("{enterprise}:employeeNumber");
    let unit = format!("{peakon}:Business Unit");
    for (attribute, value, found) in [
        ("externalId", "X-a", true),
        ("externalId", "x-A", false),
        ("id", "1", true),
        ("emails.value", "ada@home.example", true),
        ("emails", "ada@home.example", true),
        (employee.as_str(), "701", true),
        (employee.as_str(), "70", false),
        (unit.as_str(), "north", true),
        (unit.as_str(), "South", false),
    ] {
        let expected = found.then_some("1");
        assert_eq!(id(users.find(attribute, value).await).as_deref(), expected, "{attribute}");
        assert_eq!(id(users.scan(attribute, value).await).as_deref(), expected, "{attribute}");
    }
}

#[tokio::test]
async fn a_name_that_no_filter_can_hold_is_looked_up_here() {
    let peakon = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User";
    let mut ada = user(1, "ada");
    ada[peakon] = json!({"Business Unit": "North"});
    let server = Server::answers(page(&[ada], 1)).await;
    let found = server.scim.users().find(&format!("{peakon}:Business Unit"), "North").await;
    assert_eq!(id(found).as_deref(), Some("1"));
    server.saw("GET /Users?startIndex=1&count=100", Value::Null).await;
    let path = "emails[type eq \"work\"].value";
    let error = server.scim.users().find(path, "x").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
}

#[tokio::test]
async fn a_group_is_found_by_name() {
    let server = Server::answers(page(&[group("7", "Engineering")], 1)).await;
    let found = server.scim.groups().find("displayName", "engineering").await.unwrap();
    assert_eq!(found.unwrap().members.len(), 1);
    let line = "GET /Groups?filter=displayName eq \"engineering\"&startIndex=1&count=100";
    server.saw(line, Value::Null).await;
}

#[tokio::test]
async fn a_scan_that_is_cut_off_finds_nobody_and_says_so() {
    let all = users(4);
    let answer = move |request: &Request| ok(page(part(&all, request), 9));
    let server = Server::with(answer).await;
    let error = server.scim.users().scan("userName", "nobody").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Paging(_)), "{error:?}");
}
