//! Bulk requests: RFC 7644 section 3.7, with references forward, backward and in circles.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use http::Method;
use scim_types::{BulkItem, BulkMethod, BulkRequest, BulkResponse, BulkResult, Error};
use serde_json::{Value, json};

use super::Session;
use super::call::{Call, Outcome, Reply, Target, bad_syntax, bad_value, member};
use super::kind::Kind;
use super::members::Member;

/// How far the creations of one bulk request are.
#[derive(Default)]
struct Progress {
    /// The id that each bulkId gets, and of which type.
    promised: HashMap<String, (Arc<str>, Kind)>,
    created: HashSet<String>,
    failed: HashSet<String>,
}

impl Session<'_> {
    pub(super) fn bulk(&mut self, call: &mut Call) -> Outcome {
        if self.provider.quirks().bulk_unsupported {
            return Err(Error::new(501, "bulk requests are not implemented"));
        }
        let body = call.body.take().ok_or_else(|| bad_syntax("the body is not a JSON object"))?;
        let operations = body.as_object().and_then(|body| member(body, "Operations"));
        if !operations.is_some_and(Value::is_array) {
            return Err(bad_syntax("a bulk request has a list of Operations"));
        }
        let request: BulkRequest =
            serde_json::from_value(body).map_err(|error| bad_syntax(error.to_string()))?;
        let most = self.provider.options().max_bulk_operations;
        if request.operations.len() as u64 > most {
            return Err(Error::new(413, format!("more than {most} operations")));
        }
        let mut progress = self.promise(&request)?;
        let results = self.run_all(&request, &mut progress, &call.base);
        for (bulk_id, (id, kind)) in &progress.promised {
            let member = Member { kind: *kind, id: Arc::clone(id) };
            self.state.reserved.remove(&member);
            // Who was promised in a circle and never came is no member.
            if !progress.created.contains(bulk_id) {
                self.state.drop_member(&member);
            }
        }
        let is_empty = results.is_empty();
        let mut body = serde_json::to_value(BulkResponse::new(results)).unwrap_or_default();
        if is_empty {
            body["Operations"] = json!([]);
        }
        Ok(Reply::new(200, body))
    }

    // Every resource to be created gets its id now, so that others can refer to it in any order.
    fn promise(&mut self, request: &BulkRequest) -> Result<Progress, Error> {
        let mut progress = Progress::default();
        for item in request.operations.iter().filter(|item| is(item, &BulkMethod::Post)) {
            let Some(Target::Resources(kind)) = item.path.as_deref().and_then(Target::of) else {
                continue;
            };
            let Some(bulk_id) = &item.bulk_id else { continue };
            let id = self.state.fresh_id(self.provider.quirks(), kind);
            self.state.reserved.insert(Member { kind, id: Arc::clone(&id) });
            if progress.promised.insert(bulk_id.clone(), (id, kind)).is_some() {
                return Err(bad_value(format!("bulkId {bulk_id} is given twice")));
            }
        }
        Ok(progress)
    }

    // In the order of the request, but what refers to a later creation waits for it.
    fn run_all(
        &mut self,
        request: &BulkRequest,
        progress: &mut Progress,
        base: &str,
    ) -> Vec<BulkResult> {
        let needs = |item: &BulkItem| -> Vec<String> {
            let in_path = item.path.as_deref().and_then(|path| path.rsplit_once("bulkId:"));
            let in_path = in_path.map(|(_, id)| id);
            item.references().into_iter().chain(in_path).map(str::to_owned).collect()
        };
        let mut waiting: Vec<(usize, &BulkItem, Vec<String>)> =
            request.operations.iter().enumerate().map(|(n, i)| (n, i, needs(i))).collect();
        let mut results = Vec::new();
        let mut errors = 0;
        while !waiting.is_empty() {
            let is_ready = |(_, _, needs): &(usize, &BulkItem, Vec<String>)| {
                needs.iter().all(|id| !progress.is_open(id))
            };
            // Nobody is ready in a circle: then the first one relies on what was promised.
            let next = waiting.iter().position(is_ready).unwrap_or(0);
            let (place, item, needs) = waiting.remove(next);
            let result = self.run_one(item, &needs, progress, base);
            errors += u64::from(result.status_code().is_none_or(|status| status >= 400));
            results.push((place, result));
            if request.fail_on_errors.is_some_and(|most| most > 0 && errors >= most) {
                break;
            }
        }
        results.sort_by_key(|(place, _)| *place);
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn run_one(
        &mut self,
        item: &BulkItem,
        needs: &[String],
        progress: &mut Progress,
        base: &str,
    ) -> BulkResult {
        self.provider.counters().bulk_operations += 1;
        let outcome = self.call_of(item, needs, progress, base).and_then(|mut call| {
            let is_nested = matches!(Target::of(&call.path), Some(Target::Bulk));
            match is_nested || call.method == Method::GET {
                true => Err(bad_value("a bulk request has POST, PUT, PATCH and DELETE only")),
                false => self.route(&mut call).map(|reply| (reply, format!("{base}{}", call.path))),
            }
        });
        if let (Some(bulk_id), true) = (&item.bulk_id, is(item, &BulkMethod::Post)) {
            let done = if outcome.is_ok() { &mut progress.created } else { &mut progress.failed };
            done.insert(bulk_id.clone());
        }
        let mut result = BulkResult {
            method: item.method.clone(),
            bulk_id: item.bulk_id.clone(),
            ..BulkResult::default()
        };
        match outcome {
            Ok((reply, path)) => {
                result.status = Some(reply.status.to_string());
                result.version = reply.version;
                result.location = Some(reply.location.unwrap_or(path));
                result.response = reply.body.filter(|body| reply.status >= 400 && body.is_object());
            }
            Err(error) => {
                result.status = Some(error.status.unwrap_or(500).to_string());
                if !is(item, &BulkMethod::Post) {
                    let path = item.path.as_deref().unwrap_or_default();
                    result.location = Some(format!("{base}{path}"));
                }
                result.response = serde_json::to_value(&error).ok();
            }
        }
        result
    }

    fn call_of(
        &self,
        item: &BulkItem,
        needs: &[String],
        progress: &Progress,
        base: &str,
    ) -> Result<Call, Error> {
        let method =
            item.method.as_ref().and_then(|m| m.as_str().to_ascii_uppercase().parse().ok());
        let (Some(method), Some(path)) = (method, &item.path) else {
            return Err(bad_syntax("an operation has a method and a path"));
        };
        if method == Method::POST && item.bulk_id.is_none() {
            return Err(bad_syntax("POST needs a bulkId"));
        }
        for bulk_id in needs {
            if progress.failed.contains(bulk_id) {
                return Err(Error::new(409, format!("bulkId {bulk_id} was not created")));
            }
            if !progress.promised.contains_key(bulk_id) {
                return Err(bad_value(format!("bulkId {bulk_id} is not in this request")));
            }
        }
        let mut body = item.data.clone();
        if let Some(body) = &mut body {
            progress.fill(body);
        }
        let id = item.bulk_id.as_ref().and_then(|bulk_id| progress.promised.get(bulk_id));
        Ok(Call {
            id: id.filter(|_| method == Method::POST).map(|(id, _)| id.to_string()),
            method,
            path: progress.path(path),
            parameters: Vec::new(),
            body,
            if_match: item.version.clone(),
            if_none_match: None,
            base: base.to_owned(),
        })
    }
}

impl Progress {
    fn is_open(&self, bulk_id: &str) -> bool {
        self.promised.contains_key(bulk_id)
            && !self.created.contains(bulk_id)
            && !self.failed.contains(bulk_id)
    }

    fn id(&self, text: &str) -> Option<&str> {
        self.promised.get(text.strip_prefix("bulkId:")?).map(|(id, _)| &**id)
    }

    fn path(&self, path: &str) -> String {
        let filled = |part: &str| self.id(part).unwrap_or(part).to_owned();
        path.split('/').map(filled).collect::<Vec<_>>().join("/")
    }

    // Puts ids where the body has `bulkId:name`.
    fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(id) = self.id(text) {
                    *text = id.to_owned();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|element| self.fill(element)),
            Value::Object(object) => object.values_mut().for_each(|value| self.fill(value)),
            _ => {}
        }
    }
}

fn is(item: &BulkItem, method: &BulkMethod) -> bool {
    item.method.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(method.as_str()))
}
