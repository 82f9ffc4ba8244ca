//! Lets Okta provision by itself: connection, features, assignment and group push, through its API where
//! the app allows it, and as steps in the console where not.

use std::time::Duration;

use futures::TryStreamExt;
use okta_client::{GroupPushStatus, Okta, PushMapping, PushTarget, Secret};
use tokio::time::{Instant, sleep};

use crate::{Failure, Switches, find_group, say};

/// What Okta shall do by itself.
#[derive(Debug)]
pub struct OktaSetup<'a> {
    /// The org.
    pub okta: &'a Okta,
    /// The app that stands for the product.
    pub app: String,
    /// The product's SCIM base URL.
    pub base_url: String,
    /// Its token.
    pub token: Secret,
    /// Which changes are sent.
    pub switches: Switches,
    /// Groups of Okta that are assigned and pushed.
    pub groups: &'a [String],
    /// How long a group push may take until Okta says what became of it.
    pub wait: Duration,
    /// Otherwise it is only said what would be set.
    pub sends: bool,
}

/// How long after a look at a group push comes the next one.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl OktaSetup<'_> {
    /// Sets it up, or prints what has to be clicked.
    ///
    /// # Errors
    /// When Okta refuses something, or a group push ends in an error.
    pub async fn run(&self) -> Result<(), Failure> {
        let connection = self.okta.apps().connection(&self.app);
        let there = match connection.get().await {
            Ok(there) => there.is_supported(),
            Err(error) if not_supported(&error) => false,
            Err(error) => return Err(Failure::settings(error)),
        };
        if !there {
            self.print_steps();
            return Ok(());
        }
        if !self.sends {
            say!("{:<10}Okta would provision to {}", "plan", self.base_url);
            self.say_features();
            say!("{:<10}these groups would be assigned and pushed: {}", "", self.names());
            say!("{:<10}nothing was sent", "");
            return Ok(());
        }
        let set = connection.set_token(&self.base_url, self.token.clone()).activate(true).await;
        match set {
            Err(error) if not_supported(&error) => {
                self.print_steps();
                return Ok(());
            }
            set => drop(set.map_err(Failure::settings)?),
        }
        say!("{:<10}Okta provisions to {}", "connected", self.base_url);
        self.set_features().await?;
        for group in self.groups {
            self.push(group).await?;
        }
        Ok(())
    }

    async fn set_features(&self) -> Result<(), Failure> {
        let Switches { no_create, no_update, no_deactivate } = self.switches;
        let features = self.okta.apps().features(&self.app);
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

    async fn push(&self, name: &str) -> Result<(), Failure> {
        let group = find_group(self.okta, name).await?;
        let name = group.profile.name().unwrap_or(name).to_owned();
        self.okta.apps().groups(&self.app).assign(&group.id).await.map_err(Failure::settings)?;
        say!("{:<10}{name} is assigned to the app", "group");
        let pushes = self.okta.apps().push_mappings(&self.app);
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
        self.until_pushed(&name, mapping).await
    }

    /// Looks until Okta has pushed the group, or says why not: an active mapping alone is only a wish.
    async fn until_pushed(&self, name: &str, mut mapping: PushMapping) -> Result<(), Failure> {
        let pushes = self.okta.apps().push_mappings(&self.app);
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
                    return Err(Failure::Undelivered);
                }
                (Some(GroupPushStatus::Active), Some(_)) => {
                    say!("{:<10}{name}: Active", "group");
                    return Ok(());
                }
                _ => {}
            }
            if Instant::now() >= end {
                let seconds = self.wait.as_secs();
                return Err(Failure::Running(format!(
                    "{name} is not pushed after {seconds} s: Okta may still be at it. Look at the app's Push Groups \
                     tab and at Reports > System Log, or run this again, which goes on waiting; --wait sets how long"
                )));
            }
            sleep(LOOK_EVERY.min(self.wait / 10)).await;
            mapping = pushes.get(&mapping.id).await.map_err(Failure::running)?;
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
        say!("  2. Base URL: {}", self.base_url);
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
