//! Vectors of filters, paths, evaluations and patches: our own in `tests/vectors`, and the shared
//! ones or those of another folder: `SCIM_VECTORS`.
#![allow(clippy::expect_used)]

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

use scim_types::filter::Filter;
use scim_types::patch::{PatchOp, PatchPath};
use scim_types::schema::Schemas;
use scim_types::{AttributePath, Mode};
use serde_json::{Map, Value, json};

fn cases(file: &str) -> Vec<Value> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors"));
    let shared = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/scim/vectors"));
    let other = std::env::var_os("SCIM_VECTORS").map_or(shared, PathBuf::from);
    let read = |folder: PathBuf| {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path);
        if text.is_err() {
            say(format_args!("skipped: no vectors at {}", path.display()));
        }
        text.ok().map(|text| serde_json::from_str(&text).expect("vectors are JSON"))
    };
    [own, other].into_iter().filter_map(read).collect()
}

// Past the capture of the test harness.
fn say(line: impl Display) {
    writeln!(std::io::stderr(), "{line}").expect("stderr can be written");
}

struct Table {
    kind: &'static str,
    passed: usize,
    failures: Vec<String>,
    notes: Vec<String>,
}

impl Table {
    fn new(kind: &'static str) -> Self {
        Self { kind, passed: 0, failures: Vec::new(), notes: Vec::new() }
    }

    fn record(&mut self, id: &Value, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(problem) => self.failures.push(format!("{id}: {problem}")),
        }
    }

    fn finish(self) {
        let all = self.passed + self.failures.len();
        say(format_args!("vectors | {:<18} | {:>3} of {all:>3} passed", self.kind, self.passed));
        self.notes.iter().for_each(|note| say(format_args!("vectors |   {note}")));
        self.failures.iter().for_each(|failure| say(format_args!("vectors |   FAILED {failure}")));
        assert!(all > 0, "no {} at all", self.kind);
        assert!(self.failures.is_empty(), "{} of {all} {} failed", self.failures.len(), self.kind);
    }
}

fn each(files: &[Value]) -> impl Iterator<Item = (&Value, &Value)> {
    files.iter().flat_map(|file| {
        file["cases"].as_array().expect("cases").iter().map(move |case| (file, case))
    })
}

fn neutral_path(path: &AttributePath) -> Value {
    let lower = |text: &str| text.to_ascii_lowercase();
    json!({"urn": path.schema().map(lower), "name": lower(path.name()), "sub": path.sub().map(lower)})
}

fn neutral(filter: &Filter) -> Value {
    match filter {
        Filter::Compare(path, op, value) => {
            json!({"cmp": {"attr": neutral_path(path), "op": op.as_str(), "value": Value::from(value)}})
        }
        Filter::Present(path) => json!({"pr": {"attr": neutral_path(path)}}),
        Filter::And(parts) => json!({"and": parts.iter().map(neutral).collect::<Vec<_>>()}),
        Filter::Or(parts) => json!({"or": parts.iter().map(neutral).collect::<Vec<_>>()}),
        Filter::Not(inner) => json!({"not": neutral(inner)}),
        Filter::Elements(path, inner) => {
            json!({"valuePath": {"attr": neutral_path(path), "filter": neutral(inner)}})
        }
    }
}

// The expected tree with names in lower case and chains of one operator flat.
fn normal(tree: &Value) -> Value {
    let Some(object) = tree.as_object() else { return tree.clone() };
    let mut found = Map::new();
    for (key, value) in object {
        let value = match key.as_str() {
            "urn" | "name" | "sub" | "op" => match value {
                Value::String(text) => text.to_ascii_lowercase().into(),
                other => other.clone(),
            },
            "and" | "or" => Value::Array(flat(key, value)),
            "value" => value.clone(),
            _ => normal(value),
        };
        found.insert(key.clone(), value);
    }
    Value::Object(found)
}

fn flat(key: &str, parts: &Value) -> Vec<Value> {
    let parts = parts.as_array().expect("parts").iter().map(normal);
    parts
        .flat_map(|part| match part.get(key) {
            Some(inner) => inner.as_array().expect("parts").clone(),
            None => vec![part],
        })
        .collect()
}

fn expect_tree(parsed: Result<Filter, impl Display>, tree: &Value) -> Result<(), String> {
    let filter = parsed.map_err(|error| error.to_string())?;
    let again = Filter::parse_tolerant(&filter.to_string()).map_err(|error| error.to_string())?;
    match (neutral(&filter) == normal(tree), again == filter) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("read as {}", neutral(&filter))),
        (_, false) => Err(format!("written as {filter}, which is read as {again}")),
    }
}

fn expect_refusal<T: std::fmt::Debug>(parsed: Result<T, impl Display>) -> Result<(), String> {
    match parsed {
        Ok(found) => Err(format!("accepted as {found:?}")),
        Err(_) => Ok(()),
    }
}

fn check_filter(case: &Value) -> Result<(), String> {
    let text = case["filter"].as_str().expect("filter");
    let (strict, tolerant) = (Filter::parse(text), Filter::parse_tolerant(text));
    match case["verdict"].as_str() {
        Some("valid") => expect_tree(strict, &case["ast"]).and(expect_tree(tolerant, &case["ast"])),
        Some("lenient") => expect_refusal(strict).and(expect_tree(tolerant, &case["ast"])),
        Some("invalid") => expect_refusal(strict).and(expect_refusal(tolerant)),
        Some("either") => strict.map_or(Ok(()), |f| expect_tree(Ok::<_, String>(f), &case["ast"])),
        other => Err(format!("unknown verdict {other:?}")),
    }
}

#[test]
fn vectors_filters() {
    let mut table = Table::new("filters");
    each(&cases("filters.json"))
        .for_each(|(_, case)| table.record(&case["id"], check_filter(case)));
    table.finish();
}

fn check_path(case: &Value) -> Result<(), String> {
    let found = PatchPath::parse(case["path"].as_str().expect("path"), Schemas::user());
    if case["verdict"] == "invalid" {
        return expect_refusal(found);
    }
    let found = found.map_err(|error| error.to_string())?;
    let tree = match &found {
        PatchPath::Schema(urn) => json!({"schema": urn}),
        PatchPath::Attribute(path) => {
            json!({"attr": neutral_path(path), "filter": null, "sub": null})
        }
        PatchPath::Elements { attribute, filter, sub } => json!({
            "attr": neutral_path(attribute),
            "filter": neutral(filter),
            "sub": sub.as_deref().map(str::to_ascii_lowercase),
        }),
    };
    let again = PatchPath::parse(&found.to_string(), Schemas::user());
    match (tree == normal(&case["parsed"]), again == Ok(found)) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("read as {tree}")),
        (_, false) => Err("written and read again it is another path".to_owned()),
    }
}

#[test]
fn vectors_paths() {
    let mut table = Table::new("paths");
    each(&cases("paths.json")).for_each(|(_, case)| table.record(&case["id"], check_path(case)));
    table.finish();
}

fn schemas_of(resource: &Value) -> &'static Schemas {
    let is_group = |urn: &Value| urn.as_str().is_some_and(|urn| urn.ends_with(":Group"));
    match resource["schemas"].as_array().is_some_and(|urns| urns.iter().any(is_group)) {
        true => Schemas::group(),
        false => Schemas::user(),
    }
}

#[test]
fn vectors_evaluations() {
    let files = cases("evaluations.json");
    let (mut json, mut typed) = (Table::new("evaluations"), Table::new("evaluations, typed"));
    for (file, case) in each(&files) {
        let resource = &file["resources"][case["resource"].as_str().expect("resource")];
        let schemas = schemas_of(resource);
        let expected = case["expect"].as_bool().expect("expect");
        let filter = Filter::parse(case["filter"].as_str().expect("filter")).expect("a filter");
        let matcher = filter.matcher(schemas).expect("a filter that can be evaluated");
        let found = matcher.matches(resource);
        let judged = |found: bool| match found == expected || !case["ambiguous"].is_null() {
            true => Ok(()),
            false => Err(format!("{filter} is {found}")),
        };
        if !case["ambiguous"].is_null() {
            json.notes.push(format!("{}: {filter} is {found}, either is right", case["id"]));
        }
        json.record(&case["id"], judged(found));
        let found = match std::ptr::eq(schemas, Schemas::group()) {
            true => matcher.matches(&read::<scim_types::Group>(resource)),
            false => matcher.matches(&read::<scim_types::User>(resource)),
        };
        typed.record(&case["id"], judged(found));
    }
    json.finish();
    typed.finish();
}

fn read<T: serde::de::DeserializeOwned>(resource: &Value) -> T {
    serde_json::from_value(resource.clone()).expect("a resource")
}

fn comparable(resource: &Value, with_schemas: bool) -> Value {
    let mut resource = resource.clone();
    let object = resource.as_object_mut().expect("an object");
    object.remove("meta");
    if !with_schemas {
        object.remove("schemas");
    }
    assigned(&resource).unwrap_or_default()
}

// Without null, [], {} and `primary: false`; lists in one order.
fn assigned(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(elements) => {
            let mut found: Vec<Value> = elements.iter().filter_map(assigned).collect();
            found.sort_by_key(ToString::to_string);
            (!found.is_empty()).then_some(Value::Array(found))
        }
        Value::Object(object) => {
            let is_told = |(name, value): &(&String, &Value)| {
                !name.eq_ignore_ascii_case("primary") || **value != json!(false)
            };
            let told = object.iter().filter(is_told);
            let found: Map<_, _> =
                told.filter_map(|(name, value)| Some((name.clone(), assigned(value)?))).collect();
            (!found.is_empty()).then_some(Value::Object(found))
        }
        other => Some(other.clone()),
    }
}

fn check_patch(case: &Value, mode: Mode) -> Result<(), String> {
    let before = &case["before"];
    let schemas = schemas_of(before);
    let mut expected = vec![match case.get("tolerant") {
        Some(tolerant) if mode == Mode::Tolerant => tolerant,
        _ => case,
    }];
    if std::ptr::eq(expected[0], case) {
        expected.extend(case["also_accept"].as_array().into_iter().flatten());
    }
    let operations = case.get("operations").or(case.get("ops")).expect("operations");
    let patch = json!({"schemas": [scim_types::urn::PATCH_OP], "Operations": operations});
    let patch: PatchOp = serde_json::from_value(patch).map_err(|error| error.to_string())?;
    let mut resource = before.clone();
    let outcome = patch.apply(&mut resource, schemas, mode);
    let with_schemas = case["check_schemas"] == true;
    let is_expected = |wanted: &&Value| match (&outcome, wanted.get("after")) {
        (Ok(_), Some(after)) => {
            comparable(after, with_schemas) == comparable(&resource, with_schemas)
        }
        (Err(error), None) => wanted["scimType"] == error.scim_type.as_str(),
        _ => false,
    };
    if outcome.is_err() && resource != *before {
        return Err("failed, and changed the resource".to_owned());
    }
    match expected.iter().any(is_expected) {
        true => check_typed(&patch, before, &resource, mode),
        false => Err(format!("{outcome:?} {resource}")),
    }
}

// The same on the typed resource.
fn check_typed(patch: &PatchOp, before: &Value, after: &Value, mode: Mode) -> Result<(), String> {
    let schemas = schemas_of(before);
    let found = match std::ptr::eq(schemas, Schemas::group()) {
        true => typed::<scim_types::Group>(patch, before, schemas, mode),
        false => typed::<scim_types::User>(patch, before, schemas, mode),
    };
    match comparable(&folded(&found), true) == comparable(&folded(after), true) {
        true => Ok(()),
        false => Err(format!("typed: {found}")),
    }
}

// A typed resource writes its names in the RFC's spelling.
fn folded(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(folded).collect(),
        Value::Object(object) => {
            let fold =
                |(name, value): (&String, &Value)| (name.to_ascii_lowercase(), folded(value));
            Value::Object(object.iter().map(fold).collect())
        }
        other => other.clone(),
    }
}

fn typed<R: scim_types::Resource>(
    patch: &PatchOp,
    before: &Value,
    schemas: &Schemas,
    mode: Mode,
) -> Value {
    let mut resource: R = read(before);
    let _ = patch.apply_to(&mut resource, schemas, mode);
    serde_json::to_value(resource).expect("JSON")
}

#[test]
fn vectors_patches() {
    let files = cases("patches.json");
    let (mut strict, mut tolerant) =
        (Table::new("patches, strict"), Table::new("patches, tolerant"));
    for (_, case) in each(&files) {
        strict.record(&case["id"], check_patch(case, Mode::Strict));
        tolerant.record(&case["id"], check_patch(case, Mode::Tolerant));
    }
    strict.finish();
    tolerant.finish();
}
