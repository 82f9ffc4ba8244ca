//! Every call says what it needs, where the vendor describes it, how it fails, and how it reads.

use crate::index::sources;

/// A public function with its documentation.
struct Function<'s> {
    name: &'s str,
    docs: String,
    signature: String,
}

fn functions(source: &str) -> Vec<Function<'_>> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut found, mut docs) = (Vec::new(), String::new());
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if let Some(text) = line.strip_prefix("///") {
            docs = docs + text + "\n";
        } else if let Some(name) =
            ["pub fn ", "pub async fn "].iter().find_map(|at| line.strip_prefix(at))
        {
            let name = name.split(['(', '<']).next().unwrap_or_default();
            let mut signature = line.to_owned();
            while !signature.contains(['{', ';']) {
                signature += lines.next().unwrap_or("{");
            }
            found.push(Function { name, docs: std::mem::take(&mut docs), signature });
        } else if !line.starts_with("#[") {
            docs.clear();
        }
    }
    found
}

/// The types that are awaited: the first word in that macro.
fn called_types(sources: &[String]) -> Vec<String> {
    let uses = sources.iter().flat_map(|source| source.split("awaitable!(").skip(1));
    let names = uses.map(|rest| {
        let name: String =
            rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
        name
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// Whether it gives what a call ends in; one that only leads to another call's is told by its link.
fn is_call(function: &Function<'_>, types: &[String]) -> bool {
    let result = function.signature.split("-> ").nth(1).unwrap_or_default();
    let result: String = result.chars().take_while(char::is_ascii_alphanumeric).collect();
    function.signature.starts_with("pub async fn ")
        || function.docs.contains("/operation/")
        || result.starts_with("List")
        || types.contains(&result)
}

const SCOPES: [&str; 3] = ["Scope `okta.", "Scopes `okta.", " No scope."];

fn lacking(docs: &str) -> Vec<&'static str> {
    let parts = [
        ("scope", SCOPES.iter().any(|said| docs.contains(said))),
        ("link to the operation", docs.contains("/operation/")),
        ("# Errors", docs.contains("# Errors\n")),
        ("example", docs.contains("```no_run\n") || docs.contains("```\n")),
    ];
    parts.into_iter().filter(|(_, there)| !there).map(|(part, _)| part).collect()
}

#[test]
fn every_call_is_documented_in_full() {
    let sources = sources();
    let types = called_types(&sources);
    for known in ["CreateUser", "EndAction", "UpdateSchema"] {
        assert!(types.iter().any(|name| name == known), "{known} is not found");
    }
    let functions: Vec<_> = sources.iter().flat_map(|source| functions(source)).collect();
    let calls: Vec<_> = functions.iter().filter(|function| is_call(function, &types)).collect();
    assert!(calls.len() > 100, "{} calls are found", calls.len());
    let faulty: Vec<String> = calls
        .into_iter()
        .filter_map(|call| match lacking(&call.docs) {
            lacks if lacks.is_empty() => None,
            lacks => Some(format!("{} lacks {}", call.signature, lacks.join(", "))),
        })
        .collect();
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
}

#[test]
fn what_is_not_documented_is_noticed() {
    let source = "impl X {\n    /// Lists.\n    ///\n    /// Scope `okta.x.read`.\n    #[inline]\n    \
                  pub fn list(\n        &self,\n    ) -> ListX {\n    }\n}";
    let found = functions(source);
    assert_eq!((found.len(), found[0].name), (1, "list"));
    assert!(is_call(&found[0], &[]));
    assert_eq!(lacking(&found[0].docs), ["link to the operation", "# Errors", "example"]);
}
