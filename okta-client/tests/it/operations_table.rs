//! `OPERATIONS.md` says, of each operation that Okta documents, by which call it is made.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::index::{Call, calls};

#[derive(Deserialize)]
struct Spec {
    paths: BTreeMap<String, BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    tags: Vec<String>,
    #[serde(skip)]
    route: String,
}

impl Spec {
    /// By tag, Okta's menu entry, in the order of their routes.
    fn by_tag(&self) -> BTreeMap<String, Vec<Operation>> {
        let mut by_tag: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
        for (path, item) in &self.paths {
            for (method, operation) in item.iter().filter(|(name, _)| *name != "parameters") {
                let mut operation = Operation::deserialize(operation).unwrap();
                operation.route = format!("{} {path}", method.to_uppercase());
                by_tag.entry(operation.tags[0].clone()).or_default().push(operation);
            }
        }
        by_tag
    }
}

fn calls_of(operation: &str, calls: &[Call]) -> Vec<String> {
    let is_made = |call: &&Call| call.operations.iter().any(|one| one == operation);
    calls.iter().filter(is_made).map(|call| format!("`{}`", call.name)).collect()
}

const VENDOR: &str = "https://developer.okta.com/docs/api/openapi/okta-management/management/tag";

fn table(spec: &Spec, calls: &[Call]) -> String {
    let (mut all, mut covered, mut tables) = (0, 0, String::new());
    for (tag, operations) in spec.by_tag() {
        write!(tables, "\n## {tag}\n\n| operation | | call |\n| --- | --- | --- |\n").unwrap();
        for Operation { operation_id: id, route, .. } in operations {
            let mut made_by = calls_of(&id, calls);
            made_by.sort();
            made_by.dedup();
            (all, covered) = (all + 1, covered + usize::from(!made_by.is_empty()));
            let link = format!("[`{id}`]({VENDOR}/{tag}/#tag/{tag}/operation/{id})");
            let made_by = if made_by.is_empty() { "none".to_owned() } else { made_by.join(", ") };
            writeln!(tables, "| {link} | `{route}` | {made_by} |").unwrap();
        }
    }
    let what =
        "Generated from Okta's description of its API and from the documentation of each call.";
    format!("{covered} of {all} operations have a typed call.\n\n{what}\n{tables}")
}

/// The operation that a request is for: of several templates that fit, the most literal one.
fn operation_of<'s>(spec: &'s Spec, line: &str) -> Option<&'s str> {
    let (method, path) = line.split_once(' ')?;
    let fits = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        let fit = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
        template.len() == path.len() && template.iter().zip(&path).all(fit)
    };
    let fitting = spec.paths.iter().filter(|(template, _)| fits(template));
    let operations = fitting.filter_map(|(template, item)| {
        let id = item.get(&method.to_ascii_lowercase())?.get("operationId")?.as_str()?;
        Some((template.matches('{').count(), id))
    });
    operations.min().map(|(_, id)| id)
}

/// What the documentation says wrongly or not at all: each call of the table must be seen sending what
/// the table says, and each operation must be sent by a call.
fn faults(spec: &Spec, calls: &[Call], sent: &[(&str, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    let seen: Vec<_> =
        sent.iter().map(|(source, line)| (source, operation_of(spec, line))).collect();
    for call in calls {
        let method = call.name.rsplit(':').next().unwrap_or_default();
        for operation in &call.operations {
            let is_sent = |(source, id): &(&&str, Option<&str>)| {
                // As the compiler writes it, with or without a space or a line break.
                let source: String = source.split_whitespace().collect();
                let is_made = |end| source.contains(&format!(".{method}{end}"));
                *id == Some(&**operation) && (is_made("(") || is_made("::<"))
            };
            if !seen.iter().any(is_sent) {
                faults.push(format!("{} was not seen to send {operation}", call.name));
            }
        }
    }
    for operation in spec.by_tag().into_values().flatten() {
        let id = operation.operation_id;
        if calls_of(&id, calls).is_empty() {
            faults.push(format!("no call for {id}"));
        }
    }
    faults
}

#[tokio::test]
async fn every_operation_is_sent_by_the_call_that_the_table_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The other test says when it is not there.
    let Ok(spec) = std::fs::read_to_string(root.join("../../shared/okta/openapi.json")) else {
        return;
    };
    let spec: Spec = serde_json::from_str(&spec).unwrap();
    assert!(!spec.by_tag().is_empty(), "openapi.json describes no operation");
    let faults = faults(&spec, &calls(), &crate::paths::sent().await);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_not_sent_or_has_no_call_is_a_fault() {
    let spec = r#"{"paths": {"/users/{id}": {"parameters": [],
        "get": {"operationId": "getUser", "tags": ["User"]},
        "put": {"operationId": "replaceUser", "tags": ["User"]}},
        "/users/me": {"get": {"operationId": "getMe", "tags": ["User"]}}}}"#;
    let spec: Spec = serde_json::from_str(spec).unwrap();
    assert_eq!(operation_of(&spec, "GET /users/me"), Some("getMe"));
    assert_eq!(operation_of(&spec, "DELETE /users/x"), None);
    let call = |name: &str, operation: &str| Call {
        name: name.into(),
        operations: vec![operation.into()],
    };
    let calls = [call("Users::get", "getUser"), call("Users::me", "getMe")];
    let sent = [("okta.users() .get(&id)", "GET /users/x".to_owned())];
    let found = faults(&spec, &calls, &sent);
    assert_eq!(found, ["Users::me was not seen to send getMe", "no call for replaceUser"]);
}

#[test]
fn the_table_says_by_which_call_each_operation_is_made() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(spec) = std::fs::read_to_string(root.join("../../shared/okta/openapi.json")) else {
        let skipped = b"skipped: OPERATIONS.md is compared with ../shared/okta/openapi.json only\n";
        return std::io::stderr().write_all(skipped).unwrap();
    };
    let table = table(&serde_json::from_str(&spec).unwrap(), &calls());
    let kept = std::fs::read_to_string(root.join("OPERATIONS.md")).unwrap_or_default();
    if kept != table {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("OPERATIONS.md");
        std::fs::write(&new, &table).unwrap();
        panic!("okta-client/OPERATIONS.md is not as it should be: see {}", new.display());
    }
}

#[test]
fn the_table_counts_what_has_a_call() {
    let spec = r#"{"paths": {"/users/{id}": {"parameters": [],
        "get": {"operationId": "getUser", "tags": ["User"]},
        "put": {"operationId": "replaceUser", "tags": ["User"]}}}}"#;
    let call = |name: &str| {
        let operations = vec!["getUser".into()];
        Call { name: name.into(), operations }
    };
    let calls = [call("Users::try_get"), call("Users::get")];
    let table = table(&serde_json::from_str(spec).unwrap(), &calls);
    assert!(table.starts_with("1 of 2 operations have a typed call.\n"), "{table}");
    assert!(table.contains("| `GET /users/{id}` | `Users::get`, `Users::try_get` |"), "{table}");
    assert!(table.contains("| `PUT /users/{id}` | none |"), "{table}");
}
