//! The recorded answers of real orgs: every one decodes, and encoding it again changes no value.
//!
//! The recordings are not part of this repository. They are looked for beside it, or in the folder
//! that `OKTA_EXCHANGES` names: files `*.jsonl`, on each line an exchange, a log event
//! (`{"event": …}`) or what was posted to an event hook (`{"body": …}`).

mod leaves;
mod log_parts;
mod modelled;
mod mutants;
mod operations;
mod typed;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use leaves::{Leaves, leaves, shape};
use operations::{HOOK_BODY, LOG_EVENT, Read, call_for, gives_nothing};

/// What is kept and not typed, and why. Anything else that shows is printed as not explained; what is
/// not even kept is printed path by path, however little it is.
const REASONS: [(&str, &str); 7] = [
    ("$schema", "of a schema: always draft 4 of JSON Schema; kept as text"),
    ("type", "of a schema: always `object`; kept as text"),
    ("definitions.base.id", "of a schema: always `#base`; kept as text"),
    ("definitions.base.type", "of a schema: always `object`; kept as text"),
    ("definitions.custom.id", "of a schema: always `#custom`; kept as text"),
    ("definitions.custom.type", "of a schema: always `object`; kept as text"),
    ("properties.profile.allOf.[].$ref", "of a schema: always the two halves; kept as text"),
];

/// Whether recorded answers of this operation are read.
pub(crate) fn is_read(operation: &str) -> bool {
    call_for(operation).is_some()
}

/// One line of a recording.
#[derive(Deserialize)]
struct Exchange {
    operation_id: Option<String>,
    method: Option<String>,
    path: Option<String>,
    status: u16,
    #[serde(default)]
    response_headers: BTreeMap<String, serde_json::Value>,
    response_body: Option<Box<RawValue>>,
}

/// A line that holds no exchange, but what an exchange brings.
#[derive(Deserialize)]
struct Sample {
    event: Option<Box<RawValue>>,
    body: Option<Box<RawValue>>,
}

impl Exchange {
    fn of(line: &str) -> Result<Self, serde_json::Error> {
        let sample: Sample = serde_json::from_str(line)?;
        let answer = |operation: &str, body| Self {
            operation_id: Some(operation.to_owned()),
            method: None,
            path: None,
            status: 200,
            response_headers: BTreeMap::new(),
            response_body: Some(body),
        };
        match (sample.event, sample.body) {
            (Some(event), _) => Ok(answer(LOG_EVENT, event)),
            (None, Some(body)) => Ok(answer(HOOK_BODY, body)),
            (None, None) => serde_json::from_str(line),
        }
    }

    fn operation(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let call = || format!("{} {}", part(&self.method), part(&self.path));
        self.operation_id.clone().unwrap_or_else(call)
    }

    fn body(&self) -> &str {
        self.response_body.as_ref().map_or("", |body| body.get())
    }

    fn headers(&self) -> Vec<(String, String)> {
        let text = |(name, value): (&String, &serde_json::Value)| {
            Some((name.clone(), value.as_str()?.to_owned()))
        };
        self.response_headers.iter().filter_map(text).collect()
    }

    /// How this answer is read; none if it belongs to an operation without a call and is no error.
    fn read(&self) -> Option<Result<Read, String>> {
        if self.status >= 400 {
            let read = operations::error(self.status, &self.headers(), self.body());
            return Some(read.ok_or_else(|| "this error is not read".to_owned()));
        }
        let decode = call_for(&self.operation())?;
        // A 204 is no JSON, and no call takes it for one.
        let read = if self.body().is_empty() { Ok(Read::default()) } else { decode(self.body()) };
        Some(read.map_err(|error| error.to_string()))
    }
}

#[derive(Default)]
struct Tally {
    decoded: usize,
    all: usize,
    kept: usize,
    leaves: usize,
    typed: usize,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.decoded += other.decoded;
        self.all += other.all;
        self.kept += other.kept;
        self.leaves += other.leaves;
        self.typed += other.typed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decoded, all, kept, leaves, typed } = self;
        write!(f, "decoded {decoded} of {all}, kept {kept} of {leaves}, typed {typed}")
    }
}

/// What all recordings together show.
#[derive(Default)]
struct Report {
    operations: BTreeMap<String, Tally>,
    no_call: BTreeMap<String, usize>,
    lost: BTreeSet<String>,
    not_typed: BTreeSet<String>,
    wrong: Vec<String>,
}

const OTHER_ERRORS: &str = "errors of other operations";

impl Report {
    fn take(&mut self, place: &str, exchange: &Exchange) {
        let operation = exchange.operation();
        let known = call_for(&operation).is_some();
        if !known {
            *self.no_call.entry(operation.clone()).or_default() += 1;
        }
        let Some(read) = exchange.read() else {
            return;
        };
        let name = if known { operation } else { OTHER_ERRORS.to_owned() };
        let recorded = leaves(exchange.body());
        let tally = self.operations.entry(name).or_default();
        tally.all += 1;
        tally.leaves += recorded.len();
        match read {
            Ok(read) => {
                tally.decoded += 1;
                self.compare(place, &exchange.operation(), known, &recorded, &read);
            }
            Err(error) => self.wrong.push(format!("{place}: does not decode: {error}")),
        }
    }

    fn compare(&mut self, place: &str, operation: &str, known: bool, all: &Leaves, read: &Read) {
        self.wrong.extend(differences(all, &read.kept).map(|line| format!("{place}: {line}")));
        let tally = self.operations.entry(if known { operation } else { OTHER_ERRORS }.to_owned());
        let tally = tally.or_default();
        for (path, text) in all {
            match read.kept.get(path) {
                Some(kept) => tally.kept += usize::from(kept == text),
                None => drop(self.lost.insert(format!("{operation} {}", shape(path)))),
            }
            match read.typed.get(path) == Some(text) {
                true => tally.typed += 1,
                false => drop(self.not_typed.insert(format!("{operation} {}", shape(path)))),
            }
        }
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.operations.values().for_each(|tally| total.add(tally));
        total
    }
}

/// Values that are not what was recorded, and values that were not recorded at all. A null or an
/// empty list or object that stands where nothing stood says nothing new.
fn differences<'a>(recorded: &'a Leaves, kept: &'a Leaves) -> impl Iterator<Item = String> + 'a {
    kept.iter().filter_map(move |(path, text)| match recorded.get(path) {
        Some(same) if same == text => None,
        Some(other) => Some(format!("{path} was {other} and is written as {text}")),
        None if matches!(text.as_str(), "null" | "[]" | "{}") => None,
        None => Some(format!("{path} was not there and is written as {text}")),
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (operation, tally) in &self.operations {
            writeln!(f, "exchanges: {operation}: {tally}")?;
        }
        writeln!(f, "exchanges: total: {}", self.total())?;
        let no_call: Vec<String> =
            self.no_call.iter().map(|(operation, count)| format!("{operation} {count}")).collect();
        writeln!(f, "exchanges: no call yet: {}", no_call.join(", "))?;
        self.lost.iter().try_for_each(|path| writeln!(f, "exchanges: lost: {path}"))?;
        for (reason, paths) in explained(&self.not_typed) {
            writeln!(f, "exchanges: not typed: {}: {reason}", paths.join(", "))?;
        }
        Ok(())
    }
}

/// Paths by the reason why they are not kept or typed.
fn explained(paths: &BTreeSet<String>) -> BTreeMap<&'static str, Vec<&str>> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        let (operation, shape) = path.split_once(' ').unwrap_or(("", path));
        let is_of_schema = operation.ends_with("Schema") || operation.ends_with("Profile");
        let fits = |(part, _): &&(&str, &str)| {
            is_of_schema && (shape == *part || (part.starts_with('.') && shape.ends_with(part)))
        };
        let reason = REASONS.iter().find(fits).map_or("not explained", |(_, reason)| reason);
        by_reason.entry(reason).or_default().push(path);
    }
    by_reason
}

fn folder() -> PathBuf {
    named_folder().unwrap_or_else(|| beside().join("exchanges"))
}

fn named_folder() -> Option<PathBuf> {
    std::env::var_os("OKTA_EXCHANGES").filter(|name| !name.is_empty()).map(PathBuf::from)
}

fn beside() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/okta")
}

/// Every exchange with the place where it stands, or none when the folder is not there.
fn exchanges(folder: &Path) -> Option<Vec<(String, Exchange)>> {
    if !folder.is_dir() {
        say(&format!("skipped: exchanges: {} is not there\n", folder.display()));
        return None;
    }
    let mut paths = recordings_in(folder);
    // Beside the repository log events and hook bodies are one folder up.
    if named_folder().is_none() {
        paths.extend(recordings_in(&beside()));
    }
    Some(paths.iter().flat_map(|path| exchanges_of(path)).collect())
}

fn recordings_in(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_recording = |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonl");
    let mut paths: Vec<PathBuf> = paths.filter(is_recording).collect();
    paths.sort();
    paths
}

fn exchanges_of(path: &Path) -> Vec<(String, Exchange)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(at, line): (usize, &str)| {
        let place = format!("{name}:{}", at + 1);
        let exchange = Exchange::of(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        (format!("{place} {}", exchange.operation()), exchange)
    };
    lines.map(read).collect()
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn assert_share(what: &str, part: usize, whole: usize, least: f64) {
    let share = if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    assert!(share >= least, "{what}: {part} of {whole} is less than {least}");
}

fn assert_nothing_is_wrong(wrong: &[String]) {
    let shown = wrong.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} are wrong:\n{shown}", wrong.len());
}

#[test]
fn every_recorded_answer_decodes_and_is_written_back_unchanged() {
    let folder = folder();
    let Some(exchanges) = exchanges(&folder) else {
        return;
    };
    assert!(!exchanges.is_empty(), "{} holds no recording", folder.display());
    let mut report = Report::default();
    for (place, exchange) in &exchanges {
        report.take(place, exchange);
    }
    say(&report.to_string());
    assert_nothing_is_wrong(&report.wrong);
    let total = report.total();
    assert_eq!(total.decoded, total.all);
    assert_share("kept", total.kept, total.leaves, 0.99);
    assert_share("typed", total.typed, total.leaves, 0.95);
    for (samples, tally) in report.operations.iter().filter(|(name, _)| is_sample(name)) {
        assert_share(&format!("{samples}, kept"), tally.kept, tally.leaves, 0.99);
        assert_share(&format!("{samples}, typed"), tally.typed, tally.leaves, 0.95);
    }
}

fn is_sample(operation: &str) -> bool {
    matches!(operation, LOG_EVENT | HOOK_BODY)
}

/// What stands beside the items of a page is the listing's, which gives the items.
fn around_items(operation: &str, path: &str) -> bool {
    operation == "listUsersWithRoleAssignments" && !path.starts_with("/value/")
}

#[test]
fn answers_of_tomorrow_decode_and_are_written_back_unchanged() {
    // The other test says when the folder is not there.
    let Some(exchanges) = folder().is_dir().then(|| exchanges(&folder())).flatten() else {
        return;
    };
    let (mut wrong, mut lost) = (Vec::new(), BTreeSet::new());
    for (place, exchange) in &exchanges {
        let operation = exchange.operation();
        let is_read = exchange.status < 400 && !gives_nothing(&operation);
        let decode = call_for(&operation).filter(|_| is_read);
        let (Some(decode), false) = (decode, exchange.body().is_empty()) else {
            continue;
        };
        for (what, body) in mutants::of(exchange.body()) {
            let came = leaves(&body);
            match decode(&body) {
                Ok(read) => {
                    let changed = differences(&came, &read.kept);
                    wrong.extend(changed.map(|line| format!("{place}, {what}: {line}")));
                    let gone = came.keys().filter(|path| !read.kept.contains_key(*path));
                    let gone = gone.filter(|path| !around_items(&operation, path));
                    lost.extend(gone.map(|path| format!("{operation}, {what}: {}", shape(path))));
                }
                Err(error) => wrong.push(format!("{place}, {what}: does not decode: {error}")),
            }
        }
    }
    assert_nothing_is_wrong(&wrong);
    assert!(lost.is_empty(), "{} are lost: {lost:#?}", lost.len());
}

#[test]
fn what_is_lost_or_changed_is_noticed() {
    let recorded = leaves(r#"{"id": "1", "n": 1.10, "gone": true, "none": null}"#);
    let kept = leaves(r#"{"id": "2", "n": 1.1, "new": "x", "fine": null, "also": []}"#);
    let found: Vec<String> = differences(&recorded, &kept).collect();
    assert_eq!(
        found,
        [
            "/id was \"1\" and is written as \"2\"",
            "/n was 1.10 and is written as 1.1",
            "/new was not there and is written as \"x\"",
        ]
    );
    let line = r#"{"operation_id":"getUser","method":"GET","path":"/x","status":200,
        "response_body":{"id":"00u1","new":{"x":1},"profile":{"login":"a","deep":{"x":1}}}}"#;
    let listed = r#"{"operation_id":"listUsersWithRoleAssignments","status":200,
        "response_body":{"value":[{"id":"00u1"}],"more":{"x":1}}}"#;
    let mut report = Report::default();
    report.take("here", &serde_json::from_str(line).unwrap());
    report.take("here", &serde_json::from_str(&line.replace("\"id\"", "\"no\"")).unwrap());
    report.take("here", &serde_json::from_str(&line.replace("getUser", "getZone")).unwrap());
    report.take("here", &serde_json::from_str(listed).unwrap());
    report.take("there", &serde_json::from_str(listed).unwrap());
    let samples =
        [r#"{"source":"x","event":{"uuid":"1"}}"#, r#"{"source":"x","body":{"eventId":"1"}}"#];
    for sample in samples {
        report.take("here", &Exchange::of(sample).unwrap());
    }
    let text = report.to_string();
    assert!(text.contains("log event: decoded 1 of 1, kept 1 of 1, typed 1"), "{text}");
    assert!(text.contains("event hook body: decoded 1 of 1, kept 1 of 1, typed 1"), "{text}");
    assert!(text.contains("getUser: decoded 1 of 2, kept 4 of 8, typed 3"), "{text}");
    assert!(text.contains("no call yet: getZone 1"), "{text}");
    assert!(text.contains("not typed: getUser new.x, "), "{text}");
    let lost = "exchanges: lost: listUsersWithRoleAssignments more.x\n";
    assert_eq!(text.matches(lost).count(), 1, "{text}");
    assert!(report.wrong.len() == 1 && report.wrong[0].contains("missing field `id`"));
}
