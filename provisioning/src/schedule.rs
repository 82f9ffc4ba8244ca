//! When runs begin, and when they are asked to end.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Either, Shared, pending, select};
use tokio::time::{Instant, sleep_until};

/// The wish that a run ends soon: what is under way is finished, and nothing more begun. Clones are the
/// same wish.
///
/// ```no_run
/// # async fn run(plan: provisioning::Plan, ctrl_c: impl Future<Output = std::io::Result<()>> + Send + 'static) {
/// use futures::StreamExt;
/// use provisioning::{Report, Stop};
///
/// let stop = Stop::when(async { drop(ctrl_c.await) }); // such as tokio::signal::ctrl_c()
/// let report: Report = plan.apply().until(stop).stream().collect().await;
/// # }
/// ```
#[derive(Clone)]
pub struct Stop(Shared<BoxFuture<'static, ()>>);

impl Stop {
    /// A wish that never comes.
    pub fn never() -> Self {
        Self::when(pending())
    }

    /// A wish that comes when this future ends, which is polled as soon as somebody asks.
    pub fn when(wish: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(wish.boxed().shared())
    }

    /// Whether it came.
    pub fn is_stopped(&self) -> bool {
        self.0.clone().now_or_never().is_some()
    }

    /// Ends when it comes.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.clone()
    }

    /// What the future gives, or nothing if the wish comes first.
    pub(crate) async fn or<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let future = std::pin::pin!(future);
        match select(self.stopped(), future).await {
            Either::Left(_) => None,
            Either::Right((value, _)) => Some(value),
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").finish_non_exhaustive()
    }
}

/// Runs at once, and then again and again: a run begins this long after the one before it began, or at
/// once when that one took longer. Never two at the same time.
///
/// It ends with what a run breaks with, or with nothing when it is asked to stop: at once between two
/// runs, and otherwise when the run that is under way has ended. Give that run the same [`Stop`].
///
/// ```
/// use std::ops::ControlFlow;
/// use std::time::Duration;
/// use provisioning::{Stop, every};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut runs = 0;
/// let ended = every(Duration::from_millis(1), Stop::never(), || {
///     runs += 1;
///     let run = runs;
///     async move { if run < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break("enough") } }
/// });
/// assert_eq!(ended.await, Some("enough"));
/// # });
/// ```
pub async fn every<F, T>(period: Duration, stop: Stop, mut run: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = ControlFlow<T>>,
{
    while !stop.is_stopped() {
        let began = Instant::now();
        if let ControlFlow::Break(result) = run().await {
            return Some(result);
        }
        match began.checked_add(period) {
            Some(next) => stop.or(sleep_until(next)).await?,
            None => stop.stopped().await,
        }
    }
    None
}
