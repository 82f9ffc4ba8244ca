#![doc = include_str!("../README.md")]
//!
//! # I want to ...
//!
//! | | |
//! |---|---|
//! | connect | [`Pendo::new`], [`Pendo::from_env`], [`Pendo::builder`], [`Region`], [`IntegrationKey`] |
//! | know whether the key works and may write | [`Pendo::verify`] |
//! | push metadata of many visitors or accounts | [`Metadata::push`], [`Push`], [`Record`] |
//! | create visitors or accounts | [`Push::create_missing`] |
//! | know what became of each record | [`PushReport`], [`Batch`], [`Outcome`], [`Delivery`] |
//! | read or write one value | [`Metadata::get`], [`Metadata::set`] |
//! | read values of everybody | [`Pendo::read_metadata`], [`ReadMetadata`] |
//! | opt somebody out | [`Metadata::set`] in [`Group::Pendo`] |
//! | see which metadata fields there are | [`SchemaCalls::read`], [`Schema`] |
//! | create typed fields | [`SchemaCalls::create`], [`NewField`] |
//! | look up a visitor or an account | [`Visitors::get`], [`Visitors::try_get`], [`Accounts::get`], [`Accounts::try_get`] |
//! | call an endpoint that is not here | [`Pendo::request`] |
//! | decide by the kind of an error | [`Error`], [`PendoError`], [`ErrorKind`] |
//! | see a rate limit, if there is one | [`Pendo::rate_limits`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accounts;
mod aggregation;
mod error;
mod id;
mod key;
mod metadata;
mod model;
mod pendo;
mod region;
mod schema;
mod visitors;

pub use accounts::{Account, Accounts};
pub use aggregation::ReadMetadata;
pub use error::{Error, PendoError, Result};
pub use key::IntegrationKey;
pub use metadata::{
    Batch, Delivery, Group, Kind, Metadata, Outcome, Push, PushError, PushReport, Record,
};
pub use model::Groups;
pub use pendo::{Access, Pendo, PendoBuilder};
pub use region::{Region, UnknownRegion};
pub use schema::{
    Field, FieldOutcome, FieldResult, FieldType, Fields, NewField, NewType, Schema, SchemaCalls,
};
pub use visitors::{Visitor, Visitors};

pub use rest_core::{
    ErrorKind, HeaderMap, HeaderName, List, Method, Pacing, RateLimit, Request, Response,
    RetryPolicy, StatusCode, Transport, reqwest,
};
