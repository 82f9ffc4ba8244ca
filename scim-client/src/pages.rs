//! Page streams: one page after the other, none lost, no resource twice, never without end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::future::BoxFuture;
use http::StatusCode;
use scim_types::{ListResponse, ScimType};

use crate::cursor::{Cursor, Place};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::listing::Asked;
use crate::progress::{Progress, Step};

/// One page of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<R> {
    /// The resources, in the server's order, without those that came before; a page may be empty
    /// although more follow.
    pub resources: Vec<R>,
    /// How many resources there are in all, if the server says it.
    pub total_results: Option<u64>,
    /// This page's own cursor.
    pub cursor: Cursor,
    /// The next page's cursor; `None` at the end.
    pub next: Option<Cursor>,
}

type Fetch<R> = BoxFuture<'static, Result<ListResponse<R>>>;

/// A stream of pages. After an error it has ended; [`cursor`](Self::cursor) then tells where.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<R> {
    asked: Asked<R>,
    progress: Progress,
    fetch: Option<Fetch<R>>,
    left: Option<u64>,
    ended: bool,
    /// Comes after the page with which the listing broke off.
    failed: Option<Error>,
    /// How the listing by GET broke off, once it is asked by POST instead.
    by_get: Option<Error>,
}

impl<R: Endpoint> Pages<R> {
    pub(crate) fn new(asked: Asked<R>, from: Option<(Place, u64)>, limit: Option<u64>) -> Self {
        let (place, before) = from.unwrap_or((Place::Index(1), 0));
        let progress = Progress::new(place, asked.query.page_size(), before);
        Self {
            asked,
            progress,
            fetch: None,
            left: limit,
            ended: limit == Some(0),
            failed: None,
            by_get: None,
        }
    }

    /// The page that comes next, or after an error the one that could not be read: `resume` goes on
    /// from there.
    pub fn cursor(&self) -> Cursor {
        let mut query = self.asked.query.clone();
        query.count = Some(self.progress.count);
        Cursor {
            route: R::ALL.to_owned(),
            query,
            place: self.progress.place.clone(),
            read: self.progress.read_before_place(),
        }
    }

    fn start(&self) -> Fetch<R> {
        let request = self.asked.request(&self.progress.place, self.progress.count);
        Box::pin(async move { request.json().await })
    }

    /// The page that came, and where the listing then stands.
    fn turn(&mut self, mut page: ListResponse<R>) -> Result<Page<R>> {
        let cursor = self.cursor();
        let mut step = self.progress.turn(&mut page);
        if let Step::Broken(why) = &step
            && self.ask_by_post(why)
        {
            step = Step::Next;
        }
        let mut resources = page.resources;
        if let Some(left) = &mut self.left {
            resources.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= resources.len() as u64;
        }
        if step == Step::End && self.by_get.is_some() {
            self.asked.proves_post();
        }
        let enough = self.left == Some(0);
        self.ended = enough || step != Step::Next;
        let next = (step == Step::Next).then(|| self.cursor());
        if let Step::Broken(why) = step
            && !enough
        {
            let error = self.by_get.take().unwrap_or_else(|| self.broken(&why));
            match resources.is_empty() {
                true => return Err(error),
                false => self.failed = Some(error),
            }
        }
        Ok(Page { resources, total_results: page.total_results, cursor, next })
    }

    /// Some servers page only what is asked by POST: everything is asked for once more, so.
    fn ask_by_post(&mut self, why: &str) -> bool {
        let can_turn = self.progress.is_by_index() && !self.asked.is_by_post();
        if can_turn {
            self.by_get = Some(self.broken(why));
            self.asked.turn_to_post();
            self.progress.start_again(self.asked.query.page_size());
        }
        can_turn
    }

    fn broken(&self, why: &str) -> Error {
        Error::paging(format!("{}: {why}", self.asked.call()))
    }

    /// What a refused page means in the middle of a listing.
    fn refused(&mut self, error: Error) -> Error {
        if let Some(by_get) = self.by_get.take().filter(|_| error.status().is_some()) {
            return by_get.with_source(error);
        }
        let lost = error
            .body()
            .and_then(|body| body.scim_type())
            .is_some_and(|kind| matches!(kind, ScimType::ExpiredCursor | ScimType::InvalidCursor));
        let read = self.progress.read();
        if lost {
            let why = format!(
                "the server no longer knows the cursor after {read} resources: start the listing again"
            );
            return self.broken(&why).with_source(error);
        }
        if self.progress.is_again() && error.is_invalid() {
            return self.broken(&self.progress.cut_off(self.progress.count)).with_source(error);
        }
        error
    }
}

fn is_beyond(error: &Error) -> bool {
    error.is_invalid()
        || error.is_not_found()
        || error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE)
}

impl<R: Endpoint> Stream for Pages<R> {
    type Item = Result<Page<R>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(this.failed.take().map(Err));
        }
        if this.fetch.is_none() {
            this.fetch = Some(this.start());
        }
        let Some(fetch) = this.fetch.as_mut() else {
            return Poll::Ready(None);
        };
        let fetched = ready!(fetch.as_mut().poll(cx));
        this.fetch = None;
        // A server may refuse what is beyond the end.
        if this.progress.probes() && fetched.as_ref().is_err_and(is_beyond) {
            this.ended = true;
            return Poll::Ready(None);
        }
        let turned = match fetched {
            Ok(page) => this.turn(page),
            Err(error) => Err(this.refused(error)),
        };
        this.ended |= turned.is_err();
        Poll::Ready(Some(turned))
    }
}

impl<R: Endpoint> fmt::Debug for Pages<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("call", &self.asked.call()).finish_non_exhaustive()
    }
}

impl<R> Unpin for Pages<R> {}

/// A stream of resources, page after page. After an error it has ended.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<R> {
    pages: Pages<R>,
    page: std::vec::IntoIter<R>,
    cursor: Option<Cursor>,
}

impl<R: Endpoint> Items<R> {
    pub(crate) fn new(pages: Pages<R>) -> Self {
        Self { pages, page: Vec::new().into_iter(), cursor: None }
    }

    /// The cursor of the page whose resources are being given out, or of the one that could not be
    /// read: resuming there gives that page's resources again and loses none.
    pub fn cursor(&self) -> Cursor {
        self.cursor.clone().unwrap_or_else(|| self.pages.cursor())
    }
}

impl<R: Endpoint> Stream for Items<R> {
    type Item = Result<R>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(cx)) {
                Some(Ok(page)) => {
                    this.cursor = Some(page.cursor);
                    this.page = page.resources.into_iter();
                }
                Some(Err(error)) => {
                    this.cursor = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<R: Endpoint> fmt::Debug for Items<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl<R> Unpin for Items<R> {}
