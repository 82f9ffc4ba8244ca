//! The administrator roles of one group.

use http::Method;
use rest_core::{Client, Request};

use crate::error::{OktaError, Result};
use crate::role_assignment::RoleAssignment;
use crate::roles::{AssignRole, ListRoles, Role};

/// The roles of one group.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentBGroup/>
#[derive(Clone, Debug)]
pub struct GroupRoles {
    client: Client<OktaError>,
    group: String,
}

impl GroupRoles {
    pub(crate) fn new(client: Client<OktaError>, group: &str) -> Self {
        Self { client, group: group.to_owned() }
    }

    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/groups/{groupId}/roles", [&self.group])
    }

    fn one(&self, method: Method, assignment: &str) -> Request<OktaError> {
        let template = "/api/v1/groups/{groupId}/roles/{roleAssignmentId}";
        self.client.request(method, template, [&self.group, assignment])
    }

    /// Gives all roles of the group, in one answer.
    ///
    /// Scope `okta.roles.read`.
    /// Okta: [`listGroupAssignedRoles`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentBGroup/#tag/RoleAssignmentBGroup/operation/listGroupAssignedRoles).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such group.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for role in okta.roles().of_group("00g1").list().await? {
    ///     println!("{:?} custom: {}", role.label, role.is_custom());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListRoles {
        ListRoles { request: self.all(Method::GET) }
    }

    /// Gets one assignment.
    ///
    /// Scope `okta.roles.read`.
    /// Okta: [`getGroupAssignedRole`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentBGroup/#tag/RoleAssignmentBGroup/operation/getGroupAssignedRole).
    ///
    /// # Errors
    /// 404 `E0000007` when the group has no such role; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let role = okta.roles().of_group("00g1").get("IFIFAX2BIRGUSTQ").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, assignment: impl AsRef<str>) -> Result<RoleAssignment> {
        self.one(Method::GET, assignment.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when the group has no such role.
    ///
    /// Scope `okta.roles.read`.
    /// Okta: [`getGroupAssignedRole`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentBGroup/#tag/RoleAssignmentBGroup/operation/getGroupAssignedRole).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let roles = okta.roles().of_group("00g1");
    /// let has_it = roles.try_get("IFIFAX2BIRGUSTQ").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, assignment: impl AsRef<str>) -> Result<Option<RoleAssignment>> {
        self.one(Method::GET, assignment.as_ref()).optional().await
    }

    /// Gives the group a role.
    ///
    /// Scope `okta.roles.manage`. Not repeated when it is unclear whether Okta has done it.
    /// Okta: [`assignRoleToGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentBGroup/#tag/RoleAssignmentBGroup/operation/assignRoleToGroup).
    ///
    /// # Errors
    /// 409 `E0000090` when the group has it already; 400 `E0000001` with causes; 403 when the
    /// credential may not assign it; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::{Role, RoleType};
    ///
    /// let roles = okta.roles().of_group("00g1");
    /// roles.assign(RoleType::HelpDeskAdmin).await?;
    /// roles.assign(Role::custom("cr01", "iam1")).third_party(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn assign(&self, role: impl Into<Role>) -> AssignRole {
        AssignRole::new(self.all(Method::POST), &role.into())
    }

    /// Takes a role from the group.
    ///
    /// Scope `okta.roles.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// assignment, so take a 404 for done.
    /// Okta: [`unassignRoleFromGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentBGroup/#tag/RoleAssignmentBGroup/operation/unassignRoleFromGroup).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.roles().of_group("00g1").unassign("IFIFAX2BIRGUSTQ").await?;
    /// # Ok(()) }
    /// ```
    pub async fn unassign(&self, assignment: impl AsRef<str>) -> Result<()> {
        let request = self.one(Method::DELETE, assignment.as_ref());
        request.safe_to_repeat().done().await
    }
}
