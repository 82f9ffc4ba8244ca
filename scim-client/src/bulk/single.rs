//! The same operations as calls of their own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use futures::StreamExt;
use futures::stream;
use http::header::{ETAG, IF_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, Method};
use rest_core::{Request, Response};
use scim_types::{BulkItem, BulkMethod, BulkResult};

use super::plan::resolved;
use super::{BulkOutcome, Run, UNCLEAR};
use crate::change::{has_status, is_unclear};
use crate::error::{Error, ScimError};
use crate::resources::with_body;
use crate::scim::Scim;

impl Run<'_> {
    /// Sends these one by one, several at a time, each after those that it has to come after.
    pub(super) async fn one_by_one(&mut self, all: Vec<usize>) {
        let mut left: BTreeSet<usize> = all.into_iter().collect();
        while !left.is_empty() {
            let free = left.iter().copied().filter(|n| self.plan.is_free(*n, &left));
            let mut ready: Vec<usize> = free.collect();
            if ready.is_empty() {
                for index in left {
                    self.skip(index, "not sent: bulkIds that refer to each other in a circle need a server with /Bulk");
                }
                return;
            }
            left.retain(|index| !ready.contains(index));
            ready.retain(|index| match self.obstacle(*index) {
                Some(why) => {
                    self.skip(*index, why);
                    false
                }
                None => true,
            });
            self.send_each(ready).await;
        }
    }

    async fn send_each(&mut self, ready: Vec<usize>) {
        let (scim, most) = (self.scim, self.fail_on_errors);
        let errors = AtomicU64::new(self.errors);
        let errors = &errors;
        let items = ready.into_iter().map(|index| (index, resolved(&self.items[index], &self.ids)));
        let items: Vec<(usize, BulkItem)> = items.collect();
        let calls = stream::iter(items).map(|(index, item)| async move {
            if most.is_some_and(|most| errors.load(SeqCst) >= most) {
                return (index, None);
            }
            let outcome = send(scim, &item).await;
            errors.fetch_add(u64::from(!outcome.is_done()), SeqCst);
            (index, Some(outcome))
        });
        let mut calls = Box::pin(calls.buffer_unordered(self.concurrency));
        while let Some((index, outcome)) = calls.next().await {
            match outcome {
                Some(outcome) => {
                    self.requests += 1;
                    self.settle(index, outcome);
                }
                None => self.skip(index, "not sent: too many operations have failed"),
            }
        }
    }
}

async fn send(scim: &Scim, item: &BulkItem) -> BulkOutcome {
    // A page that a proxy answered with says nothing of the operation.
    let own = |answer: Response| answer.done().map(|()| answer);
    match request(scim, item).read(own).await {
        Ok(answer) => BulkOutcome::of(result(item, &answer.without_credential())),
        // An earlier attempt, whose answer was lost, has deleted it.
        Err(error) if is_deleted(item, &error) => BulkOutcome::of(BulkResult {
            method: item.method.clone(),
            status: Some("204".to_owned()),
            ..BulkResult::default()
        }),
        Err(error) => refused(item, error),
    }
}

fn is_deleted(item: &BulkItem, error: &Error) -> bool {
    item.method == Some(BulkMethod::Delete) && error.is_not_found() && error.attempts() > 1
}

fn request(scim: &Scim, item: &BulkItem) -> Request<ScimError> {
    let path = item.path.as_deref().unwrap_or_default().trim_matches('/');
    let method = match item.method {
        Some(BulkMethod::Post) => Method::POST,
        Some(BulkMethod::Put) => Method::PUT,
        Some(BulkMethod::Patch) => Method::PATCH,
        _ => Method::DELETE,
    };
    let repeatable = matches!(method, Method::PUT | Method::DELETE);
    let mut request = match path.split_once('/') {
        None => match path {
            "Users" => scim.request(method, "/Users", []),
            "Groups" => scim.request(method, "/Groups", []),
            other => scim.request(method, "/{type}", [other]),
        },
        Some(("Users", id)) => scim.request(method, "/Users/{id}", [id]),
        Some(("Groups", id)) => scim.request(method, "/Groups/{id}", [id]),
        Some((other, id)) => scim.request(method, "/{type}/{id}", [other, id]),
    };
    request = if repeatable { request.safe_to_repeat() } else { request.if_unclear(UNCLEAR) };
    if let Some(version) = &item.version {
        request = request.header(IF_MATCH, version);
    }
    match &item.data {
        Some(data) => with_body(request, data),
        None => request,
    }
}

fn result(item: &BulkItem, answer: &Response) -> BulkResult {
    let header = |name: HeaderName| text(answer.headers(), &name);
    BulkResult {
        method: item.method.clone(),
        bulk_id: item.bulk_id.clone(),
        version: header(ETAG),
        location: header(LOCATION),
        status: Some(answer.status().as_u16().to_string()),
        response: serde_json::from_slice(answer.body()).ok(),
        ..BulkResult::default()
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// An answer is a result; an attempt without one, or one that may have acted, is an error.
fn refused(item: &BulkItem, error: Error) -> BulkOutcome {
    let status = match error.status() {
        Some(status) if !is_unclear(&error) && !has_status(&error, 429) => status.as_u16(),
        _ => return BulkOutcome::Failed(Arc::new(error)),
    };
    let mut said = scim_types::Error::new(status, "");
    said.detail = error.body().map(|body| body.detail().to_owned());
    said.scim_type = error.body().and_then(|body| body.scim_type().cloned());
    BulkOutcome::of(BulkResult {
        method: item.method.clone(),
        bulk_id: item.bulk_id.clone(),
        status: Some(status.to_string()),
        response: serde_json::to_value(said).ok(),
        ..BulkResult::default()
    })
}
