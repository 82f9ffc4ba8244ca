use std::collections::HashSet;

use sandbox::{Sandbox, SearchCap};
use serde_json::{Value, json};

use crate::support::{Org, query};

fn ids(users: &[Value]) -> Vec<&str> {
    users.iter().map(|user| user["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_person_comes_exactly_once() {
    let org = Org::with(450).await;
    for (limit, expected_pages) in [("200", 3), ("150", 3), ("1000", 3), ("7", 65)] {
        let (users, pages) = org.all(&format!("/users?limit={limit}")).await;
        let distinct: HashSet<_> = ids(&users).into_iter().collect();
        assert_eq!((users.len(), distinct.len(), pages), (450, 450, expected_pages), "{limit}");
        assert!(users.iter().all(|user| user["status"] != "DEPROVISIONED"));
    }
    assert_eq!(org.sandbox.okta().user_count(), 459);
    assert_eq!(org.sandbox.okta().listed_count(), 450);
}

#[tokio::test]
async fn links_are_okta_s() {
    let org = Org::with(450).await;
    let first = org.get("/users?limit=200&expand=x%20y").await;
    let links = first.links();
    assert_eq!(links.len(), 2);
    let base = format!("{}/api/v1/users", org.sandbox.okta_url());
    assert_eq!(links["self"], format!("{base}?limit=200&expand=x+y"));
    assert!(links["next"].starts_with(&format!("{base}?after=")), "{links:?}");
    assert!(links["next"].ends_with("&limit=200&expand=x+y"), "{links:?}");
    assert_eq!(org.get("/users").await.links()["self"], format!("{base}?limit=200"));
    let last = org.get(&org.get(&links["next"]).await.links()["next"]).await;
    assert_eq!((last.items().len(), last.links().len()), (50, 1));
    let search = query(&[("search", r#"status eq "ACTIVE""#), ("limit", "5")]);
    let links = org.get(&format!("/users?{search}")).await.links();
    assert!(links["next"].ends_with("&limit=5&search=status+eq+%22ACTIVE%22"), "{links:?}");
}

#[tokio::test]
async fn a_listing_survives_changes_in_the_middle() {
    let org = Org::with(100).await;
    let first = org.get("/users?limit=40").await;
    for id in [ids(first.items())[3], &org.sandbox.okta().user_id(40)] {
        assert_eq!(org.delete(&format!("/users/{id}")).await.status, 204);
        assert_eq!(org.delete(&format!("/users/{id}")).await.status, 204);
    }
    let body = json!({"profile": {"login": "new@x.example", "email": "new@x.example", "firstName": "N", "lastName": "W"}});
    assert_eq!(org.post("/users", body).await.status, 200);
    let (rest, _) = org.all(&first.links()["next"]).await;
    let seen: HashSet<_> = ids(first.items()).into_iter().chain(ids(&rest)).collect();
    // 40 before, the 59 that are left, and the new one.
    assert_eq!((seen.len(), rest.len()), (100, 60));
}

#[tokio::test]
async fn search_finds_by_any_profile_attribute() {
    let org = Org::with(300).await;
    let (all, _) = org.all("/users").await;
    let (leavers, _) =
        org.all(&format!("/users?{}", query(&[("filter", r#"status eq "DEPROVISIONED""#)]))).await;
    assert_eq!(leavers.len(), 6);
    let everybody: Vec<&Value> = all.iter().chain(&leavers).collect();
    type Check = fn(&Value) -> bool;
    let cases: [(&str, Check); 8] = [
        (r#"profile.department eq "r&d \"NORTH\"""#, |p| p["department"] == "R&D \"North\""),
        (r#"profile.skills eq "x,y""#, |p| p["skills"].as_array().unwrap().contains(&json!("x,y"))),
        ("profile.badgeNumber pr", |p| p["badgeNumber"].is_u64()),
        ("profile.badgeNumber ge 10290", |p| p["badgeNumber"].as_u64().is_some_and(|b| b >= 10290)),
        ("profile.isContractor eq true", |p| p["isContractor"] == true),
        ("profile.score gt 50 and profile.score le 60.5", |p| {
            p["score"].as_f64().is_some_and(|s| s > 50.0 && s <= 60.5)
        }),
        (r#"profile.lastName co "neil" or profile.lastName sw "Back""#, |p| {
            p["lastName"] == "O'Neil" || p["lastName"] == "Back\\Slash"
        }),
        (r#"(profile.city lt "Paris" or profile.city gt "Paris")"#, |p| p["city"] != "Paris"),
    ];
    for (search, check) in cases {
        let expected: HashSet<&str> = everybody
            .iter()
            .filter(|user| check(&user["profile"]))
            .map(|user| user["id"].as_str().unwrap())
            .collect();
        assert!(!expected.is_empty() && expected.len() < everybody.len(), "{search} says nothing");
        let found = org.found("search", search).await;
        assert_eq!(found.len(), expected.len(), "{search}");
        assert_eq!(found.iter().map(String::as_str).collect::<HashSet<_>>(), expected, "{search}");
    }
}

#[tokio::test]
async fn search_pages_and_sorts() {
    let org = Org::with(120).await;
    let pages = query(&[("search", "id pr"), ("limit", "50")]);
    let (users, pages) = org.all(&format!("/users?{pages}")).await;
    assert_eq!((users.len(), pages), (122, 3));
    for (order, descending) in [("asc", false), ("desc", true)] {
        let sorted = query(&[
            ("search", "status pr"),
            ("sortBy", "profile.employeeNumber"),
            ("sortOrder", order),
            ("limit", "50"),
        ]);
        let (users, pages) = org.all(&format!("/users?{sorted}")).await;
        let numbers: Vec<_> =
            users.iter().map(|u| u["profile"]["employeeNumber"].as_str().unwrap()).collect();
        assert!(numbers.windows(2).all(|n| (n[0] > n[1]) == descending), "{order}");
        assert_eq!((users.len(), pages), (122, 3));
    }
    // Ties are ordered by id, those without a value come last.
    let sorted = query(&[("search", "id pr"), ("sortBy", "profile.department")]);
    let (users, _) = org.all(&format!("/users?{sorted}")).await;
    let key = |user: &Value| {
        let department = user["profile"]["department"].as_str().map(str::to_lowercase);
        (department.is_none(), department, user["id"].as_str().unwrap().to_owned())
    };
    assert!(users.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
    let answer = org.get("/users?search=id%20pr&sortBy=id&sortOrder=up").await;
    assert_eq!(answer.code(), (400, "E0000001"));
}

#[tokio::test]
async fn filter_minds_letters_and_takes_deactivated_users() {
    let org = Org::with(300).await;
    assert_eq!(org.found("filter", r#"status eq "DEPROVISIONED""#).await.len(), 6);
    assert!(org.found("filter", r#"status eq "deprovisioned""#).await.is_empty());
    assert_eq!(org.found("search", r#"status eq "deprovisioned""#).await.len(), 6);
    let me = org.get("/users/me").await;
    let login = me.body["profile"]["login"].as_str().unwrap();
    assert_eq!(org.found("filter", &format!("profile.login eq \"{login}\"")).await, [me.id()]);
}

#[tokio::test]
async fn q_is_a_prefix_and_is_not_paged() {
    let org = Org::with(2_000).await;
    let answer = org.get("/users?q=ada").await;
    assert_eq!(answer.items().len(), 10);
    assert!(!answer.links().contains_key("next"));
    for user in answer.items() {
        let profile = &user["profile"];
        let starts = |name: &str| profile[name].as_str().unwrap().to_lowercase().starts_with("ada");
        assert!(starts("firstName") || starts("lastName") || starts("email"), "{profile}");
        assert_ne!(user["status"], "DEPROVISIONED");
    }
    assert!(org.get("/users?q=ada&limit=100").await.items().len() > 10);
    assert!(org.get("/users?q=nobody-is-called-this").await.items().is_empty());
}

#[tokio::test]
async fn bad_queries_are_told_as_okta_tells_them() {
    let org = Org::with(5).await;
    let refused = [
        ("search", r#"status ne "ACTIVE""#, "E0000031"),
        ("search", "status", "E0000031"),
        ("search", r#"lastLogin gt "2020-01-01T00:00:00Z""#, "E0000031"),
        ("search", r#"profile.title co "x""#, "E0000031"),
        ("filter", r#"profile.department eq "Sales""#, "E0000031"),
        ("filter", r#"status sw "A""#, "E0000031"),
        ("after", "no-cursor", "E0000029"),
        ("after", "00u1testcursorvalue", "E0000029"),
        ("limit", "x", "E0000001"),
        ("limit", "0", "E0000001"),
    ];
    for (name, value, code) in refused {
        let answer = org.get(&format!("/users?{}", query(&[(name, value)]))).await;
        assert_eq!(answer.code(), (400, code), "{name}={value}");
        assert!(!answer.cause().is_empty(), "{name}={value}");
    }
    let cursor = org.get("/users?after=x").await;
    assert_eq!(cursor.cause(), "Invalid cursor.");
    let plus = org.get("/users?search=status+eq+%22ACTIVE%22").await;
    let percent = org.get("/users?search=status%20eq%20%22ACTIVE%22").await;
    assert_eq!(plus.body, percent.body);
}

#[tokio::test]
async fn the_search_cap_ends_in_either_way_and_spares_plain_lists() {
    let sandbox = |cap| Org::start(Sandbox::builder().people(50_100).search_cap(cap));
    let search = format!("/users?{}", query(&[("search", "id pr"), ("limit", "200")]));
    // A search that is resumed shortly before the cap.
    let near = format!("{search}&after={}", cursor(49_900, 49_900));

    let silent = sandbox(SearchCap::NoNextLink).await;
    let page = silent.get(&near).await;
    assert_eq!((page.items().len(), page.links().contains_key("next")), (100, false));
    assert!(
        silent.get(&format!("/users?after={}", cursor(49_900, 49_900))).await.items().len() == 200
    );

    let refusing = sandbox(SearchCap::Refused).await;
    let page = refusing.get(&near).await;
    assert_eq!(page.items().len(), 100);
    assert_eq!(refusing.get(&page.links()["next"]).await.code(), (400, "E0000031"));

    let endless = sandbox(SearchCap::Off).await;
    assert_eq!(endless.all(&near).await.0.len(), 51_102 - 49_900);
}

#[tokio::test]
async fn a_long_search_lets_others_go_on() {
    // On one thread, where whoever does not pause stops everybody else, the server included.
    let org = Org::with(300_000).await;
    for search in [
        query(&[("search", r#"profile.nickName eq "nobody""#)]),
        query(&[("search", r#"profile.nickName eq "nobody""#), ("sortBy", "profile.lastName")]),
        query(&[("filter", r#"profile.firstName eq "nobody""#)]),
        query(&[("q", "nobody")]),
    ] {
        let path = format!("/users?{search}");
        let search = org.get(&path);
        tokio::pin!(search);
        let mut others = 0;
        let found = loop {
            let change = org.post("/users/me", json!({"profile": {"nickName": "somebody"}}));
            tokio::select! {
                biased;
                found = &mut search => break found,
                changed = change => assert_eq!(changed.status, 200),
            }
            others += 1;
        };
        assert_eq!(found.items().len(), 0);
        assert!(others > 10, "{others} calls were answered while `{path}` was looked for");
    }
}

#[tokio::test]
async fn a_sorted_search_survives_changes_in_the_middle() {
    let org = Org::with(300).await;
    let search = query(&[("search", "id pr"), ("sortBy", "profile.lastName"), ("limit", "50")]);
    let (before, _) = org.all(&format!("/users?{search}")).await;
    let first = org.get(&format!("/users?{search}")).await;
    assert_eq!(ids(first.items()), ids(&before)[..50]);
    // One who was given moves to the end, one who is to come to the beginning; one goes for good.
    let rename = |name: &str| json!({"profile": {"lastName": name}});
    let user = |at: usize| format!("/users/{}", ids(&before)[at]);
    let active = |range: std::ops::Range<usize>| {
        range.into_iter().find(|at| before[*at]["status"] == "ACTIVE").unwrap()
    };
    let (early, late, gone) = (active(0..50), active(100..200), active(200..300));
    assert_eq!(org.post(&user(early), rename("zzzz")).await.status, 200);
    assert_eq!(org.post(&user(late), rename("AAAA")).await.status, 200);
    for _ in 0..2 {
        assert_eq!(org.delete(&user(gone)).await.status, 204);
    }
    let (rest, _) = org.all(&first.links()["next"]).await;
    let mut expected = ids(&before)[50..].to_vec();
    expected.remove(gone - 50);
    assert_eq!(ids(&rest), expected);
}

#[tokio::test]
async fn names_are_found_in_an_index_as_well_as_without() {
    let org = Org::with(50).await;
    let email = |n| org.sandbox.people().email(n).to_uppercase();
    let both = |n| format!(r#"profile.login eq "{0}" or profile.email eq "{0}""#, email(n));
    let id = |n| org.sandbox.okta().user_id(n);
    assert_eq!(org.found("search", &both(7)).await, [id(7)]);
    let either = format!(r#"id eq "{}" or id eq "{}" or {}"#, id(9), id(3), both(7));
    assert_eq!(org.found("search", &either).await, [id(3), id(7), id(9)]);
    // The same address once more, and a login that moves on.
    let profile = json!({"email": email(7).to_lowercase()});
    assert_eq!(
        org.post(&format!("/users/{}", id(2)), json!({"profile": profile})).await.status,
        200
    );
    assert_eq!(org.found("search", &both(7)).await, [id(2), id(7)]);
    let profile = json!({"login": "moved@x.example", "email": "moved@x.example"});
    assert_eq!(
        org.post(&format!("/users/{}", id(7)), json!({"profile": profile})).await.status,
        200
    );
    assert_eq!(org.found("search", &both(7)).await, [id(2)]);
    assert_eq!(org.found("filter", r#"profile.login eq "moved@x.example""#).await, [id(7)]);
    let narrowed = format!(r#"profile.email eq "moved@x.example" and status eq "{}""#, "NONE");
    assert_eq!(org.found("search", &narrowed).await, Vec::<String>::new());
    for _ in 0..2 {
        org.delete(&format!("/users/{}", id(7))).await;
    }
    assert_eq!(
        org.found("search", r#"profile.email eq "moved@x.example""#).await,
        Vec::<String>::new()
    );
}

fn cursor(position: u64, given: u64) -> String {
    use base64::Engine;
    let text = format!("at:{position}:{given}");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
