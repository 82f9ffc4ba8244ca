//! The index by task leads to every call.

use std::path::Path;

/// Every public call that links to an operation of Okta's, as `Users::get`.
fn calls(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => calls(&path, found),
            false => calls_in(&std::fs::read_to_string(path).unwrap(), found),
        }
    }
}

fn calls_in(source: &str, found: &mut Vec<String>) {
    let (mut of, mut is_operation) = (String::new(), false);
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("impl") {
            let (_, name) = rest.split_once("> ").unwrap_or(("", rest));
            of = name.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
        }
        is_operation |= line.trim_start().starts_with("///") && line.contains("/operation/");
        let name = ["    pub fn ", "    pub async fn "].iter().find_map(|at| line.strip_prefix(at));
        if let Some(name) = name {
            let name = name.split(['(', '<']).next().unwrap_or_default();
            found.extend(std::mem::take(&mut is_operation).then(|| format!("{of}::{name}")));
        }
    }
}

#[test]
fn every_call_stands_in_the_index() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    calls(&source, &mut found);
    for known in ["Users::get", "AppUsers::assign", "SystemLog::follow", "Groups::apps"] {
        assert!(found.iter().any(|call| call == known), "{known} is not found: {found:?}");
    }
    let index = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let stands_there = |call: &&String| index.contains(&format!("[`{call}`]"));
    let missing: Vec<_> = found.iter().filter(|call| !stands_there(call)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
