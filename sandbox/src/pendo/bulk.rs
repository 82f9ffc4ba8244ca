//! The bulk metadata call: the rules are those of one call, records are judged one by one.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State as Shared};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::options::{Empty, ErrorItem, PendoOptions, UnknownField};
use super::state::{Field, Kind, State};
use super::value::{check, store};
use super::{Pendo, json_answer, not_found, text_answer};

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "visitorId")]
    visitor_id: Option<String>,
    #[serde(rename = "accountId")]
    account_id: Option<String>,
    values: Map<String, Value>,
}

struct Record {
    id: String,
    values: Map<String, Value>,
}

/// Where a call writes to.
struct Target<'a> {
    pendo: &'a Pendo,
    kind: Kind,
    group: &'a str,
    create: bool,
}

#[derive(Default)]
struct Tally {
    total: u64,
    updated: u64,
    missing: Vec<String>,
    errors: Vec<(String, &'static str)>,
}

pub(super) async fn write(
    Shared(pendo): Shared<Pendo>,
    Path((kind, group)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let Some(kind) = Kind::parse(&kind) else {
        return not_found().await;
    };
    let create = query.unwrap_or_default().split('&').any(|pair| pair == "create=true");
    let target = Target { pendo: &pendo, kind, group: &group, create };
    target.apply(&body).unwrap_or_else(|refusal| *refusal)
}

impl Target<'_> {
    fn apply(&self, body: &[u8]) -> Result<Response, Box<Response>> {
        let options = self.pendo.options();
        self.pendo.state().stats.calls += 1;
        if options.max_bytes.is_some_and(|most| body.len() > most) {
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"));
        }
        let records = self.parse(body)?;
        if options.max_records.is_some_and(|most| records.len() > most) {
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "too many records"));
        }
        let mut state = self.pendo.state();
        self.check_call(&mut state, &records)?;
        let mut tally = Tally::default();
        let allowed = options.time_out_after.unwrap_or(usize::MAX);
        let timed_out = records.len() > allowed;
        for record in records.into_iter().take(allowed) {
            self.write_one(&mut state, record, &mut tally);
        }
        state.stats.records += tally.total;
        state.stats.updated += tally.updated;
        state.stats.missing += tally.missing.len() as u64;
        state.stats.refused += tally.errors.len() as u64;
        if timed_out {
            return Err(refuse(StatusCode::REQUEST_TIMEOUT, "over five minutes"));
        }
        Ok(tally.answer(options))
    }

    fn parse(&self, body: &[u8]) -> Result<Vec<Record>, Box<Response>> {
        let rows: Vec<Row> = serde_json::from_slice(body)
            .map_err(|error| refuse(StatusCode::BAD_REQUEST, &error.to_string()))?;
        let records = rows.into_iter().map(|row| {
            let id = match self.kind {
                Kind::Visitor => row.visitor_id,
                Kind::Account => row.account_id,
            };
            Some(Record { id: id.filter(|id| !id.is_empty())?, values: row.values })
        });
        records.collect::<Option<_>>().ok_or_else(|| {
            let message = format!("a record without {}", self.kind.id_key());
            refuse(StatusCode::BAD_REQUEST, &message)
        })
    }

    /// What refuses the call as a whole, before anything is applied.
    fn check_call(&self, state: &mut State, records: &[Record]) -> Result<(), Box<Response>> {
        let options = self.pendo.options();
        let writable = matches!(self.group, "agent" | "custom")
            || (self.group == "okta" && options.okta_group);
        if !writable {
            return Err(refuse(StatusCode::BAD_REQUEST, "not a writable group"));
        }
        if records.iter().any(|record| state.poisoned.contains(&record.id)) {
            return Err(refuse(StatusCode::BAD_REQUEST, "bad request"));
        }
        let may_make = self.group == "custom" && options.unknown_field == UnknownField::Create;
        let fields = state.schema_mut(self.kind).entry(self.group.to_owned()).or_default();
        for name in records.iter().flat_map(|record| record.values.keys()) {
            let key = name.to_lowercase();
            if fields.contains_key(&key) {
                continue;
            }
            if !may_make {
                return Err(refuse(StatusCode::BAD_REQUEST, "missing field mappings"));
            }
            fields.insert(key, Field::new(name, &options.made_field_type));
        }
        Ok(())
    }

    fn write_one(&self, state: &mut State, record: Record, tally: &mut Tally) {
        tally.total += 1;
        let id = self.pendo.stored_id(self.kind, &record.id);
        if state.refused.contains(&record.id) {
            return tally.errors.push((id, "refused"));
        }
        let values = lower_case(record.values);
        if let Err(message) = self.check_values(state, &values) {
            return tally.errors.push((id, message));
        }
        let known = self.pendo.knows(state, self.kind, &id);
        if !known && !self.create {
            return tally.missing.push(id);
        }
        tally.updated += 1;
        state.stats.checksum = state.stats.checksum.wrapping_add(hash(&id));
        if !known {
            state.stats.created += 1;
            state.stats.created_visitors += u64::from(self.kind == Kind::Visitor);
        }
        if !self.pendo.options().count_only {
            let values = self.keep_undeleted(state, values);
            let entity = state.entities_mut(self.kind).entry(id).or_default();
            store(self.pendo.options(), entity, self.group, values);
        }
    }

    fn check_values(&self, state: &State, values: &Map<String, Value>) -> Result<(), &'static str> {
        let fields = state.schema(self.kind).get(self.group);
        values.iter().try_for_each(|(name, value)| {
            match fields.and_then(|fields| fields.get(name)) {
                Some(field) => check(self.pendo.options(), field, value),
                None => Ok(()),
            }
        })
    }

    /// A deleted field takes no values, and nobody is told.
    fn keep_undeleted(&self, state: &State, values: Map<String, Value>) -> Map<String, Value> {
        let fields = state.schema(self.kind).get(self.group);
        let deleted = |name: &String| fields.and_then(|f| f.get(name)).is_some_and(|f| f.deleted);
        values.into_iter().filter(|(name, _)| !deleted(name)).collect()
    }
}

impl Tally {
    fn answer(self, options: &PendoOptions) -> Response {
        let failed = self.missing.len() + self.errors.len();
        let mut body = json!({"total": self.total, "updated": self.updated, "failed": failed});
        let missing = self.missing.into_iter().map(Value::from).collect();
        put_list(&mut body, "missing", missing, options.empty);
        let item = |(id, message): (String, &str)| match options.error_item {
            ErrorItem::Object => Some(json!({"id": id, "error": message})),
            ErrorItem::Text => Some(json!(id)),
            ErrorItem::Anonymous => Some(json!({"error": message})),
            ErrorItem::Absent => None,
        };
        let errors = self.errors.into_iter().filter_map(item).collect();
        put_list(&mut body, "errors", errors, options.empty);
        json_answer(StatusCode::OK, body)
    }
}

fn put_list(body: &mut Value, name: &str, list: Vec<Value>, empty: Empty) {
    match empty {
        Empty::Absent if list.is_empty() => {}
        Empty::Null if list.is_empty() => body[name] = Value::Null,
        _ => body[name] = Value::Array(list),
    }
}

fn refuse(status: StatusCode, message: &str) -> Box<Response> {
    Box::new(text_answer(status, message))
}

fn lower_case(values: Map<String, Value>) -> Map<String, Value> {
    values.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect()
}

/// FNV-1a, so that another program can compute the same sum.
fn hash(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
