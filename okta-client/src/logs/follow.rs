//! Following the log: pages that are asked for again and again, without an end.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::Stream;
use futures::future::BoxFuture;
use jiff::Timestamp;
use rest_core::{Array, ErrorKind, Request};
use url::Url;

use super::event::LogEvent;
use super::odd::mark;
use super::pace::{self, Pace};
use super::place::{LogCursor, LogStart, Query, next_page, request_for};
use crate::error::{Error, OktaError, Result};
use crate::recent::Recent;
use crate::search::check_log_filter;
use crate::value::DateTime;

const INTERVAL: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(60);
const REMEMBERED: usize = 2_000;
const STUCK: &str = "GET /api/v1/logs: a full page of events came without a link to the next, so what is \
    behind it cannot be read; look whether a proxy on the way takes `Link` headers out";

/// How to follow the log; begin with `stream` or `pages`.
#[derive(Clone)]
#[must_use = "the log is followed by `stream` or `pages`"]
pub struct FollowLog {
    request: Request<OktaError>,
    base: Url,
    start: LogStart,
    asked: BTreeMap<String, String>,
    page_size: Option<u16>,
    pace: Pace,
    remember: usize,
}

impl FollowLog {
    pub(super) fn new(request: Request<OktaError>, base: Url, start: LogStart) -> Self {
        let pace = Pace::new(INTERVAL, LONGEST);
        let asked = BTreeMap::new();
        Self { request, base, start, asked, page_size: None, pace, remember: REMEMBERED }
    }

    /// Only events that match, by a text or a [`search`](crate::search) expression: any attribute but
    /// `published`. One that Okta cannot read makes the stream fail before anything is sent, as
    /// [`check_log_filter`](crate::search::check_log_filter) says it.
    pub fn filter(mut self, condition: impl fmt::Display) -> Self {
        let condition = condition.to_string();
        if let Err(error) = check_log_filter(&condition) {
            self.request = self.request.invalid(format!("filter: {error}"));
        }
        self.asked.insert("filter".to_owned(), condition);
        self
    }

    /// Only events in which all of these words occur: 10 at most, of 40 characters at most.
    pub fn q(mut self, words: impl fmt::Display) -> Self {
        self.asked.insert("q".to_owned(), words.to_string());
        self
    }

    /// Events per page; Okta's maximum is 1,000.
    pub fn page_size(mut self, events: u16) -> Self {
        self.page_size = Some(events);
        self
    }

    /// How long to wait before asking again, 5 seconds by default. As long as nothing comes the wait
    /// doubles each time; while events are older than this the next page is asked for at once. Each
    /// wait is up to a quarter longer, by chance.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.pace.interval = interval;
        self
    }

    /// The longest wait when nothing comes, one minute by default.
    pub fn max_interval(mut self, longest: Duration) -> Self {
        self.pace.longest = longest;
        self
    }

    /// How many events are remembered by their id, so that one which comes again in a later page is
    /// not handed out twice; 2,000 by default, and always those of the page being read. The cursor
    /// holds them, 40 bytes each.
    pub fn remember(mut self, events: usize) -> Self {
        self.remember = events;
        self
    }

    /// The events, one by one. [`cursor`](LogEvents::cursor) tells where the stream stands.
    pub fn stream(self) -> LogEvents {
        LogEvents { poller: Poller::new(self), page: Vec::new().into_iter() }
    }

    /// The events page by page, each with the cursor behind it; pages without news are left out.
    pub fn pages(self) -> LogPages {
        LogPages { poller: Poller::new(self) }
    }
}

type Fetch = BoxFuture<'static, Result<(Array<OktaError, LogEvent>, Option<Query>)>>;

/// Asks for a page, and for the next one once the caller is through with it. A page may come again,
/// with more in it: when its link does not move on, or after a restart.
struct Poller {
    request: Request<OktaError>,
    base: Url,
    asked: BTreeMap<String, String>,
    page: Query,
    is_reading: bool,
    /// Where the page being read leads.
    next: Option<Query>,
    recent: Recent,
    /// Odd events of the page being read that are still to be told of, by what they are known by.
    odd: VecDeque<(String, Error)>,
    /// The page is full, and no link leads on.
    is_stuck: bool,
    reached: Option<Timestamp>,
    /// When the last event of the page being read that was new was published.
    news: Option<Option<DateTime>>,
    pace: Pace,
    pause: Duration,
    fetch: Option<Fetch>,
    ended: bool,
}

impl Poller {
    fn new(follow: FollowLog) -> Self {
        let mut recent = Recent::new(follow.remember);
        let mut request = follow.request;
        let cursor = follow.start.cursor(&follow.asked).unwrap_or_else(|error| {
            request = request.clone().invalid(error.to_string());
            let (asked, page, seen) = (BTreeMap::new(), Query::new(), Vec::new());
            LogCursor { asked, page, seen, reached: None }
        });
        for id in &cursor.seen {
            recent.insert(id);
        }
        let mut page = cursor.page;
        if let Some(size) = follow.page_size {
            page.retain(|(name, _)| name != "limit");
            page.push(("limit".to_owned(), size.to_string()));
        }
        Self {
            request,
            base: follow.base,
            asked: cursor.asked,
            page,
            is_reading: false,
            next: None,
            recent,
            odd: VecDeque::new(),
            is_stuck: false,
            reached: cursor.reached,
            news: None,
            pace: follow.pace,
            pause: Duration::ZERO,
            fetch: None,
            ended: false,
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<LogEvent>>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut self.is_stuck) {
            self.pause = self.pace.after_nothing();
            return Poll::Ready(Some(Err(Error::paging(STUCK))));
        }
        let start = || {
            let request = request_for(&self.request, &self.page);
            let pause = pace::with_jitter(self.pause, fastrand::f64());
            Box::pin(fetch(request, self.base.clone(), pause)) as Fetch
        };
        let fetched = ready!(self.fetch.get_or_insert_with(start).as_mut().poll(cx));
        self.fetch = None;
        Poll::Ready(Some(match fetched {
            Ok((page, next)) => {
                self.is_reading = true;
                let leads_on = next.as_ref().is_some_and(|next| *next != self.page);
                self.is_stuck = !leads_on && self.is_full(page.items.len() + page.odd.len());
                self.next = next;
                self.take_odd(page.odd);
                Ok(page.items)
            }
            Err(error) => {
                self.ended = can_never_be_sent(&error);
                let asked = error.retry_after().unwrap_or_default();
                self.pause = self.pace.after_nothing().max(asked);
                Err(error)
            }
        }))
    }

    /// As many as were asked for, or as Okta gives at most.
    fn is_full(&self, count: usize) -> bool {
        let size = self.page.iter().find(|(name, _)| name == "limit");
        let size = size.and_then(|(_, size)| size.parse::<usize>().ok()).filter(|size| *size > 0);
        size.is_some_and(|size| count >= size.min(super::PAGE_SIZE.into()))
    }

    /// Those that have not been told of.
    fn take_odd(&mut self, odd: Vec<Error>) {
        let mut marks = HashSet::new();
        for error in odd {
            let mark = mark(error.item().unwrap_or_default());
            if !self.recent.contains(&mark) && marks.insert(mark.clone()) {
                self.odd.push_back((mark, error));
            }
        }
    }

    /// Comes after the events of its page.
    fn next_odd(&mut self) -> Option<Error> {
        let (mark, error) = self.odd.pop_front()?;
        self.recent.insert(&mark);
        self.news.get_or_insert(None);
        Some(error)
    }

    fn is_new(&mut self, event: &LogEvent) -> bool {
        let is_new = self.recent.insert(event.uuid.as_str());
        if is_new {
            self.news = Some(event.published.clone());
            let published = event.published.as_ref().and_then(|time| time.timestamp().ok());
            self.reached = self.reached.max(published);
        }
        is_new
    }

    /// Leaves the page, if there is one: its events have all been handed out.
    fn advance(&mut self) {
        if !std::mem::take(&mut self.is_reading) {
            return;
        }
        self.pause = match self.news.take() {
            Some(published) => self.pace.after_news(pace::age(published.as_ref())),
            None => self.pace.after_nothing(),
        };
        // Without a link, or with the same again, the page is asked for again: more may have come.
        if let Some(next) = self.next.take().filter(|next| *next != self.page) {
            self.page = next;
            self.recent.release();
        }
    }

    /// Behind what was handed out; of the page being read nothing but odd events may be left, or not.
    fn cursor(&self, is_through: bool) -> LogCursor {
        let is_through = is_through && self.odd.is_empty();
        let page = self.next.as_ref().filter(|_| is_through).unwrap_or(&self.page).clone();
        let seen = self.recent.iter().map(str::to_owned).collect();
        LogCursor { asked: self.asked.clone(), page, seen, reached: self.reached }
    }
}

async fn fetch(
    request: Request<OktaError>,
    base: Url,
    pause: Duration,
) -> Result<(Array<OktaError, LogEvent>, Option<Query>)> {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let page = request.array().await?;
    let next = next_page(&page.headers, &base)?;
    Ok((page, next))
}

/// A request held back by the rate limit is one that can be sent later.
fn can_never_be_sent(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Request(_)) && error.retry_after().is_none()
}

/// The events of the log as they come, each once. Dropping the stream ends the polling.
///
/// Within a call, faults that pass are retried and rate limits waited out, as everywhere. An error
/// that comes here is not the end. Three kinds:
///
/// * It has an [`item`](crate::Error::item): an event that does not fit, whose JSON this is. It comes
///   once, after the other events of its page, and the stream goes on at once: keep the item, and ask
///   [`LogEvent::outline`] whom it is about.
/// * Any other says that events are late: after a pause, which grows with each error, and is as long as
///   Okta asks, the stream goes on where it stood. A missing scope (403) does not heal by itself, nor does
///   a full page without a link to the next, which is what a proxy leaves that takes `Link` headers out.
/// * A 400 ([`is_invalid`](crate::Error::is_invalid)) says that Okta does not take the cursor or the
///   query. A saved cursor may have become too old (Okta keeps events for 90 days; `E0000053` beyond 180)
///   or unknown to it: start anew from a time, as shown here. What Okta does not keep any more is lost:
///   read whatever depends on it in full. If a new start is refused too, it is the query that is wrong.
///
/// Only a request that cannot be built ends the stream.
///
/// ```no_run
/// # async fn run(okta: okta_client::Okta, saved: okta_client::LogCursor) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::StreamExt;
/// use okta_client::LogEvent;
/// use okta_client::jiff::{SignedDuration, Timestamp};
///
/// let mut events = okta.logs().follow(saved).stream();
/// let mut started_anew = false;
/// while let Some(event) = events.next().await {
///     match event {
///         Ok(event) => {
///             started_anew = false;
///             println!("{:?} {:?}", event.event_type, event.user_id());
///         }
///         Err(error) if error.item().is_some() => {
///             let about = error.item().and_then(LogEvent::outline);
///             eprintln!("{error}: about {:?}", about.as_ref().and_then(LogEvent::user_id));
///         }
///         Err(error) if error.is_invalid() && !started_anew => {
///             let cursor = events.cursor();
///             let kept = Timestamp::now() - SignedDuration::from_hours(90 * 24);
///             let since = cursor.reached().map_or(kept, |time| time - SignedDuration::from_mins(10));
///             events = okta.logs().follow(cursor.anew(since.max(kept))).stream();
///             started_anew = true;
///         }
///         Err(error) if error.is_invalid() => return Err(error.into()),
///         Err(error) => eprintln!("events are late: {error}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct LogEvents {
    poller: Poller,
    page: std::vec::IntoIter<LogEvent>,
}

impl LogEvents {
    /// Where the stream stands: behind the last event that it has handed out. It may be saved once
    /// that event, and those before it, have been handled.
    pub fn cursor(&self) -> LogCursor {
        self.poller.cursor(self.page.as_slice().is_empty())
    }
}

impl Stream for LogEvents {
    type Item = Result<LogEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.page.find(|event| this.poller.is_new(event)) {
                return Poll::Ready(Some(Ok(event)));
            }
            if let Some(error) = this.poller.next_odd() {
                return Poll::Ready(Some(Err(error)));
            }
            this.poller.advance();
            match ready!(this.poller.poll_page(cx)) {
                Some(Ok(events)) => this.page = events.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// News of the log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogPage {
    /// Events that were not handed out before; none only where all of them are odd.
    pub events: Vec<LogEvent>,
    /// How many more there are, which do not fit: an error for each of them comes next.
    pub odd: usize,
    /// Where the log goes on: it may be saved once these events have been handled. Odd events still lie
    /// before it; behind them stands [`LogPages::cursor`] once the last of their errors has come.
    pub cursor: LogCursor,
}

/// The events of the log as they come, page by page. Errors and the end are those of [`LogEvents`].
#[must_use = "a stream does nothing until it is polled"]
pub struct LogPages {
    poller: Poller,
}

impl LogPages {
    /// Where the stream stands: behind the last page that it has handed out, with its odd events once
    /// all their errors have come.
    pub fn cursor(&self) -> LogCursor {
        self.poller.cursor(true)
    }
}

impl Stream for LogPages {
    type Item = Result<LogPage>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let poller = &mut self.poller;
        if let Some(error) = poller.next_odd() {
            if poller.odd.is_empty() {
                poller.advance();
            }
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            let events = match ready!(poller.poll_page(cx)) {
                Some(Ok(events)) => events,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            let events: Vec<_> = events.into_iter().filter(|event| poller.is_new(event)).collect();
            let odd = poller.odd.len();
            if odd == 0 {
                poller.advance();
            }
            if !events.is_empty() || odd > 0 {
                let cursor = poller.cursor(true);
                return Poll::Ready(Some(Ok(LogPage { events, odd, cursor })));
            }
        }
    }
}

impl fmt::Debug for FollowLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowLog").field("request", &self.request).finish_non_exhaustive()
    }
}

impl fmt::Debug for LogEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.poller.request;
        f.debug_struct("LogEvents").field("request", request).finish_non_exhaustive()
    }
}

impl fmt::Debug for LogPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.poller.request;
        f.debug_struct("LogPages").field("request", request).finish_non_exhaustive()
    }
}
