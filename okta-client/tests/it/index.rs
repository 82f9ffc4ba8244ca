//! The index by task leads to every call.

use std::path::{Path, PathBuf};

/// A public call that links to operations of Okta's.
pub(crate) struct Call {
    /// Such as `Users::get`.
    pub(crate) name: String,
    pub(crate) operations: Vec<String>,
}

/// All such calls of this crate.
pub(crate) fn calls() -> Vec<Call> {
    let mut found = Vec::new();
    sources().iter().for_each(|source| calls_in(source, &mut found));
    found
}

/// The text of each file of this crate.
pub(crate) fn sources() -> Vec<String> {
    let mut found = Vec::new();
    sources_below(&source(), &mut found);
    found
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources_below(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources_below(&path, found),
            false if path.extension().is_some_and(|kind| kind == "rs") => {
                found.push(std::fs::read_to_string(path).unwrap());
            }
            false => {}
        }
    }
}

fn calls_in(source: &str, found: &mut Vec<Call>) {
    let (mut of, mut operations) = (String::new(), Vec::new());
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("impl") {
            let (_, name) = rest.split_once("> ").unwrap_or(("", rest));
            of = name.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
        }
        if line.trim_start().starts_with("///") {
            operations.extend(operations_in(line));
        }
        let name = ["    pub fn ", "    pub async fn "].iter().find_map(|at| line.strip_prefix(at));
        if let Some(name) = name.and_then(|name| name.split(['(', '<']).next()) {
            let operations = std::mem::take(&mut operations);
            let call = Call { name: format!("{of}::{name}"), operations };
            found.extend(Some(call).filter(|call| !call.operations.is_empty()));
        }
    }
}

fn operations_in(line: &str) -> impl Iterator<Item = String> {
    let after = line.split("/operation/").skip(1);
    after.map(|text| text.chars().take_while(char::is_ascii_alphanumeric).collect())
}

#[test]
fn every_call_stands_in_the_index() {
    let found = calls();
    for known in ["Users::get", "AppUsers::assign", "SystemLog::follow", "Groups::apps"] {
        assert!(found.iter().any(|call| call.name == known), "{known} is not found");
    }
    let index = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let stands_there = |name: &&String| index.contains(&format!("[`{name}`]"));
    let missing: Vec<_> =
        found.iter().map(|call| &call.name).filter(|name| !stands_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_operation_is_measured_over_the_recordings() {
    let is_known = |operation: &&String| crate::exchanges::is_read(operation);
    let calls = calls();
    let operations: Vec<_> = calls.iter().flat_map(|call| &call.operations).collect();
    let missing: Vec<_> = operations.iter().filter(|one| !is_known(one)).collect();
    assert!(operations.len() > 1 && missing.is_empty(), "{missing:?}");
}
