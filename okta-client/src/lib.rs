#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
mod auth;
mod call;
mod config;
mod credentials;
mod error;
mod groups;
mod lifecycle;
mod okta;
mod profile;
mod resource;
mod scan;
mod schemas;
pub mod search;
mod user;
mod users;
mod value;

pub use attributes::{Attribute, Attributes};
pub use auth::{Algorithm, ApiToken, Auth, BearerToken, ServiceApp, ServiceAppBuilder, SigningKey};
pub use credentials::{HashedPassword, NewCredentials, SaltOrder};
pub use error::{Cause, Error, OktaError, Result};
pub use groups::{Group, GroupType, Groups, ListGroups, ListMembers};
pub use lifecycle::{Activation, EndAction, MailAction, PasswordReset, TemporaryPassword};
pub use okta::{Okta, OktaBuilder};
pub use profile::{GroupProfile, Profile};
pub use schemas::{
    AttributeScope, AttributeType, Choice, Master, Mutability, Permission, Schema, SchemaAttribute,
    Schemas,
};
pub use user::{
    CredentialEmail, Credentials, Link, Links, OneOrMany, Provider, ProviderType, RecoveryQuestion,
    User, UserStatus, UserTypeRef,
};
pub use users::{CreateUser, ListUsers, Received, ReplaceUser, Sent, UpdateUser, Users};
pub use value::{DateTime, GroupId, Lazy, UserId, UserTypeId};

pub use rest_core::{
    AuthError, Authorize, Cursor, ErrorKind, Items, Method, Pacing, Page, Pages, RateLimit,
    Request, RetryPolicy, SecretString,
};
