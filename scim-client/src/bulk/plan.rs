//! In which order operations can go, and what refers to what.

use std::collections::{BTreeSet, HashMap};

use scim_types::{BulkItem, BulkMethod};
use serde_json::Value;

use crate::error::{Error, Result};

const REFERENCE: &str = "bulkId:";

/// The order of operations: what is referred to comes first, otherwise as they were given.
#[derive(Debug)]
pub(super) struct Plan {
    /// Operations that one request must hold: one, or several that refer to each other in a circle.
    units: Vec<Vec<usize>>,
    needs: Vec<Vec<usize>>,
    follows: Vec<Option<usize>>,
}

impl Plan {
    pub(super) fn of(items: &[BulkItem]) -> Result<Self> {
        let mut named = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            check(index, item)?;
            if let Some(name) = item.bulk_id.as_deref().filter(|_| is_post(item))
                && named.insert(name, index).is_some()
            {
                return Err(invalid(index, format!("bulkId {name:?} is given twice")));
            }
        }
        let needs: Result<Vec<_>> =
            items.iter().enumerate().map(|(n, i)| needs(n, i, &named)).collect();
        let mut last: HashMap<&str, usize> = HashMap::new();
        let follows = items.iter().enumerate().map(|(index, item)| {
            let path = item.path.as_deref().filter(|_| !is_post(item))?;
            last.insert(path, index)
        });
        let follows = follows.collect();
        Ok(Self { units: Vec::new(), needs: needs?, follows }.ordered())
    }

    fn ordered(mut self) -> Self {
        let mut left: BTreeSet<usize> = (0..self.needs.len()).collect();
        let mut ready: BTreeSet<usize> =
            left.iter().copied().filter(|n| self.is_free(*n, &left)).collect();
        let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
        for index in &left {
            for before in self.before(*index) {
                waiting.entry(before).or_default().push(*index);
            }
        }
        while let Some(next) = ready.pop_first() {
            left.remove(&next);
            self.units.push(vec![next]);
            let freed = waiting.remove(&next).unwrap_or_default();
            ready.extend(freed.into_iter().filter(|n| left.contains(n) && self.is_free(*n, &left)));
        }
        if !left.is_empty() {
            self.units.push(left.into_iter().collect());
        }
        self
    }

    fn before(&self, index: usize) -> impl Iterator<Item = usize> {
        self.needs[index].iter().copied().chain(self.follows[index])
    }

    /// Whether nothing that has to come before is among these.
    pub(super) fn is_free(&self, index: usize, left: &BTreeSet<usize>) -> bool {
        self.before(index).all(|before| !left.contains(&before))
    }

    pub(super) fn needs(&self, index: usize) -> impl Iterator<Item = usize> {
        self.needs[index].iter().copied()
    }

    pub(super) fn units(&self) -> &[Vec<usize>] {
        &self.units
    }

    pub(super) fn all(&self) -> Vec<usize> {
        self.units.iter().flatten().copied().collect()
    }
}

fn needs(index: usize, item: &BulkItem, named: &HashMap<&str, usize>) -> Result<Vec<usize>> {
    let in_path = item.path.as_deref().unwrap_or_default().split('/');
    let in_path = in_path.filter_map(|segment| segment.strip_prefix(REFERENCE));
    let names = item.references().into_iter().chain(in_path);
    let found = names.map(|name| {
        named.get(name).copied().ok_or_else(|| {
            invalid(index, format!("no operation creates bulkId {name:?}, to which it refers"))
        })
    });
    found.collect()
}

fn check(index: usize, item: &BulkItem) -> Result<()> {
    let segments = item.path.as_deref().map_or(0, |path| path.trim_matches('/').split('/').count());
    let expected = if is_post(item) { 1 } else { 2 };
    let known = [BulkMethod::Post, BulkMethod::Put, BulkMethod::Patch, BulkMethod::Delete];
    match &item.method {
        Some(method) if !known.contains(method) => {
            Err(invalid(index, format!("its method {method} is none of POST, PUT, PATCH, DELETE")))
        }
        None => Err(invalid(index, "it has no method")),
        _ if segments != expected
            || item.path.as_deref().is_none_or(|p| p.trim_matches('/').is_empty()) =>
        {
            Err(invalid(
                index,
                "its path must be like /Users to create, like /Users/{id} otherwise",
            ))
        }
        _ => Ok(()),
    }
}

fn invalid(index: usize, problem: impl std::fmt::Display) -> Error {
    Error::request(format!("bulk operation {}: {problem}; nothing was sent", index + 1))
}

pub(super) fn is_post(item: &BulkItem) -> bool {
    item.method == Some(BulkMethod::Post)
}

/// The same operation with ids in place of the references that are known.
pub(super) fn resolved(item: &BulkItem, ids: &HashMap<String, String>) -> BulkItem {
    let mut item = item.clone();
    if let Some(data) = &mut item.data {
        resolve(data, ids);
    }
    item.path = resolved_path(&item, ids);
    item
}

/// Its path alone, likewise.
pub(super) fn resolved_path(item: &BulkItem, ids: &HashMap<String, String>) -> Option<String> {
    let segments = item.path.as_deref()?.split('/');
    let segments = segments.map(|segment| known(segment, ids).unwrap_or(segment));
    Some(segments.collect::<Vec<_>>().join("/"))
}

fn known<'a>(text: &str, ids: &'a HashMap<String, String>) -> Option<&'a str> {
    ids.get(text.strip_prefix(REFERENCE)?).map(String::as_str)
}

fn resolve(value: &mut Value, ids: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = known(text, ids) {
                *text = id.to_owned();
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| resolve(element, ids)),
        Value::Object(object) => object.values_mut().for_each(|value| resolve(value, ids)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(name: &str, needs: &[&str]) -> BulkItem {
        let needs: Vec<String> = needs.iter().map(|name| format!("bulkId:{name}")).collect();
        BulkItem::create("/Users", name, json!({"x": needs}))
    }

    fn units(items: &[BulkItem]) -> Vec<Vec<usize>> {
        Plan::of(items).unwrap().units().to_vec()
    }

    #[test]
    fn what_is_referred_to_comes_first_and_the_rest_keeps_its_order() {
        let items = [create("a", &["c"]), create("b", &[]), create("c", &[]), create("d", &["a"])];
        assert_eq!(units(&items), [[1], [2], [0], [3]]);
    }

    #[test]
    fn a_circle_is_one_unit() {
        let items = [create("a", &["b"]), create("b", &["a"]), create("c", &[])];
        assert_eq!(units(&items), [vec![2], vec![0, 1]]);
        assert_eq!(units(&[create("a", &["a"])]), [[0]]);
    }

    #[test]
    fn operations_on_one_resource_keep_their_order() {
        let patch = BulkItem {
            data: Some(json!({"x": "bulkId:a"})),
            ..BulkItem::of(BulkMethod::Patch, "/Users/1")
        };
        let items = [patch, BulkItem::of(BulkMethod::Delete, "/Users/1"), create("a", &[])];
        assert_eq!(units(&items), [[2], [0], [1]]);
    }

    #[test]
    fn what_is_wrong_is_said_before_anything_is_sent() {
        let fault = |items: &[BulkItem]| Plan::of(items).unwrap_err().to_string();
        assert_eq!(
            fault(&[create("a", &["b"])]),
            "bulk operation 1: no operation creates bulkId \"b\", to which it refers; nothing was sent"
        );
        assert!(fault(&[create("a", &[]), create("a", &[])]).contains("given twice"));
        assert!(fault(&[BulkItem::of(BulkMethod::Delete, "/Users")]).contains("like /Users/{id}"));
        assert!(fault(&[BulkItem::of("GET".into(), "/Users/1")]).contains("method GET"));
        assert!(fault(&[BulkItem::default()]).contains("no method"));
    }

    #[test]
    fn references_in_paths_and_bodies_become_ids() {
        let ids = HashMap::from([("a".to_owned(), "42".to_owned())]);
        let item = BulkItem {
            data: Some(json!({"members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]})),
            ..BulkItem::of(BulkMethod::Put, "/Groups/bulkId:a")
        };
        let item = resolved(&item, &ids);
        assert_eq!(item.path.as_deref(), Some("/Groups/42"));
        assert_eq!(item.data, Some(json!({"members": [{"value": "42"}, {"value": "bulkId:b"}]})));
    }
}
