//! The System Log as it grows, batch by batch.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{Stream, StreamExt, stream as streams};
use okta_client::jiff::fmt::rfc2822;
use okta_client::jiff::{SignedDuration, Timestamp};
use okta_client::{LogCursor, LogPage, LogPages, Method, Okta};
use tokio::time::{Instant, sleep, sleep_until};

use super::changed::FILTER;
use super::memory::{self, Memory};
use super::{Batch, Follow, FollowError, Followed};
use crate::plan::{Plan, is_as_before, may_serve, open};
use crate::store::{Store, StoreError};

/// Who failed is tried again after this, also when nothing happens.
const RETRY: Duration = Duration::from_secs(60);
/// The longest first pause after something failed, and the longest at all.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(300);
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn stream(follow: Follow) -> impl Stream<Item = Result<Followed, FollowError>> + Send {
    let following = Following {
        follow,
        pages: None,
        full: None,
        pause: None,
        is_new: false,
        has_retried: false,
        ended: false,
    };
    streams::unfold(following, |mut following| async move {
        let followed = following.next().await?;
        Some((followed, following))
    })
}

/// The time by the org's clock, which may be another than ours: as it dates an answer that anybody gets. An
/// org that refuses that, or does not say when, is taken to have ours.
async fn time_of(okta: &Okta) -> Result<Timestamp, FollowError> {
    let answer = okta.request(Method::GET, "/.well-known/okta-organization", []).send().await;
    let answer = match answer {
        Err(error) if error.status().is_some_and(|status| status.is_client_error()) => None,
        answer => Some(answer.map_err(FollowError::Log)?),
    };
    let date = answer.as_ref().and_then(|answer| answer.headers().get("date")?.to_str().ok());
    let date = date.and_then(|date| rfc2822::parse(date).ok());
    Ok(date.map_or_else(Timestamp::now, |date| date.timestamp()))
}

impl Follow {
    /// From when the log is read so that nothing is missed that happened since a time on this clock: from ten
    /// minutes before, as clocks differ, and events come late. What comes twice changes nothing.
    pub fn log_from(began: Timestamp) -> Timestamp {
        began.checked_sub(MARGIN).unwrap_or(Timestamp::MIN)
    }
}

struct Following {
    follow: Follow,
    pages: Option<LogPages>,
    /// When everybody is to be read; not known yet before the first look into the store.
    full: Option<Due>,
    /// After a failure.
    pause: Option<Duration>,
    /// Who failed before it began was tried again.
    has_retried: bool,
    /// Nothing was read yet from where it is read: from now on.
    is_new: bool,
    ended: bool,
}

#[derive(Clone, Copy)]
enum Due {
    At(Instant),
    Never,
}

/// When everybody is to be read; none if that was done, and is not to be done again.
pub(super) fn due(follow: &Follow, store: &mut dyn Store) -> Result<Option<Instant>, StoreError> {
    let org = follow.source.okta().org_url().as_str();
    // The plan of a full run says what is wrong with a store of something else.
    let is_begun = memory::cursor(store)?.is_some()
        && !Plan::is_cut_off(store)?
        && may_serve(store, &*follow.target, org)?
        && is_as_before(store, &follow.source.selection(), follow.made_with.as_deref())?;
    let Some(last) = memory::last_full(store)?.filter(|_| is_begun) else {
        return Ok(Some(Instant::now()));
    };
    let Some(period) = follow.full_every else { return Ok(None) };
    let age = Timestamp::now().duration_since(last);
    let rest = period.saturating_sub(age.try_into().unwrap_or_default());
    Ok(Instant::now().checked_add(rest))
}

enum Next {
    Page(Option<okta_client::Result<LogPage>>),
    Full,
    Retry,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Followed, FollowError>> {
        let stop = self.follow.stop.clone();
        if self.ended {
            return None;
        }
        if let Some(pause) = self.pause {
            stop.or(sleep(pause)).await?;
        }
        // Only the waiting is cut short.
        let next = match stop.or(self.prepare()).await? {
            Ok(retry) => stop.or(self.wait(retry)).await?,
            Err(error) => return Some(self.failed(error)),
        };
        let followed = match next {
            Next::Full => self.follow.full().await,
            Next::Retry => {
                self.has_retried = true;
                self.follow.batch(&Batch::default(), None).await
            }
            Next::Page(Some(Ok(page))) => {
                self.is_new = false;
                let (batch, cursor) = self.whole(page).await;
                self.follow.batch(&batch, Some(&cursor)).await
            }
            Next::Page(Some(Err(error))) => return Some(self.log_failed(error)),
            Next::Page(None) => {
                self.ended = true;
                return None;
            }
        };
        Some(match followed {
            Ok(followed) => {
                self.pause = None;
                if followed.full {
                    self.full = None;
                }
                Ok(followed)
            }
            Err(error) => self.failed(error),
        })
    }

    /// Looks into the store: when a full run is due, where the log goes on, and in how long somebody is to be
    /// looked at, if anybody is.
    async fn prepare(&mut self) -> Result<Option<Duration>, FollowError> {
        let (cursor, memory) = {
            let mut store = open(&self.follow.store);
            if self.full.is_none() {
                self.full = Some(due(&self.follow, &mut *store)?.map_or(Due::Never, Due::At));
            }
            (memory::cursor(&mut *store)?, Memory::load(&mut *store)?)
        };
        if self.pages.is_none() {
            let okta = self.follow.source.okta();
            self.is_new = cursor.is_none();
            let log = match cursor {
                Some(cursor) => okta.logs().follow(cursor),
                None => okta.logs().follow(Follow::log_from(time_of(okta).await?)).filter(FILTER),
            };
            let pages = log.interval(self.follow.interval).pages();
            if self.is_new {
                memory::write_cursor(&mut *open(&self.follow.store), &pages.cursor())?;
            }
            self.pages = Some(pages);
        }
        let pause = if self.has_retried { RETRY } else { Duration::ZERO };
        let is_due = !memory.delivered.is_empty();
        Ok(if is_due { Some(Duration::ZERO) } else { memory.is_owing().then_some(pause) })
    }

    async fn wait(&mut self, retry: Option<Duration>) -> Next {
        let full = self.full.unwrap_or(Due::Never);
        if matches!(full, Due::At(at) if at <= Instant::now()) {
            return Next::Full;
        }
        let delivered = Arc::clone(&self.follow.delivered);
        let timer = async {
            let retry_at = retry.map(|pause| Instant::now() + pause);
            let (at, next) = match (full, retry_at) {
                (Due::At(full), Some(retry)) if retry < full => (retry, Next::Retry),
                (Due::At(full), _) => (full, Next::Full),
                (Due::Never, Some(retry)) => (retry, Next::Retry),
                (Due::Never, None) => return std::future::pending().await,
            };
            sleep_until(at).await;
            next
        };
        let timer = async {
            match select(pin!(timer), pin!(delivered.notified())).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => Next::Retry,
            }
        };
        let page = async {
            match &mut self.pages {
                Some(pages) => pages.next().await,
                None => None,
            }
        };
        // A page comes first, and what is delivered with it: else the log would wait as long as much is delivered.
        match select(pin!(page), pin!(timer)).await {
            Either::Left((page, _)) => Next::Page(page),
            Either::Right((next, _)) => next,
        }
    }

    /// The page with its odd events, whose errors come at once, and the cursor behind them.
    async fn whole(&mut self, page: LogPage) -> (Batch, LogCursor) {
        let (mut batch, mut cursor) = (Batch::of(page.events), page.cursor);
        if let Some(pages) = &mut self.pages {
            for _ in 0..page.odd {
                if let Some(Err(error)) = pages.next().await {
                    batch.add_odd(&error);
                }
            }
            cursor = pages.cursor();
        }
        (batch, cursor)
    }

    /// The batch is to come again: from the cursor in the store.
    fn failed(&mut self, error: FollowError) -> Result<Followed, FollowError> {
        self.pages = None;
        self.has_retried = false;
        self.ended = error.is_final();
        let first = self.follow.interval.min(FIRST);
        let longer = self.pause.map_or(first, |pause| pause.saturating_mul(2));
        self.pause = Some(longer.min(LONGEST));
        Err(error)
    }

    /// The log makes its own pauses. Where it stood may be too old, or no place of this org's log: then
    /// everybody is read, and it is followed from now on.
    fn log_failed(&mut self, error: okta_client::Error) -> Result<Followed, FollowError> {
        let is_lost = !self.is_new && error.status().is_some_and(|status| status.as_u16() == 400);
        if is_lost {
            self.pages = None;
            self.full = None;
            let forgotten = memory::forget_cursor(&mut *open(&self.follow.store));
            if let Err(error) = forgotten {
                return self.failed(error.into());
            }
            return Err(FollowError::Lost(error));
        }
        let error = FollowError::Log(error);
        self.ended = error.is_final();
        Err(error)
    }
}
