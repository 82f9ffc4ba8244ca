//! Reading the answer of a bulk call: which record it names, and whether its counts add up.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::report::Delivery;

const UNEXPLAINED: &str = "Pendo counted this record as failed and did not say why";
const REFUSED: &str = "Pendo refused this record and did not say why";
const SHOWN: usize = 300;
/// Members that may hold an id, and members that may hold a message, without case and `_`.
const IDS: [&str; 3] = ["id", "visitorid", "accountid"];
const WORDS: [&str; 6] = ["error", "errors", "message", "reason", "description", "detail"];

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
    let mut unnamed = Vec::new();
    for item in items(&answer["errors"]) {
        match names.take(&item) {
            Some(index) => named.push((index, Delivery::failed(item.reason()))),
            None => unnamed.push(item.words()),
        }
    }
    let rest = (sent.len() - named.len()) as u64;
    let failed = count("failed").unwrap_or(named.len() as u64);
    let unnamed = joined(unnamed.into_iter());
    let reason = || if unnamed.is_empty() { UNEXPLAINED.into() } else { unnamed.into() };
    let rest = match rest {
        _ if updated == rest && failed <= named.len() as u64 => Rest::Updated,
        _ if updated == 0 && failed >= sent.len() as u64 => Rest::Failed(reason()),
        _ if updated == 0 && named.is_empty() => Rest::Unknown(reason()),
        _ => Rest::Mixed(reason()),
    };
    Some(Verdict { named, rest })
}

/// One entry of `missing` or `errors`. A plain text or number is taken for an id, and for the message
/// when it turns out to be none.
struct Item<'a> {
    ids: Vec<Cow<'a, str>>,
    message: Option<String>,
}

impl Item<'_> {
    /// Why the record it names failed.
    fn reason(&self) -> &str {
        self.message.as_deref().unwrap_or(REFUSED)
    }

    /// All it says, when it names no record.
    fn words(self) -> String {
        self.message.unwrap_or_else(|| joined(self.ids.into_iter().map(Cow::into_owned)))
    }
}

fn items(list: &Value) -> Vec<Item<'_>> {
    match list {
        Value::Array(items) => items.iter().map(item).collect(),
        // An object keyed by id, or by something else.
        Value::Object(by_id) => {
            let item = |(key, value)| {
                let ids = ids(value).into_iter().chain([Cow::Borrowed(key)]);
                Item { ids: ids.collect(), message: message(value) }
            };
            by_id.iter().map(|(key, value)| item((key.as_str(), value))).collect()
        }
        Value::String(_) => vec![item(list)],
        _ => Vec::new(),
    }
}

fn item(value: &Value) -> Item<'_> {
    match plain(value) {
        Some(id) => Item { ids: vec![id], message: None },
        None => Item { ids: ids(value), message: message(value) },
    }
}

/// A text, or a number as text: an id may be one.
fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// What may be ids among the members of an entry, or else of the objects in it.
fn ids(entry: &Value) -> Vec<Cow<'_, str>> {
    let own: Vec<_> = own_ids(entry).collect();
    if !own.is_empty() {
        return own;
    }
    let inner = entry.as_object().into_iter().flatten().map(|(_, inner)| inner);
    inner.flat_map(own_ids).collect()
}

fn own_ids(entry: &Value) -> impl Iterator<Item = Cow<'_, str>> {
    IDS.iter().filter_map(|name| plain(member(entry, name)?))
}

/// A member that is not `null`, however its name is written: `visitorId`, `VisitorID`, `visitor_id`.
fn member<'a>(entry: &'a Value, name: &str) -> Option<&'a Value> {
    let is_it = |key: &str| key.replace('_', "").eq_ignore_ascii_case(name);
    let (_, value) =
        entry.as_object()?.iter().find(|(key, value)| is_it(key) && !value.is_null())?;
    Some(value)
}

fn message(value: &Value) -> Option<String> {
    let words = words(value);
    (!words.is_empty()).then_some(words)
}

/// The words in an entry: a member that is known to hold them, else all of it.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shown(text),
        Value::Array(items) => joined(items.iter().map(words)),
        other => match WORDS.iter().find_map(|name| member(other, name)) {
            Some(said) => words(said),
            None => shown(&other.to_string()),
        },
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    texts.dedup();
    shown(&texts.join("; "))
}

fn shown(text: &str) -> String {
    text.trim().chars().take(SHOWN).collect()
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
            (json!({"VisitorID": "b", "Error": "bad"}), "bad"),
            (json!({"Account_Id": "B", "error": null, "reason": "bad"}), "bad"),
            (json!({"record": {"visitorId": "b"}, "error": "bad"}), "bad"),
            (
                json!({"id": "b", "errors": ["field x is bad", "so is y"]}),
                "field x is bad; so is y",
            ),
            (json!({"id": "b", "errors": [{"message": "bad"}, {}]}), "bad; {}"),
        ] {
            let answer = json!({"total": 3, "updated": 2, "failed": 1, "errors": [item]});
            let expected = vec![(1, Delivery::failed(reason))];
            assert_eq!(verdict(answer), Verdict { named: expected, rest: Rest::Updated });
        }
        let by_id = json!({"updated": 2, "failed": 1, "errors": {"c": "bad"}});
        assert_eq!(verdict(by_id).named, [(2, Delivery::failed("bad"))]);
        let by_id = json!({"updated": 2, "failed": 1, "errors": {"c": ["x is bad", "y is"]}});
        assert_eq!(verdict(by_id).named, [(2, Delivery::failed("x is bad; y is"))]);
        let by_number =
            json!({"updated": 2, "failed": 1, "errors": {"0": {"id": "c", "error": "bad"}}});
        assert_eq!(verdict(by_number).named, [(2, Delivery::failed("bad"))]);
    }

    #[test]
    fn values_that_an_entry_repeats_name_nobody() {
        let item = json!({"id": "B", "values": {"id": "a"}, "error": "bad"});
        let answer = json!({"updated": 2, "failed": 1, "errors": [item, item]});
        assert_eq!(verdict(answer).named, [(1, Delivery::failed("bad"))]);
    }

    #[test]
    fn ids_may_be_numbers() {
        let answer = json!({
            "updated": 1, "failed": 3, "missing": [17], "errors": [18, {"visitorId": 19, "error": "bad"}],
        });
        let named = judge(&answer, &["17", "18", "19", "20"]).unwrap().named;
        let failed = Delivery::failed;
        assert_eq!(named, [(0, Delivery::Missing), (1, failed(REFUSED)), (2, failed("bad"))]);
    }

    #[test]
    fn a_text_that_is_no_id_is_the_message() {
        let failed = |errors: Value| {
            let answer = json!({"total": 3, "updated": 0, "failed": 3, "errors": errors});
            match verdict(answer).rest {
                Rest::Failed(reason) => reason.to_string(),
                rest => panic!("{rest:?}"),
            }
        };
        assert_eq!(failed(json!(["b: field x is bad"])), "b: field x is bad");
        assert_eq!(failed(json!("field x is bad")), "field x is bad");
        assert_eq!(failed(json!(["x is bad", "x is bad", 7, ""])), "x is bad; 7");
        assert_eq!(failed(json!([["x is bad", "y is"]])), "x is bad; y is");
        assert_eq!(failed(json!([""])), UNEXPLAINED);
        assert_eq!(failed(json!(["long".repeat(SHOWN)])).len(), SHOWN);
        let one =
            json!({"total": 3, "updated": 2, "failed": 1, "errors": ["p8@x: field x is bad"]});
        assert_eq!(verdict(one).rest, Rest::Mixed("p8@x: field x is bad".into()));
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
