//! A JSON text as its leaves: path and text of each, compared to the letter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Path (`/0/profile/login`) to JSON text; a null, an empty object and an empty list are leaves too.
pub(crate) type Leaves = BTreeMap<String, String>;

/// All leaves outside `_links` and `_embedded`. An empty document has none.
pub(crate) fn leaves(json: &str) -> Leaves {
    let mut all = Leaves::new();
    add(&mut all, "", json);
    all
}

/// Adds the leaves of `json`, which stands at `path`.
pub(crate) fn add(all: &mut Leaves, path: &str, json: &str) {
    walk(path, json, &mut |path, text| match text.as_bytes().first() {
        Some(b'{') => leaf(all, path, "{}"),
        Some(b'[') => leaf(all, path, "[]"),
        Some(b'"') => {
            let string: String = serde_json::from_str(text).unwrap();
            leaf(all, path, &serde_json::to_string(&string).unwrap());
        }
        // Numbers as they are written: a digit that is lost is a value that is changed.
        _ => leaf(all, path, text),
    });
}

/// Calls `found` with the path of each leaf of `json`, which stands at `path`, and the leaf's own
/// piece of the text.
pub(crate) fn walk<'j>(path: &str, json: &'j str, found: &mut dyn FnMut(&str, &'j str)) {
    let json = json.trim();
    match json.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<Cow<'j, str>, &'j RawValue> = serde_json::from_str(json).unwrap();
            if members.is_empty() {
                found(path, json);
            }
            for (name, value) in members.iter().filter(|(name, _)| is_counted(name)) {
                walk(&format!("{path}/{}", name.replace('/', "~1")), value.get(), found);
            }
        }
        Some(b'[') => {
            let items: Vec<&'j RawValue> = serde_json::from_str(json).unwrap();
            if items.is_empty() {
                found(path, json);
            }
            for (at, item) in items.iter().enumerate() {
                walk(&format!("{path}/{at}"), item.get(), found);
            }
        }
        _ => found(path, json),
    }
}

fn is_counted(name: &str) -> bool {
    !matches!(name, "_links" | "_embedded")
}

fn leaf(all: &mut Leaves, path: &str, text: &str) {
    if !path.is_empty() {
        all.insert(path.to_owned(), text.to_owned());
    }
}

/// A path with its list positions left out, for the list of reasons.
pub(crate) fn shape(path: &str) -> String {
    let parts = path.split('/').skip(1);
    let named = parts.map(|part| if part.parse::<usize>().is_ok() { "[]" } else { part });
    named.collect::<Vec<_>>().join(".")
}

#[test]
fn leaves_are_told_apart_to_the_letter() {
    let json = r#"{"a": 1.10, "b": [{}, [], null, "\u0041/"], "c/d": {"_links": {"x": 1}},
        "_embedded": {"y": 2}, "e": 12345678901234567890123}"#;
    let expected = [
        ("/a", "1.10"),
        ("/b/0", "{}"),
        ("/b/1", "[]"),
        ("/b/2", "null"),
        ("/b/3", "\"A/\""),
        ("/e", "12345678901234567890123"),
    ];
    let found = leaves(json);
    let found: Vec<(&str, &str)> = found.iter().map(|(p, t)| (&**p, &**t)).collect();
    assert_eq!(found, expected);
    assert!(leaves("{}").is_empty() && leaves("[]").is_empty());
    assert_eq!(shape("/3/profile/tags/0"), "[].profile.tags.[]");
}
