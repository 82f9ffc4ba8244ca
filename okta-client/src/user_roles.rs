//! The administrator roles of one user.

use http::Method;
use rest_core::{Client, List, Request};

use crate::error::{OktaError, Result};
use crate::role_assignment::{RoleAssignment, RoleGovernance, RoleGrant, RoleResource};
use crate::roles::{AssignRole, ListRoles, Role};

/// The roles of one user.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/>
#[derive(Clone, Debug)]
pub struct UserRoles {
    client: Client<OktaError>,
    user: String,
}

impl UserRoles {
    pub(crate) fn new(client: Client<OktaError>, user: &str) -> Self {
        Self { client, user: user.to_owned() }
    }

    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/users/{userId}/roles", [&self.user])
    }

    fn one(&self, method: Method, assignment: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userId}/roles/{roleAssignmentId}";
        self.client.request(method, template, [&self.user, assignment])
    }

    /// Gives all roles of the user, those by a group too, in one answer.
    ///
    /// Scope `okta.roles.read`.
    /// Okta: [`listAssignedRolesForUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/listAssignedRolesForUser).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for role in okta.roles().of_user("00u1").list().await? {
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
    /// Okta: [`getUserAssignedRole`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/getUserAssignedRole).
    ///
    /// # Errors
    /// 404 `E0000007` when the user has no such role; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let role = okta.roles().of_user("00u1").get("IFIFAX2BIRGUSTQ").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, assignment: impl AsRef<str>) -> Result<RoleAssignment> {
        self.one(Method::GET, assignment.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when the user has no such role.
    ///
    /// Scope `okta.roles.read`.
    /// Okta: [`getUserAssignedRole`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/getUserAssignedRole).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let roles = okta.roles().of_user("00u1");
    /// let has_it = roles.try_get("IFIFAX2BIRGUSTQ").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, assignment: impl AsRef<str>) -> Result<Option<RoleAssignment>> {
        self.one(Method::GET, assignment.as_ref()).optional().await
    }

    /// Gives the user a role.
    ///
    /// Scope `okta.roles.manage`. Not repeated when it is unclear whether Okta has done it.
    /// Okta: [`assignRoleToUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/assignRoleToUser).
    ///
    /// # Errors
    /// 409 `E0000090` when the user has it already; 400 `E0000001` with causes; 403 when the credential
    /// may not assign it; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::{Role, RoleType};
    ///
    /// let roles = okta.roles().of_user("00u1");
    /// roles.assign(RoleType::HelpDeskAdmin).await?;
    /// roles.assign(Role::custom("cr01", "iam1")).third_party(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn assign(&self, role: impl Into<Role>) -> AssignRole {
        AssignRole::new(self.all(Method::POST), &role.into())
    }

    /// Takes a role from the user.
    ///
    /// Scope `okta.roles.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// assignment, so take a 404 for done.
    /// Okta: [`unassignRoleFromUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/unassignRoleFromUser).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.roles().of_user("00u1").unassign("IFIFAX2BIRGUSTQ").await?;
    /// # Ok(()) }
    /// ```
    pub async fn unassign(&self, assignment: impl AsRef<str>) -> Result<()> {
        let request = self.one(Method::DELETE, assignment.as_ref());
        request.safe_to_repeat().done().await
    }

    /// Tells where a role of the user comes from.
    ///
    /// Scope `okta.roles.read`. In orgs with Identity Governance.
    /// Okta: [`getUserAssignedRoleGovernance`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/getUserAssignedRoleGovernance).
    ///
    /// # Errors
    /// 404 `E0000007` when the user has no such role.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let sources = okta.roles().of_user("00u1").governance("IFIFAX2BIRGUSTQ").await?;
    /// for grant in sources.grants.unwrap_or_default() {
    ///     println!("{:?} until {:?}", grant.kind, grant.expiration_date);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn governance(&self, assignment: impl AsRef<str>) -> Result<RoleGovernance> {
        let template = "/api/v1/users/{userId}/roles/{roleAssignmentId}/governance";
        self.client.request(Method::GET, template, [&*self.user, assignment.as_ref()]).json().await
    }

    /// Gets one source of a role.
    ///
    /// Scope `okta.roles.read`.
    /// Okta: [`getRoleAssignmentGovernanceGrant`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/getRoleAssignmentGovernanceGrant).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let grant = okta.roles().of_user("00u1").grant("IFIFAX2BIRGUSTQ", "gra1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn grant(
        &self,
        assignment: impl AsRef<str>,
        grant: impl AsRef<str>,
    ) -> Result<RoleGrant> {
        let template = "/api/v1/users/{userId}/roles/{roleAssignmentId}/governance/{grantId}";
        let args = [&*self.user, assignment.as_ref(), grant.as_ref()];
        self.client.request(Method::GET, template, args).json().await
    }

    /// Lists the resources that a source of a role is about.
    ///
    /// Scope `okta.roles.read`. Okta chooses the size of the pages.
    /// Okta: [`getRoleAssignmentGovernanceGrantResources`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/getRoleAssignmentGovernanceGrantResources).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user, role or grant.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let resources = okta.roles().of_user("00u1").grant_resources("IFIFAX2BIRGUSTQ", "gra1");
    /// let resources: Vec<_> = resources.stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn grant_resources(
        &self,
        assignment: impl AsRef<str>,
        grant: impl AsRef<str>,
    ) -> List<OktaError, RoleResource> {
        let template =
            "/api/v1/users/{userId}/roles/{roleAssignmentId}/governance/{grantId}/resources";
        let args = [&*self.user, assignment.as_ref(), grant.as_ref()];
        self.client.request(Method::GET, template, args).list().items_in("resources")
    }
}
