//! `--follow`: what changes, as Okta's System Log tells it, and everybody now and then.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use okta_client::{LogEvent, Method, Okta};
use provisioning::{Follow, FollowError, Followed, PlanError, Report};

use crate::run::unplanned;
use crate::{Delivery, Ending, Failure, FollowGroups, Inviting, MappedPeople, say, thousands};

/// How long after a full run comes the next one, unless `--every` says it.
const FULL_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Whether the System Log can be read: nothing can be followed without, and nobody is to be sent before that
/// shows.
///
/// # Errors
/// When it cannot.
pub async fn check_log(okta: &Okta) -> Result<(), Failure> {
    // One answer is enough, whatever is in it: the log may be empty, and lead on to where it will grow.
    let log = okta.request(Method::GET, "/api/v1/logs", []).query("limit", 1).safe_to_repeat();
    let Err(error) = log.array::<LogEvent>().await else { return Ok(()) };
    Err(match Failure::settings(error) {
        Failure::Settings(line) => Failure::Settings(format!(
            "--follow: the System Log cannot be read, which takes okta.logs.read or an administrator's token: {line}"
        )),
        other => other,
    })
}

/// People who are followed into a product, and groups with them.
#[derive(Debug)]
pub struct Following<'a> {
    /// Where people go, and how.
    pub delivery: Delivery<'a>,
    /// Who they are.
    pub people: &'a MappedPeople,
    /// Groups that are pushed as their members come and go.
    pub groups: Option<FollowGroups<'a>>,
    /// Those who got a record are written down.
    pub invitations: Option<&'a Inviting>,
}

impl Following<'_> {
    /// Follows until it is told to end; the summary counts from the last full run on.
    ///
    /// # Errors
    /// When a guard stops it, or a store or file fails.
    pub async fn run(mut self, mut ending: Ending) -> Result<(), Failure> {
        match self.go_on(&mut ending).await {
            Ok(()) => ending.close(),
            Err(failure) => Err(ending.stopped(failure)),
        }
    }

    async fn go_on(&mut self, ending: &mut Ending) -> Result<(), Failure> {
        if let Some(invitations) = self.invitations {
            invitations.catch_up().await?;
        }
        let follow = self.follow()?;
        if !follow.begins_with_everybody().map_err(Failure::running)? {
            ending.resume(self.delivery.what, follow.conflicts().map_err(Failure::running)?)?;
            self.groups.iter_mut().for_each(FollowGroups::look_at_all);
        }
        let batches = follow.stream();
        pin_mut!(batches);
        loop {
            let was_complete = ending.is_complete();
            // Until everybody was looked at, members may not be there yet, or be stopped by a guard.
            let groups = self.groups.as_mut().filter(|_| ending.is_through());
            let turn = async {
                match groups {
                    Some(groups) => groups.turn().await,
                    None => std::future::pending().await,
                }
            };
            // People first: who joins a group has to be there before.
            let followed = tokio::select! {
                biased;
                followed = batches.next() => Some(followed),
                () = turn => None,
            };
            let full = match followed {
                Some(Some(followed)) => self.settle(followed, ending).await?,
                Some(None) => return Ok(()),
                None => self.push_groups(ending).await.map(|()| false)?,
            };
            if full || !(was_complete && ending.is_complete()) {
                ending.write_down()?;
            }
        }
    }

    fn follow(&self) -> Result<Follow, Failure> {
        let Delivery { options, target, store, .. } = &self.delivery;
        let follow = Follow::new(
            self.people.source().clone(),
            Arc::clone(&self.people.mapping),
            Arc::clone(target),
            Arc::clone(store),
        );
        let guards = self.delivery.guards.iter().cloned().chain(options.limits());
        let follow = guards
            .fold(follow, Follow::guard)
            .made_with(&options.mapping_text()?)
            .basis(self.delivery.basis)
            .full_every(options.every.unwrap_or(FULL_EVERY))
            .interval(options.poll)
            .concurrency(options.concurrency.into())
            .until(self.delivery.stop.clone());
        Ok(follow)
    }

    /// Says and notes what came of it; whether everybody was looked at.
    async fn settle(
        &mut self,
        followed: Result<Followed, FollowError>,
        ending: &mut Ending,
    ) -> Result<bool, Failure> {
        let batch = match followed {
            Ok(batch) => batch,
            Err(FollowError::Plan(error)) if is_final(&error) => {
                return Err(unplanned(error, true));
            }
            Err(error) if error.is_final() => return Err(Failure::beginning(error)),
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "still trying: {error}");
                return match error {
                    // The log does not tell when it can be read again and nothing is new.
                    FollowError::Log(_) => Ok(false),
                    error => ending.keep_trying(error.to_string()).map(|()| false),
                };
            }
        };
        for odd in &batch.odd {
            let _ = writeln!(std::io::stderr(), "an event could not be read: {odd}");
        }
        let report = told(&batch);
        match batch.full {
            true => say!("{:<10}everybody: {report}", "followed"),
            false => {
                let (events, people) =
                    (thousands(batch.events as u64), thousands(batch.people as u64));
                say!("{:<10}{events} events of {people} people: {report}", "followed");
            }
        }
        let (full, came_or_went) = (batch.full, came_or_went(&batch));
        self.groups.iter_mut().for_each(|groups| groups.look_again(&batch.ids));
        ending.follow(self.delivery.what, batch, &self.delivery.store)?;
        if full {
            self.people.note_inactive(self.delivery.options, ending)?;
        }
        if let Some(invitations) = self.invitations {
            invitations.catch_up().await?;
        }
        if let Some(groups) = self.groups.as_mut().filter(|_| full || came_or_went) {
            groups.look_at_all();
            self.push_groups(ending).await?;
        }
        Ok(full)
    }

    async fn push_groups(&mut self, ending: &mut Ending) -> Result<(), Failure> {
        match &mut self.groups {
            Some(groups) if !self.delivery.stop.is_stopped() => groups.push(ending).await,
            _ => Ok(()),
        }
    }
}

/// The report, in which those failed, too, for whom nothing could be sent.
fn told(batch: &Followed) -> Report {
    let mut report = batch.report.clone();
    report.failed += batch.summary.conflicts + batch.summary.unreadable;
    report
}

/// Whether somebody is in the product now who was not, or is not any more, or goes by another key: groups
/// have members by that.
fn came_or_went(batch: &Followed) -> bool {
    let report = &batch.report;
    let renamed = batch.summary.renamed;
    report.created + report.existed + report.restored + report.removed + renamed > 0
}

fn is_final(error: &PlanError) -> bool {
    !matches!(error, PlanError::Source { .. } | PlanError::Target { .. })
}
