//! The options that mean the same in every program.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use okta_client::UserStatus;
use provisioning::{Basis, Guard, Mapping};

use crate::own_file::refuse_same;
use crate::report::announce;
use crate::{Failure, LossOptions, say};

// Headings of single options: that of a whole group would go on for the options after it.
const IN_SCOPE: &str = "Who is in scope (everybody who is not deactivated, unless told otherwise)";
const PROVISIONED: &str = "What is provisioned (everything, unless told otherwise)";

/// The options that rule how people are provisioned from here, and rule nothing where Okta is set up.
pub const OF_RUNS: [&str; 13] = [
    "limit",
    "every",
    "follow",
    "mapping",
    "max_removals",
    "inactive_statuses",
    "basis",
    "export_plan",
    "max_changes",
    "apply_plan",
    "store",
    "concurrency",
    "poll",
];

/// How a run goes: what is shown, what is sent, what is kept.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Show what would be done, with the old and new value of each field, and send nothing
    #[arg(long, conflicts_with = "report")]
    pub plan: bool,
    /// Test keys, rights and prerequisites, and change nothing; with --follow the right to read the log, too.
    /// No report is written
    #[arg(long, conflicts_with = "plan")]
    pub check: bool,
    /// Send only the first N changes, as a canary; the others wait for the next run
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Run again and again, such as every 15m (s, m, h, d); never two runs at once. Ctrl-C ends it in good
    /// order, a second one at once
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["plan", "check"])]
    pub every: Option<Duration>,
    /// Go on until ctrl-C: bring what changes as Okta's System Log tells it, and everybody now and then:
    /// once a day, or every --every
    #[arg(long, conflicts_with_all = ["plan", "export_plan"])]
    pub follow: bool,
    /// How long --follow waits before it asks the log again, such as 5s
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s", requires = "follow",
        conflicts_with = "plan")]
    pub poll: Duration,
    /// Write a report as JSON, with every record that was not delivered and why; with --follow anew after
    /// each full run, when something fails, and at the end
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Where is remembered what was delivered, a SQLite file [default: one for these systems in the
    /// state folder of who runs it; in memory for the sandbox]
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Which attribute comes of which expression, TOML or JSON; `--show-mapping` prints the one there is
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Print the mapping, to be changed and given to --mapping, and end
    #[arg(long)]
    pub show_mapping: bool,
    /// How much may be lost.
    #[command(flatten)]
    pub losses: LossOptions,
    /// Okta statuses whose people are not active in the product: they are not created, and deactivated if
    /// they are there; `none`, or some of staged, suspended, locked_out, password_expired, recovery and
    /// provisioned. Deprovisioned people never are active, people of all other statuses always
    /// [default: staged,suspended]
    #[arg(long, value_name = "STATUSES")]
    pub inactive_statuses: Option<InactiveStatuses>,
    /// What Okta is compared with: what was last delivered, or what the product holds now
    #[arg(long, value_enum)]
    pub basis: Option<BasisOption>,
    /// Write the plan to a file, as JSON lines, and send nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply_plan", "report", "check"])]
    pub export_plan: Option<PathBuf>,
    /// At most so many may change in any way in a run
    #[arg(long, value_name = "N")]
    pub max_changes: Option<u64>,
    /// Apply a plan from such a file, which is of people: groups are compared when it is applied. Refused if
    /// the world has moved on since; after a canary the same file brings the rest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "every", "check"])]
    pub apply_plan: Option<PathBuf>,
    /// Calls to the product under way at once, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub concurrency: u8,
}

/// What a plan compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BasisOption {
    /// Only what changed in Okta since the last run is sent
    Delivered,
    /// The product is read first, and what somebody changed there is put back
    Target,
}

/// The most that may be taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRemovals {
    /// A share of what is there by our doing, from 0 to 1.
    Share(f64),
    /// So many.
    Count(u64),
}

impl FromStr for MaxRemovals {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a share such as 5% nor a number such as 10");
        let Some(percent) = text.trim().strip_suffix('%') else {
            return text.trim().parse().map(Self::Count).map_err(|_| wrong());
        };
        let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
        (0.0..=100.0).contains(&percent).then_some(Self::Share(percent / 100.0)).ok_or_else(wrong)
    }
}

/// So many may always get another key.
const FEW: u64 = 5;

impl MaxRemovals {
    /// The rules of this limit.
    pub fn guards(self) -> [Guard; 4] {
        match self {
            Self::Share(share) => [
                Guard::removals_at_most(share),
                Guard::values_erased_at_most(share),
                Guard::renamed_at_most(share),
                Guard::members_lost_at_most(share),
            ],
            Self::Count(count) => [
                Guard::removals_at_most_count(count),
                Guard::values_erased_at_most_count(count),
                // Who only gets another key is not lost.
                Guard::renamed_at_most_count(count.max(FEW)),
                Guard::members_lost_at_most_count(count),
            ],
        }
    }
}

/// Statuses in Okta whose people are not active in a product.
#[derive(Clone, Debug, PartialEq)]
pub struct InactiveStatuses(pub Vec<UserStatus>);

impl Default for InactiveStatuses {
    fn default() -> Self {
        Self(vec![UserStatus::Staged, UserStatus::Suspended])
    }
}

impl FromStr for InactiveStatuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use UserStatus::{LockedOut, PasswordExpired, Provisioned, Recovery, Staged, Suspended};
        if text.trim().eq_ignore_ascii_case("none") {
            return Ok(Self(Vec::new()));
        }
        let known = [Staged, Suspended, LockedOut, PasswordExpired, Recovery, Provisioned];
        let status = |name: &str| {
            let found = known.iter().find(|one| one.as_str().eq_ignore_ascii_case(name.trim()));
            found.cloned().ok_or_else(|| {
                let names: Vec<String> =
                    known.iter().map(|one| one.as_str().to_lowercase()).collect();
                format!("`{name}` is not one of {}; `none` is none of them", names.join(", "))
            })
        };
        text.split(',').map(status).collect::<Result<_, _>>().map(Self)
    }
}

/// A time such as `90s`, `15m`, `2h`, `1d`.
///
/// # Errors
/// When it is none.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as 90s, 15m, 2h or 1d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - unit.len_utf8()].trim().parse().map_err(|_| wrong())?;
    let seconds = count.checked_mul(seconds).filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// A name in a list, such as `--admins a@x.example, b@x.example`.
///
/// # Errors
/// When it is empty.
pub fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name in it is empty".to_owned()),
        name => Ok(name.to_owned()),
    }
}

impl RunOptions {
    /// The mapping of `--mapping`, or this one.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn mapping_or(&self, default: &str) -> Result<Mapping, Failure> {
        let read = match &self.mapping {
            Some(path) => Mapping::read(path),
            None => Mapping::from_toml(default),
        };
        read.map_err(|error| match &self.mapping {
            Some(_) => Failure::Settings(format!("--mapping: {error}")),
            None => Failure::settings(error),
        })
    }

    /// The text of `--mapping`; none for the mapping that the program has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mapping_text(&self) -> Result<String, Failure> {
        let read = self.mapping.as_ref().map(std::fs::read_to_string).transpose();
        let text = read.map_err(|error| Failure::Settings(format!("--mapping: {error}")))?;
        Ok(text.unwrap_or_default())
    }

    /// Prints the mapping of `--mapping`, or this one.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn print_mapping(&self, default: &str) -> Result<(), Failure> {
        match &self.mapping {
            Some(_) => say!("{}", self.mapping_or(default)?.to_toml().map_err(Failure::settings)?),
            None => say!("{}", default.trim_end()),
        }
        Ok(())
    }

    /// What is compared with, unless the program has a better idea.
    pub fn basis_or(&self, default: Basis) -> Basis {
        match self.basis {
            Some(BasisOption::Delivered) => Basis::Delivered,
            Some(BasisOption::Target) => Basis::Target,
            None => default,
        }
    }

    /// What does not go with --follow or --export-plan, and why; and options that name the same file.
    ///
    /// # Errors
    /// Says which option, and what to do instead.
    pub fn check_follow(&self) -> Result<(), Failure> {
        let why = match self {
            Self { follow: true, limit: Some(_), .. } => {
                "--limit does not go with --follow: a canary ends, following does not; run once with --limit first"
            }
            Self { follow: true, apply_plan: Some(_), .. } => {
                "--apply-plan does not go with --follow: a plan is brought about once; apply it first"
            }
            Self { export_plan: Some(_), limit: Some(_), .. } => {
                "--limit does not go with --export-plan: the file holds the whole plan; give --limit to --apply-plan, \
                 which goes on with the rest when it gets the file again"
            }
            _ => return self.check_files(&[]),
        };
        Err(Failure::settings(why))
    }

    /// Refuses options that name the same file, these among them.
    ///
    /// # Errors
    /// Says which two do.
    pub fn check_files(&self, more: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
        let own = [
            ("--store", &self.store),
            ("--mapping", &self.mapping),
            ("--report", &self.report),
            ("--export-plan", &self.export_plan),
            ("--apply-plan", &self.apply_plan),
        ];
        let own = own.map(|(option, path)| (option, path.as_deref()));
        refuse_same(&[&own, more].concat())
    }

    /// Says in the file of `--report` that this run has begun.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn announce(&self) -> Result<(), Failure> {
        announce(self.report.as_deref().filter(|_| self.sends()))
    }

    /// The rules that options set.
    pub fn limits(&self) -> impl Iterator<Item = Guard> + use<> {
        self.losses.guards().chain(self.max_changes.map(Guard::changes_at_most))
    }

    /// The statuses whose people are not active.
    pub fn inactive(&self) -> Vec<UserStatus> {
        self.inactive_statuses.clone().unwrap_or_default().0
    }

    /// How long to wait before what cannot begin is tried again; none where it is not.
    pub fn patience(&self) -> Option<Duration> {
        self.every.or((self.follow && !self.check).then_some(self.poll))
    }

    /// Whether anything is sent.
    pub fn sends(&self) -> bool {
        !self.plan && !self.check && self.export_plan.is_none()
    }
}

/// Who is in scope.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub struct ScopeOptions {
    /// Only people who match, such as 'profile.department eq "Sales"'; 50,000 at most
    #[arg(long, value_name = "EXPRESSION", help_heading = IN_SCOPE)]
    pub search: Option<String>,
    /// Only members of this Okta group, by name or id
    #[arg(long, value_name = "GROUP", help_heading = IN_SCOPE)]
    pub group: Option<String>,
    /// Only people who are assigned to this Okta app, directly or through a group
    #[arg(long, value_name = "ID", help_heading = IN_SCOPE)]
    pub app: Option<String>,
}

/// Which kinds of changes are sent, as in Okta's "To App" settings.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Switches {
    /// Do not create users, nor take back who was deactivated
    #[arg(long, help_heading = PROVISIONED)]
    pub no_create: bool,
    /// Do not update attributes of users
    #[arg(long, help_heading = PROVISIONED)]
    pub no_update: bool,
    /// Do not deactivate users who left
    #[arg(long, help_heading = PROVISIONED)]
    pub no_deactivate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_shares_or_numbers() {
        assert_eq!("5%".parse(), Ok(MaxRemovals::Share(0.05)));
        assert_eq!("100 %".parse(), Ok(MaxRemovals::Share(1.0)));
        assert_eq!("12".parse(), Ok(MaxRemovals::Count(12)));
        for wrong in ["", "%", "-1", "101%", "x", "0.5"] {
            assert!(wrong.parse::<MaxRemovals>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn statuses_are_known_ones() {
        let parsed = |text: &str| text.parse::<InactiveStatuses>().map(|statuses| statuses.0);
        assert_eq!(parsed("none"), Ok(Vec::new()));
        assert_eq!(
            parsed("Staged, LOCKED_OUT"),
            Ok(vec![UserStatus::Staged, UserStatus::LockedOut])
        );
        for wrong in ["", "active", "deprovisioned", "staged,none", "staged,", "frozen"] {
            let error = parsed(wrong).unwrap_err();
            assert!(error.contains("password_expired") && error.contains("none"), "{error}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        let seconds = |text| duration(text).map(|time| time.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("2h"), Ok(7_200));
        assert_eq!(seconds("1d"), Ok(86_400));
        for wrong in ["", "15", "m", "0s", "-1m", "1w", "1.5h", "99999999999999999999d", "5µ"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
