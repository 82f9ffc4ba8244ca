//! What shall happen to one record: a pure function of what is wanted, what was delivered and what is there.

use serde_json::Value;

use crate::record::{Fields, Record, is_hidden, same, switches_off};
use crate::store::{Kind, Known, Seen};
use crate::target::FieldChange;

/// What is there now, as far as anybody looked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Now<'a> {
    /// Nobody looked: it is taken to be as it was delivered.
    AsDelivered,
    /// The target was read.
    Read(Option<&'a Seen>),
    /// It was read and does not list the record of the id that was delivered to, which proves nothing:
    /// some list only who is in use.
    Unlisted,
}

/// What shall happen to a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) kind: Kind,
    pub(crate) fields: Vec<FieldChange>,
    pub(crate) held: Fields,
    /// Somebody who is in use is taken out of it by one of the values.
    pub(crate) deactivates: bool,
}

impl Decision {
    fn new(kind: Kind, fields: Vec<FieldChange>, held: Fields) -> Self {
        Self { kind, fields, held, deactivates: false }
    }

    /// Nothing is sent.
    pub(crate) fn relink() -> Self {
        Self::new(Kind::Relink, Vec::new(), Fields::new())
    }
}

/// What shall happen; none when nothing shall.
pub(crate) fn decide(record: &Record, known: Option<&Known>, now: Now<'_>) -> Option<Decision> {
    let now = unlisted(record, known, now);
    let current = match (now, known) {
        (Now::Unlisted, _) => {
            let fields = creation(record, now);
            return Some(Decision::new(Kind::Restore, fields, Fields::new()));
        }
        (Now::AsDelivered, None) | (Now::Read(None), _) => {
            let fields = creation(record, now);
            return Some(Decision::new(Kind::Create, fields, Fields::new()));
        }
        (Now::AsDelivered, Some(known)) if !known.was_delivered() => {
            let fields = creation(record, now);
            return Some(Decision::new(Kind::Create, fields, Fields::new()));
        }
        (Now::AsDelivered, Some(known)) => &known.sent,
        (Now::Read(Some(seen)), _) => &seen.fields,
    };
    let gone = match now {
        Now::AsDelivered => {
            known.is_some_and(|known| known.removed || was_switched_off(record, known))
        }
        Now::Read(seen) => seen.is_some_and(|seen| !seen.active),
        Now::Unlisted => false,
    };
    let (as_wanted, changed): (Vec<_>, Vec<_>) =
        record.fields.iter().partition(|(path, new)| holds(current, known, now, path, new));
    let mut fields: Vec<FieldChange> = (changed.into_iter())
        .map(|(path, new)| {
            // Of whom nobody knows how they are, all is sent; what was sent before shows no change.
            let old = current.get(path).filter(|old| !same(old, new));
            change(path, old, new, false)
        })
        .collect();
    let held = undelivered(as_wanted, known);
    // Somebody who is wanted switched off needs no switching on.
    if gone && !is_wanted_off(record) {
        fields.extend(written_once(record));
        return Some(Decision::new(Kind::Restore, fields, held));
    }
    if !fields.is_empty() {
        let is_new = |field: &FieldChange| {
            !same(current.get(&field.path).unwrap_or(&Value::Null), &field.new)
        };
        let deactivates = !gone && fields.iter().any(|field| field.switches_off() && is_new(field));
        fields.extend(written_once(record));
        return Some(Decision { deactivates, ..Decision::new(Kind::Update, fields, held) });
    }
    let relinked = known.is_none_or(|known| {
        let is_ours = known.source_id == record.source_id && !has_other_id(known, now);
        !is_ours || known.removed || known.unsure
    });
    (relinked || !held.is_empty()).then(|| Decision::new(Kind::Relink, fields, held))
}

/// Whether it was made anew in the target, by hand.
fn has_other_id(known: &Known, now: Now<'_>) -> bool {
    let Now::Read(Some(seen)) = now else { return false };
    seen.remote_id.is_some() && seen.remote_id != known.remote_id
}

/// Whether a value that is not managed any more took somebody out of use, such as the way back to a backup.
fn was_switched_off(record: &Record, known: &Known) -> bool {
    let mut sent = known.sent.iter();
    sent.any(|(path, value)| switches_off(path, value) && !record.fields.contains_key(path))
}

/// Who is wanted out of use need not be listed.
fn unlisted<'a>(record: &Record, known: Option<&Known>, now: Now<'a>) -> Now<'a> {
    match now {
        Now::Unlisted if known.is_some() && is_wanted_off(record) => Now::AsDelivered,
        now => now,
    }
}

fn is_wanted_off(record: &Record) -> bool {
    record.fields.iter().any(|(path, value)| switches_off(path, value))
}

/// Of values that are as they shall be, those that were last delivered otherwise, or never.
fn undelivered(as_wanted: Vec<(&String, &Value)>, known: Option<&Known>) -> Fields {
    let sent = |path| known.and_then(|known| known.sent.get(path)).unwrap_or(&Value::Null);
    let fresh = as_wanted.into_iter().filter(|(path, value)| !same(sent(*path), value));
    fresh.map(|(path, value)| (path.clone(), value.clone())).collect()
}

/// What is written at creation only: also where who was there may have to be made anew.
fn written_once(record: &Record) -> impl Iterator<Item = FieldChange> {
    let set = record.on_create.iter().filter(|(_, new)| !new.is_null());
    set.map(|(path, new)| change(path, None, new, true))
}

/// Whom nobody looked for may be there already, with old values that are to be cleared.
fn creation(record: &Record, now: Now<'_>) -> Vec<FieldChange> {
    let may_be_there = !matches!(now, Now::Read(_));
    let kept = record.fields.iter().map(|(path, new)| change(path, None, new, false));
    let kept = kept.filter(|change| may_be_there || !change.new.is_null());
    kept.chain(written_once(record)).collect()
}

fn change(path: &str, old: Option<&Value>, new: &Value, on_create: bool) -> FieldChange {
    let old = old.filter(|old| !is_hidden(old)).cloned().unwrap_or_default();
    FieldChange { path: path.to_owned(), old, new: new.clone(), on_create }
}

/// Whether an attribute is as it shall be, or is what the target made of it when it was sent.
fn holds(current: &Fields, known: Option<&Known>, now: Now<'_>, path: &str, new: &Value) -> bool {
    let value = current.get(path).unwrap_or(&Value::Null);
    let is_seen = matches!(now, Now::Read(_)) && !is_hidden(value);
    if !is_seen && known.is_some_and(Known::may_hold_anything) {
        return false;
    }
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

    /// The kind, and how many values are sent; what is written once comes on top.
    fn kind(known: Option<&Known>, now: Now<'_>) -> Option<(Kind, usize)> {
        let decided = decide(&record(), known, now)?;
        let once = decided.fields.iter().filter(|field| field.on_create).count();
        assert_eq!(once, usize::from(decided.kind != Kind::Relink), "{decided:?}");
        Some((decided.kind, decided.fields.len() - once))
    }

    #[test]
    fn by_what_was_delivered() {
        assert_eq!(kind(None, Now::AsDelivered), Some((Kind::Create, 1)));
        assert_eq!(kind(Some(&known("Countess")), Now::AsDelivered), None);
        assert_eq!(kind(Some(&known("Miss")), Now::AsDelivered), Some((Kind::Update, 1)));
        let removed = Known { removed: true, ..known("Countess") };
        assert_eq!(kind(Some(&removed), Now::AsDelivered), Some((Kind::Restore, 0)));
        let other = Known { source_id: Some("00u2".into()), ..known("Countess") };
        assert_eq!(kind(Some(&other), Now::AsDelivered), Some((Kind::Relink, 0)));
    }

    #[test]
    fn by_what_is_there() {
        let delivered = known("Countess");
        let read = |seen: Option<Seen>| kind(Some(&delivered), Now::Read(seen.as_ref()));
        assert_eq!(read(None), Some((Kind::Create, 1)));
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
    fn who_is_known_to_be_new_has_nothing_to_clear() {
        let record = record().set("nick", Value::Null);
        for (now, fields) in [(Now::AsDelivered, 3), (Now::Read(None), 2)] {
            let decided = decide(&record, None, now).unwrap();
            assert_eq!((decided.kind, decided.fields.len()), (Kind::Create, fields));
        }
    }

    #[test]
    fn to_be_switched_off_is_to_leave() {
        let core = "urn:ietf:params:scim:schemas:core:2.0:User:active";
        for (path, value, expected) in [
            ("active", json!(false), true),
            ("Active", json!("False"), true),
            (core, json!(false), true),
            ("active", json!(true), false),
            ("active", Value::Null, false),
            ("inactive", json!(false), false),
        ] {
            let known = known("Countess");
            let record = record().set(path, value);
            let decided = decide(&record, Some(&known), Now::AsDelivered);
            assert_eq!(decided.is_some_and(|one| one.deactivates), expected, "{path}");
            let out = Known { removed: true, ..known };
            let decided = decide(&record, Some(&out), Now::AsDelivered).unwrap();
            assert_eq!((decided.kind == Kind::Update, decided.deactivates), (expected, false));
        }
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
