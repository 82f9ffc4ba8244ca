//! After a full push: who changed, as the System Log and event hooks tell it.

use std::io::Write;
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use provisioning::{Follow, FollowError, Followed, Stop};

use crate::visitors::follow_report::twice;
use crate::visitors::incremental::{hint, unplanned};
use crate::{Failure, FollowReport, Pushed, Read, Visitors, ready, say, thousands, unless_stopped};

/// Brings those who change in Okta into Pendo.
#[derive(Debug)]
pub struct FollowVisitors<'a> {
    /// How.
    pub follow: Follow,
    /// Who they are.
    pub visitors: &'a Visitors,
    /// How long to wait at first until what failed is tried again.
    pub interval: Duration,
    /// When it is to end.
    pub stop: &'a Stop,
    /// What came of it.
    pub report: FollowReport,
}

impl FollowVisitors<'_> {
    /// Follows until it is told to end; a full run at first, and again now and then.
    ///
    /// # Errors
    /// When something was not delivered, a guard stops it, or the store or the log fails.
    pub async fn run(&self) -> Result<(), Failure> {
        match self.go_on().await {
            Err(Failure::Stopped) => self.report.cut_short(),
            Err(failure) => return Err(self.report.stopped(failure)),
            Ok(()) => {}
        }
        self.report.end()
    }

    async fn go_on(&self) -> Result<(), Failure> {
        if !self.follow.begins_with_everybody().map_err(Failure::running)? {
            let prepare =
                async || unless_stopped(self.stop, self.visitors.prepare()).await?.map(drop);
            ready(Some(self.interval), self.stop, prepare).await?;
            self.report.resume(self.follow.conflicts().map_err(Failure::running)?)?;
        }
        let batches = self.follow.clone().stream();
        pin_mut!(batches);
        while let Some(followed) = batches.next().await {
            self.settle(followed)?;
        }
        Ok(())
    }

    fn settle(&self, followed: Result<Followed, FollowError>) -> Result<(), Failure> {
        let read = self.visitors.take_read();
        let batch = match followed {
            Ok(batch) => batch,
            Err(error) => return self.keep_trying(error),
        };
        for odd in &batch.odd {
            let _ = writeln!(std::io::stderr(), "an event could not be read: {odd}");
        }
        self.print(&batch, &read);
        let conflicts = self.follow.conflicts().map_err(Failure::running)?;
        self.report.add(batch, &read, conflicts)
    }

    fn print(&self, batch: &Followed, read: &Read) {
        hint(&batch.summary);
        if batch.full {
            read.print(&self.visitors.who.visitor_id);
            Pushed::from(batch.clone()).print();
        } else if batch.people > 0 {
            say!(
                "follow  {} events of {} people: {} updated, {} as they were, {} unknown to Pendo, {} failed{}",
                thousands(batch.events as u64),
                thousands(batch.people as u64),
                thousands(batch.report.delivered()),
                thousands(batch.summary.unchanged),
                thousands(batch.report.left_out),
                thousands(batch.report.failed + read.failed()),
                twice(batch.summary.conflicts)
            );
        }
    }

    fn keep_trying(&self, error: FollowError) -> Result<(), Failure> {
        // The log does not tell when it can be read again and nothing is new.
        let is_late = matches!(error, FollowError::Log(_));
        let failure = match error {
            FollowError::Plan(error) => unplanned(error),
            error if error.is_final() => return Err(Failure::beginning(error)),
            error => Failure::running(error),
        };
        if !matches!(failure, Failure::Running(_) | Failure::Unreached(_)) {
            return Err(failure);
        }
        let _ = writeln!(std::io::stderr(), "still trying: {failure}");
        if is_late { Ok(()) } else { self.report.keep_trying(&failure) }
    }
}
