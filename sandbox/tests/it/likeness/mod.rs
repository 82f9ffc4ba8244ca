//! The sandbox's answers beside the recorded ones of real orgs: statuses, error codes, headers,
//! members and JSON types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

mod apps;
mod drive;

/// Prints a line that is seen although the test passes.
macro_rules! say {
    ($($line:tt)*) => {{
        let line = format!($($line)*) + "\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }};
}

const FILES: [&str; 25] = [
    "oauth-token",
    "user",
    "user-lifecycle",
    "user-resources",
    "user-cred",
    "user-sessions",
    "group",
    "schema",
    "org-setting-general",
    "org-setting-metadata",
    "application",
    "application-users",
    "application-groups",
    "application-connections",
    "application-features",
    "group-push-mapping",
    "profile-mapping",
    "group-rule",
    "event-hook",
    "user-type",
    "group-owner",
    "linked-object",
    "user-linked-object",
    "role-assignment-a-user",
    "role-assignment-b-group",
];

/// A recorded exchange, or one of ours.
struct Exchange {
    operation: String,
    status: u16,
    by_q: bool,
    headers: BTreeSet<String>,
    body: Value,
}

/// Members of the answers of one kind: the types seen at each path, and how often each was there.
#[derive(Default)]
struct Shape {
    objects: BTreeMap<String, usize>,
    members: BTreeMap<String, (usize, BTreeSet<&'static str>)>,
}

#[tokio::test]
async fn it_answers_like_the_recordings() {
    let Some(recorded) = recordings() else {
        return;
    };
    let ours = drive::drive().await.exchanges;
    let mut report = Report::default();
    compare_outcomes(&recorded, &ours, &mut report);
    compare_headers(&recorded, &ours, &mut report);
    compare_members(&recorded, &ours, &mut report);
    compare_errors(&ours, &mut report);
    report.print(&recorded, &ours);
    assert!(report.mismatches.is_empty(), "{:#?}", report.mismatches);
}

#[tokio::test]
async fn its_events_look_like_published_ones() {
    let (Some(events), Some(bodies)) =
        (samples("log-events", "event"), samples("event-hook-bodies", "body"))
    else {
        return;
    };
    let (mut known, mut known_bodies) = (Shape::default(), Shape::default());
    events.iter().for_each(|event| known.add("", event));
    bodies.iter().for_each(|body| known_bodies.add("", body));
    let org = drive::drive().await.org;
    let endpoint = crate::event_hooks::Endpoint::default();
    crate::event_hooks::verified(&org, &endpoint).await;
    crate::event_hooks::groups(&org, 0..2).await;
    let mut report = Report::default();
    let events = org.sandbox.okta().events();
    assert!(events.len() > 100, "{}", events.len());
    let types = event_types();
    for event in events {
        let kind = event["eventType"].as_str().unwrap();
        if types.as_ref().is_some_and(|types| !types.contains(kind)) {
            report.mismatches.insert(format!("`{kind}` is no event type"));
        }
        let targets = event["target"].as_array().map(Vec::len).unwrap_or_default();
        if targets == 0 || event["actor"]["type"] != "User" {
            report.mismatches.insert(format!("{kind}: who did what to whom is not told: {event}"));
        }
        let mut shape = Shape::default();
        shape.add("", &event);
        compare_types("event", &known, &shape, &mut report);
        compare_presence("event", &known, &shape, &mut report);
    }
    for (_, body) in endpoint.taken() {
        let mut shape = Shape::default();
        shape.add("", &body);
        compare_types("delivery", &known_bodies, &shape, &mut report);
        compare_presence("delivery", &known_bodies, &shape, &mut report);
    }
    report.differences.iter().for_each(|difference| say!("differs: {difference}"));
    assert!(report.mismatches.is_empty(), "{:#?}", report.mismatches);
}

/// The names of all event types, which Okta lists.
fn event_types() -> Option<BTreeSet<String>> {
    let Ok(text) = std::fs::read_to_string(folder().join("../event-types.json")) else {
        say!("skipped: no event-types.json beside the recordings");
        return None;
    };
    let list: Value = serde_json::from_str(&text).unwrap();
    let name = |kind: &Value| kind["id"].as_str().unwrap().to_owned();
    Some(list["types"].as_array().unwrap().iter().map(name).collect())
}

/// Samples from beside the exchanges, or among them.
fn samples(name: &str, member: &str) -> Option<Vec<Value>> {
    let file = format!("{name}.jsonl");
    let places = [folder().join(&file), folder().join("..").join(&file)];
    let Some(text) = places.iter().find_map(|place| std::fs::read_to_string(place).ok()) else {
        say!("skipped: no {file} beside the recordings");
        return None;
    };
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap()[member].take();
    Some(text.lines().map(read).collect())
}

#[derive(Default)]
struct Report {
    /// Makes the test fail.
    mismatches: BTreeSet<String>,
    /// Is printed.
    differences: BTreeSet<String>,
}

impl Report {
    fn print(&self, recorded: &[Exchange], ours: &[Exchange]) {
        let had: BTreeSet<_> = ours.iter().map(|e| e.operation.as_str()).collect();
        let all: BTreeSet<_> = recorded.iter().map(|e| e.operation.as_str()).collect();
        say!("compared {} answers of {} operations", ours.len(), had.len());
        say!("recorded, but not in the sandbox: {:?}", all.difference(&had).collect::<Vec<_>>());
        say!("in the sandbox, but not recorded: {:?}", had.difference(&all).collect::<Vec<_>>());
        for difference in &self.differences {
            say!("differs: {difference}");
        }
    }
}

fn folder() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/okta/exchanges");
    std::env::var_os("OKTA_EXCHANGES").map_or_else(|| default.into(), Into::into)
}

fn recordings() -> Option<Vec<Exchange>> {
    let folder = folder();
    if !folder.is_dir() {
        say!("skipped: no recorded exchanges in {}", folder.display());
        return None;
    }
    let texts =
        FILES.map(|name| std::fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap());
    let lines = texts.iter().flat_map(|text| text.lines());
    let exchanges = lines.map(|line| exchange(&serde_json::from_str(line).unwrap()));
    Some(
        exchanges
            .filter(|e| FILES_HOLD_MORE.iter().all(|other| !e.operation.contains(other)))
            .collect(),
    )
}

// Operations that the sandbox does not have.
const FILES_HOLD_MORE: [&str; 1] = ["LogStream"];

fn exchange(line: &Value) -> Exchange {
    Exchange {
        operation: line["operation_id"].as_str().unwrap().to_owned(),
        status: line["status"].as_u64().unwrap() as u16,
        by_q: line["query"].get("q").is_some(),
        headers: line["response_headers"].as_object().unwrap().keys().cloned().collect(),
        body: line["response_body"].clone(),
    }
}

// What we answer with a status of success, real orgs answered with that status, where any of their
// successes was recorded.
fn compare_outcomes(recorded: &[Exchange], ours: &[Exchange], report: &mut Report) {
    for answer in ours {
        let same: Vec<_> = recorded.iter().filter(|e| e.operation == answer.operation).collect();
        let outcome = |e: &Exchange| (e.status, e.body["errorCode"].as_str().map(str::to_owned));
        if same.is_empty() || same.iter().any(|e| outcome(e) == outcome(answer)) {
            continue;
        }
        let told = format!("{}: {:?} was never recorded", answer.operation, outcome(answer));
        match answer.status {
            200..300 if same.iter().any(|e| e.status < 300) => report.mismatches.insert(told),
            _ => report.differences.insert(told),
        };
    }
}

// A header that every recorded answer of an operation has, ours have. Some recorders dropped
// the headers of limits and ids, so only those answers count that kept them.
fn compare_headers(recorded: &[Exchange], ours: &[Exchange], report: &mut Report) {
    for answer in ours {
        let whole = recorded.iter().filter(|e| {
            (&e.operation, e.status, e.by_q) == (&answer.operation, answer.status, answer.by_q)
                && e.headers.contains("x-okta-request-id")
        });
        let always = whole.map(|e| e.headers.clone()).reduce(|all, headers| &all & &headers);
        for missing in always.unwrap_or_default().difference(&answer.headers) {
            report.mismatches.insert(format!("{}: no header {missing}", answer.operation));
        }
    }
}

fn compare_members(recorded: &[Exchange], ours: &[Exchange], report: &mut Report) {
    let mut types: BTreeMap<&str, Shape> = BTreeMap::new();
    let mut presence: BTreeMap<String, Shape> = BTreeMap::new();
    for exchange in recorded.iter().filter(|e| e.status < 300) {
        for resource in resources(&exchange.body) {
            types.entry(resource_kind(exchange)).or_default().add("", resource);
            presence.entry(circumstance(exchange, resource)).or_default().add("", resource);
        }
    }
    for exchange in ours.iter().filter(|e| e.status < 300) {
        for resource in resources(&exchange.body) {
            let mut shape = Shape::default();
            shape.add("", resource);
            if let Some(known) = types.get(resource_kind(exchange)) {
                compare_types(&exchange.operation, known, &shape, report);
            }
            let circumstance = circumstance(exchange, resource);
            match presence.get(&circumstance) {
                Some(known) => compare_presence(&circumstance, known, &shape, report),
                None => {
                    report.differences.insert(format!("{circumstance}: never recorded"));
                }
            }
        }
    }
}

fn compare_types(operation: &str, known: &Shape, ours: &Shape, report: &mut Report) {
    for (path, (_, found)) in &ours.members {
        let Some((_, expected)) = known.members.get(path) else {
            report.differences.insert(format!("{operation}: {path} was never recorded"));
            continue;
        };
        if !found.is_subset(expected) {
            let told = format!("{operation}: {path} is {found:?}, recorded {expected:?}");
            report.mismatches.insert(told);
        }
    }
}

fn compare_presence(circumstance: &str, known: &Shape, ours: &Shape, report: &mut Report) {
    for (path, (count, _)) in &known.members {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let always = known.objects.get(parent) == Some(count);
        let has_parent = ours.objects.contains_key(parent);
        if always && has_parent && !ours.members.contains_key(path) {
            report.mismatches.insert(format!("{circumstance}: no {path}, always recorded"));
        }
    }
}

/// The single resources in an answer: its items, or itself.
fn resources(body: &Value) -> Vec<&Value> {
    match body {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

fn resource_kind(exchange: &Exchange) -> &'static str {
    match exchange.operation.as_str() {
        "listUsers" | "createUser" | "getUser" | "updateUser" | "replaceUser"
        | "expirePassword" | "listGroupUsers" => "user",
        "listGroups" | "addGroup" | "getGroup" | "replaceGroup" | "listUserGroups" => "group",
        "getUserSchema" | "updateUserProfile" => "schema",
        "token" => "token",
        "getGroupSchema" | "updateGroupSchema" => "group schema",
        "getApplicationUserSchema" | "updateApplicationUserProfile" => "app schema",
        "getWellknownOrgMetadata" => "metadata",
        "listUserTypes" | "createUserType" | "getUserType" | "updateUserType"
        | "replaceUserType" => "type",
        "listApplications"
        | "createApplication"
        | "getApplication"
        | "replaceApplication"
        | "listAssignedApplicationsForGroup" => "app",
        "listApplicationUsers"
        | "assignUserToApplication"
        | "getApplicationUser"
        | "updateApplicationUser" => "app user",
        "listApplicationGroupAssignments"
        | "assignGroupToApplication"
        | "getApplicationGroupAssignment" => "app group",
        "getDefaultProvisioningConnectionForApplication"
        | "updateDefaultProvisioningConnectionForApplication" => "connection",
        "getFeatureForApplication"
        | "listFeaturesForApplication"
        | "updateFeatureForApplication" => "feature",
        "listGroupPushMappings"
        | "createGroupPushMapping"
        | "getGroupPushMapping"
        | "updateGroupPushMapping" => "push",
        "listProfileMappings" | "getProfileMapping" | "updateProfileMapping" => "mapping",
        "listGroupRules" | "createGroupRule" | "getGroupRule" | "replaceGroupRule" => "rule",
        "createEventHook"
        | "getEventHook"
        | "replaceEventHook"
        | "activateEventHook"
        | "deactivateEventHook"
        | "verifyEventHook" => "hook",
        "getOrgSettings" | "updateOrgSettings" => "org",
        "listGroupOwners" | "assignGroupOwner" => "owner",
        "listLinkedObjectDefinitions"
        | "createLinkedObjectDefinition"
        | "getLinkedObjectDefinition" => "linked object",
        "listLinkedObjectsForUser" => "link",
        "listAssignedRolesForUser"
        | "assignRoleToUser"
        | "getUserAssignedRole"
        | "listGroupAssignedRoles"
        | "assignRoleToGroup"
        | "getGroupAssignedRole" => "role",
        "listUsersWithRoleAssignments" => "administrators",
        "changePassword" | "changeRecoveryQuestion" | "forgotPasswordSetNewPassword" => {
            "credentials"
        }
        _ => "other",
    }
}

// Which members are there depends on the user's status, on whether a password is set and a change
// of status is under way, and on whether the org has realms; for apps, on how people sign on; for
// hooks, connections and features, on their status and name.
fn circumstance(exchange: &Exchange, resource: &Value) -> String {
    let told = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    match resource_kind(exchange) {
        "app" => return format!("app {}", told(&resource["signOnMode"])),
        "hook" => return format!("hook {}", told(&resource["status"])),
        "connection" => return format!("connection {}", told(&resource["status"])),
        "feature" => return format!("feature {}", told(&resource["name"])),
        _ => {}
    }
    let Some(status) = resource["status"].as_str().filter(|_| resource_kind(exchange) == "user")
    else {
        return exchange.operation.clone();
    };
    let listed = exchange.operation.starts_with("list");
    let mut told = format!("user {} {status}", if listed { "listed" } else { "alone" });
    let credentials = &resource["credentials"];
    for (what, holds) in [
        ("with password", credentials.get("password").is_some()),
        ("in transition", resource.get("transitioningToStatus").is_some()),
        ("in a realm", resource.get("realmId").is_some()),
    ] {
        if holds {
            told += &format!(" {what}");
        }
    }
    told
}

impl Shape {
    fn add(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                *self.objects.entry(path.to_owned()).or_default() += 1;
                for (name, member) in members {
                    let path = format!("{path}/{}", generic(path, name));
                    let (count, types) = self.members.entry(path.clone()).or_default();
                    *count += 1;
                    types.insert(type_of(member));
                    self.add(&path, member);
                }
            }
            Value::Array(items) => {
                items.iter().for_each(|item| self.add(&format!("{path}[]"), item))
            }
            _ => {}
        }
    }
}

// Orgs name their custom attributes as they like.
fn generic<'a>(parent: &str, name: &'a str) -> &'a str {
    match parent {
        "/definitions/custom/properties" | "/properties" => "*",
        _ => name,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

// Every error has the recorded members, and its code has the status that Okta's list gives it.
fn compare_errors(ours: &[Exchange], report: &mut Report) {
    let text = std::fs::read_to_string(folder().join("other-errors.jsonl")).unwrap();
    let mut known = Shape::default();
    for line in text.lines() {
        known.add("", &serde_json::from_str::<Value>(line).unwrap()["response_body"]);
    }
    let codes = statuses_of_codes();
    // The token endpoint has errors of another shape.
    for answer in ours.iter().filter(|e| e.status >= 400 && e.operation != "token") {
        let mut shape = Shape::default();
        shape.add("", &answer.body);
        compare_types(&answer.operation, &known, &shape, report);
        compare_presence(&answer.operation, &known, &shape, report);
        let code = answer.body["errorCode"].as_str().unwrap_or_default();
        if codes.get(code).is_some_and(|status| *status != answer.status) {
            report.mismatches.insert(format!("{code} with status {}", answer.status));
        }
    }
}

fn statuses_of_codes() -> BTreeMap<String, u16> {
    let Ok(text) = std::fs::read_to_string(folder().join("../error-codes.json")) else {
        say!("skipped: no error-codes.json beside the recordings");
        return BTreeMap::new();
    };
    let list: Value = serde_json::from_str(&text).unwrap();
    let entry =
        |e: &Value| (e["code"].as_str().unwrap().to_owned(), e["status"].as_u64().unwrap() as u16);
    list["codes"].as_array().unwrap().iter().map(entry).collect()
}
