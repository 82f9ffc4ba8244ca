//! Accounts: made or linked, updated, deactivated, and never deleted.

use reqwest::Method;
use serde_json::{Value, json};

use super::Provisioning;
use super::answer::Answer;
use super::person::Person;
use super::queue::{Task, Waiting};
use super::wire::{Failure, Wire};
use crate::okta::state::State;

pub(super) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A user's account in the product, from the assignment on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    /// None until it is made or found.
    pub(crate) id: Option<String>,
    pub(super) user_name: String,
    /// What updates sent last.
    pub(super) sent: Value,
    pub(crate) error: Option<String>,
    pub(crate) last_sync: Option<String>,
}

#[derive(Debug)]
pub(super) enum Work {
    Provision(Person),
    Update { id: String, person: Person },
    Deactivate { id: String },
}

impl Work {
    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::Provision(_) => "application.provision.user.push",
            Self::Update { .. } => "application.provision.user.push_profile",
            Self::Deactivate { .. } => "application.provision.user.deactivate",
        }
    }
}

impl Provisioning {
    /// `syncState` of an assignment.
    pub(crate) fn sync_state(&self, index: u64) -> &'static str {
        match self.links.get(&index) {
            None => "DISABLED",
            Some(_) if self.queue.has(Task::User(index)) => "SYNCING",
            Some(link) if link.error.is_some() => "ERROR",
            Some(link) if link.id.is_some() => "SYNCHRONIZED",
            Some(_) => "OUT_OF_SYNC",
        }
    }
}

/// What has to be sent for a user now, if anything.
pub(super) fn prepare(state: &mut State, at: u64, index: u64, waiting: &Waiting) -> Option<Work> {
    let app = state.apps.get(&at)?;
    let to = app.destination()?;
    let link = state.provisioning.get(&at).and_then(|known| known.links.get(&index).cloned());
    let id = link.as_ref().and_then(|link| link.id.clone());
    let Some(person) = Person::of(state, app, index) else {
        return match id {
            Some(id) if to.deactivates => Some(Work::Deactivate { id }),
            _ => {
                state.provisioning.get_mut(&at)?.links.remove(&index);
                None
            }
        };
    };
    match (link, id) {
        (Some(link), Some(id)) => {
            let is_changed = link.sent != person.pushed() || link.error.is_some();
            (to.updates && is_changed).then_some(Work::Update { id, person })
        }
        (Some(_), None) if to.creates => Some(Work::Provision(person)),
        (None, _) if to.creates && waiting.is_new => Some(Work::Provision(person)),
        _ => None,
    }
}

/// The account afterwards; none if the user has none any more.
pub(super) async fn run(wire: &Wire, work: &Work) -> Result<Option<Link>, Failure> {
    match work {
        Work::Provision(person) => provision(wire, person).await.map(Some),
        Work::Update { id, person } => {
            update(wire, id, Some(person), None).await?;
            Ok(Some(linked(id, person)))
        }
        Work::Deactivate { id } => set_active(wire, id, false).await.map(|()| None),
    }
}

fn linked(id: &str, person: &Person) -> Link {
    Link {
        id: Some(id.to_owned()),
        user_name: person.user_name.clone(),
        sent: person.pushed(),
        error: None,
        last_sync: Some(crate::okta::now()),
    }
}

async fn provision(wire: &Wire, person: &Person) -> Result<Link, Failure> {
    let name = &person.user_name;
    let Some(user) = wire.find("/Users", "userName", name).await? else {
        let body = person.new_user(wire.destination.syncs_password);
        let lost = |answered: &Value| person.lost_in(answered, false);
        let id = wire.create("/Users", &body, "user", ("userName", name), lost).await?;
        return Ok(linked(&id, person));
    };
    let id = user["id"].as_str().unwrap_or_default();
    let was_inactive = user["active"] == false;
    if was_inactive && wire.destination.patches {
        set_active(wire, id, true).await?;
    }
    let active = (was_inactive && !wire.destination.patches).then_some(true);
    update(wire, id, Some(person), active).await?;
    Ok(linked(id, person))
}

/// Reads the account and writes it back with what is new.
async fn update(
    wire: &Wire,
    id: &str,
    person: Option<&Person>,
    active: Option<bool>,
) -> Result<(), Failure> {
    let path = format!("/Users/{id}");
    let read = wire.ask(Method::GET, &path, &[], None, |answer| answer.as_read()).await?;
    let mut body = person.map_or_else(|| read.clone(), |person| person.update(read.clone()));
    if let Some(active) = active {
        body["active"] = active.into();
    }
    let lost =
        |answered: &Value| person.map(|person| person.lost_in(answered, true)).unwrap_or_default();
    let what = match active {
        Some(true) => "active again, and updated",
        Some(false) => "deactivated",
        None => "updated",
    };
    let put = wire
        .ask(Method::PUT, &path, &[], Some(&body), |answer| answer.as_changed(what, active, lost));
    put.await
}

async fn set_active(wire: &Wire, id: &str, active: bool) -> Result<(), Failure> {
    if !wire.destination.patches {
        return update(wire, id, None, Some(active)).await;
    }
    let body = json!({
        "schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": active}}],
    });
    let what = if active { "active again" } else { "deactivated" };
    let judge = |answer: &Answer| answer.as_changed(what, Some(active), |_| Vec::new());
    wire.ask(Method::PATCH, &format!("/Users/{id}"), &[], Some(&body), judge).await
}

impl Wire {
    /// The lookup before something is made.
    pub(super) async fn find(
        &self,
        path: &str,
        attribute: &str,
        value: &str,
    ) -> Result<Option<Value>, Failure> {
        let filter = format!("{attribute} eq {}", Value::from(value));
        let query = [("filter", filter.as_str()), ("startIndex", "1"), ("count", "100")];
        self.ask(Method::GET, path, &query, None, |answer| answer.as_lookup(attribute, value)).await
    }

    pub(super) async fn create(
        &self,
        path: &str,
        body: &Value,
        kind: &str,
        named: (&str, &str),
        lost: impl FnOnce(&Value) -> Vec<String>,
    ) -> Result<String, Failure> {
        let judge = |answer: &Answer| answer.as_created(kind, named, lost);
        self.ask(Method::POST, path, &[], Some(body), judge).await
    }
}

/// Remembers the account, and has it put into the groups that are pushed.
pub(super) fn settle(state: &mut State, at: u64, index: u64, link: Option<Link>) {
    let is_linked = link.is_some();
    let groups = pushes_with(state, at, index);
    let Some(provisioning) = state.provisioning.get_mut(&at) else {
        return;
    };
    let before = match link {
        Some(link) => provisioning.links.insert(index, link),
        None => provisioning.links.remove(&index),
    };
    if is_linked {
        for push in groups.into_iter().filter(|push| provisioning.groups.contains_key(push)) {
            provisioning.queue.add(Task::Group(push), false);
        }
    } else if let Some(id) = before.and_then(|before| before.id) {
        // Okta pushes nothing about who is not assigned: the product keeps the member as it is.
        for group in provisioning.groups.values_mut() {
            group.members.as_mut().map(|members| members.remove(&id));
        }
    }
}

fn pushes_with(state: &State, at: u64, index: u64) -> Vec<u64> {
    let pushes = state.apps.get(&at).into_iter().flat_map(|app| &app.pushes);
    let has = |source: u64| {
        state.groups.get(&source).is_some_and(|group| group.members.contains(&state.people, index))
    };
    pushes.filter(|(_, push)| push.is_active && has(push.source)).map(|(at, _)| *at).collect()
}
