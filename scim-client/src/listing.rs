//! A listing that has not been read yet: its options, and its two endings.

use std::fmt;

use http::Method;
use rest_core::Request;
use scim_types::SortOrder;

use crate::cursor::{Cursor, FilterText, Place, Query};
use crate::endpoint::Endpoint;
use crate::error::ScimError;
use crate::pages::{Items, Pages};
use crate::resources::{Resources, with_body};

/// A listing: set its options, then read it with [`stream`](Self::stream) or [`pages`](Self::pages).
#[derive(Clone)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListResources<R> {
    asked: Asked<R>,
    by_cursor: bool,
    limit: Option<u64>,
    resume: Option<Cursor>,
}

/// What is asked of the server, whichever page it is.
#[derive(Clone)]
pub(crate) struct Asked<R> {
    resources: Resources<R>,
    pub(crate) query: Query,
    by_post: bool,
    /// Why it cannot be asked.
    fault: Option<String>,
}

impl<R: Endpoint> Resources<R> {
    /// Lists resources, all of them unless a filter says otherwise.
    ///
    /// RFC 7644 section 3.4.2, RFC 9865. Every resource comes once, whatever the server makes of
    /// `startIndex` and `count`; what is created or deleted meanwhile may be missing. When the server
    /// says that there are more resources than it gives, the listing ends with an error: one that is
    /// cut off never looks like one that is whole. Takes the memory of one page and 8 bytes for each id.
    ///
    /// # Errors
    /// 400 `invalidFilter`, `invalidPath`; `tooMany` when the server gives so many only in parts; an
    /// error of kind `Paging` when the rest cannot be reached.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use scim_types::filter::attr;
    ///
    /// let mut active = scim.users().list().filter(attr("active").eq(true)).stream();
    /// while let Some(user) = active.try_next().await? {
    ///     println!("{:?}", user.user_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListResources<R> {
        let by_post = self.scim().capabilities().lists_by_post();
        let asked =
            Asked { resources: self.clone(), query: Query::default(), by_post, fault: None };
        ListResources { asked, by_cursor: false, limit: None, resume: None }
    }

    /// As [`list`](Self::list), asked by POST: what the filter holds then stands in no address, and so
    /// in no log of addresses.
    ///
    /// RFC 7644 section 3.4.3.
    ///
    /// # Errors
    /// As [`list`](Self::list); 404 or 501 where the server has no `.search`.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use scim_types::filter::attr;
    ///
    /// let ada = attr("emails.value").eq("ada@acme.example");
    /// let found: Vec<_> = scim.users().search().filter(ada).stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn search(&self) -> ListResources<R> {
        self.list().by_post()
    }
}

impl<R: Endpoint> ListResources<R> {
    /// Only what this filter holds for: a [`Filter`](scim_types::filter::Filter), or a text that is
    /// sent as it was typed.
    pub fn filter(mut self, filter: impl Into<FilterText>) -> Self {
        match filter.into().0 {
            Ok(text) => self.asked.query.filter = Some(text),
            Err(fault) => self.asked.fault = Some(fault),
        }
        self
    }

    /// In the order of this attribute's values, where the server can sort.
    pub fn sort_by(mut self, attribute: impl Into<String>, order: SortOrder) -> Self {
        self.asked.query.sort_by = Some(attribute.into());
        self.asked.query.sort_order = Some(order);
        self
    }

    /// With no other attributes than these and those the server always shows.
    pub fn attributes<A: Into<String>>(mut self, names: impl IntoIterator<Item = A>) -> Self {
        self.asked.query.attributes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Without these attributes.
    pub fn excluded_attributes<A: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = A>,
    ) -> Self {
        self.asked.query.excluded_attributes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Resources a page, 100 by default; the server may give fewer.
    pub fn page_size(mut self, resources: u32) -> Self {
        self.asked.query.count = Some(u64::from(resources.max(1)));
        self
    }

    /// Ends after this many resources in all.
    pub fn limit(mut self, resources: u64) -> Self {
        self.limit = Some(resources);
        self
    }

    /// Pages by cursor, RFC 9865, which what is created or deleted meanwhile does not disturb. A
    /// server that does not know cursors is read by index.
    pub fn by_cursor(mut self) -> Self {
        self.by_cursor = true;
        self
    }

    /// Asks by POST: see [`search`](Resources::search).
    pub fn by_post(mut self) -> Self {
        self.asked.by_post = true;
        self
    }

    /// Goes on from a cursor of the same listing instead of the start. The cursor holds the query: it
    /// need not be set again, and what is set must be the same; the page size is the cursor's.
    pub fn resume(mut self, cursor: Cursor) -> Self {
        self.resume = Some(cursor);
        self
    }

    /// All resources, page after page.
    pub fn stream(self) -> Items<R> {
        Items::new(self.pages())
    }

    /// Page by page, each with its cursor.
    pub fn pages(self) -> Pages<R> {
        let Self { mut asked, by_cursor, limit, resume } = self;
        let from = match resume {
            Some(cursor) => Some(asked.take_over(cursor)),
            None => by_cursor.then(|| (Place::Token(String::new()), 0)),
        };
        Pages::new(asked, from, limit)
    }
}

impl<R: Endpoint> Asked<R> {
    fn take_over(&mut self, cursor: Cursor) -> (Place, u64) {
        if cursor.route != R::ALL || !self.query.is_within(&cursor.query) {
            let fault = "this cursor is of another listing; resume it with the call that made it";
            self.fault = Some(fault.to_owned());
        }
        self.query = cursor.query;
        (cursor.place, cursor.read)
    }

    pub(crate) fn request(&self, place: &Place, count: u64) -> Request<ScimError> {
        let (method, route) = self.endpoint();
        let request = self.resources.scim().request(method, route, []);
        let mut query = self.query.clone();
        query.count = Some(count);
        match &self.fault {
            Some(fault) => request.invalid(fault),
            None if self.by_post => with_body(request, &query.to_body(place)).safe_to_repeat(),
            None => in_address(request, &query, place),
        }
    }

    fn endpoint(&self) -> (Method, &'static str) {
        match self.by_post {
            true => (Method::POST, R::SEARCH),
            false => (Method::GET, R::ALL),
        }
    }

    pub(crate) fn is_by_post(&self) -> bool {
        self.by_post
    }

    /// The whole came by POST, after it had not come by GET.
    pub(crate) fn proves_post(&self) {
        self.resources.scim().capabilities().lists_only_by_post();
    }

    /// As if it had been asked by POST from the beginning.
    pub(crate) fn turn_to_post(&mut self) {
        self.by_post = true;
    }

    /// The call as errors name it.
    pub(crate) fn call(&self) -> String {
        let (method, route) = self.endpoint();
        format!("{method} {route}")
    }
}

fn in_address(request: Request<ScimError>, query: &Query, place: &Place) -> Request<ScimError> {
    let list = |names: &[String]| (!names.is_empty()).then(|| names.join(","));
    let request = request
        .query_opt("filter", query.filter.as_ref())
        .query_opt("sortBy", query.sort_by.as_ref())
        .query_opt("sortOrder", query.sort_order.as_ref())
        .query_opt("attributes", list(&query.attributes))
        .query_opt("excludedAttributes", list(&query.excluded_attributes));
    let request = match place {
        Place::Index(start) => request.query("startIndex", start),
        Place::Token(token) => request.query("cursor", token),
    };
    request.query("count", query.page_size())
}

/// Shows which listing it is, and nothing of what is asked: a filter may hold personal data.
impl<R: Endpoint> fmt::Debug for ListResources<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListResources").field("call", &self.asked.call()).finish_non_exhaustive()
    }
}
