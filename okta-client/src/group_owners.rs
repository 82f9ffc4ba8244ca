//! The owners of groups.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::json;

use crate::call::list_options;
use crate::error::{OktaError, Result};
use crate::groups::Groups;
use crate::model::model;
use crate::value::{DateTime, GroupOwnerId};

rest_core::open_enum! {
    /// What owns a group.
    pub enum GroupOwnerType {
        /// A user.
        User = "USER",
        /// The members of a group.
        Group = "GROUP",
    }
}

rest_core::open_enum! {
    /// Where an ownership is managed.
    pub enum GroupOwnerOrigin {
        /// In Okta.
        OktaDirectory = "OKTA_DIRECTORY",
        /// In an app, such as Active Directory.
        Application = "APPLICATION",
    }
}

model! {
    /// An owner of a group.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupOwner/>
    pub struct GroupOwner[id: GroupOwnerId] {}
    read {
        /// What the owner is.
        kind: GroupOwnerType = "type",
        /// The name to show.
        display_name: String = "displayName",
        /// Where the ownership is managed.
        origin_type: GroupOwnerOrigin = "originType",
        /// The app where it is managed, if it is.
        origin_id: String = "originId",
        /// Whether an owner in an app is known in Okta.
        resolved: bool = "resolved",
        /// When it was assigned, in one of three notations:
        /// [`timestamp`](DateTime::timestamp) reads all.
        last_updated: DateTime = "lastUpdated",
    }
}

const ASSIGNED_MAYBE: &str =
    "the owner may have been assigned: list the group's owners before assigning it again";

/// The owners of one group.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupOwner/>
#[derive(Clone, Debug)]
pub struct GroupOwners {
    client: Client<OktaError>,
    group: String,
}

impl Groups {
    /// The owners of a group.
    pub fn owners(&self, group: impl AsRef<str>) -> GroupOwners {
        GroupOwners { client: self.client.clone(), group: group.as_ref().to_owned() }
    }
}

impl GroupOwners {
    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/groups/{groupId}/owners", [&self.group])
    }

    /// Lists the owners.
    ///
    /// Scope `okta.groups.read`. Pages of 1,000 unless another size is set.
    /// Okta: [`listGroupOwners`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupOwner/#tag/GroupOwner/operation/listGroupOwners).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such group.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut owners = okta.groups().owners("00g1").list().stream();
    /// while let Some(owner) = owners.try_next().await? {
    ///     println!("{} {:?}", owner.id, owner.display_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListGroupOwners {
        ListGroupOwners { list: self.all(Method::GET).list() }
    }

    /// Makes a user, or the members of a group, owner.
    ///
    /// Scope `okta.groups.manage`. Not repeated when it is unclear whether Okta has done it.
    /// Okta: [`assignGroupOwner`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupOwner/#tag/GroupOwner/operation/assignGroupOwner).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, also for one who is owner already; 404 `E0000007` when the group or
    /// the owner is not there.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::GroupOwnerType;
    ///
    /// okta.groups().owners("00g1").assign("00u1", GroupOwnerType::User).await?;
    /// # Ok(()) }
    /// ```
    pub async fn assign(&self, owner: impl AsRef<str>, kind: GroupOwnerType) -> Result<GroupOwner> {
        let request = self.all(Method::POST).if_unclear(ASSIGNED_MAYBE);
        request.body(&json!({"id": owner.as_ref(), "type": kind})).json().await
    }

    /// Takes the ownership away.
    ///
    /// Scope `okta.groups.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// owner, so take a 404 for done.
    /// Okta: [`deleteGroupOwner`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupOwner/#tag/GroupOwner/operation/deleteGroupOwner).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.groups().owners("00g1").delete("00u1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, owner: impl AsRef<str>) -> Result<()> {
        let template = "/api/v1/groups/{groupId}/owners/{ownerId}";
        let request = self.client.request(Method::DELETE, template, [&*self.group, owner.as_ref()]);
        request.safe_to_repeat().done().await
    }
}

/// A listing of a group's owners; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListGroupOwners {
    list: List<OktaError, GroupOwner>,
}

list_options!(ListGroupOwners => GroupOwner, "1,000 by default.");

impl ListGroupOwners {
    /// Only owners that match an expression on their `type`, such as `type eq "USER"`.
    pub fn search(mut self, expression: impl fmt::Display) -> Self {
        self.list = self.list.query("search", expression);
        self
    }
}
