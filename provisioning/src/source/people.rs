use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, future, stream};
use okta_client::{AppUser, Okta, User, UserStatus};

use super::person::{Person, embedded_user, is_assigned};
use super::statuses::Statuses;
use super::{InactivePeople, Scope, SourceAttributes, SourceError, Warnings};
use crate::expression::Group;
use crate::mapping::Mapping;
use crate::record::Record;

/// Calls for single people under way at once.
const AT_ONCE: usize = 8;
/// Before Okta was: a filter that everybody meets, deprovisioned people too.
const EVERYBODY: &str = "lastUpdated gt \"1970-01-01T00:00:00.000Z\"";

/// The people of an Okta org as a source of records.
///
/// Expressions see a person as `user` (and as `source`), and with [`Scope::App`] the profile in the
/// app as `appuser`. A record's id in the source is the user's id. Groups are asked for, at the price
/// of a call for each person, where the mapping uses them.
///
/// ```no_run
/// # async fn run(okta: okta_client::Okta, target: std::sync::Arc<dyn provisioning::Target>) -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use provisioning::source::{OktaPeople, Scope};
/// use provisioning::{Mapping, Plan};
///
/// let mapping = Arc::new(Mapping::keyed_by("user.login")?.row("title", "user.title")?);
/// let people = OktaPeople::new(okta).scope(Scope::search("profile.department eq \"Sales\"")?);
/// let known = people.attributes().await?;
/// mapping.check(|root, name| known.knows(root, name))?;
/// let plan = Plan::compute(people.records(mapping), target).await?;
/// for warning in people.warnings().first() {
///     eprintln!("{warning}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OktaPeople {
    okta: Okta,
    scope: Scope,
    statuses: Statuses,
    page_size: Option<u16>,
    warnings: Warnings,
    inactive: InactivePeople,
    /// One of several scopes that are one.
    is_of_several: bool,
}

impl OktaPeople {
    /// Everybody in this org who is not deprovisioned.
    pub fn new(okta: Okta) -> Self {
        let (scope, statuses, page_size) = (Scope::Everyone, Statuses::default(), None);
        let (warnings, inactive) = Default::default();
        Self { okta, scope, statuses, page_size, warnings, inactive, is_of_several: false }
    }

    /// Which people; everybody unless told otherwise.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Whether deprovisioned people are in the source as well; off by default, so that they leave the
    /// target. Deprovisioning takes people out of their apps: with [`Scope::App`] there are none.
    pub fn include_deprovisioned(mut self, include: bool) -> Self {
        self.statuses.include_deprovisioned = include;
        self
    }

    /// People of which statuses are not in the source, besides deprovisioned ones: they are not created,
    /// and leave the target as long as it lasts, such as staged people, who were not activated yet, and
    /// suspended ones. None unless told otherwise: all others count as active, also those of statuses
    /// that are unknown to this crate.
    pub fn inactive(mut self, statuses: impl IntoIterator<Item = UserStatus>) -> Self {
        self.statuses.inactive = statuses.into_iter().collect();
        self
    }

    /// Who was met in the scope and is not in the source because of the status, since
    /// [`records`](Self::records) were last asked for.
    pub fn inactive_people(&self) -> InactivePeople {
        self.inactive.clone()
    }

    /// People per page; what the client takes by default unless set.
    pub fn page_size(mut self, people: u16) -> Self {
        self.page_size = Some(people);
        self
    }

    /// The org, as the name of a source: see [`Compute::source`](crate::Compute::source).
    pub fn org(&self) -> &str {
        self.okta.org_url().as_str()
    }

    /// Which people, in words: see [`Compute::selection`](crate::Compute::selection).
    pub fn selection(&self) -> String {
        let too =
            if self.statuses.include_deprovisioned { ", deprovisioned people too" } else { "" };
        let but = self.statuses.inactive.iter().map(|status| format!(", not {status}"));
        format!("{}{too}{}", self.scope, but.collect::<String>())
    }

    /// Which people.
    pub fn chosen(&self) -> &Scope {
        &self.scope
    }

    /// The org they are in.
    pub fn okta(&self) -> &Okta {
        &self.okta
    }

    /// What could not be worked out for single people. Records note it as they are read.
    pub fn warnings(&self) -> Warnings {
        self.warnings.clone()
    }

    /// A record for each person, page after page; nothing is held in memory. Who cannot be read, and has an
    /// id, is [an unreadable one](Record::unreadable).
    pub fn records(
        &self,
        mapping: Arc<Mapping>,
    ) -> impl Stream<Item = Result<Record, SourceError>> + Send + use<> {
        self.inactive.clear();
        let (source, warnings) = (self.clone(), self.warnings());
        let people = match mapping.needs_groups() {
            true => {
                let people = self.people().map_ok(move |person| source.clone().with_groups(person));
                people.try_buffered(AT_ONCE).boxed()
            }
            false => self.people(),
        };
        let records = people.map_ok(move |person| person.record(&mapping, &warnings));
        records.map(|read| read.or_else(SourceError::kept)).boxed()
    }

    /// The record of one person, read by id as they are now; none when the person is gone, or is not
    /// in the scope any more.
    ///
    /// # Errors
    /// When Okta refuses or fails.
    pub async fn record(
        &self,
        user_id: &str,
        mapping: &Mapping,
    ) -> Result<Option<Record>, SourceError> {
        let record = self.mapped(user_id, mapping).await;
        record.or_else(|error| error.of(user_id).kept().map(Some))
    }

    async fn mapped(
        &self,
        user_id: &str,
        mapping: &Mapping,
    ) -> Result<Option<Record>, SourceError> {
        let Some(mut person) = self.person(user_id).await? else {
            return Ok(None);
        };
        if mapping.needs_groups() && person.groups.is_none() {
            person = self.clone().with_groups(person).await?;
        }
        Ok(Some(person.record(mapping, &self.warnings)))
    }

    /// The attributes that people have, by the schemas of all user types and of the app. Where the user
    /// types may not be listed (scope `okta.userTypes.read`), the default one counts.
    ///
    /// # Errors
    /// When Okta refuses or fails.
    pub async fn attributes(&self) -> Result<SourceAttributes, SourceError> {
        let app = self.scope.parts().into_iter().find_map(|scope| match scope {
            Scope::App(id) => Some(id.as_str()),
            _ => None,
        });
        SourceAttributes::read(&self.okta, app).await
    }

    fn people(&self) -> BoxStream<'static, Result<Person, SourceError>> {
        let everybody = self.statuses.include_deprovisioned;
        let users = match &self.scope {
            Scope::App(id) => return self.people_of_app(id),
            Scope::Any(scopes) => {
                let people = |scope: &Scope| self.clone().part(scope.clone()).people();
                return stream::iter(scopes.iter().map(people).collect::<Vec<_>>())
                    .flatten()
                    .boxed();
            }
            Scope::Group(id) => {
                let members = self.okta.groups().members(id);
                match self.page_size {
                    Some(size) => members.page_size(size).stream(),
                    None => members.stream(),
                }
            }
            Scope::Everyone if everybody => self.paged(self.okta.users().list().filter(EVERYBODY)),
            Scope::Everyone => self.paged(self.okta.users().list()),
            Scope::Search(expression) => self.paged(self.okta.users().list().search(expression)),
        };
        let source = self.clone();
        let meant = move |user: &User| future::ready(source.means(user));
        users.try_filter(meant).map_ok(Person::new).map_err(SourceError::from).boxed()
    }

    fn part(self, scope: Scope) -> Self {
        Self { scope, is_of_several: true, ..self }
    }

    /// Whether somebody who was met is in the source; who is not is noted.
    fn means(&self, user: &User) -> bool {
        let is_active = self.statuses.is_active(user);
        if !is_active {
            self.inactive.note(user, self.is_of_several);
        }
        is_active
    }

    fn paged(
        &self,
        users: okta_client::ListUsers<okta_client::Profile>,
    ) -> okta_client::Items<okta_client::OktaError, User> {
        let users = self.page_size.into_iter().fold(users, |users, size| users.page_size(size));
        users.stream()
    }

    fn people_of_app(&self, id: &str) -> BoxStream<'static, Result<Person, SourceError>> {
        let list = self.okta.apps().users(id).list().expand("user");
        let list = self.page_size.into_iter().fold(list, |list, size| list.page_size(size));
        let source = self.clone();
        let assigned = list.stream().try_filter(|one| future::ready(is_assigned(one)));
        let people = assigned.map_err(SourceError::from).map_ok(move |app_user| {
            let source = source.clone();
            async move { source.assigned(app_user).await }
        });
        people.try_buffered(AT_ONCE).try_filter_map(future::ok).boxed()
    }

    /// Whom an assignment belongs to; nobody, when the person was deleted just now.
    async fn assigned(&self, app_user: AppUser) -> Result<Option<Person>, SourceError> {
        let user = match embedded_user(&app_user)? {
            Some(user) => Some(user),
            None => self.okta.users().try_get(&app_user.id).await?,
        };
        let user = user.filter(|user| self.means(user));
        Ok(user.map(|user| Person::in_app(user, app_user)))
    }

    /// One person as they are now, if they are in the scope.
    async fn person(&self, id: &str) -> Result<Option<Person>, SourceError> {
        let user = self.okta.users().try_get(id).await?;
        let Some(user) = user.filter(|user| self.statuses.is_active(user)) else {
            return Ok(None);
        };
        for scope in self.scope.parts() {
            if let Some(person) = self.in_scope(scope, &user).await? {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }

    async fn in_scope(&self, scope: &Scope, user: &User) -> Result<Option<Person>, SourceError> {
        let person = match scope {
            Scope::Everyone => Some(Person::new(user.clone())),
            // Scopes that are made of others are taken apart before.
            Scope::Any(_) => None,
            Scope::Search(expression) => {
                let unreadable = |source: serde_json::Error| SourceError::Unreadable {
                    id: user.id.as_str().to_owned(),
                    source: source.into(),
                };
                let json = serde_json::to_value(user).map_err(unreadable)?;
                expression.matches(&json).then(|| Person::new(user.clone()))
            }
            Scope::Group(group) => {
                let person = self.clone().with_groups(Person::new(user.clone())).await?;
                let is_member = |groups: &Vec<Group>| groups.iter().any(|one| one.id == *group);
                person.groups.as_ref().is_some_and(is_member).then_some(person)
            }
            Scope::App(app) => {
                let app_user = self.okta.apps().users(app).try_get(&user.id).await?;
                let assigned = app_user.filter(is_assigned);
                assigned.map(|app_user| Person::in_app(user.clone(), app_user))
            }
        };
        Ok(person)
    }

    async fn with_groups(self, mut person: Person) -> Result<Person, SourceError> {
        let groups = self.okta.users().groups(&person.user.id).stream();
        let named = |group: okta_client::Group| {
            Group::new(group.id.as_str(), group.profile.name().unwrap_or_default())
        };
        person.groups = Some(groups.map_ok(named).try_collect().await?);
        Ok(person)
    }
}
