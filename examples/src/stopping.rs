//! Ctrl-C and SIGTERM: a run ends in good order, or at once when it is told a second time.

use std::io::Write;

use futures::future::{Either, select};
use provisioning::Stop;
use tokio::sync::oneshot;

use crate::Failure;

/// What shells report of a program that ctrl-C ended.
const ENDED_AT_ONCE: i32 = 130;

/// The wish to end, which comes with ctrl-C or SIGTERM; with the second one the program ends at once.
///
/// # Errors
/// When the system does not let signals be heard.
pub fn stop_on_signals() -> Result<Stop, Failure> {
    let mut signals = Signals::listen().map_err(Failure::settings)?;
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        let line = "stopping: what is under way is finished first; once more ends at once";
        let _ = writeln!(std::io::stderr(), "{line}");
        let _ = tell.send(());
        signals.next().await;
        std::process::exit(ENDED_AT_ONCE);
    });
    Ok(Stop::when(async { drop(told.await) }))
}

/// What the future gives, unless the wish to end comes first: nothing has been sent then.
///
/// # Errors
/// [`Failure::Stopped`] when the wish came first.
pub async fn unless_stopped<T>(stop: &Stop, future: impl Future<Output = T>) -> Result<T, Failure> {
    let future = std::pin::pin!(future);
    match select(std::pin::pin!(stop.stopped()), future).await {
        Either::Left(_) => Err(Failure::Stopped),
        Either::Right((value, _)) => Ok(value),
    }
}

#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn next(&mut self) {
        let (interrupt, terminate) = (std::pin::pin!(self.0.recv()), std::pin::pin!(self.1.recv()));
        select(interrupt, terminate).await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Where ctrl-C cannot be heard, it ends the program by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
