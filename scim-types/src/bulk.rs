use serde_json::Value;

use crate::{Error, urn};

open_enum! {
    /// What a bulk operation does.
    pub enum BulkMethod {
        /// Create.
        Post = "POST",
        /// Replace.
        Put = "PUT",
        /// Change in part.
        Patch = "PATCH",
        /// Delete.
        Delete = "DELETE",
    }
}

object! {
    /// Several requests in one, RFC 7644 section 3.7.
    pub struct BulkRequest {
        /// The URN of bulk requests.
        schemas: Vec<String> = "schemas",
        /// Stop after so many errors; none means never.
        fail_on_errors: Option<u64> = "failOnErrors",
        /// The requests.
        operations: Vec<BulkItem> = "Operations",
    }
}

object! {
    /// One request of a bulk request.
    pub struct BulkItem {
        /// What it does.
        method: Option<BulkMethod> = "method",
        /// The client's name for a resource that is to be created; others refer to it as
        /// `bulkId:name`.
        bulk_id: Option<String> = "bulkId",
        /// The version expected.
        version: Option<String> = "version",
        /// The path, such as `/Users` or `/Users/{id}`.
        path: Option<String> = "path",
        /// The body.
        data: Option<Value> = "data",
    }
}

object! {
    /// The answers to a bulk request.
    pub struct BulkResponse {
        /// The URN of bulk responses.
        schemas: Vec<String> = "schemas",
        /// The answers.
        operations: Vec<BulkResult> = "Operations",
    }
}

object! {
    /// The answer to one request of a bulk request.
    pub struct BulkResult {
        /// What it did.
        method: Option<BulkMethod> = "method",
        /// The client's name for the resource.
        bulk_id: Option<String> = "bulkId",
        /// The version now.
        version: Option<String> = "version",
        /// The URL of the resource; missing when a creation failed.
        location: Option<String> = "location",
        /// The HTTP status; some servers send a number.
        status: Option<String> = "status",
        /// The resource, or the error.
        response: Option<Value> = "response",
    }
}

impl BulkRequest {
    /// These requests, all of them tried.
    pub fn new(operations: Vec<BulkItem>) -> Self {
        Self { schemas: vec![urn::BULK_REQUEST.to_owned()], operations, ..Self::default() }
    }
}

impl BulkItem {
    /// Creates a resource that other requests can refer to as `bulkId:bulk_id`.
    pub fn create(path: &str, bulk_id: &str, data: impl Into<Value>) -> Self {
        let bulk_id = Some(bulk_id.to_owned());
        Self { bulk_id, data: Some(data.into()), ..Self::of(BulkMethod::Post, path) }
    }

    /// A request without body.
    pub fn of(method: BulkMethod, path: &str) -> Self {
        Self { method: Some(method), path: Some(path.to_owned()), ..Self::default() }
    }

    /// The `bulkId`s that the body refers to.
    pub fn references(&self) -> Vec<&str> {
        let mut found = Vec::new();
        if let Some(data) = &self.data {
            collect_references(data, &mut found);
        }
        found
    }
}

fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix("bulkId:")),
        Value::Array(elements) => elements.iter().for_each(|e| collect_references(e, found)),
        Value::Object(object) => object.values().for_each(|v| collect_references(v, found)),
        _ => {}
    }
}

impl BulkResponse {
    /// These answers.
    pub fn new(operations: Vec<BulkResult>) -> Self {
        Self { schemas: vec![urn::BULK_RESPONSE.to_owned()], operations, ..Self::default() }
    }
}

impl BulkResult {
    /// The HTTP status as a number.
    pub fn status_code(&self) -> Option<u16> {
        self.status.as_deref()?.trim().parse().ok()
    }

    /// The error, if the request failed.
    pub fn error(&self) -> Option<Error> {
        let failed = self.status_code().is_none_or(|status| status >= 400);
        let body = self.response.as_ref().filter(|_| failed)?;
        serde_json::from_value(body.clone()).ok()
    }
}
