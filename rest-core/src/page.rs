//! Page streams: one page after the other, none lost, none twice, never to another host.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::Instrument;
use url::Url;

use crate::error::{Error, ErrorBody, ErrorKind};
use crate::items::{Odd, Taken, below};
use crate::link;
use crate::list::Cap;
use crate::request::Request;
use crate::response::{Misfit, Response, decode, shortened};

/// Where a listing stands. It serialises, holds no host and no credential, and a later process can
/// go on from it with `resume`. It holds the listing's query: treat it as the data it selects.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Path and query of the listing's first page; a server may name the next ones by another path,
    /// such as a user's id for a login, and may leave the query out of them.
    listing: String,
    /// Path and query of the page.
    page: String,
    /// Items that stand before it.
    read: u64,
}

impl Cursor {
    /// How many items of the listing stand before this page.
    pub fn items_before(&self) -> u64 {
        self.read
    }

    /// The page's address: path and query are set apart, because joining text such as `//host`
    /// could name another host.
    fn locate(&self, first: &Url) -> Url {
        let (path, query) = self.page.split_once('?').unwrap_or((&self.page, ""));
        let mut url = first.clone();
        url.set_path(path);
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }

    /// Whether a listing that starts at `first` is the one this cursor stands in. A query that is not
    /// named again stays the cursor's; page size and place are the cursor's in any case.
    fn is_of(&self, first: &Url) -> bool {
        let path = self.listing.split_once('?').map_or(&*self.listing, |(path, _)| path);
        let mut asked = first.query_pairs().filter(|(name, _)| name != "limit" && name != "after");
        path == first.path() && asked.all(|pair| self.query().any(|own| own == pair))
    }

    fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let queries = [&self.page, &self.listing].into_iter().filter_map(|at| at.split_once('?'));
        queries.flat_map(|(_, query)| url::form_urlencoded::parse(query.as_bytes()))
    }

    fn start(first: &Url) -> Self {
        let page = path_and_query(first);
        Self { listing: page.clone(), page, read: 0 }
    }
}

impl fmt::Display for Cursor {
    /// The vendor's own mark of the page, without the rest of the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.page.split_once('?').map_or("", |(_, query)| query);
        let after = query.split('&').find(|pair| pair.starts_with("after="));
        match after {
            Some(after) => f.write_str(after),
            None if self.read == 0 => f.write_str("the start"),
            None => write!(f, "item {}", self.read + 1),
        }
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// One page of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the server's order; a page may be empty although more follow.
    pub items: Vec<T>,
    /// How many more items it has, which do not fit: an error for each of them comes before the next
    /// page.
    pub odd: usize,
    /// This page's own cursor.
    pub cursor: Cursor,
    /// The next page's cursor; `None` at the end. Odd items lie before it: save it once their errors
    /// have come.
    pub next: Option<Cursor>,
}

/// What a page holds, and where it says that the next one is.
type Led<A, T, L> = Result<(Taken<A, T>, Option<L>), Error<A>>;
type Fetch<A, T> = BoxFuture<'static, Led<A, T, Url>>;

/// A stream of pages.
///
/// An item that does not fit costs nothing but itself: after its page comes an error of its own, which
/// names the place and has the item's JSON in [`Error::item`], and the stream goes on with the next page.
/// After any other error, one without an item, it has ended; that error's cursor resumes it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<A, T> {
    request: Request<A>,
    cursor: Option<Cursor>,
    fetch: Option<Fetch<A, T>>,
    /// Hashes of the addresses that were read or named: a long listing has many pages.
    seen: HashSet<u64>,
    left: Option<u64>,
    cap: Option<Cap>,
    /// Come after their page.
    odd: std::vec::IntoIter<Odd<A>>,
    /// Comes after the page at which the server's cap was reached.
    capped: Option<Error<A>>,
    /// Where a page that is an object holds its items.
    member: Option<&'static str>,
    prefetch: bool,
}

impl<A, T> Pages<A, T>
where
    A: ErrorBody,
    T: DeserializeOwned + Send + 'static,
{
    pub(crate) fn new(
        mut request: Request<A>,
        resume: Option<Cursor>,
        limit: Option<u64>,
        cap: Option<Cap>,
        member: Option<&'static str>,
        prefetch: bool,
    ) -> Self {
        request.url = request.url.and_then(|first| match &resume {
            Some(cursor) if !cursor.is_of(&first) => {
                Err("this cursor is of another listing; resume it with the call that made it"
                    .into())
            }
            _ => Ok(first),
        });
        // A request that cannot be sent says so when it is; until then any address will do.
        let first = request.url.as_ref().unwrap_or(request.client.base_url());
        let start = resume.unwrap_or_else(|| Cursor::start(first));
        let mut pages = Self {
            request,
            cursor: None,
            fetch: None,
            seen: HashSet::new(),
            left: limit,
            cap,
            odd: Vec::new().into_iter(),
            capped: None,
            member,
            prefetch,
        };
        pages.is_new(&start);
        pages.cursor = Some(start).filter(|_| limit != Some(0));
        pages
    }

    fn is_new(&mut self, cursor: &Cursor) -> bool {
        let mark = self.seen.hasher().hash_one(&cursor.page);
        self.seen.insert(mark)
    }

    fn start(&self, cursor: &Cursor) -> Fetch<A, T> {
        let mut request = self.request.clone();
        request.url = request.url.map(|first| cursor.locate(&first));
        let member = self.member;
        Box::pin(
            async move { request.run(|response| read_page(&request, &response, member)).await },
        )
    }

    /// The page that came, and where the listing then stands.
    fn turn(
        &mut self,
        cursor: &Cursor,
        mut taken: Taken<A, T>,
        next: Option<Url>,
    ) -> Result<Page<T>, Error<A>> {
        let read = cursor.read + taken.count() as u64;
        let next = next.map(|url| Cursor {
            listing: cursor.listing.clone(),
            page: path_and_query(&url),
            read,
        });
        if let Some(next) = &next
            && !self.is_new(next)
        {
            return Err(Error::paging(
                "the server names a page as next that was read already; \
                the rest of the listing cannot be reached",
            ));
        }
        if let Some(left) = &mut self.left {
            *left -= taken.keep(*left) as u64;
        }
        let enough = self.left == Some(0);
        let ended = next.is_none() && !enough;
        let capped = self.cap.filter(|cap| {
            ended && read == cap.items && cursor.query().any(|(name, _)| name == cap.parameter)
        });
        self.capped = capped.map(|cap| {
            Error::paging(cap.advice).with_call(&self.request.call, 1).with_cursor(cursor)
        });
        self.cursor = next.clone().filter(|_| !enough);
        let (items, odd) = (taken.items, taken.odd.len());
        self.odd = taken.odd.into_iter();
        Ok(Page { items, odd, cursor: cursor.clone(), next })
    }
}

/// Decodes one page and finds the next; a link that leaves the origin would take the credential along.
fn read_page<A: ErrorBody, T: DeserializeOwned>(
    request: &Request<A>,
    response: &Response,
    member: Option<&str>,
) -> Led<A, T, Url> {
    let base = request.client.base_url();
    let (taken, own_next) = match member {
        None => (Taken::of(request, response, response.body(), "", || response.json())?, None),
        Some(member) => unwrapped(request, response, member)?,
    };
    let next = own_next
        .as_deref()
        .or_else(|| link::target(response.headers(), "next"))
        .map(|target| request.url.as_ref().unwrap_or(base).join(target))
        .transpose()
        .map_err(|error| Error::paging("the next link is not a URL").with_source(error))?;
    if let Some(next) = &next
        && next.origin() != base.origin()
    {
        return Err(Error::paging(format!(
            "the next link leads to another host, {}; the credential does not go there",
            next.origin().ascii_serialization()
        )));
    }
    Ok((taken, next))
}

/// The items of a page that is an object, and where it says that the next page is.
fn unwrapped<A: ErrorBody, T: DeserializeOwned>(
    request: &Request<A>,
    response: &Response,
    member: &str,
) -> Led<A, T, String> {
    let page: HashMap<String, Box<RawValue>> = response.json()?;
    // A page without items would look like the end of the listing: null is no list.
    let items = page.get(member).map_or("null", |items| items.get());
    let whole =
        || decode(items.as_bytes()).map_err(|error| misplaced::<A, T>(items, member, &error));
    let taken = Taken::of(request, response, items.as_bytes(), member, whole)?;
    let links: Value = page.get("_links").and_then(|links| parse(links)).unwrap_or_default();
    Ok((taken, links["next"]["href"].as_str().map(str::to_owned)))
}

fn misplaced<A, T: DeserializeOwned>(
    items: &str,
    member: &str,
    error: &serde_json::Error,
) -> Error<A> {
    let again = &mut serde_json::Deserializer::from_str(items);
    let path = serde_path_to_error::deserialize::<_, Vec<T>>(again).err();
    let path = path.map(|error| below(error.path())).unwrap_or_default();
    let path = shortened(format!("{member}{path}"));
    Error::new(ErrorKind::Decode { path }).with_source(Misfit::of(error))
}

fn parse(text: &RawValue) -> Option<Value> {
    serde_json::from_str(text.get()).ok()
}

impl<A, T> Stream for Pages<A, T>
where
    A: ErrorBody,
    T: DeserializeOwned + Send + 'static,
{
    type Item = Result<Page<T>, Error<A>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(odd) = this.odd.next() {
            return Poll::Ready(Some(Err(odd.error)));
        }
        let Some(cursor) = this.cursor.clone() else {
            return Poll::Ready(this.capped.take().map(Err));
        };
        if this.fetch.is_none() {
            this.fetch = Some(this.start(&cursor));
        }
        let Some(fetch) = this.fetch.as_mut() else {
            return Poll::Ready(None);
        };
        let fetched = ready!(fetch.as_mut().poll(cx));
        this.fetch = None;
        this.cursor = None;
        let turned = fetched.and_then(|(taken, next)| {
            let turned = this.turn(&cursor, taken.at(&cursor), next);
            turned.map_err(|error| error.with_call(&this.request.call, 1))
        });
        if let (true, Some(next)) = (this.prefetch, &this.cursor) {
            this.fetch = Some(in_background(this.start(next)));
        }
        Poll::Ready(Some(turned.map_err(|error| error.with_cursor(&cursor))))
    }
}

/// Runs while the consumer is busy; dropping the stream aborts it.
fn in_background<A: ErrorBody, T: Send + 'static>(fetch: Fetch<A, T>) -> Fetch<A, T> {
    let mut task = tokio::task::JoinSet::new();
    task.spawn(fetch.in_current_span());
    Box::pin(async move {
        match task.join_next().await {
            Some(Ok(fetched)) => fetched,
            _ => Err(Error::paging("the task that read the next page ended early")),
        }
    })
}

impl<A, T> fmt::Debug for Pages<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("request", &self.request).finish_non_exhaustive()
    }
}

impl<A, T> Unpin for Pages<A, T> {}

/// A stream of items, page after page.
///
/// An item that does not fit costs nothing but itself: after the others of its page comes an error of its
/// own, which names the place and has the item's JSON in [`Error::item`], and the stream goes on. After
/// any other error, one without an item, it has ended; that error's cursor resumes it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<A, T> {
    pages: Pages<A, T>,
    page: std::vec::IntoIter<T>,
    cursor: Option<Cursor>,
}

impl<A, T> Items<A, T> {
    pub(crate) fn new(pages: Pages<A, T>) -> Self {
        Self { cursor: pages.cursor.clone(), pages, page: Vec::new().into_iter() }
    }

    /// The cursor of the page whose items are being given out: resuming there gives that page's items
    /// again and loses none.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }
}

impl<A, T> Stream for Items<A, T>
where
    A: ErrorBody,
    T: DeserializeOwned + Send + 'static,
{
    type Item = Result<T, Error<A>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(cx)) {
                Some(Ok(page)) => {
                    this.cursor = Some(page.cursor);
                    this.page = page.items.into_iter();
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<A, T> fmt::Debug for Items<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl<A, T> Unpin for Items<A, T> {}
