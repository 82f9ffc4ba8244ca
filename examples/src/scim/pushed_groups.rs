//! Which groups of Okta are pushed, and which were before.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use clap::ValueEnum;
use okta_client::Okta;
use provisioning::store::Known;
use provisioning::{Store, StoreError};

use crate::scim::people::named_group;
use crate::{Failure, PushGroup, SharedStore, say, thousands};

/// The note of which group was meant by each name of --push-groups.
const NAMES: &str = "pushed.names";
const PAGE: usize = 1_000;

/// What becomes of a group of the product that is not pushed any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Unlink {
    /// It stays as it is, and each run says so
    #[default]
    Leave,
    /// Its members are taken out
    Empty,
    /// It is deleted
    Delete,
}

/// The ids of the groups of these names or ids, each once, and which is meant by each name. A name by which
/// a group was pushed before, and that no group has now, means this group: it was renamed in Okta.
///
/// # Errors
/// When there is no such group, or Okta or the store fails.
pub async fn pushed_ids(
    okta: &Okta,
    store: Option<&SharedStore>,
    names: &[String],
) -> Result<(Vec<String>, BTreeMap<String, String>), Failure> {
    let remembered = store.map(names_in).transpose()?.unwrap_or_default();
    let (mut ids, mut by_name) = (Vec::new(), BTreeMap::new());
    for name in names {
        let id = match (named_group(okta, name).await?, remembered.get(name)) {
            (Some(group), _) => group.id.to_string(),
            (None, Some(id)) => renamed(okta, name, id).await?,
            (None, None) => return Err(nobody(name)),
        };
        if !ids.contains(&id) {
            ids.push(id.clone());
        }
        by_name.insert(name.clone(), id);
    }
    Ok((ids, by_name))
}

async fn renamed(okta: &Okta, name: &str, id: &str) -> Result<String, Failure> {
    let group = okta.groups().try_get(id).await.map_err(Failure::settings)?;
    let group = group.ok_or_else(|| nobody(name))?;
    let now = group.profile.name().unwrap_or(id);
    say!("{:<10}{name} is called {now} in Okta now ({id}), and is pushed by this name", "note");
    Ok(id.to_owned())
}

fn nobody(name: &str) -> Failure {
    Failure::Settings(format!("there is no group `{name}` in Okta"))
}

/// Remembers which groups were meant by these names.
///
/// # Errors
/// When the store fails.
pub fn remember_names(
    store: &SharedStore,
    names: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let mut remembered = names_in(store)?;
    remembered.extend(names.clone());
    let text = serde_json::to_string(&remembered).map_err(Failure::running)?;
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    store.set_note(NAMES, Some(&text)).map_err(Failure::running)
}

fn names_in(store: &SharedStore) -> Result<BTreeMap<String, String>, Failure> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let text = store.note(NAMES).map_err(Failure::running)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Groups that were pushed and are not of these, and how many members each has in the product.
///
/// # Errors
/// When the store fails.
pub(crate) fn no_longer_pushed(
    store: &SharedStore,
    ids: &[&str],
) -> Result<Vec<(PushGroup, usize)>, Failure> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let known = delivered(&mut *store).map_err(Failure::running)?;
    let others = known.into_iter().filter(|(id, _)| !ids.contains(&id.as_str()));
    let group = |(id, known): (String, Known)| {
        let name = known.sent.get("displayName").and_then(|name| name.as_str());
        let count = known.sent.get("members").and_then(|ids| ids.as_array()).map_or(0, Vec::len);
        (PushGroup { name: name.unwrap_or(&id).to_owned(), id, ..PushGroup::default() }, count)
    };
    Ok(others.map(group).collect())
}

/// Forgets what was delivered of all groups, or of these: they are looked for when they are pushed again.
///
/// # Errors
/// When the store fails.
pub(crate) fn forget(store: &SharedStore, only: Option<&[String]>) -> Result<(), Failure> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let known = delivered(&mut *store).map_err(Failure::running)?;
    let mut keys = known.iter().map(|(key, _)| key);
    let is_meant = |key: &&String| only.is_none_or(|only| only.contains(key));
    let mut forget =
        || keys.try_for_each(|key| if is_meant(&key) { store.forget(key) } else { Ok(()) });
    forget().map_err(Failure::running)
}

/// Whether one is in the product by our doing, as far as the product said so.
///
/// # Errors
/// When the store fails.
pub(crate) fn is_any_there(store: &SharedStore) -> Result<bool, Failure> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let known = delivered(&mut *store).map_err(Failure::running)?;
    Ok(known.iter().any(|(_, known)| known.remote_id.is_some()))
}

/// Everything that is in the product by our doing. The plan that is in the store stays: it tells what a run
/// that was killed may have sent, and what was taken lately.
fn delivered(store: &mut dyn Store) -> Result<Vec<(String, Known)>, StoreError> {
    store.begin()?;
    let found = unplanned(store);
    store.rollback()?;
    found
}

/// The same, without a plan.
fn unplanned(store: &mut dyn Store) -> Result<Vec<(String, Known)>, StoreError> {
    // Against no plan all of them are what the source does not have.
    store.clear_plan()?;
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let keys = store.unmarked(false, &after, PAGE)?;
        let Some(last) = keys.last() else { return Ok(found) };
        after.clone_from(last);
        for key in keys {
            let known = store.known(&key)?.filter(|known| !known.removed);
            found.extend(known.map(|known| (key, known)));
        }
    }
}

/// Says what becomes of groups that are not pushed any more.
pub(crate) fn mention(dropped: &[(PushGroup, usize)], unlink: Unlink) {
    for (group, count) in dropped {
        let (name, count) = (&group.name, thousands(*count as u64));
        match unlink {
            Unlink::Leave => say!(
                "{:<10}{name} is not pushed any more: it stays in the product with its {count} members; --unlink \
                 empty takes them out, --unlink delete deletes the group",
                "note"
            ),
            Unlink::Empty => {
                say!(
                    "{:<10}{name} is not pushed any more: its {count} members are taken out",
                    "group"
                );
            }
            Unlink::Delete => {
                say!(
                    "{:<10}{name} is not pushed any more: it is deleted, with its {count} members",
                    "group"
                );
            }
        }
    }
}
