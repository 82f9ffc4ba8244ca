#![doc = include_str!("../README.md")]
//!
//! # I want to ...
//!
//! | ... | call |
//! | --- | --- |
//! | connect with a token, a service app, or the environment | [`Okta::new`], [`Okta::builder`], [`Okta::from_env`] |
//! | list everybody | [`Users::list`] |
//! | list some: by attributes, by what changed since, by the start of a name | [`search`](ListUsers::search), [`filter`](ListUsers::filter), [`q`](ListUsers::q) |
//! | write a search without quoting mistakes | [`search::attr`] |
//! | go on with a listing later or elsewhere | [`Cursor`], [`resume`](ListUsers::resume) |
//! | get one user by id or login, who may not exist | [`Users::get`], [`Users::try_get`] |
//! | create a user, with password, hash, groups, type | [`Users::create`], [`NewCredentials`], [`HashedPassword`] |
//! | change some attributes, or replace all | [`Users::update`], [`Users::replace`] |
//! | not overwrite another's change | [`Users::get_with_etag`], [`UpdateUser::if_match`] |
//! | activate, suspend, unlock, deactivate, delete | [`Users::activate`], [`Users::suspend`], [`Users::unlock`], [`Users::deactivate`], [`Users::delete`] |
//! | reset or expire a password | [`Users::reset_password`], [`Users::expire_password`], [`Users::expire_password_with_temporary`] |
//! | see whose groups are which | [`Users::groups`], [`Groups::members`] |
//! | make, change and fill groups | [`Groups::create`], [`Groups::replace`], [`Groups::add_member`], [`Groups::remove_member`] |
//! | know which attributes a profile has | [`Schemas::user`], [`Schemas::group`], [`SchemaAttribute`] |
//! | use a profile struct of my own | [`Okta::users_as`] |
//! | call an endpoint that has no call here | [`Okta::request`] |
//! | see or limit what of the quota is used | [`Okta::rate_limits`], [`Pacing`] |
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

pub use jiff;
pub use rest_core::{
    AuthError, Authorize, BoxError, Cursor, ErrorKind, ExposeSecret, HeaderMap, HeaderName, Items,
    List, Method, Pacing, Page, Pages, RateLimit, Request, Response, RetryPolicy, SecretString,
    StatusCode, Transport, reqwest,
};
