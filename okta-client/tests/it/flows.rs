//! Whole stories against an org that keeps its state.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use okta_client::search::attr;
use okta_client::{GroupProfile, NewCredentials, Okta, Profile, User, UserStatus};
use sandbox::{Fault, Faults, RateLimits, Sandbox, SearchCap};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::sandbox;

fn hire(login: &str) -> Profile {
    let names = Profile::new().with("firstName", "Ada").with("lastName", "Lovelace");
    names.with("login", login).with("email", login)
}

async fn status(okta: &Okta, user: &User) -> UserStatus {
    okta.users().get(&user.id).await.unwrap().status.unwrap()
}

#[tokio::test]
async fn a_life_from_hire_to_farewell() {
    let (_sandbox, okta) = sandbox(Sandbox::builder().people(10)).await;
    let users = okta.users();
    let credentials = NewCredentials::password("Tr0ub4dor-and-3");
    let create = users.create(hire("ada@acme.example")).activate(false);
    let ada = create.credentials(credentials).await.unwrap();
    assert_eq!(ada.status, Some(UserStatus::Staged));
    assert!(users.suspend(&ada.id).await.is_err(), "only an active user can be suspended");
    users.activate(&ada.id).send_email(false).await.unwrap();
    assert_eq!(status(&okta, &ada).await, UserStatus::Active);
    let again = users.activate(&ada.id).await.unwrap_err();
    assert_eq!(again.body().unwrap().code, "E0000016");
    users.suspend(&ada.id).await.unwrap();
    assert_eq!(status(&okta, &ada).await, UserStatus::Suspended);
    users.unsuspend(&ada.id).await.unwrap();
    let locked = users.unlock(&ada.id).await.unwrap_err();
    assert_eq!(locked.body().unwrap().code, "E0000032");
    let expired = users.expire_password(&ada.id).await.unwrap();
    assert_eq!(expired.status, Some(UserStatus::PasswordExpired));
    let temporary = users.expire_password_with_temporary(&ada.id).await.unwrap();
    assert!(!temporary.password.unwrap().expose_secret().is_empty());
    users.deactivate(&ada.id).await.unwrap();
    assert_eq!(status(&okta, &ada).await, UserStatus::Deprovisioned);
    users.delete(&ada.id).await.unwrap();
    assert!(users.try_get(&ada.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_hire_without_a_password_gets_a_link_and_can_be_invited_again() {
    let (_sandbox, okta) = sandbox(Sandbox::builder().people(0)).await;
    let users = okta.users();
    let bob = users.create(hire("bob@acme.example")).activate(false).await.unwrap();
    let first = users.activate(&bob.id).send_email(false).await.unwrap();
    assert_eq!(status(&okta, &bob).await, UserStatus::Provisioned);
    let second = users.reactivate(&bob.id).send_email(false).await.unwrap();
    let token = |link: &okta_client::Activation| {
        link.activation_token.as_ref().unwrap().expose_secret().to_owned()
    };
    assert!(!token(&first).is_empty() && !token(&second).is_empty());
    users.delete(&bob.id).await.unwrap();
    assert_eq!(status(&okta, &bob).await, UserStatus::Deprovisioned, "the first only deactivates");
    users.delete(&bob.id).await.unwrap();
    assert!(users.get(&bob.id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn two_thousand_people_arrive_once_each_whatever_goes_wrong() {
    let kinds =
        [Fault::Status(500), Fault::Status(503), Fault::Close, Fault::Cut, Fault::Truncated];
    let faults = Faults::rate(0.25).kinds(kinds).seed(11);
    let (sandbox, okta) = sandbox(Sandbox::builder().people(2_000).faults(faults)).await;
    for prefetch in [false, true] {
        let list = okta.users().list().page_size(20).prefetch(prefetch);
        let users: Vec<User> = list.stream().try_collect().await.unwrap();
        let ids: BTreeSet<&str> = users.iter().map(|user| user.id.as_str()).collect();
        assert_eq!((users.len(), ids.len()), (2_000, 2_000));
        for (at, user) in users.iter().enumerate() {
            assert_eq!(user.profile.to_map(), sandbox.people().profile(at as u64));
        }
    }
    assert_eq!(sandbox.faults().injected().len(), kinds.len(), "every kind occurred");
}

#[tokio::test]
async fn a_page_that_fails_for_good_is_gone_on_from_by_another_client() {
    let (sandbox, okta) = sandbox(Sandbox::builder().people(100)).await;
    let list = || okta.users().list().page_size(30);
    let (mut stream, mut ids) = (list().stream(), BTreeSet::new());
    let error = loop {
        match stream.try_next().await {
            Ok(user) => assert!(ids.insert(user.unwrap().id.to_string())),
            Err(error) => break error,
        }
        if ids.len() == 60 {
            sandbox.faults().set(Faults::rate(1.0).kinds([Fault::Status(403)]));
        }
    };
    assert_eq!(ids.len(), 60);
    sandbox.faults().set(Faults::none());
    let stored = serde_json::to_string(error.cursor().unwrap()).unwrap();
    let mut rest = list().resume(serde_json::from_str(&stored).unwrap()).stream();
    while let Some(user) = rest.try_next().await.unwrap() {
        assert!(ids.insert(user.id.to_string()), "no one comes twice");
    }
    assert_eq!((ids.len(), sandbox.faults().total()), (100, 1));
}

#[tokio::test]
async fn a_search_finds_what_was_written_with_its_custom_attributes() {
    let (_sandbox, okta) = sandbox(Sandbox::builder().people(200)).await;
    let sales = attr("profile.department").eq("R&D \"North\"").and(attr("status").eq("ACTIVE"));
    let found: Vec<User> = okta.users().list().search(sales).stream().try_collect().await.unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|user| user.profile.department() == Some("R&D \"North\"")));
    let mut ada = found[0].clone();
    ada.profile.set("skills", ["maths"]).unwrap().remove("title");
    let written = okta.users().replace(&ada.id, ada.profile.clone()).await.unwrap();
    assert_eq!(written.profile.get::<Vec<String>>("skills").unwrap().unwrap(), ["maths"]);
    assert_eq!(written.profile.title(), None);
    let cleared = okta.users().update(&ada.id).clear("department").await.unwrap();
    assert_eq!(cleared.profile.department(), None);
    assert_eq!(cleared.profile.to_map().get("skills"), Some(&json!(["maths"])));
    let unknown = okta.users().update(&ada.id).set("noSuchThing", 1).await.unwrap_err();
    assert!(unknown.is_invalid() && unknown.to_string().contains("noSuchThing"), "{unknown}");
}

#[tokio::test]
async fn the_search_cap_of_an_org_is_an_error_and_a_listing_is_not_cut() {
    let capped = Sandbox::builder().people(50_100).search_cap(SearchCap::NoNextLink);
    let (_sandbox, okta) = sandbox(capped).await;
    let search = okta.users().list().search("id pr").pages();
    let error = search.try_for_each(async |_| Ok(())).await.unwrap_err();
    assert!(error.to_string().contains("50,000"), "{error}");
}

#[tokio::test]
async fn a_change_that_comes_too_late_is_a_conflict() {
    let (_sandbox, okta) = sandbox(Sandbox::builder().people(5)).await;
    let users = okta.users();
    let ada = users.create(hire("ada@acme.example")).await.unwrap();
    let (_, etag) = users.get_with_etag(&ada.id).await.unwrap();
    let etag = etag.unwrap();
    users.update(&ada.id).set("title", "Countess").if_match(&etag).await.unwrap();
    let late = users.update(&ada.id).set("title", "Analyst").if_match(&etag).await.unwrap_err();
    assert!(late.is_conflict() && late.status().unwrap().as_u16() == 412, "{late}");
    let late = users.replace(&ada.id, hire("x@acme.example")).if_match(&etag).await.unwrap_err();
    assert!(late.is_conflict(), "{late}");
    assert_eq!(users.get(&ada.id).await.unwrap().profile.title(), Some("Countess"));
}

#[tokio::test]
async fn groups_and_their_members() {
    let (_sandbox, okta) = sandbox(Sandbox::builder().people(50)).await;
    let groups = okta.groups();
    let profile = GroupProfile::new().with("name", "Poets, \"R&D\"").with("description", "x");
    let poets = groups.create(&profile).await.unwrap();
    let twice = groups.create(&profile).await.unwrap_err();
    assert!(twice.is_conflict(), "{twice}");
    let people: Vec<User> = okta.users().list().limit(3).stream().try_collect().await.unwrap();
    for person in &people {
        groups.add_member(&poets.id, &person.id).await.unwrap();
        groups.add_member(&poets.id, &person.id).await.unwrap();
    }
    groups.remove_member(&poets.id, &people[1].id).await.unwrap();
    let members: Vec<User> =
        groups.members(&poets.id).page_size(1).stream().try_collect().await.unwrap();
    let ids: BTreeSet<&str> = members.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from([people[0].id.as_str(), people[2].id.as_str()]));
    let of_first: Vec<_> = okta.users().groups(&people[0].id).stream().try_collect().await.unwrap();
    assert!(of_first.iter().any(|group| group.id == poets.id));
    let found: Vec<_> = groups
        .list()
        .search(attr("profile.name").eq("Poets, \"R&D\""))
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(found, [groups.get(&poets.id).await.unwrap()]);
    let renamed = GroupProfile::new().with("name", "Bards");
    assert_eq!(groups.replace(&poets.id, &renamed).await.unwrap().profile.name(), Some("Bards"));
    groups.delete(&poets.id).await.unwrap();
    assert!(groups.try_get(&poets.id).await.unwrap().is_none());
}

#[tokio::test]
async fn rate_limits_can_be_read() {
    let (_sandbox, okta) =
        sandbox(Sandbox::builder().people(5).rate_limits(RateLimits::per_window(100))).await;
    assert!(okta.rate_limits().is_empty());
    for _ in 0..3 {
        let _: Vec<User> = okta.users().list().stream().try_collect().await.unwrap();
    }
    okta.users().try_get("nobody@acme.example").await.unwrap();
    let limits = okta.rate_limits();
    let of = |bucket: &str| limits.iter().find(|limit| limit.bucket == bucket).unwrap();
    let listing = of("GET /api/v1/users");
    assert_eq!((listing.limit, listing.remaining), (100, 97));
    assert!(listing.resets_in.as_secs() <= 61);
    assert_eq!(of("GET /api/v1/users/{id}").remaining, 99);
}

#[tokio::test]
async fn a_wrong_token_is_one_line_that_says_what_to_do() {
    let (sandbox, _) = sandbox(Sandbox::builder().people(5)).await;
    let okta = Okta::new(sandbox.okta_url(), okta_client::ApiToken::new("00wrong")).unwrap();
    let error = okta.users().get("me").await.unwrap_err();
    let line = error.to_string();
    assert!(error.is_unauthorized(), "{line}");
    assert!(line.contains("check that the token is right") && !line.contains('\n'), "{line}");
    assert!(!line.contains("00wrong"), "{line}");
}
