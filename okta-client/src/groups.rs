//! Groups and their members.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::json;

use crate::call::list_options;
use crate::error::{OktaError, Result};
use crate::profile::{GroupProfile, Profile};
use crate::resource::resource;
use crate::search::Condition;
use crate::user::{Links, User};
use crate::users::Received;
use crate::value::{DateTime, GroupId, Lazy};

rest_core::open_enum! {
    /// Where a group comes from.
    pub enum GroupType {
        /// Made in Okta; everything can be changed.
        OktaGroup = "OKTA_GROUP",
        /// Imported from an app; its membership is the app's.
        AppGroup = "APP_GROUP",
        /// Okta's own, such as Everyone.
        BuiltIn = "BUILT_IN",
    }
}

resource! {
    /// A group. What is null or unknown to this crate is written back as it came.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/>
    pub struct Group {
        /// The group's id.
        id: GroupId,
        /// Name, description and custom attributes.
        profile: GroupProfile,
        /// When it was created.
        created: DateTime = "created",
        /// When its profile last changed.
        last_updated: DateTime = "lastUpdated",
        /// When a member last came or went.
        last_membership_updated: DateTime = "lastMembershipUpdated",
        /// Such as `okta:user_group`. Text until asked for.
        object_class: Lazy<Vec<String>> = "objectClass",
        /// Where it comes from.
        group_type: GroupType = "type",
        /// Logo, members and apps. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What `expand` asked for. Text until asked for.
        embedded: Lazy<serde_json::Value> = "_embedded",
    }
}

const CREATED_MAYBE: &str =
    "the group may have been created: look its name up before creating it again";
const DELETED_MAYBE: &str = "the group may have been deleted: read it before repeating it";

/// The groups of an org.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/>
#[derive(Clone, Debug)]
pub struct Groups {
    pub(crate) client: Client<OktaError>,
}

impl Groups {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn group(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/groups/{id}", [id])
    }

    /// Lists groups.
    ///
    /// Scope `okta.groups.read`. Pages of 200 unless another size is set.
    /// Okta: [`listGroups`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroups).
    ///
    /// # Errors
    /// 400 `E0000031` when Okta does not understand the search or filter.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use okta_client::search::attr;
    ///
    /// let mut groups = okta.groups().list().search(attr("profile.name").sw("Eng")).stream();
    /// while let Some(group) = groups.try_next().await? {
    ///     println!("{} {:?}", group.id, group.profile.name());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListGroups {
        let list = ListGroups::new(self.client.request(Method::GET, "/api/v1/groups", []));
        list.page_size(200)
    }

    /// Gets one group.
    ///
    /// Scope `okta.groups.read`.
    /// Okta: [`getGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/getGroup).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let group = okta.groups().get("00g1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<Group> {
        self.group(Method::GET, id.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such group.
    ///
    /// Scope `okta.groups.read`.
    /// Okta: [`getGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/getGroup).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.groups().try_get("00g1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<Group>> {
        self.group(Method::GET, id.as_ref()).optional().await
    }

    /// Creates a group. The name must be new among the groups made in Okta.
    ///
    /// Scope `okta.groups.manage`. Not repeated when it is unclear whether Okta has created it.
    /// Okta: [`addGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/addGroup).
    ///
    /// # Errors
    /// 409 `E0000055` when the name is taken.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::GroupProfile;
    ///
    /// let group = okta.groups().create(&GroupProfile::new().with("name", "Engineering")).await?;
    /// # Ok(()) }
    /// ```
    pub async fn create(&self, profile: &GroupProfile) -> Result<Group> {
        let request = self.client.request(Method::POST, "/api/v1/groups", []);
        request.if_unclear(CREATED_MAYBE).body(&json!({"profile": profile})).json().await
    }

    /// Replaces a group's profile; there is no merge, what is left out is deleted.
    ///
    /// Scope `okta.groups.manage`. Only groups made in Okta.
    /// Okta: [`replaceGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/replaceGroup).
    ///
    /// # Errors
    /// 404 `E0000007`; 409 `E0000055` when the name is taken.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let mut group = okta.groups().get("00g1").await?;
    /// group.profile.set("description", "Builds things").ok();
    /// okta.groups().replace(&group.id, &group.profile).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, id: impl AsRef<str>, profile: &GroupProfile) -> Result<Group> {
        self.group(Method::PUT, id.as_ref()).body(&json!({"profile": profile})).json().await
    }

    /// Deletes a group, not its members.
    ///
    /// Scope `okta.groups.manage`. Only groups made in Okta.
    /// Okta: [`deleteGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/deleteGroup).
    ///
    /// # Errors
    /// 404 `E0000007` when it is gone.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.groups().delete("00g1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, id: impl AsRef<str>) -> Result<()> {
        self.group(Method::DELETE, id.as_ref()).if_unclear(DELETED_MAYBE).done().await
    }

    /// Lists the members of a group.
    ///
    /// Scope `okta.groups.read`. Pages of 200 unless another size is set, 1,000 at most.
    /// Okta: [`listGroupUsers`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroupUsers).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such group.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let members: Vec<_> = okta.groups().members("00g1").stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn members(&self, id: impl AsRef<str>) -> ListMembers<Profile> {
        self.members_as(id)
    }

    /// As [`members`](Self::members), with a profile struct of your own.
    ///
    /// Scope `okta.groups.read`.
    /// Okta: [`listGroupUsers`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroupUsers).
    ///
    /// # Errors
    /// As [`members`](Self::members).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Staff {
    ///     email: String,
    /// }
    /// let members = okta.groups().members_as::<Staff>("00g1").stream();
    /// # Ok(()) }
    /// ```
    pub fn members_as<P: Received>(&self, id: impl AsRef<str>) -> ListMembers<P> {
        let template = "/api/v1/groups/{id}/users";
        let list = self.client.request(Method::GET, template, [id.as_ref()]).list();
        ListMembers { list: list.query("limit", 200) }
    }

    /// Makes a user a member; one who is a member already stays one.
    ///
    /// Scope `okta.groups.manage`. Not for groups imported from an app.
    /// Okta: [`assignUserToGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/assignUserToGroup).
    ///
    /// # Errors
    /// 404 `E0000007` when the group or the user does not exist.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.groups().add_member("00g1", "00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn add_member(&self, id: impl AsRef<str>, user: impl AsRef<str>) -> Result<()> {
        self.member(Method::PUT, id.as_ref(), user.as_ref()).await
    }

    /// Takes a member out of a group.
    ///
    /// Scope `okta.groups.manage`. Not for groups imported from an app.
    /// Okta: [`unassignUserFromGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/unassignUserFromGroup).
    ///
    /// # Errors
    /// 404 `E0000007` when the group or the user does not exist.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.groups().remove_member("00g1", "00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn remove_member(&self, id: impl AsRef<str>, user: impl AsRef<str>) -> Result<()> {
        self.member(Method::DELETE, id.as_ref(), user.as_ref()).await
    }

    async fn member(&self, method: Method, group: &str, user: &str) -> Result<()> {
        let template = "/api/v1/groups/{id}/users/{userId}";
        let request = self.client.request(method, template, [group, user]);
        request.safe_to_repeat().done().await
    }
}

/// A listing of groups; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListGroups {
    list: List<OktaError, Group>,
}

list_options!(ListGroups => Group, "Okta's maximum is 10,000; 200 is what it recommends.");

impl ListGroups {
    pub(crate) fn new(request: Request<OktaError>) -> Self {
        Self { list: request.list() }
    }

    /// Only groups that match: profile attributes, `id`, `created`, `lastUpdated`,
    /// `lastMembershipUpdated`, `type`.
    pub fn search(mut self, condition: impl Into<Condition>) -> Self {
        self.list = condition.into().on(self.list, "search");
        self
    }

    /// Only groups that match, by `id`, `type`, `lastUpdated` or `lastMembershipUpdated`.
    pub fn filter(mut self, condition: impl Into<Condition>) -> Self {
        self.list = condition.into().on(self.list, "filter");
        self
    }

    /// Only groups whose name begins so. One page, of 300 at most.
    pub fn q(mut self, prefix: impl fmt::Display) -> Self {
        self.list = self.list.query("q", prefix);
        self
    }

    /// Sorts a search by this attribute; ties are ordered by id.
    pub fn sort_by(mut self, attribute: &str, ascending: bool) -> Self {
        let order = if ascending { "asc" } else { "desc" };
        self.list = self.list.query("sortBy", attribute).query("sortOrder", order);
        self
    }

    /// What to give besides in [`embedded`](Group::embedded): `stats` counts users, apps and
    /// administrators, `app` is the app that the group comes from. Okta advises smaller pages then.
    pub fn expand(mut self, what: impl fmt::Display) -> Self {
        self.list = self.list.query("expand", what);
        self
    }
}

/// A listing of a group's members; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListMembers<P> {
    list: List<OktaError, User<P>>,
}

list_options!(ListMembers<P> => User<P>, "Okta's maximum is 1,000; 200 is what it recommends." where P: Received);
