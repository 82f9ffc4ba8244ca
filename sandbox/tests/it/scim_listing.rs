use std::collections::HashSet;

use sandbox::ScimOptions;
use serde_json::{Value, json};

use crate::scim_support::{ENTERPRISE, Scim, user};

async fn people() -> Scim {
    let scim = Scim::start().await;
    for (n, name) in ["grace", "Ada", "linus", "Zoë", "margaret"].into_iter().enumerate() {
        let mut person = user(name);
        person["externalId"] = json!(format!("Ext-{n}"));
        person["active"] = json!(n % 2 == 0);
        person["title"] = json!(["Analyst", "chef", "Intern"][n % 3]);
        if n > 2 {
            person.as_object_mut().unwrap().remove("title");
        }
        person["schemas"] = json!([scim_types::urn::USER, ENTERPRISE]);
        person[ENTERPRISE] = json!({"department": if n < 2 { "Sales" } else { "R&D" }});
        scim.provider().insert_user(person).unwrap();
    }
    scim
}

#[tokio::test]
async fn filters() {
    let scim = people().await;
    let cases: &[(&str, &[&str])] = &[
        ("userName eq \"ADA\"", &["Ada"]),
        ("USERNAME Eq \"zoË\"", &["Zoë"]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ada\"", &["Ada"]),
        ("externalId eq \"Ext-2\"", &["linus"]),
        ("externalId eq \"ext-2\"", &[]),
        ("userName eq \"nobody\"", &[]),
        ("active eq false", &["Ada", "Zoë"]),
        ("not (active eq true) and userName sw \"z\"", &["Zoë"]),
        ("title pr", &["grace", "Ada", "linus"]),
        ("emails[type eq \"work\" and value co \"ada@\"]", &["Ada"]),
        ("emails.value ew \"@acme.example\" and userName eq \"grace\"", &["grace"]),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"sales\"",
            &["grace", "Ada"],
        ),
        (
            "meta.created gt \"2020-01-01T00:00:00Z\" and meta.resourceType eq \"User\" and userName eq \"ada\"",
            &["Ada"],
        ),
        ("meta.lastModified lt \"2020-01-01T00:00:00Z\"", &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(scim.found("/Users", filter).await, *expected, "{filter}");
    }
    let id = scim.provider().user_by_name("linus").unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(scim.found("/Users", &format!("id eq \"{id}\"")).await, ["linus"]);
    for bad in ["userName eq", "userName == \"x\"", "active gt true", "("] {
        let answer = scim.list("/Users", &[("filter", bad)]).await;
        assert_eq!(answer.refusal(), (400, "invalidFilter"), "{bad}");
    }
}

#[tokio::test]
async fn sorting() {
    let scim = people().await;
    let sorted = |by: &'static str, order: &'static str| {
        let scim = &scim;
        async move { scim.list("/Users", &[("sortBy", by), ("sortOrder", order)]).await.names() }
    };
    assert_eq!(sorted("userName", "ascending").await, ["Ada", "grace", "linus", "margaret", "Zoë"]);
    assert_eq!(
        sorted("userName", "descending").await,
        ["Zoë", "margaret", "linus", "grace", "Ada"]
    );
    // Without a value: last, and first when the order is turned round.
    assert_eq!(sorted("title", "ascending").await, ["grace", "Ada", "linus", "Zoë", "margaret"]);
    assert_eq!(sorted("title", "descending").await, ["Zoë", "margaret", "linus", "Ada", "grace"]);
    assert_eq!(sorted("emails.value", "ascending").await[0], "Ada");
    let department = format!("{ENTERPRISE}:department");
    let by_department = scim.list("/Users", &[("sortBy", department.as_str())]).await;
    let departments: Vec<&Value> =
        by_department.resources().iter().map(|user| &user[ENTERPRISE]["department"]).collect();
    let (given, none) = departments.split_at(departments.iter().filter(|d| d.is_string()).count());
    assert!(!given.is_empty() && none.iter().all(|none| none.is_null()), "{departments:?}");
    assert!(given.is_sorted_by_key(|given| given.as_str()));
    for by in ["id", "meta.created", "groups.display", "password"] {
        let by_this = scim.list("/Users", &[("sortBy", by)]).await;
        assert_eq!((by_this.status, by_this.resources().len()), (200, 5), "{by}");
    }
    let by_id = scim.list("/Users", &[("sortBy", "id"), ("sortOrder", "descending")]).await;
    assert!(by_id.resources().iter().rev().is_sorted_by_key(|user| user["id"].as_str()));
    let wrong = scim.list("/Users", &[("sortBy", "userName"), ("sortOrder", "up")]).await;
    assert_eq!(wrong.refusal(), (400, "invalidValue"));
}

#[tokio::test]
async fn pages_by_index() {
    let options = ScimOptions { default_page_size: 4, max_page_size: 7, ..ScimOptions::default() };
    let scim = Scim::with(options.seed_people(10)).await;
    type Case<'a> = (&'a [(&'a str, &'a str)], usize, u64);
    let cases: &[Case<'_>] = &[
        (&[], 4, 1),
        (&[("count", "3")], 3, 1),
        (&[("count", "3"), ("startIndex", "9")], 2, 9),
        (&[("count", "100")], 7, 1),
        (&[("count", "0")], 0, 1),
        (&[("count", "-5")], 0, 1),
        (&[("count", "2"), ("startIndex", "0")], 2, 1),
        (&[("count", "2"), ("startIndex", "-3")], 2, 1),
        (&[("startIndex", "11")], 0, 11),
    ];
    for (parameters, length, start) in cases {
        let page = scim.list("/Users", parameters).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.resources().len(), *length, "{parameters:?}");
        assert_eq!(page.body["itemsPerPage"], json!(length), "{parameters:?}");
        assert_eq!(page.body["startIndex"], json!(start), "{parameters:?}");
        assert_eq!(page.body["totalResults"], 10, "{parameters:?}");
        assert_eq!(page.body.get("nextCursor"), None);
    }
    assert_eq!(scim.list("/Users", &[("startIndex", "x")]).await.refusal(), (400, "invalidValue"));
}

async fn walk(scim: &Scim, parameters: &[(&str, &str)], during: impl Fn(usize)) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    for n in 0.. {
        let mut asked = parameters.to_vec();
        asked.push(("cursor", &cursor));
        let page = scim.list("/Users", &asked).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.body.get("startIndex"), None);
        names.extend(page.names());
        during(n);
        match page.body.get("nextCursor") {
            Some(next) => cursor = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    names
}

#[tokio::test]
async fn pages_by_cursor() {
    let scim = Scim::with(ScimOptions::default().seed_people(10)).await;
    let all: Vec<String> = scim.list("/Users", &[]).await.names();
    assert_eq!(walk(&scim, &[("count", "3")], |_| {}).await, all);
    let sorted = walk(&scim, &[("count", "3"), ("sortBy", "userName")], |_| {}).await;
    assert_eq!(sorted.iter().collect::<HashSet<_>>(), all.iter().collect::<HashSet<_>>());
    assert!(sorted.is_sorted_by_key(|name| name.to_lowercase()));
    // Who is deleted meanwhile moves nobody over the edge of a page.
    let remove_first = |n: usize| {
        let id = scim.provider().user_by_name(&all[n]).unwrap()["id"].as_str().unwrap().to_owned();
        assert!(scim.provider().remove_user(&id));
    };
    assert_eq!(walk(&scim, &[("count", "5")], remove_first).await, all);
}

#[tokio::test]
async fn cursors_that_are_no_good() {
    let scim = Scim::with(ScimOptions::default().seed_people(10)).await;
    let first = scim.list("/Users", &[("cursor", ""), ("count", "3")]).await;
    let next = first.body["nextCursor"].as_str().unwrap();
    let refused: &[(&[(&str, &str)], &str)] = &[
        (&[("cursor", "nonsense")], "invalidCursor"),
        (&[("cursor", next), ("count", "3"), ("filter", "active eq true")], "invalidCursor"),
        (&[("cursor", next), ("count", "4")], "invalidCount"),
        (&[("cursor", next), ("count", "-1")], "invalidCount"),
        (&[("cursor", next), ("count", "many")], "invalidCount"),
        (&[("cursor", next), ("startIndex", "1")], "invalidValue"),
    ];
    for (parameters, scim_type) in refused {
        let answer = scim.list("/Users", parameters).await;
        assert_eq!(answer.refusal(), (400, *scim_type), "{parameters:?}");
    }
    let in_groups = scim.list("/Groups", &[("cursor", next)]).await;
    assert_eq!(in_groups.refusal(), (400, "invalidCursor"));
    assert_eq!(scim.list("/Users", &[("cursor", next), ("count", "3")]).await.resources().len(), 3);
    scim.provider().expire_cursors();
    let expired = scim.list("/Users", &[("cursor", next), ("count", "3")]).await;
    assert_eq!(expired.refusal(), (400, "expiredCursor"));
}

#[tokio::test]
async fn searching_by_post() {
    let scim = people().await;
    scim.add_group("Ada's", &[]);
    let search = |path: &'static str, body: Value| {
        let scim = &scim;
        async move { scim.post(path, body).await }
    };
    let found = search(
        "/Users/.search",
        json!({
            "schemas": [scim_types::urn::SEARCH_REQUEST], "filter": "active eq true",
            "sortBy": "userName", "sortOrder": "descending", "startIndex": 2, "count": -1,
            "attributes": ["userName", "name.givenName"],
        }),
    );
    let found = found.await;
    assert_eq!(
        (found.status, &found.body["totalResults"], found.resources().len()),
        (200, &json!(3), 0)
    );
    let found = search(
        "/Users/.search",
        json!({
            "filter": "active eq true", "sortBy": "userName", "startIndex": 2, "count": 1,
            "attributes": ["userName", "name.givenName"],
        }),
    );
    let found = found.await;
    assert_eq!(found.names(), ["linus"]);
    assert_eq!(found.resources()[0]["name"], json!({"givenName": "Ada"}));
    let everywhere =
        search("/.search", json!({"filter": "userName eq \"ada\" or displayName sw \"ada\""}));
    assert_eq!(everywhere.await.names(), ["Ada", "Ada's"]);
    assert_eq!(search("/Groups/.search", json!({})).await.names(), ["Ada's"]);
    let page = search("/Users/.search", json!({"cursor": "", "count": 2})).await;
    let next = page.body["nextCursor"].clone();
    let page = search("/Users/.search", json!({"cursor": next, "count": 2})).await;
    assert_eq!(page.names(), ["linus", "Zoë"]);
    assert_eq!(search("/Users/.search", json!([])).await.refusal(), (400, "invalidSyntax"));
}

#[tokio::test]
async fn projections() {
    let scim = people().await;
    let id = scim.provider().user_by_name("grace").unwrap()["id"].as_str().unwrap().to_owned();
    let group = scim.add_group("Sales", std::slice::from_ref(&id));
    let names = |body: &Value| body.as_object().unwrap().keys().cloned().collect::<HashSet<_>>();
    let set = |list: &[&str]| list.iter().map(ToString::to_string).collect::<HashSet<_>>();
    let get = |query: &str| {
        let path = format!("/Users/{id}?{query}");
        let scim = &scim;
        async move { scim.get(&path).await.body }
    };
    assert_eq!(names(&get("attributes=USERNAME").await), set(&["id", "schemas", "userName"]));
    let shown = get("attributes=name.familyName,emails.type,emails.value,groups.display").await;
    assert_eq!(shown["name"], json!({"familyName": "Lovelace"}));
    assert_eq!(shown["emails"], json!([{"type": "work", "value": "grace@acme.example"}]));
    assert_eq!(shown["groups"], json!([{"display": "Sales"}]));
    let department = format!("attributes={ENTERPRISE}:department");
    assert_eq!(get(&department).await[ENTERPRISE], json!({"department": "Sales"}));
    assert_eq!(
        names(&get(&format!("attributes={ENTERPRISE}")).await),
        set(&["id", "schemas", ENTERPRISE])
    );
    let shown = get("excludedAttributes=id,schemas,emails.type,groups,meta").await;
    assert!(names(&shown).is_superset(&set(&["id", "schemas", "userName"])));
    assert!(names(&shown).is_disjoint(&set(&["groups", "meta"])));
    assert_eq!(shown["emails"][0].get("type"), None);
    assert_eq!(get(&format!("excludedAttributes={ENTERPRISE}")).await.get(ENTERPRISE), None);
    let group = scim.get(&format!("/Groups/{group}?excludedAttributes=members")).await.body;
    assert_eq!(group.get("members"), None);
    let listed = scim.list("/Users", &[("attributes", "userName"), ("count", "1")]).await;
    assert_eq!(names(&listed.resources()[0]), set(&["id", "schemas", "userName"]));
}
