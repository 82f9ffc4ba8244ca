//! Which of our calls reads which recorded operation.

use std::cell::LazyCell;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use okta_client::app::JsonWebKeySet;
use okta_client::{
    Activation, Administrator, AppGroup, AppLink, AppUser, Application, AuthenticatorEnrollment,
    Credentials, Delivery, EventHook, FactorVerification, Feature, Grant, Group, GroupOwner,
    GroupRule, LinkedObject, LinkedUser, LogEvent, LogStreamSchema, OAuthClient, OktaError,
    OrgMetadata, OrgSettings, PasswordReset, ProfileMapping, ProvisioningConnection, PushMapping,
    RefreshToken, RoleAssignment, RoleGovernance, RoleGrant, RoleResource, Schema,
    SecurityQuestion, SupportedFactor, TemporaryPassword, User, UserBlock, UserClassification,
    UserDevice, UserFactor, UserRisk, UserType, Yubikey,
};
use rest_core::ErrorBody;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::leaves::{Leaves, leaves};
use super::log_parts::{delivery_parts, log_event_parts};
use super::modelled::{
    app_group_parts, app_parts, app_user_parts, modelled, modelled_list, modelled_list_with,
    modelled_with, same_types,
};
use super::typed::{self, Typed};

/// What became of a body: what is written again, and what accessors give.
pub(crate) struct Read {
    pub(crate) kept: Leaves,
    /// Worked out when it is asked for.
    pub(crate) typed: LazyCell<Leaves, Box<dyn FnOnce() -> Leaves>>,
}

impl Read {
    pub(crate) fn new(kept: Leaves, typed: impl FnOnce() -> Leaves + 'static) -> Self {
        Self { kept, typed: LazyCell::new(Box::new(typed)) }
    }
}

impl Default for Read {
    fn default() -> Self {
        Self::new(Leaves::new(), Leaves::new)
    }
}

/// What stands by itself: an event of the System Log.
pub(crate) const LOG_EVENT: &str = "log event";

/// What Okta posts to an event hook.
pub(crate) const HOOK_BODY: &str = "event hook body";

pub(crate) type Decode = fn(&str) -> Result<Read, serde_json::Error>;

/// How our call for this operation reads its answer; none if there is no call yet.
pub(crate) fn call_for(operation: &str) -> Option<Decode> {
    Some(match operation {
        "createUser" | "getUser" | "updateUser" | "replaceUser" | "expirePassword" => {
            |json| one::<User>(json, typed::user)
        }
        "listUsers" | "listGroupUsers" => |json| many::<User>(json, typed::user),
        "addGroup" | "getGroup" | "replaceGroup" => |json| one::<Group>(json, typed::group),
        "listGroups" | "listUserGroups" => |json| many::<Group>(json, typed::group),
        "getUserSchema"
        | "getGroupSchema"
        | "getApplicationUserSchema"
        | "updateUserProfile"
        | "updateGroupSchema"
        | "updateApplicationUserProfile" => |json| one::<Schema>(json, typed::schema),
        "createGroupRule" | "getGroupRule" | "replaceGroupRule" => modelled::<GroupRule>,
        "listGroupRules" => modelled_list::<GroupRule>,
        "createUserType" | "getUserType" | "updateUserType" | "replaceUserType" => {
            modelled::<UserType>
        }
        "listUserTypes" => modelled_list::<UserType>,
        "getProfileMapping" | "updateProfileMapping" => modelled::<ProfileMapping>,
        "listProfileMappings" => modelled_list::<ProfileMapping>,
        "getOrgSettings" | "updateOrgSettings" | "replaceOrgSettings" => modelled::<OrgSettings>,
        "getWellknownOrgMetadata" => |json| {
            modelled_with::<OrgMetadata>(json, |came, changed| {
                same_types(came.settings.as_ref(), changed.settings.as_ref())
            })
        },
        "createApplication" | "getApplication" | "replaceApplication" => {
            |json| modelled_with::<Application>(json, app_parts)
        }
        "listApplications" | "listAssignedApplicationsForGroup" => {
            |json| modelled_list_with::<Application>(json, app_parts)
        }
        "assignUserToApplication" | "getApplicationUser" | "updateApplicationUser" => {
            |json| modelled_with::<AppUser>(json, app_user_parts)
        }
        "listApplicationUsers" => |json| modelled_list_with::<AppUser>(json, app_user_parts),
        "assignGroupToApplication"
        | "getApplicationGroupAssignment"
        | "updateGroupAssignmentToApplication" => {
            |json| modelled_with::<AppGroup>(json, app_group_parts)
        }
        "listApplicationGroupAssignments" => {
            |json| modelled_list_with::<AppGroup>(json, app_group_parts)
        }
        "getDefaultProvisioningConnectionForApplication"
        | "updateDefaultProvisioningConnectionForApplication" => modelled::<ProvisioningConnection>,
        "getUserProvisioningConnectionJWKS" => modelled::<ConnectionKeys>,
        "getFeatureForApplication" | "updateFeatureForApplication" => modelled::<Feature>,
        "listFeaturesForApplication" => modelled_list::<Feature>,
        "createGroupPushMapping" | "getGroupPushMapping" | "updateGroupPushMapping" => {
            modelled::<PushMapping>
        }
        "listGroupPushMappings" => modelled_list::<PushMapping>,
        "listAppLinks" => modelled_list::<AppLink>,
        "listUserBlocks" => modelled_list::<UserBlock>,
        "changePassword" | "changeRecoveryQuestion" | "forgotPasswordSetNewPassword" => {
            modelled::<Credentials>
        }
        "activateUser" | "reactivateUser" => modelled::<Activation>,
        "resetPassword" | "forgotPassword" => modelled::<PasswordReset>,
        "expirePasswordWithTempPassword" => modelled::<TemporaryPassword>,
        "assignGroupOwner" => modelled::<GroupOwner>,
        "listGroupOwners" => modelled_list::<GroupOwner>,
        "createLinkedObjectDefinition" | "getLinkedObjectDefinition" => modelled::<LinkedObject>,
        "listLinkedObjectDefinitions" => modelled_list::<LinkedObject>,
        "listLinkedObjectsForUser" => modelled_list::<LinkedUser>,
        "assignRoleToUser"
        | "getUserAssignedRole"
        | "assignRoleToGroup"
        | "getGroupAssignedRole" => modelled::<RoleAssignment>,
        "listAssignedRolesForUser" | "listGroupAssignedRoles" => modelled_list::<RoleAssignment>,
        "listUsersWithRoleAssignments" => modelled::<Administrators>,
        "getUserAssignedRoleGovernance" => modelled::<RoleGovernance>,
        "getRoleAssignmentGovernanceGrant" => modelled::<RoleGrant>,
        "getRoleAssignmentGovernanceGrantResources" => modelled::<RoleResources>,
        "getUserGrant" => modelled::<Grant>,
        "listUserGrants" | "listGrantsForUserAndClient" => modelled_list::<Grant>,
        "getRefreshTokenForUserAndClient" => modelled::<RefreshToken>,
        "listRefreshTokensForUserAndClient" => modelled_list::<RefreshToken>,
        "listUserClients" => modelled_list::<OAuthClient>,
        "listUserDevices" => modelled_list::<UserDevice>,
        "getLogStreamSchema" => modelled::<LogStreamSchema>,
        "listLogStreamSchemas" => modelled_list::<LogStreamSchema>,
        "getUserRisk" | "upsertUserRisk" => modelled::<UserRisk>,
        "getUserClassification" | "replaceUserClassification" => modelled::<UserClassification>,
        "enrollFactor" | "getFactor" | "resendEnrollFactor" => modelled::<UserFactor>,
        // Of a push message that waits, how it stands.
        "activateFactor" => |json| match leaves(json).contains_key("/id") {
            true => modelled::<UserFactor>(json),
            false => modelled::<FactorVerification>(json),
        },
        "listFactors" => modelled_list::<UserFactor>,
        "listSupportedFactors" => modelled_list::<SupportedFactor>,
        "listSupportedSecurityQuestions" => modelled_list::<SecurityQuestion>,
        "verifyFactor" | "getFactorTransactionStatus" => modelled::<FactorVerification>,
        "getAuthenticatorEnrollment"
        | "createAuthenticatorEnrollment"
        | "createTacAuthenticatorEnrollment" => modelled::<AuthenticatorEnrollment>,
        // One by Okta's schema, a list by its example.
        "listAuthenticatorEnrollments" => |json| match json.trim_start().starts_with('{') {
            true => modelled::<AuthenticatorEnrollment>(json),
            false => modelled_list::<AuthenticatorEnrollment>(json),
        },
        "getYubikeyOtpTokenById" | "uploadYubikeyOtpTokenSeed" => modelled::<Yubikey>,
        "listYubikeyOtpTokens" => modelled_list::<Yubikey>,
        "createEventHook"
        | "getEventHook"
        | "replaceEventHook"
        | "activateEventHook"
        | "deactivateEventHook"
        | "verifyEventHook" => modelled::<EventHook>,
        "listEventHooks" => modelled_list::<EventHook>,
        "listLogEvents" => |json| modelled_list_with::<LogEvent>(json, log_event_parts),
        LOG_EVENT => |json| modelled_with::<LogEvent>(json, log_event_parts),
        HOOK_BODY => |json| modelled_with::<Delivery>(json, delivery_parts),
        _ if gives_nothing(operation) => |_| Ok(Read::default()),
        _ => return None,
    })
}

/// Whether our call gives nothing of the answer, whatever Okta answers.
pub(crate) fn gives_nothing(operation: &str) -> bool {
    matches!(
        operation,
        "deactivateUser"
            | "deleteUser"
            | "suspendUser"
            | "unsuspendUser"
            | "unlockUser"
            | "resetFactors"
            | "revokeUserSessions"
            | "deleteGroup"
            | "deleteEventHook"
            | "deleteApplication"
            | "activateApplication"
            | "deactivateApplication"
            | "unassignUserFromApplication"
            | "unassignApplicationFromGroup"
            | "activateDefaultProvisioningConnectionForApplication"
            | "deactivateDefaultProvisioningConnectionForApplication"
            | "verifyProvisioningConnectionForApplication"
            | "deleteGroupPushMapping"
            | "deleteGroupRule"
            | "activateGroupRule"
            | "deactivateGroupRule"
            | "deleteUserType"
            | "deleteGroupOwner"
            | "deleteLinkedObjectDefinition"
            | "assignLinkedObjectValueForPrimary"
            | "deleteLinkedObjectForUser"
            | "unassignRoleFromUser"
            | "unassignRoleFromGroup"
            | "revokeUserGrant"
            | "revokeUserGrants"
            | "revokeGrantsForUserAndClient"
            | "revokeTokenForUserAndClient"
            | "revokeTokensForUserAndClient"
            | "assignUserToGroup"
            | "deleteAuthenticatorEnrollment"
            | "unenrollFactor"
            | "unassignUserFromGroup"
    )
}

/// The call gives what is in it.
#[derive(Serialize, Deserialize)]
struct ConnectionKeys {
    jwks: Option<JsonWebKeySet>,
}

/// The call gives the items; an answer without them, which it refuses, is not in question here.
#[derive(Serialize, Deserialize)]
struct Administrators {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Vec<Administrator>>,
}

/// As [`Administrators`].
#[derive(Serialize, Deserialize)]
struct RoleResources {
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<RoleResource>>,
}

fn one<T: DeserializeOwned + Serialize>(
    json: &str,
    accessors: fn(&T, &mut Typed),
) -> Result<Read, serde_json::Error> {
    let value: T = serde_json::from_str(json)?;
    let mut typed = Typed::default();
    accessors(&value, &mut typed);
    Ok(Read::new(leaves(&serde_json::to_string(&value)?), || typed.leaves))
}

fn many<T: DeserializeOwned + Serialize>(
    json: &str,
    accessors: fn(&T, &mut Typed),
) -> Result<Read, serde_json::Error> {
    let values: Vec<T> = serde_json::from_str(json)?;
    let mut typed = Typed::default();
    for (at, value) in values.iter().enumerate() {
        typed.at = format!("/{at}");
        accessors(value, &mut typed);
    }
    Ok(Read::new(leaves(&serde_json::to_string(&values)?), || typed.leaves))
}

/// An error answer, read as the client does. A body that is no JSON object is kept as text by the
/// client, and has no leaves.
pub(crate) fn error(status: u16, headers: &[(String, String)], json: &str) -> Option<Read> {
    let pairs = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    let headers = HeaderMap::from_iter(pairs);
    let decoded = OktaError::decode(StatusCode::from_u16(status).ok()?, &headers, json.as_bytes());
    let Some(error) = decoded else {
        return (!json.trim_start().starts_with('{')).then(Read::default);
    };
    let mut typed = Typed::default();
    typed::error(&error, &mut typed);
    let mut kept = leaves(&serde_json::to_string(&error).ok()?);
    if leaves(json).contains_key("/error") {
        kept = typed.leaves.clone();
        kept.retain(|path, _| path == "/error" || path == "/error_description");
    }
    Some(Read::new(kept, || typed.leaves))
}
