//! Aggregation: pipelines that read visitors or accounts, with the steps that page by id.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::entity::metadata;
use super::state::Kind;
use super::{Pendo, json_answer, text_answer};

/// Whose rows go through the pipeline, and what became of them so far.
struct Rows {
    kind: Kind,
    rows: Vec<Value>,
}

pub(super) async fn run(Shared(pendo): Shared<Pendo>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refusal("the body is not JSON");
    };
    match results(&pendo, &body["request"]["pipeline"]) {
        Ok(rows) => json_answer(StatusCode::OK, json!({"results": rows})),
        Err(message) => refusal(&message),
    }
}

pub(super) async fn wrong_method() -> Response {
    text_answer(StatusCode::BAD_REQUEST, "an aggregation is a POST")
}

fn refusal(message: &str) -> Response {
    text_answer(StatusCode::UNPROCESSABLE_ENTITY, message)
}

fn results(pendo: &Pendo, pipeline: &Value) -> Result<Vec<Value>, String> {
    let mut steps = pipeline.as_array().into_iter().flatten();
    let source = steps.next().ok_or("a pipeline begins with a source")?;
    let mut steps: Vec<&Value> = steps.collect();
    // Rows that a filter on the id takes out first need not be made.
    let kind = match source["source"].as_object().and_then(|source| source.keys().next()) {
        Some(name) if name == "visitors" => Kind::Visitor,
        Some(name) if name == "accounts" => Kind::Account,
        _ => return Err("only visitors and accounts can be a source".into()),
    };
    steps.retain(|step| step.get("identified").is_none_or(|field| field != kind.id_key()));
    let mut ids = ids(pendo, kind);
    if let Some(filter) = steps.first().and_then(|step| step["filter"].as_str()) {
        let keep = condition(filter, kind)?;
        ids.retain(|id| keep(id));
        steps.remove(0);
    }
    // Sorted already; and with a limit at the end, more than that many are not made.
    if let Some(most) = steps.last().and_then(|step| step["limit"].as_u64())
        && !steps.iter().any(|step| step.get("filter").is_some())
    {
        ids = ids.into_iter().take(most as usize).collect();
    }
    let row = |id: &String| {
        let metadata = metadata(pendo, &pendo.state(), kind, id);
        json!({(kind.id_key()): id, "metadata": metadata})
    };
    let mut rows = Rows { kind, rows: ids.iter().map(row).collect() };
    steps.into_iter().try_for_each(|step| rows.go(step))?;
    Ok(rows.rows)
}

/// Everybody who is known, in order.
fn ids(pendo: &Pendo, kind: Kind) -> BTreeSet<String> {
    let people = &pendo.inner.people;
    let from_the_start: Vec<String> = match kind {
        Kind::Visitor => {
            let all = (0..people.count()).map(|index| people.email(index));
            all.filter(|id| pendo.person(id).is_some()).collect()
        }
        Kind::Account => pendo.options().accounts.clone(),
    };
    let state = pendo.state();
    from_the_start.into_iter().chain(state.entities(kind).keys().cloned()).collect()
}

impl Rows {
    fn go(&mut self, step: &Value) -> Result<(), String> {
        let (name, value) = step
            .as_object()
            .filter(|step| step.len() == 1)
            .and_then(|step| step.iter().next())
            .ok_or("a step is an object with one member")?;
        match (name.as_str(), value) {
            ("filter", Value::String(text)) => {
                let (keep, key) = (condition(text, self.kind)?, self.kind.id_key());
                self.rows.retain(|row| row[key].as_str().is_some_and(&keep));
            }
            ("select", Value::Object(wanted)) => {
                self.rows = self.rows.iter().map(|row| selected(row, wanted)).collect();
            }
            ("sort", Value::Array(by)) => self.sort(by)?,
            ("limit", Value::Number(most)) => {
                self.rows.truncate(most.as_u64().unwrap_or_default() as usize);
            }
            _ => return Err(format!("the sandbox knows no step `{name}` like this")),
        }
        Ok(())
    }

    fn sort(&mut self, by: &[Value]) -> Result<(), String> {
        match by {
            [Value::String(field)] => {
                let text = |row: &Value| row[field].as_str().map(str::to_owned);
                self.rows.sort_by_key(text);
                Ok(())
            }
            _ => Err("the sandbox sorts by one field".into()),
        }
    }
}

fn selected(row: &Value, wanted: &Map<String, Value>) -> Value {
    let value = |path: &Value| {
        let steps = path.as_str().unwrap_or_default().split('.');
        steps.fold(row, |value, step| &value[step]).clone()
    };
    Value::Object(wanted.iter().map(|(name, path)| (name.clone(), value(path))).collect())
}

/// A comparison of the id with a text, such as `visitorId > "ada"`.
fn condition(text: &str, kind: Kind) -> Result<impl Fn(&str) -> bool + use<>, String> {
    let fail = || format!("the sandbox cannot read the filter `{text}`");
    let rest = text.trim().strip_prefix(kind.id_key()).ok_or_else(fail)?.trim_start();
    let (operator, quoted) = rest.split_once(char::is_whitespace).ok_or_else(fail)?;
    // The escapes are those of JSON, as far as `\` and `"` go.
    let value: String = serde_json::from_str(quoted.trim()).map_err(|_| fail())?;
    let holds: fn(&str, &str) -> bool = match operator {
        ">" => |id, value| id > value,
        ">=" => |id, value| id >= value,
        "<" => |id, value| id < value,
        "<=" => |id, value| id <= value,
        "==" => |id, value| id == value,
        "!=" => |id, value| id != value,
        _ => return Err(fail()),
    };
    Ok(move |id: &str| holds(id, &value))
}
