//! The tasks of the peers' benchmark: `cargo bench -p scim-types`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use scim_types::filter::{Filter, Matcher};
use scim_types::patch::{Operation, PatchOp};
use scim_types::schema::Schemas;
use scim_types::{ListResponse, Mode, User, urn};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const FILTERS: [&str; 8] = [
    r#"userName eq "user500@corp.example.com""#,
    r#"active eq true and meta.lastModified gt "2026-01-01T00:00:00Z""#,
    r#"emails[type eq "work" and value co "@corp.example.com"]"#,
    r#"(userType eq "Employee" or userType eq "Contractor") and not (title sw "Senior")"#,
    r#"name.familyName sw "L" or displayName ew "Knuth""#,
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "Engineering""#,
    r#"externalId eq "ext-77""#,
    r#"userType eq "Employee" and (emails.value co "home.example.net" or phoneNumbers.value pr)"#,
];

fn main() {
    divan::main();
}

fn user(i: usize) -> Value {
    let first = ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Ken", "Radia"][i % 7];
    let last = ["Lovelace", "Hopper", "Dijkstra", "Liskov", "Knuth", "Perlman"][i / 7 % 6];
    let department = ["Engineering", "Customer Success", "Finance", "Sales - EMEA"][i % 4];
    json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER],
        "id": format!("{i:08}-7e8f-4a3b-9c1d-000000000000"),
        "externalId": format!("ext-{i}"),
        "userName": format!("user{i}@corp.example.com"),
        "name": {"formatted": format!("{first} {last}"), "familyName": last, "givenName": first},
        "displayName": format!("{first} {last}"),
        "title": "Specialist", "userType": "Employee", "preferredLanguage": "en-US",
        "locale": "en-US", "timezone": "Europe/Berlin", "active": !i.is_multiple_of(3),
        "emails": [
            {"value": format!("user{i}@corp.example.com"), "type": "work", "primary": true},
            {"value": format!("user{i}@home.example.net"), "type": "home"},
            {"value": format!("u{i}@other.example.org"), "type": "other"},
        ],
        "phoneNumbers": [{"value": format!("+49-30-{i:07}"), "type": "work"}],
        "groups": [{"value": format!("g{}", i % 50), "display": "group", "type": "direct"}],
        (urn::ENTERPRISE_USER): {
            "employeeNumber": i.to_string(), "costCenter": "CC1", "organization": "Example",
            "division": "Global", "department": department,
            "manager": {"value": (i / 10).to_string(), "displayName": "Boss"},
        },
        "meta": {
            "resourceType": "User", "created": "2021-03-04T05:06:07Z",
            "lastModified": "2026-05-04T05:06:07Z", "version": format!("W/\"{i}\""),
            "location": format!("https://scim.example.com/v2/Users/{i:08}"),
        },
    })
}

// One user at a time, so that what is decoded later lies in memory as after a download.
fn page_text(count: usize) -> String {
    let users: Vec<String> = (0..count).map(|i| user(i).to_string()).collect();
    format!("{{\"totalResults\":{count},\"Resources\":[{}]}}", users.join(","))
}

// Decoded from text, as from a server.
fn page<T: DeserializeOwned>(count: usize) -> ListResponse<T> {
    let page = serde_json::from_str(&page_text(count));
    page.unwrap_or_else(|_| ListResponse::page(Vec::new(), 1, 0))
}

fn group() -> Value {
    let member = |i| {
        json!({
            "value": format!("m{i}"), "display": format!("Member {i}"), "type": "User",
            "$ref": format!("/Users/m{i}"),
        })
    };
    let members: Vec<Value> = (0..10_000).map(member).collect();
    json!({"schemas": [urn::GROUP], "id": "g1", "displayName": "Everyone", "members": members})
}

fn matchers() -> Vec<Matcher> {
    let parsed = FILTERS.iter().filter_map(|text| Filter::parse(text).ok());
    parsed.filter_map(|filter| filter.matcher(Schemas::user()).ok()).collect()
}

#[divan::bench]
fn parse_8_filters(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(FILTERS.len()))
        .bench(|| FILTERS.iter().filter(|text| Filter::parse(black_box(text)).is_ok()).count());
}

#[divan::bench(sample_count = 20)]
fn evaluate_8_filters_on_10000_users_json(bencher: Bencher<'_, '_>) {
    let users = page::<Value>(10_000).resources;
    let matchers = matchers();
    bencher.counter(ItemsCount::new(users.len() * matchers.len())).bench(|| {
        matchers.iter().map(|m| users.iter().filter(|user| m.matches(*user)).count()).sum::<usize>()
    });
}

#[divan::bench(sample_count = 20)]
fn evaluate_8_filters_on_10000_users_typed(bencher: Bencher<'_, '_>) {
    let users = page::<User>(10_000).resources;
    let matchers = matchers();
    bencher.counter(ItemsCount::new(users.len() * matchers.len())).bench(|| {
        matchers.iter().map(|m| users.iter().filter(|user| m.matches(*user)).count()).sum::<usize>()
    });
}

fn patch(bencher: Bencher<'_, '_>, resource: &Value, schemas: &Schemas, patch: &PatchOp) {
    let count = ItemsCount::new(patch.operations.len());
    bencher.counter(count).with_inputs(|| resource.clone()).bench_refs(|resource| {
        patch.apply(resource, schemas, Mode::Strict).is_ok_and(|changed| changed)
    });
}

#[divan::bench(sample_count = 1000)]
fn patch_user_4_operations(bencher: Bencher<'_, '_>) {
    let operations = vec![
        Operation::replace("active", false),
        Operation::replace("emails[type eq \"work\"].value", "moved@corp.example.com"),
        Operation::add("emails", json!([{"value": "extra@corp.example.com", "type": "other"}])),
        Operation::replace(format!("{}:department", urn::ENTERPRISE_USER), "Research"),
    ];
    patch(bencher, &user(42), Schemas::user(), &PatchOp::new(operations));
}

// One patch after the other on one group, as the peers are timed.
fn patch_group(bencher: Bencher<'_, '_>, patches: &[PatchOp]) {
    let group = group();
    let count = ItemsCount::new(patches.len());
    bencher.counter(count).with_inputs(|| group.clone()).bench_refs(|group| {
        let done = |patch: &&PatchOp| {
            patch.apply(group, Schemas::group(), Mode::Strict).is_ok_and(|changed| changed)
        };
        patches.iter().filter(done).count()
    });
}

#[divan::bench(sample_count = 30)]
fn remove_1_of_10000_members(bencher: Bencher<'_, '_>) {
    let path = |i: usize| format!("members[value eq \"m{}\"]", i * 97);
    let patches = (0..50).map(|i| PatchOp::new(vec![Operation::remove(path(i))]));
    patch_group(bencher, &patches.collect::<Vec<_>>());
}

#[divan::bench(sample_count = 30)]
fn add_100_to_10000_members(bencher: Bencher<'_, '_>) {
    let new = |k: usize| -> Vec<Value> {
        let member = |i| json!({"value": format!("new{k}-{i}"), "display": "New", "type": "User"});
        (0..100).map(member).collect()
    };
    let patches = (0..10).map(|k| PatchOp::new(vec![Operation::add("members", new(k))]));
    patch_group(bencher, &patches.collect::<Vec<_>>());
}

#[divan::bench]
fn decode_list_of_100_users(bencher: Bencher<'_, '_>) {
    let text = page_text(100);
    bencher.counter(ItemsCount::new(100usize)).bench(|| {
        serde_json::from_str::<ListResponse<User>>(black_box(&text))
            .is_ok_and(|p| p.resources.len() == 100)
    });
}
