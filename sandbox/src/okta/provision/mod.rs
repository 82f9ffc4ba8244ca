//! What the org does by itself: it brings the users and groups of its apps into the SCIM server that the
//! app's connection names, request by request as Okta does.
//!
//! Changes only put tasks into a queue; one worker for each app does them, so no answer of the API waits.
//! As at Okta, whoever was assigned before provisioning was switched on is not provisioned afterwards.

mod answer;
mod groups;
mod options;
mod person;
mod place;
mod queue;
mod users;
mod wire;
mod worker;

use std::collections::{BTreeMap, VecDeque};

use super::apps::App;
use super::log::Event;
use super::state::State;
use super::{OktaOrg, ids};
pub(crate) use groups::GroupLink;
pub use options::{ProvisioningOptions, ProvisioningRequest};
use queue::{Queue, Task};
pub(crate) use users::Link;
pub(crate) use wire::{Authorization, Destination};
pub(crate) use worker::start;

/// How many requests are kept one by one.
const KEPT: usize = 10_000;

/// What is known of one app's accounts in the product, and what is still to be sent.
#[derive(Debug, Default)]
pub(crate) struct Provisioning {
    pub(crate) links: BTreeMap<u64, Link>,
    /// By the number of the push mapping.
    pub(crate) groups: BTreeMap<u64, GroupLink>,
    queue: Queue,
    /// From where on users of the app are looked for who came with a group too large to be logged.
    sweep: Option<u64>,
    is_running: bool,
}

impl Provisioning {
    fn is_idle(&self) -> bool {
        !self.is_running && self.queue.is_empty() && self.sweep.is_none()
    }
}

/// The requests that were sent, the latest of them.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    latest: VecDeque<ProvisioningRequest>,
    total: u64,
}

impl Requests {
    fn add(&mut self, mut request: ProvisioningRequest) {
        self.total += 1;
        request.number = self.total;
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(request);
    }
}

/// Queues what follows from an event.
pub(crate) fn note(state: &mut State, event: &Event) {
    match event.kind {
        "application.user_membership.add" => note_assignment(state, event, true),
        "application.user_membership.update" | "application.user_membership.remove" => {
            note_assignment(state, event, false);
        }
        "user.account.update_profile" => note_profile(state, event),
        "group.user_membership.add" | "group.user_membership.remove" | "group.profile.update" => {
            note_group(state, event);
        }
        _ => {}
    }
}

fn position_of(event: &Event, kind: &str, prefix: &str) -> Option<u64> {
    let target = event.targets.iter().find(|target| target.kind == kind)?;
    ids::position(prefix, &target.id)
}

fn note_assignment(state: &mut State, event: &Event, is_new: bool) {
    let user = position_of(event, "User", ids::USER);
    let app = position_of(event, "AppInstance", ids::APP).and_then(|at| state.apps.get(&at));
    let (Some(user), Some(app)) = (user, app) else {
        return;
    };
    let creates = app.destination().is_some_and(|destination| destination.creates);
    let known = state.provisioning.get(&app.position);
    let is_linked = known.is_some_and(|known| known.links.contains_key(&user));
    if is_linked || is_new && creates {
        let provisioning = state.provisioning.entry(app.position).or_default();
        if is_new {
            provisioning.links.entry(user).or_default();
        }
        provisioning.queue.add(Task::User(user), is_new);
    }
}

// An account that is not linked is not made by a change of the profile.
fn note_profile(state: &mut State, event: &Event) {
    let Some(user) = position_of(event, "User", ids::USER) else {
        return;
    };
    for provisioning in state.provisioning.values_mut() {
        if provisioning.links.contains_key(&user) {
            provisioning.queue.add(Task::User(user), false);
        }
    }
}

fn note_group(state: &mut State, event: &Event) {
    let Some(group) = position_of(event, "UserGroup", ids::GROUP) else {
        return;
    };
    for app in state.apps.values().filter(|app| app.provisions()) {
        let mine = app.pushes.iter().filter(|(_, push)| push.source == group && push.is_active);
        for (at, _) in mine {
            let provisioning = state.provisioning.entry(app.position).or_default();
            if provisioning.groups.contains_key(at) {
                provisioning.queue.add(Task::Group(*at), false);
            }
        }
    }
}

/// Queues a test of the connection, if it is enabled.
pub(crate) fn test(state: &mut State, app: u64) {
    if state.apps.get(&app).is_some_and(|app| app.destination().is_some()) {
        state.provisioning.entry(app).or_default().queue.add(Task::Test, true);
    }
}

/// Queues a push of a group with all its members.
pub(crate) fn push(state: &mut State, app: u64, at: u64) {
    let Some(known) = state.apps.get(&app).filter(|app| app.provisions()) else {
        return;
    };
    let Some(push) = known.pushes.get(&at).filter(|push| push.is_active) else {
        return;
    };
    let source = state.groups.get(&push.source).map(|group| group.name().to_owned());
    let provisioning = state.provisioning.entry(app).or_default();
    let link = provisioning.groups.entry(at).or_default();
    link.members = None;
    link.error = None;
    if link.id.is_none() {
        link.source_name = source.unwrap_or_default();
    }
    provisioning.queue.add(Task::Group(at), true);
}

/// Forgets a group, and queues its deletion if it is to go from the product too.
pub(crate) fn unlink(state: &mut State, app: u64, at: u64, deletes: bool) {
    let provisions = state.apps.get(&app).is_some_and(App::provisions);
    let Some(provisioning) = state.provisioning.get_mut(&app) else {
        return;
    };
    let is_there = provisioning.groups.get(&at).is_some_and(|link| link.id.is_some());
    if deletes && is_there && provisions {
        provisioning.queue.add(Task::DeleteGroup(at), true);
    } else {
        provisioning.groups.remove(&at);
    }
}

/// Looks through all users of an app, where the log does not name those who gained or lost it.
pub(crate) fn sweep(state: &mut State, at: u64) {
    let Some(app) = state.apps.get(&at).filter(|app| app.provisions()) else {
        return;
    };
    let known = state.provisioning.get(&at);
    let linked = known.into_iter().flat_map(|known| known.links.keys().copied());
    let lost: Vec<u64> = linked.filter(|index| !app.has_user(state, *index)).collect();
    let creates = app.destination().is_some_and(|destination| destination.creates);
    let provisioning = state.provisioning.entry(at).or_default();
    lost.into_iter().for_each(|index| provisioning.queue.add(Task::User(index), false));
    provisioning.sweep = creates.then_some(0);
}

impl OktaOrg {
    /// Whether everything was sent that connections of apps are to be told.
    pub fn provisioning_is_idle(&self) -> bool {
        self.read().provisioning.values().all(Provisioning::is_idle)
    }

    /// Waits until everything was sent, or given up.
    pub async fn provisioned(&self) {
        let mut last = u64::MAX;
        while let Some(request) = self.next_provisioning_request(last).await {
            last = request.number;
        }
    }

    /// Waits for the first request after the one of this number; none when nothing is left to send.
    pub async fn next_provisioning_request(&self, after: u64) -> Option<ProvisioningRequest> {
        loop {
            let changed = self.inner.provisioning_changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            // In this order: the last request is there before the worker rests.
            let is_idle = self.provisioning_is_idle();
            let next = self.requests().latest.iter().find(|sent| sent.number > after).cloned();
            if next.is_some() || is_idle {
                return next;
            }
            changed.await;
        }
    }

    /// The latest 10,000 requests that were sent to connections of apps, oldest first.
    pub fn provisioning_requests(&self) -> Vec<ProvisioningRequest> {
        self.requests().latest.iter().cloned().collect()
    }

    /// Does what only the console can: gives a custom app SCIM provisioning, whose connection can be set
    /// from then on. Such an app changes accounts and groups with PUT, where those of the catalogue send
    /// PATCH. False if there is no such app.
    pub fn enable_scim(&self, app_id: &str) -> bool {
        let mut state = self.write_without_event();
        let Ok(at) = super::apps::position(&state, app_id) else {
            return false;
        };
        state.apps.get_mut(&at).is_some_and(App::enable_scim)
    }
}
