//! One run of a program: source, plan, guards, and then the plan is shown, written down or applied.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt, pin_mut};
use provisioning::{
    Basis, Follow, FollowError, Guard, Outcome, Plan, PlanError, Record, Stop, Target, every,
};

use crate::{
    BoxError, Ending, Failure, MappedPeople, MaxRemovals, Progress, RunOptions, SharedStore, say,
    thousands,
};

/// The safety net of `--follow`.
const FULL_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// What the source holds, as it shall be in the target.
pub type Records = BoxStream<'static, Result<Record, BoxError>>;

/// What brings records of one kind into one target.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// How the run goes.
    pub options: &'a RunOptions,
    /// What the records are: people, groups.
    pub what: &'static str,
    /// Where they go.
    pub target: Arc<dyn Target>,
    /// What is remembered.
    pub store: SharedStore,
    /// What the source is compared with.
    pub basis: Basis,
    /// Rules that the plan has to keep.
    pub guards: Vec<Guard>,
}

impl Delivery<'_> {
    /// Plans, and then applies the plan unless it is to be shown or written down only.
    ///
    /// # Errors
    /// When there is no plan: the source failed, or a guard stopped it. What could not be delivered is in
    /// the ending.
    pub async fn run(
        &self,
        records: Records,
        ending: &mut Ending,
        heed: impl FnMut(&Outcome),
    ) -> Result<Plan, Failure> {
        let plan = self.plan(records).await?;
        self.summarise(&plan);
        self.carry_out(&plan, ending, heed).await?;
        Ok(plan)
    }

    /// The plan: computed, or the one of `--apply-plan`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn plan(&self, records: Records) -> Result<Plan, Failure> {
        let mapping = self.options.mapping_text()?;
        if let Some(path) = &self.options.apply_plan {
            return crate::plan_file::read(path, &self.target, &self.store, &mapping).await;
        }
        let mut compute = Plan::compute(records, Arc::clone(&self.target))
            .store(Arc::clone(&self.store))
            .basis(self.basis)
            .made_with(&mapping);
        for guard in self.guards.clone() {
            compute = compute.guard(guard);
        }
        if let Some(most) = self.options.max_removals {
            compute = compute.guard(most.guard());
        }
        compute.await.map_err(unplanned)
    }

    /// Says what the plan would do.
    pub fn summarise(&self, plan: &Plan) {
        let summary = plan.summary();
        say!("{:<10}{} {} in Okta", "read", thousands(summary.read), self.what);
        say!("{:<10}{summary}", "plan");
        if summary.without_key > 0 {
            say!(
                "{:<10}{} without key: the `key` of --mapping gives them none",
                "left out",
                thousands(summary.without_key)
            );
        }
    }

    /// Shows the plan, writes it down, or applies it.
    ///
    /// # Errors
    /// When it cannot be shown or written down.
    pub async fn carry_out(
        &self,
        plan: &Plan,
        ending: &mut Ending,
        heed: impl FnMut(&Outcome),
    ) -> Result<(), Failure> {
        if self.options.plan {
            crate::plan_file::show(plan)?;
        }
        if let Some(path) = &self.options.export_plan {
            crate::plan_file::write(plan, path)?;
        }
        match self.options.sends() {
            true => self.apply(plan, ending, heed).await,
            false => {
                say!("{:<10}nothing was sent", "");
                Ok(())
            }
        }
    }

    /// Brings what changes as the System Log tells it, without an end, and everybody once a day.
    ///
    /// # Errors
    /// When a guard stops it, or the store fails.
    pub async fn follow(&self, people: &MappedPeople) -> Result<(), Failure> {
        let follow = Follow::new(
            people.source().clone(),
            Arc::clone(&people.mapping),
            Arc::clone(&self.target),
            Arc::clone(&self.store),
        );
        let limit = self.options.max_removals.map(MaxRemovals::guard);
        let guards = self.guards.iter().cloned().chain(limit);
        let follow = guards.fold(follow, Follow::guard).basis(self.basis).full_every(FULL_EVERY);
        let batches = follow.concurrency(self.options.concurrency.into()).stream();
        pin_mut!(batches);
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) if batch.full => say!("{:<10}everybody: {}", "followed", batch.report),
                Ok(batch) => {
                    let (events, people) = (batch.events, batch.people);
                    say!("{:<10}{events} events of {people} people: {}", "followed", batch.report);
                }
                Err(FollowError::Plan(error)) if is_final(&error) => return Err(unplanned(error)),
                Err(error) if error.is_final() => return Err(Failure::running(error)),
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "still trying: {error}");
                }
            }
        }
        Ok(())
    }

    async fn apply(
        &self,
        plan: &Plan,
        ending: &mut Ending,
        mut heed: impl FnMut(&Outcome),
    ) -> Result<(), Failure> {
        let mut apply = plan.apply().concurrency(self.options.concurrency.into());
        if let Some(limit) = self.options.limit {
            apply = apply.limit(limit);
        }
        let (outcomes, mut progress) = (apply.stream(), Progress::start());
        pin_mut!(outcomes);
        while let Some(outcome) = outcomes.next().await {
            progress.add(1);
            heed(&outcome);
            ending.note(self.what, outcome)?;
        }
        progress.finish();
        ending.compare(self.what, plan)
    }
}

fn is_final(error: &PlanError) -> bool {
    !matches!(error, PlanError::Source { .. } | PlanError::Target { .. })
}

fn unplanned(error: PlanError) -> Failure {
    match error {
        PlanError::Guard { guard, summary } => {
            let hint = match guard.to_string() {
                line if line.contains("removed") => "; --max-removals allows more",
                _ => "",
            };
            Failure::Guard(format!("stopped before anything was sent: {guard}{hint} ({summary})"))
        }
        PlanError::Source { .. } | PlanError::Target { .. } => Failure::running(error),
        other => Failure::settings(other),
    }
}

/// Runs once, or with `--every` again and again: what failed is said, and tried by the next run.
///
/// # Errors
/// What the one run failed with; of many, only wrong settings end the series.
pub async fn again<F>(options: &RunOptions, mut run: impl FnMut() -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let Some(period) = options.every else { return run().await };
    let ended = every(period, Stop::never(), || {
        let run = run();
        async move {
            match run.await {
                Ok(()) => {}
                Err(failure @ Failure::Settings(_)) => return ControlFlow::Break(failure),
                Err(failure) => {
                    let _ = writeln!(
                        std::io::stderr(),
                        "this run: {failure}; the next one tries again"
                    );
                }
            }
            say!(
                "{:<10}the next run begins {} s after this one began",
                "waiting",
                period.as_secs()
            );
            ControlFlow::Continue(())
        }
    });
    ended.await.map_or(Ok(()), Err)
}
