//! Which failures may pass, and waiting for that before a schedule begins.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use provisioning::{SourceError, Stop};
use rest_core::ErrorKind;

use crate::Failure;

/// The longest time until it is tried again.
const LONGEST: Duration = Duration::from_secs(60);

/// What a failed call says of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// It may go better: the server fails, or is busy.
    Passing,
    /// The server did not answer.
    Unreached,
    /// It will be refused in the same way: the credential, or its rights.
    Refused,
}

impl Call {
    /// Of the call that an error comes of, if it does.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(SourceError::Okta(error)) = error.downcast_ref() {
                return judged(error);
            }
            let found = error.downcast_ref().map(judged::<okta_client::OktaError>);
            let found =
                found.or_else(|| error.downcast_ref().map(judged::<scim_client::ScimError>));
            let found =
                found.or_else(|| error.downcast_ref().map(judged::<pendo_client::PendoError>));
            if let Some(judged) = found {
                return judged;
            }
            cause = error.source();
        }
        None
    }
}

fn judged<A>(error: &rest_core::Error<A>) -> Option<Call> {
    match error.status().map(|status| status.as_u16()) {
        Some(401 | 403) => Some(Call::Refused),
        Some(408 | 429 | 500..) => Some(Call::Passing),
        Some(_) => None,
        None => matches!(error.kind(), ErrorKind::Transport(_)).then_some(Call::Unreached),
    }
}

/// What is needed before the first run: with a schedule a failure that may pass is said, and it is tried
/// again; everything else ends it.
///
/// # Errors
/// What it failed with.
pub async fn ready<T>(
    period: Option<Duration>,
    stop: &Stop,
    mut prepare: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    loop {
        let failure = match (prepare().await, period) {
            (Err(failure @ (Failure::Running(_) | Failure::Unreached(_))), Some(_)) => failure,
            (ended, _) => return ended,
        };
        let pause = period.unwrap_or(LONGEST).min(LONGEST);
        let line = format!("not begun yet: {failure}; tried again in {} s", pause.as_secs());
        let _ = writeln!(std::io::stderr(), "{line}");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.stopped() => return Err(Failure::Stopped),
        }
    }
}
