#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
mod error;
mod foreign;
mod gate;
mod items;
mod limit;
mod link;
mod list;
mod open_enum;
mod page;
mod request;
mod response;
mod retry;
mod secrets;
mod send;
mod settings;

pub use auth::{Anonymous, AuthError, Authorize, HeaderKey, Turn};
pub use client::{Client, ClientBuilder, base_url};
pub use error::{BoxError, Call, Error, ErrorBody, ErrorKind, Transport};
pub use items::{Array, read_item};
pub use limit::{Pacing, RateLimit};
pub use list::List;
pub use page::{Cursor, Items, Page, Pages};
pub use request::Request;
pub use response::Response;
pub use retry::RetryPolicy;

pub use http::{HeaderMap, HeaderName, Method, StatusCode};
pub use reqwest;
pub use secrecy::{ExposeSecret, SecretString};
pub use serde;
