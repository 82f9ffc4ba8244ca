#![doc = include_str!("../README.md")]
//!
//! # I want to ...
//!
//! | ... | call |
//! | --- | --- |
//! | connect with a token, a service app, or the environment | [`Okta::new`], [`Okta::builder`], [`Okta::from_env`], [`ServiceApp::builder`], [`SigningKey`] |
//! | list everybody | [`Users::list`] |
//! | list some: by attributes, by what changed since, by the start of a name | [`search`](ListUsers::search), [`filter`](ListUsers::filter), [`q`](ListUsers::q) |
//! | write a search without quoting mistakes | [`search::attr`] |
//! | go on with a listing later or elsewhere | [`Cursor`], [`resume`](ListUsers::resume) |
//! | get one user by id or login, who may not exist | [`Users::get`], [`Users::try_get`] |
//! | create a user, with password, hash, groups, type | [`Users::create`], [`NewCredentials`], [`HashedPassword`] |
//! | change some attributes, or replace all | [`Users::update`], [`Users::replace`] |
//! | not overwrite another's change | [`Users::get_with_etag`], [`UpdateUser::if_match`] |
//! | activate, suspend, unlock, deactivate, delete | [`Users::activate`], [`Users::reactivate`], [`Users::suspend`], [`Users::unsuspend`], [`Users::unlock`], [`Users::deactivate`], [`Users::delete`] |
//! | change, reset or expire a password | [`Users::change_password`], [`Users::reset_password`], [`Users::expire_password`], [`Users::expire_password_with_temporary`] |
//! | help somebody who forgot it | [`Users::forgot_password`], [`Users::set_forgotten_password`], [`Users::change_recovery_question`] |
//! | sign somebody out everywhere, remove factors, see who is blocked | [`Users::revoke_sessions`], [`Users::reset_factors`], [`Users::blocks`] |
//! | see whose groups are which | [`Users::groups`], [`Groups::members`], [`Groups::members_as`] |
//! | find groups | [`Groups::list`], [`Groups::get`], [`Groups::try_get`] |
//! | make, change, fill and delete groups | [`Groups::create`], [`Groups::replace`], [`Groups::add_member`], [`Groups::remove_member`], [`Groups::delete`] |
//! | fill groups by a rule | [`GroupRules::create`], [`GroupRules::activate`], [`GroupRules::deactivate`], [`GroupRules::replace`], [`GroupRules::delete`] |
//! | see the rules, and the names of their groups | [`GroupRules::list`], [`GroupRules::get`], [`GroupRules::try_get`], [`GroupRules::get_with_names`] |
//! | find apps: all, by filter, of a group, of a user | [`Apps::list`], [`Apps::get`], [`Apps::try_get`], [`Groups::apps`], [`Users::app_links`] |
//! | make, change and delete apps | [`Apps::create`], [`Apps::replace`], [`Apps::activate`], [`Apps::deactivate`], [`Apps::delete`], [`Application`] |
//! | see who may use an app | [`AppUsers::list`], [`AppUsers::get`], [`AppUsers::try_get`], [`AppGroups::list`], [`AppGroups::get`], [`AppGroups::try_get`] |
//! | assign people, change what they are in the app, unassign them | [`AppUsers::assign`], [`AppUsers::update`], [`AppUsers::unassign`] |
//! | assign groups, change what their members get, unassign them | [`AppGroups::assign`], [`AppGroups::update`], [`AppGroups::unassign`] |
//! | let Okta provision to a SCIM server | [`AppConnection::set_token`], [`AppConnection::activate`], [`AppFeatures::set_user_provisioning`] |
//! | provision by OAuth 2.0 | [`AppConnection::update`], [`AppConnection::verify_consent`], [`AppConnection::jwks`] |
//! | see or stop provisioning, import from an app | [`AppConnection::get`], [`AppConnection::deactivate`], [`AppFeatures::list`], [`AppFeatures::get`], [`AppFeatures::update`] |
//! | push groups to an app | [`PushMappings::create`], [`PushMappings::activate`], [`PushMappings::deactivate`], [`PushMappings::delete`] |
//! | see which groups are pushed, and why a push failed | [`PushMappings::list`], [`PushMappings::get`] |
//! | know which attributes a profile has | [`Schemas::user`], [`Schemas::group`], [`Schemas::app_user`], [`SchemaAttribute`] |
//! | add, change or remove attributes | [`Schemas::update_user`], [`Schemas::update_group`], [`Schemas::update_app_user`], [`NewAttribute`] |
//! | see, assign and take away owners of groups | [`GroupOwners::list`], [`GroupOwners::assign`], [`GroupOwners::delete`] |
//! | know who administers the org, and by which roles | [`Roles::administrators`], [`UserRoles::list`], [`UserRoles::get`], [`UserRoles::try_get`], [`GroupRoles::list`], [`GroupRoles::get`], [`GroupRoles::try_get`] |
//! | assign roles and take them away | [`UserRoles::assign`], [`UserRoles::unassign`], [`GroupRoles::assign`], [`GroupRoles::unassign`] |
//! | know where a role comes from | [`UserRoles::governance`], [`UserRoles::grant`], [`UserRoles::grant_resources`] |
//! | relate users, such as manager and subordinate | [`LinkedObjects::create`], [`UserLinkedObjects::assign`], [`UserLinkedObjects::list`], [`UserLinkedObjects::unassign`] |
//! | see and delete such relations | [`LinkedObjects::list`], [`LinkedObjects::get`], [`LinkedObjects::try_get`], [`LinkedObjects::delete`] |
//! | see and revoke what users let apps do | [`Users::clients`], [`UserGrants::list`], [`UserGrants::get`], [`UserGrants::revoke`], [`UserGrants::revoke_all`], [`UserClient::grants`], [`UserClient::revoke_grants`] |
//! | see and revoke users' refresh tokens | [`UserClient::tokens`], [`UserClient::token`], [`UserClient::revoke_token`], [`UserClient::revoke_tokens`] |
//! | know or say how risky a user is | [`Users::risk`], [`Users::set_risk`] |
//! | know or say what a user counts as | [`Users::classification`], [`Users::set_classification`] |
//! | see which factors somebody has, or may have | [`UserFactors::list`], [`UserFactors::get`], [`UserFactors::try_get`], [`UserFactors::supported`], [`UserFactors::questions`] |
//! | enrol, activate and remove factors | [`UserFactors::enroll`], [`UserFactors::activate`], [`UserFactors::activate_push`], [`UserFactors::resend`], [`UserFactors::unenroll`] |
//! | verify somebody by a code, an answer or a push message | [`UserFactors::challenge`], [`UserFactors::verify`], [`UserFactors::wait`], [`UserFactors::transaction`] |
//! | see and remove what somebody has enrolled in identity engine | [`AuthenticatorEnrollments::list`], [`AuthenticatorEnrollments::get`], [`AuthenticatorEnrollments::delete`] |
//! | enrol a phone, make a temporary access code | [`AuthenticatorEnrollments::create_phone`], [`AuthenticatorEnrollments::create_access_code`] |
//! | see the org's YubiKeys, upload seeds | [`Yubikeys::list`], [`Yubikeys::get`], [`Yubikeys::upload`] |
//! | see users' devices | [`Users::devices`] |
//! | know the settings of log streams | [`Schemas::log_streams`], [`Schemas::log_stream`] |
//! | tell kinds of users apart | [`UserTypes::list`], [`UserTypes::get`], [`UserTypes::try_get`], [`CreateUser::user_type`] |
//! | make, change and delete kinds of users | [`UserTypes::create`], [`UserTypes::update`], [`UserTypes::replace`], [`UserTypes::delete`] |
//! | decide what an app's attributes are made of | [`Mappings::list`], [`Mappings::get`], [`Mappings::update`] |
//! | read or change the org's own data | [`Org::get`], [`Org::update`], [`Org::replace`], [`Org::metadata`] |
//! | read the System Log, between two times or as it grows | [`SystemLog::list`], [`SystemLog::follow`], [`LogCursor`] |
//! | know whom a log event is about | [`LogEvent::user_id`], [`LogEvent::targets_of`] |
//! | have events posted to me, and receive them | [`EventHooks::create`], [`EventHooks::verify`], [`HookReceiver::receive`] |
//! | see, change and delete event hooks | [`EventHooks::list`], [`EventHooks::get`], [`EventHooks::try_get`], [`EventHooks::replace`], [`EventHooks::activate`], [`EventHooks::deactivate`], [`EventHooks::delete`] |
//! | use a profile struct of my own | [`Okta::users_as`] |
//! | call or list an endpoint that has no call here | [`Okta::request`], [`Request::list`] |
//! | see or limit what of the quota is used | [`Okta::rate_limits`], [`Pacing`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod app;
mod app_groups;
mod app_links;
mod app_users;
mod apps;
mod attributes;
mod auth;
mod authenticator_enrollments;
mod call;
mod challenge;
mod config;
mod connections;
mod credentials;
mod delivery;
mod error;
mod event_hooks;
mod factors;
mod features;
mod group_owners;
mod group_roles;
mod group_rule;
mod group_rules;
mod groups;
mod hook_receiver;
mod lifecycle;
mod linked_objects;
mod logs;
mod mappings;
mod model;
mod okta;
mod org;
mod passwords;
mod profile;
mod push_mappings;
mod recent;
mod resource;
mod role_assignment;
mod roles;
mod scan;
mod schemas;
pub mod search;
mod secret;
mod sessions;
mod user;
mod user_classification;
mod user_clients;
mod user_devices;
mod user_grants;
mod user_linked_objects;
mod user_requests;
mod user_risk;
mod user_roles;
mod user_types;
mod users;
mod value;
mod yubikeys;

pub use app::{AppStatus, Application, SignOnMode};
pub use app_groups::{AppGroup, AppGroups, AssignGroup, ListAppGroups, UpdateAppGroup};
pub use app_links::AppLink;
pub use app_users::{
    AppUser, AppUserCredentials, AppUserScope, AppUserStatus, AppUserSyncState, AppUsers,
    AssignUser, ListAppUsers, UnassignUser, UpdateAppUser,
};
pub use apps::{Apps, CreateApp, GetExpanded, ListApps, ListGroupApps};
pub use attributes::{Attribute, Attributes};
pub use auth::{Algorithm, ApiToken, Auth, BearerToken, ServiceApp, ServiceAppBuilder, SigningKey};
pub use authenticator_enrollments::{
    AuthenticatorEnrollment, AuthenticatorEnrollments, AuthenticatorType, CreateAccessCode,
    EnrollmentProfile, ReadEnrollments,
};
pub use connections::{
    AppConnection, ConnectionProfile, ConnectionScheme, ConnectionSettings, ConnectionSigning,
    ConnectionStatus, Office365Admin, ProvisioningConnection, UpdateConnection,
};
pub use credentials::{HashedPassword, NewCredentials, SaltOrder};
pub use delivery::{DeliveredEvent, Delivery, DeliveryData, OddEvent};
pub use error::{Cause, Error, OktaError, Result};
pub use event_hooks::{
    EventHook, EventHookAuthScheme, EventHookChannel, EventHookCondition, EventHookConfig,
    EventHookEvents, EventHookFilter, EventHookFilterEntry, EventHookHeader, EventHookStatus,
    EventHookVerification, EventHooks,
};
pub use factors::{
    ChallengeFactor, EnrollFactor, FactorActivation, FactorChallenge, FactorEmbedded,
    FactorEnrollment, FactorPassCodes, FactorProfile, FactorProof, FactorProvider, FactorResult,
    FactorStatus, FactorType, FactorVerification, PhoneNumber, PushActivation, ResendFactor,
    SecurityQuestion, SupportedFactor, UnenrollFactor, UserFactor, UserFactors, WaitForFactor,
};
pub use features::{
    AppFeatures, Capabilities, CreateCapability, EnabledStatus, Feature, FeatureName, ImportRules,
    ImportSchedule, ImportSettings, ImportTimes, ImportUsername, MatchRules, PasswordSync,
    SetUserProvisioning, Switch, UpdateCapability,
};
pub use group_owners::{
    GroupOwner, GroupOwnerOrigin, GroupOwnerType, GroupOwners, ListGroupOwners,
};
pub use group_roles::GroupRoles;
pub use group_rule::{
    ExcludedGroups, ExcludedUsers, GroupRule, GroupRuleStatus, RuleActions, RuleConditions,
    RuleExpression, RuleGroups, RuleNames, RulePeople,
};
pub use group_rules::{DeleteGroupRule, GroupRules, ListGroupRules};
pub use groups::{Group, GroupType, Groups, ListGroups, ListMembers};
pub use hook_receiver::{HookCall, HookReceiver, PendingDelivery};
pub use lifecycle::{Activation, EndAction, MailAction};
pub use linked_objects::{LinkedObject, LinkedObjectSide, LinkedObjects};
pub use logs::{
    FollowLog, ListLogEvents, LogActor, LogAuthenticationContext, LogBotProtection,
    LogChangeDetails, LogClient, LogCursor, LogDebugContext, LogEvent, LogEvents,
    LogGeographicalContext, LogGeolocation, LogIpAddress, LogIpDetails, LogIpService, LogIssuer,
    LogOrder, LogOutcome, LogPage, LogPages, LogRequest, LogResult, LogRisk, LogSecurityContext,
    LogSeverity, LogStart, LogTarget, LogTransaction, LogUserAgent, LogUserBehavior, SystemLog,
};
pub use mappings::{
    ListMappings, MappedAttribute, MappingSide, Mappings, ProfileMapping, ProfileOwner, PushStatus,
    UpdateMapping,
};
pub use okta::{Okta, OktaBuilder};
pub use org::{Org, OrgMetadata, OrgSettings, OrgStatus, Pipeline};
pub use passwords::{
    ChangePassword, PasswordAction, PasswordReset, SetForgottenPassword, TemporaryPassword,
};
pub use profile::{GroupProfile, Profile};
pub use push_mappings::{
    CreatePushMapping, DeletePushMapping, GroupPushStatus, ListPushMappings, PushAppConfig,
    PushMapping, PushMappings, PushTarget,
};
pub use role_assignment::{
    Administrator, CatalogApp, RoleAssignment, RoleAssignmentType, RoleCatalog, RoleEmbedded,
    RoleGovernance, RoleGrant, RoleGrantType, RoleResource, RoleStatus, RoleTargets, RoleType,
};
pub use roles::{AssignRole, ListAdministrators, ListRoles, Role, Roles};
pub use schemas::{
    AttributeItems, AttributeMaster, AttributeScope, AttributeType, Choice, LogStreamMessages,
    LogStreamSchema, LogStreamSetting, LogStreamType, Master, MasterSource, Mutability,
    NamedChoice, NewAttribute, Permission, PermissionAction, Schema, SchemaAttribute, Schemas,
    Union, Unique, UpdateSchema,
};
pub use secret::Secret;
pub use sessions::RevokeSessions;
pub use user::{
    CredentialEmail, Credentials, Link, Links, OneOrMany, Provider, ProviderType, RecoveryQuestion,
    User, UserStatus, UserTypeRef,
};
pub use user_classification::{ClassificationType, UserClassification};
pub use user_clients::{
    GetRefreshToken, ListClientGrants, ListRefreshTokens, OAuthClient, RefreshToken,
    RefreshTokenEmbedded, UserClient,
};
pub use user_devices::{
    Device, DeviceName, DevicePlatform, DeviceProfile, DeviceStatus, DiskEncryption, UserDevice,
};
pub use user_grants::{
    GetGrant, Grant, GrantActor, GrantEmbedded, GrantScope, GrantSource, GrantStatus, ListGrants,
    UserGrants,
};
pub use user_linked_objects::{LinkedUser, UserLinkedObjects};
pub use user_requests::{CreateUser, GetUser, ListUsers, Omit, ReplaceUser, UpdateUser};
pub use user_risk::{RiskLevel, SetUserRisk, UserRisk};
pub use user_roles::UserRoles;
pub use user_types::{UserType, UserTypes};
pub use users::{BlockedDevices, Received, Sent, UserBlock, Users};
pub use value::{
    AppId, ClientId, DateTime, DeviceId, EnrollmentId, EventHookId, FactorId, GrantId, GroupId,
    GroupOwnerId, GroupRuleId, Lazy, LogEventId, MappingId, PushMappingId, RefreshTokenId,
    RoleAssignmentId, UserId, UserTypeId, YubikeyId,
};
pub use yubikeys::{
    ListYubikeys, Yubikey, YubikeyEmbedded, YubikeyProfile, YubikeySeed, YubikeyStatus, Yubikeys,
};

pub use jiff;
pub use rest_core::{
    AuthError, Authorize, BoxError, Cursor, ErrorKind, ExposeSecret, HeaderMap, HeaderName, Items,
    List, Method, Pacing, Page, Pages, RateLimit, Request, Response, RetryPolicy, SecretString,
    StatusCode, Transport, reqwest,
};
