//! After a full push: who changed, as the System Log tells it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use okta_client::jiff::{SignedDuration, Timestamp};
use okta_client::search::Expression;
use okta_client::{Error as OktaError, LogCursor, LogEvent, LogStart, Okta, User};
use provisioning::Store;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::visitor_source::records;
use crate::{Failure, FieldMap, Incremental, Read, Scope, say, thousands};

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
}

impl FollowVisitors<'_> {
    /// Whether the last program that followed with this store made its full run, so that the log goes on
    /// from where it stopped; with `every`, one that is not longer ago.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_under_way(push: &Incremental, every: Option<Duration>) -> Result<bool, Failure> {
        let full: Option<Timestamp> = read_note(push, FULL)?;
        let age = full.map(|began| Timestamp::now().duration_since(began));
        let is_young = |age: SignedDuration| every.is_none_or(|every| age.unsigned_abs() < every);
        Ok(age.is_some_and(is_young))
    }

    /// Notes when the full run began that is through now.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note_full(push: &Incremental, began: Timestamp) -> Result<(), Failure> {
        with_store(push, |store| store.set_note(FULL, Some(&format!("\"{began}\""))))
    }

    /// Follows until then, or without an end; from where the last program stopped, or from `began`.
    ///
    /// # Errors
    /// When the store fails, or the log cannot be followed from there.
    pub async fn run(&self, began: Timestamp, until: Option<Instant>) -> Result<(), Failure> {
        let cursor: Option<LogCursor> = read_note(self.push, CURSOR)?;
        let full: Option<Timestamp> = read_note(self.push, FULL)?;
        // From before the full run, which may have missed what happened while it ran.
        let start = cursor.map_or(LogStart::Time(full.unwrap_or(began)), LogStart::Cursor);
        let follow = self.okta.logs().follow(start).filter(EVENTS).interval(self.interval);
        let mut pages = follow.max_interval(self.interval.max(Duration::from_secs(60))).pages();
        loop {
            let page = match until {
                None => pages.next().await,
                Some(until) => match tokio::time::timeout_at(until, pages.next()).await {
                    Ok(page) => page,
                    Err(_) => return Ok(()),
                },
            };
            match page {
                Some(Ok(page)) => self.settle(&page.events, &page.cursor).await?,
                // The log does not go back that far any more, or may not be read.
                Some(Err(error))
                    if error.status().is_some_and(|status| status.is_client_error())
                        && !error.is_rate_limited() =>
                {
                    with_store(self.push, |store| {
                        store.set_note(FULL, None)?;
                        store.set_note(CURSOR, None)
                    })?;
                    return Err(Failure::running(error));
                }
                Some(Err(error)) => complain(&error),
                None => return Err(Failure::running("the System Log cannot be followed")),
            }
        }
    }

    /// Until these events are settled they are not left behind.
    async fn settle(&self, events: &[LogEvent], cursor: &LogCursor) -> Result<(), Failure> {
        let again: Option<BTreeSet<String>> = read_note(self.push, AGAIN)?;
        let mut ids: BTreeSet<String> = events.iter().flat_map(users_of).collect();
        ids.extend(again.into_iter().flatten());
        let mut pause = Duration::from_secs(1);
        let failed = loop {
            match self.bring(&ids, events.len()).await {
                Ok(failed) => break failed,
                Err(failure @ Failure::Settings(_)) => return Err(failure),
                Err(failure) => complain(&failure),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(60));
        };
        let text = |value: serde_json::Result<String>| value.map_err(Failure::running);
        let (cursor, failed) =
            (text(serde_json::to_string(cursor))?, text(serde_json::to_string(&failed))?);
        with_store(self.push, |store| {
            store.begin()?;
            store.set_note(AGAIN, Some(&failed))?;
            store.set_note(CURSOR, Some(&cursor))?;
            store.commit()
        })
    }

    async fn bring(&self, ids: &BTreeSet<String>, events: usize) -> Result<Vec<String>, Failure> {
        let reads =
            stream::iter(ids.clone()).map(|id| async move { self.okta.users().try_get(id).await });
        let reads = reads.buffer_unordered(AT_ONCE);
        let people: Vec<User> = reads
            .try_filter_map(|user| std::future::ready(Ok(user)))
            .try_collect()
            .await
            .map_err(Failure::running)?;
        let people: Vec<Result<User, OktaError>> =
            people.into_iter().filter(|user| self.is_wanted(user)).map(Ok).collect();
        let read = Arc::new(Read::default());
        let records = records(
            stream::iter(people).boxed(),
            self.map.clone(),
            self.scope.clone(),
            Arc::clone(&read),
        );
        let plan = self.push.plan(records, Some(ids.iter().cloned().collect())).await?;
        let pushed = self.push.apply(&plan, None).await?;
        say!(
            "follow  {} events of {} people: {} updated, {} as they were, {} unknown to Pendo, {} failed",
            thousands(events as u64),
            thousands(ids.len() as u64),
            thousands(pushed.report.delivered()),
            thousands(pushed.summary.unchanged),
            thousands(pushed.report.left_out),
            thousands(pushed.report.failed)
        );
        Ok(pushed.failed)
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
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "still trying: {error}");
}

/// What stands in a note; one that cannot be read is none.
fn read_note<T: DeserializeOwned>(push: &Incremental, name: &str) -> Result<Option<T>, Failure> {
    let text = with_store(push, |store| store.note(name))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn with_store<T>(
    push: &Incremental,
    work: impl FnOnce(&mut dyn Store) -> Result<T, provisioning::StoreError>,
) -> Result<T, Failure> {
    let mut store = push.store.lock().unwrap_or_else(PoisonError::into_inner);
    work(&mut *store).map_err(Failure::running)
}
