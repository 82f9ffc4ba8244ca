//! Where a follower stands in the log.

use std::collections::BTreeMap;
use std::fmt;

use http::HeaderMap;
use http::header::LINK;
use jiff::Timestamp;
use rest_core::Request;
use serde::{Deserialize, Serialize};
use url::Url;

use super::written;
use crate::error::{Error, OktaError, Result};

/// The query of one page, decoded.
pub(super) type Query = Vec<(String, String)>;

/// Where a follower of the log stands: everything it has handed out lies behind it, nothing else.
///
/// It serialises, holds no host and no credential, and a later process goes on from it. It holds the
/// query of the page to read next and the ids of the events that came last, so that it may stand in
/// the middle of a page: treat it as the data it selects. **Save it after the events that were handed
/// out have been handled.** Saved earlier, a crash loses those that were not; a crash between handling
/// an event and saving hands it out again, unless both are one transaction.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCursor {
    /// What was asked for at first: links need not repeat it.
    pub(super) asked: BTreeMap<String, String>,
    pub(super) page: Query,
    /// Oldest first.
    pub(super) seen: Vec<String>,
    /// When the latest event that was handed out was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reached: Option<Timestamp>,
}

impl LogCursor {
    /// When the latest event that was handed out was published; `None` before the first.
    pub fn reached(&self) -> Option<Timestamp> {
        self.reached
    }

    /// The same query from another time on, for when Okta refuses this cursor (see
    /// [`LogEvents`](crate::LogEvents)). Events it remembers are not handed out again; what was stored
    /// late makes it wise to begin some minutes before [`reached`](Self::reached). Okta keeps 90 days.
    #[must_use]
    pub fn anew(&self, since: Timestamp) -> Self {
        let mut anew = at_time(since, &self.asked);
        if let Some(size) = self.page.iter().find(|(name, _)| name == "limit") {
            anew.page.retain(|(name, _)| name != "limit");
            anew.page.push(size.clone());
        }
        Self { seen: self.seen.clone(), reached: self.reached, ..anew }
    }
}

impl fmt::Debug for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = self.page.iter().find(|(name, _)| name == "after").map(|(_, after)| after);
        let mut shown = f.debug_struct("LogCursor");
        shown.field("after", &after).field("seen", &self.seen.len()).finish_non_exhaustive()
    }
}

/// Where to start following: made by `into()` from a time or a [`LogCursor`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LogStart {
    /// With the events stored then or later.
    Time(Timestamp),
    /// Where an earlier follower stood. The cursor holds the query; setting another one is an error.
    Cursor(LogCursor),
}

impl From<Timestamp> for LogStart {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<LogCursor> for LogStart {
    fn from(cursor: LogCursor) -> Self {
        Self::Cursor(cursor)
    }
}

impl LogStart {
    /// The cursor to start from, for a query of `asked`.
    pub(super) fn cursor(self, asked: &BTreeMap<String, String>) -> Result<LogCursor> {
        match self {
            Self::Time(since) => Ok(at_time(since, asked)),
            Self::Cursor(cursor) => {
                let is_same = asked.iter().all(|(name, text)| cursor.asked.get(name) == Some(text));
                is_same.then_some(cursor).ok_or_else(|| {
                    Error::request(
                        "this cursor is of another query of the log; it holds its filter and q: \
                         follow it without setting them",
                    )
                })
            }
        }
    }
}

fn at_time(since: Timestamp, asked: &BTreeMap<String, String>) -> LogCursor {
    let mut page = vec![
        ("since".to_owned(), written(since)),
        ("sortOrder".to_owned(), "ASCENDING".to_owned()),
        ("limit".to_owned(), super::PAGE_SIZE.to_string()),
    ];
    page.extend(asked.clone());
    LogCursor { asked: asked.clone(), page, seen: Vec::new(), reached: None }
}

/// The request for one page. Only the link's query is used: the host stays ours.
pub(super) fn request_for(request: &Request<OktaError>, page: &Query) -> Request<OktaError> {
    page.iter().fold(request.clone(), |request, (name, value)| request.query(name, value))
}

/// Which page the answer names as the next.
pub(super) fn next_page(headers: &HeaderMap, base: &Url) -> Result<Option<Query>> {
    let Some(target) = next_link(headers) else {
        return Ok(None);
    };
    let url = base.join(target).map_err(|error| {
        Error::paging("GET /api/v1/logs: the next link is not a URL").with_source(error)
    })?;
    if url.origin() != base.origin() {
        return Err(Error::paging(format!(
            "GET /api/v1/logs: the next link leads to another host, {}",
            url.origin().ascii_serialization()
        )));
    }
    Ok(Some(url.query_pairs().into_owned().collect()))
}

/// Okta sends a header per link; a proxy may join them.
fn next_link(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let mut links = values.flat_map(|value| value.split('<')).filter_map(|one| one.split_once('>'));
    links.find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target)
}

fn is_next(parameters: &str) -> bool {
    let mut each = parameters.split([';', ',']).map(|one| one.trim().to_ascii_lowercase());
    each.any(|one| one == "rel=\"next\"" || one == "rel=next")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(links: &[&str]) -> Result<Option<Query>> {
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append(LINK, link.parse().unwrap());
        }
        next_page(&headers, &Url::parse("https://acme.okta.com/").unwrap())
    }

    #[test]
    fn the_next_link_gives_a_query() {
        let own = "<https://acme.okta.com/api/v1/logs?limit=2>; rel=\"self\"";
        let link =
            "<https://acme.okta.com/api/v1/logs?after=1_2&filter=a+eq%20%22b,c%22>; rel=\"next\"";
        let query = vec![
            ("after".to_owned(), "1_2".to_owned()),
            ("filter".to_owned(), "a eq \"b,c\"".to_owned()),
        ];
        for links in [vec![own, link], vec![link, own], vec![&format!("{own}, {link}")]] {
            assert_eq!(next(&links).unwrap(), Some(query.clone()));
        }
        assert_eq!(next(&["</api/v1/logs?after=1>; rel=next"]).unwrap().unwrap()[0].1, "1");
        assert_eq!(next(&[own]).unwrap(), None);
        let error =
            next(&["<https://evil.example/api/v1/logs?after=1>; rel=\"next\""]).unwrap_err();
        assert!(error.to_string().contains("another host, https://evil.example"), "{error}");
        assert!(next(&["<https://:x>; rel=\"next\""]).is_err());
    }
}
