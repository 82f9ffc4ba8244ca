//! A listing that has not been read yet: its options, and its two endings.

use std::fmt;
use std::marker::PhantomData;

use http::HeaderName;
use serde::de::DeserializeOwned;

use crate::error::ErrorBody;
use crate::page::{Cursor, Items, Pages};
use crate::request::Request;

/// A number of items at which the server stops, without saying so, a listing with this parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap {
    pub(crate) parameter: &'static str,
    pub(crate) items: u64,
    pub(crate) advice: &'static str,
}

/// A listing: set its options, then read it with [`stream`](Self::stream) or [`pages`](Self::pages).
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct List<A, T> {
    request: Request<A>,
    limit: Option<u64>,
    resume: Option<Cursor>,
    cap: Option<Cap>,
    member: Option<&'static str>,
    prefetch: bool,
    item: PhantomData<fn() -> T>,
}

impl<A: ErrorBody, T> List<A, T> {
    pub(crate) fn new(request: Request<A>) -> Self {
        Self {
            request,
            limit: None,
            resume: None,
            cap: None,
            member: None,
            prefetch: false,
            item: PhantomData,
        }
    }

    /// Sets a query parameter of the listing.
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.request = self.request.query(name, value);
        self
    }

    /// Sets a header of the listing's requests, replacing an earlier one of that name.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Makes this listing fail with `message`, without being read.
    pub fn invalid(mut self, message: impl Into<String>) -> Self {
        self.request = self.request.invalid(message);
        self
    }

    /// Each page is an object that holds its items in this member, and may name the next page in
    /// `_links.next.href`; not an array and a `Link` header.
    pub fn items_in(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    /// Ends after this many items in all.
    pub fn limit(mut self, items: u64) -> Self {
        self.limit = Some(items);
        self
    }

    /// Goes on from a cursor of the same listing instead of the start. The cursor holds the query: it
    /// need not be set again, and what is set must be the same; the page size is the cursor's.
    pub fn resume(mut self, cursor: Cursor) -> Self {
        self.resume = Some(cursor);
        self
    }

    /// Requests the next page while the caller works on the current one. At most one page is
    /// fetched ahead; dropping the stream stops it. Off by default.
    pub fn prefetch(mut self, ahead: bool) -> Self {
        self.prefetch = ahead;
        self
    }

    /// The server is known to stop at `items` in all where the query has `parameter`: a listing that
    /// ends exactly there is an error that says `advice`. A resumed one goes by its cursor's query.
    pub fn capped(mut self, parameter: &'static str, items: u64, advice: &'static str) -> Self {
        self.cap = Some(Cap { parameter, items, advice });
        self
    }
}

impl<A: ErrorBody, T: DeserializeOwned + Send + 'static> List<A, T> {
    /// All items, page after page.
    pub fn stream(self) -> Items<A, T> {
        Items::new(self.pages())
    }

    /// Page by page, each with its cursor.
    pub fn pages(self) -> Pages<A, T> {
        Pages::new(self.request, self.resume, self.limit, self.cap, self.member, self.prefetch)
    }
}

impl<A, T> Clone for List<A, T> {
    fn clone(&self) -> Self {
        Self {
            request: self.request.clone(),
            limit: self.limit,
            resume: self.resume.clone(),
            cap: self.cap,
            member: self.member,
            prefetch: self.prefetch,
            item: PhantomData,
        }
    }
}

impl<A, T> fmt::Debug for List<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("request", &self.request)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
