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
    let call = |name: &str| Call { name: name.into(), operations: vec!["getUser".into()] };
    let calls = [call("Users::try_get"), call("Users::get")];
    let table = table(&serde_json::from_str(spec).unwrap(), &calls);
    assert!(table.starts_with("1 of 2 operations have a typed call.\n"), "{table}");
    assert!(table.contains("| `GET /users/{id}` | `Users::get`, `Users::try_get` |"), "{table}");
    assert!(table.contains("| `PUT /users/{id}` | none |"), "{table}");
}
