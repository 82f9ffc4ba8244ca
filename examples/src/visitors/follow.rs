//! After a full push: who changed, as the System Log tells it.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::{StreamExt, stream};
use okta_client::jiff::Timestamp;
use okta_client::search::Expression;
use okta_client::{Error as OktaError, ErrorKind, LogCursor, LogEvent, LogStart, Okta, User};
use provisioning::{Follow, Stop, Store, StoreError};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, sleep_until};

use crate::visitors::hook_listener::{clear_hooked, hooked};
use crate::visitors::rivals::Rivals;
use crate::visitors::source::records;
use crate::{
    Failure, FieldMap, FollowReport, HookListener, Incremental, Read, Scope, say, thousands,
};

/// The events that may change a visitor.
const EVENTS: &str = r#"eventType sw "user.lifecycle." or eventType sw "user.account.""#;
const CURSOR: &str = "visitors.cursor";
const FULL: &str = "visitors.full";
const AGAIN: &str = "visitors.again";
/// Reads of single people under way at once.
const AT_ONCE: usize = 8;

/// Brings those who change in Okta into Pendo.
#[derive(Debug)]
pub struct FollowVisitors<'a> {
    /// Where they change.
    pub okta: &'a Okta,
    /// Where they go.
    pub push: &'a Incremental,
    /// The fields.
    pub map: FieldMap,
    /// The rule by which people are left out.
    pub scope: Scope,
    /// Only people who match.
    pub search: Option<Expression>,
    /// How long to wait before the log is asked again.
    pub interval: Duration,
    /// When it is to end.
    pub stop: &'a Stop,
    /// What is delivered, besides the log.
    pub hooks: Option<&'a HookListener>,
    /// What came of it.
    pub report: &'a FollowReport,
}

impl FollowVisitors<'_> {
    /// How long the log can be followed until the next full run is due: not at all when there was none, or
    /// the last one is a period ago.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn until_full(push: &Incremental, period: Duration) -> Result<Duration, Failure> {
        let full: Option<Timestamp> = read_note(push, FULL)?;
        let age = full.map(|began| Timestamp::now().duration_since(began));
        Ok(age.map_or(Duration::ZERO, |age| period.saturating_sub(age.unsigned_abs())))
    }

    /// Notes when the full run began that is through now.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note_full(push: &Incremental, began: Timestamp) -> Result<(), Failure> {
        with_store(push, |store| store.set_note(FULL, Some(&format!("\"{began}\""))))
    }

    /// Follows until then, or until it is told to end; from where the last program stopped, or from `began`.
    ///
    /// # Errors
    /// When the store fails, or the log cannot be followed from there.
    pub async fn run(&self, began: Timestamp, until: Instant) -> Result<(), Failure> {
        self.settle_hooked().await?;
        if read_note::<BTreeSet<String>>(self.push, AGAIN)?.is_some_and(|again| !again.is_empty()) {
            self.settle(&[], None).await?;
        }
        let cursor: Option<LogCursor> = read_note(self.push, CURSOR)?;
        let full: Option<Timestamp> = read_note(self.push, FULL)?;
        // From before the full run, which may have missed what happened while it ran.
        let start = cursor
            .map_or(LogStart::Time(Follow::log_from(full.unwrap_or(began))), LogStart::Cursor);
        let follow = self.okta.logs().follow(start).filter(EVENTS).interval(self.interval);
        let mut pages = follow.max_interval(self.interval.max(Duration::from_secs(60))).pages();
        loop {
            let hooked = async {
                match self.hooks {
                    Some(hooks) => hooks.arrived().await,
                    None => std::future::pending().await,
                }
            };
            let page = tokio::select! {
                page = pages.next() => page,
                () = hooked => {
                    self.settle_hooked().await?;
                    continue;
                }
                () = sleep_until(until) => return Ok(()),
                () = self.stop.stopped() => return Ok(()),
            };
            match page {
                Some(Ok(page)) => self.settle(&page.events, Some(&page.cursor)).await?,
                // Whom an event is about that cannot be read, it may tell all the same.
                Some(Err(error)) if error.item().is_some() => {
                    let _ = writeln!(std::io::stderr(), "an event could not be read: {error}");
                    match error.item().and_then(LogEvent::outline) {
                        Some(event) => self.settle(&[event], Some(&pages.cursor())).await?,
                        None => return self.give_up(error),
                    }
                }
                // What the log told is settled: who may read it goes on from there.
                Some(Err(error))
                    if matches!(error.status().map(|status| status.as_u16()), Some(401 | 403)) =>
                {
                    return Err(Failure::beginning(error));
                }
                // The log does not go back that far any more.
                Some(Err(error))
                    if error.status().is_some_and(|status| status.is_client_error())
                        && !error.is_rate_limited() =>
                {
                    return self.give_up(error);
                }
                Some(Err(error)) => complain(&error),
                None => return Err(Failure::running("the System Log cannot be followed")),
            }
        }
    }

    /// Who was delivered is looked at like who failed before.
    async fn settle_hooked(&self) -> Result<(), Failure> {
        let is_owing = with_store(self.push, |store| {
            let mut ids = hooked(store)?;
            if ids.is_empty() {
                return Ok(false);
            }
            let again: Option<BTreeSet<String>> =
                store.note(AGAIN)?.and_then(|text| serde_json::from_str(&text).ok());
            ids.extend(again.into_iter().flatten());
            let ids =
                serde_json::to_string(&ids).map_err(|error| StoreError::caused(AGAIN, error))?;
            store.begin()?;
            store.set_note(AGAIN, Some(&ids))?;
            clear_hooked(store)?;
            store.commit()?;
            Ok(true)
        })?;
        if is_owing { self.settle(&[], None).await } else { Ok(()) }
    }

    /// The next program begins with a full run.
    fn give_up(&self, error: OktaError) -> Result<(), Failure> {
        with_store(self.push, |store| {
            store.set_note(FULL, None)?;
            store.set_note(CURSOR, None)
        })?;
        Err(Failure::beginning(error))
    }

    /// Until these events are settled they are not left behind.
    async fn settle(&self, events: &[LogEvent], cursor: Option<&LogCursor>) -> Result<(), Failure> {
        let again: Option<BTreeSet<String>> = read_note(self.push, AGAIN)?;
        let mut ids: BTreeSet<String> = events.iter().flat_map(users_of).collect();
        ids.extend(again.into_iter().flatten());
        let mut pause = Duration::from_secs(1);
        let failed = loop {
            match self.bring(&ids, events.len()).await {
                Ok(Some(failed)) => break failed,
                // What is left comes again.
                Ok(None) | Err(Failure::Stopped) => return Ok(()),
                Err(failure @ (Failure::Settings(_) | Failure::Guard(_))) => return Err(failure),
                Err(failure) => {
                    complain(&failure);
                    self.report.keep_trying(&failure)?;
                }
            }
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(Duration::from_secs(60)),
                () = self.stop.stopped() => return Ok(()),
            }
        };
        let text = |value: serde_json::Result<String>| value.map_err(Failure::running);
        let cursor = cursor.map(|cursor| text(serde_json::to_string(cursor))).transpose()?;
        let failed = text(serde_json::to_string(&failed))?;
        with_store(self.push, |store| {
            store.begin()?;
            store.set_note(AGAIN, Some(&failed))?;
            if let Some(cursor) = &cursor {
                store.set_note(CURSOR, Some(cursor))?;
            }
            store.commit()
        })
    }

    /// Those that failed; nothing when it was told to end before it was through.
    async fn bring(
        &self,
        ids: &BTreeSet<String>,
        events: usize,
    ) -> Result<Option<Vec<String>>, Failure> {
        let read = Arc::new(Read::default());
        let (people, unreadable, ids) = self.read_all(ids, &read).await?;
        let records = records(
            stream::iter(people).boxed(),
            self.map.clone(),
            self.scope.clone(),
            Arc::clone(&read),
        );
        let plan = self.push.plan(records, Some(ids.iter().cloned().collect())).await?;
        let mut pushed = self.push.apply(&plan, Some(&ids), None).await?;
        pushed.failed.extend(unreadable);
        say!(
            "follow  {} events of {} people: {} updated, {} as they were, {} unknown to Pendo, {} failed",
            thousands(events as u64),
            thousands(ids.len() as u64),
            thousands(pushed.report.delivered()),
            thousands(pushed.summary.unchanged),
            thousands(pushed.report.left_out),
            thousands(pushed.report.failed + read.failed())
        );
        self.report.batch(events, &read, &pushed)?;
        Ok((!pushed.cut_short).then_some(pushed.failed))
    }

    /// These people as they are now with all who claim a visitor id with one of them, the ids of those who
    /// cannot be read, and all ids that were looked at.
    async fn read_all(
        &self,
        ids: &BTreeSet<String>,
        noted: &Read,
    ) -> Result<(Vec<Result<User, OktaError>>, Vec<String>, BTreeSet<String>), Failure> {
        let (mut people, mut unreadable) = (Vec::new(), Vec::new());
        let (mut all, mut wanted) = (BTreeSet::new(), ids.clone());
        while !wanted.is_empty() {
            let (more, odd) = self.read(&wanted, noted).await.map_err(Failure::running)?;
            all.append(&mut wanted);
            wanted = with_store(self.push, |store| self.rivals(store, &all, &more))?;
            wanted.retain(|id| !all.contains(id));
            people.extend(more.into_iter().map(Ok));
            unreadable.extend(odd);
        }
        Ok((people, unreadable, all))
    }

    fn rivals(
        &self,
        store: &mut dyn Store,
        ids: &BTreeSet<String>,
        people: &[User],
    ) -> Result<BTreeSet<String>, StoreError> {
        let rivals = Rivals::load(store)?;
        let mut all = BTreeSet::new();
        for id in ids {
            all.extend(rivals.of(store, id, None)?);
        }
        for user in people {
            let visitor = self.scope.judge(user).ok();
            all.extend(rivals.of(store, user.id.as_str(), visitor.as_deref())?);
        }
        Ok(all)
    }

    /// These people as they are now, and the ids of those who cannot be read.
    async fn read(
        &self,
        ids: &BTreeSet<String>,
        noted: &Read,
    ) -> Result<(Vec<User>, Vec<String>), OktaError> {
        let reads = stream::iter(ids.clone())
            .map(|id| async move { (self.okta.users().try_get(&id).await, id) });
        let mut reads = reads.buffer_unordered(AT_ONCE);
        let (mut people, mut unreadable) = (Vec::new(), Vec::new());
        while let Some((user, id)) = reads.next().await {
            match user {
                Ok(user) => people.extend(user.filter(|user| self.is_wanted(user))),
                Err(error) if matches!(error.kind(), ErrorKind::Decode { .. }) => {
                    noted.unreadable(&id, &error);
                    unreadable.push(id);
                }
                Err(error) => return Err(error),
            }
        }
        Ok((people, unreadable))
    }

    fn is_wanted(&self, user: &User) -> bool {
        let Some(search) = &self.search else { return true };
        serde_json::to_value(user).is_ok_and(|user| search.matches(&user))
    }
}

fn users_of(event: &LogEvent) -> impl Iterator<Item = String> {
    event.targets_of("User").filter_map(|user| user.id.clone())
}

fn complain(error: &impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "still trying: {error}");
}

/// What stands in a note; one that cannot be read is none.
fn read_note<T: DeserializeOwned>(push: &Incremental, name: &str) -> Result<Option<T>, Failure> {
    let text = with_store(push, |store| store.note(name))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn with_store<T>(
    push: &Incremental,
    work: impl FnOnce(&mut dyn Store) -> Result<T, StoreError>,
) -> Result<T, Failure> {
    let mut store = push.store.lock().unwrap_or_else(PoisonError::into_inner);
    work(&mut *store).map_err(Failure::running)
}
