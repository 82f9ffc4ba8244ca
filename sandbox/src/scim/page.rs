//! Pages, by index and by cursor.

use std::ops::Range;

use scim_types::{Error, urn};
use serde_json::{Map, Value, json};

use super::Session;
use super::cursor::{Cursor, digest};
use super::kind::Kind;
use super::listing::Place;
use super::query::Query;

impl Session<'_> {
    /// The page of a listing that a query asks for.
    pub(super) fn page(
        &self,
        query: &Query,
        kinds: &[Kind],
        found: &[Place],
    ) -> Result<Page, Error> {
        let sort = query.sort_by.as_ref().map(|by| (by.as_str(), query.descending));
        let listing = digest(&(kinds, &query.filter, sort));
        let before = self.cursor(query, listing)?;
        let asked = query.count.or(before.as_ref().map(|cursor| cursor.count));
        let asked = asked.unwrap_or(self.default_size()).max(0);
        let start = match &before {
            Some(cursor) => after(cursor, found, sort.is_some() || kinds.len() > 1),
            None => usize::try_from(query.start.unwrap_or(1).max(1) - 1).unwrap_or(usize::MAX),
        };
        let from = start.min(found.len());
        let places = from..from.saturating_add(self.size(asked)).min(found.len());
        let quirks = self.provider.quirks();
        let by_cursor = query.cursor.is_some()
            || quirks.cursors_by_default && query.start.is_none() && !quirks.no_cursors;
        let has_more = by_cursor && places.end < found.len() && !places.is_empty();
        let next = has_more.then(|| Cursor {
            generation: self.state.cursor_generation,
            issued: jiff::Timestamp::now().as_second(),
            query: listing,
            count: asked,
            last: found[places.end - 1].1,
            shown: places.end as u64,
        });
        let index = (!by_cursor).then_some(start.saturating_add(1));
        Ok(Page { places, index, next: next.map(|cursor| cursor.encode()) })
    }

    // Where the listing goes on; the first page has an empty cursor.
    fn cursor(&self, query: &Query, listing: u64) -> Result<Option<Cursor>, Error> {
        let Some(text) = query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok(None);
        };
        let (generation, timeout) =
            (self.state.cursor_generation, self.provider.options().cursor_timeout);
        Cursor::check(text, listing, query.count, generation, timeout).map(Some)
    }

    fn default_size(&self) -> i64 {
        i64::try_from(self.provider.options().default_page_size).unwrap_or(i64::MAX)
    }

    // How many of the resources asked for a page holds.
    fn size(&self, asked: i64) -> usize {
        let (most, quirks) = (self.provider.options().max_page_size, self.provider.quirks());
        let most = match (quirks.short_pages, quirks.ignores_paging) {
            (true, _) => most.min(10),
            (false, true) => u64::MAX,
            (false, false) => most,
        };
        let size = u64::try_from(asked).unwrap_or(0).min(most);
        usize::try_from(size).unwrap_or(usize::MAX)
    }
}

pub(super) struct Page {
    /// Which of the resources that were found.
    pub(super) places: Range<usize>,
    // None in a listing by cursor.
    index: Option<usize>,
    next: Option<String>,
}

impl Page {
    pub(super) fn body(&self, resources: Vec<Value>, total: usize) -> Value {
        let mut body = Map::new();
        body.insert("schemas".to_owned(), json!([urn::LIST_RESPONSE]));
        body.insert("totalResults".to_owned(), json!(total));
        body.insert("itemsPerPage".to_owned(), json!(resources.len()));
        if let Some(index) = self.index {
            body.insert("startIndex".to_owned(), json!(index));
        }
        if let Some(next) = &self.next {
            body.insert("nextCursor".to_owned(), json!(next));
        }
        body.insert("Resources".to_owned(), Value::Array(resources));
        Value::Object(body)
    }
}

// Behind the last resource that was shown; where that is gone, behind as many as were shown.
fn after(cursor: &Cursor, found: &[Place], by_position: bool) -> usize {
    if !by_position {
        return found.partition_point(|(_, key)| *key <= cursor.last);
    }
    let shown = usize::try_from(cursor.shown).unwrap_or(usize::MAX);
    found.iter().position(|(_, key)| *key == cursor.last).map_or(shown, |at| at + 1)
}
