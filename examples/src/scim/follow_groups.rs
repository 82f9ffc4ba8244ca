//! Groups that are pushed as the System Log tells who joins and leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

use futures::StreamExt;
use okta_client::jiff::Timestamp;
use okta_client::{LogEvent, LogPages, Okta};
use provisioning::Follow;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{Ending, Failure, GroupPush, MappedPeople, read_groups};

/// The events that may change a pushed group.
const EVENTS: &str = concat!(
    r#"eventType sw "group.user_membership." or eventType eq "group.profile.update" or "#,
    r#"eventType eq "group.lifecycle.delete""#,
);
/// The longest time until groups that failed are tried again.
const LONGEST: Duration = Duration::from_secs(60);

/// Groups that follow their members.
#[derive(Debug)]
pub struct FollowGroups<'a> {
    okta: &'a Okta,
    people: &'a MappedPeople,
    push: GroupPush<'a>,
    /// Ids of the groups in Okta.
    ids: Vec<String>,
    /// Those that are to be looked at.
    due: BTreeSet<String>,
    due_at: Option<Instant>,
    pause: Duration,
    log: LogPages,
    /// Who was not active when their group was looked at, by its id.
    inactive: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> FollowGroups<'a> {
    /// Follows these groups of Okta, by id.
    pub fn new(
        okta: &'a Okta,
        people: &'a MappedPeople,
        push: GroupPush<'a>,
        ids: Vec<String>,
    ) -> Self {
        let log = okta.logs().follow(Follow::log_from(Timestamp::now())).filter(EVENTS);
        let log = log.interval(push.options.poll).pages();
        let (due, pause, inactive) = (BTreeSet::new(), Duration::from_secs(1), BTreeMap::new());
        Self { okta, people, push, ids, due, due_at: None, pause, log, inactive }
    }

    /// All groups are to be looked at: people came or went.
    pub fn look_at_all(&mut self) {
        self.look_at(self.ids.clone());
    }

    fn look_at(&mut self, groups: Vec<String>) {
        let before = self.due.len();
        self.due.extend(groups);
        if self.due.len() > before {
            self.due_at = Some(Instant::now());
        }
    }

    /// These people were looked at: who was not active when a group was, may have been again by then, and
    /// nothing was to be done for them.
    pub fn look_again(&mut self, people: &[String]) {
        let is_one =
            |inactive: &BTreeSet<String>| people.iter().any(|person| inactive.contains(person));
        let groups = self.inactive.iter().filter(|(_, inactive)| is_one(inactive));
        let groups: Vec<String> = groups.map(|(group, _)| group.clone()).collect();
        self.look_at(groups);
    }

    /// Ends when there are groups to be looked at. What it waits for is not lost when it is dropped.
    pub async fn turn(&mut self) {
        loop {
            let page = match self.due_at {
                None => self.log.next().await,
                Some(at) => tokio::select! {
                    page = self.log.next() => page,
                    () = sleep_until(at) => return,
                },
            };
            match page {
                Some(Ok(page)) => page.events.iter().for_each(|event| self.note(event)),
                // People are followed by the same events, and there it is said, once.
                Some(Err(error)) if error.item().is_some() => self.note_odd(&error),
                // Of what the log does not tell, everything is looked at.
                Some(Err(error)) => {
                    let _ = writeln!(std::io::stderr(), "still trying: {error}");
                    self.later();
                }
                None => {
                    sleep(self.pause).await;
                    let log =
                        self.okta.logs().follow(Follow::log_from(Timestamp::now())).filter(EVENTS);
                    self.log = log.interval(self.push.options.poll).pages();
                    self.later();
                }
            }
        }
    }

    fn note(&mut self, event: &LogEvent) {
        let group = event.group_id();
        let touched = self.ids.iter().filter(|id| group.is_none_or(|group| group == **id));
        self.look_at(touched.cloned().collect());
    }

    /// What it tells of its group is enough; if that is nothing, it may be any.
    fn note_odd(&mut self, error: &okta_client::Error) {
        match error.item().and_then(LogEvent::outline) {
            Some(event) => self.note(&event),
            None => self.look_at_all(),
        }
    }

    fn later(&mut self) {
        self.due.extend(self.ids.iter().cloned());
        self.due_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
    }

    /// Pushes those that are to be looked at, as far as they differ; what fails is tried again.
    ///
    /// # Errors
    /// When the store or the report fails.
    pub async fn push(&mut self, ending: &mut Ending) -> Result<(), Failure> {
        let due: Vec<String> = std::mem::take(&mut self.due).into_iter().collect();
        self.due_at = None;
        let failed = match self.try_push(&due, ending).await {
            Ok(failed) => failed,
            Err(Failure::Guard(why)) => return Err(Failure::Guard(why)),
            Err(failure) => {
                let _ = writeln!(std::io::stderr(), "still trying: {failure}");
                due
            }
        };
        if failed.is_empty() {
            self.pause = Duration::from_secs(1);
            return Ok(());
        }
        self.due = failed.into_iter().filter(|id| self.ids.contains(id)).collect();
        self.due_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
        Ok(())
    }

    async fn try_push(
        &mut self,
        due: &[String],
        ending: &mut Ending,
    ) -> Result<Vec<String>, Failure> {
        let mut there = Vec::new();
        // In the order in which they were named: the first one comes first.
        for id in self.ids.clone().into_iter().filter(|id| due.contains(id)) {
            match self.okta.groups().try_get(&id).await.map_err(Failure::running)? {
                Some(_) => there.push(id),
                None => {
                    let line = format!("the group {id} is not in Okta any more, and is left alone");
                    let _ = writeln!(std::io::stderr(), "{line} in the product");
                    self.ids.retain(|known| *known != id);
                }
            }
        }
        let groups = read_groups(self.okta, &there, self.people).await?;
        let inactive =
            groups.iter().map(|group| (group.id.clone(), group.inactive.iter().cloned().collect()));
        self.inactive.extend(inactive);
        self.push.run_changed(&groups, ending).await
    }
}
