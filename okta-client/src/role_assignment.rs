//! Administrator roles as they are assigned, and where an assignment comes from.

use crate::app::{AppStatus, SignOnMode};
use crate::groups::Group;
use crate::model::model;
use crate::user::Links;
use crate::value::{AppId, DateTime, Lazy, RoleAssignmentId, UserId};

rest_core::open_enum! {
    /// Which role; all but [`Custom`](Self::Custom) are Okta's own.
    pub enum RoleType {
        /// May do everything.
        SuperAdmin = "SUPER_ADMIN",
        /// May do most of it, in the whole org.
        OrgAdmin = "ORG_ADMIN",
        /// Administers apps.
        AppAdmin = "APP_ADMIN",
        /// Administers users and groups; Okta's console says "Group administrator".
        UserAdmin = "USER_ADMIN",
        /// Helps users to sign in.
        HelpDeskAdmin = "HELP_DESK_ADMIN",
        /// Decides who is in which group.
        GroupMembershipAdmin = "GROUP_MEMBERSHIP_ADMIN",
        /// Administers authorization servers.
        ApiAccessManagementAdmin = "API_ACCESS_MANAGEMENT_ADMIN",
        /// Sees everything and changes nothing.
        ReadOnlyAdmin = "READ_ONLY_ADMIN",
        /// Sees reports and the System Log.
        ReportAdmin = "REPORT_ADMIN",
        /// Runs access certifications.
        AccessCertificationsAdmin = "ACCESS_CERTIFICATIONS_ADMIN",
        /// Runs access requests.
        AccessRequestsAdmin = "ACCESS_REQUESTS_ADMIN",
        /// Administers Workflows.
        WorkflowsAdmin = "WORKFLOWS_ADMIN",
        /// One of the org's own.
        Custom = "CUSTOM",
    }
}

rest_core::open_enum! {
    /// Whom a role is assigned to.
    pub enum RoleAssignmentType {
        /// A user.
        User = "USER",
        /// A group; its members have the role.
        Group = "GROUP",
        /// A client app.
        Client = "CLIENT",
    }
}

rest_core::open_enum! {
    /// Whether an assignment holds.
    pub enum RoleStatus {
        /// It does.
        Active = "ACTIVE",
        /// It does not.
        Inactive = "INACTIVE",
    }
}

model! {
    /// A role that a user or a group has.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/>
    pub struct RoleAssignment[id: RoleAssignmentId] {}
    read {
        /// Which role.
        kind: RoleType = "type",
        /// The role's name.
        label: String = "label",
        /// Whether the assignment holds.
        status: RoleStatus = "status",
        /// Whom it was assigned to: for a user's role `GROUP` means by a group.
        assignment_type: RoleAssignmentType = "assignmentType",
        /// The id of a custom role, or the name of one of Okta's that is built likewise.
        role: String = "role",
        /// For which resources such a role holds.
        resource_set: String = "resource-set",
        /// When it was assigned.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Who has it, and more for a custom role. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What a standard role is limited to, if that was asked for. Text until asked for.
        embedded: Lazy<RoleEmbedded> = "_embedded",
    }
}

impl RoleAssignment {
    /// Whether the role is one of the org's own. Okta's own may have a `role` and a `resource_set` too.
    pub fn is_custom(&self) -> bool {
        self.kind == Some(RoleType::Custom)
    }
}

model! {
    /// What `expand` adds to a role.
    pub struct RoleEmbedded {}
    read {
        /// What the role is limited to.
        targets: RoleTargets = "targets",
    }
}

model! {
    /// What a standard role is limited to.
    pub struct RoleTargets {}
    read {
        /// The groups.
        groups: Vec<Group> = "groups",
        /// The apps.
        catalog: RoleCatalog = "catalog",
    }
}

model! {
    /// The apps to which a standard role is limited.
    pub struct RoleCatalog {}
    read {
        /// Kinds of apps, or single ones.
        apps: Vec<CatalogApp> = "apps",
    }
}

model! {
    /// A kind of app in Okta's catalog, or one app of the org.
    pub struct CatalogApp {}
    read {
        /// The app's id, for one that is limited to a single app.
        id: AppId = "id",
        /// The kind of app.
        name: String = "name",
        /// The name to show.
        display_name: String = "displayName",
        /// What it is for.
        description: String = "description",
        /// Its place in the catalog.
        category: String = "category",
        /// Whether it can be used.
        status: AppStatus = "status",
        /// What it can do, such as `PUSH_NEW_USERS`.
        features: Vec<String> = "features",
        /// How people may sign in to it.
        sign_on_modes: Vec<SignOnMode> = "signOnModes",
        /// How far Okta has verified it.
        verification_status: String = "verificationStatus",
        /// Its maker's site.
        website: String = "website",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Its logo and itself. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// A user who has roles.
    pub struct Administrator[id: UserId] {}
    read {
        /// The user's resource name.
        orn: String = "orn",
        /// The user and the roles. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

rest_core::open_enum! {
    /// What has granted a role.
    pub enum RoleGrantType {
        /// An administrator.
        Custom = "CUSTOM",
        /// A bundle of entitlements in Identity Governance.
        EntitlementBundle = "ENTITLEMENT-BUNDLE",
    }
}

model! {
    /// Where a user's role comes from.
    pub struct RoleGovernance {}
    read {
        /// Its sources.
        grants: Vec<RoleGrant> = "grants",
        /// Itself and the user. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// One source of a user's role.
    pub struct RoleGrant {}
    read {
        /// Its id, for [`UserRoles::grant`](crate::UserRoles::grant).
        grant_id: String = "grantId",
        /// What it is.
        kind: RoleGrantType = "type",
        /// The bundle of entitlements, if it is one.
        bundle_id: String = "bundleId",
        /// When it ends.
        expiration_date: DateTime = "expirationDate",
        /// Itself and its resources. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// A resource that a source of a role is about.
    pub struct RoleResource {}
    read {
        /// The resource's name `orn:…`.
        resource: String = "resource",
        /// The name to show.
        label: String = "label",
    }
}
