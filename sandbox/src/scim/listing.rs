//! Listings, asked for by GET or by POST.

use scim_types::Error;
use serde_json::{Value, json};

use super::Session;
use super::call::{Call, Outcome, Reply, bad_syntax};
use super::kind::Kind;
use super::query::{Query, as_parameters};

/// One place in a listing.
pub(super) type Place = (Kind, u64);

impl Session<'_> {
    pub(super) fn get(&self, kinds: &[Kind], call: &Call) -> Outcome {
        let quirks = self.provider.quirks();
        let mut query = Query::of(&call.parameters, quirks)?;
        if quirks.ignores_paging {
            let whole = i64::try_from(self.total(kinds)).unwrap_or(i64::MAX);
            query = Query { start: None, count: Some(whole), cursor: None, ..query };
        }
        if quirks.ignores_start_index {
            query.start = None;
        }
        let mut reply = self.list(kinds, query, call)?;
        if let Some(body) = reply.body.as_mut().filter(|_| quirks.ignores_paging) {
            body["itemsPerPage"] = json!(20);
        }
        Ok(reply)
    }

    pub(super) fn search(&self, kinds: &[Kind], call: &mut Call) -> Outcome {
        if self.provider.quirks().search_unsupported {
            return Err(Error::new(501, "searching by POST is not implemented"));
        }
        let Some(Value::Object(body)) = call.body.take() else {
            return Err(bad_syntax("the body is not a JSON object"));
        };
        let query = Query::of(&as_parameters(&body), self.provider.quirks())?;
        self.list(kinds, query, call)
    }

    fn total(&self, kinds: &[Kind]) -> usize {
        kinds.iter().map(|kind| self.state.table(*kind).len()).sum()
    }

    fn list(&self, kinds: &[Kind], mut query: Query, call: &Call) -> Outcome {
        let quirks = self.provider.quirks();
        query.projection.hides_schemas = quirks.projection_hides_schemas;
        let viewer = self.viewer(&call.base);
        let mut found = Vec::new();
        for kind in kinds {
            self.select(*kind, query.filter.as_deref(), &viewer, &mut found)?;
        }
        if found.is_empty() && query.filter.is_some() && quirks.not_found_on_empty_lookup {
            return Err(Error::new(404, "no resource matches the filter"));
        }
        if let Some(by) = &query.sort_by {
            self.sort(&mut found, by, query.descending, &viewer);
        }
        let page = self.page(&query, kinds, &found)?;
        let shown: Vec<Value> = found[page.places.clone()]
            .iter()
            .filter_map(|(kind, key)| {
                let entry = self.state.table(*kind).get(*key)?;
                Some(viewer.show(*kind, entry, &query.projection))
            })
            .collect();
        self.provider.counters().read(&shown);
        Ok(Reply::new(200, page.body(shown, found.len())))
    }
}
