//! What arrived, counted.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

/// How many calls are kept one by one.
const KEPT: usize = 10_000;

/// What arrived at the provider so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScimStats {
    /// Calls by method and route, such as `PATCH /Groups/{id}`, those that failed included.
    pub requests: BTreeMap<String, u64>,
    /// Requests inside bulk requests.
    pub bulk_operations: u64,
    /// Members that operations of PATCH named, to be added, removed or set.
    pub member_operations: u64,
    /// Members that bodies of PUT named.
    pub members_put: u64,
    /// Resources that listings answered.
    pub resources_read: u64,
    /// Members that answers showed.
    pub members_read: u64,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimRequest {
    /// The method.
    pub method: String,
    /// The path below the base URL.
    pub path: String,
    /// The query, as it came.
    pub query: String,
    /// The status of the answer.
    pub status: u16,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) stats: ScimStats,
    pub(super) latest: VecDeque<ScimRequest>,
}

impl ScimStats {
    /// How often this method and route were called, such as `GET /Users`.
    pub fn count(&self, route: &str) -> u64 {
        self.requests.get(route).copied().unwrap_or_default()
    }

    /// How many calls there were.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    pub(super) fn read(&mut self, resources: &[Value]) {
        self.resources_read += resources.len() as u64;
        self.show(resources);
    }

    /// Counts the members that these resources show.
    pub(super) fn show(&mut self, resources: &[Value]) {
        let members = |resource: &Value| resource["members"].as_array().map_or(0, Vec::len);
        self.members_read += resources.iter().map(members).sum::<usize>() as u64;
    }
}

impl Log {
    pub(super) fn add(&mut self, route: String, request: ScimRequest) {
        *self.stats.requests.entry(route).or_default() += 1;
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(request);
    }
}
