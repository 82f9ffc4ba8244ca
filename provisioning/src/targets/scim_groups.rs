use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use scim_client::{Membership, PushedGroup, Scim};
use scim_types::Group;
use serde_json::{Value, json};

use crate::identity::was_removed;
use crate::plan::open;
use crate::record::Fields;
use crate::store::{Kind, Store, StoreError};
use crate::target::{Change, Done, Observed, Target, TargetError};

const NAME: &str = "displayName";
const KEY: &str = "externalId";
const MEMBERS: &str = "members";
/// Ids that a note names; it says how many more there are.
const NAMED: usize = 10;

/// The groups of a SCIM service provider: `displayName`, `externalId`, and `members`, a list of the ids
/// that the provider gave its users (see [`member_ids`]).
///
/// A record's key is its `externalId`, such as the group's id in Okta, unless told otherwise. A group
/// of the right name that nobody gave another `externalId` is taken over. What left the source stays
/// as it is, unless told otherwise. A record without `members` leaves these alone.
pub struct ScimGroups {
    scim: Scim,
    name: String,
    by_name: bool,
    delete_departed: bool,
    users: Option<Arc<Mutex<dyn Store>>>,
}

impl ScimGroups {
    /// The groups of this provider.
    pub fn new(scim: Scim) -> Self {
        let name = format!("SCIM groups of {}", scim.base_url());
        Self { scim, name, by_name: false, delete_departed: false, users: None }
    }

    /// Keys are names: for products that keep no `externalId`. A group of another name is another group.
    #[must_use]
    pub fn key_is_name(mut self) -> Self {
        self.by_name = true;
        self
    }

    /// Deletes groups that left the source.
    #[must_use]
    pub fn delete_departed(mut self) -> Self {
        self.delete_departed = true;
        self
    }

    /// Where the users are remembered who are the members: that groups lose whom was taken out of the provider
    /// is not held against the guard of members.
    #[must_use]
    pub fn users(mut self, store: Arc<Mutex<dyn Store>>) -> Self {
        self.users = Some(store);
        self
    }

    async fn carry_out(&self, change: &Change) -> Result<Done, TargetError> {
        check_fields(change)?;
        if change.kind == Kind::Remove {
            return self.remove(change).await;
        }
        match self.push(change).await {
            Err(error) if error.is_not_found() => {
                // A 404 may also come of a member; that there are no groups at all says more.
                self.check().await?;
                Err(TargetError::caused(error))
            }
            outcome => outcome.map_err(TargetError::caused),
        }
    }

    async fn push(&self, change: &Change) -> scim_client::Result<Done> {
        let wanted = Wanted::of(change, self.there(change).await?);
        let changes =
            |path: &str| change.fields.iter().any(|field| field.path == path && !field.on_create);
        if let Some(id) = &change.remote_id
            && (change.kind == Kind::Update && changes(NAME))
        {
            // By id: the new name would not find it where no `externalId` is kept.
            match self.scim.groups().rename(id, &wanted.name).await {
                Ok(_) if !changes(MEMBERS) && !changes(KEY) => return Ok(Done::new().remote_id(id)),
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        let members = wanted.members.clone().unwrap_or_default();
        let mut push = self.scim.groups().push(&wanted.name, members).allow_refused();
        if let Some(id) = wanted.external_id.as_ref().or(self.key_of(change).as_ref()) {
            push = push.external_id(id);
        }
        if wanted.members.is_none() {
            push = push.without_removals();
        }
        Ok(self.done(change, &wanted, push.await?))
    }

    /// The group as it is, where some of that is to stay: what is written once, or a name that is not
    /// managed.
    async fn there(&self, change: &Change) -> scim_client::Result<Option<Group>> {
        let groups = self.scim.groups();
        let is_managed = change.values.contains_key(NAME);
        if is_managed && !change.fields.iter().any(|field| field.on_create) {
            return Ok(None);
        }
        if let Some(id) = &change.remote_id {
            return groups.try_get(id).await;
        }
        let attribute = if self.by_name { NAME } else { KEY };
        let by_key = groups.find(attribute, &change.key).await?;
        match (by_key, change.values.get(NAME).and_then(Value::as_str)) {
            (None, Some(name)) if !self.by_name => groups.find(NAME, name).await,
            (found, _) => Ok(found),
        }
    }

    fn key_of(&self, change: &Change) -> Option<String> {
        (!self.by_name).then(|| change.key.clone())
    }

    fn done(&self, change: &Change, wanted: &Wanted, pushed: PushedGroup) -> Done {
        let mut done = Done::new().remote_id(&pushed.id);
        if change.kind == Kind::Create && !pushed.created {
            done = done.existed();
        }
        if let Some(members) = &wanted.members {
            done = note_members(done, members, &pushed.members);
        }
        if pushed.not_kept.iter().any(|path| path == KEY) {
            done = done.shows(KEY, Value::Null);
            if !self.by_name {
                done = done.note(
                    "the product keeps no externalId, by which the group would be found again: use names as keys",
                );
            }
        }
        done
    }

    async fn remove(&self, change: &Change) -> Result<Done, TargetError> {
        if !self.delete_departed {
            return Ok(Done::left_out("groups that left the source are left as they are"));
        }
        let attribute = if self.by_name { NAME } else { KEY };
        if let Some(id) = &change.remote_id
            && self.delete(id).await?
        {
            return Ok(Done::new().remote_id(id));
        }
        // Made anew by hand, it has another id.
        let found = self.scim.groups().find(attribute, &change.key).await;
        let Some(id) = found.map_err(TargetError::caused)?.and_then(|group| group.id) else {
            return Ok(Done::new());
        };
        change.check_owner(&id)?;
        self.delete(&id).await?;
        Ok(Done::new().remote_id(id))
    }

    /// Whether there was one of this id.
    async fn delete(&self, id: &str) -> Result<bool, TargetError> {
        match self.scim.groups().delete(id, None).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(TargetError::caused(error)),
        }
    }

    fn observed(&self, group: &Group, paths: &[String], shows_members: bool) -> Option<Observed> {
        let key = if self.by_name { &group.display_name } else { &group.external_id };
        let members: Vec<&str> =
            group.members.iter().filter_map(|one| one.value.as_deref()).collect();
        let mut fields = Fields::new();
        for path in paths {
            match path.as_str() {
                NAME => drop(fields.insert(path.clone(), json!(group.display_name))),
                KEY => drop(fields.insert(path.clone(), json!(group.external_id))),
                MEMBERS if shows_members => drop(fields.insert(path.clone(), json!(members))),
                _ => {}
            }
        }
        let observed = Observed::new(key.as_deref().filter(|key| !key.is_empty())?, fields);
        let observed = match shows_members || !paths.iter().any(|path| path == MEMBERS) {
            true => observed,
            false => observed.hides(MEMBERS),
        };
        Some(match &group.id {
            Some(id) => observed.remote_id(id),
            None => observed,
        })
    }

    /// Everything that is there. Groups without members are held back until it is known whether the
    /// product shows members at all.
    async fn read(&self, paths: Vec<String>) -> Result<Vec<Observed>, TargetError> {
        let mut groups = self.scim.groups().list().stream().map_err(TargetError::caused);
        let (mut observed, mut unclear) = (Vec::new(), Vec::new());
        while let Some(group) = groups.try_next().await? {
            match group.members.is_empty() {
                true => unclear.push(group),
                false => observed.extend(self.observed(&group, &paths, true)),
            }
        }
        let shows_members = !observed.is_empty();
        observed
            .extend(unclear.iter().filter_map(|group| self.observed(group, &paths, shows_members)));
        Ok(observed)
    }
}

/// What a group shall be.
struct Wanted {
    name: String,
    external_id: Option<String>,
    members: Option<Vec<String>>,
}

impl Wanted {
    fn of(change: &Change, there: Option<Group>) -> Self {
        let once = change.fields.iter().filter(|field| field.on_create && there.is_none());
        let once = |path: &str| once.clone().find(|field| field.path == path).map(|f| &f.new);
        let value = |path: &str| change.values.get(path).or(once(path));
        let text = |path: &str| value(path).and_then(Value::as_str).map(str::to_owned);
        let members = value(MEMBERS).map(|list| {
            let ids = list.as_array().into_iter().flatten();
            ids.filter_map(Value::as_str).map(str::to_owned).collect()
        });
        Self {
            external_id: text(KEY),
            members,
            name: text(NAME)
                .or(there.and_then(|group| group.display_name))
                .unwrap_or_else(|| change.key.clone()),
        }
    }
}

fn check_fields(change: &Change) -> Result<(), TargetError> {
    let unknown = change.fields.iter().find(|field| ![NAME, KEY, MEMBERS].contains(&&*field.path));
    unknown.map_or(Ok(()), |field| {
        Err(TargetError::new(format!(
            "a group has {NAME}, {KEY} and {MEMBERS}, and no `{}`: map it to one of these",
            field.path
        )))
    })
}

fn note_members(done: Done, wanted: &[String], came: &Membership) -> Done {
    let done = match came.verified {
        true => done,
        false => {
            done.note("the product does not show members, so what it made of them is not known")
        }
    };
    if came.refused.is_empty() {
        return done;
    }
    let taken: Vec<&String> = wanted.iter().filter(|id| !came.refused.contains(id)).collect();
    let named = came.refused.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match came.refused.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (refused, all) = (came.refused.len(), wanted.len());
    done.shows(MEMBERS, json!(taken))
        .note(format!("{refused} of {all} members were not taken: {named}{more}"))
}

/// The ids that a target gave these records, and the keys of those that are not in it.
///
/// # Errors
/// When the store cannot be read.
pub fn member_ids<K: AsRef<str>>(
    store: &Arc<Mutex<dyn Store>>,
    users: &dyn Target,
    keys: impl IntoIterator<Item = K>,
) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let (mut store, mut ids, mut unresolved) = (open(store), Vec::new(), Vec::new());
    for key in keys {
        let known = store.known(&users.key(key.as_ref()))?.filter(|known| !known.removed);
        match known.and_then(|known| known.remote_id) {
            Some(id) => ids.push(id),
            None => unresolved.push(key.as_ref().to_owned()),
        }
    }
    Ok((ids, unresolved))
}

#[async_trait]
impl Target for ScimGroups {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self, key: &str) -> String {
        if self.by_name { key.trim().to_lowercase() } else { key.trim().to_owned() }
    }

    fn key_path(&self) -> Option<&str> {
        self.by_name.then_some(NAME)
    }

    fn removes(&self) -> bool {
        self.delete_departed
    }

    fn was_removed(&self, member: &str) -> bool {
        let users = self.users.as_ref();
        users.is_some_and(|users| was_removed(&mut *open(users), member).unwrap_or(false))
    }

    async fn check(&self) -> Result<(), TargetError> {
        let there = self.scim.verify().await.map_err(TargetError::caused)?;
        match there.groups {
            Some(_) => Ok(()),
            None => Err(TargetError::new(format!(
                "{} has no groups (/Groups is not there): leave out the groups, or map them to an attribute of \
                 users",
                self.scim.base_url()
            ))),
        }
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            results.push(self.carry_out(change).await);
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        let read = self.read(paths.to_vec());
        let flattened = stream::once(read).map_ok(|all| stream::iter(all).map(Ok));
        Some(flattened.try_flatten().boxed())
    }
}

impl fmt::Debug for ScimGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimGroups").field("name", &self.name).finish_non_exhaustive()
    }
}
