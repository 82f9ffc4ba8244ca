#![doc = include_str!("../README.md")]

#[macro_use]
mod open_enum;
#[macro_use]
mod object;
mod bulk;
mod discovery;
mod enterprise;
mod error;
pub mod filter;
mod group;
mod instant;
mod list;
mod meta;
mod mode;
pub mod patch;
mod path;
mod read;
mod resource;
pub mod schema;
pub mod urn;
mod user;
mod values;

pub use bulk::{BulkItem, BulkMethod, BulkRequest, BulkResponse, BulkResult};
pub use discovery::{
    AuthenticationScheme, BulkSupport, FilterSupport, PaginationSupport, ResourceType,
    SchemaExtension, ServiceProviderConfig, Supported,
};
pub use enterprise::{EnterpriseUser, Manager};
pub use error::{Error, ScimType};
pub use group::Group;
pub use list::{ListResponse, SearchRequest, SortOrder};
pub use meta::{DateTime, Meta};
pub use mode::Mode;
pub use object::Open;
pub use path::{AttributePath, PathError};
pub use read::{Node, Readable};
pub use resource::{Extension, Resource};
pub use user::User;
pub use values::{Address, MultiValue, Name, Password, ValueKind};
