use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt, TryStreamExt, future};
use okta_client::search::{Expression as Search, SearchError, check_group_search};
use okta_client::{Group, Okta, UserStatus};

use super::person::Person;
use super::statuses::Statuses;
use super::{SourceError, Warnings};
use crate::mapping::Mapping;
use crate::record::Record;

/// Groups of an Okta org as a source of records: key and id in the source are the group's id in Okta,
/// and `displayName` is its name. [`members`](Self::members) gives the keys of its people.
///
/// ```no_run
/// # async fn run(
/// #     okta: okta_client::Okta,
/// #     store: std::sync::Arc<std::sync::Mutex<dyn provisioning::Store>>,
/// #     users: std::sync::Arc<dyn provisioning::Target>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt;
/// use provisioning::Mapping;
/// use provisioning::source::OktaGroups;
/// use provisioning::targets::member_ids;
///
/// let groups = OktaGroups::new(okta, ["00g1"]);
/// let people = Mapping::keyed_by("user.login")?; // as the people were provisioned
/// let mut records = Vec::new();
/// for record in groups.records().try_collect::<Vec<_>>().await? {
///     let keys: Vec<String> = groups.members(record.key(), &people).try_collect().await?;
///     let (ids, not_there) = member_ids(&store, &*users, keys)?;
///     records.push(record.set("members", ids));
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OktaGroups {
    okta: Okta,
    which: Which,
    statuses: Statuses,
    warnings: Warnings,
}

#[derive(Clone, Debug)]
enum Which {
    Ids(Vec<String>),
    Search(Search),
}

impl OktaGroups {
    /// The groups of these ids; each must exist.
    pub fn new<I: Into<String>>(okta: Okta, ids: impl IntoIterator<Item = I>) -> Self {
        Self::of(okta, Which::Ids(ids.into_iter().map(Into::into).collect()))
    }

    /// The groups that meet a search expression, such as `profile.name sw "Eng"`.
    ///
    /// # Errors
    /// When it is none, or Okta would refuse it.
    pub fn search(okta: Okta, text: &str) -> Result<Self, SearchError> {
        let search = Search::parse(text)?;
        check_group_search(&search)?;
        Ok(Self::of(okta, Which::Search(search)))
    }

    fn of(okta: Okta, which: Which) -> Self {
        Self { okta, which, statuses: Statuses::default(), warnings: Warnings::default() }
    }

    /// Whether deprovisioned people count as members; off by default.
    pub fn include_deprovisioned(mut self, include: bool) -> Self {
        self.statuses.include_deprovisioned = include;
        self
    }

    /// People of which statuses count as no members, as in
    /// [`OktaPeople::inactive`](super::OktaPeople::inactive); none unless told otherwise.
    pub fn inactive(mut self, statuses: impl IntoIterator<Item = UserStatus>) -> Self {
        self.statuses.inactive = statuses.into_iter().collect();
        self
    }

    /// Members whose key could not be worked out.
    pub fn warnings(&self) -> Warnings {
        self.warnings.clone()
    }

    /// The groups themselves.
    pub fn groups(&self) -> BoxStream<'static, Result<Group, SourceError>> {
        let okta = self.okta.groups();
        match &self.which {
            Which::Search(search) => {
                okta.list().search(search).stream().map_err(SourceError::from).boxed()
            }
            Which::Ids(ids) => {
                let get = move |id: String| {
                    let okta = okta.clone();
                    async move { okta.try_get(&id).await?.ok_or(SourceError::NoGroup(id)) }
                };
                stream::iter(ids.clone()).then(get).boxed()
            }
        }
    }

    /// A record for each group, without its members.
    pub fn records(&self) -> impl Stream<Item = Result<Record, SourceError>> + Send + use<> {
        self.groups().map_ok(|group| {
            let id = group.id.as_str();
            Record::new(id).source_id(id).set("displayName", group.profile.name())
        })
    }

    /// The keys of a group's members, by the key of the mapping that people are provisioned with.
    pub fn members(
        &self,
        group_id: &str,
        people: &Mapping,
    ) -> impl Stream<Item = Result<String, SourceError>> + Send + use<> {
        self.all_members(group_id, people).try_filter_map(|member| {
            future::ok(match member {
                Member::Keyed(key) => Some(key),
                Member::WithoutKey(_) | Member::Inactive(_) => None,
            })
        })
    }

    /// The same with those who have no key, and those who count as no members.
    pub fn all_members(
        &self,
        group_id: &str,
        people: &Mapping,
    ) -> impl Stream<Item = Result<Member, SourceError>> + Send + use<> {
        let (statuses, warnings) = (self.statuses.clone(), self.warnings());
        let people = people.clone().only_key();
        let members = self.okta.groups().members(group_id).stream().map_err(SourceError::from);
        members.map_ok(move |user| {
            let id = user.id.to_string();
            if !statuses.is_active(&user) {
                return Member::Inactive(id);
            }
            match Person::new(user).record(&people, &warnings).key {
                key if key.is_empty() => Member::WithoutKey(id),
                key => Member::Keyed(key),
            }
        })
    }
}

/// A member of a group of Okta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// Has this key.
    Keyed(String),
    /// Is given no key by the mapping; the id in Okta.
    WithoutKey(String),
    /// Counts as no member because of the status; the id in Okta.
    Inactive(String),
}
