//! Whether everything that a run needs is there.

use futures::TryStreamExt;
use okta_client::SignOnMode;
use provisioning::Target;
use provisioning::source::Scope;

use crate::{Failure, MappedPeople, ScimSystems, say, thousands};

/// Tests tokens and rights on both sides, and what the target itself asks for.
///
/// # Errors
/// Says what is missing.
pub async fn check(
    systems: &ScimSystems,
    people: &MappedPeople,
    target: &dyn Target,
) -> Result<(), Failure> {
    // The mapping was held against the schemas before.
    say!(
        "{:<10}Okta has the attributes of the mapping's {} rows",
        "check",
        people.mapping.rows().len()
    );
    let read = people.records().try_next().await.map_err(Failure::settings)?;
    let someone = if read.is_some() { "somebody is" } else { "nobody is" };
    say!("{:<10}Okta lets people be read, and {someone} in scope", "check");
    target.check().await.map_err(Failure::settings)?;
    let found = systems.scim.verify().await.map_err(Failure::settings)?;
    let groups = found
        .groups
        .map_or("has no groups".to_owned(), |groups| format!("{} groups", thousands(groups)));
    say!("{:<10}the product takes the token; {} users, {groups}", "check", thousands(found.users));
    if let Scope::App(app) = people.source().chosen() {
        let app = systems.okta.apps().get(app).await.map_err(Failure::settings)?;
        let mode = app.sign_on_mode.as_ref().map_or("unknown", |mode| mode.as_str());
        say!("{:<10}people sign on to {} by {mode}", "check", app.label.unwrap_or_default());
    }
    Ok(())
}

/// Whether people sign on to Pendo's app in Okta by SAML, without which it takes no SCIM.
///
/// # Errors
/// When they do not, or the app cannot be read.
pub async fn check_sign_on(systems: &ScimSystems, app: Option<&str>) -> Result<(), Failure> {
    let Some(id) = app else {
        say!(
            "{:<10}--app names the app of Pendo in Okta, to see whether people sign on by SAML",
            "note"
        );
        return Ok(());
    };
    let app = systems.okta.apps().get(id).await.map_err(Failure::settings)?;
    match app.sign_on_mode {
        Some(SignOnMode::Saml20) => Ok(()),
        other => Err(Failure::Settings(format!(
            "people sign on to this app by {}: Pendo takes SCIM only where SAML 2.0 single sign-on is set up; do \
             that first, in the app's Sign On tab and in Pendo's Organization Settings > SSO",
            other.as_ref().map_or("nothing", |mode| mode.as_str())
        ))),
    }
}
