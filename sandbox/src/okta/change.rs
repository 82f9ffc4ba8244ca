//! The one way to write: whatever changes the org passes here and becomes an event of the System Log.

use std::ops::Deref;
use std::sync::RwLockWriteGuard;

use super::apps::{self, App};
use super::group::Group;
use super::log::{By, Event, Target};
use super::rules::{self, Rule};
use super::state::State;
use super::user::{Status, User};
use super::{OktaOrg, hooks, ids, now, provision};

/// Members of a group above this number are not logged one by one when they all gain or lose
/// something at once: the event of the group speaks for them.
const LOGGED_ONE_BY_ONE: usize = 1_000;

/// A change under way: it reads like the state, and every write says what it is.
pub(crate) struct Change<'a> {
    state: RwLockWriteGuard<'a, State>,
    org: &'a OktaOrg,
    by: By,
    wrote: bool,
}

impl Deref for Change<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.wrote {
            hooks::deliver(self.org, &mut self.state);
            provision::start(self.org, &mut self.state);
        }
    }
}

impl<'a> Change<'a> {
    pub(crate) fn new(org: &'a OktaOrg, state: RwLockWriteGuard<'a, State>, mut by: By) -> Self {
        by.owner = state.user(0).map(|user| {
            let name = user.display_name();
            (user.id(), user.profile.login().to_owned(), name)
        });
        Self { state, org, by, wrote: false }
    }

    /// Writes, and logs the event: one write, one event.
    pub(crate) fn apply<R>(&mut self, event: Event, write: impl FnOnce(&mut State) -> R) -> R {
        let written = write(&mut self.state);
        self.record(&event);
        written
    }

    /// Logs what happened, also without a change that stays, such as sessions that were ended.
    ///
    /// Every event passes here, those of assignments and profiles too, with the state as it is then:
    /// whoever is to act on changes, as event hooks and provisioning do, is told here.
    pub(crate) fn record(&mut self, event: &Event) {
        let state = &mut *self.state;
        let entry = state.log.record(event, &self.by);
        hooks::queue(&mut state.hooks, entry);
        provision::note(state, event);
        self.wrote = true;
    }

    /// Adds a user; one that is active at once is also activated.
    pub(crate) fn add_user(&mut self, user: User, groups: &[u64]) {
        let index = user.index;
        let starts = user.status != Status::Staged;
        let created = Event::new("user.lifecycle.create", [user_target(&user)]);
        let activated = Event::new("user.lifecycle.activate", [user_target(&user)]);
        self.apply(created, |state| state.put(user));
        if starts {
            self.record(&activated);
        }
        for group in groups {
            self.join(*group, index);
        }
        self.follow_everyone(index);
        rules::apply_to_user(self, index);
    }

    pub(crate) fn save_user(&mut self, user: User, kind: &'static str) {
        let index = user.index;
        let leaves = user.status == Status::Deprovisioned;
        let before = self.state.user(index).is_some_and(|u| u.status != Status::Deprovisioned);
        if leaves && before {
            self.leave_apps(index);
        }
        self.apply(Event::new(kind, [user_target(&user)]), |state| state.put(user));
        if !before && !leaves {
            // Back again, and with it the apps of the groups.
            self.log_app_changes(index, &[]);
        }
        rules::apply_to_user(self, index);
    }

    pub(crate) fn delete_user(&mut self, user: &User) {
        let event = Event::new("user.lifecycle.delete.initiated", [user_target(user)]);
        self.apply(event, |state| state.delete(user.index));
    }

    pub(crate) fn save_group(&mut self, group: Group, kind: &'static str) {
        let event = Event::new(kind, [group_target(&group)]);
        self.apply(event, |state| {
            state.next_group = state.next_group.max(group.position + 1);
            state.groups.insert(group.position, group);
        });
    }

    pub(crate) fn delete_group(&mut self, position: u64) {
        let Some(group) = self.state.groups.get(&position) else {
            return;
        };
        let event = Event::new("group.lifecycle.delete", [group_target(group)]);
        for app in apps::with_group(&self.state, position) {
            apps::unassign_group(self, app, position);
        }
        self.apply(event, |state| {
            state.groups.remove(&position);
            for app in state.apps.values_mut() {
                app.pushes.retain(|_, push| push.source != position);
            }
        });
    }

    /// Adds a member, who also gains the apps of the group; nothing happens to one who is in already.
    pub(crate) fn join(&mut self, position: u64, index: u64) {
        self.change_membership(position, index, true);
    }

    /// Takes a member out, who loses the apps that came with the group alone.
    pub(crate) fn leave(&mut self, position: u64, index: u64) {
        self.change_membership(position, index, false);
    }

    fn change_membership(&mut self, position: u64, index: u64, joins: bool) {
        let Some(group) = self.state.groups.get(&position) else {
            return;
        };
        if group.members.contains(&self.state.people, index) == joins {
            return;
        }
        let user = self.state.user(index).map(|user| user_target(&user));
        let kind = match joins {
            true => "group.user_membership.add",
            false => "group.user_membership.remove",
        };
        let event = Event::new(kind, user.into_iter().chain([group_target(group)]));
        let had = apps::of_user(&self.state, index);
        self.apply(event, |state| {
            if let Some(group) = state.groups.get_mut(&position) {
                match joins {
                    true => group.members.add(index),
                    false => group.members.remove(index),
                }
                group.last_membership_updated = now();
            }
        });
        self.log_app_changes(index, &had);
    }

    // Everyone is a member of Everyone from the start, so nobody joins it.
    fn follow_everyone(&mut self, index: u64) {
        let everyone = self.state.groups.get(&0);
        if everyone.is_some_and(|group| group.kind == "BUILT_IN") {
            let had: Vec<u64> = apps::of_user(&self.state, index)
                .into_iter()
                .filter(|app| !self.state.apps[app].groups.contains_key(&0))
                .collect();
            self.log_app_changes(index, &had);
        }
    }

    /// Forgets what an app knew of users who came with a group that is gone.
    pub(crate) fn forget_app_users(&mut self, app: u64) {
        let Some(kept) = self.state.apps.get(&app) else {
            return;
        };
        let has_left = |index: &&u64| !kept.has_user(&self.state, **index);
        let gone: Vec<u64> = kept.users.keys().filter(has_left).copied().collect();
        if let Some(app) = self.state.apps.get_mut(&app) {
            app.users.retain(|index, _| !gone.contains(index));
        }
    }

    /// Lets a rule remember what it did; the event is that of the membership.
    pub(crate) fn remember_rule(&mut self, rule: u64, note: impl FnOnce(&mut Rule)) {
        if let Some(rule) = self.state.rules.get_mut(&rule) {
            note(rule);
        }
    }

    fn leave_apps(&mut self, index: u64) {
        let had = apps::of_user(&self.state, index);
        for app in &had {
            apps::unassign_user(self, *app, index);
        }
    }

    // The apps that a user gained or lost by a group.
    pub(crate) fn log_app_changes(&mut self, index: u64, had: &[u64]) {
        let has = apps::of_user(&self.state, index);
        for app in has.iter().filter(|app| !had.contains(app)) {
            self.log_app_user(*app, index, "application.user_membership.add");
        }
        for app in had.iter().filter(|app| !has.contains(app)) {
            self.log_app_user(*app, index, "application.user_membership.remove");
            if let Some(app) = self.state.apps.get_mut(app) {
                app.users.remove(&index);
            }
        }
    }

    pub(crate) fn log_app_user(&mut self, app: u64, index: u64, kind: &'static str) {
        let event = app_user_event(&self.state, app, index, kind);
        self.record(&event);
    }

    /// Logs the same for many users of an app, unless they are too many.
    pub(crate) fn log_app_users(&mut self, app: u64, indexes: &[u64], kind: &'static str) {
        if indexes.len() <= LOGGED_ONE_BY_ONE {
            for index in indexes {
                self.log_app_user(app, *index, kind);
            }
        } else {
            provision::sweep(&mut self.state, app);
        }
    }
}

/// What an event about a user of an app is about: the assignment, the app and the user.
pub(crate) fn app_user_event(state: &State, app: u64, index: u64, kind: &'static str) -> Event {
    let user = state.user(index).map(|user| user_target(&user));
    let Some(app) = state.apps.get(&app) else {
        return Event::new(kind, user);
    };
    let app_user = user.as_ref().map(|user| Target {
        kind: "AppUser",
        id: ids::id("0ua", app.position << 40 | index),
        ..user.clone()
    });
    Event::new(kind, app_user.into_iter().chain([app_target(app)]).chain(user))
}

pub(crate) fn user_target(user: &User) -> Target {
    Target::new("User", user.id(), user.profile.login(), user.display_name())
}

pub(crate) fn group_target(group: &Group) -> Target {
    Target::new("UserGroup", group.id(), "unknown", group.name())
}

pub(crate) fn app_target(app: &App) -> Target {
    Target::new("AppInstance", app.id(), app.label.clone(), app.name.clone())
}
