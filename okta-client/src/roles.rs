//! Administrator roles: who has which, by direct assignment or by a group.

use http::Method;
use rest_core::{Client, List, Request};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::call::{awaitable, list_options};
use crate::error::OktaError;
use crate::group_roles::GroupRoles;
use crate::role_assignment::{Administrator, RoleAssignment, RoleType};
use crate::user_roles::UserRoles;

/// A role that is to be assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// One of Okta's own.
    Standard(RoleType),
    /// One of the org's, which holds for a set of resources.
    Custom {
        /// The role's id.
        role: String,
        /// The id of the resource set.
        resource_set: String,
    },
}

impl Role {
    /// One of the org's roles, for a set of resources.
    pub fn custom(role: impl Into<String>, resource_set: impl Into<String>) -> Self {
        Self::Custom { role: role.into(), resource_set: resource_set.into() }
    }
}

impl From<RoleType> for Role {
    fn from(role: RoleType) -> Self {
        Self::Standard(role)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let body = match self {
            Self::Standard(role) => json!({"type": role}),
            Self::Custom { role, resource_set } => {
                json!({"type": RoleType::Custom, "role": role, "resource-set": resource_set})
            }
        };
        body.serialize(to)
    }
}

/// The administrator roles of users and groups.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/>
#[derive(Clone, Debug)]
pub struct Roles {
    client: Client<OktaError>,
}

impl Roles {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    /// The roles of a user.
    pub fn of_user(&self, user: impl AsRef<str>) -> UserRoles {
        UserRoles::new(self.client.clone(), user.as_ref())
    }

    /// The roles of a group, which all its members have.
    pub fn of_group(&self, group: impl AsRef<str>) -> GroupRoles {
        GroupRoles::new(self.client.clone(), group.as_ref())
    }

    /// Lists the users who have roles.
    ///
    /// Scope `okta.roles.read`. Pages of 100 unless another size is set.
    /// Okta: [`listUsersWithRoleAssignments`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/listUsersWithRoleAssignments).
    ///
    /// # Errors
    /// 403 `E0000006` when the caller has no role that may see them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut administrators = okta.roles().administrators().stream();
    /// while let Some(administrator) = administrators.try_next().await? {
    ///     println!("{}", administrator.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn administrators(&self) -> ListAdministrators {
        let request = self.client.request(Method::GET, "/api/v1/iam/assignees/users", []);
        ListAdministrators { list: request.list().items_in("value") }
    }
}

/// A listing of the users who have roles; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListAdministrators {
    list: List<OktaError, Administrator>,
}

list_options!(ListAdministrators => Administrator, "100 by default.");

/// Gives all roles of a user or a group when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ListRoles {
    pub(crate) request: Request<OktaError>,
}

impl ListRoles {
    /// Puts the groups to which a standard role is limited into
    /// [`embedded`](RoleAssignment::embedded). It replaces `with_app_targets`.
    pub fn with_group_targets(mut self) -> Self {
        self.request = self.request.query("expand", "targets/groups");
        self
    }

    /// Puts the apps to which a standard role is limited into
    /// [`embedded`](RoleAssignment::embedded). It replaces `with_group_targets`.
    pub fn with_app_targets(mut self) -> Self {
        self.request = self.request.query("expand", "targets/catalog/apps");
        self
    }
}

awaitable!(ListRoles => Vec<RoleAssignment>, this { this.request.json().await });

/// Assigns a role when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct AssignRole {
    request: Request<OktaError>,
}

impl AssignRole {
    pub(crate) fn new(request: Request<OktaError>, role: &Role) -> Self {
        let request = request.if_unclear(
            "the role may have been assigned: list the roles before assigning it again",
        );
        Self { request: request.body(role) }
    }

    /// Whether this makes third-party administrators, who get none of Okta's mails for
    /// administrators; `false` by default.
    pub fn third_party(mut self, third_party: bool) -> Self {
        self.request = self.request.query("disableNotifications", third_party);
        self
    }
}

awaitable!(AssignRole => RoleAssignment, this { this.request.json().await });
