//! Which operations Okta documents, and which of them the client has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct Spec {
    paths: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(default)]
    components: Value,
}

impl Spec {
    pub(crate) fn read(shared: &Path) -> Self {
        let text = std::fs::read_to_string(shared.join("openapi.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The operation that a request is for: of several templates that fit, the most literal one.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<&str> {
        let method = method.to_ascii_lowercase();
        let fitting = self.paths.iter().filter(|(template, _)| fits(template, path));
        let operations = fitting.filter_map(|(template, item)| {
            let id = item.get(&method)?.get("operationId")?.as_str()?;
            Some((template.matches('{').count(), id))
        });
        operations.min().map(|(_, id)| id)
    }
}

const VENDOR: &str = "https://developer.okta.com/docs/api/openapi/okta-management/management/tag";

/// Where an operation is, and the bodies that the spec itself gives for it.
pub(crate) struct Described {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Okta's page of it.
    pub(crate) page: String,
    pub(crate) examples: Vec<Value>,
}

impl Spec {
    pub(crate) fn described(&self, operation: &str) -> Described {
        let all =
            self.paths.iter().flat_map(|(path, item)| item.iter().map(move |one| (path, one)));
        let mut all = all.filter(|(_, (_, one))| one["operationId"] == operation);
        let (path, (method, one)) = all.next().unwrap();
        let examples = one["requestBody"]["content"]["application/json"]["examples"].as_object();
        let examples = examples.into_iter().flat_map(|named| named.values());
        let examples = examples.map(|example| self.example(example).clone()).collect();
        let tag = one["tags"][0].as_str().unwrap();
        let page = format!("{VENDOR}/{tag}/#tag/{tag}/operation/{operation}");
        Described { method: method.to_ascii_uppercase(), path: path.clone(), page, examples }
    }

    fn example<'s>(&'s self, example: &'s Value) -> &'s Value {
        let shared = example["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        &shared.map_or(example, |name| &self.components["examples"][name])["value"]
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let fit = |(part, segment): (&&str, &&str)| part.starts_with('{') || part == segment;
    template.len() == path.len() && template.iter().zip(&path).all(fit)
}

/// The operations that calls of this crate link to.
pub(crate) fn of_the_client() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            linked(&std::fs::read_to_string(path).unwrap(), found);
        }
    }
}

fn linked(text: &str, found: &mut BTreeSet<String>) {
    for after in text.split("/operation/").skip(1) {
        let id: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
        found.insert(id);
    }
}

/// A way in which recorded requests and answers differ from the spec.
#[derive(Deserialize)]
pub(crate) struct Deviation {
    pub(crate) what: String,
    pub(crate) operations: Vec<String>,
    pub(crate) seen: usize,
}

pub(crate) fn deviations(shared: &Path) -> Vec<Deviation> {
    let text = std::fs::read_to_string(shared.join("spec-deviations.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_most_literal_template_is_the_operation() {
    let json = r#"{"paths": {"/groups/{id}": {"get": {"operationId": "getGroup"}},
        "/groups/rules": {"get": {"operationId": "listGroupRules"}, "parameters": []}}}"#;
    let spec: Spec = serde_json::from_str(json).unwrap();
    assert_eq!(spec.operation("GET", "/groups/rules"), Some("listGroupRules"));
    assert_eq!(spec.operation("GET", "/groups/00g1"), Some("getGroup"));
    assert_eq!(spec.operation("PUT", "/groups/00g1"), None);
    assert_eq!(spec.operation("GET", "/groups/00g1/users"), None);
}

#[test]
fn links_name_the_operations() {
    let mut found = BTreeSet::new();
    linked(
        "/// Okta: [`a`](https://x/tag/User/operation/getUser).\n//! x/operation/listUsers)",
        &mut found,
    );
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["getUser", "listUsers"]);
}
