//! Whether everything that a run needs is there.

use futures::TryStreamExt;
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
