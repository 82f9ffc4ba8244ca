//! Lets Okta provision by itself: connection, features, assignment and group push, through its API where
//! the app allows it, and as steps in the console where not.

use futures::TryStreamExt;
use okta_client::{GroupPushStatus, Okta, PushMapping, PushTarget, Secret};

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
}

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
        let on = |off: bool| if off { "off" } else { "on" };
        say!(
            "{:<10}create users {}, update attributes {}, deactivate users {}",
            "features",
            on(no_create),
            on(no_update),
            on(no_deactivate)
        );
        Ok(())
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
            Some(mapping) => mapping,
            None => {
                say!("{:<10}{name}: Pushing", "group");
                let target = PushTarget::Named(name.clone());
                pushes.create(&group.id, target).await.map_err(Failure::settings)?
            }
        };
        match mapping.status {
            Some(GroupPushStatus::Error) => {
                let why =
                    mapping.error_summary.unwrap_or_else(|| "Okta does not say why".to_owned());
                say!("{:<10}{name}: Error: {why}", "group");
                Err(Failure::Undelivered)
            }
            Some(status) => {
                say!("{:<10}{name}: {}", "group", title(status.as_str()));
                Ok(())
            }
            None => Err(Failure::running("Okta does not say what became of the group push")),
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

fn title(status: &str) -> String {
    let mut signs = status.chars();
    let first = signs.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(signs.map(|c| c.to_ascii_lowercase())).collect()
}
