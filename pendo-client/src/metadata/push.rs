//! The settings of a push.

use std::fmt;
use std::future::IntoFuture;

use futures::future::BoxFuture;
use futures::stream::{self, Stream, StreamExt};
use rest_core::BoxError;

use super::buffer::Limits;
use super::deliver::Target;
use super::driver::{Driver, Rows};
use super::report::{Batch, PushReport};
use super::{Group, Kind, Record};
use crate::pendo::Pendo;

/// A bulk push of metadata; from [`Metadata::push`](super::Metadata::push). It starts when its stream
/// is polled, or when it is awaited, which gives the report.
///
/// [`POST /api/v1/metadata/{kind}/{group}/value`](https://engageapi.pendo.io/). Needs a key with write
/// access. Pendo names no limit but five minutes a call; the default batch is 500 records or 2 MiB.
///
/// **Every record that is read gets exactly one [`Outcome`](super::Outcome)**, in the batch of the call
/// it was part of. Nothing counts as updated that Pendo did not count as updated.
///
/// **One id, many records.** The later wins. While the earlier record still waits to be sent it is
/// replaced and reported as superseded; when it is already on its way the later one is held back until
/// the earlier is answered, so it is never overtaken. Ids compare exactly.
///
/// **Memory is flat.** At most `concurrency` batches in flight, one that is being filled, and one
/// batch's worth held back, however many records come. The source is read as fast as that allows.
///
/// **Refusals.** 429, 500, 502, 503, 504, broken connections and answers that were cut off are repeated.
/// When Pendo refuses a call (400, 408, 413, 422), or counts failures without naming them, the batch is
/// sent again in halves, down to the bad records; when single records from all over the batch fail for
/// the same reason too, the rest of that batch fails with it unsent. After a 408 or 413 that a smaller
/// part passed, later batches are that small. A batch whose answer is empty is not repeated: its records
/// fail, because nothing says what became of them.
///
/// **A push that cannot go on** (wrong key, no write access, no connection, or three batches in a row
/// that fail for reasons other than their records) reads no more; what was read and not delivered
/// fails with the reason. **A source that fails** ends the reading; what was read before is still
/// delivered. The report says both, and [`into_result`](PushReport::into_result) fails.
///
/// ```no_run
/// use futures::{StreamExt, stream};
/// use pendo_client::{Group, Kind, PushReport, Record};
///
/// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
/// let rows = stream::iter(["ada@acme.example", "bob@acme.example"])
///     .map(|id| Ok::<_, std::io::Error>(Record::new(id).set("okta_department", "Research")));
/// let report: PushReport = pendo
///     .metadata(Kind::Visitor, Group::Custom)
///     .push(rows)
///     .create_missing(true)
///     .stream()
///     .inspect(|batch| println!("{} more", batch.len()))
///     .collect()
///     .await;
/// println!("{}", report.into_result()?);
/// # Ok(()) }
/// ```
#[must_use = "a push does nothing until its stream is read or it is awaited"]
pub struct Push {
    target: Target,
    rows: Rows,
    limits: Limits,
    concurrency: usize,
}

impl Push {
    pub(super) fn new<S, E>(pendo: Pendo, kind: Kind, group: Group, rows: S) -> Self
    where
        S: Stream<Item = Result<Record, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self {
            target: Target { pendo, kind, group, create_missing: false },
            rows: rows.map(|row| row.map_err(Into::into)).boxed(),
            limits: Limits { records: 500, bytes: 2 * 1024 * 1024 },
            concurrency: 4,
        }
    }

    /// Creates visitors or accounts that Pendo does not know, instead of reporting them as missing.
    pub fn create_missing(mut self, create: bool) -> Self {
        self.target.create_missing = create;
        self
    }

    /// How many records a call holds at most; 500 by default, at least 1.
    pub fn batch_size(mut self, records: usize) -> Self {
        self.limits.records = records.max(1);
        self
    }

    /// How long the body of a call is at most; 2 MiB by default. A longer record goes alone.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// How many batches are on their way at once; 4 by default, at least 1.
    pub fn concurrency(mut self, batches: usize) -> Self {
        self.concurrency = batches.max(1);
        self
    }

    /// Runs the push as it is read. Dropping the stream ends it: calls in flight are given up, and
    /// whether they took effect is not known.
    pub fn stream(self) -> impl Stream<Item = Batch> + Send + Unpin + 'static {
        let driver = Driver::new(self.target, self.rows, self.limits, self.concurrency);
        let step =
            |mut driver: Driver| async move { driver.next().await.map(|batch| (batch, driver)) };
        stream::unfold(driver, step).boxed()
    }
}

impl IntoFuture for Push {
    type Output = PushReport;
    type IntoFuture = BoxFuture<'static, PushReport>;

    /// Runs the push to its end.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.stream().collect())
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("kind", &self.target.kind)
            .field("group", &self.target.group)
            .field("create_missing", &self.target.create_missing)
            .field("limits", &self.limits)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
