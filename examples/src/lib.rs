//! What the example programs share: which systems they talk to, which fields they push, how they
//! show progress and report.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadMe;

pub mod actions;
mod backup;
mod csv;
mod departing;
mod ending;
mod fields;
mod follow_groups;
mod follow_report;
mod follow_visitors;
mod following;
mod full_push;
mod group_push;
mod hook_listener;
mod incremental;
mod invitations;
mod losses;
mod okta_define;
mod okta_setup;
mod options;
mod own_file;
mod part;
mod patience;
mod people;
mod plan_file;
mod prepare;
mod progress;
mod pushed_groups;
mod report;
mod rivals;
mod run;
mod scim_check;
mod scim_systems;
mod scim_target;
mod serving;
mod start;
mod stopping;
mod summary;
mod switches;
mod systems;
mod typed;
mod undo;
mod visitor_guard;
mod visitor_plan;
mod visitor_source;

pub use backup::Backup;
pub use departing::departing;
pub use ending::Ending;
pub use fields::{FieldMap, FieldRow, LeftOut, Scope, Sent, has_value};
pub use follow_groups::FollowGroups;
pub use follow_report::FollowReport;
pub use follow_visitors::FollowVisitors;
pub use following::{Following, check_log};
pub use full_push::FullPush;
pub use group_push::{GroupPush, PushGroup, check_admins, read_groups};
pub use hook_listener::{HookListener, HookOptions};
pub use incremental::{Incremental, Pushed};
pub use invitations::{Invitations, Inviting};
pub use losses::LossOptions;
pub use okta_define::{Definition, define};
pub use okta_setup::OktaSetup;
pub use options::{
    BasisOption, InactiveStatuses, MaxRemovals, OF_RUNS, RunOptions, ScopeOptions, Switches,
    duration, name,
};
pub use own_file::refuse_same;
pub use patience::ready;
pub use people::{MappedPeople, find_group, with_members};
pub use prepare::{FieldOptions, ListsAs, Preparation};
pub use progress::Progress;
pub use pushed_groups::{Unlink, pushed_ids, remember_names};
pub use report::{ReportFile, stopped, thousands};
pub use run::{Delivery, Records, again};
pub use scim_check::{check, check_sign_on};
pub use scim_systems::{ScimSystems, SharedStore};
pub use scim_target::ScimTarget;
pub use serving::{serve, whole_body, whole_request};
pub use start::{arguments, ended, in_one_line, parsed, secret_of};
pub use stopping::{stop_on_signals, unless_stopped};
pub use summary::{Read, print_report};
pub use switches::Switched;
pub use systems::{SandboxOptions, Systems, connect_okta, origin};
pub use typed::{typed, with_rows};
pub use undo::Undo;
pub use visitor_guard::judge_first;
pub use visitor_plan::show_visitors;
pub use visitor_source::{Listing, VisitorOptions, list_fields, records};

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
