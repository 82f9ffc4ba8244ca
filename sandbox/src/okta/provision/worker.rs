//! One task after the other for each app, for as long as there are any.

use std::time::Duration;

use reqwest::Method;

use super::queue::{Next, Task, Waiting};
use super::wire::{Destination, Failure, Wire};
use super::{GroupLink, Link, Provisioning, groups, users};
use crate::okta::change::{app_target, app_user_event, group_target};
use crate::okta::group::Group;
use crate::okta::log::{By, Event};
use crate::okta::state::State;
use crate::okta::{OktaOrg, WeakOrg};

/// What a task turned out to mean.
enum Work {
    Test,
    User(users::Work),
    Group(groups::Work),
    DeleteGroup(String),
}

/// A task with everything that is needed to do it without the state.
struct Job {
    waiting: Waiting,
    work: Work,
    destination: Destination,
    app_id: String,
}

enum Step {
    Do(Box<Job>),
    Wait(Duration),
    End,
}

/// Starts a worker for each app that has something to send and none yet.
pub(crate) fn start(org: &OktaOrg, state: &mut State) {
    // Without a runtime, it waits for the next change that is made in one.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let has_work = |one: &Provisioning| !one.queue.is_empty() || one.sweep.is_some();
    for (app, provisioning) in &mut state.provisioning {
        if has_work(provisioning) && !provisioning.is_running {
            provisioning.is_running = true;
            // The org must be able to end while its products are slow.
            runtime.spawn(run(org.downgrade(), *app));
        }
    }
    org.inner.provisioning_changed.notify_waiters();
}

async fn run(org: WeakOrg, app: u64) {
    let Some(changed) = org.upgrade().map(|org| org.inner.provisioning_changed.clone()) else {
        return;
    };
    loop {
        let waked = changed.notified();
        tokio::pin!(waked);
        waked.as_mut().enable();
        let Some(step) = org.upgrade().map(|org| next(&org, app)) else {
            return;
        };
        match step {
            Step::Do(job) => perform(&org, app, *job).await,
            Step::Wait(pause) => {
                let _ = tokio::time::timeout(pause, waked).await;
            }
            Step::End => return changed.notify_waiters(),
        }
    }
}

fn next(org: &OktaOrg, at: u64) -> Step {
    let mut state = org.write_without_event();
    loop {
        let Some(provisioning) = state.provisioning.get_mut(&at) else {
            return Step::End;
        };
        let (waiting, otherwise) = match provisioning.queue.take() {
            Next::Now(waiting) => (Some(waiting), Step::End),
            Next::Later(pause) => (swept(&mut state, at), Step::Wait(pause)),
            Next::Nothing => (swept(&mut state, at), Step::End),
        };
        let Some(waiting) = waiting else {
            if let (Step::End, Some(known)) = (&otherwise, state.provisioning.get_mut(&at)) {
                known.is_running = false;
            }
            return otherwise;
        };
        let app = state.apps.get(&at);
        let destination = app.and_then(|app| Some((app.destination()?, app.id())));
        if let Some((destination, app_id)) = destination
            && let Some(work) = prepare(&mut state, at, &waiting)
        {
            return Step::Do(Box::new(Job { waiting, work, destination, app_id }));
        }
        if let Some(known) = state.provisioning.get_mut(&at) {
            known.queue.rest();
        }
    }
}

/// The next user of an app who has no account and is in no queue.
fn swept(state: &mut State, at: u64) -> Option<Waiting> {
    let from = state.provisioning.get(&at)?.sweep?;
    let app = state.apps.get(&at);
    let found = app.and_then(|app| {
        let known = state.provisioning.get(&at)?;
        let is_new = |index: &u64| !known.links.contains_key(index) && app.has_user(state, *index);
        app.candidates(from..state.next_user).find(is_new)
    });
    let provisioning = state.provisioning.get_mut(&at)?;
    provisioning.sweep = found.map(|index| index + 1);
    let index = found?;
    provisioning.links.entry(index).or_default();
    Some(Waiting { task: Task::User(index), attempt: 0, is_new: true })
}

fn prepare(state: &mut State, at: u64, waiting: &Waiting) -> Option<Work> {
    match waiting.task {
        Task::Test => Some(Work::Test),
        Task::User(index) => users::prepare(state, at, index, waiting).map(Work::User),
        Task::Group(push) => groups::prepare(state, at, push).map(Work::Group),
        Task::DeleteGroup(push) => {
            let link = state.provisioning.get_mut(&at)?.groups.get(&push)?;
            link.id.clone().map(Work::DeleteGroup)
        }
    }
}

async fn perform(org: &WeakOrg, at: u64, job: Job) {
    let Job { waiting, work, destination, app_id } = job;
    let wire = |org: OktaOrg| Wire::new(&org, app_id, destination, org.inner.provisioning);
    let wire = org.upgrade().map(wire);
    let (group, result) = match wire {
        None => return,
        Some(Err(failure)) => (None, Err(failure)),
        Some(Ok(wire)) => send(&wire, &work).await,
    };
    let kind = kind_of(&work, &result);
    if let Some(org) = org.upgrade() {
        finish(&org, at, waiting, kind, group, result);
    }
}

async fn send(wire: &Wire, work: &Work) -> (Option<GroupLink>, Result<Option<Link>, Failure>) {
    match work {
        Work::Test => (None, test(wire).await.map(|()| None)),
        Work::User(work) => (None, users::run(wire, work).await),
        Work::DeleteGroup(id) => (None, groups::delete(wire, id).await.map(|()| None)),
        Work::Group(work) => {
            let (link, pushed) = groups::run(wire, work).await;
            (Some(link), pushed.map(|()| None))
        }
    }
}

async fn test(wire: &Wire) -> Result<(), Failure> {
    let users = [("startIndex", "1"), ("count", "2")];
    wire.ask(Method::GET, "/Users", &users, None, |answer| answer.as_test(true)).await?;
    let groups = [("startIndex", "1"), ("count", "100")];
    wire.ask(Method::GET, "/Groups", &groups, None, |answer| answer.as_test(false)).await
}

fn kind_of<T>(work: &Work, result: &Result<T, Failure>) -> &'static str {
    match work {
        Work::Test => "application.provision.integration.call_api",
        Work::User(work) => work.event(),
        Work::DeleteGroup(_) => "application.provision.group_push.delete_appgroup",
        Work::Group(_) if result.is_ok() => "application.provision.group_push.pushed",
        Work::Group(_) => {
            "application.provision.group_push.mapping.update.or.delete.failed.with.error"
        }
    }
}

fn finish(
    org: &OktaOrg,
    at: u64,
    waiting: Waiting,
    kind: &'static str,
    group: Option<GroupLink>,
    result: Result<Option<Link>, Failure>,
) {
    let options = org.inner.provisioning;
    if let Err(Failure { again: Some(asked), .. }) = &result
        && waiting.attempt + 1 < options.attempts
    {
        let mut state = org.write_without_event();
        if let Some(known) = state.provisioning.get_mut(&at) {
            // What was made already is not made again.
            keep_group(known, waiting.task, group.map(|link| GroupLink { error: None, ..link }));
            known.queue.retry(waiting, options.pause_after(waiting.attempt, *asked));
        }
        return;
    }
    let mut change = org.change_by(By::default());
    let event = event(&change, at, waiting.task, kind);
    let event = match &result {
        Ok(_) => event,
        Err(failure) => event.failed(&failure.reason),
    };
    let renamed = group.as_ref().and_then(|link| renamed(&change, at, waiting.task, link));
    change.apply(event, |state| match waiting.task {
        Task::User(index) => settle_user(state, at, index, result),
        task => {
            if let Some(known) = state.provisioning.get_mut(&at) {
                keep_group(known, task, group);
            }
        }
    });
    if let Some(group) = renamed {
        change.save_group(group, "application.provision.group_push.mapping.app.group.renamed");
    }
}

fn keep_group(known: &mut Provisioning, task: Task, group: Option<GroupLink>) {
    match (task, group) {
        (Task::Group(push), Some(link)) => {
            // It may have been unlinked while it was pushed.
            known.groups.entry(push).and_modify(|known| *known = link);
        }
        (Task::DeleteGroup(push), _) => {
            known.groups.remove(&push);
        }
        _ => {}
    }
}

fn settle_user(state: &mut State, at: u64, index: u64, result: Result<Option<Link>, Failure>) {
    let failure = match result {
        Ok(link) => return users::settle(state, at, index, link),
        Err(failure) => failure,
    };
    let is_assigned = state.apps.get(&at).is_some_and(|app| app.has_user(state, index));
    let Some(known) = state.provisioning.get_mut(&at) else {
        return;
    };
    if !is_assigned {
        known.links.remove(&index);
        return;
    }
    let link = known.links.entry(index).or_default();
    link.error = Some(failure.reason);
    if failure.is_gone {
        link.id = None;
    }
}

// The group that stands for the product's, with its new name.
fn renamed(state: &State, at: u64, task: Task, link: &GroupLink) -> Option<Group> {
    let Task::Group(push) = task else {
        return None;
    };
    let target = state.apps.get(&at)?.pushes.get(&push)?.target;
    let target = state.groups.get(&target).filter(|group| group.name() != link.name)?;
    let mut group = target.clone();
    group.profile.insert("name".to_owned(), link.name.clone().into());
    (link.error.is_none() && group.kind == "APP_GROUP").then_some(group)
}

fn event(state: &State, at: u64, task: Task, kind: &'static str) -> Event {
    let push = |push: u64| state.apps.get(&at)?.pushes.get(&push);
    let source = match task {
        Task::User(index) => return app_user_event(state, at, index, kind),
        Task::Group(at) => push(at).and_then(|push| state.groups.get(&push.source)),
        Task::Test | Task::DeleteGroup(_) => None,
    };
    Event::new(
        kind,
        state.apps.get(&at).map(app_target).into_iter().chain(source.map(group_target)),
    )
}
