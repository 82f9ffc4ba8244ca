//! What the example programs share: which systems they talk to, which fields they push, how they
//! show progress and report.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadMe;

pub mod actions;
mod losses;
mod options;
mod own_file;
mod patience;
mod plan_file;
mod progress;
mod report;
mod run;
mod scim;
mod serving;
mod start;
mod stopping;
mod systems;
mod visitors;

pub use losses::LossOptions;
pub use options::{
    BasisOption, InactiveStatuses, MaxRemovals, OF_RUNS, RunOptions, ScopeOptions, Switches,
    duration, name,
};
pub use own_file::refuse_same;
pub use patience::ready;
pub use progress::Progress;
pub use provisioning::thousands;
pub use report::{ReportFile, announce, stopped};
pub use run::{Delivery, Records, again};
pub use scim::*;
pub use serving::{serve, whole_body, whole_request};
pub use start::{arguments, ended, in_one_line, parsed, secret_of};
pub use stopping::{stop_on_signals, unless_stopped};
pub use systems::{SandboxOptions, Systems, connect_okta, origin};
pub use visitors::*;

use patience::Call;

/// Prints a line. Unlike `println!` it goes on when nobody reads any more: a run must not end half-way
/// because its output was piped into `head`.
#[macro_export]
macro_rules! say {
    ($($line:tt)*) => {{
        use ::std::io::Write as _;
        let _ = ::std::writeln!(::std::io::stdout(), $($line)*);
    }};
}

/// Why a program ends without having done its work; decides its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Wrong use or settings: nothing was sent.
    #[error("{0}")]
    Settings(String),
    /// A system cannot be reached: it may be down, or its address wrong.
    #[error("{0}")]
    Unreached(String),
    /// It showed only while running.
    #[error("{0}")]
    Running(String),
    /// The report says what was not delivered.
    #[error("not everything was delivered")]
    Undelivered,
    /// A guard stopped it before anything was sent.
    #[error("{0}")]
    Guard(String),
    /// Ctrl-C or SIGTERM came while it prepared.
    #[error("stopped before the delivery began")]
    Stopped,
}

impl Failure {
    /// A wrong setting, told by an error or a text; but for a call that may go better the next time: that
    /// is a failure while running.
    pub fn settings(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        match Call::of(&*error) {
            Some(Call::Passing) => Self::Running(with_root_cause(error)),
            Some(Call::Unreached) => Self::Unreached(with_root_cause(error)),
            _ => Self::Settings(with_root_cause(error)),
        }
    }

    /// What kept a run from beginning: a wrong setting if a credential was refused, else a failure while
    /// running.
    pub(crate) fn beginning(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        match Call::of(&*error) {
            Some(Call::Refused) => Self::Settings(with_root_cause(error)),
            _ => Self::Running(with_root_cause(error)),
        }
    }

    /// A failure while running, told by an error or a text.
    pub fn running(error: impl Into<BoxError>) -> Self {
        Self::Running(with_root_cause(error.into()))
    }

    /// 1: something was not delivered; 2: wrong use or settings; 3: a guard stopped it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Unreached(_) => 2,
            Self::Running(_) | Self::Undelivered | Self::Stopped => 1,
            Self::Guard(_) => 3,
        }
    }
}

/// An error of any kind.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One line: what failed, and in brackets what lies at the bottom of it, such as `Connection refused`.
fn with_root_cause(error: BoxError) -> String {
    let line = error.to_string();
    let mut cause: &dyn std::error::Error = &*error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match cause.to_string() {
        root if line.contains(&root) => line,
        root => format!("{line} ({})", root.replace(['\r', '\n'], " ")),
    }
}
