//! Reading the answer of a bulk call: which record it names, and whether its counts add up.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::report::Delivery;

const UNEXPLAINED: &str = "Pendo counted this record as failed and did not say why";
const REFUSED: &str = "Pendo refused this record and did not say why";
const SHOWN: usize = 300;

/// What the answer says of the records that were sent, in their order.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    /// Those it names.
    pub(super) named: Vec<(usize, Delivery)>,
    pub(super) rest: Rest,
}

/// What the answer says of the records that it does not name.
#[derive(Debug, PartialEq)]
pub(super) enum Rest {
    /// All were updated.
    Updated,
    /// All failed.
    Failed(Arc<str>),
    /// Some were updated, some were not: the answer does not say which.
    Mixed(Arc<str>),
    /// The answer neither counts nor names anything that happened.
    Unknown(Arc<str>),
}

/// Judges an answer; `None` when it does not count, so that it says nothing.
///
/// `missing` and `errors` may be absent, `null` or empty. The members of an item in `errors` are not
/// documented: an id is looked for in several ways. An id that matches no record is as good as none.
pub(super) fn judge(answer: &Value, sent: &[&str]) -> Option<Verdict> {
    let count = |name: &str| answer.get(name).and_then(Value::as_u64);
    let updated = count("updated").or_else(|| count("total")?.checked_sub(count("failed")?))?;
    let mut names = Names::new(sent);
    let mut named = Vec::new();
    for item in items(&answer["missing"]) {
        named.extend(names.take(&item).map(|index| (index, Delivery::Missing)));
    }
    let mut unnamed: Option<Arc<str>> = None;
    for item in items(&answer["errors"]) {
        match names.take(&item) {
            Some(index) => named.push((index, Delivery::failed(item.reason()))),
            None => unnamed = Some(item.reason()),
        }
    }
    let rest = (sent.len() - named.len()) as u64;
    let failed = count("failed").unwrap_or(named.len() as u64);
    let reason = || unnamed.unwrap_or_else(|| UNEXPLAINED.into());
    let rest = match rest {
        _ if updated == rest && failed <= named.len() as u64 => Rest::Updated,
        _ if updated == 0 && failed >= sent.len() as u64 => Rest::Failed(reason()),
        _ if updated == 0 && named.is_empty() => Rest::Unknown(reason()),
        _ => Rest::Mixed(reason()),
    };
    Some(Verdict { named, rest })
}

/// One entry of `missing` or `errors`.
struct Item<'a> {
    ids: Vec<&'a str>,
    message: Option<String>,
}

impl Item<'_> {
    fn reason(&self) -> Arc<str> {
        self.message.as_deref().unwrap_or(REFUSED).into()
    }
}

fn items(list: &Value) -> Vec<Item<'_>> {
    match list {
        Value::Array(items) => items.iter().map(item).collect(),
        // An object keyed by id.
        Value::Object(by_id) => {
            let item = |(id, value)| Item { ids: vec![id], message: message(value) };
            by_id.iter().map(|(id, value)| item((id.as_str(), value))).collect()
        }
        _ => Vec::new(),
    }
}

fn item(value: &Value) -> Item<'_> {
    match value {
        // A text may be the id or the message; what matches no id is taken as the message.
        Value::String(text) => Item { ids: vec![text], message: None },
        Value::Object(members) => {
            let known = ["id", "visitorId", "accountId", "visitor_id", "account_id"];
            let ids = known.iter().filter_map(|key| members.get(*key)?.as_str());
            Item { ids: ids.collect(), message: message(value) }
        }
        other => Item { ids: Vec::new(), message: message(other) },
    }
}

/// The words in an entry: a member that is known to hold them, else all of it.
fn message(value: &Value) -> Option<String> {
    let keys = ["error", "message", "reason", "description", "detail"];
    let member = || keys.iter().find_map(|key| value.get(key));
    let said = member().filter(|said| !said.is_null()).unwrap_or(value);
    let text = match said {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        other => {
            other.as_object().and_then(|_| message_in(other)).unwrap_or_else(|| other.to_string())
        }
    };
    (!text.is_empty()).then(|| text.chars().take(SHOWN).collect())
}

fn message_in(error: &Value) -> Option<String> {
    error.get("message").and_then(Value::as_str).map(str::to_owned)
}

/// The ids that were sent and are not named yet; exact matches go first.
struct Names<'a> {
    exact: HashMap<&'a str, usize>,
    any_case: Option<HashMap<String, Vec<usize>>>,
    sent: &'a [&'a str],
    taken: Vec<bool>,
}

impl<'a> Names<'a> {
    fn new(sent: &'a [&'a str]) -> Self {
        let exact = sent.iter().enumerate().map(|(index, id)| (*id, index)).collect();
        Self { exact, any_case: None, sent, taken: vec![false; sent.len()] }
    }

    fn take(&mut self, item: &Item<'_>) -> Option<usize> {
        let index = item.ids.iter().find_map(|id| self.find(id))?;
        self.taken[index] = true;
        Some(index)
    }

    fn find(&mut self, id: &str) -> Option<usize> {
        let exact = self.exact.get(id).copied().filter(|index| !self.taken[*index]);
        exact.or_else(|| {
            let sent = self.sent;
            let any_case = self.any_case.get_or_insert_with(|| by_lower_case(sent));
            let same = any_case.get(&id.to_lowercase())?;
            same.iter().copied().find(|index| !self.taken[*index])
        })
    }
}

fn by_lower_case(sent: &[&str]) -> HashMap<String, Vec<usize>> {
    let mut map: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, id) in sent.iter().enumerate() {
        map.entry(id.to_lowercase()).or_default().push(index);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn verdict(answer: Value) -> Verdict {
        judge(&answer, &["a", "B", "c"]).unwrap()
    }

    #[test]
    fn empty_lists_look_many_ways() {
        for list in [json!(null), json!([]), json!({})] {
            let answer =
                json!({"total": 3, "updated": 3, "failed": 0, "missing": list, "errors": list});
            assert_eq!(verdict(answer), Verdict { named: vec![], rest: Rest::Updated });
        }
        assert_eq!(verdict(json!({"updated": 3})).rest, Rest::Updated);
        assert_eq!(verdict(json!({"total": 3, "failed": 0})).rest, Rest::Updated);
    }

    #[test]
    fn an_error_is_found_whatever_its_shape() {
        for (item, reason) in [
            (json!("b"), REFUSED),
            (json!({"id": "B", "error": "bad"}), "bad"),
            (json!({"visitorId": "b", "message": " bad "}), "bad"),
            (json!({"id": "b", "error": {"message": "bad", "code": 7}}), "bad"),
            (json!({"id": "b", "whatever": 7}), r#"{"id":"b","whatever":7}"#),
        ] {
            let answer = json!({"total": 3, "updated": 2, "failed": 1, "errors": [item]});
            let expected = vec![(1, Delivery::failed(reason))];
            assert_eq!(verdict(answer), Verdict { named: expected, rest: Rest::Updated });
        }
        let by_id = json!({"updated": 2, "failed": 1, "errors": {"c": "bad"}});
        assert_eq!(verdict(by_id).named, [(2, Delivery::failed("bad"))]);
    }

    #[test]
    fn counts_that_do_not_add_up_are_no_success() {
        let mixed = |answer| matches!(verdict(answer).rest, Rest::Mixed(_));
        assert!(mixed(json!({"total": 3, "updated": 2, "failed": 1})));
        assert!(mixed(
            json!({"total": 3, "updated": 2, "failed": 1, "errors": [{"error": "bad"}]})
        ));
        assert!(mixed(json!({"total": 3, "updated": 2, "failed": 1, "missing": ["nobody"]})));
        assert!(mixed(json!({"total": 3, "updated": 3, "failed": 1})));
        assert!(mixed(json!({"total": 3, "updated": 1, "failed": 1, "missing": ["a"]})));
        let nothing = verdict(json!({"total": 3, "updated": 0, "failed": 0}));
        assert_eq!(nothing.rest, Rest::Unknown(UNEXPLAINED.into()));
        let all = json!({"total": 3, "updated": 0, "failed": 3, "errors": [{"error": "bad"}]});
        assert_eq!(verdict(all).rest, Rest::Failed("bad".into()));
    }

    #[test]
    fn an_answer_without_counts_says_nothing() {
        for answer in
            [json!({}), json!([]), json!(null), json!({"updated": "3"}), json!({"failed": 0})]
        {
            assert_eq!(judge(&answer, &["a"]), None);
        }
    }

    #[test]
    fn ids_compare_exactly_first() {
        let sent = ["ada", "Ada", "ADA"];
        let answer = json!({"updated": 1, "failed": 2, "missing": ["Ada", "ada"]});
        let verdict = judge(&answer, &sent).unwrap();
        assert_eq!(verdict.named, [(1, Delivery::Missing), (0, Delivery::Missing)]);
        let lowered = json!({"updated": 0, "failed": 3, "missing": ["ada", "ada", "ada"]});
        assert_eq!(judge(&lowered, &sent).unwrap().named.len(), 3);
    }
}
