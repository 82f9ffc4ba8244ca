//! Which result is of which operation: what is not certain is unclear, not somebody else's.

use std::collections::HashMap;

use scim_types::{BulkResponse, BulkResult};

use super::plan::{is_post, resolved_path};
use super::whole::unnamed;
use super::{BulkOutcome, Run, unclear};

const NOTHING_SAID: &str = "the server's answer says nothing of this operation";
const UNCERTAIN: &str =
    "the server's answer does not tell which of its results is of this operation";
const CONTRADICTION: &str = "the server's answer holds several results of this operation";

impl Run<'_> {
    /// Gives every operation its result: the one that names it, or stands in its place where the
    /// others show that the places are right.
    pub(super) fn assign(&mut self, chunk: &[usize], response: BulkResponse) {
        let results = response.operations;
        let names: HashMap<String, usize> =
            (0..chunk.len()).filter_map(|place| Some((self.name(chunk[place])?, place))).collect();
        let paths: Vec<String> = chunk.iter().map(|index| self.path(*index)).collect();
        let owners: Vec<Option<usize>> = results
            .iter()
            .map(|result| match &result.bulk_id {
                Some(name) => names.get(name).copied(),
                None => self.owner(chunk, &paths, result),
            })
            .collect();
        let in_order = self.is_in_order(chunk, &results, &owners);
        let has_strays = owners.iter().any(Option::is_none) && !in_order;
        let mut found: Vec<Vec<BulkResult>> = chunk.iter().map(|_| Vec::new()).collect();
        for (place, (result, owner)) in results.into_iter().zip(owners).enumerate() {
            if let Some(owner) = owner.or(in_order.then_some(place)) {
                found[owner].push(result);
            }
        }
        for (index, results) in chunk.iter().zip(found) {
            let outcome = match one_of(results) {
                Some(outcome) => outcome,
                None if has_strays => unclear(UNCERTAIN),
                None => {
                    self.unmentioned(*index);
                    continue;
                }
            };
            self.settle(*index, outcome);
        }
    }

    fn unmentioned(&mut self, index: usize) {
        match self.fail_on_errors.is_some_and(|most| self.errors >= most) {
            true => self.skip(
                index,
                format!("not carried out: the server stopped after {} errors", self.errors),
            ),
            false => self.settle(index, unclear(NOTHING_SAID)),
        }
    }

    /// The place in the chunk of the one operation on the resource at this location.
    fn owner(&self, chunk: &[usize], paths: &[String], result: &BulkResult) -> Option<usize> {
        let location = result.location.as_deref()?.trim_end_matches('/');
        let location = format!("/{}", location.trim_start_matches('/'));
        let mut named = (0..chunk.len()).filter(|place| {
            let item = &self.items[chunk[*place]];
            let same_method = result.method.is_none() || result.method == item.method;
            !is_post(item) && same_method && location.ends_with(&paths[*place])
        });
        // Several operations on one resource are told apart by their places.
        named.next().filter(|_| named.next().is_none())
    }

    fn name(&self, index: usize) -> Option<String> {
        let item = &self.items[index];
        item.bulk_id.clone().or_else(|| is_post(item).then(|| unnamed(index)))
    }

    fn path(&self, index: usize) -> String {
        let path = resolved_path(&self.items[index], &self.ids);
        format!("/{}", path.unwrap_or_default().trim_matches('/'))
    }

    /// Whether each result stands where its operation does, as far as the server names them; that it
    /// names none says nothing, unless there is only one, or all have been carried out without an id.
    fn is_in_order(
        &self,
        chunk: &[usize],
        results: &[BulkResult],
        owners: &[Option<usize>],
    ) -> bool {
        let fits = |(place, result): (usize, &BulkResult)| {
            let item = &self.items[chunk[place]];
            let is_own = owners[place].is_none_or(|owner| owner == place);
            // A name that nobody has is of another operation.
            let is_strange = owners[place].is_none() && result.bulk_id.is_some();
            is_own && !is_strange && (result.method.is_none() || result.method == item.method)
        };
        let is_done = |place: usize, result: &BulkResult| {
            !is_post(&self.items[chunk[place]]) && BulkOutcome::of(result.clone()).is_done()
        };
        results.len() == chunk.len()
            && results.iter().enumerate().all(fits)
            && (chunk.len() == 1
                || owners.iter().any(Option::is_some)
                || results.iter().enumerate().all(|(place, result)| is_done(place, result)))
    }
}

/// The outcome that these results tell, if any; the server may say the same twice.
fn one_of(results: Vec<BulkResult>) -> Option<BulkOutcome> {
    let mut results = results.into_iter();
    let first = results.next()?;
    match results.any(|other| other.status != first.status || other.location != first.location) {
        true => Some(unclear(CONTRADICTION)),
        false => Some(BulkOutcome::of(first)),
    }
}
