//! The orders that sorted searches go by. Each is made with the first page and kept for those behind it:
//! a page costs what is on it, and nobody is skipped or repeated when somebody changes in between.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use okta_client::search::{Expression, Letters};
use serde_json::Value;

use super::OktaOrg;
use super::call::Call;
use super::error::OktaError;
use super::listing::{in_stretches, narrowed};
use super::state::State;

/// As many listings can be under way at once; one whose order is gone goes on by a new one.
const MOST: usize = 8;

/// The orders of late, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    last: u64,
    kept: VecDeque<(u64, Arc<[u64]>)>,
}

impl Orders {
    fn get(&self, number: u64) -> Option<Arc<[u64]>> {
        self.kept.iter().find(|(known, _)| *known == number).map(|(_, order)| order.clone())
    }

    fn keep(&mut self, order: Arc<[u64]>) -> u64 {
        self.last += 1;
        self.kept.push_back((self.last, order));
        if self.kept.len() > MOST {
            self.kept.pop_front();
        }
        self.last
    }
}

/// What a search is sorted by.
pub(crate) struct Sorting<'a> {
    attribute: &'a str,
    is_descending: bool,
}

impl<'a> Sorting<'a> {
    pub(crate) fn of(attribute: &'a str, call: &Call) -> Result<Self, OktaError> {
        let is_descending = match call.get("sortOrder") {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(OktaError::validation("sortOrder", "sortOrder: asc or desc")),
        };
        Ok(Self { attribute, is_descending })
    }
}

/// How two values are ordered; what has no value is last.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
    Other,
    Missing,
}

impl Key {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Missing,
            Value::Number(number) => Self::Number(ordered(number.as_f64().unwrap_or_default())),
            Value::String(text) => Self::Text(text.to_lowercase()),
            _ => Self::Other,
        }
    }
}

// Whole numbers in the order of the numbers they stand for: the bits of negative ones are turned round.
fn ordered(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The order of this number, or a new one.
pub(crate) async fn of(
    org: &OktaOrg,
    expression: &Expression,
    sorting: &Sorting<'_>,
    number: u64,
) -> Result<(u64, Arc<[u64]>), OktaError> {
    let kept = org.orders().get(number);
    if let Some(kept) = kept {
        return Ok((number, kept));
    }
    let mut found = matches(org, expression, sorting.attribute).await;
    let is_descending = sorting.is_descending;
    // Ties are ordered by id, which follows the position, in either direction.
    let sort = move || {
        found.sort_by(|a, b| {
            let by_key = if is_descending { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) };
            by_key.then(a.1.cmp(&b.1))
        });
        found.into_iter().map(|(_, index)| index).collect::<Arc<[u64]>>()
    };
    let order = tokio::task::spawn_blocking(sort).await.map_err(|_| OktaError::internal())?;
    let number = org.orders().keep(order.clone());
    Ok((number, order))
}

async fn matches(org: &OktaOrg, wanted: &Expression, attribute: &str) -> Vec<(Key, u64)> {
    let mut found = Vec::new();
    let mut look = |state: &State, index: u64| {
        let Some(user) = state.glimpse(index) else {
            return;
        };
        if wanted.matches_by(Letters::IgnoreCase, |path| user.value(path)) {
            found.push((Key::of(&user.value(attribute)), index));
        }
    };
    let some = narrowed(&org.read(), wanted);
    if let Some(some) = some {
        let state = org.read();
        some.into_iter().for_each(|index| look(&state, index));
    } else {
        in_stretches(org, 0, |state, range| {
            range.for_each(|index| look(state, index));
            ControlFlow::Continue(())
        })
        .await;
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_an_order() {
        let sorted = [
            json!(-2.5),
            json!(-1),
            json!(0),
            json!(0.5),
            json!(3),
            json!("a"),
            json!("B"),
            json!("c"),
            json!([1]),
            json!(null),
        ];
        let keys: Vec<Key> = sorted.iter().map(Key::of).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
    }

    #[test]
    fn only_the_latest_orders_are_kept() {
        let mut orders = Orders::default();
        let numbers: Vec<u64> = (0..MOST as u64 + 1).map(|n| orders.keep([n].into())).collect();
        assert_eq!(orders.get(numbers[0]), None);
        assert_eq!(orders.get(numbers[1]).as_deref(), Some(&[1][..]));
        assert_eq!(orders.get(0), None);
    }
}
