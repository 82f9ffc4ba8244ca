//! Many changes at once: in bulk where the server has it, in single calls where not.

mod plan;
mod results;
mod single;
mod whole;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use scim_types::{BulkItem, BulkMethod, BulkResult, urn};
use serde_json::Value;

use crate::call::awaitable;
use crate::error::{Error, Result};
use crate::scim::Scim;

use plan::Plan;

const CONCURRENCY: usize = 4;

const UNCLEAR: &str =
    "it may have been carried out: read the resource before repeating it, look it up if it is new";

/// Operations that are to be carried out; see [`Scim::bulk`].
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Bulk {
    scim: Scim,
    items: Vec<BulkItem>,
    fail_on_errors: Option<u64>,
    concurrency: usize,
}

/// What came of each operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BulkReport {
    /// One outcome for each operation, in the order in which they were given.
    pub outcomes: Vec<BulkOutcome>,
    /// Requests that were sent: bulk requests and single calls.
    pub requests: usize,
    /// Whether any of it went through the server's bulk endpoint.
    pub in_bulk: bool,
}

/// What came of one operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// Carried out, with what the server said.
    Done(Box<BulkResult>),
    /// Refused by the server: `status` and `response` say why.
    Refused(Box<BulkResult>),
    /// The call failed; [`Error::is_unclear`] says whether it may have been carried out all the same.
    Failed(Arc<Error>),
    /// Not sent, or not carried out, for this reason.
    Skipped(String),
}

impl Scim {
    /// Carries out many operations: by `/Bulk` where the server has it, else by single calls.
    ///
    /// RFC 7644 section 3.7. As many to a request as the server announces (100 and 1 MiB where it
    /// announces nothing), half as many when it refuses that (413). What refers to `bulkId:name`
    /// comes after the operation that creates it, in another request with the id in its place. A
    /// server that answers 403, 404, 405 or 501 to `/Bulk`, or announces that it has none, gets single
    /// calls, several at a time, operations on the same resource in order.
    ///
    /// A bulk request of unclear outcome is never repeated: its operations are
    /// [`BulkOutcome::Failed`], and those after it [`BulkOutcome::Skipped`].
    ///
    /// # Errors
    /// Only what is wrong with the operations themselves, before any is sent: a `bulkId` that is given
    /// twice or that no operation has, a path that names no resource. Everything else is the outcome
    /// of an operation: see [`BulkReport::into_result`].
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use scim_types::BulkItem;
    /// use serde_json::json;
    ///
    /// let report = scim.bulk(vec![
    ///     BulkItem::create("/Users", "ada", json!({"userName": "ada@acme.example"})),
    ///     BulkItem::create("/Groups", "g", json!({"displayName": "Research", "members": [
    ///         {"value": "bulkId:ada"},
    ///     ]})),
    /// ]).await?;
    /// for (index, outcome) in report.failed() {
    ///     println!("operation {index}: {outcome}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn bulk(&self, operations: Vec<BulkItem>) -> Bulk {
        let scim = self.clone();
        Bulk { scim, items: operations, fail_on_errors: None, concurrency: CONCURRENCY }
    }
}

impl Bulk {
    /// Stops after so many errors; what has not been sent then is skipped. By default all are tried.
    pub fn fail_on_errors(mut self, errors: u64) -> Self {
        self.fail_on_errors = Some(errors.max(1));
        self
    }

    /// Single calls at a time, 4 by default.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    async fn run(self) -> Result<BulkReport> {
        let plan = Plan::of(&self.items)?;
        let mut run = Run::new(&self, &plan);
        let bulk = self.scim.discovery().config().await.and_then(|config| config.bulk.clone());
        let has_none = bulk.as_ref().is_some_and(|bulk| !bulk.supported);
        let left = match has_none || !self.scim.capabilities().bulk() {
            true => plan.all(),
            false => run.in_bulk(bulk.unwrap_or_default()).await,
        };
        run.one_by_one(left).await;
        Ok(run.report())
    }
}

awaitable!(Bulk => BulkReport, this { this.run().await });

/// Operations under way.
struct Run<'a> {
    scim: &'a Scim,
    items: &'a [BulkItem],
    plan: &'a Plan,
    outcomes: Vec<Option<BulkOutcome>>,
    /// The ids of created resources, by `bulkId`.
    ids: HashMap<String, String>,
    fail_on_errors: Option<u64>,
    concurrency: usize,
    errors: u64,
    requests: usize,
    in_bulk: bool,
}

impl<'a> Run<'a> {
    fn new(bulk: &'a Bulk, plan: &'a Plan) -> Self {
        Self {
            scim: &bulk.scim,
            items: &bulk.items,
            plan,
            outcomes: vec![None; bulk.items.len()],
            ids: HashMap::new(),
            fail_on_errors: bulk.fail_on_errors,
            concurrency: bulk.concurrency,
            errors: 0,
            requests: 0,
            in_bulk: false,
        }
    }

    fn settle(&mut self, index: usize, outcome: BulkOutcome) {
        match &outcome {
            BulkOutcome::Done(_) => {
                let name = self.items[index].bulk_id.clone();
                self.ids.extend(name.zip(outcome.id().map(str::to_owned)));
            }
            BulkOutcome::Skipped(_) => {}
            BulkOutcome::Refused(_) | BulkOutcome::Failed(_) => self.errors += 1,
        }
        self.outcomes[index] = Some(outcome);
    }

    fn skip(&mut self, index: usize, why: impl Into<String>) {
        self.settle(index, BulkOutcome::Skipped(why.into()));
    }

    /// Why this one cannot be sent, whatever happens: too many errors, or a reference to what failed.
    fn obstacle(&self, index: usize) -> Option<String> {
        if self.fail_on_errors.is_some_and(|most| self.errors >= most) {
            return Some(format!("not sent: {} operations have failed", self.errors));
        }
        let unmet = self.plan.needs(index).find(|needed| {
            let has_id = |item: &BulkItem| {
                item.bulk_id.as_ref().is_some_and(|name| self.ids.contains_key(name))
            };
            self.outcomes[*needed].is_some() && !has_id(&self.items[*needed])
        })?;
        let name = self.items[unmet].bulk_id.as_deref().unwrap_or_default();
        Some(format!("not sent: it refers to bulkId:{name}, which was not created"))
    }

    fn report(self) -> BulkReport {
        let forgotten = || BulkOutcome::Skipped("not sent".to_owned());
        let outcomes = self.outcomes.into_iter().map(|o| o.unwrap_or_else(forgotten)).collect();
        BulkReport { outcomes, requests: self.requests, in_bulk: self.in_bulk }
    }
}

impl BulkReport {
    /// The operations that were not carried out, with their place in the order given, from 0.
    pub fn failed(&self) -> impl Iterator<Item = (usize, &BulkOutcome)> {
        self.outcomes.iter().enumerate().filter(|(_, outcome)| !outcome.is_done())
    }

    /// All results, if every operation was carried out.
    ///
    /// # Errors
    /// Says how many were not, of how many it is unclear, and of the first one why; it
    /// [is unclear](Error::is_unclear) if one of them is.
    pub fn into_result(self) -> Result<Vec<BulkResult>> {
        let failed = self.failed().count();
        let unclear = self.outcomes.iter().filter(|outcome| outcome.is_unclear()).count();
        if let Some((index, outcome)) = self.failed().next() {
            let total = self.outcomes.len();
            let fault = match outcome {
                BulkOutcome::Failed(error) if error.is_unclear() => error.kind().to_string(),
                outcome => outcome.to_string(),
            };
            let first = format!("the first, number {}: {fault}", index + 1);
            let (said, error) = match (failed - unclear, unclear) {
                (not, 0) => (format!("{not} of {total} operations were not carried out"), false),
                (0, _) => {
                    (format!("{unclear} of {total} operations may have been carried out"), true)
                }
                (not, _) => {
                    let not = format!("{not} of {total} operations were not carried out");
                    (format!("{not}, and {unclear} may have been"), true)
                }
            };
            let whole = Error::not_done(format!("{said}; {first}"));
            return Err(if error { whole.with_unclear(UNCLEAR) } else { whole });
        }
        let results = self.outcomes.into_iter().filter_map(|outcome| match outcome {
            BulkOutcome::Done(result) => Some(*result),
            _ => None,
        });
        Ok(results.collect())
    }
}

impl BulkOutcome {
    /// Whether it was carried out.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// The id of the resource, from the answer or its location.
    pub fn id(&self) -> Option<&str> {
        let Self::Done(result) = self else { return None };
        let shown = result.response.as_ref().and_then(|body| body.get("id"));
        let place = || result.location.as_deref()?.trim_end_matches('/').rsplit('/').next();
        shown.and_then(|id| id.as_str()).or_else(place).filter(|id| !id.is_empty())
    }

    /// Whether it may have been carried out, though no answer says so: read before repeating it.
    pub fn is_unclear(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_unclear())
    }

    fn of(result: BulkResult) -> Self {
        match result.status_code() {
            None => unclear("the server's answer says nothing of how this operation ended"),
            Some(200..300) if error_in(&result).is_none() => Self::Done(Box::new(result)),
            Some(_) => Self::Refused(Box::new(result)),
        }
    }
}

fn unclear(fault: &str) -> BulkOutcome {
    let error = Error::not_done(format!("POST /Bulk: {fault}"));
    BulkOutcome::Failed(Arc::new(error.with_unclear(UNCLEAR)))
}

/// The error that the server answered with, whatever the status.
fn error_in(result: &BulkResult) -> Option<scim_types::Error> {
    let body = result.response.as_ref()?;
    let schemas = body.get("schemas")?.as_array()?;
    let is_error =
        |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(urn::ERROR));
    schemas.iter().any(is_error).then(|| serde_json::from_value(body.clone()).ok()).flatten()
}

impl fmt::Display for BulkOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = |r: &BulkResult| r.method.as_ref().map_or("", BulkMethod::as_str).to_owned();
        match self {
            Self::Done(result) => write!(f, "{} done", method(result)),
            Self::Refused(result) => {
                let status = result.status.as_deref().unwrap_or("without status");
                write!(f, "{} refused: {status}", method(result))?;
                let Some(error) = error_in(result).or_else(|| result.error()) else {
                    return Ok(());
                };
                let said =
                    [error.scim_type.as_ref().map(|kind| kind.as_str()), error.detail.as_deref()];
                said.into_iter().flatten().try_for_each(|part| write!(f, " {part}"))
            }
            Self::Failed(error) => error.fmt(f),
            Self::Skipped(why) => f.write_str(why),
        }
    }
}

impl fmt::Debug for Bulk {
    /// Without the operations: they hold people, and passwords perhaps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulk")
            .field("operations", &self.items.len())
            .field("fail_on_errors", &self.fail_on_errors)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
