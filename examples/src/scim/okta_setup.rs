//! Lets Okta provision by itself: connection, features, assignment and group push, through its API where
//! the app allows it, and as steps in the console where not.

use std::path::Path;
use std::time::Duration;

use futures::TryStreamExt;
use okta_client::{Group, GroupPushStatus, PushMapping, PushTarget};
use provisioning::Mapping;
use provisioning::source::Scope;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    Backup, Failure, MappedPeople, ReportFile, RunOptions, ScimSystems, Switches, check_admins,
    find_group, read_groups, say, stopped,
};

/// What Okta shall do by itself.
#[derive(Debug)]
pub struct OktaSetup<'a> {
    /// The org, and the product.
    pub systems: &'a ScimSystems,
    /// Whether anything is sent, and where the report goes.
    pub run: &'a RunOptions,
    /// The app that stands for the product.
    pub app: String,
    /// Makes of members of groups what administrators are named by.
    pub mapping: Mapping,
    /// Which changes are sent.
    pub switches: Switches,
    /// Groups of Okta that are assigned and pushed.
    pub groups: &'a [String],
    /// Of whom one has to be in the first group that is ever pushed.
    pub admins: &'a [String],
    /// Where everything is written that the product holds before anything is set.
    pub backup: Option<&'a Path>,
    /// How long a group push may take until Okta says what became of it.
    pub wait: Duration,
}

/// How long after a look at a group push comes the next one.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What came of it, for the report.
#[derive(Debug, Default)]
struct Reached {
    is_set_up: bool,
    pushed: Vec<String>,
    /// A group, and why it is not pushed.
    failed: Option<(String, String)>,
}

impl OktaSetup<'_> {
    /// Sets it up, or prints what has to be clicked.
    ///
    /// # Errors
    /// When Okta refuses something, no administrator is in the first group, or a group push ends in an error.
    pub async fn run(&self) -> Result<(), Failure> {
        let path = self.run.report.as_deref();
        let report = path.map(ReportFile::create).transpose();
        let report = report.map_err(|error| Failure::Settings(error.to_string()))?;
        let mut reached = Reached::default();
        let ended = self.set_up(&mut reached).await;
        let Some(report) = report else { return ended };
        match ended {
            Err(failure) if reached.failed.is_none() => Err(stopped(Some(report), failure)),
            ended => {
                let fail = |error: std::io::Error| Failure::Running(error.to_string());
                self.write(report, &reached).map_err(fail).and(ended)
            }
        }
    }

    async fn set_up(&self, reached: &mut Reached) -> Result<(), Failure> {
        if self.groups.is_empty() && !self.admins.is_empty() {
            return Err(Failure::settings(
                "--admins: name the group with them by --push-groups; it is looked for them before it is pushed",
            ));
        }
        let okta = &self.systems.okta;
        let connection = okta.apps().connection(&self.app);
        let there = match connection.get().await {
            Ok(there) => there.is_supported(),
            Err(error) if not_supported(&error) => false,
            Err(error) => return Err(Failure::settings(error)),
        };
        let groups = self.checked_groups().await?;
        if let Some(path) = self.backup.filter(|_| self.run.sends()) {
            Backup::write(&self.systems.scim, path).await?;
        }
        if !there {
            self.print_steps();
            return Ok(());
        }
        let base_url = self.systems.scim.base_url().to_string();
        if !self.run.sends() {
            say!("{:<10}Okta would provision to {base_url}", "plan");
            self.say_features();
            say!("{:<10}these groups would be assigned and pushed: {}", "", self.names());
            say!("{:<10}nothing was sent", "");
            return Ok(());
        }
        let token = self.systems.scim_token()?;
        match connection.set_token(&base_url, token).activate(true).await {
            Err(error) if not_supported(&error) => {
                self.print_steps();
                return Ok(());
            }
            set => drop(set.map_err(Failure::settings)?),
        }
        say!("{:<10}Okta provisions to {base_url}", "connected");
        self.set_features().await?;
        for group in &groups {
            self.push(group, reached).await?;
        }
        reached.is_set_up = true;
        Ok(())
    }

    /// The groups; the first one that is ever pushed to this app has an administrator.
    async fn checked_groups(&self) -> Result<Vec<Group>, Failure> {
        let okta = &self.systems.okta;
        let mut groups: Vec<Group> = Vec::new();
        for name in self.groups {
            let group = find_group(okta, name).await?;
            if groups.iter().all(|other| other.id != group.id) {
                groups.push(group);
            }
        }
        let Some(first) = groups.first() else { return Ok(groups) };
        let mappings = okta.apps().push_mappings(&self.app);
        let before = mappings.list().stream().try_collect::<Vec<PushMapping>>().await;
        // Of an app that does not tell, nobody knows of a group that was pushed before.
        if before.is_ok_and(|before| !before.is_empty()) {
            return Ok(groups);
        }
        let (scope, mapping) = (Scope::app(self.app.as_str()), self.mapping.clone());
        let people = MappedPeople::new(okta, scope, mapping, self.run).await?;
        let first = read_groups(okta, &[first.id.to_string()], &people).await?;
        check_admins(&first, self.admins).map(|()| groups)
    }

    fn write(&self, mut report: ReportFile, reached: &Reached) -> std::io::Result<()> {
        let Reached { is_set_up, pushed, failed } = reached;
        if let Some((group, reason)) = failed {
            report.add(&json!({"what": "groups", "key": group, "kind": null, "reason": reason,
                "left_out": false}))?;
        }
        let Switches { no_create, no_update, no_deactivate } = self.switches;
        let features: Value = match *is_set_up || failed.is_some() {
            true => {
                json!({"create": !no_create, "update": !no_update, "deactivate": !no_deactivate})
            }
            false => Value::Null,
        };
        report.finish(&json!({"complete": is_set_up, "okta_provisions": {"app": self.app,
            "base_url": self.systems.scim.base_url().as_str(), "features": features, "pushed": pushed}}))
    }

    async fn set_features(&self) -> Result<(), Failure> {
        let Switches { no_create, no_update, no_deactivate } = self.switches;
        let features = self.systems.okta.apps().features(&self.app);
        let set = features
            .set_user_provisioning()
            .create(!no_create)
            .update(!no_update)
            .deactivate(!no_deactivate);
        set.await.map_err(Failure::settings)?;
        self.say_features();
        Ok(())
    }

    fn say_features(&self) {
        let Switches { no_create, no_update, no_deactivate } = self.switches;
        let on = |off: bool| if off { "off" } else { "on" };
        say!(
            "{:<10}create users {}, update attributes {}, deactivate users {}",
            "features",
            on(no_create),
            on(no_update),
            on(no_deactivate)
        );
    }

    async fn push(&self, group: &Group, reached: &mut Reached) -> Result<(), Failure> {
        let apps = self.systems.okta.apps();
        let name = group.profile.name().unwrap_or(group.id.as_str()).to_owned();
        apps.groups(&self.app).assign(&group.id).await.map_err(Failure::settings)?;
        say!("{:<10}{name} is assigned to the app", "group");
        let pushes = apps.push_mappings(&self.app);
        let there = pushes.list().source_group(&group.id).stream().try_collect();
        let mut there: Vec<PushMapping> = there.await.map_err(Failure::settings)?;
        let mapping = match there.pop() {
            Some(mapping) if mapping.status == Some(GroupPushStatus::Inactive) => {
                pushes.activate(&mapping.id).await.map_err(Failure::settings)?
            }
            Some(mapping) => mapping,
            None => {
                let target = PushTarget::Named(name.clone());
                pushes.create(&group.id, target).await.map_err(Failure::settings)?
            }
        };
        match self.until_pushed(&name, mapping).await {
            Ok(()) => reached.pushed.push(name),
            Err((reason, failure)) => {
                reached.failed = Some((name, reason));
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Looks until Okta has pushed the group, or says why not: an active mapping alone is only a wish.
    async fn until_pushed(
        &self,
        name: &str,
        mut mapping: PushMapping,
    ) -> Result<(), (String, Failure)> {
        let pushes = self.systems.okta.apps().push_mappings(&self.app);
        let end = Instant::now() + self.wait;
        say!("{:<10}{name}: Pushing", "group");
        loop {
            match (&mapping.status, &mapping.last_push) {
                (Some(GroupPushStatus::Error), _) => {
                    let why = mapping.error_summary.as_deref().unwrap_or("Okta does not say why");
                    say!("{:<10}{name}: Error: {why}", "group");
                    say!(
                        "{:<10}when that is mended, Push now on the app's Push Groups tab tries again",
                        ""
                    );
                    return Err((why.to_owned(), Failure::Undelivered));
                }
                (Some(GroupPushStatus::Active), Some(_)) => {
                    say!("{:<10}{name}: Active", "group");
                    return Ok(());
                }
                _ => {}
            }
            if Instant::now() >= end {
                let seconds = self.wait.as_secs();
                let line = format!(
                    "{name} is not pushed after {seconds} s: Okta may still be at it. Look at the app's Push Groups \
                     tab and at Reports > System Log, or run this again, which goes on waiting; --wait sets how long"
                );
                return Err((line.clone(), Failure::Running(line)));
            }
            sleep(LOOK_EVERY.min(self.wait / 10)).await;
            mapping = pushes.get(&mapping.id).await.map_err(|error| {
                let failure = Failure::running(error);
                (failure.to_string(), failure)
            })?;
        }
    }

    fn print_steps(&self) {
        let Switches { no_create, no_update, no_deactivate } = self.switches;
        say!("This app's provisioning cannot be set up through Okta's API. In the Admin Console:");
        say!(
            "  1. Applications > Applications > the app {} > Provisioning > Configure API",
            self.app
        );
        say!("     Integration, and check Enable API integration");
        say!("  2. Base URL: {}", self.systems.scim.base_url());
        say!("     API token: the value of SCIM_TOKEN; then Test API Credentials, and Save");
        say!("  3. Provisioning > To App > Edit:");
        for (off, what) in [
            (no_create, "Create Users"),
            (no_update, "Update User Attributes"),
            (no_deactivate, "Deactivate Users"),
        ] {
            say!("     {what}: {}", if off { "off" } else { "Enable" });
        }
        say!("  4. Assignments > Assign > Assign to Groups: {}", self.names());
        say!("  5. Push Groups > Find groups by name: {}; wait for Active", self.names());
    }

    fn names(&self) -> String {
        match self.groups {
            [] => "the groups that are meant".to_owned(),
            groups => groups.join(", "),
        }
    }
}

fn not_supported(error: &okta_client::Error) -> bool {
    error.body().is_some_and(okta_client::OktaError::is_provisioning_not_supported)
}
