//! Who is in scope, and what each becomes.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use okta_client::search::attr;
use okta_client::{Group, GroupType, Okta, UserStatus};
use provisioning::source::{OktaPeople, Scope};
use provisioning::{Mapping, Warnings};

use crate::scim::following::check_log;
use crate::{Ending, Failure, Records, RunOptions, ScopeOptions, say, thousands};

impl ScopeOptions {
    /// The scope that these options name.
    ///
    /// # Errors
    /// When the expression is none, or there is no such group or app.
    pub async fn scope(&self, okta: &Okta) -> Result<Scope, Failure> {
        if let Some(search) = &self.search {
            return Scope::search(search)
                .map_err(|error| Failure::Settings(format!("--search: {error}")));
        }
        if let Some(group) = &self.group {
            return Ok(Scope::group(find_group(okta, group).await?.id.as_str()));
        }
        let Some(app) = &self.app else { return Ok(Scope::Everyone) };
        match okta.apps().try_get(app).await.map_err(Failure::settings)? {
            Some(app) => Ok(Scope::app(app.id.as_str())),
            None => Err(Failure::Settings(format!(
                "--app: there is no app {app} in Okta; its id stands in the address of its page, after the name"
            ))),
        }
    }
}

/// Everybody in scope, and the members of these groups; where an app decides who is in scope, it decides of
/// them, too.
pub fn with_members(scope: Scope, groups: &[String]) -> Scope {
    match scope {
        Scope::App(_) => scope,
        scope => groups.iter().fold(scope, |scope, group| scope.or(Scope::group(group))),
    }
}

/// The group of this id or name.
///
/// # Errors
/// When there is none, or there are several of that name.
pub async fn find_group(okta: &Okta, id_or_name: &str) -> Result<Group, Failure> {
    let found = named_group(okta, id_or_name).await?;
    let nobody = || Failure::Settings(format!("there is no group `{id_or_name}` in Okta"));
    found.ok_or_else(nobody)
}

/// The same; none when there is none.
pub(crate) async fn named_group(okta: &Okta, id_or_name: &str) -> Result<Option<Group>, Failure> {
    if id_or_name.starts_with("00g")
        && let Some(group) = okta.groups().try_get(id_or_name).await.map_err(Failure::settings)?
    {
        return Ok(Some(group));
    }
    let named = okta.groups().list().search(attr("profile.name").eq(id_or_name));
    let found: Vec<Group> = named.stream().try_collect().await.map_err(Failure::settings)?;
    let exact = found.into_iter().filter(|group| group.profile.name() == Some(id_or_name));
    // What an app brought in, such as by a push of the very group, is not meant where there is another.
    let (of_apps, own): (Vec<_>, Vec<_>) =
        exact.partition(|group| group.group_type == Some(GroupType::AppGroup));
    let mut exact = if own.is_empty() { of_apps } else { own }.into_iter();
    match (exact.next(), exact.next()) {
        (Some(group), None) => Ok(Some(group)),
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(Failure::Settings(format!(
            "Okta has several groups `{id_or_name}`: name the one that is meant by its id"
        ))),
    }
}

/// People of Okta and the mapping that makes records of them.
#[derive(Clone, Debug)]
pub struct MappedPeople {
    people: OktaPeople,
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The statuses whose people are not active.
    pub inactive: Vec<UserStatus>,
}

impl MappedPeople {
    /// People of this scope; every attribute that the mapping names has to be there, and every target a
    /// place in a SCIM user.
    ///
    /// # Errors
    /// Names the attribute that Okta does not have, or SCIM cannot.
    pub async fn new(
        okta: &Okta,
        scope: Scope,
        mapping: Mapping,
        options: &RunOptions,
    ) -> Result<Self, Failure> {
        if options.follow {
            check_log(okta).await?;
        }
        let people = OktaPeople::new(okta.clone()).scope(scope).inactive(options.inactive());
        let known = people.attributes().await.map_err(Failure::settings)?;
        mapping.check(|root, name| known.knows(root, name)).map_err(Failure::settings)?;
        for notice in known.notices(&mapping) {
            say!("{:<10}{notice}", "note");
        }
        let mapping = mapping.for_scim_users().map_err(Failure::settings)?;
        Ok(Self { people, mapping: Arc::new(mapping), inactive: options.inactive() })
    }

    /// Their records, read anew.
    pub fn records(&self) -> Records {
        self.people.warnings().clear();
        let records = self.people.records(Arc::clone(&self.mapping));
        records.map_err(Into::into).boxed()
    }

    /// Where they come from.
    pub fn source(&self) -> &OktaPeople {
        &self.people
    }

    /// Notes who is not active in the product because of the status in Okta; says it where nothing is sent.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn note_inactive(&self, options: &RunOptions, ending: &mut Ending) -> Result<(), Failure> {
        for (status, count, logins) in self.people.inactive_people().by_status() {
            let reason = match status {
                UserStatus::Deprovisioned => "deprovisioned in Okta".to_owned(),
                status => format!(
                    "{} in Okta: not active in the product; --inactive-statuses says which statuses are",
                    status.as_str().to_lowercase()
                ),
            };
            match options.sends() {
                true => ending.leave_out_some("people", &reason, count, &logins)?,
                false => say!("{:<10}{} {reason}", "left out", thousands(count)),
            }
        }
        Ok(())
    }

    /// Says which values could not be worked out.
    pub fn print_warnings(&self) {
        print_warnings(&self.people.warnings());
    }
}

fn print_warnings(warnings: &Warnings) {
    let first = warnings.first();
    for warning in &first {
        say!("{:<10}{warning}", "warning");
    }
    let more = warnings.count().saturating_sub(first.len() as u64);
    if more > 0 {
        say!("{:<10}{} more of this kind", "warning", thousands(more));
    }
}
