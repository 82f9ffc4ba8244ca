//! Bulk requests: chunks within the server's limits, and results found again.

use std::sync::Arc;

use http::Method;
use rest_core::Response;
use scim_types::{BulkItem, BulkRequest, BulkResponse, BulkSupport};

use super::plan::{is_post, resolved};
use super::{BulkOutcome, Run};
use crate::change::has_status;
use crate::error::{Error, Result};
use crate::resources::with_body;

const UNCLEAR: &str = "all, some or none of these operations may have been carried out: read the \
    resources before repeating them";
const OPERATIONS: usize = 100;
const BYTES: usize = 1 << 20;
// What stands around the operations, and what an id may be longer than the reference to it.
const AROUND: usize = 200;
const LONGER: usize = 64;

/// How much a request may hold.
struct Limits {
    operations: usize,
    bytes: usize,
}

impl Run<'_> {
    /// Sends bulk requests; returns the operations that have to be sent one by one.
    pub(super) async fn in_bulk(&mut self, announced: BulkSupport) -> Vec<usize> {
        let limit = |n: Option<u64>, usual| {
            n.and_then(|n| n.try_into().ok()).map_or(usual, |n: usize| n.max(1))
        };
        let mut limits = Limits {
            operations: limit(announced.max_operations, OPERATIONS),
            bytes: limit(announced.max_payload_size, BYTES),
        };
        let (mut at, mut alone) = (0, Vec::new());
        while at < self.plan.units().len() {
            let units = self.next(at, &limits);
            let chunk = self.sendable(self.plan.units()[at..at + units].concat());
            if chunk.is_empty() {
                at += units;
                continue;
            }
            match self.send(&chunk).await {
                Ok(response) => self.assign(&chunk, response),
                Err(error) if has_status(&error, 413) && units > 1 => {
                    limits.operations = chunk.len().div_ceil(2);
                    continue;
                }
                Err(error) if !self.in_bulk && has_no_bulk(&error) => {
                    if !error.is_forbidden() {
                        self.scim.capabilities().has_no_bulk();
                    }
                    alone.extend(self.plan.units()[at..].concat());
                    return self.unsettled(alone);
                }
                // Refused as a whole: one by one they say which of them is wrong.
                Err(error) if error.is_invalid() || has_status(&error, 413) => alone.extend(chunk),
                Err(error) => {
                    self.give_up(&chunk, error, self.plan.units()[at + units..].concat());
                    return self.unsettled(alone);
                }
            }
            at += units;
        }
        self.unsettled(alone)
    }

    /// How many units from here fit a request; at least one.
    fn next(&self, at: usize, limits: &Limits) -> usize {
        let (mut operations, mut bytes) = (0, AROUND);
        let fits = |unit: &&Vec<usize>| {
            operations += unit.len();
            bytes += unit.iter().map(|index| size(&self.items[*index])).sum::<usize>();
            operations <= limits.operations && bytes <= limits.bytes
        };
        self.plan.units()[at..].iter().take_while(fits).count().max(1)
    }

    fn sendable(&mut self, chunk: Vec<usize>) -> Vec<usize> {
        let mut left = Vec::with_capacity(chunk.len());
        for index in chunk {
            match self.obstacle(index) {
                Some(why) => self.skip(index, why),
                None => left.push(index),
            }
        }
        left
    }

    async fn send(&mut self, chunk: &[usize]) -> Result<BulkResponse> {
        let operations = chunk.iter().map(|index| self.named(*index)).collect();
        let mut request = BulkRequest::new(operations);
        request.fail_on_errors = self.fail_on_errors.map(|most| most - self.errors);
        self.requests += 1;
        let call = self.scim.request(Method::POST, "/Bulk", []).if_unclear(UNCLEAR);
        let read = |answer: Response| answer.without_credential().json();
        let response = with_body(call, &request).read(read).await?;
        self.in_bulk = true;
        Ok(response)
    }

    // The RFC wants a bulkId on every POST.
    fn named(&self, index: usize) -> BulkItem {
        let mut item = resolved(&self.items[index], &self.ids);
        if is_post(&item) && item.bulk_id.is_none() {
            item.bulk_id = Some(unnamed(index));
        }
        item
    }

    fn give_up(&mut self, chunk: &[usize], error: Error, later: Vec<usize>) {
        let error = Arc::new(error);
        for index in chunk {
            self.settle(*index, BulkOutcome::Failed(Arc::clone(&error)));
        }
        for index in later {
            self.skip(index, "not sent: an earlier bulk request failed");
        }
    }

    fn unsettled(&self, mut all: Vec<usize>) -> Vec<usize> {
        all.retain(|index| self.outcomes[*index].is_none());
        all
    }
}

fn has_no_bulk(error: &Error) -> bool {
    error.is_forbidden() || error.is_not_found() || has_status(error, 405) || has_status(error, 501)
}

pub(super) fn unnamed(index: usize) -> String {
    format!("operation-{}", index + 1)
}

fn size(item: &BulkItem) -> usize {
    let written = serde_json::to_vec(item).map_or(0, |bytes| bytes.len());
    written + 1 + LONGER * (1 + item.references().len())
}
