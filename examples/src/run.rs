//! One run of a program: source, plan, guards, and then the plan is shown, written down or applied.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt, pin_mut};
use provisioning::{
    Basis, Guard, OktaPeople, Outcome, Plan, PlanError, Record, Stop, Target, every,
};

use crate::{
    BoxError, Ending, Failure, Progress, RunOptions, SharedStore, say, thousands, unless_stopped,
};

/// What the source holds, as it shall be in the target.
pub type Records = BoxStream<'static, Result<Record, BoxError>>;

/// What brings records of one kind into one target.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// How the run goes.
    pub options: &'a RunOptions,
    /// What the records are: people, groups.
    pub what: &'static str,
    /// Where they come from, such as `in Okta`.
    pub from: String,
    /// Where they go.
    pub target: Arc<dyn Target>,
    /// What is remembered.
    pub store: SharedStore,
    /// What the source is compared with.
    pub basis: Basis,
    /// Rules that the plan has to keep.
    pub guards: Vec<Guard>,
    /// The people of Okta whom the records are made of; none where they come from elsewhere.
    pub people: Option<&'a OktaPeople>,
    /// When it is to end.
    pub stop: Stop,
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
            let (target, store, guards) = (&self.target, &self.store, self.all_guards());
            return crate::plan_file::read(path, target, store, &mapping, guards).await;
        }
        let mut compute = Plan::compute(records, Arc::clone(&self.target))
            .store(Arc::clone(&self.store))
            .basis(self.basis)
            .made_with(&mapping);
        if let Some(people) = self.people {
            compute = compute.source(people.org()).selection(&people.selection());
        }
        for guard in self.all_guards() {
            compute = compute.guard(guard);
        }
        unless_stopped(&self.stop, compute.into_future())
            .await?
            .map_err(|error| unplanned(error, self.people.is_some()))
    }

    /// The rules of the program, and those that options set.
    fn all_guards(&self) -> impl Iterator<Item = Guard> {
        self.guards.clone().into_iter().chain(self.options.limits())
    }

    /// Says what the plan would do.
    pub fn summarise(&self, plan: &Plan) {
        let summary = plan.summary();
        say!("{:<10}{} {} {}", "read", thousands(summary.read), self.what, self.from);
        say!("{:<10}{summary}", "plan");
        if summary.without_key > 0 {
            say!(
                "{:<10}{} without key: the `key` of --mapping gives them none: {}",
                "left out",
                thousands(summary.without_key),
                summary.without_key_first.join("; ")
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

    async fn apply(
        &self,
        plan: &Plan,
        ending: &mut Ending,
        mut heed: impl FnMut(&Outcome),
    ) -> Result<(), Failure> {
        let apply = plan.apply().concurrency(self.options.concurrency.into());
        let mut apply = apply.until(self.stop.clone());
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

pub(crate) fn unplanned(error: PlanError, is_from_okta: bool) -> Failure {
    match error {
        PlanError::Guard { guard, summary } => {
            let hint = match guard.to_string() {
                _ if guard.is_of_losses() => "; --max-removals allows more",
                line if !line.contains("source is empty") => "",
                _ if is_from_okta => {
                    "; --search, --group or --app say who is in scope, and the Okta credential has to be able to read \
                     them"
                }
                _ => "; --max-removals 100% takes that for meant",
            };
            Failure::Guard(format!("stopped before anything was sent: {guard}{hint} ({summary})"))
        }
        PlanError::Source { .. } | PlanError::Target { .. } => Failure::beginning(error),
        PlanError::Store(error) => Failure::running(error),
        other => Failure::settings(other),
    }
}

/// Runs once, or with `--every` again and again until it is told to end: what failed is said, and tried by
/// the next run, but for wrong settings at the start.
///
/// # Errors
/// What the one run failed with, or the last of many.
pub async fn again<F>(
    period: Option<Duration>,
    stop: &Stop,
    mut run: impl FnMut() -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let Some(period) = period else { return run().await };
    let last: RefCell<Option<Result<(), Failure>>> = RefCell::new(None);
    let ended = every(period, stop.clone(), || {
        let (run, last, is_first) = (run(), &last, last.borrow().is_none());
        async move {
            let ended = run.await;
            match &ended {
                Err(Failure::Settings(_)) if is_first => return ControlFlow::Break(ended),
                Err(failure) if !stop.is_stopped() => {
                    let line = format!("this run: {failure}; the next one tries again");
                    let _ = writeln!(std::io::stderr(), "{line}");
                }
                _ => {}
            }
            *last.borrow_mut() = Some(ended);
            if !stop.is_stopped() {
                let seconds = period.as_secs();
                say!("{:<10}the next run begins {seconds} s after this one began", "waiting");
            }
            ControlFlow::Continue(())
        }
    });
    let ended = ended.await;
    ended.or(last.into_inner()).unwrap_or(Ok(()))
}
