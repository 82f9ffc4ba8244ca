//! The System Log: who did what to whom, listed or followed.

mod event;
mod follow;
mod odd;
mod pace;
mod place;

use std::fmt;

use http::Method;
use jiff::Timestamp;
use rest_core::{Client, Items, List, Pages, Request};

use crate::error::OktaError;
use crate::search::{Condition, check_log_filter};

pub use event::{
    LogActor, LogAuthenticationContext, LogBotProtection, LogChangeDetails, LogClient,
    LogDebugContext, LogEvent, LogGeographicalContext, LogGeolocation, LogIpAddress, LogIpDetails,
    LogIpService, LogIssuer, LogOutcome, LogRequest, LogResult, LogRisk, LogSecurityContext,
    LogSeverity, LogTarget, LogTransaction, LogUserAgent, LogUserBehavior,
};
pub use follow::{FollowLog, LogEvents, LogPage, LogPages};
pub use place::{LogCursor, LogStart};

/// What Okta gives in one page at most. Requests for the log are few, so pages are large.
const PAGE_SIZE: u16 = 1_000;

/// The order of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOrder {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

impl fmt::Display for LogOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascending => "ASCENDING",
            Self::Descending => "DESCENDING",
        })
    }
}

/// The System Log of an org. Okta keeps events for 90 days.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/>
#[derive(Clone, Debug)]
pub struct SystemLog {
    client: Client<OktaError>,
}

impl SystemLog {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn request(&self) -> Request<OktaError> {
        self.client.request(Method::GET, "/api/v1/logs", [])
    }

    /// Lists the events between two points in time, by when they were published. Such a listing ends,
    /// and may lack events that are stored late: to miss none, [`follow`](Self::follow) the log.
    ///
    /// Scope `okta.logs.read`. From seven days before the end until now unless set. Pages of 1,000
    /// unless another size is set, which is the maximum.
    /// Okta: [`listLogEvents`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents).
    ///
    /// # Errors
    /// 400 `E0000053` when `since` is more than 180 days ago; 500 `E0000009` when the query takes Okta
    /// longer than 30 seconds: ask for a shorter time.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> Result<(), Box<dyn std::error::Error>> {
    /// use futures::TryStreamExt;
    /// use okta_client::search::attr;
    ///
    /// let created = attr("eventType").eq("user.lifecycle.create");
    /// let since = "2026-01-01T00:00:00Z".parse()?;
    /// let mut events = okta.logs().list().since(since).filter(created).stream();
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{:?} created {:?}", event.actor, event.user_id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListLogEvents {
        let list = self.request().list().query("limit", PAGE_SIZE);
        ListLogEvents { list, has_end: false }
    }

    /// Follows the log from a point in time, or from where a [`LogCursor`] stands: each event once,
    /// by when it was stored, as they come, without an end.
    ///
    /// Scope `okta.logs.read`. Pages of 1,000 unless another size is set, which is the maximum.
    /// Okta: [`listLogEvents`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents).
    ///
    /// # Errors
    /// They come as items of the stream, which then goes on: see [`LogEvents`].
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> Result<(), Box<dyn std::error::Error>> {
    /// use futures::StreamExt;
    /// use okta_client::{LogCursor, LogStart};
    ///
    /// let start: LogStart = match std::fs::read_to_string("log-cursor.json") {
    ///     Ok(saved) => serde_json::from_str::<LogCursor>(&saved)?.into(),
    ///     Err(_) => "2026-01-01T00:00:00Z".parse::<okta_client::jiff::Timestamp>()?.into(),
    /// };
    /// let mut events = okta.logs().follow(start).stream();
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Ok(event) => println!("{:?} {:?}", event.event_type, event.user_id()),
    ///         Err(error) => eprintln!("still trying: {error}"),
    ///     }
    ///     std::fs::write("log-cursor.json", serde_json::to_string(&events.cursor())?)?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn follow(&self, from: impl Into<LogStart>) -> FollowLog {
        FollowLog::new(self.request(), self.client.base_url().clone(), from.into())
    }
}

/// A listing of log events between two points in time; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListLogEvents {
    list: List<OktaError, LogEvent>,
    has_end: bool,
}

impl ListLogEvents {
    fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.list = self.list.query(name, value);
        self
    }

    /// Only events published then or later.
    pub fn since(self, time: Timestamp) -> Self {
        self.query("since", written(time))
    }

    /// Only events published before; now, unless set.
    pub fn until(mut self, time: Timestamp) -> Self {
        self.has_end = true;
        self.query("until", written(time))
    }

    /// Only events that match: any attribute but `published`, such as `eventType`, `actor.id`,
    /// `target.id`, `outcome.result`. One that Okta cannot read fails before anything is sent, as
    /// [`check_log_filter`] says it.
    pub fn filter(mut self, condition: impl Into<Condition>) -> Self {
        self.list = condition.into().checked(check_log_filter).on(self.list, "filter");
        self
    }

    /// Only events in which all of these words occur: 10 at most, of 40 characters at most.
    pub fn q(self, words: impl fmt::Display) -> Self {
        self.query("q", words)
    }

    /// The order, by when events were published; oldest first unless set.
    pub fn sort_order(self, order: LogOrder) -> Self {
        self.query("sortOrder", order)
    }

    /// Events per page; Okta's maximum is 1,000.
    pub fn page_size(self, events: u16) -> Self {
        self.query("limit", events)
    }

    /// Ends after this many events in all.
    pub fn limit(mut self, events: u64) -> Self {
        self.list = self.list.limit(events);
        self
    }

    /// Goes on from a cursor of the same listing instead of the start. The cursor holds the listing's
    /// query and page size; setting another query is an error.
    pub fn resume(mut self, cursor: crate::Cursor) -> Self {
        self.has_end = true;
        self.list = self.list.resume(cursor);
        self
    }

    /// Requests the next page while the caller works on the current one; off by default.
    pub fn prefetch(mut self, ahead: bool) -> Self {
        self.list = self.list.prefetch(ahead);
        self
    }

    /// All events, page after page.
    pub fn stream(self) -> Items<OktaError, LogEvent> {
        self.ending().stream()
    }

    /// Page by page, each with its cursor.
    pub fn pages(self) -> Pages<OktaError, LogEvent> {
        self.ending().pages()
    }

    /// Without an end Okta takes the request for one that polls, and always names a next page.
    fn ending(self) -> List<OktaError, LogEvent> {
        let this = if self.has_end { self } else { self.until(Timestamp::now()) };
        this.list
    }
}

/// Cut to milliseconds, as Okta writes them: to the earlier one, so that no event is lost.
fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}
