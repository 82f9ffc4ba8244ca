//! What shall happen to one record: a pure function of what is wanted, what was delivered and what is there.

use serde_json::Value;

use crate::record::{Fields, Record, is_hidden, same};
use crate::store::{Kind, Known, Seen};
use crate::target::FieldChange;

/// What is there now, as far as anybody looked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Now<'a> {
    /// Nobody looked: it is taken to be as it was delivered.
    AsDelivered,
    /// The target was read.
    Read(Option<&'a Seen>),
}

/// What shall happen to a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) kind: Kind,
    pub(crate) fields: Vec<FieldChange>,
    pub(crate) held: Fields,
}

/// What shall happen; none when nothing shall.
pub(crate) fn decide(record: &Record, known: Option<&Known>, now: Now<'_>) -> Option<Decision> {
    let current = match (now, known) {
        (Now::AsDelivered, None) | (Now::Read(None), _) => {
            let (fields, held) = (creation(record), Fields::new());
            return Some(Decision { kind: Kind::Create, fields, held });
        }
        (Now::AsDelivered, Some(known)) => &known.sent,
        (Now::Read(Some(seen)), _) => &seen.fields,
    };
    let gone = match now {
        Now::AsDelivered => known.is_some_and(|known| known.removed),
        Now::Read(seen) => seen.is_some_and(|seen| !seen.active),
    };
    let (as_wanted, changed): (Vec<_>, Vec<_>) =
        record.fields.iter().partition(|(path, new)| holds(current, known, now, path, new));
    let mut fields: Vec<FieldChange> = (changed.into_iter())
        .map(|(path, new)| change(path, current.get(path), new, false))
        .collect();
    let held = undelivered(as_wanted, known);
    // Somebody who is wanted switched off needs no switching on.
    if gone && record.fields.get("active") != Some(&Value::Bool(false)) {
        if matches!(now, Now::AsDelivered) {
            fields.extend(written_once(record));
        }
        return Some(Decision { kind: Kind::Restore, fields, held });
    }
    if !fields.is_empty() {
        return Some(Decision { kind: Kind::Update, fields, held });
    }
    let relinked = known.is_none_or(|known| known.source_id != record.source_id || known.removed);
    (relinked || !held.is_empty()).then_some(Decision { kind: Kind::Relink, fields, held })
}

/// Of values that are as they shall be, those that were last delivered otherwise, or never.
fn undelivered(as_wanted: Vec<(&String, &Value)>, known: Option<&Known>) -> Fields {
    let sent = |path| known.and_then(|known| known.sent.get(path)).unwrap_or(&Value::Null);
    let fresh = as_wanted.into_iter().filter(|(path, value)| !same(sent(*path), value));
    fresh.map(|(path, value)| (path.clone(), value.clone())).collect()
}

/// What is written at creation only: also where who comes back may have to be made anew.
fn written_once(record: &Record) -> impl Iterator<Item = FieldChange> {
    let set = record.on_create.iter().filter(|(_, new)| !new.is_null());
    set.map(|(path, new)| change(path, None, new, true))
}

fn creation(record: &Record) -> Vec<FieldChange> {
    let kept = record.fields.iter().map(|(path, new)| change(path, None, new, false));
    kept.filter(|change| !change.new.is_null()).chain(written_once(record)).collect()
}

fn change(path: &str, old: Option<&Value>, new: &Value, on_create: bool) -> FieldChange {
    let old = old.filter(|old| !is_hidden(old)).cloned().unwrap_or_default();
    FieldChange { path: path.to_owned(), old, new: new.clone(), on_create }
}

/// Whether an attribute is as it shall be, or is what the target made of it when it was sent.
fn holds(current: &Fields, known: Option<&Known>, now: Now<'_>, path: &str, new: &Value) -> bool {
    let value = current.get(path).unwrap_or(&Value::Null);
    // An empty text is how some targets show that there is no value.
    let is_empty = matches!(now, Now::Read(_)) && new.is_null() && value == "";
    if same(value, new) || is_empty {
        return true;
    }
    let (Some(known), Now::Read(_)) = (known, now) else {
        return false;
    };
    if is_hidden(value) {
        return same(known.sent.get(path).unwrap_or(&Value::Null), new);
    }
    let sent = known.sent.get(path).is_some_and(|sent| same(sent, new));
    sent && known.shown.get(path).is_some_and(|shown| same(shown, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Record {
        Record::new("ada").source_id("00u1").set("title", "Countess").set_on_create("team", "North")
    }

    fn known(title: &str) -> Known {
        let sent = Fields::from([("title".to_owned(), json!(title))]);
        Known { source_id: Some("00u1".into()), sent, ..Known::default() }
    }

    fn seen(title: Value) -> Seen {
        let fields =
            Fields::from([("title".to_owned(), title), ("team".to_owned(), json!("South"))]);
        Seen { active: true, fields, ..Seen::default() }
    }

    fn kind(known: Option<&Known>, now: Now<'_>) -> Option<(Kind, usize)> {
        decide(&record(), known, now).map(|decided| (decided.kind, decided.fields.len()))
    }

    #[test]
    fn by_what_was_delivered() {
        assert_eq!(kind(None, Now::AsDelivered), Some((Kind::Create, 2)));
        assert_eq!(kind(Some(&known("Countess")), Now::AsDelivered), None);
        assert_eq!(kind(Some(&known("Miss")), Now::AsDelivered), Some((Kind::Update, 1)));
        let removed = Known { removed: true, ..known("Countess") };
        assert_eq!(kind(Some(&removed), Now::AsDelivered), Some((Kind::Restore, 1)));
        let other = Known { source_id: Some("00u2".into()), ..known("Countess") };
        assert_eq!(kind(Some(&other), Now::AsDelivered), Some((Kind::Relink, 0)));
    }

    #[test]
    fn by_what_is_there() {
        let delivered = known("Countess");
        let read = |seen: Option<Seen>| kind(Some(&delivered), Now::Read(seen.as_ref()));
        assert_eq!(read(None), Some((Kind::Create, 2)));
        assert_eq!(read(Some(seen(json!("Countess")))), None);
        assert_eq!(read(Some(seen(json!("Edited")))), Some((Kind::Update, 1)));
        let off = Seen { active: false, ..seen(json!("Countess")) };
        assert_eq!(read(Some(off)), Some((Kind::Restore, 0)));
        assert_eq!(kind(None, Now::Read(Some(&seen(json!("Countess"))))), Some((Kind::Relink, 0)));
    }

    #[test]
    fn what_the_target_made_of_a_value_is_no_difference() {
        let rewritten = Fields::from([("title".to_owned(), json!("COUNTESS"))]);
        let delivered = Known { shown: rewritten, ..known("Countess") };
        let read = |value| kind(Some(&delivered), Now::Read(Some(&seen(value))));
        assert_eq!(read(json!("COUNTESS")), None);
        assert_eq!(read(json!("Edited")), Some((Kind::Update, 1)));
    }

    #[test]
    fn what_is_created_has_no_nulls() {
        let record = record().set("nick", Value::Null);
        let decided = decide(&record, None, Now::AsDelivered).unwrap();
        assert_eq!((decided.kind, decided.fields.len()), (Kind::Create, 2));
    }

    #[test]
    fn what_is_there_and_was_never_delivered_is_noted() {
        let there = seen(json!("Countess"));
        let noted = |known: Option<&Known>| {
            let decided = decide(&record(), known, Now::Read(Some(&there)))?;
            Some((decided.kind, decided.held))
        };
        let title = Fields::from([("title".to_owned(), json!("Countess"))]);
        assert_eq!(noted(None), Some((Kind::Relink, title.clone())));
        assert_eq!(noted(Some(&known("Miss"))), Some((Kind::Relink, title)));
        assert_eq!(noted(Some(&known("Countess"))), None);
    }

    #[test]
    fn what_is_not_shown_is_taken_to_be_as_delivered() {
        let hides = seen(crate::record::hidden());
        let read = |known: &Known| kind(Some(known), Now::Read(Some(&hides)));
        assert_eq!(read(&known("Countess")), None);
        assert_eq!(read(&known("Miss")), Some((Kind::Update, 1)));
        assert_eq!(kind(None, Now::Read(Some(&hides))), Some((Kind::Update, 1)));
    }

    #[test]
    fn an_empty_text_is_no_value() {
        let record = Record::new("ada").source_id("00u1").set("title", Value::Null);
        let there = seen(json!(""));
        let known = Known { source_id: Some("00u1".into()), ..Known::default() };
        assert_eq!(decide(&record, Some(&known), Now::Read(Some(&there))), None);
    }
}
