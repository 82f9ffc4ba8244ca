//! What lies in typed fields, measured from outside: a leaf is typed when a value of another JSON
//! type in its place is refused.

use okta_client::{AppGroup, AppUser, Application, Attributes};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::from_str;
use serde_json::value::RawValue;

use super::leaves::{Leaves, add, leaves, walk};
use super::operations::Read;
use super::typed::{Members, Suggested, suggested};

pub(crate) type Checked = Result<(), serde_json::Error>;

/// Reads what is decoded on demand, of what came and of what was changed in it: `Lazy` parts by
/// `get`, open sets by [`same_types`].
pub(crate) type Opened<T> = fn(came: &T, changed: &T) -> Checked;

/// An answer that is one `T` without parts that are decoded on demand.
pub(crate) fn modelled<T>(json: &str) -> Result<Read, serde_json::Error>
where
    T: DeserializeOwned + Serialize + 'static,
{
    modelled_with::<T>(json, |_, _| Ok(()))
}

/// An answer that is one `T`.
pub(crate) fn modelled_with<T>(json: &str, opened: Opened<T>) -> Result<Read, serde_json::Error>
where
    T: DeserializeOwned + Serialize + 'static,
{
    let came: T = serde_json::from_str(json)?;
    opened(&came, &came)?;
    let kept = leaves(&serde_json::to_string(&came)?);
    let json = json.to_owned();
    Ok(Read::new(kept, move || {
        let mut typed = Leaves::new();
        add_typed("", &json, &came, opened, &mut typed);
        typed
    }))
}

/// An answer that is a list of `T` without parts that are decoded on demand.
pub(crate) fn modelled_list<T>(json: &str) -> Result<Read, serde_json::Error>
where
    T: DeserializeOwned + Serialize + 'static,
{
    modelled_list_with::<T>(json, |_, _| Ok(()))
}

/// An answer that is a list of `T`.
pub(crate) fn modelled_list_with<T>(
    json: &str,
    opened: Opened<T>,
) -> Result<Read, serde_json::Error>
where
    T: DeserializeOwned + Serialize + 'static,
{
    let came: Vec<T> = serde_json::from_str(json)?;
    came.iter().try_for_each(|came| opened(came, came))?;
    let kept = leaves(&serde_json::to_string(&came)?);
    let json = json.to_owned();
    Ok(Read::new(kept, move || {
        let items: Vec<&RawValue> = serde_json::from_str(&json).unwrap();
        let mut typed = Leaves::new();
        for (at, (item, came)) in items.iter().zip(&came).enumerate() {
            add_typed(&format!("/{at}"), item.get(), came, opened, &mut typed);
        }
        typed
    }))
}

fn add_typed<T>(at: &str, json: &str, came: &T, opened: Opened<T>, typed: &mut Leaves)
where
    T: DeserializeOwned,
{
    walk(at, json, &mut |path, leaf| {
        let start = leaf.as_ptr() as usize - json.as_ptr() as usize;
        let (before, after) = (&json[..start], &json[start + leaf.len()..]);
        let is_refused = |other: &&str| {
            let changed = serde_json::from_str::<T>(&[before, other, after].concat());
            changed.and_then(|changed| opened(came, &changed)).is_err()
        };
        if of_other_type(leaf).iter().any(is_refused) {
            add(typed, path, leaf);
        }
    });
}

/// Values that no field for such a leaf takes; a null may stand in a field for anything, which still
/// takes only one of these.
fn of_other_type(leaf: &str) -> &'static [&'static str] {
    match leaf.as_bytes().first() {
        Some(b'[') => &["true", "\"text\""],
        Some(b't' | b'f') => &["[[]]", "\"text\""],
        Some(b'"') => &["[[]]", "true"],
        _ => &["[[]]", "true", "\"text\""],
    }
}

/// Whether `get` reads each attribute as the type that the recorded value suggests. A custom attribute
/// that is an object is read into what its org knows it to be, a struct of the caller's; its members
/// stand for the fields of that struct.
pub(crate) fn same_types(came: Option<&Attributes>, changed: Option<&Attributes>) -> Checked {
    let (Some(came), Some(changed)) = (came, changed) else {
        return Ok(());
    };
    for (name, attribute) in came.iter() {
        if let Some(now) = changed.get::<Box<RawValue>>(name)? {
            same_type(attribute.json(), now.get())?;
        }
    }
    Ok(())
}

fn same_type(came: &str, now: &str) -> Checked {
    match suggested(came) {
        Suggested::Text | Suggested::Null => from_str::<Option<String>>(now).map(drop),
        Suggested::Yes => from_str::<Option<bool>>(now).map(drop),
        // Digits that no number of ours holds are no other type.
        Suggested::Whole | Suggested::Number => match suggested(now) {
            Suggested::Whole | Suggested::Number | Suggested::Null => Ok(()),
            _ => from_str::<Option<f64>>(now).map(drop),
        },
        Suggested::List => {
            let (came, now): (Vec<&RawValue>, Vec<&RawValue>) = (from_str(came)?, from_str(now)?);
            came.iter().zip(now).try_for_each(|(came, now)| same_type(came.get(), now.get()))
        }
        Suggested::Object => {
            let (came, now): (Members, Members) = (from_str(came)?, from_str(now)?);
            let mut both = came.iter().filter_map(|(name, came)| Some((came, now.get(name)?)));
            both.try_for_each(|(came, now)| same_type(came.get(), now.get()))
        }
    }
}

/// The open sets of an app.
pub(crate) fn app_parts(came: &Application, changed: &Application) -> Checked {
    same_types(app_options(came), app_options(changed))?;
    same_types(app_links(came), app_links(changed))?;
    same_types(came.profile.as_ref(), changed.profile.as_ref())
}

fn app_options(app: &Application) -> Option<&Attributes> {
    app.settings.as_ref()?.app.as_deref()
}

fn app_links(app: &Application) -> Option<&Attributes> {
    app.visibility.as_ref()?.app_links.as_ref()
}

/// The open set of a user in an app.
pub(crate) fn app_user_parts(came: &AppUser, changed: &AppUser) -> Checked {
    same_types(came.profile.as_ref(), changed.profile.as_ref())
}

/// The open set of a group's assignment.
pub(crate) fn app_group_parts(came: &AppGroup, changed: &AppGroup) -> Checked {
    same_types(came.profile.as_ref(), changed.profile.as_ref())
}

#[cfg(test)]
mod tests {
    use okta_client::Lazy;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Thing {
        name: Option<String>,
        gone: Option<u8>,
        tags: Vec<String>,
        open: Value,
        lazy: Lazy<Part>,
        set: Attributes,
    }

    #[derive(Serialize, Deserialize)]
    struct Part {
        on: bool,
    }

    const JSON: &str = r#"{"name": "a", "gone": null, "tags": ["x", "y"], "open": {"deep": 1},
        "lazy": {"on": true, "more": 1}, "set": {"n": 1, "t": "x", "o": {"p": 2}}, "new": "z"}"#;

    fn paths(leaves: &Leaves) -> Vec<&str> {
        leaves.keys().map(String::as_str).collect()
    }

    #[test]
    fn only_what_refuses_another_type_is_typed() {
        let read = modelled::<Thing>(JSON).unwrap();
        assert_eq!(paths(&read.typed), ["/gone", "/name", "/tags/0", "/tags/1"]);
        assert_eq!(read.typed["/name"], "\"a\"");
        assert!(read.kept.contains_key("/open/deep") && !read.kept.contains_key("/new"));
        assert!(modelled::<Thing>(r#"{"name": 1}"#).is_err());
    }

    #[test]
    fn what_is_read_on_demand_is_typed_when_that_refuses() {
        let opened: Opened<Thing> = |came, changed| {
            changed.lazy.get()?;
            same_types(Some(&came.set), Some(&changed.set))
        };
        let read = modelled_list_with::<Thing>(&format!("[{JSON},\n {JSON}]"), opened).unwrap();
        let typed = paths(&read.typed);
        let lies_deep = ["/1/gone", "/1/lazy/on", "/1/name", "/1/set/n", "/1/set/o/p", "/1/set/t"];
        assert_eq!(typed[8..14], lies_deep);
        assert_eq!(typed.len(), 16);
        let plain = modelled_list::<Thing>(&format!("[{JSON}]")).unwrap();
        assert!(!plain.typed.contains_key("/0/lazy/on") && plain.typed.contains_key("/0/name"));
        let broken = JSON.replace(r#"{"on": true, "more": 1}"#, "{}");
        assert!(modelled_with::<Thing>(&broken, opened).is_err(), "a part that cannot be read");
    }

    #[test]
    fn what_an_org_put_into_an_object_is_of_the_types_it_has_there() {
        let set = |json: &str| serde_json::from_str::<Attributes>(json).unwrap();
        let came =
            set(r#"{"deep": [{"n": 1, "big": 12345678901234567890, "in": {"t": "x"}}, null]}"#);
        let same = |json: &str| same_types(Some(&came), Some(&set(json))).is_ok();
        assert!(same(
            r#"{"deep": [{"n": 2.5, "big": 1, "in": {"t": null, "more": 1}}, "x"], "o": 1}"#
        ));
        assert!(same(r#"{"deep": null}"#) && same("{}"));
        for other in [r#"{"n": "x"}"#, r#"{"big": true}"#, r#"{"in": {"t": 1}}"#, r#"{"in": 1}"#] {
            assert!(!same(&format!(r#"{{"deep": [{other}]}}"#)), "{other}");
        }
    }
}
